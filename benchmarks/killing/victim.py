"""A process that runs a command and is killed: at a time, or at one of its operations on files."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "shutil.rmtree"}
GRACE_S = 60.0  # a training that is asked to stop ends its step and writes a checkpoint


@dataclass(frozen=True)
class Kill:
    """`signal` comes after `seconds`, or before the operation on files of number `operation` (from 1)."""

    signal: int
    seconds: float | None = None
    operation: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a process ended: the signal (negative) or exit code, the seconds, and the number of operations on files."""

    code: int
    seconds: float
    operations: int


def run(command: Callable[[], int], root: Path, log: Path, mark: str, kill: Kill | None = None) -> Ending:
    """Run a command in a process of its own, whose children carry `mark` in their environment, and kill it."""
    counted = log.with_suffix(".operations")
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_victim(command, root, log, counted, mark, kill)
    if kill is not None and kill.seconds is not None:
        while time.monotonic() - started < kill.seconds and not _has_ended(pid):
            time.sleep(0.0005)
        if not _has_ended(pid):
            os.kill(pid, kill.signal)
    status = os.waitpid(pid, 0)[1]
    operations = int(counted.read_text() or 0) if counted.is_file() else 0
    return Ending(os.waitstatus_to_exitcode(status), time.monotonic() - started, operations)


def _has_ended(pid: int) -> bool:
    """Whether a child has ended; it stays to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _be_victim(command: Callable[[], int], root: Path, log: Path, counted: Path, mark: str, kill: Kill | None) -> None:
    """The child: never returns."""
    code = 99
    try:
        with open(log, "ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.environ[mark] = "1"
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        count = _watch(root, kill)
        code = command()
        counted.write_text(str(count()))
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 98)


def _watch(root: Path, kill: Kill | None) -> Callable[[], int]:
    """Count this process's changes below `root`, and kill it at the chosen one. Returns what tells the count."""
    made, below = 0, str(root)

    def hook(event: str, args: tuple) -> None:
        nonlocal made
        if event == "open":
            changes = isinstance(args[2], int) and bool(args[2] & (os.O_WRONLY | os.O_RDWR))
        else:
            changes = event in CHANGES
        if not changes or not _is_below(args, below):
            return
        made += 1
        if kill is not None and made == kill.operation:
            os.kill(os.getpid(), kill.signal)

    sys.addaudithook(hook)
    return lambda: made


def _is_below(args: tuple, below: str) -> bool:
    path = args[0] if args else None
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    return isinstance(path, str) and (path.startswith(below) or not os.path.isabs(path))

"""Real second processes: one that holds a place, one that does not get to the end of a file, and who is still alive."""

import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import ROOT

_HOLD = """
import sys
from pathlib import Path
from signllm.fsutil import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
_WRITE = """
import sys
from pathlib import Path
from signllm.fsutil import write_atomically
def write(file):
    file.write(b"half of it")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
write_atomically(Path(sys.argv[1]), write)
"""


@contextmanager
def _waiting(code, path):
    """A process that goes on when its input ends; it is told to at the end of the block, if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.communicate()


def holding(path):
    """A process that holds `path`, until it is killed or the block ends."""
    return _waiting(_HOLD, path)


def writing(path):
    """A process in the midst of `write_atomically(path, ...)`, which it ends when the block ends."""
    return _waiting(_WRITE, path)


def kill(process):
    """SIGKILL, and wait until it is dead."""
    process.kill()
    process.wait()


def wait_for(condition, process):
    """Wait until `condition()` is true, while `process` runs."""
    while not condition():
        assert process.poll() is None, "the process ended too early"
        time.sleep(0.005)


def double(shared, chunk):
    """Work for an engine; a 13 among the numbers kills the process that does it."""
    if 13 in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return [shared * number for number in chunk]


@contextmanager
def marked():
    """A mark and an environment that carries it to every process started from there; what still lives is killed."""
    mark = f"SIGNLLM_TEST_{secrets.token_hex(8)}"
    try:
        yield mark, {**os.environ, mark: "1"}
    finally:
        for pid in alive(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def alive(mark):
    """The processes that were started with this mark in their environment (Linux)."""
    found = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and f"{mark}=".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def all_end(mark, within_s):
    """Whether every process with this mark ends in time."""
    end = time.monotonic() + within_s
    while alive(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(mark)

"""One input, watched: tracebacks, hangs, memory, writes elsewhere, and pickles that were executed."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from signllm.errors import SignLLMError

LONGEST_S, MOST_GROWTH_MB = 5.0, 500.0
_GIVE_UP_S = 30


@dataclass
class Finding:
    """What went wrong with an input, and what would make it again."""

    target: str
    input: str
    kind: str
    told: str


class HangError(BaseException):
    """Nothing catches it by accident."""


@dataclass
class Watch:
    """Runs readers. `allowed` are the folders in which they may write."""

    allowed: list[Path]
    findings: list[Finding] = field(default_factory=list)
    inputs: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    _seen: list[tuple[str, str]] = field(default_factory=list)
    _on: bool = False

    def __post_init__(self) -> None:
        sys.addaudithook(self._audit)

    def _audit(self, event: str, args: tuple) -> None:
        if not self._on:
            return
        if event == "pickle.find_class":
            self._seen.append(("pickle", f"{args[0]}.{args[1]}"))
        elif event in ("os.system", "subprocess.Popen", "os.exec"):
            self._seen.append(("program", str(args[0])))
        elif event == "open" and isinstance(args[0], str | bytes | os.PathLike):
            flags = args[2] if isinstance(args[2], int) else 0
            path = os.path.abspath(os.fsdecode(args[0]))
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not any(
                f"{path}{os.sep}".startswith(f"{folder}{os.sep}") for folder in (*self.allowed, "/dev")
            ):
                self._seen.append(("write elsewhere", path))

    def run(self, target: str, name: str, read: Callable[[], object]) -> None:
        """Read one input; what goes wrong is a finding."""
        self.inputs[target] = self.inputs.get(target, 0) + 1
        before = _peak_mb(reset=True)
        previous = signal.signal(signal.SIGALRM, _stop)
        signal.alarm(_GIVE_UP_S)
        started, waited = time.perf_counter(), _waited_s()
        self._seen, self._on = [], True
        found: list[tuple[str, str]] = []
        try:
            read()
        except SignLLMError as error:
            self.refused[target] = self.refused.get(target, 0) + 1
            if not str(error).strip():
                found.append(("empty message", repr(error)))
        except HangError:
            found.append(("hang", f"over {_GIVE_UP_S} s, at {_where(sys.exc_info()[1])}"))
        except BaseException as error:
            found.append(("traceback", f"{type(error).__name__}: {str(error)[:150]} at {_where(error)}"))
        finally:
            self._on = False
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
        seconds, growth = time.perf_counter() - started - (_waited_s() - waited), _peak_mb() - before
        if seconds > LONGEST_S and not any(kind == "hang" for kind, _ in found):
            found.append(("hang", f"{seconds:.1f} s"))
        if growth > MOST_GROWTH_MB:
            found.append(("memory", f"grew by {growth:.0f} MB"))
        self.findings += [Finding(target, name, kind, told) for kind, told in (*found, *self._seen)]


def _stop(number: int, frame: FrameType | None) -> None:
    raise HangError


def _where(error: BaseException | None) -> str:
    frames = traceback.extract_tb(error.__traceback__) if error else []
    own = [frame for frame in frames if "signllm" in frame.filename and "fuzz" not in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(own[-3:]))


def _waited_s() -> float:
    """For how long this process wanted to run and others did; 0 where the system does not say it."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


def _peak_mb(reset: bool = False) -> float:
    """The process's largest memory, since the last reset where the system can reset it."""
    if reset:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

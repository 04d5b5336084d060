"""Real second processes: one that holds a place, and one that does not get to the end of a file."""

import subprocess
import sys
from contextlib import contextmanager

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

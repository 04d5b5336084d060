"""Where the operating system says no to writing: one message for it, and a look at the target before long work.

Nothing here writes what is to be kept; that is `signllm.fsutil`, which passes all its errors through `writing`.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from signllm.errors import OutputError

_REMEDIES = {
    errno.ENOSPC: "make room on that disk, or choose another place",
    errno.EDQUOT: "your share of that disk is used up; make room, or choose another place",
    errno.EFBIG: "the file system takes no file of this size; choose another place",
    errno.EROFS: "that disk is read-only; choose another place",
    errno.EACCES: "you lack the rights; choose another place, or have them given to you",
    errno.EPERM: "you lack the rights; choose another place, or have them given to you",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another place",
    errno.EEXIST: "a file stands where a folder is needed; choose another place",
    errno.EISDIR: "a folder stands where a file is to be written; choose another name",
    errno.ELOOP: "its symbolic links lead in a circle; choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
}
FULL = (errno.ENOSPC, errno.EDQUOT)
_PROBE_BYTES = 4096


def output_fault(path: str | os.PathLike, error: OSError) -> str:
    """Path, what the system said, and a remedy."""
    remedy = _REMEDIES.get(error.errno or 0, "choose another place, or look after that disk")
    return f"{os.fspath(path)}: cannot be written ({error.strerror or error}); {remedy}"


@contextmanager
def writing(path: str | os.PathLike) -> Iterator[None]:
    """Raise an OSError of the block as OutputError about `path`, the file or folder that the user asked for."""
    try:
        yield
    except BrokenPipeError:  # of the terminal's reader, not of a file
        raise
    except OSError as error:
        raise OutputError(output_fault(path, error)) from error


class WatchedFile(io.FileIO):
    """A raw file that keeps the OSError of a failed write in `failure`.

    Libraries that are handed a file (torch, PyAV) raise errors of their own when it fails, and lose why.
    """

    failure: OSError | None = None

    def write(self, data: object) -> int | None:  # type: ignore[override]  # any buffer
        """As FileIO.write."""
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            self.failure = error
            raise


def check_file(path: Path) -> None:
    """Raise OutputError unless a file can be written at `path`, where an older one may stand; nothing is left behind.

    Devices, pipes and folders are refused: a rename would put a file in their place.
    """
    with writing(path):
        refuse_special(path)
        _check_folder(path.parent)


def check_folder(*paths: Path, full: bool = False) -> None:
    """Raise OutputError unless files can be written in each of the folders, which need not be there yet.

    Missing folders are not made, nothing is left behind. `full`: a full disk is no reason to refuse.
    """
    faults = []
    for path in paths:
        try:
            _check_folder(path)
        except OSError as error:
            if not (full and error.errno in FULL):
                faults.append(output_fault(path, error))
    if faults:
        raise OutputError(faults)


def check_files(paths: Iterable[Path]) -> None:
    """`check_file` for each, with all faults at once."""
    faults: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            check_file(path)
        except OutputError as error:
            faults += error.faults
    if faults:
        raise OutputError(faults)


def refuse_special(path: Path) -> None:
    """Raise OSError where something stands at `path` that a file must not replace."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OutputError(f"{path}: this is a device or pipe, not a file; name a file")


def _check_folder(folder: Path) -> None:
    """Write a few bytes into the folder, or into the nearest one above that is there; OSError.

    The file has no name where the system can do that, so that not even a kill leaves it behind.
    """
    there = Path(os.path.abspath(folder))
    while not os.path.lexists(there):
        there = there.parent
    if not there.is_dir():
        os.stat(there)  # a circle of links, or one that leads nowhere
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    with tempfile.TemporaryFile(dir=there, buffering=0) as probe:
        probe.write(b"\0" * _PROBE_BYTES)

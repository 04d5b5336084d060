"""The one way to files that are read: only regular files are opened, and none that is larger than a stated limit is
taken into memory.

A named pipe would hang, a device never ends, and a file of a few bytes can claim to be terabytes.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

import numpy as np

from signllm.errors import DataError

MOST_READ_BYTES = 512 * 1024**2
"""The largest file that is read whole. Texts, tables, JSON and single clips are far smaller; stores are mapped."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def open_regular(path: str | os.PathLike) -> io.BufferedReader:
    """Open a regular file for reading, without waiting for anything. Raises DataError for all else."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise DataError(f"{os.fspath(path)}: this is a socket, not a file") from None
        raise DataError(f"{os.fspath(path)}: {_reason(error)}") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "nothing")
        raise DataError(f"{os.fspath(path)}: this is {kind}, not a file; write its content into a file")
    return io.BufferedReader(io.FileIO(handle, "rb"))


def check_regular(path: str | os.PathLike) -> int:
    """The size of a regular file that a library will open by its name. Raises DataError as `open_regular` does."""
    with open_regular(path) as file:
        return os.fstat(file.fileno()).st_size


def read_whole(path: str | os.PathLike, most: int = MOST_READ_BYTES, start: int = 0) -> bytes:
    """The content of a regular file of at most `most` bytes, from byte `start` on. Raises DataError for all else."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise DataError(
                f"{os.fspath(path)}: {size / 1e6:,.0f} MB, larger than the {most / 1e6:,.0f} MB that such a file may"
                " have; is this the right file?"
            )
        try:
            file.seek(start)
            return file.read()
        except OSError as error:
            raise DataError(f"{os.fspath(path)}: {_reason(error)}") from None


def map_array(path: Path) -> np.ndarray:
    """The array of a `.npy` file, mapped and not read. Raises DataError for what is none, torn, or made of objects."""
    check_regular(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # arbitrary bytes, taken for a header, fail in arbitrary ways
        raise DataError(f"{path}: not a whole .npy file ({type(error).__name__}: {error})") from None
    if not isinstance(array, np.ndarray):  # an archive of arrays
        raise DataError(f"{path}: not a .npy file")
    return array


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "no such file"
    if error.errno == errno.ELOOP:
        return "cannot be read: its symbolic links lead in a circle"
    return f"cannot be read ({error.strerror or error})"


def resolved(path: Path) -> Path:
    """The path without symbolic links; where they lead in a circle, as far as they can be followed."""
    return Path(os.path.realpath(path))

"""Arrays in `.npz` archives: their shapes from the headers alone, and none unpacked that would be larger than it may.

A megabyte of zeros, packed twice, can claim to be terabytes: what a header says is checked against the archive's own
list of sizes, and that against stated limits, before anything is unpacked.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from signllm.errors import DataError, SignLLMError
from signllm.fsutil import file_identity
from signllm.inputs import check_regular

MOST_UNPACKED_BYTES = 128 * 1024**2
"""An array larger than this must not be packed to less than a `MOST_PACKING`th: poses never are."""
MOST_PACKING = 50
MOST_MEMBERS = 200_000
_OPEN_FILES = 2
_HEAD_BYTES = 256


@dataclass(frozen=True)
class Member:
    """What an archive says of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype
    num_bytes: int
    packed_bytes: int


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever numpy and zipfile raise for a damaged file, as a DataError."""
    try:
        yield
    except SignLLMError:
        raise
    except Exception as error:  # arbitrary bytes, taken for an archive, fail in arbitrary ways
        raise DataError(f"{path}: cannot be read as .npz ({type(error).__name__}: {error})") from None


def array_names(path: Path) -> list[str]:
    """The arrays in a `.npz` file, empty where it cannot be read."""
    try:
        return list(_opened(path).infos)
    except DataError:
        return []


def members(path: Path) -> dict[str, Member]:
    """Each array, from the headers alone. Raises DataError for a damaged file, and for headers that lie."""
    return _opened(path).members


def pickled_arrays(path: Path) -> list[str]:
    """The arrays that hold pickled objects, from their heads. Raises DataError for a damaged file."""
    return _opened(path).pickled


class _Archive:
    """An open archive, whose list and heads are read once: a large one is asked for each of its clips."""

    def __init__(self, path: Path):
        check_regular(path)
        self.path = path
        with reading(path):
            self._file = zipfile.ZipFile(path)
            infos = self._file.infolist()
        self.infos = {info.filename.removesuffix(".npy"): info for info in infos}
        self._layouts: dict[str, tuple[int, bool]] = {}
        self._too_many = len(infos) > MOST_MEMBERS

    @cached_property
    def members(self) -> dict[str, Member]:
        if self._too_many:
            raise DataError(
                f"{self.path}: {len(self.infos)} arrays, more than the {MOST_MEMBERS} that such a file may have"
            )
        return {name: self._member(name) for name in self.infos}

    def _member(self, name: str) -> Member:
        info = self.infos[name]
        with reading(self.path), self._file.open(info) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_columns, dtype = read(file)
            start = file.tell()
        there = info.file_size - start
        num_bytes = math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise DataError(f"{self.path}: '{name}' cannot be read: it holds pickled objects, which may be programs")
        if min(shape, default=0) < 0 or num_bytes != there:
            raise DataError(f"{self.path}: '{name}' says that it is {dtype} {shape}, and has {there} bytes")
        self._layouts[name] = start, by_columns
        return Member(shape, dtype, num_bytes, info.compress_size)

    @cached_property
    def pickled(self) -> list[str]:
        found = []
        with reading(self.path):
            for name, info in self.infos.items():
                with self._file.open(info) as file:
                    if b"'descr': '|O'" in file.read(_HEAD_BYTES):
                        found.append(name)
        return found

    def read(self, name: str) -> np.ndarray:
        member = self.members[name]
        start, by_columns = self._layouts[name]
        data = bytearray(start + member.num_bytes)  # its head was read and compared with the list of sizes
        with reading(self.path), self._file.open(self.infos[name]) as file:
            if file.readinto(data) != len(data) or file.read(1):  # type: ignore[attr-defined]  # typeshed lacks it
                raise EOFError(f"'{name}' is cut off")
        if not member.num_bytes:
            return np.empty(member.shape, member.dtype)
        flat = np.frombuffer(data, np.uint8)[start:].view(member.dtype)
        return flat.reshape(member.shape, order="F" if by_columns else "C")


def _opened(path: Path) -> _Archive:
    """The archive, kept open while few others are, and it does not change. Raises DataError."""
    try:
        content = file_identity(path)
    except OSError:
        check_regular(path)  # says why
        raise
    return _kept(path, content, os.getpid())


@lru_cache(_OPEN_FILES)
def _kept(path: Path, content: tuple[int, ...], process: int) -> _Archive:
    return _Archive(path)  # a process that was forked must not share the place in the file


def array_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each array. Raises DataError as `members` does."""
    return {name: member.shape for name, member in members(path).items()}


def refuse_bombs(path: Path, wanted: dict[str, Member]) -> None:
    """Raise DataError for arrays that unpack to more than their file could honestly hold."""
    faults = [
        f"{path}: '{name}' would unpack from {member.packed_bytes / 1e6:.1f} MB to {member.num_bytes / 1e6:,.0f} MB,"
        " which no poses do; write the file again"
        for name, member in wanted.items()
        if member.num_bytes > MOST_UNPACKED_BYTES and member.num_bytes > MOST_PACKING * member.packed_bytes
    ]
    if faults:
        raise DataError(faults)


def read_arrays(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Arrays by name, in memory. Raises DataError where one is not there, lies, or would unpack to too much."""
    there = members(path)
    missing = [name for name in names if name not in there]
    if missing:
        raise DataError(f"{path}: it lacks: {', '.join(missing)}")
    refuse_bombs(path, {name: there[name] for name in names})
    archive = _opened(path)
    return {name: archive.read(name) for name in names}

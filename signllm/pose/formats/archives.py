"""Arrays in `.npz` archives: their shapes from the headers alone, and none unpacked that would be larger than it may.

A megabyte of zeros, packed twice, can claim to be terabytes: what a header says is checked against the archive's own
list of sizes, and that against stated limits, before anything is unpacked.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signllm.errors import DataError, SignLLMError
from signllm.inputs import check_regular

MOST_UNPACKED_BYTES = 128 * 1024**2
"""An array larger than this must not be packed to less than a `MOST_PACKING`th: poses never are."""
MOST_PACKING = 50
MOST_MEMBERS = 100_000


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
        check_regular(path)
        with reading(path), zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except DataError:
        return []


def members(path: Path) -> dict[str, Member]:
    """Each array, from the headers alone. Raises DataError for a damaged file, and for headers that lie."""
    found: dict[str, Member] = {}
    check_regular(path)
    with reading(path), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise DataError(f"{path}: {len(infos)} arrays, more than the {MOST_MEMBERS} that such a file may have")
        for info in infos:
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(file)
                num_bytes = math.prod(shape) * dtype.itemsize
                there = info.file_size - file.tell()
                if dtype.hasobject:
                    raise DataError(f"{path}: '{name}' cannot be read: it holds pickled objects, which may be programs")
                if min(shape, default=0) < 0 or num_bytes != there:
                    raise DataError(f"{path}: '{name}' says that it is {dtype} {shape}, and has {there} bytes")
            found[name] = Member(shape, dtype, num_bytes, info.compress_size)
    return found


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
    with reading(path), np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in names}

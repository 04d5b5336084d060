"""What was measured, kept on disk under the hash of everything it depends on.

One append-only file holds the numbers of one system on one split: a line a chunk of clips, written whole and synced
before the next chunk starts. A second run reads it instead of generating; a killed run continues after its last whole
line. A line that was torn by the kill, or changed on disk, fails its checksum and is measured again.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import numpy as np
import orjson
from pydantic import Field

import signllm
from signllm.fsutil import code_sha256, read_bytes
from signllm.outputs import writing
from signllm.typed import adapter

# The code that decides what is measured. A change there voids the cache; a change of how a report is put together or
# looks does not.
DECISIVE = (
    "aligning",
    "composing",
    "config",
    "data",
    "evaluation",
    "judges",
    "metrics",
    "models",
    "pose",
    "text",
    "inference",
    "languages.py",
    "sampling.py",
)
_LOOKS = {
    f"evaluation/{name}.py"
    for name in (
        "comparison",
        "examples",
        "glosses",
        "intervals",
        "judge_section",
        "labels",
        "markdown",
        "options",
        "packing",
        "progress",
        "prompts",
        "report",
        "report_name",
        "summary",
    )
}


MOST_ARRAY_BYTES = 256 * 1024**2  # of a chunk's numbers; an example's picture has a hundredth of it
_TYPES = tuple(np.dtype(name).str for name in ("f8", "f4", "u8", "i8", "i4", "u1", "?"))


def content_key(facts: object) -> str:
    """A short hash of JSON-ready facts, in whatever order their keys come."""
    return hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


@cache
def code_key() -> str:
    """A hash of the code that decides what is measured."""
    root = Path(signllm.__file__).parent
    paths = [root / room for room in DECISIVE]
    files = (file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path]))
    return code_sha256(root, (file for file in files if file.relative_to(root).as_posix() not in _LOOKS))[:24]


@dataclass(frozen=True)
class _Entry:
    """A line: a chunk's arrays as dtype, shape and packed bytes."""

    chunk: str
    arrays: dict[str, tuple[Literal[_TYPES], list[Annotated[int, Field(ge=0)]], str]]  # type: ignore[valid-type]


def _unpacked(dtype: str, shape: list[int], data: str) -> np.ndarray:
    """The array of an entry. Raises ValueError where it is not as large as it says, or larger than may be."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > MOST_ARRAY_BYTES:
        raise ValueError(f"{size} bytes")
    try:
        content = zlib.decompressobj().decompress(base64.b64decode(data), size + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    return np.frombuffer(content, dtype).reshape(shape)


class Journal:
    """Arrays by chunk and name in one file; `folder=None` keeps them nowhere.

    `facts` is everything that the numbers depend on besides the chunk and the name; it decides the file's name.
    """

    def __init__(self, folder: Path | None, facts: object):
        self.path = folder / f"{content_key([facts, code_key()])}.jsonl" if folder else None
        self._known: dict[str, dict[str, np.ndarray]] = {}
        if self.path and self.path.exists():
            for line in read_bytes(self.path).splitlines():
                self._read(line)

    def _read(self, line: bytes) -> None:
        checksum, _, body = line.partition(b" ")
        if checksum != f"{zlib.crc32(body):08x}".encode():
            return
        try:
            entry = adapter(_Entry).validate_json(body, strict=True)
            arrays = {name: _unpacked(*packed) for name, packed in entry.arrays.items()}
        except ValueError:  # whole, and yet nothing that was written here: it is measured again
            return
        self._known.setdefault(entry.chunk, {}).update(arrays)

    def known(self, chunk: str) -> dict[str, np.ndarray]:
        """All arrays of a chunk by name."""
        return dict(self._known.get(chunk, {}))

    def find(self, chunk: str, names: Iterable[str]) -> dict[str, np.ndarray] | None:
        """The arrays of a chunk by name, or None when one of them is not there."""
        known = self._known.get(chunk, {})
        names = list(names)
        return {name: known[name] for name in names} if all(name in known for name in names) else None

    def remembered(self, chunk: str, name: str, make: Callable[[], bytes]) -> bytes:
        """The bytes kept of a chunk under this name; what `make()` returns is kept where there are none yet."""
        found = self.find(chunk, [name])
        if found is not None:
            return found[name].tobytes()
        made = make()
        self.add(chunk, {name: np.frombuffer(made, np.uint8)})
        return made

    def add(self, chunk: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Append a chunk's arrays and sync them to the disk. Raises OutputError where they cannot be written."""
        if self.path is None:
            return
        packed = {
            name: (array.dtype.str, array.shape, base64.b64encode(zlib.compress(array.tobytes(), 1)).decode())
            for name, array in ((name, np.ascontiguousarray(array)) for name, array in arrays.items())
        }
        body = orjson.dumps({"chunk": chunk, "arrays": packed})
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a+b") as file:
                # Two runs may write at once, and a killed one may have left half a line: each line starts afresh.
                start = b"" if _ends_with_newline(file) else b"\n"
                file.write(start + f"{zlib.crc32(body):08x} ".encode() + body + b"\n")
                file.flush()
                os.fsync(file.fileno())
        self._known.setdefault(chunk, {}).update({name: np.asarray(array) for name, array in arrays.items()})


def _ends_with_newline(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"

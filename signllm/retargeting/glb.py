"""GLB files: one JSON text and one chunk of numbers (glTF 2.0, section "GLB File Format"). VRM files are GLB files.

What is read comes from anywhere, so every size, offset and index is checked before it is used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from signllm.errors import DataError
from signllm.fsutil import parse_json
from signllm.inputs import read_whole

MOST_BYTES = 256 * 1024**2
_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942
_TYPES = {"5120": "i1", "5121": "u1", "5122": "<i2", "5123": "<u2", "5125": "<u4", "5126": "<f4"}
_CODES = {np.dtype(name).str.lstrip("|"): int(code) for code, name in _TYPES.items()}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
VERTICES, INDICES = 34962, 34963  # what a buffer view is for


@dataclass
class Glb:
    """The JSON and the numbers of a file. `content` is what the JSON says, unchecked."""

    content: dict[str, Any]
    chunk: bytes = b""
    name: str = "glTF"

    @classmethod
    def read(cls, path: Path) -> Glb:
        """Raises DataError for a file that is no whole GLB."""
        data = read_whole(path, MOST_BYTES)
        if len(data) < 20 or struct.unpack_from("<I", data)[0] != _MAGIC:
            raise DataError(
                f"{path}: this is not a GLB or VRM file; a .gltf with separate files must be exported as .glb"
            )
        version, length = struct.unpack_from("<II", data, 4)
        if version != 2 or length > len(data):
            raise DataError(
                f"{path}: version {version}, {length:,} bytes said and {len(data):,} there; only whole glTF 2"
            )
        chunks: dict[int, bytes] = {}
        start = 12
        while start + 8 <= length:
            size, kind = struct.unpack_from("<II", data, start)
            if start + 8 + size > length:
                raise DataError(f"{path}: a chunk of {size:,} bytes does not fit into the file; it is torn")
            chunks.setdefault(kind, data[start + 8 : start + 8 + size])
            start += 8 + size
        content = parse_json(chunks.get(_JSON, b""), f"{path}, its JSON")
        if not isinstance(content, dict):
            raise DataError(f"{path}: its JSON is no object")
        return cls(content, chunks.get(_BIN, b""), str(path))

    def accessor(self, index: object) -> np.ndarray:
        """(n, width) of one accessor, as the file has it. Raises DataError where it leads out of the file."""
        accessor = self.item("accessors", index)
        kind = _TYPES.get(str(accessor.get("componentType")))
        width = _WIDTHS.get(str(accessor.get("type")))
        count, view = accessor.get("count"), self.item("bufferViews", accessor.get("bufferView"))
        start = [item.get("byteOffset", 0) for item in (accessor, view)]
        step = view.get("byteStride", 0)
        sizes = [count, *start, step]
        valid = all(isinstance(size, int) and 0 <= size < 2**32 for size in sizes)
        if kind is None or width is None or not isinstance(count, int) or not valid:
            raise DataError(f"{self.name}: accessor {index} is none of glTF 2, or sparse")
        row = np.dtype(kind).itemsize * width
        step, first = step or row, sum(start)
        if step < row or (count and first + step * (count - 1) + row > len(self.chunk)):
            raise DataError(f"{self.name}: accessor {index} leads out of the file")
        array = np.ndarray((count, width), kind, self.chunk, first, (step, np.dtype(kind).itemsize))
        return array.copy()

    def view(self, index: object) -> bytes:
        """The bytes of one buffer view. Raises DataError where it leads out of the file."""
        view = self.item("bufferViews", index)
        start, size = view.get("byteOffset", 0), view.get("byteLength")
        if not all(type(number) is int for number in (start, size)) or not 0 <= start <= start + size <= len(
            self.chunk
        ):
            raise DataError(f"{self.name}: buffer view {index} leads out of the file")
        return self.chunk[start : start + size]

    def item(self, kind: str, index: object) -> dict[str, Any]:
        """The entry of one of the file's lists. Raises DataError where there is none."""
        items = self.content.get(kind)
        if (
            isinstance(items, list)
            and type(index) is int
            and 0 <= index < len(items)
            and isinstance(items[index], dict)
        ):
            return items[index]
        raise DataError(f"{self.name}: {kind} has no entry {index}")

    def add(self, array: np.ndarray, kind: str, target: int | None = None, **more: Any) -> int:
        """Append numbers and an accessor of them; returns its index."""
        self.chunk += bytes(-len(self.chunk) % 4)
        view = {"buffer": 0, "byteOffset": len(self.chunk), "byteLength": array.nbytes}
        self.chunk += array.tobytes()
        views, accessors = (self.content.setdefault(name, []) for name in ("bufferViews", "accessors"))
        views.append(view | ({"target": target} if target else {}))
        accessor = {"bufferView": len(views) - 1, "count": len(array), "type": kind}
        accessors.append(accessor | {"componentType": _CODES[array.dtype.str.lstrip("|")]} | more)
        return len(accessors) - 1

    def packed(self) -> bytes:
        """The whole file."""
        chunk = self.chunk + bytes(-len(self.chunk) % 4)
        text = orjson.dumps({**self.content, "buffers": [{"byteLength": len(chunk)}]})
        text += b" " * (-len(text) % 4)
        head = struct.pack("<III", _MAGIC, 2, 12 + 8 + len(text) + 8 + len(chunk))
        return head + struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(chunk), _BIN) + chunk

"""Files: written so that an interruption never leaves a torn one behind, decoded in one way, told apart by content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import orjson

from signllm.errors import DataError

BOM = b"\xef\xbb\xbf"
"""The byte order mark that Windows editors put before UTF-8 text."""


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write` on a temporary sibling, sync it, and rename it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda file: file.write(text.encode()))


def write_json(path: Path, value: object) -> None:
    """Write indented JSON atomically; numpy scalars and arrays are allowed."""
    data = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n"
    write_atomically(path, lambda file: file.write(data))


def file_sha256(path: Path) -> str:
    """Hex digest of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_identity(path: Path) -> tuple[int, ...]:
    """What tells a file's content from what it holds after it was written anew; OSError where there is no such file."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def decode(data: bytes, path: Path) -> str:
    """UTF-8 text without its byte order mark; DataError names the first line of `path` that is not UTF-8."""
    try:
        return data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises DataError where it cannot be read or decoded."""
    return decode(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file without surrounding blanks, empty ones included.

    Only \\n and \\r\\n end a line: a text may hold any other character that Unicode calls a line separator.
    """
    lines = [line.strip() for line in read_text(path).split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def parse_json(data: bytes, name: str | Path) -> object:
    """The value of a JSON text, with or without a byte order mark; DataError says where `name` is not JSON."""
    try:
        return orjson.loads(data.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{name}: not JSON ({error})") from None


def read_json(path: Path) -> object:
    """The value of a JSON file. Raises DataError where it cannot be read or is not JSON."""
    return parse_json(read_bytes(path), path)

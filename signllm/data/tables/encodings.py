"""The text of tables: UTF-8, UTF-16 with its mark, or what the user says with `--columns encoding=windows-1254`.

Older encodings do not say themselves which they are, and any of them reads the bytes of another: none is guessed, but
a refusal shows how the line reads in those that fit.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from signllm.data.source import Columns
from signllm.errors import DataError
from signllm.fsutil import decode, read_bytes

ENCODING = "encoding"
"""What `--columns` calls it."""
_LIKELY = ("gb18030", "cp949", "shift_jis", "windows-1252", "windows-1254", "windows-1250", "windows-1251")
_MOST, _CHARS = 3, 40


def is_encoding(name: str) -> bool:
    """Whether it is one of text that Python knows."""
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


def table_text(path: Path, said: Columns) -> str:
    """The text of a table. Raises DataError that shows how a line that is not UTF-8 reads in encodings that fit."""
    data = read_bytes(path)
    if ENCODING in said:
        try:
            return data.decode(said[ENCODING]).removeprefix("\ufeff")
        except UnicodeError as error:
            raise DataError(f"{path}: not {said[ENCODING]} text, as --columns encoding says ({error})") from None
    try:
        return decode(data, path)
    except DataError as error:
        line = next((line for line in data.split(b"\n") if not _is_utf_8(line)), b"")
        shown = ", ".join(f"as {name} '{text}'" for name, text in _readings(data, line))
        more = f"; it reads {shown}: say which is right, with --columns {ENCODING}=..." if shown else ""
        raise DataError(fault + more for fault in error.faults) from None


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _readings(data: bytes, line: bytes) -> Iterator[tuple[str, str]]:
    """How a line reads in the likely encodings that fit the whole file and make letters of it, each reading once."""
    seen: set[str] = set()
    for name in _LIKELY:
        try:
            data.decode(name)
            text = line.decode(name).strip()
        except UnicodeError:
            continue
        # A byte of text in Latin letters makes a Chinese or Korean sign only together with the letter behind it.
        wide = sum(ord(letter) > 0x2E7F for letter in text)
        latin = sum(letter.isascii() and letter.isalpha() for letter in text)
        if text in seen or len(seen) >= _MOST or not text.isprintable() or 0 < wide <= latin:
            continue
        seen.add(text)
        yield name, text[:_CHARS]

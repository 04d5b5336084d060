"""`landmarks/<word>.json`: the file's name is the text; where a csv has the column TR, the words must be in it."""

from __future__ import annotations

from functools import partial
from io import StringIO
from pathlib import Path

from signllm.data.names import composed
from signllm.data.separated import separated_rows
from signllm.data.source import CORPUS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.encodings import table_text
from signllm.pose.formats.tracked_points import LANDMARKS_READER

FOLDER, COLUMN = "landmarks", "TR"


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """The whole folder: there are no splits."""
    here = any((path / FOLDER).glob("*.json"))
    return [FoundPart(None, f"{FOLDER}/{{word}}.json", CORPUS, partial(_open, path, columns))] if here else []


def _open(folder: Path, said: Columns, most: int | None) -> SourcePart:
    files = sorted((folder / FOLDER).glob("*.json"))
    tables = sorted(folder.glob("*.csv"))
    words: set[str] = set()
    for table in tables:
        rows = separated_rows(table, StringIO(table_text(table, said), newline=""))
        _, columns = next(rows, (0, []))
        if COLUMN in columns:
            place = columns.index(COLUMN)
            words |= {composed(fields[place]) for _, fields in rows if len(fields) > place and fields[place]}
    doubt = f"does not stand in the column {COLUMN} of {', '.join(table.name for table in tables)}"
    return SourcePart(
        None,
        label=folder.absolute().name,
        home=folder.absolute().parent,
        files=(*tables, *files),
        entries=tuple(_entry(file, words, doubt) for file in files[:most]),
        records_fps=LANDMARKS_READER.records_fps,
        is_corpus=True,
    )


def _entry(file: Path, words: set[str], doubt: str) -> ClipEntry:
    word = composed(file.stem)
    known = not words or word in words
    return ClipEntry(
        word,
        file,
        partial(LANDMARKS_READER.load, file),
        num_bytes=file.stat().st_size if file.is_file() else 0,
        text=word.replace("_", " ") if known else None,
        source=f"{FOLDER}/{file.name}",
        faults=() if known else (f"no text: '{word}' {doubt}",),
    )


TABLE = Table(f"{FOLDER}/{{word}}.json", find)

"""Rows of a table file: csv, tsv, json (a list of objects) or jsonl (an object a line), by their columns' names."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from signllm.data.names import composed
from signllm.data.separated import separated_rows
from signllm.errors import DataError
from signllm.fsutil import parse_json, read_json, read_lines, read_text
from signllm.inputs import open_regular

COLUMNS = ("id", "name", "file", "text", "gloss", "split", "language", "signer", "start", "end", "fps")
NAMING = {"id", "name", "file"}
TABLE_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl")
_SEPARATORS = ",;|\t"

Row = tuple[str, dict[str, object]]
"""Where the row is, such as 'texts.csv:5', and its values by the names of the columns in small letters."""


def is_table(path: Path) -> bool:
    """Whether the first row names a column that says which clip is meant, and another that is known."""
    if path.suffix.lower() not in TABLE_SUFFIXES or not path.is_file():
        return False
    with open_regular(path) as file:
        head = file.read(1 << 12).decode("utf-8-sig", "replace").lstrip()
    if path.suffix.lower() in (".csv", ".tsv"):
        columns = _known(head.partition("\n")[0], _separator(head))
    else:
        columns = {name for name in COLUMNS if f'"{name}"' in head.casefold()} if head[:1] in ("[", "{") else set()
        columns = set() if path.suffix.lower() == ".json" and head[:1] == "{" else columns
    return bool(columns & NAMING) and len(columns) > 1


def read_rows(path: Path) -> list[Row]:
    """The rows of a table; DataError names every line that is not a row."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _read_separated(path)
    if suffix == ".json":
        values = [(f"{path}, entry {number}", value) for number, value in enumerate(_list_of(path), 1)]
    else:
        lines = enumerate(read_lines(path), 1)
        values = [(f"{path}:{n}", parse_json(line.encode(), f"{path}:{n}")) for n, line in lines if line]
    faults = [f"{where}: expected an object with the columns as keys" for where, row in values if type(row) is not dict]
    if faults:
        raise DataError(faults)
    return [(where, {composed(key).casefold(): value for key, value in row.items()}) for where, row in values]


def _list_of(path: Path) -> list:
    values = read_json(path)
    if not isinstance(values, list):
        raise DataError(f"{path}: expected a list of objects, one a clip")
    return values


def _read_separated(path: Path) -> list[Row]:
    text = read_text(path)
    lines = separated_rows(path, StringIO(text, newline=""), delimiter=_separator(text))
    rows: list[Row] = []
    faults = []
    try:
        columns = [composed(name).casefold() for name in next(lines, (0, []))[1]]
        for number, fields in lines:
            where = f"{path}:{number}"
            if len(fields) == len(columns):
                rows.append((where, dict(zip(columns, fields, strict=True))))
            elif any(field.strip() for field in fields):
                faults.append(f"{where}: {len(fields)} fields, the first line names {len(columns)}")
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    return rows


def _separator(text: str) -> str:
    """The separator by which the first line has most known columns."""
    line = text.partition("\n")[0]
    return max(_SEPARATORS, key=lambda separator: len(_known(line, separator)))


def _known(line: str, separator: str) -> set[str]:
    return {composed(name).strip('"').casefold() for name in line.split(separator)} & set(COLUMNS)


def table_files(path: Path) -> list[Path]:
    """The tables in a folder, or the table that `path` itself is."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if not file.name.startswith(".") and is_table(file))
    return [path] if is_table(path) else []

"""Rows of a table file: csv, tsv, txt, json, jsonl or parquet, by what their columns say (`columns` beside this).

Separators are `,`, `;`, `|` and tab: that under which most columns of the first line are known. Text is UTF-8, or
UTF-16 with its mark. JSON is a list of objects, an object of objects by name, or one list under a key; a list of WLASL,
where each gloss has `instances`, becomes a row an instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from signllm.data.names import composed
from signllm.data.separated import separated_rows
from signllm.data.source import Columns
from signllm.data.tables.columns import (
    KNOWN,
    NAMING,
    NOTHING,
    SAYING,
    find_columns,
    looks_like_ids,
    plain,
    spoken_columns,
    text_columns,
)
from signllm.data.tables.encodings import ENCODING, table_text
from signllm.errors import DataError
from signllm.fsutil import parse_json, read_json, read_lines
from signllm.inputs import open_regular
from signllm.packed import packed
from signllm.pose.formats import csv_rows, json_clip
from signllm.pose.formats.arrow_file import SUFFIXES as ARROW_SUFFIXES
from signllm.pose.formats.arrow_file import column_names, simple_rows
from signllm.pose.formats.json_points import JSON_READER

SEPARATED = (".csv", ".tsv", ".txt")
TABLE_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", *ARROW_SUFFIXES)
_SEPARATORS = ",;|\t"
_HEAD_BYTES = 1 << 12
_NESTED = "instances"
_AS_USUAL: Columns = {}

Row = tuple[str, dict[str, object]]
"""Where the row is, such as 'texts.csv:5', and its values by what their columns say, and by the columns' own names."""


def is_table(path: Path, said: Columns, named: bool = True) -> bool:
    """Whether a file's columns say which clip is meant and something else. Does not read more than its head.

    `named` False: whether they say what is signed, and one that is not known may say of which clip.
    """
    columns = columns_of(path, said)
    found = find_columns(columns, said) if columns else {}
    if not named:
        return bool(SAYING & found.keys() or spoken_columns(columns)) and len(columns) > 1
    saying = NAMING & found.keys() and (len(found) > 1 or spoken_columns(columns))
    return bool(saying and not (said and not _all_there(columns, said)))


def _all_there(columns: Iterable[str], said: Columns) -> bool:
    named = [
        column for kind, column in said.items() if kind != ENCODING and column != NOTHING and not _is_number(column)
    ]
    return not named or any(column in columns for column in named)


def columns_of(path: Path, said: Columns = _AS_USUAL) -> list[str]:
    """The names of a table's columns in small letters, from its head; empty where it is no table."""
    suffix = path.suffix.lower()
    if suffix not in (*TABLE_SUFFIXES, *SEPARATED) or not path.is_file():
        return []
    if suffix in ARROW_SUFFIXES:
        return [composed(name).casefold() for name in column_names(path)]
    with open_regular(path) as file:
        data = file.read(_HEAD_BYTES)
    utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    head = data.decode("utf-16" if utf_16 else said.get(ENCODING, "utf-8-sig"), "replace").lstrip()
    if suffix in SEPARATED:
        line = head.partition("\n")[0]
        if csv_rows.is_header(line):
            return []
        return _split(line, separator_of(line))
    if head[:1] not in ("[", "{") or (suffix == ".json" and head[:1] == "{" and not _holds_entries(path)):
        return []
    words = {word.casefold() for word in head.split('"')[1::2]} | ({"id"} if head[0] == "{" else set())
    return sorted(word for word in words if _NESTED in words or plain(word) in KNOWN)


def _holds_entries(path: Path) -> bool:
    """Whether a JSON object holds entries, and is neither poses nor what is said of a single clip."""
    if JSON_READER.matches(path) or json_clip.READER.matches(path):
        return False
    try:
        return all(isinstance(entry, dict) for _, entry in _entries_of(path))
    except DataError:
        return False


def read_rows(path: Path, said: Columns) -> Sequence[Row]:
    """The rows of a table, packed where they are many.

    DataError names every line that is not a row, and columns of `said` that are not there.
    """
    suffix = path.suffix.lower()
    if suffix in SEPARATED:
        rows = _read_separated(path, said)
    elif suffix in ARROW_SUFFIXES:
        rows = _objects((f"{path}, row {number}", row) for number, row in enumerate(simple_rows(path), 1))
    elif suffix == ".json":
        rows = _objects(_entries_of(path))
    else:
        lines = enumerate(read_lines(path), 1)
        rows = _objects((f"{path}:{n}", parse_json(line.encode(), f"{path}:{n}")) for n, line in lines if line)
    return _by_kind(path, rows, said)


def _by_kind(path: Path, rows: Sequence[Row], said: Columns) -> Sequence[Row]:
    """The rows with their values also under what the columns say."""
    there = dict.fromkeys(name for _, row in rows for name in row)
    constant = float(said["fps"]) if "fps" in said and said["fps"] not in there and _is_number(said["fps"]) else None
    said = {kind: column for kind, column in said.items() if kind != ENCODING and (kind != "fps" or constant is None)}
    missing = [f"{kind}={column}" for kind, column in said.items() if column not in there and column != NOTHING]
    if missing and rows:
        raise DataError(f"{path}: --columns {' '.join(missing)}: no such column; there are: {', '.join(there)}")
    found = find_columns(there, said)
    if "split" not in found and "split" not in said and (parts := _train_column(rows)):
        found["split"] = parts
    text = found.get("text")
    if text is not None and text != "text" and "text" not in said and looks_like_ids(row.get(text) for _, row in rows):
        ids = found.pop("text")
        if "recording" not in found and _parts_of(ids, found.get("gloss"), rows):
            found["recording"] = ids
    spoken = spoken_columns(there)
    further = [column for column in text_columns(there) if column != found.get("text")]
    texts = {f"text {code}": column for code, column in spoken.items()}

    def ready() -> Iterator[Row]:
        for where, row in rows:
            kinds: dict[str, object] = {kind: row[column] for kind, column in found.items() if column in row}
            if found.get("split") in _TRAIN:
                kinds["split"] = "train" if str(kinds["split"]).casefold() in _YES else "test"
            kinds |= {"fps": constant} if constant is not None else {}
            kinds |= {"texts": [row[column] for column in further if column in row]} if further else {}
            kinds |= {kind: row[column] for kind, column in texts.items() if column in row}
            yield where, {**{key: value for key, value in row.items() if key not in _RESERVED}, **kinds}

    return packed(ready())


_TRAIN, _YES, _NO = ("train", "is_train"), {"true", "1", "yes"}, {"false", "0", "no"}


def _train_column(rows: Sequence[Row]) -> str | None:
    """A column that says of each clip whether it is one of training, such as Slovo's `train`."""
    for column in _TRAIN:
        if rows and all(str(row.get(column)).casefold() in _YES | _NO for _, row in rows):
            return column
    return None


def _parts_of(ids: str, gloss: str | None, rows: Sequence[Row]) -> bool:
    """Whether names that stand in several rows are those of what the clips were cut from: their glosses differ."""
    glosses: dict[object, set[object]] = {}
    for _, row in rows:
        glosses.setdefault(row.get(ids), set()).add(str(row.get(gloss or "")))
    return any(len(different) > 1 for different in glosses.values())


_RESERVED = NAMING | SAYING | {"split", "language", "signer", "fps", "start", "end", "recording", "texts"}
"""Names that stand for what a column says: a column of that name that the user overrides must not shine through."""


def _is_number(word: str) -> bool:
    try:
        return 0 < float(word) < 1e4
    except ValueError:
        return False


def _objects(values: Iterable[tuple[str, object]]) -> Sequence[Row]:
    faults: list[str] = []

    def rows() -> Iterator[Row]:
        names: dict[str, str] = {}
        for where, row in values:
            if type(row) is dict:
                yield where, {_column(str(key), names): value for key, value in row.items()}
            else:
                faults.append(f"{where}: expected an object with the columns as keys")

    found = packed(rows())
    if faults:
        raise DataError(faults)
    return found


def _column(key: str, known: dict[str, str]) -> str:
    if key not in known:
        known[key] = composed(key).casefold()
    return known[key]


def _entries_of(path: Path) -> list[tuple[str, object]]:
    values = read_json(path)
    if isinstance(values, dict):
        lists = [value for value in values.values() if isinstance(value, list)]
        if values and all(isinstance(value, dict) for value in values.values()):
            return [(f"{path}, '{name}'", {"id": name, **row}) for name, row in values.items()]
        values = lists[0] if len(lists) == 1 else values
    if not isinstance(values, list):
        raise DataError(f"{path}: expected a list of objects, one a clip")
    numbered = [(f"{path}, entry {number}", value) for number, value in enumerate(values, 1)]
    return [row for where, value in numbered for row in _instances(where, value)]


def _instances(where: str, value: object) -> list[tuple[str, object]]:
    inner = value.get(_NESTED) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(inner, list):
        return [(where, value)]
    shared = {key: item for key, item in value.items() if key != _NESTED}
    rows = [{**shared, **row} if isinstance(row, dict) else row for row in inner]
    return [(f"{where}, instance {number}", row) for number, row in enumerate(rows, 1)]


def _read_separated(path: Path, said: Columns) -> Sequence[Row]:
    text = table_text(path, said)
    separator = separator_of(text.partition("\n")[0])
    quoted = separator in ",;" or _is_quoted(text, separator)  # behind tabs and bars a quotation mark is mostly text
    lines = separated_rows(path, StringIO(text, newline=""), delimiter=separator, quoting=0 if quoted else 3)
    faults: list[str] = []

    def rows() -> Iterator[Row]:
        try:
            columns = [composed(name).casefold() for name in next(lines, (0, []))[1]]
            for number, fields in lines:
                where = f"{path}:{number}"
                if len(fields) == len(columns):
                    yield where, dict(zip(columns, fields, strict=True))
                elif any(field.strip() for field in fields):
                    faults.append(f"{where}: {len(fields)} fields, the first line names {len(columns)}")
        except DataError as error:
            faults.extend(error.faults)

    found = packed(rows())
    if faults:
        raise DataError(faults)
    return found


def _is_quoted(text: str, separator: str) -> bool:
    """Whether quotation marks enclose fields throughout, as a program writes them, and not just words in a text."""
    lines = text.split("\n")[:200]
    quoted = sum(f'"{separator}' in line and (f'{separator}"' in line or line.startswith('"')) for line in lines)
    loose = sum(line.count('"') % 2 for line in lines)
    return quoted > 0 and loose == 0


def separator_of(line: str) -> str:
    """The separator by which the first line has most known columns, and of equals that which occurs most."""
    return max(
        _SEPARATORS,
        key=lambda separator: (len(KNOWN & set(map(plain, _split(line, separator)))), line.count(separator)),
    )


def _split(line: str, separator: str) -> list[str]:
    return [composed(name).strip('"').casefold() for name in line.split(separator)]


def table_files(path: Path, said: Columns) -> list[Path]:
    """The tables in a folder, or the table that `path` itself is."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if not file.name.startswith(".") and is_table(file, said))
    return [path] if is_table(path, said) else []


def headless_rows(path: Path, said: Columns = _AS_USUAL) -> list[tuple[Path, list[Row]]]:
    """Tables of two columns without a first line of names: the clip's name, then its label, gloss or text.

    Such are AUTSL's (`signer0_sample1,41`), GSL's (`folder/clip|GLOSS GLOSS`) and many a `.txt` (`000012 text`).
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    found = []
    for file in files:
        if file.suffix.lower() not in SEPARATED or not file.is_file() or file.name.startswith("."):
            continue
        try:
            lines = [line.strip() for line in table_text(file, said).split("\n")]
        except DataError:
            if file.suffix.lower() == ".txt":  # a note of any kind, in any encoding
                continue
            raise
        pairs = _pairs(lines, file.suffix.lower() == ".txt")
        if pairs:
            numbers = all(word.isdecimal() for _, word in pairs)
            what = "label" if numbers else "gloss" if all(word == word.upper() for _, word in pairs) else "text"
            rows = [{"file": composed(name), what: composed(word)} for name, word in pairs]
            found.append((file, [(f"{file}:{number}", dict[str, object](row)) for number, row in enumerate(rows, 1)]))
    return found


def _pairs(lines: Sequence[str], blanks: bool) -> list[tuple[str, str]]:
    """Both fields of each line, where one separator parts all lines into two; else none. `blanks`: a blank may."""
    lines = [line for line in lines if line]
    for separator in _SEPARATORS:
        fields = [line.split(separator) for line in lines]
        if fields and all(len(row) == 2 and row[0].strip() and row[1].strip() for row in fields):
            return [(name, word) for name, word in fields]
    halves = [line.split(None, 1) for line in lines] if blanks else []
    return [(name, text) for name, text in halves] if halves and all(len(half) == 2 for half in halves) else []


def labels_in(folder: Path, said: Columns = _AS_USUAL) -> Mapping[str, dict[str, str]]:
    """What class tables beside the data say of each label, by 'text', 'gloss' and 'text <language>'.

    Of what is `said` only the encoding counts. A class table is a csv with a column of labels and none that names a
    clip, such as AUTSL's ClassId, TR, EN.
    """
    labels: dict[str, dict[str, str]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        columns = columns_of(path) if path.suffix.lower() in SEPARATED else []
        found = find_columns(columns, {})
        if "label" not in found or NAMING & (found.keys() - {"id"}) or not _says_words(columns, found):
            continue
        for _, row in read_rows(path, {kind: name for kind, name in said.items() if kind == ENCODING}):
            words = {key: str(value).strip() for key, value in row.items() if key[:4] == "text" or key == "gloss"}
            labels.setdefault(str(row.get("label", "")).strip(), {key: word for key, word in words.items() if word})
    return labels


def _says_words(columns: list[str], found: Mapping[str, str]) -> bool:
    return bool({"text", "gloss"} & found.keys() or spoken_columns(columns))

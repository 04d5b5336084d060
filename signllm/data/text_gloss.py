"""Reader of text-and-gloss tables without poses, such as PHOENIX-2014T's: the field's text-to-gloss benchmark."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from signllm.data.names import composed
from signllm.data.separated import separated_rows
from signllm.data.tables.columns import find_columns
from signllm.data.tables.rows import separator_of
from signllm.errors import DataError, did_you_mean
from signllm.fsutil import read_lines

COLUMNS = {"id": "id", "gloss": "annotation", "text": "translation"}
"""What a table must say, and PHOENIX-2014T's names for it."""


@dataclass(frozen=True)
class TextGloss:
    """One sentence: its text and its glosses, split at blanks."""

    id: str
    text: str
    gloss: str


def read_text_gloss(path: str | Path) -> list[TextGloss]:
    """Read a csv or tsv with columns of ids, glosses and texts, called by any names that tables of clips have.

    So both of PHOENIX-2014T's, `id|annotation|translation` and `name|orth|translation`; other columns are ignored.
    Raises DataError naming every line that cannot be used: a wrong number of fields, no text, no gloss, an id that
    stands twice.
    """
    path = Path(path)
    lines = read_lines(path)
    if not lines:
        raise DataError(f"{path}: the file is empty")
    separator = separator_of(lines[0])
    names = [composed(name).strip('"').casefold() for name in lines[0].split(separator)]
    found = find_columns(names, {})
    missing = [f"{name}{did_you_mean(name, names)}" for kind, name in COLUMNS.items() if kind not in found]
    if missing:
        raise DataError(f"{path}:1: no column {', '.join(missing)}; the columns are {', '.join(names)}")
    place = [names.index(found[kind]) for kind in COLUMNS]
    quoted = csv.QUOTE_MINIMAL if separator in ",;" else csv.QUOTE_NONE
    rows, faults, seen = [], [], set()
    # Behind bars and tabs quotation marks are marks of the texts, not quoting.
    for number, fields in separated_rows(path, lines[1:], 2, delimiter=separator, quoting=quoted):
        if len(fields) != len(names):
            faults.append(f"{path}:{number}: {len(fields)} fields, the first line names {len(names)}")
            continue
        name, gloss, text = (composed(" ".join(fields[index].split())) for index in place)
        if not gloss or not text:
            faults.append(f"{path}:{number} ({name}): no {'text' if gloss else 'gloss'}; leave the line out")
        if name in seen:
            faults.append(f"{path}:{number}: the id {name} stands twice")
        seen.add(name)
        rows.append(TextGloss(name, text, gloss))
    if faults:
        raise DataError(faults)
    return rows

"""Reader of text-and-gloss tables without poses, such as PHOENIX-2014T's: the field's text-to-gloss benchmark."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from signllm.data.names import composed
from signllm.data.separated import separated_rows
from signllm.errors import DataError, did_you_mean
from signllm.fsutil import read_lines

COLUMNS = ("id", "annotation", "translation")
SEPARATOR = "|"


@dataclass(frozen=True)
class TextGloss:
    """One sentence: its text and its glosses, split at blanks."""

    id: str
    text: str
    gloss: str


def read_text_gloss(path: str | Path) -> list[TextGloss]:
    """Read a table whose first line names the columns id, annotation (gloss) and translation (text), split by `|`.

    PHOENIX-2014T calls the id 'name' in some releases; both are read, other columns are ignored. Raises DataError
    naming every line that cannot be used: a wrong number of fields, no text, no gloss, an id that stands twice.
    """
    path = Path(path)
    lines = read_lines(path)
    if not lines:
        raise DataError(f"{path}: the file is empty")
    names = ["id" if name == "name" else name for name in lines[0].split(SEPARATOR)]
    missing = [f"{column}{did_you_mean(column, names)}" for column in COLUMNS if column not in names]
    if missing:
        raise DataError(f"{path}:1: no column {', '.join(missing)}; the columns are {', '.join(names)}")
    place = [names.index(column) for column in COLUMNS]
    rows, faults, seen = [], [], set()
    # Quotation marks in the texts are marks, not quoting.
    for number, fields in separated_rows(path, lines[1:], 2, delimiter=SEPARATOR, quoting=csv.QUOTE_NONE):
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

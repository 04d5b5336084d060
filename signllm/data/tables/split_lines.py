"""`{split}.skels` with `.text`, `.files` and optionally `.gloss`: a clip is one line in each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from signllm.data.names import clip_name
from signllm.data.source import BARE_FILES, SPLITS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.errors import DataError
from signllm.fsutil import read_lines
from signllm.packed import packed
from signllm.pose.formats import skels
from signllm.pose.formats.reader import Loaded

SUFFIX = ".skels"
_FEW_LOST = 3
_SIBLINGS = (".text", ".files", ".gloss")


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each `.skels` file, called by its name; without any text beside them they are bare pose files."""
    if path.is_dir():
        files = [file for file in path.glob(f"*{SUFFIX}") if not file.name.startswith(".")]
    else:
        files = [path] if path.suffix.lower() == SUFFIX and path.is_file() else []
    texts = (".text", ".gloss")
    rank = SPLITS if any(file.with_suffix(text).is_file() for file in files for text in texts) else BARE_FILES
    return [FoundPart(file.stem, file.name, rank, partial(_open, file)) for file in files]


def _open(path: Path, most: int | None) -> SourcePart:
    """Pair the lines of `{split}.skels` with those of its siblings."""
    split, faults, missing, warnings = path.stem, [], [], []
    rows: dict[str, list] = {SUFFIX: skels.line_spans(path)}
    for suffix in _SIBLINGS:
        sibling = path.with_suffix(suffix)
        if sibling.is_file():
            try:
                rows[suffix] = read_lines(sibling)
            except DataError as error:
                faults += error.faults
        elif suffix == ".text" and path.with_suffix(".gloss").is_file():
            warnings.append(f"{sibling.name} is not there: the glosses stand for the texts")
        elif suffix != ".gloss":
            missing.append(f"{sibling}: no such file; every clip needs a line in it")
    _drop_blank_ends(path, rows)
    if not rows[SUFFIX]:
        faults.append(f"{path}: the file holds no clip")
    lengths = {len(row) for suffix, row in rows.items() if suffix != SUFFIX}
    if len(lengths) == 1 and rows[SUFFIX] and 0 < (lost := max(lengths) - len(rows[SUFFIX])) <= _FEW_LOST:
        rows[SUFFIX] += [None] * lost
    if len({len(row) for row in rows.values()}) > 1:
        counts = ", ".join(f"{split}{suffix} {len(row)}" for suffix, row in rows.items())
        faults.append(
            f"{path.parent}: files of {split} have different numbers of lines: {counts}; a clip is one line in each"
        )
        rows = {SUFFIX: rows[SUFFIX]}
    files = [path, *(path.with_suffix(suffix) for suffix in _SIBLINGS)]
    return SourcePart(
        split,
        label=path.name,
        home=path.absolute().parent,
        files=tuple(file for file in files if file.is_file()),
        entries=packed(_entries(path, rows, most)),
        faults=tuple(faults),
        missing=tuple(missing),
        warnings=tuple(warnings),
        named=".files" in rows,
        records_fps=skels.READER.records_fps,
    )


def _drop_blank_ends(path: Path, rows: dict[str, list]) -> None:
    """Cut blank lines at the end of a file that is longer than the shortest of its siblings."""
    shortest = min(len(row) for row in rows.values()) if len(rows) > 1 else 0
    for suffix, row in rows.items():
        while len(row) > shortest:
            last = skels.read_span(path, row[-1]) if suffix == SUFFIX else row[-1]
            if last.strip():
                break
            row.pop()


def _entries(path: Path, rows: dict[str, list], most: int | None) -> Iterator[ClipEntry]:
    split = path.stem
    for index, span in enumerate(rows[SUFFIX][:most]):
        number, faults = index + 1, []
        told, text, gloss = (rows[suffix][index] if suffix in rows else "" for suffix in (".files", ".text", ".gloss"))
        if ".files" in rows and not told:
            faults.append(f"no name: line {number} of {split}.files is empty")
        if ".text" not in rows and gloss:
            text = gloss
        if span is None:
            there = len(rows[SUFFIX]) - rows[SUFFIX].count(None)
            faults.append(
                f"{path.name} has {there} lines, its siblings {len(rows[SUFFIX])}; if a line was lost before its end,"
                " the clips behind it have the texts of others"
            )
        if not text and (saying := next((suffix for suffix in (".text", ".gloss") if suffix in rows), None)):
            faults.append(f"no text: line {number} of {split}{saying} is empty")
        name = clip_name(told, (split,))
        yield ClipEntry(
            name or f"clip_{number:05d}",
            path,
            partial(skels.load_line, path, span) if span else partial(_no_line, number),
            f":{number}" + (f" (clip {name})" if name else ""),
            span[1] - span[0] if span else 0,
            text or None,
            gloss or None,
            split=split,
            source=told or None,
            faults=tuple(faults),
        )


def _no_line(number: int) -> Loaded:
    return None, [f"there is no line {number}"]


TABLE = Table("{split}.skels with {split}.text and {split}.files", find)

"""Tables with the poses of their rows: by the columns that are known, or by any that names pose files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from signllm.data.names import file_in_address
from signllm.data.source import ClipEntry
from signllm.data.tables.columns import KINDS
from signllm.data.tables.pose_finder import PoseFinder
from signllm.data.tables.rows import Row
from signllm.packed import packed
from signllm.sampling import spread

_SAMPLE = 200
"""Rows by which it is judged whether a column names pose files."""
_BETTER = ("realigned", "re_aligned")
"""Of tables of the same clips those with one of these words in their names are preferred, then the shortest name."""


class PosedTable(NamedTuple):
    """A table's file, its rows, and the poses of each row; none at all where no row has any. `notes`: warnings.
    `further`: other files that the rows stand in."""

    table: Path
    rows: Sequence[Row]
    poses: Sequence[ClipEntry | None]
    notes: tuple[str, ...] = ()
    further: tuple[Path, ...] = ()


def poses_of(rows: Sequence[Row], finder: PoseFinder, split: str | None) -> Sequence[ClipEntry | None]:
    """The poses of each row of a table that is one of `split`; empty where no row has any."""
    entries = packed(finder.of(row, split) for _, row in rows)
    return entries if any(entry is not None for entry in entries) else ()


def without_head(posed: PosedTable) -> PosedTable:
    """A table that was read without a first line of names, without its first line where that alone names no poses."""
    first, *rest = posed.poses or (None,)
    if first is not None or not rest or any(entry is None for entry in rest):
        return posed
    note = f"{posed.table.name}: the columns of its first line are not known; they are taken for names and texts"
    return posed._replace(rows=posed.rows[1:], poses=posed.poses[1:], notes=(*posed.notes, note))


def by_any_column(rows: Sequence[Row], finder: PoseFinder) -> tuple[Sequence[Row], str | None]:
    """The rows with their files by that column of unknown meaning whose words name most pose files, and its name.

    (the rows as they are, None) where there is no such column.
    """
    sample = [rows[index][1] for index in spread(len(rows), _SAMPLE)]
    hits: dict[str, int] = {}
    for row in sample:
        for column, value in row.items():
            if column in KINDS or column.startswith("text") or not isinstance(value, str | int) or not str(value):
                continue
            if finder.of({"file": str(value)}) is not None:
                hits[column] = hits.get(column, 0) + 1
    if not hits:
        return rows, None
    best = max(hits, key=hits.__getitem__)

    def named() -> Iterator[Row]:
        for where, row in rows:
            yield where, {**row, "file": file_in_address(str(row.get(best, "")))}

    return packed(named()), best


def one_of_alike(tables: Sequence[PosedTable]) -> Iterator[PosedTable]:
    """Of tables that say something of the same clips one, with a warning that names the others; and the rest."""
    left = sorted(tables, key=_preference)
    while left:
        first, *left = left
        mine = _clips_of(first) if left else set()  # of a large table, they take memory
        alike = [table for table in left if _same_clips(mine, _clips_of(table))]
        left = [table for table in left if table not in alike]
        unused = (
            f"{other.table.name} has the same clips as {first.table.name} and is not used; move the latter away to use"
            " it instead"
            for other in alike
        )
        yield first._replace(notes=(*first.notes, *unused))


def _same_clips(ones: set[tuple[str, str]], others: set[tuple[str, str]]) -> bool:
    return 2 * len(ones & others) >= min(len(ones), len(others))


def _preference(posed: PosedTable) -> tuple[bool, int, str]:
    name = posed.table.name.casefold()
    return not any(word in name for word in _BETTER), len(name), name


def _clips_of(posed: PosedTable) -> set[tuple[str, str]]:
    return {(str(entry.path), entry.suffix) for entry in posed.poses if entry is not None}

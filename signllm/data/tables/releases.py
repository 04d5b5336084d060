"""Tables that lie in other folders than the poses, as whole releases are unpacked: `annotations/` beside `features/`.

They are looked for below the folder that was opened, where it holds none that names poses itself: first tables whose
columns name clips, then those in which any column does, then those of two columns without a first line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from signllm.data.names import split_in
from signllm.data.source import Columns, FoundPart, Table
from signllm.data.tables.below import files_below
from signllm.data.tables.columns import NAMING
from signllm.data.tables.pose_finder import PoseFinder
from signllm.data.tables.posed import PosedTable, by_any_column, poses_of
from signllm.data.tables.rows import SEPARATED, TABLE_SUFFIXES, Row, headless_rows, is_table, read_rows
from signllm.data.tables.split_lists import MOST_FILES
from signllm.data.tables.table_file import parts_of
from signllm.errors import DataError

_SUFFIXES = {*TABLE_SUFFIXES, *SEPARATED}


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each table below the folder some of whose rows have poses below it."""
    if not path.is_dir():
        return []
    files = [file for folder in files_below(path, _SUFFIXES) for file in _tables_among(folder)]
    if not files:
        return []
    finder = PoseFinder(path)
    folders = sorted({file.parent for file in files})
    tables, faults = _read((file for file in files if is_table(file, columns)), finder, columns)
    if not any(posed.poses for posed in tables):
        tables, _ = _read((file for file in files if is_table(file, columns, named=False)), finder, columns)
    if not any(posed.poses for posed in tables):
        tables = [
            _posed(file, rows, finder, {"file": "-"}) for one in folders for file, rows in headless_rows(one, columns)
        ]
    parts = parts_of(tables, columns, folders)
    if faults and not parts:
        raise DataError(faults)
    return parts


def _read(files: Iterable[Path], finder: PoseFinder, columns: Columns) -> tuple[list[PosedTable], list[str]]:
    """The tables with their poses, and what is wrong with those that cannot be read: they may have nothing to do with
    the clips."""
    tables, faults = [], []
    for file in files:
        try:
            tables.append(_posed(file, read_rows(file, columns), finder, columns))
        except DataError as error:
            faults += error.faults
    return tables, faults


def _posed(table: Path, rows: Sequence[Row], finder: PoseFinder, columns: Columns) -> PosedTable:
    """The table with its poses, by any column where those that are known name none and the user names none."""
    near = finder.beside(table.parent)
    split = split_in(table.stem)
    poses = poses_of(rows, near, split)
    if poses or NAMING & columns.keys():
        return PosedTable(table, rows, poses)
    rows, column = by_any_column(rows, near)
    if column is None:
        return PosedTable(table, rows, ())
    note = f"{table.name}: its clips are named by the column '{column}'; --columns file=... says another"
    return PosedTable(table, rows, poses_of(rows, near, split), (note,))


def _tables_among(files: list[Path]) -> list[Path]:
    """Those of a folder that may be tables: many JSON files are one a clip or a frame."""
    json = [file for file in files if file.suffix.lower() == ".json"]
    return files if len(json) <= MOST_FILES else [file for file in files if file not in set(json)]


TABLE = Table("a release with its tables in other folders than its poses", find)

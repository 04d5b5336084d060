"""What a folder holds where no clip could be opened, and the next step: for messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from signllm.data.records import DESCRIPTION
from signllm.data.source import Columns
from signllm.data.tables.rows import SEPARATED, TABLE_SUFFIXES, columns_of, read_rows, table_files
from signllm.errors import DataError
from signllm.pose.formats import POSE_SUFFIXES, READERS
from signllm.pose.formats.arrow_file import SUFFIXES as ARROW
from signllm.pose.formats.json_points import JSON_READER
from signllm.pose.formats.unreadable import step_for, workbooks

EMPTY, NO_POSES = "the folder is empty", "no file here holds poses"
_MOST_FILES, _DEPTH, _MOST_SHOWN = 2000, 6, 6
_NO_COLUMNS: Columns = {}


def describe(folder: Path) -> str:
    """What is there, such as '25 .pose files in 2 folders and no table', and what to do."""
    items = list(islice(_files(folder, _DEPTH), _MOST_FILES))
    if not items:
        return EMPTY
    kinds = Counter(item.suffix.lower() or "without suffix" for item in items)
    more = " or more" * (len(items) == _MOST_FILES)
    files = [f"{count}{more} {kind} file{'s' * (count != 1)}" for kind, count in kinds.most_common(_MOST_SHOWN)]
    tables = table_files(folder, _NO_COLUMNS)
    folders = sorted(item.name for item in folder.iterdir() if item.is_dir())
    where = f" (and folders: {', '.join(folders[:_MOST_SHOWN])})" if folders else ""
    return f"it holds {', '.join(files)}{where}; {_tables(tables)}; {_next_step(items, tables, folder)}"


def _files(folder: Path, depth: int) -> Iterator[Path]:
    for item in sorted(folder.iterdir()):
        if item.name.startswith("."):
            continue
        if item.is_file():
            yield item
        elif item.is_dir() and depth:
            yield from _files(item, depth - 1)


def _tables(tables: list[Path]) -> str:
    if not tables:
        return "no table whose columns are known"
    rows = []
    for table in tables[:_MOST_SHOWN]:
        try:
            rows.append(f"{table.name} with {len(read_rows(table, _NO_COLUMNS))} rows")
        except DataError as error:
            rows.append(f"{table.name}, which cannot be read ({error.faults[0]})")
    return "a table: " + ", ".join(rows) if len(rows) == 1 else "tables: " + ", ".join(rows)


def _is_source(file: Path) -> bool:
    """Whether a file says its texts with those of its name beside it."""
    return file.suffix.lower() == ".skels" and file.with_suffix(".text").is_file()


def _next_step(items: list[Path], tables: list[Path], folder: Path) -> str:
    inner = next((item.parents[2] for item in items if item.name == DESCRIPTION), None)
    if inner is not None and inner.is_relative_to(folder) and inner != folder:
        return f"{inner.relative_to(folder)} is a store that final_convert_data.py made: open {inner}"
    poses = [item for item in items if item.suffix.lower() in POSE_SUFFIXES or JSON_READER.matches(item)]
    others = [item for item in folder.iterdir() if item.suffix.lower() in (*TABLE_SUFFIXES, *SEPARATED)]
    unknown = [item for item in others if item not in tables and columns_of(item)]
    if tables and not poses:
        if step := step_for(item for item in items if item.suffix.lower() not in (*TABLE_SUFFIXES, *SEPARATED)):
            return f"the tables say texts, but no pose file is here: {step}"
        return (
            "the tables say texts, but no pose file is here: put the poses beside them. Texts with glosses alone train"
            " the gloss part of Prompt2LangGloss: name the table in data.gloss_tables"
        )
    if tables:
        return f"no row names a pose file: compare the column of names with the files, such as {poses[0].name}"
    if unknown and poses:
        columns = ", ".join(columns_of(unknown[0])[:_MOST_SHOWN])
        return f"{unknown[0].name} has the columns {columns}: say what they are with --columns file=... text=..."
    if poses and (sheets := workbooks(items)):
        return f"{sheets[0].name} is a workbook: save its sheet as .csv beside the poses, such as {poses[0].name}"
    if poses and folder not in {item.parent for item in poses} and _is_source(poses[0]):
        return f"open {poses[0].parent.relative_to(folder)}, the folder that holds {poses[0].name}"
    if poses:
        readable = next((reader.name for item in poses[:20] for reader in READERS if reader.matches(item)), None)
        known = f"such as {poses[0].name}" + (f" ({readable})" if readable else ", which no reader knows")
        return f"put a table with the columns name,text beside the poses, {known}, or open the folder that holds them"
    if step := step_for(items):
        return step
    arrow = next((item for item in items if item.suffix.lower() in ARROW), None)
    if arrow is not None:
        return f"no column of {arrow.name} holds points; its columns are {', '.join(columns_of(arrow)[:_MOST_SHOWN])}"
    if unknown and len(columns_of(unknown[0])) > 1:
        return f"the columns of {unknown[0].name} are not known, and no file here holds poses: put the poses beside it"
    return NO_POSES

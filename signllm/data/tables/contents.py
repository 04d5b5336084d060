"""What a folder holds where no clip could be opened, and the next step: for messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from signllm.data.records import DESCRIPTION
from signllm.data.source import Columns
from signllm.data.tables.rows import SEPARATED, TABLE_SUFFIXES, columns_of, read_rows, table_files
from signllm.errors import DataError
from signllm.pose.formats import POSE_SUFFIXES, READERS

_STEPS: dict[str, tuple[str, ...]] = {
    "archives are not looked into: unpack {name} and open the folder that comes out": (
        *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"),
    ),
    "pickled Python objects, such as {name}, can run any code and are never opened: save the arrays as .npz where they"
    " were made, numpy.savez(file, **dict_of_arrays)": (".pkl", ".pickle", ".p", ".joblib"),
    "pictures, such as {name}, hold no poses: make a video of each clip, or give what a tracker found in them": (
        *(".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff"),
    ),
    "texts, such as {name}, are here without poses: put {{split}}.skels, or the pose files that they belong to, beside"
    " them": (".text", ".gloss", ".files"),
}
"""What to do about files that hold no poses, by their suffixes."""
EMPTY, NO_POSES = "the folder is empty", "no file here holds poses"
_MOST_FILES, _DEPTH, _MOST_SHOWN = 2000, 3, 6
_NO_COLUMNS: Columns = {}


def step_for(items: Iterable[Path]) -> str | None:
    """What to do about files none of which holds poses; None for kinds of which nothing is known."""
    suffixes = {item.suffix.lower(): item.name for item in items}
    for step, known in _STEPS.items():
        name = next((suffixes[suffix] for suffix in known if suffix in suffixes), None)
        if name is not None:
            return step.format(name=name)
    return None


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


def _next_step(items: list[Path], tables: list[Path], folder: Path) -> str:
    inner = next((item.parents[2] for item in items if item.name == DESCRIPTION), None)
    if inner is not None and inner.is_relative_to(folder) and inner != folder:
        return f"{inner.relative_to(folder)} is a store that final_convert_data.py made: open {inner}"
    poses = [item for item in items if item.suffix.lower() in POSE_SUFFIXES or item.suffix.lower() == ".json"]
    others = [item for item in folder.iterdir() if item.suffix.lower() in (*TABLE_SUFFIXES, *SEPARATED)]
    unknown = [item for item in others if item not in tables and columns_of(item)]
    if tables and not poses:
        return (
            "the tables say texts, but no pose file is here: put the poses beside them. Texts with glosses alone train"
            " the gloss part of Prompt2LangGloss: name the table in data.gloss_tables"
        )
    if tables:
        return f"no row names a pose file: compare the column of names with the files, such as {poses[0].name}"
    if unknown and poses:
        columns = ", ".join(columns_of(unknown[0])[:_MOST_SHOWN])
        return f"{unknown[0].name} has the columns {columns}: say what they are with --columns file=... text=..."
    if poses:
        readable = next((reader.name for item in poses[:20] for reader in READERS if reader.matches(item)), None)
        known = f"such as {poses[0].name}" + (f" ({readable})" if readable else ", which no reader knows")
        return f"put a table with the columns name,text beside the poses, {known}, or open the folder that holds them"
    if step := step_for(items):
        return step
    if unknown and len(columns_of(unknown[0])) > 1:
        return f"the columns of {unknown[0].name} are not known, and no file here holds poses: put the poses beside it"
    return NO_POSES

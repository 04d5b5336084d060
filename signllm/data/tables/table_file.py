"""Any pose files with a table beside them: csv, tsv, json or jsonl, whose columns say which clip is which text.

| column | says |
|---|---|
| `file` | the pose file, from the table's folder; its suffix may be left out |
| `id`, `name` | the clip's name, by which it is found where there is no `file`, or in a file of several clips |
| `text`, `gloss` | what is signed; a table without `text` has its glosses for texts |
| `split`, `language`, `signer` | as told; the split may also be the table's own name, such as `train.csv` |
| `start`, `end` | seconds in the file where the clip begins and ends |
| `fps` | frames a second of the file |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from signllm.data.cutting import load_cut
from signllm.data.names import USUAL_SPLITS, clip_name
from signllm.data.source import TABLE_FILE, ClipEntry, FoundPart, SourcePart, Table
from signllm.data.tables.pose_files import file_entries, files_in
from signllm.data.tables.rows import TABLE_SUFFIXES, Row, read_rows, table_files
from signllm.data.tables.values import gloss_of, number_of, text_of
from signllm.errors import SignLLMError
from signllm.languages import resolve_language
from signllm.pose.formats import POSE_SUFFIXES, load_clip, reader_of
from signllm.pose.formats.reader import Loaded


def find(path: Path) -> list[FoundPart]:
    """A part for each table some of whose rows have a pose file."""
    found = []
    for table in table_files(path):
        poses = PoseFinder(table.parent)
        rows = read_rows(table)
        if any(poses.of(row) is not None for _, row in rows):
            split = table.stem if table.stem in USUAL_SPLITS else None
            found.append(FoundPart(split, table.name, TABLE_FILE, partial(_open, table, rows, poses)))
    return found


class PoseFinder:
    """The pose file, and the clip in it, that a row means: by its `file`, else by its name among the files nearby."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._by_name: dict[str, ClipEntry] | None = None

    def of(self, row: dict[str, object]) -> ClipEntry | None:
        """An entry without texts, or None where there is no such file."""
        told = row.get("file")
        if isinstance(told, str) and told.strip():
            path = next((path for path in self._candidates(told.strip()) if path.exists()), None)
            if path is not None:
                size = path.stat().st_size if path.is_file() else 0
                return ClipEntry(path.stem, path, partial(load_clip, path, _name_of(row)), num_bytes=size)
            return self._named(clip_name(Path(told).name))
        return self._named(clip_name(_name_of(row) or ""))

    def _candidates(self, told: str) -> Iterable[Path]:
        path = self.folder / told
        return (path, *(path.with_name(path.name + suffix) for suffix in POSE_SUFFIXES))

    def _named(self, name: str) -> ClipEntry | None:
        """The clip called so in the table's folder or a folder in it."""
        if self._by_name is None:
            self._by_name = {}
            folders = [self.folder, *sorted(path for path in self.folder.iterdir() if path.is_dir())]
            for file in (file for folder in folders for file in files_in(folder)):
                for entry in file_entries(file, reader_of(file))[0]:
                    self._by_name.setdefault(entry.name, entry)
        return self._by_name.get(name)


def _name_of(row: dict[str, object]) -> str | None:
    """The row's `id` or `name`; a number counts as its digits."""
    value = next((row[key] for key in ("id", "name") if row.get(key) not in (None, "")), None)
    return None if value is None else str(value).strip()


def _open(table: Path, rows: list[Row], poses: PoseFinder, most: int | None) -> SourcePart:
    glosses_for_texts = not any("text" in row for _, row in rows) and any("gloss" in row for _, row in rows)
    entries, faults = [], []
    seen: dict[tuple, str] = {}
    for where, row in rows[:most]:
        entry, wrong = _entry(table, where, row, poses.of(row), glosses_for_texts)
        faults += wrong
        key = (entry.language, entry.split, entry.name)
        if key in seen:
            faults.append(f"{where}: the clip '{entry.name}' already stands in {Path(seen[key]).name}")
        seen.setdefault(key, where)
        entries.append(entry)
    silent = sum(entry.split is None for entry in entries)
    if 0 < silent < len(entries):
        faults.append(f"{table}: {silent} of {len(entries)} rows have no split; give every row one, or none")
    warnings = []
    if glosses_for_texts:
        warnings.append(f"{table.name} has no column text: the glosses stand for the texts")
    files = dict.fromkeys(entry.path for entry in entries if entry.path != table)
    extra = [file for folder in {file.parent for file in files} for file in files_in(folder) if file not in files]
    if extra and most is None:
        warnings.append(
            f"{len(extra)} pose files have no row in {table.name} and are left out, such as {extra[0].name}"
        )
    return SourcePart(
        table.stem if table.stem in USUAL_SPLITS else None,
        label=table.name,
        home=table.absolute().parent,
        files=(table, *files),
        entries=tuple(entries),
        faults=tuple(faults),
        warnings=tuple(warnings),
        is_corpus=True,
    )


def _entry(
    table: Path, where: str, row: dict[str, object], pose: ClipEntry | None, glosses_for_texts: bool
) -> tuple[ClipEntry, list[str]]:
    """The clip of one row, and what is wrong with its values."""
    faults: list[str] = []
    told = _name_of(row) or str(row.get("file") or "")
    split, signer, language = (text_of(row, key, where, faults) for key in ("split", "signer", "language"))
    split = split or (table.stem if table.stem in USUAL_SPLITS else None)
    start, end, fps = (number_of(row, key, where, faults) for key in ("start", "end", "fps"))
    gloss = gloss_of(row, "gloss", where, faults)
    text = gloss if glosses_for_texts else text_of(row, "text", where, faults)
    if language is not None:
        try:
            language = resolve_language(language).code
        except SignLLMError as error:
            faults += [f"{where}: {fault}" for fault in error.faults]
    if start is not None and end is not None and not start < end:
        faults.append(f"{where}: the clip ends at {end:g} s, which is not after its start at {start:g} s")
    name = clip_name(told, {split} if split else USUAL_SPLITS)
    line = where.removeprefix(str(table))
    if not name:
        faults.append(f"{where}: no id, name or file")
    load: Callable[[], Loaded] = pose.load if pose else partial(_no_pose, told)
    if start is not None or end is not None:
        load = partial(load_cut, load, start or 0.0, end, fps)
    return ClipEntry(
        name,
        pose.path if pose else table,
        load,
        pose.suffix if pose else f"{line} (clip {name})",
        pose.num_bytes if pose else 0,
        text,
        gloss,
        language,
        split,
        signer,
        fps or None,
        source=told or None,
        faults=() if text else (f"no text: {line.lstrip(':, ')} of {table.name} has none",),
    ), faults


def _no_pose(name: str) -> Loaded:
    return None, [f"no pose file is called '{name}'"]


TABLE = Table(
    f"pose files with a table ({', '.join(TABLE_SUFFIXES)}) that has the columns name or file, and text", find
)

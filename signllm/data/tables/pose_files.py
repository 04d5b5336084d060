"""Pose files alone, or a folder of them: names from the files, texts from siblings, where there are any.

Beside `x.npz` or `x.pose` may be `x.text` and `x.gloss`, with a line for each clip of the file, or, for a file of one
clip, JSON with its text (`signllm.data.tables.metadata`). Where nothing says texts, names may (`name_labels`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from signllm.data.names import USUAL_SPLITS, counting_order, split_and_name, usual_split
from signllm.data.records import DESCRIPTION
from signllm.data.source import BARE_FILES, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.below import files_below
from signllm.data.tables.layouts import layouts_of
from signllm.data.tables.metadata import Metadata, metadata_path, read_metadata
from signllm.data.tables.rows import SEPARATED, columns_of, is_table, read_rows
from signllm.errors import DataError
from signllm.fsutil import read_lines
from signllm.packed import packed
from signllm.pose.formats import POSE_SUFFIXES, READERS, TOLD_BY_CONTENT, json_clip, load_clip, reader_of
from signllm.pose.formats.json_points import FRAMES_READER, JSON_READER
from signllm.pose.formats.reader import PoseReader
from signllm.pose.formats.unreadable import PICKLES, is_pickle, step_for, workbooks
from signllm.pose.formats.video import is_video

_SUFFIXES = tuple(suffix for suffix in POSE_SUFFIXES if suffix != ".skels")  # those are the table split_lines'
_MOST_NAMES = 4
_QUICK = (".npy", ".npz")
"""Of these one is read for a message."""


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """The file, or all pose files of the folder; else a part for each of train/, dev/, test/ that holds some."""
    if path.is_file():
        known = path.suffix.lower() != ".skels" and any(reader.matches(path) for reader in READERS)
        return [FoundPart(None, path.name, BARE_FILES, partial(_open, path, [path], None))] if known else []
    if files := files_in(path):
        return [FoundPart(None, "pose files", BARE_FILES, partial(_open, path, files, None))]
    folders = {split: files_in(path / split) or _labelled(path / split) for split in USUAL_SPLITS}
    if not any(folders.values()) and (files := _labelled(path)):
        by_split: dict[str | None, list[Path]] = {}
        for file in files:
            by_split.setdefault(_split_of(file, path), []).append(file)
        if None in by_split:
            by_split = {None: files}
        return [
            FoundPart(split, "pose files in folders", BARE_FILES, partial(_open, path, own, split))
            for split, own in by_split.items()
        ]
    return [
        FoundPart(split, f"pose files in {split}/", BARE_FILES, partial(_open, path / split, files, split))
        for split, files in folders.items()
        if files
    ]


def files_in(folder: Path) -> list[Path]:
    """The pose files of a folder, in the order of their numbers; those of lines (`.skels`) are not among them.

    Videos are among them only where there is nothing else: beside poses they are what these were found in. Of a clip in
    several files, our own `.json` and `.csv` are left out: `x.json` beside `x.npz` says its text.
    """
    if not folder.is_dir():
        return []
    files = [file for file in folder.iterdir() if _is_poses(file) and not file.name.startswith(".")]
    files = _without_copies([file for file in files if not is_video(file)] or files)
    return sorted(files, key=lambda file: counting_order(file.name))


def _is_poses(path: Path) -> bool:
    if path.is_dir():
        return FRAMES_READER.matches(path)
    return path.suffix.lower() in _SUFFIXES or any(r.matches(path) for r in (*TOLD_BY_CONTENT, JSON_READER))


def _without_copies(files: list[Path]) -> list[Path]:
    """Without those of our formats told by content that hold what another file of the same name does."""
    kinds = {file: next((r for r in TOLD_BY_CONTENT if r.matches(file)), None) for file in files}
    names = {file.stem for file, kind in kinds.items() if kind is None}
    kept = [file for file, kind in kinds.items() if kind is None]
    for reader in TOLD_BY_CONTENT:
        found = [file for file, kind in kinds.items() if kind is reader and file.stem not in names]
        kept += found
        names |= {file.stem for file in found}
    return kept


_LABEL_DEPTH = 3


def _split_of(file: Path, root: Path) -> str | None:
    """The split that a folder above the file's label says."""
    above = (usual_split(part) for part in file.relative_to(root).parts[:-2])
    return next((part for part in above if part in USUAL_SPLITS), None)


def _labelled(path: Path, depth: int = _LABEL_DEPTH) -> list[Path]:
    """The pose files of a folder of folders, one a label, as many sign corpora are passed on; perhaps one for each
    group of labels above them (INCLUDE's `Adjectives/1. loud/`, KArSL's `01/01/train/0001/`)."""
    if not path.is_dir():
        return []
    splits = USUAL_SPLITS if depth == _LABEL_DEPTH else ()  # those of the source itself are its parts
    folders = [folder for folder in path.iterdir() if folder.is_dir() and folder.name not in splits]
    ordered = sorted(folders, key=lambda folder: counting_order(folder.name))
    ordered = [folder for folder in ordered if not (folder.name.startswith(".") or (folder / DESCRIPTION).is_file())]
    found = [file for folder in ordered for file in files_in(folder)]
    return found or [file for folder in ordered if depth for file in _labelled(folder, depth - 1)]


def _open(path: Path, files: list[Path], split: str | None, most: int | None) -> SourcePart:
    faults: list[str] = []
    beside: list[Path] = []
    readers: dict[str, PoseReader] = {}
    entries = packed(_entries_of(files, split, readers, beside, faults))
    if any(entry.split is None for entry in entries):  # folders before some names only are no splits
        entries = packed(entry if entry.split is None else replace(entry, split=None) for entry in entries)
    repeated = {name for name, count in Counter(entry.name for entry in entries).items() if count > 1}
    if repeated and path.is_dir():  # of files called alike in the folders of their labels
        entries = packed(
            replace(entry, name=f"{entry.path.parent.name}/{entry.name}")
            if entry.name in repeated and entry.path.parent != path
            else entry
            for entry in entries
        )
    any_text = any(entry.text or entry.texts for entry in entries)
    if not any_text:  # said once, not clip by clip
        entries = packed(replace(entry, faults=()) for entry in entries)
    return SourcePart(
        split,
        label=path.absolute().name,
        home=path.absolute().parent,
        files=(*files, *beside),
        entries=entries[:most],
        faults=tuple(faults),
        missing=() if any_text else (_no_text(path, files),),
        warnings=_left_out(path, files) if most is None and path.is_dir() else (),
        records_fps=all(reader.records_fps for reader in readers.values()),
    )


def _entries_of(
    files: list[Path], split: str | None, readers: dict[str, PoseReader], beside: list[Path], faults: list[str]
) -> Iterator[ClipEntry]:
    """The clips of the files; the readers by their names, siblings, and faults of files are put into the others."""
    for file in files:
        try:
            reader = reader_of(file)
            found, siblings = file_entries(file, reader, split)
        except DataError as error:
            faults += error.faults
            continue
        readers[reader.name] = reader
        beside += siblings
        yield from found


def file_entries(file: Path, reader: PoseReader, split: str | None = None) -> tuple[Sequence[ClipEntry], list[Path]]:
    """The clips of one pose file with their texts, and the siblings that say them. Raises DataError."""
    clips = reader.list_clips(file)
    columns, siblings = _sibling_lines(file, len(clips))
    said = Metadata(file)
    if reader is json_clip.READER and not siblings:
        said = read_metadata(file)
    elif len(clips) == 1 and not siblings and (beside := metadata_path(file)) is not None:
        said, siblings = read_metadata(beside), [beside]
    names = (split_and_name(clip.name, {split} if split else USUAL_SPLITS) for clip in clips)
    entries = packed(
        ClipEntry(
            name,
            file,
            partial(reader.load, file, *clip.key),
            clip.suffix,
            clip.num_bytes,
            text=text or said.text,
            gloss=gloss or said.gloss,
            split=split or own,
            source=clip.name,
            texts=said.texts,
            faults=() if text or said.text or said.texts else (f"no text beside {file.name}",),
        )
        for clip, (own, name), text, gloss in zip(clips, names, *columns, strict=True)
    )
    return entries, siblings


def _sibling_lines(file: Path, clips: int) -> tuple[list[list[str | None]], list[Path]]:
    """The columns `.text` and `.gloss` with a line a clip, and the files that hold them."""
    columns, siblings = [], []
    for suffix in (".text", ".gloss"):
        sibling = file.with_suffix(suffix)
        lines: list[str | None] = [None] * clips
        if sibling.is_file():
            siblings.append(sibling)
            lines = [line or None for line in read_lines(sibling)]
            if len(lines) != clips:
                raise DataError(
                    f"{sibling}: {len(lines)} lines for the {clips} clips of {file.name}; every clip has a line"
                )
        columns.append(lines)
    return columns, siblings


def _left_out(path: Path, files: list[Path]) -> tuple[str, ...]:
    """A warning where folders beside or below those of `files` hold more pose files."""
    known = {path, *(file.parent for file in files), *files}
    extra: list[Path] = []
    for folder in sorted(known - set(files)):
        with os.scandir(folder) as items:
            below = sorted(Path(item.path) for item in items if not item.name.startswith(".") and item.is_dir())
        extra += [file for other in below if other not in known for file in files_in(other)]
    if not extra:
        return ()
    return (
        f"{path.name}: at least {len(extra)} pose files in other folders are left out, such as"
        f" {extra[0].relative_to(path)}; a table beside them may name them by their paths, or give their folder as"
        " --data_dir",
    )


def _no_text(path: Path, files: list[Path]) -> str:
    names = ", ".join(file.name for file in files[:_MOST_NAMES]) + ", ..." * (len(files) > _MOST_NAMES)
    first = files[0]
    where = path if path.is_dir() else path.parent
    hints = list(_hints(where, first))
    step = "; ".join(hints) or (
        f"put a table beside them, such as texts.csv with the columns name,text and a row '{first.stem},...', or"
        f" {first.stem}.text with a line a clip"
    )
    return f"{path}: {len(files)} pose files{layouts_of(files)} ({names}) and no text for any clip in them; {step}"


def _table_of_others(folder: Path, first: Path) -> str | None:
    """The first table in a folder or below it, none of whose rows can mean a pose file here."""
    try:
        files = (file for found in files_below(folder, (*SEPARATED, ".json", ".jsonl")) for file in found)
        table = next((file for file in files if is_table(file, {})), None)
        rows = read_rows(table, {}) if table is not None else ()
    except DataError:
        return None
    told = next((str(row.get("file") or row.get("id") or "") for _, row in rows), "")
    if table is None or not told:
        return None
    return f"no row of {table.relative_to(folder)} names one: it has '{told}', and a file is called {first.name}"


def _hints(folder: Path, first: Path) -> Iterator[str]:
    """What lies beside pose files that may say their texts, and how; and why the first of them is none, if it is."""
    beside = sorted(item for item in folder.iterdir() if item.is_file() and not item.name.startswith("."))
    for item in workbooks(beside)[:1]:
        yield f"{item.name} is a workbook: save its sheet as .csv with the columns name,text beside them"
    if (other := _table_of_others(folder, first)) is not None:
        yield other
    for item in [item for item in beside if item.suffix.lower() in SEPARATED and not is_table(item, {})][:1]:
        columns = columns_of(item)
        if len(columns) > 1:
            shown = ", ".join(columns[:_MOST_NAMES]) + ", ..." * (len(columns) > _MOST_NAMES)
            yield f"{item.name} has the columns {shown}: say what they are with --columns file=... text=..."
    pickles = [item for item in beside if item.suffix.lower() in PICKLES or (not item.suffix and is_pickle(item))]
    if pickles and (step := step_for(pickles[:1])):
        yield f"they may stand in {pickles[0].name}: {step}"
    if first.suffix.lower() in _QUICK:
        _, faults = load_clip(first)
        yield from (f"and {first.name} holds no poses: {fault}" for fault in faults[:1])


TABLE = Table(f"files {', '.join(_SUFFIXES)}", find)

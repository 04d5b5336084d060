"""Any pose files with a table beside them, whose columns say which clip is which text.

| column | says |
|---|---|
| `file` | the pose file, from the table's folder; its suffix may be left out |
| `id` | the clip's name, by which it is found where there is no `file`, or in a file of several clips |
| `text`, `gloss`, `label` | what is signed; a table without `text` has its glosses for texts, or its labels |
| `split`, `language`, `signer` | as told; the split may also be part of the table's own name, such as `train.csv` |
| `recording` | what several clips were cut from; so are the files, or the rows' files, that segments are cut from |
| `start`, `end` | where in the file the clip begins and ends (`signllm.data.tables.segments`) |
| `fps` | frames a second of the file |

By which names columns are known, and how the user says it, is the business of `signllm.data.tables.columns`.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from signllm.data.cutting import load_cut
from signllm.data.names import USUAL_SPLITS, clip_name, composed, split_in, usual_split
from signllm.data.source import TABLE_FILE, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.columns import KINDS
from signllm.data.tables.pose_files import files_in
from signllm.data.tables.pose_finder import PoseFinder, file_of, name_of
from signllm.data.tables.posed import PosedTable, one_of_alike, poses_of, without_head
from signllm.data.tables.rows import TABLE_SUFFIXES, Row, headless_rows, labels_in, read_rows, table_files
from signllm.data.tables.segments import Segments, find_segments
from signllm.data.tables.split_lists import listed_splits, near_folders
from signllm.data.tables.values import gloss_of, number_of, text_of, texts_of
from signllm.errors import SignLLMError
from signllm.languages import resolve_language
from signllm.packed import packed
from signllm.pose.formats.reader import Loaded

_WORDS = ("text", "gloss", "label")
_OF_A_CLIP = {*KINDS, "spoken_language"} - {"text"}
"""What rows have in common that are further texts of one clip."""
_FOREIGN = re.compile(r"[a-z]{3}")


@dataclass(frozen=True)
class _Context:
    """What the rows of a table are read with: its file, its split, class words, splits of other tables, segments."""

    table: Path
    split: str | None
    segments: Segments
    glosses_for_texts: bool
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each table some of whose rows have a pose file; of several only those that say what is signed."""
    named = [(table, read_rows(table, columns)) for table in table_files(path, columns)]
    folder = path if path.is_dir() else path.parent
    finder = PoseFinder(folder)
    tables = named or headless_rows(path, columns)
    posed = [PosedTable(table, rows, poses_of(rows, finder, split_in(table.stem))) for table, rows in tables]
    posed = posed if named else [without_head(table) for table in posed]
    return parts_of(posed, columns, near_folders(folder))


def parts_of(tables: Sequence[PosedTable], columns: Columns, folders: Iterable[Path]) -> list[FoundPart]:
    """A part for each table some of whose rows have poses; of several only those that say what is signed, and of those
    that say it of the same clips one.

    `folders`: where lists of the names in each split may lie.
    """
    splits = _splits_of([posed.rows for posed in tables if not _says_words(posed.rows)])
    speaking = [posed for posed in tables if _says_words(posed.rows)]
    by_split: dict[str | None, list[PosedTable]] = {}
    for posed in speaking or tables:
        if posed.poses:
            by_split.setdefault(split_in(posed.table.stem), []).append(posed)
    found = []
    for split, alike in by_split.items():
        for posed in one_of_alike(alike):
            own = splits if splits or split else _listed(posed.rows, folders)
            opening = partial(_open, posed, tables, split, columns, own)
            found.append(FoundPart(split, posed.table.name, TABLE_FILE, opening))
    return found


def _listed(rows: Sequence[Row], folders: Iterable[Path]) -> Mapping[str, str]:
    """The splits of the rows by lists of names in `folders`, where they say none themselves and the lists name all."""
    if any(row.get("split") for _, row in rows):
        return {}
    names = {clip_name(_told(row)) for _, row in rows}
    lists = listed_splits(folders)
    return {name: lists[name] for name in names} if names <= lists.keys() else {}


def _says_words(rows: Sequence[Row]) -> bool:
    return any(key in _WORDS or key.startswith("text ") for _, row in rows[:1] for key in row)


def _splits_of(tables: Sequence[Sequence[Row]]) -> dict[str, str]:
    """The split of each clip by its name, from tables that say nothing else."""
    rows = [row for table in tables for _, row in table]
    return {clip_name(name_of(row) or ""): str(row["split"]) for row in rows if row.get("split")}


def _open(
    posed: PosedTable,
    tables: Sequence[PosedTable],
    split: str | None,
    columns: Columns,
    splits: Mapping[str, str],
    most: int | None,
) -> SourcePart:
    table = posed.table
    repeated, rows, poses = _one_a_clip(posed.rows, posed.poses)
    uncut = packed(
        (row, None if pose and _is_a_part(row, pose) else pose) for (_, row), pose in zip(rows, poses, strict=True)
    )
    segments = find_segments(table.name, uncut, columns)
    del uncut
    words = {key for _, row in rows for key in row}
    context = _Context(
        table,
        split,
        segments,
        glosses_for_texts="text" not in words and not any(key.startswith("text ") for key in words),
        labels=labels_in(table.parent, columns) if "label" in words else {},
        splits=splits,
        repeated=frozenset(name for name, count in Counter(_told(row) for _, row in rows).items() if count > 1),
    )
    faults, warnings = list(segments.faults), list(posed.notes)
    entries = packed(_entries(context, rows[:most], poses, faults))
    silent = sum(entry.split is None for entry in entries)
    if 0 < silent < len(entries):
        faults.append(f"{table}: {silent} of {len(entries)} rows have no split; give every row one, or none")
    if context.glosses_for_texts:
        what = "glosses" if "gloss" in words else "labels"
        warnings.append(f"{table.name} has no column text: the {what} stand for the texts")
    if repeated:
        warnings.append(f"{table.name}: {repeated} rows are further texts of clips that stand before, their references")
    warnings += segments.warnings
    files = {str(entry.path): None for entry in entries if entry.path != table}
    if most is None:
        folders = {os.path.dirname(file): None for file in files}
        extra = [file for folder in folders for file in files_in(Path(folder)) if str(file) not in files]
        if extra and len(tables) > 1:
            of_others = {str(entry.path) for other in tables for entry in other.poses if entry is not None}
            extra = [file for file in extra if str(file) not in of_others]
        if extra:
            warnings.append(
                f"{len(extra)} pose files have no row in {table.name} and are left out, such as {extra[0].name}"
            )
    return SourcePart(
        split,
        label=table.name,
        home=table.absolute().parent,
        files=packed(chain([table], posed.further, map(Path, files))),
        entries=entries,
        faults=tuple(faults),
        warnings=tuple(warnings),
        is_corpus=True,
    )


def _entries(
    context: _Context, rows: Sequence[Row], poses: Sequence[ClipEntry | None], faults: list[str]
) -> Iterator[ClipEntry]:
    """The clip of each row; what is wrong with them is put into `faults`, and names that come again."""
    seen: dict[tuple, dict[str, int]] = {}
    for number, ((where, row), pose) in enumerate(zip(rows, poses, strict=False), 1):
        entry, wrong = _entry(context, where, row, pose, number)
        faults += wrong
        alike = seen.setdefault((entry.language, entry.split), {})
        if entry.name in alike:
            first = rows[alike[entry.name] - 1][0]
            faults.append(
                f"{where}: the clip '{entry.name}' already stands in {Path(first).name}; give each its own name in a"
                " column id"
            )
        alike.setdefault(entry.name, number)
        yield entry


def _one_a_clip(
    rows: Sequence[Row], poses: Sequence[ClipEntry | None]
) -> tuple[int, Sequence[Row], Sequence[ClipEntry | None]]:
    """How many rows are further texts of others, which differ in nothing but their text; and the rows without them."""
    kept: dict[bytes, int] = {}
    further: dict[int, list[Mapping[str, object]]] = {}
    left_out: set[int] = set()
    for number, (_, row) in enumerate(rows):
        rest = repr(sorted((key, value) for key, value in row.items() if key in _OF_A_CLIP or key.startswith("text ")))
        digest = blake2b(rest.encode("utf-8", "backslashreplace"), digest_size=16).digest()
        if "text" in row and digest in kept:
            further.setdefault(kept[digest], []).append({key: row.get(key) for key in ("text", "texts")})
            left_out.add(number)
        kept.setdefault(digest, number)
    if not left_out:
        return 0, rows, poses

    def merged() -> Iterator[Row]:
        for number, (where, row) in enumerate(rows):
            for other in further.get(number, ()):
                row = {**row, "texts": [row.get("texts"), other["text"], other["texts"]]}
            if number not in left_out:
                yield where, row

    return len(left_out), packed(merged()), packed(pose for n, pose in enumerate(poses) if n not in left_out)


def _told(row: Mapping[str, object]) -> str:
    return name_of(row) or file_of(row) or str(row.get("file") or "")


def _entry(
    context: _Context, where: str, row: Mapping[str, object], pose: ClipEntry | None, number: int
) -> tuple[ClipEntry, list[str]]:
    """The clip of one row, and what is wrong with its values."""
    faults: list[str] = []
    told = _told(row)
    signer = _as_text(row, "signer", where, faults)
    split, language = (text_of(row, key, where, faults) for key in ("split", "language"))
    split = split or context.splits.get(clip_name(told)) or context.split
    split = usual_split(split) if split else None
    span, fps = context.segments.of(row, where, faults), number_of(row, "fps", where, faults)
    said, gloss, texts = _words(context, row, where, faults)
    text, references = said[0] if said else None, said[1:]
    if language is not None:
        language = _language(language, where, faults)
    name = clip_name(told, {split} if split else USUAL_SPLITS)
    if told in context.repeated and name_of(row) is None:
        name = f"{name}_{number}"  # several parts of a file, which have no names of their own
    line = where.removeprefix(str(context.table))
    if not name:
        faults.append(f"{where}: no id, name or file")
    load: Callable[[], Loaded] = pose.load if pose else partial(_no_pose, told)
    recording = _as_text(row, "recording", where, faults)
    if pose and _is_a_part(row, pose):
        recording = recording or file_of(row)
    elif span != (None, None) and context.segments.unit and pose:
        recording = recording or f"{pose.path.name}{pose.suffix}"
        load = partial(load_cut, load, span.start or 0.0, span.end, fps, context.segments.unit)
    return ClipEntry(
        name,
        pose.path if pose else context.table,
        load,
        pose.suffix if pose else f"{line} (clip {name})",
        pose.num_bytes if pose else 0,
        text,
        gloss,
        language,
        split,
        signer,
        fps or context.segments.fps,
        source=told or None,
        recording=recording,
        references=references,
        texts=texts,
        faults=() if text or texts else (f"no text: {line.lstrip(':, ')} of {context.table.name} has none",),
        has_pose=pose is not None,
    ), faults


def _words(
    context: _Context, row: Mapping[str, object], where: str, faults: list[str]
) -> tuple[tuple[str, ...], str | None, dict[str, str]]:
    """Texts, gloss, and the text in several spoken languages; a label's words where the row has only that."""
    label = _as_text(row, "label", where, faults)
    meant = context.labels.get(label or "", {})
    gloss = gloss_of(row, "gloss", where, faults) or meant.get("gloss")
    spoken = {key: text_of(row, key, where, faults) for key in row if key.startswith("text ")}
    known = {**{key: word for key, word in meant.items() if key.startswith("text ")}, **spoken}
    texts = {key.removeprefix("text "): composed(word) for key, word in known.items() if word}
    if "text" in row:
        return texts_of(row, where, faults), gloss, texts
    text = meant.get("text") or (None if texts else gloss or label)
    return (text,) if text else (), gloss, texts


def _as_text(row: Mapping[str, object], key: str, where: str, faults: list[str]) -> str | None:
    """As `text_of`; a number counts as its digits, and null as nothing."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return text_of(row, key, where, faults)


def _language(word: str, where: str, faults: list[str]) -> str | None:
    """The code of a sign language; one that is not among ours but may be one (ISO 639-3) stays as it is."""
    try:
        return resolve_language(word).code
    except SignLLMError as error:
        if _FOREIGN.fullmatch(word):
            return word
        faults += [f"{where}: {fault}" for fault in error.faults]
        return None


def _is_a_part(row: Mapping[str, object], pose: ClipEntry) -> bool:
    """Whether the pose was found by the row's id although its file names something else, the recording it is from."""
    told, name = file_of(row), name_of(row)
    if not told or name is None:
        return False
    return pose.name == clip_name(name) != clip_name(Path(told).name)


def _no_pose(name: str) -> Loaded:
    return None, [f"no pose file is called '{name}'"]


TABLE = Table(
    f"pose files with a table ({', '.join(TABLE_SUFFIXES)}) that has the columns name or file, and text", find
)

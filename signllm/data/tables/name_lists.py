"""`{split}.files` with `{split}.text` where the poses lie apart: a folder of frames or a file for each name.

So How2Sign's OpenPose points are passed on: a name and a text a line, `json/<name>/<name>_<frame>_keypoints.json`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from signllm.data.names import clip_name
from signllm.data.source import SPLITS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.pose_finder import PoseFinder
from signllm.fsutil import read_lines
from signllm.pose.formats.reader import Loaded

FILES, TEXT, GLOSS, SKELS = ".files", ".text", ".gloss", ".skels"


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each list of names without a `.skels` file, some of whose names have poses."""
    lists = sorted(path.glob(f"*{FILES}")) if path.is_dir() else []
    found = []
    for names in lists:
        if names.with_suffix(SKELS).exists() or not (_text_file(names)).is_file():
            continue
        finder, split = PoseFinder(names.parent), names.stem
        if any(finder.of({"id": clip_name(name, (split,))}) for name in read_lines(names)):
            found.append(FoundPart(split, names.name, SPLITS, partial(_open, names, finder)))
    return found


def _text_file(names: Path) -> Path:
    text = names.with_suffix(TEXT)
    return text if text.is_file() else names.with_suffix(GLOSS)


def _open(names: Path, finder: PoseFinder, most: int | None) -> SourcePart:
    split, told = names.stem, read_lines(names)
    texts = read_lines(_text_file(names))
    gloss_file = names.with_suffix(GLOSS)
    glosses = read_lines(gloss_file) if gloss_file.is_file() else [""] * len(told)
    faults = []
    if len({len(told), len(texts), len(glosses)}) > 1:
        faults.append(
            f"{names.parent}: files of {split} have different numbers of lines: {names.name} {len(told)},"
            f" {_text_file(names).name} {len(texts)}, {gloss_file.name} {len(glosses)}; a clip is one line in each"
        )
    rows = list(zip(told, texts, glosses, strict=False))[:most]
    entries = tuple(_entry(names, finder, number, *row) for number, row in enumerate(rows, 1))
    there = sum(entry.path != names for entry in entries)
    warnings = (f"{names.name}: {there} of its {len(entries)} names have poses",) if there < len(entries) else ()
    return SourcePart(
        split,
        label=names.name,
        home=names.absolute().parent,
        files=(names, _text_file(names), *dict.fromkeys(e.path for e in entries if e.path != names)),
        entries=entries,
        faults=tuple(faults),
        warnings=warnings,
        records_fps=False,
        is_corpus=True,
    )


def _entry(names: Path, finder: PoseFinder, number: int, told: str, text: str, gloss: str) -> ClipEntry:
    split = names.stem
    name = clip_name(told, (split,))
    pose = finder.of({"id": name}) if name else None
    faults = [] if name else [f"no name: line {number} of {names.name} is empty"]
    faults += [] if text else [f"no text: line {number} of {_text_file(names).name} is empty"]
    return ClipEntry(
        name or f"clip_{number:05d}",
        pose.path if pose else names,
        pose.load if pose else partial(_no_pose, name),
        pose.suffix if pose else f":{number} (clip {name})",
        pose.num_bytes if pose else 0,
        text or None,
        gloss or None,
        split=split,
        source=told or None,
        faults=tuple(faults),
        has_pose=pose is not None,
    )


def _no_pose(name: str) -> Loaded:
    return None, [f"no pose file or folder is called '{name}'"]


TABLE = Table(f"{{split}}{FILES} with {{split}}{TEXT} and poses by these names", find)

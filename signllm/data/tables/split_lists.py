"""Splits in lists of names beside a table: `splits/train.json`, `val.txt`, `split.json` with `{"train": [...]}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from signllm.data.names import USUAL_SPLITS, clip_name, usual_split
from signllm.errors import DataError
from signllm.fsutil import read_json, read_lines

_LISTS = re.compile("split|meta|annot|label", re.IGNORECASE)
_JSON, _TEXT = ".json", ".txt"
MOST_FILES = 50
"""A folder with more JSON files holds one a clip or a frame, and no lists."""


def listed_splits(folders: Iterable[Path]) -> dict[str, str]:
    """The split of each clip by its name, from the lists in these folders; a name in two of them counts for neither."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for folder in dict.fromkeys(folders):
        for split, names in _lists_in(folder):
            for name in map(clip_name, names):
                if found.setdefault(name, split) != split:
                    twice.add(name)
    return {name: split for name, split in found.items() if name not in twice}


def near_folders(folder: Path) -> Iterator[Path]:
    """A folder and those in which lists lie by custom: below it, and below one for annotations or metadata."""
    yield folder
    for below in sorted(path for path in folder.iterdir() if path.is_dir() and _LISTS.search(path.name)):
        yield from near_folders(below)


def _lists_in(folder: Path) -> Iterator[tuple[str, list[str]]]:
    files = [file for file in folder.iterdir() if file.suffix.lower() in (_JSON, _TEXT) and file.is_file()]
    if len(files) > MOST_FILES:
        return
    for file in sorted(files):
        split = usual_split(file.stem)
        try:
            if file.suffix.lower() == _TEXT:
                if split in USUAL_SPLITS:
                    yield split, [line for line in read_lines(file) if line]
            elif split in USUAL_SPLITS or "split" in file.stem.casefold():
                yield from _named_in(split, read_json(file))
        except DataError:  # whatever it is, it is no list of names
            continue


def _named_in(split: str, value: object) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, list) and split in USUAL_SPLITS and all(isinstance(name, str) for name in value):
        yield split, value
    if isinstance(value, dict):
        for key, names in value.items():
            if usual_split(str(key)) in USUAL_SPLITS and isinstance(names, list):
                yield usual_split(str(key)), [name for name in names if isinstance(name, str)]

"""The files of some kinds below a folder, without reading folders full of frames to their ends."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from signllm.data.records import DESCRIPTION
from signllm.errors import DataError

_DEPTH = 8
_HEAD = 64
"""Entries of a folder after which one that holds neither folders nor such files is taken to be full of frames."""
_FRAME = re.compile(r".*\d_keypoints\.json", re.IGNORECASE)


def files_below(folder: Path, suffixes: Collection[str], depth: int = _DEPTH) -> Iterator[list[Path]]:
    """The files with these suffixes in each folder, none of a store among them. Raises DataError."""
    folders: list[Path] = []
    files: list[Path] = []
    try:
        with os.scandir(folder) as items:
            for number, item in enumerate(items):
                if item.name.startswith("."):
                    continue
                if item.name == DESCRIPTION:
                    return
                if item.is_dir():
                    folders.append(Path(item.path))
                elif os.path.splitext(item.name)[1].lower() in suffixes and not _FRAME.fullmatch(item.name):
                    files.append(Path(item.path))
                if number >= _HEAD and not folders and not files:
                    return
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None
    if files:
        yield sorted(files)
    for below in sorted(folders) if depth else ():
        yield from files_below(below, suffixes, depth - 1)

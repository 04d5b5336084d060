"""Where the poses of a table's rows are: by their `file`, else by their name among the files and folders nearby."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from signllm.data.names import clip_name, file_in_address
from signllm.data.source import ClipEntry
from signllm.data.tables.pose_files import file_entries, files_in
from signllm.errors import DataError
from signllm.pose.formats import POSE_SUFFIXES, TOLD_BY_CONTENT, load_clip, reader_of
from signllm.pose.formats.json_points import FRAMES_READER, JSON_READER
from signllm.pose.formats.video import is_video
from signllm.pose.tracking.decoding import SUFFIXES

_DEPTH = 4
"""Levels of folders below the table's."""
_MANY = (".skels", ".npz", ".csv", ".h5", ".hdf5", ".hdf", ".pt")
"""Files that may hold several clips, whose names are looked up in them."""
_LEAST = 6
"""Characters of a name that may be the beginning of its file's name."""
_UP = 2
"""The folders above the table's in which a row's relative path may begin, where it begins at no deeper one."""


class PoseFinder:
    """The pose file, and the clip in it, that a row means."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._items: dict[str, Path] | None = None
        self._clips: dict[str, ClipEntry] | None = None

    def of(self, row: Mapping[str, object]) -> ClipEntry | None:
        """An entry without texts, or None where there is no such clip."""
        told, name = file_of(row), name_of(row)
        if told:
            path = next((path for path in self._candidates(told) if _is_poses(path)), None)
            if path is not None:
                return _entry(path, name)
            found = self._named(clip_name(Path(told).name))
            if found is not None:
                return found
        return self._named(clip_name(name or "")) if name else None

    def _candidates(self, told: str) -> Iterable[Path]:
        told = told.partition("*")[0].rstrip("/") if "*" in told else told
        for folder in (self.folder, *list(self.folder.absolute().parents)[:_UP]):
            path = folder / told
            others = [path.with_suffix(suffix) for suffix in POSE_SUFFIXES if path.suffix]
            if path.suffix.lower() in SUFFIXES:  # poses that were found in the video are meant, where there are some
                yield from (other for other in others if other.suffix not in SUFFIXES)
            yield path
            yield from (path.with_name(path.name + suffix) for suffix in POSE_SUFFIXES if path.name)
            yield from others

    def _named(self, name: str) -> ClipEntry | None:
        """The clip called so in the table's folder or a folder in it: a file or folder of this name, or a clip of one
        that holds several."""
        if self._items is None:
            self._items = dict(_items(self.folder, _DEPTH))
        if name in self._items:
            return _entry(self._items[name], name)
        longer = [item for item in self._items if item.startswith(f"{name}_")] if len(name) >= _LEAST else []
        if len(longer) == 1:  # AUTSL's signer0_sample1 is the file signer0_sample1_color
            return _entry(self._items[longer[0]], None)
        if self._clips is None:
            self._clips = {}
            folders = [self.folder, *sorted(path for path in self.folder.iterdir() if path.is_dir())]
            for file in (file for folder in folders for file in files_in(folder) if file.suffix.lower() in _MANY):
                self._add_clips(file)
        return self._clips.get(name)

    def _add_clips(self, file: Path) -> None:
        assert self._clips is not None
        try:
            entries, _ = file_entries(file, reader_of(file))
        except DataError:  # it is said where a row means it
            return
        for entry in entries:
            self._clips.setdefault(entry.name, entry)
            self._clips.setdefault(entry.name.rpartition("/")[2], entry)


def _is_poses(path: Path) -> bool:
    return path.is_file() or FRAMES_READER.matches(path) or (path / "pose.json").is_file()


def _entry(path: Path, name: str | None) -> ClipEntry:
    size = path.stat().st_size if path.is_file() else 0
    return ClipEntry(path.stem if path.is_file() else path.name, path, partial(load_clip, path, name), num_bytes=size)


def _items(folder: Path, depth: int) -> Iterable[tuple[str, Path]]:
    """(name, path) of files and folders of frames below a folder, near ones last, so that they win."""
    folders: list[Path] = []
    files: list[Path] = []
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        if not item.name.startswith("."):
            (folders if _is_folder(item) else files).append(Path(item.path))
    for below in folders if depth else ():
        if FRAMES_READER.matches(below):
            yield below.name, below
        else:
            yield from _items(below, depth - 1)
    for file in sorted(files, key=is_video, reverse=True):
        suffix = file.suffix.lower()
        single = suffix in POSE_SUFFIXES and suffix not in _MANY
        if single or suffix == ".npz" or any(reader.matches(file) for reader in (*TOLD_BY_CONTENT, JSON_READER)):
            yield clip_name(file.name), file


def _is_folder(item: os.DirEntry) -> bool:
    try:
        return item.is_dir()
    except OSError:  # links in a circle
        return False


def name_of(row: Mapping[str, object]) -> str | None:
    """The row's `id`; a number counts as its digits."""
    value = row.get("id")
    return None if value in (None, "") else str(value).strip() or None


def file_of(row: Mapping[str, object]) -> str:
    """The row's `file` as it is called here, also where the table has its web address; empty where it says none."""
    value = row.get("file")
    return file_in_address(value.strip()) if isinstance(value, str) else ""

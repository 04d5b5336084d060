"""Where the poses of a table's rows are: by their `file`, else by their name among the files and folders nearby."""

from __future__ import annotations

import copy
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from signllm.data.names import clip_name, file_in_address, usual_split
from signllm.data.source import ClipEntry
from signllm.data.tables.pose_files import file_entries, files_in
from signllm.errors import DataError
from signllm.pose.formats import POSE_SUFFIXES, TOLD_BY_CONTENT, load_clip, reader_of
from signllm.pose.formats.array_files import NPY, npy_shape
from signllm.pose.formats.json_points import FRAMES_READER, JSON_READER, is_json
from signllm.pose.formats.part_folders import load_parts, part_folders
from signllm.pose.formats.row_arrays import is_batch_shape, is_pose_shape
from signllm.pose.formats.video import is_video
from signllm.pose.tracking.decoding import SUFFIXES

_DEPTH = 8
"""Levels of folders below the table's: How2Sign's poses lie seven below its root."""
_MANY = (".skels", ".npz", ".csv", ".h5", ".hdf5", ".hdf", ".pt")
"""Files that may hold several clips, whose names are looked up in them."""
_LEAST = 6
"""Characters of a name that may be the beginning of its file's name."""
_UP = 2
"""The folders above the table's in which a row's relative path may begin, where it begins at no deeper one."""


class _Item(NamedTuple):
    """A file or folder of frames; where the parts of a pose lie apart, `parts` are their folders. `clip`: its name in
    the file, where it may be one of several."""

    path: Path
    parts: Mapping[str, Path] = {}
    clip: str | None = None


class PoseFinder:
    """The pose file, and the clip in it, that a row means. Names are looked for in `folder` and the folders below it;
    files that rows name begin at `near`, at `folder`, or at one of the two above it."""

    def __init__(self, folder: Path):
        self.folder = self.near = folder
        self._items: dict[str, list[_Item]] = {}
        self._names: list[str] | None = None
        self._clips: dict[str, ClipEntry] = {}
        self._looked = [False]

    def beside(self, folder: Path) -> PoseFinder:
        """The same for a table in another folder; what lies below is listed once for both."""
        self._list()
        other = copy.copy(self)
        other.near = folder
        return other

    def of(self, row: Mapping[str, object], split: str | None = None) -> ClipEntry | None:
        """An entry without texts, or None where there is no such clip. `split`: of several called so, that of this
        split's folder is meant."""
        told, name = file_of(row), name_of(row)
        split = usual_split(str(row.get("split") or split or ""))
        if told:
            path = next((path for path in self._candidates(told) if _is_poses(path)), None)
            if path is not None:
                return _entry(path, name)
            found = self._named(clip_name(Path(told).name), Path(told).parent.name, split)
            if found is not None:
                return found
        return self._named(clip_name(name or ""), split=split) if name else None

    def _candidates(self, told: str) -> Iterable[Path]:
        told = told.partition("*")[0].rstrip("/") if "*" in told else told
        for folder in dict.fromkeys((self.near, self.folder, *list(self.folder.absolute().parents)[:_UP])):
            path = folder / told
            others = [path.with_suffix(suffix) for suffix in POSE_SUFFIXES if path.suffix]
            if path.suffix.lower() in SUFFIXES:  # poses that were found in the video are meant, where there are some
                yield from (other for other in others if other.suffix not in SUFFIXES)
            yield path
            yield from (path.with_name(path.name + suffix) for suffix in POSE_SUFFIXES if path.name)
            yield from others

    def _list(self) -> list[str]:
        """The names of all that lies below, in order."""
        if self._names is None:
            for name, item in _items(self.folder, _DEPTH):
                self._items.setdefault(name, []).insert(0, item)
            self._names = sorted(self._items)
        return self._names

    def _named(self, name: str, folder: str = "", split: str = "") -> ClipEntry | None:
        """The clip called so in the finder's folder or one below it: a file or folder of this name, or a clip of one
        that holds several. Of several called so, one in a folder called `folder` is meant, then one in the split's
        folder, else the nearest."""
        names = self._list()
        if name in self._items:
            return self._chosen(name, folder, split)
        if len(name) >= _LEAST:
            longer = f"{name}_"  # AUTSL's signer0_sample1 is the file signer0_sample1_color
            first = bisect_left(names, longer)
            alike = [other for other in names[first : first + 2] if other.startswith(longer)]
            if len(alike) == 1:
                return self._chosen(alike[0], folder, split)
        if not self._looked[0]:
            self._looked[0] = True
            folders = [self.folder, *sorted(path for path in self.folder.iterdir() if path.is_dir())]
            for file in (file for folder in folders for file in files_in(folder) if file.suffix.lower() in _MANY):
                self._add_clips(file)
        return self._clips.get(name)

    def _chosen(self, name: str, folder: str, split: str) -> ClipEntry:
        items = self._items[name]
        if len(items) > 1:
            items = [item for item in items if item.path.parent.name == folder] or items
            items = [item for item in items if split in self._folders_of(item)] or items
            items = [item for item in items if item.parts or _may_be_poses(item.path)] or items
        item = items[0]
        if item.parts:
            size = item.path.stat().st_size
            return ClipEntry(name, item.path, partial(load_parts, item.parts, item.path.stem), num_bytes=size)
        return _entry(item.path, item.clip or name)

    def _folders_of(self, item: _Item) -> set[str]:
        """The names of the folders that an item is in, splits by their usual names."""
        return {usual_split(part) for part in item.path.relative_to(self.folder).parts[:-1]}

    def _add_clips(self, file: Path) -> None:
        try:
            entries, _ = file_entries(file, reader_of(file))
        except DataError:  # it is said where a row means it
            return
        for entry in entries:
            self._clips.setdefault(entry.name, entry)
            self._clips.setdefault(entry.name.rpartition("/")[2], entry)


def _is_poses(path: Path) -> bool:
    return path.is_file() or FRAMES_READER.matches(path) or (path / "pose.json").is_file()


def _may_be_poses(path: Path) -> bool:
    """Whether a file beside others of its name is not one of features or pictures instead."""
    if path.suffix.lower() != NPY:
        return True
    try:
        shape, _ = npy_shape(path)
    except DataError:
        return False
    return is_pose_shape(shape) or is_batch_shape(shape)


def _entry(path: Path, name: str | None) -> ClipEntry:
    size = path.stat().st_size if path.is_file() else 0
    return ClipEntry(path.stem if path.is_file() else path.name, path, partial(load_clip, path, name), num_bytes=size)


def _items(folder: Path, depth: int) -> Iterator[tuple[str, _Item]]:
    """(name, item) of files and folders of frames below a folder, near ones last."""
    folders: list[Path] = []
    files: list[Path] = []
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        if not item.name.startswith("."):
            (folders if _is_folder(item) else files).append(Path(item.path))
    parts = part_folders(folders)
    if parts:
        for file in sorted(parts["body"].glob(f"*{NPY}")):
            yield clip_name(file.name), _Item(file, parts)
        folders = [below for below in folders if below not in parts.values()]
    for below in folders if depth else ():
        if FRAMES_READER.matches(below):
            yield below.name, _Item(below)
        else:
            yield from _items(below, depth - 1)
    for file in sorted(files, key=is_video, reverse=True):
        suffix = file.suffix.lower()
        single = suffix in POSE_SUFFIXES and suffix not in _MANY
        if single or suffix == ".npz" or any(reader.matches(file) for reader in TOLD_BY_CONTENT):
            yield clip_name(file.name), _Item(file)
        elif is_json(file) and JSON_READER.matches(file):
            for clip in JSON_READER.list_clips(file):
                yield clip_name(clip.name), _Item(file, clip=clip.name)


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

"""Files that hold many clips as a tree of arrays: HDF5 through h5py (an extra), and `.pt` as torch loads it safely.

A clip is an array of points by its name (`How2Sign/clip_1`), or a group whose arrays belong together. Texts that stand
beside the arrays are read by `texts_of`, for the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import CheckpointError, DataError, SignLLMError
from signllm.fsutil import file_identity
from signllm.inputs import check_regular
from signllm.packed import packed
from signllm.pose.formats.archives import Member, refuse_bombs
from signllm.pose.formats.extras import h5py
from signllm.pose.formats.raw_points import known_widths
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader
from signllm.pose.formats.row_arrays import FPS, SCORES, is_pose_shape, part_of, read_arrays
from signllm.tensor_file import read_tensors

HDF5, TORCH = (".h5", ".hdf5", ".hdf"), (".pt",)


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    package = h5py(path)
    check_regular(path)
    try:
        with package.File(path, "r") as file:
            yield file
    except (SignLLMError, AssertionError):
        raise
    except Exception as error:  # of damaged bytes, the library makes errors of any type
        raise DataError(f"{path}: cannot be read as HDF5 ({error})") from None


Place = tuple[str, ...]
"""The keys that lead to an array or a group; a key may hold a '/' itself."""


_MOST_LEVELS = 100
_MOST_ARRAYS = 1_000_000


def _groups(node: Any, place: Place, seen: set[object]) -> Iterator[tuple[Place, dict[str, tuple[int, ...]]]]:
    """Each group below one, itself too, that holds arrays: its place, and the shapes of its own arrays by their names.

    Groups that were `seen` (a group may hold itself) are passed over.
    """
    known = _identity(node)
    if known in seen or len(place) > _MOST_LEVELS:
        return
    seen.add(known)
    told = False
    for name, item in _own_items(node):
        if hasattr(item, "items"):
            yield from _groups(item, (*place, str(name)), seen)
        elif not told and getattr(item, "shape", None) is not None:
            told = True
            yield (
                place,
                {
                    str(key): tuple(own.shape)
                    for key, own in _own_items(node)
                    if not hasattr(own, "items") and getattr(own, "shape", None) is not None
                },
            )


def _identity(node: Any) -> object:
    """The same for one group under two names: in an HDF5 file where it stands there, as an open group is kilobytes."""
    if not hasattr(node, "id"):
        return id(node)
    from h5py import h5o

    info = h5o.get_info(node.id)
    return info.fileno, info.addr


def _own_items(group: Any) -> Iterator[tuple[Any, Any]]:
    """What a group holds; of an HDF5 group not what only points to other files, or nowhere."""
    if not hasattr(group, "attrs"):
        yield from group.items()
        return
    for name in group:
        link = group.get(name, getlink=True)
        if type(link).__name__ == "ExternalLink" or (item := group.get(name)) is None:
            continue
        if not (getattr(item, "external", None) or getattr(item, "is_virtual", False)):
            yield name, item


def _counted(tree: Any) -> Iterator[tuple[Place, dict[str, tuple[int, ...]]]]:
    """As `_groups`. Raises DataError where there are absurdly many arrays."""
    count = 0
    for place, shapes in _groups(tree, (), set()):
        count += len(shapes)
        if count > _MOST_ARRAYS:
            raise DataError(f"more than the {_MOST_ARRAYS} arrays that such a file may have")
        yield place, shapes


@lru_cache(2)
def _torch(path: Path, content: tuple[int, ...]) -> dict:
    try:
        value = read_tensors(path, "tensors alone; other objects are never opened", mapped=True)
    except CheckpointError as error:
        raise DataError(error.faults) from None
    if isinstance(value, list | tuple):
        value = {str(row.get("name", number)): row for number, row in enumerate(value) if isinstance(row, dict)}
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected a dictionary of clips by name")
    return value


@contextmanager
def _tree(path: Path) -> Iterator[Any]:
    if path.suffix.lower() in HDF5:
        with _hdf5(path) as file:
            yield file
    else:
        yield _torch(path, file_identity(path))


@lru_cache(8)
def _clips(path: Path, content: tuple[int, ...]) -> Sequence[tuple[Place, tuple[Place, ...]]]:
    """Each clip's place, that of its group or of its one array, and its arrays."""
    with _tree(path) as tree:
        return packed(clip for group, shapes in _counted(tree) for clip in _clips_in(group, shapes))


def _clips_in(group: Place, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    poses = [name for name in shapes if is_pose_shape(shapes[name]) and not SCORES.fullmatch(name)]
    parts = {part for name in shapes if (part := part_of(name)) and len(shapes[name]) >= 3}
    if {"left", "right"} <= parts or "hands" in parts or (len(poses) == 1 and _helped(shapes)):
        yield group, tuple((*group, name) for name in shapes)
    elif group and len(poses) == 1:
        yield group, ((*group, poses[0]),)
    else:
        yield from (((*group, name), ((*group, name),)) for name in poses)


def _helped(names: Iterable[str]) -> bool:
    """Whether scores or a frame rate stand beside an array."""
    return any(SCORES.fullmatch(name) or FPS.fullmatch(name) for name in names)


def list_clips(path: Path) -> Sequence[ListedClip]:
    """The clips of a file. Raises DataError where there is none."""
    clips = _clips(path, file_identity(path))
    if not clips:
        with _tree(path) as tree:
            arrays = (("/".join((*group, name)), shape) for group, own in _counted(tree) for name, shape in own.items())
            there = ", ".join(f"{name} {shape}" for name, shape in islice(arrays, 4))
        raise DataError(f"{path}: no array of a known shape ({there or 'no array'}); known are {known_widths()}")
    size = path.stat().st_size // len(clips)
    return packed(
        ListedClip("/".join(place) or path.stem, (arrays,), f" (clip {'/'.join(place)})", size)
        for place, arrays in clips
    )


def load(path: Path, places: tuple[Place, ...]) -> Loaded:
    """One clip."""
    try:
        with _tree(path) as tree:
            found = {place: _at(tree, place) for place in places}
            refuse_bombs(path, {"/".join(place): _member(array) for place, array in found.items()})
            arrays = {place[-1]: np.asarray(array) for place, array in found.items()}
        return read_arrays(arrays), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]


def _member(array: Any) -> Member:
    """What a file says of an array; that of a tensor, of which `read_tensors` is sure, counts as not packed."""
    packed = array.id.get_storage_size() if hasattr(array, "id") else array.nbytes
    return Member(tuple(array.shape), array.dtype, array.nbytes, packed)


def _at(tree: Any, place: Place) -> Any:
    node = tree
    for key in place:
        node = node[key]
    return node


def texts_of(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Of each clip in order its name, and what stands beside its arrays as text, by the names it has there.

    Raises DataError.
    """
    with _tree(path) as tree:
        for place, _ in _clips(path, file_identity(path)):
            node = _at(tree, place)
            items = {**dict(getattr(node, "attrs", {})), **(dict(_own_items(node)) if hasattr(node, "items") else {})}
            words = {str(key).casefold(): _text(item) for key, item in items.items()}
            yield "/".join(place) or path.stem, {key: text for key, text in words.items() if text}


def _text(item: Any) -> str | None:
    if getattr(item, "shape", None) == () and hasattr(item, "asstr"):
        item = item[()]
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    return item.strip() if isinstance(item, str) else None


READER = PoseReader(
    "clips in .h5 and .pt",
    lambda path: path.suffix.lower() in (*HDF5, *TORCH) and path.is_file(),
    list_clips,
    load,
    records_fps=False,
)

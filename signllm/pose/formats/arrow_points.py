"""Poses in parquet and arrow files: a clip a row (Hugging Face `datasets`), a point a row (Google's ASL signs), or a
frame a row (Google's ASL fingerspelling).

In the first a column holds nested lists of numbers, under a name such as `pose` or `keypoints`; in the second the
columns are `frame`, `type` (face, left_hand, pose, right_hand), `landmark_index`, `x`, `y`, `z`; in the third
`sequence_id`, which is the clip's name, and `x_pose_0`, `y_left_hand_20` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity
from signllm.packed import packed
from signllm.pose.formats.arrow_file import SUFFIXES, cell, columns_of, num_rows, schema_of, simple_rows
from signllm.pose.formats.extras import pyarrow
from signllm.pose.formats.raw_points import RawPoints, forms_of_points
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, one_clip
from signllm.pose.formats.row_arrays import POINTS, part_of, read_arrays, rows_of

_POINT_COLUMNS = {"frame", "type", "landmark_index", "x", "y", "z"}
_PARTS = {"face": 0, "left_hand": 468, "pose": 489, "right_hand": 522}
_SIZES = {"face": 468, "left_hand": 21, "pose": 33, "right_hand": 21}
_ALL = 543
_SEQUENCE = "sequence_id"
_WIDE = tuple(
    [f"{axis}_{part}_{point}" for part in ("pose", "left_hand", "right_hand") for point in range(_SIZES[part])]
    for axis in "xyz"
)
_NAMES = ("id", "name", "video_id", "sentence_name", "file", "filename", "file_name", "path")


def pose_columns(path: Path) -> list[str]:
    """The columns that hold points as nested lists of numbers; empty where a row is no clip. Raises DataError."""
    types = pyarrow(path).types
    found = []
    for field in schema_of(path):
        kind, depth = field.type, 0
        while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            kind, depth = kind.value_type, depth + 1
        if depth > 1 and (types.is_floating(kind) or types.is_integer(kind)):
            found.append(field.name)
    named = [name for name in found if POINTS.fullmatch(name) or part_of(name)]
    return named or found[:1]


def is_point_table(path: Path) -> bool:
    """Whether the file holds a point a row. Raises DataError."""
    return set(schema_of(path).names) >= _POINT_COLUMNS


def is_frame_table(path: Path) -> bool:
    """Whether the file holds a frame a row, each number in a column of its own. Raises DataError."""
    return set(schema_of(path).names) >= {_SEQUENCE, *(name for names in _WIDE for name in names[:1] + names[-1:])}


def _matches(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    return is_point_table(path) or is_frame_table(path) or bool(pose_columns(path))


def _list(path: Path) -> Sequence[ListedClip]:
    if is_point_table(path):
        return one_clip(path)
    if is_frame_table(path):
        names = _sequences(path, file_identity(path))[0]
        size = path.stat().st_size // max(1, len(names))
        return [ListedClip(name, ((), number), f" (sequence {name})", size) for number, name in enumerate(names)]
    columns = tuple(pose_columns(path))
    size = path.stat().st_size // max(1, num_rows(path))

    def clips() -> Iterator[ListedClip]:
        for number, row in enumerate(simple_rows(path)):
            name = next((str(row[key]) for key in _NAMES if row.get(key) not in (None, "")), None)
            yield ListedClip(name or f"{path.stem}_{number:06d}", (columns, number), f" (row {number + 1})", size)

    return packed(clips())


def _load(path: Path, columns: tuple[str, ...] = (), row: int = 0) -> Loaded:
    try:
        if not columns and is_frame_table(path):
            return _frame_table(path, row), []
        if not columns:
            return _point_table(path), []
        arrays = {name: _array(cell(path, name, row), name) for name in columns}
        return (rows_of(next(iter(arrays.values()))) if len(arrays) == 1 else read_arrays(arrays)), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]


def _array(value: Any, name: str) -> np.ndarray:
    try:
        return np.array(value, np.float32)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: its frames do not have equally many numbers ({error})") from None


def _point_table(path: Path) -> RawPoints:
    """All 543 points in the order of the release: face, left hand, body, right hand."""
    frames, kinds, numbers, *coordinates = columns_of(path, ("frame", "type", "landmark_index", "x", "y", "z"))
    unknown = sorted(set(kinds.tolist()) - _PARTS.keys())
    if unknown:
        raise DataError(f"type {unknown[0]!r} is unknown; known: {', '.join(_PARTS)}")
    starts = np.array([_PARTS[kind] for kind in kinds])
    sizes = np.array([_SIZES[kind] for kind in kinds])
    if len(numbers) and ((numbers < 0) | (numbers >= sizes)).any():
        raise DataError("a landmark_index lies outside its type's points")
    order, places = np.unique(frames, return_inverse=True)
    points_FK3 = np.full((len(order), _ALL, 3), np.nan, np.float32)
    points_FK3[places, starts + numbers] = np.stack(coordinates, axis=-1)
    form = tuple(form for form in forms_of_points(_ALL, 3) if form.layout == "mediapipe-asl-signs")
    return RawPoints(points_FK3.reshape(len(order), -1), form)


@lru_cache(1)
def _sequences(path: Path, content: tuple[int, ...]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(the clips' names, the first row of each and the end, points of body and hands of all rows (F, 75, 3))."""
    (ids,) = columns_of(path, (_SEQUENCE,))
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if len(ids) else np.zeros(0, np.intp)
    points_FKC = np.empty((len(ids), len(_WIDE[0]), len(_WIDE)), np.float32)
    for axis, names in enumerate(_WIDE):
        for place, column in enumerate(columns_of(path, names)):
            points_FKC[:, place, axis] = column
    return [str(ids[start]) for start in starts], np.r_[starts, len(ids)], points_FKC


def _frame_table(path: Path, number: int) -> RawPoints:
    """One sequence: body, left and right hand; the face is left in the file."""
    _, ends, points_FKC = _sequences(path, file_identity(path))
    points_FKC = points_FKC[ends[number] : ends[number + 1]]
    form = tuple(form for form in forms_of_points(points_FKC.shape[1], 3) if form.layout == "mediapipe-75")
    return RawPoints(np.ascontiguousarray(points_FKC).reshape(len(points_FKC), -1), form)


READER = PoseReader("poses in .parquet and .arrow", _matches, _list, _load, records_fps=False)

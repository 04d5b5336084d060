"""The formats that are compared: how people read each of them today, and how the toolkit does.

Every way of reading gives the numbers of a clip as they stand in its file, and the toolkit's are compared with them.

Legend: F frames, K points of the file, J joints, C coordinates, V numbers of a row.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from converting import made
from signllm.data.source import ClipEntry
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.number_text import parse_numbers
from signllm.pose.formats.point_layouts import find_layout
from signllm.pose.formats.raw_points import RawPoints
from signllm.pose.formats.reader import Loaded
from signllm.pose.formats.skels import read_span

Read = Callable[[ClipEntry], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """One format.

    `theirs`: ways of reading a clip, the usual one first. `joints(theirs, entry)`: a clip as those read it as
    (F, 50, C). `same(theirs, loaded, entry)`: whether the toolkit gives these numbers.
    """

    title: str
    make: Callable[[Path, int, int], None]
    theirs: dict[str, Read]
    joints: Callable[[np.ndarray, ClipEntry], np.ndarray]
    same: Callable[[np.ndarray, Loaded, ClipEntry], bool]


def _frame_files(parse: Callable[[bytes], dict]) -> Read:
    def read(entry: ClipEntry) -> np.ndarray:
        people = [parse(file.read_bytes())["people"][0] for file in sorted(entry.path.iterdir())]
        parts = ("pose_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d")
        return np.array([[number for part in parts for number in person[part]] for person in people], np.float32)

    return read


def _npz(entry: ClipEntry) -> np.ndarray:
    with np.load(entry.path) as arrays:
        return arrays["keypoints"]


def _67_points(rows_FV: np.ndarray, entry: ClipEntry) -> np.ndarray:
    """The joints of BODY_25 and two hands."""
    points_FKC = rows_FV.reshape(len(rows_FV), 67, -1)
    return np.concatenate([points_FKC[:, :8, :2], points_FKC[:, 25:, :2]], axis=1)


def _same_rows(theirs_FV: np.ndarray, loaded: Loaded, entry: ClipEntry) -> bool:
    clip = loaded[0]
    return isinstance(clip, RawPoints) and np.array_equal(clip.values_FV, theirs_FV)


def _pose(entry: ClipEntry) -> np.ndarray:
    """pose-format alone: the points of the first person as one array, with the confidence behind."""
    from pose_format import Pose

    body = Pose.read(entry.path.read_bytes()).body
    return np.concatenate([body.data.filled(0), body.confidence[..., None]], axis=-1)[:, 0]


def _pose_joints(points_FKC: np.ndarray, entry: ClipEntry) -> np.ndarray:
    """The 50 joints, and 0 for those that the file has not, with the confidence behind."""
    from pose_format import PoseHeader
    from pose_format.utils.reader import BufferReader

    header = PoseHeader.read(BufferReader(entry.path.read_bytes()))
    names = [(part.name, point) for part in header.components for point in part.points]
    layout = find_layout({name: place for place, name in enumerate(names)})
    assert layout is not None, "the toolkit reads it"
    joints_FJC = np.zeros((len(points_FKC), 50, points_FKC.shape[2]), points_FKC.dtype)
    for joint, point in enumerate(layout.points):
        if point in names:
            joints_FJC[:, joint] = points_FKC[:, names.index(point)]
    return joints_FJC


def _same_points(theirs_FKC: np.ndarray, loaded: Loaded, entry: ClipEntry) -> bool:
    clip = loaded[0]
    if not isinstance(clip, RawClip):
        return False
    joints_FJC = _pose_joints(theirs_FKC, entry)
    seen_FJ = joints_FJC[..., -1] > 0
    same = np.array_equal(clip.coordinates_FJC[seen_FJ], joints_FJC[seen_FJ][:, :3])
    return same and np.array_equal(clip.seen_FJ, seen_FJ)


def _line(parse: Callable[[bytes], np.ndarray]) -> Read:
    return lambda entry: parse(read_span(*entry.load.args)).reshape(-1, 151)  # type: ignore[attr-defined]  # a partial


def _line_joints(rows_FV: np.ndarray, entry: ClipEntry) -> np.ndarray:
    return rows_FV[:, :-1].reshape(len(rows_FV), 50, 3)


def _same_line(theirs_FV: np.ndarray, loaded: Loaded, entry: ClipEntry) -> bool:
    clip = loaded[0]
    return isinstance(clip, RawClip) and np.array_equal(clip.coordinates_FJC, _line_joints(theirs_FV, entry))


KINDS: dict[str, Kind] = {
    "openpose": Kind(
        "OpenPose JSON, a file a frame",
        made.openpose_folders,
        {"json.loads": _frame_files(json.loads), "orjson.loads": _frame_files(orjson.loads)},
        _67_points,
        _same_rows,
    ),
    "pose": Kind(".pose", made.pose_files, {"pose-format": _pose}, _pose_joints, _same_points),
    "npz": Kind(".npz of OpenPose rows", made.npz_files, {"numpy.load": _npz}, _67_points, _same_rows),
    "skels": Kind(
        ".skels",
        made.skels_lines,
        {
            "float() per value": _line(lambda line: np.array([float(value) for value in line.split()], np.float32)),
            "np.array(line.split())": _line(lambda line: np.array(line.split(), np.float32)),
            "np.fromstring (deprecated)": _line(lambda line: np.fromstring(line, sep=" ", dtype=np.float32)),
            "np.loadtxt": _line(lambda line: np.loadtxt([line.decode()], dtype=np.float32, ndmin=1)),
            "orjson after commas": _line(
                lambda line: np.array(orjson.loads(b"[" + line.strip().replace(b" ", b",") + b"]"), np.float32)
            ),
            "parse_numbers alone": _line(lambda line: parse_numbers(line)[0]),
        },
        _line_joints,
        _same_line,
    ),
}

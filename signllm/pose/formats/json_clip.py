"""Our own `.json`: one clip with all that is known of it, for programs in any language.

    {"format": "signllm-pose", "format_version": 1, "text": ..., "fps": 25.0, "skeleton": "signllm-50",
     "unit": "shoulder_widths", "joints": ["nose", ...], "bones": [[1, 0], ...],
     "coordinates": [[[x, y, z], null, ...], ...]}

`coordinates` has a line a frame; a joint that is missing is null. What a clip's maker knows beside the pose, such as
its text, stands before `fps`. Only `format`, `format_version`, `fps`, `skeleton`, `unit` and `coordinates` are read
here; texts are read by `signllm.data.tables.metadata`.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from signllm.errors import DataError, first_faults
from signllm.fsutil import read_json, write_atomically
from signllm.inputs import open_regular
from signllm.pose.formats.conventions import LARGEST_NUMBER
from signllm.pose.formats.reader import Loaded, PoseReader, PoseWriter, one_clip
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETONS, Skeleton

FORMAT, FORMAT_VERSION = "signllm-pose", 1
_HEAD_BYTES = 128
_TELLING = re.compile(rf'"format"\s*:\s*"{FORMAT}"'.encode())
_MOST_FAULTS = 5


def _matches(path: Path) -> bool:
    """Whether the file says so where it begins: what is written here has `format` first."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with open_regular(path) as file:
        return bool(_TELLING.search(file.read(_HEAD_BYTES)))


def _load(path: Path) -> Loaded:
    value = read_json(path)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return None, [f'expected an object with "format": "{FORMAT}"']
    if value.get("format_version") != FORMAT_VERSION:
        return None, [f"format version {value.get('format_version')!r}, this version reads {FORMAT_VERSION}"]
    fps, unit, skeleton = value.get("fps"), value.get("unit"), SKELETONS.get(str(value.get("skeleton")))
    if not isinstance(fps, int | float) or not isinstance(unit, str) or not unit or skeleton is None:
        said = f'"fps" is {fps!r}, "unit" {unit!r}, "skeleton" {value.get("skeleton")!r}'
        return None, [f'{said}; expected such as 25.0, "shoulder_widths" and "{next(iter(SKELETONS))}"']
    frames, faults = _frames(value.get("coordinates"), skeleton)
    if faults:
        return None, faults
    coordinates_FJC = np.array(frames, np.float32)
    valid_FJ = np.asarray(np.isfinite(coordinates_FJC).all(-1))
    return PoseSequence(coordinates_FJC, valid_FJ, fps, skeleton, unit), []


def _frames(value: object, skeleton: Skeleton) -> tuple[list[list[list[float]]], list[str]]:
    """The frames with NaN for missing joints, and what is wrong."""
    if not isinstance(value, list) or not value:
        return [], ['"coordinates" is no list of frames']
    joints = (joint for frame in value if isinstance(frame, list) for joint in frame if isinstance(joint, list))
    width = len(next(joints, [0, 0, 0]))
    frames, faults = [], []
    for number, frame in enumerate(value):
        try:
            frames.append(_frame(frame, skeleton, width))
        except ValueError as error:
            faults.append(f"frame {number}: {error}")
    return frames, first_faults(faults, _MOST_FAULTS)


def _frame(frame: object, skeleton: Skeleton, width: int) -> list[list[float]]:
    if not isinstance(frame, list) or len(frame) != skeleton.num_joints:
        raise ValueError(f"expected a list of {skeleton.num_joints} joints, those of {skeleton.name}")
    missing = [float("nan")] * width
    for name, joint in zip(skeleton.joints, frame, strict=True):
        if joint is None:
            continue
        right = isinstance(joint, list) and len(joint) == width and width in (2, 3)
        if not right or not all(type(number) in (int, float) and abs(number) < LARGEST_NUMBER for number in joint):
            raise ValueError(f"{name} is {str(joint)[:60]}, expected {width if width in (2, 3) else 3} numbers or null")
    return [missing if joint is None else joint for joint in frame]


def write_clip(path: Path, pose: PoseSequence, told: Mapping[str, Any] | None = None) -> None:
    """Write one clip; `told` is what is known of it beside the pose. The file appears whole or not at all."""
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, **(told or {}), "fps": pose.fps}
    head |= {"skeleton": pose.skeleton.name, "unit": pose.unit, "joints": list(pose.skeleton.joints)}
    head |= {"bones": [list(map(int, bone)) for bone in pose.skeleton.bones]}

    def write(file: BinaryIO) -> None:
        for number, (key, value) in enumerate(head.items()):
            file.write((b",\n " if number else b"{") + orjson.dumps(key) + b": " + orjson.dumps(value))
        file.write(b',\n "coordinates": [\n')
        for number, line in enumerate(_lines(pose)):
            file.write((b",\n  " if number else b"  ") + line)
        file.write(b"\n]}\n")

    write_atomically(path, write)


def _lines(pose: PoseSequence) -> Iterator[bytes]:
    null = b"[" + b",".join([b"null"] * pose.coordinates.shape[2]) + b"]"
    for frame_JC, valid_J in zip(pose.coordinates, pose.valid, strict=True):
        seen_JC = np.where(valid_J[:, None], frame_JC, np.float32(np.nan))  # which orjson writes as null
        yield orjson.dumps(seen_JC, option=orjson.OPT_SERIALIZE_NUMPY).replace(null, b"null")


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]]) -> None:
    """Write a file of one clip; DataError for more or none."""
    poses = [pose for _, pose in clips]
    if len(poses) != 1:
        raise DataError(f"{path}: a .json holds one clip, not {len(poses)}; write a file a clip, or .npz")
    write_clip(path, poses[0])


READER = PoseReader(".json of this toolkit", _matches, one_clip, _load)
WRITER = PoseWriter(".json", write)

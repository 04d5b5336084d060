"""The older layout: one folder a clip, with `pose.json` and `text.txt` (and `gloss.txt` where there is gloss).

`pose.json` is `{"fps": 25, "poses": [frame, ...]}`; `fps` may be left out. A frame is one of
- 150 numbers: 50 joints x (x, y, z), in the joint order of `.skels`;
- 50 lists of 3 numbers, or null for a joint that is missing;
- `{"pose_keypoints_2d": 24 numbers, "hand_left_keypoints_2d": 63, "hand_right_keypoints_2d": 63}`, joints x (x, y, and
  OpenPose's confidence, or z where it is no confidence): the eight body joints, then joints 8-28, then joints 29-49.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import orjson

from signllm.errors import DataError, first_faults
from signllm.fsutil import BOM, read_bytes
from signllm.pose.formats.conventions import LARGEST_NUMBER, RawClip
from signllm.pose.formats.reader import Loaded, PoseReader, one_clip
from signllm.pose.skeleton import SKELETON_50

POSE_FILE, TEXT_FILE, GLOSS_FILE = "pose.json", "text.txt", "gloss.txt"
_PARTS = {"pose_keypoints_2d": 24, "hand_left_keypoints_2d": 63, "hand_right_keypoints_2d": 63}


def read_raw(folder: Path) -> Loaded:
    """Read one clip; returns it, or None and everything that is wrong (without the place)."""
    try:
        data = orjson.loads(read_bytes(folder / POSE_FILE).removeprefix(BOM))
    except DataError as error:
        return None, [fault.removeprefix(f"{folder}{os.sep}") for fault in error.faults]
    except orjson.JSONDecodeError as error:
        return None, [f"{POSE_FILE} is not JSON ({error}); for a missing joint write null, not NaN"]
    if not isinstance(data, dict) or not isinstance(data.get("poses"), list):
        return None, [f'{POSE_FILE} has no list "poses"; expected {{"fps": 25, "poses": [[150 numbers], ...]}}']
    faults = []
    fps = data.get("fps")
    if fps is not None and not (isinstance(fps, int | float) and not isinstance(fps, bool) and 0 < fps < 1e4):
        faults.append(f'"fps" is {fps!r}, expected a positive number')
    if not data["poses"]:
        faults.append("the clip is empty")
    frames = []
    for number, frame in enumerate(data["poses"]):
        try:
            frames.append(_frame(frame))
        except ValueError as error:
            faults.append(f"frame {number}: {error}")
    if faults:
        return None, first_faults(faults, 5, " faults")
    coordinates = np.array(frames, np.float32).reshape(-1, SKELETON_50.num_joints, 3)
    if not (np.abs(coordinates) < LARGEST_NUMBER).all():
        return None, [f"a number is {LARGEST_NUMBER:g} or larger, which is no coordinate"]
    named = all(isinstance(frame, dict) for frame in data["poses"])
    return RawClip(coordinates, None, fps, third_open=named), []


def _frame(frame: object) -> list[float]:
    """150 numbers, missing joints as three zeros; ValueError says what is wrong."""
    if isinstance(frame, dict):
        lengths = {key: len(frame[key]) if isinstance(frame.get(key), list) else None for key in _PARTS}
        if lengths != _PARTS:
            raise ValueError(f"parts have lengths {lengths}, expected {_PARTS}")
        frame = [*itertools.chain.from_iterable(frame[key] for key in _PARTS)]
    if not isinstance(frame, list):
        raise ValueError("expected a list of 150 numbers or of 50 joints")
    if len(frame) == SKELETON_50.num_joints:
        joints = [[0, 0, 0] if joint is None else joint for joint in frame]
        if any(not isinstance(joint, list) or len(joint) != 3 for joint in joints):
            raise ValueError("a joint is not a list of 3 numbers")
        frame = [*itertools.chain.from_iterable(joints)]
    if len(frame) != SKELETON_50.num_joints * 3:
        raise ValueError(f"{len(frame)} numbers, expected 150 (50 joints x 3) without a counter")
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in frame):
        raise ValueError("a value is not a number; a missing joint is null in the form of 50 joints")
    return frame


READER = PoseReader(f"folder with {POSE_FILE}", lambda path: (path / POSE_FILE).is_file(), one_clip, read_raw)

"""What imitations of releases are made of, and how they are opened."""

import json

import numpy as np

from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.pose.formats.point_layouts import CONFIDENCE, LAYOUTS
from tests.helpers.people import person, points_of


def array(layout, frames=12, seed=0, dims=3):
    """(frames, K, dims) of a layout in pixels; a confidence where its tracker has one."""
    points = points_of(layout, person(frames, seed, dims))
    if dims == 3 and LAYOUTS[layout].third == CONFIDENCE:
        points[..., 2] = 0.9
    return points.astype(np.float32)


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


def opened(folder, **said):
    clips = open_clips(folder, **said)
    return {entry.name: (entry, clips[number]) for number, entry in enumerate(clips.entries)}


def converted(folder, store, language, **said):
    reports = convert(ConvertOptions(folder, store, language, held_out=0.0, **said))
    assert [fault for report in reports for fault in report.faults if "no clip falls to" not in fault] == []
    return {report.split: report for report in reports}


def openpose_frame(row):
    """A person in OpenPose's JSON of 67 points (67, 2)."""
    flat = np.concatenate([row[:, :2], np.full((67, 1), 0.8)], -1)
    parts = {"pose": flat[:25], "face": np.zeros((70, 3)), "hand_left": flat[25:46], "hand_right": flat[46:]}
    return {f"{part}_keypoints_2d": values.ravel().tolist() for part, values in parts.items()}


def write_openpose(folder, joints):
    """A folder with a file a frame."""
    folder.mkdir(parents=True)
    for number, row in enumerate(points_of("openpose-67", joints)):
        value = {"version": 1.3, "people": [{"person_id": [-1], **openpose_frame(row), "pose_keypoints_3d": []}]}
        (folder / f"{folder.name}_{number:012d}_keypoints.json").write_text(json.dumps(value))


def say(path, value):
    """A JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

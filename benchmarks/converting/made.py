"""Corpora that are made by code, in the formats that are compared: a body in an image whose arms and hands move.

Legend: F frames, K points of a layout, J joints, C coordinates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips
from signllm.pose.formats.point_layouts import LAYOUTS
from tests.helpers.sources import EXPECTED

WIDTH, HEIGHT, SHOULDERS, NECK = 1280, 720, 200.0, (640.0, 300.0)
_ARMS = slice(3, None)  # elbows, wrists and fingers; the left shoulder among them stays
_OPENPOSE = (
    ("pose_keypoints_2d", slice(0, 25)),
    ("face_keypoints_2d", slice(25, 95)),
    ("hand_left_keypoints_2d", slice(95, 116)),
    ("hand_right_keypoints_2d", slice(116, 137)),
)


def moving_joints(clip: int, frames: int) -> np.ndarray:
    """(F, 50, 2) in shoulder widths: each clip its own slow movement and a trembling of a hundredth."""
    rng = np.random.default_rng(clip)
    time_F = np.arange(frames) / 25
    way_F2 = 0.2 * np.stack([np.sin(time_F * rng.uniform(2, 5) + n) for n in (0, rng.uniform(1, 2))], axis=-1)
    joints_FJ2 = np.tile(EXPECTED, (frames, 1, 1)) + rng.normal(0, 0.01, (frames, 50, 2))
    joints_FJ2[:, _ARMS] += way_F2[:, None]
    joints_FJ2[:, (1, 2, 5)] = EXPECTED[[1, 2, 5]]
    return joints_FJ2


def _in_image(layout: str, clip: int, frames: int) -> np.ndarray:
    """(F, K, 2) pixels of all points of a layout; what is no joint lies round the neck."""
    places_J = np.array(LAYOUTS[layout].places)
    points_FK2 = np.random.default_rng(clip).normal(NECK, 5, (frames, LAYOUTS[layout].num_points, 2))
    joints_FJ2 = moving_joints(clip, frames) * SHOULDERS + NECK
    points_FK2[:, places_J[places_J >= 0]] = joints_FJ2[:, places_J >= 0]
    return points_FK2


def _names(folder: Path, clips: int) -> Iterator[str]:
    """The names of the clips, which a table gives texts."""
    names = [f"clip{number:05}" for number in range(clips)]
    rows = (f"{name},Das ist der Satz mit der Nummer {number}\n" for number, name in enumerate(names))
    (folder / "train.csv").write_text("name,text\n" + "".join(rows))
    yield from names


def openpose_folders(folder: Path, clips: int, frames: int) -> None:
    """A folder a clip and a file a frame: 25 points of the body, 70 of the face and twice 21, as OpenPose writes."""
    for number, name in enumerate(_names(folder, clips)):
        (folder / name).mkdir()
        points_FK3 = np.full((frames, 137, 3), 0.8)
        points_FK3[..., :2] = _in_image("openpose-137", number, frames)
        for frame, points_K3 in enumerate(np.round(points_FK3, 3)):
            person = {key: points_K3[part].ravel().tolist() for key, part in _OPENPOSE}
            value = {"version": 1.3, "people": [{"person_id": [-1], **person}]}
            (folder / name / f"{name}_{frame:012}_keypoints.json").write_text(json.dumps(value))


def pose_files(folder: Path, clips: int, frames: int) -> None:
    """MediaPipe holistic, 543 points with depth and confidence, as pose-format writes it."""
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    order = LAYOUTS["mediapipe-543"].order
    components = [
        PoseHeaderComponent(name, [point for part, point in order if part == name], [], [], "XYZC")
        for name in dict.fromkeys(part for part, _ in order)
    ]
    header = PoseHeader(0.2, PoseHeaderDimensions(WIDTH, HEIGHT, WIDTH), components)
    for number, name in enumerate(_names(folder, clips)):
        points_FK3 = np.zeros((frames, len(order), 3), np.float32)
        points_FK3[..., :2] = _in_image("mediapipe-543", number, frames)
        body = NumPyPoseBody(25.0, points_FK3[:, None], np.ones((frames, 1, len(order)), np.float32))
        with open(folder / f"{name}.pose", "wb") as file:
            Pose(header, body).write(file)


def npz_files(folder: Path, clips: int, frames: int) -> None:
    """Rows of OpenPose points as shares of the image's sides, and a frame rate."""
    for number, name in enumerate(_names(folder, clips)):
        shares_FK2 = _in_image("openpose-67", number, frames) / (WIDTH, HEIGHT)
        np.savez(folder / name, keypoints=shares_FK2.reshape(frames, -1).astype(np.float32), fps=np.array([25.0]))


def skels_lines(folder: Path, clips: int, frames: int) -> None:
    """`train.skels`, `.text` and `.files`."""
    posed = ((f"clip{n:05}", PoseSequence.all_valid(moving_joints(n, frames), 25)) for n in range(clips))
    write_clips(folder / "train.skels", posed)
    (folder / "train.text").write_text("".join(f"Das ist der Satz mit der Nummer {n}\n" for n in range(clips)))

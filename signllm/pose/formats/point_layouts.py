"""Which points of other people's `.pose` files are the 50 joints.

A `.pose` file names its points by component, so nothing is guessed: right is what the file calls right. That is the
signer's right, except where the recording was mirrored before the tracker saw it, which no file says.

| layout | components | neck |
|---|---|---|
| openpose | pose_keypoints_2d, hand_left_keypoints_2d, hand_right_keypoints_2d | Neck |
| mediapipe | POSE_LANDMARKS, LEFT_HAND_LANDMARKS, RIGHT_HAND_LANDMARKS | middle of the shoulders |
| coco-wholebody | BODY, LEFT_HAND, RIGHT_HAND, also with _133 behind each name | middle of the shoulders |
| signllm-50 | SIGNLLM_BODY, SIGNLLM_LEFT_HAND, SIGNLLM_RIGHT_HAND: what this toolkit writes | neck |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signllm.pose.skeleton import SKELETON_50

Point = tuple[str, str]  # component, name of the point

REQUIRED = SKELETON_50.shoulders
"""Without the shoulders a clip has neither origin nor scale."""


@dataclass(frozen=True)
class PointLayout:
    """The point of each of the 50 joints, None for one that this layout has not."""

    name: str
    points: tuple[Point | None, ...]

    def fits(self, points: Mapping[Point, int]) -> bool:
        """Whether a file with these points is of this layout; joints other than the shoulders may be left out."""
        return all(self.points[joint] in points for joint in REQUIRED)


def _layout(
    name: str, body: str, left: str, right: str, joints: Sequence[str | None], hand: Sequence[str]
) -> PointLayout:
    points = [(body, joint) if joint else None for joint in joints]
    points += [(component, point) for component in (left, right) for point in hand]
    return PointLayout(name, tuple(points))


_OPENPOSE_BODY = ("Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist")
_OPENPOSE_HAND = (
    *("BASE", "T_STT", "T_BCMC", "T_MCP", "T_IP"),
    *(f"{finger}_{joint}" for finger in "IMRP" for joint in ("CMC", "MCP", "PIP", "DIP")),
)
_ARMS = [f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "wrist")]
_MEDIAPIPE_HAND = (
    *("WRIST", "THUMB_CMC", "THUMB_MCP", "THUMB_IP", "THUMB_TIP"),
    *(
        f"{finger}_{joint}"
        for finger in ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
        for joint in ("MCP", "PIP", "DIP", "TIP")
    ),
)
_COCO_BODY, _COCO_HAND = ("nose", None, *_ARMS), [f"hand_{point}" for point in range(21)]

OWN_COMPONENTS = {"SIGNLLM_BODY": "body", "SIGNLLM_LEFT_HAND": "left_hand", "SIGNLLM_RIGHT_HAND": "right_hand"}
OWN = PointLayout(
    SKELETON_50.name,
    tuple(
        (component, SKELETON_50.joints[joint])
        for component, part in OWN_COMPONENTS.items()
        for joint in SKELETON_50.parts[part]
    ),
)

LAYOUTS: tuple[PointLayout, ...] = (
    OWN,
    _layout(
        "openpose",
        "pose_keypoints_2d",
        "hand_left_keypoints_2d",
        "hand_right_keypoints_2d",
        _OPENPOSE_BODY,
        _OPENPOSE_HAND,
    ),
    _layout(
        "mediapipe",
        "POSE_LANDMARKS",
        "LEFT_HAND_LANDMARKS",
        "RIGHT_HAND_LANDMARKS",
        ("NOSE", None, *(joint.upper() for joint in _ARMS)),
        _MEDIAPIPE_HAND,
    ),
    _layout("coco-wholebody", "BODY", "LEFT_HAND", "RIGHT_HAND", _COCO_BODY, _COCO_HAND),
    _layout("coco-wholebody-133", "BODY_133", "LEFT_HAND_133", "RIGHT_HAND_133", _COCO_BODY, _COCO_HAND),
)


def find_layout(points: Mapping[Point, int]) -> PointLayout | None:
    """The layout of a file whose points stand at these places, None for an unknown one."""
    return next((layout for layout in LAYOUTS if layout.fits(points)), None)

"""A clip as retargeting wants it: in the space of avatars, lifted where it has no depth, and without holes.

Legend: F frames, J joints (50), S sides (left, right), D fingers (5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence

NOSE, NECK = 0, 1
SHOULDERS, ELBOWS, WRISTS, ROOTS = (np.array(pair) for pair in ((5, 2), (6, 3), (7, 4), (8, 29)))
"""(S,) joints of the left and the right side."""
FINGERS_SDK = np.array([[[root + 1 + 4 * finger + k for k in range(4)] for finger in range(5)] for root in ROOTS])
"""(S, D, 4) joints of the fingers, thumb first, from the hand outwards."""
HANDS_SJ = np.concatenate([ROOTS[:, None], FINGERS_SDK.reshape(2, 20)], axis=1)
"""(S, 21) all joints of the hands."""

_UNSEEN = {  # where bones of joints that are never seen point: arms hang down, hands are half open
    "nose": (0.0, 0.45, 0.3), "shoulder": (0.5, 0.0, 0.0), "elbow": (0.12, -0.9, 0.0), "wrist": (0.02, -0.74, 0.14),
    "hand_root": (0.0, -0.06, 0.01),
}  # fmt: skip
_UNSEEN_FINGERS = (
    ((-0.03, -0.08, 0.07), (-0.03, -0.09, 0.05), (-0.02, -0.08, 0.02), (-0.01, -0.07, 0.01)),
    ((0.01, -0.20, 0.05), (-0.02, -0.11, 0.01), (-0.04, -0.06, 0.0), (-0.04, -0.05, 0.0)),
    ((0.01, -0.20, 0.0), (-0.03, -0.11, 0.0), (-0.05, -0.05, 0.0), (-0.04, -0.04, 0.0)),
    ((0.0, -0.19, -0.04), (-0.04, -0.10, 0.0), (-0.05, -0.05, 0.0), (-0.04, -0.03, 0.0)),
    ((-0.01, -0.17, -0.08), (-0.04, -0.08, 0.0), (-0.04, -0.04, 0.0), (-0.04, -0.03, 0.0)),
)


@dataclass(frozen=True)
class Signer:
    """joints_FJ3: shoulder widths, x to the signer's left, y up, z to the front, the neck at the origin; no holes.

    Where a joint is missing its bone is interpolated over time, or has a place that it could have; the masks say what
    was seen: trunk and head (F,), arms and hands (F, S), fingers (F, S, D).
    """

    joints_FJ3: np.ndarray
    trunk_F: np.ndarray
    head_F: np.ndarray
    arms_FS: np.ndarray
    hands_FS: np.ndarray
    fingers_FSD: np.ndarray

    @classmethod
    def of(cls, clip: PoseSequence) -> Signer:
        """Raises DataError for another skeleton. A clip without depth is lifted."""
        if clip.skeleton.name != SKELETON_50.name:
            raise DataError(
                f"only clips of the skeleton {SKELETON_50.name} can be retargeted, not {clip.skeleton.name}"
            )
        clip = with_depth(clip).in_shoulder_widths(strict=False)
        valid_FJ = clip.valid
        hands_FS = valid_FJ[:, ROOTS] & valid_FJ[:, FINGERS_SDK[:, 1:, 0]].all(-1)
        return cls(
            _whole(clip.coordinates * [1.0, -1.0, 1.0], valid_FJ),
            valid_FJ[:, NECK] & valid_FJ[:, SHOULDERS].all(-1),
            valid_FJ[:, NOSE] & valid_FJ[:, NECK],
            valid_FJ[:, SHOULDERS] & (valid_FJ[:, WRISTS] | valid_FJ[:, ROOTS]),
            hands_FS,
            hands_FS[..., None] & valid_FJ[:, FINGERS_SDK].all(-1),
        )


def has_depth(clip: PoseSequence) -> bool:
    """Whether any joint lies before or behind the plane of the image."""
    return clip.coordinates.shape[2] == 3 and bool(clip.coordinates[..., 2].any())


def with_depth(clip: PoseSequence) -> PoseSequence:
    """The clip with three coordinates: lifted where it has no depth and shows anything."""
    if clip.valid.any() and not has_depth(clip):
        from signllm.lifting.fitting import lift  # PyTorch, which a clip with depth does not need

        return lift([clip])[0]
    if clip.coordinates.shape[2] == 2:
        return clip.replace(coordinates=np.pad(clip.coordinates, ((0, 0), (0, 0), (0, 1))))
    return clip


def _whole(joints_FJ3: np.ndarray, valid_FJ: np.ndarray) -> np.ndarray:
    """Each missing joint hung on its parent by its bone as it was before and as it is afterwards, in between."""
    joints_FJ3, frames = joints_FJ3.copy(), np.arange(len(joints_FJ3))
    order = [NECK, *(joint for joint in range(50) if joint != NECK)]  # but for the neck, parents have lower numbers
    for joint in order:
        if valid_FJ[:, joint].all():
            continue
        parent = SKELETON_50.parents[joint]
        known = np.flatnonzero(valid_FJ[:, joint] & (valid_FJ[:, parent] if parent >= 0 else True))
        start_F3 = joints_FJ3[:, parent] if parent >= 0 else np.zeros((1, 3))
        if len(known):
            bone_n3 = joints_FJ3[known, joint] - start_F3[known if parent >= 0 else [0] * len(known)]
            bone_F3 = np.stack([np.interp(frames, known, bone_n3[:, axis]) for axis in range(3)], axis=-1)
        else:
            bone_F3 = _unseen(joint)[None]
        missing_F = ~valid_FJ[:, joint]
        joints_FJ3[missing_F, joint] = np.broadcast_to(start_F3 + bone_F3, (len(frames), 3))[missing_F]
    return joints_FJ3


def _unseen(joint: int) -> np.ndarray:
    """The usual bone of a joint that no frame shows."""
    side, _, part = SKELETON_50.joints[joint].partition("_")
    if part in _UNSEEN:
        bone = _UNSEEN[part]
    elif part:
        finger, k = divmod(int(np.flatnonzero(joint == HANDS_SJ)[0]) % 21 - 1, 4)
        bone = _UNSEEN_FINGERS[finger][k]
    else:
        bone = _UNSEEN.get(side, (0.0, 0.0, 0.0))
    return np.array(bone) * [-1.0 if side == "right" else 1.0, 1.0, 1.0]

"""The signer as a tree of bones: joints from bone directions, and how long the bones of a clip are.

Legend: B clips, F frames, K bones (49), J joints (50). Coordinates come first, (3, B, F, K): a bone's length is then
three products of whole arrays. Axes are the toolkit's: x to the right of the image, y down, z towards the viewer.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from signllm.pose.skeleton import SKELETON_50

RIGHT_ARM, LEFT_ARM = (2, 3, 4, 29), (5, 6, 7, 8)
CHILDREN = np.array([0, *RIGHT_ARM, *LEFT_ARM, *range(30, 50), *range(9, 29)])
"""The joint (K,) at the end of each bone: nose, right arm (shoulder, elbow, wrist, hand root), left arm, fingers."""
PARENTS = np.array(SKELETON_50.parents)[CHILDREN]
NUM_BONES = len(CHILDREN)
ARMS, FINGERS = slice(1, 9), slice(9, NUM_BONES)  # of K; reshaped to (2 sides, 4) and (2 sides, 5 fingers, 4)
MIRROR = np.array([int(np.flatnonzero(SKELETON_50.mirror[joint] == CHILDREN)[0]) for joint in CHILDREN])
_JOINT_ORDER = np.array([SKELETON_50.root, *CHILDREN])
_BACK = np.argsort(_JOINT_ORDER)

# In shoulder widths. Arms: the longest twentieth of the 2D lengths of WLASL, PHOENIX-2014T, DGS, KSL and TSL recordings
# lies between 0.87 and 1.02 (upper arm) and 0.75 and 0.88 (forearm). Fingers: as in lifted PHOENIX-2014T.
_BODY_LENGTHS = [0.55, 0.50, 0.92, 0.76, 0.07, 0.50, 0.92, 0.76, 0.07]
_FINGER_LENGTHS = [
    *(0.091, 0.123, 0.095, 0.082),
    *(0.205, 0.118, 0.071, 0.063),
    *(0.200, 0.122, 0.073, 0.063),
    *(0.190, 0.108, 0.067, 0.055),
    *(0.180, 0.089, 0.047, 0.046),
]
USUAL_LENGTHS = np.array([*_BODY_LENGTHS, *_FINGER_LENGTHS, *_FINGER_LENGTHS])
"""(K,) the lengths that are expected before a clip is looked at; those of the hands up to one factor."""
_FEW_FRAMES = 5
_LONGEST, _LONGEST_FINGER = 95.0, 90.0  # percentiles over the frames: the maximum would be a tracking error
_NEARER = 0.95  # hands are nearer to the camera than shoulders and look larger; one that is 8 away makes 1.08 of 1
_NEAR_JOINTS = (4, 7, *range(8, 50))
_UPPER_ARM = 0.97  # it is near the image plane so often that noise alone makes its longest frames
_NOSE_AHEAD = 1.1  # the nose is always ahead of the neck, so its bone never lies in the image plane
_SHORT_OF = 0.5  # bones that never lie in the image plane: how far they are believed to be shorter than usual
_RANGE = (0.75, 1.35)  # of the usual length
SHORTEST = 0.01


def joints_of(bones_3BFK: Tensor, root_3BF: Tensor) -> Tensor:
    """(3, B, F, J) the joints at the ends of bones given as vectors, from the neck (3, B, F) outwards."""
    root = root_3BF[..., None]
    nose = root + bones_3BFK[..., :1]
    arms = root[..., None] + bones_3BFK[..., ARMS].unflatten(-1, (2, 4)).cumsum(-1)
    fingers = arms[..., 3, None, None] + bones_3BFK[..., FINGERS].unflatten(-1, (2, 5, 4)).cumsum(-1)
    return torch.cat([root, nose, arms.flatten(-2), fingers.flatten(-3)], dim=-1)[..., _BACK]


def bone_vectors(joints_FJC: np.ndarray, valid_FJ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, K, C) from a bone's parent joint to its child, and whether both are seen (F, K)."""
    return joints_FJC[:, CHILDREN] - joints_FJC[:, PARENTS], valid_FJ[:, CHILDREN] & valid_FJ[:, PARENTS]


def _calmed(way_FK2: np.ndarray, seen_FK: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each three frames in a row averaged, where all show the bone: noise makes short bones look longer."""
    if len(way_FK2) < _FEW_FRAMES:
        return way_FK2, seen_FK
    return (way_FK2[:-2] + way_FK2[1:-1] + way_FK2[2:]) / 3, seen_FK[:-2] & seen_FK[1:-1] & seen_FK[2:]


def bone_lengths(joints_FJ2: np.ndarray, valid_FJ: np.ndarray) -> np.ndarray:
    """(K,) how long a signer's bones are, from what one or several clips show of them in the image plane.

    A bone is as long as it looks where it lies in the image plane, so its longest twentieth of frames tells; left and
    right are alike. A bone that never looks as long as usual is believed to be foreshortened for half of the
    difference. Fingers: half what is seen, half the usual proportions times the size that the hands show.
    """
    way_FK2, seen_FK = _calmed(*bone_vectors(joints_FJ2, valid_FJ))
    shown_FK = np.where(seen_FK, np.linalg.norm(way_FK2, axis=-1), np.nan)
    shown_K = np.full(NUM_BONES, np.nan)
    for bones, longest in ((slice(0, 9), _LONGEST), (FINGERS, _LONGEST_FINGER)):
        enough_K = (seen_FK.sum(0) >= _FEW_FRAMES) & np.isin(np.arange(NUM_BONES), np.arange(NUM_BONES)[bones])
        if enough_K.any():
            shown_K[enough_K] = np.nanpercentile(shown_FK[:, enough_K], longest, axis=0)
    shown_K[0] *= _NOSE_AHEAD
    shown_K[np.isin(CHILDREN, _NEAR_JOINTS)] *= _NEARER
    shown_K = np.fmax(shown_K, shown_K[MIRROR])
    usual_K = USUAL_LENGTHS.copy()
    ratio = shown_K[FINGERS] / usual_K[FINGERS]
    if np.isfinite(ratio).any():
        usual_K[FINGERS] *= np.clip(np.nanmedian(ratio), 0.6, 2.5)
    short_K = shown_K < usual_K
    short_K[FINGERS] = True  # their usual proportions are the surer witness: noise is large beside a finger's bone
    believed_K = np.where(short_K, usual_K - _SHORT_OF * (usual_K - shown_K), shown_K)
    gap_K = np.isin(CHILDREN, (RIGHT_ARM[3], LEFT_ARM[3]))  # trackers differ in whether there is one
    low_K, high_K = (factor * usual_K for factor in _RANGE)
    lengths_K = np.where(gap_K, np.clip(shown_K, SHORTEST, 0.2), np.clip(believed_K, low_K, high_K))
    lengths_K = np.where(np.isfinite(lengths_K), lengths_K, usual_K)
    return np.where(np.isin(CHILDREN, (RIGHT_ARM[1], LEFT_ARM[1])), _UPPER_ARM * lengths_K, lengths_K)

"""Clips as values that can be averaged: joints relative to their wrist, and beside them the lengths of finger bones.

The average of two handshapes has shorter bones than either. So lengths are averaged by themselves, and a finger bone
gets its direction from its averaged joints and its length from the averaged lengths, as in `signllm.models.normalizer`.

Legend: N clips, F frames, J joints, L finger bones, V = 3 J + L values a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.geometry import at_moments, with_depth

SHORTEST_BONE = 1e-3  # shoulder widths; shorter ones have no direction to keep
FADE_FRAMES = 5  # over which a clip that begins to show a joint comes into an average: at once, the joint would jump
SHOWN_BY = 1 / 3  # of the clips, for an average to show a joint

_JOINTS = SKELETON_50.num_joints
_ANCHOR_J = SKELETON_50.anchors
HANGS_J = np.arange(_JOINTS) != _ANCHOR_J
_PARENT_L, _CHILD_L = SKELETON_50.finger_bones.T
NUM_VALUES = 3 * _JOINTS + len(_CHILD_L)
HAND_V = np.concatenate([np.repeat(HANGS_J, 3), np.zeros(len(_CHILD_L), bool)])  # joints relative to a wrist
ARM_V = np.concatenate([np.repeat(~HANGS_J, 3), np.zeros(len(_CHILD_L), bool)])


@dataclass(frozen=True)
class Values:
    """(F, V) float32 values of a clip, and which of them it shows (F, V); the others are zero."""

    values_FV: np.ndarray
    seen_FV: np.ndarray

    @classmethod
    def of(cls, pose: PoseSequence) -> Values:
        """Those of a clip of the 50-joint skeleton, in 2D or 3D."""
        joints_FJC, seen_FJ = with_depth(pose.coordinates), pose.valid
        relative_FJC = joints_FJC - joints_FJC[:, _ANCHOR_J] * HANGS_J[:, None]
        seen_FJ = seen_FJ & (seen_FJ[:, _ANCHOR_J] | ~HANGS_J)
        length_FL = np.linalg.norm(relative_FJC[:, _CHILD_L] - relative_FJC[:, _PARENT_L], axis=-1)
        seen_FL = seen_FJ[:, _CHILD_L] & seen_FJ[:, _PARENT_L]
        values_FV = np.concatenate([relative_FJC.reshape(len(pose), -1), length_FL], axis=-1)
        seen_FV = np.concatenate([np.repeat(seen_FJ, 3, axis=-1), seen_FL], axis=-1)
        return cls(np.where(seen_FV, values_FV, 0).astype(np.float32), seen_FV)

    def at(self, moments_G: np.ndarray) -> Values:
        """The values at fractional frames, by the rule of `geometry.at_moments`."""
        values_GV1, seen_GV = at_moments(self.values_FV[..., None], self.seen_FV, moments_G)
        return Values(np.where(seen_GV, values_GV1[..., 0], 0), seen_GV)

    def pose(self, fps: float) -> PoseSequence:
        """The clip; its finger bones are as long as their values say."""
        joints_FJC = self.values_FV[:, : 3 * _JOINTS].reshape(-1, _JOINTS, 3)
        length_FL = self.values_FV[:, 3 * _JOINTS :]
        bone_FLC = joints_FJC[:, _CHILD_L] - joints_FJC[:, _PARENT_L]
        now_FL = np.maximum(np.linalg.norm(bone_FLC, axis=-1), SHORTEST_BONE)
        bone_FLC = bone_FLC * (np.maximum(length_FL, 0) / now_FL)[..., None]
        placed_FJC = joints_FJC.copy()
        for bone, (parent, child) in enumerate(zip(_PARENT_L, _CHILD_L, strict=True)):  # parents come first
            placed_FJC[:, child] = placed_FJC[:, parent] + bone_FLC[:, bone]
        placed_FJC += placed_FJC[:, _ANCHOR_J] * HANGS_J[:, None]
        seen_FJ = self.seen_FV[:, : 3 * _JOINTS : 3].copy()
        for parent, child in zip(_PARENT_L, _CHILD_L, strict=True):
            seen_FJ[:, child] &= seen_FJ[:, parent]
        return PoseSequence(placed_FJC, seen_FJ, fps)


def average(clips: Sequence[Values]) -> Values:
    """The mean of N clips of equal length over those that show a value.

    A value is shown where at least a third of the clips show it. One that a clip begins or ceases to show comes in and
    goes out over a few frames.
    """
    from scipy.ndimage import uniform_filter1d  # takes a moment to import, and a finished lexicon needs none of it

    total_FV = np.zeros_like(clips[0].values_FV)
    weight_FV, count_FV = np.zeros_like(total_FV), np.zeros(total_FV.shape, np.int32)
    for clip in clips:
        fade_FV = clip.seen_FV * uniform_filter1d(clip.seen_FV.astype(np.float32), FADE_FRAMES, axis=0, mode="nearest")
        total_FV += fade_FV * clip.values_FV
        weight_FV += fade_FV
        count_FV += clip.seen_FV
    shown_FV = (count_FV >= SHOWN_BY * len(clips) - 1e-9) & (weight_FV > 0)
    return Values(np.where(shown_FV, total_FV / np.maximum(weight_FV, 1e-9), 0).astype(np.float32), shown_FV)

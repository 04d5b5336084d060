"""Changes to training clips that leave their meaning: another pace, another body, another camera, a worse tracker.

Legend: B clips, F frames, J joints, C coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signllm.pose import SKELETON_50, Skeleton


@dataclass(frozen=True)
class Augmentation:
    """How strongly clips are changed; every number is a deviation or a probability, 0 switches it off.

    Chosen on `asl_words` (670 clips of 124 words): twice as strong, it learnt slower and ended lower at equal time;
    mirroring a quarter of the clips, for left-handed signers, cost four points of accuracy.
    """

    pace: float = 0.1
    cut: float = 0.08
    mirror: float = 0.0
    turn_rad: float = 0.06
    tilt_rad: float = 0.08
    size: float = 0.05
    shear: float = 0.02
    bone: float = 0.0
    bone_turn_rad: float = 0.0
    shift_hand: float = 0.0
    noise: float = 0.005
    drop_hand: float = 0.03
    drop_frames: float = 0.03


def change_bodies(
    pose_BFJC: Tensor, valid_BFJ: Tensor, strength: Augmentation, generator: torch.Generator, skeleton: Skeleton
) -> tuple[Tensor, Tensor]:
    """Other bodies, cameras and trackers for a padded batch; every clip is changed in its own way."""
    B, F, J, _ = pose_BFJC.shape

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    def chance(probability: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator) < probability

    if strength.mirror:
        mirrored = chance(strength.mirror, B)
        order = torch.tensor(skeleton.mirror)
        flip = torch.tensor([-1.0, 1.0, 1.0])
        pose_BFJC = torch.where(mirrored[:, None, None, None], pose_BFJC[:, :, order] * flip, pose_BFJC)
        valid_BFJ = torch.where(mirrored[:, None, None], valid_BFJ[:, :, order], valid_BFJ)
    bones = skeleton.bones
    bone = torch.zeros_like(pose_BFJC)
    bone[:, :, bones[:, 1]] = pose_BFJC[:, :, bones[:, 1]] - pose_BFJC[:, :, bones[:, 0]]
    bone[:, :, skeleton.root] = pose_BFJC[:, :, skeleton.root]
    scale = torch.exp(strength.bone * normal(B, 1, J, 1))
    angle = strength.bone_turn_rad * normal(B, 1, J)
    bone = _turn(bone * scale, angle)
    pose = torch.einsum("jk,bfkc->bfjc", _chain(skeleton), bone)
    for part in ("left_hand", "right_hand"):
        pose[:, :, list(skeleton.parts[part])] += strength.shift_hand * normal(B, 1, 1, 3)
    pose = _turn(pose, strength.turn_rad * normal(B, 1, 1))
    pose = _turn(pose, strength.tilt_rad * normal(B, 1, 1), axes=(0, 2))
    stretch = torch.exp(strength.size * normal(B, 1, 1, 1) + strength.shear * normal(B, 1, 1, 3))
    pose = pose * stretch + strength.noise * normal(B, F, J, 3)
    valid = valid_BFJ.clone()
    for part in ("left_hand", "right_hand"):
        gone = chance(strength.drop_hand, B, 1) | chance(strength.drop_frames / 2, B, F)
        valid[:, :, list(skeleton.parts[part])] &= ~gone[..., None]
    return pose * valid[..., None], valid


def _turn(pose: Tensor, angle: Tensor, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Turn the last axis in a plane by angles in radians."""
    a, b = axes
    cos, sin = angle.cos(), angle.sin()
    turned = pose.clone()
    turned[..., a] = cos * pose[..., a] - sin * pose[..., b]
    turned[..., b] = sin * pose[..., a] + cos * pose[..., b]
    return turned


def _chain(skeleton: Skeleton = SKELETON_50) -> Tensor:
    """(J, J): row j has ones at the joints whose bones lead from the root to joint j."""
    chain = torch.zeros(skeleton.num_joints, skeleton.num_joints)
    for joint in range(skeleton.num_joints):
        at = joint
        while at >= 0:
            chain[joint, at] = 1
            at = skeleton.parents[at]
    return chain

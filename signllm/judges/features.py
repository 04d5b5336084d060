"""What a judge sees of a clip: places relative to the neck and the wrists, finger directions, velocities, what is seen.

Legend: B clips, F frames, J joints, C coordinates, D features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from signllm.pose import SKELETON_50, PoseSequence, Skeleton
from signllm.pose.batch import round_up

DEVIATION_FLOOR = 0.02  # shoulder widths (a second): below the tracker's noise a coordinate says nothing
LARGEST = 6.0  # standard deviations: what lies beyond is a tracker's slip and must not drown the rest


def pad_clips(clips: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[Tensor, Tensor, Tensor]:
    """Pad (F, J, 3) and (F, J) arrays of clips: pose_BFJC float32, valid_BFJ bool (false in padding), frames_B."""
    longest = round_up(max(len(pose) for pose, _ in clips))
    joints = clips[0][0].shape[1]
    pose_BFJC = np.zeros((len(clips), longest, joints, 3), np.float32)
    valid_BFJ = np.zeros((len(clips), longest, joints), bool)
    for row, (pose, valid) in enumerate(clips):
        pose_BFJC[row, : len(pose), :, : pose.shape[2]] = pose
        valid_BFJ[row, : len(pose)] = valid
    frames_B = torch.tensor([len(pose) for pose, _ in clips])
    return torch.from_numpy(pose_BFJC), torch.from_numpy(valid_BFJ), frames_B


def clip_arrays(clip: PoseSequence, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and mask at the judge's frame rate."""
    clip = clip.resampled(fps)
    return clip.coordinates, clip.valid


class PoseFeatures(nn.Module):
    """Standardised features of poses; `fit` learns mean and deviation from training clips.

    A feature whose joints are missing is 0, the mean. What is seen is a feature of its own.
    """

    mean_D: Tensor
    deviation_D: Tensor

    def __init__(self, fps: float, skeleton: Skeleton = SKELETON_50):
        super().__init__()
        self.fps, self.skeleton = fps, skeleton
        self._body = [joint for joint in skeleton.parts["body"] if joint != skeleton.root]
        self._hands = [list(skeleton.parts[part]) for part in ("left_hand", "right_hand")]
        self._fingers = [joint for hand in self._hands for joint in hand[1:]]
        self._finger_parents = [skeleton.parents[joint] for joint in self._fingers]
        probe = torch.zeros(1, 2, skeleton.num_joints, 3)
        width = self.raw(probe, probe[..., 0] > 0)[0].shape[-1]
        self.register_buffer("mean_D", torch.zeros(width))
        self.register_buffer("deviation_D", torch.ones(width))

    @property
    def width(self) -> int:
        """D."""
        return len(self.mean_D)

    def raw(self, pose_BFJC: Tensor, valid_BFJ: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, F, D) in shoulder widths (a second), and whether each is known (B, F, D)."""
        root = self.skeleton.root
        pose_BFJC = pose_BFJC - pose_BFJC[:, :, root : root + 1] * valid_BFJ[:, :, root : root + 1, None]
        places, seen = [pose_BFJC[:, :, self._body]], [valid_BFJ[:, :, self._body]]
        for hand in self._hands:
            wrist, wrist_seen = pose_BFJC[:, :, hand[:1]], valid_BFJ[:, :, hand[:1]]
            places += [wrist, pose_BFJC[:, :, hand[1:]] - wrist]
            seen += [wrist_seen, valid_BFJ[:, :, hand[1:]] & wrist_seen]
        place, known = torch.cat(places, 2), torch.cat(seen, 2)
        velocity = torch.zeros_like(place)
        velocity[:, 1:] = (place[:, 1:] - place[:, :-1]) * self.fps
        moved = known.clone()
        moved[:, 0] = False
        moved[:, 1:] &= known[:, :-1]
        bone = pose_BFJC[:, :, self._fingers] - pose_BFJC[:, :, self._finger_parents]
        direction = bone / bone.norm(dim=-1, keepdim=True).clamp_min(1e-3)
        bone_known = valid_BFJ[:, :, self._fingers] & valid_BFJ[:, :, self._finger_parents]
        features = torch.cat([place, direction, velocity], 2).flatten(2)
        mask = torch.cat([known, bone_known, moved], 2).repeat_interleave(3, dim=2)
        groups = [self._body, *self._hands]
        sight = torch.stack([valid_BFJ[:, :, group].float().mean(2) for group in groups], -1)
        return torch.cat([features, sight], -1), torch.cat([mask, torch.ones_like(sight, dtype=torch.bool)], -1)

    @torch.no_grad()
    def fit(self, clips: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Set mean and deviation over the frames in which a feature is known."""
        count = torch.zeros((), dtype=torch.int64)
        total, square = torch.zeros((2,), dtype=torch.float64)
        for first in range(0, len(clips), 64):
            pose, valid, _ = pad_clips(clips[first : first + 64])
            features, known = self.raw(pose, valid)
            known = known & valid.any(2)[..., None]  # padding has no joint either
            features = features.double() * known
            count = count + known.sum((0, 1))
            total = total + features.sum((0, 1))
            square = square + features.square().sum((0, 1))
        mean = total / count.clamp_min(1)
        self.mean_D.copy_(mean)
        self.deviation_D.copy_((square / count.clamp_min(1) - mean.square()).clamp_min(0).sqrt())

    def forward(self, pose_BFJC: Tensor, valid_BFJ: Tensor) -> Tensor:
        """(B, F, D), about zero mean and unit deviation, within ±LARGEST."""
        features, known = self.raw(pose_BFJC, valid_BFJ)
        scaled = (features - self.mean_D) / self.deviation_D.clamp_min(DEVIATION_FLOOR)
        return scaled.clamp(-LARGEST, LARGEST) * known

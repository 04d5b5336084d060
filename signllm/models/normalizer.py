"""From coordinates to the space that decoders work in, and back.

Hand joints are taken relative to their wrist, then every value is standardised by the training data.
Legend: B clips, F frames, J joints, C coordinates, V = J x C values a frame.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from signllm.pose import SKELETON_50

# Values that hardly move (a 2D corpus' z, the neck) are divided by no less than this, in shoulder widths:
# standardising their noise to 1 would let it rule the loss.
DEVIATION_FLOOR = 0.12
# A standardised value beyond this is a tracking fault, not signing; it is left out of the loss.
LARGEST_DEVIATION = 12.0


class PoseNormalizer(nn.Module):
    """Holds mean and deviation (V,) as buffers; exact inverse of itself on valid values."""

    def __init__(self) -> None:
        super().__init__()
        joints = SKELETON_50.num_joints
        anchor = torch.arange(joints)
        for part, wrist in SKELETON_50.wrists.items():
            anchor[list(SKELETON_50.parts[part])] = wrist
        self.register_buffer("anchor_J", anchor, persistent=False)
        self.register_buffer("moves_J", anchor != torch.arange(joints), persistent=False)
        self.register_buffer("mean_V", torch.zeros(joints * 3))
        self.register_buffer("deviation_V", torch.ones(joints * 3))

    def _relative(self, pose_BFJC: Tensor, sign: int) -> Tensor:
        anchors = pose_BFJC[..., self.anchor_J, :] * self.moves_J[:, None]
        return pose_BFJC + sign * anchors

    @torch.no_grad()
    def fit(self, clips: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Set mean and deviation from ((F, J, 3) coordinates, (F, J) valid) pairs, in one pass and constant memory."""
        joints = SKELETON_50.num_joints
        count = torch.zeros(joints, dtype=torch.float64)
        total, squares = (torch.zeros(joints, 3, dtype=torch.float64) for _ in range(2))
        anchor, moves = self.anchor_J.cpu(), self.moves_J.cpu()
        for coordinates, valid in clips:
            pose = torch.from_numpy(np.array(coordinates, dtype=np.float64))
            seen = torch.from_numpy(np.array(valid))
            seen = seen & (seen[:, anchor] | ~moves)
            relative = (pose - pose[:, anchor] * moves[:, None]) * seen[..., None]
            count += seen.sum(0)
            total += relative.sum(0)
            squares += relative.square().sum(0)
        mean = total / count.clamp(min=1)[:, None]
        variance = (squares / count.clamp(min=1)[:, None] - mean.square()).clamp(min=0)
        self.mean_V.copy_(mean.flatten())
        self.deviation_V.copy_(variance.sqrt().clamp(min=DEVIATION_FLOOR).flatten())

    def normalize(self, pose_BFJC: Tensor, valid_BFJ: Tensor) -> tuple[Tensor, Tensor]:
        """Return values (B, F, V), zero (the mean) where missing, and their mask (B, F, V).

        A hand joint without its wrist has no relative place, so it counts as missing here.
        """
        seen = valid_BFJ & (valid_BFJ[..., self.anchor_J] | ~self.moves_J)
        mask_BFV = seen[..., None].expand(*seen.shape, 3).flatten(-2)
        values_BFV = (self._relative(pose_BFJC, -1).flatten(-2) - self.mean_V) / self.deviation_V
        mask_BFV = mask_BFV & (values_BFV.abs() < LARGEST_DEVIATION)
        return values_BFV.masked_fill(~mask_BFV, 0.0), mask_BFV

    def denormalize(self, values_BFV: Tensor) -> Tensor:
        """Return coordinates (B, F, J, 3) in shoulder widths."""
        relative = (values_BFV.float() * self.deviation_V + self.mean_V).unflatten(-1, (SKELETON_50.num_joints, 3))
        return self._relative(relative, +1)

"""A padded batch of clips: what the data side makes and the models read.

Legend: B clips, F frames (padded), J joints, C coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class PoseBatch:
    """B clips with their texts. Padding frames are invalid in `valid_BFJ`; nothing else marks them.

    pose_BFJC: float32, shoulder widths. valid_BFJ: bool. frames_B: int64, the true lengths.
    natural_frames_B: int64, the lengths at the clips' own pace, where augmentation changed it; the length model's aim.
    glosses: space-separated glosses; `indices` number the clips in the data set.
    """

    indices: list[int]
    ids: list[str]
    languages: list[str]
    texts: list[str]
    prompts: list[str]
    glosses: list[str]
    pose_BFJC: Tensor
    valid_BFJ: Tensor
    frames_B: Tensor
    natural_frames_B: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def num_frames(self) -> int:
        """True frames of the batch, padding left out."""
        return int(self.frames_B.sum())

    def to(self, device: torch.device) -> PoseBatch:
        """The same batch with its tensors on `device`."""
        moved = {name: getattr(self, name).to(device, non_blocking=True) for name in _TENSORS}
        return replace(self, **moved)

    def select(self, rows: list[int]) -> PoseBatch:
        """The clips with these indices, padded as far as the longest of them needs."""
        if rows == list(range(len(self))):
            return self
        picked = {
            field.name: [getattr(self, field.name)[row] for row in rows]
            for field in fields(self)
            if field.name not in _TENSORS
        }
        frames_B = self.frames_B[rows]
        longest = round_up(int(frames_B.max()))
        return PoseBatch(
            **picked,
            pose_BFJC=self.pose_BFJC[rows, :longest],
            valid_BFJ=self.valid_BFJ[rows, :longest],
            frames_B=frames_B,
            natural_frames_B=self.natural_frames_B[rows],
        )


_TENSORS = ("pose_BFJC", "valid_BFJ", "frames_B", "natural_frames_B")
LENGTH_MULTIPLE = 16


def round_up(frames: int, multiple: int = LENGTH_MULTIPLE) -> int:
    """The padded length of a clip: few distinct shapes keep kernels fast (PERFORMANCE.md: + 14 % in bf16)."""
    return -(-frames // multiple) * multiple


def length_mask(lengths_B: Tensor, longest: int) -> Tensor:
    """(B, longest) bool, true inside each length."""
    return torch.arange(longest, device=lengths_B.device)[None] < lengths_B[:, None]


def resampled_batch(pose_BFJC: Tensor, frames_B: Tensor, fps: float, new_fps: float) -> tuple[Tensor, Tensor]:
    """A padded batch at another frame rate (B, G, J, C), and its lengths: `PoseSequence.resampled` on the device.

    For clips without missing joints, as generated ones are; what lies beyond a clip's new length is its last frame.
    """
    count_B = (frames_B.double() * new_fps / fps).round().long().clamp(min=1)
    last_B1 = (frames_B - 1)[:, None]
    frame_G = torch.arange(round_up(int(count_B.max())), device=pose_BFJC.device, dtype=torch.float64)
    moment_BG = torch.minimum(frame_G[None] * (fps / new_fps), last_B1.double())
    before = moment_BG.floor().long()
    after = torch.minimum(before + 1, last_B1)
    weight = (moment_BG - before).float()[..., None, None]
    rows = torch.arange(len(pose_BFJC), device=pose_BFJC.device)[:, None]
    return pose_BFJC[rows, before] * (1 - weight) + pose_BFJC[rows, after] * weight, count_B

"""What goes into the groups of a model and what comes out of it.

Legend: B clips, T source positions, S source width, L gloss tokens, W gloss vocabulary, F frames, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from signllm.models.group import GroupOutput, PoseGroup
from signllm.pose.batch import PoseBatch


@dataclass(frozen=True)
class GlossOutput:
    """The logits (B, L, W) of LangGloss tokens, the reference's ids (B, L), and the id that pads them."""

    logits_BLW: Tensor
    ids_BL: Tensor
    pad: int


@dataclass(frozen=True)
class ModelOutput:
    """What the losses read: one GroupOutput a group, and of Prompt2LangGloss the gloss part's."""

    groups: list[GroupOutput]
    gloss: GlossOutput | None = None


@dataclass(frozen=True)
class Route:
    """The clips of a batch that one group signs, their rows in the batch, and what the group reads of them."""

    group: PoseGroup
    source_BTS: Tensor
    mask_BT: Tensor
    clips: PoseBatch
    rows: list[int]


@dataclass(frozen=True)
class Generated:
    """One generated clip: pose (F, J, 3) in shoulder widths, its language, and the LangGloss where there is one.

    expected_frames: the predicted length, which may be more than the frames that were allowed. gloss_cut: whether the
    LangGloss had not ended when it reached its limit. valid_FJ: which joints are known; None for all.
    """

    pose_FJC: Tensor
    language: str
    gloss: str | None = None
    expected_frames: int = 0
    gloss_cut: bool = False
    valid_FJ: Tensor | None = None


@dataclass(frozen=True)
class Piece:
    """The next frames (F, J, 3) of the clip of a row; with the last ones comes the whole clip."""

    row: int
    pose_FJC: Tensor
    whole: Generated | None = None


class Read(NamedTuple):
    """What was read of a text before its pose is made: as the fields of `Generated`."""

    language: str
    gloss: str | None = None
    gloss_cut: bool = False

    def generated(self, pose_FJC: Tensor, expected_frames: int) -> Generated:
        """With its pose."""
        return Generated(pose_FJC, self.language, self.gloss, expected_frames, self.gloss_cut)


@dataclass(frozen=True)
class Plan:
    """What one group is to generate: the rows of the request, what the group reads, and what was read of each text."""

    group: PoseGroup
    source_BTS: Tensor
    mask_BT: Tensor
    rows: list[int]
    read: list[Read]

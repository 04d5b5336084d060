"""What a player page shows: scenes, each with one signer or with several side by side.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from signllm.aligning.dtw import dtw_pairs
from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.retargeting.signer import has_depth
from signllm.viewing.scene import in_shoulder_widths

MOST_FIGURES = 4
Role = Literal["reference", "system"]
Words = str | tuple[str, str]
"""What a reader is told: the same in every language, or in English and in Chinese."""


@dataclass(frozen=True)
class Segment:
    """A gloss (or another stretch of text) and when it is signed: seconds from the first frame of the clip."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Figure:
    """One signer: a name for readers, the clip, and whether it is a recording or what a system made."""

    name: str
    pose: PoseSequence
    role: Role = "system"


@dataclass(frozen=True)
class PlayerScene:
    """Signers that are watched together, and what they sign.

    name: what the list of clips calls it. figures: from 1 to 4, the reference first where there is one. language: the
    sign language's code. segments: when each gloss is signed, by the reference's clock where there is a reference.
    group: a heading in the list of clips. note: a few words under the text, such as what a model did not know.
    Raises ConfigError for no figure, too many of them, a second reference, figures of different skeletons, or segments
    that end before they begin.
    """

    name: str
    figures: Sequence[Figure]
    text: str = ""
    gloss: str | None = None
    language: str | None = None
    segments: Sequence[Segment] = ()
    group: Words = ""
    note: Words = ""

    def __post_init__(self) -> None:
        faults = []
        if not 1 <= len(self.figures) <= MOST_FIGURES:
            faults.append(
                f"{self.name}: {len(self.figures)} signers; a page shows from 1 to {MOST_FIGURES} side by side"
            )
        if sum(figure.role == "reference" for figure in self.figures) > 1:
            faults.append(f"{self.name}: several references; one clip is what the others are compared with")
        if len({figure.pose.skeleton.name for figure in self.figures}) > 1:
            faults.append(f"{self.name}: clips of different skeletons cannot be watched together")
        faults += [
            f"{self.name}: segment '{segment.text}' from {segment.start_s} s to {segment.end_s} s"
            for segment in self.segments
            if not 0 <= segment.start_s < segment.end_s
        ]
        if faults:
            raise ConfigError(faults)

    @property
    def reference(self) -> Figure | None:
        """The recording that the others are compared with."""
        return next((figure for figure in self.figures if figure.role == "reference"), None)

    def in_one_unit(self) -> list[PoseSequence]:
        """The clips, in shoulder widths as far as their shoulders are seen."""
        return [in_shoulder_widths(figure.pose) for figure in self.figures]


def without_depth(pose: PoseSequence) -> PoseSequence:
    """A clip with x and y only."""
    return pose.replace(coordinates=pose.coordinates[..., :2])


def aligned_frames(hypothesis: PoseSequence, reference: PoseSequence) -> list[int]:
    """For each frame of the reference, the frame of the hypothesis that dynamic time warping puts beside it.

    Of several, the middle one. The path is `signllm.aligning.dtw`'s with the cost of the DTW score; where one clip has
    no depth, it is that of x and y.
    """
    if not (has_depth(hypothesis) and has_depth(reference)):
        hypothesis, reference = without_depth(hypothesis), without_depth(reference)
    path_P2 = dtw_pairs([(hypothesis, reference)], threads=1)[0].path
    sums = np.bincount(path_P2[:, 1], weights=path_P2[:, 0], minlength=len(reference))
    counts = np.bincount(path_P2[:, 1], minlength=len(reference))
    return [int(frame) for frame in sums // counts]

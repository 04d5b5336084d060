"""What a file of 50-joint frames leaves open: its scale, its counter, and which arm is the right one.

Lifted pose files (Progressive Transformers, Prompt2Sign) share a layout but not these three. They are detected over
many clips, never clip by clip, so that one odd clip is found out instead of bending the answer.

Legend: F frames, J joints, C coordinates. "Raw" coordinates are as in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from signllm.errors import ConfigError, DataError, did_you_mean
from signllm.pose.formats.hints import SIDES
from signllm.pose.geometry import median, shoulder_offsets, shoulder_width, some, with_depth
from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence
from signllm.pose.skeleton import SKELETON_50

STANDARD_SCALE = 1 / 3  # a shoulder width in the files of Progressive Transformers
NEAR_STANDARD = 0.01
LARGEST_NUMBER = 1e9  # what is larger is no coordinate in any unit, and its square must stay finite
NECK = SKELETON_50.root
SAMPLE_CLIPS = 64  # of a file or split, evenly spread
SWAP_EVIDENCE = 0.5  # in shoulder widths; real left-first files show about 1

FROM_ZERO, FROM_ONE, TO_ONE, UNKNOWN = "i/T", "(i+1)/T", "i/(T-1)", "unknown"


def expected_counter(name: str, frames: int) -> np.ndarray:
    """The counter column (F,) of a clip by the convention `name`, one of 'i/T', '(i+1)/T', 'i/(T-1)'."""
    first, steps = {FROM_ZERO: (0, frames), FROM_ONE: (1, frames), TO_ONE: (0, max(1, frames - 1))}[name]
    return np.arange(first, first + frames) / steps


def counter_tolerance(frames: int) -> float:
    """A quarter of a frame: files round the counter, and conventions differ by a whole frame."""
    return 0.25 / frames


def follows_counter(counter_F: np.ndarray, name: str) -> bool:
    """Whether a clip's counter column is that of the convention `name`."""
    off_F = np.abs(counter_F - expected_counter(name, len(counter_F)))
    return bool(off_F.max() <= counter_tolerance(len(counter_F)))


@dataclass(frozen=True)
class RawClip:
    """A clip as a file holds it: raw coordinates_FJC float32 (J = 50, C = 3), counter_F or None, fps or None.

    `valid_FJ` where the source itself says which joints are missing, None where zeros say it. `scale_known`: the
    coordinates are in shoulder widths already. `sides_known`: joints 2-4 are the signer's right, by their names.

    What is still to be found over many clips (`signllm.pose.formats.finding`), and nothing more when `settled`:
    `own_scale`: tracked points, whose scale and origin are the clip's own; `aspect`: x and y are shares of an image so
    many times as wide as high; `depth_unit`: what one of z is in the unit of x, 0 where z is no depth;
    `wrist_depth`: a hand's z counts from its own wrist; `third_open`: z may be a confidence.
    `note`: what the reader chose for the clip, for people.
    `layout`: the points of the file that these joints were, for people.
    """

    coordinates_FJC: np.ndarray
    counter_F: np.ndarray | None = None
    fps: float | None = None
    valid_FJ: np.ndarray | None = None
    scale_known: bool = False
    sides_known: bool = False
    settled: bool = False
    own_scale: bool = False
    aspect: float | None = None
    depth_unit: float = 1.0
    wrist_depth: bool = False
    third_open: bool = False
    note: str | None = None
    layout: str = ""

    def __len__(self) -> int:
        return len(self.coordinates_FJC)

    def cut(self, first: int, last: int) -> RawClip:
        """The frames from `first` to before `last`. The counter goes: it told the share of the whole."""
        valid_FJ = self.valid_FJ if self.valid_FJ is None else self.valid_FJ[first:last]
        return replace(self, coordinates_FJC=self.coordinates_FJC[first:last], counter_F=None, valid_FJ=valid_FJ)

    @classmethod
    def of(cls, pose: PoseSequence) -> RawClip:
        """A clip whose file says everything about it; z is 0 where it has none."""
        return cls(
            with_depth(pose.coordinates), None, pose.fps, pose.valid, pose.unit == SHOULDER_WIDTHS, True, settled=True
        )

    @cached_property
    def seen_FJ(self) -> np.ndarray:
        """`valid_FJ`, or false where a joint is exactly (0, 0, 0), which most files write for a missing joint.

        The neck is the origin, so its zeros are real.
        """
        if self.valid_FJ is not None:
            return self.valid_FJ
        seen = self.coordinates_FJC[..., 0] != 0
        seen[:, NECK] = True
        if not seen.all():  # rare, so x alone is looked at first
            seen |= some(self.coordinates_FJC != 0)
        return seen

    def shoulder_width(self) -> float:
        """Median shoulder distance in the image plane, raw; NaN when the shoulders are never both seen."""
        return shoulder_width(self.coordinates_FJC, self.seen_FJ, SKELETON_50)

    def shoulder_offset_x(self) -> float:
        """Median of x(joint 5) - x(joint 2), raw; negative in left-first files."""
        return median(shoulder_offsets(self.coordinates_FJC, self.seen_FJ, SKELETON_50)[:, 0])


@dataclass(frozen=True)
class Conventions:
    """How to read a corpus. `scale`: raw length of one shoulder width. `counter`: its convention or 'unknown'.

    `sides_swapped`: joints 2-4 and 29-49 of the file are the signer's left, so labels are exchanged when read;
    `sides_forced`: the user said so or said that they are not. Clips that know their scale or sides keep them, unless
    the sides are forced.
    `scale_range`: 5th and 95th percentile of the clips' scales. `other_side_share`: share of clips whose arms lie
    the other way round than the majority's.
    """

    scale: float = STANDARD_SCALE
    counter: str = UNKNOWN
    sides_swapped: bool = False
    sides_forced: bool = False
    scale_range: tuple[float, float] = (STANDARD_SCALE, STANDARD_SCALE)
    other_side_share: float = 0.0

    def scale_of(self, raw: RawClip) -> float:
        """The raw length of a shoulder width of a corpus's clip: 1 where the clip is in shoulder widths."""
        return 1.0 if raw.scale_known else self.scale

    def pose(self, raw: RawClip, fps: float) -> PoseSequence:
        """The clip in shoulder widths with the signer's right arm at joints 2-4; zero joints are missing."""
        pose = PoseSequence(raw.coordinates_FJC * np.float32(1 / self.scale_of(raw)), raw.seen_FJ, fps)
        swapped = self.sides_swapped and (self.sides_forced or not raw.sides_known)
        return pose.with_sides_swapped() if swapped else pose


def detect_conventions(
    clips: Sequence[RawClip], layout: str = "auto", near_standard: float = NEAR_STANDARD
) -> Conventions:
    """Find scale, counter and sides by the majority of `clips`.

    Clips that know their scale or sides have no say in it where others do not know theirs.
    The scale is the median of the clips' median shoulder widths; within `near_standard` (relative) of 1/3 or 1 it is
    taken to be exactly that, so that splits of one corpus get the same scale.
    `layout`: 'right-first' (joints 2-4 are the signer's right), 'left-first', or 'auto' (what the clips say, else right
    is what lies left in the image).
    Raises DataError when no clip shows both shoulders, ConfigError for an unknown layout.
    """
    _check_layout(layout)
    widths = np.array([clip.shoulder_width() for clip in clips])
    scale, scale_range = _scale(clips, widths, near_standard)
    left_first, against = _sides(clips, widths)
    swapped = {"auto": left_first, "right-first": False, "left-first": True}[layout]
    if swapped != left_first:
        against = 1 - against
    votes = Counter(
        name
        for clip in clips
        for name in (FROM_ZERO, FROM_ONE, TO_ONE)
        if clip.counter_F is not None and follows_counter(clip.counter_F, name)
    ).most_common(1)
    counter = votes[0][0] if votes and votes[0][1] * 2 > len(clips) else UNKNOWN
    return Conventions(scale, counter, swapped, layout != "auto", scale_range, against)


def _scale(clips: Sequence[RawClip], widths: np.ndarray, near_standard: float) -> tuple[float, tuple[float, float]]:
    """The scale and the range of the clips' scales."""
    open_scale = np.array([not clip.scale_known for clip in clips])
    counted = (widths > 0) & (open_scale if open_scale.any() else True)
    if not counted.any():
        if open_scale.any():
            raise DataError("no clip shows both shoulders (joints 2 and 5), so the scale cannot be found")
        return 1.0, (1.0, 1.0)
    low, high = (float(v) for v in np.percentile(widths[counted], [5, 95]))
    scale = float(np.median(widths[counted])) if open_scale.any() else 1.0
    for exact in (STANDARD_SCALE, 1.0):
        if abs(scale / exact - 1) <= near_standard:
            scale = exact
    return scale, (low, high)


def _sides(clips: Sequence[RawClip], widths: np.ndarray) -> tuple[bool, float]:
    """Whether the clips are left-first, and the share of clips that lie the other way round."""
    open_sides = np.array([not clip.sides_known for clip in clips])
    counted = (widths > 0) & (open_sides if open_sides.any() else True)
    if not counted.any():
        return False, 0.0
    offsets = np.array([clip.shoulder_offset_x() for clip in clips])[counted] / widths[counted]
    left_first = bool(open_sides.any() and float(np.median(offsets)) < -SWAP_EVIDENCE)
    return left_first, float(np.mean(offsets > 0 if left_first else offsets < -SWAP_EVIDENCE))


def _check_layout(layout: str) -> None:
    """Raise ConfigError for an unknown layout."""
    if layout not in SIDES:
        raise ConfigError(f"unknown layout '{layout}'{did_you_mean(layout, SIDES)}; known: {', '.join(SIDES)}")

"""One clip from raw to clean: scale, sides, missing joints, cleaning, with a word on everything that was found.

Legend: F frames, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from signllm.pose.cleaning import USUAL, Change, Cleaning
from signllm.pose.cleaning.steps import outliers
from signllm.pose.formats.conventions import (
    UNKNOWN,
    Conventions,
    RawClip,
    counter_tolerance,
    expected_counter,
    follows_counter,
)
from signllm.pose.sequence import PoseSequence

OTHER_UNIT = 4.0  # a clip whose shoulders are this many times wider or narrower than the corpus's
ODD_SCALE = 2.0


@dataclass
class CleanClip:
    """A converted clip (None when `faults` speak against it) and what was found in it.

    `changes`: what each step of cleaning did. `marked_joints`: joints in single frames that other marks than zeros say
    to be missing, by mark. `lifted`: whether its z was fitted. `seen`: what was asked of it where it was read.
    """

    pose: PoseSequence | None = None
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    zero_joints: int = 0
    changes: list[Change] = field(default_factory=list)
    marked_joints: dict[str, int] = field(default_factory=dict)
    lifted: bool = False
    seen: Any = None

    @property
    def outlier_joints(self) -> int:
        """Joints in single frames that were masked for lying too far away."""
        return int(sum(change.counts["joints_masked"] for change in self.changes if _masked_outliers(change)))


def clean_clip(raw: RawClip, conventions: Conventions, fps: float, cleaning: Cleaning = USUAL) -> CleanClip:
    """Convert a raw clip and clean it. `zero_joints` counts joints in single frames that are marked missing by zeros.

    Faults: a counter that breaks the corpus's convention, a clip in another unit, a clip in which nothing but the neck
    is ever seen.
    """
    clip = CleanClip()
    if raw.counter_F is not None and conventions.counter != UNKNOWN:
        clip.faults += _counter_faults(raw.counter_F, conventions.counter)
    width = raw.shoulder_width()
    scale = conventions.scale_of(raw)
    ratio = width / scale
    if ratio > OTHER_UNIT or ratio < 1 / OTHER_UNIT:
        clip.faults.append(
            f"the shoulders are {width:.4g} wide, {ratio:.3g} times the corpus's {scale:.4g};"
            " is this clip in another unit?"
        )
    elif ratio > ODD_SCALE or ratio < 1 / ODD_SCALE:
        clip.warnings.append(f"the shoulders are {ratio:.2f} times as wide as the corpus's")
    if clip.faults:
        return clip
    pose = conventions.pose(raw, fps)
    clip.zero_joints = pose.valid.size - int(np.count_nonzero(pose.valid))
    cleaned, clip.changes = cleaning.run(pose)
    clip.warnings += [_describe_outliers(pose, change) for change in clip.changes if _masked_outliers(change)]
    if not _shows_a_body(cleaned):
        after = " once it is cleaned" if _shows_a_body(pose) else ""
        clip.faults.append(f"no joint but the neck is seen in any frame{after}")
        return clip
    clip.pose = cleaned
    return clip


def _shows_a_body(pose: PoseSequence) -> bool:
    return int(np.count_nonzero(pose.valid)) > int(np.count_nonzero(pose.valid[:, pose.skeleton.root]))


def _counter_faults(counter_F: np.ndarray, name: str) -> list[str]:
    if follows_counter(counter_F, name):
        return []
    expected_F = expected_counter(name, len(counter_F))
    frame = int(np.argmax(np.abs(counter_F - expected_F) > counter_tolerance(len(counter_F))))
    return [
        f"frame {frame}: the counter is {counter_F[frame]:.5g}, by the file's convention {name} it should be"
        f" {expected_F[frame]:.5g}; were frames lost, or columns shifted?"
    ]


def _masked_outliers(change: Change) -> bool:
    return change.name == "outliers" and bool(change.counts)


def _describe_outliers(pose: PoseSequence, change: Change) -> str:
    assert change.value is not None, "outliers have a distance"
    far_FJ, distance_FJ = outliers(pose, change.value)
    joints = np.flatnonzero(far_FJ.any(axis=0)).tolist()
    names = ", ".join(pose.skeleton.joints[j] for j in joints[:4]) + (
        f" and {len(joints) - 4} more" if joints[4:] else ""
    )
    frames = np.flatnonzero(far_FJ.any(axis=1)).tolist()
    where = f"{'frame' if len(frames) == 1 else 'frames'} {ranges(frames)}"
    farthest = float(distance_FJ[far_FJ].max())
    return f"{where}: up to {farthest:.1f} shoulder widths from the neck, marked as missing: {names}"


def ranges(numbers: list[int]) -> str:
    """[1, 2, 3, 7] -> '1-3, 7'; at most six ranges are named."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    text = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found[:6])
    return text + (f" and {len(found) - 6} more ranges" if len(found) > 6 else "")

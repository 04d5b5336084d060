"""PoseSequence: the one currency of the toolkit, from file readers to generated clips.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np

from signllm.errors import DataError
from signllm.pose import geometry
from signllm.pose.output import Captioned, ClipOutput
from signllm.pose.skeleton import SKELETON_50, Skeleton

SHOULDER_WIDTHS = "shoulder_widths"


class _Changes(TypedDict, total=False):
    """What `PoseSequence.replace` takes."""

    coordinates: np.ndarray
    valid: np.ndarray
    fps: float
    skeleton: Skeleton
    unit: str


@dataclass(frozen=True, eq=False, repr=False)
class PoseSequence(ClipOutput):
    """A clip of signing; immutable, checked when made.

    coordinates: (F, J, C) float32, read-only; zero where `valid` is false (never read those).
    valid: (F, J) bool, read-only; false means the joint is missing in that frame.
    fps: frames a second, > 0. unit: 'shoulder_widths' (the signer's shoulder width is 1) or another name.

    Raises DataError when shapes disagree, a valid coordinate is not finite, or there is no frame.
    """

    coordinates: np.ndarray
    valid: np.ndarray
    fps: float
    skeleton: Skeleton = SKELETON_50
    unit: str = SHOULDER_WIDTHS

    def __post_init__(self) -> None:
        coordinates = np.asarray(self.coordinates, dtype=np.float32)
        valid = np.asarray(self.valid, dtype=bool)
        faults = []
        if (
            coordinates.ndim != 3
            or coordinates.shape[1] != self.skeleton.num_joints
            or coordinates.shape[2] not in (2, 3)
        ):
            faults.append(
                f"coordinates have shape {coordinates.shape}, expected (frames, {self.skeleton.num_joints}, 2 or 3)"
                f" for the skeleton {self.skeleton.name}"
            )
        elif valid.shape != coordinates.shape[:2]:
            faults.append(f"the valid mask has shape {valid.shape}, expected {coordinates.shape[:2]}")
        elif len(coordinates) == 0:
            faults.append("the clip has no frames")
        elif not np.isfinite(coordinates).all() and not np.isfinite(coordinates[valid]).all():
            frame, joint = np.argwhere(valid & ~np.isfinite(coordinates).all(-1))[0]
            faults.append(
                f"frame {frame}, joint {self.skeleton.joints[joint]}: the coordinate is not a finite number;"
                " mark the joint as missing in the valid mask"
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            faults.append(f"fps is {self.fps}, expected a positive number")
        if faults:
            raise DataError(faults)
        if not valid.all():
            coordinates = np.where(valid[..., None], coordinates, np.float32(0))
        object.__setattr__(self, "coordinates", _read_only(coordinates))
        object.__setattr__(self, "valid", _read_only(valid))
        object.__setattr__(self, "fps", float(self.fps))

    @classmethod
    def all_valid(
        cls, coordinates: np.ndarray, fps: float, skeleton: Skeleton = SKELETON_50, unit: str = SHOULDER_WIDTHS
    ) -> PoseSequence:
        """Make a clip without missing joints from (F, J, C) coordinates."""
        return cls(coordinates, np.ones(np.asarray(coordinates).shape[:2], bool), fps, skeleton, unit)

    def __len__(self) -> int:
        return len(self.coordinates)

    def __repr__(self) -> str:
        shape = f"{len(self)} frames, {self.duration_s:.2f} s at {self.fps:g} fps"
        missing = f", {1 - self.valid.mean():.0%} of the joints missing" * (not self.valid.all())
        return f"PoseSequence({shape}, {self.coordinates.shape[2]}D, {self.skeleton.name} in {self.unit}{missing})"

    def captioned(self) -> Captioned:
        """As ClipOutput.captioned, without words."""
        return Captioned(self)

    @property
    def num_frames(self) -> int:
        """F."""
        return len(self.coordinates)

    @property
    def duration_s(self) -> float:
        """Seconds: frames / fps."""
        return len(self.coordinates) / self.fps

    def __getitem__(self, frames: slice) -> PoseSequence:
        """Cut out frames; the slice must leave at least one."""
        return self.replace(coordinates=self.coordinates[frames], valid=self.valid[frames])

    def replace(self, **changes: Unpack[_Changes]) -> PoseSequence:
        """A copy with some fields changed."""
        fields = {name: getattr(self, name) for name in ("coordinates", "valid", "fps", "skeleton", "unit")}
        return PoseSequence(**{**fields, **changes})

    def resampled(self, fps: float) -> PoseSequence:
        """The same motion at another frame rate, interpolated and masked as by `geometry.at_moments`.

        The duration changes by less than a frame.
        """
        if fps == self.fps:
            return self
        count = geometry.resampled_length(len(self), self.fps, fps)
        return self.at_moments(np.minimum(np.arange(count) * (self.fps / fps), len(self) - 1)).replace(fps=fps)

    def stretched(self, frames: int) -> PoseSequence:
        """From the first frame to the last in so many frames at the same rate, interpolated as by `resampled`."""
        return self.at_moments(np.linspace(0, len(self) - 1, frames))

    def at_moments(self, moments: np.ndarray) -> PoseSequence:
        """What the clip shows at fractional frames from 0 to F - 1, at the same rate; see `geometry.at_moments`."""
        coordinates, valid = geometry.at_moments(self.coordinates, self.valid, moments)
        return self.replace(coordinates=coordinates, valid=valid)

    def with_sides_swapped(self) -> PoseSequence:
        """Exchange the labels of the left and the right arm and hand; nothing moves in space."""
        order = list(self.skeleton.mirror)
        return self.replace(coordinates=self.coordinates[:, order], valid=self.valid[:, order])

    def shoulder_width(self) -> float:
        """Median distance of the shoulders in the image plane (x, y), in the clip's unit; NaN when never both seen."""
        return geometry.shoulder_width(self.coordinates, self.valid, self.skeleton)

    def in_shoulder_widths(self, centre: bool = True, strict: bool = True) -> PoseSequence:
        """The clip scaled by its own shoulder width and, with `centre`, moved so that its neck is at the origin.

        Raises DataError for a clip without scale or neck; without `strict` it keeps what it has. See
        `geometry.in_shoulder_widths`.
        """
        scaled = geometry.in_shoulder_widths(self.coordinates, self.valid, self.skeleton, centre, strict)
        return self.replace(coordinates=scaled, unit=SHOULDER_WIDTHS)


def _read_only(array: np.ndarray) -> np.ndarray:
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array

"""The two sets of clips of an evaluation, and what is asked to be done to every clip of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signllm.data.clips import ClipCollection, open_clips
from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.formats.hints import Hints
from signllm.pose.sequence import SHOULDER_WIDTHS


def open_clip_set(
    path: Path,
    languages: Sequence[str] = (),
    split: str | None = None,
    fps: float | None = None,
    layout: str = "auto",
    hints: Hints | None = None,
    columns: Mapping[str, str] | None = None,
) -> ClipCollection:
    """As `signllm.data.clips.open_clips`, but of a store one split only: no pair may be of two splits.

    Raises DataError that says what there is to choose from.
    """
    clips = open_clips(Path(path).absolute(), languages, split, fps, layout, hints, columns)
    splits: dict[str, list[str]] = {}
    for part in clips.parts():
        if part.is_store:
            splits.setdefault(part.entries[0].language or "", []).append(part.entries[0].split or "")
    faults = [
        f"{path}: {code} has the splits {', '.join(names)}; choose one with --split"
        for code, names in splits.items()
        if len(names) > 1
    ]
    if faults:
        raise DataError(faults)
    return clips


@dataclass(frozen=True)
class Conversion:
    """What was explicitly asked to be done to every clip of both sets before they are compared.

    `fps` resamples; `drop_z` leaves the image plane; `rescale` divides clips in another unit than shoulder widths by
    their own shoulder width.
    """

    fps: float | None = None
    drop_z: bool = False
    rescale: bool = False

    def __call__(self, pose: PoseSequence) -> PoseSequence:
        """The converted clip; DataError where a clip without shoulders is to be rescaled."""
        if self.rescale and pose.unit != SHOULDER_WIDTHS:
            pose = pose.in_shoulder_widths(centre=False)
        if self.drop_z and pose.coordinates.shape[2] == 3:
            pose = pose.replace(coordinates=pose.coordinates[..., :2])
        return pose.resampled(self.fps) if self.fps else pose

    def described(self) -> list[str]:
        """One phrase a conversion."""
        asked = {
            f"both sets resampled to {self.fps:g} fps" if self.fps else "": self.fps,
            "depth dropped": self.drop_z,
            "clips in other units divided by their own shoulder width": self.rescale,
        }
        return [phrase for phrase, done in asked.items() if done]

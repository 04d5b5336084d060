"""Videos: the points are found by a tracker (`signllm.pose.tracking`) and read as MediaPipe's, with depth.

Hands are chosen among all that the tracker found, gaps of at most 0.2 s are filled, and frames that come at no steady
rate are brought to the nominal one.

Legend: F frames, K points, V numbers of a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signllm.errors import SignLLMError
from signllm.pose.formats.raw_points import MIXED, RawPoints, forms_of_width
from signllm.pose.formats.reader import Loaded, PoseReader, one_clip
from signllm.pose.geometry import at_moments
from signllm.pose.tracking.decoding import SUFFIXES, measure
from signllm.pose.tracking.hands import Hands, choose_hands
from signllm.pose.tracking.tracked import Tracked, load_tracked

_FORMS = tuple(form for form in forms_of_width(258) if form.numbers == MIXED)
_FEW = 0.5  # of the frames show the signer's body


@dataclass(frozen=True)
class Counts:
    """Of a video: frames, those that show a body, and hands of 2 F: see `hands.Hands`."""

    frames: int
    bodies: int
    plain: int
    sound: int
    found: int
    filled: int
    tracker: str
    resampled: bool


def is_video(path: Path) -> bool:
    """Whether a path is a file called like a video."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _hands(tracked: Tracked) -> Hands:
    arrays = tracked.arrays
    found = (arrays["plain"], arrays["second"], arrays["right"])
    return choose_hands(arrays["body"], *found, tracked.size, tracked.fps)


def count(path: Path) -> Counts:
    """What was found in a tracked video. Raises as `load_tracked`."""
    tracked = load_tracked(path)
    hands, body_FK4 = _hands(tracked), tracked.arrays["body"]
    bodies = int((~np.isnan(body_FK4[:, 0, 0])).sum())
    found = (hands.plain, hands.sound, hands.found, hands.filled)
    return Counts(len(body_FK4), bodies, *found, tracked.tracker, not tracked.steady)


def load(path: Path) -> Loaded:
    """The clip of a video, tracked now unless its points are kept."""
    try:
        tracked = load_tracked(path)
    except SignLLMError as error:
        return None, error.faults
    body_FK4 = tracked.arrays["body"]
    seen = int((~np.isnan(body_FK4[:, 0, 0])).sum())
    if not seen:
        return None, [f"nobody is seen in any of its {len(body_FK4)} frames; leave it out"]
    notes = []
    if tracked.people > 1:
        middle = (tracked.chosen_4[0] + tracked.chosen_4[2]) / 2
        notes.append(
            f"{tracked.people} people are in the picture; the one at {middle:.0%} of its width was tracked, who is the"
            " largest or moves most"
        )
    if seen < _FEW * len(body_FK4):
        notes.append(f"a person is seen in {seen} of {len(body_FK4)} frames only")
    rows_FV = _rows(body_FK4, _hands(tracked).points_F2K3)
    if not tracked.steady:
        rows_FV = _at_rate(rows_FV, tracked.times_F, tracked.fps)
    width, height = tracked.size
    note = "; ".join(notes) or None
    return RawPoints(rows_FV, _FORMS, tracked.fps, aspect=width / height, note=note), []


def _rows(body_FK4: np.ndarray, hands_F2K3: np.ndarray) -> np.ndarray:
    """MediaPipe's rows (F, 258): 33 x (x, y, z, visibility), left and right hand 21 x (x, y, z); NaN is missing."""
    frames = len(body_FK4)
    return np.concatenate([body_FK4.reshape(frames, -1), hands_F2K3.reshape(frames, -1)], axis=1)


def _at_rate(rows_FV: np.ndarray, times_F: np.ndarray, fps: float) -> np.ndarray:
    """Rows at the moments of a steady rate; missing where a frame beside the moment is."""
    moments_G = np.interp(np.arange(int(times_F[-1] * fps + 1e-6) + 1) / fps, times_F, np.arange(len(times_F)))
    seen_FV = ~np.isnan(rows_FV)
    rows_GV1, seen_GV = at_moments(np.where(seen_FV, rows_FV, 0)[..., None], seen_FV, moments_G)
    return np.where(seen_GV, rows_GV1[..., 0], np.nan).astype(np.float32)


READER = PoseReader(f"videos ({', '.join(SUFFIXES)})", is_video, one_clip, load, measure=measure)

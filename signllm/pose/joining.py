"""Clips one after the other: between two, the signer moves on from the last pose to the next first one.

Legend: F frames, G frames between two clips, J joints, C coordinates.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from signllm.errors import DataError
from signllm.pose.sequence import PoseSequence

SHORTEST_S = 0.2
FASTEST = 8.0  # shoulder widths a second; the wrists of signers reach about that
_PEAK = 1.875  # the peak speed of a minimum-jerk movement, relative to its mean speed


def join_clips(clips: Sequence[PoseSequence]) -> PoseSequence:
    """The clips in order as one, with a minimum-jerk movement between each two (Flash and Hogan 1985).

    It takes 0.2 s, and longer where a joint has so far to go that it would be faster than FASTEST. It shows the joints
    that are seen both in the last frame before it and in the first one after it. A single clip stays as it is.
    Raises DataError for no clip, and for clips of several frame rates, skeletons or units.
    """
    if not clips:
        raise DataError("there is no clip to join")
    kinds = {(clip.fps, clip.skeleton.name, clip.unit, clip.coordinates.shape[2]) for clip in clips}
    if len(kinds) > 1:
        shown = "; ".join(f"{fps:g} fps, {name}, {unit}, {size}D" for fps, name, unit, size in sorted(kinds))
        raise DataError(f"clips of one frame rate, skeleton and unit can be joined, not of several: {shown}")
    if len(clips) == 1:
        return clips[0]
    parts = [clips[0]]
    for before, after in itertools.pairwise(clips):
        between = transition(before, after)
        parts += [after] if between is None else [between, after]
    return concatenated(parts)


def concatenated(parts: Sequence[PoseSequence]) -> PoseSequence:
    """Parts of one clip, frame after frame."""
    return parts[0].replace(
        coordinates=np.concatenate([part.coordinates for part in parts]),
        valid=np.concatenate([part.valid for part in parts]),
    )


def transition(before: PoseSequence, after: PoseSequence) -> PoseSequence | None:
    """The frames that `join_clips` puts between two clips, of which one last and one first frame count, or None."""
    between_GJC, seen_J = _between(before, after)
    if not len(between_GJC):
        return None
    return before.replace(coordinates=between_GJC, valid=np.repeat(seen_J[None], len(between_GJC), axis=0))


def _between(before: PoseSequence, after: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """Frames (G, J, C) strictly between two clips, and the joints that they show (J,)."""
    start_JC, end_JC = before.coordinates[-1], after.coordinates[0]
    seen_J = before.valid[-1] & after.valid[0]
    far = float(np.linalg.norm(end_JC - start_JC, axis=-1)[seen_J].max(initial=0.0))
    duration_s = max(SHORTEST_S, _PEAK * far / FASTEST)
    steps = math.ceil(duration_s * before.fps)
    t_G = np.arange(1, steps, dtype=np.float32) / steps
    share_G11 = (10 * t_G**3 - 15 * t_G**4 + 6 * t_G**5)[:, None, None]
    return start_JC + share_G11 * (end_JC - start_JC), seen_J

"""Signs one after the other: how long the hands take from one to the next, and the way they go.

A transition begins where a sign ends, with its velocity, and arrives with that of the next: a quintic that stands still
in acceleration at both ends, for which velocity is zero the minimum-jerk movement (Flash and Hogan 1985). Its length
grows with the distance.

Legend: F frames, G frames between two signs, V values a frame.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from signllm.aligning.values import ARM_V, Values
from signllm.pose import SKELETON_50

# Seconds of a transition, and more for each shoulder width of the wrist that goes farther. Fitted by least squares to
# 1,024 transitions between annotated signs of conversations in German Sign Language (r = .56); see docs/composing.md.
SHORTEST_S, S_PER_SHOULDER_WIDTH = 0.118, 0.469
LONGEST_S = 1.0
_OVER = 2  # frames over which a velocity is measured
_WRISTS = list(SKELETON_50.wrists.values())


def join(parts: Sequence[Values], fps: float) -> Values:
    """The parts in order as one, at least one part, with a transition between each two."""
    values, seen = [parts[0].values_FV], [parts[0].seen_FV]
    for before, after in itertools.pairwise(parts):
        between = transition(before, after, fps)
        values += [between.values_FV, after.values_FV]
        seen += [between.seen_FV, after.seen_FV]
    return Values(np.concatenate(values), np.concatenate(seen))


def places(parts: Sequence[Values], fps: float) -> list[tuple[int, int]]:
    """Where each of the parts lies in what `join` makes of them: its first frame, and the one after its last."""
    found, first = [], 0
    for number, part in enumerate(parts):
        if number:
            first += transition_frames(parts[number - 1], part, fps) - 1
        found.append((first, first + len(part.values_FV)))
        first = found[-1][1]
    return found


def transition_frames(before: Values, after: Values, fps: float) -> int:
    """Steps from the last frame of one part to the first of the next."""
    duration_s = min(SHORTEST_S + S_PER_SHOULDER_WIDTH * distance(before, after), LONGEST_S)
    return max(2, round(duration_s * fps))


def transition(before: Values, after: Values, fps: float) -> Values:
    """The G frames strictly between two parts; they show what both the last frame before and the first after show."""
    seen_V = before.seen_FV[-1] & after.seen_FV[0]
    steps = transition_frames(before, after, fps)
    t_G1 = (np.arange(1, steps, dtype=np.float32) / steps)[:, None]
    start_V, end_V = before.values_FV[-1], after.values_FV[0]
    leaving_V, arriving_V = (_velocity(part, last) * steps for part, last in ((before, True), (after, False)))
    way_V = end_V - start_V
    cubic_V = 10 * way_V - 6 * leaving_V - 4 * arriving_V
    quartic_V = -15 * way_V + 8 * leaving_V + 7 * arriving_V
    quintic_V = 6 * way_V - 3 * leaving_V - 3 * arriving_V
    values_GV = start_V + leaving_V * t_G1 + cubic_V * t_G1**3 + quartic_V * t_G1**4 + quintic_V * t_G1**5
    return Values((values_GV * seen_V).astype(np.float32), np.repeat(seen_V[None], steps - 1, axis=0))


def distance(before: Values, after: Values) -> float:
    """How far the wrist that goes farther has to go, in shoulder widths; 0 where no wrist is seen on both sides."""
    first_W = 3 * np.array(_WRISTS)
    seen_W = before.seen_FV[-1, first_W] & after.seen_FV[0, first_W]
    way_V = after.values_FV[0] - before.values_FV[-1]
    return float((np.linalg.norm(way_V[first_W[:, None] + np.arange(3)], axis=-1) * seen_W).max())


def _velocity(part: Values, last: bool) -> np.ndarray:
    """(V,) change a frame over the last, or the first, frames of a part; 0 for what they do not all show."""
    ends = slice(-_OVER - 1, None) if last else slice(0, _OVER + 1)
    values_FV, seen_V = part.values_FV[ends], part.seen_FV[ends].all(0)
    steps = len(values_FV) - 1
    return (values_FV[-1] - values_FV[0]) / steps * seen_V if steps else np.zeros_like(values_FV[0])


def discontinuity(before: Values, after: Values, fps: float) -> float:
    """What a join costs, in shoulder widths: the arms' mean distance, and their change of velocity over 0.1 s."""
    seen_V = before.seen_FV[-1] & after.seen_FV[0] & ARM_V
    if not seen_V.any():
        return 0.0
    way_V = np.abs(after.values_FV[0] - before.values_FV[-1])
    change_V = np.abs(_velocity(after, False) - _velocity(before, True)) * fps
    return float((way_V + 0.1 * change_V)[seen_V].mean() * 3)  # three coordinates a joint

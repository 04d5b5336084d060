"""Where in a clip of a sign the sign itself is: without the wait, the hands' way up before it and down after it.

In a sentence the hands come from the sign before and go on to the next one, so only this part of a sign is signed. How
it is found: a hand that rests low at the end of a clip has to be raised. Clips cut out of sentences begin and end with
their hands up; nothing is taken from them.

Legend: F frames.
"""

from __future__ import annotations

import numpy as np

from signllm.pose import PoseSequence
from signllm.pose.rest import without_rest

RAISED = 0.7  # of the way from where a hand rests to where it signs
LOW = 0.3  # shoulder widths that a resting hand is lower than a signing one
SHORTEST_S = 0.3
KEPT_REST_S = 0.08


def stroke(pose: PoseSequence) -> slice:
    """The frames of the sign itself, at least 0.3 s of them where the clip is as long."""
    moving = without_rest(pose, KEPT_REST_S)
    begin, end = moving.start, moving.stop
    ways = [_raised(pose, wrist) for wrist in pose.skeleton.wrists.values()]
    known = [way for way in ways if way is not None]
    if known:
        begin, end = max(begin, min(way[0] for way in known)), min(end, max(way[1] for way in known))
    lacking = round(SHORTEST_S * pose.fps) - (end - begin)
    if lacking > 0:
        begin, end = max(0, begin - (lacking + 1) // 2), min(len(pose), end + (lacking + 1) // 2)
    return slice(begin, end)


def _raised(pose: PoseSequence, wrist: int) -> tuple[int, int] | None:
    """From when to when a hand is up; None for one that never is, and for one that is not seen."""
    seen = np.flatnonzero(pose.valid[:, wrist])
    if len(seen) < SHORTEST_S * pose.fps:
        return None
    down_N = pose.coordinates[seen, wrist, 1]  # y grows downwards
    quarter = len(seen) // 4
    signing = float(np.median(down_N[quarter : len(seen) - quarter]))
    first, last = 0, len(seen) - 1
    if down_N[0] - signing > LOW:
        first = int(np.argmax(down_N <= down_N[0] - RAISED * (down_N[0] - signing)))
    if down_N[-1] - signing > LOW:
        last -= int(np.argmax(down_N[::-1] <= down_N[-1] - RAISED * (down_N[-1] - signing)))
    rests = max(down_N[0], down_N[-1]) - signing > LOW
    moves = float(np.ptp(down_N)) > LOW
    return (int(seen[first]), int(seen[last]) + 1) if rests or moves else None

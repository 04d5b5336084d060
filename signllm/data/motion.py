"""Changes to training clips: the wait at their ends cut off, another pace.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import math

import numpy as np

from signllm.pose import PoseSequence
from signllm.pose.geometry import at_moments

REST_SPEED = 0.5  # shoulder widths a second: slower wrists rest
SHORTEST_S = 0.4  # a clip that would become shorter than this keeps its ends
PACE_KNOTS = 4

Arrays = tuple[np.ndarray, np.ndarray]


def without_rest(pose: PoseSequence, keep_s: float) -> slice:
    """The frames from `keep_s` seconds before a wrist first moves to `keep_s` seconds after one last moves.

    A wrist moves when its speed, averaged over three frames, exceeds REST_SPEED. How long somebody waits before and
    after a sign is a habit of the recording, not of the sign; a clip without motion keeps all its frames.
    """
    whole = slice(0, len(pose))
    wrists = list(pose.skeleton.wrists.values())
    seen_FW = pose.valid[1:, wrists] & pose.valid[:-1, wrists]
    step_FW = np.linalg.norm(np.diff(pose.coordinates[:, wrists], axis=0), axis=-1) * seen_FW
    if len(step_FW) < 3:
        return whole
    speed_F = np.convolve(step_FW.max(1) * pose.fps, np.ones(3) / 3, "same")
    moving = np.flatnonzero(speed_F > REST_SPEED)
    if not len(moving):
        return whole
    keep = round(keep_s * pose.fps)
    first, end = max(0, int(moving[0]) - keep), min(len(pose), int(moving[-1]) + 2 + keep)
    return slice(first, end) if end - first >= SHORTEST_S * pose.fps else whole


def at_another_pace(
    clip: Arrays, pace: float, rng: np.random.Generator, duration: float | None = None, cut: float = 0.0
) -> Arrays:
    """Play ((F, J, C) coordinates, (F, J) valid) at a wandering pace; keeps at least four frames.

    The pace varies within the clip by the deviation `pace` of its logarithm, the whole duration by `duration` (None: as
    much as the pace); up to the share `cut` is lost at either end.
    """
    duration = pace if duration is None else duration
    last = len(clip[0]) - 1
    begin, end = rng.uniform(0, cut, 2) * last
    count = max(4, round((last - begin - end + 1) * math.exp(rng.normal(0, duration))))
    knots = np.exp(rng.normal(0, pace, PACE_KNOTS + 1))
    speed = np.interp(np.linspace(0, PACE_KNOTS, count), np.arange(PACE_KNOTS + 1), knots)
    way = np.concatenate([[0], np.cumsum(speed[1:] + speed[:-1])])
    return at_moments(*clip, begin + way / way[-1] * (last - end - begin))

"""Training clips at another pace.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import math

import numpy as np

from signllm.pose.geometry import at_moments

PACE_KNOTS = 4

Arrays = tuple[np.ndarray, np.ndarray]


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

"""By what an average of people is amplified, so that its paths are as long as those of the people.

What people do not do alike cancels in their average, so it moves less than each of them. Factors are found for parts of
the body apart; the path of a part must not depend on the factor of another.

Legend: P parts, 2 the left and the right side.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SMALLEST, LARGEST = 0.5, 3.0
_HALVINGS = 10


def calibrated(paths: Callable[[np.ndarray], np.ndarray], goal_P2: np.ndarray) -> np.ndarray:
    """(P,) the factors with which `paths(factor_P)`, (P, 2), are on average over both sides as long as `goal_P2`.

    By halving intervals, of all parts at once: paths get longer with a factor. 1 for a part that rests in the goal.
    """
    moves_P = (goal_P2 > 0).any(1)
    low_P, high_P = np.full(len(goal_P2), SMALLEST), np.full(len(goal_P2), LARGEST)
    for _ in range(_HALVINGS if moves_P.any() else 0):
        middle_P = np.sqrt(low_P * high_P)
        shorter_P = _ratios(paths(middle_P), goal_P2) < 1
        low_P, high_P = np.where(shorter_P, middle_P, low_P), np.where(shorter_P, high_P, middle_P)
    return np.array([round(factor, 3) for factor in np.where(moves_P, np.sqrt(low_P * high_P), 1.0).tolist()])


def _ratios(path_P2: np.ndarray, goal_P2: np.ndarray) -> np.ndarray:
    """(P,) mean ratio of the paths of both sides; a side that rests in all recordings is left out."""
    moves_P2 = goal_P2 > 0
    ratio_P2 = np.divide(path_P2, goal_P2, out=np.zeros_like(goal_P2), where=moves_P2)
    return ratio_P2.sum(1) / np.maximum(1, moves_P2.sum(1))

"""What a joint costs in a distance where the reference shows it and the hypothesis lacks it.

Masks must never pay. A missed joint stands in the worst place that an honest guess could take: in the corner, farthest
from it, of the box around what the reference clip shows. So no guess inside that box, the frozen mean pose among them,
costs more than hiding.

Legend: T reference frames, F frames, J joints, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.pose import PoseSequence

OUTLIERS = 0.01  # on each side of each axis: one slip of a tracker must not set what every missed joint costs


def worst_places(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray) -> np.ndarray:
    """(F, J, C) float64: for each joint the farthest corner of the box that holds what the clip shows.

    The box spans the 1st to the 99th percentile of each coordinate over all joints that are shown, in all frames.
    Raises ValueError when no joint is shown.
    """
    if not valid_FJ.any():
        raise ValueError("a clip without a joint has no box")
    coordinates_FJC = coordinates_FJC.astype(np.float64)
    low_C, high_C = np.quantile(coordinates_FJC[valid_FJ], [OUTLIERS, 1 - OUTLIERS], axis=0)
    return np.where(coordinates_FJC - low_C > high_C - coordinates_FJC, low_C, high_C)


def worst_distances(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray) -> np.ndarray:
    """(F, J) float64: the distance of each joint to its worst place; 0 for joints that are not shown."""
    if not valid_FJ.any():
        return np.zeros(valid_FJ.shape)
    away_FJC = coordinates_FJC - worst_places(coordinates_FJC, valid_FJ)
    return np.sqrt((away_FJC**2).sum(-1)) * valid_FJ


def missed_costs(hypothesis: PoseSequence, reference: PoseSequence) -> np.ndarray:
    """(T, J) float64: what each joint of the reference costs where the hypothesis lacks it; 0 if it hides nothing."""
    if hypothesis.valid.all():
        return np.zeros(reference.valid.shape)
    return worst_distances(reference.coordinates, reference.valid)

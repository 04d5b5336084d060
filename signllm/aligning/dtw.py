"""Exact dynamic time warping between clips, compiled and parallel over pairs.

Steps are (1,1), (1,0), (0,1) with unit weight, from the first pair of frames to the last. Local costs:

- `mean_joint`: mean over the joints that the reference shows of their Euclidean distance;
- `l1_sum`: sum of absolute differences over all coordinates;
- `l2`: Euclidean distance of the flattened frames.

Masks: in `mean_joint` a joint counts when the reference's frame shows it; one that the hypothesis's frame lacks costs
its distance to its worst place (signllm.aligning.missing), so hiding joints never pays. In the two sums, which follow
other people's code, a joint counts when it is seen in both frames, and they are scaled by J / (joints counted), so that
they do not shrink when joints are missing. A pair of frames in which no joint counts costs the mean of all other pairs'
local costs. Two clips without any pair that counts cannot be compared: their cost is NaN.

Ties: of equally cheap predecessors the diagonal is taken first, then the step of the hypothesis, then the
step of the reference; so |path| is a function of the clips alone.

Accuracy: local costs are float32 (relative error about 1e-7), their sums float64. The compiler (numba) is
imported at the first use.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from signllm.aligning.missing import missed_costs
from signllm.pose import PoseSequence
from signllm.pose.geometry import with_depth

LOCAL_COSTS = {"mean_joint": 0, "l1_sum": 1, "l2": 2}
_MIN_CELLS_FOR_THREADS = 200_000  # about 2 ms of work; below, starting threads costs more than they save


@dataclass(frozen=True)
class Alignment:
    """The cheapest path of a (hypothesis, reference) pair.

    cost: accumulated local cost D. path: (P, 2) int32 pairs of (hypothesis frame, reference frame).
    """

    cost: float
    path: np.ndarray

    @property
    def length(self) -> int:
        """|π|, the number of frame pairs on the path."""
        return len(self.path)

    @property
    def mean_cost(self) -> float:
        """D / |π|."""
        return self.cost / len(self.path)


def dtw(hypothesis: PoseSequence, reference: PoseSequence, cost: str = "mean_joint") -> Alignment:
    """Align one pair."""
    return dtw_pairs([(hypothesis, reference)], cost)[0]


def dtw_pairs(
    pairs: Sequence[tuple[PoseSequence, PoseSequence]], cost: str = "mean_joint", threads: int | None = None
) -> list[Alignment]:
    """Align many (hypothesis, reference) pairs, in the order given, on `threads` cores (default: all there are).

    Raises KeyError for an unknown `cost`. Both clips of a pair must share skeleton and number of coordinates.
    """
    kind = LOCAL_COSTS[cost]
    threads = threads or cores()
    if not pairs:
        return []
    first = _align(kind, *pairs[0])  # compiles in one thread before many need it
    cells = sum(len(hypothesis) * len(reference) for hypothesis, reference in pairs[1:])
    if threads == 1 or cells < _MIN_CELLS_FOR_THREADS:
        return [first, *(_align(kind, *pair) for pair in pairs[1:])]
    with ThreadPoolExecutor(threads) as pool:
        return [first, *pool.map(lambda pair: _align(kind, *pair), pairs[1:])]


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _align(kind: int, hypothesis: PoseSequence, reference: PoseSequence) -> Alignment:
    from signllm.aligning.dtw_kernels import masked_costs, whole_costs

    hypothesis_UJ3 = in_three_coordinates(hypothesis)
    reference_J3T = np.ascontiguousarray(in_three_coordinates(reference).transpose(1, 2, 0))
    if hypothesis.valid.all() and reference.valid.all():
        return align_costs(whole_costs(kind, hypothesis_UJ3, reference_J3T))
    seen_UJ = hypothesis.valid.astype(np.float32)
    seen_JT = np.ascontiguousarray(reference.valid.T.astype(np.float32))
    missed_JT = as_costs(missed_costs(hypothesis, reference))
    return align_costs(masked_costs(kind, hypothesis_UJ3, seen_UJ, reference_J3T, seen_JT, missed_JT))


def as_costs(distance_FJ: np.ndarray) -> np.ndarray:
    """(J, F) float32, as the compiled functions read what a missed joint costs."""
    return np.ascontiguousarray(distance_FJ.T, dtype=np.float32)


def align_costs(cost_UT: np.ndarray) -> Alignment:
    """The cheapest path through (U, T) float32 local costs; NaN marks pairs of frames that cannot be compared.

    Those cost the mean of all others; where there are no others, the path's cost is NaN.
    """
    from signllm.aligning.dtw_kernels import cheapest_path

    unknown_UT = np.isnan(cost_UT)
    if unknown_UT.all():
        return Alignment(float("nan"), cheapest_path(np.zeros_like(cost_UT))[1])
    if unknown_UT.any():
        cost_UT = np.where(unknown_UT, cost_UT[~unknown_UT].mean(dtype=np.float64).astype(np.float32), cost_UT)
    return Alignment(*cheapest_path(cost_UT))


def in_three_coordinates(pose: PoseSequence) -> np.ndarray:
    """(F, J, 3) float32 copy of the coordinates; z is 0 for 2D clips."""
    # One writable, contiguous, native layout: the compiled function then has one signature, made once.
    return np.array(with_depth(pose.coordinates), dtype=np.float32, order="C")

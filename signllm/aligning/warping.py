"""A common time axis for the clips of one sign, so that they can be averaged in step.

The axis is that of the most typical clip, the medoid: every other clip is warped to it, first to the medoid itself,
then to the average of all (DTW barycentre averaging, Petitjean et al. 2011). A warp is the path of dynamic time warping
as a function: smooth and monotone, for a path alone stands still and leaps, and an average over it trembles.

Legend: N clips, F frames of a clip, T frames of the axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from signllm.aligning.dtw import dtw_pairs
from signllm.aligning.values import Values, average
from signllm.pose import PoseSequence

ROUNDS = 3
SMOOTHING_FRAMES = 1.0  # deviation of the Gaussian over a warp


@dataclass(frozen=True)
class Aligned:
    """N clips on one time axis of T frames.

    medoid: which clip is the most typical. warps: for each clip the fractional frame that it shows at each of the T
    moments. atypical_N: mean distance of each clip to the others, in shoulder widths; 0 for a single clip.
    mean: the average in step.
    """

    medoid: int
    warps: list[np.ndarray]
    atypical_N: np.ndarray
    mean: Values


def align(clips: Sequence[PoseSequence]) -> Aligned:
    """Bring the clips of one sign, at one frame rate, onto a common time axis."""
    values = [Values.of(clip) for clip in clips]
    if len(clips) == 1:
        return Aligned(0, [np.arange(len(clips[0]), dtype=np.float32)], np.zeros(1), values[0])
    atypical_N = _distances(clips).sum(0) / (len(clips) - 1)
    medoid = int(atypical_N.argmin())
    target, fps = clips[medoid], clips[0].fps
    for _ in range(ROUNDS):
        warps = warps_onto(target, clips)
        mean = average([one.at(warp) for one, warp in zip(values, warps, strict=True)])
        target = mean.pose(fps)
    return Aligned(medoid, warps, atypical_N, mean)


def warps_onto(target: PoseSequence, clips: Sequence[PoseSequence]) -> list[np.ndarray]:
    """For each clip the (T,) fractional frames that it shows at each of the T frames of the target."""
    alignments = dtw_pairs([(clip, target) for clip in clips], threads=1)
    return [smooth_warp(alignment.path, len(target)) for alignment in alignments]


def _distances(clips: Sequence[PoseSequence]) -> np.ndarray:
    """(N, N) DTW distances; of a pair, the mean of both directions, for masks tell hypothesis and reference apart.

    Clips that show no joint in common are as far apart as the farthest of the others.
    """
    pairs = list(combinations(range(len(clips)), 2))
    ways = dtw_pairs([(clips[i], clips[j]) for a, b in pairs for i, j in ((a, b), (b, a))], threads=1)
    cost_P = np.array([way.mean_cost for way in ways]).reshape(-1, 2).mean(1)
    known_P = np.isfinite(cost_P)
    cost_P = np.where(known_P, cost_P, cost_P[known_P].max(initial=0.0) if known_P.any() else 0.0)
    distance_NN = np.zeros((len(clips), len(clips)))
    for (one, other), cost in zip(pairs, cost_P, strict=True):
        distance_NN[one, other] = distance_NN[other, one] = cost
    return distance_NN


def smooth_warp(path_P2: np.ndarray, frames: int) -> np.ndarray:
    """(T,) float32: the frame of a clip at each of the `frames` moments of the axis: smooth, monotone, within the clip.

    path_P2: pairs (frame of the clip, moment of the axis), as of `signllm.aligning.dtw`. A moment gets the mean of the
    frames that the path gives it. What is smoothed is the deviation from even speed, so the ends stay where they are.
    """
    from scipy.ndimage import gaussian_filter1d  # as in `parts`

    frame_P, moment_P = path_P2.T
    count_T = np.bincount(moment_P, minlength=frames)
    frame_T = np.bincount(moment_P, weights=frame_P, minlength=frames) / count_T
    even_T = np.linspace(frame_T[0], frame_T[-1], frames)
    smooth_T = even_T + gaussian_filter1d(frame_T - even_T, SMOOTHING_FRAMES, mode="nearest")
    return np.clip(np.maximum.accumulate(smooth_T), 0, frame_P.max()).astype(np.float32)

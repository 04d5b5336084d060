"""The figures a trainer watches, and the one number by which it keeps the best checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from signllm.metrics.motion_metrics import PARTS
from signllm.metrics.preset import Preset, conclude_over_clips, measure_pairs
from signllm.metrics.registry import PANEL, find_presets
from signllm.pose import PoseSequence


def score_pairs(
    hypotheses: Sequence[PoseSequence], references: Sequence[PoseSequence], metrics: Sequence[str] = PANEL
) -> dict[str, float]:
    """Corpus figures of the named presets by figure name (`dtw_score`, `total_distance`, `velocity_ratio_body`, ...).

    A figure that these clips do not define (a hand that no reference shows) is NaN. Raises DataError when clips
    cannot be compared.
    """
    presets = find_presets(metrics)
    numbers = measure_pairs(hypotheses, references, presets)
    return {name: value for preset in presets for name, value in figures_of(preset, numbers[preset.name]).items()}


def figures_of(preset: Preset, numbers_NK: np.ndarray) -> dict[str, float]:
    """The preset's figures over the clips whose (N, K) numbers these are."""
    values = conclude_over_clips(preset, np.asarray(numbers_NK))
    return dict(zip(preset.figures, (float(value) for value in values), strict=True))


def selection_score(scores: Mapping[str, float]) -> float:
    """How good a checkpoint is, in [0, 1], higher is better: closeness times likeness of motion.

    closeness = exp(-2 · dtw_score): half a shoulder width of error costs a factor e. Motion is the geometric mean of
    a(total distance), a(duration), a(velocity), a(variance)^½ and min(1, 1 / smoothness)^½, where a(r) = min(r, 1/r)
    and velocity and variance are geometric means over body and hands; the last two are squared quantities, hence ½.
    Being smoother than the recordings is no fault (their jerk is mostly that of the tracker); being jittery is. So
    a frozen skeleton scores 0 whatever its DTW, one that only trembles fails by variance, one that jitters by velocity
    and jerk, and a lively clip of the wrong sign by closeness. All is multiplied by the square of the coverage, so
    masks that hide what moves wrongly do not pay. NaN figures are left out; without a DTW score it is 0. This toolkit's
    definition, for choosing among checkpoints of one run; not a metric to report.
    """
    closeness = math.exp(-2 * scores["dtw_score"]) if math.isfinite(scores["dtw_score"]) else 0.0
    smoothness = scores["motion_smoothness"]
    likeness = [
        _agreement(scores["total_distance"]),
        _agreement(scores["duration"]),
        _geometric_mean([_agreement(scores[f"velocity_ratio_{part}"]) for part in PARTS]),
        math.sqrt(_geometric_mean([_agreement(scores[f"variance_ratio_{part}"]) for part in PARTS])),
        math.sqrt(1 / max(1.0, smoothness)) if math.isfinite(smoothness) else math.nan,
    ]
    motion = _geometric_mean(likeness)
    return closeness * (0.0 if math.isnan(motion) else motion) * scores["coverage"] ** 2


def _agreement(ratio: float) -> float:
    """min(r, 1/r): 1 where the ratio is 1, 0 where it is 0 or infinite."""
    if math.isnan(ratio):
        return math.nan
    return min(ratio, 1 / ratio) if ratio > 0 else 0.0


def _geometric_mean(values: Sequence[float]) -> float:
    """Of the values that are not NaN; 0 when one of them is 0, NaN when there is none."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    return 0.0 if min(known) <= 0 else math.exp(sum(map(math.log, known)) / len(known))

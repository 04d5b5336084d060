"""The figures a trainer watches, and the one number by which it keeps the best checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from signllm.metrics.motion_metrics import PARTS
from signllm.metrics.preset import Preset, conclude_over_clips, measure_pairs
from signllm.metrics.registry import PANEL, find_presets
from signllm.pose import PoseSequence
from signllm.pose.geometry import mean_pose

FURTHER_THAN_STATUE = 0.7  # of the selection score is left to clips that are further away than a statue
SKILL_STEP = 0.01  # of `dtw_skill`, over which the rest of it comes in


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


def panel_scores(hypotheses: Sequence[PoseSequence], references: Sequence[PoseSequence]) -> dict[str, float]:
    """What a trainer watches: the figures of PANEL, and `dtw_skill`, how much nearer than a statue the hypotheses are.

    dtw_skill = 1 - dtw_score / (dtw_score of the references' mean pose, standing still): 1 for the recordings, 0 for a
    model that is no nearer to them than a statue is, below 0 for one that is further away. NaN where the references
    themselves stand still. Raises DataError as `score_pairs` does.
    """
    scores = score_pairs(hypotheses, references)
    statue = score_pairs(still_clips(references), references, ["dtw-mje"])["dtw_score"]
    return {**scores, "dtw_skill": 1 - scores["dtw_score"] / statue if statue > 0 else math.nan}


def still_clips(references: Sequence[PoseSequence]) -> list[PoseSequence]:
    """For each reference the mean pose of all references, standing still as long; joints that none shows are hidden."""
    mean_JC, seen_J = mean_pose((clip.coordinates, clip.valid) for clip in references)
    return [
        clip.replace(
            coordinates=np.broadcast_to(mean_JC.astype(np.float32), clip.coordinates.shape),
            valid=np.broadcast_to(seen_J, clip.valid.shape),
        )
        for clip in references
    ]


def selection_score(scores: Mapping[str, float]) -> float:
    """How good a checkpoint is, in [0, 1], higher is better: closeness times likeness, from the `panel_scores`.

    Closeness is exp(-2 · dtw_score), half a shoulder width of error costs a factor e, times 0.7 + 0.3 σ(dtw_skill /
    0.01): 1 for what is nearer to the recordings than a statue, 0.7 for what is further away. Likeness is the geometric
    mean of a(duration), a(displacement), a(variance)^½, min(1, 1 / jerk), max(0, handshape)^½ and a(length of the
    fingers' bones), where a(r) = min(r, 1/r), and displacement and variance are geometric means over body and hands.
    Displacements are over a fifth of a second, since trembling makes up for missing speed and path length. Being
    smoother than the recordings is no fault (their jerk is mostly that of the tracker); being jittery is. So a frozen
    skeleton scores 0 whatever its DTW, one that only trembles fails by variance or jerk, averaged hands by their bones,
    bent fingers by handshape, and a lively clip of the wrong sign by closeness and handshape. All is multiplied by the
    square of the coverage, so masks that hide what moves wrongly do not pay. Figures that are NaN are left out; without
    a DTW score it is 0. This toolkit's definition, for choosing among checkpoints of one run; not a metric to report.
    """
    dtw, skill, jerk = scores["dtw_score"], scores["dtw_skill"], scores["jerk_ratio"]
    closeness = math.exp(-2 * dtw) if math.isfinite(dtw) else 0.0
    if math.isfinite(skill):
        closeness *= FURTHER_THAN_STATUE + (1 - FURTHER_THAN_STATUE) * _sigmoid(skill / SKILL_STEP)
    likeness = _geometric_mean(
        [
            _agreement(scores["duration"]),
            _geometric_mean([_agreement(scores[f"displacement_ratio_{part}"]) for part in PARTS]),
            math.sqrt(_geometric_mean([_agreement(scores[f"variance_ratio_{part}"]) for part in PARTS])),
            1 / max(1.0, jerk) if math.isfinite(jerk) else math.nan,
            _root(scores["handshape_similarity"]),
            _agreement(scores["bone_length_ratio_fingers"]),
        ]
    )
    return closeness * (0.0 if math.isnan(likeness) else likeness) * scores["coverage"] ** 2


def _sigmoid(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(x / 2)


def _root(cosine: float) -> float:
    """The square root, 0 for what is negative, NaN for NaN."""
    return math.nan if math.isnan(cosine) else math.sqrt(max(0.0, cosine))


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

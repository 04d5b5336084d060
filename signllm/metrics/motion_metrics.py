"""Metrics of motion: how much, how fast and how smoothly a clip moves beside its reference. A frozen skeleton scores 0.

Nothing here looks at where the signing goes, only at its amount; METRICS.md says why both are needed. A ratio is
always (sum over clips for the hypotheses) / (the same for the references), so a still reference clip divides nothing.
Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.metrics.preset import LOWER, ONE, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence

PARTS = ("body", "right_hand", "left_hand")
_WRISTS = ("right_hand", "left_hand")
SHORTEST_BONE = 0.01  # shoulder widths; a variation of nothing is not a variation


def measure_total_distance(pair: ClipPair) -> tuple[float, ...]:
    """½ Σ over both wrists of (mean over clips of the hypothesis's wrist's path length) / (the same of the reference).

    1 is human-like, a frozen skeleton scores 0. Frames without the wrist are bridged by the straight line; a clip
    whose reference shows a wrist in fewer than two frames does not count for that wrist, and a wrist that rests in all
    references is left out of the mean. Source: SLRTP 2025 Sign Production Challenge.
    """
    numbers = []
    for part in _WRISTS:
        wrist = pair.reference.skeleton.wrists[part]
        counts = pair.reference.valid[:, wrist].sum() > 1
        for clip in (pair.hypothesis, pair.reference):
            position_FC = clip.coordinates[clip.valid[:, wrist], wrist].astype(np.float64)
            numbers.append(float(np.sqrt((np.diff(position_FC, axis=0) ** 2).sum(-1)).sum()) if counts else 0.0)
    return tuple(numbers)


def conclude_total_distance(sums: np.ndarray) -> np.ndarray:
    """Mean of the two wrists' ratios, over those whose references move."""
    ratios = ratio_of_sums(sums)
    known = np.isfinite(ratios)
    pair = np.stack([np.where(known, ratios, 0.0).sum(-1), known.sum(-1)], axis=-1)
    return ratio_of_sums(pair)


def measure_duration(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of U / T, the hypothesis's frames over the reference's at one frame rate.

    Source: SLRTP 2025 Sign Production Challenge.
    """
    return len(pair.hypothesis) / len(pair.reference), 1.0


def measure_smoothness(pair: ClipPair) -> tuple[float, float]:
    """Mean squared jerk of the hands' joints, summed over clips, of the hypothesis / of the reference.

    Jerk is the third difference over time, of joints seen in four consecutive frames. 1 is human-like, lower is
    smoother than human, higher is jittery. Clips whose reference is too short or shows no hands do not count; a
    hypothesis like that counts as 0. The guide's "motion smoothness"; this toolkit's definition.
    """
    return _ours_and_theirs(_mean_squared_jerk(pair.hypothesis), _mean_squared_jerk(pair.reference))


def _ours_and_theirs(hypothesis: float, reference: float) -> tuple[float, float]:
    """What a clip adds to a ratio: nothing without a reference value; a hypothesis that shows nothing moves nothing."""
    if np.isnan(reference):
        return 0.0, 0.0
    return (0.0 if np.isnan(hypothesis) else hypothesis), reference


def _mean_squared_jerk(pose: PoseSequence) -> float:
    hands = [joint for part in _WRISTS for joint in pose.skeleton.parts[part]]
    coordinates_FJC, valid_FJ = pose.coordinates[:, hands].astype(np.float64), pose.valid[:, hands]
    if len(pose) < 4:
        return np.nan
    seen = valid_FJ[3:] & valid_FJ[2:-1] & valid_FJ[1:-2] & valid_FJ[:-3]
    jerk_FJC = np.diff(coordinates_FJC, n=3, axis=0) * pose.fps**3
    return float((jerk_FJC[seen] ** 2).sum(-1).mean()) if seen.any() else np.nan


def measure_velocity(pair: ClipPair) -> tuple[float, ...]:
    """Mean speed of a part's joints, summed over clips, of the hypothesis / of the reference; for body and each hand.

    Speed is between consecutive frames that both show the joint. The hands move relative to their wrists, so that what
    the fingers do is not hidden by what the arm does. A clip whose reference lacks the part does not count; a
    hypothesis that lacks it moves at 0.
    """
    return _by_part(pair, _mean_speed)


def measure_variance(pair: ClipPair) -> tuple[float, ...]:
    """Variance over time of a part's joints, summed over clips, of the hypothesis / of the reference.

    The squared distance of a joint to its mean place in the clip, averaged over all frames that show it. Hands relative
    to their wrists, as in `velocity-ratio`.
    """
    return _by_part(pair, _mean_variance)


def _by_part(pair: ClipPair, value_of) -> tuple[float, ...]:
    numbers = []
    for part in PARTS:
        values = [value_of(*_part_coordinates(clip, part), clip.fps) for clip in (pair.hypothesis, pair.reference)]
        numbers += _ours_and_theirs(*values)
    return tuple(numbers)


def _part_coordinates(pose: PoseSequence, part: str) -> tuple[np.ndarray, np.ndarray]:
    joints = list(pose.skeleton.parts[part])
    coordinates_FJC, valid_FJ = pose.coordinates[:, joints].astype(np.float64), pose.valid[:, joints]
    wrist = pose.skeleton.wrists.get(part)
    if wrist is not None:
        coordinates_FJC = coordinates_FJC - pose.coordinates[:, wrist : wrist + 1]
        valid_FJ = valid_FJ & pose.valid[:, wrist : wrist + 1]
    return coordinates_FJC, valid_FJ


def _mean_speed(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray, fps: float) -> float:
    seen = valid_FJ[1:] & valid_FJ[:-1]
    if not seen.any():
        return np.nan
    return float(np.sqrt((np.diff(coordinates_FJC, axis=0)[seen] ** 2).sum(-1)).mean() * fps)


def _mean_variance(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray, fps: float) -> float:
    count_J = valid_FJ.sum(0)
    if not count_J.any():
        return np.nan
    mean_JC = (coordinates_FJC * valid_FJ[..., None]).sum(0) / np.maximum(count_J, 1)[:, None]
    return float(((coordinates_FJC - mean_JC)[valid_FJ] ** 2).sum(-1).mean())


def measure_bone_variation(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips and bones of (standard deviation over time / mean) of the hypothesis's bone lengths.

    Bones are rigid, so 0 is right in 3D; in 2D recordings foreshortening varies them, so compare with the reference's
    own row. Bones shorter than 0.01 shoulder widths, or seen in fewer than two frames, do not count.
    """
    pose = pair.hypothesis
    parent, child = pose.skeleton.bones.T
    seen_FB = pose.valid[:, parent] & pose.valid[:, child]
    bone_FBC = (pose.coordinates[:, child] - pose.coordinates[:, parent]).astype(np.float64)
    length_FB = np.sqrt((bone_FBC**2).sum(-1)) * seen_FB
    count_B = np.maximum(seen_FB.sum(0), 1)
    mean_B = length_FB.sum(0) / count_B
    deviation_B = np.sqrt(((length_FB - mean_B) ** 2 * seen_FB).sum(0) / count_B)
    counted_B = (mean_B > SHORTEST_BONE) & (seen_FB.sum(0) > 1)
    if not counted_B.any():
        return 0.0, 0.0
    return float((deviation_B[counted_B] / mean_B[counted_B]).mean()), 1.0


def _for_parts(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for part in PARTS)


_OWN = "seen-in-each"
PRESETS = (
    Preset(
        "total-distance",
        ("total_distance",),
        ONE,
        "ratio",
        measure_total_distance,
        conclude_total_distance,
        masks="bridged",
    ),
    Preset("duration", ("duration",), ONE, "ratio", measure_duration, ratio_of_sums, masks="none"),
    Preset("motion-smoothness", ("motion_smoothness",), ONE, "ratio", measure_smoothness, ratio_of_sums, masks=_OWN),
    Preset("velocity-ratio", _for_parts("velocity_ratio"), ONE, "ratio", measure_velocity, ratio_of_sums, masks=_OWN),
    Preset("variance-ratio", _for_parts("variance_ratio"), ONE, "ratio", measure_variance, ratio_of_sums, masks=_OWN),
    Preset(
        "bone-length-variation",
        ("bone_length_variation",),
        LOWER,
        "share of length",
        measure_bone_variation,
        ratio_of_sums,
        masks=_OWN,
    ),
)

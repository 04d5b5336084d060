"""Metrics of motion: how much, how fast and how smoothly a clip moves beside its reference. A frozen skeleton scores 0.

Nothing here looks at where the signing goes, only at its amount; METRICS.md says why both are needed. A ratio is
always (sum over clips for the hypotheses) / (the same for the references), so a still reference clip divides nothing.
Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from signllm.metrics.preset import LOWER, ONE, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence, Skeleton

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
    jerk_NC = _jerk(pose)
    return float((jerk_NC**2).sum(-1).mean()) if len(jerk_NC) else np.nan


def _jerk(pose: PoseSequence) -> np.ndarray:
    """(N, C): the third difference over time, a second cubed, wherever four frames in a row show a hand's joint."""
    hands = [joint for part in _WRISTS for joint in pose.skeleton.parts[part]]
    coordinates_FJC, valid_FJ = pose.coordinates[:, hands].astype(np.float64), pose.valid[:, hands]
    if len(pose) < 4:
        return np.zeros((0, coordinates_FJC.shape[2]))
    seen = valid_FJ[3:] & valid_FJ[2:-1] & valid_FJ[1:-2] & valid_FJ[:-3]
    return (np.diff(coordinates_FJC, n=3, axis=0) * pose.fps**3)[seen]


def measure_jerk(pair: ClipPair) -> tuple[float, float]:
    """Mean absolute jerk of the hands' joints, summed over clips, of the hypothesis / of the reference.

    The length of the third difference over time, of joints seen in four consecutive frames, not squared as in
    `motion-smoothness`, so single slips of a tracker count for less. Per second cubed, so a clip that plays slower has
    less of it. Clips without it count as in `motion-smoothness`. This toolkit's definition.
    """
    return _ours_and_theirs(_mean_jerk(pair.hypothesis), _mean_jerk(pair.reference))


def _mean_jerk(pose: PoseSequence) -> float:
    jerk_NC = _jerk(pose)
    return float(np.sqrt((jerk_NC**2).sum(-1)).mean()) if len(jerk_NC) else np.nan


def measure_path(pair: ClipPair) -> tuple[float, float]:
    """Way of the hands' joints relative to the wrists, summed over clips, of the hypothesis / of the reference.

    A joint's way is the sum of its steps from frame to frame, over the whole clip; frames without the joint or its
    wrist are bridged by the straight line. Joints that the reference shows in fewer than two frames do not count for
    that clip. A way a clip, not a second: a clip of the right speed that lasts twice as long has 2 here and 1 in
    `velocity-ratio`. The fingers' counterpart of `total-distance`; this toolkit's definition.
    """
    ways = [0.0, 0.0]
    for part in _WRISTS:
        clips = [_part_coordinates(clip, part) for clip in (pair.hypothesis, pair.reference)]
        for joint in np.flatnonzero(clips[1][1].sum(0) > 1):
            for place, (coordinates_FJC, valid_FJ) in enumerate(clips):
                steps_FC = np.diff(coordinates_FJC[valid_FJ[:, joint], joint], axis=0)
                ways[place] += float(np.sqrt((steps_FC**2).sum(-1)).sum())
    return ways[0], ways[1]


def measure_bone_length(pair: ClipPair) -> tuple[float, ...]:
    """Mean length of the bones, summed over clips, of the hypothesis / of the reference; for body and fingers.

    The fingers' bones are the twenty of each hand, from its root to the tips; the body's lead to the nose, shoulders,
    elbows and wrists. A bone's length is its mean over the frames that show it; bones that the reference never shows
    do not count for that clip, and a hypothesis that lacks one has it at 0. Frames are averaged, so how long a clip
    lasts does not matter. A model that answers with the mean of several postures shrinks its hands, and 2D
    recordings shorten bones that point at the camera in both alike. This toolkit's definition.
    """
    ours_B, theirs_B = _mean_bones(pair.hypothesis), _mean_bones(pair.reference)
    skeleton, numbers = pair.reference.skeleton, []
    for group in _bone_groups(skeleton):
        known = group[np.isfinite(theirs_B[group])]
        numbers += [float(np.nan_to_num(bone_B[known]).mean()) if len(known) else 0.0 for bone_B in (ours_B, theirs_B)]
    return tuple(numbers)


def _bone_groups(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Which bones are the body's, and which the fingers'; that from a wrist to its hand's root is neither."""
    ends = [(skeleton.part_of(parent), skeleton.part_of(child)) for parent, child in skeleton.bones]
    body = [bone for bone, pair in enumerate(ends) if pair == ("body", "body")]
    fingers = [bone for bone, (parent, child) in enumerate(ends) if parent == child != "body"]
    return np.array(body), np.array(fingers)


def _mean_bones(pose: PoseSequence) -> np.ndarray:
    """Mean length of each bone over the frames that show it; NaN for one that is never seen."""
    length_FB, seen_FB = _bone_lengths(pose)
    count_B = seen_FB.sum(0)
    return np.where(count_B > 0, length_FB.sum(0) / np.maximum(count_B, 1), np.nan)


def _bone_lengths(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """Length of each bone in each frame, 0 where it is not seen, and where it is."""
    parent, child = pose.skeleton.bones.T
    seen_FB = pose.valid[:, parent] & pose.valid[:, child]
    bone_FBC = (pose.coordinates[:, child] - pose.coordinates[:, parent]).astype(np.float64)
    return np.sqrt((bone_FBC**2).sum(-1)) * seen_FB, seen_FB


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


def _by_part(pair: ClipPair, value_of: Callable[[np.ndarray, np.ndarray, float], float]) -> tuple[float, ...]:
    numbers: list[float] = []
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
    length_FB, seen_FB = _bone_lengths(pair.hypothesis)
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
    Preset("jerk-ratio", ("jerk_ratio",), ONE, "ratio", measure_jerk, ratio_of_sums, masks=_OWN),
    Preset("path-ratio", ("path_ratio_hands",), ONE, "ratio", measure_path, ratio_of_sums, masks="bridged"),
    Preset("velocity-ratio", _for_parts("velocity_ratio"), ONE, "ratio", measure_velocity, ratio_of_sums, masks=_OWN),
    Preset("variance-ratio", _for_parts("variance_ratio"), ONE, "ratio", measure_variance, ratio_of_sums, masks=_OWN),
    Preset(
        "bone-length-ratio",
        ("bone_length_ratio_body", "bone_length_ratio_fingers"),
        ONE,
        "ratio",
        measure_bone_length,
        ratio_of_sums,
        masks=_OWN,
    ),
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

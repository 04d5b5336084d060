"""Metrics of motion: how much, how fast and how smoothly a clip moves beside its reference. A frozen skeleton scores 0.

Nothing here looks at where the signing goes, only at its amount; METRICS.md says why both are needed. A ratio is
always (sum over clips for the hypotheses) / (the same for the references), so a still reference clip divides nothing.
What the hypothesis hides moves a ratio away from 1 by the share hidden (signllm.metrics.coverage); a hypothesis that
hides all scores 0, like a frozen one. Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from signllm.metrics.coverage import covered_ratios, ours_and_theirs, shown_share
from signllm.metrics.path_metrics import mean_over_clips
from signllm.metrics.preset import LOWER, ONE, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence, Skeleton

PARTS = ("body", "right_hand", "left_hand")
_WRISTS = ("right_hand", "left_hand")
JERK_FRAMES = 4  # frames in a row that a third difference needs
MOMENT_S = 0.2  # over which displacements are measured: short for a movement of signing, long for trembling
SHORTEST_BONE = 0.01  # shoulder widths; a variation of nothing is not a variation


def measure_total_distance(pair: ClipPair) -> tuple[float, ...]:
    """½ Σ over both wrists of (mean over clips of the hypothesis's wrist's path length) / (the same of the reference).

    1 is human-like, a frozen skeleton scores 0. Frames without the wrist are bridged by the straight line; a clip
    whose reference shows a wrist in fewer than two frames does not count for that wrist, and a wrist that rests in all
    references is left out of the mean. Each wrist's ratio heeds its coverage. Source: SLRTP 2025 Sign Production
    Challenge, which has no missing joints.
    """
    numbers: list[float] = []
    for part in _WRISTS:
        wrist = [pair.reference.skeleton.wrists[part]]
        ways = [_path_lengths(clip.coordinates[:, wrist], clip.valid[:, wrist])[0] for clip in _sides(pair)]
        if pair.reference.valid[:, wrist].sum() < 2:
            ways[1] = np.nan
        numbers += ours_and_theirs(ways[0], ways[1], _shown(pair, wrist))
    return tuple(numbers)


def _sides(pair: ClipPair) -> tuple[PoseSequence, PoseSequence]:
    return pair.hypothesis, pair.reference


def _shown(pair: ClipPair, joints: list[int], window: int = 1) -> float:
    return shown_share(pair.hypothesis.valid[:, joints], pair.reference.valid[:, joints], window)


def _path_lengths(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray) -> list[float]:
    """Lengths of the J joints' paths; frames without a joint are bridged by the straight line."""
    lengths = []
    for joint in range(valid_FJ.shape[1]):
        position_FC = coordinates_FJC[valid_FJ[:, joint], joint].astype(np.float64)
        lengths.append(float(np.sqrt((np.diff(position_FC, axis=0) ** 2).sum(-1)).sum()))
    return lengths


def conclude_total_distance(sums: np.ndarray) -> np.ndarray:
    """Mean of the two wrists' ratios, over those whose references move."""
    ratios = covered_ratios(sums)
    known = np.isfinite(ratios)
    pair = np.stack([np.where(known, ratios, 0.0).sum(-1), known.sum(-1)], axis=-1)
    return ratio_of_sums(pair)


def measure_duration(pair: ClipPair) -> tuple[float, float, float, float]:
    """Mean over clips of U / T, the frames of hypothesis and reference at one frame rate; its median; and ΣU / ΣT.

    A mean of 1 can hide that most clips are too short: a few that are far too long make up for them. Source of the
    mean: SLRTP 2025 Sign Production Challenge.
    """
    U, T = len(pair.hypothesis), len(pair.reference)
    return U / T, 1.0, float(U), float(T)


def conclude_duration(sums: np.ndarray) -> np.ndarray:
    """Mean and total; the median between them is no matter of sums."""
    mean_and_total = ratio_of_sums(sums)
    return np.insert(mean_and_total, 1, np.nan, axis=-1)


def measure_smoothness(pair: ClipPair) -> tuple[float, ...]:
    """Mean squared jerk of the hands' joints, summed over clips, of the hypothesis / of the reference.

    Jerk is the third difference over time, of joints seen in four consecutive frames. 1 is human-like, lower is
    smoother than human, higher is jittery. Clips whose reference is too short or shows no hands do not count; a
    hypothesis that is too short counts as 0. Coverage is that of four frames in a row. The guide's "motion smoothness";
    this toolkit's definition.
    """
    return _jerks(pair, _mean_squared_jerk)


def _jerks(pair: ClipPair, value_of: Callable[[PoseSequence], float]) -> tuple[float, ...]:
    shown = _shown(pair, _hands(pair.reference.skeleton), JERK_FRAMES)
    return ours_and_theirs(value_of(pair.hypothesis), value_of(pair.reference), shown)


def _hands(skeleton: Skeleton) -> list[int]:
    return [joint for part in _WRISTS for joint in skeleton.parts[part]]


def _mean_squared_jerk(pose: PoseSequence) -> float:
    jerk_NC = _jerk(pose)
    return float((jerk_NC**2).sum(-1).mean()) if len(jerk_NC) else np.nan


def _jerk(pose: PoseSequence) -> np.ndarray:
    """(N, C): the third difference over time, a second cubed, wherever four frames in a row show a hand's joint."""
    hands = _hands(pose.skeleton)
    coordinates_FJC, valid_FJ = pose.coordinates[:, hands].astype(np.float64), pose.valid[:, hands]
    if len(pose) < JERK_FRAMES:
        return np.zeros((0, coordinates_FJC.shape[2]))
    seen = valid_FJ[3:] & valid_FJ[2:-1] & valid_FJ[1:-2] & valid_FJ[:-3]
    return (np.diff(coordinates_FJC, n=3, axis=0) * pose.fps**3)[seen]


def measure_jerk(pair: ClipPair) -> tuple[float, ...]:
    """Mean absolute jerk of the hands' joints, summed over clips, of the hypothesis / of the reference.

    The length of the third difference over time, of joints seen in four consecutive frames, not squared as in
    `motion-smoothness`, so single slips of a tracker count for less. Per second cubed, so a clip that plays slower has
    less of it. Clips without it count as in `motion-smoothness`. This toolkit's definition.
    """
    return _jerks(pair, _mean_jerk)


def _mean_jerk(pose: PoseSequence) -> float:
    jerk_NC = _jerk(pose)
    return float(np.sqrt((jerk_NC**2).sum(-1)).mean()) if len(jerk_NC) else np.nan


def measure_path(pair: ClipPair) -> tuple[float, ...]:
    """Way of the hands' joints relative to the wrists, summed over clips, of the hypothesis / of the reference.

    A joint's way is the sum of its steps from frame to frame, over the whole clip; frames without the joint or its
    wrist are bridged by the straight line. Joints that the reference shows in fewer than two frames do not count for
    that clip; those that the hypothesis hides count for the coverage alone. A way a clip, not a second: a clip of the
    right speed that lasts twice as long has 2 here and 1 in `velocity-ratio`. The fingers' counterpart of
    `total-distance`; this toolkit's definition.
    """
    ways, masks = [0.0, 0.0], []
    for part in _WRISTS:
        (ours_FJC, shown_FJ), (theirs_FJC, due_FJ) = (_part_coordinates(clip, part) for clip in _sides(pair))
        masks.append((shown_FJ, due_FJ))
        counted_J = (due_FJ.sum(0) > 1) & shown_FJ.any(0)
        for side, (places_FJC, valid_FJ) in enumerate(((ours_FJC, shown_FJ), (theirs_FJC, due_FJ))):
            for length in _path_lengths(places_FJC[:, counted_J], valid_FJ[:, counted_J]):
                ways[side] += length
    shown_FJ, due_FJ = (np.concatenate(side, axis=1) for side in zip(*masks, strict=True))
    known_J = due_FJ.sum(0) > 1
    if not known_J.any():
        return ours_and_theirs(np.nan, np.nan, np.nan)
    return ours_and_theirs(ways[0], ways[1], shown_share(shown_FJ[:, known_J], due_FJ[:, known_J]))


def measure_bone_length(pair: ClipPair) -> tuple[float, ...]:
    """Mean length of the bones, summed over clips, of the hypothesis / of the reference; for body and fingers.

    The fingers' bones are the twenty of each hand, from its root to the tips; the body's lead to the nose, shoulders,
    elbows and wrists. A bone's length is its mean over the frames that show it; bones that the reference never shows
    do not count for that clip, and those that the hypothesis hides count for the coverage alone. Frames are averaged,
    so how long a clip lasts does not matter. A model that answers with the mean of several postures shrinks its hands,
    and 2D recordings shorten bones that point at the camera in both alike. This toolkit's definition.
    """
    lengths, masks = zip(*(_bone_lengths(clip) for clip in _sides(pair)), strict=True)
    ours_B, theirs_B = (_mean_bones(*side) for side in zip(lengths, masks, strict=True))
    numbers: list[float] = []
    for group in bone_groups(pair.reference.skeleton):
        both = group[np.isfinite(theirs_B[group]) & np.isfinite(ours_B[group])]
        shown = shown_share(masks[0][:, group], masks[1][:, group])
        means = [float(bone_B[both].mean()) if len(both) else 0.0 for bone_B in (ours_B, theirs_B)]
        numbers += ours_and_theirs(means[0], means[1] if np.isfinite(shown) else np.nan, shown)
    return tuple(numbers)


def bone_groups(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Which bones are the body's, and which the fingers'; that from a wrist to its hand's root is neither."""
    ends = [(skeleton.part_of(parent), skeleton.part_of(child)) for parent, child in skeleton.bones]
    body = [bone for bone, pair in enumerate(ends) if pair == ("body", "body")]
    fingers = [bone for bone, (parent, child) in enumerate(ends) if parent == child != "body"]
    return np.array(body), np.array(fingers)


def _mean_bones(length_FB: np.ndarray, seen_FB: np.ndarray) -> np.ndarray:
    """Mean length of each bone over the frames that show it; NaN for one that is never seen."""
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
    the fingers do is not hidden by what the arm does. A clip whose reference lacks the part does not count. Coverage is
    that of two frames in a row.
    """
    return _by_part(pair, _mean_speed, window=2)


def measure_displacement(pair: ClipPair) -> tuple[float, ...]:
    """Mean displacement of a part's joints over a fifth of a second, summed over clips, of hypothesis / reference.

    The distance between a joint's places that lie 0.2 s apart, in frames that both show it; hands relative to their
    wrists, as in `velocity-ratio`. Trembling takes a joint nowhere, so it counts for much less than in that figure. A
    clip whose reference lacks the part or is shorter does not count. This toolkit's definition.
    """
    return _by_part(pair, _mean_displacement)


def measure_variance(pair: ClipPair) -> tuple[float, ...]:
    """Variance over time of a part's joints, summed over clips, of the hypothesis / of the reference.

    The squared distance of a joint to its mean place in the clip, averaged over all frames that show it. Hands relative
    to their wrists, as in `velocity-ratio`.
    """
    return _by_part(pair, _mean_variance)


def _by_part(
    pair: ClipPair, value_of: Callable[[np.ndarray, np.ndarray, float], float], window: int = 1
) -> tuple[float, ...]:
    numbers: list[float] = []
    for part in PARTS:
        sides = [_part_coordinates(clip, part) for clip in _sides(pair)]
        values = [value_of(*side, clip.fps) for side, clip in zip(sides, _sides(pair), strict=True)]
        numbers += ours_and_theirs(values[0], values[1], shown_share(sides[0][1], sides[1][1], window))
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


def _mean_displacement(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray, fps: float) -> float:
    frames = max(1, round(MOMENT_S * fps))
    seen = valid_FJ[frames:] & valid_FJ[:-frames]
    if not seen.any():
        return np.nan
    return float(np.sqrt(((coordinates_FJC[frames:] - coordinates_FJC[:-frames])[seen] ** 2).sum(-1)).mean())


def _mean_variance(coordinates_FJC: np.ndarray, valid_FJ: np.ndarray, fps: float) -> float:
    count_J = valid_FJ.sum(0)
    if not count_J.any():
        return np.nan
    mean_JC = (coordinates_FJC * valid_FJ[..., None]).sum(0) / np.maximum(count_J, 1)[:, None]
    return float(((coordinates_FJC - mean_JC)[valid_FJ] ** 2).sum(-1).mean())


def measure_bone_variation(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips and bones of (standard deviation over time / mean) of the hypothesis's bone lengths.

    Bones are rigid, so 0 is right in 3D; in 2D recordings foreshortening varies them, so compare with the reference's
    own row. Bones shorter than 0.01 shoulder widths, or seen in fewer than two frames, do not count. Where the
    hypothesis hides a bone that the reference shows, it varies by its whole length, for the share hidden.
    """
    length_FB, seen_FB = _bone_lengths(pair.hypothesis)
    _, due_FB = _bone_lengths(pair.reference)
    count_B = np.maximum(seen_FB.sum(0), 1)
    mean_B = length_FB.sum(0) / count_B
    deviation_B = np.sqrt(((length_FB - mean_B) ** 2 * seen_FB).sum(0) / count_B)
    counted_B = (mean_B > SHORTEST_BONE) & (seen_FB.sum(0) > 1)
    share_B = np.minimum(1, np.divide(seen_FB.mean(0), due_FB.mean(0), out=np.ones(len(mean_B)), where=due_FB.any(0)))
    variation_B = np.divide(deviation_B, mean_B, out=np.ones(len(mean_B)), where=counted_B)
    variation_B = share_B * variation_B + (1 - share_B)
    counted_B |= (share_B == 0) & (due_FB.sum(0) > 1)
    return mean_over_clips(float(variation_B[counted_B].mean()) if counted_B.any() else np.nan)


def _for_parts(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for part in PARTS)


def _ratio(
    name: str, figures: tuple[str, ...], measure: Callable[[ClipPair], Sequence[float]], masks: str = "seen-in-each"
) -> Preset:
    return Preset(name, figures, ONE, "ratio", measure, covered_ratios, masks=f"{masks}-by-coverage", version=2)


_BONE_GROUPS = ("bone_length_ratio_body", "bone_length_ratio_fingers")
PRESETS = (
    replace(
        _ratio("total-distance", ("total_distance",), measure_total_distance, "bridged"),
        conclude=conclude_total_distance,
    ),
    Preset(
        "duration",
        ("duration", "duration_median", "duration_total"),
        ONE,
        "ratio",
        measure_duration,
        conclude_duration,
        masks="none",
        version=2,
        medians=((1, 0),),
    ),
    _ratio("motion-smoothness", ("motion_smoothness",), measure_smoothness),
    _ratio("jerk-ratio", ("jerk_ratio",), measure_jerk),
    _ratio("path-ratio", ("path_ratio_hands",), measure_path, "bridged"),
    _ratio("velocity-ratio", _for_parts("velocity_ratio"), measure_velocity),
    _ratio("displacement-ratio", _for_parts("displacement_ratio"), measure_displacement),
    _ratio("variance-ratio", _for_parts("variance_ratio"), measure_variance),
    _ratio("bone-length-ratio", _BONE_GROUPS, measure_bone_length),
    Preset(
        "bone-length-variation",
        ("bone_length_variation",),
        LOWER,
        "share of length",
        measure_bone_variation,
        ratio_of_sums,
        masks="seen-in-each-by-coverage",
        version=2,
    ),
)

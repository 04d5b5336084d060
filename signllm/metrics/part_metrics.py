"""Metrics of closeness that look at body and hands, or at each joint, apart.

Legend: U hypothesis frames, T reference frames, F frames, J joints, A joints of a part, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from signllm.aligning.dtw import align_costs, as_costs, in_three_coordinates
from signllm.aligning.missing import missed_costs
from signllm.metrics.coverage import counted_frames
from signllm.metrics.motion_metrics import PARTS
from signllm.metrics.path_metrics import mean_over_clips
from signllm.metrics.preset import LOWER, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence

SOURCE_FPS = 20  # of SOKE, whose sums over the path grow with the frame rate
NDTW_P_FILL, DTW_P_FILL = 1.0, 10.0  # each coordinate of a missing joint
RAISED_MARGIN = 5  # frames kept around those in which a hand is raised, at every frame rate


def measure_dtw_jpe(pair: ClipPair) -> tuple[float, ...]:
    """Mean over clips of D, not divided by any length, for body and each hand; local cost = mean over a part's joints.

    The distance is Euclidean after the hypothesis's root is laid on the reference's: the neck for the body, a hand's
    own root for the hand (the root counts as one of the joints). Exact DTW of each part by itself, steps (1,1), (1,0),
    (0,1) of unit weight. It grows with the number of frames, so it compares only at one frame rate (the source has 20
    fps), and in other joints and units than the source's it is no figure of theirs. Missing: the reference's frames
    that do not show root and another joint of the part are left out, and so are as many of the hypothesis's (in
    proportion); a clip whose reference has none left does not count. A joint counts when the reference's frame shows
    it; one that the hypothesis lacks, or whose root it lacks, costs what it costs in `dtw-mje`. Source: SOKE
    (arXiv 2411.17799), DTW-JPE.
    """
    worst_TJ = missed_costs(pair.hypothesis, pair.reference)
    numbers: list[float] = []
    for part in PARTS:
        joints = list(pair.reference.skeleton.parts[part])
        root = pair.reference.skeleton.root if pair.reference.skeleton.root in joints else joints[0]
        others = [joint for joint in joints if joint != root]
        sides = []
        for clip in (pair.hypothesis, pair.reference):
            places_FJ3 = in_three_coordinates(clip)
            known_FJ = clip.valid[:, others] & clip.valid[:, [root]]
            sides.append((places_FJ3[:, others] - places_FJ3[:, [root]], known_FJ))
        shown_U, due_T = (known_FJ.any(1) for _, known_FJ in sides)
        kept = counted_frames(shown_U, due_T), np.flatnonzero(due_T)
        ours, theirs = ((places[frames], known[frames]) for (places, known), frames in zip(sides, kept, strict=True))
        numbers += _cost_of_path(_root_aligned_costs(ours, theirs, worst_TJ[due_T][:, others]))
    return tuple(numbers)


def measure_dtw_pa_jpe(pair: ClipPair) -> tuple[float, ...]:
    """Mean over clips of D, not divided by any length, for body and each hand; local cost = mean over a part's joints.

    The distance is Euclidean after Procrustes in each pair of frames: the rotation, scale and shift (no reflection)
    that bring the hypothesis's frame nearest to the reference's in the sense of least squares; over all joints for
    the body, over its own joints for a hand, as in the source: so the body's figure may exceed that of `dtw-jpe`.
    Otherwise as `dtw-jpe`; the reference's frames that show fewer than three joints to align, or none of the part, are
    left out likewise. Where the hypothesis lacks a share of the joints that align, all joints of the part are missed
    by that share, and wholly where fewer than three are left. Source: SOKE (arXiv 2411.17799), DTW-PA-JPE.
    """
    from signllm.metrics.part_kernels import MIN_POINTS, procrustes_costs

    worst_TJ = missed_costs(pair.hypothesis, pair.reference)
    numbers: list[float] = []
    for part in PARTS:
        skeleton = pair.reference.skeleton
        joints = list(skeleton.parts[part])
        aligning = list(range(skeleton.num_joints)) if skeleton.root in joints else joints
        clips = pair.hypothesis, pair.reference
        shown_U, due_T = (
            (clip.valid[:, aligning].sum(1) >= MIN_POINTS) & clip.valid[:, joints].any(1) for clip in clips
        )
        sides = []
        for clip, frames in zip(clips, (counted_frames(shown_U, due_T), np.flatnonzero(due_T)), strict=True):
            places_FA3 = in_three_coordinates(clip)[frames][:, aligning].astype(np.float64, order="C")
            sides.append((places_FA3, np.ascontiguousarray(clip.valid[frames][:, aligning])))
        missed_TA = np.ascontiguousarray(worst_TJ[due_T][:, aligning])
        numbers += _cost_of_path(procrustes_costs(*sides[0], *sides[1], np.isin(aligning, joints), missed_TA))
    return tuple(numbers)


def _cost_of_path(cost_UT: np.ndarray) -> tuple[float, float]:
    return mean_over_clips(align_costs(cost_UT).cost) if cost_UT.size else (0.0, 0.0)


def _root_aligned_costs(
    hypothesis: tuple[np.ndarray, ...], reference: tuple[np.ndarray, ...], worst_TA: np.ndarray
) -> np.ndarray:
    """(U, T) float32 mean distances over the root, whose own is 0, and the others, given as (F, A, 3), (F, A) mask.

    One that only the reference shows costs `worst_TA`.
    """
    from signllm.aligning.dtw_kernels import MEAN_JOINT, masked_costs, whole_costs

    (hypothesis_UA3, seen_UA), (reference_TA3, seen_TA) = hypothesis, reference
    if not len(seen_TA):  # then every hypothesis frame may lack the part, too
        return np.empty((0, 0), np.float32)
    others = seen_UA.shape[1]
    hypothesis_UA3, reference_A3T = np.ascontiguousarray(hypothesis_UA3), reference_TA3.transpose(1, 2, 0).copy()
    if seen_UA.all() and seen_TA.all():
        return whole_costs(MEAN_JOINT, hypothesis_UA3, reference_A3T) * np.float32(others / (others + 1))
    seen_UA, seen_AT = seen_UA.astype(np.float32), np.ascontiguousarray(seen_TA.T.astype(np.float32))
    due_T = seen_AT.sum(0)
    costs_UT = masked_costs(MEAN_JOINT, hypothesis_UA3, seen_UA, reference_A3T, seen_AT, as_costs(worst_TA))
    return costs_UT * (due_T / (due_T + 1))


def measure_ham2pose_ndtw(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean over joints of D, each joint aligned by itself in the image plane; no length in it.

    Each clip is shifted so that the mean middle of its shoulders is the origin, scaled so that their mean distance is
    1, and loses its leading and trailing frames that show neither wrist. Local cost of a joint: 0 if the reference
    lacks it, ½ |reference| if only the hypothesis does, else the distance. Exact DTW, steps (1,1), (1,0), (0,1) of
    unit weight; the source's fastdtw is an approximation from above of it, and its origin is the upper left corner of
    the clip's box, which matters only for the ½ |reference|. A clip whose shoulders are never seen together does not
    count. Source: Ham2Pose (arXiv 2211.13613), `metrics.py`, nDTW.
    """
    from signllm.metrics.part_kernels import keypoint_costs

    sides = []
    for clip in (pair.hypothesis, pair.reference):
        places_FJ2 = _by_shoulders(clip, 2)
        if places_FJ2 is None:
            return 0.0, 0.0
        hands_F = np.flatnonzero(clip.valid[:, list(clip.skeleton.wrists.values())].any(1))
        kept = slice(hands_F[0], hands_F[-1] + 1) if len(hands_F) else slice(None)
        sides += [np.ascontiguousarray(places_FJ2[kept].transpose(1, 0, 2)), np.ascontiguousarray(clip.valid[kept].T)]
    return mean_over_clips(float(keypoint_costs(*sides).mean()))


def measure_ndtw_p(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean over the joints of both hands of √D, each joint aligned by itself; no length in it.

    Local cost = squared distance; exact DTW, steps (1,1), (1,0), (0,1) of unit weight. No frame is trimmed. Each clip
    is first shifted so that the mean middle of its shoulders is the origin, and scaled so that their mean distance is
    1, in all coordinates: for clips in shoulder widths a small change. A missing joint of either clip stands at 1 in
    each coordinate: one that both lack costs nothing, and one that only the reference lacks costs its distance to
    there, too. A hypothesis that never shows both shoulders lacks all joints, as in the source; where the reference
    never does, the clip does not count. Source: pose-evaluation (WMT 2025, arXiv 2510.07453), nDTWp of
    `examples/Pose_Evaluation_Example.ipynb`.
    """
    dimensions = pair.reference.coordinates.shape[2]
    hypothesis_UJC, reference_TJC = (_by_shoulders(clip, dimensions) for clip in (pair.hypothesis, pair.reference))
    if reference_TJC is None:
        return 0.0, 0.0
    if hypothesis_UJC is None:
        hypothesis_UJC = np.full(pair.hypothesis.coordinates.shape, NDTW_P_FILL)
    return mean_over_clips(
        _distance_of_hands(
            _hands_filled(pair.hypothesis, hypothesis_UJC, NDTW_P_FILL),
            _hands_filled(pair.reference, reference_TJC, NDTW_P_FILL),
        )
    )


def measure_dtw_p(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean over the joints of both hands of √D, each joint aligned by itself; no length in it.

    Local cost and DTW as in `ndtw-p`. But the clips keep their unit and origin, rest is trimmed, and a missing joint of
    either clip stands at 10 in each coordinate. A clip begins 5 frames before a wrist is first above its elbow, though
    not before that wrist is first seen, and ends likewise; one in which no wrist is ever above its elbow stays whole.
    The source's clips are in pixels, where (10, 10) is a corner of the picture. In shoulder widths it is more than ten
    widths from the hands, so a missing joint weighs far more, and published figures are not comparable. Source:
    pose-evaluation (WMT 2025, arXiv 2510.07453), DTWp of its README; trimming as `trim_pose` of spoken-to-signed.
    """
    hands = []
    for clip in (pair.hypothesis, pair.reference):
        hands.append(_hands_filled(clip, clip.coordinates.astype(np.float64), DTW_P_FILL)[_raised(clip)])
    return mean_over_clips(_distance_of_hands(*hands))


def _hands_filled(clip: PoseSequence, places_FJC: np.ndarray, fill: float) -> np.ndarray:
    """(F, A, C) the joints of both hands, with `fill` as each coordinate of those that the clip lacks."""
    joints = [joint for part in clip.skeleton.wrists for joint in clip.skeleton.parts[part]]
    return np.where(clip.valid[:, joints, None], places_FJC[:, joints], fill)


def _distance_of_hands(hypothesis_UAC: np.ndarray, reference_TAC: np.ndarray) -> float:
    from signllm.metrics.part_kernels import trajectory_distances

    sides = (np.ascontiguousarray(side.transpose(1, 0, 2)) for side in (hypothesis_UAC, reference_TAC))
    return float(trajectory_distances(*sides).mean())


def _raised(clip: PoseSequence) -> slice:
    """The frames that `dtw-p` keeps: those in which a wrist is above its elbow, all between them, and a margin."""
    starts, ends = [], []
    for wrist in clip.skeleton.wrists.values():
        elbow = clip.skeleton.parents[wrist]
        above_F = clip.coordinates[:, wrist, 1] < clip.coordinates[:, elbow, 1]
        raised = np.flatnonzero(above_F & clip.valid[:, wrist] & clip.valid[:, elbow])
        seen = np.flatnonzero(clip.valid[:, wrist])
        if len(raised):
            starts.append(max(seen[0], raised[0] - RAISED_MARGIN))
            ends.append(min(seen[-1], raised[-1] + RAISED_MARGIN) + 1)
    return slice(min(starts), max(ends)) if starts else slice(None)


def _by_shoulders(clip: PoseSequence, dimensions: int) -> np.ndarray | None:
    """(F, J, dimensions) float64 normalised by the mean middle and distance of the shoulders; None without a scale."""
    places_FJC = clip.coordinates[..., :dimensions].astype(np.float64)
    shoulders = list(clip.skeleton.shoulders)
    both_F2C = places_FJC[clip.valid[:, shoulders].all(1)][:, shoulders]
    if not len(both_F2C):
        return None
    width = np.sqrt(((both_F2C[:, 0] - both_F2C[:, 1]) ** 2).sum(-1)).mean()
    return (places_FJC - both_F2C.mean((0, 1))) / width if width > 0 else None


def _for_parts(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{part}" for part in PARTS)


def _of_soke(name: str, figure: str, measure: Callable[[ClipPair], Sequence[float]]) -> Preset:
    choices = f"source-fps:{SOURCE_FPS}"
    return Preset(
        name,
        _for_parts(figure),
        LOWER,
        _SUMMED,
        measure,
        ratio_of_sums,
        masks="missed-at-worst",
        choices=choices,
        compiled=True,
        version=2,
    )


def _of_pose_evaluation(
    name: str, figure: str, measure: Callable[[ClipPair], Sequence[float]], fill: float, choices: str
) -> Preset:
    unit = "shoulder widths, root of the sum of squares over the path"
    masks = f"filled-{fill:g}"
    return Preset(
        name,
        (figure,),
        LOWER,
        unit,
        measure,
        ratio_of_sums,
        masks=masks,
        choices=f"joints:hands|{choices}",
        compiled=True,
    )


_SUMMED = "shoulder widths, summed over the path"
PRESETS = (
    Preset(
        "ham2pose-ndtw",
        ("ham2pose_ndtw",),
        LOWER,
        _SUMMED,
        measure_ham2pose_ndtw,
        ratio_of_sums,
        masks="ham2pose",
        compiled=True,
    ),
    _of_pose_evaluation("ndtw-p", "ndtw_p", measure_ndtw_p, NDTW_P_FILL, "scale:shoulders|trim:none"),
    _of_pose_evaluation("dtw-p", "dtw_p", measure_dtw_p, DTW_P_FILL, "scale:as-given|trim:raised"),
    _of_soke("dtw-jpe", "dtw_jpe", measure_dtw_jpe),
    _of_soke("dtw-pa-jpe", "dtw_pa_jpe", measure_dtw_pa_jpe),
)

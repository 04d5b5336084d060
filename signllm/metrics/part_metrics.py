"""Metrics of closeness that look at body and hands, or at each joint, apart.

Legend: U hypothesis frames, T reference frames, F frames, J joints, A joints of a part, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from signllm.metrics.coverage import counted_frames, missed_costs
from signllm.metrics.dtw import align_costs, as_costs, in_three_coordinates
from signllm.metrics.motion_metrics import PARTS
from signllm.metrics.path_metrics import mean_over_clips
from signllm.metrics.preset import LOWER, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence

SOURCE_FPS = 20  # of SOKE, whose sums over the path grow with the frame rate


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
    from signllm.metrics.dtw_kernels import MEAN_JOINT, masked_costs, whole_costs

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
        normalised = _by_shoulders(clip)
        if normalised is None:
            return 0.0, 0.0
        places_FJ2, seen_FJ = normalised
        sides += [np.ascontiguousarray(places_FJ2.transpose(1, 0, 2)), np.ascontiguousarray(seen_FJ.T)]
    return mean_over_clips(float(keypoint_costs(*sides).mean()))


def _by_shoulders(clip: PoseSequence) -> tuple[np.ndarray, np.ndarray] | None:
    """(F, J, 2) float64 normalised and trimmed, and its (F, J) mask; None when the shoulders do not give a scale."""
    places_FJ2 = clip.coordinates[..., :2].astype(np.float64)
    shoulders = list(clip.skeleton.shoulders)
    both_F2 = places_FJ2[clip.valid[:, shoulders].all(1)][:, shoulders]
    if not len(both_F2):
        return None
    width = np.sqrt(((both_F2[:, 0] - both_F2[:, 1]) ** 2).sum(-1)).mean()
    if width == 0:
        return None
    places_FJ2 = (places_FJ2 - both_F2.mean((0, 1))) / width
    hands_F = np.flatnonzero(clip.valid[:, list(clip.skeleton.wrists.values())].any(1))
    kept = slice(hands_F[0], hands_F[-1] + 1) if len(hands_F) else slice(None)
    return places_FJ2[kept], clip.valid[kept]


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
    _of_soke("dtw-jpe", "dtw_jpe", measure_dtw_jpe),
    _of_soke("dtw-pa-jpe", "dtw_pa_jpe", measure_dtw_pa_jpe),
)

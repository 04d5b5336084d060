"""Metrics of closeness: distances and similarities of a clip to its reference along a warping path.

Legend: P frame pairs on the path, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from signllm.aligning.dtw import dtw
from signllm.aligning.missing import missed_costs, worst_places
from signllm.metrics.preset import HIGHER, LOWER, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence

FILES_SHOULDER_WIDTH = 1 / 3  # of the .skels files of Progressive Transformers, whose scale `pt-dtw` keeps
PCK_THRESHOLD = 0.2


def mean_over_clips(value: float) -> tuple[float, float]:
    """What a clip adds to a mean over clips: (value, 1), or (0, 0) when it has no value."""
    return (value, 1.0) if np.isfinite(value) else (0.0, 0.0)


def measure_dtw_mje(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of D / |π|; local cost = mean distance of the joints that the reference shows.

    The distance is Euclidean; a joint that the hypothesis lacks costs its distance to the worst place in the
    reference's box (signllm.aligning.missing). Exact DTW, steps (1,1), (1,0), (0,1) of unit weight. The guide's "DTW
    score", in shoulder widths. Source: this toolkit's definition; the length-normalised form of Progressive
    Transformers' DTW.
    """
    return mean_over_clips(pair.alignments["mean_joint"].mean_cost)


def measure_pt_dtw(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of D / T; local cost = sum of absolute differences over all coordinates, in files' scale (÷ 3).

    Both clips lose their last frame and the hypothesis its first, as cutting at the counter's first maximum and
    dropping the start frame do there (a clip of fewer frames keeps one). Source: Progressive Transformers
    (arXiv 2004.14874), `dtw.py` and `prediction.py`.
    """
    hypothesis = pair.hypothesis[1 : max(2, len(pair.hypothesis) - 1)] if len(pair.hypothesis) > 1 else pair.hypothesis
    reference = pair.reference[: max(1, len(pair.reference) - 1)]
    cost = dtw(hypothesis, reference, "l1_sum").cost * FILES_SHOULDER_WIDTH
    return mean_over_clips(cost / len(reference))


def measure_slrtp2025(pair: ClipPair) -> tuple[float, float]:
    """Σ_n Σ_(i,j)∈π_n Σ_k ‖r_ik − h_jk‖₂ / (J Σ_n |π_n|), with π_n from fastdtw (radius 1) on L2 of flattened frames.

    The path is approximate by definition, and the score is weighted by frames over the corpus. With missing joints
    the flattened L2 is over the joints seen in both, scaled by √(J / their number), and only those are summed and
    counted (a frame pair that shares no joint costs the path nothing); fastdtw's coarse levels average the frames that
    show a joint. The challenge scored every second frame of 25 fps. Source: SLRTP 2025 Sign Production Challenge,
    `metrics.py`.
    """
    from signllm.metrics.fastdtw_kernels import fastdtw_path

    sides = []
    for clip in (pair.hypothesis, pair.reference):
        sides += [clip.coordinates.reshape(len(clip), -1).astype(np.float64), clip.valid.astype(np.float64)]
    distance_PJ, both_PJ = _distances_on(fastdtw_path(*sides), pair.hypothesis, pair.reference)
    return float(distance_PJ[both_PJ].sum()), float(both_PJ.sum())


def measure_pose_similarity(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean over the `dtw-mje` path of the cosine similarity of the root-centred frames.

    In [-1, 1]. The joints that the reference's frame shows enter, less the root; one that the hypothesis lacks stands
    in its worst place (signllm.aligning.missing). A frame without its root is centred by the clip's mean root. Frame
    pairs whose reference shows nothing are left out. The guide's "pose similarity"; this toolkit's definition.
    """
    path = pair.alignments["mean_joint"].path
    hypothesis, reference = _root_centred(pair.hypothesis), _root_centred(pair.reference)
    h_PJC, r_PJC = hypothesis[path[:, 0]], reference[path[:, 1]]
    shown_PJ, due_PJ = pair.hypothesis.valid[path[:, 0]], pair.reference.valid[path[:, 1]]
    if not shown_PJ.all():
        worst_PJC = worst_places(reference, pair.reference.valid)[path[:, 1]]
        h_PJC = np.where(shown_PJ[..., None], h_PJC, worst_PJC)
    h_PJC, r_PJC = h_PJC * due_PJ[..., None], r_PJC * due_PJ[..., None]
    norm_P = np.sqrt((h_PJC**2).sum((1, 2)) * (r_PJC**2).sum((1, 2)))
    dot_P = (h_PJC * r_PJC).sum((1, 2))
    counted = norm_P > 0
    return mean_over_clips(float((dot_P[counted] / norm_P[counted]).mean()) if counted.any() else np.nan)


def measure_mpjpe(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean distance, over all joints that the reference shows on the `dtw-mje` path.

    A joint that the hypothesis lacks costs what it costs in `dtw-mje`. Equal to that when the reference lacks nothing;
    else a joint counts alike in full and in sparse frames. In shoulder widths.
    """
    distance_PJ, shown_PJ, due_PJ = _on_path(pair)
    if not shown_PJ.all():
        worst_TJ = missed_costs(pair.hypothesis, pair.reference)
        distance_PJ = np.where(shown_PJ, distance_PJ, worst_TJ[pair.alignments["mean_joint"].path[:, 1]])
    return mean_over_clips(float(distance_PJ[due_PJ].mean()) if due_PJ.any() else np.nan)


def measure_coverage(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the share of joints that the hypothesis shows, of those that the reference shows, on the path.

    Over all frame pairs of the path of `dtw-mje`. 1 where the hypothesis hides nothing; what it hides is charged in the
    other figures as each of them says. This toolkit's definition.
    """
    _, shown_PJ, due_PJ = _on_path(pair)
    return mean_over_clips(float(shown_PJ[due_PJ].mean()) if due_PJ.any() else np.nan)


class PckMeasure:
    """Mean over clips of the share of joints within the threshold in its name, in shoulder widths, on the path.

    Of the joints that the reference shows, over all frame pairs of the path of `dtw-mje`; a joint that the hypothesis
    lacks is wrong.
    """

    def __init__(self, threshold: float):
        self.threshold = threshold

    def __call__(self, pair: ClipPair) -> tuple[float, float]:
        """Share and 1, or nothing when the reference shows no joint."""
        distance_PJ, shown_PJ, due_PJ = _on_path(pair)
        right_PJ = (distance_PJ <= self.threshold) & shown_PJ
        return mean_over_clips(float(right_PJ[due_PJ].mean()) if due_PJ.any() else np.nan)


def pck_preset(threshold: float) -> Preset:
    """`pck@threshold`; the figure of the usual threshold is called `pck`, of others by the whole name."""
    name = f"pck@{threshold:g}"
    figure = "pck" if threshold == PCK_THRESHOLD else name
    return _on_the_path(name, figure, HIGHER, "share of joints", PckMeasure(threshold))


def _on_the_path(
    name: str, figure: str, better: str, unit: str, measure: Callable[[ClipPair], Sequence[float]]
) -> Preset:
    """A preset of our own on the path of `dtw-mje`, where missed joints count."""
    path = ("mean_joint",)
    return Preset(name, (figure,), better, unit, measure, ratio_of_sums, path, "missed-at-worst", version=2)


def _on_path(pair: ClipPair) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P, J) along the path of `dtw-mje`: distances, what the hypothesis shows, and what the reference shows."""
    path = pair.alignments["mean_joint"].path
    distance_PJ, _ = _distances_on(path, pair.hypothesis, pair.reference)
    return distance_PJ, pair.hypothesis.valid[path[:, 0]], pair.reference.valid[path[:, 1]]


def _distances_on(path: np.ndarray, hypothesis: PoseSequence, reference: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """(P, J) distances along a path, and the (P, J) mask of joints seen in both frames."""
    difference_PJC = hypothesis.coordinates[path[:, 0]] - reference.coordinates[path[:, 1]]
    both_PJ = hypothesis.valid[path[:, 0]] & reference.valid[path[:, 1]]
    return np.sqrt((difference_PJC.astype(np.float64) ** 2).sum(-1)), both_PJ


def _root_centred(pose: PoseSequence) -> np.ndarray:
    root_FC = pose.coordinates[:, pose.skeleton.root].astype(np.float64)
    seen_F = pose.valid[:, pose.skeleton.root]
    if not seen_F.all():
        # Never seen: the origin, which is where clips in shoulder widths have their neck.
        mean_C = root_FC[seen_F].mean(0) if seen_F.any() else np.zeros(root_FC.shape[1])
        root_FC = np.where(seen_F[:, None], root_FC, mean_C)
    return pose.coordinates - root_FC[:, None]


DTW_MJE = _on_the_path("dtw-mje", "dtw_score", LOWER, "shoulder widths", measure_dtw_mje)
PT_DTW = Preset("pt-dtw", ("pt_dtw",), LOWER, "summed file units", measure_pt_dtw, ratio_of_sums, compiled=True)
SLRTP2025 = Preset(
    "slrtp2025", ("slrtp2025",), LOWER, "shoulder widths", measure_slrtp2025, ratio_of_sums, compiled=True
)
POSE_SIMILARITY = _on_the_path("pose-similarity", "pose_similarity", HIGHER, "cosine", measure_pose_similarity)
MPJPE = _on_the_path("mpjpe", "mpjpe", LOWER, "shoulder widths", measure_mpjpe)
PCK = pck_preset(PCK_THRESHOLD)
COVERAGE = Preset(
    "coverage",
    ("coverage",),
    HIGHER,
    "share of joints",
    measure_coverage,
    ratio_of_sums,
    alignments=("mean_joint",),
    masks="shown-of-reference",
)
PRESETS = (COVERAGE, DTW_MJE, PT_DTW, SLRTP2025, POSE_SIMILARITY, MPJPE, PCK)

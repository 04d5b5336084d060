"""Metrics of handshape: where the bones of the fingers point, wherever the hands are and however large.

Legend: P frame pairs on the path, F frames, B bones of the fingers, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.metrics.motion_metrics import bone_groups
from signllm.metrics.path_metrics import mean_over_clips
from signllm.metrics.preset import HIGHER, ClipPair, Preset, ratio_of_sums
from signllm.pose import PoseSequence

OPPOSITE = -1.0  # cosine of a bone that the reference shows and the hypothesis lacks: no guess is worse
NO_LENGTH = 1e-4  # shoulder widths; below it a bone points nowhere


def measure_handshape(pair: ClipPair) -> tuple[float, float]:
    """Mean over clips of the mean cosine between the directions of the fingers' bones, along the path of `dtw-mje`.

    In [-1, 1]; over the twenty bones of each hand that the reference's frame shows. A bone that the hypothesis lacks
    counts as -1, one without length as 0, and one that the reference shows without length not at all. In 2D the
    directions are those in the image. This toolkit's definition: distances hardly see fingers, which are short.
    """
    path = pair.alignments["mean_joint"].path
    ours_FBC, shown_FB = _finger_directions(pair.hypothesis)
    theirs_FBC, due_FB = _finger_directions(pair.reference)
    cosine_PB = (ours_FBC[path[:, 0]] * theirs_FBC[path[:, 1]]).sum(-1)
    cosine_PB = np.where(shown_FB[path[:, 0]], cosine_PB, OPPOSITE)
    due_PB = (due_FB & (theirs_FBC != 0).any(-1))[path[:, 1]]
    return mean_over_clips(float(cosine_PB[due_PB].mean()) if due_PB.any() else np.nan)


def _finger_directions(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """(F, B, C) unit vectors from joint to joint, 0 for a bone without length, and the (F, B) mask of bones shown."""
    _, fingers = bone_groups(pose.skeleton)
    parent, child = pose.skeleton.bones[fingers].T
    bone_FBC = (pose.coordinates[:, child] - pose.coordinates[:, parent]).astype(np.float64)
    length_FB1 = np.sqrt((bone_FBC**2).sum(-1, keepdims=True))
    unit_FBC = np.divide(bone_FBC, length_FB1, out=np.zeros_like(bone_FBC), where=length_FB1 > NO_LENGTH)
    return unit_FBC, pose.valid[:, parent] & pose.valid[:, child]


PRESETS = (
    Preset(
        "handshape-similarity",
        ("handshape_similarity",),
        HIGHER,
        "cosine",
        measure_handshape,
        ratio_of_sums,
        alignments=("mean_joint",),
        masks="missed-at-worst",
    ),
)

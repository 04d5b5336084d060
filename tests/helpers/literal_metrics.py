"""Every metric once more, in plain loops, from its definition alone; slow, and sharing no code with what is tested."""

import functools
from statistics import median

import numpy as np

from tests.helpers.literal_motion import (
    literal_bone_length,
    literal_bone_variation,
    literal_displacement,
    literal_jerk,
    literal_path_of_hands,
    literal_smoothness,
    literal_total_distance,
    literal_variance,
    literal_velocity,
)
from tests.helpers.literal_parts import (
    literal_dtw_jpe,
    literal_dtw_p,
    literal_dtw_pa_jpe,
    literal_ham2pose,
    literal_ndtw_p,
)
from tests.helpers.literal_paths import (
    literal_coverage,
    literal_dtw_score,
    literal_handshape,
    literal_mpjpe,
    literal_pck,
    literal_pose_similarity,
    literal_pt_dtw,
    literal_slrtp2025,
    mean,
)


def literal_fgd(encoder, hs, rs):
    from scipy.linalg import sqrtm

    (mean_h, cov_h), (mean_r, cov_r) = (
        (z.mean(0), np.cov(z, rowvar=False))
        for z in (np.array([encoder.encode(c) for c in clips]) for clips in (hs, rs))
    )
    return ((mean_h - mean_r) ** 2).sum() + np.trace(cov_h + cov_r - 2 * np.real(sqrtm(cov_h @ cov_r)))


LITERAL = {
    ("coverage", "coverage"): literal_coverage,
    ("dtw-mje", "dtw_score"): literal_dtw_score,
    ("pt-dtw", "pt_dtw"): literal_pt_dtw,
    ("slrtp2025", "slrtp2025"): literal_slrtp2025,
    ("pose-similarity", "pose_similarity"): literal_pose_similarity,
    ("handshape-similarity", "handshape_similarity"): literal_handshape,
    ("mpjpe", "mpjpe"): literal_mpjpe,
    ("pck@0.2", "pck"): literal_pck,
    ("total-distance", "total_distance"): literal_total_distance,
    ("duration", "duration"): lambda hs, rs: mean(len(h) / len(r) for h, r in zip(hs, rs, strict=True)),
    ("duration", "duration_median"): lambda hs, rs: median(len(h) / len(r) for h, r in zip(hs, rs, strict=True)),
    ("duration", "duration_total"): lambda hs, rs: sum(map(len, hs)) / sum(map(len, rs)),
    ("motion-smoothness", "motion_smoothness"): literal_smoothness,
    ("jerk-ratio", "jerk_ratio"): literal_jerk,
    ("path-ratio", "path_ratio_hands"): literal_path_of_hands,
    ("bone-length-ratio", "bone_length_ratio_body"): functools.partial(literal_bone_length, (0, 2, 3, 4, 5, 6, 7)),
    ("bone-length-ratio", "bone_length_ratio_fingers"): functools.partial(
        literal_bone_length, (*range(9, 29), *range(30, 50))
    ),
    ("ham2pose-ndtw", "ham2pose_ndtw"): literal_ham2pose,
    ("ndtw-p", "ndtw_p"): literal_ndtw_p,
    ("dtw-p", "dtw_p"): literal_dtw_p,
    ("bone-length-variation", "bone_length_variation"): literal_bone_variation,
}
for _part in ("body", "right_hand", "left_hand"):
    for _preset, _literal in (
        ("velocity-ratio", literal_velocity),
        ("displacement-ratio", literal_displacement),
        ("variance-ratio", literal_variance),
        ("dtw-jpe", literal_dtw_jpe),
        ("dtw-pa-jpe", literal_dtw_pa_jpe),
    ):
        LITERAL[_preset, f"{_preset.replace('-', '_')}_{_part}"] = functools.partial(_literal, _part)

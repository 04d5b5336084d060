"""Every preset against a literal implementation in plain loops, and on the cases that break metrics."""

import itertools
import math

import numpy as np
import pytest
from metric_clips import frozen, jittered, signing, with_missing
from test_dtw import literal_dtw

from signllm.errors import ConfigError, DataError
from signllm.metrics import score_pairs
from signllm.metrics.registry import PRESETS, find_presets
from signllm.pose import SKELETON_50, PoseSequence

CASES = {
    "whole": ([signing(1, 17), signing(2, 11)], [signing(3, 14), signing(4, 16)]),
    "masked": (
        [with_missing(signing(1, 17), 0.2, 1), with_missing(signing(2, 11), 0.1, 2)],
        [with_missing(signing(3, 14), 0.3, 3), with_missing(signing(4, 16), 0.2, 4)],
    ),
}


def distance(a, b):
    return math.dist([float(x) for x in a], [float(x) for x in b])


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def joint_distances(path, h, r):
    """Per frame pair on the path, the distances of the joints seen in both."""
    return [
        [distance(h.coordinates[i, k], r.coordinates[j, k]) for k in range(50) if h.valid[i, k] and r.valid[j, k]]
        for i, j in path
    ]


def literal_dtw_score(hs, rs):
    scores = []
    for h, r in zip(hs, rs, strict=True):
        cost, path = literal_dtw("mean_joint", h, r)
        scores.append(cost / len(path))
    return mean(scores)


def literal_pt_dtw(hs, rs):
    return mean(literal_dtw("l1_sum", h[1:-1], r[:-1])[0] / 3 / (len(r) - 1) for h, r in zip(hs, rs, strict=True))


def literal_slrtp2025(hs, rs):
    from fastdtw import fastdtw

    def rows(clip):
        """Frames as 50 x (x, y, z, 1), all zero where a joint is missing, so that averages stay decodable."""
        return [
            [
                v
                for k in range(50)
                for v in ([*map(float, clip.coordinates[f, k]), 1.0] if clip.valid[f, k] else [0] * 4)
            ]
            for f in range(len(clip))
        ]

    def local(a, b):
        squares = []
        for k in range(0, 200, 4):
            if a[k + 3] > 0 and b[k + 3] > 0:
                squares.append(sum((a[k + c] / a[k + 3] - b[k + c] / b[k + 3]) ** 2 for c in range(3)))
        return math.sqrt(mean(squares) * 50)

    total, count = 0.0, 0
    for h, r in zip(hs, rs, strict=True):
        _, path = fastdtw(np.array(rows(h)), np.array(rows(r)), radius=1, dist=local)
        for row in joint_distances(path, h, r):
            total, count = total + sum(row), count + len(row)
    return total / count


def literal_pose_similarity(hs, rs):
    clips = []
    for h, r in zip(hs, rs, strict=True):
        cosines = []
        for i, j in literal_dtw("mean_joint", h, r)[1]:
            a, b = [], []
            for k in range(50):
                if h.valid[i, k] and r.valid[j, k]:
                    a += [float(h.coordinates[i, k, c] - h.coordinates[i, 1, c]) for c in range(3)]
                    b += [float(r.coordinates[j, k, c] - r.coordinates[j, 1, c]) for c in range(3)]
            cosines.append(
                sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
            )
        clips.append(mean(cosines))
    return mean(clips)


def literal_mpjpe(hs, rs):
    return mean(
        mean(d for row in joint_distances(literal_dtw("mean_joint", h, r)[1], h, r) for d in row)
        for h, r in zip(hs, rs, strict=True)
    )


def literal_pck(hs, rs):
    return mean(
        mean(d <= 0.2 for row in joint_distances(literal_dtw("mean_joint", h, r)[1], h, r) for d in row)
        for h, r in zip(hs, rs, strict=True)
    )


def literal_total_distance(hs, rs):
    def way(clip, wrist):
        places = [clip.coordinates[f, wrist] for f in range(len(clip)) if clip.valid[f, wrist]]
        return sum(distance(a, b) for a, b in itertools.pairwise(places))

    return mean(mean(way(h, w) for h in hs) / mean(way(r, w) for r in rs) for w in (4, 7))


def literal_smoothness(hs, rs):
    def jerk(clip):
        found = []
        for k in range(8, 50):
            for f in range(len(clip) - 3):
                if all(clip.valid[f + n, k] for n in range(4)):
                    p = clip.coordinates[f : f + 4, k].astype(float)
                    third = (p[3] - 3 * p[2] + 3 * p[1] - p[0]) * clip.fps**3
                    found.append(float(third @ third))
        return mean(found)

    return sum(map(jerk, hs)) / sum(map(jerk, rs))


def hand_place(clip, f, k):
    """A joint's place, a hand's relative to its wrist; None when one of them is missing."""
    wrist = None if k < 8 else (7 if k < 29 else 4)
    if not clip.valid[f, k] or (wrist and not clip.valid[f, wrist]):
        return None
    return clip.coordinates[f, k].astype(float) - (clip.coordinates[f, wrist].astype(float) if wrist else 0)


def literal_velocity_left(hs, rs):
    def speed(clip):
        steps = [
            distance(hand_place(clip, f, k), hand_place(clip, f + 1, k)) * clip.fps
            for k in range(8, 29)
            for f in range(len(clip) - 1)
            if hand_place(clip, f, k) is not None and hand_place(clip, f + 1, k) is not None
        ]
        return mean(steps)

    return sum(map(speed, hs)) / sum(map(speed, rs))


def literal_variance_right(hs, rs):
    def variance(clip):
        squares = []
        for k in range(29, 50):
            places = [p for f in range(len(clip)) if (p := hand_place(clip, f, k)) is not None]
            if places:
                centre = sum(places) / len(places)
                squares += [distance(p, centre) ** 2 for p in places]
        return mean(squares)

    return sum(map(variance, hs)) / sum(map(variance, rs))


def literal_bone_variation(hs, rs):
    clips = []
    for h in hs:
        shares = []
        for child, parent in enumerate(SKELETON_50.parents):
            if parent < 0:
                continue
            lengths = [
                distance(h.coordinates[f, child], h.coordinates[f, parent])
                for f in range(len(h))
                if h.valid[f, child] and h.valid[f, parent]
            ]
            if len(lengths) > 1 and mean(lengths) > 0.01:
                shares.append(math.sqrt(mean((x - mean(lengths)) ** 2 for x in lengths)) / mean(lengths))
        clips.append(mean(shares))
    return mean(clips)


LITERAL = {
    ("dtw-mje", "dtw_score"): literal_dtw_score,
    ("pt-dtw", "pt_dtw"): literal_pt_dtw,
    ("slrtp2025", "slrtp2025"): literal_slrtp2025,
    ("pose-similarity", "pose_similarity"): literal_pose_similarity,
    ("mpjpe", "mpjpe"): literal_mpjpe,
    ("pck@0.2", "pck"): literal_pck,
    ("total-distance", "total_distance"): literal_total_distance,
    ("duration", "duration"): lambda hs, rs: mean(len(h) / len(r) for h, r in zip(hs, rs, strict=True)),
    ("motion-smoothness", "motion_smoothness"): literal_smoothness,
    ("velocity-ratio", "velocity_ratio_left_hand"): literal_velocity_left,
    ("variance-ratio", "variance_ratio_right_hand"): literal_variance_right,
    ("bone-length-variation", "bone_length_variation"): literal_bone_variation,
}


def test_every_preset_has_a_literal_implementation():
    assert {preset for preset, _ in LITERAL} == set(PRESETS)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("preset", "figure"), LITERAL)
def test_equals_the_literal_implementation(preset, figure, case):
    hypotheses, references = CASES[case]
    expected = LITERAL[preset, figure](hypotheses, references)
    assert score_pairs(hypotheses, references, [preset])[figure] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_reference_itself_is_the_ceiling(seed):
    clips = [with_missing(signing(seed, 20), 0.1), signing(seed + 5, 30)]
    scores = score_pairs(clips, clips, [name for name in PRESETS if name != "pt-dtw"])
    assert scores.pop("bone_length_variation") >= 0
    for figure, value in scores.items():
        best = 0 if figure in ("dtw_score", "slrtp2025", "mpjpe") else 1
        assert value == pytest.approx(best, abs=1e-6), figure


@pytest.mark.filterwarnings("error")
def test_frozen_clips_move_nothing_and_divide_nothing():
    live, still = signing(1), frozen(signing(1))
    scores = score_pairs([still], [live], PRESETS)
    for figure, value in scores.items():
        if figure.startswith(("velocity", "variance")) or figure in ("total_distance", "motion_smoothness"):
            assert value == pytest.approx(0, abs=1e-10), figure
    against_still = score_pairs([live], [still], PRESETS)
    assert math.isnan(against_still["total_distance"])
    assert math.isnan(against_still["velocity_ratio_body"])
    assert math.isfinite(against_still["dtw_score"])


@pytest.mark.filterwarnings("error")
def test_one_frame_clips_and_hands_never_seen():
    no_left = np.ones((30, 50), bool)
    no_left[:, list(SKELETON_50.parts["left_hand"])] = False
    no_left[:, 7] = False
    reference = signing(2, 30).replace(valid=no_left)
    scores = score_pairs([signing(1, 1)], [reference], PRESETS)
    assert scores["total_distance"] == 0
    assert scores["velocity_ratio_right_hand"] == 0
    assert math.isnan(scores["velocity_ratio_left_hand"])
    assert scores["duration"] == pytest.approx(1 / 30)


def test_hiding_the_hands_counts_as_not_moving_them():
    reference = signing(2)
    hidden = np.ones((40, 50), bool)
    hidden[:, 8:] = False
    scores = score_pairs([reference.replace(valid=hidden)], [reference])
    assert scores["velocity_ratio_right_hand"] == 0
    assert scores["motion_smoothness"] == 0


def test_jitter_is_seen():
    scores = score_pairs([jittered(signing(1), 0.05)], [signing(1)])
    assert scores["motion_smoothness"] > 10
    assert scores["velocity_ratio_left_hand"] > 2
    assert scores["bone_length_variation"] > 0.1


def test_wrist_gaps_are_bridged():
    path = np.zeros((5, 50, 3))
    path[:, 4, 0] = path[:, 7, 0] = [0, 1, 2, 3, 4]
    valid = np.ones((5, 50), bool)
    valid[2, 4] = False
    whole = PoseSequence.all_valid(path, 25)
    assert score_pairs([whole.replace(valid=valid)], [whole], ["total-distance"])["total_distance"] == 1


def test_signature_fixes_every_choice():
    signature = PRESETS["dtw-mje"].signature("signllm-50", "shoulder_widths", 25.0)
    assert signature == "dtw-mje|skeleton:signllm-50|unit:shoulder_widths|fps:25|masks:seen-in-both|version:1"
    for preset in PRESETS.values():
        assert preset.formula, preset.name
        assert preset.better in ("lower", "higher", "1")


def test_unknown_presets_are_all_named():
    with pytest.raises(ConfigError) as error:
        find_presets(["dtw-mjee", "duration", "fid"])
    assert len(error.value.faults) == 2
    assert "did you mean 'dtw-mje'" in error.value.faults[0]


def test_pairs_that_cannot_be_compared_are_all_named():
    clip = signing(1)
    empty = clip.replace(valid=np.zeros_like(clip.valid))
    with pytest.raises(DataError) as error:
        score_pairs([clip.replace(fps=50), clip.replace(unit="pixels"), empty], [clip, clip, clip])
    assert [fault.split(":")[0] for fault in error.value.faults] == ["pair 0", "pair 1", "pair 2"]
    with pytest.raises(DataError, match="2 hypotheses for 1 references"):
        score_pairs([clip, clip], [clip])

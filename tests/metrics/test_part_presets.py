"""What the presets for parts and single joints must not see, and what they must."""

import math

import numpy as np
import pytest

from signllm.metrics import score_pairs
from signllm.metrics.preset import measure_pairs
from signllm.metrics.registry import PRESETS, find_presets
from signllm.pose import SKELETON_50
from tests.helpers.clips import signing, with_missing
from tests.helpers.literal_parts import literal_dtw_pa_jpe


def turned(clip, scale=1.3):
    """The clip as seen by a camera elsewhere: turned about two axes, scaled, moved."""
    c, s = math.cos(0.7), math.sin(0.7)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return clip.replace(coordinates=scale * clip.coordinates @ turn.T + [0.3, -0.2, 0.5])


def test_procrustes_removes_camera_and_size_and_root_alignment_only_the_place():
    clip = signing(1, 20)
    camera = score_pairs([turned(clip)], [clip], ["dtw-jpe", "dtw-pa-jpe"])
    moved = score_pairs([clip.replace(coordinates=clip.coordinates + 0.4)], [clip], ["dtw-jpe", "dtw-mje"])
    for part in SKELETON_50.parts:
        assert camera[f"dtw_pa_jpe_{part}"] == pytest.approx(0, abs=1e-4)
        assert camera[f"dtw_jpe_{part}"] > 1
        assert moved[f"dtw_jpe_{part}"] == pytest.approx(0, abs=1e-4)
    assert moved["dtw_score"] > 0.5


@pytest.mark.parametrize("body", [[0], [0, 1], []])
def test_a_fit_over_the_hands_measures_however_few_joints_of_the_body_are_seen(body):
    valid = np.ones((12, 50), bool)
    valid[:, :8] = np.isin(np.arange(8), body)
    hypothesis, reference = signing(1, 12).replace(valid=valid), signing(2, 10)
    found = score_pairs([hypothesis], [reference], ["dtw-pa-jpe"])["dtw_pa_jpe_body"]
    assert found == pytest.approx(literal_dtw_pa_jpe("body", [hypothesis], [reference]), rel=1e-5)


def test_joints_on_one_line_are_turned_onto_the_other_line():
    clips = []
    for seed, direction in enumerate(([1, 0, 0], [0.2, -0.9, 0.4])):
        clip = signing(seed, 10 + seed)
        along_FJ = np.random.default_rng(seed).normal(size=clip.valid.shape)
        clips.append(clip.replace(coordinates=(along_FJ[..., None] * direction).astype(np.float32)))
    found = score_pairs(clips[:1], clips[1:], ["dtw-pa-jpe"])
    for part in SKELETON_50.parts:
        expected = literal_dtw_pa_jpe(part, clips[:1], clips[1:])
        assert found[f"dtw_pa_jpe_{part}"] == pytest.approx(expected, rel=1e-4)


def test_a_mirrored_hand_is_not_the_same_hand():
    hand = np.random.default_rng(0).normal(size=(15, 50, 3))
    clip = signing(1, 15).replace(coordinates=hand)
    mirrored = clip.replace(coordinates=hand * [-1, 1, 1])
    assert score_pairs([mirrored], [clip], ["dtw-pa-jpe"])["dtw_pa_jpe_left_hand"] > 1


def test_all_joints_in_one_place_are_laid_on_the_middle():
    clip = signing(1, 10)
    heap = clip.replace(coordinates=np.zeros_like(clip.coordinates))
    for part, joints in SKELETON_50.parts.items():
        places = clip.coordinates[:, list(joints)]
        middle = clip.coordinates.mean(1) if part == "body" else places.mean(1)
        expected = np.linalg.norm(places - middle[:, None], axis=-1).mean(1).sum()
        assert score_pairs([heap], [clip], ["dtw-pa-jpe"])[f"dtw_pa_jpe_{part}"] == pytest.approx(expected, rel=1e-4)


def test_twice_the_frame_rate_doubles_what_is_not_divided_by_length():
    hypothesis, reference = signing(1, 40, fps=50), signing(2, 40, fps=50)
    names = ["dtw-jpe", "dtw-mje"]
    fine = score_pairs([hypothesis], [reference], names)
    coarse = score_pairs([hypothesis.resampled(25)], [reference.resampled(25)], names)
    assert fine["dtw_jpe_body"] == pytest.approx(2 * coarse["dtw_jpe_body"], rel=0.15)
    assert fine["dtw_score"] == pytest.approx(coarse["dtw_score"], rel=0.15)
    assert "|fps:25|source-fps:20|" in PRESETS["dtw-jpe"].signature("signllm-50", "shoulder_widths", 25)


def test_a_hand_that_the_reference_never_shows_has_no_figure_and_one_that_is_hidden_is_missed():
    valid = np.ones((20, 50), bool)
    valid[:, 8:29] = False
    clip = signing(1, 20)
    unknown = score_pairs([clip], [clip.replace(valid=valid)], ["dtw-jpe", "dtw-pa-jpe"])
    hidden = score_pairs([clip.replace(valid=valid)], [clip], ["dtw-jpe", "dtw-pa-jpe"])
    for name in ("dtw_jpe", "dtw_pa_jpe"):
        assert math.isnan(unknown[f"{name}_left_hand"])
        assert hidden[f"{name}_left_hand"] > 20 * 0.1
        for scores in (unknown, hidden):
            assert scores[f"{name}_right_hand"] == pytest.approx(0, abs=1e-5)


def test_ham2pose_sees_neither_place_nor_size_nor_depth():
    clip = signing(1, 20)
    other = clip.replace(coordinates=clip.coordinates * [2.5, 2.5, -7] + [3, 4, 5])
    assert score_pairs([other], [clip], ["ham2pose-ndtw"])["ham2pose_ndtw"] == pytest.approx(0, abs=1e-4)


def test_ham2pose_trims_rest_without_hands_and_charges_half_for_hidden_joints():
    clip = signing(1, 20)
    valid = np.ones((20, 50), bool)
    valid[:5, [4, 7]] = valid[16:, [4, 7]] = False
    trimmed = clip.replace(valid=valid)
    assert score_pairs([clip[5:16]], [trimmed], ["ham2pose-ndtw"])["ham2pose_ndtw"] == pytest.approx(0, abs=0.02)
    hidden = np.ones((20, 50), bool)
    hidden[:, 0] = False
    middle = clip.coordinates[:, [2, 5], :2].mean((0, 1))
    expected = 0.5 * np.linalg.norm(clip.coordinates[:, 0, :2] - middle, axis=-1).sum() / 50
    score = score_pairs([clip.replace(valid=hidden)], [clip], ["ham2pose-ndtw"])["ham2pose_ndtw"]
    assert score == pytest.approx(expected, rel=1e-4)
    assert score_pairs([clip], [clip.replace(valid=hidden)], ["ham2pose-ndtw"])["ham2pose_ndtw"] == 0


def test_without_shoulders_ham2pose_has_no_scale():
    valid = np.ones((10, 50), bool)
    valid[:, 2] = False
    clip = signing(1, 10)
    assert math.isnan(score_pairs([clip], [clip.replace(valid=valid)], ["ham2pose-ndtw"])["ham2pose_ndtw"])


def test_many_pairs_in_threads_equal_one_by_one():
    hypotheses = [with_missing(signing(seed, 20 + seed), 0.1) for seed in range(6)]
    references = [signing(seed + 50, 30 - seed) for seed in range(6)]
    presets = [preset for preset in PRESETS.values() if preset.compiled]
    together = measure_pairs(hypotheses, references, presets)
    assert {preset.name for preset in presets} >= {"pt-dtw", "dtw-pa-jpe"}
    for row, pair in enumerate(zip(hypotheses, references, strict=True)):
        alone = measure_pairs(*([clip] for clip in pair), presets)
        assert all((together[name][row] == alone[name][0]).all() for name in together)


def test_pck_is_known_at_every_threshold():
    pairs = [signing(1)], [signing(2)]
    shares = [score_pairs(*pairs, [f"pck@{t}"]) for t in ("0.05", "0.2", ".5")]
    assert [list(share) for share in shares] == [["pck@0.05"], ["pck"], ["pck@0.5"]]
    assert shares[0]["pck@0.05"] < shares[1]["pck"] < shares[2]["pck@0.5"]
    assert find_presets(["pck@0.5"])[0].signature("s", "u", 25).startswith("pck@0.5|")

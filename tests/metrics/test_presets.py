"""Every preset against a literal implementation in plain loops, and on the cases that break metrics."""

import math

import numpy as np
import pytest

from signllm.errors import ConfigError, DataError
from signllm.metrics import score_pairs
from signllm.metrics.preset import weighted_medians
from signllm.metrics.registry import PRESETS, find_presets
from signllm.pose import SKELETON_50, PoseSequence
from tests.helpers.clips import frozen, jittered, signing, with_missing
from tests.helpers.literal_metrics import LITERAL

CASES = {
    "whole": ([signing(1, 17), signing(2, 11)], [signing(3, 14), signing(4, 16)]),
    "masked": (
        [with_missing(signing(1, 17), 0.2, 1), with_missing(signing(2, 11), 0.1, 2)],
        [with_missing(signing(3, 14), 0.3, 3), with_missing(signing(4, 16), 0.2, 4)],
    ),
}
NEW = ("jerk-ratio", "path-ratio", "bone-length-ratio")


def test_every_figure_has_a_literal_implementation():
    assert set(LITERAL) == {(preset.name, figure) for preset in PRESETS.values() for figure in preset.figures}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("preset", "figure"), LITERAL)
def test_equals_the_literal_implementation(preset, figure, case):
    hypotheses, references = CASES[case]
    expected = LITERAL[preset, figure](hypotheses, references)
    assert score_pairs(hypotheses, references, [preset])[figure] == pytest.approx(expected, rel=1e-5)


PRESETS_OF = {figure: preset for preset in PRESETS.values() for figure in preset.figures}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_reference_itself_is_the_ceiling(seed):
    clips = [with_missing(signing(seed, 20), 0.1), signing(seed + 5, 30)]
    scores = score_pairs(clips, clips, [name for name in PRESETS if name != "pt-dtw"])
    assert scores.pop("bone_length_variation") >= 0
    for figure, value in scores.items():
        best = 0 if PRESETS_OF[figure].better == "lower" else 1
        assert value == pytest.approx(best, abs=2e-5), figure


def test_a_mean_of_1_does_not_hide_that_most_clips_are_too_short():
    hypotheses = [signing(1, frames) for frames in (16, 16, 16, 16, 40)]
    references = [signing(2, frames) for frames in (20, 20, 20, 20, 10)]
    found = score_pairs(hypotheses, references, ["duration"])
    assert found == {"duration": pytest.approx(1.44), "duration_median": 0.8, "duration_total": pytest.approx(104 / 90)}


def test_weighted_medians_are_those_of_repeated_values():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=9), rng.integers(0, 4, (50, 9))
    weights[0] = 0
    found = weighted_medians(values, weights.astype(float))
    assert np.isnan(found[0])
    for row, count_N in enumerate(weights[1:], 1):
        assert found[row] == pytest.approx(np.median(np.repeat(values, count_N)))


def test_frozen_clips_move_nothing_and_divide_nothing():
    live, still = signing(1), frozen(signing(1))
    scores = score_pairs([still], [live], PRESETS)
    for figure, value in scores.items():
        if figure.startswith(("velocity", "variance")) or figure in (
            "total_distance",
            "motion_smoothness",
            "jerk_ratio",
        ):
            assert value == pytest.approx(0, abs=1e-10), figure
    against_still = score_pairs([live], [still], PRESETS)
    assert math.isnan(against_still["total_distance"])
    assert math.isnan(against_still["velocity_ratio_body"])
    assert math.isnan(against_still["path_ratio_hands"])
    assert math.isfinite(against_still["dtw_score"])


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
    found = score_pairs([reference.replace(valid=hidden)], [reference], NEW)
    assert [found[name] for name in ("jerk_ratio", "path_ratio_hands", "bone_length_ratio_fingers")] == [0, 0, 0]
    assert found["bone_length_ratio_body"] == 1
    unknown = score_pairs([reference], [reference.replace(valid=hidden)], NEW)
    assert all(math.isnan(unknown[name]) for name in ("jerk_ratio", "path_ratio_hands", "bone_length_ratio_fingers"))


def test_a_clip_of_which_nothing_is_seen_is_named_with_its_side():
    clip = signing(1)
    unseen = clip.replace(valid=np.zeros((40, 50), bool))
    for sides, says in (((unseen, clip), "of the hypothesis"), ((clip, unseen), "of the reference")):
        with pytest.raises(DataError, match=f"pair 1: every joint {says} is marked as missing"):
            score_pairs([clip, sides[0]], [clip, sides[1]])


def test_half_the_speed_has_the_same_path_and_bones_but_less_jerk():
    live = signing(3, 40)
    slow = live.replace(fps=12.5).resampled(25)  # every frame between two old ones lies on the straight line
    found = score_pairs([slow], [live], NEW)
    assert found["path_ratio_hands"] == pytest.approx(1, rel=1e-3)
    assert found["bone_length_ratio_fingers"] == pytest.approx(1, rel=0.01)
    assert found["jerk_ratio"] != pytest.approx(1, rel=0.1)
    assert score_pairs([slow], [live], ["velocity-ratio"])["velocity_ratio_right_hand"] == pytest.approx(0.5, rel=0.03)


def test_shrunk_hands_are_seen_by_the_fingers_alone():
    live = signing(3)
    shrunk = live.coordinates.copy()
    for part, wrist in SKELETON_50.wrists.items():
        joints = list(SKELETON_50.parts[part])
        shrunk[:, joints] = shrunk[:, [wrist]] + 0.75 * (shrunk[:, joints] - shrunk[:, [wrist]])
    found = score_pairs([live.replace(coordinates=shrunk)], [live], NEW)
    assert found["bone_length_ratio_fingers"] == pytest.approx(0.75)
    assert found["path_ratio_hands"] == pytest.approx(0.75)
    assert found["bone_length_ratio_body"] == 1


def test_one_slip_of_the_tracker_counts_for_less_than_when_squared():
    live = signing(3)
    slipped = live.coordinates.copy()
    slipped[20, 12] += 2
    found = score_pairs([live.replace(coordinates=slipped)], [live], ["jerk-ratio", "motion-smoothness"])
    assert 1 < found["jerk_ratio"] < found["motion_smoothness"] ** 0.5


def test_a_frame_without_its_neck_is_centred_by_the_mean_neck():
    live, other = (signing(seed).replace(coordinates=signing(seed).coordinates + np.float32(2)) for seed in (1, 2))
    lost = np.ones((40, 50), bool)
    lost[::3, 1] = False
    seen = score_pairs([live], [other], ["pose-similarity"])["pose_similarity"]
    for pair in (([live.replace(valid=lost)], [other]), ([live], [other.replace(valid=lost)])):
        assert score_pairs(*pair, ["pose-similarity"])["pose_similarity"] == pytest.approx(seen, abs=0.01)


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
    gap = whole.replace(valid=valid)
    assert score_pairs([whole], [gap], ["total-distance"])["total_distance"] == 1
    assert score_pairs([gap], [gap], ["total-distance"])["total_distance"] == 1
    one_wrist_in_four_of_five_frames = (0.8 + 1) / 2
    assert score_pairs([gap], [whole], ["total-distance"])["total_distance"] == one_wrist_in_four_of_five_frames


def test_signature_fixes_every_choice():
    signature = PRESETS["dtw-mje"].signature("signllm-50", "shoulder_widths", 25.0)
    assert signature == "dtw-mje|skeleton:signllm-50|unit:shoulder_widths|fps:25|masks:missed-at-worst|version:2"
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

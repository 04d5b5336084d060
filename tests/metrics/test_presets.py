"""Every preset against a literal implementation in plain loops, and on the cases that break metrics."""

import math

import numpy as np
import pytest
from literal_metrics import LITERAL
from metric_clips import frozen, jittered, signing, with_missing

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

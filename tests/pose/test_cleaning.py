"""Cleaning: planted faults are repaired, clean clips stay as they are, and steps are named, switched and refused."""

import numpy as np
import pytest

from signllm.data.demo.lexicon import vocabulary
from signllm.data.demo.performance import animate
from signllm.errors import ConfigError, DataError
from signllm.pose.cleaning import STEPS, Cleaning, clean

SIGNS = vocabulary("ASL")[:3]
HAND = slice(29, 50)


@pytest.fixture(scope="module")
def clip():
    return animate(SIGNS, "ASL", seed=3)


def changed(pose, change):
    """The clip after `change(coordinates, valid)` wrote into copies."""
    coordinates, valid = pose.coordinates.copy(), pose.valid.copy()
    change(coordinates, valid)
    return pose.replace(coordinates=coordinates, valid=valid)


def error(pose, truth):
    """The mean distance of the joints that `pose` shows from where they are, in shoulder widths."""
    return float(np.linalg.norm(pose.coordinates - truth.coordinates, axis=-1)[pose.valid].mean())


def test_a_clean_clip_is_returned_as_it_is(clip):
    cleaned, changes = clean(clip)
    assert cleaned is clip
    assert [change.name for change in changes] == ["outliers", "swaps", "jumps", "torn", "gaps"]
    assert not any(change.counts for change in changes)


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_gaps_are_filled_up_to_so_many_seconds_and_only_inside(fps):
    truth = animate(SIGNS, "ASL", seed=3, fps=fps)
    longest = round(0.2 * fps)

    def lose(coordinates, valid):
        valid[10 : 10 + longest, HAND] = False
        valid[30 : 31 + longest, 4] = False
        valid[:3, 7] = valid[-3:, 7] = False

    gappy = changed(truth, lose)
    filled, (change,) = clean(gappy, ["none", "gaps=0.2"])
    assert change.counts == {"joints_filled": 21 * longest}
    assert filled.valid[10 : 10 + longest].all()
    assert not filled.valid[30 : 31 + longest, 4].any()
    assert not filled.valid[:3, 7].any()
    assert not filled.valid[-3:, 7].any()
    assert np.array_equal(filled.coordinates[gappy.valid], truth.coordinates[gappy.valid])
    assert error(filled, truth) < 0.005


def test_a_filled_joint_goes_straight_at_even_speed(clip):
    def lose(coordinates, valid):
        coordinates[5:9, 4] = [[0, 0, 0], [9, 9, 9], [9, 9, 9], [3, 6, 0]]
        valid[6:8, 4] = False

    filled, _ = clean(changed(clip, lose), ["none", "gaps"])
    np.testing.assert_allclose(filled.coordinates[5:9, 4], [[0, 0, 0], [1, 2, 0], [2, 4, 0], [3, 6, 0]], atol=1e-6)


def test_a_hand_that_jumps_is_masked_and_with_gaps_comes_back(clip):
    def jump(coordinates, valid):
        coordinates[20:22, HAND] += [1.5, -0.5, 0]

    wrong = changed(clip, jump)
    masked, (change,) = clean(wrong, ["none", "jumps"])
    assert change.counts == {"joints_masked": 42}
    assert np.argwhere(~masked.valid.all(1)).ravel().tolist() == [20, 21]
    back, _ = clean(wrong, ["none", "jumps", "gaps"])
    assert back.valid.all()
    assert error(back, clip) < 0.01 < error(wrong, clip)


def test_exchanged_hands_are_exchanged_back(clip):
    def exchange(coordinates, valid):
        order = np.arange(50)
        order[8:] = np.array(clip.skeleton.mirror)[8:]
        coordinates[20:24] = coordinates[20:24][:, order]

    back, (change,) = clean(changed(clip, exchange), ["none", "swaps"])
    assert change.counts == {"joints_exchanged": 42 * 4, "frames_exchanged": 4}
    assert np.array_equal(back.coordinates, clip.coordinates)


def test_joints_of_a_hand_that_are_torn_from_it_are_masked(clip):
    def tear(coordinates, valid):
        coordinates[20:50, [12, 16, 20]] = coordinates[20:50, [7]] + [1.0, 0, 0]

    masked, (change,) = clean(changed(clip, tear), ["none", "torn"])
    assert change.counts == {"joints_masked": 90}
    assert error(masked, clip) == 0
    assert clean(changed(clip, tear), ["none", "torn=1.1"])[1][0].counts == {}


def test_jumps_are_told_by_the_names_that_joints_have(clip):
    """Both hands stand under each other's name in a frame in which a finger jumps, and the names stay as they are."""

    def exchange(coordinates, valid):
        order = np.arange(50)
        order[8:] = np.array(clip.skeleton.mirror)[8:]
        coordinates[20] = coordinates[20][order]
        coordinates[20, 12] += [1.5, 0, 0]

    masked, _ = clean(changed(clip, exchange), ["none", "jumps"])
    assert np.argwhere(~masked.valid).tolist() == [[20, 12]]


def test_smoothing_takes_noise_away_and_nothing_across_a_gap(clip):
    noisy = clip.replace(
        coordinates=clip.coordinates + np.random.default_rng(0).normal(0, 0.02, clip.coordinates.shape)
    )
    smoothed, (change,) = clean(noisy, ["none", "smooth"])
    assert error(smoothed, clip) < 0.75 * error(noisy, clip)
    assert change.counts["joints_moved"] == clip.valid.size

    def lose(coordinates, valid):
        valid[10, 4] = valid[13, 4] = False  # two frames between gaps are too few to smooth

    gappy = changed(noisy, lose)
    smoothed, _ = clean(gappy, ["none", "smooth"])
    assert np.array_equal(smoothed.valid, gappy.valid)
    assert np.array_equal(smoothed.coordinates[11:13, 4], noisy.coordinates[11:13, 4])
    alone, _ = clean(noisy[14:], ["none", "smooth"])
    np.testing.assert_allclose(smoothed.coordinates[14:, 4], alone.coordinates[:, 4], atol=1e-6)


def test_a_parabola_is_smooth_already_and_seconds_are_not_frames():
    moments_s = np.arange(50) / 50
    way = np.broadcast_to((3 * moments_s**2 - moments_s)[:, None, None], (50, 50, 3))
    clip = animate(SIGNS, "ASL", fps=50.0)[:50].replace(coordinates=way)
    smoothed, (change,) = clean(clip, ["none", "smooth=0.3"])
    np.testing.assert_allclose(smoothed.coordinates, way, atol=1e-5)
    assert change.counts["joints_moved"] == 2500
    assert clean(clip, ["none", "smooth=0.06"])[1][0].counts == {}  # three frames: nothing to smooth


def test_trimming_and_resampling_change_frames_and_say_so(clip):
    still = changed(clip, lambda coordinates, valid: coordinates.__setitem__(slice(0, 30), coordinates[30]))
    cut, (change,) = clean(still, ["none", "trim=0.2"])
    assert change.counts["frames_cut"] == len(still) - len(cut) >= 24
    slow, (change,) = clean(clip, ["none", "resample=12.5"])
    assert slow.fps == 12.5
    assert change.counts == {"frames_before": len(clip), "frames_after": len(slow), "clips_at_25_fps": 1}
    assert slow.duration_s == pytest.approx(clip.duration_s, abs=0.08)
    assert "frames became" in str(change)


@pytest.mark.parametrize("fps", [24.0, 29.97, 30.0, 50.0, 60.0])
def test_every_usual_rate_becomes_25(fps):
    clip = animate(SIGNS, "ASL", seed=3, fps=fps)
    new, _ = clean(clip, ["resample"])
    truth = animate(SIGNS, "ASL", seed=3, fps=25.0)
    frames = min(len(new), len(truth)) - 1
    assert new.fps == 25
    assert abs(new.duration_s - clip.duration_s) < 0.04
    assert error(new[:frames], truth[:frames]) < 0.01


def test_the_order_is_that_of_the_steps_whatever_words_come_first():
    assert list(Cleaning.parse(["resample", "gaps", "jumps"]).values) == ["outliers", "jumps", "gaps", "resample"]


def test_steps_are_switched_on_and_off_by_name():
    def steps(*words):
        return Cleaning.parse(words).values

    assert steps() == {"outliers": 5.0}
    assert steps("none") == {}
    assert steps("none", "gaps") == {"gaps": 0.2}
    assert steps("recommended") == {"outliers": 5.0, "swaps": None, "jumps": None, "torn": 0.9, "gaps": 0.2}
    assert steps("recommended", "jumps=off", "gaps=0.1", "resample=30") == {
        "outliers": 5.0, "swaps": None, "torn": 0.9, "gaps": 0.1, "resample": 30.0
    }  # fmt: skip
    for words in ((), ("none",), tuple(STEPS), ("recommended", "smooth=0.3", "resample=29.97")):
        assert Cleaning.parse(Cleaning.parse(words).words) == Cleaning.parse(words)


def test_all_faults_of_the_words_are_said_at_once():
    words = ["gap", "jumps=3", "gaps=x", "smooth=100", "swaps", "swaps", "none", "recommended", "trim=", "resample=nan"]
    with pytest.raises(ConfigError) as raised:
        Cleaning.parse(words)
    faults = "\n".join(raised.value.faults)
    assert len(raised.value.faults) == 8
    assert "did you mean 'gaps'?" in faults
    for said in ("jumps takes no number", "--clean gaps=x", "from 0.001 to 10", "swaps is given twice", "contradict"):
        assert said in faults


def test_a_clip_in_another_unit_is_refused(clip):
    with pytest.raises(DataError, match="in_shoulder_widths"):
        clean(clip.replace(unit="pixels"))


def test_a_hand_that_is_missing_moves_with_its_wrist(clip):
    def sweep(coordinates, valid):
        coordinates[:, HAND] = coordinates[:, [4]] + (coordinates[:1, HAND] - coordinates[:1, [4]])

    truth = changed(clip, sweep)
    gappy = changed(truth, lambda coordinates, valid: valid.__setitem__((slice(20, 25), HAND), False))
    filled, _ = clean(gappy, ["none", "gaps"])
    np.testing.assert_allclose(filled.coordinates, truth.coordinates, atol=1e-5)
    no_wrist = changed(gappy, lambda coordinates, valid: valid.__setitem__((slice(None), 4), False))
    filled, _ = clean(no_wrist, ["none", "gaps"])
    assert filled.valid[20:25, HAND].all()

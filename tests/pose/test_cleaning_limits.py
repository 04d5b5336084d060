"""Every cleaning step on exact numbers, what it says of itself, and the words by which it is named."""

import numpy as np
import pytest

from signllm.errors import ConfigError, DataError
from signllm.pose import PoseSequence
from signllm.pose.cleaning import STEPS, USUAL, Change, Cleaning, clean
from signllm.pose.cleaning.plan import told, word_of
from signllm.pose.cleaning.steps import outliers

RIGHT_HAND = list(range(29, 50))


def still(frames=10, fps=25.0):
    """Nobody moves; shoulders one apart, hands on their wrists."""
    joints = np.zeros((frames, 50, 3), np.float32)
    joints[:, :8, :2] = [[0, -1], [0, 0], [-0.5, 0], [-0.5, 0.9], [-1, 1.7], [0.5, 0], [0.5, 0.9], [1, 1.7]]
    shape = np.array([[0.01 * (k % 4), 0.02 * k] for k in range(21)])
    joints[:, 8:29, :2], joints[:, 29:, :2] = joints[:, 7, None, :2] + shape, joints[:, 4, None, :2] + shape
    return PoseSequence.all_valid(joints, fps)


def changed(pose, change):
    coordinates, valid = pose.coordinates.copy(), pose.valid.copy()
    change(coordinates, valid)
    return pose.replace(coordinates=coordinates, valid=valid)


def hidden(pose, *places):
    def hide(_, valid):
        for place in places:
            valid[place] = False

    return changed(pose, hide)


@pytest.mark.parametrize(
    ("name", "value", "least", "most", "meaning"),
    [
        ("outliers", 5.0, 2.5, 100, "shoulder widths from the neck"),
        ("swaps", None, 0, 0, ""),
        ("jumps", None, 0, 0, ""),
        ("torn", 0.9, 0.5, 10, "shoulder widths from a wrist to a joint of its hand"),
        ("gaps", 0.2, 0.001, 10, "seconds of the longest gap"),
        ("smooth", 0.2, 0.001, 10, "seconds that the filter looks at"),
        ("trim", 0.2, 0, 60, "seconds of rest to keep"),
        ("resample", 25.0, 1, 1000, "frames a second"),
    ],
)
def test_every_step_has_its_parameter_and_its_limits(name, value, least, most, meaning):
    kind = STEPS[name]
    assert (kind.name, kind.version, kind.value, kind.least, kind.most, kind.meaning) == (
        name, 1, value, least, most, meaning,
    )  # fmt: skip
    assert list(STEPS) == ["outliers", "swaps", "jumps", "torn", "gaps", "smooth", "trim", "resample"]
    if value is None:
        with pytest.raises(
            ConfigError, match=f"--clean {name}=1: {name} takes no number; expected {name} or {name}=off"
        ):
            Cleaning.parse([f"{name}=1"])
        return
    for number in (least, most):
        assert Cleaning.parse([f"{name}={number}"]).values[name] == number
    such = f"{meaning} from {least:g} to {most:g}, such as {word_of(name, value)}, or {name}=off"
    for number in (least * 0.99 - 1e-9, most * 1.01, "x", ""):
        with pytest.raises(ConfigError) as caught:
            Cleaning.parse([f"{name}={number}"])
        assert caught.value.faults == [f"--clean {name}={number}: expected {such}"]


@pytest.mark.parametrize(
    ("name", "value", "counts", "words"),
    [
        ("outliers", 5.0, {"joints_masked": 1}, "outliers 5: 1 joint in single frames masked"),
        ("swaps", None, {"joints_exchanged": 1234, "frames_exchanged": 4},
         "swaps: 1,234 joints in single frames exchanged, in 4 frames"),
        ("jumps", None, {"joints_masked": 2}, "jumps: 2 joints in single frames masked"),
        ("torn", 0.9, {"joints_masked": 2}, "torn 0.9: 2 joints in single frames masked"),
        ("gaps", 0.25, {"joints_filled": 2}, "gaps 0.25: 2 joints in single frames filled"),
        ("smooth", 0.2, {"joints_moved": 4, "way_moved": 1.0},
         "smooth 0.2: 4 joints in single frames moved by 0.2500 shoulder widths in the mean"),
        ("smooth", 0.2, {"joints_moved": 0, "way_moved": 0.5},
         "smooth 0.2: 0 joints in single frames moved by 0.5000 shoulder widths in the mean"),
        ("trim", 0.2, {"frames_cut": 3000}, "trim 0.2: 3,000 frames of rest cut off"),
        ("resample", 25.0,
         {"frames_before": 4000, "frames_after": 2000, "clips_at_50_fps": 3, "clips_at_29.97_fps": 1000},
         "resample 25: 4,000 frames became 2,000 (3 clips at 50, 1,000 clips at 29.97 frames a second)"),
        ("gaps", 0.2, {}, "gaps 0.2: nothing to change"),
    ],
)  # fmt: skip
def test_what_a_step_did_is_said(name, value, counts, words):
    assert told(name, value, counts) == str(Change(name, value, counts)) == words


def test_words_and_facts_of_a_cleaning():
    some = Cleaning.parse(["recommended", "resample=12.5", "outliers=7"])
    assert some.words == ["none", "outliers=7", "swaps", "jumps", "torn=0.9", "gaps=0.2", "resample=12.5"]
    assert some.facts == [
        ("outliers", 1, 7.0), ("swaps", 1, None), ("jumps", 1, None), ("torn", 1, 0.9), ("gaps", 1, 0.2),
        ("resample", 1, 12.5),
    ]  # fmt: skip
    assert (some.is_usual, USUAL.is_usual, Cleaning.parse(None) == USUAL) == (False, True, True)
    assert Cleaning.parse([" gaps = 0.5 "]).values["gaps"] == 0.5
    assert Cleaning.parse(["swaps=off", "outliers=off"]).values == {}
    known = "known: outliers, swaps, jumps, torn, gaps, smooth, trim, resample, recommended, none"
    for words, faults in (
        (["gap"], [f"--clean gap: unknown step (did you mean 'gaps'?); {known}"]),
        (["non"], [f"--clean non: unknown step (did you mean 'none'?); {known}"]),
        (["gaps", "gaps=1"], ["--clean: gaps is given twice"]),
        (["none", "recommended"], ["--clean: none and recommended contradict each other; give one of them"]),
    ):
        with pytest.raises(ConfigError) as caught:
            Cleaning.parse(words)
        assert caught.value.faults == faults
    assert [change.name for change in clean(still(), "none gaps swaps")[1]] == ["swaps", "gaps"]
    with pytest.raises(DataError) as refused:
        clean(still().replace(unit="pixels"))
    assert refused.value.faults == ["the clip is in pixels, cleaning needs shoulder_widths; see in_shoulder_widths()"]


def test_outliers_are_far_from_the_median_neck():
    def put(coordinates, valid):
        coordinates[:, 1] = [3, 0, 0]
        coordinates[0, 1] = [9, 9, 9]
        coordinates[2, 20], coordinates[3, 21] = [3, 0, 5.01], [3, 4.99, 0]
        coordinates[4, 22], valid[4, 22] = [3, 90, 0], False

    pose = changed(still(), put)
    far, distance = outliers(pose, 5.0)
    assert np.argwhere(far).tolist() == [[0, 1], [2, 20]]
    assert (distance[2, 20], distance[3, 21]) == (pytest.approx(5.01), pytest.approx(4.99))
    masked, (change,) = clean(pose, ["outliers"])
    assert change.counts == {"joints_masked": 2}
    np.testing.assert_array_equal(masked.valid, pose.valid & ~far)
    near, nothing = outliers(still(), 5.0)
    assert (near.shape, near.any(), nothing.tolist()) == ((1, 1), False, [[0]])
    # Whichever way a joint lies, and with the neck beside the origin, none is overlooked by the short cut.
    for away in ((5.1, 0, 0), (0, -5.1, 0), (-3, -3, -3)):
        pose = changed(still(), lambda coordinates, _, away=away: coordinates.__setitem__((2, 20), away))
        assert np.argwhere(outliers(pose, 5.0)[0]).tolist() == [[2, 20]]
    neckless = hidden(changed(still(), lambda c, _: c.__setitem__((2, 20), (5.1, 0, 0))), (slice(None), 1))
    assert np.argwhere(outliers(neckless, 5.0)[0]).tolist() == [[2, 20]]


@pytest.mark.parametrize(
    ("fps", "seconds", "longest"), [(25.0, 0.2, 5), (50.0, 0.2, 10), (10.0, 0.05, 0), (10.0, 0.1, 1)]
)
def test_gaps_are_filled_up_to_the_longest(fps, seconds, longest):
    for gap in {max(longest, 1), longest + 1}:
        pose = hidden(still(30, fps), (slice(5, 5 + gap), 0))
        filled, (change,) = clean(pose, ["none", f"gaps={seconds}"])
        assert change.counts == ({"joints_filled": gap} if gap <= longest else {})
        assert filled.valid[:, 0].all() == (gap <= longest)


def test_gaps_at_the_ends_stay_open():
    pose = hidden(still(), (slice(0, 2), 0), (slice(8, 10), 3), (slice(None), 20))
    filled, (change,) = clean(pose, ["none", "gaps=10"])
    assert filled is pose
    assert change.counts == {}


def test_a_gap_beside_the_first_or_last_frame_is_filled():
    filled, (change,) = clean(hidden(still(), (slice(1, 3), 0), (slice(7, 9), 3)), ["none", "gaps=10"])
    assert change.counts == {"joints_filled": 4}
    assert filled.valid.all()


def test_joints_are_filled_on_a_straight_way_and_hands_with_their_wrist():
    def move(coordinates, valid):
        coordinates[:, 4, 0] = np.arange(10) ** 2 / 10  # the wrist goes faster and faster
        coordinates[:, RIGHT_HAND] = coordinates[:, [4]] + np.float32([0.1, 0, 0])
        coordinates[7, 35] += np.float32([0, 0.3, 0])
        valid[4:7, [0, 35]] = False
        coordinates[3, 0], coordinates[7, 0] = [0, 0, 0], [4, 8, -4]

    pose = changed(still(), move)
    filled, (change,) = clean(pose, ["none", "gaps"])
    assert change.counts == {"joints_filled": 6}
    np.testing.assert_allclose(filled.coordinates[4:7, 0], [[1, 2, -1], [2, 4, -2], [3, 6, -3]], atol=1e-6)
    offsets = filled.coordinates[4:7, 35] - filled.coordinates[4:7, 4]
    np.testing.assert_allclose(offsets, [[0.1, 0.075, 0], [0.1, 0.15, 0], [0.1, 0.225, 0]], atol=1e-5)
    both = hidden(pose, (slice(4, 7), 4))  # the wrist is filled first
    filled, _ = clean(both, ["none", "gaps"])
    np.testing.assert_allclose(filled.coordinates[4:7, 4, 0], [1.9, 2.9, 3.9], atol=1e-5)
    np.testing.assert_allclose(filled.coordinates[5, 35], filled.coordinates[5, 4] + [0.1, 0.15, 0], atol=1e-5)
    for lost in (3, 5, 7):  # where the wrist is unknown, the hand goes straight itself
        lone = (
            hidden(pose, (slice(0, 10), 4))
            if lost == 5
            else hidden(pose, (slice(0, 4) if lost == 3 else slice(7, 10), 4))
        )
        filled, _ = clean(lone, ["none", "gaps"])
        ends = pose.coordinates[[3, 7], 35]
        np.testing.assert_allclose(filled.coordinates[5, 35], ends.mean(0), atol=1e-5)


def test_smoothing_fits_parabolas_over_an_odd_window():
    from scipy.signal import savgol_filter

    rng = np.random.default_rng(0)
    pose = changed(still(30), lambda coordinates, _: coordinates.__iadd__(rng.normal(0, 0.1, coordinates.shape)))
    for seconds, window in ((0.2, 5), (0.28, 7), (0.31, 7), (0.33, 9)):
        smoothed, (change,) = clean(pose, ["none", f"smooth={seconds}"])
        expected = savgol_filter(pose.coordinates, window, 2, axis=0, mode="interp")
        np.testing.assert_allclose(smoothed.coordinates, expected, atol=1e-6)
        way = np.linalg.norm(expected - pose.coordinates, axis=-1).sum()
        assert change.counts == {"joints_moved": 1500, "way_moved": pytest.approx(way, abs=1e-3)}
    assert clean(pose, ["none", "smooth=0.15"])[0] is pose
    short = hidden(pose[:7], (3, slice(None)))
    assert clean(short, ["none", "smooth=0.2"])[0] is short
    enough = hidden(pose[:11], (5, 0))
    smoothed, (change,) = clean(enough, ["none", "smooth=0.2"])
    np.testing.assert_allclose(
        smoothed.coordinates[6:, 0], savgol_filter(pose.coordinates[6:11, 0], 5, 2, axis=0, mode="interp"), atol=1e-6
    )
    assert change.counts["joints_moved"] == 11 * 50 - 1


def test_other_steps_count_what_they_changed():
    def wave(coordinates, _):
        coordinates[:, 4, 0] = -1 + np.clip(np.arange(60) - 20, 0, 20) * 0.1

    pose = changed(still(60), wave)
    cut, (change,) = clean(pose, ["none", "trim=0"])
    assert (len(cut), change.counts) == (23, {"frames_cut": 37})
    assert clean(cut, ["none", "trim=60"])[0] is cut
    slow, (change,) = clean(pose, ["none", "resample=10"])
    assert (len(slow), slow.fps) == (24, 10.0)
    assert change.counts == {"frames_before": 60, "frames_after": 24, "clips_at_25_fps": 1}
    same, (change,) = clean(pose, ["none", "resample=25"])
    assert (same is pose, change.counts) == (True, {})
    jumped, (change,) = clean(
        changed(still(), lambda coordinates, _: coordinates.__setitem__((5, 0), (3, 3, 0))), ["none", "jumps"]
    )
    assert (change.counts, np.argwhere(~jumped.valid).tolist()) == ({"joints_masked": 1}, [[5, 0]])
    torn, (change,) = clean(
        changed(still(), lambda coordinates, _: coordinates.__setitem__((5, 12), (2.0, 1.7, 0))), ["none", "torn"]
    )
    assert (change.counts, np.argwhere(~torn.valid).tolist()) == ({"joints_masked": 1}, [[5, 12]])
    order = [*range(8), *RIGHT_HAND, *range(8, 29)]
    crossed = changed(
        hidden(still(), (6, 12)), lambda c, v: (c.__setitem__(6, c[6][order]), v.__setitem__(6, v[6][order]))
    )
    right, (change,) = clean(crossed, ["none", "swaps"])
    assert change.counts == {"joints_exchanged": 42, "frames_exchanged": 1}
    np.testing.assert_array_equal(right.coordinates, hidden(still(), (6, 12)).coordinates)

"""The limits of what counts as a tracker's fault, tried on both sides of each on a signer who stands still."""

import numpy as np
import pytest

from signllm.pose import SKELETON_50, PoseSequence, faults

LEFT_HAND, RIGHT_HAND = list(range(8, 29)), list(range(29, 50))
RIGHT_ARM, LEFT_ARM = [4, *RIGHT_HAND], [7, *LEFT_HAND]
MIRROR = np.array(SKELETON_50.mirror)


def still(frames=20, wrists=1.0):
    """(frames, 50, 3): shoulders one apart, wrists at -wrists and wrists, hands on them; depth trembles wildly."""
    joints = np.zeros((frames, 50, 3), np.float32)
    joints[:, :8, :2] = [[0, -1], [0, 0], [-0.5, 0], [-0.5, 0.9], [-wrists, 1.7], [0.5, 0], [0.5, 0.9], [wrists, 1.7]]
    shape = np.array([[0.01 * (k % 4), 0.02 * k] for k in range(21)])
    joints[:, LEFT_HAND, :2], joints[:, RIGHT_HAND, :2] = joints[:, 7, None, :2] + shape, joints[:, 4, None, :2] + shape
    joints[..., 2] = np.random.default_rng(0).normal(0, 9, (frames, 50))
    return joints


def seen(joints, hidden=()):
    valid = np.ones(joints.shape[:2], bool)
    for frames, places in hidden:
        valid[frames, places] = False
    return valid


def pose(joints, hidden=(), fps=25.0):
    return PoseSequence(joints, seen(joints, hidden), fps)


def jumped(first, last, far, joint=12, frames=20, hidden=(), fps=25.0):
    """The frames in which a joint is wrong that lies so far off from `first` to before `last`."""
    joints = still(frames)
    joints[first:last, joint, 0] += far
    found = faults.jumps(pose(joints, hidden, fps))
    assert not np.delete(found, joint, 1).any()
    return np.flatnonzero(found[:, joint]).tolist()


@pytest.mark.parametrize("fps", [10.0, 25.0, 50.0])
def test_thirty_shoulder_widths_a_second_are_too_fast(fps):
    assert faults.FASTEST == 30
    assert jumped(10, 20, 30.3 / fps, fps=fps) == [10]
    assert jumped(10, 20, 29.7 / fps, fps=fps) == []


def test_across_a_gap_a_joint_has_the_time_of_the_gap():
    gap = [(slice(8, 10), 12)]  # two frames: three steps of 1.2
    assert jumped(10, 20, 3.65, hidden=gap) == [10]
    assert jumped(10, 20, 3.55, hidden=gap) == []
    for lost, found in ((4, [10]), (5, [])):  # a gap of more than 0.2 s leaves everything open
        assert jumped(10, 20, 50.0, hidden=[(slice(10 - lost, 10), 12)]) == found


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_a_joint_that_comes_back_within_a_fifth_of_a_second_was_wrong_all_the_time(fps):
    short = round(0.2 * fps)
    assert jumped(10, 10 + short, 5.0, frames=40, fps=fps) == list(range(10, 10 + short))
    assert jumped(10, 11 + short, 5.0, frames=40, fps=fps) == [10, 11 + short]
    assert jumped(18, 20, 5.0, fps=fps) == [18]  # the clip ends before it is back
    assert jumped(1, 3, 5.0, fps=fps) == [1, 2]
    assert jumped(10, 14, 5.0, hidden=[(11, 12)]) == [10, 12, 13]


def test_after_a_stretch_that_was_wrong_the_way_back_is_right():
    joints = still(30)
    joints[8:11, 12, 0] += 5.0
    joints[14:17, 12, 0] += 5.0
    assert np.flatnonzero(faults.jumps(pose(joints))[:, 12]).tolist() == [8, 9, 10, 14, 15, 16]
    joints[20:, 12, 0] += 5.0
    assert np.flatnonzero(faults.jumps(pose(joints))[:, 12]).tolist() == [8, 9, 10, 14, 15, 16, 20]


@pytest.mark.parametrize(("fps", "longest"), [(10.0, 1), (25.0, 2), (50.0, 4)])
def test_a_spike_of_half_a_shoulder_width_lasts_at_most_80_milliseconds(fps, longest):
    for last in range(1, longest + 1):
        assert jumped(10, 10 + last, 0.55, fps=fps) == list(range(10, 10 + last))
        assert jumped(10, 10 + last, 0.45, fps=fps) == []
    assert jumped(10, 11 + longest, 0.55, fps=fps) == []
    assert jumped(1, 2, 0.55) == [1]
    assert jumped(18, 19, 0.55) == [18]
    assert jumped(19, 20, 0.55) == jumped(0, 1, 0.55) == []  # no way back, or none there


def test_who_comes_back_lands_nearer_than_half_the_way():
    def found(back):
        joints = still()
        joints[10, 12, 0] += 0.6
        joints[11:, 12, 0] += back
        return np.flatnonzero(faults.jumps(pose(joints))[:, 12]).tolist()

    assert found(0.09) == [10]
    assert found(0.11) == []  # less than half a shoulder width back
    assert found(-0.29) == [10]
    assert found(-0.31) == []


def test_a_spike_is_seen_in_all_its_frames():
    assert jumped(10, 12, 0.7, hidden=[(11, 12)]) == []  # the way back was not seen
    assert jumped(10, 12, 0.7, hidden=[(9, 12)]) == []
    assert jumped(10, 12, 0.7, hidden=[(11, 13)]) == [10, 11]


def test_the_neck_never_jumps():
    joints = still()
    joints[10:12, 1, 0] += 5.0
    assert not faults.jumps(pose(joints)).any()


@pytest.mark.parametrize(("hand", "wrist"), [(LEFT_HAND, 7), (RIGHT_HAND, 4)])
def test_a_joint_of_a_hand_is_torn_beyond_its_reach(hand, wrist):
    joints = still()
    joints[5, hand[3], :2] = joints[5, wrist, :2] + (0.91, 0)
    joints[6, hand[3], :2] = joints[6, wrist, :2] + (0, 0.89)
    joints[7, 0] = 50.0  # no joint of a hand
    assert np.argwhere(faults.torn(pose(joints))).tolist() == [[5, hand[3]]]
    assert np.argwhere(faults.torn(pose(joints), 0.88)).tolist() == [[5, hand[3]], [6, hand[3]]]
    for hidden in (hand[3], wrist):
        assert not faults.torn(pose(joints, [(slice(None), hidden)])).any()


def exchanged(joints, first, last, places=(4, 7, *range(8, 50))):
    order = np.arange(50)
    order[list(places)] = MIRROR[list(places)]
    joints = joints.copy()
    joints[first:last] = joints[first:last][:, order]
    return joints


def sides(joints, hidden=(), fps=25.0):
    return np.flatnonzero(faults.swapped_sides(pose(joints, hidden, fps))).tolist()


@pytest.mark.parametrize("places", [(4, 7, *range(8, 50)), range(2, 50)])
@pytest.mark.parametrize(("first", "last"), [(5, 8), (5, 14), (0, 3), (17, 20), (1, 2), (19, 20)])
def test_of_the_frames_before_and_after_an_exchange_the_fewer_are_wrong(places, first, last):
    assert sides(exchanged(still(), first, last, places)) == list(range(first, last))


def test_of_as_many_frames_those_after_the_exchange_are_wrong():
    assert sides(exchanged(still(), 0, 10)) == []  # and there the arms fit
    armless = [(slice(None), [3, 6])]
    assert sides(exchanged(still(), 0, 10), armless) == list(range(10, 20))


def test_arms_that_fit_speak_against_an_exchange():
    assert sides(exchanged(still(), 9, 20)) == []  # more than half, so the rest would be wrong, and there the arms fit
    assert sides(exchanged(still(), 9, 20), [(slice(None), [3, 6])]) == list(range(9))
    assert sides(exchanged(still(), 9, 20), [(slice(None), 6)]) == list(range(9))


def test_wrists_that_are_near_each_other_cannot_be_told_apart():
    for wrists, found in ((0.26, [5, 6, 7]), (0.24, [])):
        assert sides(exchanged(still(wrists=wrists), 5, 8), [(slice(None), [3, 6])]) == found
    near = still(wrists=1.0)
    near[4, [4, 7], 0] = -0.2, 0.2
    assert sides(exchanged(near, 5, 20), [(slice(None), [3, 6])]) == []


def test_names_are_exchanged_where_the_way_becomes_a_third():
    """Wrists 1 apart that come nearer by a step of their own in the frame of the exchange."""
    for step, found in ((0.24, True), (0.26, False)):  # 2 x step against 2 x (1 - step)
        joints = exchanged(still(wrists=0.5), 5, 8)
        joints[5:8, 7, 0] += step
        joints[5:8, 4, 0] -= step
        joints[5:8, [4, 7], 0] *= -1
        joints[5:8, [4, 7], 0] = [[0.5 - step, -0.5 + step]] * 3
        shown = sides(joints, [(slice(None), [3, 6])])
        assert (shown == [5, 6, 7]) == found


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_an_exchange_is_seen_across_a_short_gap(fps):
    short = round(0.2 * fps)
    for gap, found in ((short - 1, True), (short, False)):
        lost = [(slice(10, 10 + gap), [4, 7]), (slice(None), [3, 6])]
        assert sides(exchanged(still(60), 10, 60), lost, fps) == (list(range(10)) if found else [])


def test_stretches_between_long_gaps_are_judged_apart():
    lost = [(slice(20, 30), [4, 7]), (slice(None), [3, 6])]
    joints = exchanged(exchanged(still(60), 5, 8), 35, 40)
    assert sides(joints, lost) == [5, 6, 7, 35, 36, 37, 38, 39]
    assert sides(exchanged(still(60), 30, 60), lost) == []
    assert sides(still(), [(slice(1, None), 4)]) == sides(still(), [(slice(None), 4)]) == []
    assert sides(exchanged(still(2), 1, 2), [(slice(None), [3, 6])]) == [1]


def hands(joints, hidden=()):
    return np.flatnonzero(faults.swapped_hands(pose(joints, hidden))).tolist()


def test_hands_are_exchanged_where_they_lie_on_the_other_wrist_three_times_as_near():
    joints = exchanged(still(), 5, 8, range(8, 50))
    assert hands(joints) == [5, 6, 7]
    for places in (LEFT_HAND, RIGHT_HAND):
        assert hands(joints, [(slice(None), places)]) == [5, 6, 7]
    assert hands(joints, [(slice(None), [8, 29])]) == hands(joints, [(6, 4), (slice(0, 6), 7), (7, 7)]) == []
    for way, found in ((1.49, []), (1.51, list(range(20)))):  # of two shoulder widths: a quarter is left
        crossed = still()
        crossed[:, LEFT_HAND, 0] -= way
        crossed[:, RIGHT_HAND, 0] += way
        assert hands(crossed) == found
    for wrists, found in ((0.26, [5, 6, 7]), (0.24, [])):
        assert hands(exchanged(still(wrists=wrists), 5, 8, range(8, 50))) == found


@pytest.mark.parametrize(
    "places", [(4, 7, *range(8, 50)), range(2, 50), range(8, 50)], ids=["wrists and hands", "whole sides", "hands"]
)
def test_names_are_put_right_and_faults_keep_the_names_of_the_file(places):
    joints = exchanged(still(), 5, 8, places)
    right = faults.with_hands_put_right(pose(joints))
    np.testing.assert_array_equal(right.coordinates, still())
    moved = still()
    moved[6, 12, 0] += 5.0
    assert np.argwhere(faults.jumps(pose(exchanged(moved, 5, 8, places)))).tolist() == [[6, 33]]
    moved[6, 12, :2] = moved[6, 7, :2] + (0.95, 0)
    assert np.argwhere(faults.torn(pose(exchanged(moved, 5, 8, places)))).tolist() == [[6, 33]]


def test_a_clip_whose_shoulders_are_turned_throughout_is_as_usual_for_itself():
    turned = still() * np.float32([-1, 1, 1])
    assert not faults.swapped_sides(pose(turned)).any()
    assert sides(exchanged(turned, 5, 8, range(2, 50))) == [5, 6, 7]
    right = faults.with_hands_put_right(pose(exchanged(turned, 5, 8, range(2, 50))))
    np.testing.assert_array_equal(right.coordinates, turned)
    half = exchanged(still(), 10, 20, range(2, 50))  # of as many frames those as in the image are usual
    assert faults._shoulders_turned(pose(half)).tolist() == [False] * 10 + [True] * 10
    hidden = [(slice(12, 15), 2), (15, 5)]
    assert np.flatnonzero(faults._shoulders_turned(pose(half, hidden))).tolist() == [10, 11, 16, 17, 18, 19]


@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_who_moves_by_a_hundredth_of_a_shoulder_width_a_second_stands(fps):
    for speed, stands in ((0.0099, True), (0.0101, False)):
        joints = still()
        joints[:, 12, 1] += np.arange(20) * speed / fps
        assert faults.repeated_frames(pose(joints, fps=fps)).tolist() == [False] + [stands] * 19
    joints = still()
    joints[10, 12] += 1.0
    assert np.flatnonzero(~faults.repeated_frames(pose(joints))).tolist() == [0, 10, 11]
    assert faults.repeated_frames(pose(joints, [(slice(9, 12), 12)])).sum() == 17  # what is shown changes twice
    lost = pose(still(), [(slice(5, 9), slice(None))])
    assert np.flatnonzero(~faults.repeated_frames(lost)).tolist() == [0, *range(5, 10)]


@pytest.mark.parametrize(("fps", "least"), [(25.0, 10), (50.0, 20)])
def test_frozen_is_what_stands_for_two_fifths_of_a_second(fps, least):
    moving = still(60)
    moving[:, 12, 0] += 0.01 * np.arange(60)
    for stands in (least, least - 1):  # as many frames repeat the one before
        joints = moving.copy()
        joints[10 : 11 + stands] = joints[10]
        expected = [(10, 11 + stands)] if stands == least else []
        assert faults.frozen(faults.repeated_frames(pose(joints, fps=fps)), fps) == expected
    hidden = [(slice(20, 20 + least), [4, 7]), (slice(50, 49 + least), 4), (slice(50, None), 7)]
    assert faults.unseen(pose(still(60), hidden, fps), (4, 7)) in ([(20, 20 + least)], [(20, 20 + least), (50, 60)])
    assert faults.unseen(pose(still(60), hidden[:1], fps), (4, 8)) == []
    assert faults.unseen(pose(still(60), hidden[:1], fps), (4,), least_s=0.41) == []


def test_stretches_are_given_with_their_ends():
    assert faults.stretches(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert faults.stretches(np.zeros(3, bool)) == faults.stretches(np.zeros(0, bool)) == []


def test_limits_are_in_shoulder_widths_of_the_clip():
    joints = still()
    joints[10, 12, 0] += 0.55
    for scale, found in ((100.0, True), (1.0, True)):
        other = PoseSequence(joints * np.float32(scale), seen(joints), 25.0, unit="pixels")
        assert faults.jumps(other)[10, 12] == found
    nobody = PoseSequence(joints, seen(joints, [(slice(None), 2)]), 25.0, unit="pixels")
    assert faults.jumps(nobody)[10, 12]  # without a scale it keeps its own

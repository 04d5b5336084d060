"""What trackers do wrong: each fault is put into a clean clip and must be found there, at any frame rate."""

import numpy as np
import pytest

from signllm.data.demo.lexicon import vocabulary
from signllm.data.demo.performance import animate
from signllm.pose import PoseSequence, faults

RATES = pytest.mark.parametrize("fps", [25.0, 50.0])
SIGNS = vocabulary("ASL")[:4]
HANDS = np.arange(8, 50)


@pytest.fixture(scope="module")
def clips():
    return {fps: animate(SIGNS, "ASL", seed=3, fps=fps) for fps in (25.0, 50.0)}


def changed(pose, change):
    """The clip after `change(coordinates, valid)` wrote into copies."""
    coordinates, valid = pose.coordinates.copy(), pose.valid.copy()
    change(coordinates, valid)
    return pose.replace(coordinates=coordinates, valid=valid)


def exchanged(pose, first, last, joints):
    """The clip with the names of `joints` exchanged with those of the other side from `first` to before `last`."""
    order = np.arange(50)
    order[joints] = np.array(pose.skeleton.mirror)[joints]

    def change(coordinates, valid):
        coordinates[first:last], valid[first:last] = (
            coordinates[first:last][:, order],
            valid[first:last][:, order],
        )

    return changed(pose, change)


def apart(pose, seconds=0.2):
    """(first, last + 1) of the frames in which the wrists first stay a shoulder width apart for so long."""
    gap = np.linalg.norm(pose.coordinates[:, 4, :2] - pose.coordinates[:, 7, :2], axis=-1)
    length = round(seconds * pose.fps)
    start = next(f for f in range(2, len(pose) - length - 2) if (gap[f - 1 : f + length + 1] > 1).all())
    return start, start + length


@RATES
def test_a_clean_clip_has_no_fault(clips, fps):
    pose = clips[fps]
    assert not faults.jumps(pose).any()
    assert not faults.swapped_sides(pose).any()
    assert not faults.swapped_hands(pose).any()
    assert faults.frozen(faults.repeated_frames(pose), pose.fps) == []
    assert faults.with_hands_put_right(pose) is pose


@RATES
@pytest.mark.parametrize(("seconds", "far"), [(0.04, 0.7), (0.08, 0.7), (0.04, 2.0), (0.16, 2.0)])
def test_a_joint_that_jumps_away_and_back_is_wrong_until_it_is_back(clips, fps, seconds, far):
    first, last = 20, 20 + round(seconds * fps)
    pose = changed(clips[fps], lambda coordinates, _: coordinates[first:last, 4].__iadd__(far))
    wanted = np.zeros((len(pose), 50), bool)
    wanted[first:last, 4] = True
    np.testing.assert_array_equal(faults.jumps(pose), wanted)


@RATES
def test_a_joint_that_stays_where_it_jumped_to_is_wrong_for_one_frame(clips, fps):
    pose = changed(clips[fps], lambda coordinates, _: coordinates[20:, 12].__iadd__(2.0))
    assert np.argwhere(faults.jumps(pose)).tolist() == [[20, 12]]


def test_a_jump_is_seen_across_a_short_gap_and_not_across_a_long_one(clips):
    def change(gap):
        def write(coordinates, valid):
            coordinates[20:, 12] += 20.0
            valid[20 - gap : 20, 12] = False

        return write

    assert faults.jumps(changed(clips[25.0], change(2)))[20, 12]
    assert not faults.jumps(changed(clips[25.0], change(12))).any()


@RATES
@pytest.mark.parametrize("joints", [np.arange(2, 50), np.array([4, 7, *HANDS])], ids=["whole side", "wrist and hand"])
def test_exchanged_sides_are_found_and_put_right_and_are_no_jump(clips, fps, joints):
    first, last = apart(clips[fps])
    pose = exchanged(clips[fps], first, last, joints)
    assert np.flatnonzero(faults.swapped_sides(pose)).tolist() == list(range(first, last))
    assert not faults.swapped_hands(pose).any()
    assert not faults.jumps(pose).any()
    np.testing.assert_array_equal(faults.with_hands_put_right(pose).coordinates, clips[fps].coordinates)


@RATES
def test_exchanged_hands_are_found_by_their_arms(clips, fps):
    first, last = apart(clips[fps])
    pose = exchanged(clips[fps], first, last, HANDS)
    assert np.flatnonzero(faults.swapped_hands(pose)).tolist() == list(range(first, last))
    assert not faults.jumps(pose).any()
    np.testing.assert_array_equal(faults.with_hands_put_right(pose).coordinates, clips[fps].coordinates)


def test_of_one_hand_alone_the_wrong_name_is_found(clips):
    first, last = apart(clips[25.0])
    only_right = changed(clips[25.0], lambda _, valid: valid[:, 8:29].__imul__(False))
    pose = exchanged(only_right, first, last, HANDS)
    assert np.flatnonzero(faults.swapped_hands(pose)).tolist() == list(range(first, last))


def test_hands_that_rest_on_each_other_are_not_exchanged(clips):
    def change(coordinates, _):
        coordinates[:, [7, *range(8, 29)]] = coordinates[:, [4, *range(29, 50)]] + np.float32(0.1)

    pose = exchanged(changed(clips[25.0], change), 10, 15, np.arange(2, 50))
    assert not faults.swapped_sides(pose).any()


@RATES
def test_a_picture_that_stands_is_found_with_its_frames(clips, fps):
    first, last = 10, 10 + round(1.0 * fps)
    pose = changed(clips[fps], lambda coordinates, _: coordinates.__setitem__(slice(first, last), coordinates[first]))
    assert faults.frozen(faults.repeated_frames(pose), pose.fps) == [(first, last)]
    assert faults.repeated_frames(pose).sum() == last - first - 1


@RATES
def test_a_short_hold_is_not_frozen(clips, fps):
    last = 10 + round(0.3 * fps)
    pose = changed(clips[fps], lambda coordinates, _: coordinates.__setitem__(slice(10, last), coordinates[10]))
    assert faults.frozen(faults.repeated_frames(pose), pose.fps) == []


def test_frames_without_anybody_are_unseen_and_not_frozen(clips):
    pose = changed(clips[25.0], lambda _, valid: valid[20:40].__imul__(False))
    assert faults.unseen(pose, tuple(range(50))) == [(20, 40)]
    assert faults.frozen(faults.repeated_frames(pose), pose.fps) == []


def test_limits_are_in_shoulder_widths_whatever_the_unit(clips):
    pose = changed(clips[25.0], lambda coordinates, _: coordinates[20, 4].__iadd__(2.0))
    pixels = pose.replace(coordinates=pose.coordinates * 200, unit="pixels")
    np.testing.assert_array_equal(faults.jumps(pixels), faults.jumps(pose))
    assert not faults.jumps(clips[25.0].replace(coordinates=clips[25.0].coordinates * 200, unit="pixels")).any()


def test_a_way_back_that_nobody_could_see_exchanges_no_frame_that_is_right(clips):
    """Wrists are exchanged while they are apart, and exchanged back while they touch."""
    still = clips[25.0][:1].coordinates.repeat(60, axis=0)
    near = np.interp(np.arange(60), [38, 46, 48, 54], [0, 1, 1, 0])[:, None, None]
    left, right = [7, *range(8, 29)], [4, *range(29, 50)]
    still[:, left] += [0.3, 0, 0]
    still[:, right] -= [0.3, 0, 0]
    still[:, left] += near * (still[:, [4]] - still[:, [7]])
    lower = [4, 7, *range(8, 50)]
    wrong = exchanged(PoseSequence.all_valid(still, 25.0), 32, 47, lower)
    found = np.flatnonzero(faults.swapped_sides(wrong))
    assert len(found) >= 6
    assert found[0] == 32
    assert found[-1] < 47


@RATES
def test_a_finger_on_the_other_hand_is_torn_from_its_own(clips, fps):
    clip = clips[fps]
    assert not faults.torn(clip).any()
    wrong = changed(
        clip, lambda coordinates, valid: coordinates.__setitem__((slice(4, 9), 12), clip.coordinates[4, 7] + 1)
    )
    assert np.argwhere(faults.torn(wrong)).tolist() == [[frame, 12] for frame in range(4, 9)]
    hidden = changed(wrong, lambda coordinates, valid: valid.__setitem__((slice(None), 7), False))
    assert not faults.torn(hidden).any()

"""What one clip's body says of its axes, sides and depth, and where it rather says nothing."""

import numpy as np
import pytest

from signllm.pose.formats import evidence
from tests.helpers.people import person

FRAMES = 12


@pytest.fixture
def joints():
    return person(FRAMES)


def seen(joints, *unseen):
    """(F, J) bool; `unseen` joints are never seen."""
    valid = np.ones(joints.shape[:2], bool)
    valid[:, list(unseen)] = False
    return valid


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("up", [1, -1])
def test_axes_are_where_head_and_shoulders_say(joints, order, up):
    file = np.empty_like(joints)
    for ours, theirs in enumerate(order):
        file[..., theirs] = joints[..., ours] * (up if ours == 1 else 1)
    expected = ((order[0], 1), (order[1], up), (order[2], 1))
    assert evidence.axes_of(file, seen(file)) == expected
    assert evidence.axes_of(file, seen(file, evidence.NOSE)) == expected  # by the elbows
    assert evidence.axes_of(file, seen(file, evidence.NOSE, 3)) == expected  # by the other one


def test_axes_are_not_told_where_the_body_does_not_say_them(joints):
    assert evidence.axes_of(joints, seen(joints, 2)) is None
    assert evidence.axes_of(joints, seen(joints, evidence.NOSE, 3, 6)) is None
    lying = joints.copy()
    lying[:3, evidence.NOSE, 1] *= -1  # in a quarter of the frames the head lies below
    assert evidence.axes_of(lying, seen(lying)) is None
    low = joints.copy()
    low[:, evidence.NOSE, 1] = low[:, 2, 1] - 0.1
    assert evidence.axes_of(low, seen(low)) is None
    tilted = joints.copy()
    tilted[..., 1] += tilted[..., 0]  # shoulders as high as they are wide
    assert evidence.axes_of(tilted, seen(tilted)) is None


def test_a_body_has_arms_and_hands_of_a_size_with_each_other(joints):
    assert evidence.looks_like_a_body(joints, seen(joints))
    assert evidence.looks_like_a_body(100 * joints[..., :2], seen(joints))

    def changed(select, factor, about):
        other = joints.copy()
        other[:, select] = other[:, [about]] + factor * (other[:, select] - other[:, [about]])
        return evidence.looks_like_a_body(other, seen(other))

    right_arm, right_hand = [3, 4, *range(29, 50)], list(range(29, 50))
    assert changed(right_arm, 1.5, 2)
    assert not changed(right_arm, 8, 2)  # one arm of absurd length is enough
    assert changed(right_hand, 2, 29)
    assert not changed(right_hand, 9, 29)
    assert not changed([2, 5], 0, 1)  # no shoulders
    armless = joints.copy()
    armless[:, right_arm], armless[:, [6, 7, *range(8, 29)]] = joints[:, [2]], joints[:, [5]]
    assert not evidence.looks_like_a_body(armless, seen(armless))
    away = joints.copy()
    away[:, right_hand] += 5
    assert not evidence.looks_like_a_body(away, seen(away))
    assert not evidence.looks_like_a_body(joints, seen(joints, 2))


def test_fingers_are_no_longer_than_a_part_of_the_shoulders(joints):
    long = joints.copy()
    long[:, 36] += [2, 0, 0]  # the tip of the right index finger
    assert not evidence.looks_like_a_body(long, seen(long))


def test_hands_are_crossed_where_each_lies_on_the_other_arm(joints):
    assert evidence.hands_crossed(joints, seen(joints)) == -1
    crossed = joints.copy()
    crossed[:, 8:50] = joints[:, [*range(29, 50), *range(8, 29)]]
    assert evidence.hands_crossed(crossed, seen(crossed)) == 1
    one_hand = seen(crossed, *range(8, 29))
    assert evidence.hands_crossed(crossed, one_hand) == 1
    assert evidence.hands_crossed(joints, seen(joints, 4, 7)) == 0
    assert evidence.hands_crossed(joints, seen(joints, 2)) == 0
    between = joints.copy()
    between[:, 8:50] += 1.0
    assert evidence.hands_crossed(between, seen(between)) == 0


def test_the_busier_side_moves_clearly_more(joints):
    assert evidence.busier_side(joints, seen(joints)) == 1  # person() has a busy right hand
    mirrored = joints[:, [0, 1, 5, 6, 7, 2, 3, 4, *range(29, 50), *range(8, 29)]]
    assert evidence.busier_side(mirrored, seen(mirrored)) == -1
    assert evidence.busier_side(mirrored, seen(mirrored, 4, 7)) == -1  # by the hands
    still = np.repeat(joints[:1], FRAMES, 0)
    assert evidence.busier_side(still, seen(still)) == 0


def test_only_what_is_seen_in_the_image_makes_a_side_busy(joints):
    deep = np.repeat(joints[:1], FRAMES, 0)
    deep[:, 4, 2] = np.arange(FRAMES)  # only the depth of the right wrist changes
    assert evidence.busier_side(deep, seen(deep)) == 0
    lost = np.repeat(joints[:1], FRAMES, 0)
    lost[5, 4] = 9
    hidden = seen(lost)
    hidden[5, 4] = False
    assert evidence.busier_side(lost, hidden) == 0


def test_upper_arms_are_measured_in_shoulder_widths(joints):
    width = np.linalg.norm(joints[0, 5, :2] - joints[0, 2, :2])
    upper = np.concatenate([np.linalg.norm(joints[:, b, :2] - joints[:, a, :2], axis=-1) for a, b in ((2, 3), (5, 6))])
    assert evidence.arm_ratio(joints, seen(joints)) == pytest.approx(np.percentile(upper, 95) / width)
    assert np.isnan(evidence.arm_ratio(joints, seen(joints, 3, 6)))


def test_bones_vary_least_under_the_true_factor_of_depth(joints):
    flattened = joints * [1, 1, 0.5]
    variation = evidence.length_variation(flattened, seen(joints), "body", (0.0, 1.0, 2.0, 3.0))
    assert np.argmin(variation) == 2
    assert variation[2] < 0.01 < variation[0]
    few = seen(joints)
    few[evidence._FEWEST - 1 :] = False
    assert np.isnan(evidence.length_variation(joints, few, "hands", (1.0,))).all()
    few[evidence._FEWEST - 1] = True
    assert not np.isnan(evidence.length_variation(joints, few, "hands", (1.0,))).any()


def test_hands_before_the_trunk_tell_where_z_points(joints):
    before = joints.copy()
    before[:, [4, 7], 2] = 0.5
    assert evidence.depth_direction(before, seen(before)) == 1
    assert evidence.depth_direction(before * [1, 1, -1], seen(before)) == -1
    one_back = before.copy()
    one_back[:, 7, 2] = -0.5
    assert evidence.depth_direction(one_back, seen(before)) == 0
    assert evidence.depth_direction(before[:3], seen(before[:3])) == 0

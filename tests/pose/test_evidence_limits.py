"""The limits of what a body says: each is tried on both sides, on a body of straight lines."""

import numpy as np
import pytest

from signllm.pose.formats import evidence

LEFT_HAND, RIGHT_HAND = list(range(8, 29)), list(range(29, 50))
PALM = [(0, 5), (0, 17), (5, 17), (0, 9)]


def body(frames=10, wrists=1.0, scale=1.0):
    """(frames, 50, 3): shoulders one apart, arms hanging down to wrists at -wrists and wrists, small hands on them.

    Depth is noise, which most of the evidence must not look at.
    """
    joints = np.zeros((frames, 50, 3))
    joints[:, :8, :2] = [[0, -1], [0, 0], [-0.5, 0], [-0.5, 0.9], [-wrists, 1.7], [0.5, 0], [0.5, 0.9], [wrists, 1.7]]
    shape = np.array([[0.01 * (k % 4), 0.02 * k] for k in range(21)])
    joints[:, LEFT_HAND, :2], joints[:, RIGHT_HAND, :2] = joints[:, 7, None, :2] + shape, joints[:, 4, None, :2] + shape
    joints[..., 2] = np.random.default_rng(0).normal(0, 5, (frames, 50))
    return joints * scale


def seen(joints):
    return np.ones(joints.shape[:2], bool)


def moved(joints, indices, by):
    joints = joints.copy()
    joints[:, indices, : len(by)] += by
    return joints


def flat(joints):
    """Without depth, whose median is nearly as large as a length here."""
    return joints * (1, 1, 0)


@pytest.mark.parametrize(("height", "told"), [(0.21, True), (0.19, False)])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_head_lies_a_fifth_of_a_shoulder_width_above_the_shoulders(height, told, scale):
    joints = flat(body(scale=scale))
    joints[:, 0] = [0, -height * scale, 0]
    assert (evidence.axes_of(joints, seen(joints)) == evidence.STANDARD) == told


@pytest.mark.parametrize(("below", "told"), [(0, True), (1, True), (2, False)])
def test_it_lies_there_in_nine_frames_of_ten(below, told):
    joints = flat(body())
    joints[:below, 0, 1] = 1.0
    assert (evidence.axes_of(joints, seen(joints)) is not None) == told


def test_shoulders_lie_clearly_along_one_axis_and_the_head_clearly_along_another():
    joints = flat(body())
    for slope, told in ((0.66, True), (0.67, False)):  # one and a half times as far
        tilted = joints.copy()
        tilted[:, 2], tilted[:, 5] = [-0.5, -slope / 2, 0], [0.5, slope / 2, 0]
        assert (evidence.axes_of(tilted, seen(tilted)) is not None) == told
        leaning = joints.copy()
        leaning[:, 0] = [slope, -1, 0]
        assert (evidence.axes_of(leaning, seen(leaning)) is not None) == told


def test_the_heads_height_is_measured_from_the_middle_of_the_shoulders():
    joints = moved(flat(body()), list(range(50)), (100, 50, 20))
    assert evidence.axes_of(joints, seen(joints)) == evidence.STANDARD
    up = joints * (1, -1, 1)
    assert evidence.axes_of(up, seen(up)) == ((0, 1), (1, -1), (2, 1))
    shown = seen(joints)
    shown[:5, 2] = False
    lost = joints.copy()
    lost[:5, 2] = 1000.0  # without both shoulders a frame has no say
    assert evidence.axes_of(lost, shown) == evidence.STANDARD
    ahead = joints.copy()
    ahead[:, 0, 2] -= 3.0  # a head may lie before the shoulders by more than above them
    assert evidence.axes_of(ahead, seen(ahead)) == evidence.STANDARD
    deep = ahead.copy()
    deep[:, 0, 1] = joints[:, 2, 1]
    assert evidence.axes_of(deep, seen(deep))[1] == (2, 1)


@pytest.mark.parametrize(("right", "busier"), [(1.26, 1), (1.24, 0), (1.0, 0), (0.81, 0), (0.79, -1)])
def test_a_busier_hand_moves_a_quarter_more(right, busier):
    joints = body()
    steps = np.arange(10.0)
    joints[:, 4, 0], joints[:, 7, 0] = right * steps, steps
    joints[:, 29, 1], joints[:, 8, 1] = -right * steps, steps
    assert evidence.busier_side(joints, seen(joints)) == busier
    hidden = seen(joints)
    hidden[:, [4, 7]] = False  # by the hands' roots
    assert evidence.busier_side(joints, hidden) == busier
    hidden[:, [8, 29]] = False
    assert evidence.busier_side(joints, hidden) == 0


def test_a_hand_that_is_never_seen_does_not_move():
    joints, shown = body(), seen(body())
    joints[:, 4, 0] = 0.1 * np.arange(10)
    shown[:, [7, 8]] = False
    assert evidence.busier_side(joints, shown) == 1


def test_a_step_counts_where_both_its_frames_show_the_joint():
    joints, shown = body(), seen(body())
    joints[:, [4, 7], :2] = 0.0
    joints[5, 4, 0] = 1.0
    assert evidence.busier_side(joints, shown) == 1
    shown[4, 4] = False
    assert evidence.busier_side(joints, shown) == 1  # the way back is still seen
    shown[6, 4] = False
    assert evidence.busier_side(joints, shown) == 0


@pytest.mark.parametrize(
    ("apart", "way", "found"),
    [(2.0, 0.29, -1), (2.0, 0.31, 0), (2.0, 1.69, 0), (2.0, 1.71, 1), (0.4, 0.13, -1), (0.4, 0.14, 0), (0.4, 0.26, 0),
     (0.4, 0.27, 1)],
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_hand_on_a_wrist_is_within_three_tenths_and_half_as_far_as_from_the_other(apart, way, found, scale):
    joints = moved(moved(body(wrists=apart / 2), LEFT_HAND, (-way,)), RIGHT_HAND, (way,)) * scale
    assert evidence.hands_crossed(joints, seen(joints)) == found
    for hand in (LEFT_HAND, RIGHT_HAND):
        shown = seen(joints)
        shown[:, hand] = False
        assert evidence.hands_crossed(joints, shown) == found


def test_hands_at_different_distances_count_in_the_mean():
    joints = moved(moved(body(), LEFT_HAND, (-0.1,)), RIGHT_HAND, (0.45,))
    assert evidence.hands_crossed(joints, seen(joints)) == -1
    assert evidence.hands_crossed(moved(joints, RIGHT_HAND, (0.1,)), seen(joints)) == 0
    joints[:, 2] = joints[:, 5]
    assert evidence.hands_crossed(joints, seen(joints)) == 0
    assert np.isnan(evidence.arm_ratio(joints, seen(joints)))


def test_upper_arms_are_measured_in_the_image():
    assert evidence.arm_ratio(body(), seen(body())) == pytest.approx(0.9)
    longer = moved(body(scale=7.0), [6], (0, 0.7))
    assert evidence.arm_ratio(longer, seen(longer)) == pytest.approx(1.0)  # of both arms, the 95th percentile
    assert evidence.arm_ratio(longer[:1, :, :2], seen(longer[:1])) == pytest.approx(0.995)


@pytest.mark.parametrize(("part", "hidden"), [("body", None), ("hands", None), ("body", 3), ("hands", 13)])
def test_the_variation_of_lengths_is_the_mean_over_the_bones(part, hidden):
    joints = np.random.default_rng(1).normal(size=(9, 50, 3))
    shown = seen(joints)
    if hidden is not None:
        shown[7:, hidden] = False  # seven frames are too few
    arms = [(2, 3), (3, 4), (5, 6), (6, 7)]
    bones = arms if part == "body" else [(first + a, first + b) for first in (8, 29) for a, b in PALM]
    for factor in (0.0, 0.5, 2.0):
        lengths = [
            np.linalg.norm((joints[:, b] - joints[:, a]) * (1, 1, factor), axis=-1) for a, b in bones
            if hidden not in (a, b)
        ]  # fmt: skip
        expected = np.mean([length.std() / length.mean() for length in lengths])
        found = evidence.length_variation(joints, shown, part, (7.0, factor))
        assert found.shape == (2,)
        assert found[1] == pytest.approx(expected)
    if hidden:
        shown[7, hidden] = True  # eight frames are enough
        assert evidence.length_variation(joints, shown, part, (1.0,)) != found[1]


def test_bones_of_no_length_do_not_vary():
    joints = np.zeros((8, 50, 3))
    assert evidence.length_variation(joints, seen(joints), "body", (0.0, 1.0)).tolist() == [0, 0]
    assert np.isnan(evidence.length_variation(joints[:7], seen(joints[:7]), "body", (0.0, 1.0))).all()


@pytest.mark.parametrize(
    ("frames", "behind", "found"), [(10, 0, 1), (10, 2, 1), (10, 3, 0), (10, 17, 0), (10, 18, -1), (4, 0, 1), (3, 0, 0)]
)
def test_wrists_before_their_shoulders_in_nine_frames_of_ten(frames, behind, found):
    joints = body(frames)
    ahead = np.ones(2 * frames)
    ahead[:behind] = -1
    joints[:, 4, 2], joints[:, 7, 2] = joints[:, 2, 2] + ahead[:frames], joints[:, 5, 2] + ahead[frames:]
    assert evidence.depth_direction(joints, seen(joints)) == found
    joints[:, [4, 7], 2] = joints[:, [2, 5], 2]
    assert evidence.depth_direction(joints, seen(joints)) == 0


ARM_ENDS = [(3, [3, 4, *RIGHT_HAND]), (4, [4, *RIGHT_HAND]), (6, [6, 7, *LEFT_HAND]), (7, [7, *LEFT_HAND])]


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_an_arms_bones_are_at_most_four_shoulder_widths_long(scale):
    for joint, below in ARM_ENDS:
        joints = body(wrists=0.5)
        length = np.linalg.norm(joints[0, joint, :2] - joints[0, joint - 1, :2])
        for longer, sound in ((3.99 - length, True), (4.01 - length, False)):
            changed = moved(joints, below, (0, longer)) * scale
            assert evidence.looks_like_a_body(changed, seen(changed)) == sound


@pytest.mark.parametrize("bone", range(4))
def test_one_of_the_arms_bones_is_longer_than_an_eighth(bone):
    for length, sound in ((0.126, True), (0.125, False), (0.124, False)):
        joints = body(wrists=0.5)
        for number, (joint, below) in enumerate(ARM_ENDS):
            way = np.array([0, length if number == bone else 0.1]) + joints[0, joint - 1, :2] - joints[0, joint, :2]
            joints = moved(joints, below, way)
        assert evidence.looks_like_a_body(joints, seen(joints)) == sound


@pytest.mark.parametrize("hand", [LEFT_HAND, RIGHT_HAND])
def test_a_hand_lies_on_one_of_the_wrists(hand):
    joints = body(wrists=0.5)
    for gap, sound in ((0.79, True), (0.81, False)):
        changed = moved(joints, hand, (0, gap))
        assert evidence.looks_like_a_body(changed, seen(changed)) == sound
    across = moved(joints, hand, (1.0 if hand is RIGHT_HAND else -1.0,))
    assert evidence.looks_like_a_body(across, seen(across))
    lost = seen(joints)
    lost[:, hand[0]] = False
    assert evidence.looks_like_a_body(joints, lost)


@pytest.mark.parametrize("hand", [LEFT_HAND, RIGHT_HAND])
def test_palms_and_fingers_have_the_size_of_a_hand(hand):
    def placed(**fingers):
        """Fingers that begin so far from the hand's root; the others begin on it."""
        joints = body(wrists=0.5)
        joints[:, hand, :2] = joints[:, hand[:1], :2]
        for base, way in fingers.items():
            first = int(base[1:])
            joints = moved(joints, hand[first : first + 4], way)
        return evidence.looks_like_a_body(joints, seen(joints))

    for base in ("f5", "f9", "f17"):
        assert placed(**{base: (0, 1.19)})
        assert not placed(**{base: (0, 1.21)})
    assert placed(f1=(0, 1.3), f13=(0, 1.3))  # no bones of the palm
    assert placed(f5=(0.595, 0), f17=(-0.595, 0))
    assert not placed(f5=(0.605, 0), f17=(-0.605, 0))
    for joint in range(1, 20):
        if joint % 4:
            rest = hand[joint + 1 : (joint + 3) // 4 * 4 + 1]
            for way, sound in ((0.59, True), (0.61, False)):
                joints = body(wrists=0.5)
                joints[:, hand, :2] = joints[:, hand[:1], :2]
                changed = moved(joints, rest, (way, 0))
                assert evidence.looks_like_a_body(changed, seen(changed)) == sound

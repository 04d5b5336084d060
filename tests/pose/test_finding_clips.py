"""Clips read by settings that are known: every setting on exact numbers, and what does not fit them."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.formats.conventions import Conventions, RawClip
from signllm.pose.formats.finding import Found, Settings, Step, looks_right
from signllm.pose.formats.marks import BODY_ON_A_POINT, HAND_ON_A_POINT, MINUS_ONE, find_marks
from signllm.pose.formats.raw_points import Form, RawPoints
from tests.helpers.people import person, points_of

OPENPOSE, DEEP, PLAIN = Form("openpose-67", 3), Form("mediapipe-75", 3), Form("signllm-50", 3)
LEFT_HAND, RIGHT_HAND = list(range(8, 29)), list(range(29, 50))


def raw(form, frames=4, **more):
    """Points with the numbers 1, 2, ... in every coordinate."""
    values = np.arange(1, frames * form.width + 1, dtype=np.float32).reshape(frames, form.width)
    return RawPoints(values, (form,), **more)


def test_a_step_is_told_with_its_value_and_reason():
    assert str(Step("axes", "x,-y,z", "heads")) == "axes x,-y,z: heads"
    plain = Settings()
    assert (plain.form, plain.third, plain.aspect, plain.axes) == (None, None, None, ((0, 1), (1, 1), (2, 1)))
    assert (plain.crossed, plain.mirrored, plain.centred, plain.depths) == (False, False, False, (0.0, 0.0))
    found = Found(plain, Conventions())
    assert (found.steps, found.doubts, found.has_depth) == ((), (), False)


def test_points_become_joints_by_their_layout():
    points = raw(DEEP, fps=30.0, aspect=1.5, depth_unit=3.0)
    clip = Settings(DEEP).joints(points)
    table = points.values_FV.reshape(4, 75, 3)
    np.testing.assert_array_equal(clip.coordinates_FJC[:, 4], table[:, 16])
    np.testing.assert_array_equal(clip.coordinates_FJC[:, RIGHT_HAND], table[:, 54:])
    assert not clip.seen_FJ[:, 1].any()
    assert np.delete(clip.seen_FJ, 1, axis=1).all()
    said = (clip.fps, clip.aspect, clip.depth_unit, clip.wrist_depth, clip.own_scale, clip.sides_known)
    assert said == (30.0, 1.5, 3.0, True, True, True)
    assert (clip.counter_F, clip.scale_known) == (None, False)
    flat = Settings(DEEP, third="confidence").joints(points)
    assert (flat.coordinates_FJC[..., 2].any(), flat.depth_unit) == (False, 0.0)
    np.testing.assert_array_equal(flat.coordinates_FJC[..., :2], clip.coordinates_FJC[..., :2])
    sure = Settings(OPENPOSE).joints(raw(OPENPOSE))  # what its layout says, where nothing else is known
    assert (sure.coordinates_FJC[..., 2].any(), sure.depth_unit, sure.wrist_depth) == (False, 0.0, False)
    assert Settings(OPENPOSE, third="depth").joints(raw(OPENPOSE)).coordinates_FJC[..., 2].all()
    two = Settings(Form("openpose-67", 2)).joints(raw(Form("openpose-67", 2)))
    assert (two.coordinates_FJC.shape, two.depth_unit) == ((4, 50, 3), 0.0)


def test_frames_of_fifty_joints_have_one_scale_for_all_and_open_sides():
    form = Form("signllm-50", 3, True)
    points = raw(form, fps=30.0)
    points.values_FV[0, [0, 1, 2]] = 0
    points.values_FV[1, [3, 4, 5]] = 0  # the neck is the origin
    points.values_FV[2, 6] = np.nan
    points.values_FV[3, 3] = np.nan
    clip = Settings(form).joints(points)
    assert np.argwhere(~clip.seen_FJ).tolist() == [[0, 0], [2, 2], [3, 1]]
    assert np.isfinite(clip.coordinates_FJC).all()
    assert not clip.coordinates_FJC[~clip.seen_FJ].any()
    np.testing.assert_array_equal(clip.counter_F, points.values_FV[:, -1])
    assert (clip.fps, clip.own_scale, clip.sides_known, clip.scale_known) == (30.0, False, False, False)
    assert clip.coordinates_FJC.dtype == np.float32


def test_what_is_no_clip_of_these_settings_is_said():
    with pytest.raises(DataError) as caught:
        Settings(DEEP).joints(raw(OPENPOSE))
    assert caught.value.faults == [
        "its points are openpose-67 (67 points of 3 numbers), the other clips' are mediapipe-75 (75 points of 3"
        " numbers); convert them apart"
    ]
    with pytest.raises(DataError, match="the clip is empty"):
        Settings(DEEP).joints(raw(DEEP, frames=0))
    bad = raw(OPENPOSE)
    bad.values_FV[2, 3 * 4], bad.values_FV[3, 1], bad.values_FV[0, 2] = np.inf, -np.inf, np.inf
    with pytest.raises(DataError, match=r"^frame 2, point 4: not a finite number \(2 such points\)$"):
        Settings(OPENPOSE).joints(bad)
    assert not looks_right(bad, OPENPOSE)


def test_a_clip_looks_right_in_the_form_in_which_it_is_a_person():
    points = points_of("openpose-137", person(dims=2))
    clip = RawPoints(points.reshape(12, -1), (Form("openpose-137", 2), Form("openpose-137-face-last", 2)))
    assert looks_right(clip, Form("openpose-137", 2))
    assert not looks_right(clip, Form("openpose-137-face-last", 2))
    assert not looks_right(clip, OPENPOSE)
    deep = points_of("mediapipe-75", person())
    deep[:, 11:, 2] = np.nan  # depth that is not finite hides its joint here
    assert not looks_right(RawPoints(deep.reshape(12, -1), (DEEP,)), DEEP)


def joints(**more):
    values = np.random.default_rng(0).normal(size=(3, 50, 3)).astype(np.float32) + 9
    return RawClip(values, valid_FJ=np.random.default_rng(1).random((3, 50)) > 0.2, **more)


def test_axes_image_hands_and_sides_are_turned():
    clip = joints()
    place, shown = clip.coordinates_FJC, clip.seen_FJ
    assert Settings().oriented(clip) is clip
    turned = Settings(axes=((1, 1), (2, -1), (0, 1))).oriented(clip)
    np.testing.assert_array_equal(turned.coordinates_FJC, place[..., [1, 2, 0]] * np.float32([1, -1, 1]))
    assert turned.coordinates_FJC.dtype == np.float32
    crossed = Settings(crossed=True).oriented(clip)
    order = [*range(8), *RIGHT_HAND, *LEFT_HAND]
    np.testing.assert_array_equal(crossed.coordinates_FJC, place[:, order])
    np.testing.assert_array_equal(crossed.seen_FJ, shown[:, order])
    mirrored = Settings(mirrored=True).oriented(clip)
    np.testing.assert_array_equal(mirrored.coordinates_FJC, place * np.float32([-1, 1, 1]))
    np.testing.assert_array_equal(mirrored.seen_FJ, shown)


def test_shares_of_an_image_get_its_aspect():
    place = joints().coordinates_FJC.astype(float)
    own = joints(own_scale=True)
    own.valid_FJ[:, 1] = True
    for settings, clip, factor in (
        (Settings(aspect=2.0), own, 2.0),
        (Settings(aspect=2.0), joints(), 1.0),  # one unit in all axes
        (Settings(), own, 1.0),
        (Settings(aspect=2.0), RawClip(place, valid_FJ=own.valid_FJ, own_scale=True, aspect=1.5), 1.5),
    ):
        np.testing.assert_allclose(settings.oriented(clip).coordinates_FJC, place * (factor, 1, factor))


def test_the_middle_of_the_shoulders_is_the_neck_of_trackers_without_one():
    clip = joints(own_scale=True)
    clip.valid_FJ[:, 1] = False
    clip.valid_FJ[:, [2, 5]] = [[True, True], [True, False], [True, True]]
    found = Settings().oriented(clip)
    np.testing.assert_allclose(found.coordinates_FJC[:, 1], clip.coordinates_FJC[:, [2, 5]].mean(1), rtol=1e-6)
    assert found.seen_FJ[:, 1].tolist() == [True, False, True]
    clip.valid_FJ[1, 1] = True  # it has one
    assert Settings().oriented(clip) is clip
    other = joints()
    other.valid_FJ[:, 1] = False
    assert Settings().oriented(other) is other


def test_a_confidence_in_the_third_place_hides_joints_and_becomes_no_depth():
    clip = joints(third_open=True)
    clip.coordinates_FJC[0, 4:7, 2] = 0, -1, 0.1
    clip.valid_FJ[0, 4:7] = True
    assert Settings(third="depth").oriented(clip) is clip
    found = Settings(third="confidence").oriented(clip)
    assert found.seen_FJ[0, 4:7].tolist() == [False, False, True]
    assert not found.coordinates_FJC[..., 2].any()
    np.testing.assert_array_equal(found.coordinates_FJC[..., :2], clip.coordinates_FJC[..., :2])
    closed = joints()
    assert Settings(third="confidence").oriented(closed) is closed


@pytest.mark.parametrize("wrist_depth", [False, True])
def test_depth_is_multiplied_apart_for_body_and_hands_and_counts_from_the_wrist(wrist_depth):
    clip = joints(own_scale=True, depth_unit=10.0, wrist_depth=wrist_depth)
    clip.valid_FJ[:, [4, 7]] = [[True, True], [False, True], [True, False]]
    clip.coordinates_FJC[0, [0, 9, 10], 2] = np.nan, np.inf, -np.inf
    z = np.nan_to_num(clip.coordinates_FJC[..., 2] * 10.0, posinf=0, neginf=0).astype(float)
    expected = z * 2.0
    for hand, wrist in ((LEFT_HAND, 7), (RIGHT_HAND, 4)):
        expected[:, hand] = z[:, hand] * 3.0
        if wrist_depth:
            expected[:, hand] -= z[:, hand[:1]] * 3.0
            expected[:, hand] += expected[:, wrist, None] * clip.valid_FJ[:, wrist, None]
    found = Settings(depths=(2.0, 3.0)).with_depth(clip)
    np.testing.assert_allclose(found.coordinates_FJC[..., 2], expected, rtol=1e-5)
    np.testing.assert_array_equal(found.coordinates_FJC[..., :2], clip.coordinates_FJC[..., :2])
    assert not Settings().with_depth(clip).coordinates_FJC[..., 2].any()
    assert np.isnan(clip.coordinates_FJC[0, 0, 2])  # what was given is left as it was
    np.testing.assert_array_equal(Settings().with_depth(clip).coordinates_FJC[..., :2], clip.coordinates_FJC[..., :2])
    assert Settings(depths=(0.0, 1.0)).with_depth(clip).coordinates_FJC[:, LEFT_HAND[3], 2].any()
    own = joints()
    assert Settings(depths=(2.0, 3.0)).with_depth(own) is own


def test_a_tracked_clip_is_scaled_by_itself_about_its_neck():
    place = person().astype(np.float64) * 80 + (300, 200, 5)
    clip = RawClip(place, fps=30.0, valid_FJ=np.ones((12, 50), bool), own_scale=True, sides_known=True)
    ready, faults, marks = Found(Settings(), Conventions()).prepare(clip)
    assert (faults, marks, ready.fps, ready.scale_known, ready.sides_known) == ([], {}, 30.0, True, True)
    np.testing.assert_allclose(ready.coordinates_FJC[..., :2], person(dims=2), atol=1e-4)
    flat = Found(Settings(), Conventions()).pose(clip, 25)
    assert (flat.coordinates.shape[2], flat.fps) == (2, 25)
    assert Found(Settings(), Conventions(), has_depth=True).pose(clip, 25).coordinates.shape[2] == 3
    plain = RawClip((person() / 3).astype(np.float32))
    assert Found(Settings(), Conventions()).pose(plain, 25).coordinates.shape[2] == 3
    hidden = RawClip(place, valid_FJ=np.zeros((12, 50), bool), own_scale=True)
    ready, (fault,), marks = Found(Settings(), Conventions()).prepare(hidden)
    assert (ready, marks) == (None, {})
    assert "never both seen" in fault
    with pytest.raises(DataError, match="never both seen"):
        Found(Settings(), Conventions()).pose(hidden, 25)
    place[2, 4] = np.nan
    assert "frame 2, joint right_wrist" in Found(Settings(), Conventions()).prepare(clip)[1][0]


def test_settled_clips_are_left_alone():
    clip = RawClip.of(PoseSequence.all_valid(person(), 25.0))
    settings = Settings(mirrored=True, centred=True, crossed=True)
    assert Found(settings, Conventions()).prepare(clip) == (clip, [], {})


def test_centring_moves_the_median_of_the_neck_to_the_origin():
    place = (person() / 3 + (5, 6, 7)).astype(np.float32)
    valid = np.ones((12, 50), bool)
    valid[3, 9] = False
    found = Found(Settings(centred=True), Conventions())
    ready, _, _ = found.prepare(RawClip(place, valid_FJ=valid))
    np.testing.assert_allclose(ready.coordinates_FJC[valid], (person() / 3)[valid], atol=1e-5)
    assert ready.coordinates_FJC[3, 9].tolist() == [0, 0, 0]
    assert ready.coordinates_FJC.dtype == np.float32
    valid[:, 1] = False
    assert found.prepare(RawClip(place, valid_FJ=valid))[1] == [
        "the neck is never seen, so the clip has no origin; leave the clip out"
    ]


# Marks of missing joints


def marks(change, hidden=(), width=1.0):
    place = np.random.default_rng(0).uniform(1, 2, (2, 50, 3))
    change(place)
    valid = np.ones((2, 50), bool)
    valid[0, list(hidden)] = False
    found = find_marks(place, valid, width)
    return {name: np.argwhere(mark).tolist() for name, mark in found.items()}


def put(joints, value):
    return lambda place: place.__setitem__((0, joints), value)


def of(joints):
    return [[0, joint] for joint in sorted(joints)]


def test_minus_one_is_a_mark_but_for_the_neck():
    assert marks(put([1, 4, 9], (-1, -1, 0.5))) == {MINUS_ONE: of([4, 9])}
    assert marks(put([4], (-1, 0, -1))) == marks(put([4], (0, -1, -1))) == {}
    assert marks(put([4, 9], (-1, -1, 0.5)), hidden=[9]) == {MINUS_ONE: of([4])}
    # Joints with one mark are not looked at for the others.
    assert marks(put([2, 3, 4, *LEFT_HAND], (-1, -1, 1))) == {MINUS_ONE: of([2, 3, 4, *LEFT_HAND])}


@pytest.mark.parametrize(("hand", "wrist"), [(LEFT_HAND, 7), (RIGHT_HAND, 4)])
def test_a_hand_on_one_point_is_missing(hand, wrist):
    assert marks(put(hand, 1.5)) == {HAND_ON_A_POINT: of(hand)}
    for size, found in ((0.019, True), (0.021, False)):
        for width in (1.0, 30.0):
            spread = put(hand, 1.5 + size * width * np.linspace(0, 1, 21)[:, None])
            assert bool(marks(spread, width=width)) == found
            one_axis = put(hand, np.array([1.5, 1.5, 0]) + size * width * np.linspace(0, 1, 21)[:, None] * (0, 0, 1))
            assert bool(marks(one_axis, width=width)) == found
    assert marks(put(hand, 1.5), width=float("nan")) == marks(put(hand, 1.5), width=-1.0) == {
        HAND_ON_A_POINT: of(hand)
    }  # fmt: skip
    spread = put(hand, 1.5 + 0.01 * np.linspace(0, 1, 21)[:, None])
    assert marks(spread, width=float("nan")) == {}  # without a width only one and the same point counts
    assert marks(put(hand, 1.5), hidden=hand[4:]) == {HAND_ON_A_POINT: of(hand[:4])}
    assert marks(put(hand, 1.5), hidden=hand[3:]) == {}  # three joints may lie together
    assert marks(put([*hand, wrist], 1.5)) == {HAND_ON_A_POINT: of(hand)}  # a wrist may well lie there
    assert marks(put([*hand, wrist, 0], 1.5)) == {HAND_ON_A_POINT: of([*hand, wrist, 0])}
    assert marks(put([*hand, 1, 0], 1.5)) == {HAND_ON_A_POINT: of([*hand, 0])}  # the neck is never among them
    assert marks(put([*hand, 0, 2], 1.5), hidden=[2]) == {HAND_ON_A_POINT: of([*hand, 0])}


def test_three_body_joints_on_one_point_are_missing():
    assert marks(put([2, 3, 4], 1.5)) == {BODY_ON_A_POINT: of([2, 3, 4])}
    assert marks(put([2, 3], 1.5)) == marks(put([1, 2, 3], 1.5)) == {}
    assert marks(put([2, 3, 4], 1.5), hidden=[3]) == {}
    assert marks(put([2, 3, 4, 5], 1.5), hidden=[3]) == {BODY_ON_A_POINT: of([2, 4, 5])}
    assert marks(put([2, 3, 4], [[1, 1, 1], [1, 1, 1], [1, 1, 2]])) == {}


def test_marks_hide_joints_and_are_counted():
    place = (person() / 3).astype(np.float32)
    place[2, [3, 9]] = (-1, -1, 0)
    place[4, RIGHT_HAND] = 0.4
    clip, _, counts = Found(Settings(), Conventions()).prepare(RawClip(place))
    assert counts == {MINUS_ONE: 2, HAND_ON_A_POINT: 21}
    assert np.argwhere(~clip.seen_FJ).tolist() == [[2, 3], [2, 9], *([4, joint] for joint in RIGHT_HAND)]

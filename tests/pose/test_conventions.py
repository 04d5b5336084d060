"""Scale, counter and sides: found for clips that do not know theirs, kept for clips that do."""

import numpy as np
import pytest

from signllm.errors import ConfigError, DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats.conventions import (
    Conventions,
    RawClip,
    counter_tolerance,
    detect_conventions,
    expected_counter,
    follows_counter,
)
from signllm.pose.formats.searching import SharedConventions
from tests.helpers.sources import clip


def raw(seed, scale=1 / 3, left_first=False):
    pose = clip(seed).with_sides_swapped() if left_first else clip(seed)
    return RawClip(pose.coordinates * np.float32(scale))


def test_a_clip_of_a_file_that_says_everything_is_neither_scaled_nor_turned():
    narrow = clip(1).replace(coordinates=clip(1).coordinates * 0.8).with_sides_swapped()
    found = detect_conventions([RawClip.of(narrow)])
    assert (found.scale, found.sides_swapped, found.other_side_share) == (1.0, False, 1.0)
    np.testing.assert_array_equal(found.pose(RawClip.of(narrow), 25).coordinates, narrow.coordinates)
    assert detect_conventions([RawClip.of(narrow)], "left-first").pose(RawClip.of(narrow), 25).coordinates[
        0, 2, 0
    ] == pytest.approx(-0.4)


def test_clips_that_know_their_scale_and_sides_have_no_say_in_those_of_others():
    known = RawClip.of(clip(0))
    found = detect_conventions([raw(1, left_first=True), raw(2, left_first=True), *[known] * 5])
    assert (found.scale, found.sides_swapped) == (pytest.approx(1 / 3), True)
    np.testing.assert_allclose(found.pose(raw(1, left_first=True), 25).coordinates, clip(1).coordinates, atol=1e-6)
    np.testing.assert_array_equal(found.pose(known, 25).coordinates, clip(0).coordinates)


def test_without_shoulders_there_is_no_scale_to_be_found_but_none_to_be_lost_either():
    pose = clip(0)
    valid = pose.valid.copy()
    valid[:, 2] = False
    hidden = pose.replace(valid=valid)
    assert detect_conventions([RawClip.of(hidden)]).scale == 1.0
    with pytest.raises(DataError, match="no clip shows both shoulders"):
        detect_conventions([RawClip.of(hidden.replace(unit="pixels"))])


def test_a_flat_clip_gets_a_depth_of_zero():
    flat = RawClip.of(clip(0, dims=2))
    assert flat.coordinates_FJC.shape == (6, 50, 3)
    assert not flat.coordinates_FJC[..., 2].any()


def test_shared_conventions_are_looked_for_only_where_a_clip_needs_them():
    asked = []

    def load(clip):
        asked.append(1)
        return clip, []

    shared = SharedConventions([lambda: load(raw(3, 2.0))] * 3)
    assert shared.pose(clip(0), 25) is not None
    pixels = clip(0, dims=2).replace(unit="pixels")
    assert (shared.pose(pixels, 25) is pixels, shared.pose(pixels, 30).fps) == (True, 30)
    shared.pose(RawClip.of(clip(1)), 25)
    assert asked == []
    np.testing.assert_allclose(shared.pose(raw(3, 2.0), 25).coordinates, clip(3).coordinates, atol=1e-6)
    shared.pose(raw(3, 2.0), 25)
    assert len(asked) == 3
    assert isinstance(shared.pose(raw(3, 2.0), 12.5), PoseSequence)


def counted(counter_F, seed=0):
    return RawClip(clip(seed, frames=len(counter_F)).coordinates / np.float32(3), np.array(counter_F))


@pytest.mark.parametrize(
    ("name", "counter"),
    [("i/T", [0, 0.25, 0.5, 0.75]), ("(i+1)/T", [0.25, 0.5, 0.75, 1]), ("i/(T-1)", [0, 1 / 3, 2 / 3, 1])],
)
def test_counters_count_frames_from_zero_or_one_or_to_one(name, counter):
    np.testing.assert_allclose(expected_counter(name, 4), counter)
    assert follows_counter(np.array(counter) + 0.0624, name)
    assert not follows_counter(np.array(counter) - 0.0626, name)
    assert counter_tolerance(4) == 0.0625
    assert follows_counter(np.array([0.0, 0.25, 0.5, 0.75]) + 0.0625, "i/T")  # numbers without rounding
    assert expected_counter("i/(T-1)", 1).tolist() == [0]
    others = [other for other in ("i/T", "(i+1)/T", "i/(T-1)") if follows_counter(np.array(counter), other)]
    assert others == [name]
    assert detect_conventions([counted(counter), raw(1)]).counter == "unknown"  # a half is no majority
    assert detect_conventions([counted(counter), counted(counter, 1), raw(1)]).counter == name
    assert detect_conventions([raw(1)]).counter == "unknown"


def test_the_scale_is_the_median_and_exact_near_a_third_and_one():
    def found(*scales, **more):
        return detect_conventions([raw(seed, scale) for seed, scale in enumerate(scales)], **more)

    assert found(0.2, 0.21, 0.5).scale == pytest.approx(0.21)
    assert found(1 / 3 * 1.009).scale == 1 / 3
    assert found(1 / 3 * 1.011).scale == pytest.approx(1 / 3 * 1.011)
    assert (found(0.991).scale, found(0.989).scale) == (1.0, pytest.approx(0.989))
    assert found(0.3, near_standard=0.25).scale == 1 / 3
    scales = np.linspace(0.1, 0.3, 21)
    assert found(*scales).scale_range == pytest.approx((0.11, 0.29))
    assert found(*scales).scale == pytest.approx(0.2)


def test_clips_without_shoulders_have_no_say_in_the_scale():
    hidden = raw(1, 5.0)
    hidden = RawClip(hidden.coordinates_FJC, valid_FJ=np.zeros((6, 50), bool))
    found = detect_conventions([hidden, hidden, raw(2, 0.2)])
    assert (found.scale, found.scale_range) == (pytest.approx(0.2), pytest.approx((0.2, 0.2)))
    narrow = np.ones((6, 50, 3), np.float32)  # shoulders on one point
    assert detect_conventions([RawClip(narrow)] * 3 + [raw(2, 0.2)]).scale == pytest.approx(0.2)
    with pytest.raises(DataError, match="no clip shows both shoulders"):
        detect_conventions([RawClip(narrow)])
    known = RawClip.of(clip(0).replace(coordinates=clip(0).coordinates * 0.9))
    assert detect_conventions([known]).scale == 1.0
    assert detect_conventions([known]).scale_range == pytest.approx((0.9, 0.9))
    gone = RawClip.of(clip(0).replace(valid=np.zeros((6, 50), bool)))
    assert (detect_conventions([gone]).scale, detect_conventions([gone]).scale_range) == (1.0, (1.0, 1.0))
    assert detect_conventions([gone]).other_side_share == 0.0


def turned(seed, offset=-1.0):
    """A clip whose second shoulder lies so many of its widths beside the first one."""
    joints = np.array(clip(seed).coordinates)
    joints[:, 2], joints[:, 5] = 1, [1 + offset, 1 + np.sqrt(1 - offset**2), 0]
    return RawClip(joints / 3)


@pytest.mark.parametrize(
    ("offsets", "swapped", "share"),
    [
        ([1, 1, 1], False, 0),
        ([-1, 1, 1, 1], False, 0.25),
        ([-1, -1, -1, 1], True, 0.25),
        ([-0.49, -0.49, -0.49], False, 0),  # seen from the side
        ([-0.51, -0.51, -0.51], True, 0),
        ([-0.51, -0.49, 1, 1], False, 0.25),
        ([-1, -1, -1, 0.1, -0.1], True, 0.2),
    ],
)
def test_sides_are_the_majoritys_and_the_others_are_counted(offsets, swapped, share):
    raws = [turned(seed, offset) for seed, offset in enumerate(offsets)]
    found = detect_conventions(raws)
    assert (found.sides_swapped, found.sides_forced, found.other_side_share) == (swapped, False, pytest.approx(share))
    forced = detect_conventions(raws, "left-first" if swapped else "right-first")
    assert (forced.sides_swapped, forced.sides_forced, forced.other_side_share) == (swapped, True, pytest.approx(share))
    forced = detect_conventions(raws, "right-first" if swapped else "left-first")
    assert (forced.sides_swapped, forced.other_side_share) == (not swapped, pytest.approx(1 - share))


def test_a_side_that_is_known_is_exchanged_only_where_the_user_says_so():
    known = RawClip(clip(0).coordinates, sides_known=True, scale_known=True)
    joints = clip(0).coordinates
    for conventions, exchanged in (
        (Conventions(), False),
        (Conventions(sides_swapped=True), False),
        (Conventions(sides_swapped=True, sides_forced=True), True),
        (Conventions(sides_forced=True), False),
    ):
        pose = conventions.pose(known, 30)
        assert pose.fps == 30
        np.testing.assert_allclose(pose.coordinates, joints[:, list(SKELETON_50.mirror)] if exchanged else joints)
    open_clip = RawClip(clip(0).coordinates)
    pose = Conventions(scale=2.0, sides_swapped=True).pose(open_clip, 25)
    np.testing.assert_allclose(pose.coordinates, joints[:, list(SKELETON_50.mirror)] / 2)
    assert (Conventions(scale=2.0).scale_of(open_clip), Conventions(scale=2.0).scale_of(known)) == (2.0, 1.0)


def test_the_conventions_of_progressive_transformers_are_the_default():
    plain = Conventions()
    assert (plain.scale, plain.scale_range, plain.counter) == (1 / 3, (1 / 3, 1 / 3), "unknown")
    assert (plain.sides_swapped, plain.sides_forced, plain.other_side_share) == (False, False, 0.0)
    with pytest.raises(ConfigError, match=r"unknown layout 'left'.*known: auto, right-first, left-first"):
        detect_conventions([raw(0)], "left")


def test_zeros_are_missing_joints_but_for_the_neck():
    joints = np.ones((2, 50, 3), np.float32)
    joints[0, [1, 7]] = 0
    joints[1, 8], joints[1, 9], joints[1, 10] = (0, 1, 0), (0, 0, 1), (1, 0, 0)
    found = RawClip(joints)
    assert np.argwhere(~found.seen_FJ).tolist() == [[0, 7]]
    valid = np.zeros((2, 50), bool)
    assert RawClip(joints, valid_FJ=valid).seen_FJ is valid
    joints[1, 1] = 0
    joints[:, 2:] = 1
    assert RawClip(joints).seen_FJ.all()


def test_a_part_of_a_raw_clip_is_cut_with_its_mask_and_without_its_counter():
    whole = RawClip(clip(0).coordinates, np.arange(6) / 6, 30.0, np.ones((6, 50), bool), note="n", aspect=2.0)
    part = whole.cut(1, 4)
    np.testing.assert_array_equal(part.coordinates_FJC, whole.coordinates_FJC[1:4])
    assert (len(whole), len(part), part.counter_F, part.fps, part.note, part.aspect) == (6, 3, None, 30.0, "n", 2.0)
    assert part.valid_FJ.shape == (3, 50)
    assert RawClip(clip(0).coordinates).cut(0, 2).valid_FJ is None


def test_a_clip_of_a_file_that_says_everything_is_settled():
    found = RawClip.of(clip(0, fps=30.0))
    said = (found.scale_known, found.sides_known, found.settled, found.own_scale, found.counter_F, found.fps)
    assert said == (True, True, True, False, None, 30.0)
    assert not RawClip.of(clip(0).replace(unit="pixels")).scale_known
    plain = RawClip(clip(0).coordinates)
    assert (plain.scale_known, plain.sides_known, plain.settled, plain.own_scale, plain.wrist_depth,
            plain.third_open) == (False,) * 6  # fmt: skip
    assert (plain.counter_F, plain.fps, plain.valid_FJ, plain.aspect, plain.note) == (None,) * 5
    assert (plain.depth_unit, plain.layout) == (1.0, "")


def test_shoulders_are_measured_in_the_image():
    joints = np.zeros((3, 50, 3), np.float32)
    joints[:, 2], joints[:, 5] = [[1, 1, 5]], [[4, 5, 9], [4, 5, 9], [2, 1, 0]]
    assert (RawClip(joints).shoulder_width(), RawClip(joints).shoulder_offset_x()) == (5, 3)

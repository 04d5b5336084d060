"""Clips and batches on exact numbers: what they say of themselves, other rates, joins, rest, digests."""

import numpy as np
import pytest
import torch

from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.batch import PoseBatch, length_mask, resampled_batch, round_up
from signllm.pose.digest import clip_digest
from signllm.pose.geometry import at_moments, in_shoulder_widths, mean_pose, resampled_length, shoulder_offsets
from signllm.pose.joining import join_clips
from signllm.pose.rest import without_rest


def clip(frames=4, dims=3, fps=10.0, seed=0, hidden=()):
    valid = np.ones((frames, 50), bool)
    for place in hidden:
        valid[place] = False
    return PoseSequence(np.random.default_rng(seed).normal(size=(frames, 50, dims)), valid, fps)


def test_a_clip_says_what_it_is():
    assert repr(clip(25)) == "PoseSequence(25 frames, 2.50 s at 10 fps, 3D, signllm-50 in shoulder_widths)"
    half = clip(2, 2, 29.97, hidden=[0]).replace(unit="pixels")
    assert (
        repr(half) == "PoseSequence(2 frames, 0.07 s at 29.97 fps, 2D, signllm-50 in pixels, 50% of the joints missing)"
    )
    assert (half.num_frames, len(half), half.duration_s) == (2, 2, 2 / 29.97)
    assert half.captioned().pose is half
    assert half.captioned()[1:] == ("", "", ("", ""), {})


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"coordinates": np.zeros((2, 50))},
         ["coordinates have shape (2, 50), expected (frames, 50, 2 or 3) for the skeleton signllm-50"]),
        ({"coordinates": np.zeros((2, 49, 3))},
         ["coordinates have shape (2, 49, 3), expected (frames, 50, 2 or 3) for the skeleton signllm-50"]),
        ({"coordinates": np.zeros((2, 50, 4))},
         ["coordinates have shape (2, 50, 4), expected (frames, 50, 2 or 3) for the skeleton signllm-50"]),
        ({"coordinates": np.zeros((2, 50, 1))},
         ["coordinates have shape (2, 50, 1), expected (frames, 50, 2 or 3) for the skeleton signllm-50"]),
        ({"valid": np.ones((2, 49), bool)}, ["the valid mask has shape (2, 49), expected (2, 50)"]),
        ({"coordinates": np.zeros((0, 50, 3)), "valid": np.ones((0, 50), bool)}, ["the clip has no frames"]),
        ({"fps": 0}, ["fps is 0, expected a positive number"]),
        ({"fps": np.inf}, ["fps is inf, expected a positive number"]),
        ({"fps": np.nan}, ["fps is nan, expected a positive number"]),
    ],
)  # fmt: skip
def test_a_clip_that_cannot_be_is_refused(changes, faults):
    with pytest.raises(DataError) as caught:
        clip(2).replace(**changes)
    assert caught.value.faults == faults


def test_only_joints_that_are_seen_must_be_finite():
    coordinates = clip(3).coordinates.copy()
    coordinates[1, 7], coordinates[2, 0, 2] = np.nan, np.inf
    valid = np.ones((3, 50), bool)
    valid[1, 7] = False
    with pytest.raises(DataError) as caught:
        PoseSequence(coordinates, valid, 25)
    assert caught.value.faults == [
        "frame 2, joint nose: the coordinate is not a finite number; mark the joint as missing in the valid mask"
    ]
    valid[2, 0] = False
    made = PoseSequence(coordinates, valid, 25)
    assert (made.coordinates.dtype, made.valid.dtype, type(made.fps)) == (np.float32, bool, float)
    assert not made.valid.flags.writeable
    assert not made.coordinates.flags.writeable
    given = np.ones((3, 50, 3), np.float32)
    PoseSequence.all_valid(given, 25)
    given[0] = 2  # what was given stays as it is: it may be changed
    assert PoseSequence.all_valid(given, 25, unit="pixels").unit == "pixels"


def test_a_clip_is_cut_stretched_and_scaled():
    whole = clip(5, hidden=[(2, 9)])
    part = whole[1:3]
    np.testing.assert_array_equal(part.coordinates, whole.coordinates[1:3])
    assert (part.valid[1, 9], part.fps) == (False, 10.0)
    longer = whole.stretched(9)
    assert (len(longer), longer.fps) == (9, 10.0)
    np.testing.assert_allclose(longer.coordinates[::2], whole.coordinates)
    np.testing.assert_allclose(longer.coordinates[1], whole.coordinates[:2].mean(0), atol=1e-6)
    assert whole.resampled(10.0) is whole
    assert whole.resampled(5.0).fps == 5.0
    assert (whole.with_sides_swapped().valid[2, 30], whole.with_sides_swapped().valid[2, 9]) == (False, True)
    large = whole.replace(coordinates=whole.coordinates * 7 + 3, unit="pixels")
    scaled = large.in_shoulder_widths()
    assert (scaled.unit, scaled.shoulder_width()) == ("shoulder_widths", pytest.approx(1))
    np.testing.assert_allclose(np.median(scaled.coordinates[:, 1], 0), 0, atol=1e-5)
    np.testing.assert_allclose(
        large.in_shoulder_widths(centre=False).coordinates[whole.valid],
        (large.coordinates / large.shoulder_width())[whole.valid], rtol=1e-5,
    )  # fmt: skip
    hidden = clip(3, hidden=[(slice(None), 2)])
    with pytest.raises(DataError):
        hidden.in_shoulder_widths()
    assert hidden.in_shoulder_widths(strict=False).unit == "shoulder_widths"


# Geometry


@pytest.mark.parametrize(
    ("frames", "fps", "new", "length"),
    [(50, 25, 12.5, 25), (50, 25, 50, 100), (1, 50, 10, 1), (3, 25, 10, 1), (7, 25, 10, 3)],
)
def test_the_length_at_another_rate_is_at_least_one_frame(frames, fps, new, length):
    assert resampled_length(frames, fps, new) == length


def test_the_mean_pose_is_over_the_frames_that_show_a_joint():
    one = np.zeros((3, 50, 3), np.float32)
    one[:, 4] = [[1, 2, 3], [3, 4, 5], [0, 0, 0]]
    valid = np.zeros((3, 50), bool)
    valid[:2, 4] = True
    other, other_valid = np.zeros((1, 50, 3), np.float32), np.zeros((1, 50), bool)
    other[0, 4], other[0, 5], other_valid[0, [4, 5]] = 8, 7, True
    mean_JC, shown_J = mean_pose([(one, valid), (other, other_valid)])
    assert mean_JC[[4, 5, 6]].tolist() == [[4, 14 / 3, 16 / 3], [7, 7, 7], [0, 0, 0]]
    assert np.flatnonzero(shown_J).tolist() == [4, 5]
    assert mean_JC.dtype == np.float64


def test_shoulders_are_measured_in_the_frames_that_show_both():
    joints = np.zeros((3, 50, 3))
    joints[:, 5], joints[:, 2] = [[3, 5, 9]], [[1, 1, 1], [2, 2, 2], [0, 0, 0]]
    valid = np.ones((3, 50), bool)
    valid[1, 2] = False
    offsets = shoulder_offsets(joints, valid, SKELETON_50)
    assert (offsets.tolist(), offsets.dtype) == ([[2, 4], [3, 5]], np.float32)


def test_moments_before_the_first_and_after_the_last_frame_are_those_frames():
    joints, valid = clip(3).coordinates, np.ones((3, 50), bool)
    shown, seen = at_moments(joints, valid, np.array([2.0, 0.0]))
    np.testing.assert_array_equal(shown, joints[[2, 0]])
    assert seen.all()
    valid[1] = False
    assert at_moments(joints, valid, np.array([0.0, 0.5, 1.0, 1.5, 2.0]))[1].any(1).tolist() == [
        True,
        *[False] * 3,
        True,
    ]


def test_a_clip_without_a_neck_keeps_its_origin_in_the_axes_alone():
    joints, valid = clip(2).coordinates.astype(float), np.ones((2, 50), bool)
    valid[:, 1] = False
    width = np.median(np.linalg.norm((joints[:, 5] - joints[:, 2])[:, :2], axis=-1))
    np.testing.assert_allclose(in_shoulder_widths(joints, valid, SKELETON_50, strict=False), joints / width, rtol=1e-5)
    with pytest.raises(DataError, match="there is no scale; leave the clip out"):
        in_shoulder_widths(joints, valid, SKELETON_50)
    in_shoulder_widths(joints, valid, SKELETON_50, centre=False)


# Joins


def test_the_way_between_two_clips_is_one_of_minimum_jerk():
    before, after = (PoseSequence.all_valid(np.full((2, 50, 3), at), 25.0) for at in (0.0, 0.5))
    joined = join_clips([before, after, before])
    share = np.arange(1, 6) / 6  # 1.875 x 0.866 / 8 s are 5.07 frames
    way = 0.5 * (10 * share**3 - 15 * share**4 + 6 * share**5)
    np.testing.assert_allclose(joined.coordinates[:, 9, 1], [0, 0, *way, 0.5, 0.5, *way[::-1], 0, 0], atol=1e-6)
    near = PoseSequence.all_valid(np.full((1, 50, 3), 0.1), 25.0)
    assert len(join_clips([before, near])) == 2 + 4 + 1  # a fifth of a second


@pytest.mark.parametrize(
    "other", [clip(fps=25.0), clip().replace(unit="pixels"), clip(dims=2)], ids=["rate", "unit", "dimensions"]
)
def test_clips_of_two_kinds_are_not_joined(other):
    with pytest.raises(DataError, match="clips of one frame rate, skeleton and unit can be joined, not of several: "):
        join_clips([clip(), other])


# Rest


def waving(start, end, frames=60, speed=1.0, fps=25.0):
    """Wrists that move from frame `start` to `end` at so many shoulder widths a second."""
    coordinates = np.zeros((frames, 50, 3), np.float32)
    moved = np.clip(np.arange(frames), start, end) - start
    coordinates[:, 4, 0] = moved * speed / fps
    return PoseSequence.all_valid(coordinates, fps)


def test_rest_is_cut_off_but_for_so_many_seconds():
    plain = without_rest(waving(20, 40), 0.0)
    kept = without_rest(waving(20, 40), 0.2)
    assert (plain.start - kept.start, kept.stop - plain.stop) == (5, 5)
    assert (plain.start, plain.stop) == (20, 41)
    assert without_rest(waving(20, 40), 9.0) == slice(0, 60)
    assert without_rest(waving(0, 59), 0.0) == slice(0, 60)


def test_slow_short_or_unseen_motion_cuts_nothing():
    for speed, cut in ((0.52, True), (0.48, False)):
        assert (without_rest(waving(20, 40, speed=speed), 0.0) != slice(0, 60)) == cut
    for end, cut in ((30, True), (26, False)):  # ten frames are four tenths of a second
        assert (without_rest(waving(20, end), 0.0) != slice(0, 60)) == cut
    assert without_rest(waving(0, 3, frames=3), 0.0) == slice(0, 3)
    pose = waving(20, 40)
    hidden = pose.valid.copy()
    hidden[:, 4] = False
    assert without_rest(pose.replace(valid=hidden), 0.0) == slice(0, 60)
    left = pose.with_sides_swapped()
    assert without_rest(left, 0.0) == without_rest(pose, 0.0)


# Digests and batches


def test_digests_tell_clips_apart():
    pose = clip(2, hidden=[(0, 3)])
    assert clip_digest(pose) == clip_digest(clip(2, hidden=[(0, 3)]))
    moved = pose.coordinates.copy()
    moved[1, 9, 2] += 1
    others = [clip(2), pose.replace(coordinates=moved), clip(2, seed=1, hidden=[(0, 3)])]
    assert len({clip_digest(other) for other in [pose, *others]}) == 4
    zeros = PoseSequence.all_valid(np.zeros((1, 50, 3)), 25)
    assert clip_digest(zeros) == 8226753332472809728  # stored measurements are found by it


def batch():
    lengths = torch.tensor([5, 20, 33])
    pose = torch.arange(3 * 48 * 2 * 3, dtype=torch.float32).reshape(3, 48, 2, 3)
    words = [["a", "b", "c"], ["x", "y", "z"], ["t1", "t2", "t3"], ["p1", "p2", "p3"], ["g1", "g2", "g3"]]
    return PoseBatch([0, 1, 2], *words, pose, pose[..., 0] > 9, lengths, lengths + 100)


def test_a_batch_gives_some_of_its_clips_with_the_padding_they_need():
    whole = batch()
    assert (len(whole), whole.num_frames) == (3, 58)
    assert whole.select([0, 1, 2]) is whole
    for rows, longest in (([1, 0], 32), ([0], 16), ([2, 1, 0], 48)):
        part = whole.select(rows)
        assert part.indices == rows
        assert part.ids == [whole.ids[row] for row in rows]
        assert (part.texts, part.glosses) == ([whole.texts[r] for r in rows], [whole.glosses[r] for r in rows])
        assert (part.languages, part.prompts) == ([whole.languages[r] for r in rows], [whole.prompts[r] for r in rows])
        assert torch.equal(part.pose_BFJC, whole.pose_BFJC[rows, :longest])
        assert torch.equal(part.valid_BFJ, whole.valid_BFJ[rows, :longest])
        assert part.frames_B.tolist() == [whole.frames_B[row] for row in rows]
        assert part.natural_frames_B.tolist() == [whole.frames_B[row] + 100 for row in rows]
    assert whole.to(torch.device("meta")).valid_BFJ.device.type == "meta"
    assert whole.to(torch.device("meta")).natural_frames_B.device.type == "meta"


def test_lengths_are_rounded_up_to_sixteen():
    assert [round_up(frames) for frames in (1, 15, 16, 17, 32)] == [16, 16, 16, 32, 32]
    assert (round_up(9, 8), round_up(8, 8)) == (16, 8)
    assert length_mask(torch.tensor([0, 2, 3]), 3).tolist() == [[False] * 3, [True, True, False], [True] * 3]


def test_a_batch_at_another_rate_has_at_least_one_frame_of_each_clip():
    pose = torch.arange(2 * 16 * 1 * 1, dtype=torch.float32).reshape(2, 16, 1, 1)
    again, lengths = resampled_batch(pose, torch.tensor([1, 10]), 50.0, 10.0)
    assert (lengths.tolist(), again.shape) == ([1, 2], (2, 16, 1, 1))
    assert again[1, :3, 0, 0].tolist() == [16, 21, 25]  # beyond the end it is the last frame
    assert again[0, :2, 0, 0].tolist() == [0, 0]

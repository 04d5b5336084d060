"""Scale, origin, the middle of the shoulders and moments in time, each against a literal reading of its promise."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.geometry import (
    at_moments,
    in_shoulder_widths,
    median,
    mid_shoulders,
    neck_origin,
    shoulder_width,
    with_neck,
)

NECK, RIGHT, LEFT = 1, 2, 5


def joints(frames=7, seed=0):
    """Random joints whose shoulders are 2.5 apart, 10 off the origin."""
    joints_FJC = np.random.default_rng(seed).normal(size=(frames, 50, 3)) + 10
    joints_FJC[:, LEFT, :2] = joints_FJC[:, RIGHT, :2] + [1.5, 2.0]
    return joints_FJC, np.ones((frames, 50), bool)


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_the_median_is_numpys(count):
    values = np.random.default_rng(count).normal(size=count).astype(np.float32)
    assert median(values) == np.median(values)
    assert np.isnan(median(values[:0]))


def test_a_clip_in_shoulder_widths_has_shoulders_one_apart_and_its_neck_at_the_origin():
    joints_FJC, valid_FJ = joints()
    joints_FJC[3, NECK], valid_FJ[3, NECK] = 1e6, False  # must not move the origin
    scaled = in_shoulder_widths(joints_FJC, valid_FJ, SKELETON_50)
    assert shoulder_width(scaled, valid_FJ, SKELETON_50) == pytest.approx(1)
    assert np.allclose(np.median(scaled[valid_FJ[:, NECK], NECK], axis=0), 0, atol=1e-9)
    assert np.allclose(np.diff(scaled[:, 20], axis=0), np.diff(joints_FJC[:, 20], axis=0) / 2.5)
    assert np.allclose(in_shoulder_widths(joints_FJC, valid_FJ, SKELETON_50, centre=False), joints_FJC / 2.5)


@pytest.mark.parametrize("hidden", [RIGHT, NECK])
def test_a_clip_without_scale_or_neck_is_refused_or_keeps_what_it_has(hidden):
    joints_FJC, valid_FJ = joints()
    valid_FJ[:, hidden] = False
    with pytest.raises(DataError, match="never both seen"):
        in_shoulder_widths(joints_FJC, valid_FJ, SKELETON_50)
    kept = in_shoulder_widths(joints_FJC, valid_FJ, SKELETON_50, strict=False)
    origin = np.median(joints_FJC[:, NECK], axis=0)
    assert np.allclose(kept, joints_FJC - origin if hidden == RIGHT else joints_FJC / 2.5)


def test_shoulders_at_one_point_give_no_scale():
    joints_FJC, valid_FJ = joints()
    joints_FJC[:, LEFT] = joints_FJC[:, RIGHT]
    with pytest.raises(DataError, match="no scale"):
        PoseSequence(joints_FJC, valid_FJ, 25, unit="pixels").in_shoulder_widths()


def test_the_middle_of_the_shoulders_stands_in_for_a_neck_where_both_are_seen():
    joints_FJC, valid_FJ = joints()
    valid_FJ[2, LEFT] = False
    middle_FC, known_F = mid_shoulders(joints_FJC, valid_FJ, SKELETON_50)
    assert np.allclose(middle_FC, joints_FJC[:, [RIGHT, LEFT]].mean(1))
    assert known_F.tolist() == [True, True, False, True, True, True, True]
    filled_FJC, filled_FJ = with_neck(joints_FJC, valid_FJ, SKELETON_50)
    assert np.array_equal(filled_FJC[:, NECK], middle_FC)
    assert np.array_equal(filled_FJ[:, NECK], known_F)
    assert valid_FJ[:, NECK].all()  # what was given is left as it was
    assert np.array_equal(neck_origin(filled_FJC, filled_FJ, SKELETON_50), np.median(middle_FC[known_F], axis=0))


def test_a_joint_is_valid_between_two_frames_that_show_it_and_on_a_frame_that_does():
    joints_FJC, valid_FJ = joints(4)
    valid_FJ[2, 7] = False
    joints_FJC[2, 7] = 1e6
    moments = np.array([0.0, 0.25, 1.0, 1.5, 2.0, 2.5, 3.0])
    shown_GJC, shown_GJ = at_moments(joints_FJC, valid_FJ, moments)
    assert shown_GJ[:, 7].tolist() == [True, True, True, False, False, False, True]
    assert np.array_equal(shown_GJC[shown_GJ[:, 7], 7][[0, 2, 3]], joints_FJC[[0, 1, 3], 7])
    assert np.allclose(shown_GJC[1, 7], 0.75 * joints_FJC[0, 7] + 0.25 * joints_FJC[1, 7])
    assert shown_GJ[:, 8].all()

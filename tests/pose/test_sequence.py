"""PoseSequence checks itself, cannot be changed, and resamples and relabels as it says."""

import dataclasses

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence


def walk(frames=5, fps=10):
    """Joint j moves along x by one unit a second."""
    coordinates = np.zeros((frames, 50, 3), np.float32)
    coordinates[..., 0] = np.arange(frames)[:, None] / fps
    coordinates[..., 1] = np.arange(50)
    return coordinates


def test_a_clip_is_immutable_and_zero_where_missing():
    coordinates = walk()
    coordinates[1, 3] = np.nan
    valid = np.ones((5, 50), bool)
    valid[1, 3] = False
    clip = PoseSequence(coordinates, valid, 10)
    assert (clip.coordinates[1, 3] == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        clip.coordinates[0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        clip.fps = 5


def test_all_faults_of_a_clip_are_named_at_once():
    coordinates = walk()
    coordinates[2, 4] = np.inf
    with pytest.raises(DataError) as caught:
        PoseSequence(coordinates, np.ones((5, 50), bool), fps=0)
    assert len(caught.value.faults) == 2
    assert "frame 2, joint right_wrist" in caught.value.faults[0]
    with pytest.raises(DataError, match=r"\(5, 49, 3\)"):
        PoseSequence.all_valid(walk()[:, :49], 10)
    with pytest.raises(DataError, match="valid mask"):
        PoseSequence(walk(), np.ones((4, 50), bool), 10)
    with pytest.raises(DataError, match="no frames"):
        PoseSequence.all_valid(walk()[:0], 10)


@pytest.mark.parametrize("fps", [5, 10, 20, 13.7])
def test_resampling_keeps_the_motion_in_time(fps):
    clip = PoseSequence.all_valid(walk(21, 10), 10)
    again = clip.resampled(fps)
    times = np.minimum(np.arange(len(again)) / fps, 2.0)
    np.testing.assert_allclose(again.coordinates[:, 7, 0], times, atol=1e-5)
    assert abs(again.duration_s - clip.duration_s) <= 1 / fps


def test_resampling_never_makes_values_up_from_a_missing_joint():
    valid = np.ones((5, 50), bool)
    valid[2, 6] = False
    again = PoseSequence(walk(5, 10), valid, 10).resampled(20)
    assert again.valid[:, 6].tolist() == [True, True, True, False, False, False, True, True, True, True]
    assert again.valid[:, 5].all()


def test_swapping_sides_twice_changes_nothing_and_once_exchanges_labels():
    clip = PoseSequence.all_valid(walk(), 10)
    swapped = clip.with_sides_swapped()
    right, left = (SKELETON_50.joints.index(f"{side}_index_2") for side in ("right", "left"))
    np.testing.assert_array_equal(swapped.coordinates[:, right], clip.coordinates[:, left])
    np.testing.assert_array_equal(swapped.with_sides_swapped().coordinates, clip.coordinates)


def test_the_shoulder_width_ignores_depth_and_frames_where_a_shoulder_is_missing():
    coordinates = np.zeros((3, 50, 3))
    coordinates[:, 2] = [-1, 0, 7]
    coordinates[:, 5] = [1, 0, -7]
    coordinates[2, 5] = [50, 0, 0]
    valid = np.ones((3, 50), bool)
    valid[2, 5] = False
    assert PoseSequence(coordinates, valid, 25).shoulder_width() == pytest.approx(2)
    valid[:, 2] = False
    assert np.isnan(PoseSequence(coordinates, valid, 25).shoulder_width())


def test_every_bone_of_the_skeleton_stays_on_its_side():
    parents, joints = SKELETON_50.parents, SKELETON_50.joints
    assert len(SKELETON_50.bones) == 49
    for child, parent in SKELETON_50.bones[:, ::-1]:
        sides = {joints[j].split("_")[0] for j in (child, parent)} & {"left", "right"}
        assert len(sides) <= 1, (joints[parent], joints[child])
        assert parents[SKELETON_50.mirror[child]] == SKELETON_50.mirror[parent]

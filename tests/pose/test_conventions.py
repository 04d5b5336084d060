"""Scale and sides: found for clips that do not know theirs, kept for clips that do."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.formats.conventions import RawClip, detect_conventions
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

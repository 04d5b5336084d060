"""Places for joints that a clip does not show."""

import numpy as np

from signllm.composing.filling import with_every_joint
from signllm.pose import SKELETON_50
from tests.helpers.lexicons import performance


def test_a_joint_keeps_its_last_place_and_begins_at_its_first_one():
    clip = performance(0, 6)
    valid = clip.valid.copy()
    valid[[0, 3, 4], 4] = False
    filled = with_every_joint(clip.replace(valid=valid))
    np.testing.assert_array_equal(filled[:, 4], clip.coordinates[[1, 1, 2, 2, 2, 5], 4])
    np.testing.assert_array_equal(filled[:, 5:], clip.coordinates[:, 5:])


def test_a_joint_that_is_never_shown_stands_at_its_parent():
    clip = performance(0, 3)
    valid = clip.valid.copy()
    hand = list(SKELETON_50.parts["right_hand"]) if "right_hand" in SKELETON_50.parts else list(range(29, 50))
    valid[:, hand] = False
    filled = with_every_joint(clip.replace(valid=valid))
    np.testing.assert_array_equal(filled[:, hand], np.repeat(filled[:, [4]], len(hand), axis=1))

"""The tree of bones, and how long bones are by what a clip shows of them."""

import numpy as np
import pytest
import torch

from signllm.data.demo import animate
from signllm.lifting.bones import (
    CHILDREN,
    FINGERS,
    MIRROR,
    PARENTS,
    USUAL_LENGTHS,
    bone_lengths,
    bone_vectors,
    joints_of,
)
from signllm.pose import SKELETON_50


@pytest.fixture(scope="module")
def clip():
    return animate(["MOTHER", "BOOK"], "ASL", signer=2)


def test_every_joint_but_the_neck_ends_one_bone():
    assert sorted(CHILDREN) == [joint for joint in range(50) if joint != SKELETON_50.root]
    assert [SKELETON_50.parents[child] for child in CHILDREN] == PARENTS.tolist()
    assert [SKELETON_50.mirror[child] for child in CHILDREN] == CHILDREN[MIRROR].tolist()


def test_joints_are_the_sums_of_the_bones_before_them(clip):
    bones_FK3 = bone_vectors(clip.coordinates, clip.valid)[0]
    bones = torch.from_numpy(bones_FK3).movedim(-1, 0)[:, None]
    root = torch.from_numpy(clip.coordinates[:, SKELETON_50.root].copy()).T[:, None]
    found = joints_of(bones, root)[:, 0].movedim(0, -1).numpy()
    np.testing.assert_allclose(found, clip.coordinates, atol=1e-5)


def test_lengths_are_found_in_the_image_plane(clip):
    true_K = np.linalg.norm(bone_vectors(clip.coordinates, clip.valid)[0][0], axis=-1)
    found_K = bone_lengths(clip.coordinates[..., :2], clip.valid)
    arms = np.isin(CHILDREN, (2, 3, 4, 5, 6, 7))
    np.testing.assert_allclose(found_K[arms], true_K[arms], rtol=0.12)
    np.testing.assert_allclose(found_K[FINGERS], true_K[FINGERS], rtol=0.25)


def test_sides_are_alike_and_one_wrong_frame_says_nothing(clip):
    flat = clip.coordinates[..., :2].copy()
    before = bone_lengths(flat, clip.valid)
    np.testing.assert_array_equal(before, before[MIRROR])
    flat[3, [4, 31]] += 3.0
    np.testing.assert_allclose(bone_lengths(flat, clip.valid), before, rtol=0.05)


def test_bones_that_are_never_seen_have_the_usual_length(clip):
    nothing = np.zeros_like(clip.valid)
    found = bone_lengths(clip.coordinates[..., :2], nothing)
    np.testing.assert_allclose(found, USUAL_LENGTHS, rtol=0.04)
    no_hands = clip.valid.copy()
    no_hands[:, 8:] = False
    found = bone_lengths(clip.coordinates[..., :2], no_hands)
    np.testing.assert_array_equal(found[FINGERS], USUAL_LENGTHS[FINGERS])
    assert found[3] != USUAL_LENGTHS[3]

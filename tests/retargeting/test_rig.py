"""A skeleton at rest, and a clip on it: checked when made, and moved by forward kinematics."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.retargeting import RetargetedClip, Rig
from signllm.retargeting import quaternions as q
from tests.helpers.rigs import rig_of, t_pose


@pytest.mark.parametrize("seed", [None, 5])
def test_bones_are_where_they_were_put(seed):
    rig = rig_of(t_pose(), seed)
    np.testing.assert_allclose(rig.world[0], [where for _, where in t_pose().values()], atol=1e-12)


def test_scales_of_ancestors_reach_the_bones():
    rig = rig_of(t_pose())
    scales = np.ones(len(rig))
    scales[0] = 0.01
    large = Rig(rig.names, rig.parents, rig.translations * 100, rig.rotations, rig.roles, scales)
    expected = rig.world[0] + 99 * rig.world[0][0]
    np.testing.assert_allclose(large.world[0], expected, atol=1e-9)
    assert large.world[2] == pytest.approx(0.01)


def test_turning_a_bone_moves_what_hangs_from_it_and_nothing_else():
    rig = rig_of(t_pose(), 5)
    names = list(rig.names)
    elbow, hand, nose = (names.index(name) for name in ("leftLowerArm", "leftHand", "nose"))
    rotations = np.repeat(rig.rotations[None], 2, axis=0)
    positions, world = rig.world[:2]
    turn = q.about(np.array([0.0, 0, 1]), np.pi / 2)  # the forearm points up
    upwards = q.multiply(turn, world[elbow])
    rotations[1, elbow] = q.multiply(q.inverse(world[rig.parents[elbow]]), upwards)
    clip = RetargetedClip(rig, rotations, np.array([[0.0, 0, 0], [0, 0, 0.5]]), 25.0)
    moved = clip.bone_positions()
    np.testing.assert_allclose(moved[0], positions, atol=1e-6)
    np.testing.assert_allclose(moved[1, hand], positions[elbow] + [0, 0.25, 0.5], atol=1e-6)
    np.testing.assert_allclose(moved[1, nose], positions[nose] + [0, 0, 0.5], atol=1e-6)


def test_faults_of_a_rig_are_gathered():
    rig = rig_of(t_pose())
    roles = {role: bone for role, bone in rig.roles.items() if role != "leftHand"} | {"tail": 1, "head": 999}
    with pytest.raises(DataError) as caught:
        Rig(rig.names, rig.parents[::-1], rig.translations, rig.rotations, roles)
    said = "\n".join(caught.value.faults)
    for part in ("before its parent", "role tail is not known", "999 of the role head", "found for leftHand"):
        assert part in said
    with pytest.raises(DataError, match="translations of the skeleton"):
        Rig(rig.names, rig.parents, rig.translations[:3], rig.rotations, rig.roles)


@pytest.mark.parametrize(
    ("role", "other"),
    [("leftLowerArm", "rightHand"), ("leftHand", "leftUpperArm"), ("rightIndexDistal", "rightThumbDistal")],
)
def test_bones_that_do_not_carry_each_other_are_refused(role, other):
    rig = rig_of(t_pose())
    with pytest.raises(DataError, match=r"does not hang from .* and would be left behind"):
        Rig(rig.names, rig.parents, rig.translations, rig.rotations, dict(rig.roles) | {role: rig.roles[other]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rotations": np.zeros((2, 3, 4))}, "rotations have shape"),
        ({"translation": np.zeros((3, 3))}, "translation has shape"),
        ({"translation": np.full((2, 3), np.nan)}, "not a finite number"),
        ({"fps": 0.0}, "fps is 0.0"),
    ],
)
def test_a_clip_that_does_not_fit_its_rig_is_refused(change, said):
    rig = rig_of(t_pose())
    good = {"rotations": np.repeat(rig.rotations[None], 2, axis=0), "translation": np.zeros((2, 3)), "fps": 25.0}
    assert RetargetedClip(rig, **good).names == rig.names
    with pytest.raises(DataError, match=said):
        RetargetedClip(rig, **{**good, **change})

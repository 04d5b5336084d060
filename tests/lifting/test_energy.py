"""Each term of what a lifted clip is asked for: nothing for a signer who could exist, much for one who could not."""

import numpy as np
import pytest
import torch

from signllm.data.demo import animate
from signllm.lifting import energy
from signllm.lifting.bones import bone_vectors

FLIP_Z, FLIP_X = torch.tensor([1.0, 1.0, -1.0]), torch.tensor([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def joints():
    """(3, 1, F, J) of a signer of the demo corpus."""
    clip = animate(["MOTHER", "BOOK", "SOUP"], "ASL", signer=1)
    return torch.from_numpy(clip.coordinates.copy()).movedim(-1, 0)[:, None]


def ways(joints):
    way = bone_vectors(joints[:, 0].movedim(0, -1).numpy(), np.ones(joints.shape[2:], bool))[0]
    way = torch.from_numpy(way).movedim(-1, 0)[:, None]
    return way / way.norm(dim=0)


def scaled(joints, factors):
    return joints * factors[:, None, None, None]


def test_a_signer_who_could_exist_costs_nothing(joints):
    way = ways(joints)
    assert energy.arm_limits(way, energy.outside()).max() < 1e-3
    assert energy.finger_limits(way).max() < 0.02
    assert energy.palm_shape(way).max() < 0.02
    assert energy.front(joints).max() < 0.02


def test_a_signer_turned_inside_out_in_depth_costs_much(joints):
    inside_out = scaled(joints, FLIP_Z)
    assert energy.finger_limits(ways(inside_out)).mean() > 0.5
    assert energy.front(inside_out).mean() > 0.05


def test_the_left_hand_is_no_right_hand(joints):
    """Mirroring without exchanging the labels makes thumbs stand on the wrong side of bent fingers."""
    assert energy.finger_limits(ways(scaled(joints, FLIP_X))).mean() > 0.5


def test_elbows_point_outwards(joints):
    inwards = joints.clone()
    for shoulder, elbow, wrist in ((2, 3, 4), (5, 6, 7)):
        middle = (joints[..., shoulder] + joints[..., wrist]) / 2
        inwards[..., elbow] = 2 * middle - joints[..., elbow]
    assert energy.arm_limits(ways(inwards), energy.outside()).mean() > 0.1


def test_a_wrist_bends_by_less_than_90_degrees(joints):
    """The hand turned by half a turn about the forearm's end lies on the forearm."""
    back = joints.clone()
    back[..., 29:] = 2 * joints[..., 4, None] - joints[..., 29:]
    assert energy.arm_limits(ways(back), energy.outside()).mean() > 0.3


def test_a_palm_is_stiff(joints):
    bent = joints.clone()
    bent[:, ..., 46] = bent[:, ..., 29] + 0.18 * torch.tensor([0.0, 0.0, 1.0])[:, None, None]
    assert energy.palm_shape(ways(bent)).mean() > energy.palm_shape(ways(joints)).mean() + 0.1


def test_joints_that_are_missing_do_not_pull(joints):
    seen, valid = joints[:2].clone(), torch.ones(joints.shape[1:])
    valid[:, 4:8, 30:] = 0
    seen[:, :, 4:8, 30:] += 5.0
    assert energy.reprojection(joints, seen, valid).max() < 1e-6
    valid[:] = 1
    assert energy.reprojection(joints, seen, valid)[:, 4:8].min() > 50


def test_acceleration_is_counted_in_time_not_in_frames():
    """A parabola has one acceleration, at any frame rate."""

    def of(fps):
        t = torch.arange(0, 2, 1 / fps)
        joints = torch.zeros(3, 1, len(t), 50)
        joints[0, 0] = 3.0 * t[:, None] ** 2
        pace = torch.tensor([[(fps / 25) ** 2]])
        return energy.acceleration(joints, pace, torch.ones(1, len(t))).mean()

    assert float(of(25)) == pytest.approx(float(of(50)), rel=0.02)
    assert of(25) > 0


def test_padding_costs_nothing(joints):
    inside = torch.ones(joints.shape[1:3])
    inside[:, 10:] = 0
    jumping = joints.clone()
    jumping[:, :, 10:] = 100.0
    found, whole = (energy.acceleration(clip, torch.ones(1, 1), inside) for clip in (jumping, joints))
    assert not found[:, 8:].any()
    assert found[:, :8].equal(whole[:, :8])
    assert whole[:, :8].all()

"""Rotations as whole arrays, against scipy's."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from signllm.retargeting import quaternions as q

DRAWN = np.random.default_rng(3)
FIRST, SECOND = (Rotation.random(40, random_state=seed) for seed in (1, 2))
VECTORS = DRAWN.normal(size=(40, 3))


def same(found, expected):
    assert np.abs(q.dot(found, expected)).min() > 1 - 1e-9


def test_multiplied_inverted_and_applied():
    same(q.multiply(FIRST.as_quat(), SECOND.as_quat()), (FIRST * SECOND).as_quat())
    same(q.inverse(FIRST.as_quat()), FIRST.inv().as_quat())
    np.testing.assert_allclose(q.rotate(FIRST.as_quat(), VECTORS), FIRST.apply(VECTORS), atol=1e-12)


def test_from_matrices_in_every_quarter():
    half_turns = Rotation.from_rotvec(np.pi * np.eye(3))
    for rotations in (FIRST, half_turns, Rotation.identity(2)):
        same(q.from_matrices(rotations.as_matrix()), rotations.as_quat())


def test_about_an_axis_and_the_twist_about_it():
    axes, angles = q.unit(VECTORS), DRAWN.uniform(-3, 3, 40)
    same(q.about(axes, angles), Rotation.from_rotvec(axes * angles[:, None]).as_quat())
    tilt = q.about(q.unit(q.cross(axes, VECTORS[::-1])), np.full(40, 0.7))
    np.testing.assert_allclose(q.twist_about(q.multiply(tilt, q.about(axes, angles)), axes), angles, atol=1e-9)


def test_shortest_arc_also_between_opposite_directions():
    start, end = q.unit(VECTORS), q.unit(VECTORS[::-1])
    found = q.shortest_arc(start, end)
    np.testing.assert_allclose(q.rotate(found, start), end, atol=1e-9)
    np.testing.assert_allclose(2 * np.arccos(found[:, 3]), np.arccos(q.dot(start, end)), atol=1e-6)
    opposite = q.shortest_arc(np.array([0.0, 1, 0]), np.array([0.0, -1, 0]))
    np.testing.assert_allclose(q.rotate(opposite, np.array([0.0, 1, 0])), [0, -1, 0], atol=1e-9)


def test_frames_have_the_first_axis_and_lean_to_the_second():
    first, second = VECTORS, VECTORS[::-1]
    found = q.frames(first, second)
    np.testing.assert_allclose(q.rotate(found, np.array([1.0, 0, 0])), q.unit(first), atol=1e-9)
    assert (q.dot(q.rotate(found, np.array([0.0, 1, 0])), second) > 0).all()
    assert np.abs(q.dot(q.rotate(found, np.array([0.0, 0, 1])), second)).max() < 1e-9


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_slerp_takes_the_shorter_way_at_a_steady_pace(share):
    start, end = FIRST.as_quat(), -SECOND.as_quat()
    found = q.slerp(start, end, np.full(40, share))
    whole = q.angle_between(start, end)
    np.testing.assert_allclose(q.angle_between(start, found), share * whole, atol=1e-6)
    np.testing.assert_allclose(q.angle_between(found, end), (1 - share) * whole, atol=1e-6)


def test_continuous_changes_signs_alone():
    smooth = q.about(np.array([0.0, 0, 1]), np.linspace(0, 9, 50))[:, None]
    torn = smooth * np.where(DRAWN.random((50, 1, 1)) < 0.5, -1, 1)
    found = q.continuous(torn)
    np.testing.assert_allclose(found * np.sign(found[0, 0, 3] * smooth[0, 0, 3]), smooth, atol=1e-12)
    assert (q.dot(found[1:], found[:-1]) > 0).all()


def test_limited_angles_stay_inside_and_never_jump():
    low, high = np.radians([-10.0, 110.0])
    angles = np.linspace(-2 * np.pi, 2 * np.pi, 2001)
    found = q.limited(angles, low, high)
    assert found.min() >= low - 1e-9
    assert found.max() <= high + 1e-9
    assert np.abs(np.diff(found)).max() < 2 * (angles[1] - angles[0])
    inside = np.linspace(low, high, 7)
    np.testing.assert_allclose(q.limited(inside, low, high), inside, atol=1e-12)
    np.testing.assert_allclose(q.limited(inside + 2 * np.pi, low, high), inside, atol=1e-9)
    np.testing.assert_allclose(q.limited(np.array([low - 0.3, high + 0.3]), low, high), [low, high])


def test_scaled_rotations_keep_their_axis():
    axes = q.unit(VECTORS)
    found = q.scaled(-q.about(axes, np.full(40, 0.8)), 1.5, 1.0)
    same(found, q.about(axes, np.full(40, 1.0)))
    same(q.scaled(q.about(axes, np.full(40, 0.8)), 0.5), q.about(axes, np.full(40, 0.4)))
    same(q.scaled(np.tile(q.IDENTITY, (2, 1)), 3.0), np.tile(q.IDENTITY, (2, 1)))

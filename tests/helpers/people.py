"""A signer whose points any tracker could have seen, made by code: right hand the busier, limbs of constant length."""

import numpy as np

from signllm.pose.formats.point_layouts import LAYOUTS
from signllm.pose.skeleton import SKELETON_50
from tests.helpers.sources import EXPECTED


def person(frames=12, seed=0, dims=3):
    """(frames, 50, dims) in shoulder widths with the neck at the origin, y down; z is the depth of arms that swing."""
    rng = np.random.default_rng(seed)
    joints = np.zeros((frames, 50, 3))
    joints[..., :2] = EXPECTED
    phase = rng.uniform(0, 6, 2)
    time = np.arange(frames)
    for arm, hand, first, far in (((3, 4), range(29, 50), 2, 0.9), ((6, 7), range(8, 29), 5, 0.3)):
        angle = far * np.sin(time / 3 + phase[0]) + 0.2
        upper = np.stack([0.2 * np.sin(angle), 0.9 + 0 * angle, 0 * angle], 1)
        lower = np.stack([0.5 * np.sin(angle), 0.5 * np.cos(angle), -0.6 * np.cos(time / 4 + phase[1])], 1)
        lower *= 0.8 / np.linalg.norm(lower, axis=1, keepdims=True)
        joints[:, arm[0]] = joints[:, first] + upper
        joints[:, arm[1]] = joints[:, arm[0]] + lower
        shape = (EXPECTED[list(hand)] - EXPECTED[hand[0]])[None]
        turn = np.cos(time / 5)[:, None]
        joints[:, list(hand), 0] = joints[:, arm[1], None, 0] + shape[..., 0] * turn
        joints[:, list(hand), 1] = joints[:, arm[1], None, 1] + shape[..., 1]
        joints[:, list(hand), 2] = joints[:, arm[1], None, 2] + shape[..., 0] * np.sin(time / 5)[:, None]
    return joints[..., :dims]


def points_of(layout, joints, scale=200.0, origin=(640.0, 300.0), fill=50.0):
    """(frames, K, C) as the tracker of a layout would have them, in pixels; points that are no joint lie somewhere."""
    places = np.array(LAYOUTS[layout].places)
    points = np.full((len(joints), LAYOUTS[layout].num_points, joints.shape[2]), fill)
    moved = joints * scale
    moved[..., :2] += origin
    for joint, place in enumerate(places):
        if place >= 0:
            points[:, place] = moved[:, joint]
    return points


def assert_same_person(pose, joints, atol=0.01, dims=2):
    """A PoseSequence shows these joints, as far as it shows them; both hands and arms are seen."""
    shown = pose.valid
    assert shown[:, 2:8].all()
    assert shown[:, 8:].mean() > 0.9
    width = np.median(np.linalg.norm(joints[:, 5, :2] - joints[:, 2, :2], axis=-1))
    wanted = (joints[..., :dims] - np.median(joints[:, 1, :dims], axis=0)) / width
    np.testing.assert_allclose(pose.coordinates[..., :dims][shown], wanted[shown], atol=atol)


SIDES = {part: list(SKELETON_50.parts[part]) for part in ("left_hand", "right_hand")}

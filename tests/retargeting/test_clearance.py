"""Hands inside the trunk come out at its front; all others stay where they are."""

import numpy as np
import pytest

from signllm.data.demo import animate
from signllm.retargeting.body import Body
from signllm.retargeting.measuring import joints_of
from signllm.retargeting.reading import read_rig
from signllm.retargeting.retarget import retarget_signer
from signllm.retargeting.signer import HANDS_SJ, NECK, Signer

CLIP = animate(["MOTHER", "BOOK", "EAT"], "ASL", signer=1)


@pytest.fixture(scope="module")
def body():
    return Body.of(read_rig())


def hands(body, clip, **more):
    """(F, S, J, 3) in shoulder widths from the neck: aside, up, to the front."""
    joints = joints_of(retarget_signer(Signer.of(clip), body, clip.fps, **more), body) / body.shoulder_width
    return (joints - joints[:, [NECK]])[:, HANDS_SJ]


def moved(front):
    """The clip with arms farther to the front, in shoulder widths."""
    whole = CLIP.coordinates.copy()
    whole[:, [3, 4, 6, 7, *range(8, 50)], 2] += front
    return CLIP.replace(coordinates=whole)


def test_hands_come_out_of_the_trunk(body):
    clip = moved(-0.5)
    told, kept = (hands(body, clip, out_of_trunk=out) for out in (False, True))
    inside = (np.abs(told[..., 0]) < 0.3) & (told[..., 1] < -0.4) & (told[..., 1] > -1.6)
    assert (told[..., 2][inside] < 0.2).mean() > 0.3
    assert np.percentile(kept[..., 2][inside], 2) > 0.25  # the skin of our avatar there is at 0.28 to 0.36
    low = inside.any((1, 2))
    np.testing.assert_allclose(kept[low][..., 1].mean(), told[low][..., 1].mean(), atol=0.05)


def test_hands_in_front_of_the_trunk_stay(body):
    told, kept = (hands(body, moved(0.4), out_of_trunk=out) for out in (False, True))
    np.testing.assert_array_equal(told, kept)


def test_hands_behind_the_back_or_beside_the_body_stay(body):
    whole = CLIP.coordinates.copy()
    whole[:, [4, *range(29, 50)]] += [-0.6, 0, -0.7]  # the right one, away from the body
    whole[:, [7, *range(8, 29)], 2] -= 1.5
    clip = CLIP.replace(coordinates=whole)
    told, kept = (hands(body, clip, out_of_trunk=out) for out in (False, True))
    behind = (told[..., 2] < -0.55).all(-1)
    beside = (np.abs(told[..., 0]) > 0.55).all(-1)
    assert behind.sum() > 20
    assert beside.sum() > 20
    same = (np.abs(told - kept) < 1e-6).all((-2, -1))
    assert same[beside].all()
    assert same[behind].mean() > 0.8  # on its way there, a hand passes the side of the body


def test_a_hand_on_its_way_through_the_trunk_never_jumps(body):
    """From side to side, at a steady pace of 0.02 shoulder widths a frame."""
    frames = 81
    whole = np.repeat(CLIP.coordinates[:1], frames, axis=0)
    arm = [4, *range(29, 50)]
    whole[:, arm] -= whole[:, [29]]
    whole[:, arm] += [0, 0.9, -0.15]
    whole[:, arm, 0] += np.linspace(-0.8, 0.8, frames)[:, None]
    clip = CLIP.replace(coordinates=whole, valid=np.ones((frames, 50), bool))
    steps = np.linalg.norm(np.diff(hands(body, clip)[:, 1, 0], axis=0), axis=-1)
    assert steps.max() < 0.13  # 0.15 where the side of the trunk is a wall

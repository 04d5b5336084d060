"""Clips on skeletons: forward kinematics of the rotations gives the clip back, whatever the skeleton's own axes are."""

import sys

import numpy as np
import pytest

from signllm.data.demo import animate
from signllm.errors import DataError
from signllm.pose import PoseSequence, Skeleton
from signllm.retargeting import Rig
from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.measuring import joints_of
from signllm.retargeting.reading import read_rig
from signllm.retargeting.retarget import retarget
from signllm.retargeting.signer import FINGERS_SDK, NECK, ROOTS, Signer
from tests.conftest import ROOT
from tests.helpers import rigs

sys.path.append(str(ROOT / "benchmarks"))

from retargeting import METRES, figures, fitted_rig, palm_angles


@pytest.fixture(scope="module")
def clip():
    return animate(["MOTHER", "BOOK", "EAT"], "ASL", signer=1)


@pytest.fixture(scope="module")
def avatar():
    return read_rig()


@pytest.fixture(scope="module")
def on_avatar(clip, avatar):
    return retarget(clip, avatar)


def test_the_clip_comes_back_on_a_skeleton_of_its_lengths(clip, avatar):
    found = figures(avatar, clip)
    assert np.concatenate([found["body"], found["hands"]]).mean() < 0.025
    assert found["palm"].max() < 10
    assert found["flips"].sum() == 0
    assert found["wrong"].mean() == 0
    assert len(found["touch"]) > 10
    assert (found["touch"] < 2).mean() > 0.95


def test_palms_and_places_are_right_on_the_avatar_itself(clip, on_avatar):
    signer, joints = Signer.of(clip), joints_of(on_avatar)
    assert palm_angles(joints, signer).max() < 10
    for s in range(2):
        told = signer.joints_FJ3[:, ROOTS[s]] - signer.joints_FJ3[:, NECK]
        own = joints[:, ROOTS[s]] - joints[:, NECK]
        assert np.corrcoef(told.ravel(), own.ravel())[0, 1] > 0.97


def test_own_axes_of_bones_make_no_difference(clip):
    first, second = (retarget(clip, rigs.rig_of(rigs.t_pose(), seed)) for seed in (None, 9))
    np.testing.assert_allclose(joints_of(first), joints_of(second), atol=1e-5)


@pytest.mark.parametrize("axes", [([0, 1, 0], np.pi), ([1, 0, 0], -np.pi / 2)], ids=["from behind", "z up"])
def test_a_skeleton_may_face_anywhere(clip, axes):
    rig = rigs.rig_of(rigs.t_pose(), 9)
    turn = q.about(np.array(axes[0], float), axes[1])
    rotations, translations = rig.rotations.copy(), rig.translations.copy()
    rotations[0] = q.multiply(turn, rotations[0])
    translations[0] = q.rotate(turn, translations[0])
    turned = Rig(rig.names, rig.parents, translations, rotations, rig.roles)
    np.testing.assert_allclose(joints_of(retarget(clip, turned)), joints_of(retarget(clip, rig)), atol=1e-5)


def test_quaternions_have_length_one_and_never_change_sign(clip, avatar):
    """Also where an arm goes around in a circle, after which the quaternion of the same turn has the other sign."""
    whole, arm = clip.coordinates.copy(), [3, 4, *range(29, 50)]
    angles = np.linspace(0, 4 * np.pi, len(clip))
    around = np.stack([np.sin(angles), np.cos(angles), np.full(len(clip), 0.2)], axis=-1)
    whole[:, arm] = whole[:, [2]] + around[:, None] * np.linspace(0.9, 2.1, len(arm))[:, None]
    whole[:, 30:50] += 0.1 * np.sin(np.arange(60).reshape(20, 3))
    turns = retarget(clip.replace(coordinates=whole), avatar).rotations
    np.testing.assert_allclose(np.linalg.norm(turns, axis=-1), 1, atol=1e-5)
    assert (np.einsum("fbc,fbc->fb", turns[1:], turns[:-1]) > 0).all()


def test_a_missing_hand_is_turned_from_before_to_after_and_held_at_the_ends(clip, avatar, on_avatar):
    valid = clip.valid.copy()
    valid[20:30, 8:29] = False
    valid[-5:, 29:50] = False
    partial = retarget(clip.replace(valid=valid), avatar)
    fingers = [bone for name, bone in zip(avatar.names, range(len(avatar)), strict=True) if name == "index_02_l"]
    hands = [avatar.roles["leftHand"], *fingers]
    seen = np.r_[0:20, 30 : len(clip)]
    np.testing.assert_allclose(
        partial.rotations[seen][:, hands[1:]], on_avatar.rotations[seen][:, hands[1:]], atol=1e-6
    )
    for bone in hands:
        start, end = (partial.rotations[frame, bone].astype(float) for frame in (19, 30))
        middle = partial.rotations[25, bone].astype(float)
        whole = q.angle_between(start, end)
        assert q.angle_between(start, middle) == pytest.approx(whole * 6 / 11, abs=2e-3)
    right = avatar.roles["rightIndexProximal"]
    np.testing.assert_array_equal(partial.rotations[-5:, right], partial.rotations[[-6] * 5, right])


def test_what_is_never_seen_hangs_down_and_everything_stays_finite(clip, avatar):
    valid = clip.valid.copy()
    valid[:, [5, 6, 7, *range(8, 29)]] = False
    joints = joints_of(retarget(clip.replace(valid=valid), avatar))
    assert (joints[:, ROOTS[0], 1] < joints[:, NECK, 1] - 0.3).all()
    nothing = retarget(clip.replace(valid=np.zeros_like(valid)), avatar)
    assert np.isfinite(nothing.rotations).all()


def test_fingers_never_bend_backwards_whatever_the_clip_says(clip, avatar):
    wrong = clip.coordinates.copy()
    for s in range(2):
        for finger in FINGERS_SDK[s, 1:]:  # the last two bones turned over
            wrong[:, finger[2:]] = 2 * wrong[:, finger[[1]]] - wrong[:, finger[2:]]
    found = figures(avatar, clip.replace(coordinates=wrong))
    assert found["wrong"].mean() == 0


def test_forearms_share_the_turn_of_the_hand(clip, avatar, on_avatar):
    """The twist bone turns as far as the hand does, the forearm two fifths of it: no joint takes all."""
    without = {role: bone for role, bone in avatar.roles.items() if not role.endswith("Twist")}
    plain = Rig(avatar.names, avatar.parents, avatar.translations, avatar.rotations, without)
    halves = retarget(clip, plain).rig.posed(retarget(clip, plain).rotations.astype(float))[1]
    turned = on_avatar.rig.posed(on_avatar.rotations.astype(float))[1]
    for side in ("left", "right"):
        fore, twist = (avatar.roles[f"{side}{part}"] for part in ("LowerArm", "LowerArmTwist"))
        more = q.angle_between(on_avatar.rotations[:, twist].astype(float), avatar.rotations[twist])
        assert np.percentile(more, 95) > 0.2
        # Without a twist bone the forearm takes half: a tenth of the whole turn more than with one.
        np.testing.assert_allclose(q.angle_between(halves[:, fore], turned[:, fore]), more / 6, atol=2e-3)


def test_a_flat_clip_is_lifted(clip, avatar, on_avatar, monkeypatch):
    seen = []
    monkeypatch.setattr("signllm.lifting.fitting.lift", lambda clips: seen.extend(clips) or [clip])
    flat = clip.replace(coordinates=clip.coordinates[..., :2])
    np.testing.assert_array_equal(retarget(flat, avatar).rotations, on_avatar.rotations)
    assert seen == [flat]
    retarget(clip, avatar)
    assert len(seen) == 1


def test_fitting_keeps_directions_and_takes_lengths(clip, avatar):
    signer = Signer.of(clip)
    body = Body.of(fitted_rig(avatar, signer, clip.valid))
    upper = np.linalg.norm(signer.joints_FJ3[:, 6] - signer.joints_FJ3[:, 5], axis=-1)
    assert body.lengths[0, 0] == pytest.approx(np.median(upper) * METRES, abs=1e-6)
    np.testing.assert_allclose(body.upper, Body.of(avatar).upper, atol=1e-9)


def test_another_skeleton_is_refused(avatar):
    other = Skeleton("two", ("a", "b"), (-1, 0), {"body": (0, 1)}, (0, 1), {}, (0, 1))
    with pytest.raises(DataError, match="signllm-50 can be retargeted, not two"):
        retarget(PoseSequence.all_valid(np.ones((2, 2, 3)), 25, other), avatar)

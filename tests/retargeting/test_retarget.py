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
from signllm.retargeting.retarget import retarget, retarget_signer
from signllm.retargeting.signer import FINGERS_SDK, HANDS_SJ, NECK, ROOTS, Signer
from tests.conftest import ROOT
from tests.helpers import rigs

sys.path.append(str(ROOT / "benchmarks"))

from retargeting import METRES, figures, fitted_rig, palm_angles, touching


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


@pytest.mark.parametrize("thumb", [True, False])
@pytest.mark.parametrize("pose", [rigs.t_pose, rigs.hanging])
def test_hands_without_fingers_turn_as_those_with_fingers_do(clip, pose, thumb):
    """Palms of arms to the sides face the ground at rest, those of arms that hang the body; or a thumb tells."""
    parts = pose()
    fingers = {role for role in parts if any(part in role for part in ("Thumb", "Index", "Middle", "Ring", "Little"))}
    kept = {role for role in fingers if thumb and ("ThumbMetacarpal" in role or "ThumbProximal" in role)}
    whole, bare = (retarget(clip, rigs.rig_of(parts, 9, without)) for without in ((), fingers - kept))
    for role in ("leftHand", "rightHand"):
        ways = [moved.posed()[1][:, moved.rig.roles[role]] for moved in (whole, bare)]
        rest = [moved.rig.world[1][moved.rig.roles[role]] for moved in (whole, bare)]
        turns = [q.multiply(way, q.inverse(start)) for way, start in zip(ways, rest, strict=True)]
        assert np.degrees(np.median(q.angle_between(*turns))) < 12
    assert (Body.of(bare.rig).finger_bones[:, 0, :2] >= 0).all() == thumb


def test_a_finger_of_two_bones_bends(clip):
    without = [f"{side}{finger}" for side in ("left", "right") for finger in ("IndexDistal", "IndexTip")]
    whole, short = (retarget(clip, rigs.rig_of(rigs.t_pose(), 9, drop)) for drop in ((), without))
    for role in ("leftIndexProximal", "leftIndexIntermediate"):
        turns = [moved.posed()[1][:, moved.rig.roles[role]] for moved in (whole, short)]
        rest = [moved.rig.world[1][moved.rig.roles[role]] for moved in (whole, short)]
        np.testing.assert_allclose(
            *(
                q.rotate(q.multiply(turn, q.inverse(start)), np.ones(3))
                for turn, start in zip(turns, rest, strict=True)
            ),
            atol=0.12,
        )
    assert np.ptp(short.rotations[:, short.rig.roles["leftIndexIntermediate"]], axis=0).max() > 0.2


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


def test_the_head_nods_as_told_but_not_where_the_noses_depth_jumps(clip, avatar):
    def nods(depth):
        """Degrees by which the head of the second half of the clip lies behind that of the first."""
        whole = np.repeat(clip.coordinates[:1], 41, axis=0)
        whole[21:, 0, 2] += depth
        moved = retarget(clip.replace(coordinates=whole, valid=np.ones((41, 50), bool)), avatar)
        head = moved.posed()[1][:, avatar.roles["head"]]
        turn = q.multiply(head[-1], q.inverse(head[0]))
        return np.degrees(2 * np.arctan2(turn[0], turn[3]))

    assert nods(-0.06) == pytest.approx(-1.5 * np.degrees(np.arctan2(0.06, 0.62)), abs=1.5)
    assert nods(0.06) > 5
    assert -21.5 < nods(-0.3) < nods(-0.2) < -15


def test_a_finger_that_may_not_bend_as_told_still_points_to_where_the_told_one_ends(clip, avatar):
    wrong = clip.coordinates.copy()
    for finger in FINGERS_SDK[:, 1:].reshape(8, 4):
        wrong[:, finger[2:]] = 2 * wrong[:, finger[[1]]] - wrong[:, finger[2:]]
    off = off_in_shoulder_widths(clip.replace(coordinates=wrong), avatar)
    assert off[:, FINGERS_SDK[:, 1:, 3]].mean() < 0.095  # 0.103 where only directions count


def test_hands_of_another_size_lie_where_the_signers_do_not_the_wrists_alone(clip, avatar):
    large = clip.coordinates.copy()
    for hand in HANDS_SJ:
        large[:, hand] += 0.5 * (large[:, hand] - large[:, hand[:1]])
    apart = np.linalg.norm(large[:, ROOTS[0]] - large[:, ROOTS[1]], axis=-1) > 1.2  # not drawn to each other
    off = off_in_shoulder_widths(clip.replace(coordinates=large), avatar, clip, np.mean)
    assert apart.sum() > 10
    assert np.median(off[apart]) < 0.04  # 0.12 with the wrists in their places


def off_in_shoulder_widths(clip, avatar, lengths_of=None, over=None):
    """(F, J) how far joints are off on the avatar with the lengths of a clip; with `over`, (F, S) of its hands."""
    signer, fitting = Signer.of(clip), lengths_of or clip
    body = Body.of(fitted_rig(avatar, Signer.of(fitting), fitting.valid))
    joints = joints_of(retarget_signer(signer, body, clip.fps, out_of_trunk=False), body) / METRES
    off = joints - joints[:, [NECK]] - (signer.joints_FJ3 - signer.joints_FJ3[:, [NECK]])
    return np.linalg.norm(off if over is None else over(off[:, HANDS_SJ], axis=2), axis=-1)


def test_the_joints_that_touch_touch_where_fingers_have_other_lengths(clip, avatar):
    near = []
    for seed in range(4):
        random, other = np.random.default_rng(seed), clip.coordinates.copy()
        for finger in FINGERS_SDK.reshape(10, 4):
            other[:, finger] += 0.25 * random.standard_normal() * (other[:, finger] - other[:, finger[:1]])
        other = clip.replace(coordinates=other)
        near.append(touching(retarget(other, avatar), Signer.of(other)) < 2)
    assert len(np.concatenate(near)) > 80
    assert np.concatenate(near).mean() > 0.8  # 0.65 where pairs that are 0.01 farther apart count nearly as much


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

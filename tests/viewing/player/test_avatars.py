"""An avatar's motions on the page are those that retargeting gives."""

import base64
import dataclasses

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.reading import AVATAR, read_rig
from signllm.retargeting.retarget import retarget
from signllm.viewing.player import avatars
from signllm.viewing.player.avatars import PageAvatar, pack_motion
from signllm.viewing.player.packing import pack_scene, pack_show
from signllm.viewing.player.scenes import Figure, PlayerScene
from tests.helpers import rigs
from tests.helpers.clips import signing


@pytest.fixture(scope="module")
def clip():
    return retarget(signing(1, 12), read_rig())


def unpack(motion, rig, frames):
    """(F, B, 4) rotations of all bones, as player/src/avatar.js sets them."""
    rotations_FB4 = np.repeat(rig.rotations[None], frames, axis=0)
    bone_of = {int(node): bone for bone, node in enumerate(rig.nodes)}
    for node, rotation in motion["still"]:
        rotations_FB4[:, bone_of[node]] = rotation
    whole = np.frombuffer(base64.b64decode(motion["rotations"]), "<i2").reshape(frames, -1, 4)
    rotations_FB4[:, [bone_of[node] for node in motion["nodes"]]] = q.unit(whole.astype(float))
    return rotations_FB4


def test_every_bone_turns_as_it_was_retargeted(clip):
    motion = pack_motion(clip)
    back = unpack(motion, clip.rig, 12)
    assert np.degrees(2 * np.linalg.norm(back - clip.rotations, axis=-1)).max() < 0.01
    assert 10 < len(motion["nodes"]) < len(clip.rig)
    assert np.allclose(np.frombuffer(base64.b64decode(motion["translation"]), "<f4").reshape(-1, 3), clip.translation)


def test_the_person_is_as_large_as_the_skeleton_and_stands_in_its_place(clip):
    packed = PageAvatar.read().packed()
    rig, positions_B3 = clip.rig, clip.rig.world[0]
    right, left = (
        packed["scale"] * q.rotate(np.array(packed["turn"]), positions_B3[rig.roles[f"{side}UpperArm"]])
        + packed["origin"]
        for side in ("right", "left")
    )
    assert left == pytest.approx([0.5, 0, 0], abs=1e-3)
    assert right == pytest.approx([-0.5, 0, 0], abs=1e-3)
    assert base64.b64decode(packed["file"]) == AVATAR.read_bytes()


def test_narrow_shoulders_do_not_make_a_person_large():
    """The basic armature of the VRM add-on for Blender has arms of 2.7 shoulder widths; ours, of 1.6."""
    usual = Body.of(read_rig())
    narrow = dataclasses.replace(usual, lengths=usual.lengths * 2.7 / 1.57)
    scales = [PageAvatar(b"", body).placement()["scale"] for body in (usual, narrow)]
    assert scales[1] / scales[0] == pytest.approx((1.57 / 2.7) ** 0.5)


def test_trails_begin_at_the_middle_knuckles_or_at_the_wrists_of_hands_without_fingers():
    whole = rigs.rig_of(rigs.t_pose())
    bare = rigs.rig_of(rigs.t_pose(), None, [name for name in whole.names if "Middle" in name])
    for rig, part in ((whole, "MiddleProximal"), (bare, "Hand")):
        found = PageAvatar(b"", Body.of(rig)).placement()["hands"]
        assert [rig.names[node] for node in found] == [f"right{part}", f"left{part}"]


def test_only_pages_with_an_avatar_hold_motions():
    pose = signing(1, 5)
    scene = PlayerScene("x", [Figure("a", pose)])
    avatar = PageAvatar.read()
    with_motions = pack_scene(scene, avatar=avatar)
    assert with_motions["clips"][0]["motion"] == avatar.motion(pose)
    assert "motion" not in pack_scene(scene)["clips"][0]
    tall, bare = with_motions["box"], pack_scene(scene)["box"]
    assert tall["top"] == pytest.approx(min(bare["top"], -1.1))
    assert tall["top"] + tall["side"] == pytest.approx(bare["top"] + bare["side"])
    assert tall["left"] + tall["side"] / 2 == pytest.approx(bare["left"] + bare["side"] / 2)
    assert pack_show([with_motions], pose.skeleton, True, avatar)["avatar"]["scale"] > 1
    assert pack_show([], pose.skeleton, True)["avatar"] is None


def test_a_file_that_is_too_large_for_a_page_is_refused(monkeypatch):
    monkeypatch.setattr(avatars, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="too much for a page"):
        PageAvatar.read()

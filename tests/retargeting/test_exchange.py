"""BVH and VRMA: read by code of their own, bones are where they were."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from signllm.data.demo import animate as sign
from signllm.errors import ConfigError
from signllm.retargeting import quaternions as q
from signllm.retargeting import read_rig, retarget
from signllm.retargeting.animation import WRITERS, write_avatar
from signllm.retargeting.bvh import angles_zxy
from signllm.retargeting.glb import Glb
from signllm.retargeting.reading import OURS, AvatarFile, rig_of
from signllm.suffixes import AVATARS
from tests.helpers import rigs


@pytest.fixture(scope="module")
def clip():
    return sign(["MOTHER"], "ASL", signer=1)


def read_bvh(text):
    """Joint -> (F, 3) where it is, and the frame time; as the format is described, with scipy's rotations."""
    hierarchy, motion = text.split("MOTION\n")
    head, rows = motion.split("\n", 2)[:2], motion.split("\n", 2)[2]
    values = np.array([[float(value) for value in row.split()] for row in rows.splitlines()])
    assert int(head[0].split(":")[1]) == len(values)
    found, turns, above, column = {}, {}, [], 0
    name = None
    for line in hierarchy.splitlines():
        words = line.split()
        if words[0] in ("ROOT", "JOINT"):
            name = words[1]
        elif words[0] == "End":
            name = None
        elif words[0] == "{":
            above.append(name)
        elif words[0] == "}":
            above.pop()
        elif words[0] == "OFFSET":
            offset = np.array(words[1:], float)
        elif words[0] == "CHANNELS":
            parent = above[-2] if len(above) > 1 else None
            place = offset
            if "Xposition" in words:
                place = offset + values[:, column : column + 3]
                column += 3
            assert words[-3:] == ["Zrotation", "Xrotation", "Yrotation"]
            own = Rotation.from_euler("ZXY", values[:, column : column + 3], degrees=True)
            column += 3
            found[name] = place if parent is None else found[parent] + turns[parent].apply(place)
            turns[name] = own if parent is None else turns[parent] * own
    assert column == values.shape[1]
    return found, float(head[1].split(":")[1])


def test_bvh_puts_every_bone_where_it_was(clip, tmp_path):
    write_avatar(tmp_path / "x.bvh", clip)
    expected = retarget(clip, read_rig())
    found, seconds = read_bvh((tmp_path / "x.bvh").read_text())
    assert list(found) != []
    assert set(found) == set(expected.names)
    assert seconds == pytest.approx(1 / clip.fps, abs=1e-8)
    positions = expected.bone_positions()
    for bone, name in enumerate(expected.names):
        np.testing.assert_allclose(found[name], positions[:, bone], atol=2e-5)


def test_bvh_of_bones_with_axes_of_their_own_and_names_with_blanks(clip, tmp_path):
    glb = rigs.glb_of(rigs.rig_of(rigs.t_pose(), 4), {"leftHand": "left  Hand", "rightHand": "spine "})
    (tmp_path / "other.glb").write_bytes(glb.packed())
    (tmp_path / "map.json").write_text('{"leftHand": "left  Hand", "rightHand": "spine "}')
    write_avatar(tmp_path / "x.bvh", clip, "", AvatarFile(tmp_path / "other.glb", tmp_path / "map.json"))
    rig = rig_of(glb, {"leftHand": "left  Hand", "rightHand": "spine "})
    found, _ = read_bvh((tmp_path / "x.bvh").read_text())
    assert len(found) == len(rig)
    np.testing.assert_allclose(
        found["left_Hand"], retarget(clip, rig).bone_positions()[:, rig.roles["leftHand"]], atol=2e-5
    )


def test_angles_turn_as_the_rotation_does_even_where_two_axes_meet():
    turns = Rotation.random(200, random_state=1).as_quat()
    locked = Rotation.from_euler("ZXY", [[30, 90, 20], [-50, -90, 10]], degrees=True).as_quat()
    for rotations in (turns, locked):
        again = Rotation.from_euler("ZXY", angles_zxy(rotations), degrees=True).as_quat()
        assert np.degrees(q.angle_between(rotations, again)).max() < 1e-3


@pytest.mark.parametrize("own", [True, False])
def test_vrma_moves_a_t_pose_as_the_avatar_moves(own, clip, tmp_path):
    turned = rigs.rig_of(rigs.t_pose(), 4)
    avatar = OURS if own else AvatarFile(tmp_path / "other.glb")
    if not own:
        avatar.path.write_bytes(rigs.glb_of(turned).packed())
    write_avatar(tmp_path / "x.vrma", clip, "mother", avatar)
    glb = Glb.read(tmp_path / "x.vrma")
    bones = glb.content["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
    nodes = glb.content["nodes"]
    assert all("rotation" not in node and "scale" not in node for node in nodes)
    (animation,) = glb.content["animations"]
    tracks = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        tracks[channel["target"]["node"], channel["target"]["path"]] = glb.accessor(sampler["output"]).astype(float)
    rig = read_rig() if own else avatar.read()[1]
    expected = retarget(clip, rig).bone_positions()
    rest, moved, turns = {}, {}, {}

    def walk(node, above):
        offset = np.array(nodes[node]["translation"])
        own_F4 = tracks.get((node, "rotation"), np.tile(q.IDENTITY, (len(clip), 1)))
        if above is None:
            rest[node], moved[node], turns[node] = offset, tracks[node, "translation"], own_F4
        else:
            rest[node] = rest[above] + offset
            moved[node] = moved[above] + q.rotate(turns[above], offset)
            turns[node] = q.multiply(turns[above], own_F4)
        for child in nodes[node].get("children", []):
            walk(child, node)

    walk(bones["hips"]["node"], None)
    for role, bone in bones.items():
        if role in rig.roles:
            np.testing.assert_allclose(moved[bone["node"]], expected[:, rig.roles[role]], atol=1e-5, err_msg=role)
    assert {"leftUpperLeg", "rightFoot"} <= set(bones)
    assert not {"nose", "leftIndexTip"} & set(bones)
    for side, out in (("left", 1), ("right", -1)):
        arm = [rest[bones[side + part]["node"]] for part in ("UpperArm", "LowerArm", "Hand")]
        straight = np.diff(arm, axis=0)
        assert (straight[:, 0] * out > 0.1).all()
        assert np.abs(straight[:, 1:]).max() < 1e-6
        index, little = (rest[bones[f"{side}{finger}Proximal"]["node"]] for finger in ("Index", "Little"))
        assert index[2] > little[2] + 0.02  # palms down: the thumb's side is in front
        thumb = rest[bones[f"{side}ThumbDistal"]["node"]] - rest[bones[f"{side}ThumbProximal"]["node"]]
        np.testing.assert_allclose(thumb / np.linalg.norm(thumb), [out / 2**0.5, 0, 1 / 2**0.5], atol=1e-6)


def test_the_suffixes_are_those_that_are_offered(clip, tmp_path):
    assert tuple(WRITERS) == AVATARS
    with pytest.raises(ConfigError, match=r"saved as '\.vrm' \(did you mean '\.vrma'\?\)"):
        write_avatar(tmp_path / "x.vrm", clip)

"""The avatar's file with a clip in it: read back, it moves as the clip does."""

import numpy as np
import pytest

from signllm.data.demo import animate as sign
from signllm.retargeting import read_rig, retarget
from signllm.retargeting.animation import animate, write_avatar
from signllm.retargeting.glb import Glb
from signllm.retargeting.reading import AVATAR, AvatarFile, rig_of
from tests.helpers import rigs


@pytest.fixture(scope="module")
def clip():
    return sign(["MOTHER"], "ASL", signer=1)


def played(glb):
    """(node, path) -> the values of the only animation, and its times."""
    (animation,) = glb.content["animations"]
    values = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        values[channel["target"]["node"], channel["target"]["path"]] = glb.accessor(sampler["output"])
        times = glb.accessor(sampler["input"])[:, 0]
    return values, times, animation["name"]


def test_what_is_written_is_what_was_retargeted(clip, tmp_path):
    path = tmp_path / "mother.glb"
    write_avatar(path, clip)
    rig = read_rig()
    expected = retarget(clip, rig)
    values, times, name = played(Glb.read(path))
    assert name == "mother"
    np.testing.assert_allclose(times, np.arange(len(clip)) / clip.fps, atol=1e-6)
    for bone, node in enumerate(rig.nodes):
        rest = np.tile(rig.rotations[bone], (len(clip), 1))
        found = values.get((node, "rotation"), rest)
        assert np.abs((found * expected.rotations[:, bone]).sum(1)).min() > 1 - 1e-5
    root = values[int(rig.nodes[0]), "translation"]
    np.testing.assert_allclose(root, rig.translations[0] + expected.translation, atol=1e-6)
    assert (int(rig.nodes[rig.names.index("calf_l")]), "rotation") not in values
    np.testing.assert_array_equal(*(Glb.read(file).accessor(0) for file in (path, AVATAR)))


def test_another_avatar_and_a_map(clip, tmp_path):
    glb = rigs.glb_of(rigs.rig_of(rigs.t_pose(), 4), {"leftHand": "paw"})
    (tmp_path / "other.glb").write_bytes(glb.packed())
    (tmp_path / "map.json").write_text('{"leftHand": "paw"}')
    write_avatar(tmp_path / "out.glb", clip, "book", AvatarFile(tmp_path / "other.glb", tmp_path / "map.json"))
    written = Glb.read(tmp_path / "out.glb")
    assert played(written)[2] == "book"
    assert rig_of(written, {"leftHand": "paw"}).names == rig_of(glb, {"leftHand": "paw"}).names


def test_a_node_with_a_matrix_gets_a_place_that_can_move(clip):
    rig = rigs.rig_of(rigs.t_pose(), 4)
    glb = rigs.glb_of(rig)
    bone = rig.names.index("leftLowerArm")
    moved = retarget(clip, rig_of(glb))
    node = glb.content["nodes"][bone]
    matrix = np.eye(4)
    for key in ("translation", "rotation"):
        node.pop(key)
    node["matrix"] = matrix.T.ravel().tolist()
    animate(glb, moved, "x")
    assert "matrix" not in glb.content["nodes"][bone]
    assert {"translation", "rotation", "scale"} <= set(glb.content["nodes"][bone])

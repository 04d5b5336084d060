"""What is to be seen of an avatar's file: vertices with colours, textures and bones, and what cannot be read."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.retargeting.mesh import BLEND, MASK, OPAQUE, mesh_of
from signllm.retargeting.reading import OURS, rig_of
from tests.helpers.rigs import RED_DOT, SQUARE, TWO, glb_with, png

FAR = np.full((4, 4), 200, np.uint8)


def read(glb):
    return mesh_of(glb, rig_of(glb))


def placed(mesh, rig, rotations, translation=None):
    """(V, 3) by the formula of glTF, vertex by vertex."""
    matrices = mesh.matrices(rig, *rig.posed(rotations[None], translation))[0]
    return np.array([
        sum(w * (matrices[p, :, :3] @ x + matrices[p, :, 3]) for p, w in zip(places, weights, strict=True))
        for x, places, weights in zip(mesh.positions, mesh.places, mesh.weights, strict=True)
    ])  # fmt: skip


def test_at_rest_our_avatar_is_as_its_file_has_it():
    glb, rig = OURS.read()
    mesh = mesh_of(glb, rig)
    (surface,) = mesh.surfaces
    assert mesh.positions.shape == mesh.normals.shape == (10447, 3)
    assert surface.triangles.shape == (60054 // 3, 3)
    assert (surface.alpha_mode, surface.double_sided, surface.texture.shape) == (OPAQUE, True, (1, 1, 4))
    np.testing.assert_allclose(mesh.weights.sum(1), 1, atol=1e-5)
    assert mesh.colors.min() >= 0
    assert mesh.colors.max() == 1
    some = np.arange(0, 10447, 97)
    part = type(mesh)(
        mesh.positions[some], mesh.normals[some], mesh.colors[some], mesh.uvs[some], mesh.places[some],
        mesh.weights[some], mesh.bones, mesh.offsets, mesh.surfaces,
    )  # fmt: skip
    np.testing.assert_allclose(placed(part, rig, rig.rotations), mesh.positions[some], atol=1e-5)
    left, right = (mesh.bones == rig.roles[f"{side}Hand"] for side in ("left", "right"))
    assert left.any()
    assert right.any()


def test_weights_share_a_vertex_between_bones():
    glb = glb_with()
    rig, mesh = rig_of(glb), read(glb)
    np.testing.assert_array_equal(rig.nodes[mesh.bones], np.arange(len(rig)))
    np.testing.assert_allclose(mesh.weights, np.tile([0.75, 0.25, 0, 0], (4, 1)))
    positions, rotations, _ = rig.world
    by_bone = [placed_by(positions[bone], rotations[bone]) for bone in mesh.bones[[2, 3]]]
    np.testing.assert_allclose(placed(mesh, rig, rig.rotations), 0.75 * by_bone[0] + 0.25 * by_bone[1], atol=1e-6)
    moved = placed(mesh, rig, rig.rotations, np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(moved - placed(mesh, rig, rig.rotations), [[1, 2, 3]] * 4, atol=1e-6)


def placed_by(position, rotation):
    """Without inverse matrices, a skin's mesh lies in the space of its joint."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(rotation).apply(SQUARE) + position


def test_what_has_no_skin_hangs_from_its_bone():
    node = {"translation": [0.1, 0.2, 0.3], "rotation": [0, 0, 2**-0.5, 2**-0.5], "scale": [2, 2, 2]}
    glb = glb_with(node=node)
    del glb.content["nodes"][-1]["skin"]
    rig = rig_of(glb)
    head = rig.roles["head"]
    still = mesh_of(glb, rig)
    count = len(glb.content["nodes"])
    glb.content["nodes"].append({"translation": [0, 0, 5], "mesh": 0, "children": [count - 1]})
    glb.content["nodes"][int(rig.nodes[head])].setdefault("children", []).append(count)
    mesh = read(glb)
    local = 2 * SQUARE[:, [1, 0, 2]] * [-1, 1, 1] + [0.1, 0.2, 0.3]
    assert (still.bones.tolist(), mesh.bones.tolist()) == ([-1], [head, head])
    np.testing.assert_allclose(placed(still, rig, rig.rotations), local, atol=1e-6)
    from scipy.spatial.transform import Rotation

    positions, rotations, _ = rig.world
    both = np.concatenate([local, SQUARE]) + [0, 0, 5]  # a mesh that hangs from another one
    expected = Rotation.from_quat(rotations[head]).apply(both) + positions[head]
    np.testing.assert_allclose(placed(mesh, rig, rig.rotations), expected, atol=1e-6)


def test_colours_and_textures_of_a_material():
    texture = {"index": 0, "extensions": {"KHR_texture_transform": {"scale": [2, 4], "offset": [0.5, 0]}}}
    material = {"pbrMetallicRoughness": {"baseColorFactor": [0.5, 1, 1, 0.5], "baseColorTexture": texture}}
    material |= {"alphaMode": "MASK", "alphaCutoff": 0.25, "doubleSided": True}
    uvs, colors = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], "<f4"), np.full((4, 3), 51, np.uint8)
    mesh = read(glb_with(material=material, attributes={"TEXCOORD_0": uvs, "COLOR_0": colors}, images=[png()]))
    (surface,) = mesh.surfaces
    np.testing.assert_array_equal(surface.texture, RED_DOT)
    assert (surface.alpha_mode, surface.cutoff, surface.double_sided) == (MASK, 0.25, True)
    np.testing.assert_allclose(mesh.colors, [[0.1, 0.2, 0.2, 0.5]] * 4)
    np.testing.assert_allclose(mesh.uvs, uvs * [2, 4] + [0.5, 0])


def test_large_textures_are_made_smaller_and_what_is_seen_through_comes_last(monkeypatch):
    monkeypatch.setattr("signllm.retargeting.mesh.MOST_TEXTURE_PX", 8)
    glass = {"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
    uvs = np.zeros((4, 2), "<f4")
    glb = glb_with(material=glass, attributes={"TEXCOORD_0": uvs}, images=[png(np.full((32, 16, 3), 9, np.uint8))])
    glb.content["materials"].append({})
    first = glb.content["meshes"][0]["primitives"][0]
    glb.content["meshes"][0]["primitives"].append({**first, "material": 1})
    mesh = read(glb)
    assert [surface.alpha_mode for surface in mesh.surfaces] == [OPAQUE, BLEND]
    assert mesh.surfaces[1].texture.shape == (8, 4, 4)
    assert mesh.surfaces[0].triangles.min() == 4  # the second's vertices
    assert len(mesh.positions) == 8


def test_normals_that_are_not_there_are_made():
    mesh = read(glb_with())
    np.testing.assert_allclose(mesh.normals, [[0, 0, 1]] * 4)


def test_eight_bones_for_a_vertex():
    joints, weights = np.full((4, 4), 5, np.uint8), np.full((4, 4), 0.25, "<f4")
    mesh = read(glb_with(attributes={"JOINTS_1": joints, "WEIGHTS_1": weights}))
    np.testing.assert_allclose(mesh.weights.sum(1), 1)
    assert mesh.places.shape == (4, 8)


def broken(change):
    glb = glb_with(material={"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}, images=[b"no picture"],
                   attributes={"TEXCOORD_0": np.zeros((4, 2), "<f4")})  # fmt: skip
    change(glb, glb.content, glb.content["meshes"][0]["primitives"][0])
    return glb


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda glb, content, part: None, "image 0 cannot be read"),
        (lambda glb, content, part: content.update(images=[{"bufferView": 99}]), "bufferViews has no entry 99"),
        (lambda glb, content, part: content["bufferViews"][-1].update(byteLength=10**6), "leads out of the file"),
        (lambda glb, content, part: content.update(textures=[]), "textures has no entry 0"),
        (lambda glb, content, part: part.update(indices=glb.add(TWO + 2, "SCALAR")), "a corner that is not there"),
        (lambda glb, content, part: part.update(extensions={"KHR_draco_mesh_compression": {}}), "packed .KHR_draco"),
        (lambda glb, content, part: part.update(mode=5), "packed .mode 5.; export plain triangles"),
        (lambda glb, content, part: part.update(mode=1), "no triangles in it"),
        (lambda glb, content, part: content.update(meshes=[{"primitives": 3}]), "without a list of primitives"),
        (lambda glb, content, part: part["attributes"].pop("JOINTS_0"), "vertices without joints"),
        (lambda glb, content, part: part["attributes"].update(WEIGHTS_0=0), "expected .4, 4."),
        (
            lambda glb, content, part: part["attributes"].update(JOINTS_0=glb.add(FAR, "VEC4")),
            "a joint that its skin does not have",
        ),
        (
            lambda glb, content, part: part["attributes"].update(POSITION=glb.add(SQUARE * np.float32("nan"), "VEC3")),
            "a number that is not finite",
        ),
        (lambda glb, content, part: content["skins"][0].update(inverseBindMatrices=0), "other matrices"),
        (lambda glb, content, part: content.update(materials=[{"pbrMetallicRoughness": [1]}]), "meshes are damaged"),
        (lambda glb, content, part: content["nodes"].pop(), "no triangles in it"),
    ],
)  # fmt: skip
def test_a_mesh_that_cannot_be_read_is_refused(change, says):
    with pytest.raises(DataError, match=says):
        read(broken(change))

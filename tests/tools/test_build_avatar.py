"""Cutting and joining of the figure's parts, and the shipped avatar: whole, upright, clothed, small and free."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from signllm.retargeting.glb import Glb

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from avatar.parts import Part, borders, clipped, joined, normals_of, triangles_of  # noqa: E402  the folder is no package

AVATAR = ROOT / "signllm" / "assets" / "avatar"


def sheet():
    """Two by two squares in the plane z = 0, with x and y from 0 to 2."""
    points = np.array([(x, y, 0.0) for y in range(3) for x in range(3)])
    faces = np.array([(a, a + 1, a + 4, a + 3) for a in (0, 1, 3, 4)])
    return Part.of(points, triangles_of(faces), np.zeros(3), np.ones((9, 1)))


def area(part):
    first, second, third = (part.points[part.triangles[:, corner]] for corner in range(3))
    return np.linalg.norm(np.cross(second - first, third - first), axis=1).sum() / 2


def test_clipping_cuts_triangles_along_the_line():
    whole = sheet()
    part = clipped(whole, whole.points[:, 0] - 0.7)
    assert part.points[:, 0].min() == pytest.approx(0.7)
    assert area(part) == pytest.approx(2 * 1.3)
    np.testing.assert_allclose(normals_of(part.points, part.triangles), np.tile([0, 0, 1], (len(part.points), 1)))
    assert area(joined([part, clipped(whole, 0.7 - whole.points[:, 0])])) == pytest.approx(4)


def test_borders_go_once_around():
    edges = borders(sheet().triangles)
    assert len(edges) == 8
    assert sorted(edges[:, 0]) == sorted(edges[:, 1]) == [0, 1, 2, 3, 5, 6, 7, 8]


@pytest.fixture(scope="module")
def shipped():
    glb = Glb.read(AVATAR / "avatar.glb")
    (mesh,), (skin,) = glb.content["meshes"], glb.content["skins"]
    (primitive,) = mesh["primitives"]
    arrays = {name: glb.accessor(index) for name, index in primitive["attributes"].items()}
    return glb, skin, arrays, glb.accessor(primitive["indices"]).reshape(-1, 3)


def test_the_avatar_is_whole(shipped):
    glb, skin, arrays, triangles = shipped
    points = arrays["POSITION"]
    assert {len(array) for array in arrays.values()} == {len(points)} == {triangles.max() + 1}
    assert np.isfinite(points).all()
    assert arrays["WEIGHTS_0"].sum(1, dtype=int).tolist() == [255] * len(points)
    assert arrays["JOINTS_0"].max() < len(skin["joints"])
    np.testing.assert_allclose(np.linalg.norm(arrays["NORMAL"], axis=1), 1, atol=1e-5)
    names = [node["name"] for node in glb.content["nodes"]]
    assert len(set(names)) == len(names)


def test_the_avatar_stands_upright_and_looks_to_the_front(shipped):
    _, _, arrays, triangles = shipped
    points, colours = arrays["POSITION"], arrays["COLOR_0"]
    low, high = points.min(0), points.max(0)
    assert 0.8 < low[1] < 0.9  # cut at the hips
    assert 1.6 < high[1] < 1.8
    np.testing.assert_allclose(low[0], -high[0], atol=1e-3)
    white = points[colours[:, 2] > 0.75 * 65535]
    assert len(white) > 40  # eyes
    assert (white[:, 2] > 0.08).all()
    assert (np.abs(white[:, 1] - 1.56) < 0.03).all()
    outwards = np.cross(
        points[triangles[:, 1]] - points[triangles[:, 0]], points[triangles[:, 2]] - points[triangles[:, 0]]
    )
    assert ((outwards * arrays["NORMAL"][triangles].sum(1)).sum(1) > 0).mean() > 0.99


def test_the_bare_body_is_covered(shipped):
    """Between hips and collar all that faces the front has the colour of the shirt."""
    _, _, arrays, _ = shipped
    points, colours = arrays["POSITION"], arrays["COLOR_0"].astype(float)
    trunk = (points[:, 1] < 1.30) & (np.abs(points[:, 0]) < 0.16) & (arrays["NORMAL"][:, 1] < 0.99)
    assert trunk.sum() > 200
    assert (colours[trunk, 2] > colours[trunk, 0]).all()  # blue, where skin is red


def test_the_avatar_is_small_and_free():
    assert (AVATAR / "avatar.glb").stat().st_size < 1_000_000
    licence = (AVATAR / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("# Creative Commons CC0 1.0 Universal")
    assert "3. __Public License Fallback.__" in licence
    read = re.findall(r"^\| `(.+)` \| `[0-9a-f]{64}` \|$", (AVATAR / "PROVENANCE.md").read_text(), re.MULTILINE)
    assert {"LICENSE.md", "3dobjs/base.obj", "rigs/standard/weights.game_engine.json"} <= set(read)

"""The compiled drawing of triangles, against slow and literal arithmetic."""

import math

import numpy as np
import pytest

from signllm.viewing import shading_kernels as kernels

SIDE = 24
WHITE = np.full((1, 1, 4), 255, np.uint8)
PAPER = (10, 20, 30)


def encoded(light):
    """The sRGB byte of linear light."""
    light = np.clip(light, 0, 1)
    return np.round(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


def drawn(screen_V3, shades_V23, triangles, alphas=None, uvs=None, texture=WHITE, mode=0, cutoff=0.5, double=True):
    """What the kernel makes of triangles on paper: the picture, the nearness, and the box."""
    picture, near = np.empty((SIDE, SIDE, 3), np.uint8), np.empty((SIDE, SIDE), np.float32)
    box = np.array([0, 0, SIDE, SIDE])
    kernels.clear(picture, near, box, np.array(PAPER, np.uint8))
    box[:] = (SIDE, SIDE, 0, 0)
    count = len(screen_V3)
    colors = np.ones((count, 4), np.float32)
    colors[:, 3] = 1 if alphas is None else alphas
    kernels.fill_triangles(
        picture, near, np.array(triangles, np.int32), screen_V3.astype(np.float32), shades_V23.astype(np.float32),
        colors, np.zeros((count, 2), np.float32) if uvs is None else uvs.astype(np.float32), texture, mode, cutoff,
        double, kernels.SRGB_BYTES, kernels.LINEAR_LIGHT, box,
    )  # fmt: skip
    return picture, near, box


def shares(screen_V3, triangle, x, y):
    """Barycentric coordinates of a point, by solving for them."""
    a, b, c = screen_V3[list(triangle), :2]
    inner = np.linalg.solve(np.stack([b - a, c - a], axis=1), np.array([x, y]) - a)
    return np.array([1 - inner.sum(), *inner])


def test_the_nearest_triangle_is_seen_with_its_light_blended():
    draw = np.random.default_rng(0)
    screen = np.column_stack([draw.uniform(-8, SIDE + 8, (18, 2)), draw.uniform(0.2, 1, 18)])
    shades = draw.uniform(0, 1.1, (18, 2, 3))
    triangles = np.arange(18).reshape(6, 3)
    picture, near, box = drawn(screen, shades, triangles)
    expected, depth = np.tile(np.array(PAPER, float), (SIDE, SIDE, 1)), np.zeros((SIDE, SIDE))
    edge = np.zeros((SIDE, SIDE), bool)
    for triangle in triangles:
        a, b, c = screen[triangle, :2]
        inside = int((b - a)[0] * (c - a)[1] - (c - a)[0] * (b - a)[1] > 0)
        for row in range(SIDE):
            for column in range(SIDE):
                part = shares(screen, triangle, column + 0.5, row + 0.5)
                edge[row, column] |= abs(part.min()) < 1e-4
                if part.min() >= 0 and part @ screen[triangle, 2] > depth[row, column]:
                    depth[row, column] = part @ screen[triangle, 2]
                    expected[row, column] = encoded(part @ shades[triangle, inside])
    np.testing.assert_allclose(near[~edge], depth[~edge], atol=1e-4)
    assert np.abs(picture.astype(int) - expected)[~edge].max() <= 1
    rows, columns = np.nonzero(depth)
    assert len(rows) > SIDE * SIDE / 3
    assert box[0] <= columns.min() <= columns.max() < box[2] <= SIDE
    assert box[1] <= rows.min() <= rows.max() < box[3] <= SIDE


BIG = np.array([[-1.0, -1, 0.5], [-1, 60, 0.5], [60, -1, 0.5]])  # against the clock, as seen


def test_the_inside_is_seen_only_where_the_material_has_two_sides():
    shades = np.zeros((3, 2, 3))
    shades[:, 0, 0], shades[:, 1, 1] = 1, 1
    outside, _, _ = drawn(BIG, shades, [[0, 1, 2]], double=False)
    inside, _, _ = drawn(BIG, shades, [[0, 2, 1]])
    nothing, near, box = drawn(BIG, shades, [[0, 2, 1]], double=False)
    assert (outside[:, :] == (255, 0, 0)).all()
    assert (inside[:, :] == (0, 255, 0)).all()
    assert (nothing[:, :] == PAPER).all()
    assert not near.any()
    assert box[0] >= box[2]


def test_a_texture_lies_in_perspective_and_repeats():
    """Two rows and two columns of texels over a square that leads away from the eye."""
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[..., 3] = 255
    texture[0, 0, 0] = texture[1, 1, 1] = 200
    screen = np.array([[0, 0, 1.0], [0, SIDE, 1.0], [SIDE, SIDE, 0.25], [SIDE, 0, 0.25]])
    uvs = np.array([[0, 0], [0, 1], [3, 1], [3, 0]], float)
    picture, _, _ = drawn(screen, np.ones((4, 2, 3)), [[0, 1, 3], [1, 2, 3]], uvs=uvs, texture=texture)
    linear = np.where(texture[..., :3] / 255 <= 0.04045, texture[..., :3] / 255 / 12.92, 0)
    linear = np.where(texture[..., :3] > 10, ((texture[..., :3] / 255 + 0.055) / 1.055) ** 2.4, linear)
    for row in (1, 11, 20):
        for column in (1, 7, 15, 22):
            triangle = next(
                t for t in ((0, 1, 3), (1, 2, 3)) if shares(screen, t, column + 0.5, row + 0.5).min() >= -1e-9
            )
            part = shares(screen, triangle, column + 0.5, row + 0.5) * screen[list(triangle), 2]
            u, v = part / part.sum() @ uvs[list(triangle)]
            x, y = u * 2 - 0.5, v * 2 - 0.5
            left, top = math.floor(x), math.floor(y)
            blend = sum(
                (1 - abs(x - i)) * (1 - abs(y - j)) * linear[j % 2, i % 2]
                for i in (left, left + 1)
                for j in (top, top + 1)
            )
            assert np.abs(picture[row, column] - encoded(blend)).max() <= 2, (row, column)


def test_what_alpha_means():
    shades, pane = np.ones((3, 2, 3)) * 0.2, [[0, 1, 2]]
    for alpha, mode, seen, hides in (
        (0.4, 0, 1.0, True),
        (0.4, 1, 0.0, False),
        (0.6, 1, 1.0, True),
        (0.4, 2, 0.4, False),
    ):
        picture, near, _ = drawn(BIG, shades, pane, alphas=alpha, mode=mode)
        expected = np.array(PAPER) + (encoded(0.2) - np.array(PAPER)) * seen
        assert np.abs(picture[5, 5] - expected).max() <= 1, (alpha, mode)
        assert bool(near.any()) == hides


def test_what_is_behind_the_eye_is_not_drawn():
    behind = BIG.copy()
    behind[1, 2] = 0
    assert (drawn(behind, np.ones((3, 2, 3)), [[0, 1, 2]])[0] == PAPER).all()


def test_vertices_are_moved_by_their_bones_seen_in_perspective_and_lit():
    draw = np.random.default_rng(1)
    positions, normals = draw.normal(size=(2, 5, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    places, weights = draw.integers(0, 3, (5, 2)), np.tile([0.75, 0.25], (5, 1))
    matrices, colors = draw.normal(size=(3, 3, 4)) * 0.3, draw.uniform(0, 1, (5, 4))
    lights = np.array([[0, -1, 0], [0.6, 0, 0.8], [0, 0, 0]])
    strengths = np.array([[0.5, 0.5, 0.5], [0.3, 0.2, 0.1], [0.6, 0.6, 0.6]])
    screen, shades = np.zeros((5, 3), np.float32), np.zeros((5, 2, 3), np.float32)
    floats = (a.astype(np.float32) for a in (positions, normals, colors))
    kernels.pose_vertices(
        *floats, places.astype(np.int32), weights.astype(np.float32), matrices.astype(np.float32),
        np.array([4, 10, 12], np.float32), lights.astype(np.float32), strengths.astype(np.float32), screen, shades,
    )  # fmt: skip
    for v in range(5):
        blend = sum(w * matrices[p] for p, w in zip(places[v], weights[v], strict=True))
        x, y, z = blend[:, :3] @ positions[v] + blend[:, 3]
        assert screen[v] == pytest.approx([12 + x * 10 * 4 / (4 - z), 12 + y * 10 * 4 / (4 - z), 1 / (4 - z)], abs=1e-4)
        out = blend[:, :3] @ normals[v] / np.linalg.norm(blend[:, :3] @ normals[v])
        for side, sign in enumerate((1, -1)):
            up, sun = sign * out @ lights[0], sign * out @ lights[1]
            light = strengths[0] * (1 + up) / 2 + strengths[1] * (1 - up) / 2 + strengths[2] * max(sun, 0)
            assert shades[v, side] == pytest.approx(light * colors[v, :3], abs=1e-4)
    near = np.array([[0, 0, 3.9]], np.float32)
    one = np.eye(3, 4, dtype=np.float32)[None]
    kernels.pose_vertices(
        near, near, np.ones((1, 4), np.float32), np.zeros((1, 1), np.int32), np.ones((1, 1), np.float32), one,
        np.array([4, 10, 12], np.float32), *(a.astype(np.float32) for a in (lights, strengths)), screen[:1], shades[:1],
    )  # fmt: skip
    assert screen[0, 2] == 0


def test_a_pixel_is_the_mean_of_four():
    draw = np.random.default_rng(2)
    picture = draw.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    canvas, painted = np.zeros((30, 30, 4), np.uint8), np.zeros(4, np.int64)
    kernels.show(picture, canvas, (5, 7), np.array([3, 4, 9, 20]), painted)
    assert painted.tolist() == [6, 9, 10, 17]
    means = picture.reshape(12, 2, 12, 2, 3).astype(float).mean((1, 3))
    np.testing.assert_allclose(canvas[9:17, 6:10, :3], means[2:10, 1:5], atol=0.51)
    canvas[9:17, 6:10] = 0
    assert not canvas.any()
    kernels.show(picture, canvas, (5, 7), np.array([24, 24, 0, 0]), painted)
    assert painted[0] >= painted[2]
    assert not canvas.any()

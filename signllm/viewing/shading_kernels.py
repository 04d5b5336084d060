"""A person of triangles drawn by the processor alone, compiled: skinning, light, a depth buffer, and smooth edges.

The picture is made twice as wide and high as it is shown, and each of its pixels is the mean of four. The light is that
of the player (player/src/avatar.js): a Lambert material under a sky, a ground and a sun.

Space: x to the right of the picture, y down, z towards the viewer, the origin in the middle of the panel. The buffer
`nearness` holds 1 / distance from the eye, which changes evenly over a triangle in perspective; 0 is the background.

Legend: V vertices, K bones of a vertex, P places, T triangles, S the side of the buffers (twice the panel's).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

SUPERSAMPLING = 2
_STEPS = 4095


def _srgb_bytes() -> np.ndarray:
    """(4096,) uint8: linear light from 0 to 1, in even steps, as sRGB."""
    light = np.linspace(0, 1, _STEPS + 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(curve * 255).astype(np.uint8)


def _linear_light() -> np.ndarray:
    """(256,) float32: the linear light of each byte of sRGB."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


SRGB_BYTES, LINEAR_LIGHT = _srgb_bytes(), _linear_light()


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "arcp"})
def pose_vertices(
    positions_V3: np.ndarray,
    normals_V3: np.ndarray,
    colors_V4: np.ndarray,
    places_VK: np.ndarray,
    weights_VK: np.ndarray,
    matrices_P34: np.ndarray,
    eye: np.ndarray,
    lights_33: np.ndarray,
    strengths_33: np.ndarray,
    screen_V3: np.ndarray,
    shades_V23: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Where each vertex is seen, and how bright it is from outside and from inside.

    matrices_P34: from the mesh to the panel's space. eye: distance from the origin, pixels of the buffers a unit, half
    their side. lights_33: directions to the sky (row 0) and the sun (row 1). strengths_33: linear colours of sky,
    ground and sun over pi. screen_V3: x, y in pixels of the buffers, nearness; nearness 0 for what is behind the eye.
    """
    distance, scale, half = eye[0], eye[1], eye[2]
    for v in range(len(positions_V3)):
        px, py, pz = positions_V3[v, 0], positions_V3[v, 1], positions_V3[v, 2]
        nx, ny, nz = normals_V3[v, 0], normals_V3[v, 1], normals_V3[v, 2]
        x, y, z = np.float32(0), np.float32(0), np.float32(0)
        ox, oy, oz = np.float32(0), np.float32(0), np.float32(0)
        for k in range(places_VK.shape[1]):
            weight = weights_VK[v, k]
            if weight > 0:
                m = matrices_P34[places_VK[v, k]]
                x += weight * (m[0, 0] * px + m[0, 1] * py + m[0, 2] * pz + m[0, 3])
                y += weight * (m[1, 0] * px + m[1, 1] * py + m[1, 2] * pz + m[1, 3])
                z += weight * (m[2, 0] * px + m[2, 1] * py + m[2, 2] * pz + m[2, 3])
                ox += weight * (m[0, 0] * nx + m[0, 1] * ny + m[0, 2] * nz)
                oy += weight * (m[1, 0] * nx + m[1, 1] * ny + m[1, 2] * nz)
                oz += weight * (m[2, 0] * nx + m[2, 1] * ny + m[2, 2] * nz)
        away = distance - z
        if away > np.float32(0.05) * distance:
            grown = distance / away * scale
            screen_V3[v, 0], screen_V3[v, 1] = half + x * grown, half + y * grown
            screen_V3[v, 2] = np.float32(1) / away
        else:
            screen_V3[v, 2] = np.float32(0)
        size = max(math.sqrt(ox * ox + oy * oy + oz * oz), np.float32(1e-12))
        up = (ox * lights_33[0, 0] + oy * lights_33[0, 1] + oz * lights_33[0, 2]) / size
        sun = (ox * lights_33[1, 0] + oy * lights_33[1, 1] + oz * lights_33[1, 2]) / size
        for side in range(2):
            sign = np.float32(1 - 2 * side)
            share, direct = np.float32(0.5) + np.float32(0.5) * sign * up, max(sign * sun, np.float32(0))
            for c in range(3):
                light = strengths_33[0, c] * share + strengths_33[1, c] * (1 - share) + strengths_33[2, c] * direct
                shades_V23[v, side, c] = light * colors_V4[v, c]


@njit(nogil=True, cache=True)
def clear(
    picture_SS3: np.ndarray, nearness_SS: np.ndarray, box: np.ndarray, color: np.ndarray
) -> None:  # pragma: no cover
    """Nothing but background inside a box: left, top, right, bottom in pixels of the buffers."""
    for row in range(box[1], box[3]):
        for column in range(box[0], box[2]):
            nearness_SS[row, column] = 0
            for c in range(3):
                picture_SS3[row, column, c] = color[c]


@njit(nogil=True, cache=True, inline="always")
def _texel(
    texture_HW4: np.ndarray, u: np.float32, v: np.float32, linear: np.ndarray, out_4: np.ndarray
) -> None:  # pragma: no cover - compiled
    """The texture's colour (linear) and alpha between its four nearest points; it repeats."""
    height, width = texture_HW4.shape[0], texture_HW4.shape[1]
    x = (u - math.floor(u)) * width - 0.5
    y = (v - math.floor(v)) * height - 0.5
    left, top = math.floor(x), math.floor(y)
    fx, fy = np.float32(x - left), np.float32(y - top)
    for c in range(4):
        out_4[c] = 0
    for j in range(2):
        for i in range(2):
            share = (fx if i else 1 - fx) * (fy if j else 1 - fy)
            texel = texture_HW4[(top + j) % height, (left + i) % width]
            for c in range(3):
                out_4[c] += share * linear[texel[c]]
            out_4[3] += share * np.float32(texel[3]) / np.float32(255)


@njit(nogil=True, cache=True, fastmath={"contract", "arcp"})
def fill_triangles(
    picture_SS3: np.ndarray,
    nearness_SS: np.ndarray,
    triangles_T3: np.ndarray,
    screen_V3: np.ndarray,
    shades_V23: np.ndarray,
    alphas_V4: np.ndarray,
    uvs_V2: np.ndarray,
    texture_HW4: np.ndarray,
    alpha_mode: int,
    cutoff: float,
    double_sided: bool,
    srgb: np.ndarray,
    linear: np.ndarray,
    box: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Draw the triangles of one material where nothing nearer is. box: grows around what was drawn.

    alpha_mode: 0 covers, 1 covers where alpha reaches `cutoff`, 2 lets what is behind shine through and hides nothing.
    Seen from outside, the corners of a triangle go round against the clock.
    """
    size = nearness_SS.shape[0]
    textured = texture_HW4.shape[0] > 1 or texture_HW4.shape[1] > 1
    texel = np.empty(4, np.float32)
    rgb = np.empty(3, np.float32)
    for t in range(len(triangles_T3)):
        a, b, c = triangles_T3[t, 0], triangles_T3[t, 1], triangles_T3[t, 2]
        wa, wb, wc = screen_V3[a, 2], screen_V3[b, 2], screen_V3[c, 2]
        if wa <= 0 or wb <= 0 or wc <= 0:
            continue
        ax, ay = screen_V3[a, 0], screen_V3[a, 1]
        bx, by = screen_V3[b, 0] - ax, screen_V3[b, 1] - ay
        cx, cy = screen_V3[c, 0] - ax, screen_V3[c, 1] - ay
        area = bx * cy - cx * by
        inside = 1 if area > 0 else 0
        if abs(area) < 1e-6 or (inside and not double_sided):
            continue
        low_x, high_x = ax + min(bx, cx, np.float32(0)), ax + max(bx, cx, np.float32(0))
        low_y, high_y = ay + min(by, cy, np.float32(0)), ay + max(by, cy, np.float32(0))
        if high_x < 0 or high_y < 0 or low_x > size or low_y > size:
            continue
        first_x, last_x = int(max(low_x + 0.5, 0.0)), int(min(high_x + 0.5, float(size)))
        first_y, last_y = int(max(low_y + 0.5, 0.0)), int(min(high_y + 0.5, float(size)))
        if first_x >= last_x or first_y >= last_y:
            continue
        over = np.float32(1) / area
        b_dx, b_dy, c_dx, c_dy = cy * over, -cx * over, -by * over, bx * over
        box[0], box[1] = min(box[0], first_x), min(box[1], first_y)
        box[2], box[3] = max(box[2], last_x), max(box[3], last_y)
        shade_a, shade_b, shade_c = shades_V23[a, inside], shades_V23[b, inside], shades_V23[c, inside]
        for row in range(first_y, last_y):
            dx, dy = np.float32(first_x) + np.float32(0.5) - ax, np.float32(row) + np.float32(0.5) - ay
            share_b, share_c = b_dx * dx + b_dy * dy, c_dx * dx + c_dy * dy
            entered = False
            for column in range(first_x, last_x):
                sb, sc = share_b, share_c
                sa = np.float32(1) - sb - sc
                share_b += b_dx
                share_c += c_dx
                if sa < 0 or sb < 0 or sc < 0:
                    if entered:
                        break
                    continue
                entered = True
                near = sa * wa + sb * wb + sc * wc
                if near <= nearness_SS[row, column]:
                    continue
                for i in range(3):
                    rgb[i] = sa * shade_a[i] + sb * shade_b[i] + sc * shade_c[i]
                alpha = np.float32(1)
                if alpha_mode:
                    alpha = sa * alphas_V4[a, 3] + sb * alphas_V4[b, 3] + sc * alphas_V4[c, 3]
                if textured:
                    pa, pb, pc = sa * wa / near, sb * wb / near, sc * wc / near
                    u = pa * uvs_V2[a, 0] + pb * uvs_V2[b, 0] + pc * uvs_V2[c, 0]
                    v = pa * uvs_V2[a, 1] + pb * uvs_V2[b, 1] + pc * uvs_V2[c, 1]
                    _texel(texture_HW4, u, v, linear, texel)
                    for i in range(3):
                        rgb[i] *= texel[i]
                    alpha *= texel[3]
                if alpha_mode == 1 and alpha < cutoff:
                    continue
                pixel = picture_SS3[row, column]
                if alpha_mode == 2:
                    for i in range(3):
                        value = np.float32(srgb[int(min(rgb[i], np.float32(1)) * 4095 + np.float32(0.5))])
                        under = np.float32(pixel[i])
                        pixel[i] = np.uint8(under + (value - under) * alpha + np.float32(0.5))
                else:
                    nearness_SS[row, column] = near
                    for i in range(3):
                        pixel[i] = srgb[int(min(rgb[i], np.float32(1)) * 4095 + np.float32(0.5))]


@njit(nogil=True, cache=True)
def show(
    picture_SS3: np.ndarray, canvas_HW4: np.ndarray, corner: tuple[int, int], box: np.ndarray, painted: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Put the means of four onto the canvas. painted: becomes the box on the canvas: left, top, right, bottom."""
    left, top = box[0] // 2, box[1] // 2
    right, bottom = (box[2] + 1) // 2, (box[3] + 1) // 2
    painted[:] = 0
    if right <= left or bottom <= top:
        return
    for row in range(top, bottom):
        line_W4 = canvas_HW4[corner[1] + row]
        for column in range(left, right):
            for c in range(3):
                total = np.int32(2)
                for j in range(2):
                    for i in range(2):
                        total += np.int32(picture_SS3[2 * row + j, 2 * column + i, c])
                line_W4[corner[0] + column, c] = np.uint8(total >> 2)
    painted[0], painted[1] = corner[0] + left, corner[1] + top
    painted[2], painted[3] = corner[0] + right, corner[1] + bottom

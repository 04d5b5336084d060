"""Painting anti-aliased strokes on pictures, for several frames of a clip at once.

A stroke is a capsule: a segment with a radius at either end. A pixel is covered by its exact distance at sub-pixel
positions: thin fingers stay smooth and do not jitter as they do when line ends are rounded to pixels.

The geometry of all strokes of all frames is worked out in one go on arrays; only the blending goes stroke by stroke.
That is as fast as a compiled loop, and a short clip is drawn before a compiler would have been imported.

Legend: F frames, S strokes, H W the size of the canvas in pixels, R rows (one line of pixels of one stroke in one
frame), N pixels.
"""

from __future__ import annotations

from functools import cache

import numpy as np

_AT_ONCE = 1 << 20  # pixels of the strokes' boxes that are worked on together
_OPAQUE = 255
_KEPT_BYTES = 31 << 20


def new_canvases(frames: int, size_px: int, color: tuple[int, int, int]) -> np.ndarray:
    """(F, H, W, 4) uint8 squares of one colour, opaque."""
    pixel = np.array([*color, _OPAQUE], np.uint8).view(np.uint32)[0]
    return np.full((frames, size_px, size_px), pixel).view(np.uint8).reshape(frames, size_px, size_px, 4)


def paint_capsules(
    canvas_FHW4: np.ndarray,
    ends_FS4: np.ndarray,
    radii_S2: np.ndarray,
    colors_S3: np.ndarray,
    shown_FS: np.ndarray,
    corner: tuple[int, int] = (0, 0),
    size_px: int | None = None,
) -> None:
    """Blend capsules over opaque RGBA canvases (uint8, contiguous) in place, in the order of the strokes.

    ends_FS4: x0, y0, x1, y1 in pixels; pixel centres lie at integer + 0.5. radii_S2: pixels, at either end.
    colors_S3: 0 to 255. shown_FS: which strokes a frame has.
    They are painted into the square of `size_px` whose top left pixel (x, y) is `corner`, or into the whole of a
    square canvas; what lies outside is cut off.
    """
    _keep_freed_memory()
    size_px = canvas_FHW4.shape[2] if size_px is None else size_px
    ends_FS4, radii_S2 = ends_FS4.astype(np.float32, copy=False), radii_S2.astype(np.float32, copy=False)
    box = np.abs(ends_FS4[..., :2] - ends_FS4[..., 2:]) + 2 * radii_S2.max(1, initial=0)[:, None] + 3
    area_F = np.minimum(box, size_px).prod(-1).sum(1)
    frames = max(1, int(_AT_ONCE / max(1.0, area_F.max(initial=0))))
    for first in range(0, len(canvas_FHW4), frames):
        part = slice(first, first + frames)
        _paint(canvas_FHW4[part], ends_FS4[part], radii_S2, colors_S3, shown_FS[part], corner, size_px)


@cache
def _keep_freed_memory() -> None:
    """Make the C library keep freed arrays for the next ones, which halves the time of drawing.

    glibc gives memory back to the system, and gets it anew page by page, for blocks larger than any that was freed
    before. This one is never written to, so it costs nothing.
    """
    np.empty(_KEPT_BYTES, np.uint8)


def _paint(
    canvas_FHW4: np.ndarray,
    ends_FS4: np.ndarray,
    radii_S2: np.ndarray,
    colors_S3: np.ndarray,
    shown_FS: np.ndarray,
    corner: tuple[int, int],
    size_px: int,
) -> None:
    _, height, width, _ = canvas_FHW4.shape
    stroke, frame = np.nonzero(shown_FS.T)  # stroke by stroke, so that each is one slice of what follows
    start = (frame * height + corner[1]) * width + corner[0]
    pixel_N, cover_N, stroke_N = _covered(ends_FS4[frame, stroke], radii_S2[stroke], stroke, start, width, size_px)
    flat_N = canvas_FHW4.view(np.uint32).reshape(-1)
    color_S4 = np.insert(colors_S3.astype(np.float32), 3, _OPAQUE, axis=1)
    solid_S = (color_S4 + np.float32(0.5)).astype(np.uint8).view(np.uint32)[:, 0]
    inside, edge = np.flatnonzero(cover_N >= 1), np.flatnonzero(cover_N < 1)
    strokes = np.arange(len(colors_S3) + 1)
    inside_starts, edge_starts = (np.searchsorted(stroke_N[some], strokes) for some in (inside, edge))
    inside_N, edge_N, cover_N1 = pixel_N[inside], pixel_N[edge], cover_N[edge, None]
    for s in range(len(colors_S3)):
        flat_N[inside_N[inside_starts[s] : inside_starts[s + 1]]] = solid_S[s]
        part = slice(edge_starts[s], edge_starts[s + 1])
        under = flat_N[edge_N[part]].view(np.uint8).reshape(-1, 4).astype(np.float32)
        mixed = color_S4[s] - under
        mixed *= cover_N1[part]
        mixed += under
        mixed += np.float32(0.5)
        flat_N[edge_N[part]] = mixed.astype(np.uint8).view(np.uint32)[:, 0]


def _covered(
    ends_K4: np.ndarray, radii_K2: np.ndarray, stroke_K: np.ndarray, start_K: np.ndarray, width: int, size_px: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels that K capsules touch: their index on the flat canvases, how far they are covered, and the stroke.

    start_K: the index of the top left pixel of the square of `size_px` that the capsule lies in. width: of the canvas.
    """
    x0, y0, x1, y1 = ends_K4.T
    dx, dy = x1 - x0, y1 - y0
    square = np.maximum(dx * dx + dy * dy, np.float32(1e-9))
    reach = radii_K2.max(1, initial=0) + np.float32(0.5)
    # Far outliers are clipped as floats: as integers they would overflow.
    top = np.clip(np.minimum(y0, y1) - reach, 0, size_px).astype(np.int32)
    bottom = np.clip(np.maximum(y0, y1) + reach + 1, 0, size_px).astype(np.int32)
    rows_K = np.maximum(bottom - top, 0)
    k_R = np.repeat(np.arange(len(rows_K)), rows_K)
    row_R = np.arange(len(k_R)) - np.repeat(np.cumsum(rows_K) - rows_K - top, rows_K)
    py_R = (row_R + 0.5).astype(np.float32) - y0[k_R]
    left_R, right_R = _columns(py_R, dx[k_R], dy[k_R], np.sqrt(square)[k_R] * reach[k_R])
    box_left, box_right = np.minimum(x0, x1) - reach, np.maximum(x0, x1) + reach
    left_R = np.clip(np.maximum(left_R + x0[k_R], box_left[k_R]), 0, size_px).astype(np.int32)
    right_R = np.clip(np.minimum(right_R + x0[k_R], box_right[k_R]) + 1, 0, size_px).astype(np.int32)
    count_R = np.maximum(right_R - left_R, 0)

    def spread(values_R: np.ndarray) -> np.ndarray:
        return np.repeat(values_R, count_R)

    column_N = np.arange(int(count_R.sum())) - spread(np.cumsum(count_R) - count_R - left_R)
    px = (column_N + 0.5).astype(np.float32) - spread(x0[k_R])
    t = px * spread((dx / square)[k_R])
    t += spread(py_R * (dy / square)[k_R])
    np.clip(t, 0, 1, out=t)
    px -= t * spread(dx[k_R])
    py = spread(py_R)
    py -= t * spread(dy[k_R])
    px *= px
    py *= py
    px += py
    t *= spread((radii_K2[:, 1] - radii_K2[:, 0])[k_R])
    t += spread(radii_K2[k_R, 0] + np.float32(0.5))
    t -= np.sqrt(px, out=px)
    kept = np.flatnonzero(t > 0)
    pixel_N = column_N + spread(start_K[k_R] + row_R * width)
    return pixel_N[kept], t[kept], spread(stroke_K[k_R])[kept]


def _columns(py_R: np.ndarray, dx_R: np.ndarray, dy_R: np.ndarray, band_R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each line of pixels crosses the band around the endless line through a segment: from, to (from x0).

    band_R: half the band's width times the segment's length. A level line never leaves it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        middle, half = py_R * dx_R / dy_R, band_R / np.abs(dy_R)
        left, right = middle - half, middle + half
    level = ~np.isfinite(left) | ~np.isfinite(right)
    return np.where(level, -np.inf, left), np.where(level, np.inf, right)

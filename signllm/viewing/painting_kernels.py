"""Painting strokes and turning pictures into a video's planes, compiled: for clips that are long enough to repay it.

`paint_frame` paints what `signllm.viewing.painting.paint_capsules` paints, pixel for pixel. `convert_area` gives planes
of BT.601 in the range of television (16 to 235), which is what players expect of a video that says nothing of it.

Legend: S strokes, H W the size of the canvas in pixels.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _cover(
    px: np.float32,
    py: np.float32,
    dx: np.float32,
    dy: np.float32,
    square: np.float32,
    r0: np.float32,
    r1: np.float32,
) -> np.float32:  # pragma: no cover - compiled
    """How far a capsule covers the pixel at (px, py) from its start: 1 or more for whole, 0 or less for not."""
    t = min(max(px * (dx / square) + py * (dy / square), np.float32(0)), np.float32(1))
    away_x, away_y = px - t * dx, py - t * dy
    return r0 + np.float32(0.5) + t * (r1 - r0) - np.sqrt(away_x * away_x + away_y * away_y)


@njit(nogil=True, cache=True)
def _blend(
    pixel: np.ndarray, red: np.float32, green: np.float32, blue: np.float32, cover: np.float32
) -> None:  # pragma: no cover - compiled
    share, half = min(cover, np.float32(1)), np.float32(0.5)
    for channel, color in ((0, red), (1, green), (2, blue)):
        under = np.float32(pixel[channel])
        pixel[channel] = np.uint8(under + (color - under) * share + half)


@njit(nogil=True, cache=True)
def paint_frame(
    canvas_HW4: np.ndarray,
    ends_S4: np.ndarray,
    radii_S2: np.ndarray,
    colors_S3: np.ndarray,
    shown_S: np.ndarray,
    area: np.ndarray,
    painted: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Blend one frame's capsules over an opaque RGBA canvas, in the order of the strokes.

    ends_S4, radii_S2, colors_S3: float32, as in `paint_capsules`, relative to the area's top left pixel. area: left,
    top, right, bottom of the pixels that may be painted. painted: becomes the least box around all that was painted,
    empty (right <= left) for nothing.
    """
    left, top, right, bottom = area[0], area[1], area[2], area[3]
    half, one, zero = np.float32(0.5), np.float32(1), np.float32(0)
    size_x, size_y = np.float32(right - left), np.float32(bottom - top)
    painted[:] = (right, bottom, left, top)
    for s in range(len(shown_S)):
        if not shown_S[s]:
            continue
        x0, y0, x1, y1 = ends_S4[s, 0], ends_S4[s, 1], ends_S4[s, 2], ends_S4[s, 3]
        r0, r1 = radii_S2[s, 0], radii_S2[s, 1]
        dx, dy = x1 - x0, y1 - y0
        square = max(dx * dx + dy * dy, np.float32(1e-9))
        reach = max(r0, r1) + half
        # Far outliers are clipped as floats: as integers they would overflow.
        first_row = int(min(max(min(y0, y1) - reach, zero), size_y))
        last_row = int(min(max(max(y0, y1) + reach + one, zero), size_y))
        box_left, box_right = min(x0, x1) - reach, max(x0, x1) + reach
        band = np.sqrt(square) * reach
        red, green, blue = colors_S3[s, 0], colors_S3[s, 1], colors_S3[s, 2]
        solid = np.uint8(red + half), np.uint8(green + half), np.uint8(blue + half)
        even = r0 == r1
        for row in range(first_row, last_row):
            py = np.float32(row) + half - y0
            from_x, to_x = box_left, box_right
            if abs(dy) > np.float32(1e-6):  # where this line of pixels crosses the band around the endless line
                middle, across = x0 + py * dx / dy, band / abs(dy)
                from_x, to_x = max(from_x, middle - across), min(to_x, middle + across)
            first = int(min(max(from_x, zero), size_x))
            last = int(min(max(to_x + one, zero), size_x))
            line_HW = canvas_HW4[top + row]
            found = last
            for column in range(first, last):
                cover = _cover(np.float32(column) + half - x0, py, dx, dy, square, r0, r1)
                if cover > zero:
                    found = min(found, column)
                    _blend(line_HW[left + column], red, green, blue, cover)
                    if cover >= one and even:
                        break
            if found == last:
                continue
            if even:  # what lies between two pixels that are covered whole is, too
                whole = column
                for column in range(last - 1, whole, -1):
                    cover = _cover(np.float32(column) + half - x0, py, dx, dy, square, r0, r1)
                    if cover > zero:
                        _blend(line_HW[left + column], red, green, blue, cover)
                        if cover >= one:
                            for between in range(left + whole + 1, left + column):
                                line_HW[between, 0], line_HW[between, 1], line_HW[between, 2] = solid
                            break
            painted[0], painted[2] = min(painted[0], left + found), max(painted[2], left + last)
            painted[1], painted[3] = min(painted[1], top + row), max(painted[3], top + row + 1)


@njit(nogil=True, cache=True)
def convert_area(
    canvas_HW4: np.ndarray, luma_HW: np.ndarray, blue_HW: np.ndarray, red_HW: np.ndarray, area: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Bring the planes of a 4:2:0 video up to date in an area: left, top, right, bottom, widened to even numbers.

    luma_HW is as large as the canvas, whose sides are even; blue_HW and red_HW are half as wide and high, each pixel
    the mean of four.
    """
    for row in range(area[1] // 2, (area[3] + 1) // 2):
        for column in range(area[0] // 2, (area[2] + 1) // 2):
            red_sum, green_sum, blue_sum = np.int32(0), np.int32(0), np.int32(0)
            for y in range(2 * row, 2 * row + 2):
                for x in range(2 * column, 2 * column + 2):
                    red = np.int32(canvas_HW4[y, x, 0])
                    green = np.int32(canvas_HW4[y, x, 1])
                    blue = np.int32(canvas_HW4[y, x, 2])
                    # 65536 times (0.299, 0.587, 0.114) x 219 / 255
                    luma = np.int32(16829) * red + np.int32(33039) * green + np.int32(6416) * blue
                    luma_HW[y, x] = np.uint8((luma + np.int32((16 << 16) + 32768)) >> 16)
                    red_sum += red
                    green_sum += green
                    blue_sum += blue
            # 65536 times the differences to luma x 224 / 255, over four pixels
            blue_part = np.int32(-9714) * red_sum - np.int32(19070) * green_sum + np.int32(28784) * blue_sum
            red_part = np.int32(28784) * red_sum - np.int32(24103) * green_sum - np.int32(4681) * blue_sum
            blue_HW[row, column] = np.uint8((blue_part + np.int32((128 << 18) + (1 << 17))) >> 18)
            red_HW[row, column] = np.uint8((red_part + np.int32((128 << 18) + (1 << 17))) >> 18)

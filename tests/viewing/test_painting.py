"""Painting capsules: against a literal painter that goes pixel by pixel, and the area that a capsule covers."""

import numpy as np
import pytest

from signllm.viewing import painting
from signllm.viewing.painting import new_canvases, paint_capsules

SIZE = 40


def literal(canvas_HW3, ends_S4, radii_S2, colors_S3):
    """One frame, one pixel at a time, in float64."""
    for (x0, y0, x1, y1), (r0, r1), color in zip(ends_S4, radii_S2, colors_S3, strict=True):
        axis = np.array([x1 - x0, y1 - y0])
        for row in range(SIZE):
            for column in range(SIZE):
                offset = np.array([column + 0.5 - x0, row + 0.5 - y0])
                t = np.clip(offset @ axis / max(axis @ axis, 1e-9), 0, 1)
                cover = np.clip(r0 + t * (r1 - r0) + 0.5 - np.linalg.norm(offset - t * axis), 0, 1)
                canvas_HW3[row, column] += (color - canvas_HW3[row, column]) * cover


def strokes(seed=0, frames=3, count=7):
    """Strokes of all kinds: slanted, level, upright, a dot, over the edge, and one far outside."""
    draw = np.random.default_rng(seed)
    ends_FS4 = draw.uniform(2, SIZE - 2, (frames, count, 4))
    ends_FS4[:, 1, 3] = ends_FS4[:, 1, 1]
    ends_FS4[:, 2, 2] = ends_FS4[:, 2, 0]
    ends_FS4[:, 3, 2:] = ends_FS4[:, 3, :2]
    ends_FS4[:, 4, :2] = (-7, 12)
    ends_FS4[:, 5] = (1e7, -3e9, 4e8, 2)
    radii_S2 = draw.uniform(0.6, 4, (count, 2))
    return ends_FS4.astype(np.float32), radii_S2.astype(np.float32), draw.integers(0, 256, (count, 3)).astype(float)


@pytest.mark.parametrize("at_once", [1, 1 << 19])
def test_the_same_as_pixel_by_pixel(at_once, monkeypatch):
    monkeypatch.setattr(painting, "_AT_ONCE", at_once)
    ends_FS4, radii_S2, colors_S3 = strokes()
    shown_FS = np.ones(ends_FS4.shape[:2], bool)
    shown_FS[1, 0] = shown_FS[2, 6] = False
    canvas_FHW4 = new_canvases(3, SIZE, (250, 240, 10))
    paint_capsules(canvas_FHW4, ends_FS4, radii_S2, colors_S3, shown_FS)
    for frame in range(3):
        expected = np.tile(np.array([250.0, 240.0, 10.0]), (SIZE, SIZE, 1))
        shown = shown_FS[frame]
        literal(expected, ends_FS4[frame, shown].astype(float), radii_S2[shown], colors_S3[shown])
        # each stroke rounds to whole numbers
        assert np.abs(canvas_FHW4[frame, ..., :3] - expected).max() < 2.5
    assert not (canvas_FHW4[0] == canvas_FHW4[1]).all()


def test_strokes_cover_each_other_in_their_order():
    ends_FS4 = np.array([[[5, 20, 35, 20], [20, 5, 20, 35]]], np.float32)
    colors_S3 = np.array([[255, 0, 0], [0, 0, 255]], np.float32)
    canvas_FHW4 = new_canvases(1, SIZE, (0, 0, 0))
    paint_capsules(canvas_FHW4, ends_FS4, np.full((2, 2), 3.0), colors_S3, np.ones((1, 2), bool))
    assert canvas_FHW4[0, 20, 20, :3].tolist() == [0, 0, 255]
    assert canvas_FHW4[0, 20, 10, :3].tolist() == [255, 0, 0]


def test_a_capsule_covers_its_area_at_subpixel_positions():
    for shift in (0.0, 0.3, 0.7):
        canvas_FHW4 = new_canvases(1, SIZE, (0, 0, 0))
        ends = np.array([[[10 + shift, 20 + shift, 30 + shift, 20 + shift]]], np.float32)
        paint_capsules(canvas_FHW4, ends, np.full((1, 2), 3.0), np.full((1, 3), 255.0), np.ones((1, 1), bool))
        assert canvas_FHW4[..., 0].sum() / 255 == pytest.approx(20 * 6 + np.pi * 9, rel=0.02)


def test_nothing_shown_changes_nothing():
    ends_FS4, radii_S2, colors_S3 = strokes()
    canvas_FHW4 = new_canvases(3, SIZE, (1, 2, 3))
    paint_capsules(canvas_FHW4, ends_FS4, radii_S2, colors_S3, np.zeros(ends_FS4.shape[:2], bool))
    assert (canvas_FHW4 == new_canvases(3, SIZE, (1, 2, 3))).all()


def test_a_window_of_a_larger_picture_is_painted_and_nothing_beside_it():
    ends_FS4, radii_S2, colors_S3 = strokes(seed=3)
    shown_FS = np.ones(ends_FS4.shape[:2], bool)
    alone = new_canvases(3, SIZE, (9, 8, 7))
    paint_capsules(alone, ends_FS4, radii_S2, colors_S3, shown_FS)
    within = new_canvases(3, 3 * SIZE, (9, 8, 7))[:, : 2 * SIZE].copy()
    paint_capsules(within, ends_FS4, radii_S2, colors_S3, shown_FS, corner=(50, 30), size_px=SIZE)
    assert (within[:, 30 : 30 + SIZE, 50 : 50 + SIZE] == alone).all()
    within[:, 30 : 30 + SIZE, 50 : 50 + SIZE] = (9, 8, 7, 255)
    assert (within == (9, 8, 7, 255)).all()

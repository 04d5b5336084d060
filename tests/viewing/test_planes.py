"""Compiled drawing: the pictures of the uncompiled one, as planes; the time beside the time line, made of digits."""

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from signllm.pose import PoseSequence
from signllm.viewing import fonts, video
from signllm.viewing.clock import Clock
from signllm.viewing.painting import new_canvases, paint_capsules
from signllm.viewing.painting_kernels import paint_frame
from signllm.viewing.planes import plane_pictures
from signllm.viewing.scene import Scene
from tests.helpers.clips import signing

SIZE = 40


def test_the_same_pixels_as_without_the_compiler_and_a_box_around_them():
    draw = np.random.default_rng(5)
    ends_FS4 = draw.uniform(2, SIZE - 2, (4, 8, 4)).astype(np.float32)
    ends_FS4[:, 1, 3], ends_FS4[:, 2, 2] = ends_FS4[:, 1, 1], ends_FS4[:, 2, 0]  # level, upright
    ends_FS4[:, 3, 2:] = ends_FS4[:, 3, :2]  # a dot
    ends_FS4[:, 4, :2] = (-7, 12)
    ends_FS4[:, 5] = (1e7, -3e9, 4e8, 2)
    radii_S2 = draw.uniform(0.6, 4, (8, 2)).astype(np.float32)
    colors_S3 = draw.integers(0, 256, (8, 3)).astype(np.float32)
    shown_FS = draw.random((4, 8)) < 0.8
    shown_FS[3] = False
    expected_FHW4 = new_canvases(4, 2 * SIZE, (250, 240, 10))
    paint_capsules(expected_FHW4, ends_FS4, radii_S2, colors_S3, shown_FS, (15, 30), SIZE)
    area, painted = np.array([15, 30, 15 + SIZE, 30 + SIZE]), np.zeros(4, np.int64)
    for frame in range(4):
        canvas_HW4 = new_canvases(1, 2 * SIZE, (250, 240, 10))[0]
        paint_frame(canvas_HW4, ends_FS4[frame], radii_S2, colors_S3, shown_FS[frame], area, painted)
        assert np.abs(canvas_HW4.astype(int) - expected_FHW4[frame]).max() <= 1  # sums are rounded in another order
        rows, columns = np.nonzero((canvas_HW4 != new_canvases(1, 2 * SIZE, (250, 240, 10))[0]).any(-1))
        if frame == 3:
            assert painted[0] >= painted[2]
        else:
            assert painted[0] <= columns.min() <= columns.max() < painted[2]
            assert painted[1] <= rows.min() <= rows.max() < painted[3]


def test_planes_are_those_of_the_pictures_in_every_frame():
    """Two clips, one over early and one without a hand at times, against FFmpeg's conversion of each picture."""
    short, long = signing(1, 12), signing(2, 20)
    valid = long.valid.copy()
    valid[5:9, 8:29] = False
    valid[10:12] = False
    scene = Scene.of([("one", short), ("two", PoseSequence(long.coordinates, valid, long.fps))], "title", 100)
    height = scene.shape[0]
    for picture_HW4, planes in zip(scene, plane_pictures(scene), strict=True):
        frame = av.VideoFrame.from_ndarray(picture_HW4, format="rgba").reformat(format="yuv420p")
        away = np.abs(frame.to_ndarray().astype(int) - planes)
        assert away[:height].max() <= 1
        assert away[height:].mean() < 0.3  # FFmpeg blends colours of rows a little further apart


def test_a_long_video_is_drawn_by_compiled_code(tmp_path, monkeypatch):
    kinds = []
    monkeypatch.setattr("signllm.viewing.scene._COMPILED_FROM", 20)
    choose = video._video_pictures
    monkeypatch.setattr(video, "_video_pictures", lambda scene: kinds.append(choose(scene)[1]) or choose(scene))
    for frames in (19, 20):
        video.write_video(tmp_path / f"{frames}.mp4", [("one", signing(1, frames))], size=64)
    assert kinds == ["rgba", "yuv420p"]
    decoded = []
    for frames in (19, 20):
        with av.open(str(tmp_path / f"{frames}.mp4")) as container:
            decoded.append([frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)])
    assert [len(pictures) for pictures in decoded] == [19, 20]
    # The time differs; the panel with the signer does not, but for what the encoder makes of it.
    panels = [pictures[9][20:80] for pictures in decoded]
    assert np.abs(panels[0] - panels[1]).mean() < 2


@pytest.mark.parametrize("seconds", [0.0, 7.04, 39.96, 125.5, 3599.96])
def test_the_time_made_of_digits_looks_as_if_set_whole(seconds):
    clock = Clock(3600.0, 17, 37)
    expected = Image.new("RGB", (clock.width, 37), (255, 255, 255))
    text = f"{seconds:.2f} / 3600.00 s"
    fonts.draw_text(ImageDraw.Draw(expected), (clock.width, 18.5), text, 17, (118, 126, 138), align="right")
    away = np.abs(clock.picture(seconds).astype(int) - np.asarray(expected))
    assert away.max() <= 90
    assert away.mean() < 1.5

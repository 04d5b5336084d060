"""Videos last as long as the clips, panels stand side by side, and a failure leaves no file behind."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from signllm.errors import ConfigError, OutputError
from signllm.pose import PoseSequence
from signllm.viewing import video
from signllm.viewing.drawing import BACKGROUND
from signllm.viewing.scene import Scene, contact_sheet
from signllm.viewing.video import write_video


def clip(frames, fps=25.0):
    """A signer whose right hand moves to the right (in the image) by 1 / frames a frame."""
    rng = np.random.default_rng(0)
    base_J3 = rng.normal(0, 0.05, (50, 3)).astype(np.float32)
    base_J3[:8, :2] += [(0, -0.6), (0, 0), (-0.5, 0.1), (-0.7, 0.8), (-0.5, 1.2), (0.5, 0.1), (0.7, 0.8), (0.5, 1.2)]
    base_J3[8:29] += base_J3[7]
    base_J3[29:] += base_J3[4]
    pose_FJ3 = np.repeat(base_J3[None], frames, axis=0)
    pose_FJ3[:, 29:, 0] += np.linspace(0, 1, frames)[:, None]
    return PoseSequence.all_valid(pose_FJ3, fps)


def decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [
            (float(frame.pts * stream.time_base), frame.to_ndarray(format="rgb24")) for frame in container.decode()
        ]
        return frames, float(container.duration / av.time_base), stream.codec_context.pix_fmt


def gif_delays_ms(path):
    delays = []
    with Image.open(path) as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            delays.append(picture.info["duration"])
    return delays


@pytest.mark.parametrize("fps", [25.0, 29.97, 50.0])
def test_mp4_has_every_frame_at_its_time(tmp_path, fps):
    path = write_video(tmp_path / "clip.mp4", [("one", clip(20, fps))], size=96)
    frames, duration_s, pixel_format = decode(path)
    assert len(frames) == 20
    assert duration_s == pytest.approx(20 / fps, abs=0.002)
    assert [at for at, _ in frames] == pytest.approx(np.arange(20) / fps, abs=0.002)
    assert pixel_format == "yuv420p"
    height, width = frames[0][1].shape[:2]
    assert height % 2 == 0
    assert width % 2 == 0


@pytest.mark.parametrize(("fps", "frames"), [(25.0, 12), (30.0, 31), (23.976, 24), (100.0, 40)])
def test_gif_delays_add_up_to_the_duration(tmp_path, fps, frames):
    path = write_video(tmp_path / "clip.gif", [("one", clip(frames, fps))], size=96)
    delays = gif_delays_ms(path)
    assert sum(delays) == pytest.approx(1000 * frames / fps, abs=10)
    assert min(delays) >= 20  # browsers slow down anything shorter


def test_a_gif_is_written_while_it_is_drawn_and_shows_what_was_drawn(monkeypatch):
    file, written = io.BytesIO(), []
    scene = Scene.of([("one", clip(60))], size_px=128)
    drawn = [np.array(picture)[..., :3].astype(int) for picture in scene]
    plain = Scene.__iter__

    def watched(scene):
        for picture in plain(scene):
            written.append(len(file.getvalue()))
            yield picture

    monkeypatch.setattr(Scene, "__iter__", watched)
    video._write_gif(file, scene)
    assert written[0] == 0
    assert written[-1] > 0.4 * len(file.getvalue())  # so memory does not grow with the clip
    with Image.open(file) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (60, 0)
        for index in (0, 31, 59):
            picture.seek(index)
            shown = np.asarray(picture.convert("RGB")).astype(int)
            assert np.abs(shown - drawn[index]).mean() < 2, index


@pytest.mark.parametrize(("fps", "frames"), [(25.0, 12), (29.97, 31)])
def test_webp_shows_every_frame_for_its_time_again_and_again(tmp_path, fps, frames):
    """Pillow reads it with libwebp, without FFmpeg."""
    scene = Scene.of([("one", clip(frames, fps))], size_px=96)
    with Image.open(write_video(tmp_path / "clip.webp", [("one", clip(frames, fps))], size=96)) as picture:
        assert (picture.format, picture.n_frames, picture.info["loop"]) == ("WEBP", frames, 0)
        total_ms = 0
        for index in range(frames):
            picture.seek(index)
            read = np.asarray(picture.convert("RGB")).astype(int)
            total_ms += picture.info["duration"]
            errors = [np.abs(read - scene.picture(frame)).mean() for frame in (index, (index + frames // 2) % frames)]
            assert errors[0] < 3
            assert errors[0] < errors[1], index
    assert total_ms == pytest.approx(1000 * frames / fps, abs=2)


def test_panels_stand_side_by_side_at_the_highest_rate_and_the_longest_duration(tmp_path):
    short, long = clip(10, 25), clip(60, 50)
    scene = Scene.of([("reference", short), ("generated", long)], size_px=100)
    assert scene.fps == 50
    assert scene.num_frames == 60
    single = Scene.of([("reference", short)], size_px=100)
    assert scene.shape[1] == pytest.approx(2 * single.shape[1], abs=6)
    (x0, y0), (x1, y1) = scene.corner(0), scene.corner(1)
    assert y0 == y1
    assert x1 >= x0 + 100
    frames, duration_s, _ = decode(
        write_video(tmp_path / "two.mp4", [("reference", short), ("generated", long)], size=100)
    )
    assert duration_s == pytest.approx(1.2, abs=0.002)
    assert len(frames) == 60


def test_a_clip_that_ended_stays_dimmed_while_the_other_goes_on():
    scene = Scene.of([("reference", clip(10)), ("generated", clip(30))], size_px=100)

    def area(frame, index):
        x, y = scene.corner(index)
        return scene.picture(frame)[y : y + 100, x : x + 100].astype(int)

    contrast = [np.abs(area(frame, 0) - BACKGROUND).sum() for frame in (9, 10, 29)]
    assert 0.2 * contrast[0] < contrast[1] < 0.4 * contrast[0]
    assert contrast[1] == contrast[2]
    assert (area(15, 1) != area(29, 1)).any()


def test_every_frame_of_a_clip_is_drawn_up_to_the_last():
    """Each picture of a clip is that of the frame alone, in the same view."""
    pose = clip(10)
    whole = Scene.of([("one", pose)], size_px=100)
    x, y = whole.corner(0)
    for frame, picture_HW4 in enumerate(whole):
        alone = Scene.of([("one", pose[frame : frame + 1])], size_px=100)
        alone.__dict__["box"] = whole.box
        expected = alone.picture(0)[y : y + 100, x : x + 100]
        assert (picture_HW4[y : y + 100, x : x + 100, :3] == expected).all(), frame
    assert frame == 9


def test_clips_of_other_units_share_one_scale():
    pose = clip(5)
    pixels = pose.replace(coordinates=200 * pose.coordinates + 300, unit="pixels")
    scene = Scene.of([("a", pose), ("b", pixels)], size_px=100)
    width = pose.shoulder_width()
    second = scene.panels[1][1]
    assert second.shoulder_width() == pytest.approx(1, rel=1e-3)
    offset = (pose.coordinates - pose.coordinates[:, 1:2]) / width
    np.testing.assert_allclose(second.coordinates - second.coordinates[:, 1:2], offset, atol=1e-3)


def test_contact_sheet_has_a_row_for_each_clip(tmp_path):
    panels = [("reference", clip(30)), ("generated", clip(20))]
    one, two = (contact_sheet(Scene.of(rows, size_px=80), frames=3) for rows in (panels[:1], panels))
    assert one.width == two.width > 3 * 80
    assert two.height - one.height >= 80
    many = Image.open(write_video(tmp_path / "many.png", panels, size=80))
    assert 4 * 80 < many.width < 5 * 90
    with pytest.raises(ConfigError, match="at least one moment"):
        contact_sheet(Scene.of(panels, size_px=80), frames=0)


def test_captions_in_any_script_do_not_crash(tmp_path):
    for title in ("你好，世界", "안녕하세요", "Türk İşaret Dili: ığüşöç", "emoji 🤟 \x00\ttab", ""):
        write_video(tmp_path / "clip.png", [("参考 " + title, clip(3))], title=title, size=64)


def test_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"\.mp4, \.gif, \.webp, \.png"):
        write_video(tmp_path / "clip.avi", [("one", clip(3))])
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_draw_and_sizes_out_of_range_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no clip"):
        write_video(tmp_path / "clip.mp4", [])
    with pytest.raises(ConfigError, match="64 to 4096"):
        write_video(tmp_path / "clip.mp4", [("one", clip(3))], size=8)


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp", ".png"])
def test_a_failure_keeps_the_old_file_and_leaves_no_partial_one(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(b"old")
    draw_panels = Scene.draw_panels

    def fail_late(self, canvas, index, frames, corner=(0, 0)):
        if max(frames) >= 9:
            raise RuntimeError("the disk is on fire")
        draw_panels(self, canvas, index, frames, corner)

    monkeypatch.setattr(video.Scene, "draw_panels", fail_late)
    with pytest.raises(RuntimeError, match="fire"):
        write_video(path, [("one", clip(20))], size=64)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_a_data_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_video(tmp_path / "file" / "clip.mp4", [("one", clip(3))], size=64)

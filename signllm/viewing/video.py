"""Clips as files to look at: mp4, gif, webp, or a png contact sheet, with the clips' true duration.

A file is written under another name and renamed: an interrupted writer leaves nothing behind under the final name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from PIL import Image

from signllm.errors import ConfigError, did_you_mean
from signllm.fsutil import write_atomically
from signllm.sampling import spread
from signllm.suffixes import VIDEOS
from signllm.viewing.scene import Panel, Scene, contact_sheet

if TYPE_CHECKING:
    from av import VideoStream

    from signllm.retargeting.reading import AvatarFile

_ENCODERS = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
# As sharp as `veryfast` at 18 and three times as fast, in files twice as large (benchmarks/drawing.py). What moves is a
# twentieth of a picture on a still ground, where looking ahead and trees of blocks find little.
_X264 = {"preset": "ultrafast", "crf": "23", "x264-params": "no-deblock=0:deblock=1,1"}
_WEBP_ENCODER, _WEBP = "libwebp_anim", {"quality": "75", "compression_level": "2"}
_GIF_UNIT = Fraction(1, 100)  # second
_GIF_MAX_FPS = 50  # browsers slow a frame shorter than 2/100 s down to 10/100 s


def write_video(
    path: str | Path,
    panels: Sequence[Panel],
    title: str = "",
    size: int = 480,
    view: str = "front",
    avatar: AvatarFile | None = None,
) -> Path:
    """Draw (label, clip) panels side by side; the suffix of `path`, one of `suffixes.VIDEOS`, decides the format.

    The video runs at the highest frame rate of the clips and lasts as long as the longest; a clip that has ended
    stays as its dimmed last frame. `size`: pixels a panel is wide. `avatar`: a person who signs in place of skeletons.
    Returns the path. Raises ConfigError for an unknown suffix, size or view, DataError for an avatar that cannot be
    used, OutputError when the file cannot be written.
    """
    path = Path(path)
    write = _WRITERS[check_suffix(path)]
    scene = Scene.of(panels, title, size, view)
    if avatar is not None:
        from signllm.viewing.avatar_scene import avatar_scene  # imports the compiler

        scene = avatar_scene(scene, avatar)
    write_atomically(path, lambda file: write(file, scene))
    return path


def check_suffix(path: str | Path) -> str:
    """The lower-case suffix of a path; ConfigError, which names the known ones, when there is no writer for it."""
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        hint = did_you_mean(suffix, _WRITERS)
        raise ConfigError(
            f"{Path(path).name}: no video format has the suffix '{suffix}'{hint}; known: {', '.join(VIDEOS)}"
        )
    return suffix


def _write_mp4(file: BinaryIO, scene: Scene) -> None:
    import av

    encoder = next((name for name in _ENCODERS if name in av.codecs_available), None)
    if encoder is None:
        raise ConfigError(f"this FFmpeg build has none of the encoders {', '.join(_ENCODERS)}; write .gif instead")
    options = _X264 if encoder == "libx264" else {"b": str(4 * scene.shape[0] * scene.shape[1])}
    _encode(file, scene, "mp4", {"movflags": "+faststart"}, encoder, options)


def _write_webp(file: BinaryIO, scene: Scene) -> None:
    import av

    if _WEBP_ENCODER not in av.codecs_available:
        raise ConfigError(f"this FFmpeg build lacks the encoder {_WEBP_ENCODER}; write .gif instead")
    _encode(file, scene, "webp", {"loop": "0"}, _WEBP_ENCODER, _WEBP)  # 0: for ever


def _encode(
    file: BinaryIO, scene: Scene, form: str, form_options: dict[str, str], encoder: str, options: dict[str, str]
) -> None:
    """Write the pictures of a scene by FFmpeg, one after the other."""
    import av

    rate = Fraction(scene.fps).limit_denominator(1001)
    with av.open(file, "w", format=form, options=form_options) as container:
        stream = cast("VideoStream", container.add_stream(encoder, rate=rate))  # every encoder here is one of videos
        stream.height, stream.width = scene.shape
        stream.pix_fmt, stream.time_base = "yuv420p", 1 / rate
        stream.options = cast("dict[str, object]", options)
        pictures, pixel_format = _video_pictures(scene)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=pixel_format)
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _video_pictures(scene: Scene) -> tuple[Iterator[np.ndarray], str]:
    """The pictures of a video and their pixel format; long videos are drawn by compiled code, which looks the same."""
    if not scene.pays_compiling:
        return iter(scene), "rgba"
    from signllm.viewing.planes import plane_pictures  # imports the compiler

    return plane_pictures(scene), "yuv420p"


def _write_gif(file: BinaryIO, scene: Scene) -> None:
    """By FFmpeg, one picture after the other; Pillow would keep all of them until the last one is there."""
    import av

    scene = scene.at_most(_GIF_MAX_FPS)
    # Frames end at multiples of 1/100 s, the unit of the format: single delays differ by one unit, the sum is right.
    ends = np.round(np.arange(scene.num_frames + 1) * 100 / scene.fps).astype(int).tolist()
    palette = _palette(scene)
    colors_argb = np.full((256, 4), 255, np.uint8)
    rgb = np.asarray(palette.getpalette("RGB"), np.uint8).reshape(-1, 3)
    colors_argb[: len(rgb), 1:] = rgb
    form_options = {"loop": "0", "final_delay": str(ends[-1] - ends[-2])}
    with av.open(file, "w", format="gif", options=form_options) as container:
        stream = container.add_stream("gif", rate=100)
        stream.height, stream.width = scene.shape
        stream.pix_fmt, stream.time_base = "pal8", _GIF_UNIT
        for begin, picture_HW4 in zip(ends, scene, strict=False):
            rgb_picture = Image.fromarray(picture_HW4).convert("RGB")
            indices_HW = np.asarray(rgb_picture.quantize(palette=palette, dither=Image.Dither.NONE))
            frame = av.VideoFrame.from_ndarray((indices_HW, colors_argb), format="pal8")  # type: ignore[arg-type]
            frame.pts, frame.time_base = begin, _GIF_UNIT
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _palette(scene: Scene) -> Image.Image:
    """One palette for all frames, from a few of them: colours do not flicker and unchanged areas compress away."""
    sample = np.concatenate([scene.picture(frame) for frame in spread(scene.num_frames, 4)])
    return Image.fromarray(sample).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _write_png(file: BinaryIO, scene: Scene) -> None:
    contact_sheet(scene).save(file, format="PNG")


_WRITERS: dict[str, Callable[[BinaryIO, Scene], None]] = dict(
    zip(VIDEOS, (_write_mp4, _write_gif, _write_webp, _write_png), strict=True)
)

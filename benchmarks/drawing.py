"""Drawing videos: frames a second of one core, encoder included, against the way it was, in one run.

    python benchmarks/drawing.py [--data FOLDER] [--size 512] [--frames 750] [--runs 5]
    python benchmarks/drawing.py --hour [--suffix .mp4]

The older way drew every picture whole without a compiler, set the time anew, let FFmpeg convert each picture and
encoded with x264's `veryfast` for animation at a constant rate factor of 18. Both ways draw the same clips, in turns,
on one core (Linux), and the fastest run of each counts. Quality is the peak signal-to-noise ratio of the luma against
the pictures that went in, over all frames and in the worst one: ours must not be below the older.

The second form writes a clip of 90,000 frames, an hour at 25 a second, and says how much memory the process came to
hold, after the clip itself was there.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.player import clip as waving
from signllm.pose import PoseSequence
from signllm.viewing import scene as scenes
from signllm.viewing import video
from signllm.viewing.scene import Scene
from signllm.viewing.sources import open_sources

AIM = 300
HOUR = 90_000
Write = Callable[[BinaryIO, Scene], None]


def clip_of(data: Path | None, frames: int) -> PoseSequence:
    """Clips of a folder one after the other, again and again; without one, a person whose arms and fingers wave."""
    clips = [clip.pose for clip in open_sources(data)[0].first(20)] if data else [waving(0)]
    coordinates = np.concatenate([clip.coordinates for clip in clips])
    valid = np.concatenate([clip.valid for clip in clips])
    at = np.arange(frames) % len(coordinates)
    return clips[0].replace(coordinates=coordinates[at], valid=valid[at])


def write_as_before(file: BinaryIO, scene: Scene) -> None:
    """The older way."""
    height, width = scene.shape
    with av.open(file, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast", "tune": "animation"}
        for index, picture_HW4 in enumerate(scene):
            set_time(scene, index)
            frame = av.VideoFrame.from_ndarray(picture_HW4, format="rgba")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def set_time(scene: Scene, frame: int) -> None:
    """Set the whole time as text, which was done for every frame."""
    from PIL import Image, ImageDraw

    from signllm.viewing import fonts

    text, size = f"{frame / scene.fps:.2f} / {scene.num_frames / scene.fps:.2f} s", scene.text_px
    strip = Image.new("RGB", (round(fonts.text_width(text, size)) + size, 2 * size), (255, 255, 255))
    fonts.draw_text(ImageDraw.Draw(strip), (strip.width, size), text, size, (118, 126, 138), align="right")
    np.asarray(strip)


def quality(data: bytes, scene: Scene) -> tuple[float, float]:
    """Peak signal-to-noise ratio in decibels of the luma: over all frames, and of the worst frame."""
    errors = []
    with av.open(io.BytesIO(data)) as container:
        for picture_HW4, got in zip(scene, container.decode(video=0), strict=True):
            frame = av.VideoFrame.from_ndarray(picture_HW4, format="rgba").reformat(format="yuv420p")
            rows = scene.shape[0]
            errors.append(np.square(got.to_ndarray()[:rows].astype(float) - frame.to_ndarray()[:rows]).mean())
    return tuple(float(10 * np.log10(255**2 / value)) for value in (np.mean(errors), np.max(errors)))


def compare(options: argparse.Namespace) -> None:
    """Both ways in turns, and a line for each."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    scene = Scene.of([("clip", clip_of(options.data, options.frames))], "What is signed", options.size)
    short = Scene.of([("clip", clip_of(options.data, 10))], "What is signed", options.size)
    ways: dict[str, Write] = {"before": write_as_before, "now": video._write_mp4}
    scenes._COMPILED_FROM = min(scenes._COMPILED_FROM, options.frames)
    best = dict.fromkeys(ways, float("inf"))
    files = {}
    from signllm.viewing.planes import plane_pictures

    next(plane_pictures(short))  # compiled, or loaded
    for _ in range(options.runs):
        for name, write in ways.items():
            with tempfile.NamedTemporaryFile(suffix=".mp4", buffering=0) as file:
                started = time.process_time()
                write(file, scene)
                best[name] = min(best[name], time.process_time() - started)
                files[name] = Path(file.name).read_bytes()
    print(f"{options.frames} frames of {scene.shape[1]} x {scene.shape[0]} pixels, load {os.getloadavg()[0]:.1f}")
    for name, seconds in best.items():
        whole, worst = quality(files[name], scene)
        rate, size = options.frames / seconds, len(files[name]) / options.frames * scene.fps / 1000
        print(f"{name:7} {rate:6.0f} frames/s, {size:.0f} kB a second, {whole:.1f} dB, worst {worst:.1f}")
    print(f"{best['before'] / best['now']:.1f} times as fast; the aim is {AIM} frames/s at 512 pixels")


def hour(suffix: str, data: Path | None) -> None:
    """An hour in one file, and the memory."""
    pose = clip_of(data, HOUR)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        path, started = Path(folder) / f"hour{suffix}", time.perf_counter()
        video.write_video(path, [("clip", pose)], size=128)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{suffix}: {HOUR} frames of 128 pixels in {seconds:.0f} s, {path.stat().st_size / 1e6:.0f} MB;"
            f" at most {before:.0f} MB before, {after:.0f} MB in the end"
        )


def main() -> int:
    """Measure, and print."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--data", type=Path, help="a folder with clips (default: made by code)")
    flags.add_argument("--size", type=int, default=512)
    flags.add_argument("--frames", type=int, default=750)
    flags.add_argument("--runs", type=int, default=5)
    flags.add_argument("--hour", action="store_true")
    flags.add_argument("--suffix", default=".mp4", choices=video.VIDEOS)
    options = flags.parse_args()
    if options.hour:
        hour(options.suffix, options.data)
    else:
        compare(options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Videos as pictures: upright, in square pixels, with the moments at which they are shown. Decoding is PyAV's.

Legend: F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from signllm.errors import DataError
from signllm.inputs import check_regular
from signllm.sampling import spread

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")
SAMPLES = 8  # pictures spread over a video, by which the tracker sees who is in it
_LONGEST_SIDE = 1920  # pixels; in larger pictures a tracker sees no more, and takes longer
_USUAL_RATES = (12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001, 60.0)
_NEAR_USUAL = 0.015
_STEADY, _STEADY_SHARE = 0.2, 0.98  # how much, and how often, intervals between frames are alike at a constant rate
_WHOLE = 0.95  # of the frames or seconds that a file announces
_SLACK_S = 0.5  # by which sound may outlast the pictures


@dataclass(frozen=True)
class Video:
    """What a whole decoding of a file found. `size`: (W, H) of the pictures that `pictures` gives.

    `times_F`: seconds at which frames are shown, from 0. `fps`: the nominal frame rate. `steady`: whether frames come
    at that rate. `samples`: a few pictures (H, W, 3) uint8.
    """

    path: Path
    size: tuple[int, int]
    times_F: np.ndarray
    fps: float
    steady: bool
    samples: list[np.ndarray] = field(repr=False)

    def pictures(self) -> Iterator[np.ndarray]:
        """The frames, (H, W, 3) uint8 RGB. Raises DataError where the file cannot be decoded any more."""
        with _opened(self.path) as container:
            for frame in container.decode(video=0):
                yield upright(frame, self.size)


def measure(path: Path) -> tuple[int, float] | None:
    """(frames, frame rate) by what the file's header says, None where it does not."""
    try:
        with _opened(path) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            if stream.duration is not None and stream.time_base is not None:
                seconds = float(stream.duration * stream.time_base)
            else:
                seconds = (container.duration or 0) / 1e6
            frames = stream.frames or round(seconds * rate)
    except DataError:
        return None
    return (frames, rate) if frames > 0 and rate > 0 else None


def check_header(path: Path) -> None:
    """Raise DataError unless the file is a video, as far as its beginning says."""
    with _opened(path):
        pass


def open_video(path: Path) -> Video:
    """Decode a file once, keeping little. Raises DataError for what is no whole video."""
    times: list[float | None] = []
    samples: list[np.ndarray] = []
    damaged = 0
    with _opened(path) as container:
        stream = container.streams.video[0]
        announced, seconds = stream.frames, (container.duration or 0) / 1e6
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        size: tuple[int, int] | None = None
        wanted = set(spread(announced or SAMPLES, SAMPLES))
        for number, frame in enumerate(container.decode(stream)):
            size = size or _size_of(frame, stream)
            if number in wanted or (not announced and number % 25 == 0 and len(samples) < 2 * SAMPLES):
                samples.append(upright(frame, size))
            times.append(frame.time)
            damaged += frame.is_corrupt
    if size is None:
        raise DataError("no picture can be decoded; record or copy it again")
    if len(times) < _WHOLE * announced:
        raise DataError(f"the file is cut off: {len(times)} of {announced} frames are there; copy it again")
    moments_F = _moments(times, rate)
    last_s = max(moments_F[-1], times[-1] or 0)  # some files count from where they were cut out of a longer one
    if not announced and last_s + _SLACK_S < _WHOLE * seconds:
        raise DataError(f"the file is cut off: {last_s:.1f} of {seconds:.1f} s are there; copy it again")
    if damaged > (1 - _WHOLE) * len(times):
        raise DataError(f"{damaged} of {len(times)} frames are damaged; copy it again")
    fps, steady = _rate_of(moments_F, rate)
    return Video(path, size, moments_F, fps, steady, samples)


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """The file with its first video stream. Raises DataError, also for what happens while it is read."""
    import av

    check_regular(path)
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                kinds = ", ".join(sorted({stream.type for stream in container.streams}))
                if not kinds:
                    raise DataError("not a whole video (nothing is in it); record or copy it again")
                raise DataError(f"the file holds {kinds} and no picture; leave it out")
            container.streams.video[0].thread_type = "AUTO"
            yield container
    except (av.FFmpegError, ValueError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"not a whole video ({why}); record or copy it again") from None


def _size_of(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """(W, H) of the upright picture in square pixels, at most 1920 long."""
    width, height = frame.width * float(stream.sample_aspect_ratio or 1), float(frame.height)
    if frame.rotation % 180:
        width, height = height, width
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def upright(frame: VideoFrame, size: tuple[int, int]) -> np.ndarray:
    """The picture (H, W, 3) uint8 RGB as players show it: turned as its display matrix says."""
    width, height = size[::-1] if frame.rotation % 180 else size
    picture_HW3 = frame.to_ndarray(format="rgb24", width=width, height=height)
    return np.ascontiguousarray(np.rot90(picture_HW3, round(frame.rotation / 90) % 4))


def _moments(times: list[float | None], rate: float) -> np.ndarray:
    """Seconds from 0, growing; by the frame rate where the file has no times."""
    if any(time is None for time in times):
        return np.arange(len(times)) / (rate or 25.0)
    moments_F = np.array(times, np.float64) - float(times[0] or 0)
    if len(moments_F) > 1 and (np.diff(moments_F) <= 0).any():
        return np.arange(len(times)) / (rate or 25.0)
    return moments_F


def _rate_of(moments_F: np.ndarray, said: float) -> tuple[float, bool]:
    """(the nominal frame rate, whether frames come at it)."""
    if len(moments_F) < 3:
        return said or 25.0, True
    steps = np.diff(moments_F)
    usual = float(np.median(steps))
    steady = float((np.abs(steps - usual) < _STEADY * usual).mean()) >= _STEADY_SHARE
    fps = (len(moments_F) - 1) / float(moments_F[-1]) if steady else min(1 / usual, max(_USUAL_RATES))
    near = min(_USUAL_RATES, key=lambda rate: abs(rate / fps - 1))
    return (near if abs(near / fps - 1) < _NEAR_USUAL else fps), steady

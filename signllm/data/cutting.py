"""A clip as a part of a longer one: from when to when."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from signllm.data.tables.segments import FRAMES, SHORT, in_frames
from signllm.fsutil import file_identity
from signllm.pose.formats import find_clip, load_clip
from signllm.pose.formats.reader import Loaded
from signllm.pose.sequence import PoseSequence


@lru_cache(2)
def _kept(load: Callable[..., Loaded], key: tuple, content: tuple[int, ...]) -> Loaded:
    return load(*key)


def _whole(load: Callable[[], Loaded]) -> Loaded:
    """The whole clip, kept while rows of one file follow each other: a long recording is read once."""
    if not isinstance(load, partial) or load.func is not load_clip or not load.args[0].exists():
        return load()
    read, key, faults = find_clip(*load.args)
    return (None, faults) if read is None else _kept(read, key, file_identity(load.args[0]))


def load_cut(
    load: Callable[[], Loaded], start: float, end: float | None, fps: float | None, unit: str = "seconds"
) -> Loaded:
    """What `load` gives, from `start` to `end` (None: its end); or why that cannot be cut out.

    `fps`: frames a second, where the file does not say it or says it wrongly. The counter goes: it told the share of
    the whole.
    """
    clip, faults = _whole(load)
    if clip is None:
        return None, faults
    rate = fps or clip.fps
    if unit != FRAMES and not rate:
        return None, [
            f"start and end are in {unit}, but neither the file nor the table says the frame rate; give it with"
            " --columns fps=25 for all clips"
        ]
    frames = len(clip)
    first = round(in_frames(start, unit, rate) or 0)
    last = frames if end is None else round(in_frames(end, unit, rate) or 0)
    if not first < last <= frames + 1:  # rounding may reach one frame beyond
        length = f"{frames} frames" if unit == FRAMES else f"{frames / (rate or 1):.2f} s"
        short = SHORT[unit]
        until = "the end" if end is None else f"{end:g} {short}"
        return None, [f"from {start:g} {short} to {until} lies outside: the file has {length}"]
    return (clip[first:last] if isinstance(clip, PoseSequence) else clip.cut(first, last)), []

"""A clip as a part of a longer one: from when to when in seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.reader import Loaded


def load_cut(load: Callable[[], Loaded], start_s: float, end_s: float | None, fps: float | None) -> Loaded:
    """What `load` gives, from `start_s` to `end_s` (None: its end); or why that cannot be cut out.

    `fps`: frames a second, where the file does not say it or says it wrongly. The counter goes: it told the share of
    the whole.
    """
    clip, faults = load()
    if clip is None:
        return None, faults
    rate = fps or clip.fps
    if not rate:
        return None, ["start and end are in seconds, but neither the file nor the table says the frame rate"]
    frames = len(clip.coordinates_FJC if isinstance(clip, RawClip) else clip.coordinates)
    first, last = round(start_s * rate), frames if end_s is None else round(end_s * rate)
    if not first < last <= frames + 1:  # rounding may reach one frame beyond
        return None, [f"from {start_s:g} s to {end_s} s lies outside: the file has {frames / rate:.2f} s"]
    if not isinstance(clip, RawClip):
        return clip[first:last], []
    valid_FJ = clip.valid_FJ if clip.valid_FJ is None else clip.valid_FJ[first:last]
    return replace(clip, coordinates_FJC=clip.coordinates_FJC[first:last], counter_F=None, valid_FJ=valid_FJ), []

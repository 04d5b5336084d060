"""Which layouts of points a set of pose files has, for messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from signllm.errors import DataError
from signllm.pose.formats import reader_of
from signllm.pose.formats.finding import Raw
from signllm.pose.formats.raw_points import RawPoints
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETON_50
from signllm.sampling import spread

_MOST_FILES = 12
_QUICK = (".pose", ".npz", ".npy", ".json")
"""Kinds of files of which some may be read for a message."""


def layout_of(clip: Raw | PoseSequence) -> str:
    """The layout of a clip as its file holds it; where several fit, all of them."""
    if isinstance(clip, RawPoints):
        return " or ".join(dict.fromkeys(form.layout for form in clip.forms))
    return (clip.layout if not isinstance(clip, PoseSequence) else "") or SKELETON_50.name


def counted_layouts(clips: Iterable[Raw | PoseSequence]) -> dict[str, int]:
    """How many clips have each layout, the most frequent first."""
    return dict(Counter(map(layout_of, clips)).most_common())


def layouts_of(files: Sequence[Path]) -> str:
    """' in 2 layouts: mediapipe-553 (20), openpose-137 (5)' by a sample of the files; empty where they have one."""
    clips = []
    files = [file for file in files if file.suffix.lower() in _QUICK]
    for file in (files[index] for index in spread(len(files), _MOST_FILES)):
        try:
            reader = reader_of(file)
            listed = reader.list_clips(file)[:1]
        except DataError:
            continue
        clips += [clip for one in listed if (clip := reader.load(file, *one.key)[0]) is not None]
    found = counted_layouts(clips)
    if len(found) < 2:
        return ""
    sample = f" of {len(clips)} that were looked at" if len(clips) < len(files) else ""
    return f" in {len(found)} layouts{sample}: {', '.join(f'{name} ({count})' for name, count in found.items())}"

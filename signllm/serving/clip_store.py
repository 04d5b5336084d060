"""The clips that were signed lately, for download: found by a name that cannot be guessed, the oldest dropped first."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from signllm.inference import GeneratedClip


class ClipStore:
    """At most so many clips, of so many bytes together."""

    def __init__(self, most_clips: int, most_bytes: int):
        self._most_clips, self._most_bytes = most_clips, most_bytes
        self._clips: OrderedDict[str, GeneratedClip] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._clips)

    def add(self, clip: GeneratedClip) -> str:
        """Keep a clip; return its name."""
        name = secrets.token_urlsafe(16)
        self._clips[name] = clip
        self._bytes += _bytes(clip)
        while len(self._clips) > self._most_clips or (self._bytes > self._most_bytes and len(self._clips) > 1):
            _, oldest = self._clips.popitem(last=False)
            self._bytes -= _bytes(oldest)
        return name

    def get(self, name: str) -> GeneratedClip | None:
        """The clip of a name, if it is still there; it is now the youngest."""
        if name in self._clips:
            self._clips.move_to_end(name)
        return self._clips.get(name)


def _bytes(clip: GeneratedClip) -> int:
    return clip.pose.coordinates.nbytes + clip.pose.valid.nbytes

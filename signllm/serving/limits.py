"""How much one visitor, and all of them together, may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """max_characters, max_sentences, max_frames, max_seconds: of one request, from its arrival to its last frame.

    max_requests: that are being signed or wait, over all models. max_files: that are being written or wait, at most
    `file_workers` at a time. kept_clips, kept_bytes: of the clips that can still be downloaded; the oldest go first.
    max_body_bytes, body_seconds: of what a request sends.
    """

    max_characters: int = 2000
    max_sentences: int = 40
    max_frames: int = 6000
    max_seconds: float = 60.0
    max_requests: int = 256
    max_files: int = 16
    file_workers: int = 1
    kept_clips: int = 500
    kept_bytes: int = 256 * 1024**2
    max_body_bytes: int = 64 * 1024
    body_seconds: float = 10.0

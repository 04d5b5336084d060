"""What tells clips of different content apart."""

from __future__ import annotations

import hashlib

import numpy as np

from signllm.pose.sequence import PoseSequence


def clip_digest(pose: PoseSequence) -> int:
    """64 bits that tell clips of different content apart."""
    digest = hashlib.sha256(np.ascontiguousarray(pose.coordinates).data)
    digest.update(np.ascontiguousarray(pose.valid).data)
    return int.from_bytes(digest.digest()[:8], "little")

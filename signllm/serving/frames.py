"""Frames as the page and other programs read them.

Legend: F frames, J joints, C coordinates, B bones.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from signllm.pose import PoseSequence
from signllm.viewing.player.avatars import PageAvatar
from signllm.viewing.player.encoding import base64_of

_DECIMALS = 5  # of a shoulder width


def packed(coordinates_FJC: np.ndarray, encoding: str) -> Any:
    """`base64`: little-endian 32-bit floats, (F, J, 3), in the order of frames; `numbers`: nested lists."""
    if encoding == "numbers":
        return np.round(coordinates_FJC.astype(np.float64), _DECIMALS).tolist()
    return base64.b64encode(np.ascontiguousarray(coordinates_FJC, dtype="<f4").tobytes()).decode()


def packed_motion(pose: PoseSequence, avatar: PageAvatar) -> dict[str, Any]:
    """How the bones of the avatar turn, all of them, so that the next frames' can follow."""
    clip = avatar.retargeted(pose)
    rotations_FB4 = np.round(clip.rotations.astype(np.float64) * 32767).astype("<i2")
    return {
        "frames": len(pose),
        "nodes": clip.rig.nodes.tolist(),
        "still": [],
        "root": int(clip.rig.nodes[int(np.flatnonzero(clip.rig.parents < 0)[0])]),
        "rotations": base64_of(rotations_FB4.tobytes()),
        "translation": base64_of(clip.translation.astype("<f4").tobytes()),
    }

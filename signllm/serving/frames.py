"""Frames as the page and other programs read them.

Legend: F frames, J joints, C coordinates, B bones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from signllm.pose import PoseSequence
from signllm.viewing.player.avatars import PageAvatar, pack_motion
from signllm.viewing.player.encoding import base64_of

_DECIMALS = 5  # of a shoulder width


def packed(coordinates_FJC: np.ndarray, encoding: str) -> Any:
    """`base64`: little-endian 32-bit floats, (F, J, 3), in the order of frames; `numbers`: nested lists."""
    if encoding == "numbers":
        return np.round(coordinates_FJC.astype(np.float64), _DECIMALS).tolist()
    return base64_of(np.ascontiguousarray(coordinates_FJC, dtype="<f4").tobytes())


def packed_missing(valid_FJ: np.ndarray) -> str:
    """Joints that are missing, as bits in base64: (F, J) in the order of frames, the first in the highest bit."""
    return base64_of(np.packbits(~valid_FJ).tobytes())


def packed_motion(pose: PoseSequence, avatar: PageAvatar) -> dict[str, Any]:
    """How the bones of the avatar turn, all of them, so that the next frames' can follow."""
    return {"frames": len(pose), **pack_motion(avatar.retargeted(pose), all_bones=True)}

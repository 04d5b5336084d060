"""An avatar on the page: its file once, and for each clip how its bones turn.

Legend: F frames, B bones, M bones that move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from signllm.retargeting import RetargetedClip, Rig
from signllm.viewing.player.encoding import base64_of

_MOST = 32767  # of a whole number of 16 bits
_STILL = 1e-4  # of a quaternion's number: 0.01 degrees


@dataclass(frozen=True)
class PageAvatar:
    """A person for all clips of a page: a name for readers, the bytes of the GLB or VRM file, and its bones."""

    name: str
    file: bytes
    rig: Rig

    def packed(self) -> dict[str, Any]:
        """The file, and how it is moved to be as large as a skeleton of one shoulder width, its neck at the origin."""
        positions_B3 = self.rig.world[0]
        right, left = (positions_B3[self.rig.roles[f"{side}UpperArm"]] for side in ("right", "left"))
        scale = 1 / float(np.linalg.norm(left - right))
        origin = (-scale * (left + right) / 2).tolist()
        return {"name": self.name, "file": base64_of(self.file), "scale": scale, "origin": origin}


def pack_motion(clip: RetargetedClip) -> dict[str, Any]:
    """A clip's rotations as whole numbers of 16 bits, which turns a bone by less than 0.01 degrees.

    Bones that never move stand there once, and not at all where they are at rest.
    """
    rotations_FB4, rig = clip.rotations.astype(np.float64), clip.rig
    moves_B = (np.ptp(rotations_FB4, axis=0) > _STILL).any(-1)
    turned_B = (np.abs(rotations_FB4[0] - rig.rotations) > _STILL).any(-1)
    still = np.flatnonzero(~moves_B & turned_B)
    whole_FM4 = np.round(rotations_FB4[:, moves_B] * _MOST).astype("<i2")
    return {
        "nodes": rig.nodes[moves_B].tolist(),
        "still": [[int(rig.nodes[bone]), rotations_FB4[0, bone].tolist()] for bone in still],
        "root": int(rig.nodes[int(np.flatnonzero(rig.parents < 0)[0])]),
        "rotations": base64_of(whole_FM4.tobytes()),
        "translation": base64_of(clip.translation.astype("<f4").tobytes()),
    }

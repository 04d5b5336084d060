"""An avatar on the page: its file once, and for each clip how its bones turn.

Legend: F frames, B bones, M bones that move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import read_bytes
from signllm.pose import PoseSequence
from signllm.retargeting import RetargetedClip
from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.reading import OURS, AvatarFile
from signllm.retargeting.retarget import retarget_signer
from signllm.retargeting.signer import Signer
from signllm.viewing.player.encoding import MOST_INT16, base64_of

MOST_BYTES = 50 * 1024**2  # of a file that is to stand in a page
_STILL = 4e-5  # of a quaternion's number: less than 0.01 degrees


@dataclass(frozen=True)
class PageAvatar:
    """A person for all clips of a page: the bytes of a GLB or VRM file, and what retargeting must know of its bones."""

    file: bytes
    body: Body

    @classmethod
    def read(cls, avatar: AvatarFile = OURS) -> PageAvatar:
        """Raises DataError for a file that is not whole, too large for a page, or has no arms and hands."""
        path = avatar.path
        file = read_bytes(path)
        if len(file) > MOST_BYTES:
            raise DataError(
                f"{path}: {len(file) / 1e6:.0f} MB are too much for a page; at most {MOST_BYTES / 1e6:.0f} MB"
            )
        return cls(file, Body.of(avatar.read()[1]))

    def motion(self, pose: PoseSequence) -> dict[str, Any]:
        """A clip as rotations of the bones; one without depth is lifted first."""
        return pack_motion(self.retargeted(pose))

    def retargeted(self, pose: PoseSequence) -> RetargetedClip:
        """`motion` as arrays."""
        return retarget_signer(Signer.of(pose), self.body, pose.fps)

    def packed(self) -> dict[str, Any]:
        """The file, and how it is placed."""
        return {"file": base64_of(self.file), **self.placement()}

    def placement(self) -> dict[str, Any]:
        """How the person is placed: as large as a skeleton of one shoulder width, the neck at the origin.

        `hands`: the nodes of the right and of the left middle knuckle, else of the wrist, which leave trails.
        """
        roles, nodes = self.body.rig.roles, self.body.rig.nodes
        hands = [roles.get(f"{side}MiddleProximal", roles[f"{side}Hand"]) for side in ("right", "left")]
        scale, turn = 1 / self.body.shoulder_width, q.inverse(self.body.turn)
        return {
            "scale": scale,
            "turn": turn.tolist(),
            "origin": (-scale * q.rotate(turn, self.body.neck)).tolist(),
            "hands": nodes[hands].tolist(),
        }


def pack_motion(clip: RetargetedClip, all_bones: bool = False) -> dict[str, Any]:
    """A clip's rotations as whole numbers of 16 bits, which turns a bone by less than 0.01 degrees.

    Bones that never move stand there once, and not at all where they are at rest; with `all_bones`, every bone stands
    there in every frame.
    """
    rotations_FB4, rig = clip.rotations.astype(np.float64), clip.rig
    moves_B = (np.ptp(rotations_FB4, axis=0) > _STILL).any(-1) | all_bones
    turned_B = (np.abs(rotations_FB4[0] - rig.rotations) > _STILL).any(-1)
    still = np.flatnonzero(~moves_B & turned_B)
    whole_FM4 = np.round(rotations_FB4[:, moves_B] * MOST_INT16).astype("<i2")
    return {
        "nodes": rig.nodes[moves_B].tolist(),
        "still": [[int(rig.nodes[bone]), rotations_FB4[0, bone].tolist()] for bone in still],
        "root": int(rig.nodes[int(np.flatnonzero(rig.parents < 0)[0])]),
        "rotations": base64_of(whole_FM4.tobytes()),
        "translation": base64_of(clip.translation.astype("<f4").tobytes()),
    }

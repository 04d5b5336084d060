"""A rig as it is being posed: how far each bone has turned away from rest, and where that puts points.

Legend: F frames, B bones. Turns are in the space of the scene, not relative to the parent.
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body


class Posing:
    """Turns of bones; a bone that was not turned follows its parent."""

    def __init__(self, body: Body, frames: int):
        self.body = body
        self.frames = frames
        self.moved_F3 = np.zeros((frames, 3))
        self.seen: dict[int, np.ndarray] = {}
        self._turned: dict[int, np.ndarray] = {}
        self._still = np.broadcast_to(q.IDENTITY, (frames, 4))

    def set(self, role: str, turn_F4: np.ndarray, seen_F: np.ndarray) -> None:
        """Turn the bone with a role, where the rig has one; `seen` says in which frames the clip told how."""
        bone = self.body.bone(role)
        if bone is not None:
            self.set_bone(bone, turn_F4, seen_F)

    def set_bone(self, bone: int, turn_F4: np.ndarray, seen_F: np.ndarray) -> None:
        """`set` by the bone's index."""
        self._turned[bone] = turn_F4
        self.seen[bone] = seen_F

    def turn(self, bone: int) -> np.ndarray:
        """(F, 4) how far a bone has turned."""
        while bone >= 0:
            if bone in self._turned:
                return self._turned[bone]
            bone = int(self.body.rig.parents[bone])
        return self._still

    def place(self, bone: int, point_3: np.ndarray) -> np.ndarray:
        """(F, 3) where a point is that belongs to a bone and lies at `point_3` at rest."""
        points, parents = self.body.points, self.body.rig.parents
        total_F3 = np.zeros((self.frames, 3))
        end = point_3
        while bone >= 0:
            total_F3 = total_F3 + q.rotate(self.turn(bone), end - points[bone])
            end, bone = points[bone], int(parents[bone])
        return total_F3 + end + self.moved_F3

    def head_of(self, role: str) -> np.ndarray:
        """(F, 3) where the bone with a role begins; the rig has it."""
        bone = self.body.rig.roles[role]
        return self.place(int(self.body.rig.parents[bone]), self.body.points[bone])

    def local(self) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """(F, B, 4) rotations relative to the parents, and the frames in which those of turned bones were seen."""
        rig, world_B4 = self.body.rig, self.body.rig.world[1]
        local_FB4 = np.repeat(rig.rotations[None], self.frames, axis=0)
        for bone, turn_F4 in self._turned.items():
            parent = int(rig.parents[bone])
            above_F4 = q.multiply(self.turn(parent), world_B4[parent]) if parent >= 0 else self._still
            local_FB4[:, bone] = q.multiply(q.inverse(above_F4), q.multiply(turn_F4, world_B4[bone]))
        return local_FB4, self.seen

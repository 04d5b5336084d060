"""A clip as rotations of a rig's bones.

Legend: F frames, B bones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from signllm.errors import DataError
from signllm.retargeting.rig import Rig


@dataclass(frozen=True, eq=False)
class RetargetedClip:
    """What plays on a rig, checked when made; arrays are read-only.

    rotations: (F, B, 4) float32 quaternions (x, y, z, w) of all bones in the rig's order, each relative to its parent:
    what stands in a glTF node's `rotation`. Each has length 1 and the sign that is nearer to the frame before.
    translation: (F, 3) float32, metres, added to the rest position of the bones without a parent.
    fps: frames a second. names: (B,) the rig's.

    Raises DataError where shapes disagree or a number is not finite.
    """

    rig: Rig
    rotations: np.ndarray
    translation: np.ndarray
    fps: float

    def __post_init__(self) -> None:
        rotations = np.array(self.rotations, dtype=np.float32)
        translation = np.array(self.translation, dtype=np.float32)
        faults = []
        if rotations.ndim != 3 or rotations.shape[1:] != (len(self.rig), 4) or not len(rotations):
            faults.append(f"rotations have shape {rotations.shape}, expected (frames, {len(self.rig)}, 4)")
        elif translation.shape != (len(rotations), 3):
            faults.append(f"the translation has shape {translation.shape}, expected ({len(rotations)}, 3)")
        elif not (np.isfinite(rotations).all() and np.isfinite(translation).all()):
            faults.append("a rotation or translation is not a finite number")
        if not (np.isfinite(self.fps) and self.fps > 0):
            faults.append(f"fps is {self.fps}, expected a positive number")
        if faults:
            raise DataError(faults)
        for name, array in (("rotations", rotations), ("translation", translation)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def names(self) -> tuple[str, ...]:
        """(B,) of the bones."""
        return self.rig.names

    def posed(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the bones begin (F, B, 3), in metres, and their rotations (F, B, 4), in the space of the scene."""
        return self.rig.posed(self.rotations.astype(float), self.translation.astype(float))

    def bone_positions(self) -> np.ndarray:
        """(F, B, 3) where the bones begin, in metres in the space of the scene."""
        return self.posed()[0]

"""A humanoid skeleton at rest, whoever made it: bones, where they are, and which of them is which part of a person.

Legend: B bones, F frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from signllm.errors import DataError
from signllm.retargeting import quaternions as q

SIDES = ("left", "right")
FINGER_ROLES = {
    "thumb": ("ThumbMetacarpal", "ThumbProximal", "ThumbDistal", "ThumbTip"),
    "index": ("IndexProximal", "IndexIntermediate", "IndexDistal", "IndexTip"),
    "middle": ("MiddleProximal", "MiddleIntermediate", "MiddleDistal", "MiddleTip"),
    "ring": ("RingProximal", "RingIntermediate", "RingDistal", "RingTip"),
    "little": ("LittleProximal", "LittleIntermediate", "LittleDistal", "LittleTip"),
}
_ARM = ("UpperArm", "LowerArm", "Hand")
NEEDED_ROLES = tuple(f"{side}{part}" for side in SIDES for part in _ARM)
ROLES = (
    *("hips", "spine", "chest", "upperChest", "neck", "head", "nose"),
    *(f"{side}{part}" for side in SIDES for part in ("Shoulder", *_ARM, "UpperArmTwist", "LowerArmTwist")),
    *(f"{side}{bone}" for side in SIDES for bones in FINGER_ROLES.values() for bone in bones),
)
"""The parts of a person, by the names of VRM 1.0, and three more: `nose`, twist bones, tips of fingers."""


def hangs(parents: Sequence[int] | np.ndarray, bone: int, above: int) -> bool:
    """Whether a bone is another one or hangs from it; parents come before their children."""
    while bone > above:
        bone = int(parents[bone])
    return bone == above


@dataclass(frozen=True, eq=False)
class Rig:
    """A skeleton at rest, checked when made. Parents come before their children.

    names: (B,) as in the file. parents: (B,) the index of each bone's parent, -1 where there is none.
    translations: (B, 3) and rotations: (B, 4), each relative to the parent, at rest. scales: (B,) the same in all
    directions. roles: which bone, by index, is which of `ROLES`; those of arms and hands are needed.
    nodes: (B,) the index of each bone among the nodes of the file, where there is one.

    Raises DataError where shapes disagree, a parent comes after its child, or a needed role is missing.
    """

    names: tuple[str, ...]
    parents: np.ndarray
    translations: np.ndarray
    rotations: np.ndarray
    roles: Mapping[str, int]
    scales: np.ndarray = field(default_factory=lambda: np.ones(0))
    nodes: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def __post_init__(self) -> None:
        count = len(self.names)
        arrays = {
            "parents": (np.asarray(self.parents, int), (count,)),
            "translations": (np.asarray(self.translations, float), (count, 3)),
            "rotations": (np.asarray(self.rotations, float), (count, 4)),
            "scales": (np.asarray(self.scales if len(self.scales) else np.ones(count), float), (count,)),
            "nodes": (np.asarray(self.nodes if len(self.nodes) else np.arange(count), int), (count,)),
        }
        faults = [
            f"{name} of the skeleton have shape {array.shape}, expected {shape}"
            for name, (array, shape) in arrays.items()
            if array.shape != shape
        ]
        faults = faults or self._faults(arrays["parents"][0])
        if faults:
            raise DataError(faults)
        for name, (array, _) in arrays.items():
            frozen = q.unit(array) if name == "rotations" else array.copy()
            frozen.flags.writeable = False
            object.__setattr__(self, name, frozen)
        object.__setattr__(self, "roles", MappingProxyType(dict(self.roles)))

    def _faults(self, parents: np.ndarray) -> list[str]:
        faults = [
            f"the bone {self.names[bone]} comes before its parent"
            for bone in np.flatnonzero(parents >= np.arange(len(parents)))
        ]
        faults += [f"the role {role} is not known" for role in self.roles if role not in ROLES]
        faults += [
            f"bone {bone} of the role {role} does not exist"
            for role, bone in self.roles.items()
            if not 0 <= bone < len(self.names)
        ]
        missing = [role for role in NEEDED_ROLES if role not in self.roles]
        if missing:
            faults.append(f"no bones were found for {', '.join(missing)}")
        return faults or self._loose(parents)

    def _loose(self, parents: np.ndarray) -> list[str]:
        """Arms whose bones do not carry each other: turning one would leave the next behind."""
        faults = []
        for side in SIDES:
            arm = [side + part for part in _ARM]
            fingers = [[arm[-1], *(side + role for role in roles)] for roles in FINGER_ROLES.values()]
            for chain in (arm, *fingers):
                there = [role for role in chain if role in self.roles]
                faults += [
                    f"the bone {self.names[self.roles[role]]} ({role}) does not hang from"
                    f" {self.names[self.roles[above]]} ({above}) and would be left behind"
                    for above, role in pairwise(there)
                    if self.roles[above] == self.roles[role] or not hangs(parents, self.roles[role], self.roles[above])
                ]
        return faults

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def world(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions (B, 3), rotations (B, 4) and scales (B,) of the bones at rest, in the space of the scene."""
        positions, rotations = self.posed(self.rotations[None])
        scales = self.scales.copy()
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                scales[bone] *= scales[parent]
        return positions[0], rotations[0], scales

    def posed(
        self, rotations_FB4: np.ndarray, translation_F3: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Forward kinematics: positions (F, B, 3) and rotations (F, B, 4) in the space of the scene.

        rotations_FB4 are relative to the parents; translation_F3 moves the bones without a parent.
        """
        frames = len(rotations_FB4)
        positions = np.empty((frames, len(self), 3))
        rotations = np.empty((frames, len(self), 4))
        scales = np.ones(len(self))
        for bone, parent in enumerate(self.parents):
            if parent < 0:
                moved = self.translations[bone] + (0.0 if translation_F3 is None else translation_F3)
                positions[:, bone], rotations[:, bone] = moved, rotations_FB4[:, bone]
                scales[bone] = self.scales[bone]
            else:
                offset = self.translations[bone] * scales[parent]
                positions[:, bone] = positions[:, parent] + q.rotate(rotations[:, parent], offset)
                rotations[:, bone] = q.multiply(rotations[:, parent], rotations_FB4[:, bone])
                scales[bone] = self.scales[bone] * scales[parent]
        return positions, rotations

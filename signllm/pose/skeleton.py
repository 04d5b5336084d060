"""The joints and bones of a signer.

The 50-joint skeleton is the one of Progressive Transformers, Prompt2Sign and SignLLM: eight upper-body
joints in OpenPose order, then two hands of 21 joints in OpenPose hand order. Joints 8-28 hang from the
wrist of the arm 5-6-7, joints 29-49 from the wrist of the arm 2-3-4.

Handedness was checked on real data: the more active hand, the right one of most signers, is the arm
2-3-4 at negative x (left of the image) in WLASL files, and the arm 5-6-7 at negative x in the lifted
PHOENIX-2014T files. So both recordings are unmirrored and their *labels* differ. In this toolkit 2-3-4 and
29-49 are always the signer's right; the readers swap the sides of files that say otherwise and record it.
Axes: x to the right of the image, y down, z towards the viewer; the neck is the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FINGERS = ("thumb", "index", "middle", "ring", "little")


@dataclass(frozen=True)
class Skeleton:
    """Named joints; `parents[j]` is the joint at the other end of the bone of joint j, -1 at the root."""

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    parts: dict[str, tuple[int, ...]]
    shoulders: tuple[int, int]
    wrists: dict[str, int]
    mirror: tuple[int, ...]

    @property
    def num_joints(self) -> int:
        """J, the number of joints."""
        return len(self.joints)

    @cached_property
    def root(self) -> int:
        """The joint without a parent."""
        return self.parents.index(-1)

    @cached_property
    def bones(self) -> np.ndarray:
        """(B, 2) int array of (parent, child) pairs."""
        return np.array([(parent, child) for child, parent in enumerate(self.parents) if parent >= 0])

    @cached_property
    def anchors(self) -> np.ndarray:
        """(J,) int array: the wrist that each joint of a hand goes along with; every other joint itself."""
        anchor_J = np.arange(self.num_joints)
        for hand, wrist in self.wrists.items():
            anchor_J[list(self.parts[hand])] = wrist
        return anchor_J

    @cached_property
    def finger_bones(self) -> np.ndarray:
        """(L, 2) int array of the (parent, child) pairs within a hand, in the order of `bones`: parents come first."""
        parent_B, child_B = self.bones.T
        inside_B = (self.anchors[parent_B] == self.anchors[child_B]) & (self.anchors[parent_B] != parent_B)
        return self.bones[inside_B]

    def part_of(self, joint: int) -> str:
        """The name of the part ('body', 'right_hand', 'left_hand') that holds the joint."""
        return next(part for part, members in self.parts.items() if joint in members)


def _hand(side: str) -> tuple[str, ...]:
    return (f"{side}_hand_root",) + tuple(f"{side}_{finger}_{k}" for finger in FINGERS for k in range(1, 5))


def _hand_parents(first: int, wrist: int) -> tuple[int, ...]:
    parents = [wrist]
    for finger in range(5):
        for k in range(4):
            parents.append(first if k == 0 else first + finger * 4 + k)
    return tuple(parents)


_BODY = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
)

SKELETON_50 = Skeleton(
    name="signllm-50",
    joints=_BODY + _hand("left") + _hand("right"),
    parents=(1, -1, 1, 2, 3, 1, 5, 6) + _hand_parents(8, 7) + _hand_parents(29, 4),
    parts={
        "body": tuple(range(8)),
        "left_hand": tuple(range(8, 29)),
        "right_hand": tuple(range(29, 50)),
    },
    shoulders=(2, 5),
    wrists={"right_hand": 4, "left_hand": 7},
    mirror=(0, 1, 5, 6, 7, 2, 3, 4, *range(29, 50), *range(8, 29)),
)

SKELETONS: dict[str, Skeleton] = {SKELETON_50.name: SKELETON_50}

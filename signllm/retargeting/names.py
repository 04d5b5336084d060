"""Which bone is which part of a person, by the names of Mixamo, Unreal, MakeHuman, Rigify, VRoid and VRM."""

from __future__ import annotations

import re
from collections.abc import Sequence

from signllm.retargeting.rig import FINGER_ROLES, ROLES

_IGNORED = {
    "mixamorig",
    "j",
    "bip",
    "c",
    "def",
    "org",
    "bind",
    "jnt",
    "joint",
    "bone",
    "base",
    "cc",
    "f",
    "finger",
    "b",
}
_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_ARM = {
    "shoulder": "Shoulder", "clavicle": "Shoulder", "collar": "Shoulder", "collarbone": "Shoulder",
    "upperarm": "UpperArm", "arm": "UpperArm", "uparm": "UpperArm",
    "lowerarm": "LowerArm", "forearm": "LowerArm", "lowarm": "LowerArm", "elbow": "LowerArm",
    "hand": "Hand", "wrist": "Hand",
    "upperarmtwist": "UpperArmTwist", "armtwist": "UpperArmTwist",
    "lowerarmtwist": "LowerArmTwist", "forearmtwist": "LowerArmTwist", "foretwist": "LowerArmTwist",
}  # fmt: skip
_TRUNK = {
    "hips": "hips", "hip": "hips", "pelvis": "hips", "chest": "chest", "upperchest": "upperChest",
    "neck": "neck", "head": "head", "nose": "nose",
}  # fmt: skip
_FINGERS = {
    "thumb": "thumb", "index": "index", "middle": "middle", "mid": "middle", "ring": "ring", "pinky": "little",
    "little": "little", "pinkie": "little",
}  # fmt: skip
_RIGIFY_NECK = 4  # spine.004 and spine.005 are the neck, spine.006 the head
_LOWER = {role.lower(): role for role in ROLES if role != "spine"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def roles_of(names: Sequence[str]) -> dict[str, int]:
    """Role -> index of the bone; names are in the order parents first. Of two bones with one role the first is it."""
    found: dict[str, int] = {}
    fingers: dict[tuple[str, str], dict[int, int]] = {}
    spine: list[tuple[int, int]] = []
    for bone, name in enumerate(names):
        side, key, numbers = _parts(name)
        number = numbers[-1] if numbers else 0
        finger = _FINGERS.get(key.removeprefix("hand").removesuffix("tip"))
        if key == "" and "finger" in name.lower() and len(numbers) == 2 and 1 <= numbers[0] <= 5:
            finger = list(FINGER_ROLES)[numbers[0] - 1]  # MakeHuman's finger1-1 is the thumb's first bone
        whole = re.sub(r"[^a-z0-9]", "", name.lower())
        if whole in _LOWER:
            found.setdefault(_LOWER[whole], bone)
        elif side and finger:
            fingers.setdefault((side, finger), {}).setdefault(99 if key.endswith("tip") else number, bone)
        elif side and key in _ARM:
            found.setdefault(side + _ARM[key], bone)
        elif not side and key == "spine":
            spine.append((number, bone))
        elif not side and key in _TRUNK:
            found.setdefault(_TRUNK[key], bone)
    _name_fingers(found, fingers)
    _name_spine(found, spine)
    return found


def _parts(name: str) -> tuple[str, str, list[int]]:
    """The side, what is left of the name, and its numbers, of `mixamorig:LeftHandIndex1`, `f_index.01.L`, ..."""
    words = [word.lower() for word in _WORD.findall(name.split(":")[-1].split("|")[-1])]
    sides = [_SIDES[word] for word in words if word in _SIDES]
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 6]
    rest = [word for word in words if not word.isdigit() and word not in _SIDES and word not in _IGNORED]
    return sides[0] if sides else "", "".join(rest), numbers


def _name_fingers(found: dict[str, int], fingers: dict[tuple[str, str], dict[int, int]]) -> None:
    """Bones of a finger by their numbers, wherever they start; one that ends in `tip` or is the fourth is the tip."""
    for (side, finger), numbered in fingers.items():
        bones = [numbered[number] for number in sorted(numbered)]
        for role, bone in zip(FINGER_ROLES[finger], bones, strict=False):
            if len(bones) >= 3:
                found.setdefault(side + role, bone)


def _name_spine(found: dict[str, int], spine: list[tuple[int, int]]) -> None:
    """The lowest, a middle one and the highest bone called spine; Rigify calls hips, neck and head spine, too."""
    trunk = [bone for number, bone in spine if number < _RIGIFY_NECK or "neck" in found]
    above = [bone for _, bone in spine if bone not in trunk]
    if above and "head" not in found:
        found["head"] = above.pop()
    if above:
        found["neck"] = above[-1]
    if "hips" not in found and len(trunk) >= 3:
        found["hips"] = trunk.pop(0)
    free = [role for role in ("spine", "chest", "upperChest") if role not in found]
    kept = [trunk[0], trunk[len(trunk) // 2], trunk[-1]] if len(trunk) > 3 else trunk
    for role, bone in zip(free, kept, strict=False):
        found[role] = bone

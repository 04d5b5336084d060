"""Which bone is which part of a person, by the names of Mixamo, Unreal, MakeHuman, Rigify, VRoid and VRM."""

from __future__ import annotations

import re
from collections.abc import Sequence

from signllm.retargeting.rig import FINGER_ROLES, ROLES, hangs

_IGNORED = {
    *("mixamorig", "j", "bip", "c", "def", "org", "bind", "jnt", "joint", "bone", "base", "cc", "f", "finger", "b"),
}
_SIDES = {"left": "left", "l": "left", "right": "right", "r": "right"}
_ARM = {
    "shoulder": "Shoulder", "clavicle": "Shoulder", "collar": "Shoulder", "collarbone": "Shoulder",
    "thorax": "Shoulder",
    "upperarm": "UpperArm", "arm": "UpperArm", "uparm": "UpperArm", "shldr": "UpperArm", "shldrbend": "UpperArm",
    "lowerarm": "LowerArm", "forearm": "LowerArm", "lowarm": "LowerArm", "elbow": "LowerArm",
    "forearmbend": "LowerArm",
    "hand": "Hand", "wrist": "Hand",
    "upperarmtwist": "UpperArmTwist", "armtwist": "UpperArmTwist", "uparmtwist": "UpperArmTwist",
    "shldrtwist": "UpperArmTwist",
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
_BY_NUMBER = (  # MakeHuman's finger1-1.L is the thumb's first bone, as is Bip01 L Finger0 of 3ds Max
    (re.compile(r"finger([1-5])[-_]([0-9])", re.IGNORECASE), 1, ""),
    (re.compile(r"\bbip.*finger([0-4])([0-9]?)(nub)?$", re.IGNORECASE), 0, "0"),
)
_TIP = 99
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def roles_of(names: Sequence[str], parents: Sequence[int]) -> dict[str, int]:
    """Role -> index of the bone; bones are in the order parents first. Of two bones with one role the first is it."""
    found: dict[str, int] = {}
    fingers: dict[tuple[str, str], dict[int, list[int]]] = {}
    shoulders: dict[str, list[int]] = {}
    spine: list[tuple[int, int]] = []
    for bone, name in enumerate(names):
        side, key, numbers = _parts(name)
        finger, number = _finger_of(name, key, numbers)
        whole = re.sub(r"[^a-z0-9]", "", name.lower())
        if whole in _LOWER:
            found.setdefault(_LOWER[whole], bone)
        elif side and finger:
            fingers.setdefault((side, finger), {}).setdefault(number, []).append(bone)
        elif side and key in _ARM:
            found.setdefault(side + _ARM[key], bone)
        elif not side and key == "spine":
            spine.append((numbers[-1] if numbers else 0, bone))
        elif not side and key in _TRUNK:
            found.setdefault(_TRUNK[key], bone)
        if side and _ARM.get(key) == "Shoulder":
            shoulders.setdefault(side, []).append(bone)
    _name_upper_arms(found, shoulders, parents)
    _name_fingers(found, fingers, parents)
    _name_spine(found, spine)
    return found


def is_finger(name: str) -> bool:
    """Whether a bone's name calls it part of a finger of one side."""
    side, key, numbers = _parts(name)
    return bool(side) and (_finger_of(name, key, numbers)[0] is not None or "finger" in name.lower())


def _finger_of(name: str, key: str, numbers: list[int]) -> tuple[str | None, int]:
    """Which finger's bone it is, and its number; None for other bones."""
    for pattern, first, usual in _BY_NUMBER:
        match = pattern.search(name)
        if match and not key.removesuffix("nub"):
            finger, number, *nub = match.groups()
            return list(FINGER_ROLES)[int(finger) - first], _TIP if any(nub) else int(number or usual)
    finger = _FINGERS.get(key.removeprefix("hand").removesuffix("tip"))
    if key == "" and len(numbers) == 1 and "finger" in name.lower():
        finger = "middle"  # Finger1 to Finger3 in a row: all fingers are one, as in mittens
    return finger, _TIP if key.endswith("tip") else numbers[-1] if numbers else 0


def _parts(name: str) -> tuple[str, str, list[int]]:
    """The side, what is left of the name, and its numbers, of `mixamorig:LeftHandIndex1`, `f_index.01.L`, ..."""
    words = [word.lower() for word in _WORD.findall(name.split(":")[-1].split("|")[-1])]
    sides = [_SIDES[word] for word in words if word in _SIDES]
    numbers = [int(word) for word in words if word.isdigit() and len(word) < 6]
    rest = [word for word in words if not word.isdigit() and word not in _SIDES and word not in _IGNORED]
    return sides[0] if sides else "", "".join(rest), numbers


def _name_upper_arms(found: dict[str, int], shoulders: dict[str, list[int]], parents: Sequence[int]) -> None:
    """A bone called shoulder from which the forearm hangs is the upper arm: SMPL and others name joints, not bones."""
    for side, bones in shoulders.items():
        lower = found.get(f"{side}LowerArm")
        if lower is None or f"{side}UpperArm" in found or parents[lower] not in bones:
            continue
        found[f"{side}UpperArm"] = int(parents[lower])
        if found.get(f"{side}Shoulder") == parents[lower]:
            del found[f"{side}Shoulder"]


def _name_fingers(
    found: dict[str, int], fingers: dict[tuple[str, str], dict[int, list[int]]], parents: Sequence[int]
) -> None:
    """Bones of a finger by their numbers, wherever they start; one that ends in `tip` or is the fourth is the tip.

    Each must hang from the one before, the first from the hand.
    """
    for (side, finger), numbered in fingers.items():
        above = found.get(f"{side}Hand")
        chain: list[int] = []
        for _, bones in sorted(numbered.items()):
            below = next((bone for bone in bones if above is None or hangs(parents, bone, above)), None)
            if below is not None:
                chain.append(below)
                above = below
        tip = chain.pop() if _TIP in numbered and chain and chain[-1] in numbered[_TIP] else None
        roles = FINGER_ROLES[finger]
        if len(chain) >= 2:
            found |= {side + role: bone for role, bone in zip(roles, chain, strict=False) if side + role not in found}
            if tip is not None and len(chain) >= 3:
                found.setdefault(side + roles[3], tip)


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

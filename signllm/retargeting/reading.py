"""The skeleton of a GLB or VRM file, whoever made it.

Nodes come from anywhere, so they are checked: each has one parent, none is its own ancestor, and numbers are finite.
Legend: N nodes, B bones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError, did_you_mean
from signllm.fsutil import read_json
from signllm.retargeting import quaternions as q
from signllm.retargeting.glb import Glb
from signllm.retargeting.names import is_finger, roles_of
from signllm.retargeting.rig import ROLES, SIDES, Rig, hangs

AVATAR = Path(__file__).resolve().parents[1] / "assets" / "avatar" / "avatar.glb"
"""The figure that comes with the toolkit."""
OURS_NAME = "ours"
"""Names it where a file could stand."""

_MOST_NODES = 20_000
_EVEN = 0.02  # by which the scales of the three axes may differ
_VRM_0_THUMBS = {"ThumbProximal": "ThumbMetacarpal", "ThumbIntermediate": "ThumbProximal"}


@dataclass(frozen=True)
class AvatarFile:
    """A person: the file, the toolkit's own by default, and a file as for `read_map` where bones are not found."""

    path: Path = AVATAR
    bone_map: Path | None = None

    @classmethod
    def named(cls, avatar: str | Path | None = None, bone_map: str | Path | None = None) -> AvatarFile:
        """The person that a user names: `OURS_NAME` or nothing for ours, else a file."""
        own = avatar is None or str(avatar) == OURS_NAME
        return cls(AVATAR if own else Path(str(avatar)), Path(bone_map) if bone_map else None)

    def read(self) -> tuple[Glb, Rig]:
        """What the file holds, and its skeleton. Raises DataError as `read_rig` and `read_map` do."""
        glb = Glb.read(self.path)
        return glb, rig_of(glb, read_map(self.bone_map) if self.bone_map else None)


OURS = AvatarFile()


def read_rig(path: Path = AVATAR, named: Mapping[str, str] | None = None) -> Rig:
    """The skeleton of a file; bones are known by a VRM's own map, or by their names.

    named: role (see `ROLES`) -> name of a bone; goes before what is found. Raises DataError for a file that is not
    whole, has no skeleton, or whose arms and hands are not found.
    """
    return rig_of(Glb.read(path), named)


def read_map(path: Path) -> dict[str, str]:
    """Role -> name of a bone, from a JSON file: `{"leftUpperArm": "Bone.003", ...}`. Raises DataError for others."""
    value = read_json(path)
    if isinstance(value, dict) and all(isinstance(name, str) for name in value.values()):
        return value
    raise DataError(f'{path}: not a map of roles to names of bones, such as {{"leftUpperArm": "Bone.003"}}')


def rig_of(glb: Glb, named: Mapping[str, str] | None = None) -> Rig:
    """`read_rig` of a file that has been read."""
    nodes, parents = _tree(glb)
    joints = _joints(glb, len(nodes))
    if not joints:
        raise DataError(f"{glb.name}: no mesh in it follows a skeleton; the avatar must be rigged")
    order = _bones(nodes, parents, joints)
    index = {node: bone for bone, node in enumerate(order)}
    names = tuple(str(nodes[node].get("name", f"node {node}")) for node in order)
    placed = [_placed(glb.name, nodes[node], name) for node, name in zip(order, names, strict=True)]
    roles = {role: index[node] for role, node in _vrm(glb).items() if role in ROLES and node in index}
    above = np.array([index.get(parents[node], -1) for node in order])
    roles = (roles or roles_of(names, above.tolist())) | _from_map(glb.name, names, named or {})
    _check_fingers(glb, order, names, above, roles)
    try:
        return Rig(
            names,
            above,
            np.array([move for move, _, _ in placed]),
            np.array([turn for _, turn, _ in placed]),
            roles,
            np.array([scale for _, _, scale in placed]),
            np.array(order),
        )
    except DataError as error:
        hint = "; name them in a map file (--avatar_map)" if "no bones were found" in str(error) else ""
        raise DataError([f"{glb.name}: {fault}{hint}" for fault in error.faults]) from None


def node_parents(glb: Glb) -> list[int]:
    """The parent of each node of a file (-1: none). Raises DataError for nodes that are no tree."""
    return _tree(glb)[1]


def _tree(glb: Glb) -> tuple[list[dict[str, Any]], list[int]]:
    """The nodes, and the parent of each (-1: none)."""
    nodes = glb.content.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes) or len(nodes) > _MOST_NODES:
        raise DataError(f"{glb.name}: no list of up to {_MOST_NODES:,} nodes; is this a whole glTF file?")
    parents = [-1] * len(nodes)
    for number, node in enumerate(nodes):
        children = node.get("children", [])
        for child in children if isinstance(children, list) else [None]:
            if type(child) is not int or not 0 <= child < len(nodes) or parents[child] >= 0:
                raise DataError(f"{glb.name}: node {number} has {child} as a child, which is no free node")
            parents[child] = number
    for number in range(len(nodes)):
        above, steps = parents[number], 0
        while above >= 0:
            above, steps = parents[above], steps + 1
            if steps > 1000:
                raise DataError(f"{glb.name}: node {number} hangs in a circle of nodes, or deeper than 1,000 others")
    return nodes, parents


def _joints(glb: Glb, count: int) -> set[int]:
    """Every node that a skin names, or that a VRM calls a part of a person."""
    found = set(_vrm(glb).values())
    skins = glb.content.get("skins", [])
    for number, skin in enumerate(skins if isinstance(skins, list) else []):
        joints = skin.get("joints", []) if isinstance(skin, dict) else None
        if not isinstance(joints, list) or not all(type(joint) is int and 0 <= joint < count for joint in joints):
            raise DataError(f"{glb.name}: skin {number} names a joint that is no node")
        found |= set(joints)
    return {node for node in found if 0 <= node < count}


def _bones(nodes: list[dict[str, Any]], parents: list[int], joints: set[int]) -> list[int]:
    """The joints with all above and below them, parents first; meshes are left out where nothing hangs from them."""
    wanted = set()
    for joint in joints:
        node = joint
        while node >= 0 and node not in wanted:
            wanted.add(node)
            node = parents[node]
    depth = {}
    for node in range(len(nodes)):
        way, above = [], node
        while above >= 0:
            way.append(above)
            above = parents[above]
        depth[node] = len(way)
        if any(ancestor in joints for ancestor in way[1:]) and "mesh" not in nodes[node]:
            wanted |= set(way)
    return sorted(wanted, key=lambda node: (depth[node], node))


def _check_fingers(
    glb: Glb, order: list[int], names: tuple[str, ...], parents: np.ndarray, roles: Mapping[str, int]
) -> None:
    """Raises DataError where vertices follow bones of fingers that do not follow the hand, as in rigs with controls."""
    hands = [roles[f"{side}Hand"] for side in SIDES if f"{side}Hand" in roles]
    loose = [
        bone
        for bone, name in enumerate(names)
        if is_finger(name) and not any(hangs(parents, bone, hand) for hand in hands)
    ]
    moved = _followed(glb) if loose and hands else set()
    torn = [names[bone] for bone in loose if order[bone] in moved]
    if torn:
        raise DataError(
            f"{glb.name}: the bone {torn[0]} of a finger does not hang from {names[hands[0]]} and would be left behind"
            f" ({len(torn)} such bones); export the bones that deform the mesh, each hanging from the one before"
        )


def _followed(glb: Glb) -> set[int]:
    """The nodes that vertices follow."""
    found: set[int] = set()
    for node in glb.content["nodes"]:
        if "skin" not in node or "mesh" not in node:
            continue
        joints, primitives = (
            glb.item("skins", node["skin"])["joints"],
            glb.item("meshes", node["mesh"]).get("primitives"),
        )
        for primitive in primitives if isinstance(primitives, list) else []:
            parts = primitive.get("attributes") if isinstance(primitive, dict) else None
            if isinstance(parts, dict) and {"JOINTS_0", "WEIGHTS_0"} <= set(parts):
                numbers, weights = glb.accessor(parts["JOINTS_0"]), glb.accessor(parts["WEIGHTS_0"])
                used = set(numbers[weights > 0].tolist()) if numbers.shape == weights.shape else set()
                found |= {joints[number] for number in used if number < len(joints)}
    return found


def _placed(file: str, node: dict[str, Any], name: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Translation, rotation and scale of a node."""
    if "matrix" in node:
        matrix = _numbers(file, node, "matrix", np.eye(4).ravel(), name).reshape(4, 4).T
        sizes = np.linalg.norm(matrix[:3, :3], axis=0)
        move, turn = matrix[:3, 3], q.from_matrices(matrix[:3, :3] / np.maximum(sizes, 1e-12))
    else:
        move = _numbers(file, node, "translation", np.zeros(3), name)
        turn = _numbers(file, node, "rotation", q.IDENTITY, name)
        sizes = _numbers(file, node, "scale", np.ones(3), name)
    if not (sizes > 1e-9).all() or np.ptp(sizes) > _EVEN * sizes.mean() or np.linalg.norm(turn) < 1e-6:
        raise DataError(f"{file}: the bone {name} is scaled by {sizes.tolist()}; apply scales before exporting")
    return move, turn, float(sizes.mean())


def _numbers(file: str, node: dict[str, Any], key: str, usual: np.ndarray, name: str) -> np.ndarray:
    value = node.get(key, usual.tolist())
    right = isinstance(value, list) and len(value) == len(usual)
    if not right or not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        raise DataError(f"{file}: {key} of the node {name} is not {len(usual)} numbers")
    numbers = np.array(value, float)
    if np.abs(numbers).max() > 1e6:
        raise DataError(f"{file}: {key} of the node {name} is out of all bounds")
    return numbers


def _vrm(glb: Glb) -> dict[str, int]:
    """Role -> node by a VRM's own list, of version 1.0 or 0.x, which calls the bones of thumbs by other names."""
    extensions = glb.content.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    bones: list[tuple[Any, Any]] = []
    for key in ("VRMC_vrm", "VRM"):
        part = extensions.get(key)
        humanoid = part.get("humanoid") if isinstance(part, dict) else None
        listed = humanoid.get("humanBones") if isinstance(humanoid, dict) else None
        if isinstance(listed, dict):
            bones = [(role, bone.get("node")) for role, bone in listed.items() if isinstance(bone, dict)]
        elif isinstance(listed, list):
            bones = [(_vrm_0_role(bone.get("bone")), bone.get("node")) for bone in listed if isinstance(bone, dict)]
        if bones:
            break
    return {str(role): node for role, node in bones if type(node) is int}


def _vrm_0_role(name: object) -> str:
    role = str(name)
    for old, new in _VRM_0_THUMBS.items():
        if role.endswith(old):
            return role.removesuffix(old) + new
    return role


def _from_map(file: str, names: tuple[str, ...], named: Mapping[str, str]) -> dict[str, int]:
    """Roles that the user named."""
    faults = [
        f"{file}: the map names the role {role}{did_you_mean(role, ROLES)}" for role in named if role not in ROLES
    ]
    faults += [
        f"{file}: the map says that {role} is the bone {name}, which is not there{did_you_mean(name, names)}"
        for role, name in named.items()
        if name not in names
    ]
    if faults:
        raise DataError(faults)
    return {role: names.index(name) for role, name in named.items()}

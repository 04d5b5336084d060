"""Small humanoid skeletons, made by code."""

import io

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from signllm.retargeting.glb import Glb
from signllm.retargeting.rig import FINGER_ROLES, SIDES, Rig

_TRUNK = {  # role: (parent, where it is, in metres)
    "hips": (None, (0.0, 1.0, 0.0)),
    "spine": ("hips", (0.0, 1.1, 0.0)),
    "chest": ("spine", (0.0, 1.25, 0.0)),
    "neck": ("chest", (0.0, 1.5, 0.0)),
    "head": ("neck", (0.0, 1.6, 0.02)),
    "nose": ("head", (0.0, 1.65, 0.12)),
}
_ACROSS = {"thumb": 0.03, "index": 0.03, "middle": 0.01, "ring": -0.01, "little": -0.03}
_LENGTHS = {"thumb": 0.035, "index": 0.03, "middle": 0.033, "ring": 0.03, "little": 0.025}


def t_pose() -> dict[str, tuple[str | None, tuple[float, float, float]]]:
    """Role -> (role of the parent, position): arms to the sides, palms down, thumbs forward."""
    found = dict(_TRUNK)
    for side, sign in zip(SIDES, (1, -1), strict=True):
        arm = (("Shoulder", "chest", 0.03), ("UpperArm", "Shoulder", 0.18), ("LowerArm", "UpperArm", 0.45))
        for part, parent, x in (*arm, ("Hand", "LowerArm", 0.7)):
            found[side + part] = (parent if parent == "chest" else side + parent, (sign * x, 1.45, 0.0))
        for finger, bones in FINGER_ROLES.items():
            along = 0.72 if finger == "thumb" else 0.79
            parent = f"{side}Hand"
            for number, bone in enumerate(bones):
                x, z = along + number * _LENGTHS[finger], _ACROSS[finger] + 0.01 * number * (finger == "thumb")
                found[side + bone] = (parent, (sign * x, 1.45, z))
                parent = side + bone
    return found


def hanging() -> dict[str, tuple[str | None, tuple[float, float, float]]]:
    """`t_pose()` with arms that hang straight down: palms to the body, thumbs forward."""
    found = t_pose()
    for side, sign in zip(SIDES, (1, -1), strict=True):
        for role, (parent, (x, y, z)) in found.items():
            if role.startswith(side) and not role.endswith("Shoulder"):
                found[role] = (parent, (sign * 0.18, y + 0.18 - abs(x), z))
    return found


def rig_of(parts, seed: int | None = None, without=()) -> Rig:
    """A rig of `t_pose()`; with a seed, the bones' own axes point anywhere, as they do in files."""
    for gone in without:
        parent = parts[gone][0]
        parts = {role: (parent if above == gone else above, place) for role, (above, place) in parts.items()}
        del parts[gone]
    roles = list(parts)
    parents = np.array([-1 if parts[role][0] is None else roles.index(parts[role][0]) for role in roles])
    positions = np.array([parts[role][1] for role in roles], float)
    count = len(roles)
    world = Rotation.identity(count) if seed is None else Rotation.random(count, random_state=seed)
    local, offsets = [], []
    for bone, parent in enumerate(parents):
        back = Rotation.identity() if parent < 0 else world[int(parent)].inv()
        local.append((back * world[bone]).as_quat())
        offsets.append(back.apply(positions[bone] - (0 if parent < 0 else positions[parent])))
    return Rig(tuple(roles), parents, np.array(offsets), np.array(local), {role: i for i, role in enumerate(roles)})


def glb_of(rig: Rig, names: dict[str, str] | None = None, vrm: int = 0):
    """A file of the rig's nodes and a skin; bones are called by `names` (role -> name), or what a VRM says they are."""
    called = [(names or {}).get(name, name) for name in rig.names]
    nodes = [
        {"name": name, "translation": move.tolist(), "rotation": turn.tolist()}
        for name, move, turn in zip(called, rig.translations, rig.rotations, strict=True)
    ]
    for bone, parent in enumerate(rig.parents):
        if parent >= 0:
            nodes[parent].setdefault("children", []).append(bone)
    glb = Glb({"asset": {"version": "2.0"}, "nodes": nodes, "skins": [{"joints": list(range(len(nodes)))}]})
    listed = {role: bone for role, bone in rig.roles.items() if not role.endswith("Tip") and role != "nose"}
    if vrm == 1:
        bones = {role: {"node": bone} for role, bone in listed.items()}
        glb.content["extensions"] = {"VRMC_vrm": {"humanoid": {"humanBones": bones}}}
    elif vrm:
        older = {"ThumbMetacarpal": "ThumbProximal", "ThumbProximal": "ThumbIntermediate"}
        part = {role: next((role.replace(a, b) for a, b in older.items() if a in role), role) for role in listed}
        bones = [{"bone": part[role], "node": bone} for role, bone in listed.items()]
        glb.content["extensions"] = {"VRM": {"humanoid": {"humanBones": bones}}}
    return glb


SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4")
TWO = np.array([0, 1, 2, 0, 2, 3], "<u2")[:, None]
RED_DOT = np.array([[[255, 0, 0, 255], [0, 0, 255, 128]]], np.uint8)


def png(pixels=RED_DOT):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def glb_with(primitive=None, material=None, node=None, attributes=None, images=(), names=None, vrm=0):
    """A humanoid with a square; each argument goes over what makes a skinned, white one."""
    rig = rig_of(t_pose(), 1)
    glb = glb_of(rig, names, vrm)
    joints = np.tile(np.array([[2, 3, 0, 0]], np.uint8), (4, 1))
    weights = np.tile(np.array([[3, 1, 0, 0]], "<f4"), (4, 1))
    own = {
        "POSITION": glb.add(SQUARE, "VEC3"),
        "JOINTS_0": glb.add(joints, "VEC4"),
        "WEIGHTS_0": glb.add(weights, "VEC4"),
    }
    for name, value in (attributes or {}).items():
        if value is None:
            own.pop(name)
        else:
            own[name] = glb.add(value, {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[value.shape[1]])
    content = glb.content
    content["meshes"] = [{"primitives": [{"attributes": own, "indices": glb.add(TWO, "SCALAR"), **(primitive or {})}]}]
    if material is not None:
        content["materials"] = [material]
        content["meshes"][0]["primitives"][0]["material"] = 0
    for data in images:
        glb.chunk += bytes(-len(glb.chunk) % 4)
        content["bufferViews"].append({"buffer": 0, "byteOffset": len(glb.chunk), "byteLength": len(data)})
        glb.chunk += data
        content.setdefault("images", []).append({"bufferView": len(content["bufferViews"]) - 1})
        content.setdefault("textures", []).append({"source": len(content["images"]) - 1})
    content["nodes"].append({"name": "picture", "mesh": 0, "skin": 0, **(node or {})})
    return glb

"""VRM animation (`.vrma`): the clip for every VRM 1.0 person, without one (VRMC_vrm_animation 1.0).

The file is a GLB with a skeleton of its own. As the specification asks, that stands in a T pose at rest: it faces +z,
arms to the sides, palms down, thumbs 45 degrees to the front. Its bones have the lengths of the rig's and no rotation
at rest, so the rotations are those of the "normalised" bones of a VRM. Legs, which no clip moves, are added, because
Unity refuses a person without.

Legend: F frames, B bones of the rig, S sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import PALM_SIDES, Body
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.glb import Glb
from signllm.retargeting.rig import FINGER_ROLES, SIDES

EXTENSION = "VRMC_vrm_animation"
_OWN = ("nose", "Twist", "Tip")  # roles that VRM does not have
_LEGS = (("UpperLeg", (0.055, -0.02, 0.0)), ("LowerLeg", (0.0, -0.45, 0.0)), ("Foot", (0.0, -0.45, 0.0)))
"""Each bone below the one before, in heights of the hips; x to the left."""
_USUAL_HIPS = 2.6  # shoulder widths above the ground, where a rig has no hips


def packed(clip: RetargetedClip, name: str) -> bytes:
    """The whole file."""
    body = Body.of(clip.rig)
    rest = _t_pose(body)
    back = q.inverse(body.turn)
    positions_FB3, rotations_FB4 = clip.posed()
    turned_FB4 = q.multiply(rotations_FB4, q.inverse(clip.rig.world[1]))
    roles = {role: bone for role, bone in clip.rig.roles.items() if not role.endswith(_OWN)}
    order = sorted(roles, key=lambda role: roles[role])
    if "hips" not in roles:
        order.insert(0, "hips")
    nodes: list[dict[str, Any]] = []
    world_F4: list[np.ndarray] = []  # each bone's turn from the T pose, in axes that face +z
    local: list[np.ndarray] = []
    for role in order:
        above = _above(role, roles, clip.rig.parents, order)
        bone = roles.get(role)
        if bone is None:
            turn_F4 = np.tile(q.IDENTITY, (len(clip), 1))
            moved_3 = _ground(body)
        else:
            turn_F4 = q.multiply(turned_FB4[:, bone], q.inverse(rest[bone]))
            turn_F4 = q.multiply(q.multiply(back, turn_F4), body.turn)
            moved_3 = _offset(body, rest, bone, None if above is None else roles.get(order[above]))
        world_F4.append(turn_F4)
        local.append(turn_F4 if above is None else q.multiply(q.inverse(world_F4[above]), turn_F4))
        nodes.append({"name": role, "translation": moved_3.tolist()})
        if above is not None:
            nodes[above].setdefault("children", []).append(len(nodes) - 1)
    hips_F3 = _hips(body, positions_FB3, roles, len(clip))
    _add_legs(nodes)
    return _file(nodes, [q.continuous(turn_F4) for turn_F4 in local], hips_F3, clip.fps, name)


def _above(role: str, roles: dict[str, int], parents: np.ndarray, order: list[str]) -> int | None:
    """The place in `order` of the nearest part of a person above a bone; all hang from the hips."""
    if role == "hips":
        return None
    called = {bone: name for name, bone in roles.items()}
    bone = int(parents[roles[role]])
    while bone >= 0:
        if bone in called and order.index(called[bone]) < order.index(role):
            return order.index(called[bone])
        bone = int(parents[bone])
    return order.index("hips")


def _t_pose(body: Body) -> np.ndarray:
    """(B, 4) how far each bone turns from the rig's rest to the T pose; a bone without a rule follows its parent."""
    rig = body.rig
    ruled: dict[int, np.ndarray] = {}
    front = q.rotate(body.turn, np.array([0.0, 0.0, 1.0]))
    down = q.rotate(body.turn, np.array([0.0, -1.0, 0.0]))
    for s, side in enumerate(SIDES):
        out = q.rotate(body.turn, np.array([-PALM_SIDES[s, 0], 0.0, 0.0]))
        hinge = q.cross(out, front)
        for part, way in (("UpperArm", body.upper[s]), ("LowerArm", body.fore[s])):
            ruled[rig.roles[side + part]] = q.multiply(q.frames(out, hinge), q.inverse(q.frames(way, body.hinge[s])))
        palm = q.frames(out, down)
        hand = q.multiply(palm, q.inverse(body.palms[s]))
        ruled[rig.roles[f"{side}Hand"]] = hand
        for d, finger in enumerate(FINGER_ROLES):
            aim = q.unit(out + front) if finger == "thumb" else out
            for k, bone in enumerate(body.finger_bones[s, d][body.finger_bones[s, d] >= 0].tolist()):
                lies = q.rotate(palm, body.fingers[s, d, k])
                ruled[bone] = q.multiply(q.shortest_arc(lies, aim), hand)
    found = np.tile(q.IDENTITY, (len(rig), 1))
    for bone, parent in enumerate(rig.parents.tolist()):
        if bone in ruled:
            found[bone] = ruled[bone]
        elif parent >= 0:
            found[bone] = found[parent]
    return found


def _offset(body: Body, rest: np.ndarray, bone: int, above: int | None) -> np.ndarray:
    """From the part above to a bone in the T pose, in axes that face +z; the hips stand over the ground."""
    back, points, parents = q.inverse(body.turn), body.points, body.rig.parents
    if above is None and body.bone("hips") == bone:
        return _ground(body)
    total = np.zeros(3)
    while bone >= 0 and bone != above:
        parent = int(parents[bone])
        start = points[parent] if parent >= 0 else points[bone]
        total = total + q.rotate(rest[parent] if parent >= 0 else q.IDENTITY, points[bone] - start)
        bone = parent
    return np.asarray(q.rotate(back, total))


def _ground(body: Body) -> np.ndarray:
    """Where the hips are at rest, in axes that face +z."""
    hips = body.bone("hips")
    usual = np.array([0.0, _USUAL_HIPS * body.width, 0.0])
    if hips is None:
        return usual
    found = np.asarray(q.rotate(q.inverse(body.turn), body.points[hips]))
    return found if found[1] > body.width else usual  # readers divide by the height of the hips


def _hips(body: Body, positions_FB3: np.ndarray, roles: dict[str, int], frames: int) -> np.ndarray:
    """(F, 3) where the hips are."""
    if "hips" not in roles:
        return np.tile(_ground(body), (frames, 1))
    moved = positions_FB3[:, roles["hips"]] - body.points[roles["hips"]]
    return np.asarray(_ground(body) + q.rotate(q.inverse(body.turn), moved))


def _add_legs(nodes: list[dict[str, Any]]) -> None:
    """Straight legs below the hips, which are `nodes[place]`."""
    hips = next(node for node in nodes if node["name"] == "hips")
    height = hips["translation"][1]
    for s, side in enumerate(SIDES):
        above = hips
        for part, way in _LEGS:
            offset = np.array(way) * [-PALM_SIDES[s, 0], 1.0, 1.0] * height
            nodes.append({"name": side + part, "translation": offset.tolist()})
            above.setdefault("children", []).append(len(nodes) - 1)
            above = nodes[-1]


def _file(nodes: list[dict[str, Any]], turns: list[np.ndarray], hips_F3: np.ndarray, fps: float, name: str) -> bytes:
    """A GLB of the nodes, with a key of every bone every 1 / fps seconds."""
    hips = next(index for index, node in enumerate(nodes) if node["name"] == "hips")
    bones = {node["name"]: {"node": index} for index, node in enumerate(nodes)}
    glb = Glb(
        {
            "asset": {"version": "2.0", "generator": "signllm"},
            "extensionsUsed": [EXTENSION],
            "extensions": {EXTENSION: {"specVersion": "1.0", "humanoid": {"humanBones": bones}}},
            "scene": 0,
            "scenes": [{"nodes": [hips]}],
            "nodes": nodes,
        }
    )
    seconds = (np.arange(len(hips_F3)) / fps).astype("<f4")
    times = glb.add(seconds[:, None], "SCALAR", min=[float(seconds[0])], max=[float(seconds[-1])])
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    tracks = [(index, "rotation", turn_F4, "VEC4") for index, turn_F4 in enumerate(turns)]
    for node, path, values, kind in [(hips, "translation", hips_F3, "VEC3"), *tracks]:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": glb.add(values.astype("<f4"), kind), "interpolation": "LINEAR"})
    glb.content["animations"] = [{"name": name, "samplers": samplers, "channels": channels}]
    return glb.packed()

"""BVH, the text format of motion capture: a skeleton by offsets, then one line of angles a frame.

What BVH leaves open is fixed here, for any rig. Metres and degrees; y up, the person faces +z where the rig does. The
rest pose is the rig's own, with all angles 0. The root has the offset 0 and its place, in absolute coordinates, in the
channels `Xposition Yposition Zposition`, so that readers that add the offset and those that do not agree. Every joint
turns by `Zrotation Xrotation Yrotation`: R = Rz Rx Ry, in axes that are those of the scene at rest.

Legend: F frames, B bones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.rig import Rig

ORDER = "Zrotation Xrotation Yrotation"
_PLACE = "Xposition Yposition Zposition"
_END = 0.5  # of its bone before, where a rig does not say how long a last bone is
_SHORTEST = 1e-4  # metres; Blender drops shorter bones
ROOT = "world"
"""The joint above the rig's, where several bones have no parent."""


def packed(clip: RetargetedClip) -> bytes:
    """The whole file."""
    rig = clip.rig
    names, children = _names(rig), _children(rig)
    tops = children[-1]
    lines = ["HIERARCHY"]
    positions_B3 = rig.world[0]
    order: list[int] = []
    if len(tops) == 1:
        lines += _joint(tops[0], "ROOT", "", names, children, positions_B3, rig, order)
    else:
        lines += [f"ROOT {ROOT}", "{", "\tOFFSET 0 0 0", f"\tCHANNELS 6 {_PLACE} {ORDER}"]
        for top in tops:
            lines += _joint(top, "JOINT", "\t", names, children, positions_B3, rig, order)
        lines.append("}")
    lines += ["MOTION", f"Frames: {len(clip)}", f"Frame Time: {1 / clip.fps:.9f}"]
    values_FN = _values(clip, order, len(tops) == 1)
    lines += [" ".join(f"{value:.6f}" for value in row) for row in values_FN.tolist()]
    return ("\n".join(lines) + "\n").encode()


def _joint(
    bone: int,
    kind: str,
    indent: str,
    names: list[str],
    children: dict[int, list[int]],
    positions_B3: np.ndarray,
    rig: Rig,
    order: list[int],
) -> Iterator[str]:
    """The lines of a bone and of those below it; `order` gets the bones as they come."""
    order.append(bone)
    parent = int(rig.parents[bone])
    above = positions_B3[parent] if parent >= 0 else np.zeros(3)
    offset = np.zeros(3) if kind == "ROOT" else positions_B3[bone] - above
    channels = f"6 {_PLACE} {ORDER}" if kind == "ROOT" else f"3 {ORDER}"
    yield from (f"{indent}{kind} {names[bone]}", indent + "{")
    yield from (f"{indent}\tOFFSET {_numbers(offset)}", f"{indent}\tCHANNELS {channels}")
    for child in children.get(bone, []):
        yield from _joint(child, "JOINT", indent + "\t", names, children, positions_B3, rig, order)
    if not children.get(bone):
        end = _END * offset if np.linalg.norm(offset) > _SHORTEST else np.array([0.0, 0.05, 0.0])
        yield from (f"{indent}\tEnd Site", indent + "\t{", f"{indent}\t\tOFFSET {_numbers(end)}", indent + "\t}")
    yield indent + "}"


def _values(clip: RetargetedClip, order: list[int], rooted: bool) -> np.ndarray:
    """(F, channels) the numbers of all frames."""
    rig = clip.rig
    positions_FB3, rotations_FB4 = clip.posed()
    turned_FB4 = q.multiply(rotations_FB4, q.inverse(rig.world[1]))
    parents = rig.parents[order]
    above_FB4 = np.where((parents >= 0)[:, None], turned_FB4[:, np.maximum(parents, 0)], q.IDENTITY)
    local_FB4 = q.multiply(q.inverse(above_FB4), turned_FB4[:, order])
    angles = angles_zxy(local_FB4).reshape(len(clip), -1)
    if rooted:
        return np.concatenate([positions_FB3[:, order[0]], angles], axis=1)
    moved = np.concatenate([clip.translation, np.zeros((len(clip), 3))], axis=1)
    return np.concatenate([moved, angles], axis=1)


def angles_zxy(rotations_N4: np.ndarray) -> np.ndarray:
    """(N, 3) degrees about z, x and y, of R = Rz Rx Ry; x lies from -90 to 90."""
    x, y, z, w = np.moveaxis(rotations_N4, -1, 0)
    sine = np.clip(2 * (y * z + w * x), -1, 1)
    about_z = np.arctan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))
    about_y = np.arctan2(2 * (w * y - x * z), 1 - 2 * (x * x + y * y))
    locked = np.abs(sine) > 1 - 1e-9  # z and y turn about one axis: all of it is given to z
    about_z = np.where(locked, np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)), about_z)
    about_y = np.where(locked, 0.0, about_y)
    return np.degrees(np.stack([about_z, np.arcsin(sine), about_y], axis=-1))


def _names(rig: Rig) -> list[str]:
    """The bones' names without blanks, each once."""
    found: list[str] = []
    for bone, name in enumerate(rig.names):
        plain = re.sub(r"\s+", "_", name.strip()) or f"bone_{bone}"
        found.append(plain if plain not in (*found, ROOT) else f"{plain}_{bone}")
    return found


def _children(rig: Rig) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for bone, parent in enumerate(rig.parents.tolist()):
        found.setdefault(parent, []).append(bone)
    return found


def _numbers(values_3: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values_3.tolist())

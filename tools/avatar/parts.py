"""Pieces of the figure: points, triangles, colours and weights, and what cuts and joins them.

Legend: V vertices, T triangles, Q faces of four corners, B bones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """points (V, 3) in metres, triangles (T, 3), normals (V, 3), sRGB colours (V, 3) from 0 to 255, weights (V, B)."""

    points: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    colours: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, triangles: np.ndarray, colours: np.ndarray, weights: np.ndarray) -> Part:
        """Smooth normals, and only the vertices that triangles use."""
        return cls(
            points, triangles, normals_of(points, triangles), np.broadcast_to(colours, points.shape), weights
        ).trimmed()

    def trimmed(self, kept_T: np.ndarray | None = None) -> Part:
        """With some of the triangles; the normals stay what they were on the whole."""
        triangles = self.triangles if kept_T is None else self.triangles[kept_T]
        used, renumbered = np.unique(triangles, return_inverse=True)
        rows = (array[used] for array in (self.normals, self.colours, self.weights))
        return Part(self.points[used], renumbered.reshape(-1, 3), *rows)


def clipped(part: Part, value_V: np.ndarray) -> Part:
    """What lies where a value, taken as linear over each triangle, is above 0: triangles on the border are cut."""
    points, normals, colours, weights = (list(rows) for rows in (part.points, part.normals, part.colours, part.weights))
    cuts: dict[tuple[int, int], int] = {}

    def cut(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in cuts:
            first, second = key
            share = value_V[first] / (value_V[first] - value_V[second])
            cuts[key] = len(points)
            for rows in (points, normals, colours, weights):
                rows.append(rows[first] + share * (rows[second] - rows[first]))
        return cuts[key]

    triangles = []
    for triangle in part.triangles.tolist():
        corners = []
        for a, b in zip(triangle, triangle[1:] + triangle[:1], strict=True):
            if value_V[a] > 0:
                corners.append(a)
            if (value_V[a] > 0) != (value_V[b] > 0):
                corners.append(cut(a, b))
        triangles += [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]
    lengths = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    rows = (np.array(points), np.array(triangles), normals / lengths, np.array(colours), np.array(weights))
    return Part(*rows).trimmed()


def joined(parts: Sequence[Part]) -> Part:
    """All parts as one."""
    starts = np.cumsum([0] + [len(part.points) for part in parts])
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=False)])
    points, normals, colours, weights = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("points", "normals", "colours", "weights")
    )
    return Part(points, triangles, normals, colours, weights)


def triangles_of(faces_Q4: np.ndarray) -> np.ndarray:
    """(T, 3): each face of four corners as two triangles."""
    both = np.concatenate([faces_Q4[:, [0, 1, 2]], faces_Q4[:, [0, 2, 3]]])
    return both[(both[:, 0] != both[:, 1]) & (both[:, 1] != both[:, 2]) & (both[:, 2] != both[:, 0])]


def normals_of(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) of length 1: the mean of the triangles around a vertex, larger ones counting more."""
    first, second, third = (points[triangles[:, corner]] for corner in range(3))
    across = np.cross(second - first, third - first)
    total = np.zeros_like(points)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], across)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def borders(triangles: np.ndarray) -> np.ndarray:
    """(n, 2) the edges that belong to one triangle only, in its direction."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    backwards = {(int(b), int(a)) for a, b in edges}
    return np.array([edge for edge in edges if (int(edge[0]), int(edge[1])) not in backwards])


def strip(first: Sequence[int], second: Sequence[int]) -> np.ndarray:
    """Triangles between two lines of as many vertices."""
    quads = [(first[k], first[k + 1], second[k + 1], second[k]) for k in range(len(first) - 1)]
    return triangles_of(np.array(quads))

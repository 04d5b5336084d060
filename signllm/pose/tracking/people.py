"""Who of several people in a video signs, and which part of the picture shows this one.

A tracker of one person takes whom it finds first. Legend: N people, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WHOLE = (0.0, 0.0, 1.0, 1.0)
_LEAST = 0.5  # of the pictures show a person who is there
_REACH, _ABOVE = 4.0, 3.0  # face widths to either side and face heights above, within which one signs
_SAME = 1.2  # face widths and heights within which two faces are one


@dataclass(frozen=True)
class Person:
    """`face`: x, y, width, height in shares of the picture. `motion`: the mean change of brightness around the body."""

    face: tuple[float, float, float, float]
    motion: float

    @property
    def middle(self) -> float:
        """Where the face is, in picture widths."""
        return self.face[0] + self.face[2] / 2


def find_people(pictures: Sequence[np.ndarray], faces: Sequence[np.ndarray]) -> list[Person]:
    """The people in pictures (H, W, 3) of a video, by the boxes (N, 4) of faces in each."""
    people: list[list[np.ndarray]] = []
    for boxes_N4 in faces:
        for box in boxes_N4:
            known = next((person for person in people if _same(np.median(person, axis=0), box)), None)
            if known is None:
                people.append([box])
            else:
                known.append(box)
    there = [np.median(person, axis=0) for person in people if len(person) >= max(2, _LEAST * len(pictures))]
    return [Person(tuple(face.tolist()), _motion(pictures, face)) for face in there]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    apart = np.abs(one[:2] + one[2:] / 2 - other[:2] - other[2:] / 2)
    return bool((apart < _SAME * np.maximum(one[2:], other[2:])).all())


def _motion(pictures: Sequence[np.ndarray], face: np.ndarray) -> float:
    height, width = pictures[0].shape[:2]
    x, y, w, h = face
    rows = slice(max(0, int((y - h / 2) * height)), int(min(1.0, y + 5 * h) * height))
    columns = slice(max(0, int((x - 2 * w) * width)), int(min(1.0, x + 3 * w) * width))
    views = np.stack([picture[rows, columns].mean(-1) for picture in pictures])
    return float(np.abs(np.diff(views, axis=0)).mean()) if views.size else 0.0


def signer_of(people: Sequence[Person]) -> Person:
    """The one who is large and moves most."""
    return max(people, key=lambda person: person.face[2] * person.face[3] * (person.motion + 1e-3))


def part_of(people: Sequence[Person]) -> tuple[float, float, float, float]:
    """The part of the picture that shows the signer and nobody else: left, top, right, bottom in shares."""
    if len(people) < 2:
        return WHOLE
    signer = signer_of(people)
    _, y, w, h = signer.face
    left, right = max(0.0, signer.middle - _REACH * w), min(1.0, signer.middle + _REACH * w)
    for other in people:
        between = (other.middle + signer.middle) / 2
        if other.middle < signer.middle - w:
            left = max(left, between)
        elif other.middle > signer.middle + w:
            right = min(right, between)
    return left, max(0.0, y - _ABOVE * h), right, 1.0

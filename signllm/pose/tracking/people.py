"""Who of several people in a video signs, and which part of the picture shows this one.

A tracker of one person takes whom it finds first. Legend: N people, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WHOLE = (0.0, 0.0, 1.0, 1.0)
_LEAST = 0.5  # of the pictures show a person who is there
_REACH, _ABOVE, _BELOW = 4.5, 3.0, 8.0  # face widths to either side, face heights above and below, where one signs
_SMALL = 0.6  # of the picture's width; a single signer who needs less of it is seen better in a part of the picture
_SAME = 1.2  # face widths and heights within which two faces are one


TILES = tuple((x, y, x + 0.6, y + 0.6) for y in (0.0, 0.4) for x in (0.0, 0.4))
"""Parts of a picture in which small faces are looked for, too: a tracker sees pictures in few pixels."""


@dataclass(frozen=True)
class Person:
    """`face`: x, y, width, height in shares of the picture. `motion`: the mean change of brightness around the body.

    `places`: left, top, right and bottom of all places where the face is seen.
    """

    face: tuple[float, float, float, float]
    motion: float
    places: tuple[float, float, float, float]

    @property
    def middle(self) -> float:
        """Where the face is, in picture widths."""
        return self.face[0] + self.face[2] / 2


def with_small_faces(
    faces: Sequence[np.ndarray], nearer: Sequence[np.ndarray], tile: tuple[float, float, float, float]
) -> list[np.ndarray]:
    """The boxes (N, 4) of faces in each picture, and those seen in a part of it (`nearer`) that are not among them."""
    corner, extent = np.array(tile[:2]), np.subtract(tile[2:], tile[:2])
    found = []
    for boxes_N4, near_N4 in zip(faces, nearer, strict=True):
        placed_N4 = near_N4 * np.tile(extent, 2) + (*corner, 0, 0)
        new = [box for box in placed_N4 if not any(_same(known, box) for known in boxes_N4)]
        found.append(np.concatenate([boxes_N4, np.reshape(new, (-1, 4))]))
    return found


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
    there = [np.array(person) for person in people if len(person) >= max(2, _LEAST * len(pictures))]
    return [_person(pictures, boxes_N4) for boxes_N4 in there]


def _person(pictures: Sequence[np.ndarray], boxes_N4: np.ndarray) -> Person:
    face = np.median(boxes_N4, axis=0)
    corners = (*boxes_N4[:, :2].min(0).tolist(), *(boxes_N4[:, :2] + boxes_N4[:, 2:]).max(0).tolist())
    return Person(tuple(face.tolist()), _motion(pictures, face), corners)


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
    """The part of the picture that shows the signer and nobody else: left, top, right, bottom in shares.

    Of a single person it is the whole picture, unless this one is small in it.
    """
    if not people:
        return WHOLE
    signer = signer_of(people)
    _, _, w, h = signer.face
    left, top, right, bottom = signer.places
    left, right = max(0.0, left + w / 2 - _REACH * w), min(1.0, right - w / 2 + _REACH * w)
    top, bottom = max(0.0, top - _ABOVE * h), min(1.0, bottom + _BELOW * h)
    if len(people) == 1:
        return (left, top, right, bottom) if right - left < _SMALL else WHOLE
    for other in people:
        between = (other.middle + signer.middle) / 2
        if other.middle < signer.middle - w:
            left = max(left, between)
        elif other.middle > signer.middle + w:
            right = min(right, between)
    return left, top, right, bottom

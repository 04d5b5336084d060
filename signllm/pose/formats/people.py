"""From the people that a tracker found frame by frame to one clip of the one who signs.

Legend: F frames, P people, K points, C numbers of a point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats.raw_points import RawPoints, known_widths
from signllm.pose.formats.row_arrays import is_pose_shape, rows_of, signer_of
from signllm.pose.formats.unreadable import said_of

_ORDER = ("points", "body", "left", "right")
_MOST_PEOPLE = 32


def clip_of_people(frames: Sequence[Sequence[Mapping[str, np.ndarray]]], fps: float | None) -> RawPoints:
    """The clip of the signer; frames without him are missing throughout. Raises DataError.

    `frames`: for each frame the people, each with points (K, C) by part: 'points', or 'body', 'left' and 'right'.
    """
    sizes: dict[str, tuple[int, int]] = {}
    for frame in frames:
        for person in frame:
            for part, points_KC in person.items():
                known = sizes.setdefault(part, (points_KC.shape[0], points_KC.shape[1]))
                if known != points_KC.shape:
                    raise DataError(f"{part} has {points_KC.shape} numbers in one frame and {known} in another")
    if not sizes:
        raise DataError("nobody is seen in any frame; leave the clip out")
    if "body" in sizes and sizes["body"][0] >= 100:  # a model of the whole body in one list
        sizes = {"body": sizes["body"]}
    elif "points" not in sizes:
        numbers = sizes.get("body", next(iter(sizes.values())))[1]
        for hand in ("left", "right"):
            sizes.setdefault(hand, (21, numbers))
    parts = [part for part in _ORDER if part in sizes]
    numbers = min(sizes[part][1] for part in parts)
    if "body" in sizes and sizes["body"][1] == 4:
        numbers = 4
    linked = _linked(frames)
    people = max(len(frame) for frame in linked)
    total = sum(sizes[part][0] for part in parts)
    points_FPKC = np.zeros((len(frames), people, total, numbers), np.float32)
    for index, row in enumerate(linked):
        for place, found in enumerate(row):
            start = 0
            for part in parts:
                count, width = sizes[part]
                if found is not None and part in found:
                    points_FPKC[index, place, start : start + count, : min(width, numbers)] = found[part][:, :numbers]
                start += count
    if not is_pose_shape((1, total, numbers)):
        there = ", ".join(f"{part} {sizes[part][0]}" for part in parts)
        raise DataError(f"so many points are not known: {there}{said_of(total)}; known are {known_widths()}")
    chosen, note = signer_of(points_FPKC)
    return replace(rows_of(points_FPKC[:, chosen], fps), note=note)


def _linked(frames: Sequence[Sequence[Mapping[str, np.ndarray]]]) -> list[list[Mapping[str, np.ndarray] | None]]:
    """The people of each frame at the places of those they were before: the nearest, by the middle of their points."""
    if max(len(frame) for frame in frames) <= 1:
        return [list(frame) or [None] for frame in frames]
    last: list[np.ndarray] = []
    rows: list[list[Mapping[str, np.ndarray] | None]] = []
    for frame in frames:
        row: list[Mapping[str, np.ndarray] | None] = [None] * len(last)
        middles = [_middle(person) for person in frame]
        free = set(range(len(last)))
        for number in sorted(range(len(frame)), key=lambda n: min((_gap(middles[n], m) for m in last), default=0.0)):
            place = min(free, key=lambda p: _gap(middles[number], last[p]), default=None)
            if place is None:
                if len(last) >= _MOST_PEOPLE:
                    continue
                place = len(last)
                last.append(middles[number])
                row.append(None)
            free.discard(place)
            last[place] = middles[number]
            row[place] = frame[number]
        rows.append(row)
    return [row + [None] * (len(last) - len(row)) for row in rows]


def _middle(person: Mapping[str, np.ndarray]) -> np.ndarray:
    points_K2 = person.get("body", next(iter(person.values())))[:, :2]
    shown_N2 = points_K2[(points_K2 != 0).any(1)]
    return shown_N2.mean(0) if len(shown_N2) else np.zeros(2)


def _gap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.hypot(*(one - other)))

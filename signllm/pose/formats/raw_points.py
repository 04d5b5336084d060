"""A clip as rows of a tracker's numbers, whose layout of points is not settled yet, and the forms that its width fits.

Legend: F frames, V numbers of a row, K points of the source, C numbers of a point, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats.point_layouts import ARRAY_LAYOUTS, CONFIDENCE, LAYOUTS, PointLayout
from signllm.pose.geometry import every, some

MIXED = 0
"""Numbers of a point in rows where only the body has four."""


@dataclass(frozen=True)
class Form:
    """One reading of a row: points of a layout with so many numbers each (2-4, or MIXED), then a counter or not."""

    layout: str
    numbers: int
    counter: bool = False

    @property
    def points(self) -> PointLayout:
        """The layout itself."""
        return LAYOUTS[self.layout]

    @property
    def width(self) -> int:
        """The numbers of a row."""
        return _width(self.points, self.numbers) + self.counter

    def __str__(self) -> str:
        numbers = "x, y, z and for the body a visibility" if self.numbers == MIXED else f"{self.numbers} numbers"
        return f"{self.layout} ({self.points.num_points} points of {numbers}{', a counter' * self.counter})"


def _width(layout: PointLayout, numbers: int) -> int:
    if numbers == MIXED:
        return 3 * layout.num_points + sum(component in layout.four for component, _ in layout.order)
    return numbers * layout.num_points


@lru_cache(256)
def forms_of_width(width: int) -> tuple[Form, ...]:
    """The forms of a flat row of so many numbers; empty for an unknown width."""
    return tuple(
        Form(layout.name, numbers, counter)
        for layout in ARRAY_LAYOUTS
        for numbers in (2, 3, 4, *((MIXED,) if layout.four else ()))
        for counter in (False, True)
        if _width(layout, numbers) + counter == width
    )


@lru_cache(256)
def forms_of_points(points: int, numbers: int) -> tuple[Form, ...]:
    """The forms of a frame of so many points with so many numbers each; empty for an unknown count."""
    known = [layout.name for layout in ARRAY_LAYOUTS if layout.num_points == points]
    return tuple(Form(name, numbers) for name in known) if numbers in (2, 3, 4) else ()


def known_widths() -> str:
    """What is known, for messages."""
    counts = sorted({layout.num_points for layout in ARRAY_LAYOUTS})
    return f"frames of {', '.join(map(str, counts))} points with 2, 3 or 4 numbers each, flat or nested"


@dataclass(frozen=True)
class RawPoints:
    """`values_FV` as the file holds them, and the `forms` that fit; fps or None.

    `scores_FK`: confidences in an array of their own. `aspect`: width over height of the image of which x and y are
    shares; None where the file does not say it. `depth_unit`: what one of z is in the unit of x. `border_is_missing`:
    points on the border of the image were cut off there. `note`: what the reader chose for the clip, for people.
    """

    values_FV: np.ndarray
    forms: tuple[Form, ...]
    fps: float | None = None
    scores_FK: np.ndarray | None = None
    aspect: float | None = None
    depth_unit: float = 1.0
    border_is_missing: bool = False
    note: str | None = None

    def __post_init__(self) -> None:
        """Raise DataError for what is no table of numbers, and for scores that are none of its points'."""
        values_FV = self.values_FV
        if values_FV.dtype.kind not in "fiu":
            raise DataError(f"its points are {values_FV.dtype} values, expected numbers")
        if values_FV.ndim != 2 or not self.forms or {form.width for form in self.forms} != {values_FV.shape[1]}:
            raise DataError(f"points of shape {values_FV.shape} are not known; known are {known_widths()}")
        if values_FV.dtype.kind != "f" or values_FV.dtype.itemsize < 4:
            object.__setattr__(self, "values_FV", values_FV.astype(np.float32))
        scores_FK = self.scores_FK
        shapes = {(len(values_FV), form.points.num_points) for form in self.forms}
        if scores_FK is not None and (scores_FK.dtype.kind not in "fiu" or {scores_FK.shape} != shapes):
            what = f"{scores_FK.dtype} values of shape {scores_FK.shape}"
            raise DataError(f"its scores are {what}, expected a number for each point of each frame")

    def __len__(self) -> int:
        return len(self.values_FV)

    def cut(self, first: int, last: int) -> RawPoints:
        """The frames from `first` to before `last`."""
        scores_FK = None if self.scores_FK is None else self.scores_FK[first:last]
        return replace(self, values_FV=self.values_FV[first:last], scores_FK=scores_FK)

    def points(self, form: Form) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """(points (F, K, 2 or 3), the fourth number of each point (F, K) or None, counter (F,) or None)."""
        values_FV, counter_F = self.values_FV, None
        if form.counter:
            values_FV, counter_F = values_FV[:, :-1], values_FV[:, -1]
        layout, frames = form.points, len(values_FV)
        if form.numbers != MIXED:
            points_FKC = values_FV.reshape(frames, layout.num_points, form.numbers)
            return points_FKC[..., :3], points_FKC[..., 3] if form.numbers == 4 else None, counter_F
        starts_K, has_four_K = _columns(layout)
        points_FK3 = values_FV[:, starts_K[:, None] + np.arange(3)]
        fourth_FK = np.ones(points_FK3.shape[:2], values_FV.dtype)
        fourth_FK[:, has_four_K] = values_FV[:, starts_K[has_four_K] + 3]
        return points_FK3, fourth_FK, counter_F

    def seen(self, form: Form, third: str) -> np.ndarray:
        """(F, K) bool: which points the file itself does not mark as missing.

        Marks are not a number, (0, 0), (-1, -1), no confidence, and one below what the layout asks for.
        """
        points_FKC, fourth_FK, _ = self.points(form)
        layout = form.points
        seen_FK = ~some(np.isnan(points_FKC[..., :2]))
        flat = third == CONFIDENCE or points_FKC.shape[2] == 2
        seen_FK &= some(points_FKC[..., : 2 if flat else 3] != 0)
        seen_FK &= ~every(points_FKC[..., :2] == -1)
        if self.border_is_missing:
            inside_FK = every((points_FKC[..., :2] > 0) & (points_FKC[..., :2] < 1))
            seen_FK &= inside_FK | some(np.isinf(points_FKC[..., :2]))
        confidence_FK = points_FKC[..., 2] if third == CONFIDENCE and points_FKC.shape[2] > 2 else self.scores_FK
        if confidence_FK is not None:
            seen_FK &= (confidence_FK > 0) & (confidence_FK >= (layout.least if layout.third == CONFIDENCE else 0))
        if fourth_FK is not None:
            asked_K = np.array([not layout.four or component in layout.four for component, _ in layout.order])
            seen_FK[:, asked_K] &= fourth_FK[:, asked_K] >= layout.least
        return seen_FK


@lru_cache(16)
def _columns(layout: PointLayout) -> tuple[np.ndarray, np.ndarray]:
    """(where each point begins in a mixed row (K,), whether it has a fourth number (K,))."""
    has_four_K = np.array([component in layout.four for component, _ in layout.order])
    return np.concatenate([[0], np.cumsum(3 + has_four_K)[:-1]]), has_four_K

"""A line of numbers whose frames are not 151 numbers wide: the width and the layout that make a person of it.

Legend: F frames, V numbers of a frame.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from signllm.pose.formats.finding import looks_right
from signllm.pose.formats.point_layouts import ARRAY_LAYOUTS
from signllm.pose.formats.raw_points import Form, RawPoints, forms_of_width

_NUMBERS = (2, 3)  # of a point; confidences are not written into lines
_COUNTER_END = 1.001


@lru_cache(1)
def _widths() -> list[int]:
    """The frame widths of all layouts, with and without a counter."""
    return sorted({layout.num_points * n + counter for layout in ARRAY_LAYOUTS for n in _NUMBERS for counter in (0, 1)})


def widths_of(count: int) -> list[int]:
    """The known frame widths that divide so many numbers."""
    return [width for width in _widths() if count and count % width == 0]


def _forms(width: int, counter: bool) -> tuple[Form, ...]:
    return tuple(form for form in forms_of_width(width) if form.counter == counter and form.numbers in _NUMBERS)


def rows_of_numbers(numbers: np.ndarray) -> RawPoints | None:
    """The clip of a line; None where no width makes a person of it, or several do.

    A counter that rises to 1 settles the width; without one the points must look like a person.
    """
    found: list[RawPoints] = []
    for width in widths_of(len(numbers)):
        rows_FV = numbers.reshape(-1, width)
        forms = _forms(width, True)
        if forms and len(rows_FV) > 1 and _is_counter(rows_FV[:, -1]):
            found.append(RawPoints(rows_FV.copy(), forms))
    if len(found) == 1:
        return found[0]
    found = []
    for width in widths_of(len(numbers)):
        if not (possible := _forms(width, False)):
            continue
        raw = RawPoints(numbers.reshape(-1, width), possible)
        forms = tuple(form for form in possible if looks_right(raw, form))
        if forms:
            found.append(RawPoints(raw.values_FV.copy(), forms))
    return found[0] if len(found) == 1 else None


def _is_counter(counter_F: np.ndarray) -> bool:
    steps_F = np.diff(counter_F)
    return bool((steps_F > 0).all() and counter_F[0] >= 0 and counter_F[-1] <= _COUNTER_END)


def looked_for(count: int) -> str:
    """What was looked for in a line of so many numbers, for a message."""
    widths = widths_of(count)
    if not widths:
        return "a frame is cut off or a number is lost"
    shown = ", ".join(str(form) for width in widths for form in (_forms(width, False) or _forms(width, True))[:1])
    return f"it could be frames of {shown}, but no counter rises in it and its points do not look like a person"

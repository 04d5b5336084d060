"""Choosing some of many, the same ones every time."""

from __future__ import annotations

import numpy as np


def spread(count: int, most: int | None) -> list[int]:
    """`most` different indices below `count`, or all when there are no more; evenly spread, ascending.

    The first and the last are among them when `most` is at least 2.
    """
    positions = np.linspace(0, count - 1, count if most is None else min(count, most))
    return positions.round().astype(int).tolist()

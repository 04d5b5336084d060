"""Choosing some of many, the same ones every time."""

from __future__ import annotations

import numpy as np


def spread(count: int, most: int | None) -> list[int]:
    """At most `most` indices below `count` (all when None), evenly spread, first and last included, ascending."""
    places = np.linspace(0, count - 1, count if most is None else min(count, most))
    return sorted(set(places.round().astype(int).tolist()))

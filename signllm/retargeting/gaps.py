"""Rotations where a clip does not tell them: held at its ends, and turned from one to the other in between.

Legend: F frames.
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q


def bridged(rotations_F4: np.ndarray, seen_F: np.ndarray) -> np.ndarray:
    """The rotations of seen frames, and between them the shorter way at a steady pace; all as they are if none is."""
    known = np.flatnonzero(seen_F)
    if len(known) in (0, len(seen_F)):
        return rotations_F4
    missing = np.flatnonzero(~seen_F)
    place = np.searchsorted(known, missing)
    before, after = known[np.maximum(place - 1, 0)], known[np.minimum(place, len(known) - 1)]
    share = np.clip((missing - before) / np.maximum(after - before, 1), 0, 1)
    whole_F4 = rotations_F4.copy()
    whole_F4[missing] = q.slerp(rotations_F4[before], rotations_F4[after], share)
    return whole_F4

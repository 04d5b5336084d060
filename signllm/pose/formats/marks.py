"""The marks by which files of 50 joints say that a joint is missing, beside the zeros that `RawClip` knows.

- (-1, -1): some trackers' own mark.
- A hand on one point: all its joints at one place, where it was filled with a constant or moved with the rest of the
  clip after its zeros had been written. Body joints at that very place in that frame are missing with it.
- Three or more body joints on one point.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.pose.geometry import every
from signllm.pose.skeleton import SKELETON_50

MINUS_ONE, HAND_ON_A_POINT, BODY_ON_A_POINT = "-1 -1", "a hand on one point", "body joints on one point"
_SIZE = 0.02  # of a shoulder width; a hand seen from its edge is ten times as large
_NECK = SKELETON_50.root
_BODY = [joint for joint in SKELETON_50.parts["body"] if joint != _NECK]
_MOST_ALIKE = 3


def find_marks(joints_FJC: np.ndarray, seen_FJ: np.ndarray, width: float) -> dict[str, np.ndarray]:
    """(F, J) bool for each mark that occurs: joints that were taken for seen and are marked as missing.

    `width`: a shoulder width in the unit of `joints_FJC`. The neck is never among them.
    """
    found: dict[str, np.ndarray] = {}
    minus_FJ = seen_FJ & (joints_FJC[..., 0] == -1) & (joints_FJC[..., 1] == -1)
    minus_FJ[:, _NECK] = False
    if minus_FJ.any():
        found[MINUS_ONE] = minus_FJ
    seen_FJ = seen_FJ & ~minus_FJ
    hands_FJ = np.zeros_like(seen_FJ)
    for part in ("left_hand", "right_hand"):
        joints = list(SKELETON_50.parts[part])
        hand_FKC, shown_FK = joints_FJC[:, joints], seen_FJ[:, joints]
        low_FC = np.where(shown_FK[..., None], hand_FKC, np.inf).min(1)
        high_FC = np.where(shown_FK[..., None], hand_FKC, -np.inf).max(1)
        extent_F = np.where(shown_FK.sum(1) > _MOST_ALIKE, (high_FC - low_FC).max(-1), np.inf)
        pointlike_F = extent_F <= _SIZE * (width if width > 0 else 0.0)
        if not pointlike_F.any():
            continue
        hands_FJ[:, joints] = shown_FK & pointlike_F[:, None]
        there_FJ = every(joints_FJC == joints_FJC[:, joints[:1]]) & pointlike_F[:, None]
        there_FJ[:, [_NECK, *SKELETON_50.wrists.values()]] &= pointlike_F[:, None] & _alike(there_FJ)[:, None]
        there_FJ[:, _NECK] = False
        hands_FJ |= there_FJ & seen_FJ
    if hands_FJ.any():
        found[HAND_ON_A_POINT] = hands_FJ
    body_FJ = _body_on_a_point(joints_FJC, seen_FJ & ~hands_FJ)
    if body_FJ.any():
        found[BODY_ON_A_POINT] = body_FJ
    return found


def _alike(there_FJ: np.ndarray) -> np.ndarray:
    """(F,) whether body joints other than a wrist are there: a wrist alone may well lie where its hand root does."""
    others = [joint for joint in _BODY if joint not in SKELETON_50.wrists.values()]
    return np.asarray(there_FJ[:, others].any(1))


def _body_on_a_point(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> np.ndarray:
    """(F, J) bool: body joints of which at least three lie on exactly one point in a frame."""
    body_FKC, seen_FK = joints_FJC[:, _BODY], seen_FJ[:, _BODY]
    same_FKK = every(body_FKC[:, :, None] == body_FKC[:, None]) & seen_FK[:, :, None] & seen_FK[:, None]
    marked_FJ = np.zeros_like(seen_FJ)
    marked_FJ[:, _BODY] = same_FKK.sum(-1) >= _MOST_ALIKE
    return marked_FJ

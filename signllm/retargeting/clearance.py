"""Hands stay out of the trunk: where a clip's depth puts them into it, they are moved to its front.

Legend: F frames, S sides (left, right), J joints of a hand (21). Lengths are in shoulder widths.
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.hands import Hands
from signllm.retargeting.pose import Posing
from signllm.retargeting.trunk import carrier, neck_of

# A trunk as figures have it, measured on ours and on three of others: from the neck down, before the middle, to a side.
_FRONT, _HALF = 0.42, 0.50  # with half the thickness of a hand
_EDGE = 0.12  # over which a side of the trunk fades out
_TOP, _BOTTOM, _FADE = -0.05, -2.0, 0.3
_BACK = -0.5  # hands that are this far behind are behind the back, and stay


def push_out_of_trunk(posing: Posing, hands: Hands, wrists_FS3: np.ndarray) -> np.ndarray:
    """(F, S, 3) metres by which wrists move to the front so that no joint of a hand is inside the trunk."""
    body = posing.body
    axes_F4 = q.multiply(posing.turn(carrier(body)), body.turn)
    points_FSJ3 = wrists_FS3[:, :, None] + hands.joints - neck_of(posing)[:, None, None]
    points_FSJ3 = q.rotate(q.inverse(axes_F4)[:, None, None], points_FSJ3) / body.shoulder_width
    aside, height, front = np.abs(points_FSJ3[..., 0]), points_FSJ3[..., 1], points_FSJ3[..., 2]
    skin = _FRONT * (1 - np.minimum(aside / _HALF, 1) ** 4)
    share = smooth((_HALF - aside) / _EDGE) * smooth((front - _BACK) / _FADE)
    share = share * smooth((_TOP - height) / _FADE) * smooth((height - _BOTTOM) / _FADE)
    push_FS = (np.maximum(skin - front, 0) * share).max(-1) * body.shoulder_width
    return push_FS[..., None] * q.rotate(axes_F4, np.array([0.0, 0.0, 1.0]))[:, None]


def smooth(share: np.ndarray) -> np.ndarray:
    """From 0 to 1 without a kink, for shares from 0 to 1; constant beyond."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)

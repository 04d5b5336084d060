"""From what a tracker found at wrists to one left and one right hand a frame: chosen by the arm, gaps filled.

Trackers put hands on the wrong arm, twice on one hand, and where no hand is. A hand counts where it begins at the
wrist of its arm, lies in the picture, and is not the other hand.

Legend: F frames, K points, N candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from signllm.pose.geometry import median

LONGEST_GAP_S = 0.2
NEAR = 0.3  # shoulder widths from a hand's root to its arm's wrist
_INSIDE = 0.5  # of a hand's points lie in the picture
_ONE = 0.15  # shoulder widths between the points of two hands that are one and the same
_LONGEST = 1.0  # shoulder widths; of a hand no two points lie farther apart
_MIRRORED = 0.15  # shoulder widths by which a hand that looks like one of the other side is put back
_BENT = 0.1  # shoulder widths by which a hand across its forearm is put back, and twice that if it points backwards
_WRISTS, _ELBOWS, _SHOULDERS = (15, 16), (13, 14), (11, 12)


@dataclass(frozen=True)
class Hands:
    """`points_F2K3`: left and right, NaN where there is none.

    Counts of hands, of 2 F: `plain` what the plain run gave, `sound` those of them that lie on their arms, `found` what
    was chosen after the second look, `filled` what was interpolated besides.
    """

    points_F2K3: np.ndarray
    plain: int
    sound: int
    found: int
    filled: int


def choose_hands(
    body_FK4: np.ndarray,
    plain_F2K3: np.ndarray,
    second_F2K3: np.ndarray,
    right_F2: np.ndarray,
    size: tuple[int, int],
    fps: float,
) -> Hands:
    """The signer's hands. `size`: (width, height) of the picture of which x and y are shares; see `worker`."""
    scale_C = np.array(size, np.float64)
    joints_FK2 = body_FK4[..., :2] * scale_C
    widths_F = np.hypot(*np.moveaxis(joints_FK2[:, _SHOULDERS[0]] - joints_FK2[:, _SHOULDERS[1]], -1, 0))
    width = median(widths_F[~np.isnan(widths_F)])
    nothing_F2K3 = np.full_like(second_F2K3, np.nan)
    if not width > 0:  # no body
        return Hands(nothing_F2K3, _count(plain_F2K3), 0, 0, 0)
    rightness_FN = np.concatenate([np.full_like(right_F2, 0.5), right_F2], axis=1)
    sound_F2K3, chosen_F2K3 = (
        _choose(np.concatenate([plain_F2K3, second], axis=1), rightness_FN, joints_FK2 / width, scale_C / width)
        for second in (nothing_F2K3, second_F2K3)
    )
    filled_F2K3 = fill_hands(chosen_F2K3, body_FK4[:, _WRISTS, :2], int(LONGEST_GAP_S * fps + 1e-6))
    found = _count(chosen_F2K3)
    return Hands(filled_F2K3, _count(plain_F2K3), _count(sound_F2K3), found, _count(filled_F2K3) - found)


def _count(hands_F2K3: np.ndarray) -> int:
    return int((~np.isnan(hands_F2K3[..., 0, 0])).sum())


def _choose(
    hands_FNK3: np.ndarray, rightness_FN: np.ndarray, joints_FK2: np.ndarray, scale_C: np.ndarray
) -> np.ndarray:
    """Left and right hand (F, 2, K, 3) among the candidates: of each side the cheapest, of one hand in both only one.

    Joints are in shoulder widths, and so are hands times `scale_C`.
    """
    flat_FNK2 = hands_FNK3[..., :2] * scale_C
    away_FN2 = np.linalg.norm(flat_FNK2[:, :, None, 0] - joints_FK2[:, None, _WRISTS], axis=-1)
    inside_FN = ((hands_FNK3[..., :2] > 0) & (hands_FNK3[..., :2] < 1)).all(-1).mean(-1)
    whole_FN = (inside_FN >= _INSIDE) & (np.linalg.norm(np.ptp(flat_FNK2, axis=2), axis=-1) < _LONGEST)
    cost_FN2 = away_FN2 + _MIRRORED * np.stack([rightness_FN, 1 - rightness_FN], axis=-1)
    forearm_F22 = joints_FK2[:, _WRISTS] - joints_FK2[:, _ELBOWS]
    cost_FN2 += _BENT * (1 - _cosine(flat_FNK2[:, :, None, 9] - flat_FNK2[:, :, None, 0], forearm_F22[:, None]))
    own_FN2 = whole_FN[..., None] & (away_FN2 < NEAR) & (cost_FN2 <= cost_FN2[..., ::-1])  # not where it is unknown
    cost_FN2 = np.where(own_FN2, cost_FN2, np.inf)
    best_F2 = cost_FN2.argmin(axis=1)
    least_F2 = cost_FN2.min(axis=1)
    rows_F1 = np.arange(len(hands_FNK3))[:, None]
    both_F2K2 = flat_FNK2[rows_F1, best_F2]
    one_F = np.linalg.norm(both_F2K2[:, 0] - both_F2K2[:, 1], axis=-1).mean(-1) < _ONE
    dearer_F2 = np.stack([least_F2[:, 0] >= least_F2[:, 1], least_F2[:, 0] < least_F2[:, 1]], axis=1)
    taken_F2 = np.isfinite(least_F2) & ~(one_F & np.isfinite(least_F2).all(1))[:, None] | (
        np.isfinite(least_F2) & ~dearer_F2
    )
    return np.where(taken_F2[..., None, None], hands_FNK3[rows_F1, best_F2], np.nan).astype(hands_FNK3.dtype)


def _cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(-1) / np.maximum(np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1), 1e-9)


def fill_hands(hands_F2K3: np.ndarray, wrists_F22: np.ndarray, longest: int) -> np.ndarray:
    """Hands interpolated over gaps of at most `longest` frames: their shape in between, their place on the wrist.

    A hand that is seen for the first time or the last is not prolonged, and none is filled in that turns round
    meanwhile: half way it would have no size.
    """
    filled = hands_F2K3.copy()
    for side in (0, 1):
        seen = np.flatnonzero(~np.isnan(hands_F2K3[:, side, 0, 0]))
        for first, last in pairwise(seen):
            if not 1 < last - first <= longest + 1 or _turns(*hands_F2K3[[first, last], side]):
                continue
            weight_G11 = (np.arange(1, last - first) / (last - first))[:, None, None]
            ends = hands_F2K3[[first, last], side].astype(np.float64)
            wrists = wrists_F22[first : last + 1, side]
            on_wrist = not np.isnan(wrists).any()
            if on_wrist:
                ends[..., :2] -= wrists[[0, -1], None]
            between = ends[0] * (1 - weight_G11) + ends[1] * weight_G11
            if on_wrist:
                between[..., :2] += wrists[1:-1, None]
            filled[first + 1 : last, side] = between
    return filled


def _turns(one_K3: np.ndarray, other_K3: np.ndarray) -> bool:
    """Whether a hand points the other way in its second picture."""
    along, along_other = (hand_K3[9, :2] - hand_K3[0, :2] for hand_K3 in (one_K3, other_K3))
    return bool(along @ along_other <= 0)

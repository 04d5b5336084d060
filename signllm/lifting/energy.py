"""What a lifted clip is asked for: to look as it was seen, to move smoothly, and to bend as arms and hands do.

Each term is zero or more a frame; only its weight (`WEIGHTS`) has no unit of its own. Directions have length 1.

Legend: B clips, F frames, K bones, S sides (right, left), J joints. Coordinates come first: (3, B, F, K).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from signllm.lifting.bones import FINGERS, LEFT_ARM, RIGHT_ARM
from signllm.pose.skeleton import SKELETON_50

_CLAVICLES, _UPPER, _FORE = [1, 5], [2, 6], [3, 7]
_ELBOWS, _WRISTS = [RIGHT_ARM[1], LEFT_ARM[1]], [RIGHT_ARM[2], LEFT_ARM[2]]
_ROOT = SKELETON_50.root

_SOFT = 0.02  # shoulder widths: errors and accelerations (at 25 frames a second) much larger than this count linearly
_FOLDED = -0.82  # cosine between upper arm and forearm of a folded elbow, 145 degrees
_WRIST_BENT = 0.05  # cosine between forearm and palm: a wrist bends by not quite 90 degrees
_BEHIND = {"elbow": -0.30, "wrist": 0.10}  # z of the neck's plane; hands sign in front of the trunk
_BACKWARDS = (0.45, 0.10, 0.15)  # sine by which knuckle, middle and end joint of a finger bend backwards
_BENT = (-0.20, -0.45, 0.0)  # cosine at which the three joints bend no further
_SPREAD = 0.55  # sine of the angle of a finger to the side
_PALM = (0.955, 0.955, 0.95)  # cosines between the palm's bones to neighbouring fingers, as trackers show them
_THUMB = 0.4  # cosine between the palm's bones to thumb and index finger: at most 66 degrees
_SIDES = (-1.0, 1.0)  # y points down, so the right hand's cross products point the other way


@dataclass(frozen=True)
class Weights:
    """How much each term counts, against one seen joint that lies a shoulder width off."""

    seen: float = 1.0
    acceleration: float = 0.6
    guess: float = 0.05
    guess_fingers: float = 0.02
    arms: float = 0.5
    fingers: float = 0.05
    palm: float = 0.3
    front: float = 0.5
    trunk: float = 0.2


WEIGHTS = Weights()


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The dot product over the first axis."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Tensor, b: Tensor) -> Tensor:
    """The cross product over the first axis."""
    return torch.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _over(value: Tensor, least: float = 0.0) -> Tensor:
    """The square of what is over a limit."""
    return (value - least).clamp(min=0.0).square()


def _softened(squares: Tensor) -> Tensor:
    """The Charbonnier penalty of squared lengths: quadratic for small ones, linear for large ones."""
    return (squares + _SOFT**2).sqrt() - _SOFT


def reprojection(joints_3BFJ: Tensor, seen_2BFJ: Tensor, valid_BFJ: Tensor) -> Tensor:
    """(B, F) how far the joints lie from where they were seen; missing ones do not count."""
    off_2BFJ = joints_3BFJ[:2] - seen_2BFJ
    return (_softened(off_2BFJ.square().sum(0)) * valid_BFJ).sum(-1)


def acceleration(joints_3BFJ: Tensor, pace_B1: Tensor, inside_BF: Tensor) -> Tensor:
    """(B, F - 2) how much joints accelerate; `pace_B1` is (fps / 25) squared, `inside_BF` false in padding."""
    change_3BFJ = joints_3BFJ[:, :, 2:] - 2 * joints_3BFJ[:, :, 1:-1] + joints_3BFJ[:, :, :-2]
    squares_BFJ = change_3BFJ.square().sum(0) * pace_B1[..., None].square()
    return _softened(squares_BFJ).sum(-1) * inside_BF[:, 2:]


def front(joints_3BFJ: Tensor) -> Tensor:
    """(B, F) how far wrists and elbows are behind where signers hold them."""
    z_BFJ = joints_3BFJ[2] - joints_3BFJ[2, ..., _ROOT, None]
    behind = _over(_BEHIND["elbow"] - z_BFJ[..., _ELBOWS]) + _over(_BEHIND["wrist"] - z_BFJ[..., _WRISTS])
    return behind.sum(-1)


def trunk(way_3BFK: Tensor) -> Tensor:
    """(B, F) how far the shoulders are turned out of the image plane."""
    return way_3BFK[2, ..., _CLAVICLES].square().sum(-1)


def arm_limits(way_3BFK: Tensor, outside_3S: Tensor) -> Tensor:
    """(B, F) elbows fold so far and no further, point outwards and down (`outside_3S`), wrists bend less than 90."""
    upper, fore, palm = way_3BFK[..., _UPPER], way_3BFK[..., _FORE], _hands(way_3BFK)[..., 2, 0]
    folded = _over(_FOLDED - dot(upper, fore))
    # Upper arm minus forearm points from the line between shoulder and wrist to the elbow.
    inside = _over(-dot(upper - fore, outside_3S[:, None, None]))
    return (folded + inside + _over(_WRIST_BENT - dot(fore, palm))).sum(-1)


def outside() -> Tensor:
    """(3, S) where elbows point: out to the side and down, as in the kinematic signer."""
    pole_3S = torch.tensor([[-0.85, 0.85], [1.0, 1.0], [0.15, 0.15]])
    return pole_3S / pole_3S.square().sum(0).sqrt()


def _hands(way_3BFK: Tensor) -> Tensor:
    """(3, B, F, S, 5 fingers, 4 bones)."""
    return way_3BFK[..., FINGERS].unflatten(-1, (2, 5, 4))


def finger_limits(way_3BFK: Tensor) -> Tensor:
    """(B, F) fingers bend towards the palm only, not too far, not far to the side, and stay in one plane each."""
    hands = _hands(way_3BFK)
    bones = [hands[..., 1:, bone] for bone in range(4)]  # each (3, B, F, S, 4)
    middle = bones[0][..., 1]
    thumbwards = bones[0][..., 0] - bones[0][..., 3]
    thumbwards = thumbwards - dot(thumbwards, middle) * middle
    thumbwards = (thumbwards / (dot(thumbwards, thumbwards) + 1e-6).sqrt())[..., None]
    sides_S1 = way_3BFK.new_tensor(_SIDES)[:, None]
    total = _over(dot(bones[1], thumbwards).abs(), _SPREAD)
    for joint in range(3):
        axis = cross(bones[joint], bones[joint + 1])
        total = total + _over(-sides_S1 * dot(axis, thumbwards), _BACKWARDS[joint])
        total = total + _over(_BENT[joint] - dot(bones[joint], bones[joint + 1]))
        if joint == 1:
            total = total + dot(axis, bones[3]).square()
    return total.sum((-1, -2))


def palm_shape(way_3BFK: Tensor) -> Tensor:
    """(B, F) the palm is stiff: its bones keep their angles and lie in one plane; the thumb's base stays near."""
    palm = _hands(way_3BFK)[..., 0]  # (3, B, F, S, 5)
    total = _over(_THUMB - dot(palm[..., 0], palm[..., 1]))
    for finger, cosine in enumerate(_PALM, 1):
        total = total + (dot(palm[..., finger], palm[..., finger + 1]) - cosine).square()
    flat = dot(cross(palm[..., 1], palm[..., 4]), palm[..., 2])
    return (total + flat.square()).sum(-1)

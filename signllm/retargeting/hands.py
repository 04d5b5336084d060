"""Hands: the palm's plane turns the hand, and each finger bone bends as joints do.

Legend: F frames, S sides (left, right), D fingers (thumb first), K bones of a finger (3).
The axes of a palm: x from the wrist to the knuckles, y out of the palm, z across. Bending turns x towards y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import PALM_SIDES, Body, palm_axes
from signllm.retargeting.signer import FINGERS_SDK, ROOTS, Signer

_BEND = np.radians([-30.0, 100.0])  # of knuckles
_SPREAD, _ROLL = np.radians([35.0, 30.0])
_SIDEWAYS = 0.8
_AIM = np.radians(25.0)
_PULL = np.array([3.0, 1.2, 0.5])  # how many joints each bone of a finger moves, by its usual length
_MIDDLE, _LAST = np.radians([[-8.0, 115.0], [-12.0, 90.0]])  # of a finger's second and third joint
_THUMB_CONE = np.radians(65.0)
_THUMB_MIDDLE, _THUMB_LAST = np.radians([[-20.0, 75.0], [-25.0, 90.0]])
_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Hands:
    """turns (F, S, 4): of the hands away from rest. fingers (F, S, D, K, 4): of their bones, both in the rig's axes.
    joints (F, S, 21, 3): of the hands, metres from the wrist."""

    turns: np.ndarray
    fingers: np.ndarray
    joints: np.ndarray

    def turned(self, turns_FS4: np.ndarray) -> Hands:
        """With other turns of the hands, whose fingers go with them."""
        more_FS4 = q.multiply(turns_FS4, q.inverse(self.turns))
        return Hands(
            turns_FS4,
            q.multiply(more_FS4[:, :, None, None], self.fingers),
            q.rotate(more_FS4[:, :, None], self.joints),
        )


def hands_of(body: Body, signer: Signer) -> Hands:
    """How hands and fingers have turned, whatever the arms do."""
    fingers_FSDK3 = signer.joints_FJ3[:, FINGERS_SDK]
    palms_FS4 = palm_axes(signer.joints_FJ3[:, ROOTS], fingers_FSDK3[:, :, 1:, 0], PALM_SIDES)
    bones_FSDK3 = q.rotate(q.inverse(palms_FS4)[:, :, None, None], q.unit(np.diff(fingers_FSDK3, axis=3)))
    bent_FSDK4 = _bent(bones_FSDK3, body.fingers)
    palms_FS4 = q.multiply(body.turn, palms_FS4)
    back_S4 = q.inverse(body.palms)
    turns_FS4 = q.multiply(palms_FS4, back_S4)
    fingers_FSDK4 = q.multiply(q.multiply(palms_FS4[:, :, None, None], bent_FSDK4), back_S4[:, None, None])
    return Hands(turns_FS4, fingers_FSDK4, _joints(body, turns_FS4, fingers_FSDK4))


def _joints(body: Body, turns_FS4: np.ndarray, fingers_FSDK4: np.ndarray) -> np.ndarray:
    wrists_S3 = np.stack([body.points[body.rig.roles[role]] for role in ("leftHand", "rightHand")])
    bases_SD3 = body.finger_points[:, :, 0] - wrists_S3[:, None]
    bases_FSD3 = q.rotate(turns_FS4[:, :, None], bases_SD3)
    bones_FSDK3 = q.rotate(fingers_FSDK4, np.diff(body.finger_points, axis=2))
    joints = np.concatenate([bases_FSD3[..., None, :], bases_FSD3[..., None, :] + bones_FSDK3.cumsum(3)], axis=3)
    root = np.zeros((*turns_FS4.shape[:2], 1, 3))
    return np.concatenate([root, joints.reshape(*turns_FS4.shape[:2], 20, 3)], axis=2)


def _bent(bones_FSDK3: np.ndarray, rest_SDK3: np.ndarray) -> np.ndarray:
    """(F, S, D, K, 4) turns of finger bones away from rest, in the axes of the palm."""
    long = _finger_turns(bones_FSDK3[:, :, 1:], rest_SDK3[None, :, 1:])
    thumb = _thumb_turns(bones_FSDK3[:, :, 0], rest_SDK3[None, :, 0])
    return np.concatenate([thumb[:, :, None], long], axis=2)


def _finger_turns(bones_K3: np.ndarray, rest_K3: np.ndarray) -> np.ndarray:
    """Of the four long fingers: knuckles bend, spread and roll a little, the other joints are hinges."""
    first, middle, last = _hinges(bones_K3, _knuckle(bones_K3, bones_K3[..., 0, :], True), _MIDDLE, _LAST)
    first = _knuckle(bones_K3, _aimed(first, middle, last, bones_K3), True)
    first0, middle0, last0 = _hinges(rest_K3, _knuckle(rest_K3, rest_K3[..., 0, :], False))
    return _from_hinges(first, middle - middle0, last - last0, first0)


def _aimed(first_4: np.ndarray, middle: np.ndarray, last: np.ndarray, bones_K3: np.ndarray) -> np.ndarray:
    """(..., 3) where the first bone points if the finger's joints are to lie, on the whole, where the signer's do.

    Where a tracker bends the joints behind as none bends, the finger comes out straighter than told; it then points to
    where the told one ends.
    """
    bends = np.stack([np.zeros_like(middle), middle, middle + last], axis=-1)
    in_plane = np.stack([np.cos(bends) @ _PULL, np.sin(bends) @ _PULL, np.zeros_like(middle)], axis=-1)
    own, told = q.unit(q.rotate(first_4, in_plane)), q.unit((bones_K3 * _PULL[:, None]).sum(-2))
    arc_4 = q.shortest_arc(own, told)
    angle = np.maximum(q.angle_between(arc_4, q.IDENTITY), 1e-9)
    # Fading out towards the opposite, where the arc's axis may jump.
    share = np.minimum(_AIM / angle, 1) * np.clip((np.pi - angle) / (np.pi / 3), 0, 1)
    return q.rotate(q.scaled(arc_4, share), q.rotate(first_4, _X))


def _knuckle(bones_K3: np.ndarray, way: np.ndarray, limited: bool) -> np.ndarray:
    """The turn of the palm's axes that a first bone has taken that points to `way`."""
    sideways = np.maximum(np.abs(way[..., 2]) - _SIDEWAYS, 0)  # where a bone points to a side, its bend means little
    bend, spread = np.arctan2(way[..., 1], way[..., 0] + 2 * sideways), np.arcsin(np.clip(way[..., 2], -1, 1))
    if limited:
        bend, spread = q.limited(bend, *_BEND), np.clip(spread, -_SPREAD, _SPREAD)
    turn = q.multiply(q.about(_Z, bend), q.about(_Y, -spread))
    if not limited:
        return turn
    after = q.rotate(q.inverse(turn), bones_K3[..., 1, :])
    roll = np.arctan2(after[..., 2], np.maximum(after[..., 1], 0) + 0.2)
    return q.multiply(turn, q.about(_X, np.clip(roll, -_ROLL, _ROLL)))


def _hinges(
    bones_K3: np.ndarray,
    first_4: np.ndarray,
    middle_limits: np.ndarray | None = None,
    last_limits: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The turn of the first bone, and the angles of the two hinges behind it."""
    middle = _bend_in(first_4, bones_K3[..., 1, :])
    middle = middle if middle_limits is None else q.limited(middle, *middle_limits)
    last = _bend_in(q.multiply(first_4, q.about(_Z, middle)), bones_K3[..., 2, :])
    last = last if last_limits is None else q.limited(last, *last_limits)
    return first_4, middle, last


def _bend_in(axes_4: np.ndarray, way_3: np.ndarray) -> np.ndarray:
    """Radians by which a direction is bent away from the x axis of turned axes, towards their y axis."""
    seen = q.rotate(q.inverse(axes_4), way_3)
    return np.arctan2(seen[..., 1], seen[..., 0])


def _from_hinges(first: np.ndarray, middle: np.ndarray, last: np.ndarray, first0: np.ndarray) -> np.ndarray:
    back = q.inverse(first0)
    bends = (np.zeros_like(middle), middle, middle + last)
    return np.stack([q.multiply(q.multiply(first, q.about(_Z, bend)), back) for bend in bends], axis=-2)


def _thumb_turns(bones_K3: np.ndarray, rest_K3: np.ndarray) -> np.ndarray:
    """The thumb bends towards the base of the little finger wherever its first bone points; then two hinges follow."""
    first0, middle0, last0 = _hinges(rest_K3, _thumb_axes(rest_K3[..., 0, :]))
    way, rest = bones_K3[..., 0, :], np.broadcast_to(rest_K3[..., 0, :], bones_K3[..., 0, :].shape)
    way = q.rotate(q.scaled(q.shortest_arc(rest, way), 1.0, _THUMB_CONE), rest)
    first, middle, last = _hinges(bones_K3, _thumb_axes(way), _THUMB_MIDDLE, _THUMB_LAST)
    return _from_hinges(first, middle - middle0, last - last0, first0)


def _thumb_axes(way_3: np.ndarray) -> np.ndarray:
    """Axes whose x is the thumb's first bone and whose y points to where thumbs close: before the palm's far side."""
    across = np.array([0.2, 0.45, 0.0]) + _Z * _far(way_3)
    return q.frames(way_3, across)


def _far(way_3: np.ndarray) -> np.ndarray:
    """(..., 1) on which side of z the little finger is: across points to it on left hands, away on right ones."""
    signs = -PALM_SIDES[:, 0]
    return np.broadcast_to(signs.reshape(1, 2), way_3.shape[:-1])[..., None]

"""Trunk, shoulders, neck and head: little is known of them (nose, neck, two shoulders), so they move modestly.

Legend: F frames, S sides (left, right). Vectors are the signer's until they are turned to the rig's axes.
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.pose import Posing
from signllm.retargeting.rig import SIDES
from signllm.retargeting.signer import NECK, NOSE, SHOULDERS, Signer

_MOST_LEAN, _MOST_TURN, _MOST_SHRUG, _MOST_HEAD = np.radians([25, 40, 20, 50])
_TRUNK = ("spine", "chest", "upperChest")
_HEAD_REACH = 1.5  # the nose is this much farther from the middle of the shoulders than from where neck and head turn
_NOD, _NOD_MORE = np.radians([8.0, 6.0])  # of the nose about the neck: as told, and how much more at most
_YAW = 1.0  # how far the head turns, of how far the nose goes to a side; the rest is tilting


def pose_trunk(posing: Posing, signer: Signer, scale: float) -> None:
    """Lean with the neck, turn with the shoulders, shrug; the neck ends where the signer's is."""
    body = posing.body
    across_F3 = signer.joints_FJ3[:, SHOULDERS[0]] - signer.joints_FJ3[:, SHOULDERS[1]]
    own_F4 = q.scaled(q.shortest_arc(np.array([1.0, 0, 0]), q.unit(across_F3)), 1.0, _MOST_TURN)
    chest_F4 = _in_rig(body, own_F4)
    neck_F3 = body.neck + q.rotate(body.turn, signer.joints_FJ3[:, NECK]) * scale
    start = body.bone("spine") if body.bone("spine") is not None else body.bone("chest")
    if start is not None:
        pivot = body.points[start]
        lean = q.shortest_arc(q.unit(body.neck - pivot), q.unit(neck_F3 - pivot))
        lean_F4 = q.scaled(lean, 1.0, _MOST_LEAN)
        there = [role for role in _TRUNK if body.bone(role) is not None]
        for number, role in enumerate(there):
            share = np.array(number / max(len(there) - 1, 1))
            posing.set(role, q.slerp(lean_F4, chest_F4, share), signer.trunk_F)
    posing.moved_F3 = posing.moved_F3 + neck_F3 - neck_of(posing)
    _shrug(posing, signer, own_F4)


def neck_of(posing: Posing) -> np.ndarray:
    """(F, 3) the point between the shoulders, which belongs to the bone that carries them."""
    return posing.place(carrier(posing.body), posing.body.neck)


def carrier(body: Body) -> int:
    """The bone from which both arms hang."""
    rig, bone = body.rig, int(body.rig.roles["leftUpperArm"])
    above = set()
    while bone >= 0:
        above.add(bone)
        bone = int(rig.parents[bone])
    bone = int(rig.roles["rightUpperArm"])
    while bone >= 0 and bone not in above:
        bone = int(rig.parents[bone])
    return bone


def _in_rig(body: Body, turn_F4: np.ndarray) -> np.ndarray:
    """A turn in the signer's axes as one in the rig's."""
    return q.multiply(q.multiply(body.turn, turn_F4), q.inverse(body.turn))


def _shrug(posing: Posing, signer: Signer, chest_F4: np.ndarray) -> None:
    """Each collar bone follows its shoulder, as far as that leaves its middle place over the clip."""
    for s, side in enumerate(SIDES):
        way_F3 = signer.joints_FJ3[:, SHOULDERS[s]] - signer.joints_FJ3[:, NECK]
        way_F3 = q.rotate(q.inverse(chest_F4), way_F3)
        middle_3 = np.median(way_F3[signer.trunk_F], axis=0) if signer.trunk_F.any() else way_F3[0]
        raised_F4 = q.scaled(q.shortest_arc(q.unit(middle_3), q.unit(way_F3)), 1.0, _MOST_SHRUG)
        posing.set(f"{side}Shoulder", _in_rig(posing.body, q.multiply(chest_F4, raised_F4)), signer.trunk_F)


def pose_head(posing: Posing, signer: Signer) -> None:
    """The nose leaves its middle place over the clip by as much as the signer's; half by turning, half by tilting."""
    body = posing.body
    way_F3 = signer.joints_FJ3[:, NOSE] - signer.joints_FJ3[:, NECK]
    middle_3 = np.median(way_F3[signer.head_F], axis=0) if signer.head_F.any() else way_F3[0]
    way_F3 = _nodding(way_F3, middle_3)
    tilt_F4 = q.shortest_arc(q.unit(middle_3), q.unit(way_F3))
    sideways_F = np.arctan2(way_F3[:, 0], way_F3[:, 1]) - np.arctan2(middle_3[0], middle_3[1])
    own = q.rotate(q.inverse(body.turn), body.nose - body.neck)
    yaw_F4 = q.about(q.unit(own), _YAW * sideways_F)
    head_F4 = _in_rig(body, q.multiply(q.scaled(tilt_F4, _HEAD_REACH, _MOST_HEAD), yaw_F4))
    base_F4 = posing.turn(carrier(body))
    posing.set("neck", q.slerp(base_F4, head_F4, np.array(0.5)), signer.head_F)
    posing.set("head", head_F4, signer.head_F)


def _nodding(way_F3: np.ndarray, middle_3: np.ndarray) -> np.ndarray:
    """The way to the nose, drawn in where it nods farther than people do: where depth is a guess, the nose's jumps."""
    nod_F = np.arctan2(way_F3[:, 2], way_F3[:, 1]) - np.arctan2(middle_3[2], middle_3[1])
    nod_F = np.remainder(nod_F + np.pi, 2 * np.pi) - np.pi
    over_F = np.maximum(np.abs(nod_F) - _NOD, 0)
    drawn_F = np.sign(nod_F) * (_NOD_MORE * np.tanh(over_F / _NOD_MORE) - over_F)
    return q.rotate(q.about(np.array([1.0, 0.0, 0.0]), drawn_F), way_F3)

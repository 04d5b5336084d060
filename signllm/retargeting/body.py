"""What retargeting must know of a rig at rest: where it faces, how long its bones are, how its palms lie.

Legend: B bones, S sides (left, right), D fingers (5), K bones of a finger (3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.rig import FINGER_ROLES, SIDES, Rig

_NEARLY = 0.85  # the cosine of the angle within which a direction counts as an axis of the scene
_STRAIGHT = 0.25  # the sine of the elbow's bend at rest from which on it tells the hinge
_ARMS = 1.57  # shoulder widths from shoulder to wrist, as our avatar has
PALM_SIDES = np.array([-1.0, 1.0])[:, None]  # of the sides: how index x little points out of the palm


def palm_axes(root_N3: np.ndarray, knuckles_N43: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The rotations whose x goes from the wrist to the knuckles and whose y points out of the palm.

    knuckles: of index, middle, ring and little finger. side: -1 for a left hand, 1 for a right one, broadcast.
    """
    forward = knuckles_N43.mean(-2) - root_N3
    across = q.cross(knuckles_N43[..., 0, :] - root_N3, knuckles_N43[..., 3, :] - root_N3)
    return q.frames(forward, side * across)


@dataclass(frozen=True)
class Body:
    """All in the space of the scene at rest, metres. `turn`: from the signer's axes to the rig's.

    points (B, 3), rotations (B, 4): of the bones. neck (3,): between the shoulders. nose (3,).
    upper, fore, hinge (S, 3): directions of upper arm and forearm, and the axis about which the elbow bends.
    lengths (S, 2): of upper arm and forearm. palms (S, 4). neutral (S,): radians from the hand's neutral turn (thumb
    up) to that at rest. finger_points (S, D, K + 1, 3): where the bones of fingers begin and the last ends.
    fingers (S, D, K, 3): their directions in the axes of the palm. finger_bones (S, D, K): their indices, -1 where the
    rig has none.
    """

    rig: Rig
    turn: np.ndarray
    points: np.ndarray
    neck: np.ndarray
    nose: np.ndarray
    upper: np.ndarray
    fore: np.ndarray
    hinge: np.ndarray
    lengths: np.ndarray
    palms: np.ndarray
    neutral: np.ndarray
    finger_points: np.ndarray
    fingers: np.ndarray
    finger_bones: np.ndarray

    @classmethod
    def of(cls, rig: Rig) -> Body:
        """Measure a rig; what it lacks (nose, fingers) gets the place it usually has."""
        points, _, _ = rig.world

        def both(part: str) -> np.ndarray:
            return np.array([points[rig.roles[f"{side}{part}"]] for side in SIDES])

        shoulders, elbows, wrists = both("UpperArm"), both("LowerArm"), both("Hand")
        neck = shoulders.mean(0)
        turn = _turn(rig, points, shoulders, neck)
        front = q.rotate(turn, np.array([0.0, 0.0, 1.0]))
        upper, fore = q.unit(elbows - shoulders), q.unit(wrists - elbows)
        bend = q.cross(upper, fore)
        usual = q.unit(q.cross(upper, front[None]))
        told = np.linalg.norm(bend, axis=-1, keepdims=True) > _STRAIGHT
        hinge = q.unit(np.where(told, bend, usual + bend))
        finger_points, finger_bones = _finger_points(rig, points, wrists, fore, turn)
        palms = palm_axes(wrists, finger_points[:, 1:, 0], PALM_SIDES)
        bones = q.unit(np.diff(finger_points, axis=2))
        return cls(
            rig=rig,
            turn=turn,
            points=points,
            neck=neck,
            nose=_nose(rig, points, neck, turn),
            upper=upper,
            fore=fore,
            hinge=hinge,
            lengths=np.linalg.norm(np.stack([elbows - shoulders, wrists - elbows], axis=1), axis=-1),
            palms=palms,
            neutral=_neutral(palms, fore, hinge),
            finger_points=finger_points,
            fingers=q.rotate(q.inverse(palms)[:, None, None], bones),
            finger_bones=finger_bones,
        )

    def bone(self, role: str) -> int | None:
        """The index of the bone with a role, or None."""
        return self.rig.roles.get(role)

    @property
    def width(self) -> float:
        """Metres between the shoulders."""
        left, right = (self.points[self.rig.roles[f"{side}UpperArm"]] for side in SIDES)
        return float(np.linalg.norm(left - right))

    @property
    def shoulder_width(self) -> float:
        """Metres for a shoulder width of a clip: the mean of what shoulders and arms say; some shoulders are narrow."""
        return float(np.sqrt(self.width * self.lengths.sum(-1).mean() / _ARMS))


def _turn(rig: Rig, points: np.ndarray, shoulders: np.ndarray, neck: np.ndarray) -> np.ndarray:
    """The rotation from (left, up, front) to the rig's axes: told by its shoulders, and its trunk or head."""
    left = shoulders[0] - shoulders[1]
    above = next((points[rig.roles[role]] for role in ("head", "neck") if role in rig.roles), None)
    below = next((points[rig.roles[role]] for role in ("hips", "spine", "chest") if role in rig.roles), None)
    top = neck if above is None else above
    bottom = neck if below is None else below
    up = top - bottom if np.linalg.norm(top - bottom) > 1e-6 else np.array([0.0, 1.0, 0.0])
    return q.frames(_on_axis(left), _on_axis(up))


def _on_axis(way: np.ndarray) -> np.ndarray:
    """The axis of the scene that is nearly meant: heads lie before hips, and the rig still stands upright."""
    way = q.unit(way)
    nearest = np.zeros(3)
    nearest[np.abs(way).argmax()] = np.sign(way[np.abs(way).argmax()])
    return nearest if way @ nearest > _NEARLY else way


def _neutral(palms: np.ndarray, fore: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """(S,) the hand's turn about the forearm, from where the palm faces along the elbow's axis: inwards, thumb up."""
    inwards = hinge * -PALM_SIDES
    normal = q.rotate(palms, np.array([0.0, 1.0, 0.0]))
    normal = normal - fore * q.dot(normal, fore)[:, None]
    return np.arctan2(q.dot(q.cross(inwards, normal), fore), q.dot(inwards, normal))


def _nose(rig: Rig, points: np.ndarray, neck: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The nose's bone, or a place before the head's."""
    if "nose" in rig.roles:
        return points[rig.roles["nose"]]
    size = np.linalg.norm(points[rig.roles["leftUpperArm"]] - points[rig.roles["rightUpperArm"]])
    start = points[rig.roles["head"]] if "head" in rig.roles else neck + q.rotate(turn, np.array([0, 0.45 * size, 0]))
    return start + q.rotate(turn, np.array([0.0, 0.05, 0.32]) * size)


def _finger_points(
    rig: Rig, points: np.ndarray, wrists: np.ndarray, fore: np.ndarray, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(S, D, 4, 3) where the bones of fingers begin and the last ends, and the indices of those bones (S, D, 3).

    What follows the last bone lies in its direction. Fingers of less than two bones are made up: the hand's turn needs
    a palm.
    """
    found, indices = np.zeros((2, 5, 4, 3)), np.full((2, 5, 3), -1)
    for s, side in enumerate(SIDES):
        size = float(np.linalg.norm(wrists[s] - points[rig.roles[f"{side}LowerArm"]]))
        thumb_side = _thumb_side(rig, points, wrists, fore, turn, s)
        for d, roles in enumerate(FINGER_ROLES.values()):
            bones = [rig.roles[side + role] for role in roles if side + role in rig.roles]
            if len(bones) >= 2:
                indices[s, d, : len(bones)] = bones[:3]
                places = [points[bone] for bone in bones]
                while len(places) < 4:
                    places.append(places[-1] + 0.8 * (places[-1] - places[-2]))
            else:
                start = wrists[s] + size * (0.33 * fore[s] + 0.08 * (2.5 - d) * thumb_side)
                places = [start + size * 0.12 * k * fore[s] for k in range(4)]
            found[s, d] = places
    return found, indices


def _thumb_side(
    rig: Rig, points: np.ndarray, wrists: np.ndarray, fore: np.ndarray, turn: np.ndarray, s: int
) -> np.ndarray:
    """(3,) across the palm to the thumb, where that is; else for palms to the ground, of hanging arms to the body."""
    thumb = rig.roles.get(f"{SIDES[s]}ThumbMetacarpal")
    if thumb is not None:
        across = points[thumb] - wrists[s]
        across = across - fore[s] * (across @ fore[s])
        if np.linalg.norm(across) > 0.02 * np.linalg.norm(wrists[0] - wrists[1]):
            return q.unit(across)
    down = q.rotate(turn, np.array([0.0, -1.0, 0.0]))
    inwards = wrists[1 - s] - wrists[s]
    steep = abs(float(down @ fore[s]))
    palm = (1 - steep) * down + steep * q.unit(inwards)
    return q.unit(q.cross(palm, fore[s]) * -PALM_SIDES[s])

"""Forward kinematics of a signer's upper body: arms, wrists and fingers from a few angles.

Legend: F frames, K key poses, J joints.

Inside the demo corpus, x grows to the right of the image, y **up** and z towards the viewer (a right-handed frame);
the neck is the origin and the unit is the shoulder width. `to_image_axes` turns y down at the end. z towards the viewer
being positive was read off real lifted recordings (PHOENIX-2014T): there the hands, which signers hold in front of
the body, have a mean z of +0.4 to +0.6 and the elbows of +0.2.

Both arms are computed as a right arm (at negative x); the left arm is the mirror image of one.
A hand's own axes: y along the extended fingers, z out of the palm, x = y cross z towards the thumb.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

# Near the median bone lengths of real recordings, in shoulder widths. Lifted PHOENIX-2014T has an upper arm of 0.94, a
# forearm of 0.64 and 0.14 from the wrist to the hand root; WLASL, in 2D, has 0.95 and 0.80 where an arm lies in the
# image plane (its longest tenth), and no such gap. Ours stand between; the finger bones are those of PHOENIX.
UPPER_ARM, FOREARM, WRIST_TO_HAND, NECK_TO_NOSE = 0.86, 0.73, 0.07, 0.56
FINGER_BONES = np.array(
    [
        [0.091, 0.123, 0.095, 0.082],
        [0.205, 0.118, 0.071, 0.063],
        [0.200, 0.122, 0.073, 0.063],
        [0.190, 0.108, 0.067, 0.055],
        [0.180, 0.089, 0.047, 0.046],
    ]
)
_KNUCKLE_ANGLES = np.radians([16.0, 2.0, -12.0, -26.0])  # from the hand root to the knuckles, + is towards the thumb
_NEAREST_WRIST, _SOFTNESS = 0.45, 0.05  # from the shoulder
_WRIST_LIMIT = np.radians(75.0)
_ELBOW_POLE = np.array([-0.85, -1.0, 0.15])  # outside and below; a little ahead keeps elbows calm when hands rise


@dataclass(frozen=True)
class Body:
    """Bone lengths of one signer in shoulder widths; `hand` scales FINGER_BONES."""

    upper_arm: float = UPPER_ARM
    forearm: float = FOREARM
    hand: float = 1.0
    neck_to_nose: float = NECK_TO_NOSE
    shoulder_drop: float = 0.04

    def varied(self, rng: np.random.Generator) -> Body:
        """Another signer: each length moves by a few per cent."""
        factor = np.clip(rng.normal(1.0, 0.04, 4), 0.9, 1.1)
        return replace(
            self,
            upper_arm=self.upper_arm * factor[0],
            forearm=self.forearm * factor[1],
            hand=self.hand * factor[2],
            neck_to_nose=self.neck_to_nose * factor[3],
        )

    @property
    def shoulder(self) -> np.ndarray:
        """(3,) the right shoulder; both shoulders are 1 apart."""
        return np.array([-0.5, -self.shoulder_drop, 0.0])


def unit(vector: np.ndarray) -> np.ndarray:
    """Scale the last axis to length 1; a zero vector stays zero."""
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def minimum_jerk(phase: np.ndarray) -> np.ndarray:
    """The minimum-jerk time course 10 s^3 - 15 s^4 + 6 s^5 (Flash and Hogan 1985), clipped to [0, 1]."""
    s = np.clip(phase, 0.0, 1.0)
    return s * s * s * (10.0 + s * (6.0 * s - 15.0))


def hand_axes(fingers: ArrayLike, palm: ArrayLike) -> np.ndarray:
    """(..., 3, 3) rotation with the hand's x, y, z as columns, from the finger direction and a rough palm direction."""
    y = unit(np.asarray(fingers, float))
    rough = np.asarray(palm, float)
    z = unit(rough - (rough * y).sum(-1, keepdims=True) * y)
    return np.stack([np.cross(y, z), y, z], axis=-1)


def rotation_about(axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation by `angle` radians about unit vectors `axis` (Rodrigues)."""
    angle = np.asarray(angle, float)[..., None, None]
    x, y, z = np.moveaxis(np.broadcast_to(axis, (*angle.shape[:-2], 3)), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)


def rotation_between(start: np.ndarray, end: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(N, 3, 3) the rotation `part` (0..1) of the shortest way from `start` to `end`, both (N, 3, 3)."""
    difference = np.swapaxes(start, -1, -2) @ end
    cosine = (np.trace(difference, axis1=-2, axis2=-1) - 1.0) / 2.0
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    skew = np.stack(
        [
            difference[:, 2, 1] - difference[:, 1, 2],
            difference[:, 0, 2] - difference[:, 2, 0],
            difference[:, 1, 0] - difference[:, 0, 1],
        ],
        axis=-1,
    )
    # Close to half a turn the skew part vanishes; the axis then stands in the columns of (difference + 1).
    columns = difference + np.eye(3)
    longest = np.take_along_axis(columns, np.argmax(np.linalg.norm(columns, axis=1), -1)[:, None, None], axis=2)[..., 0]
    axis = np.where((angle > np.pi - 1e-3)[:, None], unit(longest), unit(skew))
    return start @ rotation_about(axis, angle * part)


def solve_elbow(shoulder: np.ndarray, wrist: np.ndarray, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Two-bone inverse kinematics: return (elbow, wrist), both (N, 3), for wanted `wrist` positions (N, 3).

    The elbow hangs below and outside the line from shoulder to wrist. A wrist out of reach is moved onto the reach.
    """
    upper, fore = body.upper_arm, body.forearm
    reach = wrist - shoulder
    wanted = np.linalg.norm(reach, axis=-1, keepdims=True)
    # An elbow folds to about 35 degrees. The floor is soft, so that no joint jolts when a wrist comes near it.
    distance = _NEAREST_WRIST + _SOFTNESS * np.logaddexp(0.0, (wanted - _NEAREST_WRIST) / _SOFTNESS)
    distance = np.minimum(distance, 0.985 * (upper + fore))
    along = reach / np.maximum(wanted, 1e-9)
    pole = _ELBOW_POLE - (along @ _ELBOW_POLE)[:, None] * along
    foot = (upper**2 - fore**2 + distance**2) / (2.0 * distance)
    height = np.sqrt(np.maximum(upper**2 - foot**2, 0.0))
    return shoulder + foot * along + height * unit(pole), shoulder + distance * along


def limit_wrist(axes: np.ndarray, forearm: np.ndarray) -> np.ndarray:
    """Turn hands (N, 3, 3) towards their forearm directions (N, 3) so that no wrist bends past 75 degrees, smoothly."""
    fingers = axes[:, :, 1]
    cosine = np.clip((fingers * forearm).sum(-1), -1.0, 1.0)
    angle = np.arccos(cosine)
    back = angle - _WRIST_LIMIT * np.tanh(angle / _WRIST_LIMIT)
    return rotation_about(unit(np.cross(fingers, forearm)), back) @ axes


def settle_wrist(contact: np.ndarray, axes: np.ndarray, reach: np.ndarray, body: Body) -> np.ndarray:
    """(K, 3) the wrists that bring the hand's point `reach` (K, 3, in hand axes) to `contact` (K, 3).

    The wrist limit turns the hand, which moves the wrist, which turns the forearm: a few rounds are enough.
    """
    shoulder = np.broadcast_to(body.shoulder, contact.shape)
    wrist = contact - (axes @ reach[..., None])[..., 0]
    for _ in range(3):
        elbow, reached = solve_elbow(shoulder, wrist, body)
        held = limit_wrist(axes, unit(reached - elbow))
        wrist = contact - (held @ reach[..., None])[..., 0]
    return wrist


def hand_joints(shape: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """(N, 21, 3) the hand in its own axes, its root at the origin, from handshape vectors (N, 28).

    Such a vector holds 4 fingers x (knuckle, middle, end joint, spread) in radians, then 4 directions of thumb bones.
    """
    shape = np.asarray(shape, float)
    fingers = shape[:, :16].reshape(-1, 4, 4)
    bones = FINGER_BONES * scale
    joints = np.zeros((len(shape), 21, 3))
    thumb = unit(shape[:, 16:].reshape(-1, 4, 3)) * bones[0][:, None]
    joints[:, 1:5] = np.cumsum(thumb, axis=1)
    knuckles = np.stack([np.sin(_KNUCKLE_ANGLES), np.cos(_KNUCKLE_ANGLES), np.zeros(4)], -1) * bones[1:, :1]
    flexion = np.cumsum(fingers[..., :3], axis=-1)
    spread = fingers[..., 3:]
    along = np.stack([np.sin(spread) * np.cos(flexion), np.cos(spread) * np.cos(flexion), np.sin(flexion)], axis=-1)
    chain = knuckles[:, None] + np.cumsum(along * bones[1:, 1:, None], axis=2)
    joints[:, 5:] = np.concatenate([np.broadcast_to(knuckles[:, None], (len(shape), 4, 1, 3)), chain], axis=2).reshape(
        len(shape), 16, 3
    )
    return joints


def arm_and_hand(
    shoulder: np.ndarray, wrist: np.ndarray, axes: np.ndarray, shape: np.ndarray, body: Body
) -> tuple[np.ndarray, np.ndarray]:
    """One right arm: return (shoulder, elbow, wrist) as (F, 3, 3) and the hand's 21 joints as (F, 21, 3).

    shoulder (F, 3), wrist (F, 3) wanted, axes (F, 3, 3) wanted hand axes, shape (F, 28) as in `hand_joints`.
    """
    elbow, wrist = solve_elbow(shoulder, wrist, body)
    axes = limit_wrist(axes, unit(wrist - elbow))
    local = hand_joints(shape, body.hand)
    local[..., 1] += WRIST_TO_HAND * body.hand
    hand = wrist[:, None] + local @ np.swapaxes(axes, -1, -2)
    return np.stack([shoulder, elbow, wrist], axis=1), hand


def assemble(nose: np.ndarray, right: tuple, left: tuple) -> np.ndarray:
    """(F, 50, 3) from the nose (F, 3) and two `arm_and_hand` results; `left` comes as a right arm and is mirrored."""
    pose = np.zeros((len(nose), 50, 3))
    pose[:, 0] = nose
    pose[:, 2:5], pose[:, 29:50] = right
    pose[:, 5:8], pose[:, 8:29] = left
    pose[:, 5:29, 0] *= -1.0
    return pose


def to_image_axes(pose: np.ndarray) -> np.ndarray:
    """The toolkit's axes: y down, and the shoulders' median distance in the image plane is exactly 1."""
    width = np.median(np.linalg.norm(pose[:, 2, :2] - pose[:, 5, :2], axis=-1))
    return (pose * np.array([1.0, -1.0, 1.0]) / width).astype(np.float32)

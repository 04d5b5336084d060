"""Recordings of invented signers: what a tracker in front of some camera would see of them in 2D, with the true 3D.

For training and measuring the lifting of 2D clips to 3D. Bodies, cameras, noise and gaps are drawn at random.

Legend: F frames, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from signllm.data.demo.kinematics import rotation_about, unit
from signllm.data.demo.lexicon import CONCEPTS
from signllm.data.demo.performance import act, wander
from signllm.data.demo.signers import SIGNERS_PER_LANGUAGE, Signer, signer_named
from signllm.languages import CODES
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.geometry import neck_origin, shoulder_width

_BODY, _HANDS = list(SKELETON_50.parts["body"]), list(range(8, 50))
_CAMERA_DEGREES = (11.0, 7.0, 3.0)  # deviations of yaw, pitch and roll
_WIDEST_DEGREES = 30.0


@dataclass(frozen=True)
class Recording:
    """One clip twice: `truth` in 3D without gaps, and `seen` in 2D with noise and gaps; both in the same unit.

    The unit is the shoulder width that `seen` shows, the origin its neck, as in a converted clip.
    """

    truth: PoseSequence
    seen: PoseSequence


def record(rng: np.random.Generator, fps: float = 25.0, noise: float = 1.0, gaps: float = 1.0) -> Recording:
    """One recording of about two to four seconds. `noise` and `gaps` multiply what a tracker usually makes of each.

    Half of them are signs of the demo corpus, half wander. The same state of `rng` gives the same recording.
    """
    joints_FJ3 = _swivelled(_proportioned(_moving(rng, fps), rng), rng)
    turned_FJ3 = joints_FJ3 @ _camera(rng).T * np.array([1.0, -1.0, 1.0])  # y down from here on
    distance = rng.uniform(4.0, 14.0)
    seen_FJ2 = turned_FJ3[..., :2] * (distance / (distance - turned_FJ3[..., 2:]))
    valid_FJ = _gaps(seen_FJ2, rng, gaps)
    seen_FJ2 = seen_FJ2 + noise * _tracker_noise(len(seen_FJ2), rng)
    width = shoulder_width(seen_FJ2, valid_FJ, SKELETON_50)
    origin_2 = neck_origin(seen_FJ2, valid_FJ, SKELETON_50)
    origin_3 = np.array([*origin_2, np.median(turned_FJ3[:, SKELETON_50.root, 2])])
    return Recording(
        PoseSequence.all_valid((turned_FJ3 - origin_3) / width, fps),
        PoseSequence((seen_FJ2 - origin_2) / width, valid_FJ, fps),
    )


def _moving(rng: np.random.Generator, fps: float) -> np.ndarray:
    """(F, J, 3) of a signer with y up: signs, or hands that wander."""
    language, signer = _someone(rng)
    if rng.random() < 0.5:
        return wander(signer, rng, rng.uniform(1.5, 3.5), fps)
    count = int(rng.integers(1, 4))
    concepts = [CONCEPTS[index] for index in rng.integers(len(CONCEPTS), size=count)]
    return act(concepts, language, signer, rng, fps)[0]


def _someone(rng: np.random.Generator) -> tuple[str, Signer]:
    """A language and a signer of it with a new body and tempo."""
    language = CODES[rng.integers(len(CODES))]
    signer = signer_named(language, int(rng.integers(SIGNERS_PER_LANGUAGE)))
    rest = signer.rest + rng.normal(0.0, 0.1, 3)
    return language, replace(signer, body=signer.body.varied(rng), rest=rest, left_handed=bool(rng.random() < 0.5))


def _proportioned(joints_FJ3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same bone directions on other bones: people differ, and trackers differ in where they see a joint."""
    mirror, parents = np.array(SKELETON_50.mirror), np.array(SKELETON_50.parents)
    factor_J = np.exp(rng.normal(0.0, 0.07, len(parents)))
    factor_J[[29, 8]] = rng.uniform(0.0, 2.0)  # from the wrist to the hand root: some trackers show no such gap
    factor_J[[3, 4]] *= 1.06  # the mean of real recordings, see `signllm.lifting.bones.USUAL_LENGTHS`
    factor_J[0] = rng.uniform(0.65, 1.2)
    factor_J[30:] *= rng.uniform(0.85, 1.5)
    factor_J[[2, 5]] = 1.0
    tilt_J3 = np.zeros((len(parents), 3))
    tilt_J3[0, 2] = rng.uniform(-0.2, 0.5)  # how far the nose is ahead of the neck differs even more
    factor_J[5:29] = factor_J[mirror[5:29]]
    moved_FJ3 = joints_FJ3.copy()
    for joint in np.argsort(_depth_J()):
        if parents[joint] >= 0:
            bone_F3 = joints_FJ3[:, joint] - joints_FJ3[:, parents[joint]]
            length_F1 = factor_J[joint] * np.linalg.norm(bone_F3, axis=-1, keepdims=True)
            moved_FJ3[:, joint] = moved_FJ3[:, parents[joint]] + length_F1 * unit(bone_F3 + tilt_J3[joint])
    return moved_FJ3


def _depth_J() -> np.ndarray:
    """How many bones each joint is from the root."""
    depth_J = np.zeros(SKELETON_50.num_joints, int)
    for joint in range(SKELETON_50.num_joints):
        ancestor = joint
        while (ancestor := SKELETON_50.parents[ancestor]) >= 0:
            depth_J[joint] += 1
    return depth_J


def _swivelled(joints_FJ3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Elbows turned about the line from shoulder to wrist, which leaves the hands where they are."""
    joints_FJ3 = joints_FJ3.copy()
    for shoulder, elbow, wrist in ((2, 3, 4), (5, 6, 7)):
        angle_F = np.radians(rng.normal(0.0, 18.0) + 8.0 * _slow(len(joints_FJ3), 1, rng)[:, 0])
        turn_F33 = rotation_about(unit(joints_FJ3[:, wrist] - joints_FJ3[:, shoulder]), angle_F)
        upper_F3 = joints_FJ3[:, elbow] - joints_FJ3[:, shoulder]
        joints_FJ3[:, elbow] = joints_FJ3[:, shoulder] + (turn_F33 @ upper_F3[..., None])[..., 0]
    return joints_FJ3


def _camera(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) how the camera stands; a trunk that is turned to the side looks the same."""
    degrees = np.clip(rng.normal(0.0, _CAMERA_DEGREES), -_WIDEST_DEGREES, _WIDEST_DEGREES)
    x, y, z = np.eye(3)
    yaw, pitch, roll = np.radians(degrees)
    return rotation_about(y, yaw) @ rotation_about(x, pitch) @ rotation_about(z, roll)


def _slow(frames: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """(F, channels) noise of about unit variance that changes over half a second."""
    knots = max(2, frames // 12 + 2)
    values = rng.normal(0.0, 1.2, (knots, channels))
    at = np.linspace(0, knots - 1, frames)
    before = np.minimum(at.astype(int), knots - 2)
    share = (at - before)[:, None]
    return values[before] * (1 - share) + values[before + 1] * share


def _tracker_noise(frames: int, rng: np.random.Generator) -> np.ndarray:
    """(F, J, 2) in shoulder widths: trembling, and errors that stay for a while."""
    noise = np.zeros((frames, SKELETON_50.num_joints, 2))
    for joints, least, most in ((_BODY, 0.003, 0.015), (_HANDS, 0.003, 0.010)):
        size = rng.uniform(least, most)
        slow = _slow(frames, 2 * len(joints), rng).reshape(frames, len(joints), 2)
        noise[:, joints] = size * (rng.normal(size=slow.shape) + 0.7 * slow)
    return noise


def _gaps(seen_FJ2: np.ndarray, rng: np.random.Generator, gaps: float) -> np.ndarray:
    """(F, J) what the tracker finds: hands get lost for some frames, single joints flicker, the image ends below."""
    frames = len(seen_FJ2)
    valid_FJ = rng.random((frames, SKELETON_50.num_joints)) >= 0.01 * gaps
    for hand, arm in (("right_hand", (3, 4)), ("left_hand", (6, 7))):
        if rng.random() < 0.5 * gaps:
            lost_F = _slow(frames, 1, rng)[:, 0] > rng.uniform(-0.3, 1.2)
            valid_FJ[:, list(SKELETON_50.parts[hand])] &= ~lost_F[:, None]
        if rng.random() < 0.1 * gaps:
            valid_FJ[:, list(arm)] &= _slow(frames, 1, rng) <= 1.0
    if rng.random() < 0.25 * gaps:
        valid_FJ &= seen_FJ2[..., 1] < rng.uniform(0.7, 1.3)
    valid_FJ[:, [SKELETON_50.root, *SKELETON_50.shoulders]] = True
    return valid_FJ

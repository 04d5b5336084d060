"""Small clips for the tests of metrics: a signer whose arms and fingers move smoothly."""

import numpy as np

from signllm.pose import SKELETON_50, PoseSequence


def rest_pose():
    """(50, 3) a standing signer in shoulder widths, y down."""
    pose = np.zeros((50, 3))
    pose[:8] = [[0, -0.6, 0], [0, 0, 0], [-0.5, 0, 0], [-0.7, 0.7, 0], [-0.4, 1.0, 0.3]] + [
        [0.5, 0, 0],
        [0.7, 0.7, 0],
        [0.4, 1.0, 0.3],
    ]
    for first, wrist in ((8, 7), (29, 4)):
        pose[first] = pose[wrist] + [0, -0.02, 0.01]
        for finger in range(5):
            for k in range(1, 5):
                pose[first + finger * 4 + k] = pose[wrist] + [0.05 * (finger - 2), -0.06 * k, 0.02 * k]
    return pose


def signing(seed, frames=40, fps=25.0, phase=0.0):
    """A clip whose wrists travel along smooth curves set by `seed`; fingers bend; `phase` shifts it in time."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None] / fps + phase
    pose = np.repeat(rest_pose()[None], frames, axis=0)
    for wrist, hand in SKELETON_50.wrists.items():
        path = 0.25 * np.sin(2 * np.pi * rng.uniform(0.4, 1.2, 3) * time + rng.uniform(0, 6, 3))
        pose[:, [hand, *SKELETON_50.parts[wrist]]] += path[:, None]
        bend = 0.03 * np.sin(2 * np.pi * rng.uniform(0.5, 1.5, (1, 21)) * time + rng.uniform(0, 6, (1, 21)))
        pose[:, list(SKELETON_50.parts[wrist])] += bend[..., None]
    return PoseSequence.all_valid(pose, fps)


def with_missing(pose, share, seed=0):
    """The same clip with joints missing at random; the neck stays."""
    valid = np.random.default_rng(seed).random(pose.valid.shape) >= share
    valid[:, 1] = True
    return pose.replace(valid=valid)


def frozen(pose):
    """The clip's mean pose, standing still."""
    return PoseSequence.all_valid(np.repeat(pose.coordinates.mean(0, keepdims=True), len(pose), axis=0), pose.fps)


def jittered(pose, sigma, seed=0):
    """The clip with independent noise in every frame."""
    noise = np.random.default_rng(seed).normal(0, sigma, pose.coordinates.shape)
    return pose.replace(coordinates=pose.coordinates + noise)

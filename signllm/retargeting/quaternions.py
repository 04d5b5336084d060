"""Rotations as quaternions (x, y, z, w) of length 1 in the last axis; every function takes whole arrays and broadcasts.

Legend: N any leading axes, F frames.
"""

from __future__ import annotations

import numpy as np

IDENTITY = np.array([0.0, 0.0, 0.0, 1.0])
_TINY = 1e-12


def unit(vectors_NC: np.ndarray) -> np.ndarray:
    """The vectors with length 1; a vector of length 0 stays 0."""
    return vectors_NC / np.maximum(np.sqrt(np.einsum("...c,...c->...", vectors_NC, vectors_NC)), _TINY)[..., None]


def cross(first_N3: np.ndarray, second_N3: np.ndarray) -> np.ndarray:
    """The cross product; numpy's own takes three times as long."""
    ax, ay, az = first_N3[..., 0], first_N3[..., 1], first_N3[..., 2]
    bx, by, bz = second_N3[..., 0], second_N3[..., 1], second_N3[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def dot(first_NC: np.ndarray, second_NC: np.ndarray) -> np.ndarray:
    """The scalar product over the last axis."""
    return np.einsum("...c,...c->...", first_NC, second_NC)


def multiply(first_N4: np.ndarray, second_N4: np.ndarray) -> np.ndarray:
    """The rotation that does `second` and then `first`."""
    ax, ay, az, aw = first_N4[..., 0], first_N4[..., 1], first_N4[..., 2], first_N4[..., 3]
    bx, by, bz, bw = second_N4[..., 0], second_N4[..., 1], second_N4[..., 2], second_N4[..., 3]
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def inverse(rotations_N4: np.ndarray) -> np.ndarray:
    """The rotations back."""
    return rotations_N4 * [-1.0, -1.0, -1.0, 1.0]


def rotate(rotations_N4: np.ndarray, vectors_N3: np.ndarray) -> np.ndarray:
    """The vectors turned by the rotations."""
    axis = rotations_N4[..., :3]
    twice = 2 * cross(axis, vectors_N3)
    return vectors_N3 + rotations_N4[..., 3:] * twice + cross(axis, twice)


def about(axes_N3: np.ndarray, angles_N: np.ndarray) -> np.ndarray:
    """The rotations by angles (radians) about axes of length 1."""
    half_N1 = np.asarray(angles_N)[..., None] / 2
    turned_N3 = axes_N3 * np.sin(half_N1)
    return np.concatenate([turned_N3, np.broadcast_to(np.cos(half_N1), (*turned_N3.shape[:-1], 1))], axis=-1)


def shortest_arc(from_N3: np.ndarray, to_N3: np.ndarray) -> np.ndarray:
    """The smallest rotations that turn directions of length 1 into others; where they are opposite, about x."""
    turned = np.concatenate([cross(from_N3, to_N3), (1 + dot(from_N3, to_N3))[..., None]], axis=-1)
    opposite = np.sqrt(dot(turned, turned)) < 1e-6
    return np.where(opposite[..., None], [1.0, 0.0, 0.0, 0.0], unit(turned))


def from_matrices(matrices_N33: np.ndarray) -> np.ndarray:
    """The rotations of rotation matrices, whose columns are the turned axes."""
    m = np.moveaxis(matrices_N33, (-2, -1), (0, 1))
    xx, yy, zz = m[0, 0], m[1, 1], m[2, 2]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    # Each row is 4 times one component times the whole quaternion; the one with the largest component is exact.
    four = (
        (1 + xx - yy - zz, xy, xz, wx),
        (xy, 1 - xx + yy - zz, yz, wy),
        (xz, yz, 1 - xx - yy + zz, wz),
        (wx, wy, wz, 1 + xx + yy + zz),
    )
    rows = np.stack([np.stack(row, axis=-1) for row in four], axis=-2)
    largest = np.argmax(np.diagonal(rows, axis1=-2, axis2=-1), axis=-1)
    return unit(np.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :])


def frames(first_N3: np.ndarray, second_N3: np.ndarray) -> np.ndarray:
    """The rotations whose turned x axis is `first` and whose turned y axis lies as near to `second` as it can."""
    x = unit(first_N3)
    z = unit(cross(x, second_N3))
    return from_matrices(np.stack([x, cross(z, x), z], axis=-1))


def twist_about(rotations_N4: np.ndarray, axes_N3: np.ndarray) -> np.ndarray:
    """The angles (radians, -pi to pi) by which rotations turn about axes of length 1, apart from tilting them."""
    along = dot(rotations_N4[..., :3], axes_N3)
    return 2 * np.arctan2(along * np.sign(rotations_N4[..., 3]) + 0.0, np.abs(rotations_N4[..., 3]))


def limited(angles_N: np.ndarray, low: float, high: float) -> np.ndarray:
    """Angles (radians, any) within limits, without a jump anywhere.

    Between the limits they stay; beyond, they stay at the nearer limit; within 60 degrees of the angle that is as far
    from both limits, they go over from one to the other.
    """
    middle, half = (low + high) / 2, (high - low) / 2
    off = np.remainder(angles_N - middle + np.pi, 2 * np.pi) - np.pi
    back = min(np.pi - half, np.pi / 3)
    return middle + np.sign(off) * np.minimum(np.minimum(np.abs(off), half), half * (np.pi - np.abs(off)) / back)


def scaled(rotations_N4: np.ndarray, factor: float | np.ndarray, most: float = np.pi) -> np.ndarray:
    """Rotations about the same axes by a multiple of their angles, at most by `most` radians."""
    rotations_N4 = np.where(rotations_N4[..., 3:] < 0, -rotations_N4, rotations_N4)
    sine = np.sqrt(dot(rotations_N4[..., :3], rotations_N4[..., :3]))
    angle = np.minimum(2 * np.arctan2(sine, rotations_N4[..., 3]) * factor, most)
    return about(rotations_N4[..., :3] / np.maximum(sine, _TINY)[..., None], angle)


def slerp(first_N4: np.ndarray, second_N4: np.ndarray, share_N: np.ndarray) -> np.ndarray:
    """The rotations on the shorter way from the first (share 0) to the second (share 1), at a steady pace."""
    cosine = dot(first_N4, second_N4)
    second_N4 = np.where(cosine[..., None] < 0, -second_N4, second_N4)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.sin(angle)
    near = sine < 1e-4
    safe = np.where(near, 1.0, sine)
    before = np.where(near, 1 - share_N, np.sin((1 - share_N) * angle) / safe)
    after = np.where(near, share_N, np.sin(share_N * angle) / safe)
    return unit(before[..., None] * first_N4 + after[..., None] * second_N4)


def continuous(rotations_FN4: np.ndarray) -> np.ndarray:
    """The same rotations, each with the sign that is nearer to the frame before: q and -q turn alike."""
    if len(rotations_FN4) < 2:
        return rotations_FN4
    sign = np.where(dot(rotations_FN4[1:], rotations_FN4[:-1]) < 0, -1.0, 1.0)
    return np.concatenate([rotations_FN4[:1], rotations_FN4[1:] * np.cumprod(sign, axis=0)[..., None]])


def angle_between(first_N4: np.ndarray, second_N4: np.ndarray) -> np.ndarray:
    """Radians from 0 to pi between rotations."""
    return 2 * np.arccos(np.clip(np.abs(dot(first_N4, second_N4)), 0, 1))

"""Geometry of clips on plain arrays, one function each: scale, middle of the shoulders, origin, moments in time.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from signllm.errors import DataError
from signllm.pose.skeleton import Skeleton


def median(values_N: np.ndarray) -> float:
    """The median, NaN of nothing. numpy's own takes ten times as long for as few values as a clip has frames."""
    if not len(values_N):
        return float("nan")
    ordered = np.sort(values_N)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def every(holds_NC: np.ndarray) -> np.ndarray:
    """`holds_NC.all(-1)`, (...) bool of (..., C). numpy's own is many times slower where C is 2 or 3."""
    return reduce(np.logical_and, np.moveaxis(holds_NC, -1, 0))


def some(holds_NC: np.ndarray) -> np.ndarray:
    """`holds_NC.any(-1)`, (...) bool of (..., C): see `every`."""
    return reduce(np.logical_or, np.moveaxis(holds_NC, -1, 0))


def with_depth(joints_FJC: np.ndarray) -> np.ndarray:
    """(F, J, 3): z is 0 where there is none."""
    if joints_FJC.shape[2] == 3:
        return joints_FJC
    return np.concatenate([joints_FJC, np.zeros_like(joints_FJC[..., :1])], axis=-1)


def shoulder_offsets(joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Second shoulder minus first in the image plane, (n, 2) float32, over the n frames that show both."""
    first, second = skeleton.shoulders
    both_F = valid_FJ[:, first] & valid_FJ[:, second]
    ends_n2 = (joints_FJC[both_F, joint, :2].astype(np.float32) for joint in (second, first))
    return np.subtract(*ends_n2)


def shoulder_width(joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton) -> float:
    """Median distance of the shoulders in the image plane (x, y); NaN when they are never both seen."""
    return median(np.linalg.norm(shoulder_offsets(joints_FJC, valid_FJ, skeleton), axis=-1))


def mid_shoulders(joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """The point half way between the shoulders (F, C), and whether it is known (F,): where both shoulders are seen."""
    first, second = skeleton.shoulders
    return (joints_FJC[:, first] + joints_FJC[:, second]) / 2, valid_FJ[:, first] & valid_FJ[:, second]


def with_neck(joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """New joints and mask with the middle of the shoulders as neck, for trackers that have no such point."""
    joints_FJC, valid_FJ = joints_FJC.copy(), valid_FJ.copy()
    joints_FJC[:, skeleton.root], valid_FJ[:, skeleton.root] = mid_shoulders(joints_FJC, valid_FJ, skeleton)
    return joints_FJC, valid_FJ


def neck_origin(joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """(C,) float64, the neck's median over the frames that show it; NaN when none does.

    One point a clip: swaying of the trunk stays, and a trembling neck does not shake the hands.
    """
    seen_FC = joints_FJC[valid_FJ[:, skeleton.root], skeleton.root].astype(np.float64)
    return np.array([median(values_F) for values_F in seen_FC.T])


def in_shoulder_widths(
    joints_FJC: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton, centre: bool = True, strict: bool = True
) -> np.ndarray:
    """(F, J, C) divided by the clip's shoulder width, after `centre` moved its `neck_origin` to the origin.

    joints_FJC are in any unit that is the same for x and y. Raises DataError where the clip shows no shoulder width or
    no neck; without `strict` such a clip keeps the scale or the origin it has. Missing joints are moved along.
    """
    width = shoulder_width(joints_FJC, valid_FJ, skeleton)
    origin_C = neck_origin(joints_FJC, valid_FJ, skeleton) if centre else np.zeros(joints_FJC.shape[2])
    if not width > 0 or np.isnan(origin_C).any():
        if strict:
            raise DataError(
                "the shoulders are never both seen (or never apart), so there is no scale; leave the clip out"
            )
        width = width if width > 0 else 1.0
        origin_C = np.nan_to_num(origin_C)
    return (joints_FJC - origin_C) / width


def resampled_length(frames: int, fps: float, new_fps: float) -> int:
    """How many frames a clip of `frames` has at another frame rate; at least one."""
    return max(1, round(frames * new_fps / fps))


def at_moments(joints_FJC: np.ndarray, valid_FJ: np.ndarray, moments_G: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (G, J, C) and mask (G, J) at moments given as fractional frames from 0 to F - 1, linear in between.

    The one rule for masks: a joint is valid at a moment when it is valid in both frames around it; a moment that falls
    on a frame asks for that frame alone.
    """
    last = len(joints_FJC) - 1
    before = np.clip(np.floor(moments_G).astype(int), 0, last)
    after = np.minimum(before + 1, last)
    weight = (moments_G - before).astype(np.float32)[:, None]
    joints_GJC = joints_FJC[before] * (1 - weight[..., None]) + joints_FJC[after] * weight[..., None]
    return joints_GJC, valid_FJ[before] & (valid_FJ[after] | (weight == 0))


def mean_pose(clips: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """(J, C) float64 mean place of each joint over all frames that show it, and (J,) which joints any frame shows.

    Of (joints_FJC, valid_FJ) pairs, at least one, whose missing joints are zero; a joint that is never shown has 0.
    """
    sum_JC, count_J = np.zeros(()), np.zeros((), int)
    for joints_FJC, valid_FJ in clips:
        sum_JC = sum_JC + joints_FJC.sum(0, dtype=np.float64)
        count_J = count_J + valid_FJ.sum(0)
    return sum_JC / np.maximum(count_J, 1)[:, None], count_J > 0

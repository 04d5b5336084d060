"""Arrays of tracked points, whatever file they lie in, as clips: by their shapes, and by their names in a group.

`read_arrays(arrays, name)` makes one clip of the arrays that belong to it:
- one array (frames, numbers), (frames, points, numbers) or (frames, people, points, numbers);
- a body, hands and a face apart (`PARTS`), each with its points;
- confidences in an array of their own (`SCORES`), a frame rate (`FPS`).

Legend: F frames, P people, K points, C numbers of a point, V numbers of a row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats.raw_points import RawPoints, forms_of_points, forms_of_width, known_widths
from signllm.pose.formats.unreadable import said_of_shape
from signllm.pose.geometry import some

POINTS = re.compile(
    r"(.*_)?(keypoints?|points|poses?(_3d|_2d)?|landmarks?|coordinates?|joints|skeletons?|data|arr_0|kpts?|features?|x|values?)",
    re.IGNORECASE,
)
SCORES = re.compile(r"(.*_)?(scores?|confidences?|conf|visibility|keypoint_scores)", re.IGNORECASE)
FPS = re.compile(r"fps|frame_rate|framerate", re.IGNORECASE)
_PART = {
    "body": re.compile(r"(body|bodies|pose)(_?(keypoints?|landmarks?|2d|3d|points))*", re.IGNORECASE),
    "face": re.compile(r"faces?(_?(keypoints?|landmarks?|2d|3d|points))*", re.IGNORECASE),
    "left": re.compile(r"(left_?hand|hand_?left|lh)(_?(keypoints?|landmarks?|2d|3d|points))*", re.IGNORECASE),
    "right": re.compile(r"(right_?hand|hand_?right|rh)(_?(keypoints?|landmarks?|2d|3d|points))*", re.IGNORECASE),
    "hands": re.compile(r"hands(_?(keypoints?|landmarks?|2d|3d|points))*", re.IGNORECASE),
}
LARGEST = 1 << 31
"""Numbers in one array of a clip: at 60 frames a second of 1662 numbers this is six hours."""


def part_of(name: str) -> str | None:
    """'body', 'face', 'left', 'right' or 'hands' for an array that holds one of them, by its name."""
    return next((part for part, pattern in _PART.items() if pattern.fullmatch(name)), None)


def is_pose_shape(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape can be a clip."""
    if len(shape) == 2:
        return bool(forms_of_width(shape[1]))
    return len(shape) in (3, 4) and bool(forms_of_points(shape[-2], shape[-1]))


def is_batch_shape(shape: tuple[int, ...]) -> bool:
    """Whether an array of this shape holds several clips of one length as flat rows."""
    return len(shape) == 3 and not is_pose_shape(shape) and bool(forms_of_width(shape[2]))


def read_arrays(arrays: Mapping[str, np.ndarray]) -> RawPoints:
    """The clip that the arrays hold. Raises DataError where their shapes are none that is known."""
    fps = next((_number(array) for name, array in arrays.items() if FPS.fullmatch(name)), None)
    scores = {name: array for name, array in arrays.items() if SCORES.fullmatch(name)}
    rest = {name: array for name, array in arrays.items() if name not in scores and not FPS.fullmatch(name)}
    by_part = {part: name for name in rest if (part := part_of(name)) and rest[name].ndim >= 3}
    if "body" in by_part and ({"left", "right"} <= by_part.keys() or "hands" in by_part):
        return _of_parts({part: rest[name] for part, name in by_part.items()}, scores, fps)
    poses = {name: array for name, array in rest.items() if is_pose_shape(array.shape)}
    if len(poses) != 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in rest.items()) or "no array"
        what = "no array" if not poses else f"{len(poses)} arrays"
        raise DataError(f"{what} of a known shape ({shapes}); known are {known_widths()}")
    ((_, array),) = poses.items()
    score = next((s for s in scores.values() if s.shape in (array.shape[:-1], (*array.shape[:-1], 1))), None)
    return rows_of(array, fps, score)


def rows_of(array: np.ndarray, fps: float | None = None, scores: np.ndarray | None = None) -> RawPoints:
    """One array as a clip; of several people the one who signs. Raises DataError."""
    if array.dtype == object or array.dtype.kind not in "fiu":
        raise DataError(f"the array holds {array.dtype} values, expected numbers; pickled objects are never opened")
    if array.size > LARGEST:
        raise DataError(f"shape {array.shape} is {array.size / 1e9:.1f} billion numbers; is this one clip?")
    if not is_pose_shape(array.shape):
        raise DataError(f"shape {array.shape} is not known{said_of_shape(array.shape)}; known are {known_widths()}")
    note = None
    if scores is not None and scores.ndim == array.ndim:
        scores = scores[..., 0]
    if array.ndim == 4:
        order_FP = follow(array)
        frames_F = np.arange(len(array))
        chosen, note = signer_of(array[frames_F[:, None], order_FP])
        array = array[frames_F, order_FP[:, chosen]]
        scores = None if scores is None else scores[frames_F, order_FP[:, chosen]]
    if array.ndim == 2:
        return RawPoints(array, forms_of_width(array.shape[1]), fps)
    forms = forms_of_points(array.shape[1], array.shape[2])
    return RawPoints(np.ascontiguousarray(array).reshape(len(array), -1), forms, fps, scores, note=note)


def _of_parts(parts: Mapping[str, np.ndarray], scores: Mapping[str, np.ndarray], fps: float | None) -> RawPoints:
    """Body, hands and face one behind the other; a face and feet are left out."""
    body = parts["body"]
    if "hands" in parts:
        hands = parts["hands"]
        pair = hands if hands.ndim == 4 else hands.reshape(len(hands), 2, -1, hands.shape[-1])
        left, right = pair[:, 0], pair[:, 1]
    else:
        left, right = parts["left"], parts["right"]
    arrays = [array[:, 0] if array.ndim == 4 else array for array in (body, left, right)]
    numbers = min(array.shape[-1] for array in arrays)
    if len({len(array) for array in arrays}) > 1:
        counts = ", ".join(f"{part} {len(array)}" for part, array in parts.items())
        raise DataError(f"the parts have different numbers of frames: {counts}")
    points = np.concatenate([array[..., :numbers] for array in arrays], axis=1)
    by_part = {part_of(re.sub(r"_?(scores?|conf(idences?)?)$", "", name)): array for name, array in scores.items()}
    wanted = [by_part.get(part) for part in ("body", "left", "right")]
    score = None
    if all(array is not None for array in wanted):
        score = np.concatenate([np.asarray(array).reshape(len(points), -1) for array in wanted], axis=1)
    if not forms_of_points(points.shape[1], numbers):
        counts = ", ".join(f"{part} {array.shape[-2]}" for part, array in parts.items())
        raise DataError(f"parts with so many points are not known: {counts}")
    return rows_of(points, fps, score)


def signer_of(points_FPKC: np.ndarray) -> tuple[int, str | None]:
    """The person who signs: whose points move most in the hands' half of the list, for their size, and a note.

    People who are seen in less than a third of the frames of the one seen most are left aside.
    """
    people = points_FPKC.shape[1]
    if people == 1:
        return 0, None
    flat_FPK2 = np.nan_to_num(points_FPKC[..., :2].astype(np.float64))
    seen_FPK = some(flat_FPK2 != 0)
    shown_P = seen_FPK.any(2).sum(0)
    score_P = np.zeros(people)
    for person in range(people):
        seen_FK = seen_FPK[:, person]
        if not seen_FK.any() or shown_P[person] < shown_P.max() / 3:
            continue
        shown_N2 = flat_FPK2[:, person][seen_FK]
        size = float(np.percentile(shown_N2, 95, axis=0)[1] - np.percentile(shown_N2, 5, axis=0)[1])
        steps_FK = np.linalg.norm(np.diff(flat_FPK2[:, person], axis=0), axis=-1)
        both_FK = seen_FK[1:] & seen_FK[:-1]
        motion = float(np.median(steps_FK[both_FK])) if both_FK.any() else 0.0
        score_P[person] = size * (1 + min(motion / max(size, 1e-9), 1.0)) * shown_P[person]
    chosen = int(np.argmax(score_P))
    return chosen, f"{int((shown_P > 0).sum())} people; the largest and most moving one was taken (number {chosen + 1})"


_FAR = 2.0
"""Spreads of a person's points from where another one was before who has left: further away is somebody new."""


def follow(points_FPKC: np.ndarray) -> np.ndarray:
    """(F, P): which person of each frame stands in each place, so that a place holds one person throughout.

    Trackers list the people of a frame in any order. Each is linked to the nearest of those before, by the middle of
    the points that are seen (those at 0, 0 or not finite are not); where that is what the file does, nothing changes.
    """
    frames, people = points_FPKC.shape[:2]
    order_FP = np.tile(np.arange(people), (frames, 1))
    if people == 1:
        return order_FP
    flat_FPK2 = points_FPKC[..., :2].astype(np.float64)
    seen_FPK = np.isfinite(flat_FPK2).all(-1) & (flat_FPK2 != 0).any(-1)
    flat_FPK2 = np.where(seen_FPK[..., None], flat_FPK2, 0)
    count_FP1 = np.maximum(seen_FPK.sum(2), 1)[..., None]
    middle_FP2 = flat_FPK2.sum(2) / count_FP1
    off_FPK2 = np.where(seen_FPK[..., None], flat_FPK2 - middle_FP2[:, :, None], 0)
    spread_FP = np.sqrt((off_FPK2**2).sum((2, 3)) / count_FP1[..., 0])
    step_FPP = np.linalg.norm(middle_FP2[1:, :, None] - middle_FP2[:-1, None], axis=-1)
    if seen_FPK.any(2).all() and (step_FPP.argmin(2) == np.arange(people)).all():
        return order_FP  # everybody is nearest to himself: the file keeps people apart
    last: dict[int, np.ndarray] = {}
    for frame in range(frames):
        there = [person for person in range(people) if seen_FPK[frame, person].any()]
        order_FP[frame] = _places(there, people, middle_FP2[frame], spread_FP[frame], last)
        for place, person in enumerate(order_FP[frame]):
            if person in there:
                last[place] = middle_FP2[frame, person]
    return order_FP


def _places(
    there: list[int], people: int, middle_P2: np.ndarray, spread_P: np.ndarray, last: Mapping[int, np.ndarray]
) -> list[int]:
    """The person in each place in one frame; those who are not seen are put where nobody else is."""
    gaps = {(person, place): float(np.hypot(*(middle_P2[person] - last[place]))) for person in there for place in last}
    taken: dict[int, int] = {}
    for person, place in sorted(gaps, key=gaps.__getitem__):
        if person not in taken.values() and place not in taken and gaps[person, place] <= _FAR * spread_P[person]:
            taken[place] = person
    new = [person for person in there if person not in taken.values()]
    free = [place for place in range(people) if place not in taken]
    free.sort(key=lambda place: place in last)  # somebody new takes a place that nobody had
    for person in new:
        own = person in free and person not in last
        taken[free.pop(free.index(person) if own else 0)] = person
    rest = [person for person in range(people) if person not in taken.values()]
    for place in sorted(free):
        taken[place] = rest.pop(rest.index(place) if place in rest else 0)
    return [taken[place] for place in range(people)]


def _number(array: np.ndarray) -> float | None:
    values = np.ravel(array)
    return float(values[0]) if len(values) and values.dtype.kind in "fiu" and 0 < float(values[0]) < 1e4 else None

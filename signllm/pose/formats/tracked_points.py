"""Points of a tracker: OpenPose rows of DGS sentences, MediaPipe rows of KSL, MediaPipe JSON of TSL words.

All three hold x and y as shares of the image's sides, so x must be stretched by the image's width over its height
before a length means anything. None of them says the aspect; it was measured on the recordings themselves, where the
right one makes the upper arm 0.9 shoulder widths long (its 95th percentile, what lies across the image included):
- DGS sentences: 0.90 at 16:9, and hand bones vary least there of all aspects;
- KSL rows: 0.95 at 16:9, 1.25 at 4:3;
- TSL words: 0.91 at 1:1, the square video of AUTSL, whose 226 words these are.

Right and left are the signer's: in all three the right shoulder lies left in the image (an unmirrored camera), and the
array called right hand lies on the right wrist in 97 % of frames or more. Depth is left out: a tracker's z is in
another unit than x and y. Joints become shoulder widths as in `.pose` files: by the clip's own median, neck at the
origin.

Legend: F frames, K points of the source, J joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity, read_json
from signllm.pose.formats.archives import array_names, array_shapes, read_arrays
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.pose_file import to_shoulder_widths
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, has_suffix, one_clip
from signllm.pose.geometry import with_neck
from signllm.pose.skeleton import SKELETON_50

WIDE, SQUARE = 16 / 9, 1.0
VISIBLE = 0.5  # MediaPipe's own threshold for drawing a landmark (VISIBILITY_THRESHOLD of its drawing_utils)
_HAND = tuple(range(21))


@dataclass(frozen=True)
class TrackedLayout:
    """The source's place of each of the eight body joints (None: no such point) and where its two hands begin."""

    body: tuple[int | None, ...]
    left_hand: int
    right_hand: int
    aspect: float

    def places(self) -> list[int]:
        """The place (J,) of each joint, -1 for one the source has not."""
        hands = [first + point for first in (self.left_hand, self.right_hand) for point in _HAND]
        return [-1 if place is None else place for place in self.body] + hands


# BODY_25 begins with the eight joints in our order; MediaPipe's pose has 0 nose, 11/12 shoulders, 13/14 elbows, 15/16
# wrists, left before right, and no neck.
OPENPOSE_67 = TrackedLayout(tuple(range(8)), 25, 46, WIDE)
HOLISTIC_75 = TrackedLayout((0, None, 12, 14, 16, 11, 13, 15), 33, 54, WIDE)
WORDS_51 = TrackedLayout((0, None, 2, 4, 6, 1, 3, 5), 9, 30, SQUARE)
_WORDS_POSE = ("0", "11", "12", "13", "14", "15", "16", "23", "24")


def to_raw(points_FK2: np.ndarray, seen_FK: np.ndarray, layout: TrackedLayout, fps: float | None) -> Loaded:
    """The 50 joints in shoulder widths with a mask; or None and what speaks against the clip."""
    if not len(points_FK2):
        return None, ["the clip is empty"]
    bad_FK = seen_FK & ~np.isfinite(points_FK2).all(-1)
    if bad_FK.any():
        frame, point = np.argwhere(bad_FK)[0]
        return None, [f"frame {frame}, point {point}: not a finite number ({int(bad_FK.sum())} such points)"]
    places_J = np.array(layout.places())
    joints_FJ2 = points_FK2[:, places_J].astype(np.float64) * (layout.aspect, 1.0)
    valid_FJ = seen_FK[:, places_J] & (places_J >= 0)
    if places_J[SKELETON_50.root] < 0:
        joints_FJ2, valid_FJ = with_neck(joints_FJ2, valid_FJ, SKELETON_50)
    try:
        pose = to_shoulder_widths(joints_FJ2, valid_FJ, fps or 1.0)
    except DataError as error:
        return None, error.faults
    flat_FJC = np.concatenate([pose.coordinates, np.zeros((*valid_FJ.shape, 1), np.float32)], axis=-1)
    return RawClip(flat_FJC, None, fps, valid_FJ, scale_known=True, sides_known=True), []


def read_openpose_rows(path: Path) -> Loaded:
    """`<id>.npz` with keypoints (F, 134): BODY_25, left hand 21, right hand 21 as x, y; 0, 0 is missing; fps (1,).

    A point on the border, where the source cut it off at 0 or 1, counts as missing too: its true place is unknown.
    """
    try:
        data = read_arrays(path, ["keypoints", *(["fps"] if "fps" in array_names(path) else [])])
        rows = data["keypoints"]
        fps = float(np.ravel(data["fps"])[0]) if "fps" in data else None
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except (ValueError, TypeError, IndexError) as error:
        return None, [f"fps is no number ({error})"]
    if rows.dtype.kind not in "fiu":
        return None, [f"keypoints hold {rows.dtype}, expected numbers"]
    if rows.ndim != 2 or rows.shape[1] != 134:
        return None, [f"keypoints have shape {rows.shape}, expected (frames, 134): 25 + 21 + 21 points x (x, y)"]
    if fps is not None and not 0 < fps < 1e4:
        return None, [f"fps is {fps}, expected a positive number"]
    points_FK2 = rows.reshape(len(rows), 67, 2)
    inside_FK = ((points_FK2 > 0) & (points_FK2 < 1)).all(-1) | ~np.isfinite(points_FK2).all(-1)
    return to_raw(points_FK2, inside_FK, OPENPOSE_67, fps)


@lru_cache(maxsize=4)
def _label_clips(path: Path, label: str, content: tuple[int, ...]) -> np.ndarray:
    return read_arrays(path, [label])[label]


def read_holistic_rows(path: Path, label: str, index: int) -> Loaded:
    """Clip `index` of `clips.npz[label]` (clips, F, 258): 33 x (x, y, z, visibility), left 21, right 21 x (x, y, z).

    Zeros are missing, and body points that MediaPipe itself holds to be invisible.
    """
    try:
        clips = _label_clips(path, label, file_identity(path))
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except OSError as error:
        return None, [f"cannot be read ({error.strerror or error})"]
    if clips.dtype.kind not in "fiu":
        return None, [f"'{label}' holds {clips.dtype}, expected numbers"]
    row_FV = clips[index]
    body_FK4 = row_FV[:, :132].reshape(-1, 33, 4)
    points_FK3 = np.concatenate([body_FK4[..., :3], row_FV[:, 132:].reshape(-1, 42, 3)], axis=1)
    seen_FK = (points_FK3 != 0).any(-1)
    seen_FK[:, :33] &= body_FK4[..., 3] >= VISIBLE
    return to_raw(points_FK3[..., :2], seen_FK, HOLISTIC_75, None)


def read_word_landmarks(path: Path) -> Loaded:
    """`<word>.json`: frames of {"pose": {"0": [x, y, z], ...}, "left_hand": 21 x [x, y, z] or empty, "right_hand"}."""
    try:
        frames = read_json(path)["frames"]  # type: ignore[index]  # TypeError where it is no object
        rows = [_word_frame(frame) for frame in frames]
        points_FK3 = np.array(rows, np.float64).reshape(-1, 51, 3)
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return None, [f"not word landmarks ({type(error).__name__}: {error}); expected frames of pose and two hands"]
    return to_raw(points_FK3[..., :2], (points_FK3 != 0).any(-1), WORDS_51, None)


def _word_frame(frame: dict) -> list[list[float]]:
    """51 points; what is missing is 0, 0, 0. ValueError for another number of points."""
    missing = [0.0, 0.0, 0.0]
    points = [(frame["pose"] or {}).get(index) or missing for index in _WORDS_POSE]
    for hand in ("left_hand", "right_hand"):
        found = frame[hand] or [missing] * len(_HAND)
        if len(found) != len(_HAND):
            raise ValueError(f"{hand} has {len(found)} points, expected {len(_HAND)}")
        points += found
    return points


def list_holistic(path: Path) -> list[ListedClip]:
    """The clips of `clips.npz`, in turn one of each label, so that the first N hold all labels.

    Raises DataError for arrays of another shape, and for labels that differ only in blanks and '_' and so give their
    clips the same names.
    """
    shapes = array_shapes(path)
    faults = [
        f"{path}: '{label}' has shape {shape}, expected (clips, frames, 258): 33 x 4 and two hands x 21 x 3"
        for label, shape in shapes.items()
        if len(shape) != 3 or shape[2] != 258
    ]
    folded: dict[str, list[str]] = {}
    for label in shapes:
        folded.setdefault(label.replace(" ", "_"), []).append(f"'{label}'")
    faults += [
        f"{path}: the labels {', '.join(alike)} give clips the same name, {name}_000; rename all but one"
        for name, alike in folded.items()
        if len(alike) > 1
    ]
    if faults or not shapes:
        raise DataError(faults or f"{path}: the file holds no clip")
    return [
        ListedClip(
            f"{label.replace(' ', '_')}_{index:03d}", (label, index), f"['{label}'][{index}]", 4 * shape[1] * shape[2]
        )
        for index in range(max(shape[0] for shape in shapes.values()))
        for label, shape in shapes.items()
        if index < shape[0]
    ]


def _is_holistic(path: Path) -> bool:
    names = array_names(path) if path.suffix.lower() == ".npz" and path.is_file() else []
    if not names or "coordinates" in names:
        return False
    try:
        return all(len(shape) == 3 and shape[2] == 258 for shape in array_shapes(path).values())
    except DataError:
        return False


OPENPOSE_READER = PoseReader(
    "OpenPose rows, .npz with 'keypoints'",
    lambda path: path.suffix.lower() == ".npz" and path.is_file() and "keypoints" in array_names(path),
    one_clip,
    read_openpose_rows,
)
HOLISTIC_READER = PoseReader(
    "MediaPipe rows, .npz of (clips, frames, 258)", _is_holistic, list_holistic, read_holistic_rows, records_fps=False
)
LANDMARKS_READER = PoseReader(
    "MediaPipe landmarks, .json", has_suffix(".json"), one_clip, read_word_landmarks, records_fps=False
)

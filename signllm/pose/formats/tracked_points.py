"""Points of a tracker: OpenPose rows of DGS sentences, MediaPipe rows of KSL, MediaPipe JSON of TSL words.

All three hold x and y as shares of the image's sides, so x must be stretched by the image's width over its height
before a length means anything. None of them says the aspect; it was measured on the recordings themselves, where the
right one makes the upper arm 0.9 shoulder widths long (its 95th percentile, what lies across the image included):
- DGS sentences: 0.90 at 16:9, and hand bones vary least there of all aspects;
- KSL rows: 0.95 at 16:9, 1.25 at 4:3;
- TSL words: 0.91 at 1:1, the square video of AUTSL, whose 226 words these are.

Right and left are the signer's: in all three the right shoulder lies left in the image (an unmirrored camera), and the
array called right hand lies on the right wrist in 97 % of frames or more. Joints become shoulder widths as in `.pose`
files: by the clip's own median, neck at the origin; depth is judged over many clips.

Legend: F frames, V numbers of a row, K points of the source.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity, read_json
from signllm.pose.formats.archives import array_names, array_shapes, read_arrays
from signllm.pose.formats.raw_points import MIXED, RawPoints, forms_of_points, forms_of_width
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, has_suffix, one_clip

WIDE, SQUARE = 16 / 9, 1.0
_PIXELS = "x and y go far beyond the 0 to 1 of shares of an image, so they are read as pixels"
_LARGEST_SHARE = 2.0  # what is larger is pixels


_OPENPOSE = forms_of_width(134)
_HOLISTIC = tuple(form for form in forms_of_width(258) if form.numbers == MIXED)
_WORDS = forms_of_points(51, 3)
_WORDS_POSE = ("0", "11", "12", "13", "14", "15", "16", "23", "24")


def _rows(values_FV: np.ndarray, **said: Any) -> Loaded:
    if not len(values_FV):
        return None, ["the clip is empty"]
    return RawPoints(values_FV, **said), []


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
    values = np.abs(rows[np.isfinite(rows)])
    shares = not len(values) or float(np.percentile(values, 99)) <= _LARGEST_SHARE
    note = None if shares else _PIXELS
    return _rows(rows, forms=_OPENPOSE, fps=fps, aspect=WIDE if shares else None, border_is_missing=shares, note=note)


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
    return _rows(clips[index], forms=_HOLISTIC, aspect=WIDE)


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
    return _rows(points_FK3.reshape(-1, 153), forms=_WORDS, aspect=SQUARE)


def _word_frame(frame: dict) -> list[list[float]]:
    """51 points; what is missing is 0, 0, 0. ValueError for another number of points."""
    missing = [0.0, 0.0, 0.0]
    points = [(frame["pose"] or {}).get(index) or missing for index in _WORDS_POSE]
    for hand in ("left_hand", "right_hand"):
        found = frame[hand] or [missing] * 21
        if len(found) != 21:
            raise ValueError(f"{hand} has {len(found)} points, expected 21")
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


def _is_openpose_rows(path: Path) -> bool:
    """Rows of 134 numbers, or of a number that no layout has: then the reader says what is wrong with it."""
    if path.suffix.lower() != ".npz" or not path.is_file() or "keypoints" not in array_names(path):
        return False
    try:
        shape = array_shapes(path)["keypoints"]
    except DataError:
        return True
    return len(shape) == 2 and (shape[1] == 134 or not forms_of_width(shape[1]))


OPENPOSE_READER = PoseReader(
    "OpenPose rows, .npz with 'keypoints'",
    _is_openpose_rows,
    one_clip,
    read_openpose_rows,
)
HOLISTIC_READER = PoseReader(
    "MediaPipe rows, .npz of (clips, frames, 258)", _is_holistic, list_holistic, read_holistic_rows, records_fps=False
)
LANDMARKS_READER = PoseReader(
    "MediaPipe landmarks, .json", has_suffix(".json"), one_clip, read_word_landmarks, records_fps=False
)

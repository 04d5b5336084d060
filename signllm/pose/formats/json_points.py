"""Points in JSON: a file a frame in a folder a clip, or a file a clip. The keys say which tracker wrote it.

| tracker | a frame |
|---|---|
| OpenPose | `{"people": [{"pose_keypoints_2d": [x, y, c, ...], "hand_left_keypoints_2d", ...}]}` |
| AlphaPose, COCO-wholebody | entries with `image_id` and `keypoints`, perhaps `lefthand_kpts`, `righthand_kpts` |
| mmpose | `{"instances": [{"keypoints": [[x, y], ...], "keypoint_scores": [...]}]}` |
| MediaPipe | `{"pose_landmarks": [{"x", "y", "z", "visibility"}], "left_hand_landmarks", ...}`, or numbers, or null |
| its tasks | the same in one more list; `hand_landmarks` (or `landmarks`) with `handedness` |

A file of the Public DGS Corpus (`x_openpose.json.gz`) is a list of cameras with frames: a clip each, `x_a1`.

Legend: F frames, P people, K points, C numbers of a point.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity, parse_json, read_json
from signllm.inputs import open_regular
from signllm.pose.formats.people import clip_of_people
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, one_clip
from signllm.pose.formats.row_arrays import read_arrays, rows_of

Person = dict[str, np.ndarray]
"""The points (K, C) of each part: 'body', 'left', 'right', or 'points' for all in one."""

_PARTS = {
    "pose_keypoints_2d": "body", "hand_left_keypoints_2d": "left", "hand_right_keypoints_2d": "right",
    "pose_landmarks": "body", "left_hand_landmarks": "left", "right_hand_landmarks": "right",
    "poselandmarks": "body", "lefthandlandmarks": "left", "righthandlandmarks": "right",
    "pose": "body", "left_hand": "left", "right_hand": "right", "body": "body", "lefthand": "left",
    "righthand": "right", "lefthand_kpts": "left", "righthand_kpts": "right", "keypoints": "points",
    "body_keypoints": "body", "left_hand_keypoints": "left", "right_hand_keypoints": "right",
}  # fmt: skip
_FRAME_LISTS = ("frames", "instance_info", "data", "annotations", "landmarks", "results")
_PEOPLE = ("people", "instances", "persons", "instance_info")
_FLAT_THREE = ("pose_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "keypoints")
_COUNTS = {"left": (21,), "right": (21,), "body": (33, 25, 18, 17)}
"""Points of a part; numbers in a row of one of these with 2 to 4 numbers each are read so."""
_NUMBERED = re.compile(r"(.*\D)?(\d+)(_keypoints)?\.(json|npz|npy)", re.IGNORECASE)
_HEAD = 1 << 10
_PACKED = ".gz"
_MOST_UNPACKED = 2 * 1024**3
_TELLING = re.compile(
    rb'"(people|pose_keypoints_2d|instance_info|keypoints|pose_landmarks|poseLandmarks|left_hand_landmarks'
    rb'|hand_landmarks|handedness|handednesses|camera)"'
)


def _points(value: Any, key: str) -> np.ndarray | None:
    """One part as (K, C), None where it is missing; ValueError for another content."""
    if value is None or value == [] or value == {}:
        return None
    if isinstance(value, dict):
        if "landmark" in value:
            return _points(value["landmark"], key)
        raise ValueError(f"{key} is an object, expected a list of points")
    nested = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and value[0]
    if nested and isinstance(value[0][0], dict):  # MediaPipe's tasks: a list of people
        value = value[0]
    if isinstance(value, list) and isinstance(value[0], dict):
        names = [name for name in ("x", "y", "z", "visibility") if name in value[0]]
        return np.array([[point.get(name, 0.0) for name in names] for point in value], np.float32)
    array = np.array(value, np.float32)
    if array.ndim == 1:
        return array.reshape(-1, _numbers_a_point(key, array.size))
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.ndim != 2:
        raise ValueError(f"{key} has shape {array.shape}, expected points x numbers")
    return array


def _numbers_a_point(key: str, size: int) -> int:
    """Of a part whose numbers stand in one row."""
    if key in _FLAT_THREE or key.endswith("_kpts"):
        return 3
    for count in _COUNTS.get(_PARTS[key.casefold()], ()):
        if size in (2 * count, 3 * count, 4 * count):
            return size // count
    return 3 if size % 3 == 0 else 2


_HANDS = ("hand_landmarks", "handlandmarks", "landmarks")
_SIDES = ("handedness", "handednesses")


def _hands_apart(value: dict) -> dict:
    """The hands of MediaPipe's hand task under their sides' names, where a list beside them says these."""
    by_name = {key.casefold(): key for key in value}
    hands, sides = (next((by_name[name] for name in names if name in by_name), None) for names in (_HANDS, _SIDES))
    if hands is None or sides is None or not isinstance(value[hands], list) or not isinstance(value[sides], list):
        return value
    found = {key: item for key, item in value.items() if key not in (hands, sides)}
    for points, side in zip(value[hands], value[sides], strict=False):
        side = side[0] if isinstance(side, list) and side else side
        name = (side.get("categoryName") or side.get("category_name")) if isinstance(side, dict) else side
        if str(name).casefold() in ("left", "right"):
            found.setdefault(f"{str(name).casefold()}_hand_landmarks", points)
    return found


def _person(value: dict) -> Person:
    person: Person = {}
    value = _hands_apart(value)
    for key, item in value.items():
        part = _PARTS.get(key.casefold())
        points = _points(item, key) if part else None
        if part and points is not None:
            person[part] = points
    scores = value.get("keypoint_scores")
    if "points" in person and person["points"].shape[1] == 2 and isinstance(scores, list):
        column = np.array(scores, np.float32).reshape(-1, 1)
        person["points"] = np.concatenate([person["points"], column], axis=1)
    if "points" in person and {"left", "right"} & person.keys():
        person["body"] = person.pop("points")
    return person


def people_of(frame: Any) -> list[Person]:
    """The people in one frame's value. Raises ValueError for another content."""
    if isinstance(frame, list):
        return [_person(item) for item in frame if isinstance(item, dict)]
    if not isinstance(frame, dict):
        raise ValueError(f"a frame is {type(frame).__name__}, expected an object")
    for key in _PEOPLE:
        if isinstance(frame.get(key), dict) and frame[key]:  # AI Hub's Korean corpora have one person without a list
            return [_person(frame[key])]
        if isinstance(frame.get(key), list):
            return [_person(item) for item in frame[key] if isinstance(item, dict)]
    person = _person(frame)
    return [person] if person else []


def _frames_of(value: Any) -> list[Any]:
    """The frames of a clip's value: a list, a list under a key, or entries with `image_id` put together by it."""
    if isinstance(value, dict):
        inner = next((value[key] for key in _FRAME_LISTS if isinstance(value.get(key), list | dict)), None)
        if inner is not None:
            return _frames_of(inner)
        numbered = sorted((key for key in value if key.isdecimal()), key=int)
        return [value[key] for key in numbered] if numbered else [value]
    if not isinstance(value, list) or not value:
        raise ValueError("expected a list of frames")
    if isinstance(value[0], dict) and "image_id" in value[0]:
        by_frame: dict[str, list] = {}
        for entry in value:
            by_frame.setdefault(str(entry["image_id"]), []).append(entry)
        return [by_frame[name] for name in sorted(by_frame, key=_number_in)]
    if isinstance(value[0], dict) and "frame_id" in value[0]:
        return sorted(value, key=lambda frame: frame["frame_id"])
    return value


def _number_in(name: str) -> tuple[int, str]:
    digits = re.findall(r"\d+", name)
    return (int(digits[-1]) if digits else -1, name)


def _value_of(path: Path) -> Any:
    """The value of a JSON file, packed or not. Raises DataError."""
    return parse_json(_unpacked(path, None), path) if path.suffix.lower() == _PACKED else read_json(path)


def _unpacked(path: Path, most: int | None) -> bytes:
    """The content of a file, or its first bytes. Raises DataError where it is damaged, or larger than it may be."""
    with open_regular(path) as file:
        if path.suffix.lower() != _PACKED:
            return file.read(most or -1)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                data = unpacked.read(most or _MOST_UNPACKED + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: cannot be unpacked ({error}); copy it again") from None
    if len(data) > _MOST_UNPACKED:
        raise DataError(f"{path}: unpacks to more than the {_MOST_UNPACKED / 1e9:.0f} GB that such a file may have")
    return data


@lru_cache(1)
def _cameras(path: Path, content: tuple[int, ...]) -> dict[str, Any]:
    """The frames of each camera by its name, in a file of the Public DGS Corpus; empty for another."""
    if b'"camera"' not in _unpacked(path, _HEAD):
        return {}
    value = _value_of(path)
    if not isinstance(value, list) or not all(isinstance(view, dict) and "frames" in view for view in value):
        return {}
    return {str(view.get("camera", number)): view for number, view in enumerate(value)}


def list_clips(path: Path) -> list[ListedClip]:
    """The clip of a file; of one that was taken by several cameras a clip each. Raises DataError."""
    stem = path.name.removesuffix(path.suffix) if path.suffix.lower() == _PACKED else path.name
    stem = stem.rpartition(".")[0]
    cameras = _cameras(path, file_identity(path))
    if not cameras:
        return [ListedClip(stem, num_bytes=path.stat().st_size)]
    stem = stem.removesuffix("_openpose")
    size = path.stat().st_size // len(cameras)
    return [ListedClip(f"{stem}_{name}", (name,), f" (camera {name})", size) for name in cameras]


def read_clip(path: Path, camera: str | None = None) -> Loaded:
    """A JSON file, or one of the cameras in it, as one clip."""
    try:
        value = _value_of(path) if camera is None else _cameras(path, file_identity(path))[camera]
        fps = value.get("fps") if isinstance(value, dict) else None
        frames = _frames_of(value)
        if isinstance(frames[0], list) and not isinstance(frames[0][0] if frames[0] else None, dict):
            return rows_of(np.array(frames, np.float32), fps), []
        return clip_of_people([people_of(frame) for frame in frames], fps if isinstance(fps, int | float) else None), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        return None, [f"not frames of points ({error})"]


def frame_files(folder: Path) -> list[Path]:
    """The files of a folder that are frames of one clip, in the order of their numbers; empty where it is none."""
    if not folder.is_dir():
        return []
    found = [(match, file) for file in folder.iterdir() if (match := _NUMBERED.fullmatch(file.name))]
    prefixes = {match.group(1) for match, _ in found}
    if len(prefixes) != 1 or not found:
        return []
    return [file for _, file in sorted(found, key=lambda pair: (int(pair[0].group(2)), pair[1].name))]


def _is_folder_of_frames(path: Path) -> bool:
    files = frame_files(path)
    if not files or len({file.suffix for file in files}) > 1:
        return False
    if files[0].suffix.lower() == ".json":
        return _tells(files[0])
    return len(files) > 1 and _is_one_frame(files[0])


def _is_one_frame(file: Path) -> bool:
    """Whether an array file holds a single frame: a pickled object, or points of one moment."""
    from signllm.pose.formats.archives import array_shapes, pickled_arrays
    from signllm.pose.formats.array_files import NPY, npy_shape

    try:
        if file.suffix.lower() == NPY:
            return len(npy_shape(file)[0]) < 3 and not _is_clip_shape(npy_shape(file)[0])
        if pickled_arrays(file):
            return True
        shapes = array_shapes(file)
        return "coordinates" not in shapes and all(len(shape) < 3 or shape[0] == 1 for shape in shapes.values())
    except DataError as error:
        return "pickled" in error.faults[0]


def _is_clip_shape(shape: tuple[int, ...]) -> bool:
    from signllm.pose.formats.row_arrays import is_pose_shape

    return is_pose_shape(shape) and shape[0] > 1


def _tells(file: Path) -> bool:
    try:
        return _TELLING.search(_unpacked(file, _HEAD)) is not None
    except DataError:
        return False


def read_frames(folder: Path) -> Loaded:
    """A folder with a file a frame as one clip."""
    files = frame_files(folder)
    try:
        if files[0].suffix.lower() == ".json":
            people = [_frame_people(file) for file in files]
            return clip_of_people(people, None), []
        frames = [_array_frame(file) for file in files]
        names = frames[0].keys()
        return read_arrays({name: np.stack([frame[name] for frame in frames]) for name in names}), []
    except DataError as error:
        return None, error.faults
    except (ValueError, KeyError, TypeError, OSError) as error:
        return None, [f"its frames cannot be put together ({error})"]


def _frame_people(file: Path) -> list[Person]:
    value = read_json(file)
    try:
        return people_of(value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{file.name}: {error}") from None


def _array_frame(file: Path) -> dict[str, np.ndarray]:
    from signllm.pose.formats.archives import array_names, pickled_arrays
    from signllm.pose.formats.archives import read_arrays as unpacked
    from signllm.pose.formats.array_files import NPY, PICKLED, npy_shape

    if file.suffix.lower() == NPY:
        npy_shape(file)
        return {"keypoints": np.load(file, allow_pickle=False)}
    if pickled := pickled_arrays(file):
        raise DataError(f"{file.name}: {', '.join(pickled)} {PICKLED}")
    arrays = unpacked(file, array_names(file))
    return {name: array[0] if array.shape[:1] == (1,) else array for name, array in arrays.items()}


def is_json(path: Path) -> bool:
    """Whether a file is called `*.json`, perhaps packed: `*.json.gz`."""
    return path.name.lower().endswith((".json", f".json{_PACKED}"))


def _matches_file(path: Path) -> bool:
    return is_json(path) and path.is_file() and _tells(path)


def frame_folders(folder: Path, depth: int) -> Iterator[Path]:
    """The folders of frames in a folder and, so many levels deep, in folders in it."""
    for item in sorted(folder.iterdir()):
        if item.is_dir() and not item.name.startswith("."):
            if _is_folder_of_frames(item):
                yield item
            elif depth:
                yield from frame_folders(item, depth - 1)


JSON_READER = PoseReader("points of trackers, .json", _matches_file, list_clips, read_clip, False)
FRAMES_READER = PoseReader("folders with a file a frame", _is_folder_of_frames, one_clip, read_frames, False)

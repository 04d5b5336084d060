"""`.npz`: our own compact format; any number of clips in one file, readable with numpy alone, never pickled.

Keys: `coordinates` (frames of all clips, J, C) float32; `valid` (frames of all clips, J) bool, false = missing;
`names` (clips,) text; `frames` (clips,) int, the clips' lengths in order; `fps` (clips,) float; `skeleton` and `unit`,
text; `format_version` int. A clip is `coordinates[start : start + frames[n]]` with `start = frames[:n].sum()`.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity, write_atomically
from signllm.pose.formats.archives import Member, members, read_arrays, reading, refuse_bombs
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, PoseWriter, has_suffix
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETONS, Skeleton

FORMAT_VERSION = 1
KEYS = ("coordinates", "valid", "names", "frames", "fps", "skeleton", "unit", "format_version")
FRAME_KEYS = ("coordinates", "valid")
_OPEN_FILES = 2
_EXPECTED = {
    "names": ("U", 1, "a list of texts"),
    "frames": ("iu", 1, "a list of whole numbers"),
    "fps": ("fiu", 1, "a list of numbers"),
    "skeleton": ("U", 0, "a text"),
    "unit": ("U", 0, "a text"),
    "format_version": ("iu", 0, "a whole number"),
}


class NpzFile:
    """The clips of a `.npz` file. The frames are unpacked to a temporary folder and mapped, not held in memory.

    Raises DataError for a file that is torn, pickled, lacks keys or contradicts itself.
    """

    def __init__(self, path: Path):
        self.path = path
        there = members(path)
        missing = [key for key in KEYS if key not in there]
        if missing:
            raise DataError(f"{path}: not a pose file of this toolkit, it lacks: {', '.join(missing)}")
        refuse_bombs(path, {key: there[key] for key in FRAME_KEYS})
        data = read_arrays(path, [key for key in KEYS if key not in FRAME_KEYS])
        faults = [
            f"{path}: '{key}' is {data[key].dtype} {data[key].shape}, expected {what}"
            for key, (kinds, dimensions, what) in _EXPECTED.items()
            if data[key].dtype.kind not in kinds or data[key].ndim != dimensions
        ]
        if faults:
            raise DataError(faults)
        if int(data["format_version"]) != FORMAT_VERSION:
            raise DataError(f"{path}: format version {data['format_version']}, this version reads {FORMAT_VERSION}")
        skeleton = SKELETONS.get(str(data["skeleton"]))
        if skeleton is None:
            raise DataError(f"{path}: unknown skeleton '{data['skeleton']}'; known: {', '.join(SKELETONS)}")
        self._check_frames(there, data, skeleton)
        self.names = [str(name) for name in data["names"]]
        self._skeleton, self._unit = skeleton, str(data["unit"])
        self._fps = data["fps"].tolist()
        self._ends = np.cumsum(data["frames"]).tolist()

    def _check_frames(self, there: dict[str, Member], data: dict[str, np.ndarray], skeleton: Skeleton) -> None:
        """Raise DataError where lengths and arrays contradict one another."""
        lengths = {key: len(data[key]) for key in ("names", "frames", "fps")}
        stored = {key: (there[key].shape or (0,))[0] for key in FRAME_KEYS}
        frames = sum(data["frames"].tolist())
        if len(set(lengths.values())) > 1 or set(stored.values()) != {frames} or (data["frames"] < 0).any():
            raise DataError(
                f"{self.path}: contradicts itself: {lengths}, and {stored} frames where the lengths add up to {frames}"
            )
        coordinates, valid = (there[key] for key in FRAME_KEYS)
        joints = (skeleton.num_joints,)
        if (
            coordinates.dtype.kind != "f"
            or coordinates.shape[1:] not in (joints + (2,), joints + (3,))
            or (valid.dtype.kind, valid.shape[1:]) != ("b", joints)
        ):
            raise DataError(
                f"{self.path}: coordinates are {coordinates.dtype} {coordinates.shape}, valid is {valid.dtype}"
                f" {valid.shape}, which are not clips of {skeleton.name}"
            )

    @cached_property
    def _frames(self) -> dict[str, np.ndarray]:
        """Coordinates and mask of all clips, mapped; the folder goes when this object does."""
        self._folder = tempfile.TemporaryDirectory(prefix="signllm-npz-", ignore_cleanup_errors=True)
        with reading(self.path), zipfile.ZipFile(self.path) as archive:
            paths = {key: archive.extract(f"{key}.npy", self._folder.name) for key in FRAME_KEYS}
            return {key: np.load(path, mmap_mode="r", allow_pickle=False) for key, path in paths.items()}

    def pose(self, index: int) -> PoseSequence:
        """Clip `index`; DataError says what is wrong with it."""
        part = slice(self._ends[index - 1] if index else 0, self._ends[index])
        coordinates, valid = (self._frames[key][part] for key in FRAME_KEYS)
        return PoseSequence(np.array(coordinates), valid, self._fps[index], self._skeleton, self._unit)

    def list_clips(self) -> list[ListedClip]:
        """The clips by their names."""
        starts = [0, *self._ends]
        width = self._skeleton.num_joints * 12
        return [
            ListedClip(name, (index,), f" (clip {name})", (starts[index + 1] - starts[index]) * width)
            for index, name in enumerate(self.names)
        ]


@lru_cache(_OPEN_FILES)
def _opened(path: Path, content: tuple[int, ...]) -> NpzFile:
    return NpzFile(path)


def open_npz(path: Path) -> NpzFile:
    """The file, kept open as long as it does not change and few others are opened. Raises as NpzFile does."""
    with reading(path):
        return _opened(path, file_identity(path))


def _load(path: Path, index: int) -> Loaded:
    try:
        return open_npz(path).pose(index), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]


READER = PoseReader(".npz of this toolkit", has_suffix(".npz"), lambda path: open_npz(path).list_clips(), _load)


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]]) -> None:
    """Write all clips into one file; they must share skeleton, unit and number of coordinates (DataError)."""
    clips = list(clips)
    if not clips:
        raise DataError(f"{path}: no clip to write")
    first = clips[0][1]
    for name, pose in clips:
        if (pose.skeleton, pose.unit, pose.coordinates.shape[2]) != (
            first.skeleton,
            first.unit,
            first.coordinates.shape[2],
        ):
            raise DataError(
                f"{path}: clip {name} has another skeleton, unit or dimension than the first; use two files"
            )
    arrays: dict[str, Any] = {
        "coordinates": np.concatenate([pose.coordinates for _, pose in clips]),
        "valid": np.concatenate([pose.valid for _, pose in clips]),
        "names": np.array([name for name, _ in clips]),
        "frames": np.array([len(pose) for _, pose in clips]),
        "fps": np.array([pose.fps for _, pose in clips]),
        "skeleton": np.array(first.skeleton.name),
        "unit": np.array(first.unit),
        "format_version": np.array(FORMAT_VERSION),
    }
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays))


WRITER = PoseWriter(".npz", write)

"""`.npz`: our own compact format; any number of clips in one file, readable with numpy alone, never pickled.

Keys: `coordinates` (frames of all clips, J, C) float32; `valid` (frames of all clips, J) bool, false = missing;
`names` (clips,) text; `frames` (clips,) int, the clips' lengths in order; `fps` (clips,) float; `skeleton` and `unit`,
text; `format_version` int. A clip is `coordinates[start : start + frames[n]]` with `start = frames[:n].sum()`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import write_atomically
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETONS

FORMAT_VERSION = 1
KEYS = ("coordinates", "valid", "names", "frames", "fps", "skeleton", "unit", "format_version")


def read(path: Path, fps: float = 0, layout: str = "auto") -> Iterator[tuple[str, PoseSequence]]:
    """Yield (name, clip). The file says its own frame rate and sides: `fps` and `layout` are not used.

    Raises DataError for a file that is torn, pickled, lacks keys or contradicts itself.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in KEYS if key not in archive.files]
            if missing:
                raise DataError(f"{path}: not a pose file of this toolkit, it lacks: {', '.join(missing)}")
            data = {key: archive[key] for key in KEYS}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as .npz ({error})") from None
    if int(data["format_version"]) != FORMAT_VERSION:
        raise DataError(f"{path}: format version {data['format_version']}, this version reads {FORMAT_VERSION}")
    skeleton = SKELETONS.get(str(data["skeleton"]))
    if skeleton is None:
        raise DataError(f"{path}: unknown skeleton '{data['skeleton']}'; known: {', '.join(SKELETONS)}")
    lengths = {key: len(data[key]) for key in ("names", "frames", "fps")}
    if len(set(lengths.values())) > 1 or int(data["frames"].sum()) != len(data["coordinates"]):
        raise DataError(
            f"{path}: contradicts itself: {lengths}, and {len(data['coordinates'])} frames of coordinates where"
            f" the lengths add up to {int(data['frames'].sum())}"
        )
    start = 0
    for name, frames, clip_fps in zip(data["names"], data["frames"].tolist(), data["fps"].tolist(), strict=True):
        part = slice(start, start + frames)
        start += frames
        yield (
            str(name),
            PoseSequence(data["coordinates"][part], data["valid"][part], clip_fps, skeleton, str(data["unit"])),
        )


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
    arrays = {
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

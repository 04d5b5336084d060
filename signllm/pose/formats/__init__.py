"""Pose files: READERS, one for each layout, and WRITERS, found by suffix.

| file | holds | module |
|---|---|---|
| `.skels` | one clip a line of text, 151 numbers a frame | skels |
| `.npz` | any number of clips with mask, frame rate, skeleton and unit | npz |
| `.pose` | one clip, named by the file; OpenPose, MediaPipe and other layouts of the pose-format package | pose_file |
| `.csv` | any number of clips, a row a frame, for spreadsheets and pandas | csv_rows |
| `.json` | one clip with all that is known of it | json_clip |
| folder with `pose.json` | one clip | clip_folder |
| `.npz`, `.json` of trackers | OpenPose and MediaPipe points of three releases | tracked_points |
| `.npy`, other `.npz` | arrays of points, told by their shapes | array_files |
| `.json`, folders with a file a frame | OpenPose, AlphaPose, mmpose, MediaPipe, DWPose | json_points |
| `.h5`, `.pt` | many clips in a tree of arrays | tree_files |
| `.parquet`, `.arrow` | a clip or a point a row | arrow_points |
| `.mp4`, `.mov`, `.webm`, `.mkv`, `.avi`, `.m4v` | a video, in which a tracker finds the points | video |

Texts, splits and languages are not known here; clips with all of them are opened by `signllm.data.clips.open_clips`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from signllm.errors import DataError, did_you_mean
from signllm.fsutil import file_identity
from signllm.pose.formats import (
    array_files,
    arrow_points,
    clip_folder,
    csv_rows,
    json_clip,
    json_points,
    npz,
    pose_file,
    skels,
    tracked_points,
    tree_files,
    video,
)
from signllm.pose.formats.arrow_file import SUFFIXES as ARROW
from signllm.pose.formats.arrow_file import column_names
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, PoseWriter
from signllm.pose.formats.unreadable import step_for
from signllm.pose.sequence import PoseSequence

DEFAULT_FPS = 25.0
TOLD_BY_CONTENT = (json_clip.READER, csv_rows.READER)
"""Of our own formats, those that share their suffix with tables and texts, in the order in which one is meant."""
_MOST_SHOWN = 6
_MOST_COMPARED = 1000
"""Names among which one that is meant is looked for: a table may name a hundred thousand that are not there."""

READERS: tuple[PoseReader, ...] = (
    skels.READER,
    pose_file.READER,
    tracked_points.OPENPOSE_READER,
    tracked_points.HOLISTIC_READER,
    array_files.NPZ_READER,
    npz.READER,  # after the others that read .npz: it says what the file lacks
    array_files.NPY_READER,
    tree_files.READER,
    arrow_points.READER,
    csv_rows.READER,
    json_clip.READER,
    clip_folder.READER,
    json_points.FRAMES_READER,
    json_points.JSON_READER,
    tracked_points.LANDMARKS_READER,
    video.READER,
)
_BY_SUFFIX = (skels.WRITER, npz.WRITER, pose_file.WRITER)
WRITERS: dict[str, PoseWriter] = {writer.suffix: writer for writer in (*_BY_SUFFIX, csv_rows.WRITER, json_clip.WRITER)}
POSE_SUFFIXES = (
    *(writer.suffix for writer in _BY_SUFFIX),
    ".npy",
    *tree_files.HDF5,
    *tree_files.TORCH,
    *video.SUFFIXES,
)
"""Suffixes by which a file is taken for poses; in `.csv`, `.json`, `.parquet` and folders only the content tells it.

Videos come last: where poses of the same name lie beside them, those are meant.
"""


def reader_of(path: Path) -> PoseReader:
    """The reader of a pose file or folder. Raises DataError for a missing one and for an unknown layout."""
    reader = next((reader for reader in READERS if reader.matches(path)), None)
    if reader is None:
        raise DataError(f"{path}: {_unreadable(path)}")
    return reader


@lru_cache(4)
def _listed(path: Path, content: tuple[int, ...]) -> tuple[PoseReader, Sequence[ListedClip], dict[str, int | None]]:
    """The file's reader, its clips, and the place of each by its name, None where several are called so."""
    reader = reader_of(path)
    clips = reader.list_clips(path)
    places: dict[str, int | None] = {}
    for place, clip in enumerate(clips):
        places[clip.name] = None if clip.name in places else place
    return reader, clips, places


def find_clip(path: Path, name: str | None = None) -> tuple[Callable[..., Loaded] | None, tuple, list[str]]:
    """(the reader's `load`, what it needs, []) for the clip of a file; of several the one called `name`; or faults."""
    try:
        reader, clips, places = _listed(path, file_identity(path)) if path.exists() else (reader_of(path), (), {})
    except DataError as error:
        return None, (), [fault.removeprefix(f"{path}: ") for fault in error.faults]
    place = 0 if len(clips) == 1 else places.get(name or "")
    if place is None:
        count = sum(clip.name == name for clip in clips)
        hint = did_you_mean(name, places) if name and not count and len(clips) < _MOST_COMPARED else ""
        return None, (), [f"{count} of its {len(clips)} clips are called '{name}'{hint}; say which one is meant"]
    return reader.load, (path, *clips[place].key), []


def load_clip(path: Path, name: str | None = None) -> Loaded:
    """The clip of a file of any layout; of a file that holds several, the one called `name`."""
    load, key, faults = find_clip(path, name)
    return (None, faults) if load is None else load(*key)


def measured(path: Path) -> tuple[int, float] | None:
    """(frames, frame rate) of a file whose clip takes long to read, where its header says them; else None."""
    reader = next((reader for reader in READERS if reader.measure is not None and reader.matches(path)), None)
    return reader.measure(path) if reader is not None and reader.measure is not None else None


def write_clips(path: str | Path, clips: Iterable[tuple[str, PoseSequence]]) -> None:
    """Write (name, clip) pairs in the format of the suffix; the file appears whole or not at all.

    Raises DataError for an unknown suffix and for clips that the format cannot hold.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        hint = did_you_mean(path.suffix, WRITERS)
        raise DataError(f"{path}: unknown pose file suffix '{path.suffix}'{hint}; known: {', '.join(WRITERS)}")
    writer.write(path, clips)


def _unreadable(path: Path) -> str:
    """Why no reader takes a path."""
    if not path.exists():
        return "no such file"
    if path.is_dir():
        return f"a folder without {clip_folder.POSE_FILE}"
    if step := step_for([path]):
        return step
    if path.suffix.lower() in ARROW:
        return f"no column holds points; its columns are {', '.join(column_names(path)[:_MOST_SHOWN])}"
    hint = did_you_mean(path.suffix, WRITERS)
    return f"unknown pose file suffix '{path.suffix}'{hint}; known: {', '.join(reader.name for reader in READERS)}"

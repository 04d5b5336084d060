"""Pose file formats, found by suffix: `read_clips(path)` and `write_clips(path, clips)`.

| suffix | holds | module |
|---|---|---|
| `.skels` | one clip a line of text, 151 numbers a frame; names in the sibling `.files` | skels |
| `.npz` | any number of clips with mask, frame rate, skeleton and unit | npz |
| `.pose` | one clip, named by the file; OpenPose, MediaPipe and other layouts of the pose-format package | pose_file |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from signllm.errors import DataError, did_you_mean
from signllm.pose.formats import npz, pose_file, skels
from signllm.pose.formats.clip_file import ClipFile
from signllm.pose.sequence import PoseSequence

DEFAULT_FPS = 25.0
Clips = Iterable[tuple[str, PoseSequence]]


@dataclass(frozen=True)
class PoseFormat:
    """`open(path, fps, layout)` gives the clips of a file; `write(path, clips)` is atomic. Both raise DataError."""

    suffix: str
    open: Callable[[Path, float, str], ClipFile]
    write: Callable[[Path, Clips], None]


FORMATS: dict[str, PoseFormat] = {
    form.suffix: form
    for form in (
        PoseFormat(".skels", skels.SkelsFile, skels.write),
        PoseFormat(".npz", npz.NpzFile, npz.write),
        PoseFormat(".pose", pose_file.PoseFile, pose_file.write),
    )
}


def format_of(path: Path) -> PoseFormat:
    """The format with this path's suffix; DataError names the known ones."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        hint = did_you_mean(path.suffix, FORMATS)
        raise DataError(f"{path}: unknown pose file suffix '{path.suffix}'{hint}; known: {', '.join(FORMATS)}")
    return form


def open_clips(path: str | Path, fps: float = DEFAULT_FPS, layout: str = "auto") -> ClipFile:
    """The clips of a pose file, each read when asked for, in shoulder widths and with the right arm at joints 2-4.

    `fps` and `layout` ('auto', 'right-first', 'left-first') are for formats that do not record them (`.skels`).
    Raises DataError for a missing file, an unknown suffix or a file that cannot be opened.
    """
    path = Path(path)
    return _known_file(path).open(path, fps, layout)


def read_clips(path: str | Path, fps: float = DEFAULT_FPS, layout: str = "auto") -> Iterator[tuple[str, PoseSequence]]:
    """Yield (name, clip) from a pose file; as `open_clips` otherwise.

    Raises DataError at once for a missing file or unknown suffix, and while reading for faulty contents.
    """
    path = Path(path)
    form = _known_file(path)
    return _iterate(form, path, fps, layout)


def _iterate(form: PoseFormat, path: Path, fps: float, layout: str) -> Iterator[tuple[str, PoseSequence]]:
    yield from form.open(path, fps, layout)


def _known_file(path: Path) -> PoseFormat:
    form = format_of(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    return form


def write_clips(path: str | Path, clips: Clips) -> None:
    """Write (name, clip) pairs in the format of the suffix; the file appears whole or not at all."""
    path = Path(path)
    format_of(path).write(path, clips)

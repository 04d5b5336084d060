"""`clips.npz`: an array of MediaPipe rows for each text, (clips, frames, 258)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from signllm.data.names import composed
from signllm.data.source import CORPUS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.pose.formats.archives import array_names
from signllm.pose.formats.tracked_points import HOLISTIC_READER

FILE = "clips.npz"


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """The whole file: there are no splits. A `clips.npz` that this toolkit wrote is a pose file like others."""
    file = path / FILE if path.is_dir() else path
    is_theirs = file.name == FILE and file.is_file() and "coordinates" not in array_names(file)
    return [FoundPart(None, FILE, CORPUS, partial(_open, file))] if is_theirs or HOLISTIC_READER.matches(file) else []


def _open(file: Path, most: int | None) -> SourcePart:
    """In turn one clip of each text, so that the first N hold all texts."""
    entries = tuple(
        ClipEntry(
            composed(clip.name),
            file,
            partial(HOLISTIC_READER.load, file, *clip.key),
            clip.suffix,
            clip.num_bytes,
            text=composed(clip.key[0]) or None,
            source=clip.name,
        )
        for clip in HOLISTIC_READER.list_clips(file)[:most]
    )
    home = file.absolute().parent
    return SourcePart(
        None, home.name, home.parent, (file,), entries, records_fps=HOLISTIC_READER.records_fps, is_corpus=True
    )


TABLE = Table(FILE, find)

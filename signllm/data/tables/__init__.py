"""Tables: which clip of which pose file is which text. TABLES is the registry; any table goes with any pose reader."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from signllm.data.names import usual_order
from signllm.data.source import STORE, FoundPart, Table
from signllm.data.tables import (
    clip_folders,
    label_arrays,
    pose_files,
    sentences,
    split_lines,
    stores,
    table_file,
    word_files,
)
from signllm.errors import DataError
from signllm.pose.formats import reader_of

TABLES: tuple[Table, ...] = (
    stores.TABLE,
    split_lines.TABLE,
    clip_folders.TABLE,
    table_file.TABLE,
    pose_files.TABLE,
    sentences.TABLE,
    label_arrays.TABLE,
    word_files.TABLE,
)
_MOST_SHOWN = 6


def find_parts(path: Path) -> list[FoundPart]:
    """The parts of the source at `path`, a file or a folder: train, dev, test, others by name, and what has no split.

    Those of a store are in the store's own order.

    Raises DataError when there is no such path, no clip in it, or two things that claim to be the same split.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    found = [part for table in TABLES for part in table.find(path)]
    if not found and path.is_file():
        reader_of(path)  # says why it is no pose file
    if not found:
        raise DataError(
            f"{path}: no clips here{_contents(path)}; expected {'; or '.join(table.name for table in TABLES)}"
        )
    rank = min(part.rank for part in found)
    found = [part for part in found if part.rank == rank]
    claims: dict[tuple, list[str]] = {}
    for part in found:
        claims.setdefault((part.language, part.split), []).append(part.what)
    both = [f"{path}: both {' and '.join(names)} are here; move one away" for names in claims.values() if names[1:]]
    if both:
        raise DataError(both)
    return found if rank == STORE else sorted(found, key=lambda part: usual_order(part.split))


def _contents(path: Path) -> str:
    """What is in a folder instead, for a message."""
    if not path.is_dir():
        return ""
    names = [f"{item.name}/" if item.is_dir() else item.name for item in sorted(path.iterdir())]
    shown = ", ".join(islice(names, _MOST_SHOWN)) + f" and {len(names) - _MOST_SHOWN} more" * (len(names) > _MOST_SHOWN)
    return f" (there is {shown})" if names else " (the folder is empty)"

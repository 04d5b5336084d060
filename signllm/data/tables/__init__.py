"""Tables: which clip of which pose file is which text. TABLES is the registry; any table goes with any pose reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from signllm.data.names import usual_order
from signllm.data.source import BARE_FILES, STORE, Columns, FoundPart, Table
from signllm.data.tables import (
    annotated,
    clip_folders,
    containers,
    label_arrays,
    name_lists,
    pose_files,
    releases,
    sentences,
    split_lines,
    stores,
    table_file,
    word_files,
)
from signllm.data.tables.contents import EMPTY, NO_POSES, describe
from signllm.errors import DataError
from signllm.pose.formats import reader_of
from signllm.pose.formats.unreadable import step_for

TABLES: tuple[Table, ...] = (
    stores.TABLE,
    split_lines.TABLE,
    clip_folders.TABLE,
    name_lists.TABLE,
    table_file.TABLE,
    containers.TABLE,
    pose_files.TABLE,
    sentences.TABLE,
    label_arrays.TABLE,
    word_files.TABLE,
)
FURTHER: tuple[Table, ...] = (releases.TABLE, annotated.TABLE)
"""Looked for in turn where the others find nothing but bare pose files: they read whole folders."""


def find_parts(path: Path, columns: Columns | None = None) -> list[FoundPart]:
    """The parts of the source at `path`, a file or a folder: train, dev, test, others by name, and what has no split.

    Those of a store are in the store's own order. `columns`: what the user says of a table's columns.

    Raises DataError when there is no such path, no clip in it, or two things that claim to be the same split.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    found = [replace(part, table=table.name) for table in TABLES for part in table.find(path, columns or {})]
    for table in FURTHER:
        if all(part.rank == BARE_FILES for part in found):
            found += [replace(part, table=table.name) for part in table.find(path, columns or {})]
    if not found and path.is_file():
        if step := step_for([path]):
            raise DataError(f"{path}: {step}")
        reader_of(path)  # says why it is no pose file
    if not found:
        raise DataError(f"{path}: no clips here{_contents(path)}")
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
    """What is in a folder instead, for a message: files by kind, tables, and the next step; or what is known."""
    there = describe(path) if path.is_dir() else ""
    if there and there != EMPTY and not there.endswith(NO_POSES):
        return f" ({there})"
    known = f". Known are: {'; '.join(table.name for table in TABLES)}"
    return f" ({there}){known}" if there else known

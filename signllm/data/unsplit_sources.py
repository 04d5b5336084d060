"""Sources that come without splits, recognised by what their folder holds; `UNSPLIT` is the registry.

Clips are dealt to `train` and `dev` by a hash of their id: the same clip lands in the same split on every machine, and
stays there when other clips are added.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np

from signllm.data.sources import ClipEntry, SourceSplit
from signllm.errors import DataError
from signllm.fsutil import read_json, read_text
from signllm.pose.formats import tracked_points

HELD_OUT = 0.15  # share of the clips that go to dev, unless the user says otherwise
TRAIN, DEV = "train", "dev"


@dataclass(frozen=True)
class Listing:
    """All clips of a folder, the files they stand in, and doubts that are not faults."""

    entries: list[ClipEntry]
    files: list[Path]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnsplitSource:
    """`here(folder)`: is it of this kind; `list_clips(folder)`: its clips; DataError where no clip can be told."""

    name: str
    here: Callable[[Path], bool]
    list_clips: Callable[[Path], Listing]


def split_of(identity: str, held_out: float) -> str:
    """`train` or `dev`, a function of the clip's id and the share of clips that is held out."""
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big")
    return DEV if number < held_out * 2**64 else TRAIN


def find_unsplit(data_dir: Path, held_out: float) -> dict[str, Callable[[int | None], SourceSplit]]:
    """As `sources.find_splits`, for a folder of a kind in UNSPLIT; empty for any other folder."""
    source = next((source for source in UNSPLIT if data_dir.is_dir() and source.here(data_dir)), None)
    if source is None:
        return {}
    listing = source.list_clips(data_dir)
    return {split: partial(_open, listing, split, held_out) for split in (TRAIN, DEV)}


def _open(listing: Listing, split: str, held_out: float, most: int | None) -> SourceSplit:
    mine = tuple(entry for entry in listing.entries if split_of(entry.id, held_out) == split)[:most]
    faults = () if mine else (f"{listing.files[0].parent}: no clip falls to {split}; see --held_out",)
    return SourceSplit(split, tuple(listing.files), mine, faults, listing.warnings, held_out)


def _entry(
    identity: str, place: str, load: Callable, num_bytes: int, text: str, no_text: str = "no text", **names
) -> ClipEntry:
    return ClipEntry(identity, place, load, num_bytes, text=text, faults=() if text else (no_text,), **names)


def _list_sentences(folder: Path) -> Listing:
    """`manifest.json`, a list of {"id", "text", "gloss": [...]}, and `motion/<id>.npz`."""
    path = folder / "manifest.json"
    rows = read_json(path)
    if not isinstance(rows, list) or not rows:
        raise DataError(f'{path}: expected a list of {{"id", "text", "gloss"}}, one a clip')
    faults = [
        f"{path}: entry {number} has no id or no text"
        for number, row in enumerate(rows)
        if not isinstance(row, dict) or not {"id", "text"} <= row.keys()
    ]
    if faults:
        raise DataError(faults)
    entries, files, seen = [], [path], set()
    for row in rows:
        identity, motion = str(row["id"]), folder / "motion" / f"{row['id']}.npz"
        gloss = row.get("gloss") or None
        entry = _entry(
            identity,
            f"motion/{motion.name}",
            partial(tracked_points.read_openpose_rows, motion),
            motion.stat().st_size if motion.is_file() else 0,
            str(row["text"]).strip(),
            "no text: it is empty in manifest.json",
            gloss=" ".join(gloss) if isinstance(gloss, list) else gloss,
            source=f"motion/{motion.name}",
        )
        if identity in seen:
            faults.append(f"{path}: the id '{identity}' stands twice")
        seen.add(identity)
        entries.append(entry)
        files += [motion] if motion.is_file() else []
    if faults:
        raise DataError(faults)
    extra = sorted(file.stem for file in (folder / "motion").glob("*.npz") if file.stem not in seen)
    doubt = f"{len(extra)} files in motion/ are not in manifest.json and have no text, such as {extra[:1]}"
    return Listing(entries, files, (doubt,) if extra else ())


def _list_holistic(folder: Path) -> Listing:
    """`clips.npz`: text -> (clips, frames, 258); in turn one clip of each text, so that the first N hold all texts."""
    path = folder / "clips.npz"
    try:
        with np.load(path, allow_pickle=False) as data:
            shapes = {label: data[label].shape for label in data.files}
    except Exception as error:  # a zip of foreign content: any type may come
        raise DataError(f"{path}: cannot be read as .npz ({error})") from None
    faults = [
        f"{path}: '{label}' has shape {shape}, expected (clips, frames, 258): 33 x 4 and two hands x 21 x 3"
        for label, shape in shapes.items()
        if len(shape) != 3 or shape[2] != 258
    ]
    if faults or not shapes:
        raise DataError(faults or f"{path}: the file holds no clip")
    entries = []
    for index in range(max(shape[0] for shape in shapes.values())):
        for label, shape in shapes.items():
            if index < shape[0]:
                identity = f"{label.replace(' ', '_')}_{index:03d}"
                load = partial(tracked_points.read_holistic_rows, path, label, index)
                place = f"{path.name}['{label}'][{index}]"
                entries.append(_entry(identity, place, load, 4 * shape[1] * shape[2], label.strip(), source=identity))
    return Listing(entries, [path])


def _list_words(folder: Path) -> Listing:
    """`landmarks/<word>.json`; where there is a csv with the column TR, the words must stand in it."""
    files = sorted((folder / "landmarks").glob("*.json"))
    tables = sorted(folder.glob("*.csv"))
    words: set[str] = set()
    for table in tables:
        words |= {row["TR"].strip() for row in csv.DictReader(StringIO(read_text(table), newline="")) if row.get("TR")}
    entries = []
    for path in files:
        known = not words or path.stem in words
        entry = _entry(
            path.stem,
            f"landmarks/{path.name}",
            partial(tracked_points.read_word_landmarks, path),
            path.stat().st_size,
            path.stem.replace("_", " ") if known else "",
            f"no text: '{path.stem}' does not stand in the column TR of {', '.join(table.name for table in tables)}",
            source=f"landmarks/{path.name}",
        )
        entries.append(entry)
    return Listing(entries, [*tables, *files])


UNSPLIT: tuple[UnsplitSource, ...] = (
    UnsplitSource(
        "OpenPose sentences",
        lambda folder: (folder / "manifest.json").is_file() and (folder / "motion").is_dir(),
        _list_sentences,
    ),
    UnsplitSource("MediaPipe rows", lambda folder: (folder / "clips.npz").is_file(), _list_holistic),
    UnsplitSource("MediaPipe words", lambda folder: any(folder.glob("landmarks/*.json")), _list_words),
)

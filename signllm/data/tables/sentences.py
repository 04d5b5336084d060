"""`manifest.json`, a list of {"id", "text", "gloss": [...]}, with `motion/<id>.npz`: OpenPose points of sentences."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from signllm.data.names import composed
from signllm.data.source import CORPUS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.values import gloss_of, text_of
from signllm.errors import DataError
from signllm.fsutil import read_json
from signllm.pose.formats import load_clip

MANIFEST, FOLDER = "manifest.json", "motion"


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """The whole folder: there are no splits."""
    here = (path / MANIFEST).is_file() and (path / FOLDER).is_dir()
    return [FoundPart(None, f"{MANIFEST} with {FOLDER}/", CORPUS, partial(_open, path))] if here else []


def _open(folder: Path, most: int | None) -> SourcePart:
    path = folder / MANIFEST
    rows = read_json(path)
    if not isinstance(rows, list) or not rows:
        raise DataError(f'{path}: expected a list of {{"id", "text", "gloss"}}, one a clip')
    entries, files, faults = [], [path], []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        entry, wrong = _entry(folder, row, f"{path}, entry {number}")
        faults += wrong
        if entry is None:
            continue
        if entry.name in seen:
            faults.append(f"{path}, entry {number}: the id '{entry.name}' already stands in entry {seen[entry.name]}")
        seen.setdefault(entry.name, number)
        entries.append(entry)
        files += [entry.path] if entry.path.is_file() else []
    if faults:
        raise DataError(faults)
    known = {entry.path.name for entry in entries}
    extra = sorted(file.stem for file in (folder / FOLDER).glob("*.npz") if file.name not in known)
    doubt = f"{len(extra)} files in {FOLDER}/ are not in {MANIFEST} and have no text, such as {extra[:1]}"
    return SourcePart(
        None,
        label=folder.absolute().name,
        home=folder.absolute().parent,
        files=tuple(files),
        entries=tuple(entries[:most]),
        warnings=(doubt,) if extra else (),
        is_corpus=True,
    )


def _entry(folder: Path, row: object, where: str) -> tuple[ClipEntry | None, list[str]]:
    """One row, or everything that is wrong with it."""
    if not isinstance(row, dict) or not {"id", "text"} <= row.keys():
        return None, [f"{where} has no id or no text"]
    faults: list[str] = []
    text, gloss = text_of(row, "text", where, faults), gloss_of(row, "gloss", where, faults)
    if faults:
        return None, faults
    motion = folder / FOLDER / f"{row['id']}.npz"
    return ClipEntry(
        composed(str(row["id"])),
        motion,
        partial(load_clip, motion),
        num_bytes=motion.stat().st_size if motion.is_file() else 0,
        text=text,
        gloss=gloss,
        source=f"{FOLDER}/{motion.name}",
        faults=() if text else (f"no text: it is empty in {MANIFEST}",),
    ), []


TABLE = Table(f"{MANIFEST} with {FOLDER}/{{id}}.npz", find)

"""The older layout: `<split>/<clip>/pose.json` with `text.txt`, and `gloss.txt` where there is gloss."""

from __future__ import annotations

from functools import partial
from itertools import islice
from pathlib import Path

from signllm.data.names import composed
from signllm.data.source import BARE_FILES, SPLITS, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.errors import DataError
from signllm.fsutil import read_lines
from signllm.packed import packed
from signllm.pose.formats.clip_folder import GLOSS_FILE, POSE_FILE, TEXT_FILE, read_raw


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each split folder in `path`; or `path` itself, where it is a split folder or a clip's folder.

    Folders without any text are bare pose files.
    """
    if _is_clip(path):
        return [FoundPart(None, f"the clip {path.name}/", SPLITS, partial(_open_clip, path))]
    if any(path.glob(f"*/{POSE_FILE}")):
        return [_found(path)]
    folders = {clip.parent.parent for file in (POSE_FILE, TEXT_FILE) for clip in path.glob(f"*/*/{file}")}
    return [_found(folder) for folder in folders]


def _found(folder: Path) -> FoundPart:
    split = folder.absolute().name
    rank = SPLITS if any(folder.glob(f"*/{TEXT_FILE}")) else BARE_FILES
    return FoundPart(split, f"clip folders in {split}/", rank, partial(_open, folder))


def _is_clip(folder: Path) -> bool:
    return (folder / POSE_FILE).is_file()


def _open_clip(clip: Path, most: int | None) -> SourcePart:
    return _part(None, clip, [clip])


def _open(folder: Path, most: int | None) -> SourcePart:
    """Clip folders in alphabetical order; a folder with neither file is not a clip."""
    folders = (clip for clip in sorted(folder.iterdir()) if _is_clip(clip) or (clip / TEXT_FILE).is_file())
    return _part(folder.absolute().name, folder, list(islice(folders, most)))


def _part(split: str | None, folder: Path, clips: list[Path]) -> SourcePart:
    files = (clip / name for clip in clips for name in (POSE_FILE, TEXT_FILE, GLOSS_FILE))
    return SourcePart(
        split,
        label=folder.absolute().name,
        home=folder.absolute().parent,
        files=packed(file for file in files if file.is_file()),
        entries=packed(_entry(split, clip) for clip in clips),
    )


def _entry(split: str | None, clip: Path) -> ClipEntry:
    pose_file, text_file, gloss_file = (clip / name for name in (POSE_FILE, TEXT_FILE, GLOSS_FILE))
    texts, faults = {}, []
    for path, needed in ((text_file, True), (gloss_file, False)):
        if path.is_file():
            try:
                texts[path] = " ".join(line for line in read_lines(path) if line)
            except DataError as error:
                faults += error.faults
        if needed and not texts.get(path) and not faults:
            faults.append(f"no text: {path.name} is empty or not there")
    name = composed(clip.absolute().name)
    return ClipEntry(
        name,
        pose_file,
        partial(read_raw, clip),
        num_bytes=pose_file.stat().st_size if pose_file.is_file() else 0,
        text=texts.get(text_file) or None,
        gloss=texts.get(gloss_file) or None,
        split=split,
        source=f"{split}/{clip.name}" if split else clip.name,
        faults=tuple(faults),
    )


TABLE = Table(f"{{split}}/{{clip}}/{POSE_FILE} with {TEXT_FILE}", find)

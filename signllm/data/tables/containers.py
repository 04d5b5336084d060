"""Files of many clips that hold their texts themselves: `.h5`, `.pt`, `.parquet`, `.arrow`.

In `.h5` and `.pt` a text stands beside a clip's arrays; in parquet and arrow files (Hugging Face `datasets`) in another
column of its row. The split is in the file's name (`train-00000-of-00001.parquet`) or its folder's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from signllm.data.names import USUAL_SPLITS, clip_name, split_in, usual_split
from signllm.data.source import TABLE_FILE, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.tables.columns import find_columns, spoken_columns
from signllm.data.tables.rows import read_rows
from signllm.data.tables.values import gloss_of, number_of, text_of
from signllm.packed import packed
from signllm.pose.formats import arrow_points, tree_files
from signllm.pose.formats.arrow_file import SUFFIXES as ARROW
from signllm.pose.formats.reader import ListedClip

_TREES = (*tree_files.HDF5, *tree_files.TORCH)
_FOLDERS = ("data", *USUAL_SPLITS)


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each split of the files in a folder, in its `data` or in its splits' folders."""
    files = [path] if path.is_file() else _files(path)
    by_split: dict[str | None, list[Path]] = {}
    for file in files:
        if _says_texts(file, columns):
            by_split.setdefault(split_in(file.stem) or split_in(file.parent.name), []).append(file)
    return [
        FoundPart(split, ", ".join(file.name for file in group[:2]), TABLE_FILE, partial(_open, group, split, columns))
        for split, group in by_split.items()
    ]


def _files(folder: Path) -> list[Path]:
    folders = [folder, *(folder / name for name in _FOLDERS)]
    found = [file for inside in folders if inside.is_dir() for file in sorted(inside.iterdir())]
    return [file for file in found if file.suffix.lower() in (*_TREES, *ARROW) and file.is_file()]


def _says_texts(file: Path, columns: Columns) -> bool:
    suffix = file.suffix.lower()
    if suffix in ARROW:
        return (
            arrow_points.READER.matches(file)
            and not arrow_points.is_point_table(file)
            and _has_words({name.casefold() for name in arrow_points.schema_of(file).names}, columns)
        )
    return suffix in _TREES and any(_has_words(set(said), columns) for _, said in tree_files.texts_of(file))


def _has_words(names: set[str], columns: Columns) -> bool:
    return bool({"text", "gloss"} & find_columns(names, columns).keys() or spoken_columns(names))


def _open(files: list[Path], split: str | None, columns: Columns, most: int | None) -> SourcePart:
    faults: list[str] = []
    entries = packed(_entries_of(files, split, columns, faults))
    first = files[0]
    return SourcePart(
        split,
        label=first.name,
        home=first.absolute().parent,
        files=tuple(files),
        entries=entries[:most],
        faults=tuple(faults),
        records_fps=False,
        is_corpus=True,
    )


def _entries_of(files: list[Path], split: str | None, columns: Columns, faults: list[str]) -> Iterator[ClipEntry]:
    """The clips of the files; what is wrong with what is said of them is put into `faults`."""
    for file in files:
        reader = arrow_points.READER if file.suffix.lower() in ARROW else tree_files.READER
        clips = reader.list_clips(file)
        for clip, (where, row) in zip(clips, _rows(file, clips, columns), strict=True):
            yield _entry(file, partial(reader.load, file, *clip.key), clip, where, row, split, faults)


def _rows(file: Path, clips: Sequence[ListedClip], columns: Columns) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What is said of each clip, by what the columns say."""
    if file.suffix.lower() in ARROW:
        yield from read_rows(file, columns)
        return
    for clip, (_, there) in zip(clips, tree_files.texts_of(file), strict=True):
        found = find_columns(there, columns)
        row: dict[str, object] = {kind: there[column] for kind, column in found.items() if column in there}
        row |= {f"text {code}": there[column] for code, column in spoken_columns(there).items()}
        yield f"{file} (clip {clip.name})", row


def _entry(
    file: Path, load: partial, clip: ListedClip, where: str, row: Mapping[str, object], split: str | None, faults: list
) -> ClipEntry:
    told = row.get("id")
    name = clip_name(str(told) if isinstance(told, str | int) and str(told).strip() else clip.name)
    gloss, fps = gloss_of(row, "gloss", where, faults), number_of(row, "fps", where, faults)
    text = text_of(row, "text", where, faults) if "text" in row else None
    spoken = {key: text_of(row, key, where, faults) for key in row if key.startswith("text ")}
    texts = {key.removeprefix("text "): said for key, said in spoken.items() if said}
    text = text or (None if texts else gloss)
    signer = row.get("signer")
    own = text_of(row, "split", where, faults) if "split" in row else None
    return ClipEntry(
        name,
        file,
        load,
        clip.suffix,
        clip.num_bytes,
        text,
        gloss,
        split=usual_split(own) if own else split,
        signer=str(signer) if signer not in (None, "") else None,
        fps=fps or None,
        source=clip.name,
        texts=texts,
        faults=() if text or texts else ("no text stands beside its poses",),
    )


TABLE = Table(f"files {', '.join((*_TREES, *ARROW))} that hold texts beside poses", find)

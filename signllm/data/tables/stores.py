"""A store: its root, a language's folder or a split's folder."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from signllm.data.source import STORE, ClipEntry, Columns, FoundPart, SourcePart, Table
from signllm.data.store import Store, StoreSplit
from signllm.errors import DataError
from signllm.fsutil import file_identity
from signllm.languages import LANGUAGES
from signllm.pose.formats.reader import Loaded

DESCRIPTION = "dataset.json"
_OPEN_SPLITS = 16


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """A part for each folder of each language: sources of one split stay apart."""
    if (path / DESCRIPTION).is_file():
        return [_found(path)]
    if not path.is_dir():
        return []
    name = path.absolute().name
    is_language = name in LANGUAGES and any(path.glob(f"*/{DESCRIPTION}"))
    store = Store(path.absolute().parent if is_language else path)
    codes = [name] if is_language else store.languages()
    return [_found(store.root / code / split) for code in codes for split in store.folders(code)]


def _found(folder: Path) -> FoundPart:
    language, split = folder.absolute().parts[-2:]
    return FoundPart(split, f"the store's {language}/{split}", STORE, partial(_open, folder), language)


def _open(folder: Path, most: int | None) -> SourcePart:
    split = _opened(folder, file_identity(folder / DESCRIPTION))
    language, name = folder.absolute().parts[-2:]
    entries = tuple(
        ClipEntry(
            record.id,
            folder,
            partial(_load, folder, index),
            f" (clip {record.id})",
            record.frames * split.skeleton.num_joints * 12,
            record.text or None,
            record.gloss,
            record.language,
            name,
            record.signer,
            source=record.source,
            references=tuple(record.references),
            faults=() if record.text else ("no text",),
        )
        for index, record in enumerate(split.records[:most])
    )
    home = folder.absolute().parents[1]
    return SourcePart(name, f"{language}/{name}", home, (folder / DESCRIPTION,), entries, language=language)


@lru_cache(_OPEN_SPLITS)
def _opened(folder: Path, content: tuple[int, ...]) -> StoreSplit:
    return StoreSplit(folder)


def _load(folder: Path, index: int) -> Loaded:
    """A clip as a view of the memory map."""
    try:
        return _opened(folder, file_identity(folder / DESCRIPTION)).pose(index), []
    except DataError as error:
        return None, error.faults


TABLE = Table("a store that final_convert_data.py made", find)

"""Labels in the names of pose files, where nothing else says what is signed: a folder a label, or the words of names.

Names are labels only where they can be: words that come again (`haus_01`, `haus_02`), folders with several files, or
signs that are numbered by a release (LSA64's `001_002_003`: sign, signer, repetition).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from signllm.data.names import USUAL_SPLITS
from signllm.data.source import ClipEntry

_LSA64 = re.compile(r"(\d{3})_(\d{3})_(\d{3})")
_TAIL = re.compile(r"[\s_\-.]*(\d+|signer\d+|sample\d+|rep\d+|v\d+)$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{2,}([ _\-'][^\W\d_]+)*")
_HEX = re.compile(r"[0-9a-f]{12,}", re.IGNORECASE)


def labelled_by_names(path: Path, entries: Sequence[ClipEntry]) -> tuple[list[ClipEntry], list[str]]:
    """The entries with the labels of their names as texts and glosses, and a warning that says so; else as they are.

    `path`: what was opened, whose own name is no label.
    """
    if not entries:
        return [], []
    numbered = [_LSA64.fullmatch(entry.name) for entry in entries]
    if all(numbered):
        signs = [match.group(1) for match in numbered if match]
        signers = [match.group(2) for match in numbered if match]
        texts = [replace(e, signer=who) for e, who in zip(entries, signers, strict=True)]
        return _with(texts, signs, "the numbers of signs in the names of files (sign_signer_repetition)", path)
    folders = [_folder_of(path, entry) for entry in entries]
    if all(folders) and len(set(folders)) > 1:
        return _with(entries, [str(folder).replace("_", " ") for folder in folders], "the names of folders", path)
    words = [_word_of(entry.name) for entry in entries]
    if all(words):
        return _with(entries, [str(word) for word in words], "the names of files without their numbers", path)
    return list(entries), []


def _with(
    entries: Sequence[ClipEntry], labels: Sequence[str], what: str, path: Path
) -> tuple[list[ClipEntry], list[str]]:
    note = (
        f"{path.name}: nothing says what is signed, so {what} stand for texts and glosses ({len(set(labels))} labels in"
        f" {len(entries)} clips, such as '{labels[0]}'); a table beside the files says it better"
    )
    pairs = zip(entries, labels, strict=True)
    return [replace(entry, text=label, gloss=label.upper(), faults=()) for entry, label in pairs], [note]


def _folder_of(path: Path, entry: ClipEntry) -> str | None:
    """The folder that a file is in, where it is not what was opened itself, nor a split."""
    folder = entry.path.absolute().parent
    return folder.name if folder != path.absolute() and folder.name not in USUAL_SPLITS else None


def _word_of(name: str) -> str | None:
    """The words of a name without numbers at its end; None for numbers, hashes and other codes."""
    stem, last = name, ""
    while stem != last:
        last, stem = stem, _TAIL.sub("", stem)
    return stem.replace("_", " ") if _WORDS.fullmatch(stem) and not _HEX.fullmatch(name) else None

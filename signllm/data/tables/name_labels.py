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
from signllm.data.tables.rows import headless_rows, labels_in

_LSA64 = re.compile(r"(\d{3})_(\d{3})_(\d{3})")
_TAIL = re.compile(r"[\s_\-.]*(\d+|signer\d+|sample\d+|rep\d+|v\d+)$", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{2,}([ _\-'][^\W\d_]+)*")
_NUMBER = re.compile(r"^\d+[.)]\s*(?=\D)")
"""Before the words of a folder, as in INCLUDE's `1. loud`."""
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
    words_of = _words_of_labels(path) if all(folders) else {}
    if words_of and all(_key(str(folder)) in words_of for folder in folders):
        meant = [words_of[_key(str(folder))] for folder in folders]
        named, _ = _with(entries, meant, "", path)
        labels = len(set(meant))
        return named, [f"{path.name}: the texts are what a table says of the names of folders ({labels} labels)"]
    in_split = all(entry.split and entry.path.parent.parent != path for entry in entries)  # which may have one label
    if all(folders) and (len(set(folders)) > 1 or in_split):
        return _with(entries, [str(folder).replace("_", " ") for folder in folders], "the names of folders", path)
    words = [_word_of(entry.name) for entry in entries]
    if all(words) and (len(set(words)) > 1 or len(entries) == 1):  # one word for all is the recording's or release's
        return _with(entries, [str(word) for word in words], "the names of files without their numbers", path)
    return list(entries), []


def _words_of_labels(path: Path) -> dict[str, str]:
    """What a table of classes, or one of two columns without a first line, says of labels (`000012 text`)."""
    if not path.is_dir():
        return {}
    found = {label: next(iter(words.values())) for label, words in labels_in(path).items() if words}
    for _, rows in headless_rows(path) if not found else ():
        found |= {str(row["file"]): str(row.get("text") or row.get("gloss") or "") for _, row in rows}
    return {_key(label): word for label, word in found.items() if word}


def _key(label: str) -> str:
    """A label as it is compared: '0012' is 12."""
    return label.lstrip("0") or "0" if label.isdecimal() else label


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
    name = _NUMBER.sub("", folder.name)
    return name if folder != path.absolute() and folder.name not in USUAL_SPLITS else None


def _word_of(name: str) -> str | None:
    """The words of a name without numbers at its end; None for numbers, hashes and other codes."""
    stem, last = name, ""
    while stem != last:
        last, stem = stem, _TAIL.sub("", stem)
    return stem.replace("_", " ") if _WORDS.fullmatch(stem) and not _HEX.fullmatch(name) else None

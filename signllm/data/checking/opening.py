"""The splits of a source as conversion would make them; also those of a store, without a language, without texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from signllm.data.dealing import by_split, filled, first_clips, labelled, of_language, told_apart, with_splits
from signllm.data.names import usual_order
from signllm.data.source import FoundPart, SourcePart
from signllm.data.tables import find_parts
from signllm.errors import ConfigError, DataError, did_you_mean
from signllm.languages import LANGUAGES


@dataclass(frozen=True)
class OpenedSplit:
    """One split: its clips, its language where anybody says it, and in which table it was found."""

    language: str | None
    source: SourcePart
    table: str
    what: str


def open_splits(
    path: Path,
    language: str | None,
    wanted: Sequence[str] | None,
    most: int | None,
    held_out: float,
    columns: Mapping[str, str],
) -> list[OpenedSplit]:
    """All splits of all languages, or of `language` (a code), at most `most` clips of each.

    Raises DataError where nothing can be opened, where a wanted split is not there and where no clip is of the
    language; ConfigError where the texts stand in several spoken languages, so that the language must be said.
    """
    opened, faults = [], []
    for part in find_parts(path, columns):
        if language and part.language not in (None, language):
            continue
        try:
            opened += list(_opened(path, part, language, held_out))
        except DataError as error:
            faults += error.faults
    if not opened and not faults:
        told = dict.fromkeys(part.language for part in find_parts(path, columns) if part.language)
        faults.append(f"{path}: no clips of {language}; it holds {', '.join(told)}")
    there = dict.fromkeys(split.source.split or "" for split in opened)
    faults += [
        f"{path}: no split '{name}'{did_you_mean(name, there)}; there are: {', '.join(filter(None, there)) or 'none'}"
        for name in wanted or ()
        if name not in there
    ]
    if faults:
        raise DataError(faults)
    codes = list(dict.fromkeys(split.language for split in opened))
    opened.sort(key=lambda split: (codes.index(split.language), usual_order(split.source.split)))
    chosen = [split for split in opened if not wanted or split.source.split in wanted]
    return [replace(split, source=first_clips(split.source, most)) for split in chosen]


def _opened(path: Path, part: FoundPart, language: str | None, held_out: float) -> Iterator[OpenedSplit]:
    """The splits of one part, language by language."""
    source = part.open(None)
    if not source.entries and source.faults:
        raise DataError(source.faults)
    told = dict.fromkeys(entry.language or part.language for entry in source.entries)
    codes = [language] if language else list(told) or [part.language]
    for code in codes:
        if code and code in LANGUAGES:
            mine = of_language(source, code)
        else:
            mine = replace(source, entries=tuple(entry for entry in source.entries if entry.language == code))
            _check_texts(path, mine)
        mine = labelled(path, mine) if mine.missing and mine.entries else mine
        dealt = mine.is_corpus or not mine.missing
        parts = with_splits(mine, held_out) if dealt else by_split(mine)
        for split in filled(parts):
            yield OpenedSplit(code, told_apart(split), part.table, part.what)


def _check_texts(path: Path, part: SourcePart) -> None:
    """Raise ConfigError where only the sign language can say which of several texts is meant."""
    spoken = sorted({code for entry in part.entries if not entry.text for code in entry.texts})
    if spoken:
        codes = [f"{code} ({one.spoken})" for code, one in LANGUAGES.items() if one.spoken in spoken]
        raise ConfigError(
            f"{path}: the texts are in {', '.join(spoken)}, and the sign language says which of them is meant; add"
            f" --language with one of {', '.join(codes) or ', '.join(LANGUAGES)}"
        )

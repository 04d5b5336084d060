"""The splits of a source: those it has, and for one without any, the deal of its clips to `train` and `dev`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from signllm.data.groups import deal_clips, hash_share
from signllm.data.names import USUAL_SPLITS, usual_order
from signllm.data.source import BARE_FILES, ClipEntry, FoundPart, SourcePart
from signllm.data.store_split import PART
from signllm.data.tables import find_parts
from signllm.data.tables.name_labels import labelled_by_names
from signllm.errors import DataError, did_you_mean
from signllm.packed import packed_as
from signllm.pose.formats.finding import Step

HELD_OUT = 0.15  # share of the clips that go to dev, unless the user says otherwise
TRAIN, DEV = "train", "dev"


def split_of(name: str, held_out: float) -> str:
    """`train` or `dev`, a function of a clip's name and the share of clips that is held out.

    So are clips dealt that have nothing in common. The same clip lands in the same split on every machine, and stays
    there when other clips are added.
    """
    return DEV if hash_share(name) < held_out else TRAIN


def deal(part: SourcePart, held_out: float = HELD_OUT) -> dict[str, SourcePart]:
    """The clips of a part without splits, dealt to train and dev by signer, recording and text where that is known."""
    dealt = deal_clips(part.entries, held_out)
    step = Step("deal", dealt.rule, dealt.why)
    parts = {}
    for split in (TRAIN, DEV):
        chosen = (entry for n, entry in enumerate(part.entries) if (n in dealt.dev) == (split == DEV))
        mine = packed_as(part.entries, chosen)
        faults = part.faults if mine else (*part.faults, f"{part.label}: no clip falls to {split}; see --held_out")
        parts[split] = replace(part, split=split, entries=mine, faults=faults, held_out=held_out, steps=(step,))
    return parts


def check_name(name: str) -> list[str]:
    """What is wrong with the name of a source: it stands in the names of folders and before the ids of clips."""
    if re.fullmatch(r"\w[\w.-]{0,59}", name) and name not in USUAL_SPLITS:
        return []
    return [f"--name is '{name}'; expected letters, digits, '_', '.' and '-', at most 60, and no name of a split"]


def as_part(chosen: Mapping[str, Callable[[], SourcePart]], name: str) -> dict[str, Callable[[], SourcePart]]:
    """What opens each split, as the part `name` of it: its ids begin with the name, so that no other part has them."""

    def opened(open_source: Callable[[], SourcePart], split: str) -> SourcePart:
        source = open_source()
        renamed = (replace(entry, name=f"{name}/{entry.name}") for entry in source.entries)
        return replace(source, split=split, entries=packed_as(source.entries, renamed))

    return {f"{split}{PART}{name}": partial(opened, first, f"{split}{PART}{name}") for split, first in chosen.items()}


def by_split(part: SourcePart) -> list[SourcePart]:
    """A part for each split that the entries name, in the usual order; the part itself where they name none."""
    names = {entry.split for entry in part.entries if entry.split is not None}
    if part.split is not None or not names or any(entry.split is None for entry in part.entries):
        return [part]
    return [
        replace(
            part,
            split=name,
            label=f"{part.label} {name}" if len(names) > 1 else part.label,
            entries=packed_as(part.entries, (entry for entry in part.entries if entry.split == name)),
        )
        for name in sorted(names, key=usual_order)
    ]


def wanted_splits(
    path: Path,
    language: str,
    wanted: Sequence[str] | None,
    most: int | None,
    held_out: float = HELD_OUT,
    columns: Mapping[str, str] | None = None,
) -> dict[str, Callable[[], SourcePart]]:
    """What opens each split of the source at `path`, by name, with at most `most` clips of the language (a code).

    A clip whose name an earlier one of its split has is faulty. `wanted` None means all splits. Raises DataError at
    once that names every wanted split that is not there, and where the source has no clip of the language or, being
    without splits, no text for any clip.
    """
    found = find_parts(path, columns)
    told = {part.language for part in found if part.language}
    found = [part for part in found if part.language in (None, language)]
    if not found:
        raise DataError(f"{path}: no clips of {language}; it holds {', '.join(sorted(told))}")
    if not all(part.split for part in found):  # else what is not wanted need not be opened
        parts = [of_language(part.open(None), language) for part in found]
        parts = [labelled(path, part) if part.missing else part for part in parts]
        missing = [fault for part in parts if part.split is None for fault in part.missing]
        if missing:  # it would be said again for each split to which the clips are dealt
            raise DataError(missing)
        splits = [split for part in parts for split in with_splits(part, held_out)]
        splits = splits if wanted else filled(splits)
        found = [FoundPart(split.split, split.label, BARE_FILES, partial(_opened, split)) for split in splits]
    return {str(part.split): partial(_open, path, part, language, most) for part in _choose(path, found, wanted)}


def labelled(path: Path, part: SourcePart) -> SourcePart:
    """Pose files without any text, with the labels of their names where those can be labels; else as they are."""
    entries, notes = labelled_by_names(path, part.entries)
    if not notes:
        return part
    named = packed_as(part.entries, entries)
    return replace(part, entries=named, missing=(), warnings=(*part.warnings, *notes))


def _open(path: Path, part: FoundPart, language: str, most: int | None) -> SourcePart:
    opened = part.open(most)
    if opened.missing and not any(entry.suffix for entry in opened.entries):  # files of one clip, in labels' folders
        opened = labelled(path, opened)
    return told_apart(first_clips(of_language(opened, language), most))


def told_apart(part: SourcePart) -> SourcePart:
    """The part with a fault at each clip whose name stands before: one of the two would be lost, or taken for both."""
    if part.faults:  # no clip of it is written
        return part
    twice = _repeated(entry.name for entry in part.entries)
    return replace(part, entries=packed_as(part.entries, _with_faults(part.entries, twice))) if twice else part


def _repeated(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    repeated: set[str] = set()
    for name in names:
        (repeated if name in seen else seen).add(name)
    return repeated


def _with_faults(entries: Iterable[ClipEntry], twice: set[str]) -> Iterator[ClipEntry]:
    first: dict[str, str] = {}
    for entry in entries:
        if entry.name in first:
            fault = f"the name '{entry.name}' already stands at {first[entry.name]}; names must be unique in a split"
            entry = replace(entry, faults=(*entry.faults, fault))
        elif entry.name in twice:
            first[entry.name] = entry.path.name + entry.suffix
        yield entry


def _opened(part: SourcePart, most: int | None) -> SourcePart:
    return part


def first_clips(part: SourcePart, most: int | None) -> SourcePart:
    """The part with at most so many clips; all of them where it is None."""
    return replace(part, entries=part.entries[:most])


def with_splits(part: SourcePart, held_out: float) -> list[SourcePart]:
    """The splits that the clips name, or else those to which they are dealt."""
    parts = by_split(part)
    return list(deal(part, held_out).values()) if parts[0].split is None else parts


def filled(splits: Sequence[SourcePart]) -> list[SourcePart]:
    """The splits that have clips, where some were dealt none: of few clips none may fall to dev. The others say so."""
    empty = [split for split in splits if split.held_out is not None and not split.entries]
    if not empty or len(empty) == len(splits):
        return list(splits)
    note = f"no clip falls to {', '.join(str(split.split) for split in empty)}; see --held_out"
    return [replace(split, warnings=(*split.warnings, note)) for split in splits if split not in empty]


def _choose(path: Path, found: list[FoundPart], wanted: Sequence[str] | None) -> list[FoundPart]:
    """The parts of the wanted splits (all when None); DataError for splits that are not there, or there twice."""
    parts = {str(part.split): part for part in found}
    faults = [
        f"{path}: no split '{name}'{did_you_mean(name, parts)}; there are: {', '.join(parts)}"
        for name in wanted or ()
        if name not in parts
    ]
    names = [str(part.split) for part in found]
    faults += [f"{path}: the split '{name}' is there twice" for name in parts if names.count(name) > 1]
    if faults:
        raise DataError(faults)
    return [parts[name] for name in dict.fromkeys(wanted or parts)]


def of_language(part: SourcePart, code: str) -> SourcePart:
    """The part with the clips of one language (a code); clips that name none are taken to be of it."""
    chosen = (entry.of_language([code]) for entry in part.entries if entry.language in (None, code))
    entries = packed_as(part.entries, chosen)
    others = len(part.entries) - len(entries)
    if not others:
        return replace(part, entries=entries)
    note = f"{others} clips of other languages than {code} are left out"
    faults = part.faults if entries else (*part.faults, f"{part.label}: no clip of {code}; {note}")
    return replace(part, entries=entries, faults=faults, warnings=(*part.warnings, note))

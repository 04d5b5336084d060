"""Clips of two sets beside each other: paired by name or by order, checked as a whole, and served as a split is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from signllm.data.clips import ClipCollection
from signllm.data.names import matching_names
from signllm.data.source import ClipEntry
from signllm.data.store import ClipRecord, StoreSplit
from signllm.data.texts import normalised_text
from signllm.errors import ConfigError, DataError, first_faults
from signllm.evaluation.clip_sets import Conversion
from signllm.evaluation.options import NAME, ORDER
from signllm.pose import PoseSequence, Skeleton
from signllm.sampling import spread

WITHOUT_LANGUAGE = "clips"
_MOST_NAMES, _MOST_FAULTS = 12, 50


@dataclass(frozen=True)
class Pair:
    """Indices of a prediction and of its reference, and what is known of the two together."""

    prediction: int
    reference: int
    entry: ClipEntry


@dataclass(frozen=True)
class ClipFormat:
    """What all clips of both sets have in common. `notes` are for the reader of the scores."""

    fps: float
    skeleton: Skeleton
    unit: str
    dimensions: int
    notes: tuple[str, ...] = ()

    @property
    def skeleton_name(self) -> str:
        """For signatures: joints, and the plane where only that is compared."""
        return self.skeleton.name + ("/xy" if self.dimensions == 2 else "")


def pair_clips(predictions: ClipCollection, references: ClipCollection, by: str = NAME) -> list[Pair]:
    """Pair all clips, in the order of the references; DataError lists everything that does not pair up.

    `by` 'name': every clip has its namesake in the other set by the rule of `signllm.data.names`, of the same language
    where both sets tell languages.
    `by` 'order': the first with the first, and so on. Texts, where both sets have them, must say the same (case,
    punctuation and spaces do not count).
    """
    if by == ORDER:
        indices, faults = _by_order(predictions, references)
    elif by == NAME:
        indices, faults = _by_name(predictions, references)
    else:
        raise ConfigError(f"--pair_by {by}: expected {NAME} or {ORDER}")
    pairs, wrong = [], []
    for ours, theirs in indices:
        entry, contradictions = _joined(predictions.entries[ours], references.entries[theirs])
        wrong += contradictions
        pairs.append(Pair(ours, theirs, entry))
    faults += _limited(wrong)
    if faults:
        raise DataError(faults)
    return pairs


def _by_order(predictions: ClipCollection, references: ClipCollection) -> tuple[list[tuple[int, int]], list[str]]:
    if len(predictions) != len(references):
        return [], [
            f"{len(predictions)} predictions in {predictions.path}, {len(references)} references in {references.path};"
            " clips can be paired by order only where there are as many"
        ]
    return [(index, index) for index in range(len(references))], []


def _by_name(predictions: ClipCollection, references: ClipCollection) -> tuple[list[tuple[int, int]], list[str]]:
    sets = {"prediction": predictions, "reference": references}
    faults = [
        f"{clips.path}: the {side}s have no names; put a .files file beside each .skels file, or say --pair_by order"
        for side, clips in sets.items()
        if not clips.named
    ]
    if faults:
        return [], faults
    plain = dict(zip(sets, matching_names([clips.entries for clips in sets.values()]), strict=True))
    tell = all(entry.language is not None for clips in sets.values() for entry in clips.entries)
    index_of: dict[str, dict] = {}
    for side, clips in sets.items():
        keys = [
            (entry.language if tell else None, name) for entry, name in zip(clips.entries, plain[side], strict=True)
        ]
        index_of[side] = {key: index for index, key in enumerate(keys)}
        twice = [key for key, count in Counter(keys).items() if count > 1]
        places = [clips.entries[keys.index(key)].where for key in twice[:_MOST_NAMES]]
        if twice:
            faults.append(
                f"{clips.path}: {len(twice)} names stand for more than one {side}, e.g. {'; '.join(places)};"
                " give each clip one file, and choose a language or split with --language and --split"
            )
    ours, theirs = index_of.values()
    for side, other, alone in (
        ("prediction", "reference", [name for _, name in ours.keys() - theirs.keys()]),
        ("reference", "prediction", [name for _, name in theirs.keys() - ours.keys()]),
    ):
        if alone:
            faults.append(
                f"{sets[side].path}: {len(alone)} of {len(sets[side])} {side}s without a {other} of the same name:"
                f" {_some(sorted(alone))}; every clip needs its partner (--pair_by order pairs them by position)"
            )
    return [(ours[key], index) for key, index in theirs.items() if key in ours], faults


def _joined(ours: ClipEntry, theirs: ClipEntry) -> tuple[ClipEntry, list[str]]:
    """What both know of a pair, and where they contradict each other."""
    faults = []
    texts = [entry.text for entry in (ours, theirs) if entry.text is not None]
    if len({normalised_text(text) for text in texts}) > 1:
        faults.append(
            f"{ours.where}: its text is '{ours.text}', that of the reference {theirs.name} is '{theirs.text}'; these"
            " are not a pair"
        )
    if None not in (ours.language, theirs.language) and ours.language != theirs.language:
        faults.append(f"{ours.where}: signed in {ours.language}, the reference {theirs.name} in {theirs.language}")
    language, text, gloss = (
        next((value for value in values if value is not None), None)
        for values in ((theirs.language, ours.language), (theirs.text, ours.text), (theirs.gloss, ours.gloss))
    )
    return replace(theirs, language=language, text=text, gloss=gloss), faults


def check_contents(
    predictions: ClipCollection,
    references: ClipCollection,
    pairs: Sequence[Pair],
    convert: Conversion,
    progress: Callable[[int], None] | None = None,
) -> ClipFormat:
    """Read every clip once and find what they have in common; DataError lists all that stands against comparing them.

    That is: clips that cannot be read, are empty, not finite or wholly missing, pairs without a common joint, and more
    than one frame rate, unit, skeleton or number of coordinates among all clips.
    """
    faults: list[str] = []
    facts = {"predictions": _Facts(), "references": _Facts()}
    for pair in pairs:
        seen: list[np.ndarray] = []
        for side, clips, index in (
            ("predictions", predictions, pair.prediction),
            ("references", references, pair.reference),
        ):
            pose, wrong = _sound(clips, index, convert)
            faults += wrong
            if pose is not None:
                facts[side].add(pose, clips.entries[index].name)
                seen.append(np.any(pose.valid, axis=0))
        if len(seen) == 2 and len(seen[0]) == len(seen[1]) and not (seen[0] & seen[1]).any():
            where = predictions.entries[pair.prediction].where
            faults.append(f"{where}: shows no joint that its reference shows; leave the clip out on both sides")
        if progress:
            progress(1)
    faults = _limited(faults) + _disagreements(facts)
    first = facts["references"].first
    if faults or first is None:
        raise DataError(faults or "there is no pair of clips to compare")
    notes = [
        f"the {side} have no depth (z is 0 everywhere), the {other} have: use --drop_z to compare what both show"
        for side, other in (("predictions", "references"), ("references", "predictions"))
        if first.coordinates.shape[2] == 3 and not facts[side].deep and facts[other].deep
    ]
    return ClipFormat(first.fps, first.skeleton, first.unit, first.coordinates.shape[2], tuple(notes))


def _sound(clips: ClipCollection, index: int, convert: Conversion) -> tuple[PoseSequence | None, list[str]]:
    """A clip as it will be compared, or everything that is wrong with it."""
    where = clips.entries[index].where
    try:
        raw = clips.pose(index)
    except DataError as error:
        return None, error.faults
    if not raw.valid.any():
        return None, [f"{where}: every joint of every frame is missing; leave the clip out on both sides"]
    try:
        return convert(raw), []
    except DataError as error:
        return None, [f"{where}: {fault}" for fault in error.faults]


_PROPERTIES = {
    "frame rate": (lambda pose: f"{pose.fps:.6g} fps", "--resample FPS brings both sets to one"),
    "skeleton": (lambda pose: pose.skeleton.name, "convert one of them"),
    "unit": (lambda pose: pose.unit, "--rescale divides clips in another unit by their own shoulder width"),
    "coordinates a joint": (lambda pose: str(pose.coordinates.shape[2]), "--drop_z compares x and y only"),
}


class _Facts:
    """What the clips of one side are like: how many there are of each kind, and the first of each."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, tuple[int, str]]] = {name: {} for name in _PROPERTIES}
        self.deep = False
        self.first: PoseSequence | None = None

    def add(self, pose: PoseSequence, name: str) -> None:
        for what, (value_of, _) in _PROPERTIES.items():
            value = value_of(pose)
            count, first = self.kinds[what].get(value, (0, name))
            self.kinds[what][value] = (count + 1, first)
        self.deep = self.deep or bool(pose.coordinates[..., 2:].any())
        self.first = self.first or pose.replace(coordinates=pose.coordinates[:1], valid=pose.valid[:1])


def _disagreements(facts: dict[str, _Facts]) -> list[str]:
    faults = []
    for what, (_, remedy) in _PROPERTIES.items():
        kinds = {side: found.kinds[what] for side, found in facts.items()}
        if len(set().union(*kinds.values())) > 1:
            listed = "; ".join(
                f"{side}: "
                + ", ".join(f"{value} ({count} clips, e.g. {first})" for value, (count, first) in of.items())
                for side, of in kinds.items()
            )
            faults.append(f"{what} differs: {listed}; {remedy}")
    return faults


def _limited(faults: list[str]) -> list[str]:
    return first_faults(faults, _MOST_FAULTS, " of this kind")


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


class PairedSplit:
    """The pairs of one language in the shape of a split: references by `pose`, predictions as a system's answers."""

    def __init__(
        self,
        predictions: ClipCollection,
        references: ClipCollection,
        pairs: Sequence[Pair],
        convert: Conversion,
        common: ClipFormat,
    ):
        self._predictions, self._references, self._convert, self._fps = predictions, references, convert, common.fps
        self._pairs = list(pairs)
        self.skeleton, self.unit = common.skeleton, common.unit
        seen: Counter[str] = Counter()
        self.records, self._pair_of = [], {}
        for pair in self._pairs:
            entry = pair.entry
            seen[entry.name] += 1  # only clips paired by order may share a name
            name = entry.name if seen[entry.name] == 1 else f"{entry.name} ({seen[entry.name]})"
            self._pair_of[name] = pair
            record = ClipRecord(name, entry.text or "", entry.language or "", common.fps, 0, entry.gloss)
            self.records.append(replace(record, references=list(entry.references)))

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def has_texts(self) -> bool:
        """Whether the text of every clip is known."""
        return all(pair.entry.text is not None for pair in self._pairs)

    @property
    def indices(self) -> list[tuple[int, int]]:
        """Which prediction stands beside which reference, by their indices in the two sets."""
        return [(pair.prediction, pair.reference) for pair in self._pairs]

    def pose(self, index: int) -> PoseSequence:
        """The reference of pair `index`, converted."""
        return self._read(self._references, self._pairs[index].reference)

    def answer(self, records: Iterable[ClipRecord]) -> list[PoseSequence]:
        """The predictions for these records, converted."""
        return [self._read(self._predictions, self._pair_of[record.id].prediction) for record in records]

    def _read(self, clips: ClipCollection, index: int) -> PoseSequence:
        pose = self._convert(clips.pose(index))
        # Frame rates that agree in six digits are one rate that was written differently.
        return pose if pose.fps == self._fps else pose.replace(fps=self._fps)


class TrainingView:
    """A training split whose clips have as many coordinates as what is scored; `original` has what is stored."""

    def __init__(self, split: StoreSplit, dimensions: int):
        self.original, self._flatten = split, Conversion(drop_z=dimensions == 2)
        self.skeleton, self.unit, self.records, self.info = split.skeleton, split.unit, split.records, split.info

    def __len__(self) -> int:
        return len(self.original)

    def pose(self, index: int) -> PoseSequence:
        """Clip `index`."""
        return self._flatten(self.original.pose(index))


def by_language(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The pairs of each language, 'clips' where none is known."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.entry.language or WITHOUT_LANGUAGE, []).append(pair)
    return found


def evenly(pairs: Sequence[Pair], most: int | None) -> list[Pair]:
    """At most `most` of the pairs, evenly spaced."""
    return [pairs[index] for index in spread(len(pairs), most)]

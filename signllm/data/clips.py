"""Opening clips, whatever they are: `open_clips(path)` gives a ClipCollection of a store, pose files or any source.

What a folder holds is found by the tables of `signllm.data.tables`, what a file holds by the readers of
`signllm.pose.formats`; conversion, evaluation and viewing open clips through both and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from signllm.data.dealing import DEV, TRAIN, by_split, deal
from signllm.data.names import USUAL_SPLITS, clip_name, composed
from signllm.data.source import BARE_FILES, SPLITS, STORE, ClipEntry, FoundPart, SourcePart
from signllm.data.tables import find_parts
from signllm.errors import DataError, did_you_mean
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
from signllm.pose.formats import DEFAULT_FPS
from signllm.pose.formats.hints import Hints
from signllm.pose.formats.reader import Loaded
from signllm.pose.formats.searching import SharedConventions
from signllm.pose.tracking.decoding import SUFFIXES
from signllm.sampling import spread

_SHOWN = 3
_FEW_VIDEOS = 4


class _OpenPart:
    """A part of a source and how its clips are to be read; `fps` is for files that do not say their frame rate."""

    def __init__(self, source: SourcePart, fps: float | None, hints: Hints):
        self.source, self.fps = source, fps
        self.assumes_fps = fps is None and not source.records_fps
        loads: dict[str, list[Callable[[], Loaded]]] = {}
        for entry in source.entries:
            loads.setdefault(entry.path.suffix, [])
            loads[entry.path.suffix] += [entry.load] if entry.has_pose else []
        # Files of one kind only are recorded alike; a table may name several kinds.
        self._conventions = {
            suffix: SharedConventions(_sample(suffix, of_suffix), hints) for suffix, of_suffix in loads.items()
        }

    def pose(self, entry: ClipEntry) -> PoseSequence:
        """Read one clip; DataError names file and clip and lists everything that is wrong with it."""
        clip, faults = entry.load()
        if clip is None:
            raise DataError(f"{entry.where}: {fault}" for fault in faults)
        fps = entry.fps or clip.fps or self.fps
        self.assumes_fps |= fps is None
        try:
            return self._conventions[entry.path.suffix].pose(clip, fps or DEFAULT_FPS)
        except DataError as error:
            raise DataError(f"{entry.where}: {fault}" for fault in error.faults) from None


def _sample(suffix: str, loads: list[Callable[[], Loaded]]) -> list[Callable[[], Loaded]]:
    """All clips, by some of which they are judged; of videos a few: each that is looked at must be tracked."""
    return [loads[index] for index in spread(len(loads), _FEW_VIDEOS)] if suffix.lower() in SUFFIXES else loads


class ClipCollection:
    """Named clips in a fixed order. Names and texts are in memory; a pose is read when it is asked for.

    `clips[3]` and `clips["name"]` are PoseSequences in shoulder widths (files of this toolkit keep their unit), with
    the signer's right arm at joints 2-4; `clips[10:20]` is a collection again. Iterating gives PoseSequences, `items()`
    (name, PoseSequence) pairs. `path` is what was opened.
    """

    def __init__(self, path: Path, clips: Iterable[tuple[_OpenPart, ClipEntry]]):
        self.path = path
        self._clips = list(clips)

    def __len__(self) -> int:
        return len(self._clips)

    def __repr__(self) -> str:
        labels = [f"{part.label} {len(part)}" for part in self.parts()]
        names = self.names[:_SHOWN] + ["..."] * (len(self) > _SHOWN)
        return f"ClipCollection({len(self)} clips of {', '.join(labels)}: {', '.join(names)})"

    @cached_property
    def entries(self) -> list[ClipEntry]:
        """What is known of each clip without reading it: name, text, gloss, language, split, where it is."""
        return [entry for _, entry in self._clips]

    @property
    def names(self) -> list[str]:
        """The clips' names in order."""
        return [entry.name for entry in self.entries]

    @property
    def named(self) -> bool:
        """Whether all clips have names; otherwise some names only count the clips."""
        return all(part.source.named for part in self._opened)

    @property
    def assumed_fps(self) -> float | None:
        """The frame rate that is taken where neither file nor table nor user says one, None where that was not met.

        Files of some kinds say it or not: of those it is known when they have been read.
        """
        return DEFAULT_FPS if any(part.assumes_fps for part in self._opened) else None

    @property
    def files(self) -> list[Path]:
        """The files that the clips depend on."""
        return list(dict.fromkeys(file for part in self._opened for file in part.source.files))

    @property
    def splits(self) -> list[str]:
        """The splits that the clips are of, without repetition; empty where no source says it."""
        return list(dict.fromkeys(entry.split for entry in self.entries if entry.split is not None))

    @cached_property
    def _opened(self) -> list[_OpenPart]:
        return list({id(part): part for part, _ in self._clips}.values())

    def parts(self) -> list[ClipCollection]:
        """The clips of each part of the source apart: of each language and split, or of each file."""
        groups: dict[tuple, list[tuple[_OpenPart, ClipEntry]]] = {}
        for part, entry in self._clips:
            groups.setdefault((id(part), entry.language), []).append((part, entry))
        return [ClipCollection(self.path, clips) for clips in groups.values()]

    @property
    def label(self) -> str:
        """What the clips are called together: 'ASL/dev' for a split of a store, else a file's or folder's name."""
        return self._opened[0].source.label if len(self._opened) == 1 else self.path.absolute().name

    @property
    def is_store(self) -> bool:
        """Whether the clips come from a store, where each language has its splits."""
        return all(part.source.language is not None for part in self._opened)

    @property
    def long_label(self) -> str:
        """The label with the folder before it."""
        home = self._opened[0].source.home if len(self._opened) == 1 else self.path.absolute().parent
        return f"{home.name}/{self.label}"

    def pose(self, index: int) -> PoseSequence:
        """Read clip `index`; DataError names file and clip and lists everything that is wrong with it."""
        part, entry = self._clips[index]
        return part.pose(entry)

    @cached_property
    def _index_of(self) -> dict[str, int]:
        """The position of each clip by its name, with and without its split; of two alike the first."""
        positions = {entry.name: index for index, entry in reversed(list(enumerate(self.entries)))}
        for index, entry in enumerate(self.entries):
            positions.setdefault(f"{entry.split}/{entry.name}", index)
            positions.setdefault(clip_name(entry.name, (*USUAL_SPLITS, entry.split or "")), index)
        return positions

    def index(self, name: str) -> int | None:
        """The position of the clip called so, with or without its split before the name; None where there is none."""
        words = (name, composed(name), clip_name(name, (*USUAL_SPLITS, *self.splits)))
        return next((self._index_of[word] for word in words if word in self._index_of), None)

    def __getitem__(self, which: int | str | slice) -> PoseSequence | ClipCollection:
        if isinstance(which, slice):
            return ClipCollection(self.path, self._clips[which])
        if isinstance(which, str):
            index = self.index(which)
            if index is None:
                raise KeyError(f"{self.path}: no clip '{which}'{did_you_mean(which, self.names)}")
            return self.pose(index)
        return self.pose(which)

    def __iter__(self) -> Iterator[PoseSequence]:
        return (self.pose(index) for index in range(len(self)))

    def items(self) -> Iterator[tuple[str, PoseSequence]]:
        """Yield (name, clip) up to the first faulty clip; then read the rest and raise DataError with all faults."""
        faults: list[str] = []
        for part, entry in self._clips:
            try:
                pose = part.pose(entry)
            except DataError as error:
                faults += error.faults
                continue
            if not faults:
                yield entry.name, pose
        if faults:
            raise DataError(faults)


def open_clips(
    path: str | Path,
    languages: str | Sequence[str] = (),
    split: str | None = None,
    fps: float | None = None,
    layout: str = "auto",
    hints: Hints | None = None,
    columns: Mapping[str, str] | None = None,
) -> ClipCollection:
    """The clips at `path`: a store (its root, a language's or a split's folder), pose files, any source of conversion.

    `languages` and `split` choose where the source has several; a single language labels clips that name none.
    Recordings with texts but without splits are dealt to train and dev as in conversion when a split is asked for; bare
    pose files have no splits, and a file that is named itself is opened whole. `fps` and `layout` ('auto',
    'right-first', 'left-first', a layout of points) are for files that say neither; `hints` hold `layout` and what else
    may be said of them. `columns`: which columns of a table say what, as in `signllm.data.tables.columns`.

    Raises DataError that says what there is, with all that makes pairing poses with texts impossible;
    ConfigError for an unknown language or layout.
    """
    path, hints = Path(path), hints or Hints(layout)
    names = [languages] if isinstance(languages, str) else languages
    languages = [resolve_language(name).code for name in names]
    parts: list[SourcePart] = []
    faults: list[str] = []
    for found in _wanted(path, find_parts(path, columns), languages, split):
        try:
            opened = found.open(None)
            parts += _of_split(opened, split) if split and not _opened_whole(path, found) else by_split(opened)
            faults += opened.faults
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    clips = []
    for part in parts:
        entries = tuple(entry.of_language(languages) for entry in part.entries)
        chosen = tuple(entry for entry in entries if not languages or entry.language in (None, *languages))
        reading = _OpenPart(replace(part, entries=chosen), fps, hints)
        clips += [(reading, entry) for entry in chosen]
    if not clips:
        raise DataError(
            f"{path}: no clips of {', '.join(languages) or 'any language'}; every row is of another language"
        )
    return ClipCollection(path, clips)


def _opened_whole(path: Path, found: FoundPart) -> bool:
    """Whether no split can be chosen: a pose file that is named itself is opened whole, whatever it is called."""
    return path.is_file() and found.rank in (SPLITS, BARE_FILES)


def _wanted(path: Path, found: list[FoundPart], languages: Sequence[str], split: str | None) -> list[FoundPart]:
    """The parts of these languages and of this split; DataError where there is none, or none of some language."""
    there = ", ".join("/".join(filter(None, (part.language, part.split))) for part in found)
    told = {part.language for part in found} - {None}
    faults = [f"{path}: no clips of {code}; there are: {there}" for code in languages if told and code not in told]
    found = [part for part in found if not told or not languages or part.language in languages]
    # A folder of files that are called like no split is one set of clips.
    splits = {part.split for part in found if not _opened_whole(path, part)} - {None}
    if split and splits & {split, *USUAL_SPLITS, *(part.split for part in found if part.rank == STORE)}:
        chosen = [part for part in found if part.split == split]
        codes = {part.language for part in chosen}
        faults += [
            f"{path}: {code} has no split '{split}'; there are: {there}"
            for code in (languages if told else ())
            if code in told and code not in codes
        ]
        if not chosen and not faults:
            faults.append(f"{path}: no split '{split}'; there are: {there}")
        found = chosen
    if faults:
        raise DataError(faults)
    return found


def _of_split(opened: SourcePart, split: str) -> list[SourcePart]:
    """The clips of a split that the entries name, else of the deal. Bare pose files without splits come whole."""
    parts = by_split(opened)
    chosen = [part for part in parts if part.split == split]
    if chosen or not opened.is_corpus:
        return chosen or parts
    named = [part.split for part in parts if part.split is not None]
    if named or split not in (TRAIN, DEV):
        there = ", ".join(named) or f"{TRAIN} and {DEV}, to which clips without splits are dealt"
        raise DataError(f"{opened.label}: no split '{split}'; there are: {there}")
    return [deal(opened)[split]]

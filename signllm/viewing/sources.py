"""Where the clips to look at come from: a store, one split of it, or a pose file, behind one interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from signllm.data.store import Store, StoreSplit
from signllm.errors import ConfigError, DataError, did_you_mean
from signllm.fsutil import read_lines
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
from signllm.pose.formats import DEFAULT_FPS, read_clips


@dataclass(frozen=True)
class Clip:
    """A clip with what is known of it."""

    id: str
    pose: PoseSequence
    text: str | None = None
    gloss: str | None = None


class ClipSource(ABC):
    """Named clips in order.

    `name` is 'ASL/dev' for a split and the file's name for a file, `long_name` adds the folder, `page` is what a
    source is pooled under: the language of a split.
    """

    name: str
    long_name: str
    page: str

    def file_stem(self, clip: Clip) -> str:
        """A name for files about a clip, without what its id already says."""
        return clip.id

    @abstractmethod
    def __iter__(self) -> Iterator[Clip]:
        """The clips, read one by one."""

    def first(self, count: int) -> list[Clip]:
        """The first `count` clips, or all where there are fewer."""
        return list(islice(self, count))

    def find(self, wanted: Sequence[str]) -> dict[str, Clip]:
        """The wanted clips that there are, by what was asked for: an id, or the position of a clip counted from 0."""
        ids, positions = set(wanted), {int(word) for word in wanted if word.isdecimal()}
        by_id, by_position = {}, {}
        for position, clip in enumerate(self):
            if clip.id in ids:
                by_id[clip.id] = clip
            if position in positions:
                by_position[position] = clip
            if len(by_id) == len(ids):
                break
        found = {word: by_id.get(word) or by_position.get(int(word) if word.isdecimal() else -1) for word in wanted}
        return {word: clip for word, clip in found.items() if clip is not None}

    def select(self, wanted: Sequence[str]) -> list[Clip]:
        """The wanted clips in the order asked for; ConfigError lists all that are not there."""
        found = self.find(wanted)
        missing = [word for word in wanted if word not in found]
        if missing:
            ids = [clip.id for clip in islice(self, 10_000)]
            raise ConfigError(
                f"{self.name}: no clip '{word}'{did_you_mean(word, ids)}; --clip takes a clip's id or its position"
                f" from 0 to {len(ids) - 1}"
                for word in missing
            )
        return [found[word] for word in wanted]

    def sample(self, most: int, seed: int) -> tuple[Iterator[Clip], str | None]:
        """Clips for statistics, and a sentence about the choice when not all are taken."""
        return iter(self), None


class SplitSource(ClipSource):
    """A split of the store; any clip is found without reading the others."""

    def __init__(self, split: StoreSplit):
        self.split = split
        self.name = f"{split.path.parent.name}/{split.path.name}"
        self.long_name = f"{split.path.absolute().parent.parent.name} {self.name}"
        self.page = split.path.parent.name

    def file_stem(self, clip: Clip) -> str:
        """As ClipSource.file_stem, with language and split."""
        language, split = self.split.path.parent.name, self.split.path.name
        if clip.id.startswith(f"{language}-{split}"):
            return clip.id
        return f"{language}/{clip.id}" if clip.id.startswith(f"{split}/") else f"{self.name}/{clip.id}"

    def _clip(self, index: int) -> Clip:
        record = self.split.records[index]
        return Clip(record.id, self.split.pose(index), record.text, record.gloss)

    def __iter__(self) -> Iterator[Clip]:
        return (self._clip(index) for index in range(len(self.split)))

    def find(self, wanted: Sequence[str]) -> dict[str, Clip]:
        """As ClipSource.find, by the index."""
        position_of = {record.id: index for index, record in enumerate(self.split.records)}
        for word in wanted:
            if word.isdecimal() and int(word) < len(self.split):
                position_of.setdefault(word, int(word))
        return {word: self._clip(position_of[word]) for word in wanted if word in position_of}

    def sample(self, most: int, seed: int) -> tuple[Iterator[Clip], str | None]:
        """As ClipSource.sample: `most` clips by chance where there are more."""
        if len(self.split) <= most:
            return iter(self), None
        chosen = np.sort(np.random.default_rng(seed).choice(len(self.split), most, replace=False))
        note = f"{self.name}: {most} of {len(self.split)} clips, drawn by chance with seed {seed}"
        return (self._clip(int(index)) for index in chosen), note


class FileSource(ClipSource):
    """A pose file; texts and glosses come from the sibling .text and .gloss where these have a line for each clip."""

    def __init__(self, path: Path, fps: float = DEFAULT_FPS, layout: str = "auto"):
        self.path, self._fps, self._layout = path, fps, layout
        self.name = self.page = path.name
        self.long_name = f"{path.absolute().parent.name}/{path.name}"
        read_clips(path, fps, layout)  # refuses a missing file or an unknown suffix now, before anything is written

    def __iter__(self) -> Iterator[Clip]:
        texts, glosses = self._lines(".text"), self._lines(".gloss")
        for index, (name, pose) in enumerate(read_clips(self.path, self._fps, self._layout)):
            yield Clip(name, pose, *(lines[index] if index < len(lines) else None for lines in (texts, glosses)))

    def _lines(self, suffix: str) -> list[str]:
        sibling = self.path.with_suffix(suffix)
        return read_lines(sibling) if self.path.suffix.lower() == ".skels" and sibling.is_file() else []


def open_sources(
    path: Path, language: str | None = None, split: str | None = None, fps: float = DEFAULT_FPS, layout: str = "auto"
) -> list[ClipSource]:
    """Every source at `path` (a store's root, a split's folder or a pose file) that fits the language and the split.

    Raises DataError or ConfigError when there is none; the message names what there is.
    """
    if path.is_file() or (not path.exists() and path.suffix):
        return [FileSource(path, fps, layout)]
    if (path / "dataset.json").is_file():
        return [SplitSource(StoreSplit(path.absolute()))]
    store = Store(path)
    code = resolve_language(language).code if language else None
    every = [(lang, name) for lang in store.languages() for name in store.splits(lang)]
    if not every:
        raise DataError(
            f"{path}: no converted split here; give a store (made by final_convert_data.py or quick_train.py), a"
            " split's folder, or a pose file"
        )
    fitting = [(lang, name) for lang, name in every if code in (None, lang) and split in (None, name)]
    if not fitting:
        there = ", ".join(f"{lang}/{name}" for lang, name in every)
        raise DataError(f"{path}: nothing for --language {code or 'any'} --split {split or 'any'}; there are: {there}")
    return [SplitSource(store.split(lang, name)) for lang, name in fitting]


def matching_clips(
    sources: Sequence[ClipSource], wanted: Sequence[str], count: int
) -> tuple[list[tuple[Clip, ...]], str | None]:
    """Rows with a clip of each source, by `wanted`, else by common ids, else by position; and a note on the choice.

    The second source, generated clips as a rule, leads: its first `count` clips are looked up in the others.
    """
    if wanted:
        return list(zip(*(source.select(wanted) for source in sources), strict=True)), None
    first, second, *more = sources
    leading = second.first(count)
    found = [source.find([clip.id for clip in leading]) for source in (first, *more)] if leading else []
    rows = []
    for clip in leading:
        left, *right = [clips.get(clip.id) for clips in found]
        if all(match is not None and match.id == clip.id for match in (left, *right)):
            rows.append((left, clip, *right))
    if rows:
        missing = len(leading) - len(rows)
        others = " and ".join(source.name for source in (first, *more))
        return rows, f"{missing} of {len(leading)} clips of {second.name} are not in {others}" if missing else None
    rows = list(zip(first.first(count), leading, *(source.first(count) for source in more), strict=False))
    names = " and ".join(source.name for source in sources)
    return rows, f"no clip has the same id in {names}: paired by position"

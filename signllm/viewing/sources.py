"""Which clips are looked at: those asked for by name or position, and rows of clips that are compared.

What there is to look at is opened by `signllm.data.clips`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signllm.data.clips import ClipCollection, open_clips
from signllm.data.names import matching_names
from signllm.errors import ConfigError, did_you_mean
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
from signllm.pose.formats.hints import Hints


@dataclass(frozen=True)
class Clip:
    """A clip with what is known of it."""

    id: str
    pose: PoseSequence
    text: str | None = None
    gloss: str | None = None
    language: str | None = None


class ClipSource:
    """The clips of one part of what was opened: of a split of a store, or of a file.

    `name` is 'ASL/dev' for a split and the file's name for a file, `long_name` adds the folder, `page` is what a
    source is pooled under: the language of a split.
    """

    def __init__(self, clips: ClipCollection):
        self.clips = clips
        self.name, self.long_name = clips.label, clips.long_label
        self.page = clips.entries[0].language or self.name if clips.is_store else self.name

    def __len__(self) -> int:
        return len(self.clips)

    def clip(self, index: int) -> Clip:
        """Read clip `index`."""
        entry = self.clips.entries[index]
        return Clip(entry.name, self.clips.pose(index), entry.text, entry.gloss, entry.language)

    def __iter__(self) -> Iterator[Clip]:
        return (self.clip(index) for index in range(len(self)))

    def first(self, count: int) -> list[Clip]:
        """The first `count` clips, or all where there are fewer."""
        return [self.clip(index) for index in range(min(count, len(self)))]

    def file_stem(self, clip: Clip) -> str:
        """A name for files about a clip: with language and split for a clip of a store, as far as its id lacks them."""
        if not self.clips.is_store:
            return clip.id
        language, _, split = self.name.partition("/")
        if clip.id.startswith(f"{language}-{split}"):
            return clip.id
        return f"{language}/{clip.id}" if clip.id.startswith(f"{split}/") else f"{self.name}/{clip.id}"

    def index(self, word: str) -> int | None:
        """The clip called so, by the rule of `signllm.data.names`, or at this position from 0; None without one."""
        found = self.clips.index(word)
        if found is None and word.isdecimal() and int(word) < len(self):
            return int(word)
        return found

    def select(self, wanted: Sequence[str]) -> list[Clip]:
        """The wanted clips in the order asked for; ConfigError lists all that are not there."""
        found = [self.index(word) for word in wanted]
        missing = [self.no_clip(word) for word, index in zip(wanted, found, strict=True) if index is None]
        if missing:
            raise ConfigError(missing)
        return [self.clip(index) for index in found if index is not None]

    def no_clip(self, word: str) -> str:
        """What to say of a clip that is not there."""
        return (
            f"{self.name}: no clip '{word}'{did_you_mean(word, self.clips.names)}; --clip takes a clip's id or its"
            f" position from 0 to {len(self) - 1}"
        )

    def sample(self, most: int, seed: int) -> tuple[Iterator[Clip], str | None]:
        """At most `most` clips for statistics, by chance where there are more, and then a sentence about the choice."""
        if len(self) <= most:
            return iter(self), None
        chosen = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        note = f"{self.name}: {most} of {len(self)} clips, drawn by chance with seed {seed}"
        return (self.clip(int(index)) for index in chosen), note


def open_sources(
    path: Path,
    language: str | None = None,
    split: str | None = None,
    fps: float | None = None,
    layout: str = "auto",
    hints: Hints | None = None,
    columns: Mapping[str, str] | None = None,
) -> list[ClipSource]:
    """Every part of what `open_clips` finds at `path` for this language and split; it raises as `open_clips` does."""
    codes = [resolve_language(language).code] if language else []
    return [ClipSource(part) for part in open_clips(path, codes, split, fps, layout, hints, columns).parts()]


def matching_clips(
    sources: Sequence[ClipSource], wanted: Sequence[str], count: int
) -> tuple[list[tuple[Clip, ...]], str | None]:
    """Rows with a clip of each source, by `wanted`, else by common names, else by position; and a note on the choice.

    A wanted clip is called by its id or position, or by one for each source: 'A=B'. A source of a single clip shows
    that one whatever it is called. Without wanted clips the second source, generated clips as a rule, leads: its first
    `count` clips are looked up in the others.
    """
    if wanted:
        return _wanted_rows(sources, wanted), None
    first, second, *more = sources
    names = matching_names([source.clips.entries for source in sources])
    index_of = [{name: index for index, name in reversed(list(enumerate(own)))} for own in names]
    leading = names[1][:count]
    paired = [[own[name] for own in index_of] for name in leading if all(name in own for own in index_of)]
    if paired:
        missing = len(leading) - len(paired)
        others = " and ".join(source.name for source in (first, *more))
        note = f"{missing} of {len(leading)} clips of {second.name} are not in {others}" if missing else None
        return [_read(sources, row) for row in paired], note
    fewest = min(count, *(len(source) for source in sources))
    names_of_sources = " and ".join(source.name for source in sources)
    note = f"no clip has the same id in {names_of_sources}: paired by position"
    return [_read(sources, [index] * len(sources)) for index in range(fewest)], note


def _wanted_rows(sources: Sequence[ClipSource], wanted: Sequence[str]) -> list[tuple[Clip, ...]]:
    """A row for each wanted clip; ConfigError lists all that are not there."""
    rows: list[list[int]] = []
    faults: list[str] = []
    for word in wanted:
        words = word.split("=")
        if len(words) != len(sources) or any(source.index(word) is not None for source in sources):
            words = [word] * len(sources)
        found = [source.index(own) for source, own in zip(sources, words, strict=True)]
        row = []
        for source, own, index in zip(sources, words, found, strict=True):
            if index is None and (len(source) > 1 or not any(other is not None for other in found)):
                faults.append(source.no_clip(own))
            row.append(index or 0)
        rows.append(row)
    if faults:
        raise ConfigError([*faults, "one id for each input, such as --clip A=B, pairs clips of different names"])
    return [_read(sources, row) for row in rows]


def _read(sources: Sequence[ClipSource], row: Sequence[int]) -> tuple[Clip, ...]:
    return tuple(source.clip(index) for source, index in zip(sources, row, strict=True))

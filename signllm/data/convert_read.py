"""Reading the clips of a split: how they are read is found in a sample, then each is read and cleaned, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from signllm.data.convert_clip import CleanClip
from signllm.data.convert_work import Task, Work, chunks_of, raw_of, read_chunk
from signllm.data.engines.mapping import Engine
from signllm.data.source import ClipEntry, SourcePart
from signllm.errors import DataError
from signllm.pose.cleaning import Cleaning
from signllm.pose.formats.conventions import SAMPLE_CLIPS, Conventions
from signllm.pose.formats.finding import Found, Raw, Settings, Step
from signllm.pose.formats.hints import AUTO, Hints
from signllm.pose.formats.searching import find
from signllm.sampling import spread

Progress = Callable[[int], None]
Row = tuple[ClipEntry, CleanClip, float, list[str]]


class Reading(Protocol):
    """What reading the clips of a source depends on."""

    @property
    def data_dir(self) -> Path:
        """What was opened."""
        ...

    @property
    def fps(self) -> float | None:
        """The frame rate that the user says."""
        ...

    @property
    def cleaning(self) -> Cleaning:
        """The steps that are done to each clip."""
        ...


def root_of(options: Reading) -> Path:
    """The folder below which the source's files are named."""
    return options.data_dir if options.data_dir.is_dir() else options.data_dir.parent


def sample_of(source: SourcePart) -> list[Raw]:
    """Some clips, spread over a source, as their files hold them; faulty ones are left out."""
    wanted = set(spread(sum(entry.has_pose for entry in source.entries), SAMPLE_CLIPS))
    posed = enumerate(entry for entry in source.entries if entry.has_pose)
    loaded = (raw_of(entry.load())[0] for n, entry in posed if n in wanted)
    return [raw for raw in loaded if raw is not None]


def how_read(source: SourcePart, sample: Sequence[Raw], hints: Hints) -> Found | None:
    """What a sample of a source's clips says of it; None where the source has no clip at all.

    Raises DataError where no reading fits the sample.
    """
    if not source.entries:
        return None
    try:
        return find(sample, hints) if sample else Found(Settings(), Conventions())
    except DataError as error:
        raise DataError(f"{source.files[0]}: {fault}" for fault in error.faults) from None


def for_the_next(hints: Hints, steps: Iterable[Step]) -> Hints:
    """What was found of one split, for the others: factors of depth and the image's aspect are those of the source."""
    found = {step.name: step.value for step in steps if step.name in ("depth", "aspect")}
    return replace(hints, **{name: value for name, value in found.items() if getattr(hints, name) == AUTO})


def clean_rows(
    entries: Iterable[ClipEntry],
    found: Found,
    options: Reading,
    tell: Progress,
    engine: Engine,
    lift: bool = False,
    look: Callable[[CleanClip], object] | None = None,
) -> Iterator[Row]:
    """(entry, clean clip, fps, faults with their place), in order; `tell` is told of the bytes that are done.

    With `look` only what it says of each clip is kept, as `seen`: see `Work`.
    """
    under_way: deque[list[ClipEntry]] = deque()
    root = root_of(options)

    def tasks() -> Iterator[list[Task]]:
        for chunk in chunks_of(entries):
            under_way.append(chunk)
            yield [(entry.load, entry.fps) for entry in chunk]

    work = Work(found, options.fps, options.cleaning, lift, look=look)
    for clips in engine.map(read_chunk, work, tasks()):
        for entry, (clip, fps) in zip(under_way.popleft(), clips, strict=True):
            tell(entry.num_bytes)
            where = entry.where_below(root)
            yield entry, clip, fps, [f"{where}: {fault}" for fault in (*entry.faults, *clip.faults)]

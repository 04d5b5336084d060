"""Reading the clips of a split: how they are read is found in a sample, then each is read and cleaned, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from signllm.data.convert_clip import CleanClip, clean_clip
from signllm.data.convert_lift import Row
from signllm.data.loading import load_all, raw_of
from signllm.data.source import ClipEntry, SourcePart
from signllm.errors import DataError
from signllm.pose.cleaning import USUAL, Cleaning
from signllm.pose.formats import DEFAULT_FPS
from signllm.pose.formats.conventions import SAMPLE_CLIPS, Conventions
from signllm.pose.formats.finding import Found, Raw, Settings, Step
from signllm.pose.formats.hints import AUTO, Hints
from signllm.pose.formats.raw_points import RawPoints
from signllm.pose.formats.searching import find
from signllm.sampling import spread

Progress = Callable[[int], None]


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
    def workers(self) -> int:
        """How many processes read."""
        ...


def root_of(options: Reading) -> Path:
    """The folder below which the source's files are named."""
    return options.data_dir if options.data_dir.is_dir() else options.data_dir.parent


def how_read(source: SourcePart, hints: Hints) -> tuple[Found | None, list[Raw]]:
    """What a sample of a source's clips says of it, and the sample; None where the source has no clip at all.

    Raises DataError where the sample cannot be read.
    """
    if not source.entries:
        return None, []
    posed = [entry for entry in source.entries if entry.has_pose]
    samples = [raw_of(posed[n].load()) for n in spread(len(posed), SAMPLE_CLIPS)]
    sound = [raw for raw, _ in samples if raw is not None]
    try:
        return (find(sound, hints) if sound else Found(Settings(), Conventions())), sound
    except DataError as error:
        raise DataError(f"{source.files[0]}: {fault}" for fault in error.faults) from None


def for_the_next(hints: Hints, steps: Iterable[Step]) -> Hints:
    """What was found of one split, for the others: factors of depth and the image's aspect are those of the source."""
    found = {step.name: step.value for step in steps if step.name in ("depth", "aspect")}
    return replace(hints, **{name: value for name, value in found.items() if getattr(hints, name) == AUTO})


def clean_rows(
    entries: Iterable[ClipEntry], found: Found, options: Reading, tell: Progress, cleaning: Cleaning = USUAL
) -> Iterator[Row]:
    """(entry, clean clip, fps, faults with their place), in order; parsed in other processes when there are workers."""
    for entry, (raw, wrong) in load_all(entries, options.workers):
        fps = options.fps or entry.fps or (raw.fps if raw is not None else None) or DEFAULT_FPS
        ready, faults, marked = found.prepare(raw) if raw is not None else (None, [], {})
        clip = clean_clip(ready, found.conventions, fps, cleaning) if ready is not None else CleanClip(faults=faults)
        if isinstance(raw, RawPoints) and raw.note:
            clip.warnings.append(raw.note)
        clip.marked_joints, clip.zero_joints = marked, clip.zero_joints - sum(marked.values())
        tell(entry.num_bytes)
        where = entry.where_below(root_of(options))
        yield entry, clip, fps, [f"{where}: {fault}" for fault in (*entry.faults, *wrong, *clip.faults)]

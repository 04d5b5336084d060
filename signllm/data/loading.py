"""Reading clips for conversion, in this process or in others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from signllm.data.source import ClipEntry
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.reader import Loaded
from signllm.pose.sequence import PoseSequence

_BATCH = 16

Raw = tuple[RawClip | None, list[str]]


def raw_of(loaded: Loaded) -> Raw:
    """A clip as raw points, also where its file says everything about it."""
    clip, faults = loaded
    return (RawClip.of(clip) if isinstance(clip, PoseSequence) else clip), faults


def _load_batch(batch: list[Callable[[], Loaded]]) -> list[Raw]:
    return [raw_of(load()) for load in batch]


def load_all(entries: Iterable[ClipEntry], workers: int) -> Iterator[tuple[ClipEntry, Raw]]:
    """Load in order. With workers, only a few batches are under way at once, so memory stays small."""
    if workers == 1:
        for entry in entries:
            yield entry, raw_of(entry.load())
        return
    left = iter(entries)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        under_way: list[tuple[list[ClipEntry], Future[list[Raw]]]] = []
        while True:
            while len(under_way) < 2 * workers and (batch := list(islice(left, _BATCH))):
                under_way.append((batch, pool.submit(_load_batch, [entry.load for entry in batch])))
            if not under_way:
                return
            batch, future = under_way.pop(0)
            yield from zip(batch, future.result(), strict=True)

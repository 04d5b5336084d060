"""Reading clips for conversion, in this process or in others, which end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from signllm.data.source import ClipEntry
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.finding import Raw
from signllm.pose.formats.reader import Loaded
from signllm.pose.sequence import PoseSequence

_BATCH = 16

Read = tuple[Raw | None, list[str]]


def raw_of(loaded: Loaded) -> Read:
    """A clip as raw points, also where its file says everything about it."""
    clip, faults = loaded
    return (RawClip.of(clip) if isinstance(clip, PoseSequence) else clip), faults


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends: it would wait for work for ever.

    The parent's end of the pipe is closed by the system, also before anybody listens here. Ctrl-C is the parent's to
    answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None, "a worker has a parent"

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _load_batch(batch: list[Callable[[], Loaded]]) -> list[Read]:
    return [raw_of(load()) for load in batch]


def load_all(entries: Iterable[ClipEntry], workers: int) -> Iterator[tuple[ClipEntry, Read]]:
    """Load in order. With workers, only a few batches are under way at once, so memory stays small."""
    if workers == 1:
        for entry in entries:
            yield entry, raw_of(entry.load())
        return
    left = iter(entries)
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
        under_way: list[tuple[list[ClipEntry], Future[list[Read]]]] = []
        while True:
            while len(under_way) < 2 * workers and (batch := list(islice(left, _BATCH))):
                under_way.append((batch, pool.submit(_load_batch, [entry.load for entry in batch])))
            if not under_way:
                return
            batch, future = under_way.pop(0)
            yield from zip(batch, future.result(), strict=True)

"""The work in this process, or in others of this machine that end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from signllm.data.engines.mapping import CHUNKS_EACH, Engine, Item, Result, Shared, in_order
from signllm.errors import WorkerError


class InThisProcess:
    """One chunk after the other."""

    def map(
        self, work: Callable[[Shared, list[Item]], Result], shared: Shared, chunks: Iterable[list[Item]]
    ) -> Iterator[Result]:
        """As `Engine.map`."""
        return (work(shared, chunk) for chunk in chunks)


class InProcesses:
    """In processes that end with this one."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int):
        self._pool, self._workers = pool, workers

    def map(
        self, work: Callable[[Shared, list[Item]], Result], shared: Shared, chunks: Iterable[list[Item]]
    ) -> Iterator[Result]:
        """As `Engine.map`."""
        try:
            yield from in_order(
                lambda chunk: self._pool.submit(work, shared, chunk),
                lambda future: future.result(),
                chunks,
                CHUNKS_EACH * self._workers,
            )
        except BrokenProcessPool:
            raise WorkerError(
                f"one of {self._workers} worker processes was killed, perhaps because memory ran out; run the command"
                " again, it goes on where it stopped; --workers says how many there are"
            ) from None


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends: it would wait for work for ever.

    The parent's end of the pipe is closed by the system, also before anybody listens here. Ctrl-C is the parent's to
    answer. A library with threads of its own gets one: there is a process for each core.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parent = parent_process()
    assert parent is not None, "a worker has a parent"

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def in_processes(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """An engine of so many processes, one where it is not said, and one for each core where it is 0."""
    count = num_processes(workers)
    if count == 1:
        yield InThisProcess()
        return
    with ProcessPoolExecutor(count, get_context("spawn"), _end_with_parent) as pool:
        yield InProcesses(pool, count)


def num_processes(workers: int | None) -> int:
    """As many as the user says, one where it is not said, and one for each core that may be used where it is 0."""
    if workers == 0:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return workers or 1

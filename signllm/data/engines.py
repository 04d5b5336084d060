"""Where work on many things is done, a chunk at a time: in this process or in others on this machine.

An engine maps a function over chunks and gives the results in the order of the chunks, with only a few chunks under
way, so memory stays small however many there are. What comes out does not depend on the engine.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeVar

from signllm.errors import WorkerError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")
_Ticket = TypeVar("_Ticket")

CHUNKS_EACH = 2
"""Chunks under way for each process: one that is worked on, one that waits."""


class Engine(Protocol):
    """Something that does the work."""

    def map(
        self, work: Callable[[Shared, list[Item]], Result], shared: Shared, chunks: Iterable[list[Item]]
    ) -> Iterator[Result]:
        """`work(shared, chunk)` of each chunk, in order.

        `work` is a function of a module, and everything can be sent to another process. Raises what `work` raises, and
        WorkerError where a process that does it ends too early.
        """
        ...


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


def in_order(
    begin: Callable[[list[Item]], _Ticket],
    end: Callable[[_Ticket], Result],
    chunks: Iterable[list[Item]],
    most: int,
) -> Iterator[Result]:
    """The results of the chunks in order; `most` of them are under way between `begin` and `end`."""
    left = iter(chunks)
    under_way: deque[_Ticket] = deque()
    while True:
        while len(under_way) < most and (chunk := next(left, None)) is not None:
            under_way.append(begin(chunk))
        if not under_way:
            return
        yield end(under_way.popleft())


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
def _processes(workers: int) -> Iterator[Engine]:
    if workers == 1:
        yield InThisProcess()
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_with_parent) as pool:
        yield InProcesses(pool, workers)


def num_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


PROCESSES = "processes"
ENGINES: dict[str, Callable[..., AbstractContextManager[Engine]]] = {PROCESSES: _processes}
"""`ENGINES[name](workers)` is an engine until its `with` block ends."""


def open_engine(name: str, workers: int, **more: Any) -> AbstractContextManager[Engine]:
    """The engine of this name with so many processes; 0 means one for each core."""
    return ENGINES[name](workers or num_cores(), **more)

"""What an engine is, and how chunks are kept under way in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

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

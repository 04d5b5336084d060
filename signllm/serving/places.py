"""Places: how many may be served at a time. Whoever finds none is told when to come again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """All places are taken; `retry_after_s`: when to come again."""

    def __init__(self, retry_after_s: int):
        super().__init__("too many requests at the moment")
        self.retry_after_s = retry_after_s


class Places:
    """So many places. Not for several threads: the event loop's own."""

    def __init__(self, count: int):
        self.count, self.taken = count, 0

    def take(self, seconds_to_wait: float) -> None:
        """Take a place. Raises BusyError."""
        if self.taken >= self.count:
            raise BusyError(max(1, min(60, round(seconds_to_wait))))
        self.taken += 1

    def free(self) -> None:
        """Give a place back."""
        self.taken -= 1

    @contextmanager
    def held(self, seconds_to_wait: float) -> Iterator[None]:
        """A place within the block. Raises BusyError."""
        self.take(seconds_to_wait)
        try:
            yield
        finally:
            self.free()

"""How an evaluation tells how far it is: a callback, so that the caller decides what is shown."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""`progress(stage, done, total)`: called after each step of a stage, such as 'ASL' or 'ASL leakage'."""


def stage(progress: Progress | None, name: str, total: int) -> Callable[[int], None]:
    """A function that is told how many more of `total` are done, and hands the sum on to `progress`."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(name, done, total)

    return advance

"""Progress bars on standard error, as terminals show them; in a pipe there are none."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm


class Bars:
    """One bar a stage, one after the other: an object that is called as `bars(stage, done, total)`.

    `with Bars("clip") as bars` clears the last one.
    """

    def __init__(self, unit: str):
        self._unit, self._stage = unit, ""
        self._bar: tqdm | None = None

    def __call__(self, stage: str, done: int, total: int, **figures: str) -> None:
        """Show how far a stage is, with `figures` behind it."""
        from tqdm import tqdm

        if self._bar is None or stage != self._stage:
            self._close()
            self._stage = stage
            self._bar = tqdm(total=total, desc=stage, unit=self._unit, disable=None, leave=False)
        self._bar.update(done - self._bar.n)
        if figures:
            self._bar.set_postfix(figures)

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

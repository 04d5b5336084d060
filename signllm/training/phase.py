"""A phase of a run.

A number that is read from a GPU makes the CPU wait until everything queued there is done. So losses, gradient norms and
measures of steps stay on the device, and are read together, in one transfer, every READ_EVERY steps and before anything
is saved or evaluated. A loss that is not finite is found then; meanwhile no weight changes (`Optimizer.apply`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from signllm.errors import DataError
from signllm.training.run import Run
from signllm.training.steps import StepNumbers, StepRecord, read_back, together

READ_EVERY = 10  # the log, TensorBoard and the check for finite losses are at most so many steps behind


class Phase(ABC):
    """A part of a run with steps of its own, which goes on from where the run's state stands."""

    total_steps: int

    def __init__(self, run: Run):
        self.run = run
        self._unread: list[StepRecord] = []

    @abstractmethod
    def train(self) -> None:
        """Train to the end of the phase, or until a stop is requested; the last step is saved either way."""

    @abstractmethod
    def report(self, numbers: Sequence[StepNumbers]) -> None:
        """Take in what was read of the last steps."""

    @abstractmethod
    def fault(self, record: StepRecord, numbers: StepNumbers) -> str:
        """The message for a step whose loss or gradient is not finite."""

    def note(self, record: StepRecord) -> None:
        """Keep what a step left until it is read."""
        self._unread.append(record)

    def read_when_due(self) -> None:
        """Read once READ_EVERY steps are unread."""
        if len(self._unread) >= READ_EVERY:
            self.read()

    def read(self) -> None:
        """Read and report what the steps left. Raises DataError at the first step that is not finite."""
        records, self._unread = self._unread, []
        if not records:
            return
        of_ranks = self.run.ranks.gather(read_back(records))
        numbers = [together(step) for step in zip(*of_ranks, strict=True)] if len(of_ranks) > 1 else of_ranks[0]
        bad = next((index for index, step in enumerate(numbers) if not step.finite), None)
        if numbers[:bad]:
            self.report(numbers[:bad])
        if bad is not None:
            raise DataError(self.fault(records[bad], numbers[bad]))

    def save(self) -> None:
        """Write last_model.pth, when every step until now is known to be finite."""
        self.read()
        self.run.save_last()

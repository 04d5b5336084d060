"""Learning rate over the steps of a training."""

from __future__ import annotations

import math
from dataclasses import dataclass

FLOOR = 0.02  # a trainer's cosine ends at this share of the learning rate


def warmed_up(rate: float, step: int, num_steps: int) -> float:
    """The rate of step `step` (from 0) of a linear warm-up that reaches `rate` after `num_steps` steps."""
    return rate * (step + 1) / num_steps if step + 1 < num_steps else rate


def cosine(progress: float, floor: float = 0.0) -> float:
    """What is left of a rate: half a cosine from 1, at progress 0, down to `floor`, at progress 1."""
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up to `peak`, then constant, or a cosine down to FLOOR at `total_steps`.

    A warm-up longer than a tenth of the training is shortened to a tenth, so that short ones learn at all.
    """

    peak: float
    total_steps: int
    warmup_steps: int
    shape: str = "cosine"

    def rate(self, step: int) -> float:
        """The learning rate of step `step` (from 0)."""
        warmup = min(self.warmup_steps, self.total_steps // 10)
        if step < warmup:
            return warmed_up(self.peak, step, warmup + 1)
        if self.shape == "constant":
            return self.peak
        return self.peak * cosine(min(1.0, (step - warmup) / max(1, self.total_steps - warmup)), FLOOR)


def schedule_step(step: int, skipped: int, total_steps: int, max_steps: int | None) -> int:
    """Where the schedule stands after so many optimiser steps and skipped batches.

    A run that `max_steps` ends takes that many steps; one that ends with its epochs sees `total_steps` batches,
    skipped ones included. Either way the schedule ends with the run.
    """
    return step if total_steps == max_steps else step + skipped

"""Learning rate over the steps of a run."""

from __future__ import annotations

import math

from signllm.config.schema import TrainingConfig

FLOOR = 0.02  # the cosine ends at this share of the learning rate


def schedule_step(step: int, skipped: int, total_steps: int, config: TrainingConfig) -> int:
    """Where the schedule stands after so many optimiser steps and skipped batches.

    A run that `max_steps` ends takes that many steps; one that ends with its epochs sees `total_steps` batches,
    skipped ones included. Either way the schedule ends with the run.
    """
    return step if total_steps == config.max_steps else step + skipped


def learning_rate(step: int, total_steps: int, config: TrainingConfig) -> float:
    """The rate of step `step` (from 0): linear warm-up, then constant, or a cosine down to FLOOR at `total_steps`.

    A warm-up longer than a tenth of the run is shortened to a tenth, so that short runs learn at all.
    """
    warmup = min(config.warmup_steps, total_steps // 10)
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.schedule == "constant":
        return config.learning_rate
    progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
    return config.learning_rate * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))

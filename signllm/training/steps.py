"""What steps leave on the device, and how it is read: all of it in one transfer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


def read_scalars(scalars: Sequence[Tensor]) -> list[float]:
    """Scalars on one device as float32 numbers, in one transfer."""
    return torch.stack([scalar.detach().float() for scalar in scalars]).tolist()


@dataclass(frozen=True)
class StepRecord:
    """What step number `step` (from 1) leaves: scalars on the device, by name, and the rate it was taken at.

    `norm` is None for a batch that was seen without a step. A measure that is not defined is NaN. `clips` are
    (language, id) of the batch, `reward_B` their rewards: they tell which clip a fault comes from.
    """

    step: int
    losses: dict[str, Tensor]
    norm: Tensor | None
    rate: float
    measures: dict[str, Tensor] = field(default_factory=dict)
    num_frames: int = 0
    clips: Sequence[tuple[str, str]] = ()
    reward_B: Tensor | None = None

    def scalars(self) -> list[Tensor]:
        """Everything that is read back, in a fixed order."""
        norm = [] if self.norm is None else [self.norm]
        return [*self.losses.values(), *norm, *self.measures.values()]


@dataclass(frozen=True)
class StepNumbers:
    """A step as it was read: losses, gradient norm (None without a step) and the measures that are defined."""

    step: int
    losses: dict[str, float]
    norm: float | None
    rate: float
    measures: dict[str, float]
    num_frames: int
    num_clips: int = 0

    @property
    def finite(self) -> bool:
        """Whether the step could be taken."""
        return self.norm is None or math.isfinite(self.norm)


def read_back(records: Sequence[StepRecord]) -> list[StepNumbers]:
    """The numbers of these steps, in one transfer from the device."""
    values = iter(read_scalars([scalar for record in records for scalar in record.scalars()]))
    numbers = []
    for record in records:
        losses = {name: next(values) for name in record.losses}
        norm = None if record.norm is None else next(values)
        measures = {name: next(values) for name in record.measures}
        defined = {name: value for name, value in measures.items() if not math.isnan(value)}
        numbers.append(
            StepNumbers(record.step, losses, norm, record.rate, defined, record.num_frames, len(record.clips))
        )
    return numbers


def together(of_ranks: Sequence[StepNumbers]) -> StepNumbers:
    """A step as all ranks saw it: their losses and clips added up, and measures as means over clips."""
    first, *_ = of_ranks
    losses = {name: sum(part.losses.get(name, 0.0) for part in of_ranks) for part in of_ranks for name in part.losses}
    measures = {}
    for name in dict.fromkeys(name for part in of_ranks for name in part.measures):
        known = [(part.measures[name], part.num_clips) for part in of_ranks if name in part.measures]
        measures[name] = sum(value * clips for value, clips in known) / sum(clips for _, clips in known)
    num_frames, num_clips = (sum(getattr(part, name) for part in of_ranks) for name in ("num_frames", "num_clips"))
    return replace(first, losses=losses, measures=measures, num_frames=num_frames, num_clips=num_clips)

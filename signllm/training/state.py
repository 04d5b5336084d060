"""Where a run stands: what a checkpoint needs to go on exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass
class TrainingState:
    """`step` optimiser steps are done; the next batch is number `batch` of epoch `epoch` (both from 0).

    `taken` says in which steps the `batch` batches of the epoch were taken: [batches a step, batches], in order.
    `skipped` batches of the run were seen without a step (PLC, `skip_below`), of which `step` counts none.
    `sums` holds the losses of the current epoch, summed; `measures` what is logged beside them, as sum and count;
    `launch` identifies what started the processes of the last session, where it may start them again (torchrun).
    `seconds` is training time over all sessions. The `gloss_` fields are those of the phase before, which trains the
    gloss part alone.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    taken: list[list[int]] = field(default_factory=list)
    skipped: int = 0
    frames: int = 0
    seconds: float = 0.0
    best_score: float | None = None
    best_step: int = 0
    evaluations_without_gain: int = 0
    precision: str = "fp32"
    data_fingerprint: str = ""
    launch: str = ""
    sums: dict[str, float] = field(default_factory=dict)
    measures: dict[str, list[float]] = field(default_factory=dict)
    history: list[dict] = field(default_factory=list)
    gloss_step: int = 0
    gloss_seconds: float = 0.0
    gloss_history: list[dict] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.batch and not self.taken:  # as written before steps had several batches
            self.taken = [[1, self.batch]]

    def take(self, step_size: int, count: int) -> None:
        """Note that the next `count` batches of the epoch were taken, in steps of `step_size`."""
        self.batch += count
        if not self.taken or self.taken[-1][0] != step_size:
            self.taken.append([step_size, 0])
        self.taken[-1][1] += count

    def begin_epoch(self) -> None:
        """The epoch is done; nothing is of the next one yet."""
        self.epoch, self.batch, self.taken, self.sums, self.measures = self.epoch + 1, 0, [], {}, {}

    def to_dict(self) -> dict:
        """Plain values for the checkpoint and training_stats.json."""
        return asdict(self)

    def add_losses(self, losses: dict[str, float]) -> None:
        """Add one step's losses to the epoch's sums."""
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def add_measures(self, measures: dict[str, float]) -> None:
        """Add one step's measures; a step may lack some of them."""
        for name, value in measures.items():
            total, count = self.measures.get(name, (0.0, 0))
            self.measures[name] = [total + value, count + 1]

    def measure_means(self) -> dict[str, float]:
        """Mean measures of the current epoch so far."""
        return {name: total / count for name, (total, count) in self.measures.items()}

    def epoch_means(self) -> dict[str, float]:
        """Mean losses of the current epoch's steps so far."""
        steps = sum(-(-count // size) for size, count in self.taken)
        return {name: value / max(1, steps) for name, value in self.sums.items()}

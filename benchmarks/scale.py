"""How evenly the ranks of a training share its work: simulated on lengths like those of two well-known corpora.

    python benchmarks/scale.py

All ranks wait for the slowest one in each step. Printed is by how much the padded frames of the slowest rank exceed the
mean, summed over the steps of an epoch, beside the same where batches are dealt in random order. Lengths are log-normal
with the number of clips, mean, deviation and limits that are published of PHOENIX-2014T and How2Sign at 25 frames/s;
batches and frame budget are those of the default configuration but for `data.batch_size`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.batching import in_steps, make_batches
from signllm.learning.length_batches import automatic_budget
from signllm.pose.batch import round_up

CORPORA = {"PHOENIX-2014T": (7096, 116, 50, 16, 475), "How2Sign": (31128, 162, 120, 10, 500)}
EPOCHS = 3


def lengths(clips: int, mean: float, deviation: float, least: int, most: int) -> list[int]:
    """Log-normal numbers of frames with this mean and deviation, within the limits."""
    variance = np.log(1 + (deviation / mean) ** 2)
    drawn = np.random.default_rng(0).lognormal(np.log(mean) - variance / 2, np.sqrt(variance), clips)
    return np.clip(np.round(drawn), least, most).astype(int).tolist()


def excess(steps: list[list[list[int]]], frames: list[int], ranks: int) -> float:
    """By what share of the mean the slowest ranks' padded frames exceed it; a rank without a batch has none."""
    padded = np.zeros((len(steps), ranks))
    for row, step in enumerate(steps):
        padded[row, : len(step)] = [len(batch) * round_up(max(frames[i] for i in batch)) for batch in step]
    return float(padded.max(1).sum() / padded.mean(1).sum() - 1)


def simulated(frames: list[int], batch_size: int, ranks: int) -> tuple[float, float, int]:
    """The excess over EPOCHS epochs with steps of like batches and with random ones, and the steps of an epoch."""
    budget = automatic_budget(frames, batch_size)
    found = []
    for epoch in range(EPOCHS):
        batches = make_batches(frames, batch_size, budget, 0, epoch)
        ours = in_steps(batches, frames, ranks, np.random.default_rng([0, epoch]))
        random = [batches[first : first + ranks] for first in range(0, len(batches), ranks)]
        found.append((excess(ours, frames, ranks), excess(random, frames, ranks), len(ours)))
    ours_mean, random_mean, steps = np.mean(found, axis=0)
    return float(ours_mean), float(random_mean), round(steps)


def main() -> None:
    print(f"{'corpus':<16}{'batch':>6}{'ranks':>6}{'steps an epoch':>16}{'slowest over mean':>20}{'random order':>15}")
    for name, described in CORPORA.items():
        frames = lengths(*described)
        for batch_size in (8, 32):
            for ranks in (8, 64):
                ours, random, steps = simulated(frames, batch_size, ranks)
                print(f"{name:<16}{batch_size:>6}{ranks:>6}{steps:>16}{ours:>20.1%}{random:>15.1%}")


if __name__ == "__main__":
    main()

"""Batches of clips of like length under a frame budget, in an order that seed and epoch fix.

Measured (PERFORMANCE.md): 1.6 to 2.3 times the throughput of random batches, because little is padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import DataLoader, Sampler

from signllm.config.schema import DataConfig
from signllm.data.dataset import SignDataset, collate
from signllm.data.priority import UniformChannel
from signllm.pose.batch import round_up

LENGTH_JITTER = 0.25  # clips within this share of a length mix, so that batches differ from epoch to epoch


def automatic_budget(frames: Sequence[int], batch_size: int) -> int:
    """The default frame budget: `batch_size` clips of the 90th percentile's padded length."""
    return batch_size * round_up(int(np.percentile(frames, 90)))


def make_batches(frames: Sequence[int], batch_size: int, frame_budget: int, seed: int, epoch: int) -> list[list[int]]:
    """Split clips with these lengths into batches; each clip stands in exactly one.

    A batch has at most `batch_size` clips and at most `frame_budget` padded frames (a single longer clip gets a
    batch of its own). The result is a function of the arguments alone.
    """
    rng = np.random.default_rng([seed, epoch])
    lengths = np.asarray(frames)
    order = np.argsort(lengths * rng.uniform(1 - LENGTH_JITTER, 1 + LENGTH_JITTER, len(lengths)), kind="stable")
    batches: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for index in order.tolist():
        padded = max(longest, round_up(int(lengths[index])))
        if current and (len(current) == batch_size or padded * (len(current) + 1) > frame_budget):
            batches.append(current)
            current, padded = [], round_up(int(lengths[index]))
        current.append(index)
        longest = padded
    batches.append(current)
    return [batches[place] for place in rng.permutation(len(batches))]


def draw_batches(
    channel: UniformChannel, frames: Sequence[int], batch_size: int, frame_budget: int, seed: int, epoch: int
) -> list[list[int]]:
    """The batches of an epoch whose clips the channel draws: as many as the uniform epoch has, with the same limits.

    About as many clips are drawn as there are. The draw may fill a few batches more or less than the uniform epoch:
    then some are left out at random, or more clips are drawn.
    """
    uniform = make_batches(frames, batch_size, frame_budget, seed, epoch)
    if not channel.drawing:
        return uniform
    lengths, count = np.asarray(frames), len(frames)
    while True:
        drawn = channel.draw(count, seed, epoch)
        batches = make_batches(lengths[drawn], batch_size, frame_budget, seed, epoch)
        missing = len(uniform) - len(batches)
        if missing <= 0:
            return [drawn[batch].tolist() for batch in batches[: len(uniform)]]
        count += missing * batch_size


class FrameBudgetSampler(Sampler[list[tuple[int, int]]]):
    """Yields the batches of `epoch` as (epoch, index) keys, from batch `first` on; set both before iterating."""

    def __init__(self, frames: Sequence[int], config: DataConfig, seed: int, channel: UniformChannel | None = None):
        self.channel = channel or UniformChannel()
        self.frames, self.batch_size, self.seed = list(frames), config.batch_size, seed
        self.frame_budget = config.frame_budget or automatic_budget(frames, config.batch_size)
        self.epoch = 0
        self.first = 0

    def batches(self, epoch: int | None = None) -> list[list[int]]:
        """All batches of an epoch, by default the current one; their number differs a little between epochs.

        Which clips a channel will draw in later epochs is not known yet, how many batches they make is.
        """
        number = self.epoch if epoch is None else epoch
        return draw_batches(self.channel, self.frames, self.batch_size, self.frame_budget, self.seed, number)

    def clips(self) -> list[int]:
        """The clips of the current epoch's batches."""
        return [index for batch in self.batches() for index in batch]

    def __len__(self) -> int:
        return len(self.batches()) - self.first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in self.batches()[self.first :]:
            yield [(self.epoch, index) for index in batch]


def make_loader(
    dataset: SignDataset, config: DataConfig, seed: int, channel: UniformChannel | None = None
) -> tuple[DataLoader, FrameBudgetSampler]:
    """A loader over the data set and the sampler that steers it; a channel draws the clips."""
    sampler = FrameBudgetSampler([dataset.frames(index) for index in range(len(dataset))], config, seed, channel)
    loader = DataLoader(
        dataset,
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=config.num_workers,
        pin_memory=False,
    )
    return loader, sampler

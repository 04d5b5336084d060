"""Batches of clips of like length under a frame budget, in an order that seed and epoch fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import DataLoader, Sampler

from signllm.config.schema import DataConfig
from signllm.data.dataset import SignDataset, collate
from signllm.data.priority import UniformChannel
from signllm.learning.length_batches import automatic_budget, budget_batches


def make_batches(
    frames: Sequence[int],
    batch_size: int,
    frame_budget: int,
    seed: int,
    epoch: int,
    languages: Sequence[str] = (),
    language_block: int = 1,
) -> list[list[int]]:
    """The batches of an epoch (`signllm.learning.length_batches.budget_batches`): a function of the arguments alone."""
    rng = np.random.default_rng([seed, epoch])
    return budget_batches(frames, batch_size, frame_budget, rng, languages, language_block)


def draw_batches(
    channel: UniformChannel,
    frames: Sequence[int],
    batch_size: int,
    frame_budget: int,
    seed: int,
    epoch: int,
    languages: Sequence[str] = (),
    language_block: int = 1,
) -> list[list[int]]:
    """The batches of an epoch whose clips the channel draws: as many as the uniform epoch has, with the same limits.

    About as many clips are drawn as there are. The draw may fill a few batches more or less than the uniform epoch:
    then some are left out at random, or more clips are drawn.
    """
    uniform = make_batches(frames, batch_size, frame_budget, seed, epoch, languages, language_block)
    if not channel.drawing:
        return uniform
    lengths, language_N, count = np.asarray(frames), np.asarray(languages), len(frames)
    while True:
        drawn = channel.draw(count, seed, epoch)
        spoken = language_N[drawn].tolist() if languages else ()
        batches = make_batches(lengths[drawn], batch_size, frame_budget, seed, epoch, spoken, language_block)
        missing = len(uniform) - len(batches)
        if missing <= 0:
            return [drawn[batch].tolist() for batch in batches[: len(uniform)]]
        count += missing * batch_size


class FrameBudgetSampler(Sampler[list[tuple[int, int]]]):
    """Yields the batches of `epoch` as (epoch, index) keys, from batch `first` on; set both before iterating."""

    def __init__(
        self,
        frames: Sequence[int],
        config: DataConfig,
        seed: int,
        languages: Sequence[str] = (),
        channel: UniformChannel | None = None,
    ):
        self.channel = channel or UniformChannel()
        self.languages, self.language_block = list(languages), config.language_block if languages else 1
        self.frames, self.batch_size, self.seed = list(frames), config.batch_size, seed
        self.frame_budget = config.frame_budget or automatic_budget(frames, config.batch_size)
        self.epoch = 0
        self.first = 0

    def batches(self, epoch: int | None = None) -> list[list[int]]:
        """All batches of an epoch, by default the current one; their number differs a little between epochs.

        Which clips a channel will draw in later epochs is not known yet, how many batches they make is.
        """
        number = self.epoch if epoch is None else epoch
        limits = self.frames, self.batch_size, self.frame_budget
        return draw_batches(self.channel, *limits, self.seed, number, self.languages, self.language_block)

    def clips(self) -> list[int]:
        """The clips of the current epoch's batches."""
        return [index for batch in self.batches() for index in batch]

    def __len__(self) -> int:
        return max(0, len(self.batches()) - self.first)  # a run may be resumed on fewer data than it had

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in self.batches()[self.first :]:
            yield [(self.epoch, index) for index in batch]


def make_loader(
    dataset: SignDataset, config: DataConfig, seed: int, channel: UniformChannel | None = None
) -> tuple[DataLoader, FrameBudgetSampler]:
    """A loader over the data set and the sampler that steers it; a channel draws the clips."""
    frames = [dataset.frames(index) for index in range(len(dataset))]
    sampler = FrameBudgetSampler(frames, config, seed, [language for language, _ in dataset.places], channel)
    loader = DataLoader(
        dataset,
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=config.num_workers,
        pin_memory=False,
    )
    return loader, sampler

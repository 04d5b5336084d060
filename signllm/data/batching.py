"""Batches of clips of like length under a frame budget, in an order that seed and epoch fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import DataLoader, Sampler

from signllm.config.schema import DataConfig
from signllm.data.dataset import SignDataset, collate
from signllm.data.priority import UniformChannel
from signllm.learning.length_batches import automatic_budget, budget_batches, shuffled
from signllm.pose.batch import round_up


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


def in_steps(
    batches: Sequence[list[int]], frames: Sequence[int], size: int, rng: np.random.Generator
) -> list[list[list[int]]]:
    """Batches in steps of `size`, in random order: those of a step have about as many padded frames as one another.

    So ranks that take one batch each of a step wait little for the slowest. Where the number of batches is no multiple
    of `size`, the step that is not full has the smallest ones. Steps of one batch keep the order of the batches.
    """
    if size == 1:
        return [[batch] for batch in batches]
    padded = [len(batch) * round_up(max(frames[index] for index in batch)) for batch in batches]
    order = np.argsort([-frames for frames in padded], kind="stable").tolist()
    steps = [[batches[place] for place in order[first : first + size]] for first in range(0, len(order), size)]
    return shuffled(steps, rng)


class FrameBudgetSampler(Sampler[list[tuple[int, int]]]):
    """Yields the batches of `epoch` as (epoch, index) keys, step by step; set `epoch` and `taken` before iterating.

    The batches of an epoch are a function of seed and epoch alone. A step takes `step_size` of them, of which the one
    of number n is for rank n modulo `num_ranks`; those of `rank` are yielded. `taken` holds what is done of the epoch,
    as (step size, number of batches) in order, so that an epoch can go on in steps of another size: whatever the sizes,
    each batch comes once.
    """

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
        self.taken: Sequence[Sequence[int]] = ()
        self.step_size, self.rank, self.num_ranks = 1, 0, 1

    def batches(self, epoch: int | None = None) -> list[list[int]]:
        """All batches of an epoch, by default the current one; their number differs a little between epochs.

        Which clips a channel will draw in later epochs is not known yet, how many batches they make is.
        """
        number = self.epoch if epoch is None else epoch
        limits = self.frames, self.batch_size, self.frame_budget
        return draw_batches(self.channel, *limits, self.seed, number, self.languages, self.language_block)

    def steps(self, epoch: int | None = None, taken: Sequence[Sequence[int]] = ()) -> list[list[list[int]]]:
        """The batches of an epoch, by default the current one, by step; without those that are `taken` already."""
        number = self.epoch if epoch is None else epoch
        left = self.batches(number)
        for size, count in taken:
            left = [batch for step in self._in_steps(left, size, number) for batch in step][count:]
        return self._in_steps(left, self.step_size, number)

    def _in_steps(self, batches: list[list[int]], size: int, epoch: int) -> list[list[list[int]]]:
        return in_steps(batches, self.frames, size, np.random.default_rng([self.seed, epoch, size, len(batches)]))

    def own(self, step: list[list[int]]) -> list[list[int]]:
        """The batches of a step that this rank takes."""
        return step[self.rank :: self.num_ranks]

    def clips(self) -> list[int]:
        """The clips of the current epoch's batches."""
        return [index for batch in self.batches() for index in batch]

    def __len__(self) -> int:
        return sum(len(self.own(step)) for step in self.steps(taken=self.taken))

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in self.steps(taken=self.taken):
            for batch in self.own(step):
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

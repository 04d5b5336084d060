"""The Priority Learning Channel: clips are drawn by their rewards (PAPER.md, training signal; docs/plc.md).

The paper draws clip i with `P(i) = r(i)^eta / sum_j r(j)^eta`, where its reward r is -MSE. A power of a negative number
is undefined, so a positive priority stands in for r. With e_i = -r_i, the clip's MSE in squared standard deviations,
and m_i, the median of e over the clips of its language:

    prefer "high" (the paper's direction: what is fitted well)    priority_i = m_i / (m_i + e_i)
    prefer "low" (prioritised replay: what is fitted badly)       priority_i = e_i / (m_i + e_i)

    P(i) = (1 - FLOOR) * priority_i^eta / sum_j priority_j^eta + FLOOR / N

The priority lies between 0 and 1 and is 1/2 for a clip of median error. At least half of the clips have 1/2 or more,
so whatever the errors, outliers included, FLOOR / N <= P(i) <= 2^(eta + 1) / N. The medians make it free of the scale
of the error, which falls while training, and keep a hard language from being drawn less, or more, than an easy one.
Legend: N clips of the data set, B clips of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from signllm.config.schema import PLCConfig

FLOOR = 0.1  # every clip is expected once in ten epochs, so importance weights have a bound; every measured PLC had it
SMOOTHING = 0.5  # share of a clip's old reward that stays: half, as the model has changed since; no other was measured
RECENT_BATCHES = 100  # a batch is compared with so many before it
LEAST_RECENT = 20  # fewer make no quantile: nothing is skipped yet
_SMALLEST_ERROR = 1e-12  # a clip without a valid value has the error 0


def _high(error_N: np.ndarray, median_N: np.ndarray) -> np.ndarray:
    return median_N / (median_N + error_N)


def _low(error_N: np.ndarray, median_N: np.ndarray) -> np.ndarray:
    return error_N / (median_N + error_N)


PREFERENCES = {"high": _high, "low": _low}


def priorities(reward_N: np.ndarray, languages: Sequence[str], prefer: str) -> np.ndarray:
    """(N,) within (0, 1): the positive priority of each clip; the formula stands at the top of the file."""
    error_N = np.maximum(-np.asarray(reward_N, np.float64), _SMALLEST_ERROR)
    language_N = np.asarray(languages)
    median_N = np.empty_like(error_N)
    for code in np.unique(language_N):
        own = language_N == code
        median_N[own] = np.median(error_N[own])
    return PREFERENCES[prefer](error_N, median_N)


def probabilities(priority_N: np.ndarray, eta: float) -> np.ndarray:
    """(N,) that sum to 1: the priorities to the power of `eta`, mixed with a share FLOOR of the uniform draw."""
    power_N = priority_N**eta
    return (1 - FLOOR) * power_N / power_N.sum() + FLOOR / len(power_N)


def importance_weights(probability_N: np.ndarray, exponent: float) -> np.ndarray:
    """(N,) w_i = (1 / (N P_i))^exponent, divided by sum_j P_j w_j: the mean weight of drawn clips is expected to be 1.

    At exponent 1 that sum is 1, so a weighted mean over drawn clips is unbiased for the mean over all clips. Dividing
    by the mean of each batch would bias it, by the largest weight (prioritised replay, arXiv 1511.05952) scale it down.
    """
    weight_N = (len(probability_N) * probability_N) ** -exponent
    return weight_N / (probability_N * weight_N).sum()


def systematic_draw(probability_N: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) clips, ascending, with replacement; clip i is expected count * P(i) times.

    Systematic resampling: equally spaced points with one random offset, on the line where each clip owns a stretch of
    length P(i). A clip comes count * P(i) times, rounded down or up, so that equal probabilities give each of N clips
    once in N draws, as an epoch without priorities has it; independent draws would miss 37 % of them.
    """
    ends_N = np.cumsum(probability_N) * (count / probability_N.sum())
    points = rng.uniform() + np.arange(count)
    return np.searchsorted(ends_N, points, side="right").clip(max=len(ends_N) - 1)


def effective_sample_size(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2 (Kish): so many equally weighted draws would say as much."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


class UniformChannel:
    """PLC switched off: every clip once an epoch, no weights, nothing skipped, nothing to remember."""

    drawing = False  # whether this epoch's clips are drawn by priority
    needs_rewards = False  # whether the rewards of every batch are to be noted

    def begin_epoch(self) -> None:
        """An epoch starts: what it draws is fixed from here on."""

    def draw(self, count: int, seed: int, epoch: int) -> np.ndarray:
        """`count` clips of the epoch, ascending; only while `drawing`."""
        raise NotImplementedError

    def weight_B(self, indices: Sequence[int]) -> Tensor | None:
        """The clips' weights in the losses; None: all alike."""
        return None

    def should_skip(self, rewards: Sequence[float]) -> bool:
        """Whether a batch whose clips have these rewards is to be skipped; changes nothing."""
        return False

    def note(self, indices: Sequence[int], rewards: Sequence[float]) -> None:
        """Take in the rewards of a batch's clips."""

    def figures(self, drawn: Sequence[int]) -> dict[str, float]:
        """What to log of an epoch that draws these clips."""
        return {}

    def state(self) -> dict:
        """What a checkpoint needs to go on exactly."""
        return {}

    def load(self, state: dict) -> None:
        """Take over the `state` of a checkpoint; an empty one changes nothing."""


class PriorityChannel(UniformChannel):
    """Rewards by clip, and the draw made from them.

    An epoch is drawn from the rewards as they stood at its start, so that its order is a function of seed, epoch and
    that table; what is noted meanwhile counts from the next epoch on. Until every clip has a reward, epochs are
    uniform.
    """

    needs_rewards = True

    def __init__(self, config: PLCConfig, languages: Sequence[str]):
        """`languages`: one code a clip."""
        self.config, self.languages = config, list(languages)
        self.reward_N = np.full(len(self.languages), np.nan)
        self.recent: list[float] = []  # mean rewards of the last batches, the oldest first
        self._use(self.reward_N)

    def _use(self, reward_N: np.ndarray) -> None:
        """Draw by these rewards from now on; uniformly where one is missing."""
        self.epoch_reward_N = reward_N.copy()
        self.drawing = not np.isnan(reward_N).any()
        count = len(self.languages)
        if self.drawing:
            priority_N = priorities(reward_N, self.languages, self.config.prefer)
            self.probability_N = probabilities(priority_N, self.config.eta)
        else:
            self.probability_N = np.full(count, 1 / count)
        self.weight_N = importance_weights(self.probability_N, self.config.importance)

    def begin_epoch(self) -> None:
        """Fix the draw of the epoch by the rewards so far."""
        self._use(self.reward_N)

    def draw(self, count: int, seed: int, epoch: int) -> np.ndarray:
        """`count` clips of the epoch, ascending: a function of the arguments and the rewards at its start."""
        return systematic_draw(self.probability_N, count, np.random.default_rng([seed, epoch, count]))

    def weight_B(self, indices: Sequence[int]) -> Tensor | None:
        """(B,) float32 importance weights; None while the draw is uniform or `importance` is 0."""
        if not self.drawing or not self.config.importance:
            return None
        return torch.from_numpy(self.weight_N[list(indices)]).float()

    def should_skip(self, rewards: Sequence[float]) -> bool:
        """Whether the mean reward is below the `skip_below` quantile of the batches before, once there are some."""
        comparable = self.drawing and self.config.skip_below > 0 and len(self.recent) >= LEAST_RECENT
        return bool(comparable and float(np.mean(rewards)) < np.quantile(self.recent, self.config.skip_below))

    def note(self, indices: Sequence[int], rewards: Sequence[float]) -> None:
        """Keep the rewards, as a moving average by clip, and their mean."""
        for index, reward in zip(indices, rewards, strict=True):
            old = self.reward_N[index]
            self.reward_N[index] = reward if np.isnan(old) else SMOOTHING * old + (1 - SMOOTHING) * reward
        self.recent = [*self.recent, float(np.mean(rewards))][-RECENT_BATCHES:]

    def figures(self, drawn: Sequence[int]) -> dict[str, float]:
        """How far the epoch's draw is from uniform; docs/plc.md says how to read it.

        `ess`: effective sample size of the drawn clips under full importance weights, as a share of their number;
        `entropy`: of P, as a share of the uniform draw's; `max_probability`: the largest N P(i); `left_out`: share
        of clips that were not drawn; `mean_reward`: over all clips that have one.
        """
        count = len(self.languages)
        weight_N = importance_weights(self.probability_N, 1.0)
        entropy = -(self.probability_N * np.log(self.probability_N)).sum()
        known = self.reward_N[~np.isnan(self.reward_N)]
        return {
            "ess": effective_sample_size(weight_N[list(drawn)]) / len(drawn),
            "entropy": float(entropy / np.log(count)) if count > 1 else 1.0,
            "max_probability": float(self.probability_N.max() * count),
            "left_out": 1 - len(set(drawn)) / count,
            "mean_reward": float(known.mean()) if len(known) else 0.0,
        }

    def state(self) -> dict:
        """The rewards, those that the epoch was drawn from, and the last batches' means."""
        tables = {"reward_N": self.reward_N, "epoch_reward_N": self.epoch_reward_N}
        return {name: torch.from_numpy(table.copy()) for name, table in tables.items()} | {"recent": self.recent}

    def load(self, state: dict) -> None:
        """Take over the state of a checkpoint that was trained on the same clips; an empty one changes nothing."""
        if state:
            self.reward_N, self.recent = state["reward_N"].numpy().copy(), list(state["recent"])
            self._use(state["epoch_reward_N"].numpy())


def make_channel(config: PLCConfig, languages: Sequence[str]) -> UniformChannel:
    """The channel of a run over clips of these languages (one code a clip)."""
    return PriorityChannel(config, languages) if config.enabled else UniformChannel()

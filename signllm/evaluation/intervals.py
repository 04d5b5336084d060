"""Resampling over clips: intervals of figures, and sums under random exchange of two systems.

Presets work on sums over clips, so a bootstrap sample of N clips is one row of counts times the clips' numbers.
Legend: N clips, K numbers a clip, R resamples.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from signllm.metrics.text_scores import AnyPreset

RESAMPLES = 1_000
_MOST_BLOCK_VALUES = 2_000_000  # draws held at once: 16 MB, whatever the number of clips
Figures = dict[str, dict[str, float]]  # figure -> value, low, high


def draws(N: int, resamples: int = RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
    """Blocks (b, N) of how often each clip stands in a bootstrap sample; the same for equal N and seed."""
    rng = np.random.default_rng(seed)
    block = max(1, min(50, _MOST_BLOCK_VALUES // N))
    for first in range(0, resamples, block):
        # Drawing clips and counting them is several times faster than rng.multinomial.
        rows = min(block, resamples - first)
        drawn = rng.integers(0, N, size=(rows, N)) + N * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * N).reshape(rows, N)


def bootstrap_sums(rows_NK: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """(R, K) column sums of `resamples` samples of N clips drawn with replacement; the same draws for equal N."""
    rows_NK = np.ascontiguousarray(rows_NK, dtype=np.float64)
    return np.concatenate([counts.astype(np.float64) @ rows_NK for counts in draws(len(rows_NK), resamples, seed)])


def exchanged_sums(rows_NK: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """(R, K) column sums over random halves of the clips: each clip is in with probability one half."""
    rng = np.random.default_rng(seed)
    N = len(rows_NK)
    block = max(1, min(50, _MOST_BLOCK_VALUES // N))
    sums = [
        rng.integers(0, 2, size=(min(block, resamples - first), N)).astype(np.float64) @ rows_NK
        for first in range(0, resamples, block)
    ]
    return np.concatenate(sums)


def interval(spread_R: np.ndarray, share: float = 0.95) -> tuple[float, float]:
    """The percentile interval of the finite values; (NaN, NaN) when there is none."""
    known = spread_R[np.isfinite(spread_R)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def columns_of(rows: Sequence[np.ndarray]) -> list[slice]:
    """Where each of the (N, K) blocks lies once they are put beside each other."""
    ends = np.cumsum([0, *(block.shape[1] for block in rows)])
    return [slice(int(first), int(last)) for first, last in itertools.pairwise(ends)]


def figures_with_intervals(presets: Sequence[AnyPreset], rows: Sequence[np.ndarray]) -> Figures:
    """Value and 95 % percentile-bootstrap interval over clips of every figure; `rows` are (N, K) for each preset."""
    return figures_of_systems(presets, {"": rows})[""]


def figures_of_systems(presets: Sequence[AnyPreset], rows: Mapping[str, Sequence[np.ndarray]]) -> dict[str, Figures]:
    """`figures_with_intervals` of several systems on the same clips, with one set of draws for all of them."""
    flat = [block for blocks in rows.values() for block in blocks]
    together_NK = np.concatenate(flat, axis=1)
    resampled_RK, places = bootstrap_sums(together_NK), iter(columns_of(flat))
    table: dict[str, Figures] = {}
    for system in rows:
        table[system] = {}
        for preset in presets:
            columns = next(places)
            values = preset.conclude(together_NK[:, columns].sum(0))
            spread_RG = preset.conclude(resampled_RK[:, columns])
            for index, name in enumerate(preset.figures):
                low, high = interval(spread_RG[:, index])
                table[system][name] = {"value": float(values[index]), "low": low, "high": high}
    return table

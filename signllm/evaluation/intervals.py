"""Resampling over clips: intervals of figures, and figures under random exchange of two systems.

Presets work on sums over clips, so a bootstrap sample of N clips is one row of counts times the clips' numbers; their
medians look at the counts themselves. Legend: N clips, K numbers a clip, R resamples, G figures.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from signllm.metrics.preset import conclude_over_clips, with_medians

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


def exchanges(N: int, resamples: int = RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
    """Blocks (b, N) of 1.0 or 0.0: each clip is in a random half with probability one half."""
    rng = np.random.default_rng(seed)
    block = max(1, min(50, _MOST_BLOCK_VALUES // N))
    for first in range(0, resamples, block):
        yield rng.integers(0, 2, size=(min(block, resamples - first), N)).astype(np.float64)


def exchanged_sums(rows_NK: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """(R, K) column sums over random halves of the clips."""
    return np.concatenate([half_bN @ rows_NK for half_bN in exchanges(len(rows_NK), resamples, seed)])


def resampled_figures(
    preset: AnyPreset, sums_RK: np.ndarray, rows_NK: np.ndarray, weights: Iterable[np.ndarray]
) -> np.ndarray:
    """(R, G) figures of R samples of N clips with these sums; `weights` are blocks (b, N), read only for medians."""
    figures_RG = preset.conclude(sums_RK)
    if preset.medians:
        first = 0
        for weights_bN in weights:
            rows = slice(first, first + len(weights_bN))
            figures_RG[rows] = with_medians(preset, figures_RG[rows], rows_NK, weights_bN)
            first = rows.stop
    return figures_RG


def bootstrapped_figures(preset: AnyPreset, rows_NK: np.ndarray, resamples: int = RESAMPLES) -> np.ndarray:
    """(R, G) figures of `resamples` samples of N clips drawn with replacement; the same draws for equal N."""
    N = len(rows_NK)
    return resampled_figures(preset, bootstrap_sums(rows_NK, resamples), rows_NK, draws(N, resamples))


def exchanged_figures(
    preset: AnyPreset, a_NK: np.ndarray, b_NK: np.ndarray, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(R, G) figures of two systems after their answers were exchanged in a random half of the clips."""
    moved_RK = exchanged_sums(b_NK - a_NK, resamples, seed)
    both_NK = np.concatenate([a_NK, b_NK])  # 2N clips: each side has N of them
    of_a = (np.concatenate([1 - half_bN, half_bN], axis=1) for half_bN in exchanges(len(a_NK), resamples, seed))
    of_b = (np.concatenate([half_bN, 1 - half_bN], axis=1) for half_bN in exchanges(len(a_NK), resamples, seed))
    return (
        resampled_figures(preset, a_NK.sum(0) + moved_RK, both_NK, of_a),
        resampled_figures(preset, b_NK.sum(0) - moved_RK, both_NK, of_b),
    )


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


def figures_of_systems(presets: Sequence[AnyPreset], rows: Mapping[str, Sequence[np.ndarray]]) -> dict[str, Figures]:
    """Value and 95 % percentile-bootstrap interval over clips of every figure, by system.

    `rows` are the (N, K) numbers of each preset, by system. All systems share one set of draws.
    """
    flat = [block for blocks in rows.values() for block in blocks]
    together_NK = np.concatenate(flat, axis=1)
    resampled_RK, places = bootstrap_sums(together_NK), iter(columns_of(flat))
    table: dict[str, Figures] = {}
    for system in rows:
        table[system] = {}
        for preset in presets:
            columns = next(places)
            rows_NK = together_NK[:, columns]
            values = conclude_over_clips(preset, rows_NK)
            spread_RG = resampled_figures(preset, resampled_RK[:, columns], rows_NK, draws(len(rows_NK)))
            for index, name in enumerate(preset.figures):
                low, high = interval(spread_RG[:, index])
                table[system][name] = {"value": float(values[index]), "low": low, "high": high}
    return table

"""Clips to look at beside their references: those with the best and the worst DTW score. Nothing here draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from signllm.evaluation.measurements import Measurements
from signllm.metrics.registry import PRESETS
from signllm.pose import PoseSequence

RANKED_BY = "dtw-mje"


@dataclass(frozen=True)
class Example:
    """One clip of the evaluated system; `rank` is 'best' or 'worst', `score` its DTW score.

    `reference()` and `hypothesis()` give the poses when they are asked for: a model need not sign again for a picture
    that is cached. `remembered(name, make)` is such a cache: it returns the bytes that `make()` made before.
    """

    language: str
    rank: str
    id: str
    text: str
    gloss: str | None
    score: float
    reference: Callable[[], PoseSequence]
    hypothesis: Callable[[], PoseSequence]
    remembered: Callable[[str, Callable[[], bytes]], bytes]


def best_and_worst(
    measurements: Measurements, language: str, system: str, seed: int, count: int
) -> list[tuple[str, int, float]]:
    """(rank, row, DTW score) of the `count` clips of the lowest and of the highest score; of few clips, each half.

    Empty where the DTW score was not measured.
    """
    if RANKED_BY not in measurements.numbers[language][system][seed]:
        return []
    rows_NK = measurements.rows(language, system, RANKED_BY, seed)
    scores = PRESETS[RANKED_BY].conclude(rows_NK)[:, 0]
    order = [int(row) for row in np.argsort(scores, kind="stable") if np.isfinite(scores[row])]
    best = order[: min(count, (len(order) + 1) // 2)]
    worst = [row for row in order[::-1][:count] if row not in best]
    return [(rank, row, float(scores[row])) for rank, rows in (("best", best), ("worst", worst)) for row in rows]

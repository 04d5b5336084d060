"""What a metric is: additive numbers of each clip pair, and the figures that follow from their sums over a corpus.

Because every preset works on sums, evaluation streams, corpora can be pooled, and bootstrap intervals are
a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from signllm.aligning.dtw import Alignment, cores, dtw_pairs
from signllm.errors import DataError
from signllm.pose import PoseSequence

LOWER, HIGHER, ONE = "lower", "higher", "1"

Numbers = Sequence[float] | np.ndarray


class HasFigures(Protocol):
    """What the presets of poses and of texts share: figures out of sums, and medians (see `Preset`)."""

    @property
    def conclude(self) -> Callable[[np.ndarray], np.ndarray]:
        """Sums (..., K) to figures (..., G)."""

    @property
    def medians(self) -> tuple[tuple[int, int], ...]:
        """(figure, column) of each figure that is a median over clips."""


@dataclass(frozen=True)
class ClipPair:
    """A hypothesis beside its reference, with the alignments that the presets asked for, by local cost."""

    hypothesis: PoseSequence
    reference: PoseSequence
    alignments: dict[str, Alignment] = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A metric whose every choice is fixed by its name.

    `measure` maps a clip pair to K finite numbers that may be added over clips; `conclude` maps their sums (..., K) to
    the figures (..., len(figures)), NaN where a figure is not defined. `measure`'s docstring holds formula and source.
    `better` says where good lies: 'lower', 'higher' or '1' (as much as the reference). `choices` is what else the
    signature must say. `compiled` marks a `measure` that spends its time in compiled code, so that pairs are measured
    in threads. `version` changes when the number would. `medians` are figures that no sum can tell: (figure, column)
    where a figure, NaN in `conclude`, is the median of a column over clips (`conclude_over_clips`).
    """

    name: str
    figures: tuple[str, ...]
    better: str
    unit: str
    measure: Callable[[ClipPair], Numbers]
    conclude: Callable[[np.ndarray], np.ndarray]
    alignments: tuple[str, ...] = ()
    masks: str = "seen-in-both"
    choices: str = ""
    compiled: bool = False
    version: int = 1
    medians: tuple[tuple[int, int], ...] = ()

    @property
    def formula(self) -> str:
        """Definition and source, as text."""
        return " ".join((self.measure.__doc__ or "").split())

    def signature(self, skeleton: str, unit: str, fps: float) -> str:
        """What must be equal for two figures to be comparable."""
        parts = (
            self.name,
            f"skeleton:{skeleton}",
            f"unit:{unit}",
            f"fps:{fps:g}",
            self.choices,
            f"masks:{self.masks}",
            f"version:{self.version}",
        )
        return "|".join(part for part in parts if part)


def conclude_over_clips(preset: HasFigures, rows_NK: np.ndarray) -> np.ndarray:
    """(G,) figures over the N clips whose numbers these are."""
    return with_medians(preset, preset.conclude(rows_NK.sum(0))[None], rows_NK, np.ones((1, len(rows_NK))))[0]


def with_medians(preset: HasFigures, figures_RG: np.ndarray, rows_NK: np.ndarray, weights_RN: np.ndarray) -> np.ndarray:
    """The figures of R samples, with the preset's medians filled in; sample r has clip n weights_RN[r, n] times."""
    for figure, column in preset.medians:
        figures_RG[:, figure] = weighted_medians(rows_NK[:, column], weights_RN)
    return figures_RG


def weighted_medians(values_N: np.ndarray, weights_RN: np.ndarray) -> np.ndarray:
    """(R,) medians of the values, each counted as often as its weight says; NaN where all weights are 0.

    Of an even count it is the mean of the middle two.
    """
    order = np.argsort(values_N, kind="stable")
    below_RN = np.cumsum(weights_RN[:, order], axis=1)
    half_R1 = below_RN[:, -1:] / 2
    lower_R, upper_R = (below_RN < half_R1).sum(1), (below_RN <= half_R1).sum(1)
    last = len(values_N) - 1
    medians_R = (values_N[order[np.minimum(lower_R, last)]] + values_N[order[np.minimum(upper_R, last)]]) / 2
    return np.where(half_R1[:, 0] > 0, medians_R, np.nan)


def ratio_of_sums(sums: np.ndarray) -> np.ndarray:
    """(..., 2n) of numerator, denominator, numerator, ... -> (..., n) of their ratios; NaN for a denominator of 0."""
    numerator, denominator = sums[..., ::2], sums[..., 1::2]
    missing = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    return np.divide(numerator, denominator, out=missing, where=denominator > 0)


def check_pairs(
    hypotheses: Sequence[PoseSequence], references: Sequence[PoseSequence], names: Sequence[str] | None = None
) -> None:
    """Raise DataError naming every pair that cannot be compared: numbers of clips, skeleton, unit, fps, dimensions."""
    if len(hypotheses) != len(references):
        raise DataError(f"{len(hypotheses)} hypotheses for {len(references)} references; they must pair up one to one")
    faults = []
    for index, (hypothesis, reference) in enumerate(zip(hypotheses, references, strict=True)):
        pair = f"clip {names[index]}" if names else f"pair {index}"
        for what, ours, theirs, remedy in (
            ("skeleton", hypothesis.skeleton.name, reference.skeleton.name, "convert one of them"),
            ("unit", hypothesis.unit, reference.unit, "bring both to shoulder widths"),
            ("frame rate", hypothesis.fps, reference.fps, "resample one of them (PoseSequence.resampled)"),
            ("coordinates a joint", hypothesis.coordinates.shape[2], reference.coordinates.shape[2], "drop or lift z"),
        ):
            if ours != theirs:
                faults.append(f"{pair}: {what} {ours} in the hypothesis, {theirs} in the reference; {remedy}")
        for side, clip in (("hypothesis", hypothesis), ("reference", reference)):
            if not clip.valid.any():
                faults.append(f"{pair}: every joint of the {side} is marked as missing; leave the clip out")
    if faults:
        raise DataError(faults)


def measure_pairs(
    hypotheses: Sequence[PoseSequence],
    references: Sequence[PoseSequence],
    presets: Iterable[Preset],
    names: Sequence[str] | None = None,
) -> dict[str, np.ndarray]:
    """(N, K) float64 numbers of N clip pairs by preset name; alignments are made once, in parallel, and shared.

    Raises DataError when pairs cannot be compared, calling them by `names` where given.
    """
    check_pairs(hypotheses, references, names)
    presets = list(presets)
    clips = list(zip(hypotheses, references, strict=True))
    costs = sorted({cost for preset in presets for cost in preset.alignments})
    aligned = {cost: dtw_pairs(clips, cost) for cost in costs}
    pairs = [
        ClipPair(hypothesis, reference, {cost: aligned[cost][index] for cost in costs})
        for index, (hypothesis, reference) in enumerate(clips)
    ]
    return {preset.name: np.array(_measure(preset, pairs), dtype=np.float64) for preset in presets}


def _measure(preset: Preset, pairs: Sequence[ClipPair]) -> list[Numbers]:
    if not preset.compiled or len(pairs) < 2 or cores() == 1:
        return [preset.measure(pair) for pair in pairs]
    first = preset.measure(pairs[0])  # compiles in one thread before many need it
    with ThreadPoolExecutor(cores()) as pool:
        return [first, *pool.map(preset.measure, pairs[1:])]

"""Runs systems over the clips of a store, a chunk at a time, and collects what the metrics measure.

A system answers a list of test records with one clip each; a record carries text and language, never poses. Clips of
one chunk are in memory at a time; what stays is K numbers a clip, preset and system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from signllm.data.store import ClipRecord, StoreSplit
from signllm.metrics.preset import Preset, measure_pairs
from signllm.pose import PoseSequence

System = Callable[[Sequence[ClipRecord]], list[PoseSequence]]
REFERENCE = "reference"


@dataclass
class Measurements:
    """Numbers by language, system and preset; each is (N, K), row n belongs to `clips[language][n]`."""

    presets: Sequence[Preset]
    clips: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, dict[str, dict[str, list[np.ndarray]]]] = field(default_factory=dict)

    def add(self, language: str, system: str, measured: Mapping[str, np.ndarray]) -> None:
        """Append a chunk's numbers."""
        by_preset = self.numbers.setdefault(language, {}).setdefault(system, {})
        for name, rows_NK in measured.items():
            by_preset.setdefault(name, []).append(rows_NK)

    def systems(self) -> list[str]:
        """The systems that answered for every language, in the order they came."""
        first = next(iter(self.numbers.values()))
        return [name for name in first if all(name in systems for systems in self.numbers.values())]

    def rows(self, language: str, system: str, preset: str) -> np.ndarray:
        """(N, K) of one language."""
        return np.concatenate(self.numbers[language][system][preset])


def evaluate(
    measurements: Measurements,
    language: str,
    split: StoreSplit,
    systems: Mapping[str, System],
    fps: float,
    indices: Iterable[int] | None = None,
    chunk_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Let every system answer the clips `indices` (default: all) of `split`, and add what is measured.

    References are resampled to `fps` and measured against themselves as the system `reference`, the ceiling.
    `progress(n)` is called after a system has answered n clips. Raises DataError when a clip cannot be compared.
    """
    chosen = list(range(len(split)) if indices is None else indices)
    measurements.clips.setdefault(language, []).extend(split.records[index].id for index in chosen)
    for chunk in _chunks(chosen, chunk_size):
        records = [split.records[index] for index in chunk]
        references = [split.pose(index).resampled(fps) for index in chunk]
        names = [f"{language}/{record.id}" for record in records]
        for system, answer in {REFERENCE: None, **systems}.items():
            hypotheses = references if answer is None else answer(records)
            measurements.add(language, system, measure_pairs(hypotheses, references, measurements.presets, names))
            if progress:
                progress(len(chunk))


def _chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]

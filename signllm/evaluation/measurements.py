"""Runs systems over the clips of a store, a chunk at a time, and collects what the metrics measure.

A system answers a list of test records with one clip each; a record carries text and language, never poses. Clips of
one chunk are in memory at a time; what stays is K numbers a clip, preset and system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from signllm.data.split import Split
from signllm.data.store import ClipRecord
from signllm.evaluation.journal import Journal, content_key
from signllm.metrics.preset import Preset, measure_pairs
from signllm.metrics.text_scores import AnyPreset, RecordPreset
from signllm.pose import PoseSequence
from signllm.pose.digest import clip_digest

System = Callable[[Sequence[ClipRecord]], list[PoseSequence]]
REFERENCE = "reference"
_DIGEST = "digest"


@dataclass
class Measurements:
    """Numbers by language, system, seed and preset; each is (N, K), row n belongs to `clips[language][n]`.

    `digests[language]` holds one number a clip that tells whether two evaluations had the same references.
    """

    presets: Sequence[AnyPreset]
    clips: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    digests: dict[str, list[np.ndarray]] = field(default_factory=dict)
    numbers: dict[str, dict[str, dict[int, dict[str, list[np.ndarray]]]]] = field(default_factory=dict)

    def add(self, language: str, system: str, measured: Mapping[str, np.ndarray], seed: int = 0) -> None:
        """Append a chunk's numbers."""
        by_preset = self.numbers.setdefault(language, {}).setdefault(system, {}).setdefault(seed, {})
        for name, rows_NK in measured.items():
            by_preset.setdefault(name, []).append(rows_NK)

    def systems(self) -> list[str]:
        """The systems that answered for every language, in the order they came."""
        first = next(iter(self.numbers.values()))
        return [name for name in first if all(name in systems for systems in self.numbers.values())]

    def seeds(self, language: str, system: str) -> list[int]:
        """The seeds with which a system answered; one for a system whose answers do not depend on it."""
        return list(self.numbers[language][system])

    def rows(self, language: str, system: str, preset: str, seed: int | None = None) -> np.ndarray:
        """(N, K) of one language, with one seed, or (default) the mean over all seeds."""
        by_seed = self.numbers[language][system]
        if seed is not None:
            return np.concatenate(by_seed[seed][preset])
        if len(by_seed) == 1:
            return np.concatenate(next(iter(by_seed.values()))[preset])
        return np.mean([np.concatenate(by_preset[preset]) for by_preset in by_seed.values()], axis=0)

    def digest(self, language: str) -> str | None:
        """A hash of all references of a language, in order; None when they were not recorded."""
        chunks = self.digests.get(language)
        return hashlib.sha256(np.concatenate(chunks).tobytes()).hexdigest()[:24] if chunks else None


def evaluate(
    measurements: Measurements,
    language: str,
    split: Split,
    systems: Mapping[str, System],
    fps: float,
    indices: Iterable[int] | None = None,
    chunk_size: int = 64,
    progress: Callable[[int], None] | None = None,
    journals: Mapping[str, Journal] | None = None,
    seed: int = 0,
) -> None:
    """Let every system answer the clips `indices` (default: all) of `split`, and add what is measured.

    References are resampled to `fps` and measured against themselves as the system `reference`, the ceiling.
    `progress(n)` is called after a system has answered n clips. `journals`, by system, keep what was measured: a chunk
    that stands there is not answered again. Calling again with another `seed` adds that seed's answers; a system that
    answers its first chunk with the very same numbers does not depend on the seed and is not asked further.
    Raises DataError when a clip cannot be compared.
    """
    chosen = list(range(len(split)) if indices is None else indices)
    first_time = language not in measurements.numbers
    if first_time:
        measurements.clips[language] = [split.records[index].id for index in chosen]
        measurements.texts[language] = [split.records[index].text for index in chosen]
    waiting = {**({REFERENCE: None} if first_time else {}), **systems}
    for first in range(0, len(chosen), chunk_size):
        chunk = _Chunk(split, chosen[first : first + chunk_size], fps, language)
        for system, answer in list(waiting.items()):
            journal = (journals or {}).get(system) or Journal(None, None)
            measured = _measure(chunk, answer, measurements.presets, journal)
            if system == REFERENCE:
                measurements.digests.setdefault(language, []).append(measured.pop(_DIGEST))
            if first == 0 and _same_as_first_seed(measurements, language, system, measured):
                del waiting[system]
                if progress:
                    progress(len(chosen))
                continue
            measurements.add(language, system, measured, seed)
            if progress:
                progress(len(chunk.indices))


class _Chunk:
    """Some clips of a split; their poses are read when somebody asks for them."""

    def __init__(self, split: Split, indices: Sequence[int], fps: float, language: str):
        self.split, self.indices, self.fps, self.language = split, indices, fps, language
        self.records = [split.records[index] for index in indices]
        self._references: list[PoseSequence] | None = None

    @property
    def key(self) -> str:
        """What a journal calls the chunk."""
        return content_key(list(self.indices))

    @property
    def names(self) -> list[str]:
        return [f"{self.language}/{record.id}" for record in self.records]

    def references(self) -> list[PoseSequence]:
        if self._references is None:
            self._references = [self.split.pose(index).resampled(self.fps) for index in self.indices]
        return self._references


def _measure(chunk: _Chunk, answer: System | None, presets: Sequence[AnyPreset], journal: Journal) -> dict:
    """Numbers by preset name, out of the journal where it has them; the reference's digests with them."""
    split = chunk.split
    signatures = {preset.name: preset.signature(split.skeleton.name, split.unit, chunk.fps) for preset in presets}
    wanted = {*signatures.values(), *([_DIGEST] if answer is None else [])}
    known = journal.known(chunk.key)
    by_key = {signatures[preset.name]: preset for preset in presets}
    fitting = {key for key, preset in by_key.items() if _fits(preset, known.get(key), chunk)}
    digests = known.get(_DIGEST)
    if digests is not None and (digests.dtype, digests.shape) == (np.uint64, (len(chunk.indices),)):
        fitting.add(_DIGEST)
    known = {key: known[key] for key in fitting}  # what a foreign journal holds besides is measured again
    if wanted - known.keys():
        fresh = _ask(chunk, answer, [preset for preset in presets if signatures[preset.name] not in known])
        fresh = {signatures.get(name, name): rows_NK for name, rows_NK in fresh.items()}
        journal.add(chunk.key, fresh)
        known = {**known, **fresh}
    found = {name: known[key] for name, key in signatures.items()}
    return {**found, _DIGEST: known[_DIGEST]} if answer is None else found


def _fits(preset: AnyPreset, rows_NK: np.ndarray | None, chunk: _Chunk) -> bool:
    """Whether kept numbers are some of this preset about these clips."""
    if rows_NK is None or rows_NK.ndim != 2 or len(rows_NK) != len(chunk.indices) or rows_NK.dtype != np.float64:
        return False
    try:
        return np.shape(preset.conclude(rows_NK.sum(0))) == (len(preset.figures),)
    except Exception:  # formulas over numbers that are not theirs
        return False


def _ask(chunk: _Chunk, answer: System | None, presets: Sequence[AnyPreset]) -> dict[str, np.ndarray]:
    """Numbers of a chunk by preset name, measured now; the reference's digests with them."""
    references = chunk.references()
    hypotheses = references if answer is None else answer(chunk.records)
    fresh = measure_pairs(hypotheses, references, [p for p in presets if isinstance(p, Preset)], chunk.names)
    for reader in dict.fromkeys(p.reader for p in presets if isinstance(p, RecordPreset) and p.reader):
        fresh |= reader(chunk.language, hypotheses, chunk.records)
    if answer is None:
        fresh[_DIGEST] = np.array([clip_digest(pose) for pose in references], np.uint64)
    return fresh


def _same_as_first_seed(measurements: Measurements, language: str, system: str, measured: Mapping) -> bool:
    by_seed = measurements.numbers.get(language, {}).get(system)
    if not by_seed:
        return False
    first = next(iter(by_seed.values()))
    return all(np.array_equal(rows_NK, first[name][0], equal_nan=True) for name, rows_NK in measured.items())

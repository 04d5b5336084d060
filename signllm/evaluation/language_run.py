"""One language of an evaluation: its clips, the systems that answer them, and where their numbers are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from signllm.data.split import Split, TrainingSplit
from signllm.data.store import ClipRecord
from signllm.evaluation.baselines import choose_baselines, made_when_asked
from signllm.evaluation.examples import Example, best_and_worst
from signllm.evaluation.journal import Journal, code_key, content_key
from signllm.evaluation.leakage import Leakage, audit
from signllm.evaluation.measurements import REFERENCE, Measurements, System, evaluate
from signllm.evaluation.progress import Progress, stage
from signllm.fsutil import write_json
from signllm.metrics.text_scores import AnyPreset
from signllm.pose import PoseSequence

CHUNK = 64
EXAMPLES = 20  # for all languages together


@dataclass(frozen=True)
class EvaluatedSystem:
    """The system that the evaluation is about: a model, or predictions.

    `answer(records, seed)` gives a clip a record. `facts(seed)` is what the answers depend on besides the records:
    under its hash their numbers are cached.
    """

    name: str
    answer: Callable[[Sequence[ClipRecord], int], list[PoseSequence]]
    facts: Callable[[int], Mapping]


@dataclass(kw_only=True)
class LanguageRun:
    """The clips `indices` of `split`, answered by `system` and by the baselines that `training` gives.

    `facts` is what the references and texts depend on; `cache` the folder of kept numbers, None for none. `has_texts`
    is false where texts are not known, so that neither baselines nor the leakage audit can use them.
    """

    code: str
    split: Split
    indices: Sequence[int]
    fps: float
    system: EvaluatedSystem
    facts: Mapping
    training: TrainingSplit | None = None
    seeds: Sequence[int] = (0,)
    cache: Path | None = None
    chunk_size: int = CHUNK
    has_texts: bool = True
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._baselines, left_out = choose_baselines(self.training, self.has_texts)
        self.notes = [*self.notes, *(f"{self.code}: {note}" for note in left_out)]

    def measure(self, measurements: Measurements, progress: Progress | None = None) -> None:
        """Let every system answer with every seed; what the cache has is not asked again."""
        answers = len(self.indices) * ((1 + len(self._baselines)) * len(self.seeds) + 1)
        advance = stage(progress, self.code, answers)
        for seed in self.seeds:
            evaluate(
                measurements,
                self.code,
                self.split,
                self._systems(seed),
                self.fps,
                self.indices,
                self.chunk_size,
                advance,
                self._journals(seed),
                seed,
            )

    def audit_leakage(self, progress: Progress | None = None) -> Leakage | None:
        """What of these clips stands in the training split; None without one, or without texts."""
        if self.training is None or not self.has_texts:
            return None
        facts = ["leakage", self.facts, self.training.info["checksums"], list(self.indices), code_key()]
        kept = self.cache / f"leakage-{content_key(facts)}.json" if self.cache else None
        if kept and kept.exists() and (found := Leakage.kept(kept, len(self.indices))):
            return found
        advance = stage(progress, f"{self.code} leakage", len(self.training) + len(self.indices))
        found = audit(self.split, self.training, self.indices, advance)
        if kept:
            write_json(kept, found.to_json())
        return found

    def examples(self, measurements: Measurements, count: int) -> list[Example]:
        """The `count` best and the `count` worst answers of the system, with the first seed."""
        seed = self.seeds[0]
        chosen = best_and_worst(measurements, self.code, self.system.name, seed, count)
        kept = Journal(self.cache, {**self._system_facts(seed), "examples": True})
        poses = cache(lambda: self._answers_in([row for _, row, _ in chosen], seed))
        made = []
        for rank, row, score in chosen:
            index = self.indices[row]
            record = self.split.records[index]
            made.append(
                Example(
                    self.code,
                    rank,
                    record.id,
                    record.text,
                    record.gloss,
                    score,
                    reference=partial(self._reference, index),
                    hypothesis=partial(lambda at: poses()[at], row),
                    remembered=partial(kept.remembered, str(row)),
                )
            )
        return made

    def _systems(self, seed: int) -> dict[str, System]:
        systems: dict[str, System] = {self.system.name: lambda records: self.system.answer(records, seed)}
        if self.training is not None:
            for name, kind in self._baselines.items():
                systems[name] = made_when_asked(kind, self.training, self.fps, seed)
        return systems

    def _answers_in(self, rows: Iterable[int], seed: int) -> dict[int, PoseSequence]:
        """The system's clips by row, answered in the chunks in which they were measured, each chunk once."""
        wanted = sorted(rows)
        found: dict[int, PoseSequence] = {}
        for first in dict.fromkeys(row - row % self.chunk_size for row in wanted):
            chunk = self.indices[first : first + self.chunk_size]
            clips = self.system.answer([self.split.records[index] for index in chunk], seed)
            found |= {row: clips[row - first] for row in wanted if first <= row < first + len(chunk)}
        return found

    def _reference(self, index: int) -> PoseSequence:
        return self.split.pose(index).resampled(self.fps)

    def _journals(self, seed: int) -> dict[str, Journal]:
        """Where each system's numbers are kept, by all that they depend on."""
        facts = {REFERENCE: {**self.facts, "system": REFERENCE}, self.system.name: self._system_facts(seed)}
        for name in self._baselines:
            checksums = self.training.info["checksums"] if self.training else None
            facts[name] = {**self.facts, "system": name, "training": checksums, "seed": seed}
        return {name: Journal(self.cache, about) for name, about in facts.items()}

    def _system_facts(self, seed: int) -> dict:
        return {**self.facts, "system": self.system.name, **self.system.facts(seed)}


@dataclass(frozen=True)
class Scores:
    """What all languages' runs came to."""

    measurements: Measurements
    leakage: dict[str, Leakage]
    examples: list[Example]


def score_languages(
    runs: Sequence[LanguageRun], presets: Sequence[AnyPreset], progress: Progress | None = None
) -> Scores:
    """Audit and measure one language after the other."""
    measurements = Measurements(presets)
    leakage: dict[str, Leakage] = {}
    examples: list[Example] = []
    for run in runs:
        audited = run.audit_leakage(progress)
        if audited is not None:
            leakage[run.code] = audited
        run.measure(measurements, progress)
        examples += run.examples(measurements, max(1, EXAMPLES // (2 * len(runs))))
    return Scores(measurements, leakage, examples)

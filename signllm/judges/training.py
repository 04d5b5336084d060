"""Training a judge on reference recordings, and only on those.

Legend: B clips, F frames, J joints, C coordinates, D features.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from signllm.data.motion import at_another_pace
from signllm.data.store import Store, StoreSplit
from signllm.data.texts import corpus_kind
from signllm.device import autocast, resolve_precision
from signllm.errors import ConfigError, DataError
from signllm.judges.augment import Augmentation, change_bodies
from signllm.judges.features import PoseFeatures, clip_arrays, pad_clips
from signllm.judges.judge import Judge, LanguageJudge, fingerprint
from signllm.judges.model import JudgeSize, Recogniser, Translator
from signllm.judges.training_examples import (
    SentenceExamples,
    WordExamples,
    choose_share,
    hold_out,
)
from signllm.learning.averaging import WeightAverage
from signllm.learning.length_batches import even_batches
from signllm.learning.optimizer import Optimizer
from signllm.learning.schedule import cosine, warmed_up
from signllm.learning.seeding import RandomStream
from signllm.pose.sequence import SHOULDER_WIDTHS

GENERATED_MARK = "generated"
"""A store split or clip whose `dataset.json` or record has this key true holds a model's output, not a person."""

CPU = torch.device("cpu")
AVERAGE = 0.99  # decay of the moving average of weights, which is what is kept
WARMUP_STEPS, WARMUP_SHARE = 60, 0.1
GRADIENT_CLIP = 1.0
UNHURRIED = 0.1  # of the time: a slow start does not yet mean that the plan will not fit
EARLIEST_STOP = 0.4  # of the plan: before that a few held-out clips say little


@dataclass(frozen=True)
class JudgePlan:
    """How to train a judge. The result is a function of the clips and this plan, unless `max_minutes` hurries it.

    `share` of the clips are used, chosen by `share_seed`; `held_out` of those only tell when to stop.
    """

    epochs: int = 150
    min_steps: int = 1500
    max_minutes: float = 6.0
    share: float = 1.0
    share_seed: int = 0
    seed: int = 0
    held_out: float = 0.08
    looks: int = 30
    patience: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    fps: float = 12.5
    precision: str = "auto"
    size: JudgeSize = field(default_factory=JudgeSize)
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class Progress:
    """Where a training stands; losses are means a clip, of the held-out clips without changes to them."""

    language: str
    step: int
    steps: int
    training_loss: float
    held_out_loss: float


Report = Callable[[Progress], None]


def train_judge(
    store: Store, languages: Sequence[str], split: str, plan: JudgePlan, report: Report | None = None
) -> Judge:
    """Train a reader for each language on a store's split. Raises DataError for generated or unusable clips."""
    if not languages:
        there = [f"{code}/{name}" for code in store.languages() for name in store.splits(code)]
        raise DataError(f"{store.root}: no language has the split '{split}'; there are: {', '.join(there) or 'none'}")
    splits = {code: store.split(code, split) for code in languages}
    check_plan(plan)
    check_references(list(splits.values()))
    part = replace(plan, max_minutes=plan.max_minutes / len(splits))
    return Judge({code: train_language(code, opened, part, report) for code, opened in splits.items()})


def check_plan(plan: JudgePlan) -> None:
    """Raise ConfigError for shares and times that mean nothing."""
    faults = []
    if not 0 < plan.share <= 1:
        faults.append(f"share {plan.share:g}: must lie above 0 and at most at 1")
    if not plan.max_minutes > 0:
        faults.append(f"max_minutes {plan.max_minutes:g}: must be above 0")
    if faults:
        raise ConfigError(faults)


def check_references(splits: Sequence[StoreSplit]) -> None:
    """Raise DataError naming every split that holds generated clips, another unit, or clips without text."""
    faults = []
    for split in splits:
        generated = sum(bool(record.extra.get(GENERATED_MARK)) for record in split.records)
        if split.info.get(GENERATED_MARK) or generated:
            faults.append(
                f"{split.path}: its clips are marked as generated; a judge learns from recordings only, because one"
                " that learnt a model's habits would praise them"
            )
        if split.unit != SHOULDER_WIDTHS:
            faults.append(f"{split.path}: poses are in {split.unit}, not in {SHOULDER_WIDTHS}; convert them again")
        silent = [record.id for record in split.records if not record.text.strip()]
        if silent:
            faults.append(f"{split.path}: {len(silent)} clips without text, such as {silent[0]}; convert them again")
    if faults:
        raise DataError(faults)


def train_language(language: str, split: StoreSplit, plan: JudgePlan, report: Report | None = None) -> LanguageJudge:
    """Train the reader of one language."""
    chosen, _ = choose_share(split.records, plan.share, plan.share_seed)
    records = [split.records[index] for index in chosen]
    kind = corpus_kind([record.text for record in split.records])
    learn, held = hold_out(records, plan.held_out, plan.share_seed, kind.is_words)
    if len(learn) < 2 or len({records[index].text for index in learn}) < 2:
        raise DataError(
            f"{split.path}: {len(chosen)} of its {len(split)} clips are too few to learn from; a judge needs at least"
            " two clips of different texts"
        )
    clips = [split.pose(index) for index in chosen]
    examples = (WordExamples if kind.is_words else SentenceExamples)(records, language)
    course = _Course(language, split, examples, [clip_arrays(clip, plan.fps) for clip in clips], plan)
    history = course.run(learn, held, report)
    prints = {record.id: fingerprint(clip) for record, clip in zip(records, clips, strict=True)}
    facts = {
        "split": split.path.name,
        "demo": bool(split.info.get("demo")),
        "checksums": dict(split.info["checksums"]),
        "share": plan.share,
        "share_seed": plan.share_seed,
        "seed": plan.seed,
        "clips": prints,
        "held_out": [records[index].id for index in held],
        "texts": len({record.text for record in records}),
        "corpus": kind.reason,
        "plan": asdict(plan),
        "course": history,
    }
    return LanguageJudge(language, course.features, course.network.eval(), plan.size, facts)


class _Examples(Protocol):
    """WordExamples or SentenceExamples: a network of the right kind, and its loss on clips by index."""

    def network(self, features: int, size: JudgeSize) -> Recogniser | Translator: ...

    def loss(self, network: Any, features_BFD: Tensor, frames_B: Tensor, clips: Sequence[int]) -> Tensor: ...


class _Course:
    """One training: network, its moving average, optimiser and randomness."""

    def __init__(
        self,
        language: str,
        split: StoreSplit,
        examples: _Examples,
        clips: list,
        plan: JudgePlan,
    ):
        self.language, self.examples, self.clips, self.plan = language, examples, clips, plan
        self.skeleton = split.skeleton
        self.rng = np.random.default_rng(plan.seed)
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.features = PoseFeatures(plan.fps, split.skeleton)
        self.features.fit(clips)
        self.random = RandomStream(plan.seed)
        with self.random.drawing():
            self.network = examples.network(self.features.width, plan.size)
        self.average = WeightAverage(self.network, AVERAGE)
        self.precision = resolve_precision(plan.precision, CPU)
        # Judges have always had weight decay on norms and biases too; without it they would be other judges.
        self.optimizer = Optimizer(self.network, plan.learning_rate, plan.weight_decay, decay_vectors=True)

    def run(self, learn: Sequence[int], held: Sequence[int], report: Report | None) -> dict:
        """Train until the plan ends, the time is up, or the held-out loss no longer falls; keep the best average."""
        plan, start, lengths = self.plan, time.monotonic(), [len(self.clips[index][0]) for index in learn]
        steps = max(plan.min_steps, plan.epochs * -(-len(learn) // plan.batch_size))
        self.warmup = max(1, min(WARMUP_STEPS, round(WARMUP_SHARE * steps)))
        look_every = max(1, steps // plan.looks)
        best, best_weights, looks_since, step, losses, hurried = math.inf, None, 0, 0, [], False
        queue: list[np.ndarray] = []
        while step < steps:
            share, time_share = step / steps, (time.monotonic() - start) / (60 * plan.max_minutes)
            if time_share > max(share, UNHURRIED):  # the rate must have come down when the time is up
                share, hurried = time_share, True
            if share >= 1:
                break
            queue = queue or even_batches(lengths, plan.batch_size, self.rng)
            losses.append(self._step([learn[index] for index in queue.pop()], share, step))
            step += 1
            if step % look_every and step < steps:
                continue
            held_loss = self.held_out_loss(held) if held else math.nan
            if report:
                report(Progress(self.language, step, steps, float(np.mean(losses)), held_loss))
            losses, looks_since = [], looks_since + 1
            if held and held_loss < best:
                best, looks_since = held_loss, 0
                best_weights = self.average.copy()
            elif held and looks_since >= plan.patience and share > EARLIEST_STOP:
                break
        if best_weights is not None:
            self.average.load(best_weights)
        self.average.adopt()
        seconds = round(time.monotonic() - start, 1)
        return {"steps": step, "planned_steps": steps, "held_out_loss": best, "seconds": seconds, "hurried": hurried}

    def _step(self, chosen: Sequence[int], share: float, step: int) -> float:
        plan = self.plan
        strength = plan.augmentation
        warped = [at_another_pace(self.clips[index], strength.pace, self.rng, cut=strength.cut) for index in chosen]
        pose, valid, frames = pad_clips(warped)
        pose, valid = change_bodies(pose, valid, plan.augmentation, self.generator, self.skeleton)
        self.network.train()
        with self.random.drawing(), autocast(CPU, self.precision):
            loss = self.examples.loss(self.network, self.features(pose, valid), frames, chosen)
        if not torch.isfinite(loss):
            raise DataError(f"{self.language}: the judge's loss is not a number at step {step}; look at the clips")
        rate = warmed_up(plan.learning_rate, step, self.warmup) * cosine(share)
        self.optimizer.update(loss, rate, GRADIENT_CLIP)
        self.average.update(step)
        return loss.item()

    @torch.no_grad()
    def held_out_loss(self, held: Sequence[int]) -> float:
        """Mean loss of the averaged weights on clips as they are."""
        total, order = 0.0, sorted(held, key=lambda index: len(self.clips[index][0]))
        self.network.eval()
        with self.average.applied():
            for first in range(0, len(order), 64):
                chosen = order[first : first + 64]
                pose, valid, frames = pad_clips([self.clips[index] for index in chosen])
                loss = self.examples.loss(self.network, self.features(pose, valid), frames, chosen)
                total += loss.item() * len(chosen)
        return total / len(order)

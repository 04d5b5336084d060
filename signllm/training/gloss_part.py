"""Training the gloss part of Prompt2LangGloss on texts and glosses: a phase before the poses, and a share of each step.

Both are functions of seed and step, as the rest of the training is, so a run is resumed exactly in either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from signllm.config import Config
from signllm.data.gloss_pairs import GlossBatch, GlossPair, GlossPairs
from signllm.device import autocast
from signllm.errors import DataError
from signllm.languages import make_prompt
from signllm.learning.schedule import learning_rate
from signllm.learning.seeding import seed_everything
from signllm.metrics.text_scores import score_glosses
from signllm.models.sign_model import Prompt2LangGloss
from signllm.training.losses import gloss

if TYPE_CHECKING:
    from signllm.training.trainer import Trainer

_STREAM = 1  # random numbers of their own: step 5 of this phase draws others than step 5 of the pose training


@dataclass(frozen=True)
class GlossEvaluation:
    """`loss` without label smoothing; `scores` in per cent: language_accuracy, gloss_bleu_4, gloss_wer and so on."""

    loss: float
    scores: dict[str, float]


def pairs_loss(model: Prompt2LangGloss, batch: GlossBatch, label_smoothing: float) -> Tensor:
    """Cross-entropy of the LangGloss tokens of a batch of pairs."""
    output = model.read_prompts(batch.prompts, batch.languages, batch.glosses, batch.language_only)
    return gloss(output, label_smoothing)


@torch.no_grad()
def evaluate_pairs(model: Prompt2LangGloss, pairs: list[GlossPair], batch_size: int) -> GlossEvaluation:
    """Loss and written glosses of pairs in phrasings that are never trained on; the language is read, not given."""
    was_training = model.training
    model.eval()
    loss, written, read = 0.0, [], []
    for first in range(0, len(pairs), batch_size):
        part = pairs[first : first + batch_size]
        codes = [pair.language for pair in part]
        prompts = [make_prompt(p.text, p.language, first + n, held_out=True) for n, p in enumerate(part)]
        output = model.read_prompts(prompts, codes, [pair.gloss for pair in part])
        loss += float(gloss(output, 0.0)) * len(part)
        for code, glosses in model.translate(prompts, [None] * len(part)):
            read.append(code)
            written.append(glosses)
    model.train(was_training)
    right = sum(code == pair.language for code, pair in zip(read, pairs, strict=True))
    scores = score_glosses(written, [pair.gloss for pair in pairs])
    return GlossEvaluation(loss / len(pairs), {"language_accuracy": 100 * right / len(pairs), **scores})


class GlossPart:
    """Trains the gloss part on pairs: `train_phase` before the pose training, `mixed_loss` within its steps.

    The phase uses the trainer's optimiser and average; when it ends the averaged weights become the model's own and
    the optimiser forgets its moments. It has a schedule of its own over its own steps.
    """

    def __init__(self, config: Config, train_pairs: GlossPairs, eval_pairs: GlossPairs):
        self.config, self.options = config, config.training.gloss_pairs
        self.train_pairs, self.eval_pairs = train_pairs, eval_pairs
        self.steps_per_epoch = train_pairs.steps(self.options.batch_size)
        self.total_steps = self.options.epochs * self.steps_per_epoch
        self._schedule = config.training.model_copy(update={"learning_rate": self.options.learning_rate})

    def mixed_loss(self, model: Prompt2LangGloss, step: int) -> Tensor | None:
        """The loss of the pairs that join step `step` of the pose training; None when none do."""
        if not self.options.mixed:
            return None
        batch = self.train_pairs.batch(step, min(self.options.mixed, len(self.train_pairs)))
        return pairs_loss(model, batch, self.config.model.gloss_decoder.label_smoothing)

    def train_phase(self, trainer: Trainer) -> bool:
        """Train from where the state stands to the end of the phase; False when a stop was requested before it."""
        state, every = trainer.state, self.config.training.save_every_steps
        if state.gloss_step >= self.total_steps:
            return True
        if state.step:
            trainer.reporter.warn(
                f"training.gloss_pairs.epochs = {self.options.epochs}: the pose training has begun, so the phase before"
                " it is over; training.gloss_pairs.mixed still works"
            )
            return True
        trainer.reporter.gloss_start(state, self.total_steps, len(self.train_pairs))
        trainer.model.train()
        while state.gloss_step < self.total_steps:
            started = time.perf_counter()
            loss, norm = self.train_step(trainer)
            state.gloss_seconds += time.perf_counter() - started
            epoch, within = divmod(state.gloss_step, self.steps_per_epoch)
            last = state.gloss_step == self.total_steps
            trainer.reporter.gloss_step(state, loss, norm, last)
            if within == 0 and (last or epoch % self.options.eval_every == 0):
                self._evaluate(trainer)
            if last:
                self._finish(trainer)
            if trainer.stop_requested or last or within == 0 or (every and state.gloss_step % every == 0):
                trainer.save_last()
            if trainer.stop_requested:
                return False
        return True

    def train_step(self, trainer: Trainer) -> tuple[float, float]:
        """One optimiser step of the phase; return loss and gradient norm. Raises DataError when not finite."""
        training, state = self.config.training, trainer.state
        seed_everything(training.seed, state.gloss_step, _STREAM)
        rate = learning_rate(state.gloss_step, self.total_steps, self._schedule)
        batch = self.train_pairs.batch(state.gloss_step, self.options.batch_size)
        with autocast(trainer.device, state.precision):
            loss = pairs_loss(trainer.model, batch, self.config.model.gloss_decoder.label_smoothing)
        norm = trainer.optimizer_step(loss, rate)
        if not torch.isfinite(norm):
            raise DataError(
                f"step {state.gloss_step} of the gloss part: loss {float(loss.detach()):g}, gradient norm"
                f" {float(norm):g}: not finite; lower training.gloss_pairs.learning_rate; the last checkpoint is kept"
            )
        state.gloss_step += 1
        trainer.average.update(state.gloss_step)
        return float(loss.detach()), float(norm)

    def _evaluate(self, trainer: Trainer) -> None:
        pairs = self.eval_pairs.spread(self.config.training.eval_samples)
        with trainer.average.applied():
            found = evaluate_pairs(trainer.model, pairs, self.options.batch_size)
        entry = {"gloss_step": trainer.state.gloss_step, "loss": found.loss, "scores": found.scores}
        trainer.state.gloss_history.append(entry)
        trainer.reporter.gloss_evaluation(trainer.state, entry, len(pairs))

    def _finish(self, trainer: Trainer) -> None:
        """The pose training starts from the averaged weights, with an optimiser that knows nothing."""
        trainer.average.adopt()
        trainer.optimizer.forget()

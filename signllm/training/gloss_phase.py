"""Training the gloss part of Prompt2LangGloss on texts and glosses: a phase before the poses, and a share of each step.

Both are functions of seed and step, as the rest of the training is, so a run is resumed exactly in either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from signllm.data.gloss_pairs import GlossBatch, GlossPair, GlossPairs
from signllm.device import autocast
from signllm.languages import make_prompt
from signllm.learning.seeding import seed_everything
from signllm.metrics.text_scores import score_glosses
from signllm.models.sign_model import Prompt2LangGloss
from signllm.training.distributed import Ranks
from signllm.training.losses import LABEL_SMOOTHING, gloss
from signllm.training.phase import Phase
from signllm.training.run import Run
from signllm.training.steps import StepNumbers, StepRecord

_STREAM = 1  # random numbers of their own: step 5 of this phase draws others than step 5 of the pose training


@dataclass(frozen=True)
class GlossEvaluation:
    """`loss` without label smoothing; `scores` in per cent: language_accuracy, gloss_bleu_4, gloss_wer and so on."""

    loss: float
    scores: dict[str, float]


def pairs_loss(model: Prompt2LangGloss, batch: GlossBatch) -> Tensor:
    """Cross-entropy of the LangGloss tokens of a batch of pairs, with label smoothing."""
    output = model.read_prompts(batch.prompts, batch.languages, batch.glosses, batch.language_only)
    return gloss(output, LABEL_SMOOTHING)


@torch.no_grad()
def evaluate_pairs(
    model: Prompt2LangGloss, pairs: list[GlossPair], batch_size: int, ranks: Ranks | None = None
) -> GlossEvaluation:
    """Loss and written glosses of pairs in phrasings that are never trained on; the language is read, not given.

    Scores of glosses leave pseudo-gloss out: it is no truth. Each rank reads its share.
    """
    was_training = model.training
    model.eval()

    def evaluated(first: int) -> tuple[float, list[tuple[str, str]]]:
        part = pairs[first : first + batch_size]
        codes = [pair.language for pair in part]
        prompts = [make_prompt(p.text, p.language, first + n, held_out=True) for n, p in enumerate(part)]
        output = model.read_prompts(prompts, codes, [pair.gloss for pair in part])
        return float(gloss(output, 0.0)) * len(part), model.translate(prompts, [None] * len(part))

    found = (ranks or Ranks()).spread(range(0, len(pairs), batch_size), evaluated)
    model.train(was_training)
    loss = sum(of_part for of_part, _ in found)
    read, written = zip(*(clip for _, clips in found for clip in clips), strict=True)
    right = sum(code == pair.language for code, pair in zip(read, pairs, strict=True))
    told = [place for place, pair in enumerate(pairs) if not pair.pseudo]
    scores = score_glosses([written[place] for place in told], [pairs[place].gloss for place in told]) if told else {}
    return GlossEvaluation(loss / len(pairs), {"language_accuracy": 100 * right / len(pairs), **scores})


class GlossPhase(Phase):
    """Trains the gloss part on pairs: `train` before the pose training, `mixed_loss` within its steps.

    When the phase ends the averaged weights become the model's own and the optimiser forgets its moments. It has a
    schedule of its own over its own steps.
    """

    def __init__(self, run: Run, train_pairs: GlossPairs, eval_pairs: GlossPairs):
        super().__init__(run)
        if not isinstance(run.model, Prompt2LangGloss):
            raise TypeError(f"{type(run.model).__name__} has no gloss part")  # the configuration refuses it before
        self.model, training = run.model, run.config.training
        self.options = training.gloss_pairs
        self.train_pairs, self.eval_pairs = train_pairs, eval_pairs
        self.steps_per_epoch = train_pairs.steps(self.options.batch_size)
        self.total_steps = self.options.epochs * self.steps_per_epoch
        self.schedule = run.schedule(self.options.learning_rate, self.total_steps)

    def mixed_loss(self, step: int, part: int = 0, parts: int = 1) -> Tensor | None:
        """The loss of the pairs that join step `step` of the pose training, or of one part of it; None when none do."""
        if not self.options.mixed:
            return None
        batch = self.train_pairs.batch(step, min(self.options.mixed, len(self.train_pairs)))
        return self._part_loss(batch, part, parts)

    def _part_loss(self, batch: GlossBatch, part: int, parts: int) -> Tensor | None:
        """The loss of every `parts`-th pair from number `part` on, times their share of the tokens of all.

        So the losses of the parts add up to that of the batch. None where no pair is left for a part.
        """
        if parts == 1:
            return pairs_loss(self.model, batch)
        own = batch.every(parts, part)
        return pairs_loss(self.model, own) * (self._tokens(own) / self._tokens(batch)) if len(own) else None

    def _tokens(self, batch: GlossBatch) -> int:
        return self.model.gloss_tokens(batch.glosses, batch.languages, batch.language_only)

    def train(self) -> None:
        """Train from where the state stands to the end of the phase; nothing once the pose training has begun."""
        run, state = self.run, self.run.state
        if state.gloss_step >= self.total_steps:
            return
        if state.step:
            run.reporter.warn(
                f"training.gloss_pairs.epochs = {self.options.epochs}: the pose training has begun, so the phase before"
                " it is over; training.gloss_pairs.mixed still works"
            )
            return
        run.reporter.gloss_start(state, self.total_steps, len(self.train_pairs))
        run.model.train()
        while state.gloss_step < self.total_steps:
            started = time.perf_counter()
            self.train_step()
            state.gloss_seconds += run.agree(time.perf_counter() - started)
            run.reporter.gloss_step(state)
            self.read_when_due()
            self._after_step()
            if run.stop_requested:
                return

    def _after_step(self) -> None:
        """Evaluate, finish and save when it is time."""
        run, state, every = self.run, self.run.state, self.run.config.training.save_every_steps
        epoch, step_of_epoch = divmod(state.gloss_step, self.steps_per_epoch)
        last = state.gloss_step == self.total_steps
        if step_of_epoch == 0 and (last or epoch % self.options.eval_every == 0):
            self._evaluate()
        if last:
            self._finish()
        if run.stop_requested or last or step_of_epoch == 0 or (every and state.gloss_step % every == 0):
            self.save()

    def train_step(self) -> None:
        """One optimiser step of the phase, on one batch of pairs, in as many parts as a step of the pose training."""
        run, state = self.run, self.run.state
        parts = run.ranks.size * run.config.training.accumulate
        rate = self.schedule.rate(state.gloss_step)
        batch = self.train_pairs.batch(state.gloss_step, self.options.batch_size)
        run.optimizer.zero_grad()
        total = torch.zeros((), device=run.device)
        for part in range(run.ranks.rank, parts, run.ranks.size):
            seed_everything(run.config.training.seed, state.gloss_step, _STREAM, part)
            with autocast(run.device, run.precision):
                loss = self._part_loss(batch, part, parts)
            if loss is not None:
                loss.backward()
                total += loss.detach()
        norm = run.step(total, rate)
        state.gloss_step += 1
        run.average.update(state.gloss_step)
        self.note(StepRecord(state.gloss_step, {"gloss": total}, norm, rate))

    def report(self, numbers: Sequence[StepNumbers]) -> None:
        """The log, TensorBoard and the listeners."""
        self.run.reporter.gloss_losses(self.run.state, numbers)

    def fault(self, record: StepRecord, numbers: StepNumbers) -> str:
        """Name the step."""
        return (
            f"step {record.step - 1} of the gloss part: loss {numbers.losses['gloss']:g}, gradient norm"
            f" {numbers.norm:g}: not finite; lower training.gloss_pairs.learning_rate; the last checkpoint is kept"
        )

    def _evaluate(self) -> None:
        self.read()
        run = self.run
        pairs = self.eval_pairs.spread(run.config.training.eval_samples)
        with run.averaged_weights():
            found = evaluate_pairs(self.model, pairs, self.options.batch_size, run.ranks)
        entry = {"gloss_step": run.state.gloss_step, "loss": found.loss, "scores": found.scores}
        run.state.gloss_history.append(entry)
        run.reporter.gloss_evaluation(run.state, entry, len(pairs))

    def _finish(self) -> None:
        """The pose training starts from the averaged weights, with an optimiser that knows nothing."""
        self.read()
        self.run.average.adopt()
        self.run.optimizer.forget()

"""Training on poses: the epochs of a run, with their evaluations and checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from torch import Tensor

from signllm.data.batching import make_loader
from signllm.data.dataset import SignDataset
from signllm.data.priority import make_channel
from signllm.device import autocast
from signllm.errors import ConfigError
from signllm.learning.schedule import schedule_step
from signllm.learning.seeding import seed_everything
from signllm.pose.batch import PoseBatch
from signllm.training.amplitude import calibrate
from signllm.training.disagreement import disagreement
from signllm.training.distributed import in_turn
from signllm.training.evaluation import Evaluation, evaluate
from signllm.training.gloss_phase import GlossPhase
from signllm.training.losses import Losses, compute_losses, denominators, with_gloss_pairs
from signllm.training.parts import Part, joined, parts_of_step
from signllm.training.phase import Phase
from signllm.training.policy import make_policy
from signllm.training.reporting import BatchFacts
from signllm.training.run import Run
from signllm.training.steps import StepNumbers, StepRecord


class PosePhase(Phase):
    """Trains on the batches of `train_set` and evaluates on `eval_set`; `glosses` adds the loss of its mixed pairs."""

    def __init__(self, run: Run, train_set: SignDataset, eval_set: SignDataset, glosses: GlossPhase | None = None):
        super().__init__(run)
        config = run.config
        self.train_set, self.eval_set, self.glosses = train_set, eval_set, glosses
        self.channel = make_channel(config.training.plc, [code for code, _ in train_set.places])
        self.loader, self.sampler = make_loader(train_set, config.data, config.training.seed, self.channel)
        self.sampler.rank, self.sampler.num_ranks = run.ranks.rank, run.ranks.size
        self.sampler.step_size = run.ranks.size * config.training.accumulate
        self._check_steps()
        self._steps_elsewhere = 0  # more than these data have until here
        self.total_steps = self._total_steps()
        self.schedule = run.schedule(config.training.learning_rate, self.total_steps)
        self.policy = make_policy(config, run.model)
        run.keep("plc", self.channel, of_clips=True)
        if self.policy is not None:
            run.keep("policy_start", self.policy)

    def _check_steps(self) -> None:
        """Raise ConfigError where one step takes more batches than an epoch has."""
        size, num_batches, num_ranks = self.sampler.step_size, len(self.sampler.batches(0)), self.run.ranks.size
        training = self.run.config.training
        if size > num_batches:
            product = f" in each of {num_ranks} processes" if num_ranks > 1 else ""
            fewer = "start fewer processes, or set it or data.batch_size lower" if product else "set it to at most"
            raise ConfigError(
                f"training.accumulate = {training.accumulate}{product}: an epoch has only {num_batches} batches of at"
                f" most {self.sampler.batch_size} clips; {fewer}"
                + ("" if product else f" {num_batches}, or data.batch_size lower")
            )
        if num_ranks > 1 and training.plc.enabled and training.plc.skip_below:
            raise ConfigError(
                f"training.plc.skip_below = {training.plc.skip_below} in {num_ranks} processes: a batch is skipped as a"
                " whole step, but here it is a part of one; set skip_below to 0, or start one process"
            )

    def go_on(self) -> None:
        """Plan the steps that are left, after the run's state was read from a checkpoint.

        On other data than before, or in other batches, the steps that are done stay done, and the epochs that are left
        are of these data. Otherwise the plan is what it was.
        """
        state = self.run.state
        steps = [len(self.sampler.steps(epoch)) for epoch in range(state.epoch + 1)]
        left = len(self.sampler.steps(state.epoch, state.taken))
        reached = sum(steps) - left
        self._steps_elsewhere = state.step + state.skipped - reached
        self.total_steps = max(state.step, self._total_steps())
        self.schedule = self.run.schedule(self.run.config.training.learning_rate, self.total_steps)

    def _total_steps(self) -> int:
        """Exactly as many steps as all epochs have, and those on other data before, or `max_steps`."""
        training, steps = self.run.config.training, self._steps_elsewhere
        for epoch in range(training.num_epochs):
            steps += len(self.sampler.steps(epoch))
            if training.max_steps is not None and steps >= training.max_steps:
                return training.max_steps
        return steps

    def batch_facts(self) -> BatchFacts:
        """What the log says of the batches, as of the epoch that comes next."""
        sampler = self.sampler
        num_steps = len(sampler.steps(self.run.state.epoch))
        limits = sampler.batch_size, sampler.frame_budget
        return BatchFacts(len(sampler.frames), num_steps, *limits, sampler.num_ranks, sampler.step_size)

    def finished(self) -> bool:
        """Whether the configured end is reached."""
        training, state = self.run.config.training, self.run.state
        return (
            state.epoch >= training.num_epochs
            or (training.max_steps is not None and state.step >= training.max_steps)
            or (training.max_minutes is not None and state.seconds >= 60 * training.max_minutes)
            or bool(training.early_stop and state.evaluations_without_gain >= training.early_stop)
        )

    def train(self) -> None:
        """Train epoch after epoch."""
        while not self.finished():
            completed = self._train_epoch()
            if completed or self.finished():
                self._end_epoch(completed)
            if self.run.stop_requested:
                self.save()
                return

    def _train_epoch(self) -> bool:
        """Train from where the state stands to the end of the epoch; return whether the end was reached.

        After the last batch nothing is saved here: what is evaluated then belongs to the same step, and a checkpoint
        between the two would let it be reported twice.
        """
        run, state, every = self.run, self.run.state, self.run.config.training.save_every_steps
        self.sampler.epoch, self.sampler.taken = state.epoch, [list(part) for part in state.taken]
        if not state.batch:
            self.channel.begin_epoch()
        steps = self.sampler.steps(taken=self.sampler.taken)
        run.model.train()
        started = time.perf_counter()
        batches = iter(self.loader)
        for number, step in enumerate(steps, 1):
            stepped = self.train_step(*[next(batches) for _ in self.sampler.own(step)], of=len(step))
            now = time.perf_counter()
            state.seconds, started = state.seconds + run.agree(now - started), now
            if stepped:
                run.reporter.step(state)
            self.read_when_due()
            if number == len(steps):
                break
            if self.finished():
                return False
            if stepped and every and state.step % every == 0:
                self.save()
            if run.stop_requested:
                return False
        return True

    def train_step(self, *batches: PoseBatch, of: int | None = None) -> bool:
        """One optimiser step on these of its `of` batches, by default all; False when PLC skips the only one.

        `read` tells later what it left.
        """
        run, state = self.run, self.run.state
        rate, found, rewards, skipped = self._learning_rate(), [], [], False
        run.optimizer.zero_grad()
        moved = [batch.to(run.device) for batch in batches]
        for batch, part in zip(moved, self._parts(moved, of or len(batches)), strict=True):
            losses = self._forward(batch, part)
            if self.channel.needs_rewards:  # so with PLC each step reads them back
                rewards.append(losses.reward_B.tolist())
                skipped = self.channel.should_skip(rewards[-1])
            if not skipped:
                losses.total.backward()
            found.append(losses.detached())
        losses = joined(found, [len(batch) for batch in batches], run.device)
        norm = None if skipped else run.step(losses.total, rate)
        if self.channel.needs_rewards:
            own = [(batch.indices, of_clips) for batch, of_clips in zip(batches, rewards, strict=True)]
            for indices, of_clips in in_turn(run.ranks.gather(own)):
                self.channel.note(indices, of_clips)
        state.take(self.sampler.step_size, of or len(batches))
        if skipped:
            state.skipped += 1
        else:
            state.step += 1
            run.average.update(state.step)
        self.note(
            StepRecord(
                state.step,
                losses.scalars(),
                norm,
                rate,
                measures={} if skipped else losses.measures,
                num_frames=sum(batch.num_frames for batch in batches),
                clips=[clip for batch in batches for clip in zip(batch.languages, batch.ids, strict=True)],
                reward_B=losses.reward_B,
            )
        )
        return not skipped

    def _parts(self, batches: Sequence[PoseBatch], of: int) -> Sequence[Part | None]:
        """What part of the step each batch is; None for the only batch of a step."""
        if self.sampler.step_size == 1:
            return [None] * len(batches)
        run = self.run
        own = [denominators(run.model, batch, run.config) for batch in batches]
        return parts_of_step(own, run.ranks, of, run.device)

    def _forward(self, batch: PoseBatch, part: Part | None) -> Losses:
        """The losses of one batch of the step, with dropout and noise that are a function of seed, step and part."""
        run = self.run
        seed_everything(run.config.training.seed, run.state.step, part=part.index if part else 0)
        weight_B = self.channel.weight_B(batch.indices)
        weight_B = weight_B if weight_B is None else weight_B.to(run.device)
        with autocast(run.device, run.precision):
            return self.losses(batch, weight_B, part)

    def _learning_rate(self) -> float:
        state, max_steps = self.run.state, self.run.config.training.max_steps
        return self.schedule.rate(schedule_step(state.step, state.skipped, self.total_steps, max_steps))

    def losses(self, batch: PoseBatch, weight_B: Tensor | None = None, part: Part | None = None) -> Losses:
        """The losses of a batch on the model's device, with importance weights of its clips where there are any.

        Those of a part of a step add up over the parts.
        """
        model, config = self.run.model, self.run.config
        policy = self.policy.term(model, batch) if self.policy is not None else None
        losses = compute_losses(model(batch), config, weight_B, policy, part.share if part else None)
        index, of = (part.index, part.of) if part else (0, 1)
        pairs = self.glosses.mixed_loss(self.run.state.step, index, of) if self.glosses else None
        return losses if pairs is None else with_gloss_pairs(losses, pairs, config.training.losses.gloss)

    def report(self, numbers: Sequence[StepNumbers]) -> None:
        """The epoch's sums, and of the steps (not of skipped batches) the log, TensorBoard and the listeners."""
        for step in numbers:
            self.run.state.add_losses(step.losses)
            self.run.state.add_measures(step.measures)
        steps = [step for step in numbers if step.norm is not None]
        self.run.state.frames += sum(step.num_frames for step in steps)
        if steps:
            self.run.reporter.losses(self.run.state, steps)

    def fault(self, record: StepRecord, numbers: StepNumbers) -> str:
        """Name the clips that made the loss or gradient overflow."""
        rewards = [] if record.reward_B is None else record.reward_B.tolist()
        bad = [
            f"{language}/{self.train_set.split_name}/{name}"
            for (language, name), reward in zip(record.clips, rewards, strict=True)
            if not math.isfinite(reward)
        ]
        told = self.run.ranks.gather((bad, [name for _, name in record.clips]))
        bad, names = ([name for own in lists for name in own] for lists in zip(*told, strict=True))
        where = f"clip {', '.join(bad)}" if bad else f"one of the clips {', '.join(names[:8])}"
        return (
            f"step {record.step - 1}: loss {numbers.losses['total']:g}, gradient norm {numbers.norm:g}:"
            f" not finite, from {where}; look at the clip (visualize_skeleton_data.py), or lower"
            " training.learning_rate; the last checkpoint is kept"
        )

    def _end_epoch(self, completed: bool) -> None:
        """Evaluate when due, note the history, choose the best, write checkpoints.

        With last_model.pth the epoch is done: everything else is either written before, to be written again after a
        kill, or can be made from it (`signllm.training.repair`).
        """
        self.read()
        run, state, training = self.run, self.run.state, self.run.config.training
        entry = {"epoch": state.epoch + 1, "step": state.step, "losses": state.epoch_means(), "seconds": state.seconds}
        if figures := self.channel.figures(self.sampler.clips()):
            entry["plc"] = {**figures, "skipped": state.skipped}
        if state.measures:
            entry["measures"] = state.measure_means()
        if completed:
            state.begin_epoch()
        due = self.finished() or state.epoch % training.eval_every == 0
        improved = due and self._evaluate(entry)
        state.history.append(entry)
        if due and (warning := disagreement(state.history, state.best_step)):
            run.reporter.warn(warning)
        run.reporter.epoch(state, entry)
        self.save()
        if improved:
            run.save_best()
        if completed and (state.epoch % training.save_every == 0):
            run.save_epoch(state.epoch)

    def _evaluate(self, entry: dict) -> bool:
        """Evaluate, note the result in the epoch's entry, and return whether it is the best so far."""
        state, evaluation = self.run.state, self.evaluate()
        entry["evaluation"] = {
            "losses": evaluation.losses,
            "scores": evaluation.scores,
            "selection": evaluation.selection,
        }
        improved = state.best_score is None or evaluation.selection > state.best_score
        if improved:
            state.best_score, state.best_step, state.evaluations_without_gain = evaluation.selection, state.step, 0
        else:
            state.evaluations_without_gain += 1
        self.run.reporter.evaluation(state, evaluation)
        return improved

    def evaluate(self) -> Evaluation:
        """Evaluate with the averaged weights, at an amplitude that is calibrated for them.

        A checkpoint has the amplitude of the last evaluation until then; the last epoch is always evaluated.
        """
        data = self.run.config.data
        with self.run.averaged_weights() as model:
            calibrate(model, self.train_set, data.max_frames, data.batch_size)
            return evaluate(model, self.run.config, self.eval_set, self.run.device, self.run.ranks)

"""The training loop.

Every random draw is a function of seed and step and every batch one of seed and epoch, so a run that is resumed from a
checkpoint continues exactly as the run that wrote it would have.
"""

from __future__ import annotations

import hashlib
import time

import torch
from torch import Tensor

from signllm.config import Config
from signllm.data.batching import make_loader
from signllm.data.dataset import SignDataset
from signllm.data.priority import make_channel
from signllm.device import autocast, resolve_device, resolve_precision
from signllm.errors import CheckpointError, DataError
from signllm.learning.averaging import WeightAverage
from signllm.learning.optimizer import Optimizer
from signllm.learning.schedule import learning_rate, schedule_step
from signllm.learning.seeding import seed_everything
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.models.sign_model import SignModel
from signllm.pose.batch import PoseBatch
from signllm.training.evaluation import Evaluation, evaluate
from signllm.training.gloss_part import GlossPart
from signllm.training.losses import Losses, compute_losses, with_gloss_pairs
from signllm.training.policy import make_policy
from signllm.training.reporting import Reporter
from signllm.training.run_folder import RunFolder
from signllm.training.state import TrainingState


def data_fingerprint(dataset: SignDataset) -> str:
    """Identifies the clips and their order: resuming on others is not the same run."""
    digest = hashlib.sha256(f"{dataset.fps} {dataset.max_frames} {len(dataset)}".encode())
    for code, split in dataset.splits.items():
        digest.update(f"{code} {sorted(split.info['checksums'].items())}".encode())
    return digest.hexdigest()[:16]


class Trainer:
    """Trains `model` on `train_set`, evaluates on `eval_set`, writes checkpoints and reports."""

    def __init__(
        self,
        config: Config,
        model: SignModel,
        train_set: SignDataset,
        eval_set: SignDataset,
        folder: RunFolder,
        reporter: Reporter,
        gloss_part: GlossPart | None = None,
    ):
        self.gloss_part = gloss_part
        self.config, self.train_set, self.eval_set = config, train_set, eval_set
        self.folder, self.reporter = folder, reporter
        self.device = resolve_device(config.training.device)
        self.model = model.to(self.device)
        self.channel = make_channel(config.training.plc, [code for code, _ in train_set.places])
        self.loader, self.sampler = make_loader(train_set, config.data, config.training.seed, self.channel)
        self.total_steps = self._total_steps()
        self.optimizer = Optimizer(model, config.training)
        self.average = WeightAverage(model, config.training.ema_decay)
        self.policy = make_policy(config, self.model)
        self.state = TrainingState(
            precision=resolve_precision(config.training.precision, self.device),
            data_fingerprint=data_fingerprint(train_set),
        )
        if gloss_part:
            self.state.data_fingerprint += f"-{gloss_part.train_pairs.fingerprint}"
        self.stop_requested = False

    def _total_steps(self) -> int:
        """Exactly as many steps as all epochs have, or `max_steps`."""
        training, steps = self.config.training, 0
        for epoch in range(training.num_epochs):
            steps += len(self.sampler.batches(epoch))
            if training.max_steps is not None and steps >= training.max_steps:
                return training.max_steps
        return steps

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue the run of a checkpoint whose weights the model already has.

        Raises CheckpointError when it holds no training state or its optimiser does not fit the model.
        """
        saved = checkpoint.training
        if not saved:
            raise CheckpointError("the checkpoint holds weights only; training cannot be resumed from it")
        fingerprint = self.state.data_fingerprint
        try:
            self.optimizer.load_state_dict(saved["optimizer"])
        except ValueError as error:
            raise CheckpointError(f"the optimiser state does not fit this model: {error}") from None
        self.average.load(checkpoint.averaged)
        if self.policy is not None and "policy_start" in saved:
            self.policy.load(saved["policy_start"])
        self.state = TrainingState(**saved["state"])
        if self.config.training.precision != "auto":
            self.state.precision = self.config.training.precision
        if self.state.data_fingerprint != fingerprint:
            self.reporter.warn("the training data is not what the checkpoint was trained on; the run goes on with it")
            self.state.data_fingerprint = fingerprint
        else:  # rewards are kept by the clip's place in the data
            self.channel.load(saved.get("plc", {}))

    def request_stop(self) -> None:
        """Finish the current step, write last_model.pth, and return from `fit` (for signal handlers)."""
        self.stop_requested = True

    def fit(self) -> TrainingState:
        """Train until the configured end; return the final state."""
        self.reporter.start(self.state, self.total_steps, self.sampler)
        ready = self.gloss_part is None or self.gloss_part.train_phase(self)
        while ready and not self._finished():
            completed = self._train_epoch()
            if completed or self._finished():
                self._end_epoch(completed)
            if self.stop_requested:
                self.save_last()
                break
        self.reporter.finish(self.state)
        return self.state

    def _finished(self) -> bool:
        training, state = self.config.training, self.state
        return (
            state.epoch >= training.num_epochs
            or (training.max_steps is not None and state.step >= training.max_steps)
            or (training.max_minutes is not None and state.seconds >= 60 * training.max_minutes)
            or bool(training.early_stop and state.evaluations_without_gain >= training.early_stop)
        )

    def _train_epoch(self) -> bool:
        """Train from where the state stands to the end of the epoch; return whether the end was reached."""
        state = self.state
        self.sampler.epoch, self.sampler.first = state.epoch, state.batch
        if not state.batch:
            self.channel.begin_epoch()
        every = self.config.training.save_every_steps
        self.model.train()
        started = time.perf_counter()
        for batch in self.loader:
            taken = self.train_step(batch)
            now = time.perf_counter()
            state.seconds += now - started
            if taken is not None:
                self.reporter.step(state, *taken, batch.num_frames, now - started)
                if every and state.step % every == 0:
                    self.save_last()
            started = now
            if self.stop_requested or self._finished():
                return False
        return True

    def train_step(self, batch: PoseBatch) -> tuple[dict[str, float], float] | None:
        """One optimiser step; return the losses by name and the gradient norm, or None when PLC skips the batch.

        Raises DataError when they are not finite.
        """
        training, state = self.config.training, self.state
        seed_everything(training.seed, state.step)
        place = schedule_step(state.step, state.skipped, self.total_steps, training)
        rate = learning_rate(place, self.total_steps, training)
        weight_B = self.channel.weight_B(batch.indices)
        weight_B = weight_B if weight_B is None else weight_B.to(self.device)
        with autocast(self.device, state.precision):
            losses = self.losses(batch.to(self.device), weight_B)
        if self.channel.observe(batch.indices, losses.reward_B):
            state.skipped, state.batch = state.skipped + 1, state.batch + 1
            state.add_losses(losses.values())
            return None
        norm = self.optimizer_step(losses.total, rate)
        if not torch.isfinite(norm):
            raise DataError(self._not_finite(batch, losses, norm))
        state.step += 1
        state.batch += 1
        state.frames += batch.num_frames
        self.average.update(state.step)
        values = losses.values()
        state.add_losses(values)
        state.add_measures(losses.measures)
        self.reporter.measures(state, losses.measures)
        return values, float(norm)

    def losses(self, batch: PoseBatch, weight_B: Tensor | None = None) -> Losses:
        """The losses of a batch on the model's device, with importance weights of its clips where there are any."""
        policy = self.policy.term(self.model, batch) if self.policy is not None else None
        losses = compute_losses(self.model(batch), self.config, weight_B, policy)
        pairs = self.gloss_part.mixed_loss(self.model, self.state.step) if self.gloss_part else None
        return losses if pairs is None else with_gloss_pairs(losses, pairs, self.config.training.losses.gloss)

    def optimizer_step(self, loss: Tensor, rate: float) -> Tensor:
        """Backward and one step at this learning rate; return the gradient norm. No step when it is not finite."""
        self.optimizer.zero_grad()
        loss.backward()
        limit = self.config.training.gradient_clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        norm = norm if torch.isfinite(loss.detach()) else torch.full_like(norm, float("nan"))
        if torch.isfinite(norm):
            self.optimizer.step(rate)
        return norm

    def _not_finite(self, batch: PoseBatch, losses: Losses, norm: Tensor) -> str:
        """Name the clips that made the loss or gradient overflow."""
        bad = [
            f"{batch.languages[row]}/{self.train_set.split_name}/{batch.ids[row]}"
            for row, reward in enumerate(losses.reward_B.tolist())
            if reward != reward or reward in (float("inf"), float("-inf"))
        ]
        where = f"clip {', '.join(bad)}" if bad else f"one of the clips {', '.join(batch.ids[:8])}"
        return (
            f"step {self.state.step}: loss {losses.values()['total']:g}, gradient norm {float(norm):g}:"
            f" not finite, from {where}; look at the clip (visualize_skeleton_data.py), or lower"
            " training.learning_rate; the last checkpoint is kept"
        )

    def _end_epoch(self, completed: bool) -> None:
        """Evaluate when due, note the history, choose the best, write checkpoints."""
        training, state = self.config.training, self.state
        entry = {"epoch": state.epoch + 1, "step": state.step, "losses": state.epoch_means(), "seconds": state.seconds}
        if figures := self.channel.figures(self.sampler.clips()):
            entry["plc"] = {**figures, "skipped": state.skipped}
        if state.measures:
            entry["measures"] = state.measure_means()
        if completed:
            state.epoch, state.batch, state.sums, state.measures = state.epoch + 1, 0, {}, {}
        improved = False
        if self._finished() or state.epoch % training.eval_every == 0:
            evaluation = self.evaluate()
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
            self.reporter.evaluation(state, evaluation)
        state.history.append(entry)
        self.save_last()
        if improved:
            save_checkpoint(self.folder.best, self.checkpoint())
        if completed and (state.epoch % training.save_every == 0):
            save_checkpoint(self.folder.epoch(state.epoch), self.checkpoint())
        self.reporter.epoch(state, entry)

    def evaluate(self) -> Evaluation:
        """Evaluate with the averaged weights."""
        with self.average.applied():
            return evaluate(self.model, self.config, self.eval_set, self.device)

    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on, or to generate elsewhere."""
        return Checkpoint(
            config=self.config,
            extra=self.model.extra_state(),
            weights=self.model.state_dict(),
            averaged=self.average.averaged,
            training={
                "optimizer": self.optimizer.state_dict(),
                "state": self.state.to_dict(),
                "plc": self.channel.state(),
                **({"policy_start": self.policy.state()} if self.policy is not None else {}),
            },
        )

    def save_last(self) -> None:
        """Write last_model.pth."""
        save_checkpoint(self.folder.last, self.checkpoint())
        self.reporter.saved(self.state)

"""What a run tells: train.log, TensorBoard, training_stats.json, and listeners (progress bar, sample videos)."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from signllm.config import Config
from signllm.errors import SignLLMError
from signllm.fsutil import write_json
from signllm.training.evaluation import Evaluation
from signllm.training.log_files import Board, LogFile
from signllm.training.run_folder import RunFolder
from signllm.training.state import TrainingState
from signllm.training.steps import StepNumbers

_LOG_SECONDS = 10.0  # train.log gets a line of losses at most this often


@dataclass(frozen=True)
class BatchFacts:
    """What the log says of the batches when a run starts."""

    num_clips: int
    steps_per_epoch: int
    batch_size: int
    frame_budget: int
    num_ranks: int = 1
    step_size: int = 1


class Listener:
    """Told of a run's events; the command line draws its progress bar and sample videos from here."""

    def on_start(self, state: TrainingState, total_steps: int, steps_per_epoch: int) -> None:
        """The run starts or goes on."""

    def on_step(self, state: TrainingState) -> None:
        """An optimiser step is done; its losses come later, with those of other steps."""

    def on_losses(self, step: int, losses: dict[str, float]) -> None:
        """The losses of a step are known."""

    def on_gloss_step(self, state: TrainingState, total_steps: int) -> None:
        """A step of the phase that trains the gloss part alone is done."""

    def on_gloss_losses(self, step: int, losses: dict[str, float]) -> None:
        """The losses of such a step are known."""

    def on_evaluation(self, state: TrainingState, evaluation: Evaluation, folder: RunFolder) -> None:
        """An evaluation is done."""

    def on_message(self, text: str) -> None:
        """A line for the person who watches."""

    def on_finish(self, state: TrainingState) -> None:
        """The run ended or was stopped."""


class Reporter:
    """Writes the files of a run and passes events on to the listeners.

    A log, event or sample that cannot be written is told once and ends no run; for `training_stats.json` it is an
    OutputError. One that is `silent`, as on all ranks but the first, does nothing.
    """

    def __init__(
        self, config: Config, folder: RunFolder, listeners: list[Listener] | None = None, silent: bool = False
    ):
        self.config, self.folder, self.silent = config, folder, silent
        self.listeners = listeners or []
        self.total_steps, self.num_ranks = 1, 1
        self._board: Board | None = None
        self._gloss_board: Board | None = None
        self._unwritten: set[object] = set()
        self._gloss_steps = 0
        self._read_seconds = 0.0  # training time when losses were last reported
        self._last_line = 0.0
        self.log = logging.Logger(f"signllm.{config.run_name}", logging.INFO)
        handler = logging.NullHandler() if silent else LogFile(folder.train_log, self._cannot_write)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.log.addHandler(handler)

    def start(self, state: TrainingState, total_steps: int, batches: BatchFacts) -> None:
        """Open TensorBoard; events of steps that are still to come, from a run that was killed, are dropped."""
        self._board = Board(self.folder.logs, state.step + 1, self._cannot_write, self.silent)
        self.total_steps, self.num_ranks, self._read_seconds = total_steps, batches.num_ranks, state.seconds
        of_ranks = f", {batches.num_ranks} ranks" if batches.num_ranks > 1 else ""
        of_steps = f" of {batches.step_size} batches" if batches.step_size > 1 else ""
        self.info(
            f"{'resume at' if state.step else 'start:'} step {state.step} of {total_steps},"
            f" {batches.num_clips} clips, {batches.steps_per_epoch} steps an epoch{of_steps}, at most"
            f" {batches.batch_size} clips and {batches.frame_budget} frames a batch, {state.precision}{of_ranks}"
        )
        for listener in self.listeners:
            listener.on_start(state, total_steps, batches.steps_per_epoch)

    def _cannot_write(self, path: Path, error: OSError) -> None:
        """Say of a log, the first time, that the run goes on without it."""
        if path not in self._unwritten:
            self._unwritten.add(path)
            self.warn(f"{path}: cannot be written ({error.strerror or error}); the training goes on without it")

    @property
    def _events(self) -> Board:
        assert self._board is not None, "`start` opens it"
        return self._board

    @property
    def _gloss_events(self) -> Board:
        assert self._gloss_board is not None, "`gloss_start` opens it"
        return self._gloss_board

    def info(self, text: str) -> None:
        """A line into train.log and to the listeners."""
        self.log.info(text)
        for listener in self.listeners:
            listener.on_message(text)

    def warn(self, text: str) -> None:
        """A warning into train.log and to the listeners."""
        self.log.warning(text)
        for listener in self.listeners:
            listener.on_message(f"warning: {text}")

    def step(self, state: TrainingState) -> None:
        """After each optimiser step."""
        for listener in self.listeners:
            listener.on_step(state)

    def losses(self, state: TrainingState, steps: Sequence[StepNumbers]) -> None:
        """The losses and measures of the last steps: to TensorBoard, and now and then a line of the last one."""
        for step in steps:
            for name, value in step.losses.items():
                self._events.add_scalar(f"loss/{name}", value, step.step)
            for name, value in step.measures.items():
                self._events.add_scalar(name, value, step.step)
            self._events.add_scalar("training/learning_rate", step.rate, step.step)
            self._events.add_scalar("training/gradient_norm", step.norm, step.step)
            for listener in self.listeners:
                listener.on_losses(step.step, step.losses)
        last = steps[-1]
        speed = sum(step.num_frames for step in steps) / max(state.seconds - self._read_seconds, 1e-9)
        self._read_seconds = state.seconds
        self._events.add_scalar("training/frames_per_second", speed, last.step)
        if self._line_is_due():
            self.log.info(
                "epoch %d step %d/%d loss: %s lr %.2e gradient norm %.3f, %.0f frames/s%s",
                state.epoch + 1, last.step, self.total_steps, _listed(last.losses), last.rate, last.norm, speed,
                f" ({speed / self.num_ranks:.0f} a rank)" if self.num_ranks > 1 else "",
            )  # fmt: skip
            if last.measures:
                self.log.info("step %d: %s", last.step, _listed(last.measures))

    def _line_is_due(self) -> bool:
        """Whether train.log has had no line of losses for a while; if so, the time counts from now."""
        now = time.perf_counter()
        due = now - self._last_line > _LOG_SECONDS
        self._last_line = now if due else self._last_line
        return due

    def evaluation(self, state: TrainingState, evaluation: Evaluation) -> None:
        """After each evaluation."""
        for name, value in evaluation.losses.items():
            self._events.add_scalar(f"eval_loss/{name}", value, state.step)
        for name, value in {**evaluation.scores, "selection": evaluation.selection}.items():
            self._events.add_scalar(f"eval/{name}", value, state.step)
        best = " (best so far)" if state.best_step == state.step else ""
        scores = ", ".join(f"{name} {value:.3f}" for name, value in evaluation.scores.items())
        self.log.info(
            "evaluation at step %d: loss %.4f, %s, selection %.4f%s",
            state.step, evaluation.losses["total"], scores, evaluation.selection, best,
        )  # fmt: skip
        for listener in self.listeners:
            try:
                listener.on_evaluation(state, evaluation, self.folder)
            except (OSError, SignLLMError) as error:  # a full disk for sample videos must not end a long run
                if (listener, type(error)) not in self._unwritten:
                    self._unwritten.add((listener, type(error)))
                    self.warn(f"after the evaluation at step {state.step}: {error}; this is said once")

    def gloss_start(self, state: TrainingState, total_steps: int, pairs: int) -> None:
        """The phase that trains the gloss part alone starts or goes on; its events get a folder of their own."""
        self._gloss_board = Board(
            self.folder.logs / "gloss_pairs", state.gloss_step + 1, self._cannot_write, self.silent
        )
        self._gloss_steps = total_steps
        self.info(f"gloss part: from step {state.gloss_step} of {total_steps}, {pairs} pairs of text and gloss")

    def gloss_step(self, state: TrainingState) -> None:
        """After each step of that phase."""
        for listener in self.listeners:
            listener.on_gloss_step(state, self._gloss_steps)

    def gloss_losses(self, state: TrainingState, steps: Sequence[StepNumbers]) -> None:
        """The losses of the last steps of that phase."""
        for step in steps:
            self._gloss_events.add_scalar("loss/gloss", step.losses["gloss"], step.step)
            self._gloss_events.add_scalar("training/gradient_norm", step.norm, step.step)
            for listener in self.listeners:
                listener.on_gloss_losses(step.step, step.losses)
        last = steps[-1]
        if self._line_is_due() or last.step == self._gloss_steps:
            self.log.info(
                "gloss part: step %d/%d loss %.4f gradient norm %.3f, %.0f s",
                last.step, self._gloss_steps, last.losses["gloss"], last.norm, state.gloss_seconds,
            )  # fmt: skip

    def gloss_evaluation(self, state: TrainingState, entry: dict, pairs: int) -> None:
        """After each evaluation of that phase."""
        self._gloss_events.add_scalar("eval_loss/gloss", entry["loss"], state.gloss_step)
        for name, value in entry["scores"].items():
            self._gloss_events.add_scalar(f"eval/{name}", value, state.gloss_step)
        shown = ("language_accuracy", "gloss_bleu_4", "gloss_rouge_l", "gloss_wer")
        scores = ", ".join(f"{name} {entry['scores'][name]:.2f}" for name in shown if name in entry["scores"])
        self.info(f"gloss part at step {state.gloss_step}, {pairs} held-out pairs: loss {entry['loss']:.4f}, {scores}")

    def epoch(self, state: TrainingState, entry: dict) -> None:
        """After each epoch: the history so far, as a file."""
        self.info(f"epoch {entry['epoch']}: step {state.step}, {_listed(entry['losses'])}, {state.seconds:.0f} s")
        if channel := entry.get("plc"):
            for name, value in channel.items():
                self._events.add_scalar(f"plc/{name}", value, state.step)
            self.log.info("plc of epoch %d: %s", entry["epoch"], " ".join(f"{k} {v:.4g}" for k, v in channel.items()))
        if "measures" in entry:
            self.info(f"epoch {entry['epoch']}: {_listed(entry['measures'])}")
        self._write_stats(state)

    def saved(self, state: TrainingState) -> None:
        """last_model.pth is written."""
        self.log.info("saved last_model.pth at step %d", state.step)

    def _write_stats(self, state: TrainingState) -> None:
        if self.silent:
            return
        write_json(
            self.folder.stats,
            {**state.to_dict(), "total_steps": self.total_steps, "run_name": self.config.run_name},
        )

    def flush(self) -> None:
        """Hand the events until now to the operating system, so that a kill keeps them."""
        for board in filter(None, (self._board, self._gloss_board)):
            board.flush()

    def finish(self, state: TrainingState) -> None:
        """The end of the session, stopped or complete."""
        self._write_stats(state)
        self.log.info("end at step %d after %.0f s of training", state.step, state.seconds)
        for listener in self.listeners:
            listener.on_finish(state)
        self.close()

    def close(self) -> None:
        """Close log and events, also of a run that never started or ended with an error."""
        for board in filter(None, (self._board, self._gloss_board)):
            board.close()
        for handler in list(self.log.handlers):
            handler.close()
            self.log.removeHandler(handler)


def _listed(numbers: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.4f}" for name, value in numbers.items())

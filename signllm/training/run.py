"""A run: the model that is trained, and what every phase of its training shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from torch import Tensor

from signllm.config import Config
from signllm.device import resolve_precision
from signllm.errors import CheckpointError, SignLLMError
from signllm.learning.averaging import WeightAverage
from signllm.learning.optimizer import Optimizer
from signllm.learning.schedule import Schedule
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.models.sign_model import SignModel
from signllm.training.distributed import Ranks
from signllm.training.reporting import Reporter
from signllm.training.run_folder import RunFolder
from signllm.training.state import TrainingState

T = TypeVar("T")


class Stateful(Protocol):
    """Something of a phase that a checkpoint keeps."""

    def state(self) -> dict:
        """Tensors and plain values."""

    def load(self, state: dict) -> None:
        """Go on from a checkpoint's `state`."""


class Run:
    """Model, optimiser, weight average, state and reporter of a run, on its device and in its precision.

    `data_fingerprint` identifies the training data: a run that is resumed on other data warns, and drops what belongs
    to single clips.
    """

    def __init__(
        self,
        config: Config,
        model: SignModel,
        folder: RunFolder,
        reporter: Reporter,
        data_fingerprint: str,
        ranks: Ranks | None = None,
    ):
        self.config, self.folder, self.reporter = config, folder, reporter
        self.ranks = ranks or Ranks()
        self.device = self.ranks.device(config.training.device)
        self.model = model.to(self.device)
        training = config.training
        self.optimizer = Optimizer(model, training.learning_rate, training.weight_decay, training.optimizer)
        self.average = WeightAverage(model, training.ema_decay)
        precision = resolve_precision(training.precision, self.device)
        self.state = TrainingState(precision=precision, data_fingerprint=data_fingerprint)
        self.stop_requested = False  # the same on all ranks
        self._stop_asked = False
        self._kept: dict[str, Stateful] = {}
        self._of_clips: set[str] = set()

    @property
    def precision(self) -> str:
        """'fp32' or 'bf16'."""
        return self.state.precision

    def keep(self, name: str, part: Stateful, of_clips: bool = False) -> None:
        """Let checkpoints keep a part's state under this name; `of_clips`: it means nothing for other clips."""
        self._kept[name] = part
        if of_clips:
            self._of_clips.add(name)

    def schedule(self, peak: float, total_steps: int) -> Schedule:
        """The learning rates of a phase of so many steps, up to `peak`, in the configured shape."""
        training = self.config.training
        return Schedule(peak, total_steps, training.warmup_steps, training.schedule)

    def step(self, loss: Tensor, rate: float) -> Tensor:
        """One optimiser step with the gradients of this loss, at this learning rate; return their norm, on the device.

        `Optimizer.apply` says what becomes of a loss that is not finite.
        """
        learning = [weight for weight in self.model.parameters() if weight.requires_grad]
        loss = self.ranks.sum_gradients(learning, loss.detach())
        return self.optimizer.apply(loss, rate, self.config.training.gradient_clip)

    def agree(self, seconds: float) -> float:
        """After a step: all ranks stop where one was asked to, and count the seconds of the first one."""
        if self.ranks.size == 1:
            return seconds
        self.stop_requested = self.ranks.any([self._stop_asked])[0]
        return self.ranks.from_first(seconds)

    @contextmanager
    def averaged_weights(self) -> Iterator[SignModel]:
        """The model with its averaged weights, which evaluation and generation use; its own are back afterwards."""
        with self.average.applied():
            yield self.model

    def request_stop(self) -> None:
        """Finish the current step, write last_model.pth, and end the training (for signal handlers)."""
        self._stop_asked = True
        if self.ranks.size == 1:
            self.stop_requested = True

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
                **{name: part.state() for name, part in self._kept.items()},
            },
        )

    def save_last(self) -> None:
        """Write last_model.pth, from which the run can go on: what was reported until now is on the disk before."""
        self.reporter.flush()
        self._save(self.folder.last)
        self.reporter.saved(self.state)

    def save_best(self) -> None:
        """Write best_model.pth."""
        self._save(self.folder.best)

    def save_epoch(self, epoch: int) -> None:
        """Write epoch_N.pth, which is kept."""
        self._save(self.folder.epoch(epoch))

    def _save(self, path: Path) -> None:
        if self.ranks.first:
            save_checkpoint(path, self.checkpoint())

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue the run of a checkpoint whose weights the model already has.

        Raises CheckpointError when it holds no training state or its optimiser does not fit the model.
        """
        saved = checkpoint.training
        if not saved:
            raise CheckpointError("the checkpoint holds weights only; training cannot be resumed from it")
        fingerprint = self.state.data_fingerprint
        _take("the optimiser's state", lambda: self.optimizer.load_state_dict(saved["optimizer"]))
        _take("its averaged weights", lambda: self.average.load(checkpoint.averaged))
        self.state = _take("the training's state", lambda: TrainingState(**saved["state"]))
        if self.config.training.precision != "auto":
            self.state.precision = self.config.training.precision
        same_data = self.state.data_fingerprint == fingerprint
        if not same_data:
            self.reporter.warn("the training data is not what the checkpoint was trained on; the run goes on with it")
            self.state.data_fingerprint = fingerprint
        for name, part in self._kept.items():
            if name in saved and (same_data or name not in self._of_clips):
                _take(f"the state of {name}", partial(part.load, saved[name]))


def _take(what: str, load: Callable[[], T]) -> T:
    """What `load` returns; CheckpointError where a part of a checkpoint does not fit, whatever it makes of it."""
    try:
        return load()
    except SignLLMError:
        raise
    except Exception as error:  # libraries over a file's content: any type may come
        raise CheckpointError(
            f"{what} in the checkpoint does not fit this run ({type(error).__name__}: {error})"
        ) from None

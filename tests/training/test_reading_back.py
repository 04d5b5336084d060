"""Numbers of steps are read from the device together; a step that is not finite is found there and changed nothing."""

from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from signllm.errors import DataError
from signllm.models.checkpoint import load_checkpoint
from signllm.models.text_encoder import TextEncoder
from signllm.pose.batch import PoseBatch
from signllm.training.evaluation import Evaluation
from signllm.training.phase import READ_EVERY
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.runs import Losses, equal

LONG = ("training.num_epochs=50", "training.eval_every=50", "data.batch_size=1")  # an epoch has 20 steps
MIXED = ("model.mode=prompt2langgloss", "training.gloss_pairs.mixed=3")
RL = ("training.rl_variant=policy_gradient", "training.policy.samples=2", "data.max_frames=24")


class Reads(TorchDispatchMode):
    """Counts what would make the CPU wait for a GPU: tensors that become Python numbers or go to the host."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.count, self.paused = 0, False
        for name in ("tolist", "numpy", "cpu"):
            monkeypatch.setattr(torch.Tensor, name, self._counting(getattr(torch.Tensor, name)))

    def _counting(self, original):
        def read(tensor, *args, **kwargs):
            self.count += not self.paused
            return original(tensor, *args, **kwargs)

        return read

    def pause(self, function):
        """The function, what it reads not counted."""

        def paused(*args, **kwargs):
            self.paused = True
            try:
                return function(*args, **kwargs)
            finally:
                self.paused = False

        return paused

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default and args[0].dtype != torch.int64:  # a loader's seed
            self.count += not self.paused
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("settings", [(), ("training.optimizer=muon",), MIXED, RL], ids=["mlsf", "muon", "p2lg", "rl"])
def test_20_steps_are_read_back_in_20_over_n_transfers(make_config, monkeypatch, settings):
    config = make_config(*LONG, *settings, "training.max_steps=20", "model.pose_decoder.type=parallel")
    recorder = Losses()
    trainer, _ = make_trainer(build_experiment(config), [recorder])
    reads = Reads(monkeypatch)
    monkeypatch.setattr(PoseBatch, "num_frames", property(len))  # a sum of numbers that are on the host
    monkeypatch.setattr(TextEncoder, "encode", reads.pause(TextEncoder.encode))  # transformers reads its mask
    trainer.poses.evaluate = lambda: Evaluation({"total": 1.0}, {}, 1.0, [])
    with reads:
        trainer.fit()
    assert sorted(recorder.by_step) == list(range(1, 21))
    assert reads.count == 20 / READ_EVERY


def test_an_epochs_means_are_those_of_its_steps(make_config):
    recorder = Losses()
    trainer, _ = make_trainer(build_experiment(make_config("data.batch_size=1", "training.num_epochs=1")), [recorder])
    trainer.fit()
    for name in ("total", "reconstruction", "length", "rl"):
        mean = sum(losses[name] for losses in recorder.by_step.values()) / 20
        assert trainer.run.state.history[0]["losses"][name] == mean


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_step_that_is_not_finite_changes_no_weight_and_is_named(make_config, optimizer):
    """It is found two steps later, when the run is saved; neither it nor the step after it left a trace."""
    config = make_config(*LONG, "data.batch_size=3", "training.save_every_steps=2", f"training.optimizer={optimizer}")
    trainer, _ = make_trainer(build_experiment(config), [])
    original, before, clip = trainer.poses.losses, {}, []

    def spoiled(batch, weight_B=None, part=None):
        losses = original(batch, weight_B, part)
        if trainer.run.state.step != 4:
            return losses
        before.update({name: value.clone() for name, value in trainer.run.model.state_dict().items()})
        clip.append(f"clip {batch.languages[1]}/train/{batch.ids[1]};")
        reward_B = losses.reward_B.clone()
        reward_B[1] = torch.nan
        return replace(losses, total=losses.total * torch.nan, reward_B=reward_B)

    trainer.poses.losses = spoiled
    with pytest.raises(DataError, match="step 4: loss nan") as caught:
        trainer.fit()
    assert clip[0] in str(caught.value)
    assert trainer.run.state.step == 6
    assert equal(dict(trainer.run.model.state_dict()), before)
    saved = load_checkpoint(trainer.run.folder.last)
    assert saved.training["state"]["step"] == 4
    assert equal(saved.weights, before)


def test_losses_before_the_faulty_step_are_reported(make_config):
    recorder = Losses()
    trainer, _ = make_trainer(build_experiment(make_config(*LONG)), [recorder])
    original = trainer.poses.losses

    def spoiled(batch, weight_B=None, part=None):
        losses = original(batch, weight_B, part)
        return replace(losses, total=losses.total * torch.inf) if trainer.run.state.step == 3 else losses

    trainer.poses.losses = spoiled
    with pytest.raises(DataError, match="step 3: loss inf, gradient norm nan: not finite, from one of the clips"):
        trainer.fit()
    assert sorted(recorder.by_step) == [1, 2, 3]


def test_a_gloss_step_that_is_not_finite_is_named(make_config):
    config = make_config("model.mode=prompt2langgloss", "training.gloss_pairs.epochs=3")
    trainer, _ = make_trainer(build_experiment(config), [])
    with torch.no_grad():
        trainer.run.model.project.weight.fill_(torch.inf)
    with pytest.raises(DataError, match="step 0 of the gloss part: loss nan, gradient norm nan"):
        trainer.fit()

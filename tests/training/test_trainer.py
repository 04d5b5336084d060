"""Training: exact resume after a kill, what a run writes, evaluation, early stop, and the NaN guard."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from signllm.data.dataset import collate
from signllm.errors import CheckpointError, DataError
from signllm.learning.averaging import WeightAverage
from signllm.models.checkpoint import load_checkpoint
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.runs import Losses, equal, run, without_clock

ROOT = Path(__file__).resolve().parents[2]

KILLED_RUN = """
import json, os, signal, sys
from signllm.config import parse_config
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer

class Kill(Listener):
    def on_step(self, state):
        if state.step == 9:
            os.kill(os.getpid(), signal.SIGKILL)

trainer, _ = make_trainer(build_experiment(parse_config(json.loads(sys.argv[1]))), [Kill()])
trainer.fit()
"""


@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_20_steps_equal_7_killed_and_13_resumed_bit_for_bit(make_config, forked, mode):
    settings = [f"model.mode={mode}", "training.max_steps=20", "training.num_epochs=50", "training.save_every_steps=7"]
    straight_config = make_config(*settings, "run_name=straight")
    straight, straight_losses = run(straight_config)

    config = make_config(*settings, "run_name=killed")
    dead = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, json.dumps(config.model_dump())], cwd=ROOT, capture_output=True, text=True
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    folder = Path(config.training.checkpoint_dir) / "killed"
    checkpoint = load_checkpoint(folder / "last_model.pth")
    assert checkpoint.training["state"]["step"] == 7

    resumed, resumed_losses = run(checkpoint.config, checkpoint)
    assert sorted(resumed_losses) == list(range(8, 21))
    assert all(resumed_losses[step] == straight_losses[step] for step in resumed_losses)
    first, second = (load_checkpoint(trainer.run.folder.last) for trainer in (straight, resumed))
    assert equal(first.weights, second.weights)
    assert equal(first.averaged, second.averaged)
    assert equal(first.training["optimizer"], second.training["optimizer"])
    assert equal(without_clock(first.training["state"]), without_clock(second.training["state"]))


def test_a_run_writes_the_guides_files(make_config):
    config = make_config("training.num_epochs=2", "training.save_every=1", "training.sample_videos=0")
    trainer, _ = run(config)
    folder = trainer.run.folder
    names = {path.name for path in folder.checkpoints.iterdir()}
    assert names == {
        "best_model.pth", "last_model.pth", "epoch_1.pth", "epoch_2.pth", "config_used.json", "training_stats.json"
    }  # fmt: skip
    assert json.loads((folder.checkpoints / "config_used.json").read_text())["run_name"] == "tiny"
    stats = json.loads(folder.stats.read_text())
    assert [entry["epoch"] for entry in stats["history"]] == [1, 2]
    for name in ("total", "reconstruction", "length", "rl"):
        assert name in stats["history"][0]["losses"]
    for name in ("dtw_score", "pose_similarity", "motion_smoothness", "total_distance"):
        assert name in stats["history"][0]["evaluation"]["scores"]
    log = folder.train_log.read_text()
    assert "evaluation at step" in log
    assert "loss: total" in log


def test_tensorboard_holds_every_loss_by_name(make_config):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trainer, losses = run(make_config("model.mode=prompt2langgloss", "training.losses.velocity=0.5"))
    events = EventAccumulator(str(trainer.run.folder.logs))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {
        "loss/total", "loss/reconstruction", "loss/velocity", "loss/length", "loss/gloss", "loss/rl",
        "training/learning_rate", "training/gradient_norm", "training/frames_per_second",
        "eval/dtw_score", "eval/pose_similarity", "eval/motion_smoothness", "eval/total_distance",
    } <= tags  # fmt: skip
    assert [event.step for event in events.Scalars("loss/total")] == sorted(losses)


@pytest.mark.parametrize(("decoder", "share"), [("progressive", 0.6), ("parallel", 0.8)])
def test_the_loss_falls(make_config, decoder, share):
    config = make_config(
        f"model.pose_decoder.type={decoder}", "training.num_epochs=12", "training.learning_rate=5e-3",
        "training.eval_every=12", "model.pose_decoder.input_noise=0.1",
    )  # fmt: skip
    trainer, _ = run(config)
    history = [entry["losses"]["reconstruction"] for entry in trainer.run.state.history]
    assert history[-1] < share * history[0]


def test_the_announced_steps_are_the_steps_taken(make_config):
    trainer, losses = run(make_config("training.num_epochs=4", "data.frame_budget=400", "training.eval_every=4"))
    assert trainer.poses.total_steps == max(losses) == trainer.run.state.step


def test_an_older_run_is_set_aside_not_overwritten(make_config):
    config = make_config("training.max_steps=1")
    run(config)
    old = (Path(config.training.checkpoint_dir) / "tiny" / "last_model.pth").read_bytes()
    _, set_aside = make_trainer(build_experiment(config), [])
    assert set_aside.name == "tiny.1"
    assert (set_aside / "last_model.pth").read_bytes() == old


def test_a_requested_stop_saves_and_resumes(make_config):
    config = make_config("training.num_epochs=3")
    recorder = Losses()
    trainer, _ = make_trainer(build_experiment(config), [recorder])
    original = trainer.poses.train_step

    def stop_after_two(*batches, **more):
        if trainer.run.state.step == 1:
            trainer.run.request_stop()
        return original(*batches, **more)

    trainer.poses.train_step = stop_after_two
    trainer.fit()
    checkpoint = load_checkpoint(trainer.run.folder.last)
    assert checkpoint.training["state"]["step"] == 2
    resumed, losses = run(config, checkpoint)
    assert min(losses) == 3
    assert resumed.run.state.epoch == 3


def test_a_clip_of_nan_is_masked_as_any_outlier(make_config):
    """NaN compares false with every bound of the normaliser."""
    trainer, _ = make_trainer(build_experiment(make_config()), [])
    batch = collate([trainer.poses.train_set.sample(index) for index in (3, 4)])
    batch.pose_BFJC[0] = float("nan")
    trainer.poses.train_step(batch)
    assert all(weight.isfinite().all() for weight in trainer.run.model.parameters())


def test_a_weight_that_overflowed_names_the_clips_it_signs(make_config):
    config = make_config("training.num_epochs=1", 'model.languages=["ASL"]')
    trainer, _ = make_trainer(build_experiment(config), [])
    with torch.no_grad():
        next(trainer.run.model.groups["ASL"].decoder.parameters()).fill_(float("inf"))
    with pytest.raises(DataError, match=r"step 0: .* not finite, from clip ASL/train/"):
        trainer.fit()


def test_resuming_on_other_data_warns(make_config, tmp_path):
    config = make_config("training.max_steps=2")
    trainer, _ = run(config)
    checkpoint = load_checkpoint(trainer.run.folder.last)
    fewer = make_config("training.max_steps=3", "data.max_samples=5")
    run(fewer, checkpoint)
    assert "the training data is not what the checkpoint was trained on" in trainer.run.folder.train_log.read_text()


def test_a_checkpoint_of_weights_only_cannot_be_resumed(make_config):
    config = make_config("training.max_steps=1")
    trainer, _ = run(config)
    bare = load_checkpoint(trainer.run.folder.last)
    object.__setattr__(bare, "training", {})
    with pytest.raises(CheckpointError, match="holds weights only"):
        run(config, bare)


def test_the_average_follows_the_weights_and_is_taken_back():
    model = torch.nn.Linear(3, 3)
    average = WeightAverage(model, 0.9)
    start = model.weight.detach().clone()
    with torch.no_grad():
        model.weight += 1.0
    average.update(step=1000)
    inside_expected = start + 0.1
    own = model.weight.detach().clone()
    with average.applied():
        assert torch.allclose(model.weight, inside_expected, atol=1e-6)
    assert torch.equal(model.weight, own)


@pytest.mark.parametrize(
    ("part", "value"),
    [("optimizer", {"param_groups": 3}), ("optimizer", {}), ("plc", {"nothing": 1}), ("state", {"steps": 3})],
)
def test_a_checkpoint_whose_state_does_not_fit_is_refused(make_config, part, value):
    config = make_config("training.max_steps=1", "training.plc.enabled=true")
    trainer, _ = run(config)
    checkpoint = load_checkpoint(trainer.run.folder.last)
    checkpoint.training[part] = value
    with pytest.raises(CheckpointError, match="does not fit this run"):
        trainer.run.resume(checkpoint)

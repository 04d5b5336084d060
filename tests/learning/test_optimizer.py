"""The optimiser: which weights Muon takes, exact resume, groups without clips, and states of the other kind."""

import pytest
import torch

from signllm.data.dataset import collate
from signllm.errors import CheckpointError
from signllm.learning.optimizer import Optimizer, matrices_of_layers
from signllm.models.checkpoint import load_checkpoint
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.runs import equal, run

MUON = ("training.optimizer=muon", "model.pose_decoder.type=parallel")


@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_every_weight_has_one_optimiser_and_muon_takes_the_matrices_inside_layers(make_config, mode):
    model = build_experiment(make_config(*MUON, f"model.mode={mode}")).model
    taken = set(matrices_of_layers(model))
    names = {name for name, weight in model.named_parameters() if weight in taken}
    assert any("decoder.stack.layers.1.attend_cross.query" in name for name in names)
    assert any(name.startswith("text_encoder") and "query" in name for name in names)
    for excluded in ("embedding", "norm", "bias", "decoder.output", "project", "length", "modulate"):
        assert not [name for name in names if excluded in name.lower()], excluded
    trainer, _ = make_trainer(build_experiment(make_config(*MUON, f"model.mode={mode}")), [])
    parts = trainer.run.optimizer.adamw, trainer.run.optimizer.muon
    held = [weight for part in parts for group in part.param_groups for weight in group["params"]]
    assert len(held) == len(set(held)) == len(list(trainer.run.model.parameters()))


def test_a_run_with_muon_goes_on_bit_for_bit(make_config):
    settings = [*MUON, "training.num_epochs=50", "training.eval_every=50"]
    straight, _ = run(make_config(*settings, "training.max_steps=12", "run_name=straight"))
    config = make_config(*settings, "training.max_steps=12", "training.save_every_steps=5", "run_name=stopped")
    stopped, _ = make_trainer(build_experiment(config), [])
    stopped.run.reporter.saved = lambda state: stopped.run.request_stop()
    stopped.fit()
    checkpoint = load_checkpoint(stopped.run.folder.last)
    assert checkpoint.training["state"]["step"] < 12
    resumed, _ = run(config, checkpoint)
    first, second = (load_checkpoint(trainer.run.folder.last) for trainer in (straight, resumed))
    assert equal(first.weights, second.weights)
    assert equal(first.training["optimizer"], second.training["optimizer"])


@pytest.mark.parametrize(("name", "alike"), [("muon", True), ("adamw", False)])
def test_muon_learns_what_is_said_softly_as_fast_as_what_is_said_loudly(make_config, name, alike):
    """All singular values of its update are alike (its polynomial leaves them within .7 and 1.2)."""
    config = make_config("model.pose_decoder.type=parallel", f"training.optimizer={name}", "training.weight_decay=0")
    trainer, _ = make_trainer(build_experiment(config), [])
    weight = trainer.run.model.groups["ASL"].decoder.stack.layers[0].ff[0].weight
    before = weight.detach().clone()
    softly_HD = torch.linalg.qr(torch.randn(weight.shape))[0]
    weight.grad = torch.ones_like(weight) + 0.1 * softly_HD
    trainer.run.optimizer.step(1e-3)
    update = torch.linalg.svdvals((weight - before).detach())
    assert (update[-1] > 0.5 * update[0]) == alike


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_weight_decay_shrinks_matrices_and_spares_norms_and_biases(make_config, name):
    config = make_config("model.pose_decoder.type=parallel", f"training.optimizer={name}", "training.weight_decay=0.5")
    model = build_experiment(config).model
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    Optimizer(model, 0.01, 0.5, name).step(0.01)
    spared = {name for name, weight in model.named_parameters() if torch.equal(weight, before[name])}
    assert {name for name in before if name.endswith("bias") or "norm" in name.lower()} <= spared
    for name, weight in model.named_parameters():
        if weight.ndim > 1 and before[name].any():
            assert 0.98 < (weight.norm() / before[name].norm()).item() < 0.9951, name


def test_a_group_without_clips_stays_as_it_is(make_config):
    trainer, _ = make_trainer(build_experiment(make_config(*MUON)), [])
    clips = [trainer.poses.train_set.sample(index) for index in range(len(trainer.poses.train_set))]
    trainer.poses.train_step(collate(clips))
    before = {name: weight.clone() for name, weight in trainer.run.model.named_parameters()}
    trainer.poses.train_step(collate([clip for clip in clips if clip.record.language == "ASL"]))
    for name, weight in trainer.run.model.named_parameters():
        if "GSL" in name:
            assert torch.equal(weight, before[name]), name
    assert any(not torch.equal(weight, before[name]) for name, weight in trainer.run.model.named_parameters())


def test_the_state_of_another_optimiser_is_refused(make_config):
    trainer, _ = run(make_config("model.pose_decoder.type=parallel"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    with pytest.raises(CheckpointError, match="adamw, the configuration asks for adamw and muon"):
        make_trainer(build_experiment(make_config(*MUON), checkpoint), [], checkpoint)

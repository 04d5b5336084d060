"""Generating from a checkpoint: which of its weights are used."""

import numpy as np
import torch

from signllm.inference import Generator
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment


def test_a_generator_has_the_averaged_weights_of_its_checkpoint(make_config, tmp_path):
    experiment = build_experiment(make_config())
    model = experiment.model
    torch.manual_seed(0)
    averaged = {name: weight + 0.1 * torch.randn_like(weight) for name, weight in model.named_parameters()}
    checkpoint = Checkpoint(experiment.config, model.extra_state(), model.state_dict(), averaged)
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    generator = Generator.from_checkpoint(tmp_path / "model.pth", "cpu")
    assert all(torch.equal(weight, averaged[name]) for name, weight in generator.model.named_parameters())
    (clip,) = generator.generate(["the book"], "ASL")
    expected, raw = (
        Generator(checkpoint.build_model(averaged=use), experiment.config, "cpu").generate(["the book"], "ASL")[0]
        for use in (True, False)
    )
    assert np.array_equal(clip.coordinates, expected.coordinates)
    assert not np.array_equal(clip.coordinates, raw.coordinates)

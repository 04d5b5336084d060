"""Evaluating in training: what is said of the held-out clips is a matter of the clips, not of how they are batched."""

import pytest

from signllm.training.evaluation import evaluate
from signllm.training.setup import build_experiment


def test_the_losses_are_means_over_clips_whatever_the_batches(make_config):
    def losses(batch_size):
        config = make_config(f"data.batch_size={batch_size}", "training.eval_samples=5", "data.max_frames=400")
        experiment = build_experiment(config)
        return evaluate(experiment.model, config, experiment.eval_set, "cpu").losses

    one_by_one, uneven = losses(1), losses(4)
    assert one_by_one.keys() == uneven.keys()
    for name in ("length", "total"):
        assert uneven[name] == pytest.approx(one_by_one[name], rel=0.1), name


def test_evaluation_leaves_the_model_in_training_mode_or_out_of_it(make_config):
    config = make_config("training.eval_samples=1")
    experiment = build_experiment(config)
    for training in (True, False):
        experiment.model.train(training)
        evaluate(experiment.model, config, experiment.eval_set, "cpu")
        assert experiment.model.training is training

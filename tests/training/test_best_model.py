"""Which weights a run evaluates, and which checkpoint it keeps as its best."""

import json

import pytest

from signllm.models.checkpoint import load_checkpoint
from signllm.training import evaluation
from tests.helpers.runs import equal, run

# Epochs are counted here, not what they learn: one language, two steps an epoch.
SHORT = ('model.languages=["ASL"]', "data.batch_size=5", "training.eval_samples=1")


@pytest.mark.parametrize(("selections", "best"), [((0.3, 0.5, 0.2, 0.4), 2), ((0.1, 0.3, 0.3, -0.2), 2)])
def test_the_best_model_is_the_one_of_the_highest_selection_score(make_config, monkeypatch, selections, best):
    remaining = iter(selections)
    monkeypatch.setattr(evaluation, "selection_score", lambda scores: next(remaining))
    trainer, _ = run(make_config("training.num_epochs=4", "training.save_every=1", *SHORT))
    history = json.loads(trainer.run.folder.stats.read_text())["history"]
    assert [entry["evaluation"]["selection"] for entry in history] == list(selections)
    kept, epoch, last = map(
        load_checkpoint, (trainer.run.folder.best, trainer.run.folder.epoch(best), trainer.run.folder.last)
    )
    assert equal(kept.weights, epoch.weights)
    assert equal(kept.averaged, epoch.averaged)
    assert kept.training["state"]["epoch"] == best
    assert last.training["state"]["best_score"] == max(selections)
    assert last.training["state"]["best_step"] == kept.training["state"]["step"]


@pytest.mark.parametrize(("patience", "epochs"), [(1, 4), (2, 5), (0, 7)])
def test_a_run_stops_after_so_many_evaluations_without_a_gain(make_config, monkeypatch, patience, epochs):
    remaining = iter((0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 0.4))
    monkeypatch.setattr(evaluation, "selection_score", lambda scores: next(remaining))
    trainer, _ = run(make_config("training.num_epochs=7", f"training.early_stop={patience}", *SHORT))
    assert trainer.run.state.epoch == epochs


def test_a_run_evaluates_its_averaged_weights(make_config):
    trainer, _ = run(make_config("training.learning_rate=0.01"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    written = json.loads(trainer.run.folder.stats.read_text())["history"][-1]["evaluation"]

    def again(averaged):
        model = checkpoint.build_model(averaged)
        return evaluation.evaluate(model, trainer.run.config, trainer.poses.eval_set, trainer.run.device).losses

    assert again(averaged=True) == pytest.approx(written["losses"], rel=1e-5)
    assert again(averaged=False)["total"] != pytest.approx(written["losses"]["total"], rel=1e-3)

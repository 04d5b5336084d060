"""Exporting a checkpoint: its card holds the training data, and the scores of reports made of this very file."""

import json

import pytest

from signllm.cli.export import main
from signllm.errors import ConfigError
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ModelOptions
from signllm.fsutil import write_json
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.sharing import export_model
from signllm.training.setup import build_experiment
from signllm.training.state import TrainingState


@pytest.fixture
def model_path(make_config, tmp_path):
    experiment = build_experiment(make_config("data.max_frames=20"))
    path = tmp_path / "run" / "best_model.pth"
    path.parent.mkdir()
    training = {"optimizer": {}, "state": TrainingState(step=120, epoch=4).to_dict()}
    extra, weights = experiment.model.extra_state(), experiment.model.state_dict()
    save_checkpoint(path, Checkpoint(experiment.config, extra, weights, {}, training))
    return path


def card_of(model_path, folder):
    return (export_model(model_path, folder) / "README.md").read_text(encoding="utf-8")


def test_the_card_names_the_data_and_how_long_it_was_trained(model_path, tmp_path):
    card = card_of(model_path, tmp_path / "model")
    for line in (
        "- data set `store`, split `train`",
        "- ASL: 10 clips, invented signs of the demo corpus",
        "- GSL: 10 clips, invented signs of the demo corpus",
        "- steps: 120, epochs: 4",
        "No evaluation of this checkpoint was found",
    ):
        assert line in card
    assert str(tmp_path) not in card


def test_data_that_are_not_here_are_left_to_fill_in(make_config, tmp_path):
    experiment = build_experiment(make_config())
    data = experiment.config.data.model_copy(update={"dataset_path": "/far/away/my_store"})
    config = experiment.config.model_copy(update={"data": data})
    save_checkpoint(
        tmp_path / "m.pth", Checkpoint(config, experiment.model.extra_state(), experiment.model.state_dict())
    )
    card = card_of(tmp_path / "m.pth", tmp_path / "model")
    assert "data set `my_store`" in card
    assert "/far/away" not in card
    assert "*fill in how many clips" in card


def test_scores_with_their_signatures_are_those_of_this_very_file(model_path, tmp_path):
    options = ModelOptions(model_path=model_path, languages=["ASL"], metrics=["dtw-mje", "total-distance"])
    report = evaluate_model(options).data
    write_json(model_path.parent / "evaluation_dev_ASL.json", report)
    write_json(model_path.parent / "evaluation_other.json", {**report, "checkpoint_sha256": "0" * 64, "split": "other"})
    (model_path.parent / "evaluation_torn.json").write_text("{")
    card = card_of(model_path, tmp_path / "model")
    assert "### ASL: 3 clips of store, split dev" in card
    value = report["languages"]["ASL"]["systems"]["model"]["dtw_score"]["value"]
    assert f"{value:.3f}" in card
    assert report["presets"]["dtw-mje"]["signature"] in card
    assert "split other" not in card
    assert "No evaluation" not in card
    assert str(tmp_path) not in card


def test_the_command_exports_and_says_what_is_left_to_do(model_path, tmp_path, capsys):
    flags = ["--model_path", str(model_path), "--to", str(tmp_path / "model")]
    assert main(flags) == 0
    out = capsys.readouterr().out
    for part in ("model.safetensors", "Generator.from_pretrained", "fill in the licences"):
        assert part in out
    assert main(flags) == 2
    assert "not empty" in capsys.readouterr().err
    (tmp_path / "model" / "README.md").write_text("older")
    assert main([*flags, "--overwrite"]) == 0
    assert (tmp_path / "model" / "README.md").read_text(encoding="utf-8") != "older"
    assert main(["--model_path", str(tmp_path / "no.pth"), "--to", str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()


def test_an_exported_folder_signs_from_the_command_line(model_path, tmp_path, capsys):
    from signllm.cli import inference

    folder = export_model(model_path, tmp_path / "model")
    flags = ["--text", "book", "--language", "ASL", "--format", "npz", "--output", str(tmp_path / "out")]
    assert inference.main(["--model_path", str(folder), *flags]) == 0
    assert (tmp_path / "out" / "001_ASL_book.npz").is_file()
    assert json.loads((folder / "config.json").read_text())["extra"]["languages"] == ["ASL", "GSL"]


def test_the_target_is_checked_before_anything_is_read(tmp_path):
    (tmp_path / "model").write_text("in the way")
    with pytest.raises(ConfigError, match="is a file"):
        export_model(tmp_path / "no.pth", tmp_path / "model")

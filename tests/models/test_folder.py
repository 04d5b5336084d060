"""A model as a folder: it signs the same clips bit for bit, holds no path of this machine, and appears whole."""

import json

import numpy as np
import pytest
import torch

from signllm import fsutil
from signllm.errors import CheckpointError, ConfigError, OutputError
from signllm.inference import Generator
from signllm.models import folder as folder_module
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.folder import FILES, check_target, read_folder
from signllm.training.setup import build_experiment
from signllm.training.state import TrainingState

TEXTS, CODES = ["hello there", "das Buch", "rain"], ["ASL", "GSL", "ASL"]


def generator(make_config, *overrides):
    """An untrained model whose averaged weights differ from its own."""
    experiment = build_experiment(make_config("data.max_frames=20", *overrides))
    return Generator(experiment.model, experiment.config, "cpu")


@pytest.fixture
def mlsf(make_config):
    return generator(make_config)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["model.mode=prompt2langgloss"],
        ["model.pose_decoder.type=flow"],
        ["model.pose_decoder.type=progressive"],
    ],
)
def test_a_model_read_back_signs_the_same_clips_bit_for_bit(make_config, tmp_path, overrides):
    original = generator(make_config, *overrides)
    assert original.save_pretrained(tmp_path / "shared" / "model") == tmp_path / "shared" / "model"
    again = Generator.from_pretrained(str(tmp_path / "shared" / "model"), device="cpu")
    for a, b in zip(original(TEXTS, CODES), again(TEXTS, CODES), strict=True):
        assert (a.request, a.language, a.gloss) == (b.request, b.language, b.gloss)
        assert np.array_equal(a.pose.coordinates, b.pose.coordinates)
    assert {path.name for path in (tmp_path / "shared").iterdir()} == {"model"}
    expected = set(FILES) if "model.mode=prompt2langgloss" in overrides else set(FILES) - {folder_module.GLOSSES}
    assert {path.name for path in (tmp_path / "shared" / "model").iterdir()} == expected


def test_a_pretrained_encoder_that_stayed_frozen_goes_with_it(make_config, tmp_path):
    from tests.models.test_text_encoder import tiny_bert

    bert = tiny_bert(tmp_path / "secret_place" / "tiny_bert")
    encoder = [f"model.text_encoder.model_name={bert}", "model.text_encoder.max_length=32"]
    original = generator(make_config, *encoder)
    assert original.model.text_encoder.frozen
    folder = original.save_pretrained(tmp_path / "model")
    for path in bert.iterdir():
        path.unlink()
    again = Generator.from_pretrained(folder, device="cpu")
    assert again.model.text_encoder.frozen
    assert np.array_equal(original(TEXTS[0], "ASL").pose.coordinates, again(TEXTS[0], "ASL").pose.coordinates)
    written = "".join((folder / name).read_text(encoding="utf-8") for name in ("config.json", "README.md"))
    assert "secret_place" not in written
    assert (
        json.loads((folder / "config.json").read_text())["config"]["model"]["text_encoder"]["model_name"] == "tiny_bert"
    )


def test_configuration_says_nothing_of_the_machine(mlsf, tmp_path):
    described = (mlsf.save_pretrained(tmp_path / "model") / "config.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in described
    assert "/" not in described
    values = json.loads(described)
    assert values["model_type"] == "signllm"
    assert set(values["config"]) == {"run_name", "model", "data"}


def test_a_folder_is_as_good_as_a_checkpoint_and_the_average_is_what_is_shared(make_config, tmp_path):
    from signllm.sharing import export_model

    experiment = build_experiment(make_config("data.max_frames=20"))
    weights = experiment.model.state_dict()
    averaged = {name: weight + 0.1 for name, weight in experiment.model.named_parameters()}
    training = {"optimizer": {"secret": 1}, "state": TrainingState(step=7, epoch=2).to_dict()}
    checkpoint = Checkpoint(experiment.config, experiment.model.extra_state(), weights, averaged, training)
    save_checkpoint(tmp_path / "best_model.pth", checkpoint)
    loaded = load_checkpoint(export_model(tmp_path / "best_model.pth", tmp_path / "model"))
    assert all(torch.equal(loaded.weights[name], averaged.get(name, weights[name])) for name in weights)
    assert (loaded.averaged, loaded.training) == ({}, {})
    assert loaded.config.model == experiment.config.model


def test_a_folder_that_holds_something_is_left_alone(mlsf, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    mlsf.save_pretrained(folder)  # an empty one is fine
    with pytest.raises(ConfigError, match="not empty"):
        mlsf.save_pretrained(folder)
    (folder / "README.md").write_text("mine")
    mlsf.save_pretrained(folder, overwrite=True)
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("---\nlibrary_name: signllm")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds notes"):
        mlsf.save_pretrained(folder, overwrite=True)
    assert (folder / "notes.txt").read_text() == "mine"
    with pytest.raises(ConfigError, match="is a file"):
        check_target(folder / "notes.txt", True)


@pytest.mark.parametrize("there", [False, True])
def test_an_interrupted_export_leaves_what_was_there(mlsf, tmp_path, monkeypatch, there):
    folder = tmp_path / "model"
    if there:
        mlsf.save_pretrained(folder)
        (folder / "README.md").write_text("the older one")

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(folder_module, "write_text", fail)
    with pytest.raises(OutputError, match="no space"):
        mlsf.save_pretrained(folder, overwrite=True)
    assert [path.name for path in tmp_path.glob("*model*")] == ["model"] * there
    assert not there or (folder / "README.md").read_text() == "the older one"


def test_an_export_over_a_model_is_the_older_or_the_new_one_at_every_instant(mlsf, tmp_path, monkeypatch):
    folder = mlsf.save_pretrained(tmp_path / "model")
    (folder / "README.md").write_text("the older one")
    exchange, cards = fsutil._exchange, []

    def watched(new, old):
        cards.append((folder / "README.md").read_text())
        if not exchange(new, old):
            pytest.skip("this system exchanges no folders")
        cards.append((folder / "README.md").read_text())
        return True

    monkeypatch.setattr(fsutil, "_exchange", watched)
    monkeypatch.setattr(type(folder), "rename", None)
    mlsf.save_pretrained(folder, overwrite=True)
    assert [card == "the older one" for card in cards] == [True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_a_killed_export_left_goes_with_the_next_one(mlsf, tmp_path):
    folder = mlsf.save_pretrained(tmp_path / "model")
    folder.rename(tmp_path / ".model.old")
    (tmp_path / ".model.tmp").mkdir()
    mlsf.save_pretrained(folder, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert read_folder(folder)[0].run_name == "tiny"


def test_faults_of_a_folder_are_said(mlsf, tmp_path):
    folder = mlsf.save_pretrained(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    for change, message in (({"format_version": 9}, "format 9"), ({"model_type": "bert"}, "not a SignLLM model")):
        (folder / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(CheckpointError, match=message):
            read_folder(folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="damaged"):
        read_folder(folder)
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"lacks model.safetensors, tokenizer.json"):
        Generator.from_pretrained(folder)
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"lacks config.json"):
        Generator.from_pretrained(folder)
    with pytest.raises(CheckpointError, match="from_checkpoint reads"):
        Generator.from_pretrained(folder / "README.md")


def test_the_card_has_what_the_hub_reads_and_leaves_the_licences_open(mlsf, tmp_path):
    card = (mlsf.save_pretrained(tmp_path / "model") / "README.md").read_text(encoding="utf-8")
    _, head, body = card.split("---\n", 2)
    assert "language: [en, de]" in head
    assert "license: other # fill in" in head
    for part in ("American Sign Language (ASL), German Sign Language (GSL)", "mlsf", "from-scratch", "*fill in*"):
        assert part in body
    total = sum(tensor.numel() for tensor in mlsf.model.state_dict().values())
    assert f"| parameters | {total:,} |" in body

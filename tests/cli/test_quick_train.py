"""quick_train.py on a tiny configuration: from no data at all to a checkpoint and a video."""

import json

import pytest

from signllm.cli import quick_train


@pytest.fixture
def config_file(make_config, tmp_path, monkeypatch):
    def few_clips(root):
        from signllm.data.demo import generate_demo_corpus

        generate_demo_corpus(root, train=4, dev=2, test=1, languages=["ASL", "KSL"])

    monkeypatch.setattr(quick_train, "_make_demo_corpus", few_clips)
    values = make_config("training.num_epochs=2").model_dump()
    values["data"]["dataset_path"] = str(tmp_path / "datasets" / "signllm_data_complete")
    path = tmp_path / "quick_config.json"
    path.write_text(json.dumps(values))
    return path


def test_from_nothing_to_a_checkpoint_and_a_video(config_file, capsys):
    assert quick_train.main(["--config", str(config_file)]) == 0
    out = capsys.readouterr().out
    assert "making the demo corpus" in out
    assert "the saved model signs exactly like the one in memory" in out
    lines = {line.split(": ")[0]: line.split(": ")[1] for line in out.splitlines() if ": " in line}
    assert (config_file.parent / "checkpoints" / "tiny" / "best_model.pth").is_file()
    assert lines["checkpoint / 检查点"].endswith("best_model.pth")
    assert lines["video / 视频"].endswith(".mp4")
    assert "training loss by epoch" in lines


def test_a_store_without_a_training_split_is_used_as_it_is(config_file, capsys):
    store = config_file.parent / "datasets" / "signllm_data_complete"
    quick_train._make_demo_corpus(store)
    for code in ("ASL", "KSL"):
        (store / code / "train").rename(store / code / ".train.gone")
    assert quick_train.main(["--config", str(config_file), "--set", "training.max_steps=1"]) == 0
    out = capsys.readouterr().out
    assert "making the demo corpus" not in out
    assert "no split 'train'; 'dev' stands in" in out


def test_a_saved_model_that_differs_is_noticed(config_file, capsys, monkeypatch):
    from signllm.inference import Generator

    original = Generator.from_checkpoint.__func__

    def spoilt(cls, path, device="auto"):
        generator = original(cls, path, device)
        next(generator.model.groups["ASL"].decoder.output.parameters()).data.add_(0.1)
        return generator

    monkeypatch.setattr(Generator, "from_checkpoint", classmethod(spoilt))
    assert quick_train.main(["--config", str(config_file), "--set", "training.max_steps=1"]) == 2
    assert "differently from the model in memory" in capsys.readouterr().err


def test_an_installed_package_knows_what_it_needs_without_the_checkout(tmp_path, monkeypatch):
    in_checkout = quick_train.required_packages()
    needs = ["torch==2.13.0", "pose-format >=0.15", "pytest>=8 ; extra == 'dev'"]
    monkeypatch.setattr(quick_train, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr("importlib.metadata.requires", lambda name: {"signllm": needs}[name])
    assert quick_train.required_packages() == ["torch", "pose-format"]
    assert {"torch", "pose-format"} < set(in_checkout)


def test_a_package_that_is_not_there_is_named_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr(quick_train, "required_packages", lambda: ["numpy", "no-such-package-here"])
    assert quick_train.main([]) == 2
    assert "package no-such-package-here is not installed: pip install" in capsys.readouterr().err


def test_a_split_of_the_usual_other_name_is_taken(make_config, tmp_path, capsys):
    from tests.helpers.sources import write_store

    for split in ("train", "val"):
        write_store(tmp_path / "store", split=split)
    config = make_config(f"data.dataset_path={tmp_path / 'store'}")
    found = quick_train.find_or_make_data(config)
    assert (found.data.train_split, found.data.eval_split) == ("train", "val")
    assert "no split 'dev'; 'val' is taken for it" in capsys.readouterr().out

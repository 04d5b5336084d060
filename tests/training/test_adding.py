"""Adding a language to a trained MLSF checkpoint: the old ones stay bit-identical, resuming is exact, refusals."""

import json

import pytest
import torch

from signllm.cli import start_training, train_signllm
from signllm.data.demo import generate_demo_corpus
from signllm.errors import ConfigError
from signllm.inference import Generator
from signllm.models.checkpoint import load_checkpoint
from signllm.training.adding import Addition, check_texts
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.language_texts import TEXTS as ALL_TEXTS

TEXTS, CODES = ["the book", "ein buch", "tomorrow it rains"], ["ASL", "GSL", "ASL"]


@pytest.fixture(scope="session")
def korean_root(tmp_path_factory):
    """A store of Korean clips alone; do not write to it."""
    root = tmp_path_factory.mktemp("korean") / "store"
    generate_demo_corpus(root, train=6, dev=2, test=0, languages=["KSL"])
    return root


@pytest.fixture
def trained(make_config):
    """(path, config) of an ASL and GSL checkpoint whose average differs from its weights."""

    def make(*settings):
        letters = "model.text_encoder.scratch.reserve_letters=true"
        config = make_config(letters, "model.text_encoder.scratch.vocab_size=700", "training.max_steps=4", *settings)
        trainer, _ = make_trainer(build_experiment(config), [])
        trainer.fit()
        return trainer.run.folder.last, config

    return make


def add(path, korean_root, *flags):
    sets = ["--set", f"data.dataset_path={korean_root}"]
    return start_training.main(["--add_language", "ksl", "--from", str(path), *sets, *flags])


def run_of(path, name="tiny_KSL"):
    return path.parent.parent / name


def poses(path, texts=TEXTS, codes=CODES):
    return [clip.coordinates for clip in Generator.from_checkpoint(path, "cpu").generate(texts, codes)]


def same(first, second):
    return all(a.shape == b.shape and (a == b).all() for a, b in zip(first, second, strict=True))


def test_old_languages_generate_bit_identical_clips_and_only_the_new_group_learns(trained, korean_root, capsys):
    path, _ = trained()
    before = poses(path)
    assert add(path, korean_root) == 0
    assert "run tiny_KSL" in capsys.readouterr().out
    assert path.is_file()  # the old run is where it was
    for name in ("best_model.pth", "last_model.pth"):
        assert same(before, poses(run_of(path) / name))
    old, new = load_checkpoint(path), load_checkpoint(run_of(path) / "last_model.pth")
    kept = {**old.weights, **old.averaged}
    assert all(torch.equal(new.weights[name], value) for name, value in kept.items())
    assert new.extra["languages"] == ["ASL", "GSL", "KSL"]
    words = {name: part["words"] for name, part in new.extra["known_words"]["languages"].items()}
    assert list(words) == ["ASL", "GSL", "KSL"]
    assert words["KSL"]
    assert words["ASL"] == old.extra["known_words"]["languages"]["ASL"]["words"]
    assert new.config.training.only_languages == ["KSL"]
    assert new.averaged
    assert all(name.startswith("groups.KSL.") for name in new.averaged)
    assert len(poses(run_of(path) / "last_model.pth", ["안녕"], ["KSL"])) == 1


def test_an_added_language_resumes_exactly_and_alone(trained, korean_root):
    path, _ = trained()
    assert add(path, korean_root, "--set", "run_name=whole", "--set", "training.num_epochs=2") == 0
    whole = load_checkpoint(run_of(path, "whole") / "last_model.pth")
    config = whole.config.model_copy(update={"run_name": "cut"})
    base = load_checkpoint(path)
    experiment = Addition("KSL", None, str(path)).experiment(config, base)
    trainer, _ = make_trainer(experiment, [])
    trainer.run.reporter.step = lambda state, *rest: state.step == 2 and trainer.run.request_stop()
    trainer.fit()
    assert load_checkpoint(trainer.run.folder.last).training["state"]["step"] == 2
    assert start_training.main(["--resume", str(trainer.run.folder.last)]) == 0
    resumed = load_checkpoint(trainer.run.folder.last)
    assert resumed.training["state"]["step"] == whole.training["state"]["step"] == 4
    for part in ("weights", "averaged"):
        first, second = getattr(resumed, part), getattr(whole, part)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first), part
    assert same(poses(path), poses(trainer.run.folder.last))


def test_a_warm_start_copies_the_group_but_not_its_statistics(trained, korean_root, make_config):
    path, config = trained()
    base = load_checkpoint(path)
    addition = Addition.check("KSL", "gsl", base, str(path))
    data = config.data.model_copy(update={"dataset_path": str(korean_root)})
    wanted = addition.config(config.model_copy(update={"data": data}), base)
    groups = addition.experiment(wanted, base).model.groups
    theirs = groups["GSL"].state_dict()
    for name, value in groups["KSL"].state_dict().items():
        assert torch.equal(value, theirs[name]) != name.startswith("normalizer."), name
    fresh = Addition("KSL", None, "x").experiment(wanted, base).model.groups["KSL"]
    assert not torch.equal(fresh.project.weight, groups["GSL"].project.weight)
    assert torch.equal(fresh.normalizer.mean_V, groups["KSL"].normalizer.mean_V)


def test_what_cannot_be_added_is_refused_in_words(trained, korean_root, capsys):
    path, _ = trained()
    assert add(path, korean_root, "--warm_start_from", "LSA") == 2
    assert "has groups for ASL, GSL only" in capsys.readouterr().err
    assert start_training.main(["--add_language", "DGS", "--from", str(path)]) == 2
    assert "signs ASL, GSL already" in capsys.readouterr().err
    assert add(path, korean_root, "--set", "model.pose_decoder.num_layers=3") == 2
    assert "differs in model.pose_decoder" in capsys.readouterr().err
    assert start_training.main(["--add_language", "KSL", "--resume", str(path)]) == 2
    err = capsys.readouterr().err
    assert "Give --from CHECKPOINT" in err
    assert "--add_language with --resume" in err
    assert start_training.main(["--from", str(path), "--warm_start_from", "ASL"]) == 2
    assert capsys.readouterr().err.count("goes with --add_language") == 2


def test_prompt2langgloss_takes_no_more_languages(trained, korean_root, capsys):
    path, _ = trained("model.mode=prompt2langgloss", "model.gloss_decoder.vocab_size=700")
    assert add(path, korean_root) == 2
    assert "its languages share all parameters" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="none can be trained alone"):
        trained("model.mode=prompt2langgloss", 'training.only_languages=["ASL"]')


def test_a_vocabulary_without_the_script_is_refused_with_the_remedy(trained, korean_root, capsys):
    path, _ = trained("model.text_encoder.scratch.reserve_letters=false")
    assert add(path, korean_root) == 2
    err = capsys.readouterr().err
    assert "read as the same tokens" in err
    assert "reserve_letters = true" in err


def test_texts_of_all_eight_languages_stay_apart_with_reserved_letters(trained):
    path, _ = trained()
    encoder = load_checkpoint(path).build_model(averaged=True).text_encoder
    texts = [
        "경찰",
        "감금",
        "불나다",
        "öğretmen",
        "çiçek",
        "garçon",
        "naïve",
        "¿qué?",
        "fußgänger",
        *ALL_TEXTS.values(),
    ]
    assert encoder.lost_texts(texts) == []
    unknown = encoder.tokenize(["日本"])["input_ids"][0, 1]
    assert unknown not in encoder.tokenize(texts)["input_ids"]
    with pytest.raises(ConfigError, match="'日本', '東京'"):
        check_texts(encoder, ["日本", "東京"], "KSL", "x.pth")


def test_a_new_model_must_be_trained_whole(make_config, capsys, tmp_path):
    path = tmp_path / "mine_config.json"
    path.write_text(json.dumps({**make_config().model_dump(), "training": {"only_languages": ["ASL"]}}))
    assert train_signllm.main(["--config", str(path)]) == 2
    assert "a new model must be trained whole" in capsys.readouterr().err

"""evaluation.py --prompts and --sign_prompts: what a model reads and signs in training and in held-out phrasings."""

from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from signllm.cli import evaluation
from signllm.config import parse_config
from signllm.data.store import Store
from signllm.errors import ConfigError
from signllm.languages import LANGUAGES, prompt_text
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.pose import PoseSequence
from signllm.training.setup import build_experiment

PHRASINGS = {
    "training": {code: lang.prompts for code, lang in LANGUAGES.items()},
    "held_out": {code: lang.held_out_prompts for code, lang in LANGUAGES.items()},
}


class FakeGenerator:
    """Reads the language of the phrasing, or always GSL, and writes the text in capitals."""

    def __init__(self, root, languages=("ASL", "GSL"), writes_gloss=True, always=None):
        self.languages, self.mode, self.fps, self.always = list(languages), "a mode", 25.0, always
        self.reward_models = ()
        self.config = parse_config({"data": {"dataset_path": str(root)}})
        self.model = SimpleNamespace(
            writes_gloss=writes_gloss, translate=self._translate, known_languages=self._known
        )  # fmt: skip
        self.given = []

    def _known(self, codes):
        if set(codes) - set(self.languages):
            raise ConfigError("trained on others")

    def _translate(self, prompts, codes):
        self.given += list(zip(prompts, codes, strict=True))
        read = [prompt_text(prompt) for prompt in prompts]
        return [(self.always or code, text.upper()) for code, text in read]

    def generate(self, prompts, codes, seed=0, batch_size=32, progress=None):
        self.given += [(prompt, codes) for prompt in prompts]
        still = np.random.default_rng(0).normal(size=(1, 50, 3))
        return [PoseSequence.all_valid(np.repeat(still, 8, axis=0), 25) for _ in prompts]


@pytest.fixture
def use(monkeypatch):
    def put(generator):
        monkeypatch.setattr(evaluation, "load_generator", lambda path, device: generator)
        return generator

    return put


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


@pytest.mark.parametrize("phrasings", ["training", "held_out"])
def test_every_text_is_asked_in_every_phrasing_and_nothing_is_given(demo_root, tmp_path, use, phrasings):
    generator = use(FakeGenerator(demo_root))
    assert run("--model_path", "m.pth", "--prompts", phrasings, "--output", tmp_path) == 0
    expected = {
        (phrasing.format(text=record.text), None)
        for code in ("ASL", "GSL")
        for record in Store(demo_root).split(code, "dev").records
        for phrasing in PHRASINGS[phrasings][code]
    }
    assert set(generator.given) == expected
    assert len(generator.given) == len(expected)
    report = orjson.loads((tmp_path / f"evaluation_prompts_{phrasings}_dev.json").read_bytes())
    assert report["figures"]["all"]["language_accuracy"] == 100
    assert report["figures"]["all"]["prompts"] == len(expected)


def test_a_wrong_language_is_counted_and_named(demo_root, tmp_path, use, capsys):
    use(FakeGenerator(demo_root, always="GSL"))
    assert run("--model_path", "m.pth", "--prompts", "held_out", "--output", tmp_path / "r.json") == 0
    figures = orjson.loads((tmp_path / "r.json").read_bytes())["figures"]
    assert [figures[name]["language_accuracy"] for name in ("ASL", "GSL", "all")] == [0, 100, 50]
    assert figures["ASL"]["read_instead"] == {"GSL": figures["ASL"]["prompts"]}
    assert "GSL 6" in capsys.readouterr().out


def test_a_table_is_read_in_the_phrasings_too(demo_root, tmp_path, use, capsys):
    table = tmp_path / "dev.csv"
    table.write_text("id|annotation|translation\na|REGEN|regen\nb|SONNE|die sonne\n", encoding="utf-8")
    generator = use(FakeGenerator(demo_root))
    flags = ("--gloss_references", table, "--model_path", "m.pth", "--language", "GSL", "--prompts", "held_out")
    assert run(*flags, "--output", tmp_path) == 0
    first, second = LANGUAGES["GSL"].held_out_prompts
    assert generator.given == [(first.format(text="regen"), None), (second.format(text="die sonne"), None)]
    report = orjson.loads((tmp_path / "evaluation_gloss.json").read_bytes())
    assert (report["phrasings"], report["language_accuracy"]) == ("held_out", 100)
    assert [row["written"] for row in report["texts"]] == ["REGEN", "DIE SONNE"]


def test_clips_are_signed_from_prompts_alone(demo_root, tmp_path, use):
    generator = use(FakeGenerator(demo_root))
    flags = ("--model_path", "m.pth", "--sign_prompts", "held_out", "--metrics", "dtw-mje", "--no_cache")
    assert run(*flags, "--output", tmp_path) == 0
    expected = []
    for code in ("ASL", "GSL"):
        phrasings = LANGUAGES[code].held_out_prompts
        for place, record in enumerate(Store(demo_root).split(code, "dev").records):
            expected.append((phrasings[place % len(phrasings)].format(text=record.text), None))
    assert generator.given == expected
    report = orjson.loads((tmp_path / "evaluation_dev.json").read_bytes())
    assert report["languages"]["ASL"]["systems"]["model"]["dtw_score"]["value"] > 0
    assert any("held_out phrasings" in note for note in report["notes"])


def test_what_was_measured_of_texts_is_not_taken_for_prompts(demo_root, tmp_path, use):
    checkpoint = tmp_path / "m.pth"
    checkpoint.write_bytes(b"weights")
    flags = ("--model_path", checkpoint, "--metrics", "dtw-mje", "--cache_dir", tmp_path / "cache")
    for asked in ((), ("--sign_prompts", "training"), ("--sign_prompts", "held_out")):
        generator = use(FakeGenerator(demo_root))
        assert run(*flags, *asked, "--output", tmp_path) == 0
        assert len(generator.given) == 6
        again = use(FakeGenerator(demo_root))
        assert run(*flags, *asked, "--output", tmp_path) == 0
        assert again.given == []


def test_a_real_checkpoint_is_read_and_a_given_language_overrides_the_prompt(make_config, tmp_path):
    experiment = build_experiment(make_config("model.mode=prompt2langgloss"))
    path = tmp_path / "model.pth"
    model = experiment.model
    save_checkpoint(path, Checkpoint(experiment.config, model.extra_state(), model.state_dict()))
    assert run("--model_path", path, "--prompts", "held_out", "--max_samples", 2, "--device", "cpu") == 0
    report = orjson.loads((tmp_path / "evaluation_prompts_held_out_dev.json").read_bytes())
    assert {row["read_language"] for row in report["texts"]} <= {"ASL", "GSL"}
    prompts = [row["prompt"] for row in report["texts"]]
    for code in ("ASL", "GSL"):
        assert {read for read, _ in model.eval().translate(prompts, [code] * len(prompts))} == {code}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--prompts", "held_out"], "Give --model_path"),
        (["--prompts", "held_out", "--model_path", "m.pth", "--predictions", "a"], "--prompts with --predictions"),
        (["--prompts", "held_out", "--model_path", "m.pth", "--language", "KSL"], "trained on others"),
        (["--sign_prompts", "held_out"], "--sign_prompts: who reads them"),
        (["--sign_prompts", "held_out", "--prompts", "held_out", "--model_path", "m.pth"], "leave one out"),
    ],
)
def test_refusals_exit_with_2_and_say_why(demo_root, use, capsys, flags, message):
    use(FakeGenerator(demo_root))
    assert run(*flags) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--prompts", "--sign_prompts"])
def test_a_model_without_glosses_reads_no_prompts(demo_root, use, capsys, flag):
    use(FakeGenerator(demo_root, writes_gloss=False))
    assert run("--model_path", "m.pth", flag, "held_out") == 2
    assert "only prompt2langgloss reads prompts" in capsys.readouterr().err

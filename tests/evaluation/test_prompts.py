"""What a model reads (evaluate_prompts) and signs (sign_prompts) in training and in held-out phrasings."""

from dataclasses import replace

import pytest

from signllm.data.store import Store, StoreWriter
from signllm.errors import ConfigError
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ModelOptions, PromptOptions
from signllm.evaluation.prompts import evaluate_prompts
from signllm.languages import LANGUAGES
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment
from tests.helpers.generators import StandIn

PHRASINGS = {
    "training": {code: lang.prompts for code, lang in LANGUAGES.items()},
    "held_out": {code: lang.held_out_prompts for code, lang in LANGUAGES.items()},
}


def read(phrasings, **options):
    return evaluate_prompts(PromptOptions(**{"model_path": "m.pth", "phrasings": phrasings, **options})).data


@pytest.mark.parametrize("phrasings", ["training", "held_out"])
def test_every_text_is_asked_in_every_phrasing_and_nothing_is_given(demo_root, use, phrasings):
    generator = use(StandIn(demo_root))
    figures = read(phrasings)["figures"]
    expected = {
        (phrasing.format(text=record.text), None)
        for code in ("ASL", "GSL")
        for record in Store(demo_root).split(code, "dev").records
        for phrasing in PHRASINGS[phrasings][code]
    }
    assert set(generator.read) == expected
    assert len(generator.read) == len(expected)
    assert figures["all"]["language_accuracy"] == 100
    assert figures["all"]["prompts"] == len(expected)


def test_a_wrong_language_is_counted_and_named(demo_root, use):
    use(StandIn(demo_root, always="GSL"))
    figures = read("held_out")["figures"]
    assert [figures[name]["language_accuracy"] for name in ("ASL", "GSL", "all")] == [0, 100, 50]
    assert figures["ASL"]["read_instead"] == {"GSL": figures["ASL"]["prompts"]}


def test_clips_without_gloss_count_for_the_language_only(demo_root, tmp_path, use):
    known = Store(demo_root).split("ASL", "dev")
    for code, gloss in (("ASL", known.records[0].gloss), ("GSL", None)):
        with StoreWriter(tmp_path / "store", code, "dev") as writer:
            writer.add(replace(known.records[0], gloss=gloss), known.pose(0))
            writer.finish({})
    use(StandIn(tmp_path / "store"))
    figures = read("held_out")["figures"]
    assert figures["GSL"]["language_accuracy"] == 100
    assert figures["GSL"]["with_gloss"] == 0
    assert not any(name.startswith("gloss_") for name in figures["GSL"])
    assert figures["all"]["with_gloss"] == figures["ASL"]["prompts"] < figures["all"]["prompts"]
    assert figures["all"]["gloss_wer"] == figures["ASL"]["gloss_wer"]


def test_a_language_that_the_model_does_not_sign_is_refused(demo_root, use):
    use(StandIn(demo_root))
    with pytest.raises(ConfigError, match="trained on others"):
        read("held_out", languages=["KSL"])


def test_clips_are_signed_from_prompts_alone(demo_root, use):
    generator = use(StandIn(demo_root))
    options = ModelOptions(model_path="m.pth", sign_prompts="held_out", metrics=["dtw-mje"], cache=None)
    data = evaluate_model(options).data
    expected = []
    for code in ("ASL", "GSL"):
        phrasings = LANGUAGES[code].held_out_prompts
        texts = [record.text for record in Store(demo_root).split(code, "dev").records]
        expected.append([phrasings[n % len(phrasings)].format(text=text) for n, text in enumerate(texts)])
    assert [(texts, codes) for texts, codes, *_ in generator.calls] == [(texts, None) for texts in expected]
    assert data["languages"]["ASL"]["systems"]["model"]["dtw_score"]["value"] > 0
    assert any("held_out phrasings" in note for note in data["notes"])


def test_what_was_measured_of_texts_is_not_taken_for_prompts(demo_root, tmp_path, use):
    checkpoint = tmp_path / "m.pth"
    checkpoint.write_bytes(b"weights")
    for asked in (None, "training", "held_out"):
        options = ModelOptions(model_path=checkpoint, sign_prompts=asked, metrics=["dtw-mje"], cache=tmp_path / "cache")
        generator = use(StandIn(demo_root))
        evaluate_model(options)
        assert len(generator.calls) == 2
        again = use(StandIn(demo_root))
        evaluate_model(options)
        assert again.calls == []


def test_a_real_checkpoint_is_read_and_a_given_language_overrides_the_prompt(make_config, tmp_path):
    experiment = build_experiment(make_config("model.mode=prompt2langgloss"))
    path = tmp_path / "model.pth"
    model = experiment.model
    save_checkpoint(path, Checkpoint(experiment.config, model.extra_state(), model.state_dict()))
    texts = read("held_out", model_path=path, max_samples=2, device="cpu")["texts"]
    assert {row["read_language"] for row in texts} <= {"ASL", "GSL"}
    prompts = [row["prompt"] for row in texts]
    for code in ("ASL", "GSL"):
        assert {read for read, _ in model.eval().translate(prompts, [code] * len(prompts))} == {code}


def test_a_model_without_glosses_reads_no_prompts(demo_root, use):
    use(StandIn(demo_root, writes_gloss=False))
    with pytest.raises(ConfigError, match="only prompt2langgloss reads prompts"):
        read("held_out")
    with pytest.raises(ConfigError, match="only prompt2langgloss reads prompts"):
        evaluate_model(ModelOptions(model_path="m.pth", sign_prompts="held_out", cache=None))

"""Options refuse what cannot be meant, all of it at once."""

from pathlib import Path

import pytest

from signllm.errors import ConfigError
from signllm.evaluation.options import ClipsOptions, GlossOptions, ModelOptions, PromptOptions


def faults_of(kind, **values):
    with pytest.raises(ConfigError) as caught:
        kind(**values)
    return caught.value.faults


def test_languages_become_codes_and_texts_paths():
    options = ModelOptions(model_path="m.pth", languages=["ase", "ASL", "DGS"], data="store")
    assert options.languages == ("ASL", "GSL")
    assert (options.model_path, options.data) == (Path("m.pth"), Path("store"))


def test_all_faults_of_a_model_evaluation():
    faults = faults_of(
        ModelOptions, model_path="m.pth", languages=["klingon"], max_samples=0, batch_size=0, seeds=[1, 1],
        sign_prompts="other",
    )  # fmt: skip
    assert len(faults) == 5
    for says in (
        "'klingon'",
        "max_samples 0",
        "batch_size 0",
        "seeds 1 1: each seed only once",
        "training or held_out",
    ):
        assert any(says in fault for fault in faults), says
    assert faults_of(ModelOptions, model_path="m.pth", seeds=[]) == ["seeds: give at least one"]


def test_all_faults_of_a_clip_evaluation():
    faults = faults_of(
        ClipsOptions, predictions="p", references="r", pair_by="luck", resample=0, fps=float("inf"), max_samples=-1
    )
    assert [fault.split()[0] for fault in faults] == ["max_samples", "pair_by", "resample", "fps"]


def test_glosses_come_from_a_model_or_from_a_file():
    assert faults_of(GlossOptions, references="t.csv") == ["whose glosses? Give either a model_path or predictions"]
    both = faults_of(GlossOptions, references="t", model_path="m", predictions="p", phrasings="held_out")
    assert len(both) == 2
    assert "in one language" in faults_of(GlossOptions, references="t", model_path="m", languages=["ASL", "GSL"])[0]


def test_phrasings_are_known_ones():
    assert "expected training or held_out" in faults_of(PromptOptions, model_path="m", phrasings="all")[0]

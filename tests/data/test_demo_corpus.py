"""The demo corpus as a data set: splits, texts, glosses, determinism, and what a second run keeps."""

import itertools
from collections import Counter

import numpy as np
import pytest

from signllm.data.demo import corpus, generate_demo_corpus
from signllm.data.demo.grammar import sentences, split_sentences
from signllm.data.demo.lexicon import vocabulary
from signllm.data.demo.phrases import WEATHER
from signllm.data.store import Store, StoreWriter
from signllm.errors import ConfigError, DataError
from signllm.languages import CODES, prompt_text

SIZES = {"train": 20, "dev": 4, "test": 3}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    generate_demo_corpus(root, **SIZES, seed=3)
    return Store(root)


def test_every_language_has_the_splits_that_were_asked_for(store):
    assert store.languages() == list(CODES)
    for code in CODES:
        assert {name: len(store.split(code, name)) for name in store.splits(code)} == SIZES
        info = store.split(code, "dev").info
        assert (info["source"], info["demo"], info["seed"]) == ("demo corpus", True, 3)


def test_held_out_sentences_are_unseen_and_their_signs_are_seen(store):
    for code in CODES:
        texts = {name: {r.text for r in store.split(code, name).records} for name in SIZES}
        signs = {name: {g for r in store.split(code, name).records for g in r.gloss.split()} for name in SIZES}
        assert not texts["train"] & texts["dev"]
        assert not texts["train"] & texts["test"]
        assert not texts["dev"] & texts["test"]
        assert signs["dev"] | signs["test"] <= signs["train"]
        assert signs["train"] == set(vocabulary(code))


def test_records_carry_prompt_signer_and_sign_frames(store):
    for code in CODES:
        for name in SIZES:
            for record in store.split(code, name).records:
                assert prompt_text(record.prompt) == (code, record.text)
                assert record.signer.startswith(code)
                spans = record.extra["sign_frames"]
                assert len(spans) == len(record.gloss.split())
                edges = [0, *(frame for span in spans for frame in span), record.frames]
                assert all(a <= b + 1 for a, b in itertools.pairwise(edges))


def test_clips_last_a_few_seconds(store):
    seconds = [r.frames / r.fps for code in CODES for r in store.split(code, "train").records]
    assert 2.5 < np.mean(seconds) < 5.5
    assert min(seconds) > 1.5
    assert max(seconds) < 9


def test_same_arguments_give_the_same_bytes_and_another_seed_other_clips(store, tmp_path):
    generate_demo_corpus(tmp_path / "again", **SIZES, seed=3, languages=["KSL"])
    generate_demo_corpus(tmp_path / "other", **SIZES, seed=4, languages=["KSL"])
    first, again, other = (
        s.split("KSL", "train") for s in (store, Store(tmp_path / "again"), Store(tmp_path / "other"))
    )
    assert first.info["checksums"] == again.info["checksums"]
    assert first.info["checksums"] != other.info["checksums"]


def test_finished_splits_are_kept_and_changed_settings_are_made_again(tmp_path, monkeypatch):
    generate_demo_corpus(tmp_path, train=14, dev=2, test=2, languages=["TSL"])
    calls = []
    real = corpus.perform
    monkeypatch.setattr(corpus, "perform", lambda *args: calls.append(args) or real(*args))
    reported = []
    generate_demo_corpus(
        tmp_path, train=14, dev=2, test=2, languages=["TSL"], progress=lambda *args: reported.append(args)
    )
    assert calls == []
    assert reported[-1] == (18, 18, "TSL/test")
    generate_demo_corpus(tmp_path, train=14, dev=2, test=2, languages=["TSL"], seed=1)
    assert len(calls) == 18


def test_an_interrupted_split_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    generate_demo_corpus(tmp_path / "whole", train=14, dev=0, test=0, languages=["LSA"])

    def stop(done, total, label):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_demo_corpus(tmp_path / "cut", train=14, dev=0, test=0, languages=["LSA"], progress=stop)
    calls = []
    real = corpus.perform
    monkeypatch.setattr(corpus, "perform", lambda *args: calls.append(args) or real(*args))
    generate_demo_corpus(tmp_path / "cut", train=14, dev=0, test=0, languages=["LSA"])
    assert len(calls) == 9
    whole, cut = (Store(tmp_path / name).split("LSA", "train").info for name in ("whole", "cut"))
    assert whole["checksums"] == cut["checksums"]


def test_other_data_is_never_overwritten(tmp_path, store):
    record, pose = next(iter(store.split("ASL", "dev")))
    with StoreWriter(tmp_path, "ASL", "train") as writer:
        writer.add(record, pose)
        writer.finish({"source": "recordings"})
    with pytest.raises(DataError, match="ASL/train: this split does not come from the demo corpus"):
        generate_demo_corpus(tmp_path, train=14, dev=2, test=2)
    assert Store(tmp_path).languages() == ["ASL"]


def test_bad_sizes_are_reported_together():
    with pytest.raises(ConfigError) as caught:
        generate_demo_corpus("unused", train=0, dev=-1, test=4, seed=-2, fps=0)
    assert len(caught.value.faults) == 4


def test_too_few_train_sentences_for_the_held_out_ones_is_an_error():
    with pytest.raises(ConfigError, match="raise train"):
        split_sentences("ASL", 1, 5, 5, 0)


def test_large_train_repeats_only_its_own_sentences():
    chosen = split_sentences("GSL", 2000, 30, 30, 0)
    assert [len(part) for part in chosen.values()] == [2000, 30, 30]
    assert not {s.text for s in chosen["train"]} & {s.text for s in chosen["dev"] + chosen["test"]}


@pytest.mark.parametrize("size", [100, 1000, 3000])
def test_train_of_any_size_is_mixed_like_dev(size):
    chosen = split_sentences("KSL", size, 60, 0, 0)
    for split in ("train", "dev"):
        signs = [s.concepts for s in chosen[split]]
        assert np.mean([concepts[-1] in WEATHER for concepts in signs]) == pytest.approx(0.25, abs=0.03)
        assert np.mean(["NOT" in concepts for concepts in signs]) == pytest.approx(0.25, abs=0.04)


def test_repeats_of_a_kind_are_spread_over_its_sentences():
    counts = Counter(s.text for s in split_sentences("KSL", 1000, 60, 0, 0)["train"] if s.concepts[-1] in WEATHER)
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("code", CODES)
def test_a_text_and_its_signs_name_each_other(code):
    made = sentences(code)
    assert len(made) > 500
    assert max(Counter(s.text for s in made).values()) == 1
    assert max(Counter(s.concepts for s in made).values()) == 1
    assert not any(mark in s.text for s in made for mark in "{}|/_")
    assert not any("  " in s.text for s in made)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ASL", "Tomorrow I will not buy an apple."),
        ("GSL", "Am Montag liest mein Freund keine Zeitung."),
        ("DSGS", "Morgen gehst du nicht nach Hause."),
        ("LSF-CH", "Demain, je n'achète pas de pain."),
        ("LIS-CH", "Stasera mia madre cucina il pesce."),
        ("LSA", "Hoy no comés una manzana."),
        ("KSL", "내일 산에는 눈이 와요."),
        ("TSL", "Yarın annem çorba pişirmeyecek."),
    ],
)
def test_each_language_makes_well_formed_sentences(code, text):
    assert text in {s.text for s in sentences(code)}


def test_negated_sentences_carry_the_sign_not():
    for sentence in sentences("ASL"):
        assert (" not " in sentence.text) == ("NOT" in sentence.concepts)
    assert all(s.concepts[-1] == "NOT" for s in sentences("KSL") if "않아요" in s.text)

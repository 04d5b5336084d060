"""Judges: what they see, what they learn from, what they refuse, and that a file reads as the judge that wrote it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.data.texts import corpus_kind
from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.evaluation.back_translation import (
    BackTranslation,
    back_translation_presets,
    measure_readings,
    score_back_translation,
)
from signllm.judges.augment import Augmentation, change_bodies
from signllm.judges.features import LARGEST, PoseFeatures, pad_clips
from signllm.judges.judge import Judge, Reading
from signllm.judges.model import JudgeSize, Translator
from signllm.judges.rest_store import write_rest_store
from signllm.judges.training import GENERATED_MARK, JudgePlan, train_judge
from signllm.judges.training_examples import choose_share, hold_out
from signllm.metrics.reading_presets import presets_of_kind
from signllm.models.gloss import GlossVocabulary
from signllm.pose import SKELETON_50, PoseSequence

SMALL = JudgeSize(width=32, num_layers=1, num_heads=2)
WORDS = ("book", "rain", "house", "walk")
STILL = Augmentation(**dict.fromkeys(vars(Augmentation()), 0))


def sign(word, seed, frames=24):
    """A clip whose right hand has the shape of its word and waves, by a signer of this seed."""
    rng = np.random.default_rng(seed)
    shape_JC = np.random.default_rng(WORDS.index(word)).normal(size=(21, 3))
    pose = np.random.default_rng(7).normal(size=(1, 50, 3)).repeat(frames, 0) + 0.05 * rng.normal(size=(1, 50, 3))
    time = np.arange(frames) / 25
    pose[:, 29:50] = 0.3 * (shape_JC + rng.normal(size=(21, 3))) + np.sin(5 * time + rng.normal())[:, None, None]
    return PoseSequence.all_valid(pose, 25)


def write_words(root, split="train", clips=6, first_seed=0, info=None, extra=None):
    with StoreWriter(root, "ASL", split) as writer:
        for place, word in enumerate(WORDS):
            for number in range(clips):
                seed = first_seed + 100 * place + number
                record = ClipRecord(f"{word}-{seed}", word, "ASL", 25.0, 24, gloss=word.upper(), extra=extra or {})
                writer.add(record, sign(word, seed, 20 + number))
        writer.finish(info or {})
    return Store(root)


@pytest.fixture(scope="module")
def words_store(tmp_path_factory):
    root = tmp_path_factory.mktemp("words") / "store"
    write_words(root)
    return write_words(root, "dev", 3, 1000)


PLAN = JudgePlan(epochs=40, min_steps=100, max_minutes=1, batch_size=8, size=SMALL, precision="fp32")


@pytest.fixture(scope="module")
def judge(words_store):
    return train_judge(words_store, ["ASL"], "train", PLAN)


def clips_of(store, split="dev"):
    part = store.split("ASL", split)
    return [part.pose(index) for index in range(len(part))], [record.text for record in part.records]


# What a judge sees


def test_features_do_not_depend_on_where_the_signer_stands_nor_on_padding():
    features = PoseFeatures(12.5)
    clip, long = sign("book", 1), sign("rain", 2, 90)
    pose, valid, _ = pad_clips([(clip.coordinates, clip.valid)])
    alone = features(pose, valid)
    moved = features(pose + torch.tensor([0.3, -0.2, 0.1]), valid)
    assert torch.allclose(alone, moved, atol=1e-3)
    together = features(*pad_clips([(c.coordinates, c.valid) for c in (clip, long)])[:2])
    assert torch.equal(alone[0, :24], together[0, :24])


def test_missing_joints_are_not_looked_at():
    features = PoseFeatures(12.5)
    clip = sign("book", 1)
    pose, valid, _ = pad_clips([(clip.coordinates, clip.valid)])
    valid[:, :, 29:50] = False
    other = pose.clone()
    other[:, :, 29:50] = 7.0
    assert torch.equal(features(pose, valid), features(other, valid))


def test_features_are_standard_over_the_clips_they_were_fitted_to_and_slips_are_bounded():
    clips = [(sign(word, seed).coordinates, sign(word, seed).valid) for word in WORDS for seed in range(4)]
    features = PoseFeatures(25.0)
    features.fit(clips)
    pose, valid, frames = pad_clips(clips)
    known = torch.cat([features(pose, valid)[row, : int(n)] for row, n in enumerate(frames)])
    lively = features.deviation_D > 0.1
    assert known[:, lively].mean(0).abs().max() < 0.2
    pose[0, 0] = 500.0
    assert features(pose, valid).abs().max() <= LARGEST


def test_no_strength_means_no_change():
    clip = sign("walk", 3)
    generator = torch.Generator().manual_seed(0)
    batch, mask, _ = pad_clips([(clip.coordinates, clip.valid)])
    changed, kept = change_bodies(batch, mask, STILL, generator, SKELETON_50)
    assert torch.allclose(changed[0, :24], batch[0, :24], atol=1e-5)
    assert torch.equal(kept, mask)


def test_changes_stay_moderate_and_padding_stays_empty():
    clip = sign("walk", 3)
    generator = torch.Generator().manual_seed(0)
    batch, mask, frames = pad_clips([(clip.coordinates, clip.valid)] * 8)
    changed, kept = change_bodies(batch, mask, Augmentation(mirror=0.5), generator, SKELETON_50)
    assert not kept[:, int(frames[0]) :].any()
    assert not changed[~kept].any()
    assert len({tuple(row) for row in changed[:, 0, 0].tolist()}) == 8


# What it learns from


def records(counts):
    return [ClipRecord(f"{text}{n}", text, "ASL", 25.0, 9) for text, count in counts.items() for n in range(count)]


def texts_of(counts):
    return [text for text, count in counts.items() for _ in range(count)]


WORD_CORPORA = {
    "a dictionary": {"book": 1, "Rain!": 1},
    "words with a few labels of several words": {"book": 1, "rain": 1, "house": 2, "a lot": 1, "all day": 1},
    "phrases of many clips each": {"good morning": 3, "see you": 3},
    "phrases of many clips and a few of one": {"good morning": 4, "see you": 4, "how are you": 1},
}
SENTENCE_CORPORA = {
    "sentences": {"it will rain": 1, "the sun shines": 1},
    "half are words": {"book": 1, "Rain!": 1, "it will rain": 1, "the sun shines": 1},
    "two of five are answers of one word": {"yes": 1, "no": 1, "it rains": 1, "it snows": 1, "it is dry": 1},
    "a greeting that opens every forecast": {"good evening to you": 4, **{f"sentence number {n}": 1 for n in range(5)}},
    "each by two signers": {f"sentence number {n}": 2 for n in range(5)},
}


@pytest.mark.parametrize("name", [*WORD_CORPORA, *SENTENCE_CORPORA])
def test_most_clips_decide_whether_a_corpus_is_words_or_sentences(name):
    found = corpus_kind(texts_of({**WORD_CORPORA, **SENTENCE_CORPORA}[name]))
    assert found.is_words == (name in WORD_CORPORA)


def test_a_corpus_is_told_by_counts():
    def said(counts):
        return corpus_kind(texts_of(counts)).reason

    assert said({"book": 2, "a lot": 1}) == "words, because 2 of 3 clips have a text of one word"
    assert (
        said({"see you": 3, "go on": 1}) == "repeated texts, because 3 of 4 clips share theirs with at least 2 others"
    )
    assert said({"it rains": 2, "yes": 1}) == "sentences, because 2 of 3 clips have several words"


def test_a_label_of_several_words_is_read_like_any_other(tmp_path):
    with StoreWriter(tmp_path / "s", "ASL", "train") as writer:
        for place, word in enumerate(WORDS):
            for number in range(6):
                text = "all day" if word == "walk" else word
                seed = 100 * place + number
                writer.add(ClipRecord(f"{word}-{number}", text, "ASL", 25.0, 24), sign(word, seed))
        writer.finish({})
    judge = train_judge(Store(tmp_path / "s"), ["ASL"], "train", PLAN)
    assert judge["ASL"].training["corpus"].startswith("words, because 18 of 24")
    clips = [sign("walk", 1000 + number) for number in range(3)]
    scores = score_back_translation({"reference": clips}, ["All day"] * 3, None, judge, "ASL")
    assert scores["reference"]["bt_top_1"] == 100


ASL_WORDS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "asl_words"


@pytest.mark.skipif(not ASL_WORDS.is_dir(), reason="the shared ASL word clips are not on this machine")
@pytest.mark.parametrize("split", ["train", "dev"])
def test_the_asl_words_are_words_although_some_are_two(split):
    texts = (ASL_WORDS / f"{split}.text").read_text(encoding="utf-8").splitlines()
    assert {"a lot", "all day"} <= set(texts)
    assert corpus_kind(texts_of(Counter(texts))).is_words


def test_a_share_and_its_rest_are_disjoint_whole_and_spread_over_texts():
    clips = records({"book": 10, "rain": 6, "house": 5, "walk": 1})
    chosen, left = choose_share(clips, 0.5, 0)
    assert sorted(chosen + left) == list(range(22))
    assert len(chosen) == 11
    for text, least in (("book", 4), ("rain", 2), ("house", 2)):
        assert sum(clips[index].text == text for index in chosen) >= least
    assert choose_share(clips, 0.5, 0) == (chosen, left) != choose_share(clips, 0.5, 1)
    assert choose_share(clips, 1.0, 0) == (list(range(22)), [])


@pytest.mark.parametrize("seed", [0, 5])
def test_a_judge_learns_from_the_share_of_its_seed_and_leaves_the_rest(words_store, tmp_path, seed):
    records = words_store.split("ASL", "train").records
    chosen, left = ([records[index].id for index in part] for part in choose_share(records, 0.5, seed))
    plan = replace(PLAN, epochs=1, min_steps=1, share=0.5, share_seed=seed)
    facts = train_judge(words_store, ["ASL"], "train", plan)["ASL"].training
    assert sorted(facts["clips"]) == sorted(chosen)
    assert facts["share_seed"] == seed
    kept = [records[index] for index in choose_share(records, 0.5, seed)[0]]
    assert facts["held_out"] == [kept[index].id for index in hold_out(kept, plan.held_out, seed, True)[1]]
    assert write_rest_store(words_store, ["ASL"], "train", 0.5, seed, tmp_path / "rest") == {"ASL": len(left)}
    rest = Store(tmp_path / "rest").split("ASL", "train")
    assert [record.id for record in rest.records] == left
    assert rest.info["left_by_judge"]["seed"] == seed


def test_held_out_clips_leave_every_word_two_and_no_sentence_on_both_sides():
    words = records({"book": 6, "rain": 6, "walk": 2})
    learn, held = hold_out(words, 0.1, 0, recognition=True)
    assert held
    assert not set(learn) & set(held)
    assert all(words[index].text != "walk" for index in held)
    sentences = records({"it rains": 2, "it snows": 2, "it is dry": 2})
    learn, held = hold_out(sentences, 0.3, 0, recognition=False)
    assert {sentences[i].text for i in learn}.isdisjoint({sentences[i].text for i in held})
    assert held


@pytest.mark.parametrize("where", ["split", "clip"])
def test_generated_clips_are_refused(tmp_path, where):
    mark = {GENERATED_MARK: True}
    store = write_words(tmp_path / "s", **({"info": mark} if where == "split" else {"extra": mark}))
    with pytest.raises(DataError, match="marked as generated"):
        train_judge(store, ["ASL"], "train", PLAN)


def test_the_demo_corpus_is_not_generated_in_that_sense(tmp_path):
    store = write_words(tmp_path / "s", info={"demo": True})
    quick = replace(PLAN, epochs=1, min_steps=1)
    assert train_judge(store, ["ASL"], "train", quick)["ASL"].training["demo"]


def test_refuses_too_few_clips_and_senseless_plans(words_store, tmp_path):
    with StoreWriter(tmp_path / "s", "ASL", "train") as writer:
        writer.add(ClipRecord("a", "book", "ASL", 25.0, 24), sign("book", 1))
        writer.finish({})
    with pytest.raises(DataError, match="at least two clips of different texts"):
        train_judge(Store(tmp_path / "s"), ["ASL"], "train", PLAN)
    with pytest.raises(ConfigError) as caught:
        train_judge(words_store, ["ASL"], "train", replace(PLAN, share=1.5, max_minutes=0))
    assert len(caught.value.faults) == 2


# What it reads


def test_a_recogniser_learns_and_reads_signers_it_never_saw(judge, words_store):
    clips, texts = clips_of(words_store)
    noise = [PoseSequence.all_valid(np.random.default_rng(n).normal(size=(20, 50, 3)), 25) for n in range(len(clips))]
    scores = score_back_translation({"reference": clips, "noise": noise}, texts, None, judge, "ASL")
    assert judge["ASL"].kind == "recogniser"
    assert scores["reference"]["bt_top_1"] >= 75
    assert scores["reference"]["bt_top_5"] == 100  # there are four words
    assert scores["noise"]["bt_top_1"] <= 50
    expected = scores["noise"]["bt_top_1"] / scores["reference"]["bt_top_1"]
    assert scores["noise"]["bt_top_1_of_ceiling"] == pytest.approx(expected)
    assert "bt_top_1_of_ceiling" not in scores["reference"]


def test_a_word_that_the_judge_never_learnt_is_missed(judge, words_store):
    clips, texts = clips_of(words_store)
    scores = score_back_translation({"reference": clips}, ["umbrella"] * len(texts), None, judge, "ASL")
    assert scores["reference"] == {"bt_top_1": 0, "bt_top_5": 0}


def test_a_reading_does_not_depend_on_the_clips_beside_it(judge, words_store):
    clips, _ = clips_of(words_store)
    together = judge["ASL"].read([*clips, sign("rain", 5, 80)])
    assert [judge["ASL"].read([clip])[0] for clip in clips] == together[:-1]


def test_a_file_reads_as_the_judge_that_wrote_it(judge, words_store, tmp_path):
    judge.save(tmp_path / "judge.pth")
    again = Judge.load(tmp_path / "judge.pth")
    clips, _ = clips_of(words_store)
    assert again["ASL"].read(clips) == judge["ASL"].read(clips)
    assert again.digest == judge.digest
    assert len(again.digest) == 12
    assert f"judge:{again.digest}" in back_translation_presets(again["ASL"], again.digest)[0].signature()
    facts = again["ASL"].training
    assert facts["checksums"] == words_store.split("ASL", "train").info["checksums"]
    assert len(facts["clips"]) == 24
    assert set(facts["held_out"]) < set(facts["clips"])


def test_the_same_seed_gives_the_same_judge_and_leaves_the_global_stream_alone(words_store):
    quick = replace(PLAN, epochs=1, min_steps=4)
    torch.manual_seed(3)
    first = train_judge(words_store, ["ASL"], "train", quick)["ASL"].network.state_dict()
    torch.rand(5)
    second = train_judge(words_store, ["ASL"], "train", quick)["ASL"].network.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = train_judge(words_store, ["ASL"], "train", replace(quick, seed=1))["ASL"].network.state_dict()
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_files_that_are_no_judges(tmp_path):
    with pytest.raises(CheckpointError, match="train-judge"):
        Judge.load(tmp_path / "none.pth")
    (tmp_path / "torn.pth").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(CheckpointError, match="torn"):
        Judge.load(tmp_path / "torn.pth")
    torch.save({"kind": "signllm-checkpoint"}, tmp_path / "model.pth")
    with pytest.raises(CheckpointError, match="but signllm-checkpoint"):
        Judge.load(tmp_path / "model.pth")


def test_a_language_it_does_not_read_is_named(judge):
    with pytest.raises(ConfigError, match=r"GSL.*reads ASL"):
        judge["GSL"]


def test_it_knows_the_clips_it_learnt_from(judge, words_store):
    reader = judge["ASL"]
    assert reader.share_seen(words_store.split("ASL", "train")) == 1
    assert reader.share_seen(words_store.split("ASL", "dev")) == 0
    copy, other = clips_of(words_store, "train")[0][0], clips_of(words_store)[0][0]
    assert reader.saw([copy, other, copy]) == 2


def test_a_half_judge_did_not_see_the_rest_that_is_written_for_generators(words_store, tmp_path):
    half = train_judge(words_store, ["ASL"], "train", replace(PLAN, epochs=1, min_steps=1, share=0.5))
    assert write_rest_store(words_store, ["ASL"], "train", 0.5, 0, tmp_path / "rest") == {"ASL": 12}
    rest = Store(tmp_path / "rest")
    assert half["ASL"].share_seen(rest.split("ASL", "train")) == 0
    assert half["ASL"].share_seen(words_store.split("ASL", "train")) == 0.5
    dev = (words_store.split("ASL", "dev"), rest.split("ASL", "dev"))
    assert dev[0].info["checksums"] == dev[1].info["checksums"]
    with pytest.raises(DataError, match="the store that the judge learns from"):
        write_rest_store(words_store, ["ASL"], "train", 0.5, 0, words_store.root)


# Sentences


def test_a_translator_of_sentences_writes_text_and_gloss(demo_root, tmp_path):
    store = Store(demo_root)
    plan = replace(PLAN, epochs=1, min_steps=6, held_out=0.2)
    judge = train_judge(store, ["GSL", "ASL"], "train", plan)
    judge.save(tmp_path / "judge.pth")
    judge = Judge.load(tmp_path / "judge.pth")
    part = store.split("GSL", "dev")
    clips = [part.pose(index) for index in range(len(part))]
    texts, glosses = [r.text for r in part.records], [r.gloss for r in part.records]
    scores = score_back_translation({"reference": clips, "model": clips}, texts, glosses, judge, "GSL")
    assert judge["GSL"].kind == "translator"
    for name in ("bt_bleu_1", "bt_bleu_4", "bt_chrf", "bt_rouge_l", "bt_wer", "bt_gloss_wer", "bt_gloss_bleu_4"):
        assert np.isfinite(scores["reference"][name])
    assert scores["model"]["bt_wer_of_ceiling"] == 1
    with pytest.raises(DataError, match="must pair up"):
        score_back_translation({"model": clips}, texts[1:], None, judge, "GSL")


def test_gloss_paths_collapse_as_ctc_says():
    vocabulary = GlossVocabulary.train(["it rains"], 60)
    network = Translator(10, vocabulary, ["A", "B"], SMALL, 8)
    assert network._collapse([0, 1, 1, 0, 1, 2, 2, 0]) == "A A B"
    assert network._collapse([0, 0]) == ""


def test_padding_does_not_change_a_translators_loss(demo_root):
    part = Store(demo_root).split("ASL", "train")
    vocabulary = GlossVocabulary.train([record.text for record in part.records], 200)
    torch.manual_seed(0)
    network = Translator(10, vocabulary, ["A", "B"], SMALL, 40).eval()
    x, frames = torch.randn(1, 32, 10), torch.tensor([25])
    pieces = torch.tensor([vocabulary.encode("rain", "ASL")])
    glosses, counts = torch.tensor([[1, 2]]), torch.tensor([2])
    expected = network.loss(x, frames, pieces, glosses, counts)
    longer = torch.nn.functional.pad(x, (0, 0, 0, 16), value=9.0)
    more_pieces = torch.nn.functional.pad(pieces, (0, 3), value=vocabulary.pad)
    more_glosses = torch.nn.functional.pad(glosses, (0, 2))
    assert network.loss(longer, frames, more_pieces, more_glosses, counts).item() == pytest.approx(
        expected.item(), rel=1e-4
    )
    without = network.loss(x, frames, pieces, glosses, torch.tensor([0]))
    assert without < expected  # no gloss, no CTC


def test_clips_without_gloss_add_nothing_to_gloss_figures(judge, demo_root):
    presets = [p for p in _translator_presets(demo_root) if p.name == "bt_gloss-wer"]
    readings = [Reading("a", "A B"), Reading("b", "C")]
    rows = measure_readings(readings, ["a", "b"], ["A B", None], presets)["bt_gloss-wer"]
    assert rows.tolist() == [[0, 2], [0, 0]]


def test_each_text_of_a_clip_is_a_reference_of_its_reading():
    read = [Reading("it rains", "", ("rain", "snow")), Reading("sun", "", ("snow", "rain"))]
    presets = presets_of_kind("recogniser") + presets_of_kind("translator", False)
    rows = measure_readings(read, [("Drizzle", "Rain"), "rain"], None, presets)
    assert rows["bt-recognition"].tolist() == [[1, 1, 1], [0, 1, 1]]
    assert measure_readings(read, [("x y", "it rains"), "sun"], None, presets)["bt-wer"].tolist() == [[0, 2], [0, 1]]


def _translator_presets(demo_root):
    judge = train_judge(Store(demo_root), ["ASL"], "train", replace(PLAN, epochs=1, min_steps=1))
    return BackTranslation(judge).presets


def test_an_evaluations_numbers_conclude_to_the_same_figures(judge, words_store):
    reading = BackTranslation(judge)
    part = words_store.split("ASL", "dev")
    clips, texts = clips_of(words_store)
    rows = reading("ASL", clips, part.records)
    (preset,) = reading.presets
    expected = score_back_translation({"reference": clips}, texts, None, judge, "ASL")["reference"]
    assert dict(zip(preset.figures, preset.conclude(rows[preset.name].sum(0)), strict=True)) == pytest.approx(expected)
    assert np.isnan(preset.conclude(reading("GSL", clips, part.records)[preset.name].sum(0))).all()
    assert reading.language("clips") == "ASL"

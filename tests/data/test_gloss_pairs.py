"""Pairs of text and gloss: from tables and clips, in training phrasings only, as batches that seed and step fix."""

import pytest

from signllm.config.schema import GlossPairsConfig
from signllm.data.dataset import SignDataset
from signllm.data.gloss_pairs import GlossPair, GlossPairs, gloss_pairs, open_gloss_pairs
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import DataError
from signllm.languages import LANGUAGES, prompt_text
from tests.helpers import sources

HEAD = "id|annotation|translation\n"
PAIRS = [
    GlossPair("GSL", f"morgen kommt regen {number}", f"MORGEN REGEN {number}") for number in range(20)
] + [GlossPair("ASL", f"tomorrow it rains {number}", f"TOMORROW RAIN {number}") for number in range(5)]  # fmt: skip


def held_out_heads():
    return tuple(p.split("{text}")[0] for lang in LANGUAGES.values() for p in lang.held_out_prompts if p[0] != "{")


def epoch_of(pairs, epoch, size=4):
    return [pairs.batch(epoch * pairs.steps(size) + number, size) for number in range(pairs.steps(size))]


@pytest.fixture
def clips(demo_root):
    store = Store(demo_root)
    return SignDataset(store, "train", 25.0), SignDataset(store, "dev", 25.0)


def table(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


def open_pairs(tables, eval_tables, clips, **options):
    return open_gloss_pairs(tables, eval_tables, *clips, GlossPairsConfig(**options), seed=0)


def test_tables_and_clips_are_read_together(tmp_path, clips):
    path = table(tmp_path, "train.csv", "a|MORGEN REGEN|morgen regnet es\nb|SONNE|die sonne scheint\n")
    held_out = table(tmp_path, "dev.csv", "c|WIND|es weht ein wind\n")
    train, evaluate = open_pairs({"DGS": path}, {"GSL": held_out}, clips)
    of_table = [("morgen regnet es", "MORGEN REGEN"), ("die sonne scheint", "SONNE")]
    assert train.pairs[:2] == [GlossPair("GSL", text, gloss) for text, gloss in of_table]
    assert {pair.language for pair in train.pairs} == {"ASL", "GSL"}
    of_clips = {(clips[0].record(i).text, clips[0].gloss(i)[0]) for i in range(len(clips[0]))}
    assert {(pair.text, pair.gloss) for pair in train.pairs[2:]} == of_clips
    assert evaluate.pairs[0] == GlossPair("GSL", "es weht ein wind", "WIND")
    assert not {pair.text for pair in evaluate.pairs[:1]} & {pair.text for pair in train.pairs}


def test_pseudo_gloss_is_marked_as_such(tmp_path):
    with StoreWriter(tmp_path, "GSL", "train") as writer:
        for name, gloss in (("a", "REGEN"), ("b", None)):
            writer.add(ClipRecord(name, f"Text {name}", "GSL", 25, 6, gloss), sources.clip())
        writer.finish({})
    pairs = gloss_pairs({}, SignDataset(Store(tmp_path), "train", 25))
    assert pairs == [GlossPair("GSL", "Text a", "REGEN"), GlossPair("GSL", "Text b", "TEXT B", pseudo=True)]


def test_what_is_evaluated_on_is_never_trained_on(tmp_path, clips):
    train = table(tmp_path, "train.csv", "a|REGEN|es regnet\nb|SONNE|sonne\n")
    held_out = table(tmp_path, "dev.csv", "b|SONNE|sonne\n")
    with pytest.raises(DataError, match="1 ids of GSL are also to be evaluated on, such as b"):
        open_pairs({"GSL": train}, {"GSL": held_out}, clips)
    dev_clip = next(r for r in map(clips[1].record, range(len(clips[1]))) if r.language == "GSL")
    copied = table(tmp_path, "copied.csv", f"{dev_clip.id}|REGEN|es regnet\n")
    with pytest.raises(DataError, match=f"such as {dev_clip.id}"):
        open_pairs({"GSL": copied}, {}, clips)


def test_every_fault_of_the_tables_is_named(tmp_path, clips):
    bad = table(tmp_path, "bad.csv", "a|REGEN\n")
    with pytest.raises(DataError) as caught:
        open_pairs({"GSL": bad, "ASL": str(tmp_path / "none.csv")}, {}, clips)
    assert [fault.split(": ")[-1].split(",")[0] for fault in caught.value.faults] == ["2 fields", "no such file"]
    fine = table(tmp_path, "fine.csv", "a|REGEN|es regnet\n")
    with pytest.raises(DataError, match="KSL has a table but no training clips"):
        open_pairs({"KSL": fine}, {}, clips)


def test_batches_are_a_function_of_seed_and_step_and_hold_each_pair_once():
    options = GlossPairsConfig(word_dropout=0.2, other_texts=0.3)
    pairs, again = GlossPairs(PAIRS, options, 0), GlossPairs(PAIRS, options, 0)
    for epoch in (0, 3):
        batches = epoch_of(pairs, epoch)
        assert sorted(gloss for batch in batches for gloss in batch.glosses) == sorted(pair.gloss for pair in PAIRS)
        assert batches == epoch_of(again, epoch)
    assert epoch_of(pairs, 0) != epoch_of(pairs, 1)
    assert epoch_of(pairs, 0) != epoch_of(GlossPairs(PAIRS, options, 1), 0)


def test_prompts_are_training_phrasings_of_the_pairs_language_in_all_their_variety():
    pairs = GlossPairs(PAIRS, GlossPairsConfig(), 0)
    seen = {}
    for epoch in range(12):
        for batch in epoch_of(pairs, epoch):
            assert not any(batch.language_only)
            for prompt, code, gloss in zip(batch.prompts, batch.languages, batch.glosses, strict=True):
                assert not prompt.startswith(held_out_heads())
                read, text = prompt_text(prompt)
                assert read == code
                assert GlossPair(code, text, gloss) in PAIRS
                seen.setdefault(code, set()).add(prompt.replace(text, "{text}"))
    assert seen == {code: set(LANGUAGES[code].prompts) for code in ("ASL", "GSL")}


def test_the_vocabulary_knows_no_held_out_phrasing():
    assert not [text for text in GlossPairs(PAIRS, GlossPairsConfig(), 0).texts() if text.startswith(held_out_heads())]


def test_words_at_random_leave_only_the_language_to_be_read():
    pairs = GlossPairs(PAIRS, GlossPairsConfig(other_texts=0.5), 0)
    mixed = []
    for epoch in range(20):
        for batch in epoch_of(pairs, epoch):
            for prompt, code, only in zip(batch.prompts, batch.languages, batch.language_only, strict=True):
                read, text = prompt_text(prompt)
                assert read == code
                mixed.append((only, code, text.split()))
    assert 0.4 < sum(only for only, _, _ in mixed) / len(mixed) < 0.6
    seen = {(code, word) for only, code, words in mixed if only for word in words}
    assert {("ASL", "morgen"), ("GSL", "tomorrow")} <= seen
    letters, known = (
        {"".join(sorted(w)) for p in PAIRS for w in p.text.split()},
        {w for p in PAIRS for w in p.text.split()},
    )
    assert {"".join(sorted(word)) for _, word in seen} <= letters
    assert {word for _, word in seen} - known
    first = {(code, words[0]) for only, code, words in mixed if not only}
    assert first == {("ASL", "tomorrow"), ("GSL", "morgen")}


def test_noise_replaces_words_around_the_text_by_more_or_fewer_and_leaves_the_text():
    words = {word for pair in PAIRS for word in pair.text.split()}
    letters = {"".join(sorted(word)) for word in words}

    def around(noise, epoch):
        pairs = GlossPairs(PAIRS, GlossPairsConfig(phrasing_noise=noise), 0)
        for batch in epoch_of(pairs, epoch):
            for prompt, gloss in zip(batch.prompts, batch.glosses, strict=True):
                (text,) = [pair.text for pair in PAIRS if pair.gloss == gloss]
                assert f"'{text}'" in prompt
                yield prompt.replace(f"'{text}'", "").replace("?", " ").split()

    plain, noisy = ([found for epoch in range(10) for found in around(noise, epoch)] for noise in (0.0, 0.5))
    others = [word for found in noisy for word in found if "".join(sorted(word)) in letters]
    assert 0.4 < len(others) / sum(map(len, noisy)) < 0.6
    assert 0.3 < sum(word in words for word in others if len(word) > 2) / len(others) < 0.6  # the rest are new words
    lengths, of_plain = ({len(found) for found in side} for side in (noisy, plain))
    assert min(lengths) < min(of_plain)  # so the text is met at other positions
    assert max(lengths) > max(of_plain)


def test_noise_is_mostly_of_the_language_itself_however_rare_that_is():
    pairs = GlossPairs(PAIRS, GlossPairsConfig(phrasing_noise=0.5), 0)
    around = []
    for epoch in range(20):
        for batch in epoch_of(pairs, epoch):
            for prompt, code in zip(batch.prompts, batch.languages, strict=True):
                if code == "ASL":
                    before, _, after = prompt.split("'")
                    around += (before + after).split()
    own, foreign = (sum(around.count(word) for word in text.split()) for text in ("tomorrow rains", "morgen kommt"))
    assert own > foreign  # a fifth of the pairs are ASL


def test_words_are_left_out_at_the_asked_rate():
    whole = [len(b.split()) for batch in epoch_of(GlossPairs(PAIRS, GlossPairsConfig(), 0), 0) for b in batch.prompts]
    fewer = []
    for epoch in range(30):
        pairs = GlossPairs(PAIRS, GlossPairsConfig(word_dropout=0.25), 0)
        fewer.append(sum(len(p.split()) for batch in epoch_of(pairs, epoch) for p in batch.prompts))
    assert sum(fewer) / len(fewer) == pytest.approx(0.75 * sum(whole), rel=0.05)

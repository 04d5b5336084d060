"""Dealing clips to train and dev: nothing that the rule keeps apart is in both, the share is met, and it stays so."""

from pathlib import Path

import numpy as np
import pytest

from signllm.data.dealing import deal, split_of
from signllm.data.groups import deal_clips
from signllm.data.source import ClipEntry, SourcePart
from tests.helpers.sources import lines, write_rows


def entry(name, text, signer=None, recording=None, path="a.npz"):
    return ClipEntry(str(name), Path(path), lambda: (None, []), text=text, signer=signer, recording=recording)


def sentences(seed, clips=400, signers=12, recordings=90, texts=300, known=True):
    """Clips of recordings, each by one signer; a text may be signed in several recordings."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(clips):
        recording = int(rng.integers(recordings))
        signer = f"s{recording % signers}" if known else None
        found.append(entry(n, f"sentence number {rng.integers(texts)}", signer, f"r{recording}"))
    return found


def words(seed, clips=400, signers=12, vocabulary=40):
    rng = np.random.default_rng(seed)
    return [entry(n, f"word{rng.integers(vocabulary)}", f"s{rng.integers(signers)}") for n in range(clips)]


def both(entries, dev, of):
    inside = {of(entries[n]) for n in dev}
    return inside & {of(entry) for n, entry in enumerate(entries) if n not in dev}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("held_out", [0.1, 0.2])
def test_no_recording_is_in_both_splits_and_the_share_is_met(seed, held_out):
    for entries in (sentences(seed, texts=4000, signers=30), sentences(seed, texts=4000, known=False), words(seed)):
        found = deal_clips(entries, held_out)
        assert held_out / 2 <= len(found.dev) / len(entries) <= 2 * held_out
        assert not both(entries, found.dev, lambda entry: entry.recording or entry.name)
        assert found == deal_clips(entries, held_out)


@pytest.mark.parametrize("seed", range(4))
def test_signers_and_texts_are_held_out_where_they_can_be(seed):
    spread = [entry(n, f"sentence {n}", f"s{n % 20}", f"r{n // 4}-{n % 20}") for n in range(400)]
    found = deal_clips(spread, 0.15)
    assert found.rule == "signer,recording,text"
    assert not both(spread, found.dev, lambda entry: entry.signer)
    unknown = sentences(seed, known=False, recordings=300, texts=2000)
    found = deal_clips(unknown, 0.15)
    assert found.rule == "recording,text"
    assert not both(unknown, found.dev, lambda entry: entry.text)
    shared = [entry(f"{n}-{by}", f"sentence {n}", f"s{(n + by) % 8}") for n in range(200) for by in (0, 1)]
    found = deal_clips(shared, 0.15)  # signers share their texts in a ring: only texts can be held out
    assert found.rule == "recording,text"
    assert not both(shared, found.dev, lambda entry: entry.text)


@pytest.mark.parametrize("seed", range(4))
def test_words_of_dev_are_in_train_and_signers_are_held_out_where_that_leaves_them_so(seed):
    entries = words(seed)
    found = deal_clips(entries, 0.15)
    assert found.rule == "signer,recording"
    assert not both(entries, found.dev, lambda entry: entry.signer)
    assert len(both(entries, found.dev, lambda entry: entry.text)) == len({entries[n].text for n in found.dev})
    few = words(seed, signers=2, vocabulary=150)
    found = deal_clips(few, 0.15)
    trained = {entry.text for n, entry in enumerate(few) if n not in found.dev}
    assert {few[n].text for n in found.dev} <= trained
    assert "all texts of dev in train" in found.why


def test_a_dictionary_is_dealt_all_the_same_and_says_so():
    found = deal_clips([entry(n, f"word{n}") for n in range(200)], 0.15)
    assert found.rule == "name"
    assert f"{len(found.dev)} clips of dev have a text that train does not have" in found.why


def test_clips_without_anything_in_common_are_dealt_by_their_names_alone():
    entries = [entry(f"clip{n}", f"the sentence {n}") for n in range(400)]
    found = deal_clips(entries, 0.15)
    assert found.rule == "name"
    assert found.dev == {n for n, clip in enumerate(entries) if split_of(clip.name, 0.15) == "dev"}


@pytest.mark.parametrize("seed", range(4))
def test_clips_stay_where_they_are_when_others_come(seed):
    entries = sentences(seed, known=False, recordings=200, texts=4000)
    more = [entry(f"new{n}", f"new text {n}", recording=f"z{n // 3}") for n in range(150)]
    before, after = deal_clips(entries, 0.15).dev, deal_clips(entries + more, 0.15).dev
    moved = before ^ {n for n in after if n < len(entries)}
    assert not moved
    late = [entry(f"late{n}", f"late text {n}", recording=f"r{n}") for n in range(100)]  # of the same recordings
    assert before == {n for n in deal_clips(entries + late, 0.15).dev if n < len(entries)}
    alike = [entry(f"zz{n}", entries[n].text, recording=f"zz{n}") for n in range(100)]  # of the same texts
    assert before == {n for n in deal_clips(entries + alike, 0.15).dev if n < len(entries)}


def test_two_sources_agree_on_a_recording_of_one_name():
    whole = [entry(f"rec{n}", f"the sentence number {n}") for n in range(300)]
    signs = [entry(f"sign{n}-{m}", f"sign{m}", recording=f"rec{n}") for n in range(300) for m in range(n % 5)]
    of_whole = {whole[n].name for n in deal_clips(whole, 0.15).dev}
    of_signs = {signs[n].recording for n in deal_clips(signs, 0.15).dev}
    assert of_signs == of_whole & {sign.recording for sign in signs}


def test_few_groups_come_as_near_to_the_share_as_they_can():
    entries = [entry(f"{signer}-{n}", f"word{n}", f"s{signer}") for signer in range(5) for n in range(30)]
    found = deal_clips(entries, 0.15)
    assert (found.rule, len(found.dev)) == ("signer,recording", 30)
    three = [clip for clip in entries if clip.signer in ("s0", "s1", "s2")]
    assert deal_clips(three, 0.15).rule != "signer,recording"  # a third of all is too much


def test_the_same_poses_under_two_names_are_in_one_split(tmp_path):
    rng = np.random.default_rng(0)
    entries = []
    for n in range(60):
        rows = rng.random((4, 134), dtype=np.float32)
        for take in ("a", "b"):
            path = tmp_path / f"{n}{take}.npz"
            write_rows(path, rows)
            entries.append(entry(path.stem, f"sentence of {n} and {take}", path=path))
    lines(tmp_path / "other.txt", "no clip")
    found = deal_clips(entries, 0.2)
    assert 0 < len(found.dev) < 120
    assert not both(entries, found.dev, lambda entry: entry.name[:-1])


def test_the_rule_stands_in_both_parts_and_nothing_is_held_out_where_none_is_wanted():
    part = SourcePart(None, "corpus", Path(), (), tuple(words(0)))
    found = deal(part)
    (step,) = found["dev"].steps
    assert found["train"].steps == (step,)
    assert (step.name, step.value) == ("deal", "signer,recording")
    assert f"{len(found['dev'].entries)} of 400 clips to dev" in step.why
    assert len(deal(part, 0.0)["train"].entries) == 400

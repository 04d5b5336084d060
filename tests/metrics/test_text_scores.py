"""Text scores against sacrebleu's own corpus scores and against plain definitions."""

import math
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sacrebleu

from signllm.data.text_gloss import read_text_gloss
from signllm.errors import DataError
from signllm.metrics.text_scores import (
    edit_distance,
    gloss_presets,
    measure_texts,
    rouge_l,
    score_glosses,
    score_texts,
    text_presets,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PHOENIX = SHARED / "phoenix14t_text" / "dev.csv"


def corpus(seed, count=30, words=("rain", "Sun", "wind", "tomorrow,", "north.", "the", "a", "will")):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, rng.integers(2, 9))) for _ in range(count)]


@pytest.fixture
def texts():
    meant = corpus(1)
    return [f"{text.rsplit(' ', 1)[0]} {other}" for text, other in zip(meant, corpus(0), strict=True)], meant


def literal_bleu(hypotheses, references, order):
    """Papineni et al. without smoothing, on tokens between blanks."""
    logs, lengths = 0.0, [0, 0]
    for n in range(1, order + 1):
        hits = total = 0
        for hypothesis, reference in zip(hypotheses, references, strict=True):
            said, meant = hypothesis.split(), reference.split()
            grams = [Counter(tuple(t[i : i + n]) for i in range(len(t) - n + 1)) for t in (said, meant)]
            hits += sum(min(count, grams[1][gram]) for gram, count in grams[0].items())
            total += max(len(said) - n + 1, 0)
        logs += math.log(hits / total) / order
    lengths = [sum(len(text.split()) for text in side) for side in (hypotheses, references)]
    return 100 * math.exp(logs) * min(1.0, math.exp(1 - lengths[1] / lengths[0]))


def test_text_figures_are_sacrebleus(texts):
    said, meant = texts
    figures = score_texts(said, meant)
    for order in (1, 2, 3, 4):
        expected = sacrebleu.BLEU(lowercase=True, max_ngram_order=order).corpus_score(said, [meant]).score
        assert figures[f"text_bleu_{order}"] == pytest.approx(expected, abs=1e-9)
    assert figures["text_chrf"] == pytest.approx(sacrebleu.CHRF(lowercase=True).corpus_score(said, [meant]).score)


def test_figures_of_several_references_are_sacrebleus(texts):
    said, meant = texts
    other = [text if n % 3 else f"tomorrow, {text}" for n, text in enumerate(corpus(7))]
    pairs = [[one, two] for one, two in zip(meant, other, strict=True)]
    figures = score_texts(said, pairs)
    for order in (1, 2, 3, 4):
        expected = sacrebleu.BLEU(lowercase=True, max_ngram_order=order).corpus_score(said, [meant, other]).score
        assert figures[f"text_bleu_{order}"] == pytest.approx(expected, abs=1e-9)
    expected = sacrebleu.CHRF(lowercase=True).corpus_score(said, [meant, other]).score
    assert figures["text_chrf"] == pytest.approx(expected)
    alone = score_texts(said, meant)
    assert figures["text_wer"] < alone["text_wer"]
    assert figures["text_rouge_l"] > alone["text_rouge_l"]
    assert score_texts(["a b c"], [["x y z", "a b c d"]])["text_wer"] == 25
    assert score_texts(said, [[one, one] for one in meant]) == alone
    with pytest.raises(DataError, match="1 references without text"):
        score_texts(["a"], [["a", ""]])


def test_gloss_bleu_is_the_fields_raw_corpus_bleu_and_the_plain_definition(texts):
    said, meant = ([text.upper() for text in side] for side in texts)
    figures = score_glosses(said, meant)
    assert figures["gloss_bleu_4"] == pytest.approx(sacrebleu.raw_corpus_bleu(said, [meant]).score)
    for order in (1, 2, 3, 4):
        assert figures[f"gloss_bleu_{order}"] == pytest.approx(literal_bleu(said, meant, order))


def test_gloss_tokens_are_what_stands_between_blanks():
    assert score_glosses(["REGEN-MORGEN KOMMEN"], ["REGEN MORGEN KOMMEN"])["gloss_wer"] == pytest.approx(200 / 3)


def literal_common(a, b):
    @cache
    def longest(i, j):
        if i == len(a) or j == len(b):
            return 0
        return 1 + longest(i + 1, j + 1) if a[i] == b[j] else max(longest(i + 1, j), longest(i, j + 1))

    return longest(0, 0)


def literal_edits(a, b):
    @cache
    def fewest(i, j):
        if i == len(a) or j == len(b):
            return len(a) - i + len(b) - j
        return min(fewest(i + 1, j) + 1, fewest(i, j + 1) + 1, fewest(i + 1, j + 1) + (a[i] != b[j]))

    return fewest(0, 0)


def test_rouge_and_edits_follow_their_recursions(texts):
    for said, meant in zip(*texts, strict=True):
        a, b = tuple(said.split()), tuple(meant.split())
        common = literal_common(a, b)
        p, r = common / len(a), common / len(b)
        assert rouge_l(a, b) == pytest.approx(2.44 * p * r / (r + 1.44 * p) if common else 0)
        assert edit_distance(a, b) == literal_edits(a, b)


def test_word_error_rate_counts_over_the_corpus():
    figures = score_texts(["a b c d", ""], ["A b x d", "e f"])
    assert figures["text_wer"] == pytest.approx(100 * (1 + 2) / 6)


def test_case_counts_only_when_asked():
    assert score_texts(["RAIN"], ["rain"])["text_wer"] == 0
    assert score_texts(["RAIN"], ["rain"], text_presets(lowercase=False))["text_wer"] == 100
    assert score_glosses(["rain"], ["RAIN"], lowercase=False)["gloss_wer"] == 100


def test_numbers_add_up_over_corpora(texts):
    said, meant = texts
    presets = text_presets()
    halves = [measure_texts(said[part], meant[part], presets) for part in (slice(0, 11), slice(11, None))]
    whole = score_texts(said, meant, presets)
    for preset in presets:
        pooled = preset.conclude(sum(half[preset.name].sum(0) for half in halves))
        assert pooled == pytest.approx([whole[name] for name in preset.figures])


def test_many_resampled_sums_are_concluded_at_once(texts):
    for preset in gloss_presets():
        rows_NK = measure_texts(*texts, [preset])[preset.name]
        sums = np.stack([rows_NK.sum(0), 2 * rows_NK.sum(0)])
        assert preset.conclude(sums).shape == (2, len(preset.figures))
        assert preset.conclude(sums)[0] == pytest.approx(preset.conclude(sums[0]))


def test_a_silent_system_scores_zero_and_not_nan():
    figures = score_texts(["", ""], ["a b", "c"])
    assert figures["text_bleu_4"] == figures["text_chrf"] == figures["text_rouge_l"] == 0
    assert figures["text_wer"] == 100


def test_refuses_what_does_not_pair_up_and_empty_references():
    with pytest.raises(DataError, match="2 texts for 1 references"):
        score_texts(["a", "b"], ["a"])
    with pytest.raises(DataError, match="the first is number 1"):
        score_texts(["a", "b"], ["a", " "])


def test_signatures_name_tokenisation_case_and_version():
    text, gloss = text_presets()[0].signature(), gloss_presets()[0].signature()
    assert "tok:13a" in text
    assert "tok:none" in gloss
    assert all(f"sacrebleu:{sacrebleu.__version__}" in s and "case:lc" in s for s in (text, gloss))


@pytest.mark.skipif(not PHOENIX.is_file(), reason="the PHOENIX-2014T texts are not on this machine")
def test_phoenix_dev_scores_itself_perfectly_and_a_shuffle_poorly():
    glosses = [row.gloss for row in read_text_gloss(PHOENIX)]
    assert len(glosses) == 519
    perfect = score_glosses(glosses, glosses)
    assert perfect["gloss_bleu_4"] == pytest.approx(100)
    assert perfect["gloss_wer"] == 0
    assert score_glosses(glosses[1:] + glosses[:1], glosses)["gloss_bleu_4"] < 10

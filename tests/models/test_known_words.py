"""The record of training words: what it knows, how it is bounded, and what is said where there is none."""

import pytest

from signllm.errors import CheckpointError
from signllm.models import known_words
from signllm.models.known_words import KnownWords, LanguageWords

WORDS = KnownWords.of({"ASL": ["The book.", "the rain"], "KSL": ["책을 읽다", "나는"]})


def test_words_are_unknown_in_each_language_by_itself():
    assert WORDS.unknown(["book", "zyzzyva", "책", "zyzzyva"], ["ASL"]) == ["zyzzyva", "책"]
    assert WORDS.unknown(["book", "책이", "책은"], ["KSL"]) == ["book"]
    assert WORDS.unknown(["book", "책"], ["ASL", "KSL"]) == []


def test_a_word_that_begins_like_a_known_one_is_unknown():
    assert WORDS.unknown(["나이", "나는", "books"], ["ASL", "KSL"]) == ["나이", "books"]


def test_the_state_comes_back():
    state = WORDS.state()
    assert KnownWords.from_state(state) == WORDS
    assert KnownWords.from_state(None) == KnownWords()
    assert not KnownWords().has_record(["ASL"])
    assert not WORDS.has_record(["ASL", "GSL"])
    assert WORDS.has_record(["ASL", "KSL"])


@pytest.mark.parametrize(
    "state",
    [3, {"version": 9}, {"version": 1}, {"version": 1, "languages": {"ASL": {"words": 3, "complete": True}}},
     {"version": 1, "languages": {"XSL": {"words": "a", "complete": True}}}, {"version": 1, "languages": ["ASL"]}],
)  # fmt: skip
def test_a_damaged_state_is_refused(state):
    with pytest.raises(CheckpointError, match="training words"):
        KnownWords.from_state(state)


def test_the_most_frequent_words_are_kept(monkeypatch):
    monkeypatch.setattr(known_words, "MOST_WORDS", 2)
    few = LanguageWords.of(["c b a", "c b", "c"])
    assert few == LanguageWords(("b", "c"), complete=False)
    assert few.joined(LanguageWords(("d",))) == few
    assert LanguageWords(("b",)).joined(LanguageWords(("a", "c"))) == LanguageWords(("a", "b"), complete=False)


def test_joining_the_same_again_changes_nothing():
    assert WORDS.joined(WORDS) == WORDS
    more = WORDS.joined(KnownWords.of({"ASL": ["snow"], "GSL": ["Schnee"]}))
    assert more.unknown(["snow", "book"], ["ASL"]) == []
    assert more.has_record(["ASL", "KSL", "GSL"])

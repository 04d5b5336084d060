"""The tokenizer trained on the corpus: eight languages in, nothing lost, nothing unknown."""

import unicodedata

import pytest

from signllm.languages import CODES
from signllm.models.wordpiece import TOOLKIT_LETTERS, train_wordpiece
from tests.helpers.language_texts import CORPUS, TEXTS


@pytest.fixture(scope="module")
def wordpiece():
    return train_wordpiece(CORPUS, 600)


@pytest.mark.parametrize("code", CODES)
def test_wordpiece_round_trip(wordpiece, code):
    encoding = wordpiece.encode(TEXTS[code])
    assert "[UNK]" not in encoding.tokens
    decoded = unicodedata.normalize("NFC", wordpiece.decode(encoding.ids))
    expected = TEXTS[code].replace("İ", "i").lower()
    assert decoded.replace(" ", "") == expected.replace(" ", "")


def test_new_words_of_known_characters_are_known(wordpiece):
    # words, syllables and accented letters that the corpus does not hold; the second last as a Mac writes it
    for text in ("tsorf oaic", "각난달 갓말", "ẅïr", unicodedata.normalize("NFD", "é ü 안녕"), "SCHÖN"):
        assert "[UNK]" not in wordpiece.encode(text).tokens, text
    assert "[UNK]" in wordpiece.encode("電").tokens


def test_letters_that_make_different_words_stay_different(wordpiece):
    def ids(text):
        return wordpiece.encode(text).ids

    assert ids("schön") != ids("schon")
    assert ids("ılık") != ids("ilik")
    assert ids("İSTANBUL") == ids("istanbul")
    assert ids(unicodedata.normalize("NFD", "größere 안녕")) == ids("größere 안녕")


def test_vocabulary_does_not_depend_on_the_order_of_the_corpus(wordpiece):
    assert train_wordpiece(CORPUS[::-1], 600).to_str() == wordpiece.to_str()
    assert wordpiece.get_vocab_size() <= 600


@pytest.mark.parametrize("code", CODES)
def test_reserved_letters_spell_every_language_after_a_corpus_of_one(code):
    english = ["the book", "tomorrow it rains"]
    assert "[UNK]" not in train_wordpiece(english, 600, TOOLKIT_LETTERS).encode(TEXTS[code]).tokens
    if code in ("KSL", "TSL", "LSA"):
        assert "[UNK]" in train_wordpiece(english, 600).encode(TEXTS[code]).tokens

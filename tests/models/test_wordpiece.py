"""The tokenizer trained on the corpus: eight languages in, nothing lost, nothing unknown."""

import unicodedata

import pytest

from signllm.languages import CODES, make_prompt
from signllm.models.wordpiece import train_wordpiece

TEXTS = {
    "ASL": "We're going to the station tomorrow.",
    "GSL": "morgen regnet es überall, größere schauer in münchen .",
    "DSGS": "Zürich heißt auf Französisch Zurich; schön und schon sind zwei Wörter.",
    "LSF-CH": "Où est la forêt ? Ça, c'est l'élève à côté.",
    "LIS-CH": "Perché la città è più bella di là?",
    "LSA": "¿Cómo está el niño? ¡Mañana será mejor, señor!",
    "KSL": "안녕하세요, 만나서 반갑습니다. 값을 읽다!",
    "TSL": "İstanbul'da ılık bir gün, çiçekler ığıl ığıl; şöyle güzel.",
}
CORPUS = [*TEXTS.values(), *(make_prompt(TEXTS[code], code, index) for code in CODES for index in range(4))]


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

"""Sentences in all eight languages; abbreviations, ordinals and quotations hold none."""

import pytest

from signllm.languages import LANGUAGES
from signllm.text.sentences import split_sentences

TWO = {
    "en": ["Dr. Smith has 3.5 apples.", "Is it 5 p.m.?"],
    "de": ["Am 3. Oktober regnet es z. B. im Norden.", "Gut!"],
    "fr": ["M. Dupont est là.", "Où est Mme. Petit ?"],
    "it": ["Il sig. Rossi è qui.", "Dove va?"],
    "es": ["El Sr. López viene.", "¿Cómo estás?"],
    "ko": ["오늘은 비가 옵니다.", "내일은 어때요?"],
    "tr": ["Dr. Yılmaz 3. sınıfta.", "İzmir'de mi?"],
    "zh": ["他有一个姐姐。", "我明天去北京。"],
    "ja": ["明日は雨です。", "傘を持って行きます。"],
}


@pytest.mark.parametrize("spoken", sorted({language.spoken for language in LANGUAGES.values()}))
def test_two_sentences_are_two(spoken):
    assert split_sentences(" ".join(TWO[spoken]), spoken) == TWO[spoken]
    for sentence in TWO[spoken]:
        assert split_sentences(sentence, spoken) == [sentence]


def test_forty_sentences_are_forty():
    assert split_sentences(" ".join(["The weather is nice."] * 40), "en") == ["The weather is nice."] * 40


@pytest.mark.parametrize(
    "text",
    ["hello", " hello. ", "...", "😀🎉", "He said 'Good morning. How are you?' to me", "a. b", "no end", "\nx\n"],
)
def test_one_sentence_is_the_text_as_given(text):
    assert split_sentences(text, "en") == [text]


def test_marks_alone_are_no_sentence():
    assert split_sentences("Really?! ... Yes.", "en") == ["Really?! ...", "Yes."]
    assert split_sentences("One line.\n\nAnother line.", "en") == ["One line.", "Another line."]

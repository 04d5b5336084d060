"""Texts that contradict their sign language are counted; words alone, numbers and small samples are not doubted."""

from itertools import pairwise

import pytest

from signllm.languages import CODES, LANGUAGES
from signllm.text.identify import language_doubt
from signllm.text.words import words_of

GERMAN = [
    "Am Tag scheint häufig die Sonne.", "Morgen regnet es im Norden.", "In der Nacht wird es kalt.",
    "Der Wind weht schwach bis mäßig.", "Am Freitag fällt etwas Schnee.", "Wo ist der Bahnhof?",
]  # fmt: skip
WORDS = words_of(
    "book drink computer before chair go clothes who candy cousin deaf fine help no thin walk year yes all black cool"
    " finish hot like many mother orange table thanksgiving what woman bed blue bowling can dog family fish graduate"
    " hat hearing kiss language later man shirt study tall white wrong accident apple bird change color corn cow dance"
    " dark doctor eat enjoy forget give last meet pink pizza play school secretary short time want work"
)
TURKISH = words_of(
    "anne baba kardeş çocuk öğretmen okul kitap masa sandalye pencere kapı güneş yağmur kar rüzgâr deniz"
)


@pytest.mark.parametrize("code", CODES)
def test_each_language_agrees_with_its_own_texts_only(code):
    spoken = LANGUAGES[code].spoken
    for other in LANGUAGES.values():
        doubt = language_doubt([phrasing.replace("{text}", "") for phrasing in other.prompts], code)
        assert (doubt is None) == (other.spoken == spoken), (other.code, doubt)


def test_the_figure_and_an_example_are_said():
    doubt = language_doubt(GERMAN, "ASL")
    assert doubt.startswith("100% of the texts are not in English, the spoken language of ASL, but mostly in German")
    assert f"such as '{GERMAN[0]}'" in doubt
    assert language_doubt(GERMAN, "GSL") is None
    assert language_doubt(GERMAN, "DSGS") is None


def test_a_part_of_the_texts_is_counted():
    english = [f"{word} is what I want to eat before I go to {other}." for word, other in pairwise(WORDS)]
    assert "of the texts are not in English" in language_doubt([*english[:30], *GERMAN * 2], "ASL")
    assert language_doubt([*english, " ".join(GERMAN)], "ASL") is None


def test_sentences_of_two_languages_in_turn_are_told_apart():
    english = [f"On {day} it will rain in the north." for day in ("Monday", "Tuesday", "Friday", "Sunday")]
    mixed = [text for pair in zip(GERMAN, english * 2, strict=False) for text in pair]
    assert "mostly in English, such as 'On Monday" in language_doubt(mixed, "GSL")
    assert "mostly in German" in language_doubt(mixed, "ASL")


def test_names_and_words_of_many_languages_are_not_doubted():
    shared = "Taxi Hotel Radio Pizza Kino Sofa Café Banane Telefon Auto Musik Problem Student Museum Park Bus"
    names = "Berlin München Hamburg Paris Madrid Roma Lisboa Obama Merkel Toyota Samsung Google Internet"
    assert language_doubt(words_of(shared), "GSL") is None
    assert language_doubt(words_of(names), "GSL") is None


def test_single_words_are_judged_together():
    assert language_doubt(WORDS, "ASL") is None
    assert "100%" in language_doubt(WORDS, "GSL")
    assert language_doubt(TURKISH, "TSL") is None
    assert "mostly in Turkish" in language_doubt(TURKISH, "ASL")
    assert language_doubt([word.upper() for word in WORDS], "ASL") is None


@pytest.mark.parametrize(
    "texts",
    [[], ["hand"], ["hand", "rot"] * 400, [f"sentence {n}" for n in range(300)], list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
     [str(n) for n in range(500)], ["😀", "🎉"]],
)  # fmt: skip
def test_too_little_text_is_not_judged(texts):
    assert all(language_doubt(texts, code) is None for code in ("ASL", "GSL", "TSL"))


def test_another_script_needs_no_sentence():
    assert "mostly in the Han script, such as '你好'" in language_doubt(["你好", "book"], "ASL")
    assert "mostly in the Hangul script" in language_doubt(["책"], "ASL")
    assert "mostly in the Latin script" in language_doubt(["book"], "KSL")
    assert language_doubt(["책", "KBS 뉴스를 보다"], "KSL") is None

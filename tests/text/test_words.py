"""Words in one form for all spellings, in eight languages and in scripts that none of them is written in."""

import pytest

from signllm.text.words import (
    count_words,
    first_few,
    is_sentence,
    joined_han,
    own_scripts,
    script_of,
    stems_of,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zyzzyva quux!", ["zyzzyva", "quux"]),
        ("Cafe\u0301, CAFÉ", ["café", "café"]),
        ("İSTANBUL'da ılık", ["istanbul", "da", "ılık"]),
        ("Qu'est-ce que l'eau ?", ["qu", "est", "ce", "que", "l", "eau"]),
        ("1234 um 17.30 Uhr", ["1234", "um", "17.30", "uhr"]),
        ("Straße", ["straße"]),
        ("날씨가 좋다", ["날씨가", "좋다"]),
        ("你好world世界", ["你好", "world", "世界"]),
        ("hi 👋🏽👩\u200d🦰🎉", ["hi", "👋🏽", "👩\u200d🦰", "🎉"]),
        ("5 €", ["5", "€"]),
        ("... ¿?", []),
    ],
)
def test_words_are_parted_as_in_the_text_encoder(text, words):
    assert words_of(text) == words


def test_scripts():
    assert [script_of(word) for word in ("été", "날씨", "你好", "привет", "12", "🎉", "ありがとう")] == [
        "Latin", "Hangul", "Han", "Cyrillic", None, None, "Kana",
    ]  # fmt: skip
    assert [own_scripts(spoken) for spoken in ("en", "tr", "ko", "zh")] == [
        ("Latin",),
        ("Latin",),
        ("Hangul",),
        ("Han",),
    ]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("날씨가", "날씨"),
        ("책을", "책"),
        ("학교에서", "학교"),
        ("서울로", "서울"),
        ("책으로", "책"),
        ("친구도", "친구"),
    ],
)
def test_a_korean_noun_is_known_without_its_particle(word, stem):
    assert stems_of(word, "ko") == [word, stem]


@pytest.mark.parametrize("word", ["나이", "지도", "가", "책를"])
def test_what_only_looks_like_a_particle_is_part_of_the_word(word):
    assert stems_of(word, "ko") == [word]


def test_words_of_other_languages_stay():
    assert stems_of("houses", "en") == ["houses"]


def test_a_long_list_is_counted():
    assert first_few("abc", 3) == "a, b, c"
    assert first_few("abcde", 3) == "a, b, c and 2 more"


def test_chinese_has_a_word_a_letter_and_no_blanks():
    assert words_of("他有姐姐, ok", "zh") == ["他", "有", "姐", "姐", "ok"]
    assert joined_han("他 有 一 个 A B") == "他有一个 A B"
    texts = ("姐姐", "他有一个姐姐", "他 有 一 个 姐 姐", "été là")
    assert [count_words(text) for text in texts] == [1, 3, 3, 2]


def test_a_sentence_needs_no_blanks_between_its_words():
    texts = ["我的弟弟去学校", "明天可能会下雨", "你好", "guten Morgen", "wie geht es", "", "내 남동생은 학생이다"]
    assert [is_sentence(text) for text in texts] == [True, True, False, False, True, False, True]

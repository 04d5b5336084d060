"""From texts to signs: which words find their sign, by which way, and what is said of the others."""

import pytest

from signllm.composing.building import Recording, of_recordings
from signllm.composing.lexicon import base_form, sign_name
from signllm.composing.wording import LEFT_OUT, LEMMA, NUMBER, SIGN, SPELLED, Wording
from tests.helpers.lexicons import performance


def lexicon_of(language, *labels, words=()):
    pose = performance(0, 12)
    return of_recordings(
        [Recording(str(n), language, label, tuple(words), None, pose) for n, label in enumerate(labels)]
    )


def ways(wording, text):
    return [(word.words, word.way, [signs[0].label for signs in word.signs]) for word in wording.of_text(text)]


def test_words_names_lemmas_numbers_and_letters_in_this_order():
    lexicon = lexicon_of("ASL", "MY", "NAME", "a lot", "CAT", "ONE", "NINE", "8", "SEVEN", *"KATHERIN")
    wording = Wording(lexicon, "ASL")
    assert ways(wording, "My name is Katherine: 1987 cats, a lot!") == [
        ("My", SIGN, ["MY"]),
        ("name", SIGN, ["NAME"]),
        ("is", LEFT_OUT, []),
        ("Katherine", SPELLED, list("KATHERINE")),
        ("1987", NUMBER, ["ONE", "NINE", "8", "SEVEN"]),
        ("cats", LEMMA, ["CAT"]),
        ("a lot", SIGN, ["a lot"]),
    ]


def test_a_word_at_the_beginning_is_spelled_only_if_it_is_no_other():
    wording = Wording(lexicon_of("ASL", *"HOUSEPARI"), "ASL")
    assert [way for _, way, _ in ways(wording, "House")] == [LEFT_OUT]
    assert [way for _, way, _ in ways(wording, "Paris")] == [SPELLED]
    assert [way for _, way, _ in ways(wording, "house")] == [LEFT_OUT]


def test_german_nouns_are_no_names():
    wording = Wording(lexicon_of("DSGS", *"KATHERINOÖLUSSC", "SCH"), "DSGS")
    assert ways(wording, "das Haus von Katherine") == [
        ("das", LEFT_OUT, []),
        ("Haus", LEFT_OUT, []),
        ("von", LEFT_OUT, []),
        ("Katherine", SPELLED, list("KATHERINE")),
    ]
    assert ways(wording, "in Schönußik")[1][2] == ["SCH", "Ö", "N", "U", "S", "S", "I", "K"]


def test_a_name_with_a_letter_that_has_no_sign_is_left_out_whole():
    wording = Wording(lexicon_of("ASL", *"KATHERI"), "ASL")
    assert ways(wording, "Is it Katherine")[-1] == ("Katherine", LEFT_OUT, [])


def test_letters_may_come_from_another_lexicon():
    wording = Wording(lexicon_of("ASL", "MEET"), "ASL", lexicon_of("ASL", *"ADRIN"))
    assert ways(wording, "meet Adrián")[1] == ("Adrián", SPELLED, list("ADRIAN"))


def test_a_number_is_signed_whole_or_by_digits_or_not_at_all():
    wording = Wording(lexicon_of("GSL", "EINS1", "zwei", "10"), "GSL")
    assert [way for _, way, _ in ways(wording, "10 12 13")] == [SIGN, NUMBER, LEFT_OUT]


def test_words_that_the_lexicon_lists_count_as_its_sign():
    wording = Wording(lexicon_of("ASL", "AUTO", words=("car", "motor car")), "ASL")
    assert ways(wording, "the motor car")[1:] == [("motor car", SIGN, ["AUTO"])]
    assert ways(wording, "cars") == [("cars", LEMMA, ["AUTO"])]


def test_glosses_of_the_dgs_corpus_are_found_by_their_base_form():
    wording = Wording(lexicon_of("GSL", "ARBEITEN1*", "ICH2", "$GEST^", "KLEINE"), "GSL")
    assert ways(wording, "Ich arbeite kleinen gest") == [
        ("Ich", SIGN, ["ICH2"]),
        ("arbeite", LEMMA, ["ARBEITEN1*"]),
        ("kleinen", LEMMA, ["KLEINE"]),
        ("gest", LEFT_OUT, []),
    ]
    assert [w.way for w in wording.of_glosses(["ICH2", "ICH1", "$GEST^", "DU1"])] == [SIGN, SIGN, SIGN, LEFT_OUT]
    assert (base_form("TAUB-GEHÖRLOS1A^*"), base_form("B2B"), base_form("2000")) == ("TAUB-GEHÖRLOS", "B", "2000")


def test_forms_that_do_not_begin_alike_are_other_signs():
    assert ways(Wording(lexicon_of("GSL", "GEWESEN1"), "GSL"), "ist") == [("ist", LEFT_OUT, [])]


@pytest.mark.parametrize(("text", "label"), [("학교에서", "학교")])
def test_korean_particles_do_not_hide_a_sign(text, label):
    assert ways(Wording(lexicon_of("KSL", label), "KSL"), text) == [(text, LEMMA, [label])]


def test_chinese_texts_are_cut_into_the_longest_signs():
    wording = Wording(lexicon_of("CSL", "明天", "北京", "北", "去", "一", "二"), "CSL")
    assert ways(wording, "明天我们去北京，12") == [
        ("明天", SIGN, ["明天"]),
        ("我们", LEFT_OUT, []),
        ("去", SIGN, ["去"]),
        ("北京", SIGN, ["北京"]),
        ("12", NUMBER, ["一", "二"]),
    ]


def test_names_are_found_in_any_spelling():
    assert sign_name("  A-lot_Of  ") == "a lot of"
    assert sign_name("gu\u0308nes\u0327") == sign_name("GÜNEŞ")

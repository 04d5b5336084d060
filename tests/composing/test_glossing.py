"""What is learnt of texts with glosses: which words become which signs, and in which order."""

import pytest

from signllm.composing.glossing import Glossing
from signllm.composing.learnt import LearntWording
from tests.helpers.composed import SENTENCES
from tests.helpers.lexicons import small_lexicon

PAIRS = [(text, glosses.split()) for text, glosses in SENTENCES]


@pytest.fixture(scope="module")
def learnt():
    return Glossing.learn(PAIRS, "en")


def test_a_word_becomes_the_gloss_that_comes_with_it(learnt):
    assert learnt.signed(["read", "the", "book", "today"]) == [("READ", 0), ("BOOK", 2), ("TODAY", 3)]
    assert learnt.signed(["the", "zebra"]) == []
    assert "the" in learnt.words  # three times, and no gloss came with it
    assert "zebra" not in learnt.words


def test_an_inflected_word_is_told_by_its_company_and_by_its_beginning():
    pairs = [
        ("liest Bücher", ["BUCH1A", "LESEN1"]),
        ("kauft Bücher", ["BUCH1A", "KAUFEN1"]),
        ("liest er", ["ER", "LESEN1"]),
    ]
    learnt = Glossing.learn(pairs, "de")
    assert learnt.signed(["bücher", "liest"]) == [("BUCH", 0), ("LESEN", 1)]  # whichever variant there is


def test_words_that_go_together_make_one_sign_and_a_word_that_stands_twice_two():
    learnt = Glossing(words={"ne": {"NOT": 0.3}, "pas": {"NOT": 0.4}, "tu": {"YOU": 0.9}})
    assert learnt.signed(["tu", "ne", "lis", "pas"]) == [("YOU", 0), ("NOT", 3)]
    assert learnt.signed(["tu", "ne"]) == [("YOU", 0)]
    assert learnt.signed(["tu", "tu"]) == [("YOU", 0), ("YOU", 1)]


def test_signs_are_ordered_as_the_corpus_orders_them_and_else_as_the_words(learnt):
    def ordered(*glosses):
        return [glosses[index] for index in learnt.ordered(glosses)]

    assert ordered("I", "READ", "BOOK", "TODAY") == ["TODAY", "I", "BOOK", "READ"]
    assert ordered("NEW", "OLD") == ["NEW", "OLD"]
    assert ordered("NEW", "TODAY", "READ")[1:] != ["READ", "TODAY"]


def test_a_text_of_the_training_has_its_glosses(learnt):
    wording = LearntWording(small_lexicon(("TODAY", "BOOK", "READ", "I")), "ASL", learnt)
    assert [word.words for word in wording.of_text("the book today")] == ["TODAY", "BOOK"]


def test_words_of_one_sign_give_it_once_and_unknown_words_go_the_other_ways():
    learnt = Glossing(
        words={"does": {}, "not": {"NOT": 1.0}, "read": {"READ": 0.8}, "of": {}, "go": {"GO": 0.7}, "a": {"A": 0.3}}
    )
    wording = LearntWording(small_lexicon(("READ", "NOT", "BOOK", "A", "OF")), "ASL", learnt)
    found = wording.of_text("does not read a book of Zebra, go, reading")
    assert [(word.words, word.way, [signs[0].label for signs in word.signs]) for word in found] == [
        ("not", "sign", ["NOT"]),
        ("read", "sign", ["READ"]),
        ("a", "sign", ["A"]),  # now and then it is signed; `of` never is, though there is a sign of this name
        ("book", "sign", ["BOOK"]),  # no text of the training has it
        ("Zebra", "left out", []),
        ("go", "left out", []),  # the corpus has a gloss for it, the lexicon no clip
    ]


def test_neighbours_that_mean_something_else_together_are_one_word():
    days = [(f"heute {verb}", ["HEUTE", verb]) for verb in ("lese", "esse", "koche", "gehe")]
    evenings = [(f"heute abend {verb}", ["ABEND", verb]) for verb in ("lese", "esse", "koche", "gehe")]
    learnt = Glossing.learn(days + evenings, "de")
    assert learnt.together == {"heute": ["abend"]}
    assert learnt.signed(["heute", "esse"]) == [("HEUTE", 0), ("esse", 1)]
    assert learnt.signed(["heute", "abend", "esse"]) == [("ABEND", 0), ("esse", 2)]
    shares = learnt.shares(["heute", "abend", "abend", "esse"])
    assert [one and max(one) for one in shares] == ["ABEND", "ABEND", None, "esse"]


def test_single_signs_teach_nothing():
    assert Glossing.learn([("book", ["BOOK"])], "en") == Glossing()


def test_gestures_are_no_words_signs():
    pairs = [("ja genau", ["$GEST^", "GENAU1"]), ("ja so", ["$GEST^", "$INDEX1"]), ("ah genau", ["$GEST^", "GENAU1"])]
    learnt = Glossing.learn(pairs, "de")
    assert learnt.signed(["ja", "genau", "so"]) == [("GENAU", 1)]

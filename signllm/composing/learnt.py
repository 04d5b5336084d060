"""Texts put into signs by what a corpus of sentences with glosses teaches, and by names of signs where it is silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from signllm.composing.glossing import Glossing
from signllm.composing.lexicon import Lexicon, base_form
from signllm.composing.wording import LEFT_OUT, SIGN, Wording, WordSigns
from signllm.data.texts import normalised_text

SOMETIMES = 0.1  # times that a gloss is expected of the word that it is named after, for the word to be signed


class _Item(NamedTuple):
    """Words that stay together, and the gloss by which their place in the sentence is looked up; none: no sign."""

    signs: WordSigns
    gloss: str = ""


class LearntWording(Wording):
    """How texts of one language become signs, with what was learnt of its texts. The ways, in this order:

    1. a text of the training, but for case and punctuation, has its glosses;
    2. words of the training texts become the glosses that came with them;
    3. one that came with the gloss of its own name now and then is signed by it, others of them are not signed;
    4. any other word goes the ways of `Wording`: by name, lemma, digits, letters, or it is left out.

    Then the signs are put in the order that the training's glosses have.
    """

    def __init__(self, lexicon: Lexicon, language: str, glossing: Glossing, letters: Lexicon | None = None):
        super().__init__(lexicon, language, letters)
        self.glossing = glossing

    def of_text(self, text: str) -> list[WordSigns]:
        """As `Wording.of_text`, in the order of signs; what is left out comes last."""
        if known := self.glossing.whole.get(normalised_text(text)):
            return self.of_glosses(known)
        if not self.glossing.words:
            return super().of_text(text)
        named = super().of_text(text)
        items = self._items(named)
        signed = [item for item in items if item.gloss]
        order = self.glossing.ordered([base_form(item.gloss) for item in signed])
        return [signed[index].signs for index in order] + [item.signs for item in items if not item.gloss]

    def _items(self, named: Sequence[WordSigns]) -> list[_Item]:
        """The signs of a sentence in the order of words: those of the training, and by name what it does not know."""
        words = [word for one in named for word in one.words.casefold().split()]
        chunk_of = [chunk for chunk, one in enumerate(named) for _ in one.words.split()]
        learnt: dict[int, list[_Item]] = {}
        without_clip = set()
        for gloss, place in self.glossing.signed(words):
            (found,) = self.of_glosses([gloss])
            chunk = chunk_of[place]
            if found.way == LEFT_OUT:  # no clip shows this gloss; perhaps the word names another one
                without_clip.add(chunk)
            else:
                learnt.setdefault(chunk, []).append(_Item(WordSigns(named[chunk].words, SIGN, found.signs), gloss))
        said = {item.gloss for own in learnt.values() for item in own}
        by_name = {
            chunk
            for chunk, shares in zip(chunk_of, self.glossing.shares(words), strict=True)
            if shares is None or shares.get(base_form(_label(named[chunk])), 0.0) >= SOMETIMES
        }
        items = []
        for chunk, one in enumerate(named):
            if chunk in learnt:
                items += learnt[chunk]
            elif chunk in by_name | without_clip and _label(one) not in said:
                items.append(_Item(one, _label(one)))
        return items


def _label(named: WordSigns) -> str:
    """The gloss of words that have a sign; spelled ones go by themselves, which no gloss is named like."""
    if not named.signs:
        return ""
    return named.signs[0][0].label if named.way == SIGN or len(named.signs) == 1 else f"$ {named.words}"


def glosses_of(words: Sequence[WordSigns]) -> list[str]:
    """The labels of the first choice of each sign, in order."""
    return [signs[0].label for word in words for signs in word.signs]

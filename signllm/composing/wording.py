"""From a text to the signs of a lexicon, and by which way each word gets its sign.

The ways, in this order; each word says by which it went:

1. a sign of this name, or one that the lexicon lists the word for; names of several words before single ones;
2. its lemma: singular for plural, infinitive for a form of the verb;
3. a number by its signs, one for each digit where there is none for the whole;
4. names are spelled, where there are letters;
5. what is left is left out, and named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from signllm.composing.lexicon import Lexicon, base_form, sign_name
from signllm.composing.sign import Sign
from signllm.languages import LANGUAGES
from signllm.text.words import script_of, stems_of, words_of

SIGN, LEMMA, NUMBER, SPELLED, LEFT_OUT = "sign", "lemma", "number", "spelled", "left out"
WAYS = (SIGN, LEMMA, NUMBER, SPELLED, LEFT_OUT)
_DIGITS = {
    "en": "zero one two three four five six seven eight nine",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "ko": "영 일 이 삼 사 오 육 칠 팔 구",
    "tr": "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
    "zh": "零 一 二 三 四 五 六 七 八 九",
    "ja": "零 一 二 三 四 五 六 七 八 九",
}
_CASELESS = {"Hangul", "Han", "Kana", "Thai", "Arabic", "Hebrew", "Devanagari"}
_LETTERS_OF_ONE_SIGN = 3  # such as SCH
ALIKE = 3  # letters at the beginning


@dataclass(frozen=True)
class WordSigns:
    """Words of a text and the signs that stand for them, one after the other; for each, those to choose from."""

    words: str
    way: str
    signs: tuple[tuple[Sign, ...], ...] = ()


class Wording:
    """How texts of one sign language are put into the signs of a lexicon, with the letters of another or the same."""

    def __init__(self, lexicon: Lexicon, language: str, letters: Lexicon | None = None):
        self.lexicon, self.language = lexicon, language
        self.letters = letters or lexicon
        self.spoken = LANGUAGES[language].spoken

    def of_text(self, text: str) -> list[WordSigns]:
        """The words of one sentence in order, with their signs."""
        words = _tokens(text)
        folded = [word.casefold() for word in words]
        found: list[WordSigns] = []
        at = 0
        while at < len(words):
            count, signs = self._longest(folded, at)
            if count:
                found.append(WordSigns(" ".join(words[at : at + count]), SIGN, (signs,)))
            else:
                count = 1
                found += self._single(words[at], first=at == 0)
            at += count
        return found

    def of_glosses(self, glosses: Sequence[str]) -> list[WordSigns]:
        """Glosses as they are; one that has no sign of its name gets those of its base form, else is left out."""
        found = []
        for gloss in glosses:
            signs = self._named(gloss) or self._named(base_form(gloss))
            found.append(WordSigns(gloss, SIGN if signs else LEFT_OUT, (signs,) if signs else ()))
        return found

    def _longest(self, words: Sequence[str], at: int) -> tuple[int, tuple[Sign, ...]]:
        """How many words from here on have a sign together, and those to choose from; 0 where not even one has."""
        for count in range(min(self.lexicon.longest_name, len(words) - at), 0, -1):
            signs = self._named(" ".join(words[at : at + count]))
            if signs:
                return count, signs
        return 0, ()

    def _named(self, name: str) -> tuple[Sign, ...]:
        return tuple(self.lexicon.find(self.language, name))

    def _single(self, word: str, first: bool) -> Iterator[WordSigns]:
        """A word that no sign is named after."""
        for form in self._forms(word):
            if signs := self._named(form):
                yield WordSigns(word, LEMMA, (signs,))
                return
        if word[0].isdecimal():
            yield self._number(word)
        elif script_of(word) == "Han" and len(word) > 1:
            yield from self._characters(word)
        elif self._is_name(word, first) and (signs_of_letters := self._spelled(word)):
            yield WordSigns(word, SPELLED, signs_of_letters)
        else:
            yield WordSigns(word, LEFT_OUT)

    def _forms(self, word: str) -> list[str]:
        """Names of signs under other forms of a word: what stands before a Korean particle, names of its lemma."""
        stems = stems_of(word.casefold(), self.spoken)[1:]
        lemma = lemma_of(word, self.spoken).casefold()
        # Forms of one word that do not begin alike, such as `is` and `been`, are not signed alike.
        alike = [name for name in self._names_of_lemma.get(lemma, ()) if name[:ALIKE] == word[:ALIKE].casefold()]
        return [form for form in (*stems, lemma, *alike) if form != word.casefold()]

    @cached_property
    def _names_of_lemma(self) -> dict[str, list[str]]:
        """Names of one word by their lemma: a lexicon may name a sign `kleine`."""
        found: dict[str, list[str]] = {}
        for name in self.lexicon.names(self.language):
            if name.isalpha():
                found.setdefault(lemma_of(name, self.spoken).casefold(), []).append(name)
        return found

    def _number(self, word: str) -> WordSigns:
        """The signs of a number's digits, by their figures or their names; all of them or none."""
        names = _DIGITS.get(self.spoken, "").split()
        signs = []
        for digit in re.sub(r"\D", "", word):
            figure = str(unicodedata.digit(digit))
            signs.append(
                self._named(figure) or self._named(names[int(figure)] if names else "") or self._letter(figure)
            )
        return WordSigns(word, NUMBER, tuple(signs)) if all(signs) else WordSigns(word, LEFT_OUT)

    def _characters(self, word: str) -> Iterator[WordSigns]:
        """A run of Chinese characters, cut into the longest pieces that have signs; what has none stays together."""
        at, left = 0, ""
        while at < len(word):
            ends = range(len(word), at, -1)
            end = next((end for end in ends if self.lexicon.has(self.language, word[at:end])), None)
            if end is None:
                left, at = left + word[at], at + 1
                continue
            if left:
                yield WordSigns(left, LEFT_OUT)
                left = ""
            yield WordSigns(word[at:end], SIGN, (self._named(word[at:end]),))
            at = end
        if left:
            yield WordSigns(left, LEFT_OUT)

    def _is_name(self, word: str, first: bool) -> bool:
        """Whether a word without a sign is spelled: names are written with a capital letter.

        At the beginning of a sentence every word is, and in German every noun: there a name is a word that is no other.
        Scripts without capital letters do not tell, so all words are spelled.
        """
        if script_of(word) in _CASELESS:
            return True
        if not word[0].isupper():
            return False
        if first or self.spoken == "de":
            return lemma_of(word.lower(), self.spoken)[:1].isupper() or not is_known(word, self.spoken)
        return True

    def _spelled(self, word: str) -> tuple[tuple[Sign, ...], ...]:
        """The signs of a word's letters; empty where one of them has none."""
        signs = []
        at = 0
        while at < len(word):
            for count in range(_LETTERS_OF_ONE_SIGN, 0, -1):
                if letter := self._letter(word[at : at + count]):
                    signs.append(letter)
                    at += count
                    break
            else:
                bare = _without_accents(word[at])
                if bare == word[at] or not all(self._letter(part) for part in bare):
                    return ()
                signs += [self._letter(part) for part in bare]
                at += 1
        return tuple(signs)

    def _letter(self, letter: str) -> tuple[Sign, ...]:
        found = self.letters.find(self.language, letter)
        return tuple(sign for sign in found if sign_name(sign.label) == sign_name(letter)) or tuple(found)


def _tokens(text: str) -> list[str]:
    """The words of a text with their capital letters, which `words_of` takes away."""
    text = unicodedata.normalize("NFC", text)
    small, found, at = text.lower(), [], 0
    if len(small) != len(text):  # some letters become two; then no word keeps its capitals
        return words_of(text)
    for word in words_of(text):
        start = small.find(word, at)
        if start < 0:
            found.append(word)
            continue
        at = start + len(word)
        found.append(text[start:at])
    return found


def _without_accents(letter: str) -> str:
    """The plain letters of one with accents: e of é, ss of ß."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
    return {"ß": "ss", "ı": "i", "ø": "o", "æ": "ae", "ł": "l"}.get(letter.lower(), plain)


def lemma_of(word: str, spoken: str) -> str:
    """The lemma of a word in a spoken language; the word itself where there are no lemmas of this language."""
    from simplemma import lemmatize  # reads its dictionary at the first word, which takes a moment

    return lemmatize(word, lang=spoken) if spoken in _WITH_LEMMAS else word


def is_known(word: str, spoken: str) -> bool:
    """Whether the dictionary of a spoken language holds a word; True where there is no dictionary."""
    from simplemma import is_known as known  # as above

    return known(word, lang=spoken) if spoken in _WITH_LEMMAS else True


_WITH_LEMMAS = frozenset(("en", "de", "fr", "it", "es", "tr"))

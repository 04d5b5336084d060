"""Which signs the words of a text become, and in which order: learnt from texts with glosses, by counting.

Signs and words: IBM Model 1 (Brown et al. 1993) gives for each word of the training texts how often each gloss comes
with it. Order: for each pair of glosses, how often one stands before the other, and where a gloss stands in a sentence.
Both take seconds. It is no translator of sentences: a word becomes the same sign wherever it stands.

Legend: E pairs of a gloss and a word of one text, P glosses of all texts.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from signllm.composing.lexicon import base_form, sign_name
from signllm.data.texts import normalised_text
from signllm.text.words import words_of

ROUNDS = 8  # of expectation maximisation
NO_WORD = 0.1  # how much likelier a gloss comes from a given word than from no word at all, to begin with: a tenth
LIKELY = 0.5  # times that a gloss is expected in a sentence, for it to be signed
LEAST_SHARE = 0.05  # that is kept
SEEN_OFTEN = 2  # times that a word must occur before it is believed to have no sign
OFTEN_TOGETHER = 4  # times that two neighbours must occur, and the first of them without the second
OTHER_MEANING = 0.8  # by how much the share of texts with a gloss differs, for both to mean something else together
ALIKE = 4  # letters that a word and a gloss begin with, to be thought of as the same at first
HEAD_START = 10.0  # of such a pair over others
PRIOR = 1.0  # how many observations the usual places of two glosses, and of their words, weigh together

_Share = Annotated[float, Field(ge=0, le=1)]
_Count = Annotated[int, Field(ge=0, lt=2**40)]


@dataclass(frozen=True)
class Glossing:
    """What was learnt of the texts of one language.

    words: how many times each gloss is expected where a word stands; none for words without a sign.
    whole: glosses of whole texts, by the normalised text. before: how often one gloss stands before another. place: of
    a gloss in its sentences on average, 0 at the beginning and 1 at the end.
    """

    words: dict[str, dict[str, _Share]] = field(default_factory=dict)
    whole: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, dict[str, _Count]] = field(default_factory=dict)
    place: dict[str, _Share] = field(default_factory=dict)
    together: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def learn(cls, pairs: Sequence[tuple[str, Sequence[str]]], spoken: str) -> Glossing:
        """From texts of one spoken language and their glosses; those of a single gloss tell names, and are left out."""
        pairs = [(text, glosses) for text, glosses in pairs if len(glosses) > 1 and text]
        usual = [list(filter(None, map(base_form, glosses))) for _, glosses in pairs]  # `$GEST` is no word's sign
        before: dict[str, Counter[str]] = defaultdict(Counter)
        places: dict[str, list[float]] = defaultdict(list)
        whole: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for (text, exact), glosses in zip(pairs, usual, strict=True):
            whole[normalised_text(text)][tuple(exact)] += 1
            for at, gloss in enumerate(glosses):
                places[gloss].append(at / max(1, len(glosses) - 1))
                before[gloss].update(other for other in glosses[at + 1 :] if other != gloss)
        tokens = [[word.casefold() for word in words_of(text, spoken)] for text, _ in pairs]
        together = _together(tokens, usual)
        units = [[word for word, _ in units_of(words, together)] for words in tokens]
        return cls(
            _words(units, usual),
            {text: list(counts.most_common(1)[0][0]) for text, counts in whole.items()},
            {gloss: dict(counts) for gloss, counts in before.items()},
            {gloss: round(float(np.mean(own)), 4) for gloss, own in places.items()},
            together,
        )

    def signed(self, words: Sequence[str]) -> list[tuple[str, int]]:
        """The glosses of a sentence, each with the place of the word that it comes from, in the order of words.

        A gloss is signed where the words together let it be expected: two that always go together (`ne ... pas`) have
        half of it each. It is signed twice only where its word stands twice.
        """
        units = units_of(words, self.together)
        expected: Counter[str] = Counter()
        for word in dict.fromkeys(word for word, _ in units):
            expected.update(self.words.get(word, {}))
        found = []
        for gloss, times in expected.items():
            if times >= LIKELY:
                share_of = {word: self.words.get(word, {}).get(gloss, 0.0) for word, _ in units}
                best = max(share_of, key=lambda word: share_of[word])
                places = [place for word, place in units if word == best]
                found += [(gloss, place) for place in (places if share_of[best] >= LIKELY else places[:1])]
        return sorted(found, key=lambda pair: pair[1])

    def shares(self, words: Sequence[str]) -> list[dict[str, float] | None]:
        """For each word of a sentence how many times each gloss is expected of it, by itself or with its neighbour.

        None for words that no text of the training has.
        """
        found: list[dict[str, float] | None] = [None] * len(words)
        for unit, place in units_of(words, self.together):
            for at in range(place, place + unit.count(" ") + 1):
                found[at] = self.words.get(unit)
        return found

    def ordered(self, glosses: Sequence[str]) -> list[int]:
        """The glosses, given in the order of their words, as indices in the order of signs.

        Each pair has its vote: how often one stood before the other, with a prior of their usual places and of the
        order of words. Those that most others follow come first (Borda).
        """
        votes = [sum(self._first(a, b, i < j) for j, b in enumerate(glosses) if j != i) for i, a in enumerate(glosses)]
        return sorted(range(len(glosses)), key=lambda index: (-votes[index], index))

    def _first(self, a: str, b: str, comes_first: bool) -> float:
        """How likely a stands before b, whose words stand in this order or the other."""
        if a == b:
            return float(comes_first)
        ahead, behind = self.before.get(a, {}).get(b, 0), self.before.get(b, {}).get(a, 0)
        usual = float(comes_first)
        if a in self.place and b in self.place:
            usual = (usual + float(np.sign(self.place[b] - self.place[a]) + 1) / 2) / 2
        return (ahead + PRIOR * usual) / (ahead + behind + PRIOR)


def units_of(words: Sequence[str], together: Mapping[str, Sequence[str]]) -> list[tuple[str, int]]:
    """The words of a text with the place of each; pairs that mean something else together are one."""
    units, at = [], 0
    while at < len(words):
        pair = at + 1 < len(words) and words[at + 1] in together.get(words[at], ())
        units.append((" ".join(words[at : at + 1 + pair]), at))
        at += 1 + pair
    return units


def _together(tokens: Sequence[Sequence[str]], glosses: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Pairs of neighbours of which the first one comes with another gloss alone than before the second one."""
    texts_of: dict[str, set[int]] = defaultdict(set)
    texts_of_pair: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, words in enumerate(tokens):
        for word in words:
            texts_of[word].add(number)
        for pair in itertools.pairwise(words):
            texts_of_pair[pair].add(number)
    found: dict[str, list[str]] = {}
    for (first, second), inside in texts_of_pair.items():
        outside = texts_of[first] - inside
        if min(len(inside), len(outside)) >= OFTEN_TOGETHER:
            with_pair, alone = (
                Counter(gloss for number in numbers for gloss in set(glosses[number])) for numbers in (inside, outside)
            )
            if any(alone[g] / len(outside) - with_pair[g] / len(inside) >= OTHER_MEANING for g in alone):
                found.setdefault(first, []).append(second)
    return found


def _words(tokens: Sequence[Sequence[str]], glosses_of: Sequence[Sequence[str]]) -> dict[str, dict[str, float]]:
    """How many times each gloss comes from each word, a text that has it."""
    word_of: dict[str, int] = {"": 0}  # beside them no word at all, which glosses may come from, too
    gloss_of: dict[str, int] = {}
    word_E, gloss_E, place_E = [], [], []
    place = 0
    for words, glosses in zip(tokens, glosses_of, strict=True):
        for gloss in glosses:
            for word in ("", *dict.fromkeys(words)):
                word_E.append(word_of.setdefault(word, len(word_of)))
                gloss_E.append(gloss_of.setdefault(gloss, len(gloss_of)))
                place_E.append(place)
            place += 1
    if not place:
        return {}
    count_WG = _counts(np.array(word_E), np.array(gloss_E), np.array(place_E), list(word_of), list(gloss_of))
    texts_with = Counter(word for words in tokens for word in dict.fromkeys(words))
    found: dict[str, dict[str, float]] = {}
    for word, times in texts_with.items():
        shares = {gloss: min(1.0, count / times) for gloss, count in count_WG.get(word_of.get(word, -1), {}).items()}
        shares = {gloss: round(share, 3) for gloss, share in shares.items() if share >= LEAST_SHARE}
        if times >= SEEN_OFTEN or max(shares.values(), default=0) >= LIKELY:
            found[word] = shares
    return found


def _counts(
    word_E: np.ndarray, gloss_E: np.ndarray, place_E: np.ndarray, words: Sequence[str], glosses: Sequence[str]
) -> Mapping[int, Mapping[str, float]]:
    """How often each gloss is expected to come from each word, by the word's number and the gloss."""
    keys, pair_E = np.unique(word_E * len(glosses) + gloss_E, return_inverse=True)
    word_K, gloss_K = keys // len(glosses), keys % len(glosses)
    alike_K = [_alike(words[word], glosses[gloss]) for word, gloss in zip(word_K, gloss_K, strict=True)]
    chance_K = np.where(alike_K, HEAD_START, 1.0)
    weight_E = np.where(word_E == 0, NO_WORD, 1.0)
    for _ in range(ROUNDS):
        share_E = chance_K[pair_E] * weight_E
        share_E = share_E / np.bincount(place_E, share_E)[place_E]
        count_K = np.bincount(pair_E, share_E, len(keys))
        chance_K = count_K / np.bincount(word_K, count_K)[word_K]
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for word, gloss, count in zip(word_K.tolist(), gloss_K.tolist(), count_K.tolist(), strict=True):
        found[word][glosses[gloss]] = count
    return found


def _alike(word: str, gloss: str) -> bool:
    """Whether a gloss is named after a word, or begins as it does."""
    name = sign_name(base_form(gloss))
    return bool(word) and (name == word or (len(word) >= ALIKE and name[:ALIKE] == word[:ALIKE]))

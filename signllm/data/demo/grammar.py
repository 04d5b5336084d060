"""The sentences of the demo corpus: every sentence the grammar makes, and splits of them by unseen sentences."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from signllm.data.demo.phrases import (
    GLOSSES,
    OBJECTS,
    PHRASES,
    PLACES,
    REGIONS,
    SUBJECTS,
    TIMES,
    VERBS,
    WEATHER,
    Phrases,
)
from signllm.errors import ConfigError
from signllm.languages import LANGUAGES

_OBJECTS_OF = {
    "EAT": ("BREAD", "APPLE", "FISH", "SOUP"),
    "DRINK": ("COFFEE", "WATER"),
    "BUY": OBJECTS,
    "READ": ("BOOK", "NEWSPAPER"),
    "COOK": ("FISH", "SOUP"),
    "GO": PLACES,
    "WORK": PLACES,
}

# Order of the signs: T time, S subject, O object or place, V verb, N not. Time comes first everywhere, and most
# languages put the verb and then the negation last; text order is another matter.
_SIGN_ORDER = {"ASL": "TSNVO", "LSF-CH": "TOSVN", "LSA": "TSOVN"}
_DEFAULT_SIGN_ORDER = "TSOVN"

# What a corpus of any size is made of; unmixed, 95 of 100 sentences would be clauses and half of them negated.
KIND_SHARES = {"plain": 0.5, "negated": 0.25, "weather": 0.25}


@dataclass(frozen=True)
class Sentence:
    """Spoken text and its signs as concepts, in signing order."""

    text: str
    concepts: tuple[str, ...]


def _rows(names: tuple[str, ...], cells: str) -> dict[str, str]:
    return dict(zip(names, cells.split(","), strict=True))


def _fill(template: str, words: Phrases, **slots: str) -> str:
    text = re.sub(r"\s+", " ", template.format(**slots)).replace(" .", ".").strip()
    for before, after in words.elide.items():
        text = text.replace(before, after)
    return text


def _clauses(words: Phrases, order: str) -> list[Sentence]:
    times, subjects = _rows(TIMES, words.times), _rows(SUBJECTS, words.subjects)
    verbs = {False: _rows(VERBS, words.verbs), True: _rows(VERBS, words.negated_verbs or words.verbs)}
    complements = {verb: _rows(OBJECTS, words.objects) for verb in VERBS}
    complements["GO"], complements["WORK"] = _rows(PLACES, words.going), _rows(PLACES, words.working)
    sentences = []
    for time in TIMES:
        for person, subject in enumerate(SUBJECTS):
            for verb, objects in _OBJECTS_OF.items():
                for thing in objects:
                    for negated in (False, True):
                        text = _fill(
                            words.negated if negated else words.plain,
                            words,
                            time=times[time],
                            subject=subjects[subject],
                            verb=verbs[negated][verb].split("/")[min(person, 2)],
                            object=complements[verb][thing].split("|")[-1 if negated else 0],
                        )
                        signs = {"T": time, "S": subject, "O": thing, "V": verb, "N": "NOT"}
                        wanted = order if negated else order.replace("N", "")
                        sentences.append(Sentence(text, tuple(signs[slot] for slot in wanted)))
    return sentences


def _weather(words: Phrases) -> list[Sentence]:
    times, weather = _rows(TIMES, words.times), _rows(WEATHER, words.weather)
    regions = {**_rows(REGIONS, words.regions), "": ""}
    return [
        Sentence(
            _fill(words.weather_clause, words, time=times[time], weather=weather[kind], region=regions[region]),
            tuple(filter(None, (time, region, kind))),
        )
        for time in TIMES
        for region in regions
        for kind in WEATHER
        if (time, kind) != ("EVENING", "SUN")
    ]


@cache
def sentences(language: str) -> tuple[Sentence, ...]:
    """Every sentence the grammar of one language makes, in a fixed order; texts and sign sequences are unique."""
    words = PHRASES[LANGUAGES[language].spoken]
    return tuple(_clauses(words, _SIGN_ORDER.get(language, _DEFAULT_SIGN_ORDER)) + _weather(words))


def _kind(sentence: Sentence) -> str:
    if "NOT" in sentence.concepts:
        return "negated"
    return "weather" if sentence.concepts[-1] in WEATHER else "plain"


def _by_kind(pool: Iterable[Sentence]) -> dict[str, list[Sentence]]:
    members: dict[str, list[Sentence]] = {kind: [] for kind in KIND_SHARES}
    for sentence in pool:
        members[_kind(sentence)].append(sentence)
    return members


def _shuffled_by_kind(language: str, rng: np.random.Generator) -> list[Sentence]:
    """All sentences in random order, with weather and negation at about a quarter of the corpus each."""
    pool = sentences(language)
    members = _by_kind(pool)
    placed = [
        ((rank + rng.random()) / share, sentence)
        for kind, share in KIND_SHARES.items()
        for rank, sentence in enumerate(members[kind][i] for i in rng.permutation(len(members[kind])))
    ]
    return [sentence for _, sentence in sorted(placed, key=lambda pair: pair[0])]


def _with_repeats(order: list[Sentence], size: int) -> list[Sentence]:
    """So many sentences, in the given order; those of a kind that is used up come again, to keep the kind's share."""
    members = {kind: found for kind, found in _by_kind(order).items() if found}
    left, taken = deque(order), Counter[str]()
    result: list[Sentence] = []
    while members and len(result) < size:
        used_up = [kind for kind in members if taken[kind] >= len(members[kind])]
        behind = min(used_up, key=lambda kind: taken[kind] / KIND_SHARES[kind], default=None)
        if behind and (not left or taken[behind] < KIND_SHARES[behind] * len(result)):
            sentence = members[behind][taken[behind] % len(members[behind])]
        else:
            sentence = left.popleft()
        taken[_kind(sentence)] += 1
        result.append(sentence)
    return result


def split_sentences(language: str, train: int, dev: int, test: int, seed: int) -> dict[str, list[Sentence]]:
    """Choose sentences: no text is in two splits, and every sign of dev and test occurs in train.

    Train first takes sentences that bring in many new signs. When more train clips are wanted than sentences of a kind
    are left (there are only 76 about the weather), train repeats its own (other signers sign them), so that its kinds
    are mixed like those of dev. ConfigError when dev and test cannot be filled.
    """
    rng = np.random.default_rng([seed, list(LANGUAGES).index(language), 1])
    pool = _shuffled_by_kind(language, rng)
    chosen: list[Sentence] = []
    seen: set[str] = set()
    while len(chosen) < train and len(seen) < len(GLOSSES["en"]):
        best = max(pool, key=lambda sentence: len(set(sentence.concepts) - seen))
        pool.remove(best)
        chosen.append(best)
        seen.update(best.concepts)
    known = [sentence for sentence in pool if seen.issuperset(sentence.concepts)]
    if len(known) < dev + test:
        raise ConfigError(
            f"demo corpus, {language}: {train} train sentences leave only {len(known)} unseen sentences made of known"
            f" signs, {dev} dev and {test} test are wanted; raise train or lower dev and test"
        )
    held_out = known[: dev + test]
    taken = set(held_out)
    rest = [sentence for sentence in pool if sentence not in taken]
    return {"train": _with_repeats(chosen + rest, train), "dev": held_out[:dev], "test": held_out[dev:]}

"""The signs of the eight demo languages: concept -> gloss and form.

The forms are invented; they are not the real signs of these languages and nobody should learn them here. What is
kept from reality is the structure: a few iconic signs look alike everywhere, related languages share many signs
(German and Swiss German most of all), and within a language no two signs are near each other.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from signllm.data.demo.phonology import Form, contrast, draw_form
from signllm.data.demo.phrases import GLOSSES
from signllm.errors import ConfigError, did_you_mean
from signllm.languages import CODES, LANGUAGES

CONCEPTS: tuple[str, ...] = tuple(GLOSSES["en"])
MIN_CONTRAST = 2.0

ICONIC: dict[str, Form] = {
    "I": Form("index", "chest", "to the body", "tap twice"),
    "YOU": Form("index", "front", "ahead, palm down", "ahead"),
    "EAT": Form("pinch", "mouth", "to the body", "tap twice"),
    "DRINK": Form("cup", "chin", "leaning, palm across", "up"),
    "HOUSE": Form("flat", "high", "up, palm across", "roof", "mirror"),
    "BOOK": Form("flat", "front", "ahead, palm across", "turn over", "mirror"),
    "RAIN": Form("claw", "high", "up, palm out", "fall twice", "mirror"),
    "READ": Form("two", "base hand", "across, palm down", "bend", "base"),
}

# language -> (language it is related to, share of its other signs that it has in common with that one)
_RELATED = {"DSGS": ("GSL", 0.7), "LIS-CH": ("LSF-CH", 0.2), "ASL": ("LSF-CH", 0.25), "LSA": ("LIS-CH", 0.2)}
_ORDER = ("GSL", "DSGS", "LSF-CH", "LIS-CH", "ASL", "LSA", "KSL", "TSL")  # a parent stands before its relatives
_LEXICON_SEED = 1402


@cache
def _all_forms() -> dict[str, dict[str, Form]]:
    forms: dict[str, dict[str, Form]] = {}
    for code in _ORDER:
        rng = np.random.default_rng([_LEXICON_SEED, CODES.index(code)])
        parent, share = _RELATED.get(code, ("", 0.0))
        mine = dict(ICONIC)
        for concept in CONCEPTS:
            if concept in mine:
                continue
            inherited = rng.random() < share
            candidate = forms[parent][concept] if inherited else draw_form(rng)
            foreign = [others[concept] for others in forms.values()]
            while min(contrast(candidate, form) for form in mine.values()) < MIN_CONTRAST or (
                candidate in foreign and not inherited
            ):
                candidate, inherited = draw_form(rng), False
            mine[concept] = candidate
        forms[code] = mine
    return forms


def sign_form(concept: str, language: str) -> Form:
    """The form of a concept in a sign language."""
    return _all_forms()[language][concept]


def gloss_of(concept: str, language: str) -> str:
    """The gloss of a concept: an upper-case word of the language's own spoken language."""
    return GLOSSES[LANGUAGES[language].spoken][concept]


@cache
def _concepts_by_gloss(spoken: str) -> dict[str, str]:
    return {gloss: concept for concept, gloss in GLOSSES[spoken].items()}


def concepts_of(glosses: list[str], language: str) -> list[str]:
    """The concepts behind glosses; ConfigError lists every gloss that the demo language does not have."""
    known = _concepts_by_gloss(LANGUAGES[language].spoken)
    faults = [
        f"gloss {place}: the demo corpus has no sign '{gloss}' in {language}{did_you_mean(gloss, known)};"
        f" it has {', '.join(known)}"
        for place, gloss in enumerate(glosses, 1)
        if gloss not in known
    ]
    if faults:
        raise ConfigError(faults)
    return [known[gloss] for gloss in glosses]


def vocabulary(language: str) -> list[str]:
    """Every gloss of a demo language."""
    return list(GLOSSES[LANGUAGES[language].spoken].values())

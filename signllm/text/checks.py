"""What can be a text to sign."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from signllm.errors import ConfigError

LONGEST_TEXT = 20_000  # characters of one text, some 300 sentences
_BLANKS = "\t\r\n"


Languages = Sequence[str | None] | str | None
"""One language for all texts, or one a text."""

T = TypeVar("T")


def plan_each(texts: Sequence[str], languages: Languages, plan: Callable[[str, str | None], T]) -> list[T]:
    """`plan(text, language)` of each text. Raises ConfigError with the faults of all, each with its text's number.

    Raises TypeError for a single string in place of a list.
    """
    if isinstance(texts, str):
        raise TypeError(f"a list of texts is expected, not the string {texts!r}; generator(text) signs one text")
    if languages is None or isinstance(languages, str):
        languages = [languages] * len(texts)
    plans, faults = [], []
    for number, (text, language) in enumerate(zip(texts, languages, strict=True), 1):
        try:
            plans.append(plan(text, language))
        except ConfigError as error:
            faults += [f"text {number}: {fault}" if len(texts) > 1 else fault for fault in error.faults]
    if faults:
        raise ConfigError(faults)
    return plans


def check_text(text: str) -> None:
    """Raise ConfigError, with every reason, for what is no text to sign."""
    if not text.strip():
        raise ConfigError("the text is empty; give a sentence or a word to sign")
    shown = text if len(text) <= 60 else text[:57] + "..."
    faults = []
    if len(text) > LONGEST_TEXT:
        faults.append(f"{shown!r}: {len(text):,} characters; at most {LONGEST_TEXT:,} make a text, so divide it")
    controls = [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in _BLANKS]
    if controls:
        codes = ", ".join(dict.fromkeys(f"U+{ord(character):04X}" for character in controls))
        faults.append(f"{shown!r}: holds control characters ({codes}), which are no text; remove them")
    if faults:
        raise ConfigError(faults)

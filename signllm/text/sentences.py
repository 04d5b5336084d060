"""Splitting a text into its sentences, in any spoken language of the toolkit."""

from __future__ import annotations

import re

# Abbreviations with which no sentence ends and that the splitter does not know: "M. Dupont".
_NEVER_LAST = {"fr": re.compile(r"(?:^|\s)(?:MM?|Mmes?|Mlles?)\.\s*$")}


def split_sentences(text: str, spoken: str) -> list[str]:
    """The sentences of a text in a spoken language (ISO 639-1), without blanks around them; the text is their sum.

    Inside of quotation marks nothing is split. One sentence is the text as given.
    """
    import sentencex

    parts: list[str] = []
    for part in sentencex.segment(spoken, text):
        if parts and (_goes_on(parts[-1], part, spoken) or not any(map(str.isalnum, part))):
            parts[-1] += part
        else:
            parts.append(part)
    sentences = [part.strip() for part in parts]
    return sentences if len(sentences) > 1 else [text]


def _goes_on(before: str, after: str, spoken: str) -> bool:
    """Whether the full stop between two parts is an abbreviation's, or an ordinal's ("3. sınıf"), and ends nothing."""
    pattern = _NEVER_LAST.get(spoken)
    ordinal = re.search(r"\d\.\s*$", before) and after[:1].islower()
    return bool(ordinal or (pattern and pattern.search(before)))

"""How texts are compared: one form for all that say the same; and what a corpus of such texts is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from signllm.text.words import count_words, joined_han

CLIPS_PER_LABEL = 3  # a text of so many clips is a label, however many words it has


def normalised_text(text: str) -> str:
    """Lower case, compatibility forms, no punctuation, single spaces, none between Han letters."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return joined_han(" ".join(re.sub(r"[^\w\s]+", " ", text).split()))


@dataclass(frozen=True)
class CorpusKind:
    """Whether a corpus is one of words (to recognise) or of sentences (to translate), and the count that decided it."""

    is_words: bool
    reason: str


def corpus_kind(texts: Sequence[str]) -> CorpusKind:
    """Decide by the texts of most clips what a corpus is.

    It is one of words when more than half of its clips have a text of one word, or when more than half have a text
    that at least three clips share. So a few labels of several words ("a lot") leave a word corpus what it is, and a
    few one-word or repeated sentences a sentence corpus.
    """
    texts = [normalised_text(text) for text in texts]
    clips_of = Counter(texts)
    single = sum(count_words(text) <= 1 for text in texts)
    shared = sum(clips_of[text] >= CLIPS_PER_LABEL for text in texts)
    if 2 * single > len(texts):
        return CorpusKind(True, f"words, because {single} of {len(texts)} clips have a text of one word")
    if 2 * shared > len(texts):
        return CorpusKind(
            True,
            f"repeated texts, because {shared} of {len(texts)} clips share theirs with at least"
            f" {CLIPS_PER_LABEL - 1} others",
        )
    return CorpusKind(False, f"sentences, because {len(texts) - single} of {len(texts)} clips have several words")

"""The words that a model was trained on, for each sign language: what it can say of a text that it never saw.

A checkpoint keeps them, for a vocabulary of word pieces spells words that no training text held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from signllm.errors import CheckpointError
from signllm.languages import LANGUAGES
from signllm.text.words import stems_of, words_of

STATE_VERSION = 1
MOST_WORDS = 100_000  # a language; about 1 MB. The largest corpora of signing with texts have 60,000


@dataclass(frozen=True)
class LanguageWords:
    """Sorted words of one language. `complete`: there were no more than MOST_WORDS, else they are the most frequent."""

    words: tuple[str, ...]
    complete: bool = True

    @classmethod
    def of(cls, texts: Iterable[str], spoken: str = "") -> LanguageWords:
        """Count the words of texts in a spoken language (ISO 639-1)."""
        counts = Counter(word for text in texts for word in words_of(text, spoken))
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(tuple(sorted(ranked[:MOST_WORDS])), len(ranked) <= MOST_WORDS)

    def joined(self, other: LanguageWords) -> LanguageWords:
        """Both together; where there is no room for all, this one's come first."""
        more = sorted(set(other.words) - set(self.words))
        room = MOST_WORDS - len(self.words)
        complete = self.complete and other.complete and len(more) <= room
        return LanguageWords(tuple(sorted((*self.words, *more[:room]))), complete)


@dataclass(frozen=True)
class KnownWords:
    """`languages`: code -> words. A language that is not in it has no record, of which nothing is said."""

    languages: Mapping[str, LanguageWords] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Mapping[str, Iterable[str]]) -> KnownWords:
        """Those of the training texts of each language."""
        return cls({code: LanguageWords.of(lines, LANGUAGES[code].spoken) for code, lines in texts.items()})

    def joined(self, other: KnownWords) -> KnownWords:
        """With the words of another training; joining what is in it already changes nothing."""
        languages = dict(self.languages)
        for code, words in other.languages.items():
            languages[code] = languages[code].joined(words) if code in languages else words
        return KnownWords(languages)

    def has_record(self, codes: Sequence[str]) -> bool:
        """Whether the words of each of these languages are recorded."""
        return bool(codes) and all(code in self.languages for code in codes)

    def unknown(self, words: Iterable[str], codes: Sequence[str]) -> list[str]:
        """Those of `words` (of `signllm.text.words.words_of`) that none of the languages was trained on, once each.

        A Korean noun counts as known when it was seen with another particle.
        """
        known = [(LANGUAGES[code].spoken, _forms(self.languages[code].words, code)) for code in codes]
        return [
            word
            for word in dict.fromkeys(words)
            if not any(form in forms for spoken, forms in known for form in stems_of(word, spoken))
        ]

    def state(self) -> dict[str, Any]:
        """Plain values for a checkpoint."""
        languages = {
            code: {"words": " ".join(own.words), "complete": own.complete} for code, own in self.languages.items()
        }
        return {"version": STATE_VERSION, "languages": languages}

    @classmethod
    def from_state(cls, state: object) -> KnownWords:
        """Of `state`; None, which older checkpoints have, is no record. Raises CheckpointError for another content."""
        if state is None:
            return cls()
        version = state.get("version") if isinstance(state, dict) else state
        if version != STATE_VERSION or not isinstance(state, dict):
            raise CheckpointError(
                f"the checkpoint's list of training words has format {version}, this version reads {STATE_VERSION}"
            )
        try:
            languages = {
                LANGUAGES[code].code: LanguageWords(tuple(own["words"].split()), own["complete"] is True)
                for code, own in state["languages"].items()
            }
        except (AttributeError, KeyError, TypeError):
            raise CheckpointError("the checkpoint's list of training words is damaged") from None
        return cls(languages)


@lru_cache(maxsize=32)
def _forms(words: tuple[str, ...], code: str) -> frozenset[str]:
    """Every form under which the words of a language are known."""
    spoken = LANGUAGES[code].spoken
    return frozenset(form for word in words for form in stems_of(word, spoken))

"""A lexicon: the signs that people performed alone, by language and label, ready to be composed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from signllm.composing.calibration import Amplitude, amplitude_at
from signllm.composing.sign import Sign
from signllm.text.words import composed_lower

FPS = 25.0


class Heading(NamedTuple):
    """What a sign is found by: its language, its gloss or word, and further words that stand for it."""

    language: str
    label: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lexicon:
    """Signs at `fps` frames a second. headings: of all signs; load(i): the sign of heading i.

    amplitude: factors of motion by detail, see `signllm.composing.calibration`. notes: what of its source is not in
    it, and why.
    """

    headings: Sequence[Heading]
    load: Callable[[int], Sign]
    amplitude: Mapping[float, Amplitude]
    fps: float = FPS
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, signs: Sequence[Sign], amplitude: Mapping[float, Amplitude], notes: Sequence[str] = ()) -> Lexicon:
        """The lexicon of signs in memory, which are at FPS."""
        headings = [Heading(sign.language, sign.label, sign.words) for sign in signs]
        return cls(headings, list(signs).__getitem__, amplitude, FPS, tuple(notes))

    def __len__(self) -> int:
        return len(self.headings)

    def __iter__(self) -> Iterator[Sign]:
        return map(self.load, range(len(self)))

    def __repr__(self) -> str:
        return f"Lexicon({len(self)} signs of {', '.join(self.languages)}, {self.fps:g} fps)"

    @cached_property
    def languages(self) -> list[str]:
        """The codes of the languages that it has signs of."""
        return list(dict.fromkeys(heading.language for heading in self.headings))

    @cached_property
    def _index_of(self) -> dict[tuple[str, str], list[int]]:
        """(language, name) -> signs; those of this label before those that have it as a word, and those of its form."""
        found: dict[tuple[str, str], dict[int, None]] = {}
        for names in (lambda own: (own.label,), lambda own: own.words, lambda own: (base_form(own.label),)):
            for index, heading in enumerate(self.headings):
                for name in filter(None, map(sign_name, names(heading))):
                    found.setdefault((heading.language, name), {})[index] = None
        return {key: list(indices) for key, indices in found.items()}

    @cached_property
    def longest_name(self) -> int:
        """How many words the longest name has."""
        return max(name.count(" ") + 1 for _, name in self._index_of)

    def names(self, language: str) -> list[str]:
        """All names of signs of a language."""
        return [name for code, name in self._index_of if code == language]

    def find(self, language: str, name: str) -> list[Sign]:
        """The signs of this name, in any spelling that `sign_name` makes equal; empty where there is none."""
        return [self.load(index) for index in self._index_of.get((language, sign_name(name)), ())]

    def has(self, language: str, name: str) -> bool:
        """Whether `find` finds any."""
        return (language, sign_name(name)) in self._index_of

    def amplitude_at(self, detail: float) -> Amplitude:
        """The factors of motion for a detail between 0 and 1."""
        return amplitude_at(self.amplitude, detail)


def base_form(gloss: str) -> str:
    """A gloss without what tells its variants apart: `HAUS1A^*` is `HAUS`; nothing of one that is no word, as `$GEST`.

    After the convention of the DGS corpus: figures and a letter for variants, `^` for types, `*` for deviations.
    """
    return "" if gloss.startswith("$") else re.sub(r"(?<=\D)\d+[A-Za-z]?$", "", gloss.rstrip("*^+"))


def sign_name(label: str) -> str:
    """What signs and words are found by: small letters, composed, with single blanks for blanks, `-` and `_`."""
    return " ".join(composed_lower(label).replace("-", " ").replace("_", " ").split())

"""Which sign languages there are, by code, alias and name, and prompts in them.

`CODES` are the eight of the paper. `LANGUAGES` has these first, then the others of `signllm.sign_languages`, then those
that a user describes in a JSON file, which the environment variable SIGNLLM_LANGUAGES names.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from signllm.errors import ConfigError
from signllm.language_file import read_languages
from signllm.sign_languages import MORE, PAPER, SignLanguage, name_key, names_of

VARIABLE = "SIGNLLM_LANGUAGES"


CODES: tuple[str, ...] = tuple(lang.code for lang in PAPER)
"""The paper's eight, which the demo corpus has."""


class _Languages(Mapping[str, SignLanguage]):
    """Code -> language. The user's file is read at the first look, so that its faults are told like all others."""

    def _all(self) -> dict[str, SignLanguage]:
        return _known(os.environ.get(VARIABLE, ""))[0]

    def __getitem__(self, code: str) -> SignLanguage:
        return self._all()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


LANGUAGES: Mapping[str, SignLanguage] = _Languages()


@lru_cache(maxsize=4)
def _known(path: str) -> tuple[dict[str, SignLanguage], dict[str, str]]:
    """(code -> language, name -> code), with those of the user's file. Raises ConfigError with all its faults."""
    languages = [*PAPER, *MORE]
    if path:
        languages += read_languages(Path(path), languages)
    return {one.code: one for one in languages}, {name: one.code for one in languages for name in names_of(one)}


def _aliases() -> dict[str, str]:
    return _known(os.environ.get(VARIABLE, ""))[1]


def in_order(codes: Iterable[str]) -> list[str]:
    """Codes in the order of `LANGUAGES`."""
    return sorted(codes, key=list(LANGUAGES).index)


def resolve_language(name: str) -> SignLanguage:
    """Return the language with this code, alias or English name, in any case; raise ConfigError otherwise.

    Codes of a few letters are all alike (BSL is British, TSL Turkish), so only longer names are guessed.
    """
    code = _aliases().get(name_key(name))
    if code is None:
        names = {name_key(lang.name): lang.name for lang in LANGUAGES.values()}
        near = difflib.get_close_matches(name_key(name), names, n=1, cutoff=0.8)
        hint = f" (did you mean '{names[near[0]]}'?)" if near else ""
        raise ConfigError(
            f"unknown sign language '{name}'{hint}; known: {', '.join(LANGUAGES)};"
            f" another one is described in a JSON file that the environment variable {VARIABLE} names"
        )
    return LANGUAGES[code]


def is_language(name: str) -> bool:
    """Whether `resolve_language` knows this name."""
    return name_key(name) in _aliases()


def make_prompt(text: str, code: str, index: int = 0, held_out: bool = False) -> str:
    """Return `text` in phrasing `index` (modulo their number) of the sign language's own spoken language."""
    language = LANGUAGES[code]
    phrasings = language.held_out_prompts if held_out else language.prompts
    return phrasings[index % len(phrasings)].format(text=text)


def prompt_text(prompt: str) -> tuple[str, str] | None:
    """Return (language code, inner text) when `prompt` follows a known phrasing, else None."""
    for language in LANGUAGES.values():
        for phrasing in language.prompts + language.held_out_prompts:
            head, tail = phrasing.split("{text}")
            long_enough = len(prompt) > len(head) + len(tail)
            if long_enough and prompt.startswith(head) and prompt.endswith(tail):
                return language.code, prompt[len(head) : len(prompt) - len(tail)]
    return None

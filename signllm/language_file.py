"""The JSON file in which users describe sign languages of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from signllm.errors import ConfigError
from signllm.fsutil import read_json
from signllm.sign_languages import SignLanguage, names_of

_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
_LISTS = ("aliases", "prompts", "held_out_prompts")


def read_languages(path: Path, known: Sequence[SignLanguage]) -> list[SignLanguage]:
    """The languages of a JSON file: code -> {"name", "spoken", "aliases", "prompts", "held_out_prompts"}.

    Raises ConfigError with every fault: keys that are missing or unknown, names that a language of `known` or of the
    file has already, phrasings that do not hold `{text}` once or that do not tell their language from another one.
    DataError where the file cannot be read.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise ConfigError(f'{path}: expected an object of languages by their codes, such as {{"NGT": {{...}}}}')
    faults: list[str] = []
    found: list[SignLanguage] = []
    for code, entry in content.items():
        place = f"{path}: {code}"
        wrong = _faults_of(code, entry)
        if not wrong:
            language = SignLanguage(code, entry["name"], entry["spoken"], *(tuple(entry.get(k, ())) for k in _LISTS))
            wrong = _clashes(language, [*known, *found])
            found.append(language)
        faults += [f"{place}: {fault}" for fault in wrong]
    if faults:
        raise ConfigError(faults)
    return found


def _faults_of(code: str, entry: object) -> list[str]:
    """What of an entry is not of the right form."""
    if not isinstance(entry, dict):
        return ["expected an object with name, spoken, prompts and held_out_prompts"]
    keys = {field.name for field in fields(SignLanguage)} - {"code"}
    faults = [f"unknown key {key!r}; known: {', '.join(sorted(keys))}" for key in entry if key not in keys]
    if not _CODE.fullmatch(code):
        faults.append("a code consists of capital letters and digits, such as NGT or LSF-BE")
    if not isinstance(entry.get("name"), str) or not entry["name"].strip():
        faults.append('name: expected the English name, such as "Sign Language of the Netherlands"')
    if not isinstance(entry.get("spoken"), str) or not re.fullmatch("[a-z]{2,3}", entry["spoken"]):
        faults.append('spoken: expected the ISO 639 code of the spoken language of its texts, such as "nl"')
    for key in _LISTS:
        texts = entry.get(key, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            faults.append(f"{key}: expected a list of texts")
        elif key != "aliases":
            faults += [f"{key}: expected at least one phrasing"] * (not texts)
            faults += [
                f"{key}: {text!r} does not hold {{text}} exactly once, with other words around it and no other braces"
                for text in texts
                if text.count("{text}") != 1 or text.strip() == "{text}" or set("{}") & set(text.replace("{text}", ""))
            ]
    return faults


def _clashes(language: SignLanguage, others: Sequence[SignLanguage]) -> list[str]:
    """Names and phrasings that another language has already, and evaluation's phrasings that training uses."""
    faults = []
    for other in others:
        if shared := names_of(language) & names_of(other):
            faults.append(f"{other.code} is called {', '.join(sorted(shared))} already; choose another code or alias")
        phrasings = {*other.prompts, *other.held_out_prompts}
        faults += [
            f"{other.code} has the phrasing {text!r} already; say the language in it"
            for text in (*language.prompts, *language.held_out_prompts)
            if text in phrasings
        ]
    faults += [
        f"{text!r} is in prompts and in held_out_prompts; leave it in one"
        for text in language.held_out_prompts
        if text in language.prompts
    ]
    return faults

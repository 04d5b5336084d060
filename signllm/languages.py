"""The eight sign languages: codes, aliases, the spoken language of their texts, and prompt phrasings.

`prompts` are used for training, `held_out_prompts` only for evaluation: Prompt2LangGloss must read the
language from phrasings it never saw. Every phrasing holds `{text}` once and names the sign language.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from signllm.errors import ConfigError


@dataclass(frozen=True)
class SignLanguage:
    """One sign language: `code` names it everywhere in the toolkit; `spoken` is an ISO 639-1 code."""

    code: str
    name: str
    spoken: str
    aliases: tuple[str, ...]
    prompts: tuple[str, ...]
    held_out_prompts: tuple[str, ...]


LANGUAGES: dict[str, SignLanguage] = {
    lang.code: lang
    for lang in (
        SignLanguage(
            "ASL",
            "American Sign Language",
            "en",
            ("ASE",),
            (
                "How do you say '{text}' in American Sign Language?",
                "What is '{text}' in American Sign Language?",
                "Please sign '{text}' in ASL.",
                "Show me the ASL signs for '{text}'.",
            ),
            ("How would I express '{text}' using American Sign Language?", "Translate '{text}' into ASL, please."),
        ),
        SignLanguage(
            "GSL",
            "German Sign Language",
            "de",
            ("DGS", "GSG"),
            (
                "Wie sagt man '{text}' in Deutscher Gebärdensprache?",
                "Was heißt '{text}' in der Deutschen Gebärdensprache?",
                "Bitte gebärde '{text}' in DGS.",
                "Zeig mir die DGS-Gebärden für '{text}'.",
            ),
            (
                "Wie würde ich '{text}' in Deutscher Gebärdensprache ausdrücken?",
                "Übersetze '{text}' bitte in DGS.",
            ),
        ),
        SignLanguage(
            "DSGS",
            "Swiss German Sign Language",
            "de",
            ("SGG", "SGSL"),
            (
                "Wie sagt man '{text}' in Deutschschweizer Gebärdensprache?",
                "Was heißt '{text}' in der Deutschschweizer Gebärdensprache?",
                "Bitte gebärde '{text}' in DSGS.",
                "Zeig mir die DSGS-Gebärden für '{text}'.",
            ),
            (
                "Wie würde ich '{text}' in Deutschschweizer Gebärdensprache ausdrücken?",
                "Übersetze '{text}' bitte in DSGS.",
            ),
        ),
        SignLanguage(
            "LSF-CH",
            "French Sign Language of Switzerland",
            "fr",
            ("LSF", "LSFCH", "LSFS"),
            (
                "Comment dit-on '{text}' en langue des signes suisse romande ?",
                "Que signifie '{text}' en langue des signes suisse romande ?",
                "Signe '{text}' en LSF-CH, s'il te plaît.",
                "Montre-moi les signes LSF-CH pour '{text}'.",
            ),
            (
                "Comment pourrais-je exprimer '{text}' en langue des signes suisse romande ?",
                "Traduis '{text}' en LSF-CH.",
            ),
        ),
        SignLanguage(
            "LIS-CH",
            "Italian Sign Language of Switzerland",
            "it",
            ("LIS", "LISCH", "LIS-SI"),
            (
                "Come si dice '{text}' nella lingua dei segni della Svizzera italiana?",
                "Che cosa significa '{text}' nella lingua dei segni della Svizzera italiana?",
                "Segna '{text}' in LIS-CH, per favore.",
                "Mostrami i segni LIS-CH per '{text}'.",
            ),
            (
                "Come potrei esprimere '{text}' nella lingua dei segni della Svizzera italiana?",
                "Traduci '{text}' in LIS-CH.",
            ),
        ),
        SignLanguage(
            "LSA",
            "Argentine Sign Language",
            "es",
            ("AED",),
            (
                "¿Cómo se dice '{text}' en Lengua de Señas Argentina?",
                "¿Qué significa '{text}' en Lengua de Señas Argentina?",
                "Por favor, di '{text}' en LSA.",
                "Muéstrame las señas de LSA para '{text}'.",
            ),
            ("¿Cómo podría expresar '{text}' en Lengua de Señas Argentina?", "Traduce '{text}' a LSA."),
        ),
        SignLanguage(
            "KSL",
            "Korean Sign Language",
            "ko",
            ("KVK",),
            (
                "'{text}'을(를) 한국 수어로 어떻게 말하나요?",
                "한국 수어로 '{text}'은(는) 무엇인가요?",
                "'{text}'을(를) KSL로 표현해 주세요.",
                "'{text}'의 KSL 수어를 보여 주세요.",
            ),
            ("한국 수어에서 '{text}'을(를) 어떻게 표현할 수 있을까요?", "'{text}'을(를) KSL로 번역해 주세요."),
        ),
        SignLanguage(
            "TSL",
            "Turkish Sign Language",
            "tr",
            ("TID", "TİD", "TSM"),
            (
                "'{text}' Türk İşaret Dili'nde nasıl söylenir?",
                "Türk İşaret Dili'nde '{text}' ne demektir?",
                "Lütfen '{text}' ifadesini TİD ile işaret et.",
                "Bana '{text}' için TİD işaretlerini göster.",
            ),
            ("'{text}' Türk İşaret Dili ile nasıl ifade edilebilir?", "'{text}' ifadesini TİD'e çevir."),
        ),
    )
}

CODES: tuple[str, ...] = tuple(LANGUAGES)


def _key(name: str) -> str:
    return name.strip().upper().replace("İ", "I").replace("_", "-")


_ALIASES = {_key(alias): lang.code for lang in LANGUAGES.values() for alias in (lang.code, *lang.aliases, lang.name)}


def resolve_language(name: str) -> SignLanguage:
    """Return the language with this code, alias or English name, in any case; raise ConfigError otherwise.

    Codes of a few letters are all alike (BSL is British, TSL Turkish), so only longer names are guessed.
    """
    code = _ALIASES.get(_key(name))
    if code is None:
        names = {_key(lang.name): lang.name for lang in LANGUAGES.values()}
        near = difflib.get_close_matches(_key(name), names, n=1, cutoff=0.8)
        hint = f" (did you mean '{names[near[0]]}'?)" if near else ""
        raise ConfigError(f"unknown sign language '{name}'{hint}; known: {', '.join(CODES)}")
    return LANGUAGES[code]


def is_language(name: str) -> bool:
    """Whether `resolve_language` knows this name."""
    return _key(name) in _ALIASES


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

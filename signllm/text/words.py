"""Words of a text, in one form for all spellings that say the same, and the script that they are written in.

Letters and digits make words; punctuation parts them, as in the text encoder, so "l'eau" holds `l` and `eau`. A number
keeps its separators ("57.5"). A symbol such as an emoji is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

HAN = "Han"
_LATIN, _HANGUL, _KANA = "Latin", "Hangul", "Kana"
_SCRIPT_NAMES = {
    "LATIN": _LATIN, "HANGUL": _HANGUL, "CJK": HAN, "HIRAGANA": _KANA, "KATAKANA": _KANA, "CYRILLIC": "Cyrillic",
    "GREEK": "Greek", "ARABIC": "Arabic", "HEBREW": "Hebrew", "THAI": "Thai", "DEVANAGARI": "Devanagari",
}  # fmt: skip
# Of spoken languages (ISO 639-1); all others are written in Latin letters.
_OWN_SCRIPTS = {
    "ko": (_HANGUL,), "zh": (HAN,), "yue": (HAN,), "ja": (HAN, _KANA), "el": ("Greek",), "he": ("Hebrew",),
    "th": ("Thai",), **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "kk"), ("Cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("Arabic",)), **dict.fromkeys(("hi", "ne", "mr"), ("Devanagari",)),
}  # fmt: skip
_HAN_LETTERS = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_LETTER = re.compile(f"[{_HAN_LETTERS}]")
_HAN_RUN = re.compile(f"[{_HAN_LETTERS}]+")
_BETWEEN_HAN = re.compile(f"(?<=[{_HAN_LETTERS}])\\s+(?=[{_HAN_LETTERS}])")
SENTENCE_WORDS = 3
_LETTERS_A_WORD = 2  # of Chinese, about
_WORD = re.compile(r"\d+(?:[.,:]\d+)+|[\w\u0300-\u036f]+")
_JOINERS = "\u200d\ufe0e\ufe0f"  # inside an emoji
# (particle, whether it follows a consonant; None: either) of a Korean noun. It does not change the sign.
_PARTICLES = (
    ("에서", None), ("에게", None), ("한테", None), ("까지", None), ("부터", None), ("처럼", None), ("보다", None),
    ("하고", None), ("입니다", None), ("이에요", True), ("예요", False), ("으로", True), ("로", False), ("이랑", True),
    ("랑", False), ("은", True), ("는", False), ("이", True), ("가", False), ("을", True), ("를", False), ("과", True),
    ("와", False), ("의", None), ("에", None), ("도", None), ("만", None),
)  # fmt: skip


def composed_lower(text: str) -> str:
    """NFC in small letters; `İ` becomes `i`, as in `signllm.models.wordpiece`."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).replace("İ", "i").lower())


def words_of(text: str, spoken: str = "") -> list[str]:
    """The words in order, in small letters and composed form; a run of another script is a word of its own.

    Of a spoken language (ISO 639-1) that is written in Han letters without blanks, each letter is a word, as the text
    encoder reads it.
    """
    if HAN in own_scripts(spoken):
        text = spaced_han(text)
    text = composed_lower(text)
    found: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        found += _symbols(text[end : match.start()])
        found += _by_script(match.group())
        end = match.end()
    return found + _symbols(text[end:])


def _symbols(text: str) -> list[str]:
    """Symbols between words; what modifies or joins emoji stays with them."""
    found: list[str] = []
    joined = False
    for character in text:
        kind = unicodedata.category(character)
        if found and (joined or character in _JOINERS or "\U0001f3fb" <= character <= "\U0001f3ff"):
            found[-1] += character
            joined = character == "\u200d"
        elif kind in ("So", "Sc", "Sm"):
            found.append(character)
    return found


def _by_script(word: str) -> list[str]:
    """The word, cut where its script changes: Chinese and Korean texts hold Latin letters without a blank."""
    if word.isascii():
        return [word]
    parts: list[str] = []
    last: str | None = None
    for character in word:
        script = _script(character)
        if parts and (script is None or last is None or script == last):
            parts[-1] += character
        else:
            parts.append(character)
        last = script or last
    return parts


@lru_cache(1 << 14)
def _script(character: str) -> str | None:
    """The script of a letter; None for digits, marks and symbols, which belong to all."""
    if unicodedata.category(character)[0] != "L":
        return None
    first = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    return _SCRIPT_NAMES.get(first, first.capitalize() or None)


def script_of(word: str) -> str | None:
    """The script of the first letter of a word; None where it holds none."""
    return next((script for script in map(_script, word) if script), None)


def own_scripts(spoken: str) -> tuple[str, ...]:
    """The scripts that a spoken language (ISO 639-1) is written in; of Japanese two."""
    return _OWN_SCRIPTS.get(spoken, (_LATIN,))


def spaced_han(text: str) -> str:
    """The text with blanks around each Han letter; one without Han letters as it is."""
    return text if text.isascii() else _HAN_LETTER.sub(r" \g<0> ", text)


def joined_han(text: str) -> str:
    """The text without blanks between Han letters: tables write sentences both ways, and they say the same."""
    return text if text.isascii() else _BETWEEN_HAN.sub("", text)


def count_words(text: str) -> int:
    """How many words stand between blanks. Han letters have no blanks between words: two of them count as one word."""
    if text.isascii():
        return len(text.split())
    text = joined_han(text)
    letters = sum((len(run) - 1) // _LETTERS_A_WORD for run in _HAN_RUN.findall(text))
    return len(text.split()) + letters


def is_sentence(text: str) -> bool:
    """Whether a text has as many words as a sentence or a phrase; fewer are a word or a name."""
    return count_words(text) >= SENTENCE_WORDS


def stems_of(word: str, spoken: str) -> list[str]:
    """Forms under which a word may have been seen: itself, and of a Korean one what stands before its particle.

    A particle must fit the sound before it, and short ones that fit any need two syllables: 나이 (age) is not 나.
    """
    if spoken != "ko":
        return [word]
    for particle, after_consonant in _PARTICLES:
        stem = word.removesuffix(particle)
        if stem == word or not stem or script_of(stem[-1]) != _HANGUL:
            continue
        final = (ord(stem[-1]) - 0xAC00) % 28  # the consonant that closes the syllable; 0: none, 8: ㄹ
        fits = after_consonant is None or (final > 0) == after_consonant or (particle == "로" and final == 8)
        if fits and (after_consonant is not None or len(particle) > 1 or len(stem) > 1):
            return [word, stem]
    return [word]


def first_few(items: Iterable[str], most: int = 8) -> str:
    """A list for a message: the first ones, and how many more."""
    items = list(items)
    return ", ".join(items[:most]) + f" and {len(items) - most} more" * (len(items) > most)

"""What can be a text to sign."""

from __future__ import annotations

import unicodedata

from signllm.errors import ConfigError

LONGEST_TEXT = 20_000  # characters of one text, some 300 sentences
_BLANKS = "\t\r\n"


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

"""How texts are compared: one form for all that say the same."""

from __future__ import annotations

import re
import unicodedata


def normalised_text(text: str) -> str:
    """Lower case, compatibility forms, no punctuation, single spaces."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w\s]+", " ", text).split())

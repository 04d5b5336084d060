"""The figures that judges' readings are scored by, without the judges: light to import, for reports and comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from signllm.metrics.preset import HIGHER
from signllm.metrics.text_scores import TextPreset, text_presets

PREFIX, GLOSS_PREFIX = "bt", "bt_gloss"
RECOGNITION = "bt-recognition"


def presets_of_kind(kind: str, glosses: bool = True) -> list[TextPreset]:
    """What the readings of a 'recogniser' or a 'translator' (with or without glosses) are scored by."""
    if kind == "recogniser":
        return [TextPreset(RECOGNITION, ("bt_top_1", "bt_top_5"), HIGHER, "%", _recognised, _shares, "case:lc")]
    return text_presets(PREFIX, "13a") + (text_presets(GLOSS_PREFIX, "none") if glosses else [])


def reading_presets() -> dict[str, TextPreset]:
    """All of them by name; whose readings they score is told by a report's signatures."""
    return {preset.name: preset for kind in ("recogniser", "translator") for preset in presets_of_kind(kind)}


def _recognised(ranking: str, words: Sequence[str]) -> Sequence[float]:
    """Share of clips whose word is the judge's first guess, and among its first five. Words that the judge never
    learnt count as missed. This toolkit's definition."""
    guesses = ranking.split("\n")
    return float(guesses[0] in words), float(any(word in guesses for word in words)), 1.0


def _shares(sums: np.ndarray) -> np.ndarray:
    clips = sums[..., 2:]
    return 100 * np.divide(sums[..., :2], clips, out=np.full(sums[..., :2].shape, np.nan), where=clips > 0)

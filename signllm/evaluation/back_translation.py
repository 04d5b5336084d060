"""From what a judge reads to figures: accuracy of a recogniser, text and gloss scores of a translator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from signllm.data.store import ClipRecord
from signllm.data.texts import normalised_text
from signllm.errors import DataError
from signllm.evaluation.intervals import bootstrap_sums, interval
from signllm.evaluation.measurements import REFERENCE
from signllm.judges.judge import Judge, LanguageJudge, Reading
from signllm.judges.model import Recogniser, Translator
from signllm.languages import LANGUAGES
from signllm.metrics.reading_presets import GLOSS_PREFIX, RECOGNITION, presets_of_kind
from signllm.metrics.text_scores import RecordPreset, Rows, TextPreset, measure_texts
from signllm.pose import PoseSequence

OF_CEILING = "_of_ceiling"


def back_translation_presets(judge: LanguageJudge, digest: str = "") -> list[TextPreset]:
    """What this judge's readings are scored by; the judge's digest stands in every signature."""
    presets = presets_of_kind(judge.kind, isinstance(judge.network, Translator) and bool(judge.network.glosses))
    return [replace(preset, options=f"judge:{digest or 'unsaved'}|{preset.options}") for preset in presets]


def measure_readings(
    readings: Sequence[Reading],
    texts: Sequence[str | Sequence[str]],
    glosses: Sequence[str | None] | None,
    presets: Sequence[TextPreset],
) -> Rows:
    """(N, K) additive numbers of N clips by preset; a clip without gloss adds nothing to gloss figures.

    A clip may have several texts, each of which is a reference.

    Raises DataError when readings, texts and glosses do not pair up, or a text is empty.
    """
    glosses = [None] * len(texts) if glosses is None else list(glosses)
    if not len(readings) == len(texts) == len(glosses):
        raise DataError(
            f"{len(readings)} readings for {len(texts)} texts and {len(glosses)} glosses; they must pair up one to one"
        )
    rows: Rows = {}
    for preset in presets:
        if preset.name == RECOGNITION:
            said = ["\n".join(reading.ranking) for reading in readings]
            rows |= measure_texts(said, [_normalised(text) for text in texts], [preset])
        elif preset.name.startswith(GLOSS_PREFIX):
            rows[preset.name] = _gloss_rows([reading.gloss or "" for reading in readings], glosses, preset)
        else:
            rows |= measure_texts([reading.text for reading in readings], texts, [preset])
    return rows


def _normalised(texts: str | Sequence[str]) -> list[str]:
    return [normalised_text(text) for text in ([texts] if isinstance(texts, str) else texts)]


def _gloss_rows(said: Sequence[str], glosses: Sequence[str | None], preset: TextPreset) -> np.ndarray:
    known = {index: gloss for index, gloss in enumerate(glosses) if gloss}
    width = len(preset.measure("A", ["A"]))
    rows_NK = np.zeros((len(said), width))
    if known:
        measured = measure_texts([said[index] for index in known], list(known.values()), [preset])
        rows_NK[list(known)] = measured[preset.name]
    return rows_NK


def score_back_translation(
    clips_by_system: Mapping[str, Sequence[PoseSequence]],
    texts: Sequence[str | Sequence[str]],
    glosses: Sequence[str | None] | None,
    judge: Judge,
    language: str,
) -> dict[str, dict[str, float]]:
    """Figures of each system's clips: `bt_top_1`, `bt_top_5`, or `bt_bleu_1` .. `bt_wer` and `bt_gloss_...`.

    Give the references as the system `reference`: then every other system also gets `<figure>_of_ceiling`, its ratio to
    what is read from the recordings. Raises ConfigError when the judge does not read the language, DataError when clips
    and texts do not pair up.
    """
    reader = judge[language]
    presets = back_translation_presets(reader, judge.digest)
    rows = {
        system: measure_readings(reader.read(clips), texts, glosses, presets)
        for system, clips in clips_by_system.items()
    }
    figures = figures_beside_reference(rows, presets)
    return {system: {name: entry["value"] for name, entry in part.items()} for system, part in figures.items()}


def figures_beside_reference(
    rows_by_system: Mapping[str, Rows], presets: Sequence[TextPreset]
) -> dict[str, dict[str, dict[str, float]]]:
    """{value, low, high} of every figure and, beside a `reference`, of its ratio to the reference's.

    Intervals are 95 % percentile bootstraps over clips; a ratio's draws the same clips for both, as a paired test does.
    """
    found: dict[str, dict[str, dict[str, float]]] = {system: {} for system in rows_by_system}
    for preset in presets:
        values, spreads = {}, {}
        for system, rows in rows_by_system.items():
            rows_NK = rows[preset.name]
            values[system] = preset.conclude(rows_NK.sum(0))
            spreads[system] = preset.conclude(bootstrap_sums(rows_NK))
        for system in rows_by_system:
            for column, name in enumerate(preset.figures):
                found[system][name] = _entry(values[system][column], spreads[system][:, column])
                if REFERENCE in values and system != REFERENCE:
                    found[system][f"{name}{OF_CEILING}"] = _entry(
                        _quotient(values[system][column], values[REFERENCE][column]),
                        _quotient(spreads[system][:, column], spreads[REFERENCE][:, column]),
                    )
    return found


def _quotient(ours: ArrayLike, ceiling: ArrayLike) -> np.ndarray:
    upper, lower = np.asarray(ours, dtype=np.float64), np.asarray(ceiling, dtype=np.float64)
    return np.divide(upper, lower, out=np.full(upper.shape, np.nan), where=lower > 0)


def _entry(value: SupportsFloat, spread_R: np.ndarray) -> dict[str, float]:
    low, high = interval(spread_R)
    return {"value": float(value), "low": low, "high": high}


class BackTranslation:
    """A judge as an evaluation uses it: `presets` for all its languages together, each of which asks it for numbers."""

    def __init__(self, judge: Judge):
        self.judge = judge
        self._own = {code: back_translation_presets(reader, judge.digest) for code, reader in judge.languages.items()}
        union = {preset.name: preset for own in self._own.values() for preset in own}
        self.presets = [
            RecordPreset(**{field.name: getattr(preset, field.name) for field in fields(preset)}, reader=self)
            for preset in union.values()
        ]

    def language(self, code: str) -> str | None:
        """The language in which clips of `code` are read; a judge of one language also reads clips of no known one."""
        if code in self._own:
            return code
        return next(iter(self._own)) if code not in LANGUAGES and len(self._own) == 1 else None

    def __call__(self, language: str, clips: Sequence[PoseSequence], records: Sequence[ClipRecord]) -> Rows:
        """(N, K) numbers by preset; zeros, which make no figure, where the judge does not read the language so."""
        rows = {p.name: np.zeros((len(clips), len(p.measure("a", ["a"])))) for p in self.presets}
        code = self.language(language)
        if code is not None:
            texts, glosses = [record.texts for record in records], [record.gloss for record in records]
            rows |= measure_readings(self.judge[code].read(clips), texts, glosses, self._own[code])
        return rows

    def of_ceiling(self, language: str, rows_by_system: Mapping[str, Rows]) -> dict[str, dict[str, dict[str, float]]]:
        """Every system's figures as ratios to the reference's, by the figure's own name."""
        found = figures_beside_reference(rows_by_system, self._own.get(self.language(language) or "", []))
        return {
            system: {
                name.removesuffix(OF_CEILING): entry for name, entry in figures.items() if name.endswith(OF_CEILING)
            }
            for system, figures in found.items()
            if system != REFERENCE
        }


def chance(judge: LanguageJudge) -> dict[str, float]:
    """What blind guessing scores in a recogniser's figures, in per cent; empty for a translator."""
    if not isinstance(judge.network, Recogniser):
        return {}
    words = len(judge.network.words)
    return {"bt_top_1": 100 / words, "bt_top_5": 100 * min(5, words) / words}

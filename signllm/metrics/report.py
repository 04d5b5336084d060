"""From measurements to figures with intervals, and from figures to JSON and tables. Nothing here prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from signllm.metrics.evaluation import REFERENCE, Measurements
from signllm.metrics.preset import HIGHER, LOWER, Preset

REPORT_VERSION = 1
RESAMPLES = 1_000
ARROWS = {LOWER: "↓", HIGHER: "↑"}
Figures = dict[str, dict[str, float]]  # figure -> value, low, high


def bootstrap_sums(rows_NK: np.ndarray, resamples: int = RESAMPLES, seed: int = 0, block: int = 50) -> np.ndarray:
    """(R, K) column sums of `resamples` samples of N clips drawn with replacement; the same draws for equal N."""
    rng = np.random.default_rng(seed)
    N = len(rows_NK)
    sums = [
        rng.multinomial(N, np.full(N, 1 / N), size=min(block, resamples - first)) @ rows_NK
        for first in range(0, resamples, block)
    ]
    return np.concatenate(sums)


def figures_with_intervals(presets: Sequence[Preset], rows: Sequence[np.ndarray]) -> Figures:
    """Value and 95 % percentile-bootstrap interval over clips of every figure; `rows` are (N, K) for each preset."""
    resampled = bootstrap_sums(np.concatenate(rows, axis=1))
    figures: Figures = {}
    first = 0
    for preset, rows_NK in zip(presets, rows, strict=True):
        columns = slice(first, first + rows_NK.shape[1])
        first = columns.stop
        values = preset.conclude(rows_NK.sum(0))
        spread_RG = preset.conclude(resampled[:, columns])
        for index, name in enumerate(preset.figures):
            known = spread_RG[np.isfinite(spread_RG[:, index]), index]
            low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
            figures[name] = {"value": float(values[index]), "low": float(low), "high": float(high)}
    return figures


def make_report(measurements: Measurements, skeleton: str, unit: str, fps: float, **facts) -> dict:
    """The whole evaluation as JSON-ready values: `facts`, presets with signatures, figures by language and overall.

    `languages[code]["systems"][system][figure]` is {value, low, high}; NaN (null in the file) where a figure is not
    defined. `overall` pools the clips of all languages.
    """
    presets = measurements.presets
    systems = measurements.systems()

    def table(codes: Sequence[str], names: Sequence[str]) -> dict[str, Figures]:
        return {
            system: figures_with_intervals(
                presets,
                [np.concatenate([measurements.rows(code, system, p.name) for code in codes]) for p in presets],
            )
            for system in names
        }

    languages = list(measurements.numbers)
    clips = {code: len(measurements.clips[code]) for code in languages}
    return {
        "report_version": REPORT_VERSION,
        **facts,
        "fps": fps,
        "skeleton": skeleton,
        "unit": unit,
        "bootstrap": {"resamples": RESAMPLES, "interval": 0.95, "over": "clips"},
        "presets": {
            preset.name: {
                "signature": preset.signature(skeleton, unit, fps),
                "figures": preset.figures,
                "better": preset.better,
                "unit": preset.unit,
                "formula": preset.formula,
            }
            for preset in presets
        },
        "languages": {
            code: {"clips": clips[code], "systems": table([code], list(measurements.numbers[code]))}
            for code in languages
        },
        "overall": {"clips": sum(clips.values()), "systems": table(languages, systems)},
    }


def make_table(report: dict, title: str, systems: dict[str, Figures], labels: dict[str, str]):
    """A rich table: one row a figure, one column a system, value ± half the 95 % interval."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("figure")
    for system in systems:
        table.add_column(labels.get(system, system), justify="right")
    for preset in report["presets"].values():
        for figure in preset["figures"]:
            mark = ARROWS.get(preset["better"], f"→{preset['better']}")
            table.add_row(f"{figure} {mark}", *(_cell(figures[figure]) for figures in systems.values()))
    return table


def legend(report: dict) -> list[str]:
    """One line a preset: its signature and the first sentence of its definition."""
    marks = "↓ lower is better, ↑ higher is better, →1 best is 1: as much as the reference; ± half the 95 % interval."
    lines = [marks]
    for preset in report["presets"].values():
        first = preset["formula"].split(". ")[0].rstrip(".")
        lines.append(f"{preset['signature']}: {first}. ({preset['unit']})")
    return lines


def remarks(systems: dict[str, Figures], model: str = "model") -> list[str]:
    """What a reader must not overlook: a model near the mean pose, jittery, or no closer than a baseline."""
    if model not in systems:
        return []
    figures = {name: entry["value"] for name, entry in systems[model].items()}
    found = []
    distance, smoothness = (figures.get(name, math.nan) for name in ("total_distance", "motion_smoothness"))
    if distance < 0.5:
        found.append(
            f"the wrists travel {distance:.2f} of the reference's way: the model is near a frozen mean pose, so do not"
            " read its DTW alone"
        )
    elif figures.get("variance_ratio_body", math.nan) < 0.25:
        found.append(
            f"the body's variance is {figures['variance_ratio_body']:.2f} of the reference's although the wrists travel"
            f" {distance:.2f} of its way: the model trembles about a mean pose"
        )
    if smoothness > 2:
        found.append(f"the hands' jerk is {smoothness:.1f} times the reference's: the motion jitters")
    for name, baseline in systems.items():
        if name in (model, REFERENCE) or "dtw_score" not in figures:
            continue
        theirs = baseline["dtw_score"]["value"]
        if figures["dtw_score"] >= theirs:
            found.append(
                f"DTW score {figures['dtw_score']:.3f}: no closer to the reference than '{name.replace('_', ' ')}'"
                f" ({theirs:.3f})"
            )
    return found


def _cell(entry: dict[str, float]) -> str:
    if not math.isfinite(entry["value"]):
        return "-"
    half = (entry["high"] - entry["low"]) / 2
    return f"{entry['value']:.3f} ±{half:.3f}" if math.isfinite(half) else f"{entry['value']:.3f}"

"""From measurements to figures with intervals, and from figures to JSON and tables. Nothing here prints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from signllm.evaluation.intervals import RESAMPLES, Figures, figures_of_systems
from signllm.evaluation.labels import system_label
from signllm.evaluation.leakage import Leakage
from signllm.evaluation.measurements import REFERENCE, Measurements
from signllm.evaluation.packing import pack
from signllm.metrics.preset import HIGHER, LOWER, Preset
from signllm.metrics.text_scores import RecordPreset

REPORT_VERSION = 2
JUDGED = ("model", "predictions")
ARROWS = {LOWER: "↓", HIGHER: "↑"}


def make_report(
    measurements: Measurements,
    skeleton: str,
    unit: str,
    fps: float,
    leakage: Mapping[str, Leakage] | None = None,
    **facts,
) -> dict:
    """The whole evaluation as JSON-ready values: `facts`, presets with signatures, figures by language and overall.

    `languages[code]["systems"][system][figure]` is {value, low, high}, with `seeds` (the value of each seed) and `sd`
    (their standard deviation) where a system answered with several; NaN (null in the file) where a figure is not
    defined. `subsets` repeats them without the clips that leaked, `leakage` counts those. `overall` pools the clips of
    all languages. `clips[code]` holds ids and packed numbers of single clips, by which two reports are compared, and as
    `ceiling` those of what a judge reads from the references.
    """
    presets, leakage = measurements.presets, dict(leakage or {})
    languages = list(measurements.numbers)
    parts = {code: _part(measurements, [code], leakage) for code in languages}
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
        "languages": parts,
        "overall": parts[languages[0]] if len(languages) == 1 else _part(measurements, languages, leakage),
        "clips": {code: _single_clips(measurements, code) for code in languages},
    }


def _part(measurements: Measurements, codes: Sequence[str], leakage: Mapping[str, Leakage]) -> dict:
    """Figures of one language, or of several together: then of the systems that answered for all of them."""
    names = list(measurements.numbers[codes[0]]) if len(codes) == 1 else measurements.systems()
    rows = {name: _rows(measurements, codes, name) for name in names}
    systems = figures_of_systems(measurements.presets, rows)
    for name in names:
        _add_seeds(measurements, codes, name, systems[name])
    count = sum(len(measurements.clips[code]) for code in codes)
    part = {"clips": count, "systems": systems}
    audited = [leakage[code] for code in codes if code in leakage]
    if audited and len(audited) == len(codes):
        counts = [audit.counts() for audit in audited]
        part["leakage"] = {
            "training_clips": sum(audit.training_clips for audit in audited),
            **{kind: {level: sum(c[kind][level] for c in counts) for level in counts[0][kind]} for kind in counts[0]},
        }
        part["subsets"] = _subsets(measurements, rows, audited)
    return part


def _rows(measurements: Measurements, codes: Sequence[str], system: str, seed: int | None = None) -> list[np.ndarray]:
    """(N, K) of each preset, the languages one after the other."""
    return [
        np.concatenate([measurements.rows(code, system, preset.name, seed) for code in codes])
        for preset in measurements.presets
    ]


def _add_seeds(measurements: Measurements, codes: Sequence[str], system: str, figures: Figures) -> None:
    """Write each seed's value into the figures, where a system answered with several seeds in every language."""
    seeds = measurements.seeds(codes[0], system)
    if len(seeds) < 2 or any(measurements.seeds(code, system) != seeds for code in codes):
        return
    rows = {seed: _rows(measurements, codes, system, seed) for seed in seeds}
    for index, preset in enumerate(measurements.presets):
        values_SG = np.array([preset.conclude(rows[seed][index].sum(0)) for seed in seeds])
        for column, name in enumerate(preset.figures):
            figures[name]["seeds"] = values_SG[:, column].tolist()
            figures[name]["sd"] = float(np.std(values_SG[:, column], ddof=1))


def _subsets(measurements: Measurements, rows: Mapping[str, list[np.ndarray]], audited: Sequence[Leakage]) -> dict:
    """Figures without the clips that leaked; a subset of none, of all, or of those of another has none."""
    masks = [audit.subsets() for audit in audited]
    found, seen = {}, set()
    for name in masks[0]:
        mask_N = np.concatenate([mask[name] for mask in masks])
        found[name] = {"clips": int(mask_N.sum())}
        if 0 < mask_N.sum() < len(mask_N) and mask_N.tobytes() not in seen:
            seen.add(mask_N.tobytes())
            left = {system: [block[mask_N] for block in blocks] for system, blocks in rows.items()}
            found[name]["systems"] = figures_of_systems(measurements.presets, left)
    return found


def _single_clips(measurements: Measurements, code: str) -> dict:
    def packed(system: str, presets: Sequence[Preset]) -> dict[str, str]:
        found = {preset.name: pack(measurements.rows(code, system, preset.name)) for preset in presets}
        return {name: text for name, text in found.items() if text is not None}

    read = [preset for preset in measurements.presets if isinstance(preset, RecordPreset)]
    systems = [system for system in measurements.numbers[code] if system != REFERENCE]
    ceiling = {"ceiling": packed(REFERENCE, read)} if read and REFERENCE in measurements.numbers[code] else {}
    return {
        "references": measurements.digest(code),
        "ids": measurements.clips[code],
        "numbers": {system: packed(system, measurements.presets) for system in systems},
        **ceiling,
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
    marks = (
        "↓ lower is better, ↑ higher is better, →1 best is 1: as much as the reference; ± half the 95 % bootstrap"
        " interval over clips."
    )
    lines = [marks]
    for preset in report["presets"].values():
        first = preset["formula"].split(". ")[0].rstrip(".")
        lines.append(f"{preset['signature']}: {first}. ({preset['unit']})")
    return lines


def remarks(systems: dict[str, Figures], model: str | None = None, chinese: bool = False) -> list[str]:
    """What a reader must not overlook: a model near the mean pose, jittery, or no closer than a baseline.

    `model` is the system that is judged, by default the model or the predictions of the report.
    """
    model = model or next((name for name in JUDGED if name in systems), "")
    return [pair[chinese] for pair in _remarks(systems, model)] if model in systems else []


def _remarks(systems: dict[str, Figures], model: str) -> list[tuple[str, str]]:
    known = {system: {name: _number(entry["value"]) for name, entry in systems[system].items()} for system in systems}
    figures = known[model]
    found = []
    distance, smoothness = (figures.get(name, math.nan) for name in ("total_distance", "motion_smoothness"))
    variance = figures.get("variance_ratio_body", math.nan)
    if distance < 0.5:
        found.append(
            (
                f"the wrists travel {distance:.2f} of the reference's way: the model is near a frozen mean pose, so do"
                " not read its DTW alone",
                f"手腕位移仅为参考的 {distance:.2f}：模型接近静止的平均姿态，不要只看 DTW",
            )
        )
    elif variance < 0.25:
        found.append(
            (
                f"the body's variance is {variance:.2f} of the reference's although the wrists travel {distance:.2f} of"
                " its way: the model trembles about a mean pose",
                f"手腕位移为参考的 {distance:.2f}，而身体方差仅为 {variance:.2f}：模型在平均姿态附近抖动",
            )
        )
    if smoothness > 2:
        found.append(
            (
                f"the hands' jerk is {smoothness:.1f} times the reference's: the motion jitters",
                f"手部加加速度是参考的 {smoothness:.1f} 倍：动作抖动",
            )
        )
    for name, baseline in known.items():
        if name in (model, REFERENCE) or "dtw_score" not in figures:
            continue
        ours, theirs = figures["dtw_score"], baseline["dtw_score"]
        if ours >= theirs:
            plain, (_, label) = name.replace("_", " "), system_label(name)
            found.append(
                (
                    f"DTW score {ours:.3f}: no closer to the reference than '{plain}' ({theirs:.3f})",
                    f"DTW 得分 {ours:.3f}：并不比“{label}”（{theirs:.3f}）更接近参考",
                )
            )
    return found


def _number(value: float | None) -> float:
    """NaN for what a JSON file holds as null."""
    return math.nan if value is None else value


def leakage_lines(report: dict) -> list[str]:
    """What of each language's texts and clips stands in training, and how many clips are left without them."""
    lines = []
    for code, part in report["languages"].items():
        if "leakage" in part:
            lines.append(f"{code}: {leakage_sentence(part)}")
    return lines


def leakage_sentence(part: dict) -> str:
    """One language's leakage in words."""
    total, found = part["clips"], part["leakage"]

    def share(kind: str) -> str:
        levels = [f"{count} {level}" for level, count in reversed(found[kind].items()) if count]
        leaked = sum(found[kind].values())
        return f"{leaked} of {total} {kind} ({leaked / total:.1%}{': ' + ', '.join(levels) if levels else ''})"

    left = part["subsets"]["unseen_texts_and_clips"]["clips"]
    return f"{share('texts')} and {share('clips')} stand in the training split; {left} clips are free of both"


def _cell(entry: dict[str, float]) -> str:
    if not math.isfinite(entry["value"]):
        return "-"
    half = (entry["high"] - entry["low"]) / 2
    return f"{entry['value']:.3f} ±{half:.3f}" if math.isfinite(half) else f"{entry['value']:.3f}"

"""A report in rows and sentences, as terminals, Markdown and pages show it. Nothing here prints."""

from __future__ import annotations

import math
from collections.abc import Mapping

from signllm.evaluation.intervals import Figures
from signllm.evaluation.labels import system_label
from signllm.evaluation.measurements import REFERENCE
from signllm.metrics.preset import HIGHER, LOWER

EVALUATED = ("model", "predictions")
"""The systems that a report can be about; the others are the reference and baselines."""
ARROWS = {LOWER: "↓", HIGHER: "↑"}


def arrow(better: str) -> str:
    """An arrow to where a figure is best."""
    return ARROWS.get(better, f"→{better}")


def figure_rows(report: Mapping, systems: Mapping[str, Figures]) -> list[list[str]]:
    """A row a figure: its name and, for each system, value ± half the 95 % interval."""
    return [
        [f"{figure} {arrow(preset['better'])}", *(_cell(figures[figure]) for figures in systems.values())]
        for preset in report["presets"].values()
        for figure in preset["figures"]
    ]


def legend(report: Mapping) -> list[str]:
    """One line a preset: its signature and the first sentence of its definition."""
    arrows = (
        "↓ lower is better, ↑ higher is better, →1 best is 1: as much as the reference; ± half the 95 % bootstrap"
        " interval over clips."
    )
    lines = [arrows]
    for preset in report["presets"].values():
        first = preset["formula"].split(". ")[0].rstrip(".")
        lines.append(f"{preset['signature']}: {first}. ({preset['unit']})")
    return lines


def remarks(systems: dict[str, Figures], model: str | None = None, chinese: bool = False) -> list[str]:
    """What a reader must not overlook: a model near the mean pose, jittery, or no closer than a baseline.

    `model` is the system that is judged, by default the model or the predictions of the report.
    """
    model = model or next((name for name in EVALUATED if name in systems), "")
    return [pair[chinese] for pair in _remarks(systems, model)] if model in systems else []


def _remarks(systems: dict[str, Figures], model: str) -> list[tuple[str, str]]:
    known = {system: {name: _number(entry["value"]) for name, entry in systems[system].items()} for system in systems}
    figures = known[model]
    found = []
    path_length, jerk = (figures.get(name, math.nan) for name in ("total_distance", "motion_smoothness"))
    variance = figures.get("variance_ratio_body", math.nan)
    if path_length < 0.5:
        found.append(
            (
                f"wrist path length relative to the reference is {path_length:.2f}: the motion is close to a frozen"
                " mean pose, so do not judge it by DTW alone",
                f"手腕位移仅为参考的 {path_length:.2f}：动作接近静止的平均姿态，不要只看 DTW",
            )
        )
    elif variance < 0.25:
        found.append(
            (
                f"the body's variance relative to the reference is {variance:.2f}, while the wrist path length is"
                f" {path_length:.2f}: the motion trembles about a mean pose",
                f"手腕位移为参考的 {path_length:.2f}，而身体方差仅为 {variance:.2f}：动作在平均姿态附近抖动",
            )
        )
    if jerk > 2:
        found.append(
            (
                f"the jerk of the hands is {jerk:.1f} times that of the reference: the motion jitters",
                f"手部加加速度是参考的 {jerk:.1f} 倍：动作抖动",
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

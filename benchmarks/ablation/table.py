"""From the cells' reports to a table: means over seeds, intervals over clips, ratios to other systems, targets.

Legend: N clips, K numbers a clip, R resamples of the clips, the same in every cell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ablation.jobs import Cell
from ablation.matrix import Bound, Matrix
from signllm.evaluation.intervals import bootstrapped_figures, interval
from signllm.evaluation.labels import system_label
from signllm.evaluation.measurements import REFERENCE
from signllm.evaluation.packing import unpack
from signllm.metrics.preset import Preset, conclude_over_clips
from signllm.metrics.reading_presets import reading_presets
from signllm.metrics.registry import PRESETS, find_presets

MODEL = "model"
YES, NO = "✓", "✗"


@dataclass(frozen=True)
class Spread:
    """A figure of one system in one cell: its value, and its values in R resamples of the clips."""

    value: float
    resampled_R: np.ndarray

    def over(self, other: Spread) -> Spread:
        """The ratio to another figure of the same clips, resample by resample."""
        ours_R, theirs_R = np.broadcast_arrays(self.resampled_R, other.resampled_R)
        ratio_R = np.divide(ours_R, theirs_R, out=np.full(ours_R.shape, np.nan), where=theirs_R > 0)
        return Spread(self.value / other.value if other.value > 0 else math.nan, ratio_R)


Spreads = dict[str, Spread]  # by figure


def summarise(matrix: Matrix, cells: Sequence[Cell], results: Mapping[str, dict]) -> dict:
    """The whole table as JSON-ready values; `results` are those of the finished cells, by their folder's name.

    `systems[name]` has for all languages together, and `languages[code][name]` for each, figures of {value, sd, low,
    high, values}: mean and standard deviation over seeds, the 95 % percentile bootstrap interval of that mean over
    clips, and each seed's value; `ratios[name][figure]` the same of the ratio that a target speaks of.
    """
    reports = [(cell, results[cell.job.folder.name]) for cell in cells if cell.job.folder.name in results]
    variants = list(dict.fromkeys(cell.variant for cell, _ in reports))
    by_variant = {
        name: [_Spreads(result["report"]) for cell, result in reports if cell.variant == name] for name in variants
    }
    codes = list(dict.fromkeys(code for rows in by_variant.values() for row in rows for code in row.languages))
    table = {
        "variants": {name: _facts(matrix, name, [r for c, r in reports if c.variant == name]) for name in variants},
        "missing": [c.job.name for c in cells if c.job.folder.name not in results],
        "signatures": _signatures([result["report"] for _, result in reports]),
        "warnings": _warnings([result["report"] for _, result in reports]),
        "languages": {},
    }
    for code in [None, *(codes if len(codes) > 1 else [])]:
        part = _part(matrix, by_variant, code)
        if code is None:
            table |= part
        else:
            table["languages"][code] = part
    return table


def _part(matrix: Matrix, by_variant: Mapping[str, list[_Spreads]], code: str | None) -> dict:
    """Systems, ratios and targets of one language, or (None) of all together."""
    by_variant = {
        name: known for name, rows in by_variant.items() if (known := [row for row in rows if row.knows(code)])
    }
    systems: dict[str, dict] = {}
    # Baselines depend on the clips that the judge left and on the frame rate, not on variant or seed.
    for name in dict.fromkeys(s for rows in by_variant.values() for row in rows for s in row.systems if s != MODEL):
        unique = {row.clips_key(name): row for rows in by_variant.values() for row in rows if name in row.systems}
        systems[name] = _mean([row.of(name, code) for row in unique.values()])
    ratios: dict[str, dict] = {}
    for name, rows in by_variant.items():
        systems[name] = _mean([row.of(MODEL, code) for row in rows])
        ratios[name] = _mean([row.ratios(MODEL, matrix.targets, code) for row in rows])
    baselines = [name for name in systems if name not in by_variant]
    for name in baselines:
        rows = [row for rows in by_variant.values() for row in rows if name in row.systems]
        ratios[name] = _mean([row.ratios(name, matrix.targets, code) for row in rows[:1]])
    judged = {name: _judged(matrix.targets, name, systems) for name in systems}
    return {"systems": systems, "ratios": ratios, "targets": judged}


def _judged(targets: Mapping[str, Bound], name: str, systems: Mapping[str, Mapping]) -> dict[str, bool | None]:
    """Whether each target holds for a system's means; None where a figure was not measured, or is not to be trusted."""

    def value(system: str, figure: str) -> float:
        return systems.get(system, {}).get(figure, {}).get("value", math.nan)

    found = {}
    for figure, bound in targets.items():
        own, other = value(name, figure), value(bound.of, figure) if bound.of else 1.0
        known = math.isfinite(own) and math.isfinite(other) and bound.trusts(other)
        found[figure] = bound.holds(own, other) if known else None
    return found


class _Spreads:
    """The spreads of one report's systems; each is computed once."""

    def __init__(self, report: dict):
        self.report, self.languages = report, list(report["clips"])
        self._made: dict[tuple[str, str | None], Spreads] = {}
        every = [list(clips["numbers"]) for clips in report["clips"].values()]
        self.systems = [REFERENCE, *(name for name in every[0] if all(name in names for names in every))]

    def knows(self, code: str | None) -> bool:
        """Whether the language was evaluated."""
        return code is None or code in self.languages

    def clips_key(self, system: str) -> str:
        """Equal for systems that answered with the same clips."""
        packed = [clips["numbers"].get(system, {}) for clips in self.report["clips"].values()]
        return str([sorted(numbers.items()) for numbers in packed])

    def of(self, system: str, code: str | None) -> Spreads:
        """By figure, of one language or of all."""
        if (system, code) not in self._made:
            self._made[system, code] = self._make(system, [code] if code else self.languages)
        return self._made[system, code]

    def ratios(self, system: str, targets: Mapping[str, Bound], code: str | None) -> Spreads:
        """The ratios that targets speak of, where both figures are there."""
        own, found = self.of(system, code), {}
        for figure, bound in targets.items():
            other = self.of(bound.of, code) if bound.of in self.systems else {}
            if figure in own and figure in other:
                found[figure] = own[figure].over(other[figure])
        return found

    def _make(self, system: str, codes: Sequence[str]) -> Spreads:
        found: Spreads = {}
        for name in self.report["presets"]:
            preset = preset_called(name)
            rows_NK = self._rows(system, name, codes) if preset else None
            if rows_NK is None:
                continue
            value_G = conclude_over_clips(preset, rows_NK)
            spread_RG = bootstrapped_figures(preset, rows_NK)
            for column, figure in enumerate(preset.figures):
                found[figure] = Spread(float(value_G[column]), spread_RG[:, column])
        return self._plain_reference(codes) | found if system == REFERENCE else found

    def _rows(self, system: str, preset: str, codes: Sequence[str]) -> np.ndarray | None:
        blocks = []
        for code in codes:
            clips = self.report["clips"][code]
            numbers = clips.get("ceiling", {}) if system == REFERENCE else clips["numbers"].get(system, {})
            if preset not in numbers:
                return None
            blocks.append(unpack(numbers[preset], len(clips["ids"])))
        return np.concatenate(blocks)

    def _plain_reference(self, codes: Sequence[str]) -> Spreads:
        """What the recordings have against themselves does not vary with the clips as judges' readings do."""
        part = self.report["languages"][codes[0]] if len(codes) == 1 else self.report["overall"]
        values = {name: _number(entry["value"]) for name, entry in part["systems"][REFERENCE].items()}
        return {name: Spread(value, np.array([value])) for name, value in values.items()}


def preset_called(name: str) -> Preset | None:
    """The preset whose numbers of single clips a report carries under this name; None for those of encoders."""
    if name.startswith("pck@"):
        return find_presets([name])[0]
    return {**PRESETS, **reading_presets()}.get(name)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _mean(cells: Sequence[Spreads]) -> dict[str, dict]:
    """Mean and deviation over cells, and the interval over clips of the mean."""
    found = {}
    for figure in dict.fromkeys(name for cell in cells for name in cell):
        spreads = [cell[figure] for cell in cells if figure in cell]
        values = [spread.value for spread in spreads]
        low, high = interval(np.mean([spread.resampled_R for spread in spreads], axis=0))
        found[figure] = {
            "value": float(np.mean(values)),
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
            "low": low,
            "high": high,
            "values": values,
        }
    return found


def _facts(matrix: Matrix, name: str, results: Sequence[dict]) -> dict:
    variant = matrix.variants[name]
    return {
        **variant.model_dump(),
        "cells": len(results),
        "seeds": [result["spec"]["config"]["training"]["seed"] for result in results],
        "parameters": results[0]["parameters"],
        "steps": [result["steps"] for result in results],
        "minutes": [round(result["seconds"] / 60, 2) for result in results],
        "best_step": [result["best_step"] for result in results],
    }


def _signatures(reports: Sequence[dict]) -> list[str]:
    return list(dict.fromkeys(p["signature"] for report in reports for p in report["presets"].values()))


def _warnings(reports: Sequence[dict]) -> list[str]:
    """What makes the judges' figures doubtful, as the reports say it."""
    sections = [report["back_translation"] for report in reports if "back_translation" in report]
    found = {f"{code}: {text}": None for s in sections for code, p in s["languages"].items() for text in p["warnings"]}
    return list(found)


def make_markdown(matrix: Matrix, table: dict, title: str) -> str:
    """The table for people: one row a system, one column a figure that a target or `shown` names."""
    figures = list(dict.fromkeys([*matrix.targets, *matrix.shown]))
    lines = [f"# {title}", "", *_legend(matrix), "", *_rows(matrix, table, figures, list(table["variants"])), ""]
    lines += [f"- ! {warning}" for warning in [*_untrusted(matrix, table), *table["warnings"]]]
    if table["missing"]:
        lines.append(f"- Not run or failed: {', '.join(table['missing'])}.")
    for code, part in table["languages"].items():
        lines += ["", f"## {code}", "", *_rows(matrix, part, figures, list(table["variants"]))]
    lines += ["", "## Cost", "", "| variant | settings | parameters | steps | minutes | best step |"]
    lines += ["|---|---|---:|---:|---:|---:|"]
    for name, facts in table["variants"].items():
        spans = (_span(facts[key]) for key in ("steps", "minutes", "best_step"))
        start = [f"from {facts['init_from']}"] if facts["init_from"] else []
        settings = ", ".join([*start, *(f"`{setting}`" for setting in facts["set"])]) or "as the base"
        lines.append(f"| {name} | {settings} | {facts['parameters']:,} | {' | '.join(spans)} |")
    return "\n".join([*lines, "", "Signatures:", "", *(f"- `{line}`" for line in table["signatures"])]) + "\n"


def _untrusted(matrix: Matrix, table: dict) -> list[str]:
    """Targets that say nothing, because what they compare with is too bad itself."""
    parts, found = {"all": table, **table["languages"]}, []
    for figure, bound in matrix.targets.items():
        others = {
            name: part["systems"].get(bound.of, {}).get(figure, {}).get("value", 0) for name, part in parts.items()
        }
        bad = [f"{name} {value:.1f}" for name, value in others.items() if not bound.trusts(value)]
        if bad:
            who = system_label(bound.of)[0].lower()
            found.append(
                f"{figure}: the {who} has more than {bound.trust_at_most:g} ({', '.join(bad)}): the target says nothing"
                " there; train the judge longer or on more clips"
            )
    return found


def _legend(matrix: Matrix) -> list[str]:
    judge = matrix.judge
    if judge is None:
        reading = "no judge"
    elif judge.file:
        reading = f"judge `{judge.file}`"
    else:
        reading = (
            f"a judge of a share of {judge.share:g} of the training clips, models and baselines of the others, split by"
            f" seed {', '.join(map(str, judge.split_seeds))}"
        )
    wanted = [f"`{figure}` {_words(bound)}" for figure, bound in matrix.targets.items()]
    return [
        f"Store `{matrix.store}`, split `{matrix.split}`; base `{matrix.base}`"
        + (f" with {', '.join(f'`{setting}`' for setting in matrix.set)}" if matrix.set else "")
        + f"; seeds {', '.join(map(str, matrix.seeds))}; {reading}.",
        "",
        "Mean over seeds ± standard deviation over seeds, [95 % bootstrap interval of the mean over clips]; x: ratio to"
        f" the system that the target names. {YES} the target holds for the mean, {NO} it does not.",
        *([f"Targets: {'; '.join(wanted)}."] if wanted else []),
    ]


def _words(bound: Bound) -> str:
    parts = [f"at least {bound.least:g}"] if bound.least is not None else []
    parts += [f"at most {bound.most:g}"] if bound.most is not None else []
    return " and ".join(parts) + (f" x {system_label(bound.of)[0].lower()}" if bound.of else "")


def _rows(matrix: Matrix, part: dict, figures: Sequence[str], variants: Sequence[str]) -> list[str]:
    lines = [f"| system | {' | '.join(f'`{figure}`' for figure in figures)} | targets |"]
    lines += [f"|---|{'---:|' * len(figures)}---|"]
    for name, found in part["systems"].items():
        cells = [_cell(matrix, part, name, figure, found.get(figure), name in variants) for figure in figures]
        label = name if name in variants else f"*{system_label(name)[0].lower()}*"
        lines.append(f"| {label} | {' | '.join(cells)} | {_verdict(part['targets'][name])} |")
    return lines


def _cell(matrix: Matrix, part: dict, name: str, figure: str, entry: dict | None, variant: bool) -> str:
    if entry is None or not math.isfinite(entry["value"]):
        return "-"
    text = _decimals(entry["value"])
    if entry["sd"] is not None:
        text += f" ±{_decimals(entry['sd'])}"
    if math.isfinite(entry["low"]) and entry["high"] > entry["low"]:
        text += f" [{_decimals(entry['low'])}, {_decimals(entry['high'])}]"
    ratio = part["ratios"][name].get(figure)
    if ratio and math.isfinite(ratio["value"]) and matrix.targets[figure].of != name:
        text += f" {ratio['value']:.2f}x"
        if variant and math.isfinite(ratio["low"]):
            text += f" [{ratio['low']:.2f}, {ratio['high']:.2f}]"
    holds = part["targets"][name].get(figure)
    return text if holds is None or not variant else f"{text} {YES if holds else NO}"


def _verdict(judged: Mapping[str, bool | None]) -> str:
    known = {figure: holds for figure, holds in judged.items() if holds is not None}
    if not known:
        return "-"
    missed = [figure for figure, holds in known.items() if not holds]
    return f"{len(known) - len(missed)} of {len(known)}" + (f"; not {', '.join(missed)}" if missed else "")


def _decimals(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"

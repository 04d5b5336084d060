"""Do two evaluations of the same clips differ? A paired test on the numbers of single clips that reports carry.

For each figure the difference B - A is given with its paired bootstrap interval, and the p-value of a permutation
test: under the hypothesis that the systems are alike, each clip's two answers may be exchanged. Of figures that are
best at 1 the difference is that of their distances from 1, as ratios. Legend: N clips, K numbers, R resamples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, Field

from signllm.errors import DataError
from signllm.evaluation.intervals import RESAMPLES, bootstrapped_figures, exchanged_figures, interval
from signllm.evaluation.packing import unpack
from signllm.evaluation.report import REPORT_VERSION, Report
from signllm.evaluation.summary import arrow
from signllm.fsutil import read_json
from signllm.metrics.preset import HIGHER, ONE, conclude_over_clips
from signllm.typed import checked

if TYPE_CHECKING:
    from signllm.metrics.text_scores import AnyPreset

PERMUTATIONS = 2_000
SIGNIFICANT = 0.05
COLUMNS = ("figure", "A", "B", "difference", "95 % interval", "p", "p Holm", "verdict")
_SEED_OF_PERMUTATIONS = 1


class _Preset(BaseModel):
    signature: str
    figures: list[str]
    better: str


class _Clips(BaseModel):
    references: str | None
    ids: Annotated[list[str], Field(min_length=1)]
    numbers: Annotated[dict[str, dict[str, str]], Field(min_length=1)]


class _Report(BaseModel):
    """What comparing reads of a report."""

    presets: dict[str, _Preset]
    clips: Annotated[dict[str, _Clips], Field(min_length=1)]


def read_report(path: Path) -> dict:
    """A JSON report of evaluation.py; DataError when it is none, or has no numbers of single clips."""
    try:
        report = read_json(path)
    except DataError as error:
        if not path.exists():
            raise DataError(f"{path}: no such report; make it with evaluation.py model --output {path}") from None
        raise DataError(f"{fault}; not a JSON report" for fault in error.faults) from None
    if not isinstance(report, dict) or report.get("report_version") != REPORT_VERSION or "clips" not in report:
        found = report.get("report_version") if isinstance(report, dict) else None
        raise DataError(
            f"{path}: report version {found}, comparing needs version {REPORT_VERSION}, which carries the numbers of"
            " single clips; evaluate again"
        )
    checked(_Report, report, path, DataError, "evaluate again")
    return report


def compare(first: Path, second: Path, systems: Sequence[str] | None = None) -> Report:
    """`compare_reports` of two files. Raises DataError for what is not a report, and for what cannot be compared."""
    ours, theirs = (read_report(path) for path in (first, second))
    try:
        comparison = compare_reports(ours, theirs, systems)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"one of them is damaged ({type(error).__name__}: {error}); evaluate again"
        raise DataError(f"{first} and {second}: {reason}") from None
    return Report(comparison, Path(), f"comparison_{first.stem}_{second.stem}")


def compare_reports(
    first: dict, second: dict, systems: Sequence[str] | None = None, resamples: int = RESAMPLES
) -> dict:
    """Rows by figure for each language and for all together, of a system of each report (default: their models).

    JSON-ready: `parts[title]` is a list of rows with figure, a, b, difference, low, high, p, p_holm and verdict.
    Raises DataError that names every reason why the two cannot be compared: other languages, clips or references,
    other signatures, a system that is not there.
    """
    names = list(systems or (_main_system(first), _main_system(second)))
    faults = _differences(first, second) + _missing_systems(first, second, names)
    if faults:
        raise DataError(faults)
    presets, notes = _comparable_presets(first, second, names)
    rows = {
        code: [_rows(report, code, system, presets) for report, system in zip((first, second), names, strict=True)]
        for code in first["clips"]
    }
    parts = dict(rows)
    if len(rows) > 1:
        parts["all languages"] = [
            [np.concatenate(blocks) for blocks in zip(*(rows[code][side] for code in rows), strict=True)]
            for side in range(2)
        ]
    return {
        "comparison_version": 1,
        "systems": dict(zip("AB", names, strict=True)),
        "models": {
            name: report.get("model") or report.get("predictions")
            for name, report in zip("AB", (first, second), strict=True)
        },
        "resamples": resamples,
        "permutations": PERMUTATIONS,
        "signatures": {preset.name: first["presets"][preset.name]["signature"] for preset in presets},
        "parts": {title: _compare(presets, ours, theirs, resamples) for title, (ours, theirs) in parts.items()},
        "notes": [
            *notes,
            "difference: B - A with its 95 % paired bootstrap interval over clips; of figures that are best at 1, the"
            " difference of their distances from 1 as ratios, 1 - min(r, 1/r).",
            f"p: whether A and B are alike, by a permutation test over clips ({PERMUTATIONS} exchanges); p Holm:"
            " corrected for the number of figures in the table.",
            f"verdict: p Holm below {SIGNIFICANT}, and an interval of the difference that leaves out zero.",
        ],
    }


def comparison_rows(rows: Sequence[Mapping]) -> list[list[str]]:
    """One part's rows under `COLUMNS`, as text."""
    return [
        [
            f"{row['figure']} {arrow(row['better'])}",
            *(_number(row[key]) for key in ("a", "b", "difference")),
            f"[{_number(row['low'])}, {_number(row['high'])}]",
            _p(row["p"]),
            _p(row["p_holm"]),
            row["verdict"],
        ]
        for row in rows
    ]


def _main_system(report: dict) -> str:
    """The system that the report is about: its first one that is no reference."""
    numbers = next(iter(report["clips"].values()))["numbers"]
    return "model" if "model" in numbers else next(iter(numbers))


def _differences(first: dict, second: dict) -> list[str]:
    """Why the two reports are not about the same clips and metrics."""
    faults = []
    for what in ("split", "fps", "skeleton", "unit"):
        if first.get(what) != second.get(what):
            faults.append(f"{what} is {first.get(what)} in A, {second.get(what)} in B; evaluate both alike")
    if list(first["clips"]) != list(second["clips"]):
        languages = [", ".join(report["clips"]) for report in (first, second)]
        faults.append(f"A has {languages[0]}, B has {languages[1]}; evaluate the same languages with --language")
    for code in first["clips"]:
        ours, theirs = first["clips"][code], second["clips"].get(code)
        if theirs is None:
            continue
        if ours["ids"] != theirs["ids"]:
            shared = len(set(ours["ids"]) & set(theirs["ids"]))
            faults.append(
                f"{code}: A scored {len(ours['ids'])} clips, B {len(theirs['ids'])}, {shared} are the same; evaluate"
                " both on the same split with the same --max_samples"
            )
        elif ours["references"] != theirs["references"]:
            faults.append(f"{code}: the reference poses of A and B differ; evaluate both on the same data")
    for name in first["presets"].keys() & second["presets"].keys():
        ours, theirs = (report["presets"][name]["signature"] for report in (first, second))
        if ours != theirs:
            faults.append(f"{name}: signature {ours} in A, {theirs} in B; evaluate both with one version and setting")
    if not first["presets"].keys() & second["presets"].keys():
        faults.append("the reports have no metric in common; evaluate both with the same --metrics")
    return faults


def _missing_systems(first: dict, second: dict, names: Sequence[str]) -> list[str]:
    faults = []
    for side, report, name in zip("AB", (first, second), names, strict=True):
        for code, clips in report["clips"].items():
            if name not in clips["numbers"]:
                faults.append(f"{side} has no system '{name}' for {code}; it has {', '.join(clips['numbers'])}")
    return faults


def _comparable_presets(first: dict, second: dict, names: Sequence[str]) -> tuple[list[AnyPreset], list[str]]:
    """The presets that both reports measured, this version knows, and whose single clips are there."""
    from signllm.metrics.reading_presets import reading_presets
    from signllm.metrics.registry import PRESETS

    known: dict[str, AnyPreset] = {**PRESETS, **reading_presets()}
    found: list[AnyPreset] = []
    notes: list[str] = []
    for name in first["presets"]:
        if name not in second["presets"]:
            notes.append(f"{name}: only in A")
            continue
        stored = all(
            name in clips["numbers"][system]
            for report, system in zip((first, second), names, strict=True)
            for clips in report["clips"].values()
        )
        if name not in known or not stored:
            notes.append(f"{name}: not compared, the reports do not carry its numbers of single clips")
        else:
            found.append(known[name])
    return found, notes + [f"{name}: only in B" for name in second["presets"] if name not in first["presets"]]


def _rows(report: dict, code: str, system: str, presets: Sequence[AnyPreset]) -> list[np.ndarray]:
    clips = report["clips"][code]
    return [unpack(clips["numbers"][system][preset.name], len(clips["ids"])) for preset in presets]


def _compare(
    presets: Sequence[AnyPreset], ours: list[np.ndarray], theirs: list[np.ndarray], resamples: int
) -> list[dict]:
    rows = []
    for preset, a_NK, b_NK in zip(presets, ours, theirs, strict=True):
        sides = (a_NK, b_NK)
        a_G, b_G = (conclude_over_clips(preset, rows_NK) for rows_NK in sides)
        spread_RG = _difference(preset, *(bootstrapped_figures(preset, rows_NK, resamples) for rows_NK in sides))
        chance_a_RG, chance_b_RG = exchanged_figures(preset, *sides, PERMUTATIONS, _SEED_OF_PERMUTATIONS)
        chance_RG = chance_b_RG - chance_a_RG
        observed_G = _difference(preset, a_G, b_G)
        for column, figure in enumerate(preset.figures):
            low, high = interval(spread_RG[:, column])
            rows.append(
                {
                    "figure": figure,
                    "better": preset.better,
                    "clips": len(a_NK),
                    "a": float(a_G[column]),
                    "b": float(b_G[column]),
                    "difference": float(observed_G[column]),
                    "low": low,
                    "high": high,
                    "p": _p_value(float(b_G[column] - a_G[column]), chance_RG[:, column]),
                }
            )
    _add_verdicts(rows)
    return rows


def _difference(preset: AnyPreset, a_G: np.ndarray, b_G: np.ndarray) -> np.ndarray:
    """(..., G) B - A, of figures that are best at 1 that of their distances from 1 as ratios, 1 - min(r, 1/r).

    So 2 is as far from 1 as 1/2, and nothing is farther than 0: a frozen or hidden hand is no better than a wild one.
    """
    return _distance_from_1(b_G) - _distance_from_1(a_G) if preset.better == ONE else b_G - a_G


def _distance_from_1(ratios: np.ndarray) -> np.ndarray:
    above = ratios > 1
    return 1 - np.divide(1, ratios, out=np.array(ratios, dtype=np.float64), where=above)


def _p_value(observed: float, chance_R: np.ndarray) -> float:
    """Share of exchanges that differ at least as much, the observed one counted in; NaN where nothing is defined."""
    known = chance_R[np.isfinite(chance_R)]
    if not math.isfinite(observed) or not len(known):
        return math.nan
    # Exchanges that change nothing give the observed difference up to rounding, and must count.
    as_large = np.abs(known) >= abs(observed) * (1 - 1e-9) - 1e-15
    return float((1 + as_large.sum()) / (1 + len(known)))


def _add_verdicts(rows: list[dict]) -> None:
    """Holm's correction over the rows with a p-value, and in words who is better."""
    known = sorted((row for row in rows if math.isfinite(row["p"])), key=lambda row: row["p"])
    running = 0.0
    for rank, row in enumerate(known):
        running = max(running, min(1.0, row["p"] * (len(known) - rank)))
        row["p_holm"] = running
    for row in rows:
        row.setdefault("p_holm", math.nan)
        if math.isnan(row["p"]):
            row["verdict"] = "not defined"
        elif row["p_holm"] >= SIGNIFICANT:
            row["verdict"] = "no difference shown"
        elif row["low"] <= 0 <= row["high"]:
            # Of figures that are best at 1: 0.94 and 1.02 differ for sure, and yet either may be the nearer one.
            row["verdict"] = "differ, unclear which is better"
        else:
            b_wins = row["difference"] > 0 if row["better"] == HIGHER else row["difference"] < 0
            row["verdict"] = f"{'B' if b_wins else 'A'} is better"


def _number(value: float) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.3f}"


def _p(value: float) -> str:
    return "-" if value is None or not math.isfinite(value) else "<0.001" if value < 0.001 else f"{value:.3f}"

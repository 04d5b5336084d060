"""The Report of an evaluation, and how measurements become its figures with intervals."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import signllm
from signllm.evaluation.examples import Example
from signllm.evaluation.intervals import RESAMPLES, Figures, figures_of_systems
from signllm.evaluation.leakage import Leakage
from signllm.evaluation.measurements import REFERENCE, Measurements
from signllm.evaluation.packing import pack
from signllm.metrics.preset import conclude_over_clips
from signllm.metrics.text_scores import AnyPreset, RecordPreset

REPORT_VERSION = 2
PACKAGES = ("numpy", "numba", "fastdtw", "torch", "transformers")


@dataclass(frozen=True)
class Report:
    """What an evaluation came to. It writes nothing itself.

    `data` is JSON-ready. `folder` and `stem` are where its files go by default, and their name without suffix: the name
    says what was asked, so that no report takes the place of another. `examples` are clips to look at.
    """

    data: dict
    folder: Path
    stem: str
    examples: Sequence[Example] = ()

    def file(self, suffix: str, output: Path | None = None, suffixes: Sequence[str] = ("json", "md", "html")) -> Path:
        """Where the file with this suffix goes: `output` is a folder, or a file name with one of `suffixes`."""
        if output is None:
            base = self.folder / self.stem
        else:
            base = output.with_suffix("") if output.suffix.lstrip(".") in suffixes else output / self.stem
        return base.with_name(f"{base.name}.{suffix}")


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    found = {"signllm": signllm.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def make_report(
    measurements: Measurements,
    skeleton: str,
    unit: str,
    fps: float,
    leakage: Mapping[str, Leakage] | None = None,
    **facts: object,
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
        "versions": versions(),
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
        values_SG = np.array([conclude_over_clips(preset, rows[seed][index]) for seed in seeds])
        for column, name in enumerate(preset.figures):
            figures[name]["seeds"] = values_SG[:, column].tolist()
            figures[name]["sd"] = float(np.std(values_SG[:, column], ddof=1))


def _subsets(measurements: Measurements, rows: Mapping[str, list[np.ndarray]], audited: Sequence[Leakage]) -> dict:
    """Figures without the clips that leaked; a subset of none, of all, or of those of another has none."""
    masks = [audit.subsets() for audit in audited]
    found: dict[str, dict] = {}
    seen: set[bytes] = set()
    for name in masks[0]:
        mask_N = np.concatenate([mask[name] for mask in masks])
        found[name] = {"clips": int(mask_N.sum())}
        if 0 < mask_N.sum() < len(mask_N) and mask_N.tobytes() not in seen:
            seen.add(mask_N.tobytes())
            left = {system: [block[mask_N] for block in blocks] for system, blocks in rows.items()}
            found[name]["systems"] = figures_of_systems(measurements.presets, left)
    return found


def _single_clips(measurements: Measurements, code: str) -> dict:
    def packed(system: str, presets: Sequence[AnyPreset]) -> dict[str, str]:
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

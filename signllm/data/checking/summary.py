"""A checkup as plain values: for its JSON file, and for whoever prints it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

import signllm
from signllm.data.checking.doctor import Checkup
from signllm.data.checking.facts import HANDS, PARTS, SplitFacts
from signllm.data.checking.findings import Finding, Severity
from signllm.text.words import words_of

CHECK_VERSION = 1
_QUANTILES = {"min": 0, "p05": 5, "median": 50, "p95": 95, "max": 100}


def summary_of(checkup: Checkup) -> dict[str, Any]:
    """Everything that a checkup says, ready for JSON. `exit_code` is the command's: 1 where there is an error."""
    return {
        "check_version": CHECK_VERSION,
        "signllm": signllm.__version__,
        "source": str(checkup.options.data_dir),
        "exit_code": 0 if checkup.sound else 1,
        "counts": {f"{severity}s": checkup.count(severity) for severity in Severity},
        "splits": {split.label: split_summary(split) for split in checkup.splits},
        "findings": [_finding(finding) for finding in checkup.findings],
    }


def split_summary(split: SplitFacts) -> dict[str, Any]:
    """What is known of one split."""
    frames = int(split.figure("frames").sum())
    rates, counts = np.unique(split.figure("fps"), return_counts=True)
    return {
        "language": split.language,
        "split": split.split,
        "recognised": {"table": split.table, "reader": split.reader, "layouts": split.layouts, **_reading(split)},
        "clips": len(split),
        "left_out": split.num_rejected,
        "frames": frames,
        "seconds": round(float(split.figure("duration_s").sum()), 3),
        "duration_s": _quantiles(split.figure("duration_s")),
        "fps": {f"{rate:g}": int(count) for rate, count in zip(rates, counts, strict=True)},
        "shoulder_width": _quantiles(split.figure("width")),
        "missing_share": {part: round(split.share(f"missing_{part}"), 6) for part in PARTS},
        "marked_missing": dict(sorted(split.marked.items())),
        "range": ranges_of(split),
        "wrist_speed": {hand: _mean(split.figure(f"speed_{hand}")) for hand in HANDS},
        "share_of_frames": {
            name: round(split.share(figure), 6)
            for name, figure in (("frozen", "frozen"), ("swapped", "swapped"), ("nobody_seen", "lost"))
        },
        "jumping_joints": round(split.share("jumping"), 6),
        "texts": texts_of(split),
    }


def _reading(split: SplitFacts) -> dict[str, Any]:
    if split.found is None:
        return {"steps": []}
    conventions = split.found.conventions
    return {
        "dimensions": 2 if len(split) and split.figure("flat").all() else 3,
        "scale": conventions.scale,
        "counter": conventions.counter,
        "sides_exchanged": conventions.sides_swapped,
        "steps": [
            {"name": step.name, "value": step.value, "why": step.why}
            for step in (*split.source.steps, *split.found.steps)
        ],
    }


def ranges_of(split: SplitFacts) -> dict[str, dict[str, list[float]]]:
    """From where to where the joints of each part lie, in shoulder widths from the neck; without parts never seen."""
    return {
        part: {
            axis: [round(float(split.low_PC[row, column]), 3), round(float(split.high_PC[row, column]), 3)]
            for column, axis in enumerate("xyz")
            if np.isfinite(split.low_PC[row, column])
        }
        for row, part in enumerate(PARTS)
        if np.isfinite(split.low_PC[row, 0])
    }


def texts_of(split: SplitFacts) -> dict[str, int]:
    """Counts of texts, words, words that come once, glosses and signers."""
    words = Counter(word for text in split.texts for word in words_of(text))
    return {
        "with_text": len(split.texts),
        "different": len(set(split.texts)),
        "words": words.total(),
        "vocabulary": len(words),
        "words_that_come_once": sum(count == 1 for count in words.values()),
        "with_gloss": sum(entry.gloss is not None for entry in split.entries),
        "signers": len({entry.signer for entry in split.entries if entry.signer}),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": str(finding.severity),
        "where": finding.where,
        "message": finding.message[0],
        "message_zh": finding.message[1],
        "remedy": finding.remedy[0],
        "remedy_zh": finding.remedy[1],
        "value": finding.value if finding.value is None else round(finding.value, 6),
        "clips": [{"clip": place.clip, "frames": place.frames} for place in finding.clips],
    }


def _quantiles(values: np.ndarray) -> dict[str, float] | None:
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    return {name: round(float(np.percentile(known, share)), 4) for name, share in _QUANTILES.items()}


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 4) if len(known) else None

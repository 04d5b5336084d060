"""What cleaning did to a split: collected from the clips' records, written down, and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from signllm.data.records import ClipRecord
from signllm.pose.cleaning import STEPS, Change, Cleaning
from signllm.pose.cleaning.plan import told

OUTLIERS, CLEANED = "outlier_joints", "cleaned"


def what_was_changed(changes: Iterable[Change]) -> dict[str, Any]:
    """What the `extra` of a clip's record says of its cleaning."""
    counts = {change.name: change.counts for change in changes if change.counts}
    outliers = counts.pop("outliers", {}).get("joints_masked", 0)
    return {OUTLIERS: outliers, CLEANED: counts}


def frames_read(record: ClipRecord) -> int:
    """How many frames a clip had before rest was cut off and its rate was changed."""
    changes = record.extra.get(CLEANED, {})
    frames = changes.get("resample", {}).get("frames_before", record.frames)
    return int(frames + changes.get("trim", {}).get("frames_cut", 0))


class CleaningTally:
    """What the steps of a cleaning changed in the clips that were counted."""

    def __init__(self, cleaning: Cleaning):
        self._cleaning = cleaning
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in cleaning.values}
        self._clips: Counter[str] = Counter()

    def count(self, record: ClipRecord) -> None:
        """Add what the record's `extra` says."""
        changes = dict(record.extra.get(CLEANED, {}))
        if OUTLIERS in record.extra:
            changes["outliers"] = {"joints_masked": record.extra[OUTLIERS]}
        for name, counts in changes.items():
            self._totals[name].update(counts)
            self._clips[name] += 1

    def rows(self) -> list[dict[str, Any]]:
        """For `dataset.json`: each step with its version, its parameter, and what it changed in how many clips."""
        return [
            {
                "name": name,
                "version": version,
                "value": value,
                "clips": self._clips[name],
                "changed": _tidy(self._totals[name]),
            }
            for name, version, value in self._cleaning.facts
        ]


def _tidy(counts: Mapping[str, float]) -> dict[str, float]:
    return {name: round(count, 4) for name, count in sorted(counts.items())}


def words_of(rows: Iterable[Mapping[str, Any]], clips: int) -> list[str]:
    """The rows of a `CleaningTally` in a sentence each."""
    words = []
    for row in rows:
        if row["name"] not in STEPS:  # of a newer version
            continue
        said = told(row["name"], row["value"], row["changed"])
        words.append(f"{said}, in {row['clips']:,} of {clips:,} clips" if row["changed"] else said)
    return words

"""What was found in the clips of a split, counted over the lines of its index: nothing of a clip is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass, field
from typing import Any

from signllm.data.convert_clean import CleaningTally, frames_read
from signllm.data.records import ClipRecord
from signllm.data.source import ClipEntry
from signllm.pose.cleaning import Cleaning
from signllm.pose.skeleton import SKELETON_50

_MOST_PLACES = 3
MOST_WARNINGS = 200
"""Warnings about single clips that are repeated for the split; all of them stand with their clips in the index."""


@dataclass
class Tally:
    """Sums over clips, what `cleaning` changed in them, and the first warnings with the clips' ids."""

    cleaning: InitVar[Cleaning]
    frames: int = 0
    glosses: int = 0
    zero_joints: int = 0
    zero_clips: int = 0
    outlier_joints: int = 0
    lifted: int = 0
    marked: Counter[str] = field(default_factory=Counter)
    warned: list[tuple[str, str]] = field(default_factory=list)
    warnings: int = 0

    def __post_init__(self, cleaning: Cleaning) -> None:
        self._cleaned = CleaningTally(cleaning)

    @property
    def cleaned(self) -> list[dict[str, Any]]:
        """What each step of cleaning changed, for `dataset.json`."""
        return self._cleaned.rows()

    def count(self, records: Iterable[ClipRecord]) -> Tally:
        """Add what the records' `extra` says; returns itself."""
        for record in records:
            self.frames += frames_read(record)
            self.glosses += record.gloss is not None
            self._cleaned.count(record)
            extra = record.extra
            if not extra:
                continue
            self.zero_joints += extra.get("zero_joints", 0)
            self.zero_clips += "zero_joints" in extra
            self.outlier_joints += extra.get("outlier_joints", 0)
            self.lifted += "lifted" in extra
            self.marked.update(extra.get("marked_joints", {}))
            texts = extra.get("warnings", ())
            self.warnings += len(texts)
            self.warned += [(record.id, text) for text in texts[: MOST_WARNINGS - len(self.warned)]]
        return self

    def sentences(self, entries: Iterable[ClipEntry], where: Callable[[ClipEntry], str]) -> list[str]:
        """The warnings for people; `where(entry)` says where a clip is."""
        wanted = {name for name, _ in self.warned}
        place_of = {e.name: where(e) for e in entries if e.name in wanted and not e.faults}
        alike: dict[str, list[str]] = {}
        for name, text in self.warned:
            alike.setdefault(text, []).append(place_of[name])
        said = [f"{where}: {text}" for text, places in alike.items() for where in _listed(places)]
        if more := self.warnings - len(self.warned):
            said.append(f"and {more} more warnings about clips; each stands in index.jsonl with its clip, under extra")
        seen = self.frames * SKELETON_50.num_joints
        if self.zero_joints:
            said.append(
                f"{self.zero_joints} joints ({self.zero_joints / seen:.1%}) in {self.zero_clips} clips are not seen"
                " (0 0 0, no number, or no confidence): marked as missing"
            )
        return said + [
            f"{count} joints ({count / seen:.1%}) marked as missing: {mark}"
            for mark, count in sorted(self.marked.items())
        ]


def _listed(places: list[str]) -> list[str]:
    """Each place of which one thing is said, or of many the first ones and how many more there are."""
    if len(places) <= _MOST_PLACES:
        return places
    return [f"{', '.join(places[:_MOST_PLACES])} and {len(places) - _MOST_PLACES} more"]

"""Going through the clips of several sources once and counting them, for a split and for its whole language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from signllm.errors import DataError
from signllm.viewing.sources import ClipSource
from signllm.viewing.statistics import ClipStatistics


@dataclass(frozen=True)
class Survey:
    """`groups`: one a source. `pages`: pooled over the splits of a language. `notes`: sentences for the user."""

    groups: list[ClipStatistics]
    pages: list[ClipStatistics]
    notes: list[str]


def survey(sources: Sequence[ClipSource], most: int = 5000, seed: int = 0) -> Survey:
    """Count at most `most` clips of every split, drawn by chance with `seed` where it has more.

    Raises DataError when there is no clip at all.
    """
    page_names = Counter(source.page for source in sources)
    groups: list[ClipStatistics] = []
    pages: dict[str, ClipStatistics] = {}
    notes: list[str] = []
    for source in sources:
        clips, note = source.sample(most, seed)
        notes += [note] if note else []
        counted: list[ClipStatistics] = []  # the source's own, and that of its page where other sources share it
        for clip in clips:
            if not counted:
                counted = [ClipStatistics(source.name, clip.pose.skeleton, most, seed)]
                if page_names[source.page] > 1:
                    shared = pages.get(source.page) or ClipStatistics(source.page, clip.pose.skeleton, most, seed)
                    counted.append(shared)
                pages[source.page] = counted[-1]
            for statistics in counted:
                statistics.add(clip.id, clip.pose, clip.text, clip.gloss)
        if counted:
            groups.append(counted[0])
            notes += counted[0].warnings()
    if not groups:
        raise DataError(f"{', '.join(source.name for source in sources)}: there is no clip to count")
    return Survey(groups, list(pages.values()), notes)

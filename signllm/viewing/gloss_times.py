"""When each gloss of a clip is signed, from tables: one that says the glosses' times, and one that says the clips'.

The tables are those that `signllm.data.tables` reads: csv, tsv, json and others, with columns in any of the names
that it knows. A gloss belongs to the clip that its row's `recording` names, or else its `id`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from signllm.data.tables.rows import read_rows
from signllm.data.tables.values import gloss_of, number_of, text_of
from signllm.errors import DataError
from signllm.viewing.player.scenes import Segment

GlossTimes = Mapping[str, Sequence[Segment]]
_SECONDS = {"ms": 0.001, "s": 1.0}


def read_gloss_times(glosses: Path, clips: Path | None = None) -> GlossTimes:
    """The glosses of each clip, by the clip's id, in the order of their times, in seconds from the clip's beginning.

    glosses: a row for each gloss, with `start` and `end` in seconds (or `start_ms`, `end_ms`). They count from the
    beginning of the clip; with `clips`, a table of clips and their own `start`, from that of the recording that both
    were cut from. A gloss that begins before its clip does begins with it.
    Raises DataError for a table without such columns, and lists every row that says no time.
    """
    faults: list[str] = []
    begins = _begins(clips, faults) if clips else None
    found: dict[str, list[Segment]] = {}
    for where, row in read_rows(glosses, {}):
        clip = text_of(row, "recording", where, faults) or text_of(row, "id", where, faults)
        gloss = gloss_of(row, "gloss", where, faults)
        start, end = (_seconds(row, what, where, faults) for what in ("start", "end"))
        if clip is None or gloss is None or start is None or end is None:
            faults.append(f"{where}: a gloss needs recording (its clip's id), gloss, start_ms or start_s, and end")
            continue
        if begins is not None and clip not in begins:
            continue  # of a clip that the other table does not have
        begin = begins[clip] if begins is not None else 0.0
        if not start < end:
            faults.append(f"{where}: '{gloss}' ends at {end:g} s, which is not after its start at {start:g} s")
        elif end > begin:
            found.setdefault(clip, []).append(Segment(gloss, max(0.0, start - begin), end - begin))
    if faults:
        raise DataError(faults)
    return {clip: sorted(segments, key=lambda segment: segment.start_s) for clip, segments in found.items()}


def within(segments: Sequence[Segment], duration_s: float) -> list[Segment]:
    """Those that begin before a clip of this length is over."""
    return [segment for segment in segments if segment.start_s < duration_s]


def _begins(clips: Path, faults: list[str]) -> dict[str, float]:
    """When each clip begins in its recording, in seconds, by its id."""
    begins = {}
    for where, row in read_rows(clips, {}):
        clip, start = text_of(row, "id", where, faults), _seconds(row, "start", where, faults)
        if clip is None or start is None:
            faults.append(f"{where}: a clip needs an id, and start_ms or start_s")
        else:
            begins[clip] = start
    return begins


def _seconds(row: Mapping[str, object], what: str, where: str, faults: list[str]) -> float | None:
    for unit, factor in _SECONDS.items():
        value = number_of(row, f"{what}_{unit}", where, faults)
        if value is not None:
            return value * factor
    return number_of(row, what, where, faults)

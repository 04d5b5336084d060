"""From when to when in its file a row's clip goes: the unit of start and end, and whether the files are cut already."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from signllm.data.source import ClipEntry
from signllm.data.tables.columns import unit_of
from signllm.data.tables.values import clock_seconds, number_of
from signllm.pose.formats import measured
from signllm.sampling import spread

SECONDS, MILLISECONDS, FRAMES = "seconds", "milliseconds", "frames"
SHORT = {SECONDS: "s", MILLISECONDS: "ms", FRAMES: "frames"}
_SCALES = {SECONDS: 1.0, MILLISECONDS: 1e-3}
_SAMPLE = 16
_MOST = 0.9  # of the sample
_USUAL = 0.5  # of it are enough for seconds, which is what the columns start and end hold by custom
_USUAL_RATES = (24.0, 25.0, 30.0, 50.0, 60.0)
_ONE_RATE, _LIKELY = 0.05, (5, 130)
_SLACK_FRAMES, _SLACK = 2, 0.03  # files are cut a frame early or late, and containers round their length


class Span(NamedTuple):
    """From when to when; None for the beginning and the end of the file."""

    start: float | None
    end: float | None


@dataclass(frozen=True)
class Segments:
    """How a table says them. `kinds`: its columns for start and end. `unit` None: the files are cut already.
    `fps`: the frame rate at which they are as long as the table says, where nothing else says one.
    """

    kinds: tuple[str, str] = ("start", "end")
    unit: str | None = SECONDS
    fps: float | None = None
    warnings: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def of(self, row: Mapping[str, object], where: str, faults: list[str]) -> Span:
        """The row's span in `unit`; what is wrong with it is put into `faults`.

        Negative numbers and an end of 0 mean that it is not said, as in PHOENIX-2014T and in lexicons. Times of a clock
        ('00:01:02.500') are seconds.
        """
        start, end = (number_of(_said(row, kind), kind, where, faults) for kind in self.kinds)
        if start is not None and end is not None and not start < end and (start, end) != (0, 0):
            unit = SHORT.get(self.unit or "", "")
            faults.append(f"{where}: the clip ends at {end:g} {unit}, which is not after its start at {start:g} {unit}")
        if self.unit == FRAMES and start == 1:
            start = None  # WLASL counts frames from 1
        return Span(start or None, end or None)


def _said(row: Mapping[str, object], kind: str) -> Mapping[str, object]:
    value = row.get(kind)
    if (seconds := clock_seconds(value)) is not None and kind in ("start", "end", "start_s", "end_s"):
        return {kind: seconds}
    try:
        return {} if isinstance(value, str | int | float) and float(value) < 0 else row
    except ValueError:
        return row


def find_segments(
    table: str, rows: Sequence[tuple[Mapping[str, object], ClipEntry | None]], said: Mapping[str, str]
) -> Segments:
    """What the columns of `rows` mean, judged by the lengths of a sample of their files.

    `said`: the columns that the user named; what he named is not doubted.
    """
    there = {key for row, _ in rows for key, value in row.items() if value not in (None, "")}
    kinds = tuple(_kind(what, there) for what in ("start", "end"))
    if not there & set(kinds):
        return Segments()
    units = {FRAMES if seconds is None else _unit(seconds) for kind in kinds if (seconds := _named(kind)) is not ...}
    told = next(iter(units)) if len(units) == 1 else None
    if not units and any(clock_seconds(row.get(kind)) is not None for row, _ in rows for kind in kinds):
        told = SECONDS
    found = Segments((kinds[0], kinds[1]), told)
    lengths = _lengths(found, rows)
    if not lengths:
        return Segments(found.kinds, told or SECONDS)
    by_user = bool({"start", "end", *kinds} & said.keys())
    if not by_user and not _share_files(found, rows):
        cut = [unit for unit in ([told] if told else [SECONDS, MILLISECONDS, FRAMES]) if _are_cut(lengths, unit)]
        if cut or _begin_beyond(lengths, told):
            fps = _rate(lengths, cut[0]) if cut else None
            rate = f", at {fps:g} frames a second" if fps else ""
            why = (
                f"the files are as long as {kinds[0]} to {kinds[1]}" if cut else "every clip begins after its file ends"
            )
            what = f"{table}: {why}, so they are taken whole, as cut already"
            return Segments(found.kinds, None, fps, (what + rate,))
    unrated = _unrated(table, lengths)
    if told:
        return found if told == FRAMES else replace(found, faults=unrated)
    fitting = [unit for unit in (MILLISECONDS, FRAMES) if _fit(lengths, unit) >= _MOST]
    if not fitting and not by_user and not _share_files(found, rows) and _only_trimmed(lengths):
        ends = f"{table}: every clip begins at 0 and ends after its file does, in any unit"
        return Segments(found.kinds, None, None, (f"{ends}: the files are taken whole, as trimmed since",))
    if _fit(lengths, SECONDS) >= _USUAL or not fitting:
        return Segments(found.kinds, SECONDS, faults=unrated)
    if len(fitting) == 1:
        return Segments(
            found.kinds, fitting[0], None, (f"{table}: start and end are taken for {fitting[0]}: so they fit",)
        )
    fault = (
        f"{table}: start and end fit the files as {' and as '.join(fitting)}; say which they are with"
        f" --columns start_ms={kinds[0]} end_ms={kinds[1]} or --columns start_frame={kinds[0]} end_frame={kinds[1]}"
    )
    return Segments(found.kinds, fitting[0], faults=(fault,))


def _unrated(table: str, lengths: Sequence[_Length]) -> tuple[str, ...]:
    """What is said where times cannot be cut out because nothing says a frame rate of any file; else nothing."""
    if any(fps for _, _, fps in lengths):
        return ()
    why = "start and end are times, but neither its files nor the table say their frame rate"
    return (f"{table}: {why}; give it with --columns fps=25 for all clips",)


def _kind(what: str, there: set[str]) -> str:
    return next((f"{what}_{unit}" for unit in ("ms", "s", "frame") if f"{what}_{unit}" in there), what)


def _named(kind: str) -> object:
    """Seconds of one, None for frames, or ... where the column does not say its unit."""
    unit = unit_of(kind)
    return ... if unit is None else unit[1]


def _unit(seconds: object) -> str:
    return SECONDS if seconds == 1.0 else MILLISECONDS


class _Length(NamedTuple):
    span: Span
    frames: int
    fps: float | None


def _lengths(found: Segments, rows: Sequence[tuple[Mapping[str, object], ClipEntry | None]]) -> list[_Length]:
    """The spans of a sample of rows beside what their files hold; rows without either are left out."""
    spans = (None if entry is None else found.of(row, "", []) for row, entry in rows)
    said = array("Q", (n for n, span in enumerate(spans) if span not in (None, (None, None)) and _is_whole(span)))
    lengths = []
    for index in spread(len(said), _SAMPLE):
        row, entry = rows[said[index]]
        span = found.of(row, "", [])
        assert entry is not None
        frames, fps = _length_of(entry)
        if frames:
            lengths.append(_Length(span, frames, number_of(row, "fps", "", []) or fps))
    return lengths


def _length_of(entry: ClipEntry) -> tuple[int, float | None]:
    """Frames and frame rate of a file; of a video as its header says them."""
    known = measured(entry.path)
    if known is not None:
        return known
    clip, _ = entry.load()
    return (len(clip), clip.fps) if clip is not None else (0, None)


def _is_whole(span: Span) -> bool:
    return span.end is None or (span.start or 0) < span.end


def _share_files(found: Segments, rows: Sequence[tuple[Mapping[str, object], ClipEntry | None]]) -> bool:
    """Whether several spans are of one file; the same span may stand twice, under two languages or labels."""
    spans: dict[tuple[str, str], tuple[str, ...]] = {}
    for row, entry in rows:
        if entry is not None:
            own = tuple(str(row.get(kind)) for kind in found.kinds)
            if spans.setdefault((str(entry.path), entry.suffix), own) != own:
                return True
    return False


def in_frames(value: float, unit: str, fps: float | None) -> float | None:
    """A moment in frames; None where it is in time and the frame rate is not known."""
    if unit == FRAMES:
        return value
    return value * _SCALES[unit] * fps if fps else None


def _are_cut(lengths: Sequence[_Length], unit: str) -> bool:
    """Whether the files are as long as their spans, some of which begin later than at the file's beginning."""
    alike = 0
    for span, frames, fps in lengths:
        first, last = in_frames(span.start or 0, unit, fps), in_frames(span.end or 0, unit, fps)
        if first is None or last is None:
            return _cut_at_one_rate(lengths, _SCALES.get(unit, 1.0))
        alike += abs(last - first - frames) <= _SLACK_FRAMES + _SLACK * frames
    return alike >= _MOST * len(lengths) and any(span.start for span, _, _ in lengths)


def _only_trimmed(lengths: Sequence[_Length]) -> bool:
    """Whether all spans are from 0 to beyond the file: of recordings that were trimmed after the table was written.

    So are the signs of spoken-to-signed's lexicons, which cuts a span to what there is.
    """
    ends = [[in_frames(span.end or 0, unit, fps) for unit in SHORT] for span, _, fps in lengths]
    beyond = [all(e is None or e > frames for e in own) for own, (_, frames, _) in zip(ends, lengths, strict=True)]
    return all(beyond) and not any(span.start for span, _, _ in lengths)


def _rate(lengths: Sequence[_Length], unit: str) -> float | None:
    """The usual frame rate at which files that say none are as long as their spans; None where it is none of those."""
    if unit == FRAMES or any(fps for _, _, fps in lengths) or not _cut_at_one_rate(lengths, _SCALES[unit]):
        return None
    seconds = [((span.end or 0) - (span.start or 0)) * _SCALES[unit] for span, _, _ in lengths]
    rate = sum(frames for _, frames, _ in lengths) / sum(seconds)
    nearest = min(_USUAL_RATES, key=lambda usual: abs(usual - rate))
    return nearest if abs(nearest / rate - 1) < _SLACK else None


def _begin_beyond(lengths: Sequence[_Length], told: str | None) -> bool:
    """Whether every span begins after its file's end, at the slowest rate; of an open unit in the smallest."""
    slowest = 1.0 if told == FRAMES else _LIKELY[0] * _SCALES[told or MILLISECONDS]
    return all((span.start or 0) * slowest > frames for span, frames, _ in lengths)


def _cut_at_one_rate(lengths: Sequence[_Length], seconds_of_one: float) -> bool:
    """Whether one frame rate, which no file says, makes all files as long as their spans."""
    spans = [(frames, ((span.end or 0) - (span.start or 0)) * seconds_of_one) for span, frames, _ in lengths]
    rates = sorted(frames / seconds for frames, seconds in spans if seconds > 0)
    if len(rates) < len(spans) or not any(span.start for span, _, _ in lengths):
        return False
    middle = rates[len(rates) // 2]
    near = [abs(rate / middle - 1) < _ONE_RATE for rate in rates]
    return len(rates) > 2 and _LIKELY[0] <= middle <= _LIKELY[1] and sum(near) >= _MOST * len(near)


def _fit(lengths: Sequence[_Length], unit: str) -> float:
    """The share of the spans that lie inside their files; 0 where all are shorter than a frame, or no whole frames."""
    ends = [(in_frames(span.end or span.start or 0, unit, fps), frames) for span, frames, fps in lengths]
    known = [(end, frames) for end, frames in ends if end is not None]
    inside = sum(end <= frames + _SLACK_FRAMES + _SLACK * frames for end, frames in known)
    whole = unit != FRAMES or all(end == round(end) for end, _ in known)
    return inside / len(known) if known and whole and any(end >= 1 for end, _ in known) else 0.0

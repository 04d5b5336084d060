"""Videos of a source are tracked before their clips are read: what is expensive is done once, for many at a time.

What can be known before is said before: no video is tracked for a split that would be refused anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock

from signllm.data.source import ClipEntry, SourcePart
from signllm.errors import DataError
from signllm.pose.formats.finding import Step
from signllm.pose.formats.reader import Loaded
from signllm.pose.formats.video import Counts, count, is_video
from signllm.pose.tracking.decoding import check_header
from signllm.pose.tracking.hands import LONGEST_GAP_S
from signllm.pose.tracking.tracked import TRACKING_VERSION, track_all, used


@dataclass(frozen=True)
class VideosTracked:
    """`source`: the part with entries that are read at once. `steps`: what was done.

    `refused`: where nothing was tracked, because the split cannot be converted: the faults of its clips; else None.
    """

    source: SourcePart
    steps: tuple[Step, ...] = ()
    refused: tuple[str, ...] | None = None


def video_facts(source: SourcePart) -> list[dict]:
    """What a store made of videos depends on besides its files; empty where there is no video."""
    return [{"tracking": TRACKING_VERSION, "models": str(used().models or "")}] if _videos(source.entries) else []


def track_videos(
    source: SourcePart,
    root: Path,
    at_once: int,
    skip_bad: bool,
    start: Callable[[str, int], Callable[[int], None]],
) -> VideosTracked:
    """Track the videos of a part, so many at once. `start(name, bytes)` as in `convert`; `root`: for messages.

    Raises ConfigError where nothing can track.
    """
    paths = _videos(source.entries)
    if not paths:
        return VideosTracked(source)
    faults = {path: wrong for path in paths if (wrong := _header_faults(path))}
    if source.missing or source.faults:
        return VideosTracked(source, refused=tuple(_faults_of(source.entries, faults, root)))
    if not skip_bad and (refused := _faults_of(source.entries, faults, root)):
        return VideosTracked(source, refused=tuple(refused))
    silent = {entry.path for entry in source.entries if entry.faults}
    wanted = {entry.path for entry in source.entries if not entry.faults}
    sound = [path for path in paths if path in wanted and path not in faults]
    if sound:
        bar = _Bar(sound, start(f"{source.split}, videos", sum(path.stat().st_size for path in sound)))
        faults |= track_all(sound, at_once, bar)
    entries = []
    for entry in source.entries:
        if entry.path in faults:
            entry = replace(entry, load=partial(_refused, faults[entry.path]))
        elif entry.path in silent and entry.faults and is_video(entry.path):
            entry = replace(entry, load=partial(_refused, []))
        entries.append(entry)
    counts = [count(path) for path in sound if path not in faults]
    return VideosTracked(replace(source, entries=tuple(entries)), tuple(_steps(counts)))


def _videos(entries: Iterable[ClipEntry]) -> list[Path]:
    return list(dict.fromkeys(entry.path for entry in entries if entry.has_pose and is_video(entry.path)))


def _header_faults(path: Path) -> list[str]:
    try:
        check_header(path)
    except DataError as error:
        return [fault.removeprefix(f"{path}: ") for fault in error.faults]
    return []


def _faults_of(entries: Iterable[ClipEntry], faults: dict[Path, list[str]], root: Path) -> list[str]:
    return [
        f"{entry.where_below(root)}: {fault}"
        for entry in entries
        for fault in (*entry.faults, *faults.get(entry.path, ()))
    ]


def _refused(faults: list[str]) -> Loaded:
    return None, faults


def _steps(counts: list[Counts]) -> Iterable[Step]:
    """What was tracked, and which hands were found, over all videos."""
    if not counts:
        return
    frames, bodies = sum(one.frames for one in counts), sum(one.bodies for one in counts)
    seen = f"{frames} frames of {len(counts)} videos, {bodies / frames:.0%} with a person"
    yield Step("tracker", ", ".join(sorted({one.tracker for one in counts})), seen)
    plain, sound, found, filled = (
        sum(getattr(one, name) for one in counts) / (2 * frames) for name in ("plain", "sound", "found", "filled")
    )
    why = (
        f"the tracker alone finds {plain:.0%} of both hands in all frames, {sound:.0%} on their own arms; with crops at"
        f" the wrists {found:.0%}"
    )
    yield Step("hands", "crops at the wrists", why)
    yield Step("gaps", f"{LONGEST_GAP_S} s", f"{filled:.1%} of the hands interpolated over gaps of at most so long")
    if uneven := sum(one.resampled for one in counts):
        yield Step("rate", "nominal", f"the frames of {uneven} videos come at uneven times and are interpolated")


class _Bar:
    """Shares of files, told from several threads, as whole bytes of all."""

    def __init__(self, paths: Iterable[Path], tell: Callable[[int], None]):
        self._sizes = {path: path.stat().st_size for path in paths}
        self._tell, self._lock = tell, Lock()
        self._done, self._told = 0.0, 0

    def __call__(self, path: Path, share: float) -> None:
        with self._lock:
            self._done += share * self._sizes[path]
            whole = round(self._done)
            if whole > self._told:
                self._tell(whole - self._told)
                self._told = whole

"""The work on a few clips of a source: read, prepared by what was found of all, cleaned, and lifted where asked for.

It is done wherever the engine (`signllm.data.engines`) has a processor; only what it gives is written, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from signllm.data.convert_clip import CleanClip, clean_clip
from signllm.data.convert_lift import lift_flat
from signllm.data.source import ClipEntry
from signllm.pose.cleaning import USUAL, Cleaning
from signllm.pose.formats import DEFAULT_FPS
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.finding import Found, Raw
from signllm.pose.formats.reader import Loaded
from signllm.pose.sequence import PoseSequence
from signllm.pose.tracking.tracked import Tracking, use, used

CHUNK_CLIPS = 16
_CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class Work:
    """How all clips of a source are read. `fps`: what the user says, before all else. `lift`: flat clips become 3D.

    `tracking`: how videos are tracked: in another process as in the one that asks for the work. `look`: a function of a
    module that says something of each clip that has a pose; that is kept as `seen`, and the pose is not.
    """

    found: Found
    fps: float | None = None
    cleaning: Cleaning = USUAL
    lift: bool = False
    tracking: Tracking = field(default_factory=used)
    look: Callable[[CleanClip], object] | None = None


Task = tuple[Callable[[], Loaded], float | None]
"""What loads a clip, and the frames a second that its table says."""


def raw_of(loaded: Loaded) -> tuple[Raw | None, list[str]]:
    """A clip as raw points, also where its file says everything about it."""
    clip, faults = loaded
    return (RawClip.of(clip) if isinstance(clip, PoseSequence) else clip), faults


def chunks_of(entries: Iterable[ClipEntry]) -> Iterator[list[ClipEntry]]:
    """A few clips each, and few of long ones."""
    chunk: list[ClipEntry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += entry.num_bytes
        if len(chunk) == CHUNK_CLIPS or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def read_chunk(work: Work, tasks: list[Task]) -> list[tuple[CleanClip, float]]:
    """The clips of a chunk in order, each with its frames a second."""
    use(work.tracking)
    clips = [_read(work, *task) for task in tasks]
    if work.lift:
        lift_flat([clip for clip, _ in clips])
    if work.look is not None:
        for clip, _ in clips:
            if clip.pose is not None:
                clip.seen, clip.pose = work.look(clip), None
    return clips


def _read(work: Work, load: Callable[[], Loaded], told_fps: float | None) -> tuple[CleanClip, float]:
    raw, wrong = raw_of(load())
    fps = work.fps or told_fps or (raw.fps if raw is not None else None) or DEFAULT_FPS
    ready, faults, marked = work.found.prepare(raw) if raw is not None else (None, [], {})
    conventions = work.found.conventions
    clip = clean_clip(ready, conventions, fps, work.cleaning) if ready is not None else CleanClip(faults=faults)
    if raw is not None and raw.note:
        clip.warnings.append(raw.note)
    clip.marked_joints, clip.zero_joints = marked, clip.zero_joints - sum(marked.values())
    clip.faults = [*wrong, *clip.faults]
    return clip, fps

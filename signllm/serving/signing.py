"""A request while it is being signed: sentences go to the batcher, events come out in the order of the text.

Legend: F frames, J joints.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from signllm.inference import GeneratedClip
from signllm.inference.notes import Note, Sentence
from signllm.models.outputs import Generated, Piece
from signllm.pose import PoseSequence
from signllm.pose.joining import concatenated, transition
from signllm.serving.batching import Job
from signllm.serving.clip_store import ClipStore
from signllm.serving.frames import packed, packed_missing, packed_motion
from signllm.serving.limits import Limits
from signllm.serving.models import ServedModel
from signllm.serving.schema import SignRequest
from signllm.suffixes import names
from signllm.viewing.player.avatars import PageAvatar

Event = dict[str, Any]
_TOGETHER = 8  # sentences of one request in a batch; the first one goes alone, so that it is seen soon


class TooSlowError(Exception):
    """The time that a request may take is over."""


@dataclass
class Signing:
    """One request. `events` may be iterated once; `clip` is the clip when it has ended."""

    model: ServedModel
    request: SignRequest
    plan: Sequence[Sentence]
    limits: Limits
    store: ClipStore
    threads: Executor
    avatar: PageAvatar | None = None
    clip: GeneratedClip | None = None
    _frames: int = 0
    _last: PoseSequence | None = None
    _jobs: list[Job] = field(default_factory=list)
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.limits.max_seconds

    async def events(self) -> AsyncIterator[Event]:
        """`start`, then for each sentence `frames` (and `motion`) and `sentence`, then `done`.

        Raises TooSlowError, StoppingError, and whatever the model raises. Whoever stops iterating closes it, and what
        was not signed yet is not signed any more.
        """
        yield self._start()
        made: list[Generated] = []
        try:
            for group in _groups(self.plan):
                queues = self._submit(group)
                for sentence, queue in zip(group, queues, strict=True):
                    first = self._frames
                    parts: list[PoseSequence] = []
                    async for piece in self._pieces(queue):
                        for pose in self._with_transition(piece, is_first=not parts):
                            parts.append(pose)
                            yield self._frames_event(len(made), pose)
                        if piece.whole is not None:
                            made.append(piece.whole)
                    if self.avatar is not None:
                        motion = await self._in_thread(packed_motion, concatenated(parts), self.avatar)
                        yield {"event": "motion", "first": first, **motion}
                    yield {
                        "event": "sentence",
                        "sentence": len(made) - 1,
                        "text": sentence.text,
                        "gloss": made[-1].gloss,
                        "language": made[-1].language,
                        "first": first,
                        "frames": self._frames - first,
                    }
                    if self._frames >= self.limits.max_frames and len(made) < len(self.plan):
                        break
                if self._frames >= self.limits.max_frames:
                    break
            self.clip = await self._in_thread(self._finish, made)
            yield {"event": "done", **self.clip_facts()}
        finally:
            for job in self._jobs:
                job.cancelled = True

    def clip_facts(self) -> Event:
        """What is known of the finished clip; it is kept under its `id` from now on."""
        assert self.clip is not None
        return facts_of(self.store.add(self.clip), self.clip)

    def _start(self) -> Event:
        return {
            "event": "start",
            "model": self.model.name,
            "fps": self.model.generator.fps,
            "joints": 50,
            "streams": self.model.generator.streams,
            "sentences": [sentence.text for sentence in self.plan],
        }

    def _submit(self, sentences: Sequence[Sentence]) -> list[asyncio.Queue[Piece | Exception]]:
        loop = asyncio.get_running_loop()
        queues: list[asyncio.Queue[Piece | Exception]] = [asyncio.Queue() for _ in sentences]

        def deliver_to(queue: asyncio.Queue[Piece | Exception]) -> Any:
            def deliver(piece: Piece | Exception) -> None:
                with suppress(RuntimeError):  # the loop is closed: nobody waits
                    loop.call_soon_threadsafe(queue.put_nowait, piece)

            return deliver

        options = self.request.options.chosen()
        jobs = [
            Job(sentence, self.request.seed, options, deliver_to(queue))
            for sentence, queue in zip(sentences, queues, strict=True)
        ]
        self._jobs += jobs
        self.model.batcher.submit(jobs)
        return queues

    async def _pieces(self, queue: asyncio.Queue[Piece | Exception]) -> AsyncIterator[Piece]:
        """Up to the last piece of a sentence."""
        while True:
            try:
                piece = await asyncio.wait_for(queue.get(), max(0.0, self._ends - time.monotonic()))
            except TimeoutError:
                raise TooSlowError from None
            if isinstance(piece, Exception):
                raise piece
            yield piece
            if piece.whole is not None:
                return

    def _with_transition(self, piece: Piece, is_first: bool) -> Iterator[PoseSequence]:
        """The piece's frames; before a sentence's first ones, the way there from the sentence before."""
        pose = self.model.pose(piece)
        if is_first and self._last is not None:
            between = transition(self._last, pose)
            if between is not None:
                yield between
        self._last = pose
        yield pose

    def _frames_event(self, sentence: int, pose: PoseSequence) -> Event:
        event = {
            "event": "frames",
            "sentence": sentence,
            "first": self._frames,
            "count": len(pose),
            "poses": packed(pose.coordinates, self.request.encoding),
            **({} if pose.valid.all() else {"missing": packed_missing(pose.valid)}),
        }
        self._frames += len(pose)
        return event

    def _finish(self, made: Sequence[Generated]) -> GeneratedClip:
        clip = self.model.generator.clip(self.request.text, self.plan[: len(made)], made)
        left = [sentence.text for sentence in self.plan[len(made) :]]
        if not left:
            return clip
        english = f"{len(left)} sentences were not signed: {self.limits.max_frames:,} frames are the most for one text"
        chinese = f"有 {len(left)} 个句子未生成：每段文本最多 {self.limits.max_frames:,} 帧"
        return replace(clip, notes=(*clip.notes, Note("cut_request", tuple(left), english, chinese)))

    async def _in_thread(self, function: Any, *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, function, *given)


def facts_of(name: str, clip: GeneratedClip) -> Event:
    """What is told of a clip that is kept under a name."""
    return {"id": name, **clip.metadata(), "files": {one: f"/api/clips/{name}/{one}" for one in names()}}


def notes_before(model: ServedModel, plan: Sequence[Sentence]) -> list[Event]:
    """What the model does not know of a text, before it is signed."""
    return [asdict(note) for note in model.generator.notes(plan)]


def _groups(plan: Sequence[Sentence]) -> Iterator[Sequence[Sentence]]:
    """The first sentence, then a few at a time: between them others have their turn."""
    yield plan[:1]
    for first in range(1, len(plan), _TOGETHER):
        yield plan[first : first + _TOGETHER]

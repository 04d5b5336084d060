"""One thread a model signs the sentences of all requests that are in flight together, in batches."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from signllm.inference import DecoderOptions
from signllm.inference.interface import SigningModel
from signllm.inference.notes import Sentence
from signllm.models.outputs import Piece

Deliver = Callable[[Piece | Exception], None]


class StoppingError(Exception):
    """The server is being stopped: nothing new is signed."""


@dataclass(eq=False)
class Job:
    """A sentence to sign. `deliver` gets its pieces, or an error, in another thread; `cancelled`: nobody waits."""

    sentence: Sentence
    seed: int
    options: DecoderOptions
    deliver: Deliver
    cancelled: bool = False
    begun: bool = False
    arrived: float = field(default_factory=time.monotonic)


class Batcher:
    """Signs jobs in the order of arrival, up to `batch_size` at a time.

    What has arrived is signed together, where it asks for the same options; a single job waits `wait_s` for others.
    Requests that come while a batch is being made wait for its end and are then signed together.
    """

    def __init__(self, generator: SigningModel, batch_size: int = 32, wait_s: float = 0.004):
        self.generator, self.batch_size, self.wait_s = generator, batch_size, wait_s
        self.batches: deque[int] = deque(maxlen=1000)
        """The sizes of the last batches."""
        self._seconds_a_sentence = 0.05
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="signllm-batcher", daemon=True)

    def start(self) -> None:
        """Begin to sign."""
        self._thread.start()

    def stop(self) -> None:
        """Refuse what waits, let the present batch end, and return when the thread is gone."""
        with self._changed:
            self._stopping = True
            left, self._jobs = list(self._jobs), deque()
            self._changed.notify_all()
        for job in left:
            job.deliver(StoppingError())
        if self._thread.ident is not None:
            self._thread.join()

    def submit(self, jobs: Iterable[Job]) -> None:
        """Let jobs be signed, together if possible. Raises StoppingError."""
        with self._changed:
            if self._stopping:
                raise StoppingError
            self._jobs.extend(jobs)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many sentences wait."""
        return len(self._jobs)

    @property
    def seconds_to_wait(self) -> float:
        """About how long a sentence that comes now waits."""
        return self.waiting * self._seconds_a_sentence

    def _run(self) -> None:
        while batch := self._next():
            self.batches.append(len(batch))
            started = time.monotonic()
            self._sign(batch)
            each = (time.monotonic() - started) / len(batch)
            self._seconds_a_sentence += 0.2 * (each - self._seconds_a_sentence)

    def _next(self) -> list[Job]:
        """The next batch, once there is one; empty when the server stops."""
        with self._changed:
            while True:
                self._jobs = deque(job for job in self._jobs if not job.cancelled)
                if self._stopping:
                    return []
                left_s = self._jobs[0].arrived + self.wait_s - time.monotonic() if self._jobs else None
                if left_s is not None and (left_s <= 0 or len(self._jobs) >= self.batch_size):
                    return self._take()
                self._changed.wait(left_s)

    def _take(self) -> list[Job]:
        """The oldest job, and those behind it that ask for the same options."""
        batch: list[Job] = []
        others: deque[Job] = deque()
        for job in self._jobs:
            fits = len(batch) < self.batch_size and (not batch or job.options == batch[0].options)
            (batch if fits else others).append(job)
        self._jobs = others
        return batch

    def _sign(self, batch: list[Job]) -> None:
        pieces = self.generator.stream([job.sentence for job in batch], [job.seed for job in batch], batch[0].options)
        open_jobs = dict.fromkeys(batch)
        try:
            for piece in pieces:
                job = batch[piece.row]
                job.begun = True
                if not job.cancelled:
                    job.deliver(piece)
                if piece.whole is not None:
                    del open_jobs[job]
                if all(job.cancelled for job in open_jobs):
                    break
        except Exception as error:  # whatever a model raises is told to those who wait, and the next batch is signed
            for job in open_jobs:
                if len(batch) > 1 and not job.begun and not job.cancelled:
                    self._sign([job])  # one text must not take others down with it
                else:
                    job.deliver(error)
        finally:
            pieces.close()  # type: ignore[attr-defined]  # an Iterator in its signature, a generator in fact

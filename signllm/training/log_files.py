"""train.log and TensorBoard's events, on a disk that may be full: a training goes on without them, and says so once."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.outputs import writing

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Tell = Callable[[Path, OSError], None]
"""Told of each failed write: of which file or folder, and what the system said."""


class LogFile(logging.FileHandler):
    """A log whose failed writes are told to `tell`. Raises OutputError where the file cannot be opened."""

    def __init__(self, path: Path, tell: Tell):
        with writing(path):
            super().__init__(path, encoding="utf-8")
        self._path, self._tell = path, tell

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self._tell(self._path, error)
        else:
            super().handleError(record)

    def close(self) -> None:
        """As FileHandler.close; what the disk does not take is lost."""
        try:
            super().close()
        except OSError as error:
            self._tell(self._path, error)


class Board:
    """TensorBoard's events in a folder, or none. The first failed write ends them, and is told to `tell`."""

    def __init__(self, folder: Path, purge_step: int | None, tell: Tell, silent: bool = False):
        self._folder, self._tell = folder, tell
        self._writer: SummaryWriter | None = None
        self._hook = threading.excepthook
        threading.excepthook = self._quiet_hook
        if not silent:
            self._attempt(lambda: self._open(purge_step))

    def _open(self, purge_step: int | None) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self._folder), purge_step=purge_step)

    def _quiet_hook(self, args: threading.ExceptHookArgs) -> None:
        """TensorBoard's thread would print a traceback; its error comes back from the next call as well."""
        if not (isinstance(args.exc_value, OSError) and type(args.thread).__name__ == "_AsyncWriterThread"):
            self._hook(args)

    def add_scalar(self, name: str, value: float | None, step: int) -> None:
        """As SummaryWriter.add_scalar."""
        if (writer := self._writer) is not None:
            self._attempt(lambda: writer.add_scalar(name, value, step))

    def flush(self) -> None:
        """As SummaryWriter.flush."""
        if (writer := self._writer) is not None:
            self._attempt(writer.flush)

    def close(self) -> None:
        """As SummaryWriter.close."""
        if (writer := self._writer) is not None:
            self._attempt(writer.close)
        self._writer = None
        if threading.excepthook == self._quiet_hook:
            threading.excepthook = self._hook

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self._writer = None
            self._tell(self._folder, error)

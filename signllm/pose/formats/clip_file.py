"""What every pose file format offers: the names of its clips at once, and each clip when it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from signllm.errors import DataError
from signllm.pose.sequence import PoseSequence


class ClipFile(ABC):
    """The clips of one file; opening one reads no clip.

    `named` is false where the names are made up from the position, `records_fps` where the frame rate is not in the
    file but was given by the user.
    """

    path: Path
    names: list[str]
    named: bool = True
    records_fps: bool = True

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def clip(self, index: int) -> PoseSequence:
        """Read one clip; DataError names the file and the clip and lists everything that is wrong with it."""

    def __iter__(self) -> Iterator[tuple[str, PoseSequence]]:
        """Yield (name, clip) up to the first faulty clip; then read the rest and raise DataError with all faults."""
        faults: list[str] = []
        for index, name in enumerate(self.names):
            try:
                clip = self.clip(index)
            except DataError as error:
                faults += error.faults
                continue
            if not faults:
                yield name, clip
        if faults:
            raise DataError(faults)

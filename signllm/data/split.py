"""What is asked of a split of clips, of a store or of anything that stands for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from signllm.data.store import ClipRecord
from signllm.pose import PoseSequence, Skeleton


class Split(Protocol):
    """Records, and a pose for each."""

    @property
    def skeleton(self) -> Skeleton:
        """The joints of every clip."""
        ...

    @property
    def unit(self) -> str:
        """The unit of every clip's coordinates."""
        ...

    @property
    def records(self) -> Sequence[ClipRecord]:
        """What is known of each clip."""
        ...

    def __len__(self) -> int: ...

    def pose(self, index: int) -> PoseSequence:
        """Clip `index`."""
        ...


class TrainingSplit(Split, Protocol):
    """A split whose content has checksums."""

    @property
    def info(self) -> dict:
        """Facts on the whole split, `checksums` among them."""
        ...

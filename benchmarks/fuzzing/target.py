"""What a target of the fuzz run is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """`make(folder)` writes whole files, of which single ones are damaged; `read(folder)` opens what they are.

    `skip`: the endings of files that are not damaged.
    """

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    skip: tuple[str, ...] = ()

    def files(self, folder: Path) -> list[Path]:
        """The files that can be damaged."""
        return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(self.skip))

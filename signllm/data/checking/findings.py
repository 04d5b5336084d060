"""What a check says: findings with place, value and remedy, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Words = tuple[str, str]
"""A sentence in English and in Chinese."""


class Severity(StrEnum):
    """`ERROR`: training would fail or suffer, so the check fails. `WARNING`: look at it. `NOTE`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Place:
    """A clip, and where in it: frames such as '12-30', empty for all of it."""

    clip: str
    frames: str = ""

    def __str__(self) -> str:
        return f"{self.clip} (frames {self.frames})" if self.frames else self.clip


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `kind` names it for programs; `where` is a split such as 'GSL/train'.

    `value`: the figure that decided, usually a share. `clips`: the worst ones first, at most MOST_CLIPS.
    """

    kind: str
    severity: Severity
    where: str
    message: Words
    remedy: Words
    value: float | None = None
    clips: tuple[Place, ...] = ()


MOST_CLIPS = 20


def counted(count: int, thing: str) -> str:
    """'1 clip', '2 clips'."""
    return f"{count} {thing}{'s' * (count != 1)}"


def graded(value: float, warning: float, error: float) -> Severity:
    """NOTE below `warning`, WARNING from it on, ERROR from `error` on."""
    return Severity.ERROR if value >= error else Severity.WARNING if value >= warning else Severity.NOTE

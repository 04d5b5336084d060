"""What a pose reader is: it knows one layout of pose files, and nothing of texts, splits or languages.

A reader gives a clip as a PoseSequence where the file says everything about it, else as a RawClip, whose scale and
sides are found over many clips, or as RawPoints, whose layout of points is (`signllm.pose.formats.finding`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from signllm.errors import DataError, SignLLMError
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.raw_points import RawPoints
from signllm.pose.sequence import PoseSequence

Loaded = tuple[RawClip | RawPoints | PoseSequence | None, list[str]]
"""A clip, or None and everything that is wrong with it, without the file's name."""


@dataclass(frozen=True)
class ListedClip:
    """A clip that a file holds, found without reading its poses.

    `key`: what the reader's `load` needs beside the path. `suffix`: behind the path it says in messages which clip is
    meant, such as ':17'. `num_bytes`: the clip's share of the file.
    """

    name: str
    key: tuple = ()
    suffix: str = ""
    num_bytes: int = 0


@dataclass(frozen=True)
class PoseReader:
    """One layout of files (or folders).

    `matches(path)`: whether an existing path is of this layout. `list_clips(path)`: the clips in it; DataError where it
    cannot be read. `load(path, *key)`: one of them; it raises nothing and can be sent to another process.
    `records_fps`: whether files say their frame rate. `measure(path)`: (frames, frame rate) of the clip where that is
    known without reading it, which takes long.

    Whatever a layout's code, or a library, makes of a damaged file is a fault of that file: `matches` and `list_clips`
    raise it as DataError, `load` returns it.
    """

    name: str
    matches: Callable[[Path], bool]
    list_clips: Callable[[Path], Sequence[ListedClip]]
    load: Callable[..., Loaded]
    records_fps: bool = True
    measure: Callable[[Path], tuple[int, float] | None] | None = None

    def __post_init__(self) -> None:
        for field in ("matches", "list_clips"):
            object.__setattr__(self, field, partial(_reading, self.name, getattr(self, field)))
        object.__setattr__(self, "load", partial(_loading, self.name, self.load))


@dataclass(frozen=True)
class PoseWriter:
    """`write(path, clips)` writes (name, clip) pairs; the file appears whole or not at all. Raises DataError."""

    suffix: str
    write: Callable[[Path, Iterable[tuple[str, PoseSequence]]], None]


T = TypeVar("T")
_MOST_CHARS = 200


def _reading(name: str, read: Callable[[Path], T], path: Path) -> T:
    try:
        return read(path)
    except (SignLLMError, AssertionError):
        raise
    except Exception as error:  # arbitrary content fails in arbitrary ways
        raise DataError(f"{path}: {_damaged(name, error)}") from error


def _loading(name: str, load: Callable[..., Loaded], path: Path, *key: object) -> Loaded:
    try:
        return load(path, *key)
    except SignLLMError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except AssertionError:
        raise
    except Exception as error:  # as above
        return None, [_damaged(name, error)]


def _damaged(name: str, error: Exception) -> str:
    told = " ".join(str(error).split())[:_MOST_CHARS]
    return f"damaged, or of another layout than {name} ({type(error).__name__}: {told})"


def one_clip(path: Path) -> list[ListedClip]:
    """The clip of a file or folder that holds one, named by it."""
    size = path.stat().st_size if path.is_file() else 0
    return [ListedClip(path.stem if path.is_file() else path.name, num_bytes=size)]


def has_suffix(suffix: str) -> Callable[[Path], bool]:
    """Whether a path is a file called `*<suffix>`, in capitals or not."""
    return lambda path: path.suffix.lower() == suffix and path.is_file()

"""Any two sets of clips, made by whom- and whatever, paired and checked so that they can be scored.

A set is a store (its root, a language's or a split's folder), a pose file, or a folder of pose files. Clips are read
one by one when asked for; only names and texts stay in memory.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from signllm.data.store import Store, StoreSplit
from signllm.errors import DataError
from signllm.fsutil import read_lines
from signllm.languages import LANGUAGES
from signllm.pose import PoseSequence
from signllm.pose.formats import DEFAULT_FPS, FORMATS, open_clips
from signllm.pose.sequence import SHOULDER_WIDTHS

_OPEN_FILES = 2


@dataclass(frozen=True)
class Entry:
    """What is known of a clip without reading it; None for what is not. `place` names file and clip for messages."""

    name: str
    place: str
    language: str | None = None
    text: str | None = None
    gloss: str | None = None


class ClipSet(ABC):
    """Named clips in order. `named` is false where names only count the clips; `assumed_fps` where no file says it."""

    path: Path
    entries: list[Entry]
    named: bool = True
    assumed_fps: float | None = None

    def __len__(self) -> int:
        return len(self.entries)

    @abstractmethod
    def pose(self, index: int) -> PoseSequence:
        """Read one clip; DataError names file and clip and lists everything that is wrong with it."""

    @property
    @abstractmethod
    def files(self) -> list[Path]:
        """What the set's content depends on."""


class SplitsSet(ClipSet):
    """One or more splits of a store, each of another language."""

    def __init__(self, path: Path, splits: Sequence[StoreSplit]):
        self.path, self.splits = path, list(splits)
        self._places = [(split, index) for split in self.splits for index in range(len(split))]
        self.entries = [
            Entry(record.id, f"{split.path} (clip {record.id})", record.language, record.text, record.gloss)
            for split in self.splits
            for record in split.records
        ]

    def pose(self, index: int) -> PoseSequence:
        """As ClipSet.pose."""
        split, place = self._places[index]
        try:
            return split.pose(place)
        except DataError as error:
            raise DataError(f"{self.entries[index].place}: {fault}" for fault in error.faults) from None

    @property
    def files(self) -> list[Path]:
        """As ClipSet.files: the descriptions, which hold the checksums of all else."""
        return [split.path / "dataset.json" for split in self.splits]


class FilesSet(ClipSet):
    """Pose files; texts and glosses come from siblings `.text` and `.gloss` with a line for each clip.

    Raises DataError listing every file that cannot be opened or whose siblings have another number of lines.
    """

    def __init__(self, path: Path, files: Sequence[Path], language: str | None, fps: float | None, layout: str):
        self.path, self._files = path, list(files)
        self._open = lru_cache(_OPEN_FILES)(lambda file: open_clips(file, fps or DEFAULT_FPS, layout))
        self._places: list[tuple[Path, int]] = []
        self.entries, faults = [], []
        for file in self._files:
            try:
                clips = self._open(file)
                texts, glosses = (_lines(file, suffix, len(clips)) for suffix in (".text", ".gloss"))
            except DataError as error:
                faults += error.faults
                continue
            self.named &= clips.named
            if not clips.records_fps and fps is None:
                self.assumed_fps = DEFAULT_FPS
            self._places += [(file, index) for index in range(len(clips))]
            self.entries += [
                Entry(name, f"{file} (clip {name})", language, text, gloss)
                for name, text, gloss in zip(clips.names, texts, glosses, strict=True)
            ]
        if faults:
            raise DataError(faults)

    def pose(self, index: int) -> PoseSequence:
        """As ClipSet.pose."""
        file, place = self._places[index]
        return self._open(file).clip(place)

    @property
    def files(self) -> list[Path]:
        """As ClipSet.files."""
        return self._files


def _lines(file: Path, suffix: str, clips: int) -> list[str | None]:
    sibling = file.with_suffix(suffix)
    if not sibling.is_file():
        return [None] * clips
    lines = read_lines(sibling)
    if len(lines) != clips:
        raise DataError(f"{sibling}: {len(lines)} lines for the {clips} clips of {file.name}; every clip has a line")
    return lines


def open_clip_set(
    path: Path,
    languages: Sequence[str] = (),
    split: str | None = None,
    fps: float | None = None,
    layout: str = "auto",
) -> ClipSet:
    """The clips at `path`; of a store those of `languages` (default: all) and of `split`.

    `split` may be left out where there is only one. `fps` and `layout` are for `.skels` files, which say neither; a
    single language labels the clips of files. Raises DataError that says what there is.
    """
    path = Path(path).absolute()
    label = languages[0] if len(languages) == 1 else None
    if path.is_file():
        return FilesSet(path, [path], label, fps, layout)
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder")
    if (path / "dataset.json").is_file():
        return SplitsSet(path, [StoreSplit(path)])
    is_language = path.name in LANGUAGES and any(path.glob("*/dataset.json"))
    store = Store(path.parent if is_language else path)
    stored = [path.name] if is_language else store.languages()
    if stored:
        return SplitsSet(path, _choose_splits(store, stored, languages, split))
    files = [file for file in path.iterdir() if file.suffix.lower() in FORMATS and not file.name.startswith(".")]
    if not files:
        raise DataError(f"{path}: neither a store nor a folder with {', '.join(FORMATS)} files")
    return FilesSet(path, sorted(files, key=_counting_order), label, fps, layout)


def _counting_order(file: Path) -> list[tuple[int, str]]:
    """A sort key by which 2_x stands before 10_x: clips paired by order must stand as they were numbered."""
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def _choose_splits(store: Store, stored: Sequence[str], languages: Sequence[str], name: str | None) -> list[StoreSplit]:
    """The split of each language; DataError where there is none, or where it is not clear which is meant."""
    wanted = [code for code in stored if code in (languages or stored)]
    faults = [
        f"{store.root}: no split of {code}; there are {', '.join(stored)}" for code in languages if code not in stored
    ]
    chosen = []
    for code in wanted:
        there = store.splits(code)
        if name in there or (name is None and len(there) == 1):
            chosen.append(store.split(code, name or there[0]))
        elif name is None:
            faults.append(f"{store.root}: {code} has the splits {', '.join(there)}; choose one with --split")
        elif languages:
            faults.append(f"{store.root}: {code} has no split '{name}'; it has {', '.join(there)}")
    if not faults and not chosen:
        faults.append(f"{store.root}: no language has the split '{name}'")
    if faults:
        raise DataError(faults)
    return chosen


@dataclass(frozen=True)
class Conversion:
    """What was explicitly asked to be done to every clip of both sets before they are compared.

    `fps` resamples; `drop_z` leaves the image plane; `rescale` divides clips in another unit than shoulder widths by
    their own shoulder width.
    """

    fps: float | None = None
    drop_z: bool = False
    rescale: bool = False

    def __call__(self, pose: PoseSequence) -> PoseSequence:
        """The converted clip; DataError where a clip without shoulders is to be rescaled."""
        if self.rescale and pose.unit != SHOULDER_WIDTHS:
            width = pose.shoulder_width()
            if not width > 0:
                raise DataError(f"no shoulder width to rescale {pose.unit} by: the shoulders are never both seen")
            pose = pose.replace(coordinates=pose.coordinates / width, unit=SHOULDER_WIDTHS)
        if self.drop_z and pose.coordinates.shape[2] == 3:
            pose = pose.replace(coordinates=pose.coordinates[..., :2])
        return pose.resampled(self.fps) if self.fps else pose

    def described(self) -> list[str]:
        """One phrase a conversion."""
        asked = {
            f"both sets resampled to {self.fps:g} fps" if self.fps else "": self.fps,
            "depth dropped": self.drop_z,
            "clips in other units divided by their own shoulder width": self.rescale,
        }
        return [phrase for phrase, done in asked.items() if done]

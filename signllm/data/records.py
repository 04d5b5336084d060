"""What a split says of its clips (`index.jsonl`) and of itself (`dataset.json`), checked when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, Field, ValidationError

from signllm.errors import DataError
from signllm.fsutil import parse_json, read_bytes
from signllm.inputs import open_regular
from signllm.pose.skeleton import SKELETONS
from signllm.typed import adapter, checked, faults_of

FORMAT_VERSION = 1
INDEX, DESCRIPTION = "index.jsonl", "dataset.json"
_AGAIN = "convert this split again"

_Name = Annotated[str, Field(min_length=1)]
_Count = Annotated[int, Field(ge=0, lt=2**40)]
_Rate = Annotated[float, Field(gt=0, lt=1e4)]


@dataclass(frozen=True)
class ClipRecord:
    """What the index says of one clip; `gloss` is None when unknown, `first_frame` counts inside the shard.

    `references`: further texts of the clip, each of which says the same as `text`.
    """

    id: _Name
    text: str
    language: str
    fps: _Rate
    frames: Annotated[_Count, Field(gt=0)]
    gloss: str | None = None
    prompt: str | None = None
    source: str | None = None
    signer: str | None = None
    shard: Annotated[_Count, Field(lt=100_000)] = 0
    first_frame: _Count = 0
    references: list[_Name] = field(default_factory=list)
    extra: dict = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts of the clip, `text` first."""
        return (self.text, *self.references)


class _CleaningStep(BaseModel):
    """What one step of cleaning changed in a split."""

    name: str
    version: int
    value: float | None
    clips: _Count
    changed: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]


@dataclass
class Totals:
    """What `dataset.json` says of all clips together."""

    clips: int = 0
    frames: int = 0
    seconds: float = 0.0
    fps: set[float] = field(default_factory=set)

    @classmethod
    def of(cls, records: Iterable[ClipRecord]) -> Totals:
        """Those of these clips."""
        totals = cls()
        for record in records:
            totals.add(record)
        return totals

    def add(self, record: ClipRecord) -> None:
        """Count one clip."""
        self.clips += 1
        self.frames += record.frames
        self.seconds += record.frames / record.fps
        self.fps.add(record.fps)

    def facts(self) -> dict[str, object]:
        """The facts by their names."""
        return {**vars(self), "seconds": round(self.seconds, 3), "fps": sorted(self.fps)}


class _Description(BaseModel):
    """What every `dataset.json` says, and the types of what some say besides."""

    language: str
    split: str
    skeleton: Literal[*SKELETONS]  # type: ignore[valid-type]  # the names that there are
    unit: _Name
    clips: _Count
    frames: _Count
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    fps: list[_Rate]
    checksums: dict[str, str]
    demo: bool = False
    source_fingerprint: str = ""
    source_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    counter: str = ""
    sides_swapped: bool = False
    rejected: _Count = 0
    glosses: _Count = 0
    warnings: list[str] = []
    cleaning: list[_CleaningStep] = []
    options: dict[str, bool | int | float | str | list[str] | dict[str, str] | None] = {}
    inherited: dict[str, str] = {}


def read_description(path: Path) -> dict:
    """The content of a `dataset.json`. Raises DataError with everything that is wrong with it."""
    info = parse_json(read_bytes(path), path, _AGAIN)
    if not isinstance(info, dict):
        raise DataError(f"{path}: expected an object that describes a split; {_AGAIN}")
    version = info.get("format_version")
    if version != FORMAT_VERSION:
        raise DataError(f"{path.parent}: store format {version}, this version reads {FORMAT_VERSION}; {_AGAIN}")
    checked(_Description, info, path, DataError, _AGAIN)
    return info


def read_index(path: Path) -> list[ClipRecord]:
    """Read an `index.jsonl`; a torn last line (of a killed writer) is left out. Raises DataError naming bad lines."""
    data = read_bytes(path)
    data = data[: data.rfind(b"\n") + 1]
    rows = b"[" + data.removesuffix(b"\n").replace(b"\n", b",") + b"]"
    try:
        records: list[ClipRecord] = adapter(list[ClipRecord]).validate_json(rows, strict=True)
    except ValidationError as error:
        raise DataError(_faults_by_line(path, data) or faults_of(error, path, _AGAIN)) from None
    if len({record.id for record in records}) < len(records):
        raise DataError(f"{path}: two clips have one id; {_AGAIN}")
    return records


def read_lines_of(path: Path) -> Iterator[ClipRecord]:
    """The records of an index that this process writes, one by one."""
    with open_regular(path) as file:
        for line in file:
            yield ClipRecord(**orjson.loads(line))


def _faults_by_line(path: Path, data: bytes, most: int = 8) -> list[str]:
    """What is wrong with the first bad lines."""
    faults: list[str] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            adapter(ClipRecord).validate_json(line, strict=True)
        except ValidationError as error:
            faults += faults_of(error, f"{path}:{number}", _AGAIN)
        if len(faults) >= most:
            break
    return faults


def index_line(record: ClipRecord) -> bytes:
    """A record as a line of `index.jsonl`."""
    row = {key: value for key, value in vars(record).items() if value is not None and value not in ({}, [])}
    return orjson.dumps(row) + b"\n"

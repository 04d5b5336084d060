"""A lexicon as a folder: arrays that are mapped and not read, so that ten thousand signs open at once.

    lexicon.json       format, frame rate, amplitudes, notes, counts, what it was made of
    signs.jsonl        a line a sign, with its clips
    frames.npy         (frames, J, 3) float32: the clips, one after the other
    frames_shown.npy   (frames, ceil(J / 8)) uint8: which joints they show, packed bits
    means.npy          (moments, V) float32: the averages of the signs, one after the other
    means_shown.npy    (moments, ceil(V / 8)) uint8
    warps.npy          (sum over clips of moments,) float32: the frame that a clip shows at each moment of its sign

The folder appears whole or not at all. It holds people's motion, and falls under the licence of the recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import orjson
from pydantic import Field

from signllm.aligning.values import NUM_VALUES, Values
from signllm.composing.lexicon import Heading, Lexicon
from signllm.composing.sign import Sign, Unit
from signllm.errors import DataError
from signllm.fsutil import parse_json, read_json, read_lines, whole_folder, write_json, write_text
from signllm.inputs import map_array
from signllm.languages import LANGUAGES
from signllm.outputs import writing
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.geometry import with_depth
from signllm.typed import checked

FORMAT_VERSION: Literal[1] = 1
DESCRIPTION, SIGNS = "lexicon.json", "signs.jsonl"
_AGAIN = "make the lexicon again"
_JOINTS = SKELETON_50.num_joints
_SHAPES: dict[str, tuple[tuple[int, ...], str]] = {
    "frames": ((_JOINTS, 3), "<f4"),
    "frames_shown": (((_JOINTS + 7) // 8,), "|u1"),
    "means": ((NUM_VALUES,), "<f4"),
    "means_shown": (((NUM_VALUES + 7) // 8,), "|u1"),
    "warps": ((), "<f4"),
}

_Count = Annotated[int, Field(ge=0, lt=2**40)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class _UnitLine:
    id: str
    signer: str | None
    atypical: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    first: _Count
    frames: Annotated[_Count, Field(gt=0)]


@dataclass(frozen=True)
class _SignLine:
    """Where a sign lies in the arrays: its average from `mean` on, the warps of its clips from `warp` on."""

    language: str
    label: str
    words: list[str]
    frames: _Positive
    begin: _Count
    end: _Count
    mean: _Count
    moments: Annotated[_Count, Field(gt=0)]
    warp: _Count
    units: Annotated[list[_UnitLine], Field(min_length=1)]


@dataclass(frozen=True)
class _Description:
    format_version: Literal[1]
    fps: _Positive
    amplitude: list[tuple[float, float, float]]
    notes: list[str]
    source: str
    fingerprint: str
    signs: _Count
    clips: _Count


def is_lexicon(path: Path) -> bool:
    """Whether a path is a folder that may hold a finished lexicon."""
    return (path / DESCRIPTION).is_file()


def write_lexicon(folder: Path, lexicon: Lexicon, source: str = "", fingerprint: str = "") -> None:
    """Write a lexicon; an earlier one is there until the new one is.

    source, fingerprint: what it was made of. Raises DataError for a folder that holds something else, OutputError where
    it cannot be written, LockedError where another process writes it.
    """
    if folder.exists() and not is_lexicon(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: this is no lexicon and is not overwritten; name another folder")
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder) as beside:
        write_files(beside, lexicon, source, fingerprint)


def write_files(folder: Path, lexicon: Lexicon, source: str = "", fingerprint: str = "") -> None:
    """Write the files of a lexicon into a folder that is there."""
    lines, clips, first, mean, warp = [], 0, 0, 0, 0
    arrays: dict[str, list[np.ndarray]] = {name: [] for name in _SHAPES}
    for sign in lexicon:
        units = []
        for unit in sign.units:
            pose = unit.read()
            units.append(_UnitLine(unit.id, unit.signer, unit.atypical, first, len(pose)))
            arrays["frames"].append(with_depth(pose.coordinates))
            arrays["frames_shown"].append(np.packbits(pose.valid, axis=-1))
            arrays["warps"].append(unit.warp_T)
            first += len(pose)
        moments = len(sign.mean.values_FV)
        arrays["means"].append(sign.mean.values_FV)
        arrays["means_shown"].append(np.packbits(sign.mean.seen_FV, axis=-1))
        own = (sign.language, sign.label, list(sign.words), sign.frames, sign.begin, sign.end)
        lines.append(orjson.dumps(asdict(_SignLine(*own, mean, moments, warp, units))).decode())
        clips += len(units)
        mean, warp = mean + moments, warp + moments * len(units)
    for name, parts in arrays.items():
        shape, kind = _SHAPES[name]
        joined = np.concatenate(parts) if parts else np.zeros((0, *shape))
        np.save(folder / f"{name}.npy", joined.astype(kind), allow_pickle=False)
    write_text(folder / SIGNS, "".join(f"{line}\n" for line in lines))
    amplitude = [(detail, *factors) for detail, factors in lexicon.amplitude.items()]
    facts = (lexicon.fps, amplitude, list(lexicon.notes), source, fingerprint, len(lines), clips)
    write_json(folder / DESCRIPTION, asdict(_Description(FORMAT_VERSION, *facts)))


def fingerprint_of(folder: Path) -> str:
    """What the lexicon in a folder was made of; empty where there is none that can be read."""
    try:
        return _described(folder).fingerprint
    except DataError:
        return ""


def _described(folder: Path) -> _Description:
    place = folder / DESCRIPTION
    return checked(_Description, read_json(place), place, DataError, _AGAIN, strict=False)


def read_lexicon(folder: Path) -> Lexicon:
    """Open a lexicon. Raises DataError for what is none, is torn or of another version."""
    description = _described(folder)
    arrays = {name: map_array(folder / f"{name}.npy").view(np.ndarray) for name in _SHAPES}
    for name, array in arrays.items():
        shape, kind = _SHAPES[name]
        if array.shape[1:] != shape or array.ndim != len(shape) + 1 or array.dtype != np.dtype(kind):
            raise DataError(f"{folder / name}.npy: {array.dtype} of shape {array.shape}; {_AGAIN}")
    place = folder / SIGNS
    values = [parse_json(line.encode(), f"{place}:{n}", _AGAIN) for n, line in enumerate(read_lines(place), 1) if line]
    lines = checked(list[_SignLine], values, place, DataError, _AGAIN, strict=False)
    _check(place, lines, description, {name: len(array) for name, array in arrays.items()})
    amplitude = {detail: (arm, hand) for detail, arm, hand in description.amplitude}
    headings = [Heading(line.language, line.label, tuple(line.words)) for line in lines]
    load = lru_cache(maxsize=None)(lambda index: _sign(lines[index], arrays, description.fps))
    return Lexicon(headings, load, amplitude, description.fps, tuple(description.notes))


def _check(place: Path, lines: Sequence[_SignLine], description: _Description, lengths: dict[str, int]) -> None:
    """Raise DataError unless every sign lies within the arrays and everything is counted."""
    clips = sum(len(line.units) for line in lines)
    faults = []
    if (len(lines), clips) != (description.signs, description.clips):
        said = f"{DESCRIPTION} says {description.signs} of {description.clips}"
        faults.append(f"{place}: {len(lines)} signs of {clips} clips, {said}")
    if not description.amplitude:
        faults.append(f"{place.parent / DESCRIPTION}: amplitude: is empty")
    for number, line in enumerate(lines, 1):
        ends = {
            "frames": max(unit.first + unit.frames for unit in line.units),
            "means": line.mean + line.moments,
            "warps": line.warp + line.moments * len(line.units),
        }
        short = [name for name, end in ends.items() if end > min(lengths[name], lengths.get(f"{name}_shown", end))]
        faults += [f"{place}:{number}: {line.label}: ends beyond {name}.npy" for name in short]
        if line.language not in LANGUAGES:
            faults.append(f"{place}:{number}: {line.label}: '{line.language}' is no sign language of this version")
        if not line.begin < line.end <= line.moments:
            faults.append(f"{place}:{number}: {line.label}: moves from {line.begin} to {line.end} of {line.moments}")
    if faults:
        raise DataError(f"{fault}; {_AGAIN}" for fault in faults[:8])


def _sign(line: _SignLine, arrays: dict[str, np.ndarray], fps: float) -> Sign:
    part = slice(line.mean, line.mean + line.moments)
    shown_FV = np.unpackbits(arrays["means_shown"][part], axis=-1, count=NUM_VALUES).astype(bool)
    units = tuple(
        Unit(
            unit.id,
            unit.signer,
            unit.atypical,
            partial(_read, arrays, unit.first, unit.frames, fps),
            arrays["warps"][line.warp + n * line.moments : line.warp + (n + 1) * line.moments],
        )
        for n, unit in enumerate(line.units)
    )
    mean = Values(arrays["means"][part], shown_FV)
    return Sign(line.language, line.label, line.frames, line.begin, line.end, mean, units, tuple(line.words))


def _read(arrays: dict[str, np.ndarray], first: int, frames: int, fps: float) -> PoseSequence:
    part = slice(first, first + frames)
    shown_FJ = np.unpackbits(arrays["frames_shown"][part], axis=-1, count=_JOINTS).astype(bool)
    return PoseSequence(arrays["frames"][part], shown_FJ, fps)

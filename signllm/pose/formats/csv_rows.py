"""Our own `.csv`: a row a frame, three columns a joint, for spreadsheets, R and pandas.

    clip,frame,time_s,fps,unit,nose_x,nose_y,nose_z,neck_x,...
    hello,0,0,25.0,shoulder_widths,0.012,-0.61,0.2,0,...

A joint that is missing has empty cells. The clips of a file stand one after the other. The columns of joints name the
skeleton.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from signllm.errors import DataError, first_faults
from signllm.fsutil import BOM, write_atomically
from signllm.inputs import open_regular
from signllm.pose.formats.conventions import LARGEST_NUMBER
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, PoseWriter
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETONS, Skeleton

COLUMNS = ("clip", "frame", "time_s", "fps", "unit")
_HEAD = ",".join(COLUMNS) + ","
_AXES = "xyz"
_MOST_LINE_BYTES = 1 << 16
_MOST_CLIP_BYTES = 256 << 20
_MOST_FAULTS = 5


def header(skeleton: Skeleton, dims: int) -> list[str]:
    """The first row."""
    return [*COLUMNS, *(f"{joint}_{axis}" for joint in skeleton.joints for axis in _AXES[:dims])]


def is_header(line: str) -> bool:
    """Whether a file's first line is that of poses in this layout, and no table's."""
    return line.startswith(_HEAD)


def _matches(path: Path) -> bool:
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with open_regular(path) as file:
        return is_header(file.read(len(BOM) + len(_HEAD)).removeprefix(BOM).decode("utf-8", "replace"))


def _form(path: Path, line: bytes) -> tuple[Skeleton, int]:
    """The skeleton and the number of coordinates that a first line names. Raises DataError."""
    names = line.removeprefix(BOM).decode("utf-8", "replace").strip().split(",")
    for skeleton in SKELETONS.values():
        for dims in (2, 3):
            if names == header(skeleton, dims):
                return skeleton, dims
    raise DataError(f"{path}:1: its columns are not the joints of {' or '.join(SKELETONS)}, in their order")


def _list(path: Path) -> list[ListedClip]:
    """The clips by where their rows begin and end, in bytes."""
    starts: list[tuple[str, int, int]] = []
    with open_regular(path) as file:
        _form(path, file.readline(_MOST_LINE_BYTES))
        at, number, prefix = file.tell(), 1, b""
        while line := file.readline(_MOST_LINE_BYTES):
            number += 1
            if line.strip() and not (prefix and line.startswith(prefix)):
                name = _cells(line)[0]
                prefix = line[: line.index(b",") + 1] if b'"' not in line and b"," in line else b""
                if not starts or starts[-1][0] != name:
                    starts.append((name, at, number))
            at = file.tell()
    if not starts:
        raise DataError(f"{path}: the file holds no clip")
    ends = [start for _, start, _ in starts[1:]] + [at]
    return [
        ListedClip(name, (start, end, row), f":{row} (clip {name})", end - start)
        for (name, start, row), end in zip(starts, ends, strict=True)
    ]


def _cells(line: bytes) -> list[str]:
    return next(csv.reader([line.decode()]), [""])


def _load(path: Path, start: int, end: int, first: int) -> Loaded:
    if end - start > _MOST_CLIP_BYTES:
        return None, [f"the clip has {(end - start) / 1e6:,.0f} MB, more than a clip may have"]
    with open_regular(path) as file:
        skeleton, dims = _form(path, file.readline(_MOST_LINE_BYTES))
        file.seek(start)
        text = file.read(end - start).decode()
    width = len(COLUMNS) + dims * skeleton.num_joints
    rows = [row for row in csv.reader(StringIO(text)) if row]
    faults = [
        f"row {first + at}: {len(row)} cells, expected {width}" for at, row in enumerate(rows) if len(row) != width
    ]
    faults = faults or [
        f"row {first + at}: frame {row[1][:20]!r}, expected {at}; rows are missing, or in another order"
        for at, row in enumerate(rows)
        if row[1] != str(at)
    ]
    told = {tuple(row[3:5]) for row in rows}
    if not faults and len(told) != 1:
        faults.append(f"row {first}: fps and unit differ between the rows of a clip")
    if faults:
        return None, first_faults(faults, _MOST_FAULTS)
    ((fps, unit),) = told
    numbers, bad = _numbers([row[len(COLUMNS) :] for row in rows], header(skeleton, dims)[len(COLUMNS) :], first)
    rate = _number(fps)
    if rate is None or not unit:
        bad.append(f"row {first}: fps {fps[:20]!r} and unit {unit[:20]!r}, expected a number and a name")
    if bad or rate is None:
        return None, bad[:_MOST_FAULTS]
    coordinates_FJC = numbers.reshape(len(rows), skeleton.num_joints, dims)
    seen_FJC = np.isfinite(coordinates_FJC)
    half_FJ = seen_FJC.any(-1) & ~seen_FJC.all(-1)
    if half_FJ.any():
        frame, joint = np.argwhere(half_FJ)[0]
        return None, [f"row {first + frame}: {skeleton.joints[joint]} has a number for some axes only"]
    return PoseSequence(coordinates_FJC, seen_FJC.all(-1), rate, skeleton, unit), []


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(rows: list[list[str]], columns: list[str], first: int) -> tuple[np.ndarray, list[str]]:
    """(rows, columns) float32 with NaN for empty cells, and what is no usable number."""
    cells = np.array(rows)
    try:
        numbers = np.where(cells == "", "nan", cells).astype(np.float64)
    except ValueError:
        numbers = np.array([[np.nan if not c else np.inf if _number(c) is None else float(c) for c in r] for r in rows])
    wrong = np.argwhere(~np.isnan(numbers) & ~(np.abs(numbers) < LARGEST_NUMBER))
    faults = [f"row {first + at}: {columns[column]} is {rows[at][column][:40]!r}, no number" for at, column in wrong]
    return numbers.astype(np.float32) if not faults else numbers, faults


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]]) -> None:
    """Write all clips into one file, streaming; they must share skeleton and number of coordinates (DataError)."""

    def rows(file: BinaryIO) -> None:
        form, names = None, set[str]()
        for name, pose in clips:
            if not name.strip() or len(name.splitlines()) > 1 or name in names:
                raise DataError(f"{path}: clip {len(names) + 1}: each clip needs a name of its own, not {name!r}")
            names.add(name)
            own = header(pose.skeleton, pose.coordinates.shape[2])
            if form is None:
                form = own
                file.write((",".join(form) + "\n").encode())
            if own != form:
                raise DataError(f"{path}: clip {name} has another skeleton or dimension than the first; use two files")
            file.writelines(_rows(name, pose))
        if form is None:
            raise DataError(f"{path}: no clip to write")

    write_atomically(path, rows)


def _rows(name: str, pose: PoseSequence) -> Iterator[bytes]:
    quoted, unit = StringIO(), StringIO()
    csv.writer(quoted, lineterminator="").writerow([name])
    csv.writer(unit, lineterminator="").writerow([pose.unit])
    for frame, (frame_JC, valid_J) in enumerate(zip(pose.coordinates, pose.valid, strict=True)):
        cells_JC = frame_JC.astype(str)  # as few digits as tell one float32 from the next
        cells_JC[~valid_J] = ""
        head = f"{quoted.getvalue()},{frame},{round(frame / pose.fps, 6)!r},{pose.fps!r},{unit.getvalue()},"
        yield (head + ",".join(cells_JC.ravel().tolist()) + "\n").encode()


READER = PoseReader(".csv of this toolkit", _matches, _list, _load)
WRITER = PoseWriter(".csv", write)

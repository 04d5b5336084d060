"""`.skels`: the text format of Progressive Transformers. One clip a line, 151 numbers a frame, separated by spaces.

A frame is 50 joints x (x, y, z) and the counter, the share of the clip that has passed. Lengths are in thirds of a
shoulder width by custom. Clip names stand in the sibling `.files`, one a line. Lines of other widths are read where
they make a person (`signllm.pose.formats.row_lines`): 150 numbers without a counter, DWPose's 269, and others.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import BOM, write_atomically
from signllm.inputs import open_regular
from signllm.pose.formats.conventions import (
    FROM_ONE,
    LARGEST_NUMBER,
    NECK,
    STANDARD_SCALE,
    RawClip,
    expected_counter,
)
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader, PoseWriter, has_suffix
from signllm.pose.formats.row_lines import looked_for, rows_of_numbers
from signllm.pose.geometry import every
from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence
from signllm.pose.skeleton import SKELETON_50

NUMBERS_PER_FRAME = SKELETON_50.num_joints * 3 + 1
_BLOCK_BYTES = 1 << 20
MOST_LINE_BYTES = 128 << 20  # nearly two hours of signing


def line_spans(path: Path) -> list[tuple[int, int]]:
    """(start, end) in bytes of every line, without its newline and a byte order mark. A file of any size will do.

    Raises DataError for a line longer than any clip.
    """
    stops, position, last = [], 0, b"\n"
    with open_regular(path) as file:
        mark = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            at = block.find(b"\n")
            while at >= 0:
                stops.append(position + at)
                at = block.find(b"\n", at + 1)
            position, last = position + len(block), block[-1:]
            if position - (stops[-1] if stops else 0) > MOST_LINE_BYTES:
                raise DataError(
                    f"{path}:{len(stops) + 1}: more than {MOST_LINE_BYTES >> 20} MB on a line; is it a .skels?"
                )
    if last != b"\n":
        stops.append(position)
    return list(zip([mark] + [stop + 1 for stop in stops[:-1]], stops, strict=True)) if stops else []


def read_span(path: Path, span: tuple[int, int]) -> bytes:
    """The bytes of one line."""
    with open_regular(path) as file:
        file.seek(span[0])
        return file.read(span[1] - span[0])


def parse_line(line: bytes) -> Loaded:
    """Read one clip; returns it, or None and everything that is wrong with the line (without the place)."""
    from signllm.pose.formats.number_text import parse_numbers  # compiles: half a second nobody else should pay

    numbers, bad = parse_numbers(line)
    if not len(numbers):
        return None, ["the clip is empty"]
    faults = []
    if bad:
        first = f"'{bad[0].token[:40]}' ({_where(bad[0].index)})"
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        faults.append(f"not a number: {first}{more}")
    if len(numbers) % NUMBERS_PER_FRAME:
        other = rows_of_numbers(numbers) if not bad else None
        if other is not None and (np.abs(numbers) < LARGEST_NUMBER).all():
            return other, []
        faults.append(
            f"{len(numbers)} numbers are not a multiple of {NUMBERS_PER_FRAME} (50 joints x 3 and the counter);"
            f" {looked_for(len(numbers))}"
        )
    if not (numbers.max() < LARGEST_NUMBER and numbers.min() > -LARGEST_NUMBER):  # false for NaN as well
        unusable = ~(np.abs(numbers) < LARGEST_NUMBER)
        unusable[[b.index for b in bad]] = False
        where = np.flatnonzero(unusable)
        if len(where):
            more = f" and {len(where) - 1} more" if len(where) > 1 else ""
            faults.append(f"not a usable number: {numbers[where[0]]} ({_where(int(where[0]))}){more}")
    if faults:
        return None, faults
    frames_FV = numbers.reshape(-1, NUMBERS_PER_FRAME)
    coordinates = np.ascontiguousarray(frames_FV[:, :-1]).reshape(-1, SKELETON_50.num_joints, 3)
    return RawClip(coordinates, frames_FV[:, -1].copy()), []


def _where(index: int) -> str:
    frame, column = divmod(index, NUMBERS_PER_FRAME)
    joint, axis = divmod(column, 3)
    what = "counter" if column == NUMBERS_PER_FRAME - 1 else f"joint {joint}, {'xyz'[axis]}"
    return f"number {index + 1}: frame {frame}, {what}"


def list_clips(path: Path) -> list[ListedClip]:
    """The lines of a file, without blank ones at its end; DataError where there is none."""
    spans = line_spans(path)
    while spans and not read_span(path, spans[-1]).strip():
        spans.pop()
    if not spans:
        raise DataError(f"{path}: the file holds no clip")
    return [
        ListedClip(f"clip_{number:05d}", (span,), f":{number}", span[1] - span[0])
        for number, span in enumerate(spans, 1)
    ]


def load_line(path: Path, span: tuple[int, int]) -> Loaded:
    """Read one line."""
    if span[1] - span[0] > MOST_LINE_BYTES:
        return None, [f"the line has {(span[1] - span[0]) / 1e6:,.0f} MB, more than a clip may have"]
    return parse_line(read_span(path, span))


READER = PoseReader("lines of .skels", has_suffix(".skels"), list_clips, load_line, records_fps=False)


def format_line(pose: PoseSequence, counter: str = FROM_ONE) -> bytes:
    """One clip as a line; missing joints become 0 0 0. Raises DataError for another skeleton or unit."""
    if pose.skeleton != SKELETON_50 or pose.unit != SHOULDER_WIDTHS:
        raise DataError(
            f"a .skels file holds {SKELETON_50.name} in {SHOULDER_WIDTHS}, not {pose.skeleton.name} in {pose.unit}"
        )
    frames_FV = np.zeros((len(pose), NUMBERS_PER_FRAME))
    coordinates_FJC = frames_FV[:, :-1].reshape(len(pose), SKELETON_50.num_joints, 3)
    coordinates_FJC[..., : pose.coordinates.shape[2]] = pose.coordinates * STANDARD_SCALE
    # A joint that is there but rounds to the origin would read back as missing.
    vanishing_FJ = pose.valid & every(np.abs(coordinates_FJC) < 5e-6)
    vanishing_FJ[:, NECK] = False
    coordinates_FJC[vanishing_FJ] = (1e-5, 0, 0)
    frames_FV[:, :-1] = coordinates_FJC.reshape(len(pose), -1)
    frames_FV[:, -1] = expected_counter(counter, len(pose))
    return (" ".join(["%.5f"] * frames_FV.size) % tuple(frames_FV.ravel().tolist())).encode() + b"\n"


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]], counter: str = FROM_ONE) -> None:
    """Write `path` and the sibling `.files`, streaming; DataError for an empty list or a name with a line break."""
    names: list[str] = []

    def lines(file: BinaryIO) -> None:
        for name, pose in clips:
            if not name.strip() or "\n" in name:
                raise DataError(f"clip {len(names) + 1}: the name {name!r} cannot stand on a line of its own")
            names.append(name)
            file.write(format_line(pose, counter))
        if not names:
            raise DataError(f"{path}: no clip to write")

    write_atomically(path, lines)
    write_atomically(path.with_suffix(".files"), lambda file: file.write("".join(f"{n}\n" for n in names).encode()))


WRITER = PoseWriter(".skels", write)

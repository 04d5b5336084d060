"""`.skels`: the text format of Progressive Transformers. One clip a line, 151 numbers a frame, separated by spaces.

A frame is 50 joints x (x, y, z) and the counter, the share of the clip that has passed. Lengths are in thirds of a
shoulder width by custom. Clip names stand in the sibling `.files`, one a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import BOM, read_lines, write_atomically
from signllm.pose.formats.clip_file import ClipFile
from signllm.pose.formats.conventions import (
    FROM_ONE,
    LARGEST_NUMBER,
    NECK,
    STANDARD_SCALE,
    Conventions,
    RawClip,
    detect_conventions,
    expected_counter,
)
from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence
from signllm.pose.skeleton import SKELETON_50
from signllm.sampling import spread

NUMBERS_PER_FRAME = SKELETON_50.num_joints * 3 + 1
OTHER_WIDTHS = {
    269: "the 2D DWPose layout (134 points x 2 and a counter: 269 numbers a frame), which is not 50 joints in 3D",
    150: "150 numbers a frame without the counter; append the counter (i+1)/T to each frame",
}
SAMPLE_CLIPS = 64
_BLOCK_BYTES = 1 << 20


def line_spans(path: Path) -> list[tuple[int, int]]:
    """(start, end) in bytes of every line, without its newline and a byte order mark. A file of any size will do."""
    stops, position, last = [], 0, b"\n"
    with open(path, "rb") as file:
        mark = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            at = block.find(b"\n")
            while at >= 0:
                stops.append(position + at)
                at = block.find(b"\n", at + 1)
            position, last = position + len(block), block[-1:]
    if last != b"\n":
        stops.append(position)
    return list(zip([mark] + [stop + 1 for stop in stops[:-1]], stops, strict=True)) if stops else []


def read_span(path: Path, span: tuple[int, int]) -> bytes:
    """The bytes of one line."""
    with open(path, "rb") as file:
        file.seek(span[0])
        return file.read(span[1] - span[0])


def other_width(count: int) -> int | None:
    """The frame width of another known layout that `count` numbers fit, where they do not fit 151."""
    return next((width for width in OTHER_WIDTHS if count and count % width == 0), None)


def parse_line(line: bytes) -> tuple[RawClip | None, list[str]]:
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
        width = other_width(len(numbers))
        hint = f"; it looks like {OTHER_WIDTHS[width]}" if width else "; a frame is cut off or a number is lost"
        faults.append(
            f"{len(numbers)} numbers are not a multiple of {NUMBERS_PER_FRAME} (50 joints x 3 and the counter){hint}"
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


def clip_names(path: Path, count: int) -> list[str]:
    """The names in the sibling `.files`, or clip_00001, ... where there is none; DataError when the counts differ."""
    files = path.with_suffix(".files")
    if not files.is_file():
        return [f"clip_{n + 1:05d}" for n in range(count)]
    names = read_lines(files)
    if len(names) != count:
        raise DataError(f"{path} has {count} clips, {files.name} has {len(names)} names; every clip is a line in both")
    return names


class SkelsFile(ClipFile):
    """The clips of a `.skels` file, in shoulder widths; a line is read when its clip is asked for.

    Scale and sides are found from a sample when the file is opened. A scale within a quarter of the customary 1/3 is
    taken to be 1/3: generated clips are not exactly as wide as they should be, and must not be stretched for it.
    """

    records_fps = False

    def __init__(self, path: Path, fps: float, layout: str = "auto"):
        self.path, self.fps = path, fps
        self._spans = line_spans(path)
        while self._spans and not read_span(path, self._spans[-1]).strip():
            self._spans.pop()
        if not self._spans:
            raise DataError(f"{path}: the file holds no clip")
        self.names = clip_names(path, len(self._spans))
        self.named = path.with_suffix(".files").is_file()
        samples = [parse_line(read_span(path, self._spans[n]))[0] for n in spread(len(self._spans), SAMPLE_CLIPS)]
        sound = [clip for clip in samples if clip is not None]
        self.conventions = detect_conventions(sound, layout, near_standard=0.25) if sound else Conventions()

    def clip(self, index: int) -> PoseSequence:
        """As ClipFile.clip."""
        raw, wrong = parse_line(read_span(self.path, self._spans[index]))
        if raw is None:
            raise DataError(f"{self.path}:{index + 1} (clip {self.names[index]}): {fault}" for fault in wrong)
        return self.conventions.pose(raw, self.fps)


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
    vanishing_FJ = pose.valid & (np.abs(coordinates_FJC) < 5e-6).all(-1)
    vanishing_FJ[:, NECK] = False
    coordinates_FJC[vanishing_FJ] = (1e-5, 0, 0)
    frames_FV[:, :-1] = coordinates_FJC.reshape(len(pose), -1)
    frames_FV[:, -1] = expected_counter(counter, len(pose))
    return (" ".join(["%.5f"] * frames_FV.size) % tuple(frames_FV.ravel().tolist())).encode() + b"\n"


def write(path: Path, clips: Iterable[tuple[str, PoseSequence]], counter: str = FROM_ONE) -> None:
    """Write `path` and the sibling `.files`, streaming; DataError for an empty list or a name with a line break."""
    names: list[str] = []

    def lines(file) -> None:
        for name, pose in clips:
            if not name.strip() or "\n" in name:
                raise DataError(f"clip {len(names) + 1}: the name {name!r} cannot stand on a line of its own")
            names.append(name)
            file.write(format_line(pose, counter))
        if not names:
            raise DataError(f"{path}: no clip to write")

    write_atomically(path, lines)
    write_atomically(path.with_suffix(".files"), lambda file: file.write("".join(f"{n}\n" for n in names).encode()))

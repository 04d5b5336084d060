"""The figures of clips, a few numbers a clip, so that the poses of a large corpus are never in memory together.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from signllm.data.convert_clip import CleanClip
from signllm.data.source import ClipEntry, SourcePart
from signllm.data.store_split import split_of_folder
from signllm.pose import SKELETON_50, PoseSequence, faults
from signllm.pose.digest import clip_digest
from signllm.pose.formats.finding import Found

PARTS = tuple(SKELETON_50.parts)
HANDS = tuple(SKELETON_50.wrists)
FIGURES = (
    *("entry", "frames", "fps", "duration_s", "width", "reach", "seen", "flat"),
    *(f"missing_{part}" for part in PARTS),
    *(f"speed_{hand}" for hand in HANDS),
    *("frozen", "frozen_first", "frozen_end", "repeated", "lost", "lost_first", "lost_end"),
    *("jumping", "jump_frame", "swapped", "swap_first", "swap_end", "outliers", "zeros"),
)


@dataclass(frozen=True)
class ClipFacts:
    """What the doctor keeps of one clip. `low_PC`, `high_PC`: the range of the seen joints of each of PARTS."""

    figures: dict[str, float]
    digest: int
    missing_J: np.ndarray
    low_PC: np.ndarray
    high_PC: np.ndarray
    marked: dict[str, int]


def look_at(clip: CleanClip) -> ClipFacts:
    """What is kept of a clip that has a pose; all that takes time, so that it is done wherever clips are read."""
    pose = clip.pose
    assert pose is not None, "a clip without a pose is not looked at"
    low_PC, high_PC = _no_range()
    for part, joints in enumerate(pose.skeleton.parts.values()):
        seen_NC = pose.coordinates[:, list(joints)][pose.valid[:, list(joints)]]
        if len(seen_NC):
            low_PC[part, : seen_NC.shape[1]], high_PC[part, : seen_NC.shape[1]] = seen_NC.min(0), seen_NC.max(0)
    missing_J = (~pose.valid).sum(0)
    return ClipFacts(_figures_of(clip, pose), clip_digest(pose), missing_J, low_PC, high_PC, clip.marked_joints)


def _no_range() -> tuple[np.ndarray, np.ndarray]:
    return np.full((len(PARTS), 3), np.inf), np.full((len(PARTS), 3), -np.inf)


def _figures_of(clip: CleanClip, pose: PoseSequence) -> dict[str, float]:
    """The FIGURES of a clip but its number, in shoulder widths.

    Shares of frames: `frozen`, `repeated`, `lost` (nobody is seen) and `swapped`; of joints in frames: `missing_*` and
    `jumping`; with the first stretch of frames each. Speeds are means of wrists in shoulder widths a second, NaN where
    a wrist is not seen.
    """
    frames, valid_FJ = len(pose), pose.valid
    repeated_F = faults.repeated_frames(pose)
    stands, gone = faults.frozen(repeated_F, pose.fps), faults.unseen(pose, tuple(range(2, pose.skeleton.num_joints)))
    jumping_FJ = faults.jumps(pose)
    jumping_FJ[[end for _, end in stands if end < frames]] = False  # where a picture that stood goes on
    swapped_F = faults.swapped_sides(pose) | faults.swapped_hands(pose)
    swaps = np.flatnonzero(swapped_F)
    seen_C = pose.coordinates[valid_FJ]
    found = {
        "frames": frames,
        "fps": pose.fps,
        "duration_s": pose.duration_s,
        "width": pose.shoulder_width(),
        "reach": float(np.sqrt((seen_C[:, :2] ** 2).sum(-1).max(initial=0.0))),
        "seen": int(valid_FJ.sum()),
        "flat": float(pose.coordinates.shape[2] == 2 or not pose.coordinates[..., 2].any()),
        **{
            f"missing_{part}": float(1 - valid_FJ[:, list(joints)].mean())
            for part, joints in pose.skeleton.parts.items()
        },
        **{f"speed_{hand}": _speed(pose, wrist) for hand, wrist in pose.skeleton.wrists.items()},
        "frozen": sum(end - first for first, end in stands) / frames,
        "repeated": float(repeated_F.mean()),
        "lost": sum(end - first for first, end in gone) / frames,
        "jumping": float(jumping_FJ.sum() / max(1, valid_FJ.sum())),
        "jump_frame": int(jumping_FJ.sum(1).argmax()),
        "swapped": float(swapped_F.mean()),
        "swap_first": int(swaps[0]) if len(swaps) else -1,
        "swap_end": int(swaps[np.append(np.diff(swaps) > 1, True).argmax()]) + 1 if len(swaps) else -1,
        "outliers": clip.outlier_joints,
        "zeros": clip.zero_joints,
    }
    for name, spans in (("frozen", stands), ("lost", gone)):
        found[f"{name}_first"], found[f"{name}_end"] = max(spans, key=_length, default=(-1, -1))
    return found


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _speed(pose: PoseSequence, wrist: int) -> float:
    both_F = pose.valid[1:, wrist] & pose.valid[:-1, wrist]
    steps_F = np.linalg.norm(np.diff(pose.coordinates[:, wrist, :2], axis=0), axis=-1)[both_F]
    return float(steps_F.mean() * pose.fps) if len(steps_F) else float("nan")


@dataclass
class SplitFacts:
    """What is known of one split: its source, how it is read, and the figures of each clip that can be read.

    `refused`: why no clip can be read. `rejected`: (clip, first fault) of clips that conversion leaves out, of many the
    first; `num_rejected` counts all. `reader`, `table`: what was recognised, in words. `layouts`: how many clips of a
    sample have which layout of points.
    """

    language: str | None
    split: str | None
    source: SourcePart
    table: str
    reader: str = ""
    found: Found | None = None
    has_counter: bool = False
    layouts: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    num_rejected: int = 0
    digests: array = field(default_factory=lambda: array("Q"))
    low_PC: np.ndarray = field(default_factory=lambda: _no_range()[0])
    high_PC: np.ndarray = field(default_factory=lambda: _no_range()[1])
    missing_J: np.ndarray = field(default_factory=lambda: np.zeros(SKELETON_50.num_joints, np.int64))
    marked: dict[str, int] = field(default_factory=dict)
    _columns: dict[str, array] = field(default_factory=lambda: {name: array("d") for name in FIGURES})

    @property
    def label(self) -> str:
        """Language and split, as far as they are known: 'GSL/train'."""
        return "/".join(filter(None, (self.language, self.split))) or self.source.label

    @property
    def role(self) -> str | None:
        """The split without the name of its source: 'train' for 'train@release'."""
        return self.split and split_of_folder(self.split)

    @property
    def entries(self) -> Sequence[ClipEntry]:
        """The clips of the source."""
        return self.source.entries

    @property
    def texts(self) -> list[str]:
        """The text of each clip that has one."""
        return [entry.text for entry in self.entries if entry.text]

    def __len__(self) -> int:
        """How many clips can be read."""
        return len(self.digests)

    def add(self, number: int, clip: ClipFacts) -> None:
        """Count in a clip, the `number`th entry."""
        self._columns["entry"].append(number)
        for name, value in clip.figures.items():
            self._columns[name].append(value)
        self.digests.append(clip.digest)
        self.missing_J += clip.missing_J
        for mark, count in clip.marked.items():
            self.marked[mark] = self.marked.get(mark, 0) + count
        np.minimum(self.low_PC, clip.low_PC, out=self.low_PC)
        np.maximum(self.high_PC, clip.high_PC, out=self.high_PC)

    def figure(self, name: str) -> np.ndarray:
        """One of FIGURES for each clip that can be read, (N,) float64."""
        return np.array(self._columns[name])

    def read_entries(self) -> Iterator[ClipEntry]:
        """The clip of each row of the figures, in order: fast for all of many, where `entry` is for a few."""
        rows = iter(self._columns["entry"])
        wanted = next(rows, None)
        for number, entry in enumerate(self.entries):
            if number == wanted:
                yield entry
                wanted = next(rows, None)

    def entry(self, row: int) -> ClipEntry:
        """The clip of a row of the figures."""
        return self.entries[int(self._columns["entry"][row])]

    def share(self, name: str) -> float:
        """A share of frames over all clips, each as long as it is."""
        frames_N = self.figure("frames")
        return float((self.figure(name) * frames_N).sum() / frames_N.sum()) if len(self) else 0.0

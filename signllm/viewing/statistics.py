"""What a set of clips looks like in numbers: lengths, texts, missing joints, motion, space, bones, outliers.

Clips are added one by one; memory does not grow with their number (beyond a fixed sample of per-clip figures).
Motion and space are measured in the image plane (x right, y down): depth is lifted, or absent, in most corpora.
Distances are in shoulder widths, speeds in shoulder widths a second. Legend: F frames, J joints, K bones.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from signllm.pose import PoseSequence, Skeleton
from signllm.pose.geometry import mid_shoulders
from signllm.viewing.scene import in_shoulder_widths

SPEED_EDGES = np.linspace(0, 15, 61)
SPACE_EDGES_X = np.linspace(-2, 2, 81)
SPACE_EDGES_Y = np.linspace(-1.5, 2.5, 81)
# Faster or farther than any signer: 0.4 m shoulders make 40 widths a second 16 m/s, and an arm reaches 2.3 widths.
IMPLAUSIBLE_SPEED, IMPLAUSIBLE_REACH = 40.0, 4.0
_TOP = 5


@dataclass(frozen=True)
class WristMotion:
    """How one wrist moves: path in shoulder widths, speeds in shoulder widths a second (NaN if never seen)."""

    path: float
    mean_speed: float
    max_speed: float
    speeds: np.ndarray


def wrist_motion(pose: PoseSequence, part: str) -> WristMotion:
    """Motion of the wrist of 'right_hand' or 'left_hand'; steps between frames that both show the wrist count."""
    pose = in_shoulder_widths(pose)
    wrist = pose.skeleton.wrists[part]
    steps = np.linalg.norm(np.diff(pose.coordinates[:, wrist, :2], axis=0), axis=-1)
    steps = steps[pose.valid[1:, wrist] & pose.valid[:-1, wrist]].astype(np.float64)
    speeds = steps * pose.fps
    if not len(speeds):
        return WristMotion(0.0, float("nan"), float("nan"), speeds)
    return WristMotion(float(steps.sum()), float(speeds.mean()), float(speeds.max()), speeds)


def both_wrists(pose: PoseSequence) -> tuple[float, float]:
    """(summed path of both wrists in shoulder widths, their mean speed in shoulder widths a second or NaN)."""
    motion = [wrist_motion(pose, part) for part in pose.skeleton.wrists]
    speeds = np.concatenate([moved.speeds for moved in motion])
    return sum(moved.path for moved in motion), float(speeds.mean()) if len(speeds) else float("nan")


@dataclass(frozen=True)
class ClipRow:
    """The figures of one clip."""

    id: str
    duration_s: float
    missing_share: float
    shoulder_width: float
    reach: float
    max_speed: float
    right_share: float
    words: int


@dataclass
class _Spread:
    """Count, mean and spread of a stream of vectors, by Welford's update; NaN entries are left out."""

    size: int
    count: np.ndarray = field(init=False)
    mean: np.ndarray = field(init=False)
    squares: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.count, self.mean, self.squares = (np.zeros(self.size) for _ in range(3))

    def add(self, values: np.ndarray) -> None:
        known = np.isfinite(values)
        values = np.where(known, values, self.mean)
        self.count += known
        delta = values - self.mean
        self.mean += delta / np.maximum(self.count, 1)
        self.squares += delta * (values - self.mean)

    @property
    def deviation(self) -> np.ndarray:
        return np.sqrt(self.squares / np.maximum(self.count, 1))


class ClipStatistics:
    """Statistics of one group of clips (a split, a file). `add` every clip, then read `summary()` and the fields.

    keep: how many clips' own figures are held for histograms over clips; beyond it a random sample (seeded) is held.
    """

    def __init__(self, name: str, skeleton: Skeleton, keep: int = 5000, seed: int = 0):
        self.name, self.skeleton, self.keep = name, skeleton, keep
        self.clips = self.frames = self.flat_clips = 0
        self.seconds = 0.0
        self.missing_J = np.zeros(skeleton.num_joints, np.int64)
        self.bone_length, self.bone_cv = _Spread(len(skeleton.bones)), _Spread(len(skeleton.bones))
        self.speed_counts = {part: np.zeros(len(SPEED_EDGES), np.int64) for part in skeleton.wrists}
        self.speed_sums = dict.fromkeys(skeleton.wrists, 0.0)
        shape = (len(SPACE_EDGES_X) - 1, len(SPACE_EDGES_Y) - 1)
        self.space_counts = {part: np.zeros(shape, np.int64) for part in skeleton.wrists}
        self.hands: Counter[str] = Counter()
        self.words: Counter[str] = Counter()
        self.glosses: Counter[str] = Counter()
        self.rows: list[ClipRow] = []
        self._largest: dict[str, list[tuple[float, int, str]]] = {name: [] for name in _EXTREMES}
        self._random = np.random.default_rng(seed)

    def add(self, clip_id: str, pose: PoseSequence, text: str | None = None, gloss: str | None = None) -> None:
        """Count one clip in."""
        pose = in_shoulder_widths(pose)
        self.clips += 1
        self.frames += len(pose)
        self.seconds += pose.duration_s
        self.missing_J += (~pose.valid).sum(axis=0)
        self.flat_clips += pose.coordinates.shape[2] == 2 or not pose.coordinates[..., 2].any()
        self.words.update((text or "").split())
        self.glosses.update((gloss or "").split())
        self._add_bones(pose)
        self._add_space(pose)
        motion = {part: wrist_motion(pose, part) for part in pose.skeleton.wrists}
        for part, moved in motion.items():
            self.speed_sums[part] += moved.speeds.sum()
            inner, _ = np.histogram(moved.speeds, SPEED_EDGES)
            self.speed_counts[part][:-1] += inner
            self.speed_counts[part][-1] += len(moved.speeds) - inner.sum()  # beyond the last edge
        self._add_row(clip_id, pose, motion, len((text or "").split()))

    def _add_bones(self, pose: PoseSequence) -> None:
        parent_K, child_K = pose.skeleton.bones.T
        length_FK = np.linalg.norm(pose.coordinates[:, child_K] - pose.coordinates[:, parent_K], axis=-1)
        seen_FK = pose.valid[:, child_K] & pose.valid[:, parent_K]
        count_K = seen_FK.sum(axis=0)
        mean_K = np.where(count_K > 0, (length_FK * seen_FK).sum(axis=0) / np.maximum(count_K, 1), np.nan)
        square_K = ((length_FK - mean_K) ** 2 * seen_FK).sum(axis=0) / np.maximum(count_K, 1)
        self.bone_length.add(mean_K)
        moving = (count_K > 1) & (mean_K > 1e-6)
        self.bone_cv.add(np.where(moving, np.sqrt(square_K) / np.where(moving, mean_K, 1), np.nan))

    def _add_space(self, pose: PoseSequence) -> None:
        """Wrist positions around the middle of the shoulders, which the median over the clip makes steady."""
        middle_FC, known_F = mid_shoulders(pose.coordinates, pose.valid, pose.skeleton)
        if not known_F.any():
            return
        middle = np.median(middle_FC[known_F, :2], axis=0)
        for part, wrist in pose.skeleton.wrists.items():
            x, y = (pose.coordinates[pose.valid[:, wrist], wrist, :2] - middle).T
            self.space_counts[part] += np.histogram2d(x, y, (SPACE_EDGES_X, SPACE_EDGES_Y))[0].astype(np.int64)

    def _add_row(self, clip_id: str, pose: PoseSequence, motion: dict[str, WristMotion], words: int) -> None:
        paths = {part: moved.path for part, moved in motion.items()}
        total = sum(paths.values())
        right_share = paths["right_hand"] / total if total > 0 else float("nan")
        self.hands[_hand_of(right_share)] += 1
        speeds = [moved.max_speed for moved in motion.values() if np.isfinite(moved.max_speed)]
        root = pose.skeleton.root
        seen = pose.valid & pose.valid[:, root : root + 1]
        offsets = (pose.coordinates - pose.coordinates[:, root : root + 1])[seen]
        row = ClipRow(
            id=clip_id,
            duration_s=pose.duration_s,
            missing_share=float(1 - pose.valid.mean()),
            shoulder_width=pose.shoulder_width(),
            reach=float(np.linalg.norm(offsets[:, :2], axis=-1).max(initial=0.0)),
            max_speed=max(speeds, default=0.0),
            right_share=right_share,
            words=words,
        )
        for name, value_of in _EXTREMES.items():
            if name == "most_missing" and not row.missing_share:
                continue
            heapq.heappush(self._largest[name], (value_of(row), -self.clips, clip_id))
            if len(self._largest[name]) > _TOP:
                heapq.heappop(self._largest[name])
        if len(self.rows) < self.keep:
            self.rows.append(row)
        else:
            slot = int(self._random.integers(self.clips))
            if slot < self.keep:
                self.rows[slot] = row

    def values(self, name: str) -> np.ndarray:
        """One figure of the clips held, finite values only."""
        values = np.array([getattr(row, name) for row in self.rows], float)
        return values[np.isfinite(values)]

    def missing_share_J(self) -> np.ndarray:
        """Share of frames in which each joint is missing."""
        return self.missing_J / max(self.frames, 1)

    def summary(self) -> dict:
        """The numbers as plain values for statistics.json."""
        skeleton = self.skeleton
        missing_J = self.missing_share_J()
        bones = [f"{skeleton.joints[parent]}-{skeleton.joints[child]}" for parent, child in skeleton.bones]
        part_K = np.array([skeleton.part_of(int(child)) for child in skeleton.bones[:, 1]])
        return {
            "clips": self.clips,
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "clips_without_depth": self.flat_clips,
            "duration_s": _quantiles(self.values("duration_s")),
            "words_per_text": _quantiles(self.values("words")) if self.words else None,
            "vocabulary_words": len(self.words),
            "vocabulary_glosses": len(self.glosses),
            "most_frequent_glosses": dict(self.glosses.most_common(20)),
            "shoulder_width": _quantiles(self.values("shoulder_width")),
            "missing_share": round(float(missing_J.mean()), 6),
            "missing_share_of_joint": {n: round(float(m), 6) for n, m in zip(skeleton.joints, missing_J, strict=True)},
            "wrist_mean_speed": {part: self.mean_speed(part) for part in skeleton.wrists},
            "wrist_max_speed": _quantiles(self.values("max_speed")),
            "more_active_hand": dict(self.hands),
            "bone_length_variation_within_clips": {
                part: _rounded(self.bone_cv.mean[(part_K == part) & (self.bone_cv.count > 0)])
                for part in skeleton.parts
            },
            "bones": {
                name: {
                    "mean": round(float(mean), 4),
                    "between_clips": round(float(spread), 4),
                    "cv": round(float(cv), 4),
                }
                for name, mean, spread, cv in zip(
                    bones, self.bone_length.mean, self.bone_length.deviation, self.bone_cv.mean, strict=True
                )
            },
            "outliers": {
                name: [{"clip": clip, "value": round(abs(value), 4)} for value, _, clip in sorted(heap, reverse=True)]
                for name, heap in self._largest.items()
            },
        }

    def mean_speed(self, part: str) -> float | None:
        """Mean speed of a wrist over all steps; None when it is never seen twice in a row."""
        count = int(self.speed_counts[part].sum())
        return round(self.speed_sums[part] / count, 4) if count else None

    def warnings(self) -> list[str]:
        """What a look at the numbers should not miss, one sentence each."""
        out = []
        for name, limit, unit in (
            ("fastest_wrist", IMPLAUSIBLE_SPEED, "shoulder widths a second"),
            ("farthest_joint", IMPLAUSIBLE_REACH, "shoulder widths from the neck"),
        ):
            beyond = [(value, clip) for value, _, clip in sorted(self._largest[name], reverse=True) if value > limit]
            if beyond:
                value, clip = beyond[0]
                more = f", and {len(beyond) - 1} more of the {_TOP} highest" if len(beyond) > 1 else ""
                out.append(f"{self.name}: clip {clip} reaches {value:.1f} {unit} (plausible: up to {limit:g}){more}")
        widths = self.values("shoulder_width")
        if len(widths) and not 0.8 <= np.median(widths) <= 1.25:
            out.append(
                f"{self.name}: the median shoulder width is {np.median(widths):.3f}, expected 1; the scale of the"
                " source was not detected, convert the data again"
            )
        return out


_EXTREMES = {
    "longest": lambda row: row.duration_s,
    "shortest": lambda row: -row.duration_s,
    "fastest_wrist": lambda row: row.max_speed,
    "farthest_joint": lambda row: row.reach,
    "most_missing": lambda row: row.missing_share,
}


def _hand_of(right_share: float) -> str:
    if not np.isfinite(right_share):
        return "none"
    return "right" if right_share > 0.6 else "left" if right_share < 0.4 else "both"


def _rounded(values: np.ndarray) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _quantiles(values: np.ndarray) -> dict[str, float] | None:
    if not len(values):
        return None
    names = ("min", "p05", "median", "p95", "max")
    numbers = np.percentile(values, [0, 5, 50, 95, 100])
    return {
        "mean": round(float(values.mean()), 4),
        **{n: round(float(v), 4) for n, v in zip(names, numbers, strict=True)},
    }

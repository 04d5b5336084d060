"""What each step of cleaning is worth: faults planted into clean clips and repaired, and what it changes in real ones.

    python benchmarks/cleaning.py [FOLDER ...] [--clips 60] [--recordings 40]

The clean clips are those of the kinematic signer (`signllm.data.demo.recordings`: signs, and hands that wander), in 3D
at 25 and at 50 frames a second. Figures of planted faults:
- error: mean distance from the truth over all joints that a clip shows, in thousandths of a shoulder width, before and
  after; a missing joint has none, so that its share is told beside it;
- found: share of the planted joints (frames for swaps) that the step has changed; wrong: share of all others.
The first row of each rate has no fault: what is changed there is changed wrongly.

Each FOLDER is anything that `open_clips` opens. Figures of its clips, before and after the recommended steps: the share
of hand joints that are missing, jerk (mean third difference at 25 frames a second, in thousandths of a shoulder width),
and by step the share of joints that it changed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.clips import open_clips
from signllm.data.demo.recordings import record
from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.cleaning import clean
from signllm.sampling import spread

Arrays = tuple[np.ndarray, np.ndarray]
HANDS = [list(SKELETON_50.parts[hand]) for hand in ("right_hand", "left_hand")]
ALL_HANDS = HANDS[0] + HANDS[1]


def recorded(count: int, fps: float) -> list[PoseSequence]:
    """Clean clips in 3D."""
    rng = np.random.default_rng([14, 25])
    return [record(rng, fps, noise=0.0, gaps=0.0).truth for _ in range(count)]


def some(rng: np.random.Generator, frames: int, fps: float, longest_s: float) -> slice:
    """A stretch inside a clip, from one frame to `longest_s` seconds."""
    length = int(rng.integers(1, round(longest_s * fps) + 1))
    first = int(rng.integers(2, frames - length - 2))
    return slice(first, first + length)


def joints_of(rng: np.random.Generator) -> list[int]:
    """A whole hand, or one joint of a hand or arm."""
    hand = HANDS[rng.integers(2)]
    return hand if rng.random() < 0.5 else [int(rng.choice([*hand, 3, 4, 6, 7]))]


def plant_gaps(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    for _ in range(6):
        arrays[1][some(rng, len(arrays[1]), fps, 0.2), joints_of(rng)] = False


def plant_outliers(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    for _ in range(3):
        way = rng.normal(size=3)
        arrays[0][some(rng, len(arrays[0]), fps, 0.2), joints_of(rng)] += way / np.linalg.norm(way) * rng.uniform(8, 40)


def plant_jumps(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    for _ in range(3):
        angle = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(angle), np.sin(angle), 0]) * rng.uniform(1.2, 2.5)
        arrays[0][some(rng, len(arrays[0]), fps, 0.16), joints_of(rng)] += way


def plant_swaps(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    """Hands, or hands and wrists, or whole arms, in one stretch."""
    order = np.arange(50)
    joints = [list(range(8, 50)), [4, 7, *range(8, 50)], list(range(2, 50))][rng.integers(3)]
    order[joints] = np.array(SKELETON_50.mirror)[joints]
    frames = some(rng, len(arrays[0]), fps, 0.4)
    for array in arrays:
        array[frames] = array[frames][:, order]


def plant_torn(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    """Some joints of a hand on the other hand, for long."""
    frames, one = some(rng, len(arrays[0]), fps, 1.0), rng.integers(2)
    lost = rng.permutation(21)[: rng.integers(3, 21)]
    arrays[0][frames, np.array(HANDS[one])[lost]] = arrays[0][frames, np.array(HANDS[1 - one])[lost]]


def plant_noise(arrays: Arrays, fps: float, rng: np.random.Generator) -> None:
    arrays[0][:] += rng.normal(0, rng.uniform(0.005, 0.015), arrays[0].shape)


FAULTS: dict[str, tuple[Callable, list[list[str]]]] = {
    "no fault": (lambda *_: None, [["outliers"], ["swaps"], ["jumps"], ["torn"], ["gaps"], ["smooth"]]),
    "noise alone": (plant_noise, [["outliers"], ["swaps"], ["jumps"], ["torn"], ["gaps"]]),
    "outliers": (plant_outliers, [["outliers"], ["outliers", "gaps"]]),
    "swaps": (plant_swaps, [["swaps"]]),
    "jumps": (plant_jumps, [["jumps"], ["jumps", "gaps"]]),
    "torn": (plant_torn, [["torn"], ["jumps", "torn"]]),
    "gaps": (plant_gaps, [["gaps"]]),
    "noise": (plant_noise, [[f"smooth={window}"] for window in (0.12, 0.2, 0.28, 0.36)]),
}


def error_of(clips: Sequence[PoseSequence], truths: Sequence[PoseSequence]) -> float:
    """Thousandths of a shoulder width, over the joints that are shown."""
    off = [
        np.linalg.norm(clip.coordinates - truth.coordinates, axis=-1)[clip.valid]
        for clip, truth in zip(clips, truths, strict=True)
    ]
    return 1000 * float(np.concatenate(off).mean())


def differs(one: PoseSequence, other: PoseSequence) -> np.ndarray:
    """(F, J) where two clips are not the same."""
    return (one.valid != other.valid) | ((one.coordinates != other.coordinates).any(-1) & one.valid & other.valid)


def planted(count: int, fps: float) -> None:
    """Print the table of planted faults at one rate."""
    truths = recorded(count, fps)
    print(f"\n{count} clean clips of {sum(map(len, truths))} frames at {fps:g} frames a second\n")
    print("| fault | steps | error before | after | missing before | after | found | wrong |")
    print("|---|---|---|---|---|---|---|---|")
    for fault, (plant, plans) in FAULTS.items():
        rng = np.random.default_rng([1, 9])
        faulty = []
        for truth in truths:
            arrays = truth.coordinates.copy(), truth.valid.copy()
            plant(arrays, fps, rng)
            faulty.append(truth.replace(coordinates=arrays[0], valid=arrays[1]))
        for steps in plans:
            cleaned = [clean(clip, ["none", *steps])[0] for clip in faulty]
            touched = np.concatenate([differs(a, b).ravel() for a, b in zip(cleaned, faulty, strict=True)])
            wrong = np.concatenate([differs(a, b).ravel() for a, b in zip(faulty, truths, strict=True)])
            missing = [1 - np.mean(np.concatenate([c.valid.ravel() for c in side])) for side in (faulty, cleaned)]
            found = f"{touched[wrong].mean():.1%}" if wrong.any() else "-"
            falsely = f"{touched[~wrong].mean():.3%}" if not wrong.all() else "-"
            print(
                f"| {fault} | {' '.join(steps)} | {error_of(faulty, truths):.2f} | {error_of(cleaned, truths):.2f}"
                f" | {missing[0]:.2%} | {missing[1]:.2%} | {found} | {falsely} |"
            )


def filled(count: int, fps: float) -> None:
    """Print how far filled joints are from the truth, beside joints that stay where they were last seen."""
    rng, off, held_off = np.random.default_rng([1, 9]), [], []
    for truth in recorded(count, fps):
        arrays = truth.coordinates.copy(), truth.valid.copy()
        plant_gaps(arrays, fps, rng)
        gappy = truth.replace(coordinates=arrays[0], valid=arrays[1])
        repaired, _ = clean(gappy, ["none", "gaps"])
        last_FJ = np.maximum.accumulate(np.where(gappy.valid, np.arange(len(truth))[:, None], 0), axis=0)
        held_FJC = np.take_along_axis(truth.coordinates, last_FJ[..., None], 0)
        was_filled = repaired.valid & ~gappy.valid
        off.append(np.linalg.norm(repaired.coordinates - truth.coordinates, axis=-1)[was_filled])
        held_off.append(np.linalg.norm(held_FJC - truth.coordinates, axis=-1)[was_filled])
    means = [1000 * float(np.concatenate(part).mean()) for part in (off, held_off)]
    print(f"\nfilled joints are {means[0]:.1f} from the truth, where they were last seen {means[1]:.1f}")


def jerk_of(clips: Sequence[PoseSequence]) -> float:
    """Mean third difference over joints seen in four frames in a row, at 25 frames a second, in thousandths."""
    jerks = []
    for clip in (clip.resampled(25.0) for clip in clips):
        seen = clip.valid[3:] & clip.valid[2:-1] & clip.valid[1:-2] & clip.valid[:-3]
        jerks.append(np.linalg.norm(np.diff(clip.coordinates, n=3, axis=0), axis=-1)[seen])
    return 1000 * float(np.concatenate(jerks).mean())


def hidden(clips: Sequence[PoseSequence]) -> tuple[float, float]:
    """Mean error of filled hands that were hidden for 0.2 s where they move fastest, and their jerk over the true one.

    Error in thousandths of a shoulder width, all dimensions.
    """
    off, jerks = [], np.zeros(2)
    for whole in clips:
        clip, _ = clean(whole, ["none", "swaps", "jumps", "torn"])
        length = round(0.2 * clip.fps)
        for hand, wrist in SKELETON_50.wrists.items():
            joints = list(SKELETON_50.parts[hand])
            seen_F = clip.valid[:, [*joints, wrist]].all(1)
            step_F = np.linalg.norm(np.diff(clip.coordinates[:, wrist, :2], axis=0), axis=-1)
            windows = [f for f in range(2, len(clip) - length - 2) if seen_F[f - 2 : f + length + 2].all()]
            if not windows:
                continue
            first = max(windows, key=lambda f: step_F[f - 1 : f + length].sum())
            valid_FJ, frames = clip.valid.copy(), slice(first, first + length)
            valid_FJ[frames, joints] = False
            repaired, _ = clean(clip.replace(valid=valid_FJ), ["none", "gaps"])
            truth_FKC, filled_FKC = (pose.coordinates[:, joints] for pose in (clip, repaired))
            off.append(np.linalg.norm(filled_FKC[frames] - truth_FKC[frames], axis=-1).mean())
            around = slice(first - 2, first + length + 2)
            for number, hand_FKC in enumerate((filled_FKC, truth_FKC)):
                jerks[number] += np.linalg.norm(np.diff(hand_FKC[around], n=3, axis=0), axis=-1).mean()
    return (1000 * float(np.mean(off)), jerks[0] / jerks[1]) if off else (float("nan"), float("nan"))


def real(folder: Path, most: int) -> None:
    """Print what the recommended steps, smoothing, trimming and resampling change in a source."""
    opened, clips = open_clips(folder), []
    for index in spread(len(opened), most):
        try:
            clips.append(opened.pose(index).in_shoulder_widths())
        except DataError:
            continue
    joints = sum(clip.valid.size for clip in clips)
    seconds = sum(clip.duration_s for clip in clips)
    print(f"\n{folder.name}: {len(clips)} clips, {seconds:.0f} s, {clips[0].fps:g} frames a second\n")
    error, jerk = hidden(clips)
    print(f"hidden for 0.2 s and filled, hands are {error:.0f} from the truth, with {jerk:.0%} of its jerk\n")
    print("| steps | hand joints missing | jerk | seconds | changed |")
    print("|---|---|---|---|---|")
    for steps in ((), ("outliers",), ("recommended",), ("recommended", "smooth"), ("recommended", "trim", "resample")):
        totals: Counter[str] = Counter()
        cleaned = []
        for clip in clips:
            result, changes = clean(clip, ["none", *steps] if steps in ((), ("outliers",)) else steps)
            cleaned.append(result)
            for change in changes:
                for name, count in change.counts.items():
                    totals[f"{change.name} {name}"] += count
        missing = 1 - np.mean(np.concatenate([clip.valid[:, ALL_HANDS].ravel() for clip in cleaned]))
        said = ", ".join(
            f"{name} {count:,.0f} ({count / joints:.2%})" if "joints" in name else f"{name} {count:,.0f}"
            for name, count in totals.items()
        )
        print(
            f"| {' '.join(steps) or '-'} | {missing:.1%} | {jerk_of(cleaned):.1f}"
            f" | {sum(clip.duration_s for clip in cleaned):.1f} | {said} |",
            flush=True,
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("folders", nargs="*", type=Path)
    flags.add_argument("--clips", type=int, default=60, help="of each folder, spread over it")
    flags.add_argument("--recordings", type=int, default=40, help="of the kinematic signer")
    args = flags.parse_args(argv)
    for fps in (25.0, 50.0) if args.recordings else ():
        planted(args.recordings, fps)
        filled(args.recordings, fps)
    for folder in args.folders:
        real(folder, args.clips)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

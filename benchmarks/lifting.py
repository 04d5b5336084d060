"""What lifting 2D clips to 3D is worth: projections of real and of generated 3D, lifted and compared with the truth.

    python benchmarks/lifting.py [FOLDER ...] [--clips 48] [--frames 100] [--recordings 48]

Each FOLDER is anything that `open_clips` opens; clips without depth are left out and counted. Its clips lose their z,
are lifted, and are compared with what they were. Beside them stand recordings of the kinematic signer
(`signllm.data.demo.recordings`; other random numbers than in training) with noise and gaps. The truth of real
recordings is itself an estimate: where it comes from MediaPipe, its own row shows how its bones change and it jitters.

Figures, for z = 0, the start alone (the network's directions on the same bones), lifting, and the truth itself:
- error: mean distance of a seen joint from the truth, in shoulder widths; depth: the same of z alone;
- order: of shoulder and elbow, and of elbow and wrist: how often the right one is in front, where they are more than
  0.05 shoulder widths apart in depth; z = 0 says nothing and counts half;
- bones: the standard deviation of a bone's length over a clip over its mean, mean over bones (in %);
- jitter: mean third difference of a joint's place, in thousandths of a shoulder width;
- clips a minute and frames a second, all of lifting included. Lifting uses one thread; the figure by processor time is
  what an idle machine gives.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.clips import open_clips
from signllm.data.demo.recordings import record
from signllm.errors import DataError
from signllm.lifting.fitting import lift
from signllm.pose import SKELETON_50, PoseSequence
from signllm.sampling import spread

LEAST_DEPTH = 0.05
Pairs = list[tuple[PoseSequence, PoseSequence]]
ORDERED = ((2, 3), (3, 4), (5, 6), (6, 7))
FIGURES = ("error", "depth", "order", "bones", "jitter")


def flattened(clip: PoseSequence) -> PoseSequence:
    """The clip without depth."""
    coordinates = clip.coordinates.copy()
    return clip.replace(coordinates=np.concatenate([coordinates[..., :2], np.zeros_like(coordinates[..., :1])], -1))


def recorded(count: int) -> Pairs:
    """(seen, truth) of the kinematic signer."""
    rng = np.random.default_rng([7, 1789])
    recordings = [record(rng) for _ in range(count)]
    return [(flattened(recording.seen), recording.truth) for recording in recordings]


def projected(folder: Path, clips: int, frames: int) -> tuple[Pairs, int]:
    """(seen, truth) of clips with depth, spread over a source, and how many were left out."""
    opened, pairs = open_clips(folder), []
    chosen = spread(len(opened), clips)
    for index in chosen:
        try:
            truth = opened.pose(index)[:frames].in_shoulder_widths()
        except DataError:
            continue
        if truth.coordinates.shape[2] == 3 and truth.coordinates[..., 2].any():
            pairs.append((flattened(truth), truth))
    return pairs, len(chosen) - len(pairs)


def order_of(found: PoseSequence, truth: PoseSequence) -> tuple[float, int]:
    """How many pairs of joints are in the right order, of how many."""
    right, count = 0.0, 0
    for upper, lower in ORDERED:
        both_F = truth.valid[:, upper] & truth.valid[:, lower] & found.valid[:, upper] & found.valid[:, lower]
        true_F = (truth.coordinates[:, lower, 2] - truth.coordinates[:, upper, 2])[both_F]
        found_F = (found.coordinates[:, lower, 2] - found.coordinates[:, upper, 2])[both_F]
        apart_F = np.abs(true_F) > LEAST_DEPTH
        right += float((0.5 + 0.5 * np.sign(true_F * found_F))[apart_F].sum())
        count += int(apart_F.sum())
    return right, count


def bone_variation(clip: PoseSequence) -> list[float]:
    """Of each bone that is seen in ten frames and has a length: deviation over mean."""
    parents, children = SKELETON_50.bones.T
    length_FK = np.linalg.norm(clip.coordinates[:, children] - clip.coordinates[:, parents], axis=-1)
    seen_FK = clip.valid[:, children] & clip.valid[:, parents]
    columns = [length_F[seen_F] for length_F, seen_F in zip(length_FK.T, seen_FK.T, strict=True) if seen_F.sum() >= 10]
    return [float(column.std() / column.mean()) for column in columns if column.mean() > 0.03]


def third_differences(clip: PoseSequence) -> np.ndarray:
    """(N,) of all joints seen in four frames in a row, in thousandths."""
    seen = clip.valid[3:] & clip.valid[2:-1] & clip.valid[1:-2] & clip.valid[:-3]
    return 1000 * np.linalg.norm(np.diff(clip.coordinates, n=3, axis=0), axis=-1)[seen]


def figures(found: list[PoseSequence], truths: list[PoseSequence]) -> list[float]:
    """The FIGURES of clips."""
    off, depth, jitter, bones, order = [], [], [], [], np.zeros(2)
    for clip, truth in zip(found, truths, strict=True):
        seen = clip.valid & truth.valid
        difference = (clip.coordinates - truth.coordinates)[seen]
        off.append(np.linalg.norm(difference, axis=-1))
        depth.append(np.abs(difference[:, 2]))
        bones += bone_variation(clip)
        jitter.append(third_differences(clip))
        order += order_of(clip, truth)
    means = [float(np.concatenate(parts).mean()) for parts in (off, depth, jitter)]
    return [means[0], means[1], order[0] / max(order[1], 1), 100 * float(np.mean(bones)), means[2]]


def started(clip: PoseSequence) -> PoseSequence:
    """The network's guess on bones of constant length, without fitting."""
    from signllm.lifting.fitting import _pose, _Problem, _Seen

    seen = _Seen.of(clip)
    problem = _Problem.of([seen])
    joints = _pose(problem, problem.start_3BFK, problem.seen_2BFJ[..., SKELETON_50.root])[1]
    return seen.lifted(joints[:, 0].movedim(0, -1).numpy())


def report(name: str, pairs: Pairs, lifter: Callable[[list[PoseSequence]], list[PoseSequence]] = lift) -> None:
    """Print one source's table."""
    seen, truths = [list(side) for side in zip(*pairs, strict=True)]
    began, began_cpu = time.perf_counter(), time.process_time()
    lifted = lifter(seen)
    took, took_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    frames = sum(len(clip) for clip in seen)
    print(f"\n{name}: {len(seen)} clips, {frames} frames; lifted in {took:.1f} s ({took_cpu:.1f} s of processor time):")
    print(f"{60 * len(seen) / took:.0f} clips a minute, {frames / took:.0f} frames a second;", end=" ")
    print(f"{60 * len(seen) / took_cpu:.0f} clips a minute of one processor")
    print(f"| {'':12} | " + " | ".join(f"{figure:>6}" for figure in FIGURES) + " |")
    for label, clips in (("z = 0", seen), ("start", [started(c) for c in seen]), ("lifted", lifted), ("truth", truths)):
        error, depth, order, bones, jitter = figures(clips, truths)
        print(f"| {label:12} | {error:6.3f} | {depth:6.3f} | {order:6.1%} | {bones:6.1f} | {jitter:6.1f} |", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table for each source."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("folders", nargs="*", type=Path)
    flags.add_argument("--clips", type=int, default=48, help="of each folder, spread over it")
    flags.add_argument("--frames", type=int, default=100, help="of each clip, from its beginning")
    flags.add_argument("--recordings", type=int, default=48, help="of the kinematic signer")
    args = flags.parse_args(argv)
    if args.recordings:
        report("kinematic signer with noise and gaps", recorded(args.recordings))
    for folder in args.folders:
        pairs, left_out = projected(folder, args.clips, args.frames)
        if left_out:
            print(f"\n{folder.name}: {left_out} clips left out, without depth or scale")
        if pairs:
            report(folder.name, pairs)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

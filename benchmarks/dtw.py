"""Exact DTW of this toolkit against fastdtw, in one run: speed ratios and differences to a literal implementation.

    python benchmarks/dtw.py [--frames 100 200 400] [--pairs 8] [--data STORE]
    python benchmarks/dtw.py --corpus [--subset 24] [--data STORE]

The second form scores a corpus: 642 pairs whose references have lengths like those of the PHOENIX-2014T test split
(64,627 frames in all, as published; drawn from a gamma distribution) in `dtw-mje`, against fastdtw with scipy's
euclidean. fastdtw runs on a subset, every n-th pair in order of length; its time for all is estimated by frames.

fastdtw is pure Python and approximate. It gets scipy's euclidean on the flattened frames, as published code calls it,
and the mean-joint cost written in numpy; ours gets the same two (`l2`, `mean_joint`), on one core and on all. Clips are
real ones of a store, joined and cut to the length asked for, or random walks. Each time is the best of several.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.aligning.dtw import cores, dtw_pairs
from signllm.pose import PoseSequence
from signllm.sampling import spread

PHOENIX_TEST_PAIRS, PHOENIX_TEST_FRAMES = 642, 64_627
Pair = tuple[PoseSequence, PoseSequence]


def random_walks(frames: int, count: int) -> list[Pair]:
    """Pairs of unrelated clips that drift like joints do."""
    rng = np.random.default_rng(0)
    walks = rng.normal(0, 0.02, (2 * count, frames, 50, 3)).cumsum(1) + rng.normal(0, 0.5, (2 * count, 1, 50, 3))
    clips = [PoseSequence.all_valid(walk, 25) for walk in walks]
    return list(zip(clips[::2], clips[1::2], strict=True))


def stored_frames(root: str) -> np.ndarray:
    """(frames, 50, 3) of the first 400 clips of a store, one after the other."""
    from signllm.data.store import Store

    store = Store(root)
    language = store.languages()[0]
    split = store.split(language, store.splits(language)[0])
    return np.concatenate([split.pose(index).coordinates for index in range(min(len(split), 400))])


def stored_clips(root: str, frames: int, count: int) -> list[Pair]:
    """Pairs of real clips, joined until they have `frames` frames."""
    every = stored_frames(root)
    starts = spread(len(every) - frames + 1, 2 * count)
    clips = [PoseSequence.all_valid(every[start : start + frames], 25) for start in starts]
    return list(zip(clips[::2], clips[1::2], strict=False))


def seconds_per_pair(run: Callable[[Sequence[Pair]], object], pairs: Sequence[Pair], repeats: int) -> float:
    """The best of `repeats` runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        run(pairs)
        best = min(best, time.perf_counter() - start)
    return best / len(pairs)


def fast(distance: Callable) -> Callable[[Sequence[Pair]], list[float]]:
    """fastdtw with a local cost, over pairs."""
    from fastdtw import fastdtw

    def run(pairs: Sequence[Pair]) -> list[float]:
        return [fastdtw(*(c.coordinates.reshape(len(c), 150) for c in pair), dist=distance)[0] for pair in pairs]

    return run


def mean_joint(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over joints of the Euclidean distance of two flattened frames."""
    return np.sqrt(((a - b).reshape(50, 3) ** 2).sum(1)).mean()


def literal(pair: Pair, cost: str) -> float:
    """Accumulated cost by the textbook recursion in float64."""
    h, r = (clip.coordinates.astype(np.float64) for clip in pair)
    squares = [((frame - r) ** 2).sum(-1) for frame in h]
    local = [np.sqrt(s).mean(-1) if cost == "mean_joint" else np.sqrt(s.sum(-1)) for s in squares]
    total = np.full((len(h) + 1, len(r) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(h)):
        for j in range(len(r)):
            total[i + 1, j + 1] = local[i][j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return total[-1, -1]


def corpus(root: str | None) -> list[Pair]:
    """642 pairs of PHOENIX test length, in order of length; hypotheses are 0.7 to 1.3 times as long."""
    rng = np.random.default_rng(0)
    lengths = np.sort(rng.gamma(4.0, PHOENIX_TEST_FRAMES / PHOENIX_TEST_PAIRS / 4, PHOENIX_TEST_PAIRS))
    lengths = np.clip(np.round(lengths * PHOENIX_TEST_FRAMES / lengths.sum()), 16, 400).astype(int)
    every = stored_frames(root) if root else rng.normal(0, 0.02, (40_000, 50, 3)).cumsum(0)

    def clip(frames: int) -> PoseSequence:
        start = rng.integers(len(every) - frames)
        return PoseSequence.all_valid(every[start : start + frames], 25)

    return [(clip(max(2, round(length * rng.uniform(0.7, 1.3)))), clip(length)) for length in lengths]


def score_corpus(root: str | None, subset: int) -> None:
    """Print the times of both on a corpus, and the largest error of ours."""
    from scipy.spatial.distance import euclidean

    from signllm.metrics import score_pairs

    pairs = corpus(root)
    hypotheses, references = zip(*pairs, strict=True)
    few = pairs[subset_step(len(pairs), subset) // 2 :: subset_step(len(pairs), subset)]
    frames, frames_few = (sum(len(h) + len(r) for h, r in some) for some in (pairs, few))
    dtw_pairs(pairs[:1])  # reads the compiled code
    one = seconds_per_pair(lambda p: dtw_pairs(p, "mean_joint", threads=1), pairs, 5) * len(pairs)
    every = seconds_per_pair(lambda p: dtw_pairs(p, "mean_joint"), pairs, 5) * len(pairs)
    whole = seconds_per_pair(lambda p: score_pairs(hypotheses, references, ["dtw-mje"]), pairs, 5) * len(pairs)
    slow_few = seconds_per_pair(fast(euclidean), few, 2) * len(few)
    slow = slow_few * frames / frames_few
    exact = np.array([literal(pair, "mean_joint") for pair in few[::4]])
    error = np.abs(np.array([a.cost for a in dtw_pairs(few[::4])]) / exact - 1).max()
    print(
        f"{len(pairs)} pairs, {sum(map(len, references))} reference and {sum(map(len, hypotheses))} hypothesis frames"
    )
    print(f"fastdtw, scipy's euclidean: {slow_few:.2f} s for {len(few)} pairs; for all, by frames: {slow:.1f} s")
    print(f"ours, exact, mean-joint cost, one core:  {one:.3f} s, {slow / one:.0f} times faster")
    print(f"ours, all cores ({cores()}):                 {every:.3f} s, {slow / every:.0f} times faster")
    print(f"the whole preset dtw-mje (score_pairs):  {whole:.3f} s, {slow / whole:.0f} times faster")
    print(f"largest relative error of ours, against the textbook recursion in float64: {error:.1e}")


def subset_step(count: int, subset: int) -> int:
    """Every how many-th pair belongs to the subset."""
    return max(1, count // subset)


def main() -> None:
    """Print two rows a length, one for each local cost."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--frames", type=int, nargs="+", default=[100, 200, 400])
    flags.add_argument("--pairs", type=int, default=8)
    flags.add_argument("--data", help="a store; default: random walks")
    flags.add_argument("--corpus", action="store_true", help="642 pairs of PHOENIX length in dtw-mje")
    flags.add_argument("--subset", type=int, default=24, help="pairs of the corpus that fastdtw aligns")
    args = flags.parse_args()
    if args.corpus:
        score_corpus(args.data, args.subset)
        return
    from scipy.spatial.distance import euclidean

    start = time.perf_counter()
    dtw_pairs(random_walks(4, 1))
    print(f"first call (imports and compiles, or reads the compiled code): {time.perf_counter() - start:.2f} s")
    print(f"{args.pairs} pairs, {cores()} cores, {'clips of ' + args.data if args.data else 'random walks'}; ms a pair")
    print("frames local cost  ours, 1 core  all cores  fastdtw  ratio, 1 core  all cores   error of ours  of fastdtw")
    for frames in args.frames:
        pairs = stored_clips(args.data, frames, args.pairs) if args.data else random_walks(frames, args.pairs)
        for cost, distance in (("mean_joint", mean_joint), ("l2", euclidean)):
            one = seconds_per_pair(lambda p: dtw_pairs(p, cost, threads=1), pairs, 9)  # noqa: B023 - called here
            every = seconds_per_pair(lambda p: dtw_pairs(p, cost), pairs, 9)  # noqa: B023
            slow = seconds_per_pair(fast(distance), pairs, 2)
            exact = np.array([literal(pair, cost) for pair in pairs])
            found = (np.array([a.cost for a in dtw_pairs(pairs, cost)]), np.array(fast(distance)(pairs)))
            errors = [np.abs(costs / exact - 1).max() for costs in found]
            print(
                f"{frames:6} {cost:10} {one * 1e3:13.3f} {every * 1e3:10.3f} {slow * 1e3:8.2f} {slow / one:14.0f}"
                f" {slow / every:10.0f} {errors[0]:15.1e} {errors[1]:11.1e}"
            )


if __name__ == "__main__":
    main()

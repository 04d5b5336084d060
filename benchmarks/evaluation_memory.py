"""Peak memory of an evaluation for 100 and for 10,000 clips: it streams, so only the numbers measured may add up.

    python benchmarks/evaluation_memory.py [--clips 100 10000] [--frames 16] [--metrics NAME ...]

Each row is a process of its own: `evaluate` over a split whose clips are made when asked for, with one system that
answers with other clips. The alternative that it beats keeps every clip until the end, as scripts do that load all
predictions and all references and then score them. `start` is the process with everything imported and compiled and
the split's index read.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.store import ClipRecord
from signllm.evaluation.measurements import Measurements, evaluate
from signllm.evaluation.report import make_report
from signllm.metrics import score_pairs
from signllm.metrics.registry import PANEL, find_presets
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.sequence import SHOULDER_WIDTHS

FPS = 25.0


class GeneratedSplit:
    """What `evaluate` asks of a split; a clip is made from its number, again and again the same."""

    skeleton, unit = SKELETON_50, SHOULDER_WIDTHS

    def __init__(self, clips: int, frames: int):
        self.frames = frames
        self.records = [ClipRecord(f"clip{n:06}", f"text {n}", "ASL", FPS, frames) for n in range(clips)]

    def __len__(self) -> int:
        return len(self.records)

    def pose(self, index: int) -> PoseSequence:
        """A random walk of all joints."""
        rng = np.random.default_rng(index)
        steps = rng.normal(0, 0.02, (self.frames, 50, 3)).cumsum(0)
        return PoseSequence.all_valid(steps + rng.normal(0, 0.5, (50, 3)), FPS)


def peak_mib() -> float:
    """Peak resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("this benchmark reads /proc/self/status, which this system does not have")


def stream(split: GeneratedSplit, metrics: Sequence[str]) -> None:
    """As the toolkit evaluates, with the report at the end."""
    measurements = Measurements(find_presets(metrics))

    def other(records: Sequence[ClipRecord]) -> list[PoseSequence]:
        return [split.pose(int(record.id[4:]) + 1_000_000) for record in records]

    evaluate(measurements, "ASL", split, {"model": other}, FPS)
    make_report(measurements, split.skeleton.name, split.unit, FPS)


def hold(split: GeneratedSplit, metrics: Sequence[str]) -> None:
    """The usual method: everything in memory, then scored."""
    references = [split.pose(index) for index in range(len(split))]
    hypotheses = [split.pose(index + 1_000_000) for index in range(len(split))]
    score_pairs(references, references, metrics)
    score_pairs(hypotheses, references, metrics)


KINDS = {"streamed": stream, "all in memory": hold}


def child(kind: str, clips: int, frames: int, metrics: Sequence[str]) -> None:
    """Run one measurement in this process and print it as JSON."""
    KINDS[kind](GeneratedSplit(8, frames), metrics)
    split = GeneratedSplit(clips, frames)
    start, began = peak_mib(), time.perf_counter()
    KINDS[kind](split, metrics)
    print(json.dumps({"start": start, "peak": peak_mib(), "seconds": time.perf_counter() - began}))


def main() -> None:
    """Print a row for each kind and number of clips."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--clips", type=int, nargs="+", default=[100, 10_000])
    flags.add_argument("--frames", type=int, default=16)
    flags.add_argument("--metrics", nargs="+", default=list(PANEL))
    flags.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    args = flags.parse_args()
    if args.kind:
        child(args.kind, args.clips[0], args.frames, args.metrics)
        return
    size = args.frames * (SKELETON_50.num_joints * 13) / 1024  # three float32 and a bool a joint
    print(f"{args.frames} frames ({size:.0f} KiB) a clip, reference and one system, {', '.join(args.metrics)}")
    print("kind            clips  start MiB  peak MiB  grown KiB a clip  seconds  ms a clip")
    for kind in KINDS:
        for clips in args.clips:
            command = [sys.executable, __file__, "--kind", kind, "--clips", str(clips), "--frames", str(args.frames)]
            answer = subprocess.run([*command, "--metrics", *args.metrics], stdout=subprocess.PIPE, check=True)
            found = json.loads(answer.stdout)
            grown = (found["peak"] - found["start"]) * 1024 / clips
            print(
                f"{kind:14} {clips:6} {found['start']:10.0f} {found['peak']:9.0f} {grown:17.2f} {found['seconds']:8.1f}"
                f" {found['seconds'] / clips * 1e3:10.2f}"
            )


if __name__ == "__main__":
    main()

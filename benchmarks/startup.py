"""From text to mp4, the whole process, against the way it was: with transformers, numba and matplotlib imported.

    python benchmarks/startup.py --model_path checkpoints/quick_train/best_model.pth [--runs 5]

Both processes sign the same text, in turns; the older way is the same command after the imports that it needed (a
text encoder trained from scratch was transformers' BERT, drawing was compiled by numba, fonts were found by matplotlib)
and one function compiled from numba's cache. Prints the fastest run of each in seconds of wall clock and of processor
time, and the ratio. Run it on an idle machine with two cores: the aim is 3.5 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AIM_S = 3.5
OLDER_IMPORTS = """
import torch, numpy
from transformers import AutoConfig, AutoModel, BertConfig, BertModel
import matplotlib, matplotlib.ft2font
from signllm.aligning.dtw_kernels import cheapest_path
cheapest_path(numpy.zeros((2, 2)))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of one process."""

    wall_s: float
    processor_s: float


def cost_of(command: list[str]) -> Cost:
    """Run a process to its end. Raises CalledProcessError, after showing its output, when it fails."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    wall_s, after = time.perf_counter() - started, os.times()
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
        done.check_returncode()
    spent = [getattr(after, name) - getattr(before, name) for name in ("children_user", "children_system")]
    return Cost(wall_s, sum(spent))


def main() -> int:
    """Measure and print; 0 when the aim is met."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model_path", type=Path, required=True, help="a checkpoint, e.g. of quick_train.py")
    arguments.add_argument("--text", default="hello")
    arguments.add_argument("--runs", type=int, default=5)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--model_path", str(args.model_path.resolve()), "--text", args.text, "--format", "mp4"]
        flags += ["--output", folder]
        now = [sys.executable, str(ROOT / "inference_signllm.py"), *flags]
        code = f"{OLDER_IMPORTS}\nfrom signllm.cli.inference import main\nraise SystemExit(main({flags!r}))"
        before = [sys.executable, "-c", code]
        costs = {"as it was": [], "now": []}
        for command in (before, now):
            cost_of(command)  # compiled files and the disk's cache
        for _ in range(args.runs):
            costs["as it was"].append(cost_of(before))
            costs["now"].append(cost_of(now))
    best = {name: Cost(min(c.wall_s for c in all_), min(c.processor_s for c in all_)) for name, all_ in costs.items()}
    for name, cost in best.items():
        print(f"{name:<10} {cost.wall_s:6.2f} s   {cost.processor_s:6.2f} s of processor time")
    ratio = best["as it was"].processor_s / best["now"].processor_s
    print(f"{ratio:.2f} times less processor time; the aim is {AIM_S} s on two idle cores")
    return 0 if best["now"].wall_s <= AIM_S else 1


if __name__ == "__main__":
    raise SystemExit(main())

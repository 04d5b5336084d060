"""Two ratios of training speed, each in one run: frame-budget batches against random ones, and bf16 against fp32.

    python benchmarks/training.py [--lengths phoenix how2sign] [--steps 12]

Throughput is true frames a second through forward, backward and the optimiser step, padding not counted. The clips are
random numbers; what counts is how long they are: log-normal lengths with the mean and spread of PHOENIX-2014T
(about 110 +- 50 frames at 25 fps) or of How2Sign (about 165 +- 120), cut at 500.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.config import Config, parse_config
from signllm.data.batching import make_batches
from signllm.device import autocast
from signllm.learning.length_batches import automatic_budget
from signllm.models.group import PoseGroup
from signllm.models.outputs import ModelOutput
from signllm.pose.batch import PoseBatch, length_mask, round_up
from signllm.training.losses import compute_losses

LENGTHS = {"phoenix": (110, 50), "how2sign": (165, 120)}
BATCH_SIZE = 16
CLIPS = 2000


def clip_lengths(mean: float, deviation: float) -> np.ndarray:
    """Log-normal numbers of frames with this mean and deviation, within 16 and 500."""
    variance = np.log(1 + (deviation / mean) ** 2)
    drawn = np.random.default_rng(0).lognormal(np.log(mean) - variance / 2, np.sqrt(variance), CLIPS)
    return drawn.astype(int).clip(16, 500)


def random_batch(frames: list[int], longest: int) -> PoseBatch:
    """Clips of these lengths, padded to `longest`."""
    lengths, count = torch.tensor(frames), len(frames)
    inside = length_mask(lengths, longest)
    names = [""] * count
    return PoseBatch(
        list(range(count)), names, names, names, names, names,
        torch.randn(count, longest, 50, 3), inside[..., None].expand(-1, -1, 50), lengths, lengths,
    )  # fmt: skip


class Step:
    """One group's training step, as the trainer does it."""

    def __init__(self, config: Config, learning_rate: float = 1e-4):
        torch.manual_seed(0)
        self.config = config
        self.group = PoseGroup(config.model, 256).train()
        self.optimizer = torch.optim.AdamW(self.group.parameters(), lr=learning_rate, fused=True)

    def __call__(self, batch: PoseBatch, precision: str) -> float:
        """Train on one batch; return the reconstruction loss."""
        source, mask = torch.randn(len(batch), 12, 256), torch.ones(len(batch), 12, dtype=torch.bool)
        with autocast(torch.device("cpu"), precision):
            output = self.group(source, mask, batch, list(range(len(batch))))
            losses = compute_losses(ModelOutput([output]), self.config)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()
        self.optimizer.step()
        return losses.values()["reconstruction"]


def throughput(step: Step, lengths: np.ndarray, batches: list[list[int]], pad: bool, precision: str) -> float:
    """True frames a second over the batches; `pad` rounds their lengths up as the collator does."""
    frames = seconds = 0.0
    for number, batch in enumerate(batches):
        clips = [int(lengths[i]) for i in batch]
        made = random_batch(clips, round_up(max(clips)) if pad else max(clips))
        started = time.perf_counter()
        step(made, precision)
        if number:  # the first step also pays for lazy initialisation
            seconds += time.perf_counter() - started
            frames += sum(clips)
    return frames / seconds


def main() -> None:
    """Print both tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lengths", nargs="+", choices=list(LENGTHS), default=list(LENGTHS))
    arguments.add_argument("--steps", type=int, default=12)
    args = arguments.parse_args()
    step = Step(parse_config({"model": {"pose_decoder": {"type": "progressive"}}}))
    print(f"{torch.get_num_threads()} threads, 2 + 4 layers of width 256, at most {BATCH_SIZE} clips a batch")
    print(f"{'lengths':>9} {'precision':>9} {'random frames/s':>16} {'budget frames/s':>16} {'ratio':>6}")
    speeds = {}
    for name in args.lengths:
        lengths = clip_lengths(*LENGTHS[name])
        shuffled = np.random.default_rng(1).permutation(CLIPS)[: args.steps * BATCH_SIZE].reshape(-1, BATCH_SIZE)
        budget = automatic_budget(lengths.tolist(), BATCH_SIZE)
        batches = make_batches(lengths.tolist(), BATCH_SIZE, budget, seed=0, epoch=0)[: args.steps]
        for precision in ("fp32", "bf16"):
            random = throughput(step, lengths, shuffled.tolist(), False, precision)
            ours = throughput(step, lengths, batches, True, precision)
            speeds[name, precision] = ours
            print(f"{name:>9} {precision:>9} {random:>16.0f} {ours:>16.0f} {ours / random:>6.2f}", flush=True)
    for name in args.lengths:
        print(f"bf16 over fp32, {name}: {speeds[name, 'bf16'] / speeds[name, 'fp32']:.2f}")
    print(f"reconstruction after the same 80 steps: {compare_losses()}")


def compare_losses(steps: int = 80) -> str:
    """The first loss, and the mean of the last ten of `steps` steps that learn one batch, in each precision."""
    means, first = {}, 0.0
    decoder = {"type": "progressive", "input_noise": 0.0, "dropout": 0.0}
    for precision in ("fp32", "bf16"):
        step = Step(parse_config({"model": {"pose_decoder": decoder}}), learning_rate=1e-3)
        torch.manual_seed(1)
        batch = random_batch([60] * 8, 64)
        losses = [step(batch, precision) for _ in range(steps)]
        first, means[precision] = losses[0], float(np.mean(losses[-10:]))
    change = means["bf16"] / means["fp32"] - 1
    return f"from {first:.4f} to fp32 {means['fp32']:.4f}, bf16 {means['bf16']:.4f} ({100 * change:+.2f} %)"


if __name__ == "__main__":
    main()

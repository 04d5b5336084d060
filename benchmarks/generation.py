"""Autoregressive generation with and without the key-value cache, and all frames at once, in one run.

    python benchmarks/generation.py [--frames 100 200 300 500] [--batch 1 8]
    python benchmarks/generation.py --model_path checkpoints/asl_words/best_model.pth

Prints frames a second, the ratio to the uncached decoder, and how much slower the last tenth of the cached frames is
than the first tenth (1 is flat). With a checkpoint: how many times faster than real time the whole way from text to
poses is, for one text at a time and for 32 at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import pairwise
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.config.schema import FRAME_VALUES, PoseDecoderConfig
from signllm.models.decoders import ProgressiveDecoder, make_decoder

REPEATS = 3


def best_time(run) -> float:
    """The fastest of a few runs, in seconds."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


@torch.no_grad()
def growth(decoder: ProgressiveDecoder, memory: torch.Tensor, mask: torch.Tensor, frames: int) -> float:
    """Time of the last tenth of the cached steps over that of the first tenth, the first steps left out."""
    stamps: list[float] = []
    handle = decoder.output.register_forward_hook(lambda *_: stamps.append(time.perf_counter()))
    ratios = []
    for _ in range(REPEATS):
        stamps.clear()
        decoder.generate(memory, mask, torch.full((len(memory),), frames))
        steps = [b - a for a, b in pairwise(stamps)]
        tenth = max(1, len(steps) // 10)
        ratios.append(sorted(steps[-tenth:])[tenth // 2] / sorted(steps[tenth : 2 * tenth])[tenth // 2])
    handle.remove()
    return min(ratios)


def times_real_time(model_path: str, batches: tuple[int, ...] = (1, 32)) -> None:
    """Print seconds of signing made in a second, for texts that the model's vocabulary was trained on or not."""
    from signllm.inference import Generator

    generator = Generator.from_checkpoint(model_path, "cpu")
    languages = generator.languages
    for batch in batches:
        texts = [f"book {number}" for number in range(batch)]
        codes = [languages[number % len(languages)] for number in range(batch)]
        signed = sum(clip.duration_s for clip in generator.generate(texts, codes, batch_size=batch))
        seconds = best_time(lambda t=texts, c=codes, b=batch: generator.generate(t, c, batch_size=b))
        speed = f"{signed:.1f} s of signing in {seconds:.3f} s, {signed / seconds:.0f} x real time"
        print(f"{batch:>3} texts at once: {speed}")


@torch.no_grad()
def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--frames", type=int, nargs="+", default=[100, 200, 300, 500])
    arguments.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    arguments.add_argument("--model_path", help="a checkpoint: measure it against real time instead")
    args = arguments.parse_args()
    if args.model_path:
        times_real_time(args.model_path)
        return
    torch.manual_seed(0)
    progressive = make_decoder(PoseDecoderConfig(type="progressive"), FRAME_VALUES).eval()
    parallel = make_decoder(PoseDecoderConfig(type="parallel"), FRAME_VALUES).eval()
    print(f"{torch.get_num_threads()} threads, 4 layers of width 256, fp32")
    columns = ("batch", "frames", "uncached/s", "cached/s", "x", "parallel/s", "x", "growth")
    print(" ".join(f"{name:>10}" for name in columns))
    for batch in args.batch:
        memory, mask = torch.randn(batch, 12, 256), torch.ones(batch, 12, dtype=torch.bool)
        for frames in args.frames:
            lengths = torch.full((batch,), frames)
            uncached = best_time(lambda m=memory, k=mask, n=lengths: progressive.generate(m, k, n, use_cache=False))
            cached = best_time(lambda m=memory, k=mask, n=lengths: progressive.generate(m, k, n))
            at_once = best_time(lambda m=memory, k=mask, n=lengths: parallel.generate(m, k, n))
            total = batch * frames
            row = (batch, frames, total / uncached, total / cached, uncached / cached, total / at_once)
            row += (uncached / at_once, growth(progressive, memory, mask, frames))
            print(" ".join(f"{value:>10.4g}" for value in row), flush=True)


if __name__ == "__main__":
    main()

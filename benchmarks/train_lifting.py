"""Train the start of lifting, the small network in `signllm/lifting/start.npz`, on our own kinematic signer.

    python benchmarks/train_lifting.py [--recordings 3000] [--epochs 12] [--seed 0] [--output FILE]

Recordings (`signllm.data.demo.recordings`) have random bodies, cameras, noise and gaps; a tenth is held out. Printed is
the mean distance of the guessed directions from the true ones (a direction has length 1) for arms and fingers, and the
share of bones whose end lies on the right side of their beginning in depth. About two minutes of processor time. After
another training, raise `METHOD_VERSION` in `signllm/lifting/__init__.py`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.demo.recordings import record
from signllm.lifting.bones import MIRROR, bone_lengths, bone_vectors
from signllm.lifting.start import SIDE, WEIGHTS_FILE, StartNetwork, features_of, write_weights

FRAMES, BATCH, LEARNING_RATE = 64, 32, 2e-3
IMPORTANCE = torch.tensor([0.5, 0.5, 3.0, 3.0, 0.2] + [1.0] * 20)  # of the bones of a side
Examples = tuple[Tensor, Tensor]


def examples(count: int, rng: np.random.Generator) -> Examples:
    """Features (N, FRAMES, K * 4) and directions (N, FRAMES, R, 3) of both sides of `count` recordings."""
    features, directions = [], []
    for _ in range(count):
        recording = record(rng, fps=float(rng.uniform(18.0, 32.0)), noise=rng.uniform(0.2, 1.5))
        first = int(rng.integers(max(1, len(recording.seen) - FRAMES + 1)))
        seen, truth = (clip[first : first + FRAMES] for clip in (recording.seen, recording.truth))
        lengths_K = bone_lengths(seen.coordinates, seen.valid)
        way_FK3 = bone_vectors(truth.coordinates, truth.valid)[0]
        way_FK3 = way_FK3 / np.maximum(np.linalg.norm(way_FK3, axis=-1, keepdims=True), 1e-9)
        mirrored_FK3 = way_FK3[:, MIRROR] * np.array([-1.0, 1.0, 1.0])
        short = FRAMES - len(seen)
        features.append(np.pad(features_of(seen.coordinates, seen.valid, lengths_K), ((0, 0), (0, short), (0, 0))))
        both = np.stack([way_FK3[:, SIDE], mirrored_FK3[:, SIDE]])
        directions.append(np.pad(both, ((0, 0), (0, short), (0, 0), (0, 0))))
    return torch.from_numpy(np.concatenate(features)), torch.from_numpy(np.concatenate(directions)).float()


def loss_of(network: StartNetwork, features: Tensor, directions: Tensor) -> Tensor:
    """Mean squared distance over the frames that are there, each bone by its importance."""
    there = (directions != 0).any(-1)
    distance = ((network(features) - directions) ** 2).sum(-1)
    return (distance * there * IMPORTANCE).sum() / (there * IMPORTANCE).sum()


def figures(network: StartNetwork, features: Tensor, directions: Tensor) -> str:
    """What is printed of held-out recordings."""
    with torch.inference_mode():
        guessed = network(features)
    there = (directions != 0).any(-1)
    distance, deep = (guessed - directions).norm(dim=-1), directions[..., 2].abs() > 0.1
    told = []
    for name, bones in (("upper arm", [2]), ("forearm", [3]), ("palm", range(5, 25, 4)), ("fingers", range(9, 25))):
        bones = list(bones)
        mean = distance[..., bones][there[..., bones]].mean()
        right = (guessed[..., 2] * directions[..., 2] > 0)[..., bones][(there & deep)[..., bones]].float().mean()
        told.append(f"{name} {mean:.2f}, {right:.0%}")
    return "; ".join(told)


def main(argv: Sequence[str] | None = None) -> int:
    """Train and write the weights."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--recordings", type=int, default=3000)
    flags.add_argument("--epochs", type=int, default=12)
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--output", type=Path, default=WEIGHTS_FILE)
    args = flags.parse_args(argv)
    torch.manual_seed(args.seed)
    began = time.process_time()
    features, directions = examples(args.recordings, np.random.default_rng([args.seed, 1]))
    held_out = 2 * max(1, args.recordings // 10)
    print(f"{len(features)} sides, {time.process_time() - began:.0f} s", flush=True)
    network = StartNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.01)
    order = np.random.default_rng([args.seed, 2])
    steps = args.epochs * ((len(features) - held_out) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(args.epochs):
        chosen = held_out + order.permutation(len(features) - held_out)
        for batch in chosen[: len(chosen) // BATCH * BATCH].reshape(-1, BATCH):
            optimizer.zero_grad()
            loss_of(network, features[batch], directions[batch]).backward()
            optimizer.step()
            schedule.step()
        shown = figures(network, features[:held_out], directions[:held_out])
        print(f"epoch {epoch + 1}, {time.process_time() - began:.0f} s: {shown}", flush=True)
    write_weights(network, args.output)
    print(f"{args.output}: {args.output.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

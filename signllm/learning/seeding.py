"""Random numbers of training: a function of seed and step, so that resuming needs no generator state."""

from __future__ import annotations

import numpy as np
import torch


def seed_everything(seed: int, step: int = 0, stream: int = 0) -> None:
    """Seed torch (all devices) for one step of a run; other streams draw other numbers at the same step."""
    entropy = [seed, step, stream] if stream else [seed, step]
    number = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)
    torch.manual_seed(number)

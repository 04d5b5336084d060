"""Random numbers of training: a function of seed and step, or a stream of a training's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_everything(seed: int, step: int = 0, stream: int = 0, part: int = 0) -> None:
    """Seed torch (all devices) for one step of a run; other streams and parts of a step draw other numbers.

    So a run that is resumed needs no generator's state.
    """
    entropy = [seed, step, stream, part] if part else [seed, step, stream] if stream else [seed, step]
    number = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)
    torch.manual_seed(number)


class RandomStream:
    """Random numbers of one training: inside `drawing` torch draws from them on the CPU, outside nothing changes."""

    def __init__(self, seed: int):
        self._state = torch.Generator().manual_seed(seed).get_state()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Torch draws from where the stream stands."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._state)
            yield
            self._state = torch.get_rng_state()

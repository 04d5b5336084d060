"""Exponential moving average of the trainable weights; generation uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Averages the trainable parameters; at step n the decay is min(decay, (1 + n) / (10 + n))."""

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.parameters = {name: p for name, p in model.named_parameters() if p.requires_grad} if decay else {}
        self.averaged: dict[str, Tensor] = {name: p.detach().clone() for name, p in self.parameters.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the weights after an optimiser step; `step` counts from 1 (of judges from 0)."""
        if self.averaged:
            decay = min(self.decay, (1 + step) / (10 + step))
            torch._foreach_lerp_(list(self.averaged.values()), list(self.parameters.values()), 1 - decay)

    def copy(self) -> dict[str, Tensor]:
        """The averaged weights as they are now."""
        return {name: value.clone() for name, value in self.averaged.items()}

    @torch.no_grad()
    def load(self, averaged: dict[str, Tensor]) -> None:
        """Go on from an average that was kept."""
        for name, value in averaged.items():
            if name in self.averaged:
                self.averaged[name].copy_(value)

    @torch.no_grad()
    def adopt(self) -> None:
        """Give the model the averaged weights for good."""
        for name, value in self.averaged.items():
            self.parameters[name].copy_(value)

    @contextmanager
    @torch.no_grad()
    def applied(self) -> Iterator[None]:
        """The model has the averaged weights inside this block and its own after it, bit for bit."""
        own = {name: p.detach().clone() for name, p in self.parameters.items()}
        for name, value in self.averaged.items():
            self.parameters[name].copy_(value)
        try:
            yield
        finally:
            for name, value in own.items():
                self.parameters[name].copy_(value)

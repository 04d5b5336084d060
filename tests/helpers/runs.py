"""Training runs in a test, and comparing what they leave."""

import math

import torch

from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer


class Losses(Listener):
    def __init__(self):
        self.by_step = {}

    def on_losses(self, step, losses):
        self.by_step[step] = losses


def run(config, checkpoint=None):
    recorder = Losses()
    trainer, _ = make_trainer(build_experiment(config, checkpoint), [recorder], checkpoint)
    trainer.fit()
    return trainer, recorder.by_step


def bits(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def equal(first, second, tolerance=0.0):
    """Bit for bit: what is not a number equals itself. `tolerance`: of floats, relative and absolute."""
    if isinstance(first, torch.Tensor):
        alike = isinstance(second, torch.Tensor) and (first.shape, first.dtype) == (second.shape, second.dtype)
        return alike and torch.equal(bits(first), bits(second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(equal(first[key], second[key], tolerance) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(
            equal(one, two, tolerance) for one, two in zip(first, second, strict=True)
        )
    if tolerance and isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance) or (
            first != first and second != second
        )
    return first == second


def without_clock(state):
    history = [{key: value for key, value in entry.items() if key != "seconds"} for entry in state["history"]]
    return {**{key: value for key, value in state.items() if key != "seconds"}, "history": history}

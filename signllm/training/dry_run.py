"""One batch forward and backward without training: does the whole thing fit together, and what will it cost?"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from signllm.data.dataset import collate
from signllm.device import autocast
from signllm.learning.optimizer import Optimizer
from signllm.learning.seeding import seed_everything
from signllm.training.gloss_phase import pairs_loss
from signllm.training.setup import Experiment
from signllm.training.trainer import Trainer

_MB = 1024**2


@dataclass(frozen=True)
class DryRun:
    """What `dry_run` found; memory in MB, times in seconds."""

    num_parameters: int
    num_trainable: int
    steps_per_epoch: int
    total_steps: int
    num_batch_clips: int
    num_batch_frames: int
    losses: dict[str, float]
    memory_mb: float
    step_s: float
    total_s: float
    device: str
    precision: str
    num_gloss_steps: int = 0
    gloss_total_s: float = 0.0


def dry_run(experiment: Experiment, trainer: Trainer) -> DryRun:
    """Run the batch with the most padded frames; the weights stay as they are.

    Memory: weights, gradients, optimiser state and average of the parameters, plus what autograd keeps of the largest
    batch. Time a step: its batches' share of the largest one's, and the optimiser's, both measured.
    """
    run, poses = trainer.run, trainer.poses
    model, device, precision = run.model, run.device, run.precision
    batches = poses.sampler.batches()
    padded = [max(poses.sampler.frames[index] for index in batch) * len(batch) for batch in batches]
    largest = batches[padded.index(max(padded))]
    batch = collate([experiment.train_set.sample(index) for index in largest]).to(device)
    model.train()
    seconds = 0.0
    for _ in range(2):  # the first one also pays for caches and lazy initialisation
        kept: dict[tuple, int] = {}

        def note(tensor: torch.Tensor, kept: dict[tuple, int] = kept) -> torch.Tensor:
            kept[(tensor.untyped_storage().data_ptr(), tensor.device)] = tensor.untyped_storage().nbytes()
            return tensor

        seed_everything(experiment.config.training.seed)
        model.zero_grad(set_to_none=True)
        started = time.perf_counter()
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor), autocast(device, precision):
            losses = poses.losses(batch)
        losses.total.backward()
        values = losses.values()
        seconds = time.perf_counter() - started
    optimizer_s = _optimizer_seconds(run.optimizer)
    model.zero_grad(set_to_none=True)
    own = {p.data_ptr() for p in model.parameters()}
    activations = sum(size for (pointer, _), size in kept.items() if pointer not in own)
    weights = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    gloss_steps, gloss_step_s = _gloss_phase(trainer)
    steps = len(poses.sampler.steps())
    step_s = seconds * (sum(padded) / steps) / max(padded) + optimizer_s
    return DryRun(
        num_parameters=weights,
        num_trainable=trainable,
        steps_per_epoch=steps,
        total_steps=poses.total_steps,
        num_batch_clips=len(batch),
        num_batch_frames=batch.num_frames,
        losses=values,
        memory_mb=(4 * weights + 16 * trainable + activations) / _MB,
        step_s=step_s,
        total_s=min(step_s * poses.total_steps, 60 * (experiment.config.training.max_minutes or float("inf"))),
        device=str(device),
        precision=precision,
        num_gloss_steps=gloss_steps,
        gloss_total_s=gloss_steps * gloss_step_s,
    )


def _optimizer_seconds(optimizer: Optimizer) -> float:
    """Seconds of an optimiser step with the gradients that there are, at a rate of 0; it forgets them afterwards."""
    seconds = 0.0
    for _ in range(2):  # the first one also makes its state
        started = time.perf_counter()
        optimizer.step(0.0)
        seconds = time.perf_counter() - started
    optimizer.forget()
    return seconds


def _gloss_phase(trainer: Trainer) -> tuple[int, float]:
    """Steps of the phase that trains the gloss part alone, and the seconds of one, measured on its first batch."""
    run, phase = trainer.run, trainer.glosses
    if not phase or not phase.total_steps:
        return 0, 0.0
    seconds = 0.0
    for _ in range(2):
        run.model.zero_grad(set_to_none=True)
        started = time.perf_counter()
        with autocast(run.device, run.precision):
            loss = pairs_loss(phase.model, phase.train_pairs.batch(0, phase.options.batch_size))
        loss.backward()
        seconds = time.perf_counter() - started
    seconds += _optimizer_seconds(run.optimizer)
    run.model.zero_grad(set_to_none=True)
    return phase.total_steps, seconds

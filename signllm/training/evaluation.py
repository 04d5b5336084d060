"""Evaluating during training: the losses on held-out clips, and clips generated from their texts alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from signllm.config import Config
from signllm.data.dataset import SignDataset, collate
from signllm.inference import Generator
from signllm.metrics.summary import panel_scores, selection_score
from signllm.models.sign_model import SignModel
from signllm.pose import PoseSequence
from signllm.sampling import spread
from signllm.training.losses import compute_losses


@dataclass(frozen=True)
class SamplePair:
    """A reference clip and what was generated from its text."""

    name: str
    text: str
    language: str
    reference: PoseSequence
    generated: PoseSequence


@dataclass(frozen=True)
class Evaluation:
    """`losses` by term, `scores` of generated against reference clips, `selection` (higher is better), some pairs."""

    losses: dict[str, float]
    scores: dict[str, float]
    selection: float
    samples: list[SamplePair]


def evaluation_indices(dataset: SignDataset, most: int) -> list[int]:
    """Clips spread over the data set (so over its languages), the same at every evaluation."""
    return spread(len(dataset), most)


@torch.no_grad()
def evaluate(model: SignModel, config: Config, dataset: SignDataset, device: torch.device) -> Evaluation:
    """Evaluate the model as it stands on at most `training.eval_samples` clips, in fp32."""
    indices = evaluation_indices(dataset, config.training.eval_samples)
    was_training = model.training
    model.eval()
    sums: dict[str, float] = {}
    pairs: list[SamplePair] = []
    generator = Generator(model, config, str(device))
    size = config.data.batch_size
    for first in range(0, len(indices), size):
        samples = [dataset.sample(index) for index in indices[first : first + size]]
        losses = compute_losses(model(collate(samples).to(device)), config)
        for name, value in losses.values().items():
            sums[name] = sums.get(name, 0.0) + value * len(samples)
        requests = [sample.prompt if model.writes_gloss else sample.record.text for sample in samples]
        languages = [sample.record.language for sample in samples]
        for sample, pose in zip(samples, generator.generate(requests, languages), strict=True):
            record = sample.record
            pairs.append(SamplePair(record.id, record.text, record.language, sample.pose, pose))
    model.train(was_training)
    scores = panel_scores([pair.generated for pair in pairs], [pair.reference for pair in pairs])
    return Evaluation(
        losses={name: value / len(indices) for name, value in sums.items()},
        scores=scores,
        selection=selection_score(scores),
        samples=[pairs[index] for index in spread(len(pairs), config.training.sample_videos)],
    )

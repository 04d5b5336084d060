"""Evaluating during training: the losses on held-out clips, and clips generated from their texts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from signllm.config import Config
from signllm.data.dataset import SignDataset, collate
from signllm.inference import Generator
from signllm.metrics.summary import panel_scores, selection_score
from signllm.models.sign_model import SignModel
from signllm.pose import PoseSequence
from signllm.sampling import spread
from signllm.training.distributed import Ranks
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
def evaluate(
    model: SignModel, config: Config, dataset: SignDataset, device: torch.device, ranks: Ranks | None = None
) -> Evaluation:
    """Evaluate the model as it stands on at most `training.eval_samples` clips, in fp32.

    Each rank does its share of the batches, and all get the same figures, those of one process alone.
    """
    ranks = ranks or Ranks()
    indices = evaluation_indices(dataset, config.training.eval_samples)
    was_training = model.training
    model.eval()
    generator = Generator(model, config, str(device))

    def evaluated(own: Sequence[int]) -> tuple[dict[str, float], list[PoseSequence]]:
        """The losses of a batch, times its clips, and the clips generated from its texts."""
        samples = [dataset.sample(index) for index in own]
        losses = compute_losses(model(collate(samples).to(device)), config).values()
        requests = [sample.prompt if model.writes_gloss else sample.record.text for sample in samples]
        poses = generator.generate(requests, [sample.record.language for sample in samples])
        return {name: value * len(own) for name, value in losses.items()}, poses

    size = config.data.batch_size
    found = ranks.spread([indices[first : first + size] for first in range(0, len(indices), size)], evaluated)
    model.train(was_training)
    evaluation = ranks.from_first(_concluded(found, indices, dataset, config) if ranks.first else None)
    assert evaluation is not None, "the first rank concludes"
    return evaluation


def _concluded(
    found: Sequence[tuple[dict[str, float], list[PoseSequence]]],
    indices: Sequence[int],
    dataset: SignDataset,
    config: Config,
) -> Evaluation:
    """The evaluation, of what was found of the batches of these clips."""
    sums: dict[str, float] = {}
    for losses, _ in found:
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + value
    pairs: list[SamplePair] = []
    for index, pose in zip(indices, (pose for _, poses in found for pose in poses), strict=True):
        record = dataset.record(index)
        pairs.append(SamplePair(record.id, record.text, record.language, dataset.pose(index), pose))
    scores = panel_scores([pair.generated for pair in pairs], [pair.reference for pair in pairs])
    return Evaluation(
        losses={name: value / len(indices) for name, value in sums.items()},
        scores=scores,
        selection=selection_score(scores),
        samples=[pairs[index] for index in spread(len(pairs), config.training.sample_videos)],
    )

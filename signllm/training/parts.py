"""A step made of several batches: gradients that add up to those of one batch of all their clips.

A term of the loss is a mean, over valid values, clips or tokens. The mean over all batches of a step is the sum of the
batches' means, each times its share of what is counted (`signllm.training.losses.denominators`), and so are the
gradients. A mean of the batches' means would let a clip weigh more the fewer and shorter its neighbours are. What a
term of two clips at once would be (there is none) could not be taken apart so; dropout and noise are drawn by batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from signllm.training.distributed import Ranks
from signllm.training.losses import TERMS, Losses


@dataclass(frozen=True)
class Part:
    """Batch number `index` of the `of` batches of a step, and its share of each term of the loss, by name."""

    index: int
    of: int
    share: Mapping[str, Tensor]


def parts_of_step(own: Sequence[Mapping[str, Tensor]], ranks: Ranks, of: int, device: torch.device) -> list[Part]:
    """The parts that this rank's batches are of a step of `of` batches, by their denominators."""
    count_PN = torch.zeros(len(own), len(TERMS), dtype=torch.float64, device=device)
    for part, counts in enumerate(own):
        count_PN[part] = torch.stack([counts[name] for name in TERMS])
    share_PN = (count_PN / ranks.sum(count_PN.sum(0)).clamp(min=1)).float()
    return [
        Part(ranks.rank + ranks.size * number, of, dict(zip(TERMS, share_N.unbind(), strict=True)))
        for number, share_N in enumerate(share_PN)
    ]


def joined(found: Sequence[Losses], num_clips: Sequence[int], device: torch.device) -> Losses:
    """What the parts of a step leave together: sums of losses, means of measures over clips, rewards side by side."""
    if len(found) == 1:
        return found[0]
    if not found:  # the last step of an epoch may have fewer batches than there are ranks
        return Losses(torch.zeros((), device=device), {}, torch.zeros(0, device=device))
    names = dict.fromkeys(name for losses in found for name in losses.terms)
    return Losses(
        total=torch.stack([losses.total for losses in found]).sum(),
        terms={name: torch.stack([part.terms[name] for part in found if name in part.terms]).sum() for name in names},
        reward_B=torch.cat([losses.reward_B for losses in found]),
        measures=_means([losses.measures for losses in found], num_clips),
    )


def _means(measures: Sequence[Mapping[str, Tensor]], num_clips: Sequence[int]) -> dict[str, Tensor]:
    """Means by name over the clips of the batches for which a measure is defined; NaN where it is for none."""
    means = {}
    for name in measures[0]:
        value_M = torch.stack([each[name] for each in measures])
        weight_M = torch.tensor(num_clips, dtype=value_M.dtype, device=value_M.device) * ~value_M.isnan()
        means[name] = (value_M.nan_to_num() * weight_M).sum() / weight_M.sum()
    return means

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

from signllm.training.losses import Losses


@dataclass(frozen=True)
class Part:
    """Batch number `index` of the `of` batches of a step, and its share of each term of the loss, by name."""

    index: int
    of: int
    share: Mapping[str, Tensor]


def parts_of(
    own: Sequence[Mapping[str, Tensor]], total: Mapping[str, Tensor], indices: Sequence[int], of: int
) -> list[Part]:
    """The parts of a step that batches with these denominators are, those of the whole step being `total`."""
    shares = [{name: (count / total[name].clamp(min=1)).float() for name, count in counts.items()} for counts in own]
    return [Part(index, of, share) for index, share in zip(indices, shares, strict=True)]


def summed(counts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The sum by name of what several batches leave; some may lack a name."""
    names = dict.fromkeys(name for each in counts for name in each)
    return {name: torch.stack([each[name] for each in counts if name in each]).sum() for name in names}


def joined(found: Sequence[Losses], num_clips: Sequence[int]) -> Losses:
    """What the parts of a step leave together: sums of losses, means of measures over clips, rewards side by side."""
    if len(found) == 1:
        return found[0]
    return Losses(
        total=torch.stack([losses.total for losses in found]).sum(),
        terms=summed([losses.terms for losses in found]),
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

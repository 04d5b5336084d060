"""The usual course of a text's signing, and how this clip departs from it.

Legend: B clips, T source positions, F frames, V values a frame, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from signllm.config.schema import PoseDecoderConfig
from signllm.models.decoders.base import PoseDecoder, Prediction, Rollouts
from signllm.models.decoders.flow import FlowDecoder
from signllm.models.decoders.parallel import ParallelDecoder

RESIDUAL_SCALE = 2.0  # residuals deviate about half as much as the values themselves; a flow expects deviations of 1


class ResidualFlowDecoder(PoseDecoder):
    """`parallel` predicts the average clip of a text, `flow` draws what a clip adds to it.

    So each does what it does best: the average is what is read best and lies nearest to every clip, but stands too
    still; a flow moves like people, but spends most of its training where the noisy frames already tell what is
    signed. A regression and a generative model of its residual, as CorrDiff has them for the weather (Mardani et al.,
    arXiv 2309.15214). With `flow.slow_temperature` 0 the course of a sign is the average and its detail is drawn.
    """

    draws = True

    def __init__(self, config: PoseDecoderConfig, num_values: int):
        super().__init__(config, num_values)
        self.average = ParallelDecoder(config, num_values)
        layers = config.flow.num_layers or config.num_layers
        self.detail = FlowDecoder(config.model_copy(update={"num_layers": layers}), num_values)

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """The average, and the clip that the flow makes of it at a random time.

        What the flow learns changes neither the average nor the text's features.
        """
        average_BFV = self.average.predict(memory_BTD, memory_mask_BT, target_BFV, frames_B).values_BFV.float()
        fixed_BFV = average_BFV.detach()
        residual_BFV = RESIDUAL_SCALE * (target_BFV - fixed_BFV)
        made_BFV = self.detail.predict(memory_BTD.detach(), memory_mask_BT, residual_BFV, frames_B).values_BFV
        return Prediction(fixed_BFV + made_BFV / RESIDUAL_SCALE, average_BFV=average_BFV)

    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Tensor:
        """The average and a drawn residual."""
        average_BFV = self.average.generate(memory_BTD, memory_mask_BT, frames_B)
        return average_BFV + self.detail.generate(memory_BTD, memory_mask_BT, frames_B, seeds) / RESIDUAL_SCALE

    @torch.no_grad()
    def sample_rollouts(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Rollouts:
        """The rollouts deviate from one clip, drawn as the flow draws."""
        average_BFV = self.average.predict(memory_BTD, memory_mask_BT, noise_BKFV[:, 0], frames_B).values_BFV
        rollouts = self.detail.sample_rollouts(memory_BTD, memory_mask_BT, frames_B, RESIDUAL_SCALE * noise_BKFV)
        return replace(rollouts, values_BKFV=average_BFV[:, None] + rollouts.values_BKFV / RESIDUAL_SCALE)

    def rollout_means(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, rollouts: Rollouts) -> Tensor:
        """The clip again: both parts learn from rewards."""
        average_BFV = self.average.predict(memory_BTD, memory_mask_BT, rollouts.shown_BSFV[:, 0], frames_B).values_BFV
        residual_BSFV = self.detail.rollout_means(memory_BTD, memory_mask_BT, frames_B, rollouts)
        return average_BFV[:, None] + residual_BSFV / RESIDUAL_SCALE

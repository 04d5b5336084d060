"""All frames at once from text and length. Legend: B clips, T source places, F frames, V values a frame, D width."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.decoders.base import Prediction, TransformerDecoder, Tried
from signllm.models.layers import masked_mean
from signllm.pose.batch import length_mask


class ParallelDecoder(TransformerDecoder):
    """All frames at once from their positions: 14-50 times faster than frame by frame (PERFORMANCE.md)."""

    def __init__(self, config: PoseDecoderConfig, values: int):
        super().__init__(config, values)
        self.modulate = nn.Linear(config.hidden_size, 2 * config.hidden_size)

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """Predict from text and length alone; the target only says how long the padded output is."""
        return Prediction(self._decode(memory_BTD, memory_mask_BT, frames_B, target_BFV.shape[1]))

    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Tensor:
        """The same computation as in training."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, int(frames_B.max()))

    @torch.no_grad()
    def try_out(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor) -> Tried:
        """All tries deviate from one clip."""
        made_BFV = self._decode(memory_BTD, memory_mask_BT, frames_B, noise_BKFV.shape[2]).float()
        return Tried(made_BFV[:, None] + noise_BKFV, made_BFV[:, None])

    def decide(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, tried: Tried) -> Tensor:
        """The one clip again."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, tried.shown_BSFV.shape[2])[:, None]

    def _decode(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, longest: int) -> Tensor:
        # What the text says as a whole scales and shifts the waves of every frame (FiLM, Perez et al., arXiv
        # 1709.07871): a short way from words to motion, which cross-attention takes longer to find.
        scale_BD, shift_BD = self.modulate(masked_mean(memory_BTD, memory_mask_BT)).chunk(2, dim=-1)
        x_BFD = self.positions(torch.arange(longest, device=memory_BTD.device), frames_B)
        x_BFD = x_BFD * (1 + scale_BD[:, None]) + shift_BD[:, None]
        inside_BF = length_mask(frames_B, longest)
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        return self.output(self.stack(x_BFD, memory_kvs, memory_mask_BT, self_mask_BF=inside_BF))

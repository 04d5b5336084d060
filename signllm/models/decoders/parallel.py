"""All frames at once from text and length. Legend: B clips, T source positions, F frames, V values a frame, D width."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.decoders.base import Prediction, Rollouts, TransformerDecoder
from signllm.models.layers import cosine_waves, masked_mean
from signllm.pose.batch import length_mask

WAVE_PACE = 3.0  # amplitudes learn so many times faster: at a higher rate for all, words fall together


class Waves(nn.Module):
    """What the text says as a whole, straight as the amplitudes of K cosine waves a value: a trajectory basis.

    After Akhter et al. (NIPS 2008) and Mao et al. (arXiv 1908.05436). A transformer has to multiply what the text says
    by when it is, for each word anew, and learns the quicker waves of a word many times more slowly than its mean; this
    is linear in the text's features, and learns all waves at the pace of the mean. For isolated signs: a sentence has
    no wave of its own.
    """

    def __init__(self, num_waves: int, num_values: int, width: int):
        super().__init__()
        self.amplitudes = nn.Linear(width, num_waves * num_values)
        self.shape = (num_waves, num_values)
        nn.init.zeros_(self.amplitudes.weight)
        nn.init.zeros_(self.amplitudes.bias)

    def forward(self, summary_BD: Tensor, frames_B: Tensor, longest: int) -> Tensor:
        """(B, longest, V) the sum of the waves that so few frames can show; past a clip's end it means nothing."""
        amplitude_BKV = self.amplitudes(summary_BD).unflatten(-1, self.shape)
        wave_K = torch.arange(self.shape[0], device=frames_B.device)
        with torch.autocast(frames_B.device.type, enabled=False):  # in bf16 a slow wave is a flight of stairs
            wave_BFK = cosine_waves(self.shape[0], frames_B, longest) * (wave_K < frames_B[:, None, None])
            return wave_BFK @ (WAVE_PACE * amplitude_BKV.float())


class ParallelDecoder(TransformerDecoder):
    """All frames at once from their positions: 14-50 times faster than frame by frame (PERFORMANCE.md)."""

    def __init__(self, config: PoseDecoderConfig, num_values: int):
        super().__init__(config, num_values)
        self.modulate = nn.Linear(config.hidden_size, 2 * config.hidden_size)
        self.waves = Waves(config.waves, num_values, config.hidden_size) if config.waves else None

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """Predict from text and length alone; the target only says how long the padded output is."""
        return Prediction(self._decode(memory_BTD, memory_mask_BT, frames_B, target_BFV.shape[1]))

    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Tensor:
        """The same computation as in training."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, int(frames_B.max()))

    @torch.no_grad()
    def sample_rollouts(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Rollouts:
        """All rollouts deviate from one clip."""
        made_BFV = self._decode(memory_BTD, memory_mask_BT, frames_B, noise_BKFV.shape[2]).float()
        return Rollouts(made_BFV[:, None] + noise_BKFV, made_BFV[:, None])

    def rollout_means(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, rollouts: Rollouts) -> Tensor:
        """The one clip again."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, rollouts.shown_BSFV.shape[2])[:, None]

    def _decode(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, longest: int) -> Tensor:
        # What the text says as a whole scales and shifts the waves of every frame (FiLM, Perez et al., arXiv
        # 1709.07871): a short way from words to motion, which cross-attention takes longer to find.
        summary_BD = masked_mean(memory_BTD, memory_mask_BT)
        scale_BD, shift_BD = self.modulate(summary_BD).chunk(2, dim=-1)
        x_BFD = self.positions(torch.arange(longest, device=memory_BTD.device), frames_B)
        x_BFD = x_BFD * (1 + scale_BD[:, None]) + shift_BD[:, None]
        inside_BF = length_mask(frames_B, longest)
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        made_BFV = self.output(self.stack(x_BFD, memory_kvs, memory_mask_BT, self_mask_BF=inside_BF))
        return made_BFV if self.waves is None else made_BFV + self.waves(summary_BD, frames_B, longest)

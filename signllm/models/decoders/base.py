"""What every pose decoder offers, and the features of frame positions.

A decoder works on standardised values (signllm.models.normalizer) and is told the number of frames; it never sees
the reference when it generates. Legend: B clips, T source places, F frames, V values a frame, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.layers import DecoderStack, sinusoids

COUNTER_SCALE = 1000.0  # numbers in [0, 1] (the counter t/T, a flow's time) are spread over the sinusoids' range


class FramePositions(nn.Module):
    """Embeds frame t of T by its number and by the counter t/T of Progressive Transformers (arXiv 2004.14874)."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width
        self.project = nn.Linear(2 * width, width)

    def forward(self, frame_F: Tensor, frames_B: Tensor) -> Tensor:
        """Return (B, F, D) for the frame numbers (F,) of clips with lengths (B,)."""
        counter_BF = frame_F[None].float() / frames_B[:, None].float()
        by_number = sinusoids(frame_F, self.width).expand(len(frames_B), -1, -1)
        by_counter = sinusoids(counter_BF * COUNTER_SCALE, self.width)
        return self.project(torch.cat([by_number, by_counter], dim=-1).to(self.project.weight.dtype))


@dataclass(frozen=True)
class Prediction:
    """What a decoder predicts of a training batch: its frames, and of some decoders the K frames after each frame."""

    values_BFV: Tensor
    future_BFKV: Tensor | None = None


@dataclass(frozen=True)
class Tried:
    """K tries at each of B clips, for RL.

    `values_BKFV` is what each looks like in the end, `shown_BSFV` what the decoder had before it when it decided what
    to deviate from; S is 1 where that is the same for all tries, else K.
    """

    values_BKFV: Tensor
    shown_BSFV: Tensor


class PoseDecoder(nn.Module, ABC):
    """Predicts frames from a memory (B, T, D) of the text and its mask (B, T)."""

    draws = False  # whether generation draws random numbers

    def __init__(self, config: PoseDecoderConfig):
        super().__init__()
        width = config.hidden_size
        self.config = config
        self.positions = FramePositions(width)
        self.stack = DecoderStack(config.num_layers, width, config.num_heads, config.ff_size, config.dropout)
        self.output = nn.Linear(width, config.output_dim)

    @abstractmethod
    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """Training: what the losses compare with the target."""

    @abstractmethod
    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Tensor:
        """Inference: return values (B, longest F, V); what lies past a clip's length is meaningless.

        A decoder that draws random numbers draws those of clip b from seeds[b] alone (0 for all when None), so that a
        clip does not depend on the clips beside it.
        """

    @abstractmethod
    def try_out(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor) -> Tried:
        """RL: generate K tries a clip, without gradient, whose decisions deviate by the noise from `decide`'s means."""

    @abstractmethod
    def decide(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, tried: Tried) -> Tensor:
        """RL: the means (B, S, F, V) that the tries deviated from, by the present weights, with gradient."""

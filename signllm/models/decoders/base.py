"""What every pose decoder offers, and the features of frame positions.

A decoder works on standardised values (signllm.models.normalizer) and is told the number of frames; it never sees
the reference when it generates. Legend: B clips, T source positions, F frames, V values a frame, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.layers import DecoderStack, sinusoids

# The counter t/T is told by waves of 0.16 to 16 periods a clip: slower ones stand still over a clip, quicker ones fall
# between the frames of a short one and tell its length instead.
COUNTER_RADIANS, COUNTER_PERIODS = 100.0, 100.0


class FramePositions(nn.Module):
    """Embeds frame t of T by the counter t/T of Progressive Transformers (arXiv 2004.14874), and by its number or not.

    Without the number a decoder does not know the length of the clip. Where there are few clips of a text their lengths
    tell them apart: a decoder that knows them learns each clip by heart, instead of what the clips have in common, and
    signs like the one whose length comes nearest to the predicted one.
    """

    def __init__(self, width: int, by_number: bool):
        super().__init__()
        self.width, self.by_number = width, by_number
        self.project = nn.Linear(2 * width if by_number else width, width)

    def forward(self, frame_F: Tensor, frames_B: Tensor) -> Tensor:
        """Return (B, F, D) for the frame numbers (F,) of clips with lengths (B,)."""
        counter_BF = frame_F[None].float() / frames_B[:, None].float()
        features = sinusoids(counter_BF * COUNTER_RADIANS, self.width, COUNTER_PERIODS)
        if self.by_number:
            features = torch.cat([sinusoids(frame_F, self.width).expand(len(frames_B), -1, -1), features], dim=-1)
        return self.project(features.to(self.project.weight.dtype))


@dataclass(frozen=True)
class Prediction:
    """What a decoder predicts of a training batch: its frames, and of some decoders more that losses compare.

    future_BFKV: the K frames after each frame. average_BFV: frames that are compared with the same target.
    """

    values_BFV: Tensor
    future_BFKV: Tensor | None = None
    average_BFV: Tensor | None = None


@dataclass(frozen=True)
class Rollouts:
    """K rollouts at each of B clips, for RL.

    `values_BKFV` is what each looks like in the end, `shown_BSFV` what the decoder had before it when it decided what
    to deviate from; S is 1 where that is the same for all rollouts, else K.
    """

    values_BKFV: Tensor
    shown_BSFV: Tensor


class PoseDecoder(nn.Module, ABC):
    """Predicts frames from a memory (B, T, D) of the text and its mask (B, T)."""

    draws = False  # whether generation draws random numbers
    streams = False  # whether the first frames are there before the last ones are made

    def __init__(self, config: PoseDecoderConfig, num_values: int):
        super().__init__()
        self.config, self.num_values = config, num_values

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

    def stream(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Iterator[Tensor]:
        """What `generate` gives, in the order of time, as soon as it is made: (B, frames, V) each."""
        yield self.generate(memory_BTD, memory_mask_BT, frames_B, seeds)

    @abstractmethod
    def sample_rollouts(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Rollouts:
        """RL: generate K rollouts a clip, without gradient, that deviate by the noise from `rollout_means`."""

    @abstractmethod
    def rollout_means(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, rollouts: Rollouts) -> Tensor:
        """RL: the means (B, S, F, V) that the rollouts deviated from, by the present weights, with gradient."""


class TransformerDecoder(PoseDecoder):
    """A decoder with a transformer over the frames, or over patches of so many of them."""

    counts_frames = False  # whether it is told the number of each frame, besides the counter

    def __init__(self, config: PoseDecoderConfig, num_values: int, patch: int = 1):
        super().__init__(config, num_values)
        width = config.hidden_size
        self.positions = FramePositions(width, self.counts_frames)
        self.stack = DecoderStack(config.num_layers, width, config.num_heads, config.ff_size, config.dropout)
        self.output = nn.Linear(width, patch * num_values)

"""Pose decoders behind one interface; `DECODERS` is the registry.

A decoder works on standardised values (signllm.models.normalizer) and is told the number of frames; it never sees
the reference when it generates. Legend: B clips, T source places, F frames, V values a frame, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.errors import ConfigError, did_you_mean
from signllm.models.layers import DecoderStack, sinusoids
from signllm.pose.batch import length_mask

_COUNTER_SCALE = 1000.0  # the counter t/T in [0, 1) is spread over the sinusoids' range


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
        by_counter = sinusoids(counter_BF * _COUNTER_SCALE, self.width)
        return self.project(torch.cat([by_number, by_counter], dim=-1).to(self.project.weight.dtype))


class PoseDecoder(nn.Module, ABC):
    """What every pose decoder offers."""

    def __init__(self, config: PoseDecoderConfig):
        super().__init__()
        width = config.hidden_size
        self.config = config
        self.positions = FramePositions(width)
        self.stack = DecoderStack(config.num_layers, width, config.num_heads, config.ff_size, config.dropout)
        self.output = nn.Linear(width, config.output_dim)

    @abstractmethod
    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Tensor:
        """Training: return the predicted values (B, F, V) that the losses compare with the target."""

    @abstractmethod
    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Inference: return values (B, longest F, V); what lies past a clip's length is meaningless."""

    def policy_states(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Tensor:
        """RL: (B, S, F, V), what `predict` is shown to give the means of K tries that deviate by the noise.

        S is K where a try's own past decides what follows, else 1. Here the target, as in training.
        """
        return target_BFV[:, None]


class ProgressiveDecoder(PoseDecoder):
    """Autoregressive over frames with a counter (PAPER.md base equations), decoded with a key-value cache.

    While training the input frames get Gaussian noise of `input_noise` standard deviations: without it the decoder
    learns to copy the last frame and drifts to the mean when it has to live on its own output.
    """

    def __init__(self, config: PoseDecoderConfig):
        super().__init__(config)
        self.input = nn.Linear(config.output_dim, config.hidden_size)
        self.start_V = nn.Parameter(torch.zeros(config.output_dim))

    def _step_input(self, last_BFV: Tensor, frame_F: Tensor, frames_B: Tensor) -> Tensor:
        return self.input(last_BFV) + self.positions(frame_F, frames_B)

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Tensor:
        """Predict each frame from the true frames before it (teacher forcing)."""
        start = self.start_V.expand(len(target_BFV), 1, -1)
        shown = target_BFV[:, :-1]
        if self.training and self.config.input_noise > 0:
            shown = shown + self.config.input_noise * torch.randn_like(shown)
        last_BFV = torch.cat([start, shown.to(start.dtype)], dim=1)
        frame_F = torch.arange(last_BFV.shape[1], device=last_BFV.device)
        x_BFD = self._step_input(last_BFV, frame_F, frames_B)
        return self.output(self.stack(x_BFD, self.stack.memory_keys_values(memory_BTD), memory_mask_BT, causal=True))

    def generate(
        self,
        memory_BTD: Tensor,
        memory_mask_BT: Tensor,
        frames_B: Tensor,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
        noise_BFV: Tensor | None = None,
    ) -> Tensor:
        """Frame after frame on its own output, to which `noise_BFV` is added where given (with the cache only).

        `use_cache=False` recomputes all frames each step (for tests).
        """
        batch, longest = len(frames_B), int(frames_B.max())
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        last_BFV = self.start_V.expand(batch, 1, -1)
        all_frames = torch.arange(longest, device=memory_BTD.device)
        frames: list[Tensor] = []
        if use_cache:
            caches = self.stack.new_caches(batch, longest, memory_kvs[0][0])
            positions_BFD = self.positions(all_frames, frames_B)
            for t in range(longest):
                x_BFD = self.input(last_BFV) + positions_BFD[:, t : t + 1]
                hidden = self.stack(x_BFD, memory_kvs, memory_mask_BT, caches=caches)
                last_BFV = self.output(hidden)
                if noise_BFV is not None:
                    last_BFV = last_BFV + noise_BFV[:, t : t + 1].to(last_BFV.dtype)
                frames.append(last_BFV)
            return torch.cat(frames, dim=1)
        shown_BFV = last_BFV
        for t in range(longest):
            x_BFD = self._step_input(shown_BFV, all_frames[: t + 1], frames_B)
            hidden = self.stack(x_BFD, memory_kvs, memory_mask_BT, causal=True)
            frames.append(self.output(hidden[:, -1:]))
            shown_BFV = torch.cat([shown_BFV, frames[-1]], dim=1)
        return torch.cat(frames, dim=1)

    @torch.no_grad()
    def policy_states(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Tensor:
        """The tries themselves, each frame built on the try's own past as when generating, not on the recording."""
        tries, padded = noise_BKFV.shape[1], noise_BKFV.shape[2]
        rows = torch.arange(len(frames_B), device=frames_B.device).repeat_interleave(tries)
        acted_NFV = self.generate(
            memory_BTD[rows], memory_mask_BT[rows], frames_B[rows], noise_BFV=noise_BKFV.flatten(0, 1)
        )
        acted_NFV = nn.functional.pad(acted_NFV.float(), (0, 0, 0, padded - acted_NFV.shape[1]))
        return acted_NFV.unflatten(0, (len(frames_B), tries))


class ParallelDecoder(PoseDecoder):
    """All frames at once from their positions: 14-50 times faster than frame by frame (PERFORMANCE.md)."""

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Tensor:
        """Predict from text and length alone; the target only says how long the padded output is."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, target_BFV.shape[1])

    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The same computation as in training."""
        return self._decode(memory_BTD, memory_mask_BT, frames_B, int(frames_B.max()))

    def _decode(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, longest: int) -> Tensor:
        x_BFD = self.positions(torch.arange(longest, device=memory_BTD.device), frames_B)
        inside_BF = length_mask(frames_B, longest)
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        return self.output(self.stack(x_BFD, memory_kvs, memory_mask_BT, self_mask_BF=inside_BF))


DECODERS: dict[str, type[PoseDecoder]] = {"progressive": ProgressiveDecoder, "parallel": ParallelDecoder}


def make_decoder(config: PoseDecoderConfig) -> PoseDecoder:
    """The decoder that `config.type` names. Raises ConfigError for an unknown one."""
    if config.type not in DECODERS:
        raise ConfigError(
            f"model.pose_decoder.type = '{config.type}'{did_you_mean(config.type, DECODERS)};"
            f" known: {', '.join(DECODERS)}"
        )
    return DECODERS[config.type](config)

"""Frame after frame, as in the paper. Legend: B clips, T source positions, F frames, V values a frame, D width, K
future frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.decoders.base import Prediction, Rollouts, TransformerDecoder


class ProgressiveDecoder(TransformerDecoder):
    """Autoregressive over frames with a counter (PAPER.md base equations), decoded with a key-value cache.

    Against drifting to the mean it has the augmentations of Progressive Transformers (arXiv 2004.14874, section 3.3):
    Gaussian noise of `input_noise` standard deviations on the input frames (without it the decoder learns to copy the
    last frame), prediction of the next `future_frames` frames from each frame, and `counter_only`, input that tells
    nothing but the counter.
    """

    counts_frames = True
    streams = True

    def __init__(self, config: PoseDecoderConfig, num_values: int):
        super().__init__(config, num_values)
        self.input = nn.Linear(num_values, config.hidden_size)
        self.start_V = nn.Parameter(torch.zeros(num_values))
        self.future = None
        if config.future_frames:
            self.future = nn.Linear(config.hidden_size, config.future_frames * num_values)

    def _step_input(self, last_BFV: Tensor, frame_F: Tensor, frames_B: Tensor) -> Tensor:
        return self._shown(last_BFV) + self.positions(frame_F, frames_B)

    def _shown(self, last_BFV: Tensor) -> Tensor:
        return self.input(torch.zeros_like(last_BFV) if self.config.counter_only else last_BFV)

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """Predict each frame from the true frames before it (teacher forcing)."""
        start = self.start_V.expand(len(target_BFV), 1, -1)
        shown = target_BFV[:, :-1]
        if self.training and self.config.input_noise > 0:
            shown = shown + self.config.input_noise * torch.randn_like(shown)
        last_BFV = torch.cat([start, shown.to(start.dtype)], dim=1)
        frame_F = torch.arange(last_BFV.shape[1], device=last_BFV.device)
        x_BFD = self._step_input(last_BFV, frame_F, frames_B)
        hidden_BFD = self.stack(x_BFD, self.stack.memory_keys_values(memory_BTD), memory_mask_BT, causal=True)
        future_BFKV = None
        if self.future is not None:
            future_BFKV = self.future(hidden_BFD).unflatten(-1, (self.config.future_frames, -1))
        return Prediction(self.output(hidden_BFD), future_BFKV)

    def generate(
        self,
        memory_BTD: Tensor,
        memory_mask_BT: Tensor,
        frames_B: Tensor,
        seeds: Sequence[int] | None = None,
        use_cache: bool = True,
        noise_BFV: Tensor | None = None,
    ) -> Tensor:
        """Frame after frame on its own output, to which `noise_BFV` is added where given (with the cache only).

        `use_cache=False` recomputes all frames each step (for tests).
        """
        if use_cache:
            return torch.cat(list(self._steps(memory_BTD, memory_mask_BT, frames_B, noise_BFV)), dim=1)
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        shown_BFV = self.start_V.expand(len(frames_B), 1, -1)
        longest = int(frames_B.max())
        all_frames = torch.arange(longest, device=memory_BTD.device)
        frames: list[Tensor] = []
        for t in range(longest):
            x_BFD = self._step_input(shown_BFV, all_frames[: t + 1], frames_B)
            hidden = self.stack(x_BFD, memory_kvs, memory_mask_BT, causal=True)
            frames.append(self.output(hidden[:, -1:]))
            shown_BFV = torch.cat([shown_BFV, frames[-1]], dim=1)
        return torch.cat(frames, dim=1)

    def stream(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Iterator[Tensor]:
        """Each frame as soon as it is made."""
        yield from self._steps(memory_BTD, memory_mask_BT, frames_B)

    def _steps(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BFV: Tensor | None = None
    ) -> Iterator[Tensor]:
        """(B, 1, V) for each frame in turn, with a key-value cache."""
        batch, longest = len(frames_B), int(frames_B.max())
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        last_BFV = self.start_V.expand(batch, 1, -1)
        caches = self.stack.new_caches(batch, longest, memory_kvs[0][0])
        positions_BFD = self.positions(torch.arange(longest, device=memory_BTD.device), frames_B)
        for t in range(longest):
            x_BFD = self._shown(last_BFV) + positions_BFD[:, t : t + 1]
            hidden = self.stack(x_BFD, memory_kvs, memory_mask_BT, caches=caches)
            last_BFV = self.output(hidden)
            if noise_BFV is not None:
                last_BFV = last_BFV + noise_BFV[:, t : t + 1].to(last_BFV.dtype)
            yield last_BFV

    @torch.no_grad()
    def sample_rollouts(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Rollouts:
        """Each frame is decided on the rollout's own past, deviations included."""
        num_rollouts, padded = noise_BKFV.shape[1:3]
        rows = torch.arange(len(frames_B), device=frames_B.device).repeat_interleave(num_rollouts)
        made_NFV = self.generate(
            memory_BTD[rows], memory_mask_BT[rows], frames_B[rows], noise_BFV=noise_BKFV.flatten(0, 1)
        )
        made_NFV = nn.functional.pad(made_NFV.float(), (0, 0, 0, padded - made_NFV.shape[1]))
        made_BKFV = made_NFV.unflatten(0, (len(frames_B), num_rollouts))
        return Rollouts(made_BKFV, made_BKFV)

    def rollout_means(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, rollouts: Rollouts) -> Tensor:
        """All frames of a rollout at once, each from the frames before it."""
        num_clips, num_rollouts = rollouts.shown_BSFV.shape[:2]
        rows = torch.arange(num_clips, device=frames_B.device).repeat_interleave(num_rollouts)
        shown_NFV = rollouts.shown_BSFV.flatten(0, 1)
        means = self.predict(memory_BTD[rows], memory_mask_BT[rows], shown_NFV, frames_B[rows])
        return means.values_BFV.unflatten(0, (num_clips, num_rollouts))

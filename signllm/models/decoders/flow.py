"""Conditional flow matching: frames grow out of noise in a few steps, so that signing is drawn, not averaged.

Legend: B clips, T source positions, F frames, V values a frame, D width, K candidates, P patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from signllm.config.schema import PoseDecoderConfig
from signllm.models.decoders.base import Prediction, Rollouts, TransformerDecoder
from signllm.models.layers import cosine_waves, masked_mean, sinusoids
from signllm.pose.batch import length_mask

WHITE_SHARE = 0.05
TIME_SCALE = 1000.0  # times in [0, 1] are spread over the sinusoids' range
TEXT_DROPOUT = 0.1  # Ho & Salimans (arXiv 2207.12598) find 0.1 and 0.2 alike, 0.5 worse; every measured flow had it
SHIFT = 3.0  # as Esser et al. On ASL words top-1 25.3 % at 3, 23.2 at 1.5, 16.8 at 6, +- 3.4; other settings differed
SLOW_FRAMES = 12  # half a second at 25 a second; every model whose slow waves are calm was measured with it


class FrameRefiner(nn.Module):
    """Two convolutions over frames that correct what the transformer says of each patch by the frames around it.

    The transformer sees patches, so the frames inside one and at its seams would not agree with each other.
    """

    def __init__(self, num_values: int, width: int, kernel: int = 5):
        super().__init__()
        self.mix = nn.Conv1d(2 * num_values, width, kernel, padding="same")
        self.correct = nn.Conv1d(width, num_values, kernel, padding="same")
        for parameter in self.correct.parameters():
            nn.init.zeros_(parameter)

    def forward(self, clean_BFV: Tensor, shown_BFV: Tensor, inside_BF: Tensor) -> Tensor:
        """The corrected frames; past a clip's end there is nothing to mix in."""
        inside_B1F = inside_BF[:, None]
        both_BNF = torch.cat([clean_BFV, shown_BFV.to(clean_BFV.dtype)], dim=-1).transpose(1, 2) * inside_B1F
        hidden_BDF = nn.functional.gelu(self.mix(both_BNF)) * inside_B1F
        return clean_BFV + self.correct(hidden_BDF).transpose(1, 2)


class FlowDecoder(TransformerDecoder):
    """Straight paths x_t = (1 - t) noise + t x (Lipman et al., arXiv 2210.02747; Liu et al., arXiv 2209.03003).

    The network predicts the clean values x from x_t, t and the text (x-prediction, as Tevet et al., arXiv 2209.14916,
    do for human motion), so the losses of the other decoders hold as they are; the velocity of the path is
    (x - x_t) / (1 - t). For classifier-free guidance (Ho & Salimans, arXiv 2207.12598) a share of the training clips
    loses its text.
    """

    draws = True

    def __init__(self, config: PoseDecoderConfig, num_values: int):
        width, patch = config.hidden_size, config.flow.patch_frames
        super().__init__(config, num_values, patch)
        self.patch = patch
        self.input = nn.Linear(patch * num_values, width)
        self.refine = FrameRefiner(num_values, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.summary = nn.Linear(width, width)
        self.no_text_D = nn.Parameter(torch.zeros(width))

    def predict(self, memory_BTD: Tensor, memory_mask_BT: Tensor, target_BFV: Tensor, frames_B: Tensor) -> Prediction:
        """Predict the clean frames from frames at a random time of their path to noise.

        Outside of training times are spread evenly over the batch and noise is the same at every call.
        """
        batch, longest, _ = target_BFV.shape
        if self.training:
            spread_B = torch.rand(batch, device=target_BFV.device)
            noise_BFV = smoothed(torch.randn_like(target_BFV), self.config.flow.noise_frames)
            dropped_B = torch.rand(batch, device=target_BFV.device) < TEXT_DROPOUT
            memory_BTD = torch.where(dropped_B[:, None, None], self._no_text(memory_BTD), memory_BTD)
        else:
            spread_B = (torch.arange(batch, device=target_BFV.device) + 0.5) / batch
            noise_BFV = self._seeded_noise(frames_B, longest, range(batch))
        time_B = shifted(spread_B)
        time_B11 = time_B[:, None, None]
        noisy_BFV = (1 - time_B11) * noise_BFV + time_B11 * target_BFV
        return Prediction(self._clean(noisy_BFV, time_B, memory_BTD, memory_mask_BT, frames_B))

    def generate(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, seeds: Sequence[int] | None = None
    ) -> Tensor:
        """Follow the path from noise in Euler steps under guidance; of several candidates keep the medoid."""
        config = self.config.flow
        seeds = [0] * len(frames_B) if seeds is None else seeds
        many = config.candidates
        if many > 1:
            memory_BTD, memory_mask_BT, frames_B = (
                part.repeat_interleave(many, dim=0) for part in (memory_BTD, memory_mask_BT, frames_B)
            )
            seeds = [seed * many + number for seed in seeds for number in range(many)]
        longest = int(frames_B.max())
        x_BFV = self._tempered(self._seeded_noise(frames_B, longest, seeds), frames_B)
        x_BFV = self._walk(x_BFV, self._times(), memory_BTD, memory_mask_BT, frames_B)
        return x_BFV if many == 1 else medoids(x_BFV.unflatten(0, (-1, many)), frames_B[::many])

    def _seeded_noise(self, frames_B: Tensor, longest: int, seeds: Sequence[int]) -> Tensor:
        """(B, longest, V) noise on the device of `frames_B`, zero past each clip's end; seeds[b] alone fixes clip b's.

        It is drawn on the CPU, so every device gets the same numbers.
        """
        noise_BFV = torch.zeros(len(frames_B), longest, self.num_values)
        for row, (frames, seed) in enumerate(zip(frames_B.tolist(), seeds, strict=True)):
            white_FV = torch.randn(frames, self.num_values, generator=torch.Generator().manual_seed(seed))
            noise_BFV[row, :frames] = smoothed(white_FV, self.config.flow.noise_frames)
        return noise_BFV.to(frames_B.device)

    def _tempered(self, noise_BFV: Tensor, frames_B: Tensor) -> Tensor:
        """The noise with its slow waves at their temperature; the others keep 1, the deviation that training draws.

        In a Gaussian world a path keeps its wave's rank in the distribution, so a wave that starts at 0 ends at the
        mean: the slow ones say what is signed and are read best there, the quick ones are alive only when drawn.
        """
        kept = self.config.flow.slow_temperature
        if kept == 1:
            return noise_BFV
        calm_BFV = torch.zeros_like(noise_BFV)
        for row, frames in enumerate(frames_B.tolist()):
            calm_BFV[row, :frames] = slow_part(noise_BFV[row, :frames])
        return noise_BFV - (1 - kept) * calm_BFV

    def _times(self) -> list[float]:
        """The times between the Euler steps, from 0 to 1."""
        return shifted(torch.linspace(0, 1, self.config.flow.steps + 1)).tolist()

    def _walk(
        self, x_BFV: Tensor, times: Sequence[float], memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor
    ) -> Tensor:
        """Guided Euler steps from the first of these times to the last."""
        for time, after in pairwise(times):
            clean_BFV = self._guided(x_BFV, time, memory_BTD, memory_mask_BT, frames_B)
            x_BFV = x_BFV + (after - time) / (1 - time) * (clean_BFV - x_BFV)
        return x_BFV

    @torch.no_grad()
    def sample_rollouts(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, noise_BKFV: Tensor
    ) -> Rollouts:
        """The rollouts share a path and deviate from the clean frames that its last, guided step predicts.

        The last step's prediction is the clip, so what is rewarded is a whole generation (without the choice among
        candidates), while only its last decision learns, as in DRaFT-1 (arXiv 2309.17400). Rollouts that part at
        earlier steps lost reward in a test: a step that hardly changes the end gets, relative to its group, as loud an
        advantage as the last one.
        """
        batch, _, longest, num_values = noise_BKFV.shape
        white_BFV = torch.randn(batch, longest, num_values, device=frames_B.device)
        x_BFV = self._tempered(smoothed(white_BFV, self.config.flow.noise_frames), frames_B)
        x_BFV = x_BFV * length_mask(frames_B, longest)[..., None]
        *before, _ = self._times()
        x_BFV = self._walk(x_BFV, before, memory_BTD, memory_mask_BT, frames_B)
        clean_BFV = self._guided(x_BFV, before[-1], memory_BTD, memory_mask_BT, frames_B)
        return Rollouts(clean_BFV[:, None] + noise_BKFV, x_BFV[:, None])

    def rollout_means(self, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor, rollouts: Rollouts) -> Tensor:
        """The clean frames that the last step predicts."""
        shown_BFV, last = rollouts.shown_BSFV[:, 0], self._times()[-2]
        return self._guided(shown_BFV, last, memory_BTD, memory_mask_BT, frames_B)[:, None]

    def _guided(
        self, x_BFV: Tensor, time: float, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor
    ) -> Tensor:
        """The prediction with text, pushed away from the one without it by the guidance weight (1: no push)."""
        weight = self.config.flow.guidance
        if weight == 1:
            time_B = x_BFV.new_full((len(x_BFV),), time)
            return self._clean(x_BFV, time_B, memory_BTD, memory_mask_BT, frames_B)
        both = torch.cat([memory_BTD, self._no_text(memory_BTD)])
        time_B = x_BFV.new_full((2 * len(x_BFV),), time)
        doubled = (part.repeat(2, *[1] * (part.ndim - 1)) for part in (x_BFV, memory_mask_BT, frames_B))
        x_2BFV, mask_2BT, frames_2B = doubled
        with_text, without = self._clean(x_2BFV, time_B, both, mask_2BT, frames_2B).chunk(2)
        return without + weight * (with_text - without)

    def _no_text(self, memory_BTD: Tensor) -> Tensor:
        return self.no_text_D.to(memory_BTD.dtype).expand_as(memory_BTD)

    def _clean(
        self, x_BFV: Tensor, time_B: Tensor, memory_BTD: Tensor, memory_mask_BT: Tensor, frames_B: Tensor
    ) -> Tensor:
        """The network: clean values from values at times `time_B` of their paths."""
        batch, longest, num_values = x_BFV.shape
        time_B11 = time_B[:, None, None]
        x_BFV = x_BFV * (time_B11 / (time_B11.square() + (1 - time_B11).square()))
        num_patches = -(-longest // self.patch)
        inside_BF = length_mask(frames_B, longest)
        x_BFV = x_BFV * inside_BF[..., None]  # a last patch may reach past the clip's end
        x_BPN = nn.functional.pad(x_BFV, (0, 0, 0, num_patches * self.patch - longest)).reshape(batch, num_patches, -1)
        summary_BD = self.summary(masked_mean(memory_BTD, memory_mask_BT))
        time_BD = self.time(sinusoids(time_B * TIME_SCALE, self.config.hidden_size).to(summary_BD.dtype))
        first_P = self.patch * torch.arange(num_patches, device=x_BFV.device)
        x_BPD = self.input(x_BPN) + self.positions(first_P, frames_B) + (time_BD + summary_BD)[:, None]
        memory_kvs = self.stack.memory_keys_values(memory_BTD)
        inside_BP = first_P < frames_B[:, None]
        clean_BPN = self.output(self.stack(x_BPD, memory_kvs, memory_mask_BT, self_mask_BF=inside_BP))
        clean_BFV = clean_BPN.reshape(batch, -1, num_values)[:, :longest]
        return self.refine(clean_BFV, x_BFV, inside_BF).float()


def shifted(u: Tensor) -> Tensor:
    """Times u in [0, 1] moved towards 0: u / (u + SHIFT (1 - u)).

    The frames of a clip tell the same story, so white noise hides it only at small times: what is signed is decided
    there, the rest of the path is detail. Training and steps go where the decision is (resolution-dependent shift of
    Esser et al., arXiv 2403.03206).
    """
    return u / (u + SHIFT * (1 - u))


def smoothed(white_FV: Tensor, frames: float) -> Tensor:
    """White noise (..., F, V) coloured like motion: smoothed by a Gaussian of `frames` frames, of unit variance again.

    Any Gaussian may be the source of a flow. The frames of real signing hang together: white noise hides only what is
    quick in them, and what the network leaves of it trembles. WHITE_SHARE of the variance stays white, as a tracker's
    noise is.
    """
    if not frames:
        return white_FV
    position_F = torch.arange(white_FV.shape[-2], device=white_FV.device)
    mix_FF = torch.exp(-0.5 * ((position_F[:, None] - position_F) / frames).square())
    mix_FF = (1 - WHITE_SHARE) ** 0.5 * mix_FF / mix_FF.norm(dim=1, keepdim=True)
    mix_FF = mix_FF + WHITE_SHARE**0.5 * torch.eye(len(position_F), device=white_FV.device)
    return (mix_FF / mix_FF.norm(dim=1, keepdim=True)) @ white_FV


def slow_part(x_FV: Tensor) -> Tensor:
    """What cosine waves with a period of SLOW_FRAMES and more make up of values (F, V), their mean included."""
    frames = len(x_FV)
    lengths_B = torch.tensor([frames], device=x_FV.device)
    (waves_FK,) = cosine_waves(min(frames, 2 * frames // SLOW_FRAMES + 1), lengths_B, frames)
    waves_FK = waves_FK / waves_FK.norm(dim=0)
    return waves_FK @ (waves_FK.T @ x_FV)


def medoids(x_BKFV: Tensor, frames_B: Tensor) -> Tensor:
    """(B, F, V): of each clip's K candidates the one that is nearest to the others, by mean squared distance.

    The least expected distance to what else might have been drawn: minimum Bayes risk decoding (Kumar & Byrne 2004)
    with the candidates themselves as the sample of the distribution.
    """
    inside_BF = length_mask(frames_B, x_BKFV.shape[2])
    flat_BKN = (x_BKFV * inside_BF[:, None, :, None]).flatten(2)
    risk_BK = torch.cdist(flat_BKN, flat_BKN).square().sum(-1)
    return x_BKFV[torch.arange(len(x_BKFV), device=x_BKFV.device), risk_BK.argmin(1)]

"""A group: language encoder, length model and pose decoder of one language (MLSF) or of all (Prompt2LangGloss).

Legend: B clips, T source positions, F frames, V values a frame, D width, S width of the source features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from signllm.config.schema import ModelConfig
from signllm.models.decoders import make_decoder
from signllm.models.decoders.base import Prediction
from signllm.models.layers import EncoderLayer, masked_mean
from signllm.models.normalizer import PoseNormalizer
from signllm.pose.batch import PoseBatch

MIN_FRAMES = 4
LOG_DEVIATIONS = (-4.0, 0.0)
_MOST_FRAMES = 1e9  # exp of a large prediction is no integer


@dataclass(frozen=True)
class LengthDistribution:
    """A log-normal distribution of the number of frames, per clip: mean (B,) and deviation (B,) of log frames."""

    mean_B: Tensor
    log_deviation_B: Tensor

    def negative_log_likelihood(self, frames_B: Tensor) -> Tensor:
        """(B,) in nats, of log frames, without the constant."""
        deviation = self.log_deviation_B.clamp(*LOG_DEVIATIONS)
        z = (frames_B.float().log() - self.mean_B) * torch.exp(-deviation)
        return 0.5 * z.square() + deviation

    def expected(self) -> Tensor:
        """(B,) int64: what `typical` is before its limits."""
        variance_B = (2 * self.log_deviation_B.float().clamp(*LOG_DEVIATIONS)).exp()
        return (self.mean_B.float() + variance_B / 4).exp().clamp(max=_MOST_FRAMES).round().long()

    def typical(self, longest: int) -> Tensor:
        """(B,) int64 within [MIN_FRAMES, longest]: half way between the median and the mean, in log frames.

        With the median, exp(mean), half of the real clips are shorter, but all together they last exp(variance / 2)
        times as long; with the mean, exp(mean + variance / 2), it is the other way round. Half way, the median ratio
        to real lengths is exp(variance / 4), and that of the sums exp(-variance / 4): neither is far from 1.
        """
        return self.expected().clamp(min(MIN_FRAMES, longest), longest)


@dataclass(frozen=True)
class GroupOutput:
    """What the losses read of one group; `rows` are the clips' rows in the batch.

    natural_frames_B: what the length model is to predict.
    """

    rows: list[int]
    predicted: Prediction
    target_BFV: Tensor
    mask_BFV: Tensor
    frames_B: Tensor
    natural_frames_B: Tensor
    length: LengthDistribution
    normalizer: PoseNormalizer


class GroupClips(NamedTuple):
    """Generated clips, (frames, J, 3) each, and how many frames the length model predicted for each, without limit."""

    poses: list[Tensor]
    expected_frames: list[int]


class GroupPiece(NamedTuple):
    """The next frames of the clip of a row, how many frames were predicted for all of it, and whether it ends here."""

    row: int
    pose_FJC: Tensor
    expected_frames: int
    last: bool


class LengthModel(nn.Module):
    """Predicts the distribution of the number of frames from the source features.

    Much dropout: of a word there are few clips, and their lengths learnt by heart would be taken for certain.
    """

    def __init__(self, width: int, typical_frames: float = 60.0):
        super().__init__()
        hidden, last = nn.Linear(width, width), nn.Linear(width, 2)
        self.net = nn.Sequential(nn.LayerNorm(width), nn.Dropout(0.3), hidden, nn.GELU(), last)
        nn.init.zeros_(last.weight)
        with torch.no_grad():
            last.bias.copy_(torch.tensor([typical_frames, 1.0]).log())

    def forward(self, memory_BTD: Tensor, mask_BT: Tensor) -> LengthDistribution:
        """Pool the features inside the mask and read off the distribution."""
        mean_B, log_deviation_B = self.net(masked_mean(memory_BTD, mask_BT)).float().unbind(-1)
        return LengthDistribution(mean_B, log_deviation_B)


class PoseGroup(nn.Module):
    """From source features to frames."""

    def __init__(self, config: ModelConfig, source_width: int):
        super().__init__()
        decoder = config.pose_decoder
        width, heads, hidden = decoder.hidden_size, decoder.num_heads, decoder.ff_size
        self.project = nn.Linear(source_width, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(width, heads, hidden, config.language_encoder.dropout)
            for _ in range(config.language_encoder.num_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.length = LengthModel(width)
        self.normalizer = PoseNormalizer(decoder.bone_lengths)
        self.decoder = make_decoder(decoder, self.normalizer.num_values)

    def encode(self, source_BTS: Tensor, mask_BT: Tensor) -> Tensor:
        """(B, T, D) memory for length model and decoder."""
        memory_BTD = self.project(source_BTS)
        for layer in self.encoder:
            memory_BTD = layer(memory_BTD, mask_BT)
        return self.norm(memory_BTD)

    def forward(self, source_BTS: Tensor, mask_BT: Tensor, clips: PoseBatch, rows: list[int]) -> GroupOutput:
        """Predict the clips of the batch that belong to this group, for training."""
        target_BFV, mask_BFV = self.normalizer.normalize(clips.pose_BFJC, clips.valid_BFJ)
        memory_BTD = self.encode(source_BTS, mask_BT)
        predicted = self.decoder.predict(memory_BTD, mask_BT, target_BFV, clips.frames_B)
        length = self.length(memory_BTD, mask_BT)
        return GroupOutput(
            rows=rows,
            predicted=predicted,
            target_BFV=target_BFV,
            mask_BFV=mask_BFV,
            frames_B=clips.frames_B,
            natural_frames_B=clips.natural_frames_B,
            length=length,
            normalizer=self.normalizer,
        )

    @torch.no_grad()
    def generate(
        self,
        source_BTS: Tensor,
        mask_BT: Tensor,
        longest: int,
        frames_B: Tensor | None = None,
        seeds: Sequence[int] | None = None,
        amplitude_BP: Tensor | None = None,
    ) -> GroupClips:
        """One clip a row, in shoulder widths; lengths are predicted, and at most `longest`, unless given.

        amplitude_BP: factors of the motion of each of `normalizer.PARTS`; None: 1.
        """
        memory_BTD = self.encode(source_BTS, mask_BT)
        expected_B = frames_B
        if frames_B is None or expected_B is None:
            frames_B, expected_B = self._lengths(memory_BTD, mask_BT, longest)
        values_BFV = self.decoder.generate(memory_BTD, mask_BT, frames_B, seeds)
        pose_BFJC = self.poses(values_BFV, frames_B, amplitude_BP)
        poses = [pose_FJC[:frames] for pose_FJC, frames in zip(pose_BFJC, frames_B.tolist(), strict=True)]
        return GroupClips(poses, expected_B.tolist())

    @torch.no_grad()
    def stream(
        self,
        source_BTS: Tensor,
        mask_BT: Tensor,
        longest: int,
        seeds: Sequence[int] | None = None,
        amplitude_BP: Tensor | None = None,
        chunk: int = 8,
    ) -> Iterator[GroupPiece]:
        """As `generate`, piece by piece in the order of time: about `chunk` frames of every clip that still goes on.

        Clips are whole at once where the decoder makes them so, and where motion is amplified around the whole clip.
        """
        if not self.decoder.streams or amplitude_BP is not None:
            clips = self.generate(source_BTS, mask_BT, longest, seeds=seeds, amplitude_BP=amplitude_BP)
            for row, clip in enumerate(zip(*clips, strict=True)):
                yield GroupPiece(row, *clip, True)
            return
        memory_BTD = self.encode(source_BTS, mask_BT)
        frames_B, expected_B = self._lengths(memory_BTD, mask_BT, longest)
        lengths, expected = frames_B.tolist(), expected_B.tolist()
        first, waiting = 0, []
        for values_BFV in self.decoder.stream(memory_BTD, mask_BT, frames_B, seeds):
            waiting.append(values_BFV)
            end = first + sum(part.shape[1] for part in waiting)
            if end - first < chunk and end < max(lengths):
                continue
            pose_BFJC = self.normalizer.denormalize(torch.cat(waiting, dim=1))
            for row, frames in enumerate(lengths):
                if first < frames:
                    yield GroupPiece(row, pose_BFJC[row, : frames - first], expected[row], frames <= end)
            first, waiting = end, []

    @torch.no_grad()
    def values(
        self, source_BTS: Tensor, mask_BT: Tensor, longest: int, seeds: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor]:
        """What `generate` makes poses of: values (B, F, V), and (B,) how many frames each clip has."""
        memory_BTD = self.encode(source_BTS, mask_BT)
        frames_B, _ = self._lengths(memory_BTD, mask_BT, longest)
        return self.decoder.generate(memory_BTD, mask_BT, frames_B, seeds), frames_B

    def _lengths(self, memory_BTD: Tensor, mask_BT: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """(B,) frames to make, and (B,) what was expected, without limit."""
        length = self.length(memory_BTD, mask_BT)
        return length.typical(longest), length.expected()

    def poses(self, values_BFV: Tensor, frames_B: Tensor, amplitude_BP: Tensor | None = None) -> Tensor:
        """(B, F, J, 3) in shoulder widths of what the decoder made."""
        if amplitude_BP is not None:
            values_BFV = self.normalizer.amplified(values_BFV, frames_B, amplitude_BP)
        return self.normalizer.denormalize(values_BFV)

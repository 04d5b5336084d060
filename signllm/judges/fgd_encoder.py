"""The pose autoencoder whose latents `fgd` compares; imports torch, so it is imported only when asked for.

Legend: B clips, F frames, J joints, C coordinates, N input numbers a frame, H width, D latent numbers.

A clip of any length becomes one latent: layers over frames, then mean and standard deviation over time. The decoder
gives every frame back from the latent and the frame's place in the clip, so the latent must tell where the joints are
and how they travel. It is trained on reference clips only. The field's encoders were never published with their weights
(NSLP-G trains its own), so figures compare within one encoder file, whose hash is in the signature.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from signllm.data.store import Store
from signllm.errors import CheckpointError, DataError
from signllm.fsutil import write_atomically
from signllm.learning.seeding import RandomStream
from signllm.models.from_file import build
from signllm.pose import PoseSequence
from signllm.tensor_file import read_tensors
from signllm.typed import checked

FORMAT_VERSION = 1
MAX_TRAINING_FRAMES = 128
GENERATED_MARK = "generated"  # in a store's info or a record's extra
_WAVES = 6  # the decoder's time is given as sines and cosines of 1 to 6 half turns
_FACTS = ("skeleton", "unit", "fps", "num_joints", "num_coordinates", "width", "latent_size")


class _Facts(BaseModel):
    skeleton: str
    unit: str
    fps: Annotated[float, Field(gt=0, lt=1e4)]
    num_joints: Annotated[int, Field(ge=1, le=10_000)]
    num_coordinates: Annotated[int, Field(ge=2, le=3)]
    width: Annotated[int, Field(ge=1, le=65_536)]
    latent_size: Annotated[int, Field(ge=1, le=65_536)]

    model_config = ConfigDict(extra="forbid")


class _Content(BaseModel):
    """What the file says."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    hash: str
    facts: _Facts
    weights: Annotated[dict[str, torch.Tensor], Field(min_length=1)]


class FgdEncoder(nn.Module):
    """Encoder and decoder, with the facts of the clips they were made for."""

    place_mean: torch.Tensor
    place_scale: torch.Tensor
    latent_mean: torch.Tensor
    latent_scale: torch.Tensor

    def __init__(
        self,
        skeleton: str,
        unit: str,
        fps: float,
        num_joints: int,
        num_coordinates: int,
        width: int = 64,
        latent_size: int = 16,
    ):
        super().__init__()
        self.skeleton, self.unit, self.fps = skeleton, unit, float(fps)
        self.num_joints, self.num_coordinates = num_joints, num_coordinates
        self.width, self.latent_size = width, latent_size
        places = num_joints * num_coordinates
        self.frame_in = nn.Linear(places + num_joints, width)
        self.neighbours = nn.Conv1d(width, width, kernel_size=5, padding=2)
        self.to_latent = nn.Linear(2 * width, latent_size)
        self.from_latent = nn.Sequential(
            nn.Linear(latent_size + 2 * _WAVES, 2 * width), nn.GELU(), nn.Linear(2 * width, places)
        )
        for name, size in (("place", places), ("latent", latent_size)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))

    def latent(self, normal_BFN: torch.Tensor, valid_BFJ: torch.Tensor, in_clip_BF: torch.Tensor) -> torch.Tensor:
        """(B, D) latents of normalised, padded clips; what lies outside a clip has no effect."""
        in_clip_BF1 = in_clip_BF[..., None].to(normal_BFN.dtype)
        hidden_BFH = nn.functional.gelu(self.frame_in(torch.cat([normal_BFN, valid_BFJ], -1))) * in_clip_BF1
        hidden_BFH = nn.functional.gelu(self.neighbours(hidden_BFH.mT).mT)
        frames_B1 = in_clip_BF1.sum(1)
        mean_BH = (hidden_BFH * in_clip_BF1).sum(1) / frames_B1
        square_BFH = (hidden_BFH - mean_BH[:, None]) ** 2 * in_clip_BF1
        deviation_BH = (square_BFH.sum(1) / frames_B1 + 1e-6).sqrt()
        return self.to_latent(torch.cat([mean_BH, deviation_BH], -1))

    def reconstructed(self, latent_BD: torch.Tensor, in_clip_BF: torch.Tensor) -> torch.Tensor:
        """(B, F, J C) normalised places from latents and lengths."""
        frames_B1 = in_clip_BF.sum(1, keepdim=True)
        place_BF1 = ((torch.arange(in_clip_BF.shape[1]) + 0.5) / frames_B1)[..., None]
        angle_BFW = math.pi * place_BF1 * torch.arange(1, _WAVES + 1)
        latent_BFD = latent_BD[:, None].expand(-1, in_clip_BF.shape[1], -1)
        return self.from_latent(torch.cat([latent_BFD, angle_BFW.sin(), angle_BFW.cos()], -1))

    def encode(self, clip: PoseSequence) -> np.ndarray:
        """(D,) float64 latent in standard deviations of the training clips' latents.

        The clip is resampled to the encoder's frame rate. Raises DataError for another skeleton, unit or dimension.
        """
        faults = [
            f"the FGD encoder was trained on {what} {ours}, the clip has {theirs}; train one on such clips"
            for what, ours, theirs in (
                ("the skeleton", self.skeleton, clip.skeleton.name),
                ("the unit", self.unit, clip.unit),
                ("coordinates a joint:", self.num_coordinates, clip.coordinates.shape[2]),
            )
            if ours != theirs
        ]
        if faults:
            raise DataError(faults)
        with torch.inference_mode():
            latent_D = self.latent(*self.batch([clip.resampled(self.fps)]))[0]
            return ((latent_D - self.latent_mean) / self.latent_scale).double().numpy()

    def batch(self, clips: Sequence[PoseSequence]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Clips, padded: (B, F, J C) normalised places, zero where missing, (B, F, J) mask, (B, F) frames of clips."""
        longest = max(len(clip) for clip in clips)
        places_BFN = torch.zeros(len(clips), longest, self.num_joints * self.num_coordinates)
        valid_BFJ = torch.zeros(len(clips), longest, self.num_joints)
        in_clip_BF = torch.zeros(len(clips), longest, dtype=torch.bool)
        for row, clip in enumerate(clips):
            places_BFN[row, : len(clip)] = torch.tensor(np.ascontiguousarray(clip.coordinates)).flatten(1)
            valid_BFJ[row, : len(clip)] = torch.tensor(np.ascontiguousarray(clip.valid)).float()
            in_clip_BF[row, : len(clip)] = True
        normal_BFN = (places_BFN - self.place_mean) / self.place_scale
        return normal_BFN * valid_BFJ.repeat_interleave(self.num_coordinates, -1), valid_BFJ, in_clip_BF

    def hash(self) -> str:
        """Twelve hex digits of facts and weights: two encoders with the same give the same figures."""
        digest = hashlib.sha256(repr([getattr(self, name) for name in _FACTS]).encode())
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()[:12]

    def save(self, path: Path) -> None:
        """Write facts, weights and hash atomically."""
        content = {"format_version": FORMAT_VERSION, "hash": self.hash(), "weights": self.state_dict()}
        content["facts"] = {name: getattr(self, name) for name in _FACTS}
        write_atomically(path, lambda file: torch.save(content, file))


def load_fgd_encoder(path: Path) -> FgdEncoder:
    """Read what `save` wrote; CheckpointError when it is missing, torn, changed or something else."""
    if not path.exists():
        raise CheckpointError(f"{path}: no such file; train an FGD encoder on reference clips first")
    content = read_tensors(path, "a readable FGD encoder")
    version = content.get("format_version") if isinstance(content, dict) else None
    if version != FORMAT_VERSION or not isinstance(content, dict):
        raise CheckpointError(f"{path}: not a readable FGD encoder of format {FORMAT_VERSION} (found {version})")
    checked(_Content, content, path, CheckpointError, "copy or train it again")
    encoder = build(str(path), content["weights"], lambda: FgdEncoder(**content["facts"]))
    if encoder.hash() != content["hash"]:
        raise CheckpointError(f"{path}: the weights do not have the hash in the file; copy or train it again")
    return encoder.eval()


def train_fgd_encoder(
    clips: Sequence[PoseSequence],
    fps: float | None = None,
    seed: int = 0,
    steps: int = 600,
    batch_size: int = 32,
    latent_size: int = 16,
    width: int = 64,
    progress: Callable[[float], None] | None = None,
) -> FgdEncoder:
    """Train on reference clips (indexed one at a time, so they may lie on disk); the same seed gives the same encoder.

    Masked mean squared error of the reconstruction, Adam, a one-cycle learning rate; clips longer than 128 frames are
    cut at random. All are resampled to `fps` (default: that of the first clip), which the encoder keeps.
    `progress(loss)` is called after each step.
    Raises DataError for clips that do not belong together.
    """
    _check(clips)
    first, fps = clips[0], float(fps or clips[0].fps)
    _, num_joints, num_coordinates = first.coordinates.shape
    with RandomStream(seed).drawing():
        encoder = FgdEncoder(
            first.skeleton.name,
            first.unit,
            fps,
            num_joints,
            num_coordinates,
            width=width,
            latent_size=latent_size,
        )
        _set_place_scale(encoder, clips)
        rng = np.random.default_rng(seed)
        optimiser = torch.optim.Adam(encoder.parameters(), lr=3e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
        for _ in range(steps):
            chosen = rng.choice(len(clips), size=min(batch_size, len(clips)), replace=False)
            normal_BFN, valid_BFJ, in_clip_BF = encoder.batch([_cut(clips[int(i)].resampled(fps), rng) for i in chosen])
            guess_BFN = encoder.reconstructed(encoder.latent(normal_BFN, valid_BFJ, in_clip_BF), in_clip_BF)
            seen_BFN = valid_BFJ.repeat_interleave(encoder.num_coordinates, -1)
            loss = (((guess_BFN - normal_BFN) ** 2) * seen_BFN).sum() / seen_BFN.sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if progress:
                progress(loss.item())
    encoder.eval()
    latents_ND = torch.tensor(np.stack([encoder.encode(clips[index]) for index in range(len(clips))]))
    encoder.latent_mean.copy_(latents_ND.mean(0))
    encoder.latent_scale.copy_(latents_ND.std(0).clamp_min(1e-6))
    return encoder


class StoredClips:
    """The clips of a store's splits as one sequence, read when indexed.

    Raises DataError for a split that is marked as generated: an encoder that learnt from generated clips would know
    their faults as signing.
    """

    def __init__(self, store: Store, languages: Sequence[str], split: str):
        splits = [store.split(code, split) for code in languages]
        faults = [
            f"{s.path}: its clips are marked as generated; an FGD encoder learns from recordings only"
            for s in splits
            if s.info.get(GENERATED_MARK) or any(record.extra.get(GENERATED_MARK) for record in s.records)
        ]
        if faults:
            raise DataError(faults)
        self._clips = [(s, index) for s in splits for index in range(len(s))]

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> PoseSequence:
        split, number = self._clips[index]
        return split.pose(number)


def _check(clips: Sequence[PoseSequence]) -> None:
    if len(clips) < 2:
        raise DataError(f"an FGD encoder needs at least two reference clips, here are {len(clips)}")

    def kind(clip: PoseSequence) -> tuple:
        return clip.skeleton.name, clip.unit, clip.coordinates.shape[2]

    expected = kind(clips[0])
    faults = [
        f"clip {index}: skeleton, unit and coordinates a joint are {kind(clips[index])}, those of clip 0 {expected};"
        " convert one of them"
        for index in range(len(clips))
        if kind(clips[index]) != expected
    ]
    if faults:
        raise DataError(faults)


def _set_place_scale(encoder: FgdEncoder, clips: Sequence[PoseSequence]) -> None:
    """Mean and standard deviation of every coordinate over all frames that show its joint."""
    total, square, count = 0.0, 0.0, 0
    for index in range(len(clips)):
        clip = clips[index]
        places_FJC = clip.coordinates.astype(np.float64)  # missing joints are zero in there
        total, square, count = total + places_FJC.sum(0), square + (places_FJC**2).sum(0), count + clip.valid.sum(0)
    count = np.maximum(count, 1)[:, None]
    mean_JC = total / count
    scale_JC = np.sqrt(np.maximum(square / count - mean_JC**2, 0))
    encoder.place_mean.copy_(torch.tensor(mean_JC.ravel()))
    # A coordinate that never changes (z of 2D recordings, the neck) must not be blown up by its rounding.
    encoder.place_scale.copy_(torch.tensor(np.where(scale_JC < 1e-3, 1.0, scale_JC).ravel()))


def _cut(clip: PoseSequence, rng: np.random.Generator) -> PoseSequence:
    spare = len(clip) - MAX_TRAINING_FRAMES
    if spare <= 0:
        return clip
    first = int(rng.integers(spare + 1))
    return clip[first : first + MAX_TRAINING_FRAMES]

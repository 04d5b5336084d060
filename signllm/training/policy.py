"""Policy-gradient RL (`rl_variant` "policy_gradient"): fine-tuning a trained model by what its rollouts are worth.

State, action and reward are the paper's (PAPER.md): the text, the frames, and what they are worth. The policy is a
Gaussian around the decoder's output, with smooth deviations over the frames (signllm.training.policy_noise). At each
clip of the batch K rollouts are drawn and rewarded (signllm.training.rewards); with group-relative advantages A_k

    loss = - mean over clips of 1/(K N) sum_k A_k <s_k, mean_k>  +  kl_weight * mean over clips of KL / N,

N = frames x values of the clip and s_k = deviation_k / sigma^2: the score of rollout k, d log p / d mean, times the
noise's covariance R, which makes it the natural gradient in the space of means (Amari 1998). The score itself weighs a
deviation by the inverse of its variance, so that the noise of the estimate lies almost wholly in what is quick, of
which trembling is made: from frame to frame it has a correlation of -0.39, s_k one of 0.92 (computed from R).
KL is that of the policies, now and at the start, with the same noise: 1/2 |whiten(mean - mean at the start)|^2, which
forbids trembling above all.

Rollouts are generated as in use, from the text alone (`PoseDecoder.sample_rollouts`), so the gradient is on-policy.
progressive: each frame is decided on the rollout's own past, deviations included; the likelihood is exact, because
deviations are drawn apart from what they are added to. parallel: all rollouts deviate from one clip. flow: the rollouts
share a path and deviate from its last step's prediction, so only that decision learns.
Limits: the number of frames is the recording's, and Prompt2LangGloss reads the reference gloss, so neither length nor
gloss is learnt here; dropout is off, so that a rollout and its mean come from one network; flow's choice among
candidates is left out.

The policy acts on every value inside the clip: what a recording misses is still drawn by the model and read by the
reward model. Legend: B clips, K rollouts, S means (1 that all rollouts share, or K), F frames, V values a frame.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from signllm.config import Config
from signllm.models.outputs import Route
from signllm.models.sign_model import SignModel
from signllm.pose.batch import PoseBatch, length_mask
from signllm.training.policy_noise import CORRELATION_S, SmoothNoise
from signllm.training.rewards import RewardInput, RewardReader, Rewards, advantages, part_motion

HANDS = slice(1, 3)  # of signllm.metrics.motion_metrics.PARTS


@dataclass(frozen=True)
class PolicyTerm:
    """The term of the loss, and what is logged beside it, by name: scalars on the device, NaN where not defined."""

    loss: Tensor
    measures: dict[str, Tensor]


@dataclass(frozen=True)
class _Part:
    """One group's share: a clip's numbers (B,), and sums for the measures of collapse."""

    surrogate_B: Tensor
    kl_B: Tensor
    deviation_B: Tensor
    rewards: dict[str, Tensor]
    spread: Tensor
    speed: Tensor


class Policy:
    """Holds the noise, the rewards and the model at the start; `reader` is the reward model, if any."""

    def __init__(self, config: Config, model: SignModel, reader: RewardReader | None = None):
        self.config = config.training.policy
        self.noise = SmoothNoise(self.config.sigma, CORRELATION_S * config.data.fps)
        self.reader = reader
        self.rewards = Rewards(self.config, reader)
        self._trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
        self.start = frozen_copy(model)

    def state(self) -> dict[str, Tensor]:
        """The start's weights, as far as they are trained: what a checkpoint needs to go on."""
        weights = self.start.state_dict()
        return {name: weights[name] for name in self._trained}

    def load(self, weights: dict[str, Tensor]) -> None:
        """Take the start's weights from a checkpoint."""
        self.start.load_state_dict({**self.start.state_dict(), **weights})

    def term(self, model: SignModel, batch: PoseBatch) -> PolicyTerm:
        """Sample, reward, and return the loss; the model's weights and mode stay as they are."""
        with without_dropout(model):
            routes = model.routes(batch)
            with torch.no_grad():
                starts = self.start.routes(batch)
            parts = [self._part(*pair) for pair in zip(routes, starts, strict=True)]
        surrogate, kl = (torch.cat([getattr(part, name) for part in parts]) for name in ("surrogate_B", "kl_B"))
        return PolicyTerm(surrogate.mean() + self.config.kl_weight * kl.mean(), _measures(parts))

    def _part(self, route: Route, start: Route) -> _Part:
        group, clips, device = route.group, route.clips, route.source_BTS.device
        target_BFV, mask_BFV = group.normalizer.normalize(clips.pose_BFJC, clips.valid_BFJ)
        inside_BF = length_mask(clips.frames_B, target_BFV.shape[1])
        white_BKFV = self.noise.draw(self.config.samples, inside_BF, target_BFV.shape[2])
        with torch.autocast(device.type, enabled=False):
            noise_BKFV = self.noise.shape(white_BKFV, inside_BF)
        memory_BTD = group.encode(route.source_BTS, route.mask_BT)
        rollouts = group.decoder.sample_rollouts(memory_BTD, route.mask_BT, clips.frames_B, noise_BKFV)
        means_BSFV = group.decoder.rollout_means(memory_BTD, route.mask_BT, clips.frames_B, rollouts).float()
        with torch.no_grad():
            memory_BTD = start.group.encode(start.source_BTS, start.mask_BT)
            start_BSFV = start.group.decoder.rollout_means(memory_BTD, start.mask_BT, clips.frames_B, rollouts).float()
        with torch.autocast(device.type, enabled=False):
            compared = RewardInput(rollouts.values_BKFV, target_BFV, mask_BFV, group.normalizer, clips)
            rewards = self.rewards(compared)
            advantage_BK, deviation_B = advantages(rewards["total"])
            direction_BKFV = self.noise.natural_score(noise_BKFV)
            values_B = clips.frames_B * target_BFV.shape[2]
            return _Part(
                surrogate_B=surrogate(advantage_BK, direction_BKFV, means_BSFV) / values_B,
                kl_B=self.divergence(means_BSFV - start_BSFV, inside_BF) / values_B,
                deviation_B=deviation_B,
                rewards=rewards,
                spread=_spread(compared),
                speed=_hand_speed(compared),
            )

    def divergence(self, difference_BSFV: Tensor, inside_BF: Tensor) -> Tensor:
        """(B,) KL of two policies whose means differ so, in nats, averaged over the S means."""
        return 0.5 * self.noise.whiten(difference_BSFV, inside_BF).square().sum((2, 3)).mean(1)


def surrogate(advantage_BK: Tensor, direction_BKFV: Tensor, means_BSFV: Tensor) -> Tensor:
    """(B,) -1/K sum_k A_k <direction_k, mean_k>: its gradient in the means is what the advantages ask for."""
    weighted_BKFV = advantage_BK[..., None, None] * direction_BKFV
    if means_BSFV.shape[1] == 1:  # one mean for all rollouts: sum before multiplying
        weighted_BKFV = weighted_BKFV.sum(1, keepdim=True)
    return -(weighted_BKFV * means_BSFV).sum((1, 2, 3)) / advantage_BK.shape[1]


def _spread(rollouts: RewardInput) -> Tensor:
    """(2,) summed squared distances of the clips of a batch from their average frame, of rollouts and of recordings.

    A clip's rollouts are averaged first, which takes most of the noise out.
    """
    mask_BFV, found = rollouts.mask_BFV, []
    for values_BFV in (rollouts.values_BKFV.mean(1), rollouts.target_BFV):
        average_FV = (values_BFV * mask_BFV).sum(0) / mask_BFV.sum(0).clamp(min=1)
        found.append(((values_BFV - average_FV) * mask_BFV).square().sum())
    return torch.stack(found)


def _hand_speed(rollouts: RewardInput) -> Tensor:
    """(2,) summed speeds of the fingers to their wrists: of each clip's average rollout, and of the recordings."""
    averages = rollouts.normalizer.denormalize(rollouts.values_BKFV.mean(1))
    ours, theirs = (part_motion(pose, rollouts.valid_BFJ)[0] for pose in (averages, rollouts.target_BFJC))
    return torch.stack([ours[..., HANDS].sum(), theirs[..., HANDS].sum()])


def _measures(parts: list[_Part]) -> dict[str, Tensor]:
    """Mean rewards, the deviation within groups, KL a value, and what shows a collapse; NaN where not defined."""
    found = {f"reward/{name}": torch.cat([part.rewards[name] for part in parts]).mean() for name in parts[0].rewards}
    found["advantage/std"] = torch.cat([part.deviation_B for part in parts]).mean()
    found["kl/start"] = torch.cat([part.kl_B for part in parts]).detach().mean()
    spread, speed = (sum(getattr(part, name) for part in parts) for name in ("spread", "speed"))
    found["collapse/spread"] = torch.where(spread[1] > 0, spread[0] / spread[1], torch.nan).sqrt()
    found["collapse/hand_speed"] = torch.where(speed[1] > 0, speed[0] / speed[1], torch.nan)
    return found


def make_policy(config: Config, model: SignModel) -> Policy | None:
    """The policy where the configuration asks for one; the model's present weights are its start.

    Raises CheckpointError or ConfigError for a reward model that is missing or does not read the model's languages. The
    model notes the reward model's digest, so that no evaluation takes its reward for its judge.
    """
    if config.training.rl_variant != "policy_gradient":
        return None
    reader, path = None, config.training.policy.reward_model
    if path is not None:
        device = next(model.parameters()).device
        reader = RewardReader(path, model.languages, config.data.fps, device)
        if reader.judge.digest not in model.reward_models:
            model.reward_models.append(reader.judge.digest)
    return Policy(config, model, reader)


def frozen_copy(model: SignModel) -> SignModel:
    """A copy that stays as it is; a frozen text encoder, which no training changes, and the cache are shared."""
    shared = [model.feature_cache, model.text_encoder] if model.text_encoder.frozen else [model.feature_cache]
    known = {id(part): part for part in shared if part is not None}
    start = copy.deepcopy(model, known).eval().requires_grad_(False)
    start.zero_grad(set_to_none=True)
    return start


@contextmanager
def without_dropout(model: SignModel) -> Iterator[None]:
    """The model computes as when generating inside this block."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)

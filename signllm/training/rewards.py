"""What a rollout is worth: reconstruction, motion, and what a reward model reads from it. All without gradient.

Padding weighs nothing, and a joint that the recording misses weighs nothing in reconstruction and motion; the reader,
like every viewer of a generated clip, sees all joints. Legend: B clips, K rollouts, F frames, J joints, C coordinates,
V values a frame, P parts of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from signllm.config.schema import PolicyConfig
from signllm.errors import ConfigError
from signllm.judges.judge import Judge
from signllm.judges.likelihood import log_likelihood, readable
from signllm.metrics.motion_metrics import PARTS
from signllm.models.normalizer import PoseNormalizer
from signllm.pose import SKELETON_50
from signllm.pose.batch import PoseBatch, length_mask, resampled_batch

STILL = 1e-3  # shoulder widths (a frame): a part that moves less in the recording has no ratio worth matching
SPREAD_FLOOR = 1e-4  # added to the deviation of rewards, so that equal rollouts get no advantage out of rounding


@dataclass(frozen=True)
class RewardInput:
    """K rollouts at each of B clips beside what was recorded."""

    values_BKFV: Tensor
    target_BFV: Tensor
    mask_BFV: Tensor
    normalizer: PoseNormalizer
    clips: PoseBatch

    @cached_property
    def pose_BKFJC(self) -> Tensor:
        """The rollouts in shoulder widths."""
        return self.normalizer.denormalize(self.values_BKFV)

    @cached_property
    def target_BFJC(self) -> Tensor:
        """The recordings in shoulder widths."""
        return self.normalizer.denormalize(self.target_BFV)

    @cached_property
    def valid_BFJ(self) -> Tensor:
        """The joints that the recordings show."""
        return self.normalizer.joints_seen(self.mask_BFV)


def reconstruction_reward(rollouts: RewardInput) -> Tensor:
    """(B, K) the paper's -1/N sum (y - a)^2 over the N valid values of the clip (PAPER.md); at most 0."""
    error = (rollouts.values_BKFV - rollouts.target_BFV[:, None]).square() * rollouts.mask_BFV[:, None]
    return -error.sum((2, 3)) / rollouts.mask_BFV.sum((1, 2)).clamp(min=1)[:, None]


def part_motion(pose_BKFJC: Tensor, valid_BKFJ: Tensor) -> tuple[Tensor, Tensor]:
    """Speed (B, K, P) in shoulder widths a frame and deviation over time (B, K, P) of body, right and left hand.

    Means over joints and frames as in the presets velocity-ratio and variance-ratio (signllm.metrics.motion_metrics),
    hands relative to their wrists; the deviation is the square root of that variance. 0 where nothing is valid.
    """
    speeds, deviations = [], []
    for part in PARTS:
        joints = list(SKELETON_50.parts[part])
        pose, valid = pose_BKFJC[..., joints, :], valid_BKFJ[..., joints]
        wrist = SKELETON_50.wrists.get(part)
        if wrist is not None:
            pose, valid = pose - pose_BKFJC[..., wrist : wrist + 1, :], valid & valid_BKFJ[..., wrist : wrist + 1]
        both = valid[..., 1:, :] & valid[..., :-1, :]
        speed = pose.diff(dim=-3).norm(dim=-1) * both
        speeds.append(speed.sum((-2, -1)) / both.sum((-2, -1)).clamp(min=1))
        seen = valid[..., None]
        mean = (pose * seen).sum(-3, keepdim=True) / seen.sum(-3, keepdim=True).clamp(min=1)
        squares = ((pose - mean) * seen).square().sum((-3, -2, -1)) / valid.sum((-2, -1)).clamp(min=1)
        deviations.append(squares.sqrt())
    return torch.stack(speeds, -1), torch.stack(deviations, -1)


def motion_reward(rollouts: RewardInput) -> Tensor:
    """(B, K) in [0, 1]: how well the amount of motion agrees, the mean of min(r, 1/r) over the ratios r that exist.

    The ratios, rollout to recording, are those of speed and of deviation over time for body and either hand
    (`part_motion`); a part that the recording does not show or does not move has none. 1 for the recording itself.
    """
    valid = rollouts.valid_BFJ[:, None]
    ours = torch.stack(part_motion(rollouts.pose_BKFJC, valid))
    theirs = torch.stack(part_motion(rollouts.target_BFJC[:, None], valid))
    moves = theirs > STILL
    ratio = ours / theirs.clamp(min=STILL)
    agreement = torch.minimum(ratio, 1 / ratio.clamp(min=1e-6)) * moves
    return agreement.sum((0, -1)) / moves.sum((0, -1)).clamp(min=1)


class RewardReader:
    """A judge file as a reward: the log-probability of the right text (metrics.back_translation.likelihood).

    Raises ConfigError naming every language that the file does not read, and CheckpointError for a file that is none.
    """

    def __init__(self, path: str, languages: Sequence[str], fps: float, device: torch.device):
        self.path, self.fps = path, fps
        self.judge = Judge.load(path)
        missing = [code for code in languages if code not in self.judge.languages]
        if missing:
            raise ConfigError(
                f"training.policy.reward_model = {path}: reads {', '.join(self.judge.languages)}, not"
                f" {', '.join(missing)}; train one for {'it' if len(missing) == 1 else 'each'} (evaluation.py"
                " train-judge --language ...), or name in model.languages what it reads"
            )
        for reader in self.judge.languages.values():
            reader.network.to(device).eval().requires_grad_(False)
            reader.features.to(device)

    def unreadable(self, texts: Sequence[tuple[str, str]]) -> int:
        """How many of these (text, language) pairs the reward model has no word for."""
        return sum(not readable(self.judge[language], text) for text, language in texts)

    @torch.no_grad()
    def __call__(self, rollouts: RewardInput) -> Tensor:
        """(B, K) log-probability of each clip's text as read from each rollout; 0 where a text is unreadable."""
        pose_BKFJC, clips = rollouts.pose_BKFJC, rollouts.clips
        count = pose_BKFJC.shape[1]
        rewards_BK = pose_BKFJC.new_zeros(pose_BKFJC.shape[:2])
        for language in dict.fromkeys(clips.languages):
            rows = [row for row, code in enumerate(clips.languages) if code == language]
            reader = self.judge[language]
            frames = clips.frames_B[rows].repeat_interleave(count)
            pose, frames = resampled_batch(pose_BKFJC[rows].flatten(0, 1), frames, self.fps, reader.features.fps)
            valid = length_mask(frames, pose.shape[1])[..., None].expand(pose.shape[:3])
            texts = [clips.texts[row] for row in rows for _ in range(count)]
            glosses = [clips.glosses[row] for row in rows for _ in range(count)]
            found = log_likelihood(reader, reader.features(pose * valid[..., None], valid), frames, texts, glosses)
            rewards_BK[rows] = found.unflatten(0, (len(rows), count))
        return rewards_BK


Part = Callable[[RewardInput], Tensor]


class Rewards:
    """The weighted sum of the parts that `training.policy.rewards` gives a weight."""

    def __init__(self, config: PolicyConfig, reader: RewardReader | None = None):
        known: dict[str, Part | None] = {
            "reconstruction": reconstruction_reward, "motion": motion_reward, "reading": reader
        }  # fmt: skip
        weights = config.rewards.model_dump()
        self.parts = {name: (weights[name], part) for name, part in known.items() if part and weights[name]}

    @torch.no_grad()
    def __call__(self, rollouts: RewardInput) -> dict[str, Tensor]:
        """Each part unweighted and their weighted `total`, (B, K) each."""
        found = {name: part(rollouts) for name, (_, part) in self.parts.items()}
        return {"total": sum(self.parts[name][0] * reward for name, reward in found.items()), **found}


def advantages(reward_BK: Tensor) -> tuple[Tensor, Tensor]:
    """(B, K) (r - mean) / (deviation + SPREAD_FLOOR) over the rollouts of each clip, and that deviation (B,).

    Group-relative, as in GRPO (arXiv 2402.03300): the other rollouts at the same clip are the baseline.
    """
    deviation_B = reward_BK.std(1, correction=0)
    return (reward_BK - reward_BK.mean(1, keepdim=True)) / (deviation_B[:, None] + SPREAD_FLOOR), deviation_B

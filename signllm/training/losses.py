"""The loss terms, by name, and the reward of each clip.

All are masked: padding and missing joints weigh nothing, so a padded batch gives the same number as an unpadded one.
Legend: B clips, F frames, V values a frame, J joints, L gloss tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from signllm.config.schema import Config
from signllm.models.group import GroupOutput
from signllm.models.sign_model import ModelOutput
from signllm.pose import SKELETON_50


@dataclass(frozen=True)
class Losses:
    """`terms` are unweighted, by name; `total` is their weighted sum; `reward_B` is -MSE of each clip."""

    total: Tensor
    terms: dict[str, Tensor]
    reward_B: Tensor

    def values(self) -> dict[str, float]:
        """The total and every term as numbers."""
        return {name: float(term.detach()) for name, term in {"total": self.total, **self.terms}.items()}


def squared_error(output: GroupOutput) -> Tensor:
    """(B, F, V) in squared standard deviations of the training data."""
    return (output.predicted_BFV.float() - output.target_BFV).square()


def reconstruction(outputs: list[GroupOutput]) -> Tensor:
    """Masked MSE over all values of the batch (PAPER.md, training signal)."""
    errors = torch.stack([(squared_error(o) * o.mask_BFV).sum() for o in outputs])
    return errors.sum() / sum(o.mask_BFV.sum() for o in outputs).clamp(min=1)


def velocity(outputs: list[GroupOutput]) -> Tensor:
    """Masked MSE of the differences of neighbouring frames."""
    terms, counts = [], []
    for o in outputs:
        both = o.mask_BFV[:, 1:] & o.mask_BFV[:, :-1]
        difference = (o.predicted_BFV.float() - o.target_BFV).diff(dim=1)
        terms.append((difference.square() * both).sum())
        counts.append(both.sum())
    return torch.stack(terms).sum() / sum(counts).clamp(min=1)


def bone_length(outputs: list[GroupOutput]) -> Tensor:
    """Mean absolute difference of bone lengths, in shoulder widths, over bones whose two joints are valid."""
    parent, child = (torch.from_numpy(side) for side in SKELETON_50.bones.T)
    terms, counts = [], []
    for o in outputs:
        valid_BFJ = o.mask_BFV.unflatten(-1, (SKELETON_50.num_joints, 3)).all(-1)
        both = valid_BFJ[..., parent] & valid_BFJ[..., child]
        lengths = []
        for values in (o.predicted_BFV, o.target_BFV):
            pose = o.normalizer.denormalize(values)
            # The square root of 0 has no gradient: 2D corpora put a hand's root on its wrist.
            lengths.append(((pose[..., parent, :] - pose[..., child, :]).square().sum(-1) + 1e-8).sqrt())
        terms.append(((lengths[0] - lengths[1]).abs() * both).sum())
        counts.append(both.sum())
    return torch.stack(terms).sum() / sum(counts).clamp(min=1)


def clip_rewards(outputs: list[GroupOutput]) -> Tensor:
    """(B,) the paper's reward r = -1/N sum (y - y_hat)^2 of each clip, in the order of the batch."""
    rows = [row for o in outputs for row in o.rows]
    rewards = torch.cat(
        [-(squared_error(o) * o.mask_BFV).sum((1, 2)) / o.mask_BFV.sum((1, 2)).clamp(min=1) for o in outputs]
    )
    return rewards[torch.tensor(rows, device=rewards.device).argsort()]


def gloss(output: ModelOutput, label_smoothing: float) -> Tensor:
    """Cross-entropy of the LangGloss tokens, padding left out."""
    return F.cross_entropy(
        output.gloss_logits_BLW.float().flatten(0, 1),
        output.gloss_ids_BL.flatten(),
        ignore_index=output.gloss_pad,
        label_smoothing=label_smoothing,
    )


def compute_losses(output: ModelOutput, config: Config) -> Losses:
    """Every term whose weight is not 0, their weighted total, and the rewards.

    `rl` in the variant "paper" is the literal objective of the paper, the negative mean reward: a clip-wise MSE.
    """
    weights = config.training.losses
    reward_B = clip_rewards(output.groups)
    terms = {"reconstruction": reconstruction(output.groups)}
    if weights.velocity:
        terms["velocity"] = velocity(output.groups)
    if weights.bone_length:
        terms["bone_length"] = bone_length(output.groups)
    if weights.length:
        likelihoods = [o.length.negative_log_likelihood(o.frames_B) for o in output.groups]
        terms["length"] = torch.cat(likelihoods).mean()
    if output.gloss_logits_BLW is not None and weights.gloss:
        terms["gloss"] = gloss(output, config.model.gloss_decoder.label_smoothing)
    if config.training.rl_variant == "paper" and weights.rl:
        terms["rl"] = -reward_B.mean()
    total = sum(getattr(weights, name) * term for name, term in terms.items())
    return Losses(total, terms, reward_B.detach())


def with_gloss_pairs(losses: Losses, pairs: Tensor, weight: float) -> Losses:
    """The losses with that of the pairs without poses added, as `gloss_pairs`, at the weight of the gloss."""
    return replace(losses, total=losses.total + weight * pairs, terms={**losses.terms, "gloss_pairs": pairs})

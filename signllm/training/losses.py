"""The loss terms, by name, and the reward of each clip.

All are masked: padding and missing joints weigh nothing, so a padded batch gives the same number as an unpadded one.
Legend: B clips, F frames, V values a frame, J joints, L gloss tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from signllm.config.schema import Config
from signllm.models.decoders.base import Prediction
from signllm.models.group import GroupOutput
from signllm.models.outputs import GlossOutput, ModelOutput
from signllm.pose import SKELETON_50
from signllm.training.policy import PolicyTerm
from signllm.training.steps import read_scalars

FUTURE_WEIGHT = 0.1  # little beside the next frame, which alone is generated; no other was measured
LABEL_SMOOTHING = 0.1  # as Vaswani et al. (arXiv 1706.03762) translate; the gloss results in docs/results.md had it
HAND_JOINTS = SKELETON_50.parts["left_hand"] + SKELETON_50.parts["right_hand"]


@dataclass(frozen=True)
class Losses:
    """`terms` are unweighted, by name; `total` is their weighted sum; `reward_B` is -MSE of each clip.

    `measures` are logged beside them, by name, and train nothing; one that is not defined is NaN.
    """

    total: Tensor
    terms: dict[str, Tensor]
    reward_B: Tensor
    measures: dict[str, Tensor] = field(default_factory=dict)

    def scalars(self) -> dict[str, Tensor]:
        """The total and every term, without gradient, on their device."""
        return {name: term.detach() for name, term in {"total": self.total, **self.terms}.items()}

    def values(self) -> dict[str, float]:
        """The total and every term as numbers, read from the device."""
        scalars = self.scalars()
        return dict(zip(scalars, read_scalars(list(scalars.values())), strict=True))


def squared_error(output: GroupOutput) -> Tensor:
    """(B, F, V) in squared standard deviations of the training data."""
    return (output.predicted.values_BFV.float() - output.target_BFV).square()


def weighted(values: Tensor, rows: list[int], weight_B: Tensor | None) -> Tensor:
    """`values`, whose first axis are the clips in these rows of the batch, times their weights; None: as they are.

    The terms divide by counts without weights, not by sums of weights: only so is the mean over drawn clips unbiased
    (signllm.data.priority.importance_weights).
    """
    return values if weight_B is None else values * weight_B[rows].view(-1, *(1,) * (values.ndim - 1))


def _mean(sums: Sequence[Tensor], counts: Sequence[Tensor]) -> Tensor:
    """Of the values whose sums and numbers these are; 0 when there are none."""
    return torch.stack(list(sums)).sum() / torch.stack(list(counts)).sum().clamp(min=1)


def reconstruction(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Masked MSE over all values of the batch (PAPER.md, training signal)."""
    errors = [weighted(squared_error(o) * o.mask_BFV, o.rows, weight_B).sum() for o in outputs]
    return _mean(errors, [o.mask_BFV.sum() for o in outputs])


def hands(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """The reconstruction of the hands alone: their joints relative to the wrist, as the normaliser keeps them."""
    columns = torch.tensor([3 * joint + axis for joint in HAND_JOINTS for axis in range(3)])
    parts = [(squared_error(o) * o.mask_BFV)[..., columns] for o in outputs]
    errors = [weighted(part, o.rows, weight_B).sum() for part, o in zip(parts, outputs, strict=True)]
    return _mean(errors, [o.mask_BFV[..., columns].sum() for o in outputs])


def future(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Masked MSE of the frames that a decoder predicts beyond the next one (Progressive Transformers, section 3.3)."""
    terms, counts = [], []
    for o in outputs:
        if (future_BFKV := o.predicted.future_BFKV) is None:
            continue
        for ahead in range(1, min(future_BFKV.shape[2] + 1, o.target_BFV.shape[1])):
            mask = o.mask_BFV[:, ahead:]
            error = (future_BFKV[:, :-ahead, ahead - 1].float() - o.target_BFV[:, ahead:]).square()
            terms.append(weighted(error * mask, o.rows, weight_B).sum())
            counts.append(mask.sum())
    return _mean(terms, counts)


def velocity(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Masked MSE of the differences of neighbouring frames."""
    terms, counts = [], []
    for o in outputs:
        both = o.mask_BFV[:, 1:] & o.mask_BFV[:, :-1]
        difference = (o.predicted.values_BFV.float() - o.target_BFV).diff(dim=1)
        terms.append(weighted(difference.square() * both, o.rows, weight_B).sum())
        counts.append(both.sum())
    return _mean(terms, counts)


def bone_length(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Mean absolute difference of bone lengths, in shoulder widths, over bones whose two joints are valid."""
    parent, child = (torch.from_numpy(side) for side in SKELETON_50.bones.T)
    terms, counts = [], []
    for o in outputs:
        valid_BFJ = o.normalizer.joints_seen(o.mask_BFV)
        both = valid_BFJ[..., parent] & valid_BFJ[..., child]
        lengths = []
        for values in (o.predicted.values_BFV, o.target_BFV):
            pose = o.normalizer.denormalize(values)
            # The square root of 0 has no gradient: 2D corpora put a hand's root on its wrist.
            lengths.append(((pose[..., parent, :] - pose[..., child, :]).square().sum(-1) + 1e-8).sqrt())
        terms.append(weighted((lengths[0] - lengths[1]).abs() * both, o.rows, weight_B).sum())
        counts.append(both.sum())
    return _mean(terms, counts)


def averages(outputs: list[GroupOutput]) -> list[GroupOutput]:
    """The outputs of decoders that also predict the average clip, with the average instead of the clip."""
    return [
        replace(o, predicted=Prediction(o.predicted.average_BFV))
        for o in outputs
        if o.predicted.average_BFV is not None
    ]


def clip_rewards(outputs: list[GroupOutput]) -> Tensor:
    """(B,) the paper's reward r = -1/N sum (y - y_hat)^2 of each clip, in the order of the batch."""
    rows = [row for o in outputs for row in o.rows]
    rewards = torch.cat(
        [-(squared_error(o) * o.mask_BFV).sum((1, 2)) / o.mask_BFV.sum((1, 2)).clamp(min=1) for o in outputs]
    )
    return rewards[torch.tensor(rows, device=rewards.device).argsort()]


def gloss(output: GlossOutput, label_smoothing: float, weight_B: Tensor | None = None) -> Tensor:
    """Cross-entropy of the LangGloss tokens, padding left out."""
    if weight_B is not None:
        each_BL = F.cross_entropy(
            output.logits_BLW.float().transpose(1, 2),
            output.ids_BL,
            ignore_index=output.pad,
            reduction="none",
            label_smoothing=label_smoothing,
        )
        return (each_BL * weight_B[:, None]).sum() / (output.ids_BL != output.pad).sum()
    return F.cross_entropy(
        output.logits_BLW.float().flatten(0, 1),
        output.ids_BL.flatten(),
        ignore_index=output.pad,
        label_smoothing=label_smoothing,
    )


def compute_losses(
    output: ModelOutput, config: Config, weight_B: Tensor | None = None, policy: PolicyTerm | None = None
) -> Losses:
    """Every term whose weight is not 0, their weighted total, and the rewards.

    `weight_B` are importance weights of the clips, in every term; the rewards never have them.
    `rl` in the variant "paper" is the literal objective of the paper, the negative mean reward: a clip-wise MSE. In
    "policy_gradient" it is the term of the policy, where the caller has one: training does, an evaluation does not.
    """
    weights = config.training.losses
    reward_B = clip_rewards(output.groups)
    compared = output.groups + averages(output.groups)
    terms = {"reconstruction": reconstruction(compared, weight_B)}
    if weights.hands:
        terms["hands"] = hands(compared, weight_B)
    if all(o.predicted.future_BFKV is not None for o in output.groups):
        terms["future"] = future(output.groups, weight_B)
    if weights.velocity:
        terms["velocity"] = velocity(compared, weight_B)
    if weights.bone_length:
        terms["bone_length"] = bone_length(compared, weight_B)
    if weights.length:
        likelihoods = [
            weighted(o.length.negative_log_likelihood(o.natural_frames_B), o.rows, weight_B) for o in output.groups
        ]
        terms["length"] = torch.cat(likelihoods).mean()
    if output.gloss is not None and weights.gloss:
        terms["gloss"] = gloss(output.gloss, LABEL_SMOOTHING, weight_B)
    if config.training.rl_variant == "paper" and weights.rl:
        terms["rl"] = -weighted(reward_B, list(range(len(reward_B))), weight_B).mean()
    if policy is not None:
        terms["rl"] = policy.loss
    weight_of = {**weights.model_dump(), "future": FUTURE_WEIGHT}
    total = sum(weight_of[name] * term for name, term in terms.items())
    return Losses(total, terms, reward_B.detach(), policy.measures if policy is not None else {})


def with_gloss_pairs(losses: Losses, pairs: Tensor, weight: float) -> Losses:
    """The losses with that of the pairs without poses added, as `gloss_pairs`, at the weight of the gloss."""
    return replace(losses, total=losses.total + weight * pairs, terms={**losses.terms, "gloss_pairs": pairs})

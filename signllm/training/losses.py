"""The loss terms, by name, and the reward of each clip.

All are masked: padding and missing joints weigh nothing, so a padded batch gives the same number as an unpadded one.
Legend: B clips, F frames, V values a frame, J joints, L gloss tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from signllm.config.schema import Config
from signllm.models.decoders.base import Prediction
from signllm.models.group import GroupOutput
from signllm.models.normalizer import PoseNormalizer
from signllm.models.outputs import GlossOutput, ModelOutput
from signllm.models.sign_model import SignModel
from signllm.pose import SKELETON_50
from signllm.pose.batch import PoseBatch
from signllm.training.policy import PolicyTerm
from signllm.training.steps import read_scalars

FUTURE_WEIGHT = 0.1  # little beside the next frame, which alone is generated; no other was measured
LABEL_SMOOTHING = 0.1  # as Vaswani et al. (arXiv 1706.03762) translate; the gloss results in docs/results.md had it
HAND_JOINTS = SKELETON_50.parts["left_hand"] + SKELETON_50.parts["right_hand"]
HAND_COLUMNS = [3 * joint + axis for joint in HAND_JOINTS for axis in range(3)]


@dataclass(frozen=True)
class Losses:
    """`terms` are unweighted, by name; `total` is their weighted sum; `reward_B` is -MSE of each clip.

    `measures` are logged beside them, by name, and train nothing; one that is not defined is NaN.
    """

    total: Tensor
    terms: dict[str, Tensor]
    reward_B: Tensor
    measures: dict[str, Tensor] = field(default_factory=dict)

    def detached(self) -> Losses:
        """The same without what the gradient is computed from."""
        terms = {name: term.detach() for name, term in self.terms.items()}
        return replace(self, total=self.total.detach(), terms=terms)

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
    parts = [(squared_error(o) * o.mask_BFV)[..., HAND_COLUMNS] for o in outputs]
    errors = [weighted(part, o.rows, weight_B).sum() for part, o in zip(parts, outputs, strict=True)]
    return _mean(errors, [o.mask_BFV[..., HAND_COLUMNS].sum() for o in outputs])


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


def both_frames(mask_BFV: Tensor) -> Tensor:
    """(B, F - 1, V) the values that two neighbouring frames have."""
    return mask_BFV[:, 1:] & mask_BFV[:, :-1]


def velocity(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Masked MSE of the differences of neighbouring frames."""
    terms, counts = [], []
    for o in outputs:
        both = both_frames(o.mask_BFV)
        difference = (o.predicted.values_BFV.float() - o.target_BFV).diff(dim=1)
        terms.append(weighted(difference.square() * both, o.rows, weight_B).sum())
        counts.append(both.sum())
    return _mean(terms, counts)


def both_ends(normalizer: PoseNormalizer, mask_BFV: Tensor) -> Tensor:
    """(B, F, bones) whether both joints of a bone are valid."""
    parent, child = (torch.from_numpy(side) for side in SKELETON_50.bones.T)
    valid_BFJ = normalizer.joints_seen(mask_BFV)
    return valid_BFJ[..., parent] & valid_BFJ[..., child]


def bone_length(outputs: list[GroupOutput], weight_B: Tensor | None = None) -> Tensor:
    """Mean absolute difference of bone lengths, in shoulder widths, over bones whose two joints are valid."""
    parent, child = (torch.from_numpy(side) for side in SKELETON_50.bones.T)
    terms, counts = [], []
    for o in outputs:
        both = both_ends(o.normalizer, o.mask_BFV)
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


COUNTED: dict[str, Callable[[PoseNormalizer, Tensor], Tensor]] = {
    "reconstruction": lambda _, mask_BFV: mask_BFV,
    "hands": lambda _, mask_BFV: mask_BFV[..., HAND_COLUMNS],
    "velocity": lambda _, mask_BFV: both_frames(mask_BFV),
    "bone_length": both_ends,
}
"""Of terms that are means over what is valid: what that is, by the mask of a group's clips."""
TERMS = (*COUNTED, "future", "length", "rl", "gloss")


def denominators(model: SignModel, batch: PoseBatch, config: Config) -> dict[str, Tensor]:
    """What each of the TERMS of `compute_losses` divides by on this batch, but for a factor all batches share: float64.

    It is known before the model runs: batches that make one step are weighted by it, so that the step is that of one
    batch of all their clips.
    """
    weights, decoder = config.training.losses.model_dump(), config.model.pose_decoder
    names = [name for name in COUNTED if weights[name] or name == "reconstruction"]
    counts = {name: torch.zeros((), dtype=torch.float64, device=batch.frames_B.device) for name in TERMS}
    for normalizer, rows in model.normalizers(batch.languages):
        clips = batch.select(rows)
        _, mask_BFV = normalizer.normalize(clips.pose_BFJC, clips.valid_BFJ)
        for name in names:
            counts[name] += COUNTED[name](normalizer, mask_BFV).sum()
        for ahead in range(1, min(decoder.future_frames + 1, mask_BFV.shape[1])):
            counts["future"] += mask_BFV[:, ahead:].sum()
    of_clips = {"length": len(batch), "rl": len(batch), "gloss": model.gloss_tokens(batch.glosses, batch.languages)}
    return counts | {name: torch.full_like(counts["future"], count) for name, count in of_clips.items()}


def compute_losses(
    output: ModelOutput,
    config: Config,
    weight_B: Tensor | None = None,
    policy: PolicyTerm | None = None,
    share: Mapping[str, Tensor] | None = None,
) -> Losses:
    """Every term whose weight is not 0, their weighted total, and the rewards.

    `weight_B` are importance weights of the clips, in every term; the rewards never have them. `share` is what part of
    the step's term this batch's is, by the `denominators` of all batches of the step; None: the batch is the step.
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
    if share is not None:
        terms = {name: term * share[name] for name, term in terms.items()}
    weight_of = {**weights.model_dump(), "future": FUTURE_WEIGHT}
    total = sum(weight_of[name] * term for name, term in terms.items())
    return Losses(total, terms, reward_B.detach(), policy.measures if policy is not None else {})


def with_gloss_pairs(losses: Losses, pairs: Tensor, weight: float) -> Losses:
    """The losses with that of the pairs without poses added, as `gloss_pairs`, at the weight of the gloss."""
    return replace(losses, total=losses.total + weight * pairs, terms={**losses.terms, "gloss_pairs": pairs})

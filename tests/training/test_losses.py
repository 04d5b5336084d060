"""Loss terms against values computed by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from signllm.config import Config
from signllm.models.decoders.base import Prediction
from signllm.models.group import GroupOutput, LengthDistribution
from signllm.models.normalizer import PoseNormalizer
from signllm.models.outputs import GlossOutput, ModelOutput
from signllm.training import losses


def output_of(rows=(0, 1), frames=6, seed=0):
    rng = torch.Generator().manual_seed(seed)
    bones = PoseNormalizer().num_values - 150
    shape = (len(rows), frames, 150 + bones)
    joints, lengths = (torch.rand(len(rows), frames, count, generator=rng) > 0.3 for count in (50, bones))
    mask = torch.cat([joints.repeat_interleave(3, dim=-1), lengths], dim=-1)
    predicted, target = (torch.randn(shape, generator=rng) for _ in range(2))
    length = LengthDistribution(torch.zeros(len(rows)), torch.zeros(len(rows)))
    frames_B = torch.full((len(rows),), frames)
    return GroupOutput(list(rows), Prediction(predicted), target, mask, frames_B, frames_B, length, PoseNormalizer())


def arrays(output):
    return output.predicted.values_BFV.numpy(), output.target_BFV.numpy(), output.mask_BFV.numpy()


def test_reconstruction_is_the_mean_square_over_valid_values_of_all_groups():
    outputs = [output_of(seed=1), output_of(rows=(2,), frames=9, seed=2)]
    total = count = 0.0
    for output in outputs:
        predicted, target, mask = arrays(output)
        total += ((predicted - target) ** 2)[mask].sum()
        count += mask.sum()
    assert float(losses.reconstruction(outputs)) == pytest.approx(total / count, rel=1e-5)


def test_velocity_compares_neighbouring_frames_that_are_both_valid():
    output = output_of()
    predicted, target, mask = arrays(output)
    both = mask[:, 1:] & mask[:, :-1]
    difference = np.diff(predicted, axis=1) - np.diff(target, axis=1)
    assert float(losses.velocity([output])) == pytest.approx((difference**2)[both].mean(), rel=1e-5)


def test_hands_are_the_reconstruction_of_the_joints_of_both_hands():
    output = output_of()
    predicted, target, mask = (values[..., 24:150] for values in arrays(output))
    assert float(losses.hands([output])) == pytest.approx(((predicted - target) ** 2)[mask].mean(), rel=1e-5)


def test_an_average_clip_is_compared_with_the_same_target():
    output = output_of()
    average = output.predicted.values_BFV + 1
    both = replace(output.predicted, average_BFV=average)
    (as_clip,) = losses.averages([replace(output, predicted=both)])
    assert torch.equal(as_clip.predicted.values_BFV, average)
    assert torch.equal(as_clip.target_BFV, output.target_BFV)
    assert losses.averages([output]) == []


def test_future_frames_are_compared_with_the_frames_that_come_then():
    output = output_of()
    _, target, mask = arrays(output)
    future = np.random.default_rng(0).normal(size=(2, 6, 2, target.shape[-1])).astype(np.float32)
    with_future = replace(output, predicted=replace(output.predicted, future_BFKV=torch.from_numpy(future)))
    errors = [(future[:, :-ahead, ahead - 1] - target[:, ahead:])[mask[:, ahead:]] for ahead in (1, 2)]
    assert float(losses.future([with_future])) == pytest.approx((np.concatenate(errors) ** 2).mean(), rel=1e-5)


def test_future_frames_weigh_a_tenth_and_glosses_are_smoothed_in_training():
    output = output_of()
    future = replace(output.predicted, future_BFKV=torch.randn(2, 6, 2, output.target_BFV.shape[-1]))
    glosses = GlossOutput(torch.randn(2, 5, 7), torch.randint(1, 7, (2, 5)), pad=0)
    plain = losses.compute_losses(ModelOutput([output]), Config())
    both = losses.compute_losses(ModelOutput([replace(output, predicted=future)], glosses), Config())
    smoothed = torch.nn.functional.cross_entropy(
        glosses.logits_BLW.flatten(0, 1), glosses.ids_BL.flatten(), ignore_index=0, label_smoothing=0.1
    )
    assert float(both.terms["gloss"]) == pytest.approx(float(smoothed), rel=1e-5)
    more = 0.1 * float(both.terms["future"]) + float(both.terms["gloss"])
    assert float(both.total) == pytest.approx(float(plain.total) + more, rel=1e-5)


def test_bone_length_is_zero_for_a_moved_skeleton_and_grows_with_a_scaled_one():
    output = output_of()
    pose = output.normalizer.denormalize(output.target_BFV)
    every = torch.ones(2, 6, 50, dtype=torch.bool)

    def loss(changed):
        values, mask = output.normalizer.normalize(changed, every)
        target, _ = output.normalizer.normalize(pose, every)
        made = GroupOutput(
            [0, 1], Prediction(values), target, mask, output.frames_B, output.frames_B, output.length, output.normalizer
        )
        return float(losses.bone_length([made]))

    assert loss(pose + 0.3) < 1e-4
    assert loss(pose * 1.5) > 0.1


def test_rewards_come_in_the_order_of_the_batch():
    first, second = output_of(rows=(2, 0), seed=1), output_of(rows=(1,), seed=2)
    rewards = losses.clip_rewards([first, second]).numpy()
    for output in (first, second):
        predicted, target, mask = arrays(output)
        for place, row in enumerate(output.rows):
            expected = -((predicted[place] - target[place]) ** 2)[mask[place]].mean()
            assert rewards[row] == pytest.approx(expected, rel=1e-5)


def test_a_clip_without_a_valid_joint_weighs_nothing():
    output = output_of()
    empty = GroupOutput(
        output.rows, Prediction(output.predicted.values_BFV.requires_grad_()), output.target_BFV,
        torch.zeros_like(output.mask_BFV), output.frames_B, output.frames_B, output.length, output.normalizer,
    )  # fmt: skip
    for term in (losses.reconstruction, losses.velocity, losses.bone_length):
        value = term([empty])
        assert float(value.detach()) == 0.0
    assert (losses.clip_rewards([empty]) == 0).all()

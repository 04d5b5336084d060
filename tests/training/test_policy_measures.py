"""What a policy logs beside its loss, and its surrogate, on numbers that can be checked by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from signllm.training.policy import _hand_speed, _measures, _Part, _spread, surrogate
from tests.training.test_rewards import batch_of, clip, rollouts_of


def test_the_surrogate_is_the_mean_over_rollouts_of_advantage_times_direction():
    advantage = torch.tensor([[1.0, -2.0]])
    direction = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # one clip, two rollouts, one frame, two values
    shared = torch.tensor([[[[10.0, 100.0]]]])
    own = torch.tensor([[[[10.0, 100.0]], [[1.0, 1000.0]]]])
    assert surrogate(advantage, direction, shared).tolist() == [-((10 + 200) - 2 * (30 + 400)) / 2]
    assert surrogate(advantage, direction, own).tolist() == [-((10 + 200) - 2 * (3 + 4000)) / 2]


def test_spread_is_of_the_average_rollout_around_the_average_frame():
    values = torch.tensor([[[[1.0]], [[3.0]]], [[[5.0]], [[7.0]]]])  # clips, rollouts, one frame, one value
    target = torch.tensor([[[0.0]], [[4.0]]])
    seen = torch.ones(2, 1, 1, dtype=torch.bool)
    found = _spread(SimpleNamespace(values_BKFV=values, target_BFV=target, mask_BFV=seen))
    assert found.tolist() == [2 * 2.0**2, 2 * 2.0**2]
    hidden = torch.tensor([[[True]], [[False]]])
    assert _spread(SimpleNamespace(values_BKFV=values, target_BFV=target, mask_BFV=hidden)).tolist() == [0.0, 0.0]


def test_hand_speed_is_of_both_hands_and_not_of_the_body():
    batch = batch_of([clip(1, 12), clip(2, 12)])
    still = rollouts_of(batch, scale=0.0)
    ours, theirs = _hand_speed(still).tolist()
    assert ours == pytest.approx(theirs, rel=1e-4)
    pose = batch.pose_BFJC.clone()
    pose[:, ::2, :8] += 0.3  # arms and hands are shaken together: hands stay with their wrists
    pose[:, ::2, 8:] += 0.3
    shaken = rollouts_of(batch_like(batch, pose), scale=0.0)
    assert _hand_speed(shaken)[1].item() == pytest.approx(theirs, rel=0.05)
    pose = batch.pose_BFJC.clone()
    pose[:, ::2, 8:29] += 0.3
    left = _hand_speed(rollouts_of(batch_like(batch, pose), scale=0.0))[1].item()
    pose[:, ::2, 29:] += 0.3
    both = _hand_speed(rollouts_of(batch_like(batch, pose), scale=0.0))[1].item()
    assert theirs < left < both


def batch_like(batch, pose):
    return replace(batch, pose_BFJC=pose)


def part(reward, deviation, kl, spread, speed):
    return _Part(
        torch.zeros(len(kl)), torch.tensor(kl), torch.tensor(deviation), {"total": torch.tensor(reward)},
        torch.tensor(spread), torch.tensor(speed),
    )  # fmt: skip


def test_measures_are_means_over_clips_and_ratios_of_sums():
    parts = [
        part([[1.0, 3.0]], [0.5], [2.0], [1.0, 8.0], [3.0, 4.0]),
        part([[5.0, 7.0], [0.0, 2.0]], [0.25, 0.75], [4.0, 6.0], [1.0, 0.0], [0.0, 2.0]),
    ]
    found = {name: value.item() for name, value in _measures(parts).items()}
    assert found == {
        "reward/total": 3.0, "advantage/std": 0.5, "kl/start": 4.0, "collapse/spread": 0.5, "collapse/hand_speed": 0.5,
    }  # fmt: skip
    nothing = _measures([part([[1.0, 1.0]], [0.0], [0.0], [1.0, 0.0], [1.0, 0.0])])
    assert torch.isnan(nothing["collapse/spread"])
    assert torch.isnan(nothing["collapse/hand_speed"])

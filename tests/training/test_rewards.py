"""Rewards: the recording itself is best, padding and missing joints weigh nothing, readings are the judge's own."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from signllm.config.schema import PolicyConfig
from signllm.errors import CheckpointError, ConfigError
from signllm.judges.features import clip_arrays, pad_clips
from signllm.judges.likelihood import log_likelihood, readable
from signllm.metrics.motion_metrics import measure_variance, measure_velocity
from signllm.metrics.preset import ClipPair
from signllm.models.normalizer import PoseNormalizer
from signllm.pose import PoseSequence
from signllm.pose.batch import PoseBatch
from signllm.training.rewards import (
    RewardInput,
    RewardReader,
    Rewards,
    advantages,
    motion_reward,
    part_motion,
    reconstruction_reward,
)
from tests.helpers.reward_judges import recogniser, save, translator

WORDS = ("book", "rain")
CPU = torch.device("cpu")


def clip(seed, frames, scale=1.0):
    rng = np.random.default_rng(seed)
    still = np.random.default_rng(9).normal(size=(1, 50, 3))
    time = np.arange(frames)[:, None, None] / 25
    waves = rng.normal(size=(1, 50, 3)) * np.sin(2 * np.pi * time * rng.uniform(0.5, 1.5, (1, 50, 3)))
    valid = rng.random((frames, 50)) > 0.1
    return PoseSequence(still + 0.3 * scale * waves, valid, 25.0)


def batch_of(clips, texts=None, padding=0):
    pose, valid, frames = pad_clips([(c.coordinates, c.valid) for c in clips])
    pose, valid = (
        torch.nn.functional.pad(x, (0, 0) * (x.ndim - 2) + (0, padding)) for x in (pose, valid)
    )  # fmt: skip
    texts = list(texts or WORDS[: len(clips)])
    names = [str(row) for row in range(len(clips))]
    languages = ["ASL"] * len(clips)
    return PoseBatch(
        list(range(len(clips))), names, languages, texts, texts, [t.upper() for t in texts], pose, valid, frames, frames
    )


def rollouts_of(batch, noise_KFV=None, rollouts=4, scale=0.2, bone_lengths=True):
    """The recordings (rollout 0) and rollouts that deviate from them."""
    normalizer = PoseNormalizer(bone_lengths)
    target, mask = normalizer.normalize(batch.pose_BFJC, batch.valid_BFJ)
    noise = noise_KFV if noise_KFV is not None else scale * torch.randn(rollouts, *target.shape[1:])
    noise = torch.cat([torch.zeros_like(noise[:1]), noise])
    return RewardInput(target[:, None] + noise[None], target, mask, normalizer, batch)


def test_nothing_beats_the_recording_itself():
    torch.manual_seed(0)
    rollouts = rollouts_of(batch_of([clip(0, 20), clip(1, 31)]))
    for reward in (reconstruction_reward(rollouts), motion_reward(rollouts)):
        assert (reward[:, 1:] < reward[:, :1]).all()
    assert not reconstruction_reward(rollouts)[:, 0].any()
    assert torch.allclose(motion_reward(rollouts)[:, 0], torch.ones(2), atol=1e-4)


def test_too_much_motion_costs_as_much_as_too_little_and_standing_still_earns_nothing():
    batch = batch_of([clip(0, 24)])
    rollouts = rollouts_of(batch, bone_lengths=False)  # so that half the values are half the motion
    mean = (rollouts.target_BFV * rollouts.mask_BFV).sum(1) / rollouts.mask_BFV.sum(1).clamp(min=1)
    moves = rollouts.target_BFV - mean[:, None]
    made = torch.stack([mean[:, None] + share * moves for share in (0.0, 0.5, 2.0)], dim=1)
    still, less, more = motion_reward(replace(rollouts, values_BKFV=made))[0].tolist()
    assert still == pytest.approx(0, abs=1e-4)
    assert less == pytest.approx(0.5, abs=1e-3)
    assert more == pytest.approx(0.5, abs=1e-3)


def test_speed_and_deviation_are_those_of_the_metrics():
    pose = clip(3, 20)
    speed, deviation = part_motion(torch.tensor(pose.coordinates), torch.tensor(pose.valid))
    pair = ClipPair(pose, pose)
    assert np.allclose(speed.numpy() * 25, measure_velocity(pair)[::4], rtol=1e-4)
    assert np.allclose(deviation.square().numpy(), measure_variance(pair)[::4], rtol=1e-4)


def test_padding_and_missing_joints_weigh_nothing():
    torch.manual_seed(1)
    clips, noise = [clip(0, 20), clip(1, 27)], 0.2 * torch.randn(3, 64, PoseNormalizer().num_values)
    bare, padded = batch_of(clips), batch_of(clips, padding=32)
    first = rollouts_of(bare, noise[:, : bare.pose_BFJC.shape[1]])
    second = rollouts_of(padded, noise)
    spoilt = first.values_BKFV.masked_fill(~first.mask_BFV[:, None], 50.0)
    for reward in (reconstruction_reward, motion_reward):
        assert torch.allclose(reward(first), reward(second), atol=1e-5)
        # A hand joint's own value stands in its place, so spoiling a missing wrist would move a hand that is seen.
        assert reward is motion_reward or torch.allclose(
            reward(first), reward(replace(first, values_BKFV=spoilt)), atol=1e-5
        )
    reader = RewardReader.__new__(RewardReader)
    reader.fps, reader.judge = 25.0, {"ASL": recogniser(WORDS)}
    assert torch.allclose(reader(first), reader(second), atol=1e-4)


def test_a_clip_that_shows_nothing_gives_no_advantage():
    batch = batch_of([clip(0, 20), clip(1, 20)])
    batch.valid_BFJ[1] = False
    rewards = Rewards(PolicyConfig())(rollouts_of(batch))
    advantage, deviation = advantages(rewards["total"])
    assert not advantage[1].any()
    assert deviation[1] == 0
    assert advantage[0].abs().min() > 0


def test_advantages_have_mean_0_and_deviation_1_within_each_clip():
    torch.manual_seed(2)
    reward = torch.randn(5, 8) * torch.tensor([1.0, 10.0, 100.0, 1.0, 1.0])[:, None] + 3
    advantage, deviation = advantages(reward)
    assert torch.allclose(advantage.mean(1), torch.zeros(5), atol=1e-5)
    assert torch.allclose(advantage.std(1, correction=0), torch.ones(5), atol=1e-3)
    assert torch.allclose(deviation, reward.std(1, correction=0))
    assert (advantage.argsort(1) == reward.argsort(1)).all()


def test_the_total_is_the_weighted_sum_of_the_parts_that_have_a_weight():
    weights = {"reconstruction": 2.0, "motion": 0.0}
    rewards = Rewards(PolicyConfig(rewards=weights))(rollouts_of(batch_of([clip(0, 20)])))
    assert set(rewards) == {"total", "reconstruction"}
    assert torch.equal(rewards["total"], 2 * rewards["reconstruction"])


# What a reward model reads


def features_of(judge, pose):
    coordinates, valid, frames = pad_clips([clip_arrays(pose, judge.features.fps)])
    return judge.features(coordinates, valid), frames


def test_a_recogniser_gives_the_log_probability_of_the_word_however_it_is_written():
    judge, pose = recogniser(WORDS), clip(0, 30)
    features, frames = features_of(judge, pose)
    expected = judge.network(features, frames).log_softmax(-1)[0, 1]
    assert log_likelihood(judge, features, frames, ["Rain!"], ["RAIN"]).item() == pytest.approx(expected.item())
    assert log_likelihood(judge, features, frames, ["snow"], ["SNOW"]).item() == 0
    assert readable(judge, "Rain!")
    assert not readable(judge, "snow")


@pytest.mark.parametrize("known", [True, False])
def test_a_translator_gives_the_log_probability_of_text_and_glosses(known):
    texts, glosses = ["it will rain", "the sun shines today"], ["RAIN", "SUN", "TODAY"]
    judge = translator(texts, glosses)
    written = ["RAIN", "SUN TODAY"] if known else ["SNOW", "SUN SNOW"]
    poses = [clip(0, 40), clip(1, 60)]
    both = [features_of(judge, pose) for pose in poses]
    network = judge.network
    for (features, frames), text, gloss in zip(both, texts, written, strict=True):
        pieces = torch.tensor([network.vocabulary.encode(text, "ASL")])
        row = torch.tensor([[glosses.index(g) + 1 for g in gloss.split()]]) if known else torch.zeros(1, 1).long()
        count = torch.tensor([row.shape[1] if known else 0])
        loss = network.loss(features, frames, pieces, row, count).item()
        assert log_likelihood(judge, features, frames, [text], [gloss]).item() == pytest.approx(-loss, rel=1e-4)
    coordinates, valid, frames = pad_clips([clip_arrays(pose, judge.features.fps) for pose in poses])
    together = log_likelihood(judge, judge.features(coordinates, valid), frames, texts, written)
    alone = [log_likelihood(judge, *one, [t], [g]).item() for one, t, g in zip(both, texts, written, strict=True)]
    assert together.tolist() == pytest.approx(alone, rel=1e-3)


def test_a_reader_reads_rollouts_as_the_judge_reads_clips(tmp_path):
    reader = RewardReader(str(save(tmp_path / "j.pth", recogniser(WORDS))), ["ASL"], 25.0, CPU)
    batch = batch_of([clip(0, 20), clip(1, 33)])
    rollouts = rollouts_of(batch, rollouts=2)
    found, judge = reader(rollouts), reader.judge["ASL"]
    for row in range(2):
        for index in range(3):
            pose = rollouts.pose_BKFJC[row, index, : int(batch.frames_B[row])].numpy()
            features, frames = features_of(judge, PoseSequence.all_valid(pose, 25.0))
            expected = judge.network(features, frames).log_softmax(-1)[0, row].item()
            assert found[row, index].item() == pytest.approx(expected, abs=1e-4)
    assert reader.unreadable([("book", "ASL"), ("Rain.", "ASL"), ("snow", "ASL")]) == 1


def test_a_reward_model_that_is_missing_foreign_or_of_another_language_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.pth: no such back-translation model; make one with"):
        RewardReader(str(tmp_path / "none.pth"), ["ASL"], 25.0, CPU)
    torch.save({"kind": "signllm-checkpoint"}, tmp_path / "model.pth")
    with pytest.raises(CheckpointError, match="not a back-translation model but signllm-checkpoint"):
        RewardReader(str(tmp_path / "model.pth"), ["ASL"], 25.0, CPU)
    path = save(tmp_path / "gsl.pth", recogniser(WORDS, "GSL"))
    with pytest.raises(ConfigError, match=r"reads GSL, not ASL, TSL; train one for each"):
        RewardReader(str(path), ["ASL", "TSL", "GSL"], 25.0, CPU)

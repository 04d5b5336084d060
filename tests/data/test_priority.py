"""The Priority Learning Channel: priorities, the draw, importance weights, what is skipped, and its state."""

import numpy as np
import pytest
import torch

from signllm.config.schema import DataConfig, PLCConfig
from signllm.data import priority
from signllm.data.batching import FrameBudgetSampler, draw_batches, make_batches
from signllm.data.priority import (
    FLOOR,
    LEAST_RECENT,
    UniformChannel,
    effective_sample_size,
    importance_weights,
    make_channel,
    priorities,
    probabilities,
    systematic_draw,
)
from signllm.pose.batch import round_up

CLIPS = 60
LANGUAGES = ["ASL"] * 30 + ["GSL"] * 30
ERRORS = np.random.default_rng(0).lognormal(0, 1, CLIPS)
LENGTHS = np.random.default_rng(1).integers(5, 200, CLIPS).tolist()


def see(channel, indices, rewards):
    """What a trainer does with a batch: ask whether it is to be skipped, and note its rewards either way."""
    skipped = channel.should_skip(rewards)
    channel.note(indices, rewards)
    return skipped


def channel_of(errors=ERRORS, languages=LANGUAGES, **settings):
    """A channel that has seen each clip once, with these errors, and stands at the start of an epoch."""
    channel = make_channel(PLCConfig(enabled=True, **settings), languages)
    channel.note(range(len(errors)), (-np.asarray(errors, float)).tolist())
    channel.begin_epoch()
    return channel


def test_high_prefers_small_errors_and_low_large_ones_by_the_written_formula():
    errors, languages = np.array([1.0, 2.0, 8.0]), ["ASL"] * 3
    assert priorities(-errors, languages, "high") == pytest.approx([2 / 3, 2 / 4, 2 / 10])
    assert priorities(-errors, languages, "low") == pytest.approx([1 / 3, 2 / 4, 8 / 10])
    probability = channel_of(errors, languages, eta=2.0).probability_N
    power = np.array([2 / 3, 2 / 4, 2 / 10]) ** 2
    assert probability == pytest.approx((1 - FLOOR) * power / power.sum() + FLOOR / 3)


@pytest.mark.parametrize("prefer", ["high", "low"])
@pytest.mark.parametrize("eta", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("errors", [ERRORS, np.r_[ERRORS[:-2], 1e30, 0.0], np.zeros(CLIPS)])
def test_every_clip_can_come_and_none_outweighs_the_bound(prefer, eta, errors):
    probability = channel_of(errors, prefer=prefer, eta=eta).probability_N
    assert probability.sum() == pytest.approx(1)
    assert probability.min() >= FLOOR / CLIPS * (1 - 1e-12)
    assert probability.max() <= 2 ** (eta + 1) / CLIPS * (1 + 1e-12)


@pytest.mark.parametrize("prefer", ["high", "low"])
def test_a_harder_language_is_drawn_as_often_as_an_easier_one(prefer):
    errors = np.concatenate([ERRORS[:30], 50 * ERRORS[:30]])
    probability = channel_of(errors, prefer=prefer, eta=2.0).probability_N
    assert probability[:30] == pytest.approx(probability[30:])


def test_clips_come_as_often_as_p_says():
    """1000 epochs, with batches made and surplus ones left out: the frequencies keep to N P within 4 deviations."""
    channel = channel_of(eta=2.0)
    counts = np.zeros(CLIPS)
    for epoch in range(1000):
        for batch in draw_batches(channel, LENGTHS, 8, 800, seed=3, epoch=epoch):
            np.add.at(counts, batch, 1)
    expected = channel.probability_N * counts.sum()
    assert channel.probability_N.max() > 2 * channel.probability_N.min()
    # Systematic draws vary by less than the one clip up or down that each expected count is rounded by.
    assert np.abs(counts - expected).max() < 4 * np.sqrt(1000 * 0.25) + 0.02 * expected.max()


def test_a_draw_rounds_each_expected_count_up_or_down():
    probability = channel_of(eta=3.0).probability_N
    for seed in range(20):
        counts = np.bincount(systematic_draw(probability, 500, np.random.default_rng(seed)), minlength=CLIPS)
        assert (np.abs(counts - 500 * probability) < 1 + 1e-9).all()
        assert counts.sum() == 500


def test_eta_0_is_the_uniform_epoch_itself():
    channel = channel_of(eta=0.0)
    for epoch in range(50):
        assert draw_batches(channel, LENGTHS, 8, 800, 1, epoch) == make_batches(LENGTHS, 8, 800, 1, epoch)


@pytest.mark.parametrize("prefer", ["high", "low"])
@pytest.mark.parametrize("errors", [np.array(LENGTHS) / 50.0, 10.0 / np.array(LENGTHS)])
def test_an_epoch_has_the_steps_and_limits_of_a_uniform_one(prefer, errors):
    """Also where short clips, or long ones, are preferred, which fill fewer or more batches."""
    channel = channel_of(errors, prefer=prefer, eta=4.0)
    for epoch in range(30):
        batches = draw_batches(channel, LENGTHS, 8, 800, 0, epoch)
        assert len(batches) == len(make_batches(LENGTHS, 8, 800, 0, epoch))
        for batch in batches:
            assert len(batch) <= 8
            assert len(batch) * round_up(max(LENGTHS[i] for i in batch)) <= 800


def test_the_order_is_a_function_of_seed_epoch_and_the_rewards_at_the_epochs_start():
    channel, same = channel_of(), channel_of()
    sampler = FrameBudgetSampler(LENGTHS, DataConfig(), 0, channel=channel)
    assert sampler.batches(4) == FrameBudgetSampler(LENGTHS, DataConfig(), 0, channel=same).batches(4)
    assert sampler.batches(4) != sampler.batches(5)
    before = sampler.batches(4)
    channel.note(range(CLIPS), (-ERRORS[::-1]).tolist())
    assert sampler.batches(4) == before
    channel.begin_epoch()
    assert sampler.batches(4) != before


def test_epochs_are_uniform_until_every_clip_has_a_reward():
    channel = make_channel(PLCConfig(enabled=True, importance=1.0), LANGUAGES)
    channel.note(range(CLIPS - 1), [-1.0] * (CLIPS - 1))
    channel.begin_epoch()
    assert not channel.drawing
    assert channel.weight_B([0, 1]) is None
    assert draw_batches(channel, LENGTHS, 8, 800, 0, 0) == make_batches(LENGTHS, 8, 800, 0, 0)
    assert channel.figures(range(CLIPS))["ess"] == pytest.approx(1)
    channel.note([CLIPS - 1], [-2.0])
    channel.begin_epoch()
    assert channel.drawing


def test_rewards_are_a_moving_average_by_clip_repeats_in_a_batch_included(monkeypatch):
    monkeypatch.setattr(priority, "SMOOTHING", 0.75)
    channel = make_channel(PLCConfig(enabled=True), ["ASL"] * 2)
    channel.note([1, 0, 1], [-4.0, -1.0, -8.0])
    assert channel.reward_N.tolist() == [-1.0, 0.75 * -4 + 0.25 * -8]


def test_at_importance_1_the_weighted_gradient_is_that_of_all_clips():
    """A line fitted to clips: the mean gradient over many drawn epochs, against the gradient over every clip."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=CLIPS), rng.normal(size=CLIPS) + 1
    each = 2 * (0.3 * x - y) * x
    biased, unbiased = [], []
    channel = channel_of((0.3 * x - y) ** 2, importance=1.0, eta=2.0)
    for epoch in range(2000):
        drawn = channel.draw(CLIPS, 0, epoch)
        biased.append(each[drawn].mean())
        unbiased.append((channel.weight_B(drawn).numpy() * each[drawn]).mean())
    error = np.std(unbiased) / np.sqrt(2000)
    assert abs(np.mean(unbiased) - each.mean()) < 4 * error
    assert abs(np.mean(biased) - each.mean()) > 20 * error


@pytest.mark.parametrize("exponent", [0.0, 0.4, 1.0])
def test_drawn_clips_weigh_1_on_average_and_frequent_ones_less(exponent):
    probability = probabilities(priorities(-ERRORS, LANGUAGES, "high"), 2.0)
    weights = importance_weights(probability, exponent)
    assert (probability * weights).sum() == pytest.approx(1)
    assert (np.diff(weights[np.argsort(probability)]) <= 0).all()
    assert weights.max() / weights.min() == pytest.approx((probability.max() / probability.min()) ** exponent)


def test_the_effective_sample_size_is_kishs():
    assert effective_sample_size(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_sample_size(np.array([1.0, 0.0, 0.0])) == 1
    assert effective_sample_size(np.array([3.0, 1.0])) == pytest.approx(16 / 10)


def test_the_figures_say_how_far_the_draw_is_from_uniform():
    flat, steep = channel_of(eta=0.0), channel_of(eta=4.0)
    drawn = steep.draw(CLIPS, 0, 0).tolist()
    figures = steep.figures(drawn)
    weights = 1 / (CLIPS * steep.probability_N[drawn])
    assert figures["ess"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum() / CLIPS)
    assert figures["left_out"] == pytest.approx(1 - len(set(drawn)) / CLIPS)
    assert figures["max_probability"] == pytest.approx(CLIPS * steep.probability_N.max())
    assert figures["mean_reward"] == pytest.approx(-ERRORS.mean())
    assert 0 < figures["entropy"] < 0.98
    even = flat.figures(flat.draw(CLIPS, 0, 0).tolist())
    assert (even["ess"], even["entropy"], even["max_probability"], even["left_out"]) == pytest.approx((1, 1, 1, 0))


def test_batches_below_the_quantile_of_recent_ones_are_skipped():
    channel = channel_of(skip_below=0.5)
    for place in range(LEAST_RECENT - 1):  # the fixture's batch is the first of them
        assert not see(channel, [0], [-1.0 - place / 100])
    assert see(channel, [0, 1], [-1.5, -3.0])
    assert not see(channel, [0, 1], [-0.5, -0.7])
    rng = np.random.default_rng(0)
    skipped = [see(channel, [0], [-value]) for value in rng.uniform(1, 2, 600)]
    assert np.mean(skipped[100:]) == pytest.approx(0.5, abs=0.08)


def test_nothing_is_skipped_by_default_or_before_the_draw_is_by_priority():
    plain = channel_of()
    early = make_channel(PLCConfig(enabled=True, skip_below=0.9), LANGUAGES)
    for reward in -np.arange(1.0, 100.0):
        assert not see(plain, [0], [reward])
        assert not see(early, [0], [reward])


def test_a_restored_channel_goes_on_as_the_saved_one_from_the_middle_of_an_epoch(tmp_path):
    channel = channel_of(importance=0.5, skip_below=0.3)
    channel.note(range(20), (-torch.rand(20, dtype=torch.float64)).tolist())
    torch.save(channel.state(), tmp_path / "state.pt")
    restored = make_channel(channel.config, LANGUAGES)
    restored.load(torch.load(tmp_path / "state.pt", weights_only=True))
    for _ in range(2):
        assert restored.draw(CLIPS, 0, 1).tolist() == channel.draw(CLIPS, 0, 1).tolist()
        assert torch.equal(restored.weight_B(range(CLIPS)), channel.weight_B(range(CLIPS)))
        assert restored.recent == channel.recent
        restored.begin_epoch()
        channel.begin_epoch()


def test_switched_off_it_is_the_uniform_channel():
    channel = make_channel(PLCConfig(), LANGUAGES)
    assert type(channel) is UniformChannel
    assert not see(channel, [0], [-1.0])
    assert channel.weight_B([0]) is None
    assert channel.state() == channel.figures([0]) == {}

"""The policy's noise: its covariance, its likelihood and its divergence against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from signllm.training.policy import surrogate
from signllm.training.policy_noise import CORRELATION_S, SmoothNoise

NOISES = [SmoothNoise(0.3, CORRELATION_S * 25), SmoothNoise(0.5, 0.3)]


def normal_of(noise, mean_FV, frames):
    """The policy of one clip as a distribution over its frames, values apart."""
    covariance = noise.sigma**2 * noise.correlation(frames)
    return MultivariateNormal(mean_FV.T.double(), covariance)


@pytest.mark.parametrize("noise", NOISES)
def test_deviations_have_the_covariance_that_is_promised(noise):
    torch.manual_seed(0)
    inside = torch.ones(1, 8, dtype=torch.bool)
    white = noise.draw(20_000, inside, 1)
    deviation = noise.shape(white, inside)[0, ..., 0].double()
    assert deviation.mean(0).abs().max() < 1e-6  # mirrored in pairs
    covariance = deviation.T @ deviation / len(deviation)
    assert torch.allclose(covariance, noise.sigma**2 * noise.correlation(8), atol=0.03 * noise.sigma**2)


def test_deviations_last_as_long_as_the_clips_of_a_word_differ():
    """At 25 frames a second: smooth from frame to frame, 1/e after 0.32 s."""
    correlation = NOISES[0].correlation(9)[0]
    assert correlation[1] > 0.85
    assert float(correlation[8]) == pytest.approx(math.exp(-1), abs=0.02)


@pytest.mark.parametrize("noise", NOISES)
def test_natural_score_is_the_covariance_times_the_gradient_of_the_log_likelihood_whatever_the_padding(noise):
    torch.manual_seed(1)
    frames = 11
    inside = torch.arange(16)[None] < torch.tensor([[frames]])
    white = noise.draw(4, inside, 3)
    deviation = noise.shape(white, inside)
    assert not deviation[:, :, frames:].any()
    for place in range(4):
        mean = torch.zeros(frames, 3, dtype=torch.float64, requires_grad=True)
        normal_of(noise, mean, frames).log_prob(deviation[0, place, :frames].T.double()).sum().backward()
        natural = noise.natural_score(deviation)[0, place, :frames].double()
        assert torch.allclose(natural, noise.correlation(frames) @ mean.grad, atol=1e-3 * float(natural.abs().max()))


@pytest.mark.parametrize("noise", NOISES)
def test_half_the_squared_norm_of_the_whitened_difference_is_the_divergence(noise):
    torch.manual_seed(2)
    frames, first, second = 9, torch.randn(9, 2), torch.randn(9, 2)
    expected = kl_divergence(normal_of(noise, first, frames), normal_of(noise, second, frames)).sum()
    difference = torch.zeros(1, 1, 16, 2)
    difference[0, 0, :frames] = first - second
    difference[0, 0, frames:] = 7.0  # padding is no difference
    inside = torch.arange(16)[None] < frames
    assert float(0.5 * noise.whiten(difference, inside).square().sum()) == pytest.approx(float(expected), rel=1e-4)


def test_the_surrogates_gradient_estimates_the_natural_one_of_the_expected_reward():
    """For r(a) = -sum w (a - c)^2 the gradient of E r in the mean is -2 w (mean - c); R times it is the natural one."""
    torch.manual_seed(3)
    noise, frames, values, num_rollouts = SmoothNoise(0.4, 2.0), 4, 2, 40_000
    inside = torch.ones(1, frames, dtype=torch.bool)
    weight, goal = 0.5 + torch.rand(frames, values), torch.randn(frames, values)
    mean = torch.randn(1, 1, frames, values, requires_grad=True)
    white = noise.draw(num_rollouts, inside, values)
    deviations = noise.shape(white, inside)
    rollouts = mean.detach() + deviations
    reward = -(weight * (rollouts - goal).square()).sum((2, 3))
    surrogate(reward - reward.mean(1, keepdim=True), noise.natural_score(deviations), mean).sum().backward()
    exact = noise.correlation(frames).float() @ (-2 * weight * (mean.detach()[0, 0] - goal))
    assert torch.allclose(-mean.grad[0, 0], exact, atol=0.05 * float(exact.abs().max()))


def test_means_of_their_own_weigh_as_one_mean_that_all_tries_share():
    torch.manual_seed(4)
    advantage, direction, mean = torch.randn(2, 6), torch.randn(2, 6, 5, 3), torch.randn(2, 1, 5, 3)
    assert torch.allclose(
        surrogate(advantage, direction, mean), surrogate(advantage, direction, mean.expand(-1, 6, -1, -1)), atol=1e-4
    )

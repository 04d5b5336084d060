"""Smooth deviations for the policy: how a rollout departs from the mean over the frames of a clip.

Legend: B clips, K rollouts, F frames, V values a frame.
"""

from __future__ import annotations

import torch
from torch import Tensor

CORRELATION_S = 0.15  # how long a deviation lasts: as long as clips of one word differ, measured below
WHITE_SHARE = 0.05  # of the variance: bounds how much more a quick deviation of the mean weighs than a slow one


class SmoothNoise:
    """Gaussian noise over the frames of a clip, independent between values, with covariance sigma^2 R, where

    R(t, t') = (1 - w) (1 + d / l) exp(-d / l) + w [t = t'],   d = |t - t'|, w = WHITE_SHARE, l = `correlation_frames`.

    This is a Matern 3/2 kernel: a hand that deviates by it has a velocity, as a mass on a damped spring has. White
    noise would shake every joint by sigma from frame to frame, which no reward for motion can tell from trembling, and
    would average out within a few frames, so that rollouts would not differ in where a hand goes. On `asl_words` the
    difference of two clips of one word (stretched to one length, clip means removed, hands to their wrists) has a
    correlation of 1/e after 0.36 s at the wrists and 0.28 s at the fingers; CORRELATION_S as l has it after 0.32 s.

    Exact for any length: R = L L' with L lower triangular, so the factor of a shorter clip is the corner of a longer
    one's, and padding changes nothing.
    """

    def __init__(self, sigma: float, correlation_frames: float):
        self.sigma, self.correlation_frames = sigma, correlation_frames
        self._factor = torch.zeros(0, 0)
        self._inverse = torch.zeros(0, 0)

    def correlation(self, frames: int) -> Tensor:
        """R (F, F), float64."""
        identity = torch.eye(frames, dtype=torch.float64)
        time = torch.arange(frames, dtype=torch.float64) / self.correlation_frames
        distance = (time[:, None] - time[None]).abs()
        return (1 - WHITE_SHARE) * (1 + distance) * torch.exp(-distance) + WHITE_SHARE * identity

    def _factors(self, frames: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """L and its inverse (F, F), float32 on `device`; the longest made so far is kept."""
        if len(self._factor) < frames or self._factor.device != device:
            factor = torch.linalg.cholesky(self.correlation(frames))
            inverse = torch.linalg.solve_triangular(factor, torch.eye(frames, dtype=torch.float64), upper=False)
            self._factor, self._inverse = (matrix.float().to(device) for matrix in (factor, inverse))
        return self._factor[:frames, :frames], self._inverse[:frames, :frames]

    def draw(self, num_rollouts: int, inside_BF: Tensor, num_values: int) -> Tensor:
        """(B, K, F, V) independent standard normal numbers, zero outside the clips; rollout k + K/2 mirrors rollout k.

        Each rollout by itself is Gaussian, so the estimate of the gradient stays unbiased; what a deviation and its
        opposite have in common, such as that any noise costs reconstruction, drops out of their advantages.
        """
        num_clips, num_frames = inside_BF.shape
        half = torch.randn(num_clips, num_rollouts // 2, num_frames, num_values, device=inside_BF.device)
        half = half * inside_BF[:, None, :, None]
        return torch.cat([half, -half], dim=1)

    def shape(self, white_BKFV: Tensor, inside_BF: Tensor) -> Tensor:
        """The deviations sigma L z of the drawn numbers z, zero outside the clips."""
        factor, _ = self._factors(white_BKFV.shape[-2], white_BKFV.device)
        return self.sigma * (factor @ white_BKFV) * inside_BF[:, None, :, None]

    def natural_score(self, deviation_BKFV: Tensor) -> Tensor:
        """R times the score d log p(mean + deviation) / d mean = (sigma^2 R)^-1 deviation: deviation / sigma^2.

        It is the natural gradient, R / sigma^2 being the inverse metric.
        """
        return deviation_BKFV / self.sigma**2

    def whiten(self, difference_BKFV: Tensor, inside_BF: Tensor) -> Tensor:
        """L^-1 d / sigma, zero outside the clips; half its squared norm is the divergence of two policies d apart."""
        _, inverse = self._factors(difference_BKFV.shape[-2], difference_BKFV.device)
        return (inverse @ difference_BKFV) / self.sigma * inside_BF[:, None, :, None]

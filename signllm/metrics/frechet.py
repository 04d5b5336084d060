"""`fgd`: how far the distribution of generated clips lies from that of the references, by a pose autoencoder.

Legend: K summed numbers, D latent numbers.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from signllm.metrics.preset import LOWER, ClipPair, Preset
from signllm.pose import PoseSequence


class ClipEncoder(Protocol):
    """What makes a latent (`latent_size`,) of a clip; `hash` tells encoders apart."""

    latent_size: int

    def encode(self, clip: PoseSequence) -> np.ndarray:
        """The latent of a clip."""
        ...

    def hash(self) -> str:
        """A digest of weights and settings."""
        ...


class FrechetMeasure:
    """|m_h - m_r|² + tr(C_h + C_r - 2 (C_h C_r)^½), of mean and covariance of the clips' latents.

    The latents of an autoencoder trained on reference clips, in standard deviations of its training set; hypotheses
    against the references they were paired with. It looks at the corpus, not at pairs: the right clips in the wrong
    order score 0, and an autoencoder smooths, so fine jitter hardly counts. Covariances divide by N - 1; the figure is
    biased upwards when clips are few, and so are its bootstrap samples, so compare equal numbers of clips. Only
    comparable within one encoder, whose hash is in the signature. Source: NSLP-G (Hwang et al. 2021), FGD.
    """

    def __init__(self, encoder: ClipEncoder):
        self.encoder = encoder

    def __call__(self, pair: ClipPair) -> np.ndarray:
        """Count, then for hypothesis and reference the latent and the upper triangle of its outer product."""
        numbers = [np.ones(1)]
        upper = np.triu_indices(self.encoder.latent_size)
        for clip in (pair.hypothesis, pair.reference):
            latent_D = self.encoder.encode(clip)
            numbers += [latent_D, np.outer(latent_D, latent_D)[upper]]
        return np.concatenate(numbers)


def conclude_fgd(sums: np.ndarray) -> np.ndarray:
    """(..., K) sums of `FrechetMeasure` -> (..., 1) distances; NaN for fewer than two clips."""
    sums = np.asarray(sums, dtype=np.float64)
    count = sums[..., :1]
    per_side = (sums.shape[-1] - 1) // 2  # D + D (D + 1) / 2
    latent_size = round((np.sqrt(9 + 8 * per_side) - 3) / 2)
    moments = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for first in (1, 1 + per_side):
            mean = sums[..., first : first + latent_size] / count
            outer = _symmetric(sums[..., first + latent_size : first + per_side], latent_size)
            spread = outer - count[..., None] * mean[..., :, None] * mean[..., None, :]
            moments.append((mean, spread / (count[..., None] - 1)))
    enough = count[..., 0] > 1
    moments = [(np.where(enough[..., None], m, 0.0), np.where(enough[..., None, None], c, 0.0)) for m, c in moments]
    return np.where(enough, frechet_distance(*moments[0], *moments[1]), np.nan)[..., None]


def frechet_distance(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> np.ndarray:
    """Squared 2-Wasserstein distance of Gaussians with (..., D) means and (..., D, D) covariances; never negative."""
    values, vectors = np.linalg.eigh(cov_a)
    root_a = vectors * np.sqrt(np.maximum(values, 0))[..., None, :] @ np.swapaxes(vectors, -1, -2)
    # tr (A B)^½ = tr (A^½ B A^½)^½, and the second is symmetric: no complex square roots of almost singular products.
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root_a @ cov_b @ root_a), 0)).sum(-1)
    trace = np.trace(cov_a, axis1=-2, axis2=-1) + np.trace(cov_b, axis1=-2, axis2=-1)
    return np.maximum(((mean_a - mean_b) ** 2).sum(-1) + trace - 2 * cross, 0)


def _symmetric(upper: np.ndarray, size: int) -> np.ndarray:
    matrix = np.zeros((*upper.shape[:-1], size, size))
    rows, columns = np.triu_indices(size)
    matrix[..., rows, columns] = upper
    matrix[..., columns, rows] = upper
    return matrix


def fgd_preset(encoder: ClipEncoder) -> Preset:
    """The preset `fgd` of an encoder of clips."""
    return Preset(
        "fgd",
        ("fgd",),
        LOWER,
        "squared latent deviations",
        FrechetMeasure(encoder),
        conclude_fgd,
        masks="told-to-encoder",
        choices=f"encoder:{encoder.hash()}",
    )

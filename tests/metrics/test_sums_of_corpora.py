"""Figures of a corpus from sums over its clips, against the formula written out."""

import numpy as np
import pytest

from signllm.metrics.frechet import conclude_fgd
from signllm.metrics.motion_metrics import SHORTEST_BONE, measure_bone_variation
from signllm.metrics.preset import ClipPair
from tests.helpers.sources import clip


def sums_of(latents):
    """Count, then latent and upper triangle of its outer product, summed over clips, as FrechetMeasure gives them."""
    upper = np.triu_indices(latents.shape[1])
    return np.concatenate([latents.sum(0), np.einsum("ni,nj->ij", latents, latents)[upper]])


def test_fgd_is_the_frechet_distance_of_unbiased_covariances():
    rng = np.random.default_rng(3)
    ours, theirs = rng.normal(0, 1, (4, 2)), rng.normal(0.5, 2, (4, 2))
    sums = np.concatenate([[4.0], sums_of(ours), sums_of(theirs)])
    means = [side.mean(0) for side in (ours, theirs)]
    spreads = [np.cov(side.T, ddof=1) for side in (ours, theirs)]
    roots = np.sqrt(np.linalg.eigvals(spreads[0] @ spreads[1]).real.clip(0)).sum()
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(spreads[0] + spreads[1]) - 2 * roots
    assert conclude_fgd(sums)[0] == pytest.approx(expected)
    assert np.isnan(conclude_fgd(np.concatenate([[1.0], sums_of(ours[:1]), sums_of(theirs[:1])]))[0])
    assert conclude_fgd(np.concatenate([[2.0], sums_of(ours[:2]), sums_of(ours[:2])]))[0] == pytest.approx(0, abs=1e-9)


def test_a_bone_that_is_seen_once_has_no_variation():
    pose = clip(1, frames=8)
    once = pose.valid.copy()
    once[1:, 3] = False  # an elbow: the bones to shoulder and wrist
    shown = [bone for bone, ends in enumerate(pose.skeleton.bones) if 3 not in ends]
    lengths = np.linalg.norm(np.diff(pose.coordinates[:, pose.skeleton.bones], axis=2)[:, :, 0], axis=-1)
    each = (lengths.std(0) / lengths.mean(0))[[bone for bone in shown if lengths[:, bone].mean() > SHORTEST_BONE]]
    hidden = pose.replace(valid=once)
    assert measure_bone_variation(ClipPair(hidden, hidden))[0] == pytest.approx(each.mean(), rel=1e-5)

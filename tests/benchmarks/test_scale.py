"""Ranks share the work of a step evenly on lengths like those of real corpora."""

import pytest

from benchmarks.scale import CORPORA, excess, lengths, simulated


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("ranks", [8, 64])
def test_the_slowest_rank_is_within_5_per_cent_of_the_mean(corpus, ranks, monkeypatch):
    monkeypatch.setattr("benchmarks.scale.EPOCHS", 1)
    ours, random, _ = simulated(lengths(*CORPORA[corpus]), 8, ranks)
    assert 0 < ours < 0.05 < random


def test_a_rank_without_a_batch_counts_as_waiting():
    frames = [16, 32, 48]
    assert excess([[[0], [0]]], frames, 2) == 0
    assert excess([[[0], [1]]], frames, 2) == pytest.approx(32 / 24 - 1)
    assert excess([[[0], [0]], [[2]]], frames, 2) == pytest.approx(64 / 40 - 1)

"""Recordings of the kinematic signer: the truth is a body that could exist, what is seen of it has noise and gaps."""

import numpy as np
import pytest

from signllm.data.demo.recordings import record
from signllm.pose import SKELETON_50


@pytest.fixture(scope="module")
def recordings():
    return [record(np.random.default_rng(seed), fps=20.0) for seed in range(6)]


def test_the_truth_has_stiff_bones_and_no_gaps(recordings):
    parent, child = SKELETON_50.bones.T
    for recording in recordings:
        clip = recording.truth
        assert clip.valid.all()
        length_FK = np.linalg.norm(clip.coordinates[:, child] - clip.coordinates[:, parent], axis=-1)
        assert (np.ptp(length_FK, axis=0) < 1e-4 + 1e-3 * length_FK.mean(0)).all()


def test_what_is_seen_is_the_truth_without_depth_and_with_noise(recordings):
    for recording in recordings:
        seen, truth = recording.seen, recording.truth
        assert seen.coordinates.shape == (*truth.coordinates.shape[:2], 2)
        assert seen.shoulder_width() == pytest.approx(1.0, abs=1e-3)
        np.testing.assert_allclose(np.median(seen.coordinates[:, 1], axis=0), 0, atol=1e-3)
        off = np.linalg.norm(seen.coordinates - truth.coordinates[..., :2], axis=-1)[seen.valid]
        assert 0.003 < np.median(off) < 0.15


def test_hands_are_in_front_and_right_is_left_in_the_image(recordings):
    for recording in recordings:
        assert recording.truth.coordinates[:, 8:, 2].mean() > 0.1
        assert (recording.truth.coordinates[:, 2, 0] < recording.truth.coordinates[:, 5, 0]).all()


def test_no_two_signers_are_alike_and_every_seed_gives_its_own_again(recordings):
    again = record(np.random.default_rng(2), fps=20.0)
    np.testing.assert_array_equal(again.seen.coordinates, recordings[2].seen.coordinates)
    fore = [np.linalg.norm(r.truth.coordinates[0, 4] - r.truth.coordinates[0, 3]) for r in recordings]
    assert np.std(fore) > 0.02


def test_noise_and_gaps_can_be_left_out():
    clean = record(np.random.default_rng(0), noise=0.0, gaps=0.0)
    assert clean.seen.valid.all()
    assert any(not record(np.random.default_rng(seed)).seen.valid.all() for seed in range(3))

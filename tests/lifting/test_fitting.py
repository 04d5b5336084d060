"""Lifting: bones keep their length, depth comes nearer to the truth, and nothing is made up for what is missing."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from signllm.data.clips import open_clips
from signllm.data.demo.recordings import record
from signllm.errors import DataError
from signllm.lifting import energy, fitting
from signllm.lifting.fitting import lift
from signllm.pose import SKELETON_50, PoseSequence, Skeleton

ARM_BONES = ((2, 3), (3, 4), (5, 6), (6, 7))


@pytest.fixture(scope="module")
def recordings():
    """Three of the kinematic signer, cut short; other random numbers than those of training."""
    rng = np.random.default_rng([99, 3])
    pairs = list(zip([record(rng) for _ in range(3)], (24, 33, 40), strict=True))
    return [clip.seen[:end] for clip, end in pairs], [clip.truth[:end] for clip, end in pairs]


@pytest.fixture(scope="module")
def lifted(recordings):
    return lift(recordings[0])


def lengths(clip):
    parents, children = SKELETON_50.bones.T
    length_FK = np.linalg.norm(clip.coordinates[:, children] - clip.coordinates[:, parents], axis=-1)
    return np.ma.masked_array(length_FK, ~(clip.valid[:, parents] & clip.valid[:, children]))


@pytest.mark.parametrize("term", [field.name for field in fields(energy.Weights)])
def test_each_term_alone_prefers_the_start_to_bones_in_any_direction(recordings, monkeypatch, term):
    nothing = {field.name: 0.0 for field in fields(energy.Weights)}
    monkeypatch.setattr(energy, "WEIGHTS", energy.Weights(**{**nothing, term: 1.0}))
    problem = fitting._Problem.of([fitting._Seen.of(clip) for clip in recordings[0]])
    anywhere = torch.randn(problem.start_3BFK.shape, generator=torch.Generator().manual_seed(0))
    neck = problem.seen_2BFJ[..., SKELETON_50.root]
    start, other = (
        fitting._energy(problem, *fitting._pose(problem, way, neck)) for way in (problem.start_3BFK, anywhere)
    )
    assert start < other


def test_bones_keep_their_length(lifted):
    for clip in lifted:
        assert np.ma.ptp(lengths(clip), axis=0).max() < 1e-4


def test_depth_comes_nearer_to_the_truth_than_none(recordings, lifted):
    for seen, found, truth in zip(recordings[0], lifted, recordings[1], strict=True):
        off = np.abs(found.coordinates - truth.coordinates)[seen.valid]
        assert off[:, 2].mean() < 0.6 * np.abs(truth.coordinates[seen.valid][:, 2]).mean()
        moved = np.abs(found.coordinates[..., :2] - seen.coordinates)[seen.valid]
        assert moved.mean() < 0.03


def forward_as(truth, found):
    """For every bone of an arm that is deep in truth: whether its end is in front, or behind, as in truth."""
    right = []
    for upper, lower in ARM_BONES:
        true, made = (clip.coordinates[:, lower, 2] - clip.coordinates[:, upper, 2] for clip in (truth, found))
        deep = (np.abs(true) > 0.1) & found.valid[:, lower] & found.valid[:, upper]
        right += (true * made > 0)[deep].tolist()
    return right


def test_arms_reach_forwards_where_they_do(recordings, lifted):
    pairs = zip(recordings[1], lifted, strict=True)
    assert np.mean([right for truth, found in pairs for right in forward_as(truth, found)]) > 0.8


def test_what_is_missing_stays_missing(recordings, lifted):
    for seen, found in zip(recordings[0], lifted, strict=True):
        assert not seen.valid.all()
        np.testing.assert_array_equal(found.valid, seen.valid)
        assert (len(found), found.fps, found.unit) == (len(seen), seen.fps, seen.unit)


def test_a_clip_is_lifted_the_same_in_any_company_and_every_time(recordings, lifted):
    for seen, found in zip(recordings[0], lifted, strict=True):
        np.testing.assert_array_equal(lift([seen])[0].coordinates, found.coordinates)


def test_a_depth_that_is_there_is_not_looked_at(recordings, lifted):
    seen = recordings[0][0]
    deep = np.concatenate([seen.coordinates, np.full_like(seen.coordinates[..., :1], 9.0)], axis=-1)
    np.testing.assert_array_equal(lift([seen.replace(coordinates=deep)])[0].coordinates, lifted[0].coordinates)


def test_unit_and_place_of_the_clip_are_kept(recordings, lifted):
    seen = recordings[0][0]
    moved = lift([seen.replace(coordinates=seen.coordinates * 200 + [640, 360], unit="pixels")])[0]
    assert moved.unit == "pixels"
    back = (moved.coordinates - [640, 360, 0]) / 200
    np.testing.assert_allclose(back[seen.valid], lifted[0].coordinates[seen.valid], atol=0.02)


def test_clips_that_show_almost_nothing_are_lifted_too(recordings):
    seen = recordings[0][0]
    no_shoulders, nothing = seen.valid.copy(), np.zeros_like(seen.valid)
    no_shoulders[:, [1, 2, 5]] = False
    clips = [seen[:1], seen[:2], seen[:9].replace(valid=no_shoulders[:9]), seen[:9].replace(valid=nothing[:9])]
    for clip, found in zip(clips, lift(clips), strict=True):
        assert np.isfinite(found.coordinates).all()
        np.testing.assert_array_equal(found.valid, clip.valid)
    assert lift([]) == []


def test_another_skeleton_is_refused():
    other = Skeleton("stick", ("a", "b", "c"), (1, -1, 1), {"body": (0, 1, 2)}, (0, 2), {}, (2, 1, 0))
    clip = PoseSequence.all_valid(np.zeros((2, 3, 2)), 25, other)
    with pytest.raises(DataError, match="only clips of the skeleton signllm-50 can be lifted, not of stick"):
        lift([clip])


PHOENIX = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "phoenix_skels"


@pytest.mark.skipif(not PHOENIX.is_dir(), reason="the shared PHOENIX-2014T clips are not on this machine")
def test_arms_of_recordings_come_forward_as_their_own_depth_says():
    """Their depth is itself an estimate, so only its arms are asked, and roughly."""
    opened = open_clips(PHOENIX)
    truths = [opened.pose(index)[:50] for index in (0, 6)]
    lifted = lift([truth.replace(coordinates=truth.coordinates[..., :2]) for truth in truths])
    for truth, found in zip(truths, lifted, strict=True):
        assert (found.coordinates[:, [4, 7], 2] > 0).mean() > 0.95
        assert np.mean(forward_as(truth, found)) > 0.9

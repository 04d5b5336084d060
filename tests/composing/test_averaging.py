"""Clips on one time axis, their averages, and what is put back into an average."""

import numpy as np
import pytest

from signllm.aligning.lengths import typical_lengths
from signllm.aligning.values import NUM_VALUES, Values, average
from signllm.aligning.warping import align, smooth_warp
from signllm.composing.calibration import amplitude_at, amplitudes
from signllm.composing.strokes import stroke
from signllm.pose import SKELETON_50, PoseSequence
from tests.helpers.lexicons import ARM_AND_HAND, WRIST, performance, small_lexicon
from tests.helpers.sources import clip

HANDS = [*SKELETON_50.parts["left_hand"], *SKELETON_50.parts["right_hand"]]


def test_values_of_a_clip_give_it_back():
    pose = clip(3, frames=7)
    values = Values.of(pose)
    assert values.values_FV.shape == (7, NUM_VALUES)
    np.testing.assert_allclose(values.pose(25).coordinates, pose.coordinates, atol=1e-5)
    flat = Values.of(clip(3, frames=7, dims=2)).pose(25)
    np.testing.assert_array_equal(flat.coordinates[..., 2], 0)


def test_a_hand_without_its_wrist_has_no_place():
    pose = clip(1)
    valid = pose.valid.copy()
    valid[2, WRIST] = False
    back = Values.of(pose.replace(valid=valid)).pose(25)
    assert not back.valid[2, ARM_AND_HAND].any()
    assert back.valid[[0, 1, 3]].all()
    assert back.valid[2, SKELETON_50.parts["left_hand"]].all()


def test_the_average_of_two_handshapes_has_fingers_of_natural_length():
    one, other = clip(1, frames=1), clip(2, frames=1)
    bones = [(p, c) for p, c in SKELETON_50.bones if c in HANDS and p in HANDS]
    lengths = [
        np.array([np.linalg.norm(pose.coordinates[0, c] - pose.coordinates[0, p]) for p, c in bones])
        for pose in (one, other, average([Values.of(one), Values.of(other)]).pose(25))
    ]
    np.testing.assert_allclose(lengths[2], (lengths[0] + lengths[1]) / 2, rtol=1e-4)


def test_an_average_is_over_those_that_show_a_joint_and_hides_what_few_show():
    poses = [clip(seed, frames=12) for seed in range(4)]
    hidden = []
    for number, pose in enumerate(poses):
        valid = pose.valid.copy()
        valid[:, 3] = number == 0  # a quarter shows it
        valid[:, 6] = number < 2  # a half
        hidden.append(pose.replace(valid=valid))
    mean = average([Values.of(pose) for pose in hidden]).pose(25)
    assert not mean.valid[:, 3].any()
    assert mean.valid[:, 6].all()
    expected = (poses[0].coordinates + poses[1].coordinates)[:, 6] / 2
    np.testing.assert_allclose(mean.coordinates[:, 6], expected, atol=1e-5)


def test_a_clip_that_begins_to_show_a_joint_comes_in_slowly():
    still, other = (PoseSequence.all_valid(np.full((20, 50, 3), place, np.float32), 25) for place in (0.0, 1.0))
    valid = other.valid.copy()
    valid[:10, 3] = False
    mean = average([Values.of(still), Values.of(other.replace(valid=valid))]).pose(25)
    steps = np.abs(np.diff(mean.coordinates[:, 3, 0]))
    assert mean.coordinates[0, 3, 0] == 0
    assert mean.coordinates[-1, 3, 0] == pytest.approx(0.5)
    assert steps.max() < 0.4


def test_clips_of_one_sign_come_into_step():
    people = [performance(0, 40, 0.0), performance(0, 52, 0.5), performance(0, 33, 0.2)]
    aligned = align(people)
    frames = len(aligned.mean.values_FV)
    in_step = [Values.of(pose).at(warp).pose(25) for pose, warp in zip(people, aligned.warps, strict=True)]
    apart = [
        np.std([pose.coordinates[:, WRIST] for pose in clips], axis=0).mean()
        for clips in (in_step, [pose.stretched(frames) for pose in people])
    ]
    assert apart[0] < 0.3 * apart[1]
    assert all((np.diff(warp) >= 0).all() and warp.min() >= 0 for warp in aligned.warps)
    assert [round(warp.max()) for warp in aligned.warps] == [len(pose) - 1 for pose in people]


def test_the_most_typical_clip_is_the_medoid():
    people = [performance(0, 40), performance(3, 40), performance(0, 44), performance(0, 42)]
    aligned = align(people)
    assert aligned.medoid != 1
    assert aligned.atypical_N.argmax() == 1
    alone = align([people[0]])
    assert alone.atypical_N.tolist() == [0]
    np.testing.assert_allclose(alone.mean.pose(25).coordinates, people[0].coordinates, atol=1e-5)


def test_a_warp_is_smooth_and_monotone():
    path = np.array([(0, 0), (0, 1), (0, 2), (1, 3), (2, 3), (3, 3), (4, 3), (5, 4)])
    warp = smooth_warp(path, 5)
    assert (np.diff(warp) >= 0).all()
    assert warp[0] >= 0
    assert warp[-1] <= 5
    even = smooth_warp(np.stack([np.arange(9), np.arange(9)], 1), 9)
    np.testing.assert_allclose(even, np.arange(9))


def test_an_average_is_amplified_until_it_moves_as_far_as_people():
    lexicon = small_lexicon(people=6, wobble=0.05)
    made, due = 0.0, 0.0
    for sign in lexicon:
        for unit in sign.units:
            for values, pose in ((sign.layers(unit, sign.whole()).sum(0.0, lexicon.amplitude_at(0.0)), unit.read()),):
                made += np.linalg.norm(np.diff(values.pose(25).coordinates[:, WRIST], axis=0), axis=-1).sum()
                due += np.linalg.norm(np.diff(pose.coordinates[:, WRIST], axis=0), axis=-1).sum()
    assert made == pytest.approx(due, rel=0.05)
    assert lexicon.amplitude_at(0.0)[0] > lexicon.amplitude_at(1.0)[0] > 1


def test_nothing_is_amplified_where_nothing_was_averaged():
    lexicon = small_lexicon(people=1)
    assert set(lexicon.amplitude.values()) == {(1.0, 1.0)}
    (sign, *_) = lexicon
    whole = sign.layers(sign.units[0]).sum(1.0, (2.0, 2.0)).pose(25)
    np.testing.assert_allclose(whole.coordinates, sign.units[0].read().coordinates, atol=1e-5)


def test_amplitudes_are_interpolated():
    found = {0.0: (2.0, 3.0), 1.0: (1.0, 1.0)}
    assert amplitude_at(found, 0.25) == (1.75, 2.5)
    assert amplitudes([]) == {0.0: (1.0, 1.0), 0.5: (1.0, 1.0), 1.0: (1.0, 1.0)}


def test_lengths_follow_the_sign_only_where_signs_differ():
    alike = typical_lengths([[20, 80], [30, 60], [40, 44], [22, 70]])
    assert max(alike) - min(alike) < 1
    apart = typical_lengths([[20, 22, 21], [80, 78, 82], [41, 40, 39]])
    np.testing.assert_allclose(apart, [21, 80, 40], rtol=0.03)
    assert typical_lengths([[25]]) == [pytest.approx(25)]
    assert typical_lengths([[30], [60]]) == [pytest.approx(30), pytest.approx(60)]


def test_a_stroke_is_the_sign_without_the_way_up_and_down():
    pose = performance(0, 50)
    found = stroke(pose)
    assert 4 <= found.start <= 10
    assert 40 <= found.stop <= 46
    within = stroke(pose[found])
    assert within.stop - within.start >= 0.8 * (found.stop - found.start)
    still = PoseSequence.all_valid(np.repeat(pose.coordinates[:1], 12, axis=0), 25)
    assert stroke(still) == slice(0, 12)

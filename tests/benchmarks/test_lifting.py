"""The figures of the benchmark of lifting: what the truth, no depth and an inverted depth get."""

import sys

import numpy as np
import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from lifting import bone_variation, figures, flattened, order_of, recorded, third_differences

from signllm.data.demo import animate
from signllm.pose import PoseSequence


@pytest.fixture(scope="module")
def truth():
    return animate(["MOTHER", "BOOK"], "ASL", signer=3)


def test_the_truth_is_right_and_its_bones_are_stiff(truth):
    error, depth, order, bones, jitter = figures([truth], [truth])
    assert (error, depth, order) == (0, 0, 1)
    assert bones < 0.01
    assert jitter > 0


def test_without_depth_the_order_is_a_coin_toss_and_the_error_is_the_depth(truth):
    error, depth, order, bones, _ = figures([flattened(truth)], [truth])
    assert error == depth == pytest.approx(float(np.abs(truth.coordinates[..., 2]).mean()))
    assert order == 0.5
    assert bones > 5


def test_a_depth_turned_round_is_always_wrong(truth):
    right, count = order_of(truth.replace(coordinates=truth.coordinates * [1, 1, -1]), truth)
    assert (right, count > 20) == (0, True)


def test_missing_joints_and_short_clips_do_not_count(truth):
    hidden = truth.replace(valid=np.zeros_like(truth.valid))
    assert order_of(hidden, truth) == (0, 0)
    assert bone_variation(hidden) == []
    assert len(third_differences(truth[:3])) == 0


def test_jitter_is_the_third_difference_in_thousandths():
    rising = np.zeros((8, 50, 3))
    rising[..., 0] = (np.arange(8) ** 3)[:, None] / 6000
    np.testing.assert_allclose(third_differences(PoseSequence.all_valid(rising, 25)), 1.0, rtol=1e-3)


def test_recordings_are_seen_without_depth():
    ((seen, truth),) = recorded(1)
    assert seen.coordinates.shape == truth.coordinates.shape
    assert not seen.coordinates[..., 2].any()

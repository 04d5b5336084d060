"""Exact DTW against a literal implementation in plain loops."""

import math
import subprocess
import sys

import numpy as np
import pytest

from signllm.aligning.dtw import dtw, dtw_pairs
from signllm.pose import SKELETON_50, PoseSequence
from tests.helpers.literal_paths import literal_dtw


def clip(rng, frames, missing=0.0, coordinates=3):
    pose = rng.normal(size=(frames, SKELETON_50.num_joints, coordinates))
    return PoseSequence(pose, rng.random((frames, SKELETON_50.num_joints)) >= missing, 25)


@pytest.mark.parametrize("kind", ["mean_joint", "l1_sum", "l2"])
@pytest.mark.parametrize(("missing", "coordinates"), [(0.0, 3), (0.4, 3), (0.9, 3), (0.2, 2)])
def test_cost_and_path_equal_the_literal_recursion(kind, missing, coordinates):
    rng = np.random.default_rng(3)
    for frames in ((9, 14), (12, 5), (1, 6), (7, 1)):
        h, r = (clip(rng, n, missing, coordinates) for n in frames)
        found = dtw(h, r, kind)
        cost, path = literal_dtw(kind, h, r)
        assert found.cost == pytest.approx(cost, rel=1e-6)
        assert found.path.tolist() == [list(step) for step in path]
        assert found.length == len(path)


def test_the_mask_of_0_9_really_leaves_pairs_without_a_common_joint():
    rng = np.random.default_rng(3)
    h, r = clip(rng, 9, 0.9), clip(rng, 14, 0.9)
    assert (h.valid.astype(int) @ r.valid.T.astype(int) == 0).any()


def test_ties_take_the_diagonal_then_the_hypothesis():
    still = PoseSequence.all_valid(np.zeros((5, 50, 3)), 25)
    assert dtw(still[:3], still).path.tolist() == [[0, 0], [0, 1], [0, 2], [1, 3], [2, 4]]
    assert dtw(still, still[:3]).path.tolist() == [[0, 0], [1, 0], [2, 0], [3, 1], [4, 2]]


def test_without_any_common_joint_sums_have_no_cost_and_the_mean_is_that_of_misses():
    right = np.zeros((4, 50), bool)
    right[:, 29:] = True
    coordinates = np.random.default_rng(0).normal(size=(4, 50, 3))
    h, r = PoseSequence(coordinates, right, 25), PoseSequence(coordinates, ~right, 25)
    assert math.isnan(dtw(h, r, "l1_sum").cost)
    assert dtw(h, r).cost > 3


def test_joints_that_the_reference_lacks_cost_nothing():
    rng = np.random.default_rng(5)
    whole = clip(rng, 6)
    valid = whole.valid.copy()
    valid[2:4, 8:29] = False
    gaps = whole.replace(valid=valid)
    assert dtw(whole, gaps).cost == pytest.approx(0, abs=1e-6)
    assert dtw(gaps, gaps).cost == pytest.approx(0, abs=1e-6)
    assert dtw(gaps, whole).cost > 1


def test_many_pairs_in_threads_equal_one_by_one():
    rng = np.random.default_rng(6)
    pairs = [(clip(rng, int(a), 0.1), clip(rng, int(b), 0.1)) for a, b in rng.integers(120, 180, (12, 2))]
    together = dtw_pairs(pairs, threads=3)
    for pair, found in zip(pairs, together, strict=True):
        alone = dtw(*pair)
        assert found.cost == alone.cost
        assert (found.path == alone.path).all()
    assert dtw_pairs([]) == []


def test_importing_metrics_loads_no_compiler():
    code = (
        "import sys, signllm.metrics, signllm.evaluation.baselines, signllm.metrics.frechet;"
        " print([m for m in ('numba', 'fastdtw', 'scipy', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"

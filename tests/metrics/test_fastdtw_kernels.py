"""The compiled FastDTW must walk the very paths of the package that the metric is defined by."""

import math

import numpy as np
import pytest
from fastdtw import fastdtw

from signllm.metrics.fastdtw_kernels import fastdtw_path
from tests.helpers.clips import signing, with_missing

RNG = np.random.default_rng(0)


def drifting():
    return RNG.normal(size=(RNG.integers(1, 40), 6)).cumsum(0)


def full_of_ties():
    return RNG.integers(0, 2, size=(RNG.integers(1, 30), 3)).astype(float)


@pytest.mark.parametrize("make", [drifting, full_of_ties])
def test_paths_equal_those_of_the_package(make):
    for _ in range(40):
        h, r = make(), make()
        _, expected = fastdtw(h, r, radius=1, dist=math.dist)
        seen_h, seen_r = (np.ones((len(clip), clip.shape[1] // 3)) for clip in (h, r))
        assert fastdtw_path(h, seen_h, r, seen_r).tolist() == [list(step) for step in expected]


def test_some_of_those_paths_are_not_the_cheapest():
    from signllm.aligning.dtw import align_costs

    worse = 0
    for _ in range(20):
        h, r = RNG.normal(size=(2, 40, 2))
        cost, _ = fastdtw(h, r, radius=1, dist=math.dist)
        exact = align_costs(np.array([[math.dist(a, b) for b in r] for a in h], np.float32)).cost
        worse += cost > exact * 1.001
    assert worse > 5


def test_with_missing_joints_coarse_frames_average_what_is_shown():
    h, r = with_missing(signing(1, 30), 0.3, 1), with_missing(signing(2, 41), 0.3, 2)

    def local(a, b):
        shown = (a[150:] > 0) & (b[150:] > 0)
        places = [(v[:150].reshape(50, 3)[shown] / v[150:, None][shown]) for v in (a, b)]
        return math.sqrt(((places[0] - places[1]) ** 2).sum() * 50 / shown.sum())

    flat = [(c.coordinates.reshape(len(c), 150).astype(float), c.valid.astype(float)) for c in (h, r)]
    _, expected = fastdtw(*(np.concatenate(side, axis=1) for side in flat), radius=1, dist=local)
    assert fastdtw_path(*flat[0], *flat[1]).tolist() == [list(step) for step in expected]

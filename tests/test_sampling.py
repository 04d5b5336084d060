"""Choosing some of many: exactly as many as asked for, all different, evenly spread."""

import numpy as np
import pytest

from signllm.sampling import spread


@pytest.mark.parametrize("count", [1, 2, 3, 7, 30, 61])
def test_exactly_as_many_different_ones_at_almost_equal_steps(count):
    for most in range(2, count + 1):
        chosen = spread(count, most)
        steps = np.diff(chosen)
        assert len(chosen) == most
        assert (chosen[0], chosen[-1]) == (0, count - 1)
        assert steps.min() >= 1
        assert steps.max() - steps.min() <= 1


def test_all_when_there_are_no_more_and_few_when_few_are_asked_for():
    assert spread(5, None) == spread(5, 5) == spread(5, 99) == [0, 1, 2, 3, 4]
    assert spread(5, 1) == [0]
    assert spread(5, 0) == spread(0, 3) == spread(0, None) == []


def test_two_thousand_of_31000_are_two_thousand():
    chosen = spread(31_000, 2_000)
    assert len(set(chosen)) == 2_000
    assert set(np.diff(chosen).tolist()) == {15, 16}

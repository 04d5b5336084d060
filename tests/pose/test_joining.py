"""Clips one after the other: no jump, no joint faster than the limit, and no joint that is not seen on both sides."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.joining import FASTEST, SHORTEST_S, join_clips


def still(at, frames=5, fps=25.0, missing=()):
    valid = np.ones((frames, 50), bool)
    valid[:, list(missing)] = False
    return PoseSequence(np.full((frames, 50, 3), at), valid, fps)


def steps(clip):
    return np.linalg.norm(np.diff(clip.coordinates, axis=0), axis=-1).max(1)


@pytest.mark.parametrize("fps", [12.5, 25.0, 50.0])
@pytest.mark.parametrize("far", [0.0, 0.3, 1.0, 3.0])
def test_the_signer_moves_smoothly_and_never_too_fast(far, fps):
    before, after = still(0.0, fps=fps), still(far / np.sqrt(3), fps=fps)
    joined = join_clips([before, after])
    assert np.array_equal(joined.coordinates[:5], before.coordinates)
    assert np.array_equal(joined.coordinates[-5:], after.coordinates)
    assert joined.valid.all()
    assert steps(joined).max() <= FASTEST / fps * 1.001
    between_s = (len(joined) - 10 + 1) / fps
    needed_s = max(SHORTEST_S, 1.875 * far / FASTEST)
    assert needed_s <= between_s < needed_s + 1 / fps + 1e-6
    if far:  # it gains speed and loses it
        speed = steps(joined)[4 : len(joined) - 5]
        assert speed.argmax() in (len(speed) // 2 - 1, len(speed) // 2)
        assert speed[0] < speed.max() / 2


def test_between_sentences_it_takes_about_a_third_of_a_second():
    assert 0.2 <= (len(join_clips([still(0.0), still(0.5)])) - 9) / 25 <= 0.4


def test_a_joint_that_is_missing_on_one_side_is_missing_between():
    before, after = still(0.0, missing=[7]), still(9.0, missing=[8])
    joined = join_clips([before, after])
    assert not joined.valid[5:-5, [7, 8]].any()
    assert joined.valid[5:-5].sum(1).tolist() == [48] * (len(joined) - 10)
    # The place of a missing joint is 0, far from the others: it does not make the movement slow.
    assert len(join_clips([still(9.0), still(9.0, missing=[7])])) == len(join_clips([still(9.0), still(9.0)]))


def test_one_clip_stays_as_it_is():
    clip = still(1.0)
    assert join_clips([clip]) is clip


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="no clip"):
        join_clips([])
    with pytest.raises(DataError, match=r"25 fps.*50 fps"):
        join_clips([still(0.0), still(0.0, fps=50.0)])

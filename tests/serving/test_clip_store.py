"""Which clips are still kept: the last ones that were made or asked for, within a number of clips and of bytes."""

import pytest

from signllm.inference import GeneratedClip
from signllm.serving.clip_store import ClipStore
from tests.helpers.clips import signing


def clip_of(frames):
    return GeneratedClip("a", "a", "ASL", None, signing(1, frames))


def kept(store, names):
    return [name in store._clips for name in names]


def test_a_clip_that_was_asked_for_stays_longer():
    store = ClipStore(2, 10**9)
    first, second = (store.add(clip_of(4)) for _ in range(2))
    assert store.get(first) is not None
    third = store.add(clip_of(4))
    assert kept(store, [first, second, third]) == [True, False, True]
    assert store.get(second) is None


@pytest.mark.parametrize(("room", "expected"), [(2.5, [False, True, True]), (0.5, [False, False, True])])
def test_bytes_are_limited_but_the_last_clip_is_kept(room, expected):
    pose = clip_of(4).pose
    store = ClipStore(10, int(room * (pose.coordinates.nbytes + pose.valid.nbytes)))
    assert kept(store, [store.add(clip_of(4)) for _ in range(3)]) == expected
    assert len(store) == sum(expected)

"""Batches of clips of like length, in even numbers."""

import numpy as np

from signllm.learning.length_batches import even_batches, order_by_length

LENGTHS = np.random.default_rng(0).integers(5, 200, 70).tolist()


def batches(seed=0, size=16):
    return [batch.tolist() for batch in even_batches(LENGTHS, size, np.random.default_rng(seed))]


def test_each_clip_stands_in_one_of_as_few_batches_as_there_can_be_all_of_about_one_size():
    found = batches()
    assert sorted(index for batch in found for index in batch) == list(range(70))
    assert sorted(map(len, found)) == [14] * 5


def test_batches_are_of_like_length_in_random_order():
    found = batches()
    means = [np.mean([LENGTHS[index] for index in batch]) for batch in found]
    assert means != sorted(means)
    assert np.mean([np.std([LENGTHS[index] for index in batch]) for batch in found]) < 0.5 * np.std(LENGTHS)
    assert batches(1) != found == batches(0)


def test_clips_change_places_within_the_jitter_only():
    rng = np.random.default_rng(0)
    order = order_by_length([10, 100, 99, 1000], 0.2, rng).tolist()
    assert order[0] == 0
    assert order[3] == 3
    assert {tuple(order_by_length([10, 100, 99, 1000], 0.2, rng)[1:3].tolist()) for _ in range(30)} == {(1, 2), (2, 1)}
    assert order_by_length([3, 1, 2], 0.0, rng).tolist() == [1, 2, 0]

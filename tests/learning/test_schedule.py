"""The learning rate over a training's steps."""

import math
from itertools import pairwise

import pytest

from signllm.learning.schedule import FLOOR, Schedule, cosine, warmed_up


def test_the_warm_up_is_a_line_that_reaches_the_rate():
    assert [warmed_up(6.0, step, 3) for step in range(5)] == [2.0, 4.0, 6.0, 6.0, 6.0]
    assert warmed_up(6.0, 0, 1) == 6.0


def test_the_cosine_falls_from_1_over_the_middle_to_the_floor():
    assert [cosine(progress, 0.2) for progress in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.6, 0.2])
    assert cosine(1.0) == 0.0
    assert cosine(0.25) == pytest.approx(0.5 + math.sqrt(0.5) / 2)


def test_a_schedule_warms_up_and_ends_at_the_floor():
    schedule = Schedule(peak=2.0, total_steps=1000, warmup_steps=100)
    assert schedule.rate(0) == pytest.approx(2.0 / 101)
    assert schedule.rate(99) == pytest.approx(2.0 * 100 / 101)
    assert schedule.rate(100) == 2.0
    assert schedule.rate(550) == pytest.approx(2.0 * (FLOOR + (1 - FLOOR) / 2))
    rates = [schedule.rate(step) for step in range(1000)]
    assert all(before < after for before, after in pairwise(rates[:101]))
    assert all(before >= after for before, after in pairwise(rates[100:]))
    assert schedule.rate(1000) == schedule.rate(2000) == pytest.approx(2.0 * FLOOR)


def test_a_short_training_has_a_warm_up_of_a_tenth():
    schedule = Schedule(peak=1.0, total_steps=20, warmup_steps=100)
    assert [schedule.rate(step) for step in range(3)] == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_a_constant_schedule_stays_at_its_peak():
    schedule = Schedule(peak=1.0, total_steps=100, warmup_steps=0, shape="constant")
    assert {schedule.rate(step) for step in (0, 50, 100)} == {1.0}

"""By what depth is multiplied, for body and hands apart, which way it points, and where it is taken for none."""

import numpy as np
import pytest

from signllm.pose.formats.searching import FACTORS, find
from tests.pose.test_finding import tracked


def deep(factor_body, factor_hands=None, count=2, change=lambda points: points):
    """MediaPipe's points whose depth is so many times too large."""

    def stretch(points):
        points = change(points).copy()
        points[:, :33, 2] *= factor_body
        points[:, 33:, 2] *= factor_hands if factor_hands is not None else factor_body
        return points

    return tracked("mediapipe-75", stretch, count, dims=3)


@pytest.mark.parametrize(("stretch", "factor"), [(5, "0.2"), (4, "0.25"), (2, "0.5"), (1, "1"), (0.8, "1.25")])
def test_depth_is_multiplied_by_the_factor_that_keeps_bones_rigid(stretch, factor):
    (step,) = (step for step in find(deep(stretch)).steps if step.name == "depth")
    assert step.value == f"{factor},{factor}"
    assert step.why == (
        f"bones of the body vary by 0.1% with z x {factor}, 8.0% without;"
        f" bones of the hands vary by 0.0% with z x {factor}, 6.6% without"
    )


def test_body_and_hands_have_factors_of_their_own_and_hands_none_without_the_body():
    assert find(deep(4, 2)).settings.depths == (0.25, 0.5)
    noise = np.random.default_rng(0).normal(0, 300, (12, 75))

    def spoil(first, last):
        def change(points):
            points = points.copy()
            points[:, first:last, 2] = noise[:, first:last]
            return points

        return change

    assert find(deep(1, change=spoil(33, 75))).settings.depths == (1.0, 0.0)
    found = find(deep(1, change=spoil(0, 33)))
    assert (found.settings.depths, found.has_depth) == ((0.0, 0.0), False)
    assert [step.value for step in found.steps if step.name == "depth"] == ["none"]


def test_bones_that_are_seldom_seen_say_nothing_of_depth():
    raws = [raw.cut(0, 7) for raw in deep(1)]
    (step,) = (step for step in find(raws).steps if step.name == "depth")
    assert str(step) == "depth none: bones are seen too seldom to judge z"


def test_depth_that_points_away_is_turned_where_four_of_five_clips_say_so():
    def ahead(sign):
        def change(points):
            points = points.copy()
            points[:, [15, 16], 2] = points[:, [13, 14], 2] + np.abs(points[:, [15, 16], 2] - points[:, [13, 14], 2])
            return points * (1, 1, sign)

        return change

    for away, turned in ((4, True), (3, False)):
        raws = deep(1, count=away, change=ahead(-1)) + deep(1, count=1, change=ahead(1))
        (step,) = (step for step in find(raws).steps if step.name == "depth")
        assert step.value == ("-1,-1" if turned else "1,1")
        says = f"hands have the smaller z in {away} of {away + 1} clips, so z points away and is turned"
        assert step.why.endswith(says) == turned


def test_the_factors_that_are_tried():
    assert FACTORS == (0.0, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5)

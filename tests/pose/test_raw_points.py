"""Rows of a tracker's numbers: the forms that fit a width, their points, and which the file marks as missing."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.raw_points import (
    MIXED,
    Form,
    RawPoints,
    forms_of_points,
    forms_of_width,
    known_widths,
)

OPENPOSE, DWPOSE = "openpose-67", "dwpose-134"


def numbers(form, frames=2, **more):
    """Rows of the numbers 1, 2, ...; all forms of their width fit."""
    form = Form(*form) if isinstance(form, tuple) else form
    values = np.arange(1, frames * form.width + 1, dtype=np.float32).reshape(frames, form.width)
    return RawPoints(values, (form,), **more), form


@pytest.mark.parametrize(
    ("form", "width", "text"),
    [
        ((OPENPOSE, 2), 134, "openpose-67 (67 points of 2 numbers)"),
        ((OPENPOSE, 3, True), 202, "openpose-67 (67 points of 3 numbers, a counter)"),
        ((OPENPOSE, 4), 268, "openpose-67 (67 points of 4 numbers)"),
        (("mediapipe-75", MIXED), 258, "mediapipe-75 (75 points of x, y, z and for the body a visibility)"),
        (("mediapipe-543", MIXED, True), 1663,
         "mediapipe-543 (543 points of x, y, z and for the body a visibility, a counter)"),
    ],
)  # fmt: skip
def test_a_form_has_a_width_and_a_name(form, width, text):
    assert (Form(*form).width, str(Form(*form))) == (width, text)
    assert Form(*form) in forms_of_width(width)


def test_all_forms_of_a_width_are_found():
    assert forms_of_width(134) == (Form(OPENPOSE, 2),)
    assert forms_of_width(135) == (Form(OPENPOSE, 2, True),)
    assert forms_of_width(258) == (Form("mediapipe-75", MIXED),)
    assert forms_of_width(150) == (Form("signllm-50", 3), Form("mediapipe-75", 2))
    assert forms_of_width(200) == (Form("signllm-50", 4),)
    assert forms_of_width(133) == forms_of_width(0) == ()


def test_all_forms_of_a_count_are_found():
    for count in (2, 3, 4):
        assert forms_of_points(137, count) == (Form("openpose-137", count), Form("openpose-137-face-last", count))
    assert forms_of_points(137, 1) == forms_of_points(137, 5) == forms_of_points(138, 3) == ()
    assert known_widths() == (
        "frames of 50, 51, 59, 60, 65, 67, 70, 72, 75, 127, 128, 130, 133, 134, 135, 136, 137, 144, 178, 308, 543, 553,"
        " 576, 586 points"
        " with 2, 3 or 4 numbers each, flat or nested"
    )


def test_points_are_taken_from_rows():
    for count in (2, 3, 4):
        raw, form = numbers((OPENPOSE, count))
        points_FKC, fourth_FK, counter_F = raw.points(form)
        rows = raw.values_FV.reshape(2, 67, count)
        np.testing.assert_array_equal(points_FKC, rows[..., :3])
        assert counter_F is None
        if count == 4:
            np.testing.assert_array_equal(fourth_FK, rows[..., 3])
        else:
            assert fourth_FK is None
    raw, form = numbers((OPENPOSE, 2, True))
    points_FKC, _, counter_F = raw.points(form)
    assert counter_F.tolist() == [135, 270]
    np.testing.assert_array_equal(points_FKC.reshape(2, -1), raw.values_FV[:, :-1])


def test_only_the_body_of_a_mixed_row_has_a_fourth_number():
    raw, form = numbers(("mediapipe-asl-signs", MIXED, True))
    points_FK3, fourth_FK, counter_F = raw.points(form)
    row = raw.values_FV[1]
    assert (points_FK3.shape, fourth_FK.shape, counter_F[1]) == ((2, 543, 3), (2, 543), row[-1])
    assert fourth_FK.dtype == np.float32
    body, right = 489 * 3, 489 * 3 + 33 * 4  # face and left hand stand before the body
    np.testing.assert_array_equal(points_FK3[1, :489].ravel(), row[:body])
    np.testing.assert_array_equal(points_FK3[1, 489:522], row[body:right].reshape(33, 4)[:, :3])
    np.testing.assert_array_equal(fourth_FK[1, 489:522], row[body:right].reshape(33, 4)[:, 3])
    np.testing.assert_array_equal(points_FK3[1, 522:].ravel(), row[right:-1])
    assert (np.delete(fourth_FK, range(489, 522), axis=1) == 1).all()


def seen(points, third, form=OPENPOSE, count=3, **more):
    """Which of the first points are seen; the others lie somewhere, with a confidence of 0.9."""
    layout = Form(form, count)
    values = np.full((1, layout.points.num_points, count), 0.9, np.float32)
    values[0, : len(points)] = points
    raw = RawPoints(values.reshape(1, -1), (layout,), **more)
    found = raw.seen(layout, third)
    assert found[0, len(points) :].all()
    return found[0, : len(points)].tolist()


MARKED = [[0, 0, 0.5], [0, 0, 0], [-1, -1, 0.5], [-1, 0, 0.5], [0, -1, 0.5], [np.nan, 1, 0.5], [1, np.nan, 0.5],
          [1, 1, 0], [1, 1, -0.1], [1, 1, np.nan], [0, 1, 0.01], [1, 0, 0.5]]  # fmt: skip


def test_marks_of_missing_points():
    as_confidence = [False, False, False, True, True, False, False, False, False, False, True, True]
    as_depth = [True, False, False, True, True, False, False, True, True, True, True, True]
    assert seen(MARKED, "confidence") == as_confidence
    assert seen(MARKED, "depth") == as_depth
    flat = [point[:2] for point in MARKED]
    assert seen(flat, "depth", count=2) == [False, False, False, True, True, False, False, *[True] * 5]


@pytest.mark.parametrize("layout", [DWPOSE, OPENPOSE])
def test_a_point_is_as_sure_as_its_layout_asks(layout):
    points = [[1, 1, 0.31], [1, 1, np.float32(0.3)], [1, 1, 0.29], [1, 1, 0]]
    asked = layout == DWPOSE
    assert seen(points, "confidence", layout) == [True, np.float32(0.3) >= 0.3, not asked, False]
    assert seen(points, "depth", layout) == [True] * 4
    scores = np.full((1, 134 if asked else 67), 0.9)
    scores[0, :4] = [0.31, 0.3, 0.29, 0]
    flat = [[1, 1]] * 4
    assert seen(flat, "confidence", layout, 2, scores_FK=scores) == [True, True, not asked, False]
    assert seen(points, "depth", layout, scores_FK=scores) == [True, True, not asked, False]
    assert seen([[1, 1, 0.9]] * 4, "confidence", layout, scores_FK=scores) == [True] * 4  # the third number counts


def test_scores_of_a_layout_with_depth_only_say_whether_a_point_is_there():
    scores = np.ones((1, 75))
    scores[0, :3] = [0.1, 0, 0.49]
    assert seen([[1, 1, 1]] * 3, "depth", "mediapipe-75", scores_FK=scores) == [True, False, True]


def test_visibility_is_asked_of_the_parts_that_have_one():
    points = [[1, 1, 1, 0.5], [1, 1, 1, 0.49], [1, 1, 1, np.nan]]
    form = Form("mediapipe-75", 4)
    values = np.full((1, 75, 4), 0.2, np.float32)
    values[0, :3], values[0, 3:33, 3] = points, 1
    raw = RawPoints(values.reshape(1, -1), (form,))
    assert raw.seen(form, "depth")[0].tolist() == [True, False, False, *[True] * 72]  # hands: 0.2 is no visibility
    values[0, 3] = 0, 0, 0, 1  # missing, however visible
    assert not RawPoints(values.reshape(1, -1), (form,)).seen(form, "depth")[0, 3]
    # A layout without such parts takes the fourth number of every point for one.
    points = [[1, 1, 0.9, 0.3001], [1, 1, 0.9, 0.2]]
    assert seen(points, "confidence", DWPOSE, 4) == [True, False]


def test_points_on_the_border_are_missing_where_they_were_cut_off_there():
    points = [[0, 0.5], [0.5, 0], [1, 0.5], [0.5, 1], [0.001, 0.999], [1.2, 0.5], [0.5, -0.1], [np.inf, 0.5],
              [0.5, -np.inf], [np.nan, 0.5]]  # fmt: skip
    assert seen(points, "depth", count=2) == [*[True] * 9, False]
    cut = [False] * 4 + [True] + [False] * 2 + [True] * 2 + [False]  # infinity is a fault, and not to be hidden
    assert seen(points, "depth", count=2, border_is_missing=True) == cut
    deep = [[0.5, 0.5, 5.0], [0.5, 0.5, -np.inf], [1.0, 0.5, 0.5], [1.2, 0.5, np.inf]]  # depth has no border
    assert seen(deep, "depth", border_is_missing=True) == [True, True, False, False]


def test_a_part_of_a_clip_keeps_what_is_said_of_it():
    raw, form = numbers((OPENPOSE, 2), frames=5, fps=30.0, scores_FK=np.arange(5 * 67).reshape(5, 67), aspect=2.0,
                        depth_unit=3.0, border_is_missing=True, note="n")  # fmt: skip
    part = raw.cut(1, 3)
    assert (len(raw), len(part)) == (5, 2)
    np.testing.assert_array_equal(part.values_FV, raw.values_FV[1:3])
    np.testing.assert_array_equal(part.scores_FK, raw.scores_FK[1:3])
    assert (part.forms, part.fps, part.aspect, part.depth_unit, part.border_is_missing, part.note) == (
        (form,), 30.0, 2.0, 3.0, True, "n",
    )  # fmt: skip
    assert numbers((OPENPOSE, 2))[0].cut(0, 1).scores_FK is None
    plain = numbers((OPENPOSE, 2))[0]
    assert (plain.fps, plain.aspect, plain.depth_unit, plain.border_is_missing, plain.note) == (
        None, None, 1.0, False, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "forms", "says"),
    [
        (np.ones((2, 134), bool), (Form(OPENPOSE, 2),), "its points are bool values, expected numbers"),
        (np.ones((2, 67, 2)), (Form(OPENPOSE, 2),), r"points of shape \(2, 67, 2\) are not known; known are frames of"),
        (np.ones((2, 134)), (), r"points of shape \(2, 134\) are not known"),
        (np.ones((2, 134)), (Form(OPENPOSE, 3),), "are not known"),
        (np.ones((2, 134)), (Form(OPENPOSE, 2), Form(OPENPOSE, 3)), "are not known"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_points_is_refused(values, forms, says):
    with pytest.raises(DataError, match=says):
        RawPoints(values, forms)


def test_scores_are_a_number_for_each_point():
    def made(scores):
        return RawPoints(np.ones((2, 134)), (Form(OPENPOSE, 2),), scores_FK=scores)

    for kind in (float, int, np.uint8):
        assert made(np.ones((2, 67), kind)).scores_FK.dtype == kind
    for scores, says in (
        (np.ones((2, 67), bool), r"bool values of shape \(2, 67\), expected a number for each point"),
        (np.ones((1, 67)), r"float64 values of shape \(1, 67\)"),
        (np.ones((2, 66)), r"float64 values of shape \(2, 66\)"),
    ):
        with pytest.raises(DataError, match=says):
            made(scores)


def test_numbers_keep_their_precision_where_they_have_any():
    for kind, kept in ((np.float16, np.float32), (np.int64, np.float32), (np.uint8, np.float32),
                       (np.float32, np.float32), (np.float64, np.float64)):  # fmt: skip
        assert RawPoints(np.ones((2, 134), kind), (Form(OPENPOSE, 2),)).values_FV.dtype == kept

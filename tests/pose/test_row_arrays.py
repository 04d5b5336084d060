"""Arrays as clips: by their names and shapes, their scores and frame rate, and of several people the one who signs."""

import re

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.raw_points import MIXED, Form, known_widths
from signllm.pose.formats.row_arrays import (
    FPS,
    LARGEST,
    POINTS,
    SCORES,
    follow,
    is_batch_shape,
    is_pose_shape,
    part_of,
    read_arrays,
    rows_of,
    signer_of,
)
from tests.helpers.people import person, points_of

POINTS_67 = np.arange(3 * 67 * 2, dtype=np.float32).reshape(3, 67, 2) + 1
ONE = np.ones((67, 2))


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        (
            POINTS,
            "keypoint keypoints points pose poses pose_3d poses_2d landmark landmarks coordinate coordinates joints"
            " skeleton skeletons data arr_0 kpt kpts feature features x value values KEYPOINTS my_pose a_b_x",
            "joint arr_1 y texts pose_4d posex xpose",
        ),
        (
            SCORES,
            "score scores confidence confidences conf visibility keypoint_scores Left_Hand_Score body_conf",
            "scored xscore visible",
        ),
        (FPS, "fps FPS frame_rate FrameRate framerate", "fps_ video_fps rate"),
    ],
)
def test_names_that_are_known(pattern, names, others):
    assert [name for name in names.split() if not pattern.fullmatch(name)] == []
    assert [name for name in others.split() if pattern.fullmatch(name)] == []


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("body", "body bodies pose body_keypoints BODY_KEYPOINT bodylandmarks pose_landmark pose_2d pose_3d"
                 " body_keypoints_2d body_points"),
        ("face", "face faces face_keypoints face_landmark Face_3d faces_points face_2d_points"),
        ("left", "left_hand lefthand hand_left handleft lh left_hand_keypoints left_hand_landmark_3d LH_2d lh_points"),
        ("right", "right_hand righthand hand_right handright rh right_hand_keypoint rh_landmarks RightHand_3d rh_2d"
                  " rh_points"),
        ("hands", "hands hands_keypoints hands_landmark hands_2d Hands_3d hands_points"),
        (None, "hand left right bodyx face_texts hand_leftx keypoints"),
    ],
)  # fmt: skip
def test_parts_are_told_by_their_names(part, names):
    assert {name: part_of(name) for name in names.split()} == dict.fromkeys(names.split(), part)


@pytest.mark.parametrize(
    ("shape", "pose", "batch"),
    [
        ((9, 134), True, False),
        ((9, 133), False, False),
        ((134,), False, False),
        ((9, 67, 2), True, False),
        ((9, 67, 4), True, False),
        ((9, 67, 5), False, False),
        ((9, 66, 2), False, False),
        ((9, 2, 67, 3), True, False),
        ((9, 2, 2, 67, 3), False, False),
        ((5, 9, 134), False, True),
        ((5, 9, 133), False, False),
        ((5, 2, 9, 134), False, False),
    ],
)
def test_shapes_of_clips_and_of_several_clips(shape, pose, batch):
    assert (is_pose_shape(shape), is_batch_shape(shape)) == (pose, batch)


def test_one_array_is_a_clip_with_the_scores_and_the_frame_rate_beside_it():
    for name in ("keypoints", "anything"):
        raw = read_arrays(
            {"fps": np.array([29.5]), name: POINTS_67, "scores": np.full((3, 67), 0.25), "ids": np.ones(3)}
        )
        np.testing.assert_array_equal(raw.values_FV, POINTS_67.reshape(3, -1))
        assert (raw.fps, raw.note) == (29.5, None)
        np.testing.assert_array_equal(raw.scores_FK, np.full((3, 67), 0.25))
        assert {form.layout for form in raw.forms} == {"openpose-67"}
    raw = read_arrays({"a": POINTS_67, "other_scores": np.ones((3, 66)), "conf": np.full((3, 67, 1), 0.5)})
    np.testing.assert_array_equal(raw.scores_FK, np.full((3, 67), 0.5))
    assert read_arrays({"a": POINTS_67, "conf": np.ones((3, 67, 2))}).scores_FK is None
    raw = read_arrays({"keypoints": POINTS_67.reshape(3, 134), "fps": np.array(24, np.int32)})
    assert (raw.fps, raw.scores_FK, [form.numbers for form in raw.forms]) == (24.0, None, [2])


@pytest.mark.parametrize(
    ("fps", "found"),
    [(1e-3, 1e-3), (9999.0, 9999.0), (0, None), (-5, None), (1e4, None), (np.nan, None), ("25", None), ([], None),
     (np.uint8(50), 50.0), ([60, 0], 60.0)],
)  # fmt: skip
def test_a_frame_rate_is_a_positive_number(fps, found):
    assert read_arrays({"a": POINTS_67, "fps": np.array(fps)}).fps == found


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "no array of a known shape (no array); known are"),
        ({"a": np.ones((3, 5))}, "no array of a known shape (a (3, 5)); known are"),
        (
            {"a": np.ones(3), "b": np.ones((2, 2)), "scores": ONE, "fps": ONE},
            "no array of a known shape (a (3,), b (2, 2))",
        ),
        ({"a": POINTS_67, "b": POINTS_67}, "2 arrays of a known shape (a (3, 67, 2), b (3, 67, 2)); known are"),
    ],
)  # fmt: skip
def test_arrays_of_no_known_shape_are_shown(arrays, says):
    with pytest.raises(DataError, match=re.escape(says)):
        read_arrays(arrays)


def parts(**changes):
    """Body (17), left and right hand whose numbers are all different."""
    numbers = np.arange(2 * 59 * 2, dtype=np.float32).reshape(2, 59, 2)
    found = {"body": numbers[:, :17], "left_hand": numbers[:, 17:38], "right_hand": numbers[:, 38:], **changes}
    return numbers, {name: array for name, array in found.items() if array is not None}


def test_body_and_hands_in_arrays_of_their_own_are_one_clip():
    numbers, arrays = parts(face=np.ones((2, 70, 2)), fps=np.array(50))
    for order in (arrays, dict(reversed(arrays.items()))):
        raw = read_arrays(order)
        np.testing.assert_array_equal(raw.values_FV, numbers.reshape(2, -1))
        assert (raw.fps, raw.scores_FK, {form.layout for form in raw.forms}) == (50, None, {"coco-59"})
    pair = np.stack([arrays["left_hand"], arrays["right_hand"]], axis=1)
    for hands in (pair, pair.reshape(2, 42, 2)):
        raw = read_arrays({"body": arrays["body"], "hands": hands})
        np.testing.assert_array_equal(raw.values_FV, numbers.reshape(2, -1))
    people = {name: np.stack([array, 0 * array], axis=1) for name, array in arrays.items() if name in part_names()}
    np.testing.assert_array_equal(read_arrays(people).values_FV, numbers.reshape(2, -1))


def part_names():
    return ("body", "left_hand", "right_hand")


def test_parts_have_as_many_numbers_a_point_as_the_one_with_the_fewest():
    numbers, arrays = parts()
    deep = np.concatenate([arrays["body"], np.full((2, 17, 1), 9)], axis=-1)
    np.testing.assert_array_equal(read_arrays({**arrays, "body": deep}).values_FV, numbers.reshape(2, -1))
    hand = np.concatenate([arrays["right_hand"], np.full((2, 21, 1), 9)], axis=-1)
    np.testing.assert_array_equal(read_arrays({**arrays, "right_hand": hand}).values_FV, numbers.reshape(2, -1))


def test_scores_of_parts_count_where_every_part_has_them():
    _, arrays = parts()
    scores = {"body_scores": np.full((2, 17), 0.1), "left_hand_conf": np.full((2, 21, 1), 0.2),
              "right_hand_confidences": np.full((2, 21), 0.3)}  # fmt: skip
    raw = read_arrays({**arrays, **scores})
    np.testing.assert_array_equal(raw.scores_FK, np.repeat([[0.1] * 17 + [0.2] * 21 + [0.3] * 21], 2, 0))
    for missing in scores:
        fewer = {name: array for name, array in scores.items() if name != missing}
        assert read_arrays({**arrays, **fewer}).scores_FK is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"left_hand": np.ones((3, 21, 2))}, "the parts have different numbers of frames: body 2, left 3, right 2"),
        ({"left_hand": np.ones((2, 20, 2))}, "parts with so many points are not known: body 17, left 20, right 21"),
        ({"right_hand": None}, "2 arrays|no array"),  # no clip of parts without both hands
        ({"left_hand": None}, "2 arrays|no array"),
        ({"body": None}, "2 arrays|no array"),
    ],
)
def test_parts_that_do_not_fit_are_said(change, says):
    with pytest.raises(DataError, match=says):
        read_arrays(parts(**change)[1])


def test_one_array_as_a_clip():
    assert rows_of(POINTS_67.astype(np.float64)).values_FV.dtype == np.float64  # what is precise stays so
    for kind in (np.float16, np.int64, np.uint8):
        assert rows_of((POINTS_67 % 200).astype(kind)).values_FV.dtype == np.float32
    raw = rows_of(POINTS_67, 30.0, np.ones((3, 67)))
    assert (raw.fps, raw.scores_FK.shape, raw.note) == (30.0, (3, 67), None)
    assert rows_of(POINTS_67.transpose(1, 0, 2).copy().transpose(1, 0, 2)).values_FV.flags.c_contiguous
    assert rows_of(np.ones((2, 1662))).forms == (Form("mediapipe-543", MIXED), Form("mediapipe-543-face-last", MIXED),
                                                 Form("mediapipe-asl-signs", MIXED))  # fmt: skip
    assert (rows_of(POINTS_67).fps, rows_of(POINTS_67).scores_FK) == (None, None)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array([{}], dtype=object), "the array holds object values, expected numbers; pickled objects are never"),
        (np.full((3, 134), "x"), "the array holds <U1 values"),
        (np.ones((3, 134), bool), "the array holds bool values"),
        (np.ones((3, 133)), f"shape (3, 133) is not known; known are {known_widths()}"),
        (np.broadcast_to(np.float32(0), (16_100_000, 134)), "shape (16100000, 134) is 2.2 billion numbers; is this"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_clip_are_said(array, says):
    with pytest.raises(DataError, match=re.escape(says)):
        rows_of(array)


def test_an_array_of_the_largest_size_is_not_too_large():
    assert LARGEST == 2**31
    with pytest.raises(DataError, match="is not known"):  # and no billion
        rows_of(np.broadcast_to(np.float32(0), (LARGEST, 1)))


def waving(frames=10, size=1.0, speed=0.1, at=5.0):
    """(frames, 4, 2) points of somebody so high who moves so far a frame."""
    points = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * size + at
    return np.repeat(points[None], frames, 0) + (np.arange(frames) * speed)[:, None, None] * (1, 0)


def test_the_signer_is_the_largest_and_most_moving_person():
    def number(*people):
        return signer_of(np.stack(people, axis=1))

    assert number(waving()) == (0, None)
    note = "2 people; the largest and most moving one was taken (number 2)"
    assert number(waving(size=1), waving(size=1.1)) == (1, note)
    assert number(waving(size=1.1), waving(size=1))[0] == 0
    assert number(waving(speed=0.1), waving(speed=0.2)) == (1, note)
    assert number(waving(speed=0.2), waving(speed=0.1))[0] == 0
    # Motion counts at most as much as the size itself: who runs through the picture is not taken for large.
    assert number(waving(size=1, speed=9), waving(size=1.9, speed=0.2))[0] == 1
    assert number(waving(size=1, speed=0.5), waving(size=1.9, speed=0))[0] == 1
    assert number(waving(size=1, speed=0.95), waving(size=1.9, speed=0))[0] == 0
    # Depth has no say.
    deep = np.concatenate([waving(), np.cumsum(np.ones((10, 4, 1)), 0) * 50], -1)
    assert number(np.concatenate([waving(size=1.1), np.ones((10, 4, 1))], -1), deep)[0] == 0


def test_people_who_are_seldom_seen_are_left_aside():
    def seen_in(frames, **of):
        points = waving(12, **of)
        points[frames:] = 0
        return points

    def number(*people):
        return signer_of(np.stack(people, axis=1))[0]

    large = {"size": 100.0, "speed": 10.0}
    assert number(waving(12), seen_in(4, **large)) == 1  # a third of the frames is enough
    assert number(waving(12), seen_in(3, **large)) == 0
    assert number(seen_in(0), waving(12)) == 1
    # Of two of one size it is who is there longer; frames that do not show both ends tell no motion.
    assert number(seen_in(9), waving(12)) == 1
    gone = np.stack([seen_in(0), waving(12), seen_in(6)], axis=1)
    assert signer_of(gone) == (1, "2 people; the largest and most moving one was taken (number 2)")
    late = waving(12)
    late[0] = 0
    assert number(waving(12, speed=0.0), late) == 1
    blinking = waving(12, speed=0.0, size=1.0)
    blinking[::2] = np.nan
    assert number(blinking, seen_in(6, speed=0.0, size=1.05)) == 1


def test_of_several_people_in_an_array_the_signer_is_taken_with_his_scores():
    small = np.repeat(POINTS_67[:1], 3, 0) * 0.1
    both = np.stack([small, POINTS_67], axis=1)
    scores = np.stack([np.full((3, 67), 0.1), np.full((3, 67), 0.9)], axis=1)
    for given in (scores, scores[..., None]):
        raw = rows_of(both, 25.0, given)
        np.testing.assert_array_equal(raw.values_FV, POINTS_67.reshape(3, -1))
        np.testing.assert_array_equal(raw.scores_FK, np.full((3, 67), 0.9))
        assert raw.note == "2 people; the largest and most moving one was taken (number 2)"
    assert rows_of(both).scores_FK is None


def test_people_whose_places_are_exchanged_from_frame_to_frame_are_followed():
    """The places that trackers give people mean nothing; a gap, and somebody new far away, are no reason to change."""
    signer = points_of("openpose-67", person(40, 0, 2))
    other = points_of("openpose-67", np.repeat(person(1, 1, 2), 40, 0), 120.0, (1100.0, 200.0))
    apart = np.stack([signer, other], 1)
    assert (follow(apart) == [0, 1]).all()
    mixed = apart.copy()
    exchanged = np.random.default_rng(0).random(40) < 0.5
    exchanged[0] = False
    mixed[exchanged] = mixed[exchanged][:, ::-1]
    mixed[5:9, 0], mixed[5:9, 1] = 0, signer[5:9]
    order = follow(mixed)
    np.testing.assert_array_equal(mixed[np.arange(40), order[:, 0]], signer)
    raw = rows_of(mixed.astype(np.float32), scores=np.broadcast_to(np.arange(1, 3)[:, None] / 2, (40, 2, 67)))
    np.testing.assert_allclose(raw.values_FV.reshape(40, 67, 2), signer, rtol=1e-6)
    assert raw.scores_FK is not None
    np.testing.assert_array_equal(raw.scores_FK[:, 0], (order[:, 0] + 1) / 2)
    came = np.zeros((10, 3, 67, 2))
    came[:, 0], came[5:, 0], came[5:, 2] = signer[:10], 0, other[:5] + 5000
    assert follow(came)[:, 0].tolist() == [0] * 10  # who comes when the signer leaves does not take his place

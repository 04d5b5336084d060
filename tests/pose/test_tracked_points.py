"""OpenPose rows, MediaPipe rows and MediaPipe landmarks: which files they are, their clips, and every fault."""

import json

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.raw_points import MIXED, Form
from signllm.pose.formats.tracked_points import (
    HOLISTIC_READER,
    LANDMARKS_READER,
    OPENPOSE_READER,
    read_holistic_rows,
    read_openpose_rows,
    read_word_landmarks,
)
from tests.helpers.sources import holistic_rows, landmark_frames, sentence_rows


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(("largest", "shares"), [(0.9, True), (2.0, True), (2.1, False), (1200.0, False)])
def test_openpose_rows_are_shares_of_a_wide_image_or_pixels(tmp_path, largest, shares):
    rows = np.full((4, 134), largest, np.float32)
    rows[0, 0], rows[1, 1] = np.nan, 0.5
    raw, faults = read_openpose_rows(npz(tmp_path / "a.npz", keypoints=rows, fps=np.array([50.0])))
    assert (faults, raw.fps, raw.forms) == ([], 50.0, (Form("openpose-67", 2),))
    np.testing.assert_array_equal(raw.values_FV, rows)
    assert (raw.aspect, raw.border_is_missing) == ((16 / 9, True) if shares else (None, False))


def test_a_few_wild_numbers_do_not_make_pixels(tmp_path):
    rows = np.full((10, 134), -0.5, np.float32)
    rows[0, :13] = -900.0  # less than one in a hundred
    assert read_openpose_rows(npz(tmp_path / "a.npz", keypoints=rows))[0].aspect == 16 / 9
    rows[0, :20] = -900.0
    assert read_openpose_rows(npz(tmp_path / "b.npz", keypoints=rows))[0].aspect is None
    unseen = np.full((2, 134), np.nan)
    assert read_openpose_rows(npz(tmp_path / "c.npz", keypoints=unseen))[0].aspect == 16 / 9
    assert read_openpose_rows(tmp_path / "c.npz")[0].fps is None


@pytest.mark.parametrize(
    ("arrays", "fault"),
    [
        ({"fps": [25]}, "it lacks: keypoints"),
        ({"keypoints": np.full((2, 134), "x")}, "keypoints hold <U1, expected numbers"),
        ({"keypoints": np.ones((2, 134), bool)}, "keypoints hold bool, expected numbers"),
        ({"keypoints": np.ones((2, 133))},
         "keypoints have shape (2, 133), expected (frames, 134): 25 + 21 + 21 points x (x, y)"),
        ({"keypoints": np.ones((2, 3, 134))}, "keypoints have shape (2, 3, 134), expected (frames, 134)"),
        ({"keypoints": np.ones((2, 134)), "fps": ["x"]}, "fps is no number (could not convert string to float: "),
        ({"keypoints": np.ones((2, 134)), "fps": []}, "fps is no number (index 0 is out of bounds"),
        ({"keypoints": np.ones((2, 134)), "fps": [0]}, "fps is 0.0, expected a positive number"),
        ({"keypoints": np.ones((2, 134)), "fps": [1e4]}, "fps is 10000.0, expected a positive number"),
        ({"keypoints": np.ones((2, 134)), "fps": [np.nan]}, "fps is nan, expected a positive number"),
        ({"keypoints": np.ones((0, 134))}, "the clip is empty"),
    ],
)  # fmt: skip
def test_faults_of_openpose_rows(tmp_path, arrays, fault):
    raw, (found,) = read_openpose_rows(npz(tmp_path / "a.npz", **arrays))
    assert raw is None
    assert found.startswith(fault)


def test_integers_and_unusual_rates_are_read(tmp_path):
    for kind in (np.int32, np.uint16):
        raw, _ = read_openpose_rows(npz(tmp_path / "a.npz", keypoints=np.ones((2, 134), kind), fps=np.array(9999)))
        assert (raw.fps, len(raw)) == (9999, 2)
    assert read_openpose_rows(npz(tmp_path / "b.npz", keypoints=np.ones((2, 134)), fps=[0.5]))[0].fps == 0.5


def test_openpose_rows_are_told_by_their_array(tmp_path):
    matches = OPENPOSE_READER.matches
    assert matches(npz(tmp_path / "a.npz", keypoints=sentence_rows()))
    (tmp_path / "a.npz").rename(tmp_path / "b.NPZ")
    assert matches(tmp_path / "b.NPZ")
    assert not matches(npz(tmp_path / "c.npz", keypoints=np.ones((2, 150))))  # of another layout
    assert matches(npz(tmp_path / "d.npz", keypoints=np.ones((2, 133))))  # of none: this reader says it
    assert not matches(npz(tmp_path / "e.npz", keypoints=np.ones((2, 67, 2))))
    assert not matches(npz(tmp_path / "f.npz", points=sentence_rows()))
    assert matches(npz(tmp_path / "g.npz", keypoints=np.array([{}], dtype=object)))
    (tmp_path / "h.npz").mkdir()
    assert not matches(tmp_path / "h.npz")
    (tmp_path / "i.txt").write_bytes((tmp_path / "b.NPZ").read_bytes())
    assert not matches(tmp_path / "i.txt")
    assert OPENPOSE_READER.records_fps
    assert [clip.name for clip in OPENPOSE_READER.list_clips(tmp_path / "b.NPZ")] == ["b"]


def test_mediapipe_rows_are_listed_in_turn_one_of_each_label(tmp_path):
    arrays = {"one two": holistic_rows(3, 5), "three": holistic_rows(1, 7)}
    path = npz(tmp_path / "clips.npz", **arrays)
    listed = HOLISTIC_READER.list_clips(path)
    assert [(clip.name, clip.key, clip.suffix, clip.num_bytes) for clip in listed] == [
        ("one_two_000", ("one two", 0), "['one two'][0]", 5 * 258 * 4),
        ("three_000", ("three", 0), "['three'][0]", 7 * 258 * 4),
        ("one_two_001", ("one two", 1), "['one two'][1]", 5 * 258 * 4),
        ("one_two_002", ("one two", 2), "['one two'][2]", 5 * 258 * 4),
    ]
    arrays["one two"][1, 0, 0] = 0.625
    npz(path, **arrays)
    raw, faults = read_holistic_rows(path, "one two", 1)
    assert (faults, raw.forms, raw.aspect, raw.fps) == ([], (Form("mediapipe-75", MIXED),), 16 / 9, None)
    np.testing.assert_array_equal(raw.values_FV, arrays["one two"][1])


def test_what_cannot_be_listed_is_said_for_all_labels(tmp_path):
    path = npz(tmp_path / "a.npz", a=np.ones((2, 258)), b=np.ones((2, 3, 257)), c=holistic_rows(1))
    with pytest.raises(DataError) as caught:
        HOLISTIC_READER.list_clips(path)
    expected = "expected (clips, frames, 258): 33 x 4 and two hands x 21 x 3"
    assert caught.value.faults == [
        f"{path}: 'a' has shape (2, 258), {expected}", f"{path}: 'b' has shape (2, 3, 257), {expected}",
    ]  # fmt: skip
    with pytest.raises(DataError) as caught:
        HOLISTIC_READER.list_clips(
            npz(path, **{"a b": holistic_rows(1), "a_b": holistic_rows(1), "c": holistic_rows(1)})
        )
    says = f"{path}: the labels 'a b', 'a_b' give clips the same name, a_b_000; rename all but one"
    assert caught.value.faults == [says]
    with pytest.raises(DataError, match="the file holds no clip"):
        HOLISTIC_READER.list_clips(npz(path))


def test_faults_of_mediapipe_rows(tmp_path):
    path = npz(
        tmp_path / "a.npz", words=np.full((1, 2, 258), "x"), none=np.ones((2, 0, 258)), on=np.ones((1, 2, 258), bool)
    )
    assert read_holistic_rows(path, "words", 0) == (None, ["'words' holds <U1, expected numbers"])
    assert read_holistic_rows(path, "on", 0) == (None, ["'on' holds bool, expected numbers"])
    assert read_holistic_rows(path, "none", 1) == (None, ["the clip is empty"])
    assert read_holistic_rows(path, "other", 0) == (None, ["it lacks: other"])
    raw, (fault,) = read_holistic_rows(tmp_path / "gone.npz", "words", 0)
    assert raw is None
    assert "No such file" in fault or "no such file" in fault
    path = npz(tmp_path / "b.npz", counts=np.ones((1, 2, 258), int), small=np.ones((1, 2, 258), np.uint8))
    assert len(read_holistic_rows(path, "counts", 0)[0]) == len(read_holistic_rows(path, "small", 0)[0]) == 2


def test_mediapipe_rows_are_told_by_all_their_arrays(tmp_path):
    matches = HOLISTIC_READER.matches
    assert matches(npz(tmp_path / "a.npz", a=holistic_rows(1), b=holistic_rows(2)))
    assert not matches(npz(tmp_path / "b.npz", a=holistic_rows(1), b=np.ones((2, 3, 4))))
    assert not matches(npz(tmp_path / "c.npz", a=np.ones((3, 258))))
    assert not matches(npz(tmp_path / "d.npz", coordinates=holistic_rows(1)))
    assert not matches(npz(tmp_path / "e.npz"))
    assert not matches(npz(tmp_path / "f.npz", a=np.array([{}], dtype=object)))
    (tmp_path / "g.NPZ").write_bytes((tmp_path / "a.npz").read_bytes())
    assert matches(tmp_path / "g.NPZ")
    (tmp_path / "h.txt").write_bytes((tmp_path / "a.npz").read_bytes())
    assert not matches(tmp_path / "h.txt")
    (tmp_path / "i.npz").mkdir()
    assert not matches(tmp_path / "i.npz")
    assert not HOLISTIC_READER.records_fps


def read_words(tmp_path, value):
    (tmp_path / "a.json").write_text(json.dumps(value))
    return read_word_landmarks(tmp_path / "a.json")


def test_landmarks_of_words_are_51_points_and_zero_where_missing(tmp_path):
    frames = landmark_frames()
    frames.append({"pose": None, "left_hand": None, "right_hand": []})
    raw, faults = read_words(tmp_path, {"frames": frames})
    assert (faults, raw.forms, raw.aspect, raw.fps) == ([], (Form("mediapipe-words-51", 3),), 1.0, None)
    points = raw.points(raw.forms[0])[0]
    assert points.dtype == np.float64
    pose = [frames[0]["pose"].get(key, [0, 0, 0]) for key in ("0", "11", "12", "13", "14", "15", "16", "23", "24")]
    np.testing.assert_array_equal(points[0], [*pose, *frames[0]["left_hand"], *frames[0]["right_hand"]])
    np.testing.assert_array_equal(points[1, 9:30], np.zeros((21, 3)))
    np.testing.assert_array_equal(points[1, 30:], frames[0]["right_hand"])
    assert not points[2].any()
    hips = {"23": [1, 2, 3], "24": [4, 5, 6]}
    raw, _ = read_words(tmp_path, {"frames": [{"pose": hips, "left_hand": [], "right_hand": []}]})
    assert raw.points(raw.forms[0])[0][0, :9].tolist() == [[0, 0, 0]] * 7 + [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({}, "not word landmarks (KeyError: 'frames'); expected frames of pose and two hands"),
        ([], "not word landmarks (TypeError: "),
        ({"frames": [3]}, "not word landmarks (TypeError: "),
        ({"frames": [{"pose": [1], "left_hand": [], "right_hand": []}]}, "not word landmarks (AttributeError: "),
        ({"frames": [{"pose": {}, "left_hand": []}]}, "not word landmarks (KeyError: 'right_hand')"),
        ({"frames": [{"pose": {}, "left_hand": [], "right_hand": [[1, 2, 3]] * 20}]},
         "not word landmarks (ValueError: right_hand has 20 points, expected 21); expected frames"),
        ({"frames": [{"pose": {}, "left_hand": [[1, 2, 3]] * 22, "right_hand": []}]},
         "not word landmarks (ValueError: left_hand has 22 points, expected 21)"),
        ({"frames": [{"pose": {"0": [1]}, "left_hand": [], "right_hand": []}]}, "not word landmarks (ValueError: "),
        ({"frames": []}, "the clip is empty"),
    ],
)  # fmt: skip
def test_faults_of_landmarks(tmp_path, value, fault):
    raw, (found,) = read_words(tmp_path, value)
    assert raw is None
    assert found.startswith(fault)


def test_a_torn_file_of_landmarks_is_said_without_its_name(tmp_path):
    (tmp_path / "a.json").write_text("{")
    raw, (fault,) = read_word_landmarks(tmp_path / "a.json")
    assert raw is None
    assert str(tmp_path) not in fault
    assert LANDMARKS_READER.matches(tmp_path / "a.json")
    assert not LANDMARKS_READER.records_fps
    assert [clip.name for clip in LANDMARKS_READER.list_clips(tmp_path / "a.json")] == ["a"]

"""Points in JSON: every key, shape of numbers and order of frames, and what is said of another content."""

import json

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats import json_points
from signllm.pose.formats.json_points import (
    FRAMES_READER,
    JSON_READER,
    frame_files,
    frame_folders,
    people_of,
    read_clip,
    read_frames,
)

HAND = [[float(k), 2.0 * k + 1] for k in range(21)]
BODY = [[100.0 + k, 50.0 + 3 * k] for k in range(25)]


def flat(points, last=0.5):
    return [number for point in points for number in (*point, last)]


def shapes(person):
    return {part: points.shape for part, points in person.items()}


def rows(raw):
    """(F, K, C) of a clip with one form of numbers."""
    return raw.points(raw.forms[0])[0]


KEYS = {
    "body": "pose_keypoints_2d pose_landmarks poseLandmarks pose body body_keypoints",
    "left": "hand_left_keypoints_2d left_hand_landmarks leftHandLandmarks left_hand leftHand lefthand_kpts"
    " left_hand_keypoints",
    "right": "hand_right_keypoints_2d right_hand_landmarks rightHandLandmarks right_hand rightHand righthand_kpts"
    " right_hand_keypoints",
    "points": "keypoints",
}


@pytest.mark.parametrize(("part", "key"), [(part, key) for part, keys in KEYS.items() for key in keys.split()])
def test_every_key_of_a_part_is_known(part, key):
    (person,) = people_of({key: HAND, "other": [[1, 2]]})
    assert list(person) == [part]
    np.testing.assert_array_equal(person[part], np.float32(HAND))
    assert person[part].dtype == np.float32


@pytest.mark.parametrize(
    ("key", "size", "shape"),
    [
        ("pose_keypoints_2d", 50 * 3, (50, 3)),
        ("hand_left_keypoints_2d", 21 * 4 * 3, (84, 3)),
        ("hand_right_keypoints_2d", 42, (14, 3)),  # OpenPose always writes three
        ("keypoints", 136 * 3, (136, 3)),
        ("lefthand_kpts", 42, (14, 3)),
        ("body_keypoints", 34, (17, 2)),
        ("body", 33 * 2, (33, 2)),
        ("body", 33 * 3, (33, 3)),
        ("pose", 33 * 4, (33, 4)),
        ("pose", 25 * 2, (25, 2)),
        ("pose", 25 * 4, (25, 4)),
        ("pose", 18 * 2, (18, 2)),
        ("pose", 18 * 4, (18, 4)),
        ("pose", 17 * 3, (17, 3)),
        ("left_hand", 42, (21, 2)),
        ("right_hand", 63, (21, 3)),
        ("left_hand", 84, (21, 4)),
        ("right_hand", 84, (21, 4)),
        ("right_hand", 30, (10, 3)),  # of no known count: three where it can be, else two
        ("right_hand", 40, (20, 2)),
    ],
)
def test_numbers_in_a_row_are_points_by_their_count(key, size, shape):
    (person,) = people_of({key: list(range(size))})
    assert list(shapes(person).values()) == [shape]
    np.testing.assert_array_equal(next(iter(person.values())).ravel(), np.arange(size))


def test_points_may_be_objects_lists_or_wrapped():
    points = [{"x": 1, "y": 2, "z": 3, "visibility": 0.5}, {"x": 4, "y": 5, "visibility": 0.25}]
    expected = [[1, 2, 3, 0.5], [4, 5, 0, 0.25]]
    for value in (points, {"landmark": points}, expected, [expected]):
        (person,) = people_of({"pose_landmarks": value})
        np.testing.assert_array_equal(person["body"], np.float32(expected))
        assert person["body"].dtype == np.float32
    (person,) = people_of({"pose": [{"x": 1, "y": 2, "name": 7}]})
    assert person["body"].tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("hands", "sides", "names"),
    [
        ("hand_landmarks", "handedness", ("category_name", "Left", "Right")),
        ("landmarks", "handednesses", ("categoryName", "Left", "Right")),
        ("handLandmarks", "handedness", (None, "Left", "Right")),
    ],
)
def test_mediapipes_tasks_put_people_into_lists_and_say_sides_apart(hands, sides, names):
    key, *labels = names
    one, other = ([{"x": n + k, "y": k, "z": 0} for k in range(21)] for n in (0, 100))
    said = [[{key: label, "score": 0.9}] if key else label for label in labels]
    body = [[{"x": k, "y": 1, "z": 2, "visibility": 0.5} for k in range(33)]]
    (person,) = people_of({"poseLandmarks": body, hands: [one, other], sides: said})
    assert shapes(person) == {"body": (33, 4), "left": (21, 3), "right": (21, 3)}
    assert (person["left"][3, 0], person["right"][3, 0]) == (3, 103)
    (person,) = people_of({"pose_landmarks": body, hands: [other], sides: [said[1]]})
    assert shapes(person) == {"body": (33, 4), "right": (21, 3)}


@pytest.mark.parametrize("empty", [None, [], {}])
def test_a_part_that_is_empty_is_missing(empty):
    assert people_of({"pose": empty}) == []
    assert shapes(people_of({"pose": empty, "left_hand": HAND})[0]) == {"left": (21, 2)}


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"pose": {"x": 1}}, "pose is an object, expected a list of points"),
        ({"pose": [[[1, 2]], [[3, 4]]]}, r"pose has shape \(2, 1, 2\), expected points x numbers"),
        ({"pose": [[[[1, 2]]]]}, r"pose has shape \(1, 1, 1, 2\)"),
        (3, "a frame is int, expected an object"),
    ],
)
def test_what_is_no_part_is_said(frame, says):
    with pytest.raises(ValueError, match=says):
        people_of(frame)


def test_scores_beside_the_points_become_their_third_number():
    (person,) = people_of({"keypoints": HAND, "keypoint_scores": list(range(21))})
    np.testing.assert_array_equal(person["points"], np.float32([[*p, n] for n, p in enumerate(HAND)]))
    three = [[*point, 0.25] for point in HAND]
    (person,) = people_of({"keypoints": three, "keypoint_scores": list(range(21))})
    assert person["points"].tolist() == three
    (person,) = people_of({"keypoints": HAND, "keypoint_scores": None})
    assert person["points"].shape == (21, 2)
    (person,) = people_of({"pose": HAND, "keypoint_scores": list(range(21))})
    assert shapes(person) == {"body": (21, 2)}


@pytest.mark.parametrize("hand", ["left", "right"])
def test_keypoints_beside_a_hand_are_the_body(hand):
    (person,) = people_of({"keypoints": flat(BODY), f"{hand}hand_kpts": flat(HAND)})
    assert shapes(person) == {hand: (21, 3), "body": (25, 3)}
    (person,) = people_of({"keypoints": flat(BODY), "pose": BODY})
    assert shapes(person) == {"points": (25, 3), "body": (25, 2)}


@pytest.mark.parametrize("key", ["people", "instances", "persons"])
def test_people_stand_in_a_list(key):
    people = people_of({key: [{"pose": BODY}, "nobody", {"pose": HAND}], "pose": HAND})
    assert [shapes(person) for person in people] == [{"body": (25, 2)}, {"body": (21, 2)}]
    assert people_of({key: None, "pose": HAND})[0]["body"].shape == (21, 2)
    assert len(people_of([{"pose": BODY}, 3, {"pose": HAND}])) == 2
    assert people_of({key: []}) == []


def frames_of(numbers, extra=lambda n: {}):
    """Frames whose body begins at (n, 1)."""
    return [{"pose": [[n, 1.0], *BODY[1:]], "left_hand": HAND, "right_hand": HAND, **extra(n)} for n in numbers]


def read(tmp_path, value):
    (tmp_path / "a.json").write_text(json.dumps(value))
    return read_clip(tmp_path / "a.json")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda f: f,
        *(lambda f, key=key: {"info": 1, key: f} for key in
          ("frames", "instance_info", "data", "annotations", "landmarks", "results")),
        lambda f: {"data": {"frames": f}},
        lambda f: {"frames": None, "results": f},
        lambda f: {str(n): frame for n, frame in zip((10, 9, 101), [f[1], f[0], f[2]], strict=True)},
        lambda f: [dict(frame, frame_id=n) for n, frame in zip((30, 4, 200), [f[1], f[0], f[2]], strict=True)],
        lambda f: [dict(frame, image_id=f"video1_{n}.png") for n, frame in
                   zip((10, 9, 101), [f[1], f[0], f[2]], strict=True)],
        lambda f: [dict(frame, image_id=n) for n, frame in zip((10, 9, 101), [f[1], f[0], f[2]], strict=True)],
        lambda f: [dict(frame, image_id=n) for n, frame in zip(("b", "a", "c"), [f[1], f[0], f[2]], strict=True)],
        lambda f: [dict(frame, image_id=n) for n, frame in zip(("0", "first", "1"), [f[1], f[0], f[2]], strict=True)],
    ],
)  # fmt: skip
def test_frames_stand_in_a_list_under_a_key_or_under_numbers(tmp_path, wrap):
    raw, faults = read(tmp_path, wrap(frames_of((1, 2, 3))))
    assert faults == []
    assert rows(raw)[:, 0].tolist() == [[1, 1], [2, 1], [3, 1]]


def test_entries_of_one_image_are_the_people_in_it(tmp_path):
    entries = [dict(frame, image_id="0.jpg") for frame in frames_of((1, 900))]
    entries += [dict(frame, image_id="1.jpg") for frame in frames_of((2,))]
    raw, _ = read(tmp_path, entries)
    assert len(raw) == 2
    assert raw.note.startswith("2 people;")


def test_a_single_object_is_a_clip_of_one_frame(tmp_path):
    raw, _ = read(tmp_path, frames_of((7,))[0])
    assert rows(raw)[:, 0].tolist() == [[7, 1]]


@pytest.mark.parametrize(("fps", "found"), [(30, 30), (12.5, 12.5), ("fast", None), (None, None)])
def test_the_frame_rate_stands_beside_the_frames(tmp_path, fps, found):
    raw, _ = read(tmp_path, {"fps": fps, "frames": frames_of((1, 2))})
    assert raw.fps == found


def test_frames_may_be_bare_lists_of_numbers_or_points(tmp_path):
    points = np.arange(3 * 67 * 2, dtype=np.float32).reshape(3, 67, 2)
    for value in (points.tolist(), points.reshape(3, -1).tolist(), {"fps": 50, "data": points.tolist()}):
        raw, faults = read(tmp_path, value)
        assert faults == []
        np.testing.assert_array_equal(raw.values_FV, points.reshape(3, -1))
        assert raw.fps == (50 if isinstance(value, dict) else None)


def test_frames_may_be_lists_of_people(tmp_path):
    raw, _ = read(tmp_path, [[frame] for frame in frames_of((1, 2))] + [[]])
    assert rows(raw)[:, 0].tolist() == [[1, 1], [2, 1], [0, 0]]
    raw, faults = read(tmp_path, [[], [frames_of((5,))[0]]])
    assert (raw, len(faults)) == (None, 1)  # the first frame tells which of the two it is


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (3, "not frames of points (expected a list of frames)"),
        ([], "not frames of points (expected a list of frames)"),
        ({"frames": []}, "not frames of points (expected a list of frames)"),
        ([{"other": 1}], "nobody is seen in any frame; leave the clip out"),
        ([3, 4], "not frames of points (a frame is int, expected an object)"),
        ([{"pose": ["x"]}], "not frames of points (could not convert string to float: 'x')"),
        ([{"image_id": 1, "frame_id": 2}], "nobody is seen in any frame; leave the clip out"),
    ],
)
def test_what_are_no_frames_is_said_without_the_files_name(tmp_path, value, fault):
    assert read(tmp_path, value) == (None, [fault])


def test_a_file_that_is_no_json_is_said_without_its_name(tmp_path):
    (tmp_path / "a.json").write_text("{")
    raw, (fault,) = read_clip(tmp_path / "a.json")
    assert raw is None
    assert str(tmp_path) not in fault


def write_frames(folder, names, values=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in zip(names, values or [{"people": [frame]} for frame in frames_of(range(9))], strict=False):
        (folder / name).write_text(json.dumps(value))
    return folder


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["a_10_keypoints.json", "a_9_keypoints.json", "a_100_keypoints.json"], [1, 0, 2]),
        (["10.json", "9.JSON", "100.json"], [1, 0, 2]),
        (["x1y2.npz", "x1y10.npz"], [0, 1]),
        (["frame-2.npy", "frame-1.NPY"], [1, 0]),
        (["2.json", "02.json"], [1, 0]),  # of one number: by name
        (["a_1.json", "b_2.json"], []),  # two clips
        (["a.json", "readme.txt"], []),
        (["1.txt", "2.txt"], []),
        ([], []),
    ],
)
def test_files_of_frames_stand_in_the_order_of_their_numbers(tmp_path, names, order):
    folder = write_frames(tmp_path / "clip", names)
    (folder / "notes.txt").write_text("no frame")
    assert [file.name for file in frame_files(folder)] == [names[place] for place in order]
    assert frame_files(tmp_path / "nothing") == []


def test_a_folder_of_frames_is_told_by_its_first_file(tmp_path):
    def matches(name, names, values=None):
        return FRAMES_READER.matches(write_frames(tmp_path / name, names, values))

    assert matches("one", ["1.json"])
    assert not matches("other", ["1.json"], [{"pose": BODY}])
    assert not matches("late", ["1.json"], [{"filler": "x" * 1100, "people": []}])
    assert matches("early", ["1.json"], [{"filler": "x" * 900, "people": []}])
    assert not matches("mixed", ["1.json", "2.npy"])
    assert not matches("none", [])
    for name in ("people", "pose_keypoints_2d", "instance_info", "keypoints", "pose_landmarks", "poseLandmarks",
                 "left_hand_landmarks"):  # fmt: skip
        assert matches(name, ["1.json"], [{name: 1}])


def save(folder, *arrays, **more):
    folder.mkdir(exist_ok=True)
    for number, array in enumerate(arrays):
        np.save(folder / f"{number}.npy", array)
    return folder


def test_arrays_are_frames_where_they_hold_one_moment(tmp_path):
    one, clip = np.ones((67, 2)), np.ones((4, 134))
    matches = FRAMES_READER.matches
    assert matches(save(tmp_path / "points", one, one))
    assert matches(save(tmp_path / "flat", one.ravel(), one.ravel()))
    assert matches(save(tmp_path / "row", clip[:1], clip[:1]))
    assert not matches(save(tmp_path / "alone", one))
    assert not matches(save(tmp_path / "clips", clip, clip))
    assert not matches(save(tmp_path / "deep", one[None], one[None]))
    for number in range(2):
        for name, arrays in {
            "z": {"keypoints": one}, "z1": {"keypoints": one[None]}, "z2": {"keypoints": np.ones((2, 67, 2))},
            "own": {"coordinates": one}, "pickled": {"a": np.array({}, dtype=object)},
        }.items():  # fmt: skip
            (tmp_path / name).mkdir(exist_ok=True)
            np.savez(tmp_path / name / f"{number}.npz", **arrays)
        for name, content in {"torn": b"torn", "object": None}.items():
            (tmp_path / name).mkdir(exist_ok=True)
            if content:
                (tmp_path / name / f"{number}.npy").write_bytes(content)
            else:
                np.save(tmp_path / name / f"{number}.npy", np.array({}, dtype=object), allow_pickle=True)
    found = {name: matches(tmp_path / name) for name in ("z", "z1", "z2", "own", "pickled", "torn", "object")}
    assert found == {
        "z": True, "z1": True, "z2": False, "own": False, "pickled": True, "torn": False, "object": True,
    }  # fmt: skip
    raw, faults = read_frames(tmp_path / "pickled")
    assert raw is None
    assert faults[0].startswith("0.npz: a holds pickled Python objects")


@pytest.mark.parametrize("kind", ["npy", "npz", "npz of one"])
def test_arrays_a_frame_are_put_together(tmp_path, kind):
    points = np.arange(3 * 67 * 2, dtype=np.float32).reshape(3, 67, 2) + 1
    (tmp_path / "a").mkdir()
    for number, row in enumerate(points):
        if kind == "npy":
            np.save(tmp_path / "a" / f"{number}.npy", row)
        else:
            np.savez(tmp_path / "a" / f"{number}.npz", keypoints=row[None] if kind != "npz" else row)
    raw, faults = read_frames(tmp_path / "a")
    assert faults == []
    np.testing.assert_array_equal(rows(raw), points)


def test_json_frames_are_put_together_and_a_bad_one_is_named(tmp_path):
    folder = write_frames(tmp_path / "a", ["1.json", "2.json"])
    raw, faults = read_frames(folder)
    assert (faults, raw.fps, rows(raw)[:, 0].tolist()) == ([], None, [[0, 1], [1, 1]])
    (folder / "2.json").write_text("[1")
    assert read_frames(folder)[1][0].startswith(str(folder / "2.json"))
    (folder / "2.json").write_text('{"people": [{"pose": {"x": 1}}]}')
    assert read_frames(folder) == (None, ["2.json: pose is an object, expected a list of points"])
    np.save(tmp_path / "1.npy", np.ones((67, 2)))
    np.save(tmp_path / "2.npy", np.ones((66, 2)))
    raw, (fault,) = read_frames(tmp_path)
    assert raw is None
    assert fault.startswith("its frames cannot be put together (")


def test_a_json_file_is_told_by_its_suffix_and_its_head(tmp_path):
    for name, telling, expected in (("a.json", "people", True), ("b.JSON", "keypoints", True), ("c.json", "x", False),
                                    ("d.txt", "people", False)):  # fmt: skip
        (tmp_path / name).write_text(json.dumps({telling: []}))
        assert JSON_READER.matches(tmp_path / name) == expected
    (tmp_path / "e.json").mkdir()
    assert not JSON_READER.matches(tmp_path / "e.json")
    assert not JSON_READER.records_fps
    assert not FRAMES_READER.records_fps
    (listed,) = JSON_READER.list_clips(tmp_path / "a.json")
    assert (listed.name, listed.key) == ("a", ())
    assert [clip.name for clip in FRAMES_READER.list_clips(tmp_path)] == [tmp_path.name]


def test_folders_of_frames_are_found_as_deep_as_asked(tmp_path):
    for place in ("b", "a", ".hidden", "in/c", "in/deeper/d", "a/inside"):
        write_frames(tmp_path / place, ["1.json"])
    (tmp_path / "file.json").write_text("{}")

    def found(depth):
        return [folder.relative_to(tmp_path).as_posix() for folder in frame_folders(tmp_path, depth)]

    assert found(0) == ["a", "b"]
    assert found(1) == ["a", "b", "in/c"]
    assert found(2) == ["a", "b", "in/c", "in/deeper/d"]


def test_a_link_to_nowhere_tells_nothing(tmp_path):
    (tmp_path / "1.json").symlink_to(tmp_path / "gone")
    assert not json_points._tells(tmp_path / "1.json")
    with pytest.raises(DataError):
        json_points._array_frame(tmp_path / "1.npy")

"""Our own `.csv` and `.json`: read by others' code and by ours, told from tables, and refused with a place."""

import csv
import json

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats import csv_rows, json_clip, load_clip, reader_of, write_clips
from signllm.pose.output import Captioned
from signllm.viewing.clips import write

JOINTS = SKELETON_50.joints


def clip(frames=4, dims=3, seed=0, fps=29.97, unit="shoulder_widths"):
    """Missing: a hand in frame 1, the nose in frame 2. Some numbers are tiny, so that digits count."""
    coordinates = (
        np.random.default_rng(seed).normal(0, 1, (frames, 50, dims)) * 10.0 ** (np.arange(50) % 7 - 5)[:, None]
    )
    valid = np.ones((frames, 50), bool)
    valid[1, 29:] = False
    valid[2, 0] = False
    return PoseSequence(coordinates, valid, fps, SKELETON_50, unit)


def assert_same(read, expected):
    np.testing.assert_array_equal(read.coordinates, expected.coordinates)
    np.testing.assert_array_equal(read.valid, expected.valid)
    assert (read.fps, read.unit, read.skeleton) == (expected.fps, expected.unit, expected.skeleton)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize("dims", [2, 3])
def test_a_clip_comes_back_bit_for_bit(tmp_path, suffix, dims):
    path = tmp_path / f"a{suffix}"
    for pose in (clip(dims=dims), clip(3, dims, unit="pixels", fps=25)):
        write_clips(path, [("a", pose)])
        read, faults = load_clip(path)
        assert faults == []
        assert_same(read, pose)


def test_any_reader_of_csv_finds_a_row_a_frame_and_a_column_a_number(tmp_path):
    pose = clip(fps=25)
    write_clips(tmp_path / "a.csv", [("the clip, in parts", pose)])
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["clip"], row["frame"], row["time_s"]) for row in rows] == [
        ("the clip, in parts", "0", "0.0"), ("the clip, in parts", "1", "0.04"),
        ("the clip, in parts", "2", "0.08"), ("the clip, in parts", "3", "0.12"),
    ]  # fmt: skip
    assert [rows[2][f"nose_{axis}"] for axis in "xyz"] == ["", "", ""]
    for joint in (0, 1, 28, 49):
        for axis, name in enumerate("xyz"):
            assert np.float32(rows[3][f"{JOINTS[joint]}_{name}"]) == pose.coordinates[3, joint, axis]


def test_any_reader_of_json_finds_the_joints_and_what_is_known(tmp_path):
    pose = clip()
    write(tmp_path / "a.json", Captioned(pose, told={"text": "Wie geht's?", "frames": 4, "fps": 29.97}), 480, "front")
    value = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (value["text"], value["frames"], value["fps"], value["unit"]) == ("Wie geht's?", 4, 29.97, "shoulder_widths")
    assert value["joints"] == list(JOINTS)
    assert value["bones"][0] == [1, 0]
    assert value["coordinates"][2][0] is None
    np.testing.assert_array_equal(np.array(value["coordinates"][3], np.float32), pose.coordinates[3])


def test_a_csv_holds_any_number_of_clips(tmp_path):
    poses = {f"clip {index}": clip(3 + index, seed=index, fps=20 + index) for index in range(3)}
    write_clips(tmp_path / "a.csv", poses.items())
    listed = csv_rows.READER.list_clips(tmp_path / "a.csv")
    assert [(c.name, c.suffix) for c in listed] == [
        ("clip 0", ":2 (clip clip 0)"), ("clip 1", ":5 (clip clip 1)"), ("clip 2", ":9 (clip clip 2)"),
    ]  # fmt: skip
    read = dict(open_clips(tmp_path / "a.csv").items())
    assert list(read) == list(poses)
    for name, pose in poses.items():
        assert_same(read[name], pose)


def test_a_csv_that_a_spreadsheet_saved_again_is_read(tmp_path):
    path = tmp_path / "a.csv"
    write_clips(path, [("a", clip())])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert_same(load_clip(path)[0], clip())


def test_beside_other_files_of_the_clip_they_are_no_further_clips(tmp_path):
    for suffix in ("npz", "csv"):
        write_clips(tmp_path / f"a.{suffix}", [("a", clip())])
    json_clip.write_clip(tmp_path / "a.json", clip(), {"text": "hello"})
    json_clip.write_clip(tmp_path / "b.json", clip(seed=1), {"text": "thank you"})
    write_clips(tmp_path / "b.csv", [("b", clip(seed=1))])
    opened = open_clips(tmp_path)
    assert [(entry.path.name, entry.text) for entry in opened.entries] == [("a.npz", "hello"), ("b.json", "thank you")]
    assert_same(dict(opened.items())["b"], clip(seed=1))


def test_poses_in_csv_are_no_table_and_go_with_one(tmp_path):
    for name in ("a", "b"):
        write_clips(tmp_path / f"{name}.csv", [(name, clip())])
    (tmp_path / "texts.csv").write_text("name,text\na,hello\nb,thank you\n", encoding="utf-8")
    assert {entry.name: entry.text for entry in open_clips(tmp_path).entries} == {"a": "hello", "b": "thank you"}
    write_clips(tmp_path / "all.csv", [("c", clip(seed=2)), ("d", clip(seed=3))])
    (tmp_path / "texts.csv").write_text("name,text\na,hello\nd,good\n", encoding="utf-8")
    clips = open_clips(tmp_path)
    assert {entry.name: entry.text for entry in clips.entries} == {"a": "hello", "d": "good"}
    assert_same(dict(clips.items())["d"], clip(seed=3))


def edited(path, **changes):
    value = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({key: item for key, item in (value | changes).items() if item != "gone"}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format_version": 2}, "format version 2, this version reads 1"),
        ({"fps": "25"}, "\"fps\" is '25'"),
        ({"fps": -1}, "fps is -1"),
        ({"skeleton": "h36m"}, "\"skeleton\" 'h36m'"),
        ({"unit": "gone"}, '"unit" None'),
        ({"coordinates": []}, '"coordinates" is no list of frames'),
        ({"coordinates": [[[0, 0, 0]] * 49]}, "frame 0: expected a list of 50 joints"),
        (
            {"coordinates": [[None] * 50, [[0, 0, 0]] * 49 + [[0, 0]]]},
            r"frame 1: left_little_4|frame 1: right_little_4",
        ),
        ({"coordinates": [[[0, "1", 0]] * 50]}, r"frame 0: nose is \[0, '1', 0\], expected 3 numbers or null"),
        ({"coordinates": [[[0, 1e30, 0]] * 50]}, "frame 0: nose"),
        ({"coordinates": [[[0, True, 0]] * 50]}, "frame 0: nose"),
    ],
)
def test_a_json_that_is_no_clip_is_refused(tmp_path, changes, says):
    path = tmp_path / "a.json"
    write_clips(path, [("a", clip())])
    edited(path, **changes)
    with pytest.raises(DataError, match=says):
        open_clips(path).pose(0)


def broken(path, old, new, count=1):
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, count), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("a,2,", "a,3,", r"a\.csv:2 .*row 4: frame '3', expected 2"),
        ("\na,1,0.04,25.0", "\na,1,0.04,30.0", "row 2: fps and unit differ"),
        (",25.0,", ",fast,", "row 2: fps 'fast'"),
        ("x,neck_y", "x,neck_q", "its columns are not the joints of signllm-50"),
        ("\na,3,", "\na,3,7,", r"row 5: 156 cells, expected 155"),
        ("\na,0,0.0,25.0,shoulder_widths,", "\na,0,0.0,25.0,shoulder_widths,1e20", "row 2: nose_x is '1e20"),
        ("\na,0,0.0,25.0,shoulder_widths,", "\na,0,0.0,25.0,shoulder_widths,one", "row 2: nose_x is 'one"),
        (
            "\na,2,0.08,25.0,shoulder_widths,,",
            "\na,2,0.08,25.0,shoulder_widths,1,",
            "row 4: nose has a number for some",
        ),
    ],
)
def test_a_csv_that_contradicts_itself_is_refused(tmp_path, old, new, says):
    path = tmp_path / "a.csv"
    write_clips(path, [("a", clip(fps=25))])
    broken(path, old, new, -1 if "fast" in new else 1)
    with pytest.raises(DataError, match=says):
        open_clips(path).pose(0)


def test_what_they_cannot_hold_is_refused_and_nothing_is_left(tmp_path):
    for name, clips, says in (
        ("a.json", [("a", clip()), ("b", clip())], "a .json holds one clip, not 2"),
        ("a.json", [], "a .json holds one clip, not 0"),
        ("a.csv", [], "no clip to write"),
        ("a.csv", [("a", clip()), ("a", clip())], "clip 2: each clip needs a name of its own, not 'a'"),
        ("a.csv", [("a\nb", clip())], "clip 1: each clip needs a name of its own"),
        ("a.csv", [("a", clip()), ("b", clip(dims=2))], "clip b has another skeleton or dimension"),
    ):
        with pytest.raises(DataError, match=says):
            write_clips(tmp_path / name, clips)
    assert not list(tmp_path.iterdir())


def test_other_files_of_these_suffixes_are_left_to_others(tmp_path):
    (tmp_path / "t.csv").write_text("clip,frame,text\n")
    (tmp_path / "t.json").write_text('{"text": "signllm-pose"}')
    assert not csv_rows.READER.matches(tmp_path / "t.csv")
    assert not json_clip.READER.matches(tmp_path / "t.json")
    with pytest.raises(DataError, match=r"unknown pose file suffix '\.csv'"):
        reader_of(tmp_path / "t.csv")

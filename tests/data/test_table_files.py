"""Pose files with a table beside them: columns, forms, parts of files, faults, and texts without a table."""

import json

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.data.cutting import load_cut
from signllm.data.store import Store
from signllm.errors import DataError
from signllm.pose.formats import write_clips
from signllm.pose.formats.conventions import RawClip
from tests.helpers.sources import SOURCES, clip, lines, write_lines, write_rows

ROWS = [
    {"name": "a", "text": "good, morning", "gloss": "GOOD MORNING", "split": "train", "signer": "s1"},
    {"name": "b", "text": "book\u2028end", "gloss": "BOOK", "split": "dev", "signer": "s2"},
]


def write_poses(folder, names="ab", suffix=".pose"):
    for n, name in enumerate(names):
        write_clips(folder / f"{name}{suffix}", [(name, clip(n))])
    return folder


def convert_all(folder, language="ASL", **options):
    return convert(ConvertOptions(folder, folder.parent / "store", language, **options))


def separated(separator):
    def cell(text):
        return f'"{text}"' if separator in text else text

    return "\r\n".join(separator.join(map(cell, row)) for row in [ROWS[0], *(row.values() for row in ROWS)]) + "\r\n"


FORMS = {
    "csv": separated(","),
    "tsv": separated("\t"),
    "semicolons.csv": separated(";"),
    "json": json.dumps(ROWS),
    "jsonl": "\n".join(map(json.dumps, ROWS)) + "\n",
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_table_says_the_same(tmp_path, form, mark):
    folder = write_poses(tmp_path / "p")
    (folder / f"t.{form}").write_text(mark + FORMS[form], encoding="utf-8", newline="")
    entries = {entry.name: entry for entry in open_clips(folder).entries}
    for row in ROWS:
        entry = entries[row["name"]]
        assert {key: getattr(entry, key) for key in row} == row
    assert open_clips(folder, split="dev").names == ["b"]
    assert len(open_clips(folder / f"t.{form}")) == 2
    assert [(report.split, report.status) for report in convert_all(folder)] == [
        ("train", "converted"), ("dev", "converted"),
    ]  # fmt: skip
    (record,) = Store(tmp_path / "store").split("ASL", "dev").records
    assert (record.id, record.text, record.gloss, record.signer) == ("b", "book\u2028end", "BOOK", "s2")


def test_any_table_goes_with_any_reader(tmp_path):
    write_clips(tmp_path / "many.npz", [("a", clip(0)), ("b", clip(1))])
    write_rows(tmp_path / "sub" / "rows.npz")
    write_lines(tmp_path / "lines", "xy", text=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "pose.json").write_text(json.dumps({"poses": clip(2).coordinates.reshape(6, 150).tolist()}))
    lines(
        tmp_path / "t.csv",
        "name,file,text",
        "b,many.npz,two",
        "a,many,one",
        "r,sub/rows.npz,three",
        "clip_00002,lines/dev.skels,four",
        "f,folder,five",
    )
    clips = open_clips(tmp_path)
    assert [(entry.name, entry.text) for entry in clips.entries] == [
        ("b", "two"), ("a", "one"), ("r", "three"), ("clip_00002", "four"), ("f", "five"),
    ]  # fmt: skip
    np.testing.assert_array_equal(clips["b"].coordinates, clip(1).coordinates)
    np.testing.assert_array_equal(clips["a"].coordinates, clip(0).coordinates)
    assert (clips["r"].fps, len(clips["r"])) == (50, 6)
    np.testing.assert_allclose(clips["clip_00002"].coordinates, clip(1).coordinates, atol=1e-4)
    np.testing.assert_allclose(clips["f"].coordinates, clip(2).coordinates, atol=1e-4)


def test_a_row_may_be_a_part_of_a_file(tmp_path):
    write_clips(tmp_path / "long.npz", [("long", clip(0, 50))])
    lines(
        tmp_path / "t.csv",
        "id,file,text,start,end,fps",
        "a,long.npz,x,0.4,0.8,",
        "b,long.npz,x,1.6,,",
        "c,long.npz,x,0.4,0.8,50",
        "d,long.npz,x,1.5,2.5,",
    )
    clips = open_clips(tmp_path)
    np.testing.assert_array_equal(clips["a"].coordinates, clip(0, 50).coordinates[10:20])
    np.testing.assert_array_equal(clips["b"].coordinates, clip(0, 50).coordinates[40:])
    np.testing.assert_array_equal(clips["c"].coordinates, clip(0, 50).coordinates[20:40])
    assert [clips[name].fps for name in "abc"] == [25, 25, 50]
    with pytest.raises(DataError, match=r"long\.npz.* from 1\.5 s to 2\.5 s lies outside: the file has 2\.00 s"):
        clips["d"]


def test_a_part_of_a_raw_clip_loses_its_counter_and_needs_a_frame_rate():
    raw = RawClip(np.ones((10, 50, 3), np.float32), np.linspace(0.1, 1, 10), None, np.eye(10, 50, dtype=bool))
    cut, faults = load_cut(lambda: (raw, []), 0.2, 0.6, 10)
    assert (len(cut.coordinates_FJC), cut.counter_F, faults) == (4, None, [])
    np.testing.assert_array_equal(cut.valid_FJ, np.eye(10, 50, dtype=bool)[2:6])
    assert "neither the file nor the table says the frame rate" in load_cut(lambda: (raw, []), 0, 1, None)[1][0]
    assert load_cut(lambda: (None, ["torn"]), 0, 1, None) == (None, ["torn"])


def test_every_fault_of_a_table_is_named_with_its_row(tmp_path):
    folder = write_poses(tmp_path / "p", "abc")
    rows = [
        {"name": "a", "text": None, "language": "ASLL"},
        {"name": "b", "text": "x", "gloss": ["A", 3], "start": 2, "end": 1},
        {"name": "b", "text": 7, "fps": "fast"},
    ]
    (folder / "t.json").write_text(json.dumps(rows))
    with pytest.raises(DataError) as caught:
        open_clips(folder)
    faults = "\n".join(caught.value.faults)
    for says in (
        "t.json, entry 1: text is null, expected text",
        "t.json, entry 1: unknown sign language 'ASLL'",
        "t.json, entry 2: gloss holds 3, expected words",
        "t.json, entry 2: the clip ends at 1 s, which is not after its start at 2 s",
        "t.json, entry 3: text is 7, expected text",
        "t.json, entry 3: fps is 'fast', expected a number",
        "t.json, entry 3: the clip 'b' already stands in",
    ):
        assert says in faults, says
    assert len(caught.value.faults) == 7
    lines(folder / "t.csv", "name,text", "a,x,y", "b", "c,z")
    (folder / "t.json").unlink()
    with pytest.raises(DataError) as caught:
        open_clips(folder)
    assert [fault.rpartition("/")[2] for fault in caught.value.faults] == [
        "t.csv:2: 3 fields, the first line names 2",
        "t.csv:3: 1 fields, the first line names 2",
    ]
    lines(folder / "t.csv", "name,text,split", "a,x,dev", "b,y,")
    with pytest.raises(DataError, match="1 of 2 rows have no split"):
        open_clips(folder)


def test_rows_without_poses_or_texts_and_poses_without_rows_are_counted(tmp_path):
    folder = write_poses(tmp_path / "p", "abcd")
    lines(folder / "t.csv", "name,text", "a,x", "b,", "gone,y")
    (train, dev) = convert_all(folder, held_out=0.5)
    faults = "\n".join(train.faults + dev.faults)
    assert "b.pose: no text: 3 of t.csv has none" in faults
    assert "t.csv:4 (clip gone): no pose file is called 'gone'" in faults
    reports = convert_all(folder, held_out=0.5, skip_bad=True)
    assert sum(report.rejected for report in reports) == 2
    warnings = [warning for report in reports for warning in report.warnings]
    assert any("2 pose files have no row in t.csv and are left out, such as c.pose" in w for w in warnings)


def test_a_table_may_say_where_on_the_web_files_are_from(tmp_path):
    folder = write_poses(tmp_path / "p", ["hello", "x1_Y2-z3aaa"])
    rows = (
        "https://a.org/hello.mp4?sig=1,one",
        "https://www.youtube.com/watch?v=x1_Y2-z3aaa,two",
        "https://a.org/c.mp4,c",
    )
    lines(folder / "t.csv", "url,text", *rows)
    clips = open_clips(folder)
    assert [(entry.name, entry.has_pose) for entry in clips.entries] == [
        ("hello", True), ("x1_Y2-z3aaa", True), ("c", False)
    ]  # fmt: skip


def test_files_of_one_name_are_to_be_named_apart(tmp_path):
    folder = write_poses(tmp_path / "p", "a")
    write_clips(folder / "a.npz", [("a", clip())])
    lines(folder / "t.csv", "file,text", "a.pose,x", "a.npz,y")
    with pytest.raises(DataError, match=r"t\.csv:3: the clip 'a' already stands in t\.csv:2; give each .* column id"):
        open_clips(folder)


def test_clips_of_other_languages_are_left_out_and_counted(tmp_path):
    folder = write_poses(tmp_path / "p", "abc")
    lines(folder / "train.csv", "name,text,language", "a,x,ASL", "b,y,DGS", "c,z,GSL")
    assert [entry.language for entry in open_clips(folder).entries] == ["ASL", "GSL", "GSL"]
    assert open_clips(folder, ["GSL"]).names == ["b", "c"]
    (report,) = convert_all(folder, "GSL")
    assert (report.split, report.clips) == ("train", 2)  # the table's own name is its split
    assert "1 clips of other languages than GSL are left out" in report.warnings
    (report,) = convert_all(folder, "KSL")
    assert "no clip of KSL" in report.faults[0]


def test_a_table_without_texts_has_its_glosses_for_texts(tmp_path):
    SOURCES["glosses"](tmp_path / "g")
    reports = convert_all(tmp_path / "g", "GSL", held_out=0.5)
    assert all("has no column text: the glosses stand for the texts" in report.warnings[0] for report in reports)
    texts = {entry.name: entry.text for entry in open_clips(tmp_path / "g").entries}
    assert texts["eins"] == "EINS"
    assert all(len(pose) == 6 for pose in open_clips(tmp_path / "g"))  # start_ms is of the recording they were cut from


def test_pose_files_without_any_text_are_refused_once_with_the_remedy(tmp_path):
    folder = write_poses(tmp_path / "p", "abcdef")
    with pytest.raises(DataError) as caught:
        convert_all(folder)
    (fault,) = caught.value.faults
    assert "6 pose files (a.pose, b.pose, c.pose, d.pose, ...) and no text for any clip in them" in fault
    assert "texts.csv with the columns name,text and a row 'a,...'" in fault
    assert not (tmp_path / "store").exists()
    write_poses(tmp_path / "split" / "train", "abc")
    (report,) = convert_all(tmp_path / "split")
    assert len(report.faults) == 1
    lines(folder / "a.text", "one")
    reports = convert_all(folder, held_out=0.5)
    assert sum(len(report.faults) for report in reports) == 5
    assert "b.pose: no text beside b.pose" in "\n".join(fault for report in reports for fault in report.faults)


def test_npz_files_are_converted_as_they_are_with_the_splits_of_their_names(tmp_path):
    narrow = clip(0).replace(coordinates=clip(0).coordinates * 0.9)  # a generated clip must not be stretched
    flat = clip(1, dims=2).with_sides_swapped()
    write_clips(tmp_path / "n" / "x.npz", [("dev/a", narrow), ("train/a", narrow)])
    write_clips(tmp_path / "n" / "y.npz", [("dev/b", flat)])
    lines(tmp_path / "n" / "x.text", "one", "two")
    lines(tmp_path / "n" / "y.text", "three")
    train, dev = convert_all(tmp_path / "n")
    assert (train.split, train.clips, dev.split, dev.clips, dev.sides_swapped) == ("train", 1, "dev", 2, False)
    split = Store(tmp_path / "store").split("ASL", "dev")
    assert [(record.id, record.text) for record in split.records] == [("a", "one"), ("b", "three")]
    np.testing.assert_array_equal(split.pose(0).coordinates, narrow.coordinates)
    np.testing.assert_array_equal(split.pose(1).coordinates[..., :2], flat.coordinates)
    assert not split.pose(1).coordinates[..., 2].any()
    assert any("other way round" in warning for warning in dev.warnings)
    (dev,) = convert_all(tmp_path / "n", layout="left-first", splits=["dev"], overwrite=True)
    assert dev.sides_swapped


def test_split_folders_of_pose_files(tmp_path):
    for split in ("train", "dev"):
        for name in "ab":
            write_clips(tmp_path / "p" / split / f"{name}.pose", [(name, clip())])
            lines(tmp_path / "p" / split / f"{name}.text", f"{split} {name}")
    assert [(report.split, report.clips) for report in convert_all(tmp_path / "p")] == [("train", 2), ("dev", 2)]
    assert [entry.text for entry in open_clips(tmp_path / "p", split="dev").entries] == ["dev a", "dev b"]


def test_metadata_beside_a_pose_file_gives_the_text_of_the_signs_language(tmp_path):
    SOURCES[".pose with metadata"](tmp_path / "p")
    entries = open_clips(tmp_path / "p", ["GSL"]).entries
    assert {(entry.text, entry.gloss) for entry in entries} >= {("Text zwei", "ZWEI 2")}
    assert {entry.text for entry in open_clips(tmp_path / "p", ["ASL"]).entries} == {"x"}
    assert {entry.text for entry in open_clips(tmp_path / "p").entries} == {None}  # which of the two is not said
    write_clips(tmp_path / "q" / "a.pose", [("a", clip())])
    (tmp_path / "q" / "a.json").write_text('\ufeff{"sentence": "hello", "gloss": "HELLO"}', encoding="utf-8")
    assert [(entry.text, entry.gloss) for entry in open_clips(tmp_path / "q").entries] == [("hello", "HELLO")]
    (tmp_path / "q" / "a.json").write_text('{"text": 3, "gloss": ["A", null]}')
    with pytest.raises(DataError) as caught:
        open_clips(tmp_path / "q")
    assert len(caught.value.faults) == 2


def test_a_clip_without_text_in_the_signs_spoken_language_is_a_fault(tmp_path):
    SOURCES[".pose with metadata"](tmp_path / "p")
    reports = convert_all(tmp_path / "p", language="KSL")
    faults = [fault for report in reports for fault in report.faults]
    assert len(faults) == len(set(faults)) > 1
    assert all("no text in ko, the spoken language of KSL; there is en, de" in fault for fault in faults)

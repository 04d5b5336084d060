"""What a fuzz run found in sources: wrong kinds of content are faults of a file, and nothing leaves the store."""

import json

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.data.source import ClipEntry
from signllm.errors import DataError
from signllm.pose.formats import archives
from signllm.pose.formats.raw_points import RawPoints, forms_of_points
from signllm.pose.formats.reader import PoseReader
from tests.helpers.people import person, points_of
from tests.helpers.sources import lines, write_lines


def save(path, layout="mediapipe-75", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, points_of(layout, person(8, seed)).astype(np.float32))


def rejected(folder, out):
    """The faults of a conversion that leaves out what is bad."""
    return [fault for report in convert(ConvertOptions(folder, out, "GSL", skip_bad=True)) for fault in report.faults]


@pytest.mark.parametrize("split", ["../../outside", "{here}/outside", ".hidden", "a\0b", "a/b"])
def test_a_split_of_a_table_never_leads_out_of_the_store(tmp_path, split):
    save(tmp_path / "in" / "a.npy")
    lines(tmp_path / "in" / "t.csv", "id,text,split", f"a,eins,{split.format(here=tmp_path)}")
    with pytest.raises(DataError, match="cannot be the name of a split"):
        convert(ConvertOptions(tmp_path / "in", tmp_path / "out" / "store", "GSL"))
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_a_folder_in_which_no_pose_file_is_left_is_refused(tmp_path):
    lines(tmp_path / "in" / "all.text", "eins")
    (tmp_path / "in" / "all.npy").write_bytes(b"\x93NUMPY damaged")
    with pytest.raises(DataError):
        convert(ConvertOptions(tmp_path / "in", tmp_path / "out", "GSL"))


def test_links_in_a_circle_are_said_where_a_table_means_them(tmp_path):
    save(tmp_path / "in" / "a.npy")
    (tmp_path / "in" / "b.npy").symlink_to("b.npy")
    lines(tmp_path / "in" / "t.csv", "id,text", "a,eins", "b,zwei")
    clips = open_clips(tmp_path / "in")
    assert len(clips[0]) == 8
    with pytest.raises(DataError, match=r"b\.npy: no such file"):
        clips[1]


def test_glosses_that_stand_for_texts_and_are_empty_are_faults(tmp_path):
    write_lines(tmp_path / "in", ["eins", "zwei"], text=False)
    lines(tmp_path / "in" / "dev.gloss", "EINS", "")
    lines(tmp_path / "in" / "dev.files", "eins", "zwei")
    (report,) = convert(ConvertOptions(tmp_path / "in", tmp_path / "out", "GSL", skip_bad=True))
    assert (report.clips, report.rejected) == (1, 1)


def test_points_are_numbers_with_a_score_for_each(tmp_path):
    forms = forms_of_points(75, 3)
    with pytest.raises(DataError, match="<U1 values, expected numbers"):
        RawPoints(np.full((2, 225), "x"), forms)
    with pytest.raises(DataError, match=r"shape \(2, 224\)"):
        RawPoints(np.zeros((2, 224)), forms)
    for scores in (np.full((2, 75), "x"), np.ones((2, 74))):
        with pytest.raises(DataError, match="its scores are"):
            RawPoints(np.zeros((2, 225)), forms, scores_FK=scores)
    assert RawPoints(np.zeros((2, 225), np.int8), forms).values_FV.dtype == np.float32


def test_whatever_a_reader_raises_is_a_fault_of_the_file(tmp_path):
    def fail(path, *key):
        raise ZeroDivisionError("by zero\nand more")

    reader = PoseReader("points", fail, fail, fail)
    with pytest.raises(DataError, match=r"a\.x: damaged, or of another layout than points \(ZeroDiv"):
        reader.matches(tmp_path / "a.x")
    with pytest.raises(DataError, match=r"a\.x: damaged"):
        reader.list_clips(tmp_path / "a.x")
    clip, faults = reader.load(tmp_path / "a.x", 3)
    assert clip is None
    assert faults == ["damaged, or of another layout than points (ZeroDivisionError: by zero and more)"]


def test_point_tables_of_parquet_hold_numbers(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    table = {"frame": ["0", "1"], "type": ["pose"] * 2, "landmark_index": [0, 1], "x": ["a", "b"]}
    table |= {"y": [0.0, 0.0], "z": [0.0, 0.0]}
    (tmp_path / "in").mkdir()
    pyarrow.parquet.write_table(arrow.table(table), tmp_path / "in" / "a.parquet")
    lines(tmp_path / "in" / "t.csv", "path,sign", "a.parquet,blow")
    with pytest.raises(DataError, match="damaged, or of another layout"):
        open_clips(tmp_path / "in")[0]


def test_a_parquet_file_that_unpacks_to_far_more_than_it_is_long_is_refused(tmp_path, monkeypatch):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    table = arrow.table({"id": ["a"], "text": ["b"], "pose": [[[0] * 225] * 400]})
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 100_000)
    pyarrow.parquet.write_table(table, tmp_path / "train.parquet")
    with pytest.raises(DataError, match="would unpack from"):
        open_clips(tmp_path)


def test_hdf5_groups_that_hold_themselves_files_elsewhere_and_arrays_never_written(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py, an extra, is not installed")

    path = tmp_path / "train.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("a")
        group["keypoints"] = points_of("openpose-137", person(8)).astype(np.float32)
        group.attrs["text"] = "eins"
        group["circle"] = file["/"]
        group["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        group["nowhere"] = h5py.SoftLink("/nowhere")
    clips = open_clips(tmp_path)
    assert [entry.text for entry in clips.entries] == ["eins"]
    assert len(clips[0]) == 8
    with h5py.File(path, "r+") as file:
        del file["a/keypoints"]
        file["a"].create_dataset("keypoints", (10**7, 137, 3), "f4", chunks=(100, 137, 3))
    with pytest.raises(DataError, match=r"would unpack from 0\.0 MB"):
        open_clips(tmp_path)[0]


def test_json_deeper_than_any_reader_goes(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text('{"people": ' + "[" * 10**5 + "]" * 10**5 + "}")
    (tmp_path / "in" / "t.jsonl").write_text(json.dumps({"id": "a", "text": "eins"}) + "\n")
    with pytest.raises(DataError, match="not JSON"):
        open_clips(tmp_path / "in")[0]


def test_names_that_are_no_unicode_are_faults_of_their_clips(tmp_path):
    entry = ClipEntry("a\udcff", tmp_path / "a.npz", lambda: (None, []), text="zw\udce9i", references=("ok", "\udc80"))
    assert (entry.name, entry.text, entry.references) == ("a?", "zw?i", ())
    assert len(entry.faults) == 3
    assert "the text 'zw?i' holds bytes that are not UTF-8 text" in entry.faults[1]
    assert not ClipEntry("ä", tmp_path / "a.npz", lambda: (None, []), text="zwei 猫").faults

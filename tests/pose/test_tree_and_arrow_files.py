"""HDF5, `.pt`, parquet and arrow files: which clips are in them, by what names, and what is said of the others."""

from pathlib import Path

import numpy as np
import pytest
import torch

from signllm.errors import DataError
from signllm.pose.formats import arrow_file, arrow_points, tree_files

CLIP = np.arange(4 * 67 * 2, dtype=np.float32).reshape(4, 67, 2) + 1
BODY, HAND = np.ones((4, 17, 2), np.float32), np.ones((4, 21, 2), np.float32)


def tree(path: Path, content: dict) -> Path:
    """A file of nested groups in the format of the suffix."""
    if path.suffix == ".pt":

        def tensors(node):
            if isinstance(node, dict):
                return {name: tensors(item) for name, item in node.items()}
            return torch.as_tensor(node) if isinstance(node, np.ndarray) else node

        torch.save(tensors(content), path)
        return path
    h5py = pytest.importorskip("h5py", reason="h5py, an extra, is not installed")

    def write(group, node):
        for name, item in node.items():
            if isinstance(item, dict):
                write(group.create_group(name), item)
            else:
                group[name] = item

    with h5py.File(path, "w") as file:
        write(file, content)
    return path


def listed(path):
    return [(clip.name, clip.key, clip.suffix) for clip in tree_files.list_clips(path)]


@pytest.fixture(params=[".h5", ".pt"])
def path(request, tmp_path):
    return tmp_path / f"a{request.param}"


@pytest.mark.parametrize(
    ("content", "clips"),
    [
        ({"one": CLIP, "two": CLIP}, {"one": ["one"], "two": ["two"]}),
        ({"one": CLIP}, {"one": ["one"]}),
        ({"one": CLIP, "fps": np.array([30.0])}, {"": ["fps", "one"]}),
        ({"one": CLIP, "scores": np.ones((4, 67))}, {"": ["one", "scores"]}),
        ({"one": CLIP, "ids": np.ones(3)}, {"one": ["one"]}),
        ({"g": {"keypoints": CLIP}, "h": {"keypoints": CLIP, "fps": np.array(25.0)}},
         {"g": ["g/keypoints"], "h": ["h/fps", "h/keypoints"]}),
        ({"g": {"keypoints": CLIP, "ids": np.ones(3)}}, {"g": ["g/keypoints"]}),
        ({"g": {"a": CLIP, "b": CLIP}}, {"g/a": ["g/a"], "g/b": ["g/b"]}),
        ({"g": {"body": BODY, "left_hand": HAND, "right_hand": HAND}},
         {"g": ["g/body", "g/left_hand", "g/right_hand"]}),
        ({"g": {"body": BODY, "hands": np.ones((4, 2, 21, 2))}}, {"g": ["g/body", "g/hands"]}),
        ({"g": {"scores": np.ones((4, 134)), "pose": np.ones((4, 134))}}, {"g": ["g/pose", "g/scores"]}),
        ({"g": {"in": {"deep": CLIP}}}, {"g/in": ["g/in/deep"]}),
    ],
)  # fmt: skip
def test_a_clip_is_an_array_or_a_group_whose_arrays_belong_together(path, content, clips):
    found = listed(tree(path, content))
    assert {name: sorted("/".join(place) for place in key[0]) for name, key, _ in found} == {
        name or "a": places for name, places in clips.items()
    }
    assert [suffix for *_, suffix in found] == [f" (clip {name})" for name in clips]
    sizes = {clip.num_bytes for clip in tree_files.list_clips(path)}
    assert sizes == {path.stat().st_size // len(clips)}
    assert tree_files.READER.matches(path)


def test_clips_are_loaded_with_what_stands_beside_them(path):
    other = CLIP + 1000
    tree(path, {"g": {"keypoints": other, "fps": np.array([30.0]), "scores": np.full((4, 67), 0.5)}, "h": {"x": CLIP}})
    keys = {name: key for name, key, _ in listed(path)}
    raw, faults = tree_files.load(path, *keys["g"])
    assert faults == []
    np.testing.assert_array_equal(raw.values_FV, other.reshape(4, -1))
    assert (raw.fps, raw.scores_FK.tolist()) == (30.0, [[0.5] * 67] * 4)
    raw, _ = tree_files.load(path, *keys["h"])
    assert (raw.fps, raw.scores_FK) == (None, None)
    np.testing.assert_array_equal(raw.values_FV, CLIP.reshape(4, -1))


def test_a_file_without_clips_shows_what_is_there(path):
    arrays = {f"a{number}": np.ones((number + 1, 3)) for number in range(6)}
    with pytest.raises(DataError) as caught:
        tree_files.list_clips(tree(path, {"g": arrays}))
    says = "no array of a known shape (g/a0 (1, 3), g/a1 (2, 3), g/a2 (3, 3), g/a3 (4, 3)); known are frames of 50"
    assert str(caught.value).startswith(f"{path}: {says}")
    with pytest.raises(DataError, match=r"no array of a known shape \(no array\)"):
        tree_files.list_clips(tree(path, {"g": {}}))


def test_a_damaged_file_is_said(path):
    path.write_bytes(b"damaged")
    what = "cannot be read as HDF5" if path.suffix == ".h5" else "torn, or not tensors alone"
    with pytest.raises(DataError, match=rf"a\{path.suffix}: {what}"):
        tree_files.list_clips(path)
    raw, (fault,) = tree_files.load(path, (("one",),))
    assert raw is None
    assert fault.startswith(what)


@pytest.mark.parametrize("name", ["a.h5", "b.HDF5", "c.hdf", "d.pt", "e.PT", "f.npy", "g.h5x"])
def test_files_are_told_by_their_suffix(tmp_path, name):
    (tmp_path / name).touch()
    assert tree_files.READER.matches(tmp_path / name) == (name[0] in "abcde")
    (tmp_path / "dir.h5").mkdir()
    assert not tree_files.READER.matches(tmp_path / "dir.h5")
    assert not tree_files.READER.records_fps
    assert tree_files.READER.name == "clips in .h5 and .pt"


def test_a_list_of_clips_has_their_names_or_their_numbers(tmp_path):
    rows = [{"name": "one", "pose": torch.as_tensor(CLIP)}, {"pose": torch.as_tensor(CLIP)}, 3]
    torch.save(rows, tmp_path / "a.pt")
    assert [name for name, *_ in listed(tmp_path / "a.pt")] == ["one", "1"]
    torch.save(torch.ones(3), tmp_path / "b.pt")
    with pytest.raises(DataError, match=r"b\.pt: expected a dictionary of clips by name"):
        tree_files.list_clips(tmp_path / "b.pt")


def test_texts_stand_beside_the_arrays_of_each_clip(path):
    tree(path, {"g": {"keypoints": CLIP, "Text": " hello ", "gloss": "", "ids": np.ones(2)}, "h": {"x": CLIP}})
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "a") as file:
            file["g"].attrs["Signer"] = "anna"
            file["h"].attrs["bytes"] = np.bytes_("ü".encode())
            file["g/list"] = ["a", "b"]
    texts = dict(tree_files.texts_of(path))
    if path.suffix == ".h5":
        assert texts == {"g": {"text": "hello", "signer": "anna"}, "h": {"bytes": "ü"}}
    else:
        assert texts == {"g": {"text": "hello"}, "h": {}}
    tree(path, {"one": CLIP, "fps": np.array(25.0), "text": "whole"})
    assert dict(tree_files.texts_of(path)) == {"a": {"text": "whole"}}
    tree(path, {"one": CLIP, "two": CLIP})
    assert dict(tree_files.texts_of(path)) == {"one": {}, "two": {}}


def test_arrays_are_looked_for_so_deep_and_so_many(path, monkeypatch):
    monkeypatch.setattr(tree_files, "_MOST_LEVELS", 2)
    tree(path, {"a": {"b": {"one": CLIP, "c": {"two": CLIP}}}})
    assert [name for name, *_ in listed(path)] == ["a/b"]
    monkeypatch.setattr(tree_files, "_MOST_ARRAYS", 2)
    for count in (2, 3):
        tree(path, {f"a{number}": CLIP for number in range(count)})
        if count == 2:
            assert len(listed(path)) == 2
        else:
            with pytest.raises(DataError, match="more than the 2 arrays that such a file may have"):
                listed(path)


def test_links_to_elsewhere_are_passed_over(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py, an extra, is not installed")
    tree(tmp_path / "other.h5", {"x": CLIP})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["one"] = CLIP
        file["out"] = h5py.ExternalLink("other.h5", "/x")
        file["soft"], file["nowhere"] = h5py.SoftLink("/one"), h5py.SoftLink("/gone")
        file.create_dataset("elsewhere", (4, 134), "f4", external=[("raw.bin", 0, 4 * 134 * 4)])
        layout = h5py.VirtualLayout((4, 67, 2), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (4, 67, 2))
        file.create_virtual_dataset("virtual", layout)
        file["last"] = CLIP
    assert [name for name, *_ in listed(tmp_path / "a.h5")] == ["last", "one", "soft"]


# parquet and arrow


@pytest.fixture
def arrow():
    pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    return pyarrow


def table(arrow, path, columns):
    made = arrow.table(columns)
    if path.suffix == ".parquet":
        arrow.parquet.write_table(made, path)
    else:
        writer = arrow.ipc.new_file if path.stem != "stream" else arrow.ipc.new_stream
        with writer(str(path), made.schema) as file:
            file.write_table(made)
    return path


ROWS = [CLIP.reshape(4, -1).tolist(), (CLIP[:2] + 1000).reshape(2, -1).tolist()]


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "stream.arrow"])
def test_a_row_is_a_clip(tmp_path, arrow, name):
    path = table(arrow, tmp_path / name, {"id": ["one", None], "pose": ROWS, "text": ["eins", "zwei"], "n": [1, 2],
                                          "words": [["a"], ["b", "c"]]})  # fmt: skip
    assert arrow_points.READER.matches(path)
    assert not arrow_points.READER.records_fps
    size = path.stat().st_size // 2
    found = [(clip.name, clip.key, clip.suffix, clip.num_bytes) for clip in arrow_points.READER.list_clips(path)]
    assert found == [
        ("one", (("pose",), 0), " (row 1)", size), (f"{path.stem}_000001", (("pose",), 1), " (row 2)", size),
    ]  # fmt: skip
    raw, faults = arrow_points.READER.load(path, ("pose",), 1)
    assert faults == []
    np.testing.assert_array_equal(raw.values_FV, np.float32(ROWS[1]))
    assert raw.values_FV.dtype == np.float32
    assert arrow_file.column_names(path) == ["id", "pose", "text", "n", "words"]
    assert list(arrow_file.simple_rows(path)) == [
        {"id": "one", "text": "eins", "n": 1, "words": ["a"]},
        {"id": None, "text": "zwei", "n": 2, "words": ["b", "c"]},
    ]  # fmt: skip
    assert arrow_file.cell(path, "text", 1) == "zwei"
    assert [column.tolist() for column in arrow_file.columns_of(path, ("n",))] == [[1, 2]]


@pytest.mark.parametrize("key", ["id", "name", "video_id", "sentence_name", "file", "filename", "file_name", "path"])
def test_a_clip_has_the_name_that_its_row_says(tmp_path, arrow, key):
    path = table(arrow, tmp_path / "a.parquet", {"pose": ROWS, key: ["x", ""]})
    assert [clip.name for clip in arrow_points.READER.list_clips(path)] == ["x", "a_000001"]
    path = table(arrow, tmp_path / "c.parquet", {"pose": ROWS, key: ["", None], "note": ["no", "name"]})
    assert [clip.name for clip in arrow_points.READER.list_clips(path)] == ["c_000000", "c_000001"]
    path = table(arrow, tmp_path / "b.parquet", {"pose": ROWS, key: [7, 0]})
    assert [clip.name for clip in arrow_points.READER.list_clips(path)] == ["7", "0"]


def test_an_empty_name_gives_way_to_the_next_column(tmp_path, arrow):
    path = table(
        arrow, tmp_path / "a.parquet", {"pose": ROWS, "path": ["p", "q"], "name": ["", "n"], "id": [None, "i"]}
    )
    assert [clip.name for clip in arrow_points.READER.list_clips(path)] == ["p", "i"]


def test_columns_of_points_are_told_by_type_and_name(tmp_path, arrow):
    hand = np.ones((4, 21, 2)).tolist()
    large = arrow.array([ROWS[0]], arrow.large_list(arrow.large_list(arrow.float32())))
    fixed = arrow.array([ROWS[0]], arrow.list_(arrow.list_(arrow.float64(), 134)))
    whole = arrow.array([[[1, 2]]], arrow.list_(arrow.list_(arrow.int32())))
    for columns, found in (
        ({"pose": [ROWS[0]]}, ["pose"]),
        ({"a": large, "b": fixed}, ["a"]),  # no name tells them: the first
        ({"a": whole}, ["a"]),
        ({"a": [ROWS[0]], "keypoints": fixed}, ["keypoints"]),
        ({"a": [hand], "left_hand": [hand], "body": [hand], "right_hand": [hand]}, ["left_hand", "body", "right_hand"]),
        ({"pose": [[1.0, 2.0]], "x": [1.0], "words": [[["a"]]]}, []),
    ):
        path = table(arrow, tmp_path / "a.parquet", columns)
        assert arrow_points.pose_columns(path) == found
        assert arrow_points.READER.matches(path) == bool(found)
    for name in ("a.txt", "b.PARQUET"):
        (tmp_path / name).write_bytes(table(arrow, tmp_path / "c.parquet", {"pose": [ROWS[0]]}).read_bytes())
        assert arrow_points.READER.matches(tmp_path / name) == (name == "b.PARQUET")
    (tmp_path / "d.parquet").mkdir()
    assert not arrow_points.READER.matches(tmp_path / "d.parquet")


def test_several_columns_of_a_row_are_the_parts_of_one_clip(tmp_path, arrow):
    parts = {"body": CLIP[:, :17], "left_hand": CLIP[:, 17:38], "right_hand": CLIP[:, 38:59]}
    path = table(arrow, tmp_path / "a.parquet", {name: [part.tolist()] for name, part in parts.items()})
    (clip,) = arrow_points.READER.list_clips(path)
    raw, faults = arrow_points.READER.load(path, *clip.key)
    assert faults == []
    np.testing.assert_array_equal(raw.values_FV, CLIP[:, :59].reshape(4, -1))


def test_rows_that_are_no_clip_are_said(tmp_path, arrow):
    path = table(arrow, tmp_path / "a.parquet", {"pose": [[[1.0, 2.0], [3.0]], [[1.0, 2.0]]]})
    raw, (fault,) = arrow_points.READER.load(path, ("pose",), 0)
    assert raw is None
    assert fault.startswith("pose: its frames do not have equally many numbers (")
    raw, (fault,) = arrow_points.READER.load(path, ("pose",), 1)
    assert fault.startswith("shape (1, 2) is not known")
    (tmp_path / "b.parquet").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"b\.parquet: cannot be read as parquet \("):
        arrow_points.READER.matches(tmp_path / "b.parquet")
    (tmp_path / "b.arrow").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"b\.arrow: cannot be read as arrow \("):
        arrow_points.READER.list_clips(tmp_path / "b.arrow")
    raw, (fault,) = arrow_points.READER.load(tmp_path / "b.parquet", ("pose",), 0)
    assert fault.startswith("cannot be read as parquet (")


POINTS = {"face": (0, 468), "left_hand": (468, 21), "pose": (489, 33), "right_hand": (522, 21)}


def points_table(arrow, path, rows):
    """`rows`: (frame, type, landmark_index, x, y, z)."""
    names = ("frame", "type", "landmark_index", "x", "y", "z")
    return table(arrow, path, {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


@pytest.mark.parametrize("kind", POINTS)
def test_a_row_is_a_point_at_its_parts_place(tmp_path, arrow, kind):
    first, count = POINTS[kind]
    rows = [(20, kind, 0, 1.0, 2.0, 3.0), (7, kind, count - 1, 4.0, 5.0, np.nan)]
    path = points_table(arrow, tmp_path / "a.parquet", rows)
    assert arrow_points.is_point_table(path)
    assert arrow_points.READER.matches(path)
    assert [(clip.name, clip.key) for clip in arrow_points.READER.list_clips(path)] == [("a", ())]
    raw, faults = arrow_points.READER.load(path)
    assert (faults, [form.layout for form in raw.forms]) == ([], ["mediapipe-asl-signs"])
    points = raw.values_FV.reshape(2, 543, 3)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points[0, first + count - 1], [4, 5, np.nan])  # frames in their order
    np.testing.assert_array_equal(points[1, first], [1, 2, 3])
    assert np.isnan(points).sum() == 2 * 543 * 3 - 5
    for index in (-1, count):
        path = points_table(arrow, tmp_path / "b.parquet", [*rows, (8, kind, index, 1.0, 2.0, 3.0)])
        assert arrow_points.READER.load(path) == (None, ["a landmark_index lies outside its type's points"])


def test_other_types_of_points_are_said(tmp_path, arrow):
    path = points_table(arrow, tmp_path / "a.parquet", [(0, "tail", 0, 1.0, 2.0, 3.0), (0, "pose", 0, 1.0, 2.0, 3.0)])
    says = "type 'tail' is unknown; known: face, left_hand, pose, right_hand"
    assert arrow_points.READER.load(path) == (None, [says])
    path = table(arrow, tmp_path / "b.parquet", {"frame": [1], "type": ["pose"], "x": [1.0]})
    assert not arrow_points.is_point_table(path)
    assert not arrow_points.READER.matches(path)


def test_a_column_must_not_unpack_to_more_than_it_can_hold(tmp_path, arrow, monkeypatch):
    from signllm.pose.formats import archives

    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 80_000)
    path = table(arrow, tmp_path / "a.parquet", {"x": np.zeros(10_001), "y": np.zeros(10_001)})
    with pytest.raises(DataError, match=r"a\.parquet: 'x' would unpack from 0\.0 MB to 0 MB"):
        arrow_file.schema_of(path)
    path = table(arrow, tmp_path / "b.parquet", {"x": np.zeros(10_000)})
    assert arrow_file.column_names(path) == ["x"]
    several = arrow.table({"x": np.zeros(10_001)})
    arrow.parquet.write_table(several, tmp_path / "c.parquet", row_group_size=6000)
    with pytest.raises(DataError, match="'x' would unpack"):
        arrow_file.schema_of(tmp_path / "c.parquet")

"""Our own `.npz`: its arrays, every way in which they can contradict one another, and what is written."""

import zipfile

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats import npz


def clip(frames=3, dims=3, seed=0, fps=25.0):
    return PoseSequence.all_valid(np.random.default_rng(seed).uniform(-1, 1, (frames, 50, dims)), fps)


def write_npz(path, *, drop=(), **changes):
    arrays = {
        "coordinates": np.arange(5 * 150, dtype=np.float32).reshape(5, 50, 3), "valid": np.ones((5, 50), bool),
        "names": np.array(["a", "b"]), "frames": np.array([2, 3]), "fps": np.array([25.0, 30.0]),
        "skeleton": np.array("signllm-50"), "unit": np.array("shoulder_widths"), "format_version": np.array(1),
        **changes,
    }  # fmt: skip
    np.savez(path, **{name: array for name, array in arrays.items() if name not in drop})
    return path


def test_clips_of_an_npz_file_stand_one_behind_the_other(tmp_path):
    path = write_npz(tmp_path / "a.npz", unit=np.array("pixels"))
    listed = npz.READER.list_clips(path)
    assert [(c.name, c.key, c.suffix, c.num_bytes) for c in listed] == [
        ("a", (0,), " (clip a)", 2 * 600), ("b", (1,), " (clip b)", 3 * 600),
    ]  # fmt: skip
    whole = np.arange(5 * 150, dtype=np.float32).reshape(5, 50, 3)
    for index, (part, fps) in enumerate(((whole[:2], 25.0), (whole[2:], 30.0))):
        pose, faults = npz.READER.load(path, index)
        assert faults == []
        np.testing.assert_array_equal(pose.coordinates, part)
        assert (pose.fps, pose.unit, pose.skeleton, pose.valid.all()) == (fps, "pixels", SKELETON_50, True)
    assert npz.READER.matches(path)
    assert npz.READER.records_fps


def test_frames_must_not_unpack_to_more_than_poses_do(tmp_path, monkeypatch):
    from signllm.pose.formats import archives

    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 10_000)
    npz.write(tmp_path / "a.npz", [("a", PoseSequence.all_valid(np.zeros((200, 50, 3)), 25))])
    with pytest.raises(DataError, match=r"a\.npz: 'coordinates' would unpack from"):
        npz.NpzFile(tmp_path / "a.npz")


def test_a_clip_that_is_empty_is_its_own_fault(tmp_path):
    path = write_npz(tmp_path / "a.npz", frames=np.array([0, 5]))
    assert npz.READER.load(path, 0) == (None, ["the clip has no frames"])
    assert len(npz.READER.load(path, 1)[0]) == 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        *(({"drop": (key,)}, f"not a pose file of this toolkit, it lacks: {key}") for key in npz.KEYS),
        ({"drop": ("names", "unit")}, "it lacks: names, unit"),
        ({"names": np.array([1, 2])}, "'names' is int64 (2,), expected a list of texts"),
        ({"names": np.array("a")}, "'names' is <U1 (), expected a list of texts"),
        ({"frames": np.array([2.0, 3.0])}, "'frames' is float64 (2,), expected a list of whole numbers"),
        ({"fps": np.array(["a", "b"])}, "'fps' is <U1 (2,), expected a list of numbers"),
        ({"fps": np.array(25.0)}, "'fps' is float64 (), expected a list of numbers"),
        ({"skeleton": np.array(["x"])}, "'skeleton' is <U1 (1,), expected a text"),
        ({"unit": np.array(1)}, "'unit' is int64 (), expected a text"),
        ({"format_version": np.array(1.0)}, "'format_version' is float64 (), expected a whole number"),
        ({"format_version": np.array([1])}, "'format_version' is int64 (1,), expected a whole number"),
        ({"format_version": np.array(2)}, "format version 2, this version reads 1"),
        ({"skeleton": np.array("coco")}, "unknown skeleton 'coco'; known: signllm-50"),
        ({"frames": np.array([2, 4])}, "contradicts itself: {'names': 2, 'frames': 2, 'fps': 2}, and"
                                       " {'coordinates': 5, 'valid': 5} frames where the lengths add up to 6"),
        ({"frames": np.array([6, -1])}, "contradicts itself"),
        ({"names": np.array(["a"])}, "contradicts itself"),
        ({"fps": np.array([25])}, "contradicts itself"),
        ({"valid": np.ones((4, 50), bool)}, "contradicts itself"),
        ({"coordinates": np.array(5.0)}, "{'coordinates': 0, 'valid': 5}"),
        ({"coordinates": np.ones((5, 50, 3), int)}, "coordinates are int64 (5, 50, 3), valid is bool (5, 50), which are"
                                                    " not clips of signllm-50"),
        ({"coordinates": np.ones((5, 50, 4))}, "not clips of"),
        ({"coordinates": np.ones((5, 49, 3))}, "not clips of"),
        ({"valid": np.ones((5, 50))}, "not clips of"),
        ({"valid": np.ones((5, 49), bool)}, "not clips of"),
    ],
)  # fmt: skip
def test_every_contradiction_of_an_npz_file_is_said(tmp_path, change, says):
    path = write_npz(tmp_path / "a.npz", **change)
    with pytest.raises(DataError) as caught:
        npz.READER.list_clips(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)
    pose, faults = npz.READER.load(path, 0)
    assert pose is None
    assert str(tmp_path) not in faults[0]


@pytest.mark.parametrize("change", [
    {"coordinates": np.ones((5, 50, 2))}, {"frames": np.array([2, 3], np.uint8)}, {"fps": np.array([25, 30])},
    {"format_version": np.array(1, np.uint8)}, {"fps": np.array([25, 30], np.uint8)},
])  # fmt: skip
def test_other_kinds_of_numbers_are_read(tmp_path, change):
    assert len(npz.READER.load(write_npz(tmp_path / "a.npz", **change), 1)[0]) == 3


def test_npz_files_hold_what_was_written(tmp_path):
    clips = [("a", clip(2)), ("b", clip(3, seed=1, fps=30.0))]
    npz.write(tmp_path / "a.npz", iter(clips))
    with np.load(tmp_path / "a.npz") as data:
        assert tuple(data) == npz.KEYS
        assert data["coordinates"].shape == (5, 50, 3)
        assert (data["names"].tolist(), data["frames"].tolist(), data["fps"].tolist()) == (["a", "b"], [2, 3], [25, 30])
        said = [data[key].item() for key in ("skeleton", "unit", "format_version")]
        assert said == ["signllm-50", "shoulder_widths", 1]
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_DEFLATED}
    with pytest.raises(DataError, match=r"b\.npz: no clip to write"):
        npz.write(tmp_path / "b.npz", [])
    for other in (clip(2, dims=2), clip(2).replace(unit="pixels")):
        with pytest.raises(DataError, match=r"b\.npz: clip odd has another skeleton, unit or dimension than the first"):
            npz.write(tmp_path / "b.npz", [("a", clip()), ("odd", other)])
    npz.write(tmp_path / "c.npz", [("flat", clip(2, dims=2))])
    assert npz.READER.load(tmp_path / "c.npz", 0)[0].coordinates.shape == (2, 50, 2)

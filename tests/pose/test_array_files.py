"""`.npy` and foreign `.npz`: which files they are, how many clips are in them, and why one cannot be read."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.array_files import NPY_READER, NPZ_READER, npy_shape

CLIP = np.arange(4 * 134, dtype=np.float32).reshape(4, 134) + 1
OTHER = CLIP + 1000


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_the_head_of_a_file_says_its_shape(tmp_path, version):
    with open(tmp_path / "a.npy", "wb") as file:
        np.lib.format.write_array(file, CLIP, version=version)
    assert npy_shape(tmp_path / "a.npy") == ((4, 134), np.dtype(np.float32))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("torn", b"torn", r"a\.npy: cannot be read as \.npy \(ValueError: "),
        ("empty", b"", r"a\.npy: cannot be read as \.npy \("),
    ],
)
def test_a_damaged_file_is_said(tmp_path, name, content, says):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=says):
        npy_shape(tmp_path / "a.npy")
    clip, (fault,) = NPY_READER.load(tmp_path / "a.npy")
    assert clip is None
    assert fault.startswith("cannot be read as .npy (")


def test_a_file_is_as_long_as_it_says(tmp_path):
    np.save(tmp_path / "a.npy", CLIP)
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-1])
    says = "cut off: (4, 134) numbers do not fit into 2143 bytes; copy it again"
    assert NPY_READER.load(tmp_path / "a.npy") == (None, [says])
    with pytest.raises(DataError, match="cut off"):
        NPY_READER.list_clips(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(whole + b"more")
    assert npy_shape(tmp_path / "a.npy")[0] == (4, 134)


def test_pickled_objects_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    clip, (fault,) = NPY_READER.load(tmp_path / "a.npy")
    assert clip is None
    assert fault.startswith("holds pickled Python objects, which can run any code and are never opened; save it again")


def test_an_npy_file_holds_a_clip_or_clips_of_one_length(tmp_path):
    np.save(tmp_path / "a.npy", CLIP)
    np.save(tmp_path / "b.npy", np.stack([CLIP, OTHER]))
    np.save(tmp_path / "c.npy", np.zeros((0, 4, 134)))
    (listed,) = NPY_READER.list_clips(tmp_path / "a.npy")
    assert (listed.name, listed.key, listed.suffix) == ("a", (), "")
    assert listed.num_bytes == (tmp_path / "a.npy").stat().st_size
    first, second = NPY_READER.list_clips(tmp_path / "b.npy")
    assert (first.name, first.key, first.suffix) == ("b_00000", (0,), "[0]")
    assert (second.name, second.key, second.suffix) == ("b_00001", (1,), "[1]")
    assert first.num_bytes == (tmp_path / "b.npy").stat().st_size // 2
    assert NPY_READER.list_clips(tmp_path / "c.npy") == []
    np.testing.assert_array_equal(NPY_READER.load(tmp_path / "a.npy")[0].values_FV, CLIP)
    np.testing.assert_array_equal(NPY_READER.load(tmp_path / "b.npy", 1)[0].values_FV, OTHER)
    np.save(tmp_path / "d.npy", np.ones((3, 5)))
    clip, (fault,) = NPY_READER.load(tmp_path / "d.npy")
    assert clip is None
    assert fault.startswith("shape (3, 5) is not known; known are frames of 50")


def test_files_are_told_by_their_suffix(tmp_path):
    for name, npy, npz_ in (("a.npy", True, False), ("b.NPY", True, False), ("c.npz", False, True),
                            ("d.NPZ", False, True), ("e.zip", False, False)):  # fmt: skip
        with open(tmp_path / name, "wb") as file:
            np.save(file, CLIP) if npy else np.savez(file, a=CLIP)
        assert (NPY_READER.matches(tmp_path / name), NPZ_READER.matches(tmp_path / name)) == (npy, npz_)
    for name in ("f.npy", "g.npz"):
        (tmp_path / name).mkdir()
        assert not NPY_READER.matches(tmp_path / name)
        assert not NPZ_READER.matches(tmp_path / name)
    assert not NPY_READER.records_fps
    assert not NPZ_READER.records_fps


HAND = np.ones((4, 21, 2))


@pytest.mark.parametrize(
    ("arrays", "names"),
    [
        ({"keypoints": CLIP, "fps": np.array(25), "scores": np.ones((4, 67)), "ids": np.ones(2)}, ["a"]),
        ({"anything": CLIP}, ["a"]),
        ({"body": np.ones((4, 17, 2)), "left_hand": HAND, "right_hand": HAND}, ["a"]),
        ({"left_hand": HAND}, None),
        ({"left_hand": HAND, "right_hand": HAND}, ["a"]),  # the reader says what is wrong
        ({"one": CLIP, "two": OTHER}, ["one", "two"]),
        ({"one": CLIP, "two": OTHER, "fps": np.array(25)}, ["one", "two"]),
        ({"one": CLIP, "two": OTHER, "ids": np.ones(2)}, None),
        ({"ids": np.ones(2)}, None),
        ({"scores": np.ones((4, 134))}, None),
        ({"scores": np.ones((4, 134)), "one": CLIP}, ["a"]),
        ({"coordinates": CLIP}, None),  # of this toolkit
        ({"bad": np.array([{}], dtype=object)}, "pickled"),
        ({}, None),
    ],
)
def test_an_npz_file_holds_a_clip_or_one_an_array(tmp_path, arrays, names):
    path = npz(tmp_path / "a.npz", **arrays)
    assert NPZ_READER.matches(path) == (names is not None)
    if names == "pickled":
        with pytest.raises(DataError, match=r"a\.npz: bad holds pickled Python objects"):
            NPZ_READER.list_clips(path)
    elif names is None and arrays and "coordinates" not in arrays:
        with pytest.raises(DataError, match=r"a\.npz: no array of a known shape; known are frames of 50"):
            NPZ_READER.list_clips(path)
    elif names:
        listed = NPZ_READER.list_clips(path)
        assert [clip.name for clip in listed] == names
        size = path.stat().st_size
        if len(names) == 1:
            assert (listed[0].key, listed[0].suffix, listed[0].num_bytes) == ((tuple(arrays),), "", size)
        else:
            assert [(clip.key, clip.suffix) for clip in listed] == [((("one",),), "['one']"), ((("two",),), "['two']")]
            assert listed[0].num_bytes == size // 2


def test_clips_of_an_npz_file_are_loaded_by_their_arrays(tmp_path):
    path = npz(tmp_path / "a.npz", one=CLIP, two=OTHER, fps=np.array(50))
    raw, faults = NPZ_READER.load(path, ("two",))
    assert (faults, raw.fps) == ([], None)
    np.testing.assert_array_equal(raw.values_FV, OTHER)
    assert NPZ_READER.load(path, ("one", "fps"))[0].fps == 50
    assert NPZ_READER.load(path, ("three",)) == (None, ["it lacks: three"])
    path.write_bytes(b"torn")
    assert not NPZ_READER.matches(path)
    clip, (fault,) = NPZ_READER.load(path, ("one",))
    assert clip is None
    assert fault.startswith("cannot be read as .npz (")

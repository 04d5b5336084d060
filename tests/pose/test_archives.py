"""Arrays in `.npz` files: what the headers say, and that nothing is unpacked that is pickled, lies or is too large."""

import io
import zipfile

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats import archives
from signllm.pose.formats.archives import (
    Member,
    array_names,
    array_shapes,
    members,
    pickled_arrays,
    read_arrays,
    refuse_bombs,
)

FLOATS, FLAGS = np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.array([True, False])


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / "a.npz", floats=FLOATS, flags=FLAGS)
    return tmp_path / "a.npz"


def array_file(array, version=(1, 0)):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def archive(path, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_headers_say_shape_type_and_size(path):
    assert array_names(path) == ["floats", "flags"]
    assert array_shapes(path) == {"floats": (2, 3, 4), "flags": (2,)}
    found = members(path)
    assert found["flags"] == Member((2,), np.dtype(bool), 2, found["flags"].packed_bytes)
    assert (found["floats"].dtype, found["floats"].num_bytes) == (np.float32, 96)
    assert found["flags"].packed_bytes > 2  # its header is in it
    packed = archive(path.with_name("b.npz"), a=array_file(np.zeros(10_000)))
    assert members(packed)["a"].packed_bytes < 1000


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_versions_of_headers_are_read(tmp_path, version):
    path = archive(tmp_path / "a.npz", a=array_file(FLOATS, version))
    assert members(path)["a"].shape == (2, 3, 4)
    np.testing.assert_array_equal(read_arrays(path, ["a"])["a"], FLOATS)


def test_arrays_are_read_by_name(path):
    found = read_arrays(path, ["flags", "floats"])
    assert list(found) == ["flags", "floats"]
    np.testing.assert_array_equal(found["floats"], FLOATS)
    np.testing.assert_array_equal(found["flags"], FLAGS)
    with pytest.raises(DataError, match=r"a\.npz: it lacks: x, y$"):
        read_arrays(path, ["x", "floats", "y"])


def test_a_file_that_changed_is_read_anew(path):
    assert array_names(path) == ["floats", "flags"]
    np.savez(path, other=np.ones(3))
    assert array_shapes(path) == {"other": (3,)}


def test_pickled_objects_are_named_and_never_opened(tmp_path):
    np.savez(tmp_path / "a.npz", sound=FLOATS, bad=np.array([{}], dtype=object))
    assert pickled_arrays(tmp_path / "a.npz") == ["bad"]
    with pytest.raises(DataError, match=r"a\.npz: 'bad' cannot be read: it holds pickled objects"):
        members(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", sound=FLOATS)
    assert pickled_arrays(tmp_path / "b.npz") == []


@pytest.mark.parametrize("kept", [-1, 1])
def test_a_header_that_contradicts_the_size_is_refused(tmp_path, kept):
    content = array_file(FLOATS)
    path = archive(tmp_path / "a.npz", a=content[:-1] if kept < 0 else content + b"x")
    with pytest.raises(DataError, match=rf"a\.npz: 'a' says that it is float32 \(2, 3, 4\), and has {96 + kept} bytes"):
        members(path)


def test_a_negative_shape_is_refused(tmp_path):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (-1, -24)})
    with pytest.raises(DataError, match="says that it is"):
        members(archive(tmp_path / "a.npz", a=file.getvalue() + bytes(96)))
    assert members(archive(tmp_path / "b.npz", a=array_file(np.float32(3))))["a"].shape == ()


@pytest.mark.parametrize("content", [b"torn", b""])
def test_damaged_files_have_no_arrays(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    assert array_names(tmp_path / "a.npz") == []
    for read in (members, pickled_arrays, array_shapes, lambda path: read_arrays(path, [])):
        with pytest.raises(DataError, match=r"a\.npz: cannot be read as \.npz \(BadZipFile: "):
            read(tmp_path / "a.npz")
    path = archive(tmp_path / "b.npz", a=b"no header")
    assert (array_names(path), pickled_arrays(path)) == (["a"], [])
    with pytest.raises(DataError, match=r"b\.npz: cannot be read as \.npz \("):
        members(path)


def test_a_file_may_have_so_many_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    for count in (2, 3):
        np.savez(tmp_path / f"{count}.npz", **{f"a{n}": np.ones(1) for n in range(count)})
    assert len(members(tmp_path / "2.npz")) == 2
    with pytest.raises(DataError, match=r"3\.npz: 3 arrays, more than the 2 that such a file may have"):
        members(tmp_path / "3.npz")
    assert len(array_names(tmp_path / "3.npz")) == 3


MB = 1024**2


@pytest.mark.parametrize(
    ("unpacked", "packed", "refused"),
    [
        (128 * MB, 1, False),
        (128 * MB + 1, 1, True),
        (200 * MB, 4 * MB, False),
        (200 * MB + 1, 4 * MB, True),
        (200 * MB, 4 * MB - 1, True),
    ],
)
def test_what_unpacks_to_far_more_than_it_is_long_is_refused(tmp_path, unpacked, packed, refused):
    wanted = {"sound": Member((1,), np.dtype(float), 8, 8), "a": Member((1,), np.dtype(float), unpacked, packed)}
    if not refused:
        refuse_bombs(tmp_path / "a.npz", wanted)
        return
    with pytest.raises(DataError) as caught:
        refuse_bombs(tmp_path / "a.npz", wanted)
    assert len(caught.value.faults) == 1
    says = f"a.npz: 'a' would unpack from {packed / 1e6:.1f} MB to {unpacked / 1e6:.0f} MB, which no poses do"
    assert says in caught.value.faults[0]


def test_only_what_is_wanted_must_not_be_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 1000)
    path = archive(tmp_path / "a.npz", small=array_file(np.ones(3)), bomb=array_file(np.zeros(100_000)))
    assert read_arrays(path, ["small"])["small"].tolist() == [1, 1, 1]
    with pytest.raises(DataError, match="'bomb' would unpack"):
        read_arrays(path, ["small", "bomb"])

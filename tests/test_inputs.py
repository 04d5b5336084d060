"""Only regular files are opened, and nothing that is larger than it may be."""

import os
import zipfile

import numpy as np
import pytest

from signllm import inputs
from signllm.config import parse_config
from signllm.data.separated import MOST_FIELD_CHARS, separated_rows
from signllm.errors import ConfigError, DataError
from signllm.fsutil import file_sha256, read_text
from signllm.inputs import map_array, open_regular, read_whole
from signllm.pose.formats import archives, load_clip
from signllm.pose.formats.archives import array_shapes, read_arrays


def make_special(folder):
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "circle").symlink_to("circle")
    (folder / "folder").mkdir()


@pytest.mark.parametrize("read", [open_regular, read_whole, map_array, read_text, file_sha256, array_shapes])
def test_what_is_no_file_is_refused_at_once(tmp_path, read):
    make_special(tmp_path)
    for name, said in {"pipe": "named pipe", "device": "device", "folder": "folder", "circle": "in a circle"}.items():
        with pytest.raises(DataError, match=rf"{name}: .*{said}"):
            read(tmp_path / name)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path):
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", inputs.MOST_READ_BYTES + 1)
    with pytest.raises(DataError, match="larger than the"):
        read_text(tmp_path / "huge")
    (tmp_path / "small").write_bytes(b"abcd")
    assert read_whole(tmp_path / "small", most=4, start=1) == b"bcd"


def test_a_header_that_claims_more_than_there_is_takes_no_memory(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    with open(tmp_path / "a.npy", "r+b") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)})
    with pytest.raises(DataError, match=r"a\.npy: not a whole \.npy file"):
        map_array(tmp_path / "a.npy")


def test_an_array_that_unpacks_to_more_than_poses_do_is_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros(10**6), noise=np.random.default_rng(0).random(10**5))
    monkeypatch.setattr(archives, "MOST_UNPACKED_BYTES", 10**5)
    assert array_shapes(tmp_path / "a.npz") == {"zeros": (10**6,), "noise": (10**5,)}
    assert read_arrays(tmp_path / "a.npz", ["noise"])["noise"].shape == (10**5,)
    with pytest.raises(DataError, match=r"'zeros' would unpack"):
        read_arrays(tmp_path / "a.npz", ["zeros", "noise"])


def test_pickled_arrays_are_refused_by_their_header(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], object))
    with pytest.raises(DataError, match="pickled"):
        array_shapes(tmp_path / "a.npz")


def test_a_field_longer_than_any_text_is_a_fault_with_its_line():
    assert list(separated_rows("t.csv", ["a,b", "x" * 200_000 + ",d"]))[1][1][1] == "d"
    with pytest.raises(DataError, match=r"t\.csv:2: not a row of a table"):
        list(separated_rows("t.csv", ["a,b", "x" * (MOST_FIELD_CHARS + 1)]))


@pytest.mark.parametrize("name", ["..", ".", "...", "", "a/b", "a" * 201])
def test_a_run_name_is_the_name_of_a_folder(name):
    with pytest.raises(ConfigError, match="run_name"):
        parse_config({"run_name": name})
    assert parse_config({"run_name": "a.b-c_1"}).run_name == "a.b-c_1"


@pytest.mark.parametrize("key", ["hidden_size", "num_layers", "num_heads", "ff_size"])
def test_sizes_have_a_limit(key):
    with pytest.raises(ConfigError, match=key):
        parse_config({"model": {"pose_decoder": {key: 10**9}}})


def test_arrays_whose_header_and_archive_disagree_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("x.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
        file.write(b"\0" * 80)
    with pytest.raises(DataError, match=r"'x' says that it is float64 \(1000000000000,\), and has 80 bytes"):
        array_shapes(tmp_path / "a.npz")


def test_an_archive_is_listed_once_for_all_its_arrays_and_again_when_it_is_written_anew(tmp_path, monkeypatch):
    opened = []

    class Counted(zipfile.ZipFile):
        def __init__(self, path, *args, **kwargs):
            opened.append(path)
            super().__init__(path, *args, **kwargs)

    monkeypatch.setattr(archives.zipfile, "ZipFile", Counted)
    np.savez(tmp_path / "new.npz", **{f"clip{n}": np.full((2, 134), n) for n in range(20)})
    (tmp_path / "new.npz").rename(tmp_path / "a.npz")
    opened.clear()
    assert [load_clip(tmp_path / "a.npz", f"clip{n}")[0].values_FV[0, 0] for n in range(20)] == list(range(20))
    assert len(opened) == 1
    np.savez(tmp_path / "new.npz", clip0=np.full((2, 134), 7))
    (tmp_path / "new.npz").rename(tmp_path / "a.npz")
    assert load_clip(tmp_path / "a.npz", "clip0")[0].values_FV[0, 0] == 7


def test_a_clip_that_is_not_in_its_file_is_said_with_the_nearest_name(tmp_path):
    np.savez(tmp_path / "a.npz", hello=np.zeros((2, 134)), house=np.zeros((2, 134)))
    clip, faults = load_clip(tmp_path / "a.npz", "helo")
    assert clip is None
    assert faults == ["0 of its 2 clips are called 'helo' (did you mean 'hello'?); say which one is meant"]

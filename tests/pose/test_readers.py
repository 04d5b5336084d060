"""What all readers share: which of them a path belongs to, how a clip is found by name, and how faults are told."""

from pathlib import Path

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.formats import POSE_SUFFIXES, READERS, WRITERS, find_clip, load_clip, measured, reader_of, write_clips
from signllm.pose.formats.number_text import parse_numbers
from signllm.pose.formats.reader import ListedClip, PoseReader, has_suffix, one_clip


def clip(seed=0):
    return PoseSequence.all_valid(np.random.default_rng(seed).uniform(-1, 1, (2, 50, 3)), 25)


def test_suffixes_by_which_a_file_is_taken_for_poses():
    assert POSE_SUFFIXES == (
        ".skels", ".npz", ".pose", ".npy", ".h5", ".hdf5", ".hdf", ".pt",
        ".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v",
    )  # fmt: skip
    assert list(WRITERS) == [".skels", ".npz", ".pose", ".csv", ".json"]
    assert [reader.name for reader in READERS] == [
        "lines of .skels", ".pose", "OpenPose rows, .npz with 'keypoints'",
        "MediaPipe rows, .npz of (clips, frames, 258)", "arrays of points, .npz", ".npz of this toolkit",
        "arrays of points, .npy", "clips in .h5 and .pt", "poses in .parquet and .arrow",
        ".csv of this toolkit", ".json of this toolkit", "folder with pose.json",
        "folders with a file a frame", "points of trackers, .json", "MediaPipe landmarks, .json",
        "videos (.mp4, .mov, .webm, .mkv, .avi, .m4v)",
    ]  # fmt: skip


def test_what_no_reader_takes_is_said(tmp_path):
    (tmp_path / "a.skel").touch()
    (tmp_path / "b").mkdir()
    for name, says in (
        (
            "a.skel",
            "unknown pose file suffix '.skel' (did you mean '.skels'?); known: lines of .skels, .pose, OpenPose",
        ),
        ("b", "a folder without pose.json"),
        ("c.npz", "no such file"),
    ):
        with pytest.raises(DataError) as caught:
            reader_of(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: {says}")
        load, key, faults = find_clip(tmp_path / name)
        assert (load, key) == (None, ())
        assert faults[0].startswith(says)
        pose, faults = load_clip(tmp_path / name)
        assert pose is None
        assert faults[0].startswith(says)


def test_a_clip_is_found_by_its_name_where_a_file_holds_several(tmp_path):
    path = tmp_path / "a.npz"
    write_clips(path, [("one", clip(0)), ("two", clip(1)), ("two", clip(2))])
    np.testing.assert_array_equal(load_clip(path, "one")[0].coordinates, clip(0).coordinates)
    _, key, faults = find_clip(path, "one")
    assert (key, faults) == ((path, 0), [])
    for name, says in (
        ("two", "2 of its 3 clips are called 'two'; say which one is meant"),
        ("onne", "0 of its 3 clips are called 'onne' (did you mean 'one'?); say which one is meant"),
        (None, "0 of its 3 clips are called 'None'; say which one is meant"),
    ):
        assert load_clip(path, name) == (None, [says])
    write_clips(path, [("only", clip(3))])
    for name in (None, "other"):  # of a single clip the name does not matter
        np.testing.assert_array_equal(load_clip(path, name)[0].coordinates, clip(3).coordinates)


def test_among_thousands_of_names_none_is_guessed(tmp_path, monkeypatch):
    monkeypatch.setattr("signllm.pose.formats._MOST_COMPARED", 3)
    for count, guessed in ((2, True), (3, False)):
        write_clips(tmp_path / f"{count}.npz", [(f"name{number}", clip()) for number in range(count)])
        assert ("did you mean" in load_clip(tmp_path / f"{count}.npz", "nam0")[1][0]) == guessed


def test_files_are_written_in_the_format_of_their_suffix(tmp_path):
    for name in ("a.skels", "b.NPZ", "c.pose"):
        write_clips(str(tmp_path / name), [(Path(name).stem, clip())])
        assert (tmp_path / name).exists()
    says = "unknown pose file suffix '.npx' (did you mean '.npz'?); known: .skels, .npz, .pose, .csv, .json"
    with pytest.raises(DataError) as caught:
        write_clips(tmp_path / "d.npx", [("d", clip())])
    assert str(caught.value) == f"{tmp_path / 'd.npx'}: {says}"


def test_only_what_takes_long_to_read_is_measured(tmp_path):
    write_clips(tmp_path / "a.npz", [("a", clip())])
    assert measured(tmp_path / "a.npz") is None
    assert measured(tmp_path / "none.mp4") is None
    (tmp_path / "b.mp4").write_bytes(b"no video")
    assert measured(tmp_path / "b.mp4") is None


def failing(error):
    def fail(path, *key):
        raise error

    return PoseReader("points", fail, fail, fail)


def test_faults_of_libraries_are_faults_of_the_file(tmp_path):
    path = tmp_path / "a.x"
    long = failing(ValueError("x\n " * 300))
    told = ("x " * 100).strip() + " "
    for ask in (long.matches, long.list_clips):
        with pytest.raises(DataError) as caught:
            ask(path)
        assert str(caught.value) == f"{path}: damaged, or of another layout than points (ValueError: {told})"
    assert long.load(path, 1) == (None, [f"damaged, or of another layout than points (ValueError: {told})"])
    own = failing(DataError([f"{path}: one", "two"]))
    for ask in (own.matches, own.list_clips):
        with pytest.raises(DataError, match="one"):
            ask(path)
    assert own.load(path) == (None, ["one", "two"])
    wrong = failing(AssertionError("of ours"))
    for ask in (wrong.matches, wrong.list_clips, wrong.load):
        with pytest.raises(AssertionError):
            ask(path)


def test_a_reader_passes_on_what_it_is_asked(tmp_path):
    reader = PoseReader("x", has_suffix(".x"), one_clip, lambda path, *key: (None, [path.name, *key]))
    assert reader.load(tmp_path / "a.x", "k", "l") == (None, ["a.x", "k", "l"])
    assert (reader.records_fps, reader.measure) == (True, None)
    (tmp_path / "a.b.X").write_bytes(b"12345")
    (tmp_path / "d.x").mkdir()
    assert reader.matches(tmp_path / "a.b.X")
    assert not reader.matches(tmp_path / "d.x")
    assert not reader.matches(tmp_path / "gone.x")
    assert reader.list_clips(tmp_path / "a.b.X") == [ListedClip("a.b", (), "", 5)]
    assert reader.list_clips(tmp_path / "d.x") == [ListedClip("d.x", (), "", 0)]


@pytest.mark.parametrize("token", [
    "0", "-0", "+7", "12.5", "-.5", "5.", "1e5", "1E-3", "1e+05", "9007199254740991", "9007199254740992",
    "9007199254740993", "123456789012345678", "1234567890123456789", "1e22", "1e23", "1e-22", "1e-23", "0.1e23",
    "1.5e-21", "1e400", "-1e-400", "1e99999", "4e-45", "nan", "-inf", "0.30000001192092896", "3.4028236e38", "00.10",
    "8388608.5", "0.000000000000000001", "1.0e10",
])  # fmt: skip
def test_a_token_has_the_value_that_python_gives_it(token):
    for text in (token, f" {token}\t", f"{token}\n1", f"2 {token}", f"\x0b{token}\x0c1"):
        numbers, bad = parse_numbers(text.encode())
        assert bad == []
        with np.errstate(over="ignore"):
            expected = np.float32(float(token))
        assert expected.tobytes() in (numbers[0].tobytes(), numbers[-1].tobytes())
        assert len(numbers) == len(text.split())
        assert numbers.dtype == np.float32


@pytest.mark.parametrize("token", [
    "", ".", "-", "+", "1e", "1e+", "1e-", "--1", "+-1", "1.2.3", "1,2", "0x1", "1_0", "e5", "1a", "a1", "1e5e",
    "1\x00",
])  # fmt: skip
def test_a_token_that_python_takes_for_no_number_is_none(token):
    for text in (f"1 {token} 2", f"1\n{token}\n2"):
        numbers, bad = parse_numbers(text.encode())
        assert [(one.index, one.token) for one in bad] == ([(1, token)] if token else [])
        assert numbers[[0, -1]].tolist() == [1, 2]
        assert np.isnan(numbers[1:-1]).all()


@pytest.mark.parametrize("count", [63, 64, 65, 200])
def test_any_number_of_odd_tokens_is_read(count):
    numbers, bad = parse_numbers(b"inf " * count + b"x 3")
    assert (len(numbers), np.isinf(numbers).sum(), numbers[-1]) == (count + 2, count, 3)
    assert [(one.index, one.token) for one in bad] == [(count, "x")]
    _, (one,) = parse_numbers(b"1 \xff 2")
    assert one.token == "\N{REPLACEMENT CHARACTER}"

"""Where the system says no to writing: one message, nothing half written, nothing left behind."""

import errno
import os

import numpy as np
import pytest
import torch

from signllm.errors import LockedError, OutputError
from signllm.fsutil import hold, write_atomically, write_text
from signllm.outputs import check_file, check_files, check_folder, writing
from tests.helpers.disks import FULL_KB, fill, make_read_only, mounted, tree


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", f"size={FULL_KB}k") as folder:
        yield folder


def say_no(monkeypatch, name, number):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, refuse)


def test_an_error_of_the_system_is_told_with_path_reason_and_remedy(tmp_path):
    with (
        pytest.raises(OutputError, match=r"clip\.npz: cannot be written \(No space left on device\); make room"),
        writing("clip.npz"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_reader_that_went_away_is_no_error_of_a_file():
    with pytest.raises(BrokenPipeError), writing("-"):
        raise BrokenPipeError(errno.EPIPE, "pipe")


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch, name):
    write_text(tmp_path / "a.txt", "old")
    say_no(monkeypatch, name, errno.EIO)
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(Input/output error\)"):
        write_text(tmp_path / "a.txt", "new")
    assert tree(tmp_path) == {"a.txt": b"old"}


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(small_disk):
    write_text(small_disk / "a.txt", "old")
    fill(small_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_text(small_disk / "a.txt", "new" * 5000)
    assert sorted(tree(small_disk)) == ["a.txt", "ballast"]
    assert (small_disk / "a.txt").read_text() == "old"


@pytest.mark.parametrize("library", ["torch", "numpy"])
def test_what_the_system_said_is_told_whatever_the_library_makes_of_it(small_disk, library):
    numbers = np.random.default_rng(0).random(FULL_KB * 1024)
    save = {
        "torch": lambda file: torch.save({"weights": torch.from_numpy(numbers)}, file),
        "numpy": lambda file: np.savez_compressed(file, numbers=numbers),
    }[library]
    with pytest.raises(OutputError, match=r"big: cannot be written \(No space left on device\)"):
        write_atomically(small_disk / "big", save)
    assert tree(small_disk) == {}


def test_a_full_disk_is_known_before_the_work_starts(small_disk):
    check_folder(small_disk / "new" / "folder")
    fill(small_disk)
    with pytest.raises(OutputError, match="No space left"):
        check_folder(small_disk / "new" / "folder")
    check_folder(small_disk / "logs", full=True)
    assert sorted(tree(small_disk)) == ["ballast"]


def test_a_read_only_disk_is_known_before_the_work_starts(small_disk):
    write_text(small_disk / "a.txt", "old")
    make_read_only(small_disk)
    for check in (check_folder, check_file):
        with pytest.raises(OutputError, match=r"Read-only file system\); that disk is read-only"):
            check(small_disk / "a" / "b")
    with pytest.raises(OutputError, match="Read-only"), hold(small_disk / "a.txt"):
        pass
    with pytest.raises(OutputError, match="Read-only"):
        write_text(small_disk / "a.txt", "new")
    assert tree(small_disk) == {"a.txt": b"old"}


def test_missing_rights_are_told(tmp_path, monkeypatch):
    say_no(monkeypatch, "open", errno.EACCES)
    with pytest.raises(OutputError, match=r"Permission denied\); you lack the rights"):
        check_folder(tmp_path / "a")


def test_a_check_leaves_nothing_behind(tmp_path):
    check_folder(tmp_path / "a" / "b", tmp_path)
    check_file(tmp_path / "c" / "d.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_needed_is_named_with_all_others(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError) as caught:
        check_folder(tmp_path / "file", tmp_path / "file" / "below", tmp_path)
    assert len(caught.value.faults) == 2
    assert all("a file stands where a folder is needed" in fault for fault in caught.value.faults)
    with pytest.raises(OutputError, match="a file stands where a folder is needed"):
        write_text(tmp_path / "file" / "a.txt", "new")
    with pytest.raises(OutputError, match="a file stands where a folder is needed"), hold(tmp_path / "file" / "x"):
        pass
    assert tree(tmp_path) == {"file": b"mine"}


def test_a_folder_where_a_file_is_to_be_written_is_named(tmp_path):
    (tmp_path / "a.json").mkdir()
    for attempt in (lambda path: check_files([path, tmp_path / "b.json"]), lambda path: write_text(path, "x")):
        with pytest.raises(OutputError, match=r"a folder stands where a file is to be written"):
            attempt(tmp_path / "a.json")
    assert list((tmp_path / "a.json").iterdir()) == []


def test_devices_and_pipes_are_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "null"):
        if path.name == "null":
            path.symlink_to("/dev/full")
        for attempt in (check_file, lambda path: write_text(path, "x")):
            with pytest.raises(OutputError, match="device or pipe"):
                attempt(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["null", "pipe"]


def test_links_that_lead_in_a_circle_are_told(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match="symbolic links"):
        check_folder(tmp_path / "a" / "c")


def test_a_lock_holds_without_its_note(tmp_path, monkeypatch):
    """On a full disk the note of who holds it cannot be written."""
    from pathlib import Path

    def refuse(self, data):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with hold(tmp_path / "a"):
        assert issubclass(LockedError, Exception)
        assert (tmp_path / ".a.lock").exists()

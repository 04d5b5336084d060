"""Files: one decoder of texts, one process at a time that writes, and nothing torn or stray where one is killed."""

import os
import socket

import pytest

from signllm import fsutil
from signllm.errors import DataError, LockedError, OutputError
from signllm.fsutil import (
    hold,
    read_json,
    read_lines,
    read_text,
    replace_folder,
    restore_folder,
    sweep,
    write_text,
)
from tests.helpers.processes import holding, kill, writing

MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("mark", [b"", MARK])
def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path, mark):
    path = tmp_path / "t"
    path.write_bytes(mark + b'{"a": 1}\r\n')
    assert read_text(path) == '{"a": 1}\r\n'
    assert read_lines(path) == ['{"a": 1}']
    assert read_json(path) == {"a": 1}


def test_only_line_ends_end_a_line(tmp_path):
    texts = ["one\u2028two", "three\x85four", "", "five\x0csix\x1cseven\x0bend"]
    (tmp_path / "t").write_bytes("\r\n".join(texts).encode() + b"\n")
    assert read_lines(tmp_path / "t") == texts
    (tmp_path / "t").write_bytes("\n".join(texts).encode())  # the last line has no end
    assert read_lines(tmp_path / "t") == texts
    (tmp_path / "t").write_bytes(b"")
    assert read_lines(tmp_path / "t") == []


def test_what_cannot_be_read_is_named_with_its_line(tmp_path):
    (tmp_path / "t.text").write_bytes(MARK + "für\nGebärde\n".encode() + "für\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t\.text:3: not UTF-8"):
        read_lines(tmp_path / "t.text")
    with pytest.raises(DataError, match="no such file"):
        read_text(tmp_path / "none")
    with pytest.raises(DataError, match="this is a folder"):
        read_text(tmp_path)
    (tmp_path / "t.json").write_text("[1,")
    with pytest.raises(DataError, match=r"t\.json: not JSON"):
        read_json(tmp_path / "t.json")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_place_is_held_by_one_process_and_the_other_is_told_by_whom(tmp_path):
    place = tmp_path / "runs" / "mine"
    with holding(place) as process:
        with pytest.raises(LockedError) as caught, hold(place):
            pass
        said = str(caught.value)
        assert f"{place}: process {process.pid} on {socket.gethostname()} is writing it since 20" in said
        assert "python" in said
        with pytest.raises(LockedError), hold(tmp_path / "runs" / ".." / "runs" / "mine"):
            pass
        with hold(tmp_path / "runs" / "another"):
            pass
    with hold(place), hold(place):
        assert names(tmp_path / "runs") == [".mine.holder", ".mine.lock"]
    assert names(tmp_path) == []


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path):
    place = tmp_path / "mine"
    with holding(place) as process:
        kill(process)
        assert names(tmp_path) == [".mine.holder", ".mine.lock"]
        with hold(place):
            pass
    assert names(tmp_path) == []


def test_a_place_stays_held_until_the_outermost_block_ends_and_under_another_name(tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    held = fsutil._Hold
    with hold(place):
        with hold(place):
            pass
        place.rename(tmp_path / "mine.1")
        with pytest.raises(LockedError):
            held(place)
    with holding(place):
        pass


def test_what_a_killed_writer_left_is_taken_over_and_a_living_one_is_left_alone(tmp_path):
    path = tmp_path / "t"
    with writing(path) as process:
        kill(process)
        assert names(tmp_path) == [".t.tmp"]
        write_text(path, "whole")
        assert (names(tmp_path), path.read_text()) == (["t"], "whole")
    with writing(path):
        write_text(path, "mine")
        sweep(tmp_path)
        assert (names(tmp_path), path.read_text()) == ([".t.tmp", "t"], "mine")
    assert (names(tmp_path), path.read_text()) == (["t"], "half of it")


def test_a_file_that_was_renamed_away_before_it_was_locked_is_not_taken(tmp_path, monkeypatch):
    """Two processes open one stray; the other one finishes the file before this one has locked it."""
    path, lock = tmp_path / "t", fsutil.fcntl.flock
    (tmp_path / ".t.tmp").write_text("of the other")

    def late(file, flags):
        if not path.exists():
            (tmp_path / ".t.tmp").rename(path)
            (tmp_path / "seen").hardlink_to(path)
        lock(file, flags)

    monkeypatch.setattr(fsutil.fcntl, "flock", late)
    write_text(path, "mine")
    assert (path.read_text(), (tmp_path / "seen").read_text()) == ("mine", "of the other")


def test_strays_are_swept_and_other_files_are_not(tmp_path):
    for name in (".a.tmp", ".b.pth.1234.tmp", "c.tmp", ".d"):
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert names(tmp_path) == [".d", "c.tmp"]


def test_a_write_that_fails_leaves_the_older_file_and_nothing_else(tmp_path):
    write_text(tmp_path / "t", "old")

    def fail(file):
        file.write(b"new")
        raise OSError("no space")

    with pytest.raises(OutputError, match="no space"):
        fsutil.write_atomically(tmp_path / "t", fail)
    assert (names(tmp_path), (tmp_path / "t").read_text()) == (["t"], "old")


def two_folders(root):
    for name in ("old", "new"):
        (root / name).mkdir(exist_ok=True)
        (root / name / "t").write_text(name)
    return root / "new", root / "old"


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_folder_is_replaced_and_nothing_stays_beside_it(tmp_path, monkeypatch, in_one_step):
    new, target = two_folders(tmp_path)
    with monkeypatch.context() as patch:
        if not in_one_step:
            patch.setattr(fsutil, "_exchange", lambda one, other: False)
        replace_folder(new, target)
    assert (names(tmp_path), (target / "t").read_text()) == (["old"], "new")
    new, _ = two_folders(tmp_path)
    replace_folder(new, tmp_path / "first")
    assert names(tmp_path) == ["first", "old"]


def test_folders_change_places_in_one_step(tmp_path, monkeypatch):
    new, target = two_folders(tmp_path)
    if not fsutil._exchange(new, target):
        pytest.skip("this system or file system cannot exchange two folders in one step")
    assert ((new / "t").read_text(), (target / "t").read_text()) == ("old", "new")
    monkeypatch.setattr(os, "replace", None)  # two steps would need it
    replace_folder(new, target)
    assert (target / "t").read_text() == "old"


def test_a_kill_between_two_renames_is_mended(tmp_path, monkeypatch):
    new, target = two_folders(tmp_path)
    rename = os.replace

    def once(source, goal):
        if source == new:
            raise KeyboardInterrupt
        rename(source, goal)

    with monkeypatch.context() as patch:
        patch.setattr(fsutil, "_exchange", lambda one, other: False)
        patch.setattr(os, "replace", once)
        with pytest.raises(KeyboardInterrupt):
            replace_folder(new, target)
    assert not target.exists()
    restore_folder(target)
    assert (target / "t").read_text() == "old"
    restore_folder(target)
    assert (names(tmp_path), (target / "t").read_text()) == (["new", "old"], "old")

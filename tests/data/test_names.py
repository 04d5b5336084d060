"""The one rule for names."""

from types import SimpleNamespace

import pytest

from signllm.data.names import clip_name, counting_order, file_in_address, matching_names, split_and_name, usual_order
from signllm.data.store import Store
from signllm.evaluation.clip_sets import open_clip_set
from signllm.evaluation.pairing import pair_clips
from tests.data.test_convert import run
from tests.helpers.sources import lines, write_lines


@pytest.mark.parametrize(
    ("told", "split", "name"),
    [
        ("dev/x", "dev", "x"),
        ("x", None, "x"),
        ("own/x", None, "own/x"),
        ("dev/a/b.mp4", "dev", "a/b"),
        ("Gru\u0308\u00dfe.POSE", None, "Gr\u00fc\u00dfe"),
        ("phone.M4V", None, "phone"),
        ("v1.5", None, "v1.5"),
        (" x ", None, "x"),
        ("dev/", None, "dev/"),
        (".npz", None, ".npz"),
    ],
)
def test_a_name_loses_its_splits_folder_and_its_suffix(told, split, name):
    assert split_and_name(told) == (split, name)
    assert clip_name(told) == name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("https://example.org/a/b%20c.mp4?sig=1&v=2#t=3", "b c.mp4"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3s", "dQw4w9WgXcQ"),
        ("www.youtube.com/watch?v=dQw4w9WgXcQ", "dQw4w9WgXcQ"),
        ("https://youtu.be/dQw4w9WgXcQ", "dQw4w9WgXcQ"),
        ("https://www.youtube.com/watch", "watch"),
        ("https://example.org/", "https://example.org/"),
        ("http://[broken/a.mp4", "http://[broken/a.mp4"),
        ("a/b%20c.mp4?v=1", "a/b%20c.mp4?v=1"),
    ],
)
def test_a_file_that_is_told_by_its_web_address_is_called_by_its_end(told, name):
    assert file_in_address(told) == name


def test_only_its_own_split_is_taken_from_a_name_whose_split_is_known():
    assert clip_name("own/x", {"own"}) == "x"
    assert clip_name("dev/x", {"own"}) == "dev/x"


def named(*names, split=None):
    return [SimpleNamespace(name=name, split=split) for name in names]


def test_sets_match_with_the_splits_that_any_of_them_knows():
    assert matching_names([named("own/a", "b"), named("a", "b", split="own")]) == [["a", "b"], ["a", "b"]]
    assert matching_names([named("dev/a", "b.mp4", split="p"), named("a", "b")]) == [["a", "b"], ["a", "b"]]
    both = named("a", split="train") + named("a", split="dev")
    assert matching_names([both, both[::-1]]) == [["train/a", "dev/a"], ["dev/a", "train/a"]]
    assert matching_names([both, named("a", split="dev")]) == [["a", "a"], ["a"]]


def test_numbers_count_and_usual_splits_stand_first():
    assert sorted(["10_x", "9_x", "b2"], key=counting_order) == ["9_x", "10_x", "b2"]
    splits = [None, "b", "test", "a", "dev", "train"]
    assert sorted(splits, key=usual_order) == ["train", "dev", "test", "a", "b", None]


def test_a_converted_split_pairs_with_the_file_it_came_from_also_where_some_names_have_its_folder(tmp_path):
    write_lines(tmp_path / "d", "abcd")
    lines(tmp_path / "d" / "dev.files", "dev/a", "b", "dev/c", "d")
    run(tmp_path / "d", tmp_path / "store")
    assert [record.id for record in Store(tmp_path / "store").split("ASL", "dev").records] == ["a", "b", "c", "d"]
    pairs = pair_clips(open_clip_set(tmp_path / "d" / "dev.skels"), open_clip_set(tmp_path / "store"))
    assert [(pair.prediction, pair.reference) for pair in pairs] == [(n, n) for n in range(4)]

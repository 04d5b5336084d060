"""Which clips are looked at: by name, position and pairs of names; and how clips of several sources meet in a row."""

import pytest

from signllm.errors import ConfigError
from signllm.pose.formats import write_clips
from signllm.viewing.sources import matching_clips, open_sources
from tests.helpers.sources import clip, lines, write_lines, write_store


@pytest.fixture
def store(tmp_path):
    (source,) = open_sources(write_store(tmp_path / "store", ("w1", "w2", "w3"), "ASL"))
    return source


def written(path, names, frames=4):
    write_clips(path, [(name, clip(n, frames + n)) for n, name in enumerate(names)])
    (source,) = open_sources(path)
    return source


def rows_of(sources, wanted=(), count=9):
    rows, note = matching_clips(sources, wanted, count)
    return [tuple(clip.id for clip in row) for row in rows], note


def test_sources_are_called_after_their_split_or_file(tmp_path, store):
    assert (store.name, store.long_name, store.page) == ("ASL/dev", "store/ASL/dev", "ASL")
    generated = written(tmp_path / "out" / "x.npz", ["a"])
    assert (generated.name, generated.long_name, generated.page) == ("x.npz", "out/x.npz", "x.npz")
    assert (store.file_stem(store.clip(0)), generated.file_stem(generated.clip(0))) == ("ASL/dev/w1", "a")
    write_lines(tmp_path / "lines", "ab")
    (source,) = open_sources(tmp_path / "lines", "dgs", "dev")
    assert (source.name, source.long_name, len(source)) == ("dev.skels", "lines/dev.skels", 2)
    assert [(clip.id, clip.text) for clip in source] == [("a", "Text a"), ("b", "Text b")]


def test_clips_are_found_by_name_with_or_without_the_split_or_by_position(store):
    assert [clip.id for clip in store.select(["w3", "dev/w1", "1"])] == ["w3", "w1", "w2"]
    with pytest.raises(ConfigError) as caught:
        store.select(["w4", "w2", "3"])
    assert len(caught.value.faults) == 2
    assert "ASL/dev: no clip 'w4' (did you mean 'w" in caught.value.faults[0]
    assert "from 0 to 2" in caught.value.faults[1]


def test_a_single_clip_is_compared_with_any_clip_whatever_it_is_called(tmp_path, store):
    generated = written(tmp_path / "001_ASL_word.npz", ["001_ASL_word"])
    assert rows_of([store, generated], ["dev/w2"]) == ([("w2", "001_ASL_word")], None)
    assert rows_of([generated, store, generated], ["w3"])[0] == [("001_ASL_word", "w3", "001_ASL_word")]
    with pytest.raises(ConfigError, match="ASL/dev: no clip 'w9'"):
        rows_of([store, generated], ["w9"])
    with pytest.raises(ConfigError, match=r"001_ASL_word\.npz: no clip 'w9'"):
        rows_of([generated, generated], ["w9"])


def test_clips_of_different_names_are_paired_by_naming_both(tmp_path, store):
    generated = written(tmp_path / "g.npz", ["g1", "g2", "a=b"])
    assert rows_of([store, generated], ["w2=g1", "w1=1"])[0] == [("w2", "g1"), ("w1", "g2")]
    assert rows_of([generated, generated], ["a=b"])[0] == [("a=b", "a=b")]  # a name may hold the sign
    with pytest.raises(ConfigError) as caught:
        rows_of([store, generated], ["w2", "w1=g9"])
    assert len(caught.value.faults) == 3
    assert "g.npz: no clip 'w2'" in caught.value.faults[0]
    assert "g.npz: no clip 'g9'" in caught.value.faults[1]
    assert "--clip A=B" in caught.value.faults[2]


def test_without_wanted_clips_names_meet_by_the_one_rule_else_by_position(tmp_path, store):
    generated = written(tmp_path / "g.npz", ["dev/w3.mp4", "w1", "other"])
    assert rows_of([store, generated]) == ([("w3", "w3"), ("w1", "w1")], "1 of 3 clips of g.npz are not in ASL/dev")
    strange = written(tmp_path / "s.npz", ["x", "y"])
    rows, note = rows_of([store, strange], count=5)
    assert rows == [("w1", "x"), ("w2", "y")]
    assert "paired by position" in note


def test_a_sample_for_statistics_is_drawn_from_every_kind_of_source(tmp_path):
    source = written(tmp_path / "many.npz", [f"c{n}" for n in range(9)])
    clips, note = source.sample(4, seed=1)
    assert len({clip.id for clip in clips}) == 4
    assert note == "many.npz: 4 of 9 clips, drawn by chance with seed 1"
    clips, note = source.sample(9, seed=1)
    assert (len(list(clips)), note) == (9, None)


def test_siblings_say_the_texts_of_generated_files(tmp_path):
    write_clips(tmp_path / "x.npz", [("a", clip())])
    lines(tmp_path / "x.text", "hello")
    (source,) = open_sources(tmp_path / "x.npz")
    assert source.clip(0).text == "hello"

"""Opening clips: every kind of source, the same one for every command, read when asked for."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from signllm.cli import convert as convert_cli
from signllm.cli import visualize as visualize_cli
from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.data.dealing import split_of, wanted_splits
from signllm.data.source import ClipEntry
from signllm.data.store import Store
from signllm.errors import ConfigError, DataError
from signllm.evaluation.clip_sets import open_clip_set
from signllm.pose.formats import write_clips
from signllm.viewing.sources import open_sources
from tests.helpers.sources import SOURCES, clip, lines, sentence_rows, write_lines, write_sentences, write_store

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL_CLIPS = {
    "phoenix_skels": 10,
    "asl_words": 860,
    "dgs_sentences": 285,
    "dgs_glosses": 1352,
    "ksl_mediapipe": 780,
    "tsl_words": 226,
    "pose_files/dgs": 12,
}
REAL = {
    "phoenix_skels": "GSL",
    "asl_words": "ASL",
    "dgs_sentences": "GSL",
    "dgs_glosses": "GSL",
    "ksl_mediapipe": "KSL",
    "tsl_words": "TSL",
    "pose_files/dgs": "GSL",
}


def converted_names(source, store, language, **options):
    reports = convert(ConvertOptions(source, store, language, **options))
    assert [fault for report in reports for fault in report.faults] == []
    root = Store(store)
    return sorted(record.id for name in root.splits(language) for record in root.split(language, name).records)


def names_of_every_command(source, store, language, **options):
    """What conversion, evaluation and viewing find in a source."""
    return {
        "convert": converted_names(source, store, language, **options),
        "evaluate": sorted(open_clip_set(source).names),
        "view": sorted(entry.name for part in open_sources(source) for entry in part.clips.entries),
        "python": sorted(open_clips(source).names),
    }


@pytest.mark.parametrize("kind", SOURCES)
def test_what_one_command_opens_all_open_under_the_same_names(tmp_path, kind):
    SOURCES[kind](tmp_path / "source")
    names = names_of_every_command(tmp_path / "source", tmp_path / "made", "GSL", held_out=0.5)
    assert len(names["convert"]) == (10 if kind == "label arrays" else 5)
    assert len({tuple(found) for found in names.values()}) == 1, names
    clips = open_clips(tmp_path / "source", ["GSL"])
    assert [part.source.records_fps for part in clips._opened] == [kind not in ("lines", "label arrays", "words")]
    pose = clips[0]
    assert pose.unit == "shoulder_widths"
    assert pose.shoulder_width() == pytest.approx(1, abs=0.03)
    assert pose.coordinates[0, 2, 0] < 0 < pose.coordinates[0, 5, 0]
    texts = {entry.text for entry in clips.entries}
    assert texts >= {"lines": {"Text fünf"}, "glosses": {"FÜNF"}}.get(kind, set())
    assert None not in texts


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings in ../shared/data are not here")
@pytest.mark.parametrize("name", REAL)
def test_every_command_opens_the_same_real_recordings(tmp_path, name):
    clips = open_clips(SHARED / name, [REAL[name]])
    assert len(clips) == REAL_CLIPS[name]
    splits = wanted_splits(SHARED / name, REAL[name], None, None)
    wanted = [entry.name for open_part in splits.values() for entry in open_part().entries]
    assert sorted(wanted) == sorted(clips.names) == sorted(open_clip_set(SHARED / name).names)
    assert sorted(wanted) == sorted(entry.name for part in open_sources(SHARED / name) for entry in part.clips.entries)
    some = converted_names(SHARED / name, tmp_path / "store", REAL[name], max_samples=2)
    assert len(some) == 4
    assert set(some) <= set(clips.names)
    assert abs(clips[len(clips) // 2].shoulder_width() - 1) < 0.1
    assert all(entry.text for entry in clips.entries)


def test_the_commands_themselves_open_a_folder_of_pose_files(tmp_path, capsys):
    SOURCES[".pose with a table"](tmp_path / "poses")
    store = ["--output_dir", str(tmp_path / "store"), "--language", "GSL", "--held_out", "0"]
    assert convert_cli.main(["--data_dir", str(tmp_path / "poses"), *store, "--splits", "train"]) == 0
    assert " ".join(capsys.readouterr().out.replace("│", " ").split()).count("GSL/train converted 5 ") == 1
    picture = ["--clip", "fünf", "--format", "png", "--size", "64", "--output", str(tmp_path / "out")]
    assert visualize_cli.main(["--input", str(tmp_path / "poses"), *picture]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["fünf.png"]


def test_poses_are_read_only_when_asked_for(tmp_path, monkeypatch):
    for n, name in enumerate(("a", "b")):
        write_clips(tmp_path / "p" / f"{name}.pose", [(name, clip(n))])
    (tmp_path / "p" / "b.pose").write_bytes(b"torn")
    write_lines(tmp_path / "p2", "ab")
    text = (tmp_path / "p2" / "dev.skels").read_text().replace("0.", "x.", 1)
    (tmp_path / "p2" / "dev.skels").write_text(text)
    clips = open_clips(tmp_path / "p")
    assert len(clips[0]) == 6
    with pytest.raises(DataError, match=r"b\.pose: not a whole \.pose file"):
        clips.pose(1)
    lines_of = open_clips(tmp_path / "p2")
    assert len(lines_of["b"]) == 6
    with pytest.raises(DataError, match=r"dev\.skels:1 \(clip a\): not a number"):
        lines_of["a"]


def test_a_collection_is_found_its_way_in_like_a_list_and_a_dictionary(tmp_path):
    write_clips(tmp_path / "x.npz", [(f"dev/{name}", clip(n)) for n, name in enumerate("abcd")])
    clips = open_clips(tmp_path / "x.npz")
    assert clips.names == ["a", "b", "c", "d"]
    assert clips.splits == ["dev"]
    assert repr(clips) == "ClipCollection(4 clips of x.npz 4: a, b, c, ...)"
    np.testing.assert_array_equal(clips["b"].coordinates, clip(1).coordinates)
    np.testing.assert_array_equal(clips["dev/b"].coordinates, clips[1].coordinates)
    assert [len(pose) for pose in clips] == [6] * 4
    assert [name for name, _ in clips.items()] == clips.names
    assert clips[1:3].names == ["b", "c"]
    np.testing.assert_array_equal(clips[1:3][-1].coordinates, clip(2).coordinates)
    with pytest.raises(KeyError, match="no clip 'bb'"):
        clips["bb"]
    with pytest.raises(IndexError):
        clips[4]
    write_clips(tmp_path / "mixed.npz", [("dev/a", clip()), ("b", clip())])
    mixed = open_clips(tmp_path / "mixed.npz")
    assert (mixed.names, mixed.splits) == (["a", "b"], [])  # a folder before some names only is no split
    write_clips(tmp_path / "y.npz", clips.items())
    assert open_clips(tmp_path / "y.npz").names == clips.names


def test_all_faulty_clips_are_named_at_once_and_sound_ones_come_before(tmp_path):
    write_lines(tmp_path, "abcd")
    rows = (tmp_path / "dev.skels").read_text().splitlines()
    rows[1], rows[3] = rows[1] + " 5", ""
    (tmp_path / "dev.skels").write_text("\n".join(rows) + "\n")
    seen = []
    with pytest.raises(DataError) as caught:
        seen.extend(name for name, _ in open_clips(tmp_path).items())
    assert seen == ["a"]
    assert len(caught.value.faults) == 2
    assert "dev.skels:2 (clip b)" in caught.value.faults[0]
    assert "dev.skels:4 (clip d): the clip is empty" in caught.value.faults[1]


def test_a_store_opens_by_root_language_and_split_and_is_not_converted_onto_itself(tmp_path):
    for language, split in (("ASL", "dev"), ("ASL", "train"), ("GSL", "dev")):
        write_store(tmp_path / "store", "ab", language, split)
    root = tmp_path / "store"
    for path, count in ((root, 6), (root / "ASL", 4), (root / "ASL" / "dev", 2)):
        assert len(open_clips(path)) == count
    assert len(open_clips(root, split="dev")) == 4
    assert {entry.language for entry in open_clips(root, ["GSL"]).entries} == {"GSL"}
    assert [part.label for part in open_clips(root).parts()] == ["ASL/dev", "ASL/train", "GSL/dev"]
    pose = open_clips(root)[0]
    assert not pose.coordinates.flags.owndata  # a view of the memory map
    with pytest.raises(ConfigError, match="are one store"):
        convert(ConvertOptions(root, root, "ASL"))
    assert converted_names(root, tmp_path / "copy", "ASL") == ["a", "a", "b", "b"]
    again = Store(tmp_path / "copy").split("ASL", "dev")
    np.testing.assert_array_equal(again.pose(1).coordinates, clip(1).coordinates)


def test_a_split_chooses_among_splits_and_bare_files_have_none(tmp_path):
    for split in ("train", "dev"):
        write_lines(tmp_path / "corpus", [f"{split}{n}" for n in range(2)], split)
    assert open_clips(tmp_path / "corpus", split="dev").names == ["dev0", "dev1"]
    assert len(open_clips(tmp_path / "corpus")) == 4
    with pytest.raises(DataError, match="no split 'test'; there are: train, dev"):
        open_clips(tmp_path / "corpus", split="test")
    assert len(open_clips(tmp_path / "corpus" / "train.skels", split="dev")) == 2  # named itself
    write_lines(tmp_path / "generated", "ab", "ours", text=False)
    assert len(open_clips(tmp_path / "generated", split="dev")) == 2
    names = [f"s{n}" for n in range(20)]  # dealt as conversion deals them
    write_sentences(tmp_path / "recordings", {name: sentence_rows() for name in names})
    for split in ("train", "dev"):
        dealt = [name for name in names if split_of(name, 0.15) == split]
        assert 0 < len(dealt) < 20
        assert open_clips(tmp_path / "recordings", split=split).names == dealt
    with pytest.raises(DataError, match="to which clips without splits are dealt"):
        open_clips(tmp_path / "recordings", split="test")


def test_frame_rates_come_from_the_table_the_file_the_user_in_this_order(tmp_path):
    write_lines(tmp_path, "ab")
    assert open_clips(tmp_path).assumed_fps == 25
    assert open_clips(tmp_path, fps=30).assumed_fps is None
    assert open_clips(tmp_path, fps=30)[0].fps == 30
    write_clips(tmp_path / "n" / "x.npz", [("x", clip(fps=50))])
    assert open_clips(tmp_path / "n", fps=30)[0].fps == 50
    lines(tmp_path / "n" / "t.csv", "name,text,fps", "x,hello,12.5")
    assert open_clips(tmp_path / "n", fps=30)[0].fps == 12.5
    folder = tmp_path / "f" / "dev" / "a"
    folder.mkdir(parents=True)
    (folder / "pose.json").write_text(json.dumps({"poses": clip().coordinates.reshape(6, 150).tolist()}))
    clips = open_clips(tmp_path / "f")
    assert clips.assumed_fps is None  # not known before it is read
    assert (clips[0].fps, clips.assumed_fps) == (25, 25)


def test_names_have_one_unicode_form_and_no_suffix(tmp_path):
    spelled = unicodedata.normalize("NFD", "Grüße")
    write_clips(tmp_path / f"{spelled}.pose", [(spelled, clip())])
    write_clips(tmp_path / "x.npz", [("dev/Grüße.mp4", clip())])
    for path in (tmp_path / f"{spelled}.pose", tmp_path / "x.npz"):
        clips = open_clips(path)
        assert clips.names == ["Grüße"]
        assert len(clips[spelled]) == 6


def test_what_is_not_there_is_said_with_what_is(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        open_clips(tmp_path / "none")
    with pytest.raises(DataError, match=r"no clips here \(the folder is empty\)\. Known are: a store"):
        open_clips(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"\(it holds 1 \.txt file; no table"):
        open_clips(tmp_path)
    with pytest.raises(DataError, match=r"unknown pose file suffix '\.txt'"):
        open_clips(tmp_path / "notes.txt")
    write_lines(tmp_path, "ab")
    with pytest.raises(ConfigError, match="unknown layout 'mirrored'"):
        open_clips(tmp_path, layout="mirrored")
    folder = tmp_path / "dev" / "a"
    folder.mkdir(parents=True)
    (folder / "text.txt").write_text("x")
    with pytest.raises(DataError, match=r"both dev\.skels and clip folders in dev/ are here; move one away"):
        open_clips(tmp_path)


def test_entries_say_where_a_clip_is():
    entry = ClipEntry("a", Path("data/dev.skels"), lambda: (None, []), ":3 (clip a)")
    assert entry.where == "data/dev.skels:3 (clip a)"
    assert entry.where_below(Path("data")) == "dev.skels:3 (clip a)"

"""Videos become a store: tracked before they are read, once each, and refused before that where they will be anyway."""

import json

import pytest

from signllm.cli.convert import main
from signllm.data.clips import open_clips
from signllm.data.store import Store
from signllm.pose.formats import write_clips
from signllm.pose.tracking import tracked
from signllm.pose.tracking.tracked import Tracking, use
from tests.helpers.sources import clip
from tests.helpers.videos import FakeTracker, moving, picture, write_sound, write_video


@pytest.fixture(autouse=True)
def _settings_stay():
    before = tracked.used()
    yield
    use(before)


@pytest.fixture
def source(tmp_path):
    """Two videos with a table."""
    folder = tmp_path / "videos"
    for number, name in enumerate("ab"):
        write_video(folder / f"{name}.mp4", moving(8 + number))
    (folder / "texts.csv").write_text("file,text\na.mp4,one\nb.mp4,two\n")
    return folder


@pytest.fixture
def convert(tmp_path, source):
    def run(fake, *flags):
        cache = ("--pose_python", str(fake.python), "--pose_cache", str(tmp_path / "kept"))
        said = ("--data_dir", str(source), "--output_dir", str(tmp_path / "store"), "--held_out", "0")
        return main([*said, "--language", "ASL", "--splits", "train", *cache, *flags])

    return run


def test_videos_with_a_table_become_a_store_and_are_tracked_once(tmp_path, source, convert, capsys):
    fake = FakeTracker(tmp_path / "env")
    assert convert(fake, "--workers", "2") == 0
    printed = capsys.readouterr().out
    assert "tracker fake 1: 17 frames of 2 videos, 100% with a person" in printed
    assert (
        "alone finds 50% of both hands in all frames, 50% on their own arms; with crops at the wrists 100%" in printed
    )
    split = Store(tmp_path / "store").split("ASL", "train")
    assert [(record.text, record.frames, record.fps) for record in split.records] == [("one", 8, 25), ("two", 9, 25)]
    assert split.info["dimensions"] == 3
    assert [step["name"] for step in split.info["steps"]][1:4] == ["tracker", "hands", "gaps"]  # after the deal
    assert sorted(fake.tracked) == ["8 (120, 160, 3)", "9 (120, 160, 3)"]
    assert convert(fake, "--overwrite") == 0
    assert len(fake.tracked) == 2
    pose = open_clips(source)["b"]
    assert pose.coordinates.shape == (9, 50, 3)


def test_segments_cut_a_long_video_that_is_tracked_once(tmp_path, source, convert):
    fake = FakeTracker(tmp_path / "env")
    write_video(source / "long.mp4", moving(40))
    (source / "texts.csv").write_text("file,text,start,end\nlong.mp4,one,0,0.4\nlong.mp4,two,0.4,1.2\n")
    use(Tracking(fake.python, cache=tmp_path / "kept"))
    open_clips(source)
    assert fake.tracked == []  # how long the file is, its header says
    assert convert(fake) == 0
    records = Store(tmp_path / "store").split("ASL", "train").records
    assert [(record.text, record.frames) for record in records] == [("one", 10), ("two", 20)]
    assert fake.tracked == ["40 (120, 160, 3)"]


def test_bad_videos_are_named_before_any_is_tracked(tmp_path, source, convert, capsys):
    fake = FakeTracker(tmp_path / "env")
    write_sound(source / "sound.mp4")
    (source / "torn.mp4").write_bytes(b"torn" * 100)
    write_video(source / "empty.mp4", [picture(None)] * 4)
    (source / "texts.csv").write_text("file,text\na.mp4,one\nb.mp4,\nsound.mp4,s\ntorn.mp4,t\nempty.mp4,e\n")
    assert convert(fake) == 2
    told = capsys.readouterr().err
    assert "sound.mp4: the file holds audio and no picture; leave it out" in told
    assert "torn.mp4: not a whole video" in told
    assert "b.mp4: no text: 3 of texts.csv has none" in told
    assert fake.tracked == []
    assert convert(fake, "--skip_bad") == 0
    rejected = json.loads((tmp_path / "store/ASL/train/rejected.json").read_text())
    assert {row["clip"] for row in rejected} == {"b", "sound", "torn", "empty"}
    assert "empty.mp4: nobody is seen in any of its 4 frames" in str(rejected)
    assert len(fake.tracked) == 2  # a and the one without a person


def test_a_conversion_whose_tracker_died_goes_on(tmp_path, convert, capsys):
    assert convert(FakeTracker(tmp_path / "weak", dies_at=2)) == 2
    assert "b.mp4: the tracker ended (code 3: out of memory)" in capsys.readouterr().err
    fake = FakeTracker(tmp_path / "env")
    assert convert(fake) == 0
    assert fake.tracked == ["9 (120, 160, 3)"]


def test_without_mediapipe_both_ways_are_named(tmp_path, convert, capsys):
    assert convert(FakeTracker(tmp_path / "bare", missing=True)) == 2
    told = capsys.readouterr().err
    assert "pip install -r requirements-video.txt" in told
    assert "--pose_python" in told
    assert not (tmp_path / "store").exists()
    assert convert(FakeTracker(tmp_path / "env"), "--pose_models", str(tmp_path / "nowhere")) == 2
    assert "no such folder; name the one that holds the .task files" in capsys.readouterr().err


def test_poses_beside_videos_are_those_that_were_found_in_them(tmp_path, source, convert):
    fake = FakeTracker(tmp_path / "env")
    for name in "ab":
        write_clips(source / f"{name}.pose", [(name, clip(frames=5))])
    assert convert(fake) == 0
    assert [record.frames for record in Store(tmp_path / "store").split("ASL", "train").records] == [5, 5]
    (source / "texts.csv").unlink()
    assert [entry.path.suffix for entry in open_clips(source).entries] == [".pose", ".pose"]
    assert fake.tracked == []

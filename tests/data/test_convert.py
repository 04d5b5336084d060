"""Conversion into the store: what is detected, what is refused, and what survives a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from signllm.cli.convert import main
from signllm.data.convert import ConvertOptions, convert
from signllm.data.demo import generate_demo_corpus
from signllm.data.store import Store, StoreWriter
from signllm.errors import ConfigError, DataError, LockedError
from signllm.pose import SKELETON_50
from signllm.pose.formats import write_clips
from signllm.pose.formats.conventions import expected_counter
from tests.helpers import sources
from tests.helpers.processes import holding

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"


def raw_clip(frames=6, seed=0, scale=1 / 3, left_first=False):
    """(F, 50, 3) in file units; the right shoulder, joint 2, lies at negative x."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.5, (frames, 50, 3))
    pose[:, [1, 2, 5]] = [[0, 0, 0], [-0.5, 0.1, 0.2], [0.5, 0.1, 0.2]]
    return (pose[:, list(SKELETON_50.mirror)] if left_first else pose) * scale


def line(pose, counter="(i+1)/T"):
    column = expected_counter(counter, len(pose))[:, None]
    frames = np.concatenate([pose.reshape(len(pose), -1), column], axis=1)
    return " ".join(f"{value:.5f}" for value in frames.ravel())


def write_split(folder, lines, split="train", gloss=True, **replaced):
    """The four sibling files; `replaced` gives other contents for one of them."""
    folder.mkdir(exist_ok=True)
    count = len(lines)
    rows = {
        "skels": lines,
        "files": [f"{split}/clip{n}" for n in range(count)],
        "text": [f"sentence {n}" for n in range(count)],
        "gloss": [f"SIGN {n}" for n in range(count)] if gloss else None,
        **replaced,
    }
    for suffix, content in rows.items():
        if content is None:
            (folder / f"{split}.{suffix}").unlink(missing_ok=True)
        else:
            (folder / f"{split}.{suffix}").write_text("".join(f"{row}\n" for row in content))
    return folder


def run(data_dir, output_dir, **options):
    return convert(ConvertOptions(data_dir, output_dir, options.pop("language", "ASL"), **options))


def test_clips_arrive_with_their_texts_in_shoulder_widths(tmp_path):
    clips = [raw_clip(5 + n, n) for n in range(4)]
    data = write_split(tmp_path / "d", [line(clip) for clip in clips])
    (report,) = run(data, tmp_path / "o", fps=30)
    split = Store(tmp_path / "o").split("ASL", "train")
    assert (report.status, report.clips, report.frames) == ("converted", 4, 5 + 6 + 7 + 8)
    for n, (record, pose) in enumerate(split):
        assert (record.id, record.source) == (f"clip{n}", f"train/clip{n}")
        assert (record.text, record.gloss, record.fps) == (f"sentence {n}", f"SIGN {n}", 30)
        np.testing.assert_allclose(pose.coordinates, clips[n] * 3, atol=1e-4)
        assert pose.valid.all()
        assert pose.unit == "shoulder_widths"


@pytest.mark.parametrize("counter", ["i/T", "(i+1)/T", "i/(T-1)"])
@pytest.mark.parametrize(("scale", "left_first"), [(1 / 3, True), (217.0, False), (1.0, False)])
def test_counter_scale_and_sides_are_found_and_recorded(tmp_path, counter, scale, left_first):
    clips = [raw_clip(7, n, scale, left_first) for n in range(3)]
    data = write_split(tmp_path / "d", [line(clip, counter) for clip in clips])
    (report,) = run(data, tmp_path / "o")
    info = Store(tmp_path / "o").split("ASL", "train").info
    assert report.counter == info["counter"] == counter
    assert info["source_scale"] == pytest.approx(scale, rel=1e-4)
    assert info["sides_swapped"] == left_first
    pose = Store(tmp_path / "o").split("ASL", "train").pose(0)
    np.testing.assert_allclose(pose.coordinates, raw_clip(7, 0, 1.0), atol=1e-4)


def test_layout_forces_the_sides(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip())])
    run(data, tmp_path / "o", layout="left-first")
    pose = Store(tmp_path / "o").split("ASL", "train").pose(0)
    assert pose.coordinates[0, 2, 0] > 0 > pose.coordinates[0, 5, 0]


def test_every_fault_is_named_with_file_line_and_clip_and_nothing_is_written(tmp_path):
    lines = [line(raw_clip(6, n)) for n in range(10)]
    lines[1] += " 0.5"
    lines[2] = lines[2].replace(lines[2].split()[3], "nan", 1)
    lines[3] = "oops " + lines[3].split(" ", 1)[1]
    lines[4] = ""
    lines[7] = line(raw_clip(6, 7, scale=100))
    lines[8] = " ".join(line(raw_clip(12, 8)).split()[:1000])
    lines[9] = " ".join(line(raw_clip(12, 9)).split()[: 151 * 6])
    names = [f"train/clip{n}" for n in range(10)]
    names[6] = names[0]
    texts = [f"sentence {n}" for n in range(10)]
    texts[5] = ""
    data = write_split(tmp_path / "d", lines, files=names, text=texts)
    (report,) = run(data, tmp_path / "o")
    expected = {
        "train.skels:2 (clip clip1)": "not a multiple of 151",
        "train.skels:3 (clip clip2)": "not a usable number: nan",
        "train.skels:4 (clip clip3)": "'oops'",
        "train.skels:5 (clip clip4)": "empty",
        "train.skels:6 (clip clip5)": "no text",
        "train.skels:7 (clip clip0)": "already stands at train.skels:1 (clip clip0)",
        "train.skels:8 (clip clip7)": "another unit",
        "train.skels:9 (clip clip8)": "not a multiple of 151",
        "train.skels:10 (clip clip9)": "the counter is",
    }
    assert report.status == "refused"
    assert len(report.faults) == len(expected)
    for fault, (place, says) in zip(report.faults, expected.items(), strict=True):
        assert fault.startswith(place)
        assert says in fault
    assert not [p for p in (tmp_path / "o").rglob("*") if p.is_file()]


def test_skip_bad_converts_the_rest_and_lists_the_rejected(tmp_path):
    lines = [line(raw_clip(6, n)) for n in range(4)]
    lines[2] += " 1"
    data = write_split(tmp_path / "d", lines)
    (report,) = run(data, tmp_path / "o", skip_bad=True)
    split = Store(tmp_path / "o").split("ASL", "train")
    assert [record.id for record in split.records] == ["clip0", "clip1", "clip3"]
    assert [record.text for record in split.records] == ["sentence 0", "sentence 1", "sentence 3"]
    (row,) = json.loads((split.path / "rejected.json").read_text())
    assert (row["clip"], row["place"]) == ("clip2", "train.skels:3 (clip clip2)")
    assert report.rejected == split.info["rejected"] == 1


def test_different_line_counts_cannot_be_skipped_but_line_faults_are_told_too(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip()), "7", line(raw_clip())], text=["one", "two"])
    (report,) = run(data, tmp_path / "o", skip_bad=True)
    assert report.status == "refused"
    assert "train.skels 3, train.text 2, train.files 3" in report.faults[0]
    assert report.faults[1].startswith("train.skels:2:")


def test_missing_files_and_blank_ends(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip())], text=None, gloss=False)
    (report,) = run(data, tmp_path / "o")
    assert "train.text: no such file" in report.faults[0]
    write_split(data, [line(raw_clip())], text=["hello", "", ""], gloss=False)
    (report,) = run(data, tmp_path / "o")
    assert report.faults == []
    assert Store(tmp_path / "o").split("ASL", "train").records[0].gloss is None


def test_texts_of_another_language_are_told(tmp_path):
    texts = ["Am Tag scheint häufig die Sonne.", "Morgen regnet es im Norden.", "In der Nacht wird es kalt."]
    data = write_split(tmp_path / "d", [line(raw_clip(6, n)) for n in range(3)], text=texts)
    (report,) = run(data, tmp_path / "o")
    assert report.status == "converted"
    assert "100% of the texts are not in English" in report.warnings[0]
    assert "mostly in German" in report.warnings[0]
    assert Store(tmp_path / "o").split("ASL", "train").info["warnings"] == report.warnings
    assert run(data, tmp_path / "german", language="GSL")[0].warnings == []


def test_outliers_and_zero_joints_become_missing_and_are_told(tmp_path):
    clips = [raw_clip(6, n) for n in range(5)]
    clips[3][2:4, 40] = [14, 0, 0]
    clips[4][1, 20] = 0
    data = write_split(tmp_path / "d", [line(clip) for clip in clips])
    (report,) = run(data, tmp_path / "o")
    split = Store(tmp_path / "o").split("ASL", "train")
    assert np.argwhere(~split.pose(3).valid).tolist() == [[2, 40], [3, 40]]
    assert np.argwhere(~split.pose(4).valid).tolist() == [[1, 20]]
    assert all(split.pose(n).valid.all() for n in range(3))
    assert "train.skels:4 (clip clip3): frames 2-3" in report.warnings[0]
    assert SKELETON_50.joints[40] in report.warnings[0]
    assert (split.info["outlier_joints"], split.info["zero_joints"]) == (2, 1)
    assert "1 joints (0.1%) in 1 clips are not seen" in report.warnings[-1]


def test_a_split_repeats_only_the_first_warnings_about_its_clips(tmp_path, monkeypatch):
    monkeypatch.setattr("signllm.data.convert_tally.MOST_WARNINGS", 2)
    clips = [raw_clip(6, n) for n in range(6)]
    for clip in clips[1:]:
        clip[2, 40] = [14, 0, 0]
    data = write_split(tmp_path / "d", [line(clip) for clip in clips])
    (report,) = run(data, tmp_path / "o")
    said = [warning for warning in report.warnings if "warning" in warning or "train.skels:" in warning]
    assert [warning[:13] for warning in said] == ["train.skels:2", "train.skels:3", "and 3 more wa"]
    records = Store(tmp_path / "o").split("ASL", "train").records
    assert ["warnings" in record.extra for record in records] == [False] + [True] * 5


def test_an_unknown_last_column_is_a_warning_only(tmp_path):
    clips = [line(raw_clip(6, n)).split() for n in range(3)]
    for clip in clips:
        clip[150::151] = ["0.7"] * 6
    data = write_split(tmp_path / "d", [" ".join(clip) for clip in clips])
    (report,) = run(data, tmp_path / "o")
    assert (report.status, report.counter) == ("converted", "unknown")
    assert "no counter that is known" in report.warnings[0]


def test_clip_folders_are_read_in_all_their_forms(tmp_path):
    pose = raw_clip(3)
    pose[1, 30] = 0
    flat = pose.reshape(3, 150)
    nested = [[None if not np.any(joint) and j != 1 else list(joint) for j, joint in enumerate(f)] for f in pose]
    parts = [
        {"pose_keypoints_2d": f[:24], "hand_left_keypoints_2d": f[24:87], "hand_right_keypoints_2d": f[87:]}
        for f in flat.tolist()
    ]
    for name, poses in {"a": flat.tolist(), "b": nested, "c": parts, "bad": [[1, 2]]}.items():
        folder = tmp_path / "d" / "dev" / name
        folder.mkdir(parents=True)
        (folder / "pose.json").write_text(json.dumps({"fps": 50, "poses": poses}))
        (folder / "text.txt").write_text(f"text {name}\n")
    (report,) = run(tmp_path / "d", tmp_path / "o", skip_bad=True)
    split = Store(tmp_path / "o").split("ASL", "dev")
    assert [(r.id, r.text, r.fps) for r in split.records] == [(n, f"text {n}", 50) for n in "abc"]
    for n in range(3):
        np.testing.assert_allclose(split.pose(n).coordinates, pose * 3, atol=1e-5)
        assert np.argwhere(~split.pose(n).valid).tolist() == [[1, 30]]
    assert "2 numbers, expected 150" in (split.path / "rejected.json").read_text()
    assert report.counter == "unknown"


@pytest.mark.parametrize("fps", [0, 1e4, -25, True, "25", None])
def test_frame_rates_of_clip_folders_are_positive_numbers(tmp_path, fps):
    folder = tmp_path / "d" / "dev" / "a"
    folder.mkdir(parents=True)
    (folder / "pose.json").write_text(json.dumps({"fps": fps, "poses": raw_clip(3).reshape(3, 150).tolist()}))
    (folder / "text.txt").write_text("text\n")
    (report,) = run(tmp_path / "d", tmp_path / "o")
    assert any(f'"fps" is {fps!r}, expected a positive number' in fault for fault in report.faults) == (fps is not None)


def test_a_finished_split_is_kept_unless_overwritten(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip(6, n)) for n in range(3)])
    assert run(data, tmp_path / "o")[0].status == "converted"
    assert run(data, tmp_path / "o")[0].status == "already converted"
    (report,) = run(data, tmp_path / "o", max_samples=2)
    assert report.status == "refused"
    assert "--overwrite" in report.faults[0]
    assert len(Store(tmp_path / "o").split("ASL", "train")) == 3
    assert run(data, tmp_path / "o", max_samples=2, overwrite=True)[0].status == "converted"
    assert len(Store(tmp_path / "o").split("ASL", "train")) == 2


def test_workers_give_the_same_store(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip(6, n)) for n in range(40)])
    run(data, tmp_path / "one")
    run(data, tmp_path / "two", workers=2)
    for file in ("index.jsonl", "poses-00000.npy", "valid-00000.npy", "dataset.json"):
        assert (tmp_path / "one/ASL/train" / file).read_bytes() == (tmp_path / "two/ASL/train" / file).read_bytes()


def test_a_killed_conversion_leaves_no_split_and_goes_on_to_the_same_bytes(tmp_path):
    row = line(raw_clip(20))
    data = write_split(tmp_path / "d", [row] * 3000)
    command = [sys.executable, "final_convert_data.py", "--data_dir", data, "--output_dir", tmp_path / "o"]
    process = subprocess.Popen([*command, "--language", "ASL"], cwd=ROOT, stderr=subprocess.DEVNULL)
    partial = tmp_path / "o" / "ASL" / ".train.partial" / "index.jsonl"
    deadline = time.monotonic() + 60
    while not (partial.is_file() and partial.stat().st_size) and time.monotonic() < deadline:
        assert process.poll() is None, "the conversion ended before it could be killed"
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Store(tmp_path / "o").languages() == []
    (report,) = run(data, tmp_path / "o")
    assert 0 < report.resumed < 3000
    run(data, tmp_path / "straight")
    for file in ("index.jsonl", "poses-00000.npy", "valid-00000.npy", "dataset.json"):
        there = [(tmp_path / root / "ASL/train" / file).read_bytes() for root in ("o", "straight")]
        assert there[0] == there[1], file


def test_the_second_of_two_conversions_is_refused_at_once_and_the_first_is_whole(tmp_path, capsys):
    data = write_split(tmp_path / "d", [line(raw_clip(20))] * 2000)
    write_split(data, [line(raw_clip())], split="zulu")
    flags = ["--data_dir", str(data), "--output_dir", str(tmp_path / "o"), "--language", "ASL"]
    first = subprocess.Popen([sys.executable, "final_convert_data.py", *flags], cwd=ROOT, stderr=subprocess.DEVNULL)
    partial = tmp_path / "o" / "ASL" / ".train.partial" / "index.jsonl"
    while not (partial.is_file() and partial.stat().st_size):
        assert first.poll() is None, "the conversion ended before a second one could start"
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)
    for wanted in ([], ["--splits", "zulu"], ["--overwrite"]):  # the first one has not come to zulu yet
        assert main([*flags, *wanted]) == 2
        said = capsys.readouterr().err
        assert f"process {first.pid} on" in said
        assert "final_convert_data.py" in said
    first.send_signal(signal.SIGCONT)
    assert first.wait() == 0
    assert len(Store(tmp_path / "o").split("ASL", "train")) == 2000
    assert sorted(path.name for path in (tmp_path / "o" / "ASL").iterdir()) == ["train", "zulu"]
    assert main(flags) == 0
    assert "already converted" in capsys.readouterr().out


def test_other_splits_and_the_demo_corpus_have_locks_of_their_own(tmp_path):
    generate_demo_corpus(tmp_path / "o", train=2, dev=1, test=1, languages=["ASL", "GSL"])
    data = write_split(tmp_path / "d", [line(raw_clip())])
    with holding(tmp_path / "o" / "GSL" / "dev"), holding(tmp_path / "o" / "ASL" / "dev"):
        (report,) = run(data, tmp_path / "o")
        assert report.status == "converted"
        assert sum("of the demo corpus could not be removed" in warning for warning in report.warnings) == 2
        assert Store(tmp_path / "o").splits("GSL") == ["dev"]
        with pytest.raises(LockedError):
            generate_demo_corpus(tmp_path / "o", train=2, dev=1, test=1, languages=["GSL"])
        assert Store(tmp_path / "o").splits("GSL") == ["dev"]


def equal_labels(folder):
    folder.mkdir()
    np.savez(folder / "clips.npz", **{"a b": sources.holistic_rows(1), "a_b": sources.holistic_rows(1, 7)})


def equal_names_of_files(folder):
    for n, suffix in enumerate((".pose", ".npz")):
        write_clips(folder / f"same{suffix}", [("same", sources.clip(n))])
    write_clips(folder / "other.pose", [("other", sources.clip(3))])
    for name in ("same", "other"):
        sources.lines(folder / f"{name}.text", f"Text {name}")


def equal_names_of_lines(folder):
    sources.write_lines(folder, split="train")
    sources.lines(folder / "train.files", *("train/same.mp4", "same", "one", "one", "last"))


@pytest.mark.parametrize("make", [equal_labels, equal_names_of_files, equal_names_of_lines])
def test_equal_names_are_all_named_and_refused_each_time(tmp_path, make, capsys):
    make(tmp_path / "d")
    flags = ["--data_dir", str(tmp_path / "d"), "--output_dir", str(tmp_path / "o"), "--language", "GSL"]
    said = []
    for _ in range(3):
        assert main([*flags, "--held_out", "0", "--splits", "train"]) == 2
        said.append(capsys.readouterr().err)
    assert said[0] == said[1] == said[2]
    expected = {equal_labels: ["a_b_000"], equal_names_of_files: ["'same'"], equal_names_of_lines: ["'same'", "'one'"]}
    assert all(name in said[0] for name in expected[make])
    assert not [path for path in (tmp_path / "o").rglob("*") if path.is_file()]


def test_an_interrupted_run_is_gone_on_with_only_where_its_clips_say_the_same(tmp_path, monkeypatch):
    data = write_split(tmp_path / "d", [line(raw_clip(6, n)) for n in range(3)])
    stat = (data / "train.text").stat()
    add, left = StoreWriter.add, iter(range(2))

    def add_two(writer, *clip):
        if next(left, None) is None:
            raise KeyboardInterrupt
        add(writer, *clip)

    monkeypatch.setattr(StoreWriter, "add", add_two)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "o")
    monkeypatch.undo()
    (data / "train.text").write_text("sentence 9\nsentence 8\nsentence 7\n")
    os.utime(data / "train.text", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # of the same size and time
    (report,) = run(data, tmp_path / "o")
    assert report.resumed == 0
    texts = [record.text for record in Store(tmp_path / "o").split("ASL", "train").records]
    assert texts == ["sentence 9", "sentence 8", "sentence 7"]


def test_a_finished_split_has_nothing_unfinished_beside_it(tmp_path):
    data = write_split(tmp_path / "d", [line(raw_clip())])
    run(data, tmp_path / "o")
    with StoreWriter(tmp_path / "o", "ASL", "train", "of a killed --overwrite"):
        pass
    assert run(data, tmp_path / "o")[0].status == "already converted"
    assert [path.name for path in (tmp_path / "o" / "ASL").iterdir()] == ["train"]


def test_impossible_requests_are_named_all_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        ConvertOptions(tmp_path, tmp_path, "ASL", max_samples=0, fps=-1, workers=-1, engine="rai", layout="up")
    assert len(caught.value.faults) == 5
    with pytest.raises(DataError, match="no clips here"):
        run(tmp_path, tmp_path / "o")
    data = write_split(tmp_path / "d", [line(raw_clip())])
    with pytest.raises(DataError) as missing:
        run(data, tmp_path / "o", splits=["trian", "dev"])
    assert "did you mean 'train'" in missing.value.faults[0]
    assert len(missing.value.faults) == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings in ../shared/data are not here")
def test_real_corpora_convert(tmp_path):
    train, dev = run(SHARED / "phoenix_skels", tmp_path, language="DGS")
    assert (train.language, train.split, train.clips, dev.frames) == ("GSL", "train", 5, 536)
    assert (train.counter, train.sides_swapped) == ("i/T", True)
    (asl,) = run(SHARED / "asl_words", tmp_path, splits=["dev"], max_samples=20)
    assert (asl.counter, asl.sides_swapped, asl.warnings) == ("(i+1)/T", False, [])
    (dwpose,) = run(SHARED / "dwpose_skels", tmp_path, language="DGS", skip_bad=True)
    assert (dwpose.clips, dwpose.rejected, dwpose.dimensions) == (19, 1, 2)
    assert dwpose.steps[0].startswith("layout dwpose-134")


def test_a_demo_corpus_makes_room_for_real_data(tmp_path):
    generate_demo_corpus(tmp_path / "store", train=2, dev=1, test=1, languages=["ASL", "GSL"])
    write_split(tmp_path, [line(raw_clip(seed=seed)) for seed in range(3)])
    (report,) = run(tmp_path, tmp_path / "store", splits=["train"], language="ASL")
    assert report.status == "converted"
    assert any("demo corpus" in warning and "GSL/train" in warning for warning in report.warnings)
    store = Store(tmp_path / "store")
    assert {code: store.splits(code) for code in store.languages()} == {"ASL": ["train"]}

"""Cleaning while converting, and stores that are made again from what they say of themselves."""

import json
import shutil

import numpy as np
import pytest

from signllm.cli.convert import main
from signllm.data.convert import ConvertOptions, convert
from signllm.data.convert_clip import clean_clip
from signllm.data.convert_record import OF_THE_RUN, read_recorded
from signllm.data.demo.performance import animate
from signllm.data.store import Store
from signllm.errors import ConfigError
from signllm.pose.cleaning import Cleaning, clean
from signllm.pose.formats.conventions import Conventions, RawClip
from signllm.pose.formats.hints import Hints
from tests.helpers.people import person, points_of

MANY = [
    *(
        "--layout",
        "right-first,mediapipe-543",
        "--axes=x,-y,z",
        "--third",
        "depth",
        "--mirror",
        "no",
        "--aspect",
        "1:1",
    ),
    *("--held_out", "0.4", "--fps", "50", "--max_samples", "6", "--lift", "--skip_bad"),
    *("--columns", "text=says", "id=clip"),
    *("--clean", "recommended", "smooth=0.3", "trim", "resample=25"),
]


def faulty(truth):
    """The clip with a gap of four frames, a jump, and a joint that is far away."""
    coordinates, valid = truth.coordinates.copy(), truth.valid.copy()
    valid[10:14, 30] = False
    coordinates[20, 40] += [1.5, 0, 0]
    coordinates[25, 35] = [9, 0, 0]
    return truth.replace(coordinates=coordinates, valid=valid)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Clip folders at 50 frames a second: a clean and a faulty clip in train, the clean one in dev."""
    root = tmp_path_factory.mktemp("source")
    truth = animate(["BOOK"], "ASL", fps=50.0)
    for name, clip in {"train/a": truth, "train/b": faulty(truth), "dev/c": truth}.items():
        folder = root / name
        folder.mkdir(parents=True)
        joints = np.where(clip.valid[..., None], clip.coordinates, np.nan).tolist()
        poses = [[None if np.isnan(joint[0]) else joint for joint in frame] for frame in joints]
        (folder / "pose.json").write_text(json.dumps({"fps": clip.fps, "poses": poses}))
        (folder / "text.txt").write_text("book")
    return root


@pytest.fixture
def tracked(tmp_path):
    """MediaPipe points of ten clips with y up, depth of another scale, a table with odd names, and a damaged clip."""
    folder = tmp_path / "tracked"
    folder.mkdir()
    for number in range(10):
        points = points_of(
            "mediapipe-543", person(60, number) * [1, -1, 1.6], scale=1.0, origin=(0.5, -0.5), fill=np.nan
        )
        points[7:37, 522:] = [0.3, -0.7, 0]  # the right hand on one point
        np.save(folder / f"c{number}.npy", points.astype(np.float32))
    (folder / "c3.npy").write_bytes(b"no array")
    rows = "".join(f"c{number},word {number % 3}\n" for number in range(10))
    (folder / "table.csv").write_text("clip,says\n" + rows)
    return folder


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files_of_split(folder, split):
    return {name: data for name, data in files_of(folder).items() if name.startswith(f"{split}/")}


def run(folder, out, *flags):
    return main(["--data_dir", str(folder), "--output_dir", str(out), *flags])


def test_each_step_says_and_records_what_it_changed(source, tmp_path, capsys):
    assert run(source, tmp_path / "o", "--language", "ASL", "--clean", "recommended", "resample") == 0
    said = capsys.readouterr().out
    assert "ASL/train: cleaned by these steps (6):" in said
    assert "- outliers 5: 1 joint in single frames masked, in 1 of 2 clips" in said
    assert "- jumps: 1 joint in single frames masked, in 1 of 2 clips" in said
    assert "- gaps 0.2: 6 joints in single frames filled, in 1 of 2 clips" in said
    split = Store(tmp_path / "o").split("ASL", "train")
    rows = {row["name"]: row for row in split.info["cleaning"]}
    assert rows["gaps"] == {"name": "gaps", "version": 1, "value": 0.2, "clips": 1, "changed": {"joints_filled": 6}}
    assert rows["swaps"]["changed"] == {}
    assert rows["resample"]["changed"]["clips_at_50_fps"] == 2
    assert split.records[1].extra["cleaned"]["jumps"] == {"joints_masked": 1}
    assert split.info["outlier_joints"] == split.records[1].extra["outlier_joints"] == 1
    truth = animate(["BOOK"], "ASL", fps=50.0)
    cleaned, _ = clean(faulty(truth), ["recommended", "resample"])
    assert split.records[1].fps == split.pose(1).fps == 25
    np.testing.assert_allclose(split.pose(1).coordinates, cleaned.coordinates, atol=1e-5)
    assert run(source, tmp_path / "o", "--language", "ASL", "--clean", "resample", "recommended") == 0
    again = capsys.readouterr().out
    assert "already converted" in again
    assert "- jumps: 1 joint in single frames masked, in 1 of 2 clips" in again


def test_only_outliers_go_unless_more_is_asked_for_and_none_leaves_them_too(source, tmp_path):
    for name, words, masked in (("usual", (), 1), ("none", ("none",), 0), ("off", ("outliers=off",), 0)):
        convert(ConvertOptions(source, tmp_path / name, "ASL", splits=["train"], clean=words))
        split = Store(tmp_path / name).split("ASL", "train")
        assert (~split.pose(1).valid).sum() == 4 + masked, name
        assert split.info["outlier_joints"] == masked
        assert sum("from the neck" in warning for warning in split.info["warnings"]) == masked
        assert "cleaned" not in split.records[1].extra


@pytest.mark.parametrize("words", [("gaps",), ("none",), ("outliers=6",)])
def test_a_split_cleaned_otherwise_is_not_taken_for_this_one(source, tmp_path, words):
    convert(ConvertOptions(source, tmp_path / "o", "ASL", splits=["dev"]))
    (report,) = convert(ConvertOptions(source, tmp_path / "o", "ASL", splits=["dev"], clean=words))
    assert report.status == "refused"
    assert "with other options" in report.faults[0]
    (report,) = convert(ConvertOptions(source, tmp_path / "o", "ASL", splits=["dev"], clean=["outliers=5"]))
    assert report.status == "already converted"


def test_a_clip_of_which_cleaning_leaves_nothing_is_refused_for_that():
    seen_FJ = np.zeros((2, 50), bool)
    seen_FJ[:, 1] = seen_FJ[1, 3] = True
    raw = RawClip(np.ones((2, 50, 3), np.float32), valid_FJ=seen_FJ, scale_known=True, sides_known=True)
    assert clean_clip(raw, Conventions(), 50.0).pose is not None
    clip = clean_clip(raw, Conventions(), 50.0, Cleaning.parse(["resample"]))  # takes every other frame
    assert clip.faults == ["no joint but the neck is seen in any frame once it is cleaned"]


def test_faults_of_cleaning_stand_beside_the_others(source, tmp_path):
    with pytest.raises(ConfigError) as raised:
        ConvertOptions(source, tmp_path, "ASL", max_samples=0, clean=["gap", "jumps=2"])
    assert len(raised.value.faults) == 3


def test_shares_of_missing_joints_are_of_the_frames_that_were_read(tracked, tmp_path):
    flags = [
        "--layout",
        "mediapipe-543",
        "--skip_bad",
        "--columns",
        "text=says",
        "id=clip",
        "--fps",
        "50",
        "--clean",
        "trim",
        "resample",
    ]
    assert run(tracked, tmp_path / "o", "--language", "KSL", *flags) == 0
    split = Store(tmp_path / "o").split("KSL", "train")
    changed = {row["name"]: row["changed"] for row in split.info["cleaning"]}
    read = 60 * len(split)
    assert changed["resample"]["frames_before"] + changed["trim"].get("frames_cut", 0) == read
    (warning,) = (text for text in split.info["warnings"] if "a hand on one point" in text)
    assert warning.startswith(f"{30 * 21 * len(split)} joints (21.0%)")


def test_a_store_is_made_again_byte_for_byte_from_its_record_alone(tracked, tmp_path, capsys):
    assert run(tracked, tmp_path / "first", "--language", "KSL", *MANY) == 0
    recorded = json.loads((tmp_path / "first/KSL/dev/dataset.json").read_text())
    assert recorded["inherited"].keys() == {"depth"}
    shutil.copytree(tmp_path / "first/KSL", tmp_path / "record/KSL", ignore=shutil.ignore_patterns("*.npy", "*.jsonl"))
    shutil.move(tracked, tmp_path / "elsewhere")  # nothing is left where the data was
    assert run(tmp_path / "elsewhere", tmp_path / "again", "--like", str(tmp_path / "record")) == 0
    first = files_of(tmp_path / "first")
    assert len(first) == 9
    assert files_of(tmp_path / "again") == first
    one = tmp_path / "record/KSL/dev/dataset.json"
    assert run(tmp_path / "elsewhere", tmp_path / "one", "--like", str(one), "--workers", "2") == 0
    assert files_of(tmp_path / "one") == files_of_split(tmp_path / "first", "KSL/dev")
    assert (
        "--clean none outliers=5 swaps jumps torn=0.9 gaps=0.2 smooth=0.3 trim=0.2 resample=25"
        in capsys.readouterr().out
    )


def test_every_option_is_recorded_or_known_to_be_of_the_run(source, tmp_path):
    convert(ConvertOptions(source, tmp_path / "o", "ASL", splits=["dev"]))
    recorded = set(Store(tmp_path / "o").split("ASL", "dev").info["options"])
    options = {field for field in ConvertOptions.__dataclass_fields__ if field != "hints"}
    hints = {name for name, field in Hints.__dataclass_fields__.items() if field.init}
    assert recorded | OF_THE_RUN == options | hints


def test_flags_go_before_the_record(source, tmp_path):
    run(source, tmp_path / "a", "--language", "ASL", "--clean", "gaps", "--fps", "40")
    run(source, tmp_path / "b", "--like", str(tmp_path / "a"), "--clean", "none", "--splits", "dev")
    assert Store(tmp_path / "b").splits("ASL") == ["dev"]
    options = Store(tmp_path / "b").split("ASL", "dev").info["options"]
    assert (options["clean"], options["fps"]) == (["none"], 40)


def test_a_record_that_cannot_be_followed_is_refused(source, tmp_path, capsys):
    for out, language, splits, fps in (
        ("a", "ASL", "train", "30"),
        ("a", "ASL", "dev", "60"),
        ("b", "ASL", "dev", "30"),
        ("b", "GSL", "dev", "30"),
    ):
        run(source, tmp_path / out, "--language", language, "--splits", splits, "--fps", fps)
    convert(ConvertOptions(source, tmp_path / "c", "ASL", splits=["dev"]))
    path = tmp_path / "c/ASL/dev/dataset.json"
    info = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in info.items() if name != "options"}))
    with pytest.raises(ConfigError, match=r"fps is 60\.0 for dev and 30\.0 for train"):
        read_recorded(tmp_path / "a")
    assert read_recorded(tmp_path / "a", splits=["dev"]).options["fps"] == 60
    run(source, tmp_path / "a", "--language", "ASL", "--splits", "dev", "--fps", "40", "--name", "more")
    assert read_recorded(tmp_path / "a", splits=["dev"], name="more").options["fps"] == 40
    assert read_recorded(tmp_path / "a/ASL/dev@more").splits == ["dev"]
    run(source, tmp_path / "f", "--like", str(tmp_path / "a/ASL/dev@more"))
    assert files_of(tmp_path / "f/ASL") == files_of_split(tmp_path / "a/ASL", "dev@more")
    with pytest.raises(ConfigError, match="holds ASL, GSL; say which with --language"):
        read_recorded(tmp_path / "b")
    assert read_recorded(tmp_path / "b", "GSL").options["language"] == "GSL"
    with pytest.raises(ConfigError, match="does not say how it was made"):
        read_recorded(tmp_path / "c")
    with pytest.raises(ConfigError, match=r"no dataset\.json there"):
        read_recorded(tmp_path / "d")
    path.write_text(json.dumps(info | {"options": info["options"] | {"magic": 1}}))
    assert run(source, tmp_path / "e", "--like", str(path)) == 2
    assert "unknown options magic" in capsys.readouterr().err


def test_other_versions_are_told(source, tmp_path):
    convert(ConvertOptions(source, tmp_path, "ASL", splits=["dev"], clean=["gaps"]))
    path = tmp_path / "ASL/dev/dataset.json"
    assert read_recorded(path).notes == []
    info = json.loads(path.read_text())
    info["cleaning"][1]["version"] = 0
    path.write_text(json.dumps(info))
    assert read_recorded(path).notes == ["the step gaps had version 0 and has 1 now: the result may differ"]

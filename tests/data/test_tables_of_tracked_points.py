"""Sources without splits: aspect undone, missing joints masked, hands on their arms, faults, the deal to dev."""

import json
from pathlib import Path

import numpy as np
import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.data.dealing import split_of
from signllm.data.store import Store
from signllm.errors import ConfigError, DataError
from signllm.pose import SKELETON_50
from tests.helpers.sources import EXPECTED, SOURCES, holistic_rows, landmark_frames, sentence_rows, write_sentences

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def run(folder, language, **options):
    return convert(ConvertOptions(folder, folder.parent / "store", language, **options))


def records(folder, language):
    store = Store(folder.parent / "store")
    return {
        record.id: (split, record, store.split(language, split).pose(number))
        for split in store.splits(language)
        for number, record in enumerate(store.split(language, split).records)
    }


def test_sentences_have_the_aspect_undone_and_missing_joints_masked(tmp_path):
    rows = sentence_rows()
    rows[2, 2 * 46 : 2 * 67] = 0  # the right hand is lost
    rows[3, 2 * 7 + 1] = 1.0  # the left wrist is cut off by the border
    folder = write_sentences(tmp_path / "d", {f"s{n}": rows for n in range(12)})
    assert [report.status for report in run(folder, "DGS")] == ["converted", "converted"]
    found = records(folder, "GSL")
    assert len(found) == 12
    _, record, pose = found["s3"]
    assert (record.text, record.gloss, record.fps, pose.fps) == ("Satz s3", "EINS1 ZWEI*", 50, 50)
    np.testing.assert_allclose(pose.coordinates[0, :, :2], EXPECTED, atol=1e-4)
    assert (pose.coordinates[..., 2] == 0).all()
    assert pose.valid[0].all()
    assert np.flatnonzero(~pose.valid[2]).tolist() == list(SKELETON_50.parts["right_hand"])
    assert np.flatnonzero(~pose.valid[3]).tolist() == [7]


def test_every_fault_of_the_sentences_is_listed(tmp_path):
    nan, blind = sentence_rows(), sentence_rows()
    nan[1, 8] = np.inf
    blind[:, 4:6] = 0  # no right shoulder in any frame
    names = {"ok": sentence_rows(), "nan": nan, "blind": blind, "narrow": sentence_rows()[:, :99], "gone": None}
    names |= {"none": sentence_rows()[:0], "mute": sentence_rows()}
    folder = write_sentences(tmp_path / "d", names, {name: "" if name == "mute" else name for name in names})
    reports = run(folder, "DGS", held_out=0, splits=["train"])
    faults = "\n".join(reports[0].faults)
    assert len(reports[0].faults) == 6
    for part in (
        "nan.npz: frame 1, point 4: not a finite",
        "blind.npz: the shoulders are never",
        "narrow.npz: keypoints",
        "gone.npz: no such file",
        "none.npz: the clip is empty",
        "mute.npz: no text",
    ):
        assert part in faults
    (folder / "manifest.json").write_text('[{"id": "ok"}, {"text": "x"}]')
    with pytest.raises(DataError) as caught:
        run(folder, "DGS")
    assert len(caught.value.faults) == 2


def test_mediapipe_rows_are_one_clip_a_text_in_turn(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    police = holistic_rows(20)
    police[:, 1, 132:195] = 0  # no left hand in frame 1
    police[:, 2, 4 * 16 + 3] = 0.2  # MediaPipe doubts the right wrist
    np.savez(folder / "clips.npz", **{"경찰": police, "불이 나다": holistic_rows(3)})
    run(folder, "KSL")
    found = records(folder, "KSL")
    assert len(found) == 23
    assert {record.text for _, record, _ in found.values()} == {"경찰", "불이 나다"}
    pose = found["경찰_007"][2]
    np.testing.assert_allclose(pose.coordinates[0, :, :2], EXPECTED, atol=1e-4)
    assert np.flatnonzero(~pose.valid[1]).tolist() == list(SKELETON_50.parts["left_hand"])
    assert np.flatnonzero(~pose.valid[2]).tolist() == [4]
    (report, _) = run(folder, "KSL", max_samples=2, overwrite=True, splits=["train", "dev"])
    assert report.clips == 2
    np.savez(folder / "clips.npz", a=np.zeros((2, 3, 9)), b=np.zeros(3))
    with pytest.raises(DataError) as caught:
        run(folder, "KSL")
    assert len(caught.value.faults) == 2


def test_word_landmarks_come_from_a_square_image(tmp_path):
    folder = tmp_path / "d"
    (folder / "landmarks").mkdir(parents=True)
    frames = landmark_frames()
    for word in ("iyi", "afiyet_olsun", "yok"):
        (folder / "landmarks" / f"{word}.json").write_text(json.dumps({"frames": frames}))
    (folder / "landmarks" / "kotu.json").write_text(json.dumps({"frames": [{**frames[0], "left_hand": [[0, 0, 0]]}]}))
    (folder / "list.csv").write_text("ClassId,TR,EN\n0,iyi,good\n1,afiyet_olsun,enjoy\n2,kotu,bad\n")
    (report,) = run(folder, "TSL", splits=["train"], held_out=0)
    assert [fault.split(":")[0] for fault in report.faults] == ["landmarks/kotu.json", "landmarks/yok.json"]
    assert "does not stand in the column TR of list.csv" in report.faults[1]
    run(folder, "TSL", splits=["train"], held_out=0, skip_bad=True)
    _, record, clip = records(folder, "TSL")["afiyet_olsun"]
    assert record.text == "afiyet olsun"
    np.testing.assert_allclose(clip.coordinates[0, :, :2], EXPECTED, atol=1e-4)
    assert np.flatnonzero(~clip.valid[1]).tolist() == list(SKELETON_50.parts["left_hand"])


def test_a_clip_stays_in_its_split_and_the_share_is_kept(tmp_path):
    splits = [split_of(f"clip{n}", 0.15) for n in range(4000)]
    assert abs(splits.count("dev") / 4000 - 0.15) < 0.02
    assert all(split_of(f"clip{n}", 0.3) == "dev" for n, split in enumerate(splits) if split == "dev")
    folder = write_sentences(tmp_path / "d", {f"s{n}": sentence_rows(2) for n in range(12)})
    run(folder, "DGS")
    before = {name: found[0] for name, found in records(folder, "GSL").items()}
    assert set(before.values()) == {"train", "dev"}
    assert [report.status for report in run(folder, "DGS")] == ["already converted"] * 2
    assert "--overwrite" in run(folder, "DGS", held_out=0.5)[0].faults[0]
    write_sentences(folder, {f"s{n}": sentence_rows(2) for n in range(20)})
    run(folder, "DGS", overwrite=True)
    after = {name: found[0] for name, found in records(folder, "GSL").items()}
    assert {name: after[name] for name in before} == before
    (report,) = run(folder, "DGS", splits=["dev"], held_out=0.0, overwrite=True)
    assert "no clip falls to dev" in report.faults[0]
    with pytest.raises(ConfigError, match="--held_out is 1"):
        run(folder, "DGS", held_out=1)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings in ../shared/data are not here")
@pytest.mark.parametrize(
    ("name", "language", "clips"),
    [("dgs_sentences", "GSL", 285), ("ksl_mediapipe", "KSL", 780), ("tsl_words", "TSL", 226)],
)
def test_real_recordings_stand_upright_with_their_hands_on_their_arms(tmp_path, name, language, clips):
    reports = convert(ConvertOptions(SHARED / name, tmp_path / "store", language, max_samples=12))
    assert [report.status for report in reports] == ["converted", "converted"]
    assert not any(report.sides_swapped for report in reports)
    split = Store(tmp_path / "store").split(language, "train")
    for number in range(len(split)):
        pose = split.pose(number)
        x, y = np.moveaxis(np.where(pose.valid[..., None], pose.coordinates, np.nan)[..., :2], -1, 0)
        assert pose.shoulder_width() == pytest.approx(1, abs=1e-3)
        assert np.nanmedian(y[:, 0]) < 0 < np.nanmedian(y[:, 3])  # nose over neck over elbow
        assert np.nanmedian(x[:, 2]) < np.nanmedian(x[:, 5])
        for hand, own, other in ((29, 4, 7), (8, 7, 4)):
            distance = [np.hypot(x[:, hand] - x[:, wrist], y[:, hand] - y[:, wrist]) for wrist in (own, other)]
            if np.isfinite(distance[0]).any():
                assert np.nanmedian(distance[0]) < min(0.3, np.nanmedian(distance[1]))
    assert sum(split_of(record.id, 0.15) == "train" for record in split.records) == len(split) == 12 <= clips


def test_a_word_whose_file_is_a_link_to_nowhere_is_a_fault_of_its_clip(tmp_path):
    folder = tmp_path / "words"
    SOURCES["words"](folder)
    first = sorted((folder / "landmarks").glob("*.json"))[0]
    first.unlink()
    first.symlink_to("nowhere")
    (report,) = convert(ConvertOptions(folder, tmp_path / "store", "TSL", splits=["train"], held_out=0.0))
    assert any(first.name in fault and "no such file" in fault for fault in report.faults)


def test_pixels_in_place_of_shares_are_said_once_for_all_clips(tmp_path):
    pixels = (sentence_rows().reshape(-1, 67, 2) * (1280, 720)).reshape(-1, 134).astype(np.float32)
    folder = write_sentences(tmp_path / "d", {f"s{n}": pixels for n in range(5)})
    (report,) = run(folder, "DGS", held_out=0.0)
    (said,) = (warning for warning in report.warnings if "pixels" in warning)
    assert said.startswith("motion/s0.npz, motion/s1.npz, motion/s2.npz and 2 more: x and y go far beyond the 0 to 1")
    np.testing.assert_allclose(records(folder, "GSL")["s3"][2].coordinates[0, :, :2], EXPECTED, atol=1e-4)
    write_sentences(folder, {f"s{n}": sentence_rows() for n in range(5)})
    (report,) = run(folder, "DGS", held_out=0.0, overwrite=True)
    assert not any("pixels" in warning for warning in report.warnings)

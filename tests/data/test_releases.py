"""Well-known releases in their exact layout, each on a small imitation: docs/data.md has a section for each."""

import json

import numpy as np
import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.data.store import Store
from signllm.pose.formats import write_clips
from tests.helpers.people import assert_same_person, person, points_of
from tests.helpers.releases import array, converted, opened, save, write_openpose
from tests.helpers.sources import clip, lines


def test_phoenix_2014t(tmp_path):
    """The annotations as released, `|` between columns, -1 for start and end; poses by name beside them."""
    head = "name|video|start|end|speaker|orth|translation"
    name = "11August_2010_Wednesday_tagesschau-1"
    row = f'{name}|{name}/1/*.png|-1|-1|Signer08|JETZT WETTER|und nun das "wetter'
    lines(tmp_path / "PHOENIX-2014-T.train.corpus.csv", head, row)
    lines(tmp_path / "PHOENIX-2014-T.dev.corpus.csv", head, row.replace(name, name[:-1] + "2"))
    for number in (1, 2):
        save(tmp_path / "poses" / f"{name[:-1]}{number}.npy", array("openpose-137"))
    reports = converted(tmp_path, tmp_path / "store", "GSL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "dev": 1}
    (record,) = Store(tmp_path / "store").split("GSL", "train").records
    assert (record.text, record.gloss, record.signer) == ('und nun das "wetter', "JETZT WETTER", "Signer08")


def test_how2sign(tmp_path):
    """The realigned tsv called csv; OpenPose points a sentence, cut already, without a frame rate anywhere."""
    head = "VIDEO_ID\tVIDEO_NAME\tSENTENCE_ID\tSENTENCE_NAME\tSTART_REALIGNED\tEND_REALIGNED\tSENTENCE"
    rows = [
        f'-d5\t-d5-1-rgb_front\t-d5_{n}\t-d5_{n}-1-rgb_front\t{10 + n}.5\t{11 + n}.0\tSay "{n} words, please'
        for n in range(3)
    ]
    lines(tmp_path / "how2sign_realigned_val.csv", head, *rows)
    for n in range(3):
        write_openpose(tmp_path / "openpose_output" / "json" / f"-d5_{n}-1-rgb_front", person(12, n, 2))
    (report,) = converted(tmp_path, tmp_path / "store", "ASL").values()
    assert (report.split, report.clips, report.frames, report.dimensions) == ("dev", 3, 36, 2)
    (entry, pose) = opened(tmp_path)["-d5_1-1-rgb_front"]
    assert entry.text == 'Say "1 words, please'
    assert_same_person(pose, person(12, 1, 2))


def test_of_several_people_the_signer_is_taken_and_it_is_said(tmp_path):
    joints = person(12, 0, 2)
    write_openpose(tmp_path / "json" / "a", joints)
    for number, file in enumerate(sorted((tmp_path / "json" / "a").iterdir())):
        value = json.loads(file.read_text())
        still = points_of("openpose-67", joints[:1], 60.0, (1200.0, 200.0))[0]
        flat = np.concatenate([still, np.full((67, 1), 0.8)], -1)
        parts = {"pose": flat[:25], "hand_left": flat[25:46], "hand_right": flat[46:]}
        other = {f"{part}_keypoints_2d": values.ravel().tolist() for part, values in parts.items()}
        value["people"].insert(number % 2, other)
        file.write_text(json.dumps(value))
    lines(tmp_path / "t.csv", "name,text", "a,eins")
    (report,) = converted(tmp_path, tmp_path / "store", "ASL", splits=["train"]).values()
    assert any("2 people; the largest and most moving one was taken" in warning for warning in report.warnings)
    assert_same_person(Store(tmp_path / "store").split("ASL", "train").pose(0), joints)


def test_prompt2sign(tmp_path):
    write_clips(tmp_path / "dev.skels", [(f"dev/{n}", clip(n)) for n in range(3)])
    lines(tmp_path / "dev.text", "a", "b", "c")
    assert converted(tmp_path, tmp_path / "store", "ASL")["dev"].clips == 3


def test_slrtp_2025(tmp_path):
    """`.pt` dictionaries of clips by name; poses (frames, 178, 3), y down, with texts."""
    import torch

    for split in ("train", "dev"):
        value = {
            f"{split}/{n}": {
                "name": f"{split}/{n}", "text": f"text {n}", "gloss": "A B", "speaker": "Signer01",
                "poses_3d": torch.tensor(array("slrtp-178", 12, n)),
            }
            for n in range(3)
        }  # fmt: skip
        torch.save(value, tmp_path / f"{split}.pt")
    reports = converted(tmp_path, tmp_path / "store", "GSL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 3, "dev": 3}
    record = Store(tmp_path / "store").split("GSL", "dev").records[1]
    assert (record.id, record.text, record.gloss, record.signer) == ("1", "text 1", "A B", "Signer01")
    assert reports["dev"].steps[0].startswith("layout slrtp-178")


def test_csl_daily(tmp_path):
    """`video_map.txt` and `split_1.txt` with `|`; COCO-wholebody points of 133."""
    lines(
        tmp_path / "video_map.txt",
        "index|name|length|gloss|char|word|postag",
        "0|S000000_P0000_T00|24|他 有 姐姐|他 有 一 个 姐 姐|他 有 一个 姐姐|r v m n",
    )
    lines(tmp_path / "split_1.txt", "name|split", "S000000_P0000_T00|val")
    save(tmp_path / "keypoints" / "S000000_P0000_T00.npy", array("coco-wholebody-133"))
    ((entry, pose),) = opened(tmp_path).values()
    assert (entry.name, entry.text, entry.gloss) == ("S000000_P0000_T00", "他 有 一 个 姐 姐", "他 有 姐姐")
    assert entry.split == "dev"
    assert_same_person(pose, person())
    converted(tmp_path, tmp_path / "store", "CSL")
    (record,) = Store(tmp_path / "store").split("CSL", "dev").records
    assert (record.language, record.gloss) == ("CSL", "他 有 姐姐")


def test_spoken_to_signed_lexicon_of_signsuisse(tmp_path):
    lines(
        tmp_path / "index.csv",
        "path,spoken_language,signed_language,start,end,words,glosses,priority",
        "sgg/a.pose,de,sgg,0,0,Haus,HAUS,0",
        "sgg/long.pose,de,sgg,0,400,Kind,KIND,0",
        "sgg/long.pose,de,sgg,400,800,Essen,ESSEN,0",
        "bfi/b.pose,en,bfi,0,0,house,HOUSE,0",
    )
    for name, frames in (("sgg/a", 10), ("sgg/long", 20), ("bfi/b", 10)):
        write_clips(tmp_path / f"{name}.pose", [(name[4:], clip(1, frames))])
    (report,) = (r for r in convert(ConvertOptions(tmp_path, tmp_path / "store", "DSGS", held_out=0.0)) if r.clips)
    records = Store(tmp_path / "store").split("DSGS", "train").records
    assert [(r.text, r.gloss, r.frames) for r in records] == [
        ("Haus", "HAUS", 10),
        ("Kind", "KIND", 10),
        ("Essen", "ESSEN", 10),
    ]
    assert any("1 clips of other languages than DSGS are left out" in warning for warning in report.warnings)


def test_wlasl(tmp_path):
    """An entry a gloss with instances; the clips are cut, whatever frame_start says."""
    instances = [
        {
            "video_id": f"{n:05d}",
            "split": split,
            "signer_id": n,
            "frame_start": 1,
            "frame_end": -1,
            "fps": 25,
            "bbox": [],
        }
        for n, split in enumerate(("train", "val", "test"))
    ]
    (tmp_path / "WLASL_v0.3.json").write_text(json.dumps([{"gloss": "book", "instances": instances}]))
    (tmp_path / "nslt_100.json").write_text(json.dumps({"00000": {"subset": "train", "action": [0, 1, 12]}}))
    for n in range(3):
        save(tmp_path / "pose_per_clip" / f"{n:05d}.npy", array("openpose-137", 12, n))
    reports = converted(tmp_path, tmp_path / "store", "ASL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "dev": 1, "test": 1}
    (record,) = Store(tmp_path / "store").split("ASL", "dev").records
    assert (record.id, record.text, record.gloss, record.signer, record.frames) == ("00001", "book", "book", "1", 12)


def test_lsa64_has_nothing_but_names(tmp_path):
    for n, name in enumerate(("001_001_001", "001_002_001", "064_010_005")):
        save(tmp_path / f"{name}.npy", array("mediapipe-75", 12, n))
    (report,) = converted(tmp_path, tmp_path / "store", "LSA", splits=["train"]).values()
    records = Store(tmp_path / "store").split("LSA", "train").records
    assert [(r.text, r.signer) for r in records] == [("001", "001"), ("001", "002"), ("064", "010")]
    assert "nothing says what is signed" in report.warnings[0]


def test_autsl(tmp_path):
    """Labels without a first line, and the class table."""
    lines(tmp_path / "train_labels.csv", "signer0_sample1,0", "signer0_sample2,1")
    lines(tmp_path / "SignList_ClassId_TR_EN.csv", "ClassId,TR,EN", "0,abla,sister", "1,acele,hurry")
    for n in (1, 2):
        save(tmp_path / "train" / f"signer0_sample{n}_color.npy", array("mediapipe-543", 12, n))
    (report,) = converted(tmp_path, tmp_path / "store", "TSL").values()
    records = Store(tmp_path / "store").split("TSL", "train").records
    assert [(r.id, r.text) for r in records] == [("signer0_sample1", "abla"), ("signer0_sample2", "acele")]
    assert report.split == "train"


def test_google_asl_signs(tmp_path):
    """train.csv and a parquet file a clip with a point a row, NaN where it is missing."""
    arrow = pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    points = array("mediapipe-asl-signs", dims=3) / (1280, 1280, 1280)
    points[3, 468:489] = np.nan
    kinds = ["face"] * 468 + ["left_hand"] * 21 + ["pose"] * 33 + ["right_hand"] * 21
    numbers = [*range(468), *range(21), *range(33), *range(21)]
    table = {"frame": np.repeat(np.arange(20, 32), 543), "row_id": ["x"] * (12 * 543), "type": kinds * 12}
    table |= {"landmark_index": numbers * 12} | {c: points[..., n].ravel() for n, c in enumerate("xyz")}
    path = tmp_path / "train_landmark_files" / "26734" / "1000035562.parquet"
    path.parent.mkdir(parents=True)
    pyarrow.parquet.write_table(arrow.table(table), path)
    lines(
        tmp_path / "train.csv",
        "path,participant_id,sequence_id,sign",
        "train_landmark_files/26734/1000035562.parquet,26734,1000035562,blow",
    )
    (report,) = converted(tmp_path, tmp_path / "store", "ASL").values()
    ((_, record, pose),) = ((0, r, Store(tmp_path / "store").split("ASL", "train").pose(n))
                            for n, r in enumerate(Store(tmp_path / "store").split("ASL", "train").records))  # fmt: skip
    assert (record.id, record.text, record.gloss, record.signer) == ("1000035562", "blow", "blow", "26734")
    assert not pose.valid[3, 8:29].any()
    assert report.frames == 12


def test_hugging_face_datasets(tmp_path):
    """A folder of parquet files, a row a clip, nested lists of points, texts in another column."""
    arrow = pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    rows = {"id": ["a", "b"], "text": ["eins", "zwei"], "pose": [array("mediapipe-75", 12, n).tolist() for n in (0, 1)]}
    (tmp_path / "data").mkdir()
    for split in ("train", "validation"):
        pyarrow.parquet.write_table(arrow.table(rows), tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    reports = converted(tmp_path, tmp_path / "store", "GSL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 2, "dev": 2}
    assert [r.text for r in Store(tmp_path / "store").split("GSL", "dev").records] == ["eins", "zwei"]


def test_a_folder_a_label(tmp_path):
    for label in ("danke", "bitte"):
        for n in range(2):
            save(tmp_path / label / f"{n}.npy", array("mediapipe-75", 12, n))
    (report,) = converted(tmp_path, tmp_path / "store", "KSL", splits=["train"]).values()
    assert (
        sorted(r.text for r in Store(tmp_path / "store").split("KSL", "train").records) == ["bitte"] * 2 + ["danke"] * 2
    )
    assert "names of folders" in report.warnings[0]
    assert not any("left out" in warning for warning in report.warnings)
    save(tmp_path / "danke" / "more" / "2.npy", array("mediapipe-75", 12))
    (report,) = converted(tmp_path, tmp_path / "again", "KSL", splits=["train"]).values()
    (left_out,) = (warning for warning in report.warnings if "left out" in warning)
    assert "1 pose files in other folders are left out, such as danke/more/2.npy" in left_out

"""Releases as they are unpacked: tables in other folders than poses, names in any column, annotations of recordings."""

import gzip
import json

import numpy as np
import pytest

from signllm.data.store import Store
from signllm.errors import DataError
from tests.helpers.people import assert_same_person, person, points_of
from tests.helpers.releases import array, converted, opened, openpose_frame, save, say, write_openpose
from tests.helpers.sources import lines

PHOENIX = "name|video|start|end|speaker|orth|translation"


def records(store, language, split="train"):
    return Store(store).split(language, split).records


def test_phoenix_2014t_as_a_whole(tmp_path):
    """annotations/manual beside features/; the complex annotation names the same clips, and is said not to be used."""
    root = tmp_path / "release" / "PHOENIX-2014-T"
    for split in ("train", "dev"):
        row = f"{split}_tagesschau-1|{split}_tagesschau-1/1/*.png|-1|-1|Signer08|JETZT WETTER|und nun das wetter"
        lines(root / "annotations" / "manual" / f"PHOENIX-2014-T.{split}.corpus.csv", PHOENIX, row)
        write_openpose(root / "features" / "openpose" / split / f"{split}_tagesschau-1", person(5, 0, 2))
    further = root / "annotations" / "manual" / "PHOENIX-2014-T.train-complex-annotation.corpus.csv"
    lines(further, PHOENIX, "train_tagesschau-1|x|-1|-1|Signer08|__ON__ JETZT|und nun das wetter")
    reports = converted(tmp_path / "release", tmp_path / "store", "GSL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "dev": 1}
    assert records(tmp_path / "store", "GSL")[0].gloss == "JETZT WETTER"
    assert any(f"{further.name} has the same clips as" in warning for warning in reports["train"].warnings)


def test_a_damaged_table_below_is_said_where_no_other_names_the_poses(tmp_path):
    save(tmp_path / "poses" / "a.npy", array("mediapipe-75", 6))
    lines(tmp_path / "labels" / "list.csv", "name,text", "a,hello,there")
    with pytest.raises(DataError, match=r"list.csv:2: 3 fields, the first line names 2"):
        opened(tmp_path)
    lines(tmp_path / "annotations" / "texts.csv", "name,text", "a,hello")
    assert [entry.text for entry, _ in opened(tmp_path).values()] == ["hello"]


def test_how2sign_as_a_whole(tmp_path):
    """Seven folders deep; of both tables the realigned one; the clips are cut, so start and end are not looked at."""
    head = "VIDEO_ID\tVIDEO_NAME\tSENTENCE_ID\tSENTENCE_NAME\t{0}\t{1}\tSENTENCE"
    text = tmp_path / "sentence_level" / "val" / "text" / "en" / "raw_text"
    row = "-d5\t-d5-1-rgb_front\t-d5_1\t-d5_1-1-rgb_front\t10.0\t13.0\t"
    lines(text / "how2sign_val.csv", head.format("START", "END"), f"{row}as spoken")
    columns = head.format("START_REALIGNED", "END_REALIGNED")
    lines(text / "re_aligned" / "how2sign_realigned_val.csv", columns, f"{row}as signed")
    poses = tmp_path / "sentence_level" / "val" / "rgb_front" / "features" / "openpose_output" / "json"
    write_openpose(poses / "-d5_1-1-rgb_front", person(20, 0, 2))
    (report,) = converted(tmp_path, tmp_path / "store", "ASL").values()
    assert (report.split, report.frames) == ("dev", 20)
    assert records(tmp_path / "store", "ASL", "dev")[0].text == "as signed"
    assert not any("start and end" in warning for warning in report.warnings)


def test_asl_citizen_and_rows_of_other_splits_tables(tmp_path):
    """Columns with blanks in their names; poses beside them all in one folder, which are no clips without a row."""
    for number, split in enumerate(("train", "val")):
        row = f"P{number},1589{number}-DOG.mp4,DOG,A_01"
        lines(tmp_path / "splits" / f"{split}.csv", "Participant ID,Video file,Gloss,ASL-LEX Code", row)
        save(tmp_path / "poses" / f"1589{number}-DOG.npy", array("mediapipe-75", 8, number))
    reports = converted(tmp_path, tmp_path / "store", "ASL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "dev": 1}
    assert records(tmp_path / "store", "ASL")[0].signer == "P0"
    assert not any("have no row" in warning for report in reports.values() for warning in report.warnings)


def test_ms_asl_whose_files_are_named_by_an_address(tmp_path):
    for split, name in (("train", "C37R_Ix8-q0"), ("val", "C37R_Ix8-q1")):
        row = {"org_text": "match", "start_time": 0.0, "signer_id": 7, "start": 0, "end": 9, "file": "match light-a"}
        row |= {"url": f"https://www.youtube.com/watch?v={name}&t=1", "text": "match", "fps": 30.0, "end_time": 0.3}
        say(tmp_path / f"MSASL_{split}.json", [row])
        save(tmp_path / "poses" / f"{name}.npy", array("mediapipe-75", 20))
    (train, dev) = converted(tmp_path, tmp_path / "store", "ASL").values()
    (record,) = records(tmp_path / "store", "ASL")
    assert (record.id, record.text, record.signer, record.fps, record.frames) == ("C37R_Ix8-q0", "match", "7", 30, 9)
    assert any("named by the column 'url'" in warning for warning in train.warnings)
    assert (train.clips, dev.clips) == (1, 1)


def test_openasl_with_times_of_a_clock_and_its_recordings(tmp_path):
    head = "vid\tyid\tstart\tend\traw-text\ttokenized-text\tsplit\tsigner_id"
    rows = [f"x-{n}\tC37R_Ix8-q0\t00:00:0{n}.200\t00:00:0{n}.600\tHello, {n}.\thello\tvalid\t7" for n in (0, 1)]
    lines(tmp_path / "openasl-v1.0.tsv", head, *rows)
    save(tmp_path / "raw" / "C37R_Ix8-q0.npy", array("mediapipe-75", 50))
    converted(tmp_path, tmp_path / "store", "ASL", columns={"fps": "25"})
    found = records(tmp_path / "store", "ASL", "dev")
    assert [(record.text, record.frames) for record in found] == [("Hello, 0.", 10), ("Hello, 1.", 10)]


def test_slovo_says_of_each_clip_whether_it_is_one_of_training(tmp_path):
    head = "attachment_id\ttext\tuser_id\theight\ttrain\tbegin\tend"
    names = [f"44e8d2a0-7e01-450b-90b0-beb7400d2c1{n}" for n in range(2)]
    lines(tmp_path / "annotations.csv", head, *(f"{name}\tHi\tu\t9\t{n == 0}\t0\t8" for n, name in enumerate(names)))
    for name in names:
        save(tmp_path / "clips" / f"{name}.npy", array("mediapipe-75", 12))
    reports = converted(tmp_path, tmp_path / "store", "ASL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "test": 1}


def test_lsfb_with_a_folder_a_part_and_lists_of_splits(tmp_path):
    """The clips are cut at 50 frames a second, which only start and end in milliseconds say."""
    names = [f"CLSFBI0103A_S00{n}_B" for n in range(4)]
    rows = [f"{name},MAISON,S00{n},{286000 + 1000 * n},{286400 + 1000 * n}" for n, name in enumerate(names)]
    lines(tmp_path / "instances.csv", "id,sign,signer,start,end", *rows)
    say(tmp_path / "metadata" / "splits" / "train.json", names[:3])
    say(tmp_path / "metadata" / "splits" / "test.json", names[3:])
    say(tmp_path / "metadata" / "splits" / "fold_0.json", names[:1])
    for number, name in enumerate(names):
        points = array("mediapipe-75", 20, number) / np.float32(640)
        save(tmp_path / "poses" / "pose" / f"{name}.npy", points[:, :33])
        save(tmp_path / "poses" / "left_hand" / f"{name}.npy", points[:, 33:54])
        save(tmp_path / "poses" / "right_hand" / f"{name}.npy", points[:, 54:])
        save(tmp_path / "poses" / "face" / f"{name}.npy", np.zeros((20, 468, 3), np.float32))
    reports = converted(tmp_path, tmp_path / "store", "LSF")
    assert {split: report.clips for split, report in reports.items()} == {"train": 3, "test": 1}
    store = Store(tmp_path / "store")
    (record,) = store.split("LSF-CH", "test").records
    assert (record.signer, record.fps, record.frames) == ("S003", 50, 20)
    assert_same_person(store.split("LSF-CH", "test").pose(0), person(20, 3))
    (tmp_path / "poses" / "right_hand" / f"{names[0]}.npy").unlink()
    with pytest.raises(DataError, match=r"its right is missing: there is no right_hand/CLSFBI0103A_S000_B.npy"):
        opened(tmp_path)


def test_greek_sign_language_without_a_first_line(tmp_path):
    """Names come again in other folders."""
    for number in (1, 2):
        name = f"police{number}_signer1_rep1_sentences/sentences0001"
        lines(tmp_path / f"gsl_split_SI_{('train', 'dev')[number - 1]}.csv", f"{name}|ΕΓΩ ΘΕΛΩ ΚΑΡΤΑ")
        save(tmp_path / "GSL_continuous" / f"{name}.npy", array("openpose-137", 8, number))
    reports = converted(tmp_path, tmp_path / "store", "GSL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 1, "dev": 1}
    assert records(tmp_path / "store", "GSL")[0].gloss == "ΕΓΩ ΘΕΛΩ ΚΑΡΤΑ"
    for number, split in enumerate(("train", "dev"), 1):
        assert_same_person(Store(tmp_path / "store").split("GSL", split).pose(0), person(8, number, 2))


def test_a_first_line_of_unknown_names_over_two_columns_is_no_clip(tmp_path):
    lines(tmp_path / "t.csv", "código,traducción", "a,hola", "b,buenos días")
    for name in "ab":
        save(tmp_path / f"{name}.npy", array("mediapipe-75", 6))
    (report,) = converted(tmp_path, tmp_path / "store", "LSA", splits=["train"]).values()
    assert [(r.id, r.text) for r in records(tmp_path / "store", "LSA")] == [("a", "hola"), ("b", "buenos días")]
    assert any("its first line are not known" in warning for warning in report.warnings)


def test_include_has_groups_of_numbered_labels_and_popsign_labels_in_splits(tmp_path):
    for name in ("Adjectives/1. loud/MVI_1", "Adjectives/2. quiet/MVI_1", "Animals/1. Dog/MVI_3"):
        save(tmp_path / "include" / f"{name}.npy", array("mediapipe-75", 6))
    converted(tmp_path / "include", tmp_path / "store", "ISL", splits=["train"])
    assert [r.text for r in records(tmp_path / "store", "ISL")] == ["loud", "quiet", "Dog"]
    for name in ("train/apple/apple-1", "train/can/can-1", "test/apple/apple-2"):
        save(tmp_path / "popsign" / f"{name}.npy", array("mediapipe-75", 6))
    reports = converted(tmp_path / "popsign", tmp_path / "store", "ASL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 2, "test": 1}
    assert [r.text for r in records(tmp_path / "store", "ASL")] == ["apple", "can"]


def test_deep_labels_whose_words_a_table_says(tmp_path):
    """KArSL's signers, sessions and splits above the signs; Bosphorus's classes and USTC-CSL's sentences by numbers."""
    for name in ("01/01/train/0001/a", "01/02/train/0002/b", "02/01/test/0001/c"):
        save(tmp_path / "karsl" / f"{name}.npy", array("mediapipe-75", 6))
    reports = converted(tmp_path / "karsl", tmp_path / "store", "ISL")
    assert {split: report.clips for split, report in reports.items()} == {"train": 2, "test": 1}
    for name in ("0001/User_2_001", "0002/User_2_001"):
        save(tmp_path / "bosphorus" / "mediapipe" / f"{name}.npy", array("mediapipe-75", 6))
    rows = ("1,acele,hurry", "2,abla,sister")
    lines(tmp_path / "bosphorus" / "classes.csv", "ClassID,ClassName_tr,ClassName_en", *rows)
    reports = converted(tmp_path / "bosphorus", tmp_path / "store", "TSL")
    assert [r.text for r in records(tmp_path / "store", "TSL")] == ["acele", "abla"]
    assert "no clip falls to dev; see --held_out" in reports["train"].warnings
    for number in range(2):
        save(tmp_path / "csl" / "color" / f"00000{number}" / f"P01_s1_0{number}_0_color.npy", array("mediapipe-75", 6))
    lines(tmp_path / "csl" / "corpus.txt", "000000 我的爸爸是老师", "000001 他有一个姐姐")
    converted(tmp_path / "csl", tmp_path / "store", "CSL")
    assert [r.text for r in records(tmp_path / "store", "CSL")] == ["我的爸爸是老师", "他有一个姐姐"]


def test_a_name_in_two_splits_folders_is_that_of_its_own_table(tmp_path):
    for number, split in enumerate(("train", "val")):
        lines(tmp_path / f"{split}_labels.csv", "signer0_sample1,hallo")
        save(tmp_path / split / "signer0_sample1_color.npy", array("mediapipe-75", 8, number))
    converted(tmp_path, tmp_path / "store", "GSL")
    for number, split in enumerate(("train", "dev")):
        assert_same_person(Store(tmp_path / "store").split("GSL", split).pose(0), person(8, number))


def test_chicago_fswild_begins_after_its_files_end(tmp_path):
    head = "filename,url,start_time,number_of_frames,label_proc,label_raw,partition,signer"
    lines(tmp_path / "ChicagoFSWild.csv", head, "aslthat/fs_1,https://x,00:01:02,9,jj rowe,JJ,train,ben_b")
    save(tmp_path / "poses" / "aslthat" / "fs_1.npy", array("mediapipe-75", 9))
    ((entry, pose),) = opened(tmp_path).values()
    assert (entry.text, entry.split, entry.signer, len(pose)) == ("jj rowe", "train", "ben_b", 9)
    lines(tmp_path / "ChicagoFSWild.csv", head, "aslthat/fs_1,https://x,00:00:00.2,9,jj rowe,JJ,train,ben_b")
    with pytest.raises(DataError, match=r"csv: start and end are times, but .*--columns fps=25"):
        opened(tmp_path)


def test_google_asl_fingerspelling_has_a_frame_a_row(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow, an extra, is not installed")
    import pyarrow.parquet

    people = [points_of("mediapipe-75", person(6 + n, n)).astype(np.float32) / 1280 for n in (0, 1)]
    points = np.concatenate(people)
    table = {"frame": np.arange(len(points), dtype=np.int16)}
    starts = {"face": None, "pose": 0, "left_hand": 33, "right_hand": 54}
    for axis, letter in enumerate("xyz"):
        for part, start in starts.items():
            for number in range({"face": 3, "pose": 33}.get(part, 21)):
                values = np.full(len(points), np.nan) if start is None else points[:, start + number, axis]
                table[f"{letter}_{part}_{number}"] = values.astype(np.float32)
    table["sequence_id"] = np.repeat([1535467051, 1535467052], [len(one) for one in people])
    (tmp_path / "train_landmarks").mkdir()
    pyarrow.parquet.write_table(arrow.table(table), tmp_path / "train_landmarks" / "5414471.parquet")
    rows = [f"train_landmarks/5414471.parquet,5414471,153546705{n},{n},3 creekhouse" for n in (1, 2)]
    lines(tmp_path / "train.csv", "path,file_id,sequence_id,participant_id,phrase", *rows)
    converted(tmp_path, tmp_path / "store", "ASL")
    split = Store(tmp_path / "store").split("ASL", "train")
    assert [(r.id, r.text, r.signer, r.frames) for r in split.records] == [
        ("1535467051", "3 creekhouse", "1", 6),
        ("1535467052", "3 creekhouse", "2", 7),
    ]
    assert_same_person(split.pose(1), person(7, 1))


def test_korean_corpora_with_a_file_of_signs_for_each_recording(tmp_path):
    """AI Hub: one person without a list, signs in another tree; NIASL2021: the sentence in Korean."""
    name = "NIA_SL_SEN0001_REAL01_D"
    for number, row in enumerate(points_of("openpose-67", person(6, 0, 2))):
        value = {"version": 1.3, "people": openpose_frame(row), "camparam": {}}
        say(tmp_path / "a" / "keypoint" / "01" / name / f"{name}_{number:012d}_keypoints.json", value)
    signs = [{"start": t, "end": t + 1, "attributes": [{"name": word}]} for t, word in ((2.5, "가다"), (1.8, "왼쪽"))]
    say(tmp_path / "a" / "morpheme" / "01" / f"{name}_morpheme.json", {"metaData": {}, "data": signs})
    converted(tmp_path / "a", tmp_path / "store", "KSL", splits=["train"])
    (record,) = records(tmp_path / "store", "KSL")
    assert (record.id, record.gloss, record.frames) == (name, "왼쪽 가다", 6)
    gestures = [{"start": 0.5, "end": 1, "gloss_id": "오늘1"}, {"start": 1, "end": 2, "gloss_id": "맑다1"}]
    value = {"krlgg_sntenc": {"koreanText": "오늘은 맑겠습니다."}, "sign_script": {"sign_gestures_strong": gestures}}
    say(tmp_path / "n" / "NIASL2021_1.json", value)
    save(tmp_path / "n" / "NIASL2021_1.npy", array("openpose-137", 6))
    ((entry, _),) = opened(tmp_path / "n").values()
    assert (entry.name, entry.text, entry.gloss) == ("NIASL2021_1", "오늘은 맑겠습니다.", "오늘1 맑다1")


VTT = """WEBVTT
Kind: captions

00:00:00.200 --> 00:00:00.600 align:start position:0%
Hello, how are <c>you</c>
today?

1
00:00:00.600 --> 00:00:01.000
&gt;&gt; I am fine.

00:00:01.000 --> 00:00:01.200

"""


def test_subtitles_of_youtube_asl_and_bobsl(tmp_path):
    save(tmp_path / "keypoints" / "C37R_Ix8-q0.npy", array("mediapipe-75", 40))
    lines(tmp_path / "vtt" / "C37R_Ix8-q0.en.vtt", VTT)
    lines(tmp_path / "youtube_asl_video_ids.txt", "C37R_Ix8-q0")
    found = opened(tmp_path, columns={"fps": "25"})
    assert [(e.text, e.texts, e.recording, len(pose)) for e, pose in found.values()] == [
        (None, {"en": "Hello, how are you today?"}, "C37R_Ix8-q0.npy", 10),
        (None, {"en": "I am fine."}, "C37R_Ix8-q0.npy", 10),
    ]
    lines(tmp_path / "vtt" / "C37R_Ix8-q0.en.vtt", "WEBVTT", "", "then --> 00:01", "x", "", "1:2:3:4 --> 5:6", "x")
    with pytest.raises(DataError, match=r"C37R_Ix8-q0.en.vtt:6: '1:2:3:4 --> 5:6' holds no times"):
        opened(tmp_path, columns={"fps": "25"})


def test_public_dgs_corpus_with_a_camera_for_each_of_two_people(tmp_path):
    """`x_openpose.json.gz` holds all cameras; `x_de.srt` and `x_en.srt` say who signs."""
    views = []
    for camera, seed in (("a1", 0), ("b1", 1), ("c", 2)):
        rows = points_of("openpose-67", person(60, seed, 2))
        frames = {str(n): {"people": [openpose_frame(row)]} for n, row in enumerate(rows)}
        views.append({"id": "1413485", "camera": camera, "width": 1280, "height": 720, "frames": frames})
    (tmp_path / "1413485_openpose.json.gz").write_bytes(gzip.compress(json.dumps(views).encode()))
    times = ("00:00:00,000 --> 00:00:00,400", "00:00:00,400 --> 00:00:01,000")
    for code, texts in (("de", ("A: Hallo.", "B: Wie geht es?")), ("en", ("A: Hello.", "B: How are you?"))):
        cues = (f"{n}\n{when}\n{text}\n" for n, (when, text) in enumerate(zip(times, texts, strict=True), 1))
        lines(tmp_path / f"1413485_{code}.srt", *cues)
    converted(tmp_path, tmp_path / "store", "GSL", columns={"fps": "50"}, splits=["train"])
    split = Store(tmp_path / "store").split("GSL", "train")
    assert [(r.text, r.signer, r.frames) for r in split.records] == [
        ("Hallo.", "1413485_A", 20),
        ("Wie geht es?", "1413485_B", 30),
    ]
    joints = person(60, 1, 2)[20:50]
    assert_same_person(split.pose(1), joints)


def elan(*tiers):
    """An ELAN document of (name of the tier, [(first slot, last slot, value)]) with slots of 200 ms."""
    slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{200 * n}"/>' for n in range(9))
    body, number = "", 0
    for name, rows in tiers:
        body += f'<TIER TIER_ID="{name}">'
        for first, last, value in rows:
            number += 1
            body += (
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="ts{first}"'
                f' TIME_SLOT_REF2="ts{last}"><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
                "</ANNOTATION>"
            )
        body += "</TIER>"
    return f"<ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER>{body}</ANNOTATION_DOCUMENT>"


def test_elan_documents(tmp_path):
    """Translations are the texts; signs that begin during one are its glosses, those of both hands once."""
    save(tmp_path / "rec.npy", array("mediapipe-75", 60))
    signs = [(1, 2, "HALLO1"), (3, 4, "DU1"), (6, 7, "ICH1")]
    tiers = [("Deutsche_Übersetzung_A", [(1, 4, "Hallo, du."), (5, 8, "Ich.")]), ("Lexem_Gebärde_r_A", signs)]
    tiers += [("Lexem_Gebärde_l_A", [(3, 4, "DU1")]), ("Lexem_Gebärde_r_B", [(1, 2, "NEIN1")]), ("Mundbild_A", [])]
    (tmp_path / "rec.eaf").write_text(elan(*tiers), encoding="utf-8")
    found = opened(tmp_path, columns={"fps": "25"})
    assert [(e.texts, e.gloss, e.signer, len(pose)) for e, pose in found.values()] == [
        ({"de": "Hallo, du."}, "HALLO1 DU1", "rec_A", 15),
        ({"de": "Ich."}, "ICH1", "rec_A", 15),
    ]
    (tmp_path / "rec.eaf").write_text(elan(("Kommentar", [(1, 2, "x")])), encoding="utf-8")
    with pytest.raises(DataError, match=r"none of its tiers is one of translations or signs.*there are: Kommentar"):
        opened(tmp_path)
    (tmp_path / "rec.eaf").write_text('<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>')
    with pytest.raises(DataError, match="declares entities"):
        opened(tmp_path)

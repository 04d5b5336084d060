"""Tables in three languages and every encoding, columns that the user names, and segments of long recordings."""

import json

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.data.tables.columns import parse_columns
from signllm.errors import ConfigError, DataError
from signllm.pose.formats import pose_file, write_clips
from tests.helpers.sources import SOURCES, clip, lines


@pytest.fixture
def poses(tmp_path):
    """a.pose and b.pose with 10 frames, long.pose with 100, at 25 frames a second."""
    for name, frames in (("a", 10), ("b", 10), ("long", 100)):
        write_clips(tmp_path / f"{name}.pose", [(name, clip(0, frames))])
    return tmp_path


def said(folder, **options):
    return [(e.name, e.text, e.gloss, e.signer) for e in open_clips(folder, **options).entries]


@pytest.mark.parametrize(
    "head", ["id,sentence,gloss,signer", "名称,句子,注释,手语者", "Dateiname,Übersetzung,Glossen,Sprecher"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_columns_are_known_in_three_languages_and_every_encoding(poses, head, encoding, separator):
    rows = "\n".join(row.replace(",", separator) for row in (head, "a,Grüße 你好,GRUSS,s1", "b,zwei,ZWEI,s2"))
    (poses / "t.csv").write_bytes(rows.encode(encoding))
    assert said(poses) == [("a", "Grüße 你好", "GRUSS", "s1"), ("b", "zwei", "ZWEI", "s2")]


def test_a_windows_code_page_is_refused_with_the_line(poses):
    (poses / "t.csv").write_bytes("id,text\na,Grüße\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"t\.csv:2: not UTF-8 text; save the file as UTF-8"):
        open_clips(poses)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("windows-1254", "ağaç ışık"), ("windows-1252", "Größe"), ("gb18030", "他有一个姐姐"), ("cp949", "불이 나다")],
)
def test_an_older_encoding_is_said_by_the_user_and_shown_where_it_is_not(poses, encoding, text):
    (poses / "t.csv").write_bytes(f"name,text\na,{text}\nb,x\n".encode(encoding))
    with pytest.raises(DataError, match=rf"as {encoding} 'a,{text}'.*with --columns encoding="):
        open_clips(poses)
    assert said(poses, columns={"encoding": encoding}) == [("a", text, None, None), ("b", "x", None, None)]
    with pytest.raises(DataError, match=r"t.csv: not utf-8 text, as --columns encoding says"):
        open_clips(poses, columns={"encoding": "utf-8"})
    with pytest.raises(ConfigError, match="--columns encoding=windows-9: no such encoding"):
        parse_columns(["encoding=windows-9"])


def test_an_older_encoding_is_said_for_tables_of_words_and_classes_and_notes_may_have_any(tmp_path):
    SOURCES["words"](tmp_path / "w")
    (tmp_path / "w" / "words.csv").write_bytes("ClassId,TR,EN\n0,fünf,ışık\n".encode("windows-1254"))
    with pytest.raises(DataError, match=r"words.csv:2: .*as windows-1254 '0,fünf,ışık'"):
        open_clips(tmp_path / "w")
    entries = open_clips(tmp_path / "w", columns={"encoding": "windows-1254"}).entries
    assert [entry.text for entry in entries if entry.text] == ["fünf"]
    write_clips(tmp_path / "p" / "a.pose", [("a", clip(0, 5))])
    (tmp_path / "p" / "README.txt").write_bytes("Größe 1\n".encode("windows-1252"))
    lines(tmp_path / "p" / "labels.csv", "a,1")
    (tmp_path / "p" / "classes.csv").write_bytes("ClassId,TR\n1,ışık\n".encode("windows-1254"))
    with pytest.raises(DataError, match=r"classes.csv:2: not UTF-8"):
        open_clips(tmp_path / "p")
    (entry,) = open_clips(tmp_path / "p", columns={"encoding": "windows-1254"}).entries
    assert entry.texts == {"tr": "ışık"}
    (tmp_path / "p" / "labels.csv").write_text("a,hallo\n")
    (tmp_path / "p" / "classes.csv").unlink()
    assert [entry.text for entry in open_clips(tmp_path / "p").entries] == ["hallo"]


def test_the_user_names_columns_that_nobody_knows(poses):
    lines(poses / "t.csv", "clipname,says,text", "a,hello,wrong", "b,you,wrong")
    columns = parse_columns(["name=ClipName", "text=says"])
    assert [entry[:2] for entry in said(poses, columns=columns)] == [("a", "hello"), ("b", "you")]
    (report,) = convert(ConvertOptions(poses, poses / "o", "ASL", ["train"], columns=columns, held_out=0.0))
    assert report.clips == 2
    with pytest.raises(
        DataError, match=r"t\.csv: --columns gloss=sign: no such column; there are: clipname, says, text"
    ):
        open_clips(poses, columns={"gloss": "sign", **columns})


def test_what_is_wrong_with_columns_is_said_at_once():
    with pytest.raises(ConfigError) as caught:
        parse_columns(["text", "txt=a", "text=b", "text=c"])
    assert len(caught.value.faults) == 3
    assert "did you mean 'text'" in caught.value.faults[1]


def test_json_tables_by_name_and_nested(poses):
    (poses / "t.json").write_text(json.dumps({"a": {"text": "eins"}, "b": {"text": "zwei"}}))
    assert [entry[:2] for entry in said(poses)] == [("a", "eins"), ("b", "zwei")]
    (poses / "t.json").write_text(json.dumps({"version": 1, "data": [{"name": "a", "caption": "eins"}]}))
    assert [entry[:2] for entry in said(poses)] == [("a", "eins")]


def test_ids_in_a_column_called_sentence_are_no_texts(poses):
    lines(poses / "t.csv", "id,gloss,sentence", "a,HAUS,seg_0239", "b,KIND,seg_0240")
    assert [entry[1] for entry in said(poses)] == ["HAUS", "KIND"]


@pytest.mark.parametrize(
    ("head", "start", "end"),
    [("start,end", "0.4", "0.8"), ("start_ms,end_ms", "400", "800"), ("start_frame,end_frame", "10", "20"),
     ("start,end", "400", "800"), ("开始,结束", "0.4", "0.8"), ("START_REALIGNED,END_REALIGNED", "0.4", "0.8")],
)  # fmt: skip
def test_segments_in_every_unit(poses, head, start, end):
    lines(poses / "t.csv", f"id,file,text,{head}", f"x,long,eins,{start},{end}", f"y,long,zwei,{end},")
    clips = open_clips(poses)
    np.testing.assert_allclose(clips["x"].coordinates, clip(0, 100).coordinates[10:20], atol=1e-5)
    np.testing.assert_allclose(clips["y"].coordinates, clip(0, 100).coordinates[20:], atol=1e-5)


def test_an_ambiguous_unit_is_refused_with_the_flags_that_settle_it(poses):
    lines(poses / "t.csv", "id,file,text,start,end", "x,long,eins,10,50", "y,long,zwei,50,90")
    with pytest.raises(DataError, match=r"fit the files as milliseconds and as frames.*--columns start_ms=start"):
        open_clips(poses)
    columns = {"start_frame": "start", "end_frame": "end", "start": "-", "end": "-"}
    assert len(open_clips(poses, columns=columns)["x"]) == 40


def test_files_that_are_cut_already_are_taken_whole_with_a_warning(poses):
    lines(poses / "t.csv", "id,text,start_ms,end_ms", "a,eins,7000,7400", "b,zwei,100,500")
    clips = open_clips(poses)
    assert [len(pose) for pose in clips] == [10, 10]
    reports = convert(ConvertOptions(poses, poses / "o", "ASL", ["train"], held_out=0.0))
    assert any("cut already" in warning for warning in reports[0].warnings)


LEXICON = "path,spoken_language,signed_language,start,end,words,glosses,priority"


def test_a_lexicon_whose_files_were_trimmed_is_read_whole(poses):
    lines(poses / "index.csv", LEXICON, "a.pose,en,ase,0,2720,A,A,0", "b.pose,en,ase,0,3160,B,B,0")
    (report,) = convert(ConvertOptions(poses, poses / "o", "ASL", ["train"], held_out=0.0))
    assert (report.clips, report.frames) == (2, 20)
    assert any("trimmed" in warning for warning in report.warnings)


def test_spans_beyond_the_file_that_begin_later_are_faults(poses):
    lines(poses / "index.csv", LEXICON, "a.pose,en,ase,500,2720,A,A,0", "b.pose,en,ase,0,3160,B,B,0")
    reports = convert(ConvertOptions(poses, poses / "o", "ASL", ["train"], held_out=0.0))
    assert any("lies outside" in fault for report in reports for fault in report.faults)


def test_languages_that_are_not_ours_are_left_where_they_are(poses):
    rows = ("a.pose,en,ase,0,2720,A,A,0", "a.pose,de,asq,0,2720,A,A,0", "b.pose,en,ase,0,3160,B,B,0")
    lines(poses / "index.csv", LEXICON, *rows)
    assert [entry.language for entry in open_clips(poses).entries] == ["ASL", "asq", "ASL"]
    assert [len(pose) for pose in open_clips(poses, "ASL")] == [10, 10]


def test_a_recording_of_many_rows_is_read_once(poses, monkeypatch):
    rows = [f"x{n},long,t,{n / 10:.1f},{n / 10 + 0.4:.1f}" for n in range(20)]
    lines(poses / "t.csv", "id,file,text,start,end", *rows)
    reads = []
    clip_of = pose_file.PoseFile.clip
    monkeypatch.setattr(pose_file.PoseFile, "clip", lambda self: reads.append(1) or clip_of(self))
    clips = open_clips(poses)
    before = len(reads)
    assert len(list(clips)) == 20
    assert len(reads) - before == 1


def test_a_frame_rate_for_all_clips_may_be_said(tmp_path):
    np.save(tmp_path / "long.npy", np.zeros((50, 150)) + np.tile(clip(0, 1).coordinates.reshape(1, -1), (50, 1)))
    lines(tmp_path / "t.csv", "id,file,text,start_s,end_s", "x,long,a,0.5,1.0", "y,long,b,1.0,1.5")
    with pytest.raises(DataError, match="--columns fps=25"):
        list(open_clips(tmp_path, layout="signllm-50"))
    clips = open_clips(tmp_path, layout="signllm-50", columns={"fps": "10"})
    assert [(len(pose), pose.fps) for pose in clips] == [(5, 10), (5, 10)]


def test_what_was_found_is_said_where_nothing_fits(tmp_path):
    lines(tmp_path / "train.csv", "id|orth|translation", "x|A|eins")
    with pytest.raises(DataError, match=r"1 \.csv file; a table: train\.csv with 1 rows; the tables say texts, but no"):
        open_clips(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "v.zip").write_bytes(b"x")
    (tmp_path / "train.csv").unlink()
    with pytest.raises(DataError, match=r"it holds 1 \.zip file \(and folders: sub\); no table .* unpack v\.zip"):
        open_clips(tmp_path)

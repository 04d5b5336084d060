"""Glosses at their times: from a table, by the clock of the clip or of the recording that it was cut from."""

import pytest

from signllm.errors import DataError
from signllm.viewing.gloss_times import read_gloss_times, within
from signllm.viewing.player.page import Segment

HEADER = "id,file,gloss,start_ms,end_ms,sentence\n"


def table(folder, rows, header=HEADER):
    path = folder / "glosses.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def spans(segments):
    return [(s.text, round(s.start_s, 6), round(s.end_s, 6)) for s in segments]


def test_times_count_from_the_recording_where_the_clips_begin_in_it(tmp_path):
    rows = ("A_0,a.npz,A,2500,2800,seg_0002", "B_0,b.npz,B,1900,2200,seg_0002", "C_0,c.npz,C,100,300,seg_0001")
    glosses = table(tmp_path, (*rows, "D_0,d.npz,D,1000,1900,seg_0002", "E_0,e.npz,E,5,9,seg_0404"))
    clips = tmp_path / "manifest.json"
    clips.write_text(
        '[{"id": "seg_0001", "start_ms": 40, "text": "x"}, {"id": "seg_0002", "start_ms": 2000, "text": "y"}]'
    )
    times = read_gloss_times(glosses, clips)
    assert set(times) == {"seg_0001", "seg_0002"}
    # B began before its clip did, D was over by then
    assert spans(times["seg_0002"]) == [("B", 0.0, 0.2), ("A", 0.5, 0.8)]
    assert spans(times["seg_0001"]) == [("C", 0.06, 0.26)]


def test_times_count_from_the_clip_where_nothing_says_where_it_begins(tmp_path):
    glosses = table(tmp_path, ("one,BOOK,0.5,1.25", "one,THE,0,0.5"), "clip,gloss,start,end\n")
    assert spans(read_gloss_times(glosses)["one"]) == [("THE", 0, 0.5), ("BOOK", 0.5, 1.25)]


def test_rows_without_times_or_with_turned_ones_are_named(tmp_path):
    glosses = table(tmp_path, ("A_0,a.npz,A,,300,seg_0001", "B_0,b.npz,B,900,300,seg_0001"))
    with pytest.raises(DataError, match=r"csv:2: a gloss needs .*start_ms[\s\S]*csv:3: 'B' ends at 0.3 s"):
        read_gloss_times(glosses)


def test_what_begins_after_the_clip_is_left_out():
    segments = [Segment("A", 0.0, 0.5), Segment("B", 0.9, 1.5), Segment("C", 1.0, 1.5)]
    assert [one.text for one in within(segments, 1.0)] == ["A", "B"]

"""Sentences of a lexicon: joins, choices, notes; and lexicons as files."""

import json
from dataclasses import replace

import numpy as np
import pytest

from signllm.aligning.values import Values
from signllm.composing.building import build_lexicon, label_of, of_recordings
from signllm.composing.choosing import ANOTHER_SIGNER, Candidate, cheapest, units_of
from signllm.composing.lexicon_file import fingerprint_of, read_lexicon, write_lexicon
from signllm.composing.opening import open_letters, open_lexicon
from signllm.composing.seams import SHORTEST_S, discontinuity, distance, join, transition
from signllm.composing.signer import LexiconSigner, Slot
from signllm.data.clips import open_clips
from signllm.errors import ConfigError, DataError
from signllm.pose.formats import write_clips
from tests.helpers.lexicons import WRIST, performance, recordings, small_lexicon
from tests.helpers.sources import lines


@pytest.fixture(scope="module")
def lexicon():
    """BOOK, READ and GOOD, each by three signers."""
    return small_lexicon()


@pytest.fixture
def source(tmp_path):
    """A folder of .pose files with index.csv, as spoken-to-signed has them: two clips of BOOK, one of READ."""
    folder = tmp_path / "signs"
    folder.mkdir()
    for name, way in (("b1", 0), ("b2", 0), ("r1", 1)):
        write_clips(folder / f"{name}.pose", [(name, performance(way, 30 + 2 * len(name)))])
    rows = ("b1.pose,en,ase,0,0,book,BOOK,0", "b2.pose,en,ase,0,0,volume,BOOK,0", "r1.pose,en,ase,0,0,read,READ,0")
    lines(folder / "index.csv", "path,spoken_language,signed_language,start,end,words,glosses,priority", *rows)
    return folder


def test_a_transition_goes_on_from_one_sign_and_arrives_in_the_next():
    before, after = Values.of(performance(0)[:20]), Values.of(performance(2)[15:])
    moved = join([before, after], 25).pose(25)
    between = len(moved) - len(before.values_FV) - len(after.values_FV)
    assert between == round((SHORTEST_S + 0.469 * distance(before, after)) * 25) - 1
    np.testing.assert_allclose(moved.coordinates[:20], performance(0)[:20].coordinates, atol=1e-5)
    np.testing.assert_allclose(moved.coordinates[-len(after.values_FV) :], performance(2)[15:].coordinates, atol=1e-5)
    speed = np.diff(moved.coordinates[:, WRIST], axis=0)
    seam = np.linalg.norm(np.diff(speed, axis=0), axis=-1)[17 : 22 + between]
    assert seam.max() < 2.5 * np.linalg.norm(speed, axis=-1).max()
    np.testing.assert_allclose(speed[19], speed[18], atol=0.05)


def test_a_transition_keeps_the_velocities_on_both_sides():
    still = performance(0)[:1].coordinates
    going, coming = (still + np.arange(4)[:, None, None] * np.float32(step) for step in (0.02, -0.03))
    going, coming = (Values.of(performance(0)[:4].replace(coordinates=part)) for part in (going, coming + 0.3))
    x_F = join([going, coming], 25).pose(25).coordinates[:, WRIST, 0]
    steps = np.diff(x_F)
    assert steps[3] == pytest.approx(0.02, abs=0.012)
    assert steps[-4] == pytest.approx(-0.03, abs=0.012)
    assert steps[len(steps) // 2] > 0.02


def test_a_longer_way_takes_longer_and_hidden_joints_stay_hidden():
    low, high = performance(0)[:2], performance(0)[18:22]
    near = transition(Values.of(high), Values.of(high), 25)
    far = transition(Values.of(low), Values.of(high), 25)
    assert len(near.values_FV) < len(far.values_FV)
    valid = high.valid.copy()
    valid[:, 0] = False
    shown = transition(Values.of(low), Values.of(high.replace(valid=valid)), 25).pose(25).valid
    assert not shown[:, 0].any()
    assert shown[:, 1:].all()


def test_the_cheapest_row_weighs_units_and_joins(lexicon):
    (sign, *_) = lexicon.find("ASL", "BOOK")
    here, there = Values.of(performance(0)[18:20]), Values.of(performance(0)[:2])

    def one(cost, performed, signer=0):
        return Candidate(sign, sign.units[signer], cost, performed)

    assert discontinuity(here, here, 25) < discontinuity(here, there, 25)
    start, near, far = one(0, here), one(0.01, here), one(0.0, there)
    assert cheapest([[start], [far, near]], 25) == [start, near]
    dear = one(9, here)
    assert cheapest([[start], [far, dear]], 25) == [start, far]
    same, other = one(ANOTHER_SIGNER / 2, here, 0), one(0.0, here, 1)
    assert cheapest([[start], [other, same]], 25) == [start, same]


def test_seed_0_takes_the_most_typical_and_others_draw_who_signs(lexicon):
    signs = lexicon.find("ASL", "BOOK")
    assert units_of(signs, 0, 0)[0][1] is signs[0].units[0]
    first = {units_of(signs, seed, 0)[0][1].signer for seed in range(1, 12)}
    assert len(first) > 1
    assert [u.id for _, u, _ in units_of(signs, 3, 0)] == [u.id for _, u, _ in units_of(signs, 3, 0)]


def test_one_sign_is_a_whole_clip_and_a_sentence_holds_strokes(lexicon):
    signer = LexiconSigner(lexicon)
    (alone,) = signer.generate_clips(["book"])
    (sign,) = lexicon.find("ASL", "book")
    assert len(alone.pose) == round(sign.frames)
    assert alone.pose.coordinates[0, WRIST, 1] > alone.pose.coordinates[len(alone.pose) // 2, WRIST, 1]  # from rest
    (sentence,) = signer.generate_clips(["read good book"])
    assert sentence.gloss == "READ GOOD BOOK"
    low = sentence.pose.coordinates[:, WRIST, 1]
    assert low[3:-12].max() < 0.9 * low[0]  # the hand does not go down in between
    (fast,) = LexiconSigner(lexicon, pace=2.0).generate_clips(["read good book"])
    assert 0.45 < len(fast.pose) / len(sentence.pose) < 0.75
    (lone,) = LexiconSigner(lexicon, pace=2.0).generate_clips(["book"])
    assert len(lone.pose) == len(alone.pose)


def test_detail_adds_one_person_to_the_average(lexicon):
    slots = [Slot(lexicon.find("ASL", "GOOD"))]
    average, person = (LexiconSigner(lexicon, detail=detail).compose(slots) for detail in (0.0, 1.0))
    jerk = [np.abs(np.diff(pose.coordinates[:, WRIST], n=3, axis=0)).mean() for pose in (average, person)]
    assert jerk[1] > 1.2 * jerk[0]
    others = [LexiconSigner(lexicon).compose(slots, seed).coordinates for seed in range(1, 8)]
    assert any(not np.allclose(person.coordinates, other) for other in others)


def test_what_is_spelled_and_left_out_is_said():
    lexicon = small_lexicon(("MEET", *"ADIN", "ONE", "TWO"), people=1)
    (clip,) = LexiconSigner(lexicon).generate_clips(["We meet Nadin at 12. Meet!"])
    assert clip.gloss == "MEET N A D I N ONE TWO MEET"
    assert [(note.kind, note.items) for note in clip.notes] == [
        ("left_out", ("We", "at")),
        ("spelled", ("Nadin",)),
        ("digits", ("12",)),
    ]
    assert "We, at" in clip.notes[0].message
    assert "We, at" in clip.notes[0].chinese
    assert clip.sentences == ("We meet Nadin at 12.", "Meet!")


def test_requests_that_cannot_be_signed_are_refused_at_once(lexicon):
    signer = LexiconSigner(lexicon)
    with pytest.raises(ConfigError) as caught:
        signer.generate_clips(["book", "nothing here", "", "book"], [None, None, None, "GSL"])
    assert [fault[:7] for fault in caught.value.faults] == ["text 2:", "text 3:", "text 4:"]
    with pytest.raises(ConfigError) as caught:
        LexiconSigner(lexicon, detail=1.5, pace=0)
    assert [fault[:10] for fault in caught.value.faults] == ["detail 1.5", "pace 0: ex"]


def test_a_prompt_is_opened(lexicon):
    (clip,) = LexiconSigner(lexicon).generate_clips(["How do you say 'book' in American Sign Language?"])
    assert (clip.gloss, clip.language, clip.notes) == ("BOOK", "ASL", ())


def test_a_lexicon_comes_back_from_its_folder_as_it_was(lexicon, tmp_path):
    folder = tmp_path / "kept" / "lexicon"
    write_lexicon(folder, lexicon, "here", "mark")
    back = read_lexicon(folder)
    assert fingerprint_of(folder) == "mark"
    for text in ("book", "read good book"):
        one, other = (LexiconSigner(each).generate_clips([text], seed=3)[0].pose for each in (lexicon, back))
        np.testing.assert_array_equal(one.coordinates, other.coordinates)
        np.testing.assert_array_equal(one.valid, other.valid)
    write_lexicon(folder, small_lexicon(("OTHER",)))
    assert read_lexicon(folder).names("ASL") == ["other"]
    assert sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) == ["lexicon"]


def _cut(folder):
    path = folder / "frames.npy"
    np.save(path, np.load(path)[:-1])


def _sign(folder, change):
    path = folder / "signs.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    change(rows[0])
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_cut, "signs.jsonl:3: GOOD: ends beyond frames.npy"),
        (lambda f: (f / "means.npy").write_bytes(b"no"), "means.npy: not a whole .npy file"),
        (lambda f: np.save(f / "warps.npy", np.zeros((9, 2), np.float32)), "warps.npy: float32 of shape"),
        (lambda f: (f / "signs.jsonl").write_text(""), "0 signs of 0 clips, lexicon.json says 3 of 9"),
        (lambda f: _sign(f, lambda row: row.update(language="XYZ")), "'XYZ' is no sign language"),
        (lambda f: _sign(f, lambda row: row.update(begin=row["end"])), "BOOK: moves from"),
        (lambda f: _sign(f, lambda row: row.update(units=[])), "units"),
        (lambda f: (f / "lexicon.json").write_text("{}"), "format_version: is not there"),
    ],
)
def test_a_damaged_lexicon_is_refused(lexicon, tmp_path, damage, said):
    write_lexicon(tmp_path / "lexicon", lexicon)
    damage(tmp_path / "lexicon")
    with pytest.raises(DataError) as caught:
        read_lexicon(tmp_path / "lexicon")
    assert said in str(caught.value)
    assert "make the lexicon again" in str(caught.value) or "npy" in said


def test_another_folder_is_not_overwritten(lexicon, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(DataError, match="is no lexicon and is not overwritten"):
        write_lexicon(tmp_path / "mine", lexicon)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_any_source_is_a_lexicon_and_is_made_once(source, tmp_path, monkeypatch):
    read = []
    lexicon = open_lexicon(source, kept=tmp_path / "kept", progress=lambda done, total: read.append((done, total)))
    assert read == [(1, 3), (2, 3), (3, 3)]
    assert lexicon.names("ASL") == ["book", "read", "volume"]
    open_lexicon(source, kept=tmp_path / "kept", progress=lambda done, total: read.append(None))
    assert None not in read
    write_clips(source / "r1.pose", [("r1", performance(2, 50))])
    again = open_lexicon(source, kept=tmp_path / "kept", progress=lambda done, total: read.append(None))
    assert read[-1] is None
    assert len(list(again)[1].units[0].read()) == 50


def test_what_is_no_single_sign_is_left_out_and_said(tmp_path):
    for name in ("a", "b", "c", "d"):
        write_clips(tmp_path / f"{name}.pose", [(name, performance(0, 20))])
    (tmp_path / "d.pose").write_bytes(b"broken")
    rows = ("a,hello,HELLO", "b,I see you,I SEE YOU", "c,this is a sentence without gloss,", "d,dog,DOG")
    lines(tmp_path / "t.csv", "id,text,gloss", *rows)
    lexicon = build_lexicon(open_clips(tmp_path, "ASL"))
    assert lexicon.names("ASL") == ["hello"]
    assert lexicon.notes[0] == "2 clips of several signs are not in the lexicon: b, c"
    assert "1 clips that cannot be read" in lexicon.notes[1]
    (tmp_path / "t.csv").write_text("id,text,gloss\nb,I see you,I SEE YOU\n")
    with pytest.raises(DataError, match="no clip of a single sign"):
        build_lexicon(open_clips(tmp_path, "ASL"))


def test_the_frames_of_each_sign_are_told(lexicon):
    signer = LexiconSigner(lexicon)
    clip, (first, second, third) = signer.compose_timed(
        [Slot(lexicon.find("ASL", name)) for name in ("book", "read", "good")]
    )
    assert (first[0], third[1]) == (0, len(clip))
    assert first[1] < second[0] < second[1] < third[0]
    between = clip.coordinates[first[1] : second[0], WRIST]  # frames of a way, of which none belongs to a sign
    assert np.linalg.norm(np.diff(between, axis=0), axis=-1).min() > 0
    (alone,) = [
        signer._performed(*lexicon.find("ASL", "read")[:1], unit, False, False, False)
        for unit in lexicon.find("ASL", "read")[0].units[:1]
    ]
    assert second[1] - second[0] == len(alone.values_FV)


def test_a_clip_of_a_giant_is_left_out_and_named():
    fitting = recordings(["BOOK"])
    giant = fitting[0].pose.replace(coordinates=3 * fitting[0].pose.coordinates)
    lexicon = of_recordings([*fitting, replace(fitting[0], id="giant", pose=giant)])
    assert "giant" not in [unit.id for sign in lexicon for unit in sign.units]
    assert lexicon.notes == ("1 clips whose arms are far too long for their shoulders are not in the lexicon: giant",)


def test_the_label_of_a_clip(source):
    (first, *_) = open_clips(source).entries
    assert label_of(first.gloss, first.text, first.name) == "BOOK"


def test_letters_of_a_package_that_is_not_there_name_the_remedy(monkeypatch, source, tmp_path):
    monkeypatch.setattr("signllm.composing.opening.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"not installed; pip install -r requirements-letters\.txt"):
        open_letters("spoken-to-signed")
    assert open_letters(str(source), kept=tmp_path / "kept").names("ASL") == ["book", "read", "volume"]


def test_many_people_of_one_sign_are_a_spread_of_them():
    lexicon = small_lexicon(("BOOK",), people=30)
    assert len(next(iter(lexicon)).units) == 24
    assert len(recordings(("BOOK",), people=30)) == 30

"""Reading and writing `.skels` and `.npz`: round trips, names, faults."""

from pathlib import Path

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats import write_clips
from signllm.pose.formats.skels import line_spans, parse_line, read_span

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def make_clip(frames=4, seed=0, missing=()):
    rng = np.random.default_rng(seed)
    coordinates = rng.normal(0, 0.6, (frames, 50, 3))
    coordinates[:, [1, 2, 5]] = [[0, 0, 0], [-0.5, 0.1, 0.2], [0.5, 0.1, 0.2]]
    valid = np.ones((frames, 50), bool)
    for frame, joint in missing:
        valid[frame, joint] = False
    return PoseSequence(coordinates, valid, 25)


@pytest.mark.parametrize("suffix", [".skels", ".npz"])
def test_round_trip_keeps_names_coordinates_and_missing_joints(tmp_path, suffix):
    clips = [("a/one", make_clip(3, 1, [(0, 7), (2, 30)])), ("two", make_clip(5, 2))]
    write_clips(tmp_path / f"x{suffix}", iter(clips))
    back = list(open_clips(tmp_path / f"x{suffix}", fps=25).items())
    assert [name for name, _ in back] == ["a/one", "two"]
    for (_, clip), (_, again) in zip(clips, back, strict=True):
        np.testing.assert_array_equal(again.valid, clip.valid)
        np.testing.assert_allclose(again.coordinates, clip.coordinates, atol=1e-4)
        assert (again.fps, again.unit, again.skeleton) == (clip.fps, clip.unit, clip.skeleton)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_skels_text_has_thirds_of_a_shoulder_width_and_a_counter_that_ends_at_one(tmp_path):
    write_clips(tmp_path / "x.skels", [("a", make_clip(4))])
    frames = np.array((tmp_path / "x.skels").read_text().split(), float).reshape(4, 151)
    np.testing.assert_allclose(frames[:, -1], [0.25, 0.5, 0.75, 1])
    assert abs((frames[0, 15] - frames[0, 6]) - 1 / 3) < 1e-4  # joint 5 minus joint 2, in x
    assert (tmp_path / "x.files").read_text() == "a\n"


def test_generated_clips_with_narrow_shoulders_are_not_stretched_when_read_back(tmp_path):
    clip = make_clip()
    narrow = clip.replace(coordinates=clip.coordinates * 0.9)
    write_clips(tmp_path / "x.skels", [("a", narrow)])
    (back,) = open_clips(tmp_path / "x.skels")
    np.testing.assert_allclose(back.coordinates, narrow.coordinates, atol=1e-4)


def test_a_present_joint_on_the_origin_is_not_taken_for_missing(tmp_path):
    coordinates = np.array(make_clip().coordinates)
    coordinates[1, 20] = 0
    write_clips(tmp_path / "x.skels", [("a", PoseSequence.all_valid(coordinates, 25))])
    (back,) = open_clips(tmp_path / "x.skels")
    assert back.valid.all()
    assert np.abs(back.coordinates[1, 20]).max() < 1e-4


def test_a_bare_skels_file_without_names_or_last_newline_is_read(tmp_path):
    write_clips(tmp_path / "x.skels", [("a", make_clip()), ("b", make_clip(2))])
    (tmp_path / "x.files").unlink()
    (tmp_path / "x.skels").write_text((tmp_path / "x.skels").read_text().rstrip("\n"))
    assert [(name, len(clip)) for name, clip in open_clips(tmp_path / "x.skels").items()] == [
        ("clip_00001", 4),
        ("clip_00002", 2),
    ]


def test_left_first_files_get_their_sides_exchanged(tmp_path):
    clip = make_clip()
    mirrored_labels = clip.with_sides_swapped()
    write_clips(tmp_path / "x.skels", [("a", mirrored_labels)])
    (found,) = open_clips(tmp_path / "x.skels")
    np.testing.assert_allclose(found.coordinates, clip.coordinates, atol=1e-4)
    (forced,) = open_clips(tmp_path / "x.skels", layout="right-first")
    np.testing.assert_allclose(forced.coordinates, mirrored_labels.coordinates, atol=1e-4)


def test_all_faulty_lines_of_a_skels_file_are_named_at_once(tmp_path):
    write_clips(tmp_path / "x.skels", [(name, make_clip(2, n)) for n, name in enumerate("abcd")])
    lines = (tmp_path / "x.skels").read_text().splitlines()
    lines[1] = "nan" + lines[1][lines[1].index(" ") :]
    lines[2] = ""
    lines[3] += " 5"
    (tmp_path / "x.skels").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError) as caught:
        list(open_clips(tmp_path / "x.skels").items())
    faults = "\n".join(caught.value.faults)
    for place in ("x.skels:2 (clip b)", "x.skels:3 (clip c)", "x.skels:4 (clip d)"):
        assert place in faults
    assert len(caught.value.faults) == 3


def test_the_faults_of_a_line_are_counted_beside_the_first():
    for bad, says in (([b"x"], "'x' (number 1: frame 0, joint 0, x)"), ([b"x", b"y", b"z"], "and 2 more")):
        _, faults = parse_line(b" ".join([*bad, *[b"1"] * (151 - len(bad))]))
        assert faults[0].endswith(says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b" ".join([b"1"] * 269 * 2), "but no counter rises in it and its points do not look like a person"),
        (b" ".join([b"1"] * 150 * 3), "do not look like a person"),
        (b" ".join([b"1"] * 151 + [b"inf"] + [b"1"] * 150), "frame 1, joint 0, x"),
        (b" ".join([b"1"] * 150 + [b"half"]), "'half' (number 151: frame 0, counter)"),
        (b" ".join([b"1e30"] * 151), "not a usable number"),
        (b" ".join([b"1"] * 152), "152 numbers are not a multiple of 151"),
        (b"  ", "empty"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line, says):
    clip, faults = parse_line(line)
    assert clip is None
    assert says in "; ".join(faults)


def test_line_spans_reach_over_read_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("signllm.pose.formats.skels._BLOCK_BYTES", 4)
    data = b"abc\n\nlonger than a block\nend"
    (tmp_path / "t").write_bytes(data)
    assert [data[a:b] for a, b in line_spans(tmp_path / "t")] == data.split(b"\n")


def test_a_byte_order_mark_is_no_part_of_the_first_number(tmp_path):
    data = b"\xef\xbb\xbf1 2\r\n3\n"
    (tmp_path / "t").write_bytes(data)
    assert [read_span(tmp_path / "t", span) for span in line_spans(tmp_path / "t")] == [b"1 2\r", b"3"]
    (tmp_path / "empty").write_bytes(data[:3])
    assert [read_span(tmp_path / "empty", span) for span in line_spans(tmp_path / "empty")] == [b""]


def test_unknown_suffix_missing_file_and_wrong_skeleton_are_refused(tmp_path):
    (tmp_path / "x.skel").write_text("0.1")
    for suffix, says in ((".skel", r"did you mean '\.skels'"), (".skels", "no such file")):
        with pytest.raises(DataError, match=says):
            open_clips(tmp_path / f"x{suffix}")
    (tmp_path / "x.skel").unlink()
    with pytest.raises(DataError, match=r"did you mean '\.npz'"):
        write_clips(tmp_path / "x.npy", [("a", make_clip())])
    with pytest.raises(DataError, match="pixels"):
        write_clips(tmp_path / "x.skels", [("a", make_clip().replace(unit="pixels"))])
    with pytest.raises(DataError, match="no clip"):
        write_clips(tmp_path / "x.skels", [])
    assert list(tmp_path.iterdir()) == []


def test_npz_refuses_foreign_and_contradictory_files(tmp_path):
    np.savez(tmp_path / "foreign.npz", points=np.zeros(3))
    with pytest.raises(DataError, match="it lacks: coordinates"):
        open_clips(tmp_path / "foreign.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(DataError, match="cannot be read"):
        open_clips(tmp_path / "torn.npz")
    np.savez(tmp_path / "pickled.npz", names=np.array([{}], dtype=object), **_npz_without("names"))
    with pytest.raises(DataError, match="cannot be read"):
        open_clips(tmp_path / "pickled.npz")
    np.savez(tmp_path / "odd.npz", names=np.array(["a", "b"]), **_npz_without("names"))
    with pytest.raises(DataError, match="contradicts itself"):
        open_clips(tmp_path / "odd.npz")


def _npz_without(key):
    arrays = {
        "coordinates": np.ones((2, 50, 3), np.float32),
        "valid": np.ones((2, 50), bool),
        "names": np.array(["a"]),
        "frames": np.array([2]),
        "fps": np.array([25.0]),
        "skeleton": np.array(SKELETON_50.name),
        "unit": np.array("shoulder_widths"),
        "format_version": np.array(1),
    }
    arrays.pop(key)
    return arrays


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real recordings in ../shared/data are not here")
def test_both_real_corpora_come_out_with_the_right_arm_on_the_left_of_the_image():
    for path in (SHARED / "phoenix_skels" / "dev.skels", SHARED / "asl_words" / "dev.skels"):
        clip = open_clips(path)[0]
        assert np.median(clip.coordinates[:, 2, 0]) < 0 < np.median(clip.coordinates[:, 5, 0])
        assert abs(clip.shoulder_width() - 1) < 1e-3

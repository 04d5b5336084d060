"""`.skels`: where its lines are, every fault of a line with its place, and exactly what is written."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.pose.formats import row_lines, skels
from signllm.pose.formats.raw_points import Form
from tests.helpers.people import person, points_of


def clip(frames=3, dims=3, seed=0, fps=25.0):
    return PoseSequence.all_valid(np.random.default_rng(seed).uniform(-1, 1, (frames, 50, dims)), fps)


@pytest.mark.parametrize(
    ("data", "spans"),
    [
        (b"", []),
        (b"\n", [(0, 0)]),
        (b"a", [(0, 1)]),
        (b"a\nbc", [(0, 1), (2, 4)]),
        (b"a\n\nbc\n", [(0, 1), (2, 2), (3, 5)]),
        (b"\xef\xbb\xbfa\nb\n", [(3, 4), (5, 6)]),
        (b"\xef\xbba\n", [(0, 3)]),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 1 << 20])
def test_lines_are_found_by_their_places(tmp_path, monkeypatch, data, spans, block):
    monkeypatch.setattr(skels, "_BLOCK_BYTES", block)
    (tmp_path / "a").write_bytes(data)
    assert skels.line_spans(tmp_path / "a") == spans


def test_a_line_that_is_too_long_is_refused_with_its_number(tmp_path, monkeypatch):
    monkeypatch.setattr(skels, "MOST_LINE_BYTES", 4 << 20)
    monkeypatch.setattr(skels, "_BLOCK_BYTES", 1 << 20)
    path = tmp_path / "a.skels"
    for line, refused in ((b"1" * ((4 << 20) - 1), False), (b"1" * ((5 << 20) + 1), True)):
        path.write_bytes(b"1 2\n3\n" + line)
        if refused:
            with pytest.raises(DataError, match=r"a\.skels:3: more than 4 MB on a line; is it a \.skels\?"):
                skels.line_spans(path)
        else:
            assert len(skels.line_spans(path)) == 3
    path.write_bytes(b"1" * ((5 << 20) + 1))
    with pytest.raises(DataError, match=r"a\.skels:1: more than"):
        skels.line_spans(path)
    assert skels.load_line(path, (0, 4 << 20))[1] != ["the line has 4 MB, more than a clip may have"]
    assert skels.load_line(path, (2 << 20, 5 << 20))[1] != ["the line has 3 MB, more than a clip may have"]
    assert skels.load_line(path, (1, (5 << 20) + 1)) == (None, ["the line has 5 MB, more than a clip may have"])


def test_lines_are_clips_but_for_blank_ones_at_the_end(tmp_path):
    path = tmp_path / "a.skels"
    path.write_bytes(b"1 2\n\n 3\n \n\n")
    listed = skels.READER.list_clips(path)
    assert [(c.name, c.key, c.suffix, c.num_bytes) for c in listed] == [
        ("clip_00001", ((0, 3),), ":1", 3), ("clip_00002", ((4, 4),), ":2", 0), ("clip_00003", ((5, 7),), ":3", 2),
    ]  # fmt: skip
    assert skels.read_span(path, (5, 7)) == b" 3"
    path.write_bytes(b" \n\n")
    with pytest.raises(DataError, match=r"a\.skels: the file holds no clip"):
        skels.READER.list_clips(path)
    assert (skels.READER.records_fps, skels.READER.matches(path)) == (False, True)


def line(*changes, frames=2):
    """A line of the numbers 1, 2, ..., with some of them replaced."""
    words = [str(number + 1) for number in range(151 * frames)]
    for place, word in changes:
        words[place] = word
    return " ".join(words).encode()


def test_a_line_is_fifty_joints_and_a_counter_a_frame():
    raw, faults = skels.parse_line(line())
    assert faults == []
    frames = np.arange(1, 303, dtype=np.float32).reshape(2, 151)
    np.testing.assert_array_equal(raw.coordinates_FJC.reshape(2, 150), frames[:, :-1])
    assert (raw.counter_F.tolist(), raw.fps, raw.valid_FJ) == ([151, 302], None, None)
    raw, _ = skels.parse_line(line((0, "-9.9e8"), (5, "9.9e8")))
    assert raw.coordinates_FJC[0, 0, 0] == np.float32(-9.9e8)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ([(0, "x")], ["not a number: 'x' (number 1: frame 0, joint 0, x)"]),
        ([(151 + 4, "y" * 50)], [f"not a number: '{'y' * 40}' (number 156: frame 1, joint 1, y)"]),
        ([(2, "x"), (3, "y"), (4, "z")], ["not a number: 'x' (number 3: frame 0, joint 0, z) and 2 more"]),
        ([(2, "x"), (3, "y")], ["not a number: 'x' (number 3: frame 0, joint 0, z) and 1 more"]),
        ([(150, "nan")], ["not a usable number: nan (number 151: frame 0, counter)"]),
        ([(149, "1e9")], ["not a usable number: 1000000000.0 (number 150: frame 0, joint 49, z)"]),
        ([(149, "-1e9"), (301, "inf")],
         ["not a usable number: -1000000000.0 (number 150: frame 0, joint 49, z) and 1 more"]),
        ([(3, "x"), (4, "inf")], ["not a number: 'x' (number 4: frame 0, joint 1, x)",
                                  "not a usable number: inf (number 5: frame 0, joint 1, y)"]),
    ],
)  # fmt: skip
def test_every_fault_of_a_line_is_said_with_its_place(changes, faults):
    assert skels.parse_line(line(*changes)) == (None, faults)


def test_numbers_that_make_no_frames_are_said():
    _, faults = skels.parse_line(line() + b" 7" * 5)
    lost = "a frame is cut off or a number is lost"
    assert faults == [f"307 numbers are not a multiple of 151 (50 joints x 3 and the counter); {lost}"]
    _, faults = skels.parse_line(line((0, "x")) + b" 7" * 5)
    assert len(faults) == 2
    assert skels.parse_line(b" \t") == (None, ["the clip is empty"])


def test_a_line_of_another_width_is_read_where_it_makes_a_person():
    def text(layout, dims, counter=None):
        rows = points_of(layout, person(dims=dims)).reshape(12, -1)
        rows = rows if counter is None else np.concatenate([rows, np.array(counter)[:, None]], 1)
        return rows, " ".join(f"{value:.3f}" for value in rows.ravel()).encode()

    count = np.arange(1, 13) / 12
    for layout, dims, counter in (("dwpose-134", 2, None), ("dwpose-134", 2, count), ("mediapipe-75", 3, None),
                                  ("openpose-67", 2, count * 1.001)):  # fmt: skip
        rows, words = text(layout, dims, counter)
        raw, faults = skels.parse_line(words)
        assert faults == []
        np.testing.assert_allclose(raw.values_FV, rows, atol=0.001)
        assert Form(layout, dims, counter is not None) in raw.forms
    rows, words = text("dwpose-134", 2)
    raw, faults = skels.parse_line(words.replace(words.split()[0], b"1e9", 1))
    assert raw is None
    assert faults[0].startswith(f"{12 * 268} numbers are not a multiple of 151")
    assert len(faults) == 2


def test_widths_are_those_of_all_layouts_with_two_or_three_numbers_a_point():
    assert row_lines.widths_of(0) == []
    assert row_lines.widths_of(269) == [269]
    assert row_lines.widths_of(7) == []
    assert {101, 134, 135, 150, 151, 268, 269, 1629} <= set(row_lines._widths())
    assert not {200, 202 + 66, 258} & (set(row_lines._widths()) - {268})
    assert row_lines.looked_for(7) == "a frame is cut off or a number is lost"
    assert row_lines.looked_for(269 * 2) == (
        "it could be frames of dwpose-134 (134 points of 2 numbers, a counter), but no counter rises in it and its"
        " points do not look like a person"
    )


@pytest.mark.parametrize(
    ("counter", "rising"),
    [([0, 0.5, 1], True), ([0, 0.5, 1.001], True), ([0, 0.5, 1.002], False), ([-0.1, 0.5, 1], False),
     ([0, 0, 1], False), ([1, 0.5, 0], False), ([0.1, 0.2, 0.3], True)],
)  # fmt: skip
def test_a_counter_rises_from_zero_to_one(counter, rising):
    assert row_lines._is_counter(np.array(counter)) == rising


def test_what_is_written_has_thirds_of_a_shoulder_width_and_its_counter():
    pose = clip(4)
    words = skels.format_line(pose)
    assert words.endswith(b"\n")
    frames = np.array(words.split(), float).reshape(4, 151)
    np.testing.assert_allclose(frames[:, :-1].reshape(4, 50, 3), pose.coordinates / 3, atol=6e-6)
    assert words.split()[0] == b"%.5f" % (pose.coordinates[0, 0, 0] / 3)
    assert frames[:, -1].tolist() == [0.25, 0.5, 0.75, 1]
    counted = np.array(skels.format_line(pose, "i/T").split(), float).reshape(4, 151)[:, -1]
    assert counted.tolist() == [0, 0.25, 0.5, 0.75]
    flat = np.array(skels.format_line(clip(2, dims=2)).split(), float).reshape(2, 151)[:, :-1].reshape(2, 50, 3)
    assert (flat[..., 2].any(), flat[..., :2].any()) == (False, True)


def test_a_joint_that_would_vanish_is_moved_by_the_least_that_is_written():
    coordinates, valid = np.array(clip(1).coordinates), np.ones((1, 50), bool)
    coordinates[0, [1, 4]] = 0.0
    coordinates[0, 5], coordinates[0, 6], coordinates[0, 7] = 1.4e-5, 1.6e-5, [0, 0, 1.6e-5]
    valid[0, 9] = False
    frame = np.array(skels.format_line(PoseSequence(coordinates, valid, 25)).split(), float)[:-1].reshape(50, 3)
    assert frame[[1, 9]].tolist() == [[0, 0, 0]] * 2  # the neck is the origin, and a missing joint is missing
    assert frame[[4, 5]].tolist() == [[1e-5, 0, 0]] * 2
    assert frame[6].tolist() == [1e-5] * 3
    assert frame[7].tolist() == [0, 0, 1e-5]


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_names_stand_on_lines_of_their_own(tmp_path, name):
    with pytest.raises(DataError) as caught:
        skels.write(tmp_path / "a.skels", [("a", clip()), (name, clip())])
    assert caught.value.faults == [f"clip 2: the name {name!r} cannot stand on a line of its own"]
    assert list(tmp_path.iterdir()) == []
    skels.write(tmp_path / "a.skels", [("a b", clip()), ("ü", clip(2))], "i/T")
    assert (tmp_path / "a.files").read_bytes() == "a b\nü\n".encode()
    assert (tmp_path / "a.skels").read_bytes() == skels.format_line(clip(), "i/T") + skels.format_line(clip(2), "i/T")


def test_other_skeletons_and_units_are_not_written(tmp_path):
    with pytest.raises(DataError, match=r"holds signllm-50 in shoulder_widths, not signllm-50 in pixels"):
        skels.format_line(clip().replace(unit="pixels"))
    with pytest.raises(DataError, match=r"a\.skels: no clip to write"):
        skels.write(tmp_path / "a.skels", [])

"""Folders with `pose.json`: the three forms of a frame, and every fault with its place."""

import json

import numpy as np
import pytest

from signllm.pose.formats.clip_folder import READER, read_raw

NUMBERS = [float(number + 1) for number in range(150)]
JOINTS = [NUMBERS[3 * joint : 3 * joint + 3] for joint in range(50)]
NAMED = {
    "pose_keypoints_2d": NUMBERS[:24],
    "hand_left_keypoints_2d": NUMBERS[24:87],
    "hand_right_keypoints_2d": NUMBERS[87:],
}


def read(folder, value, text=None):
    (folder / "pose.json").write_bytes(json.dumps(value).encode() if text is None else text)
    return read_raw(folder)


@pytest.mark.parametrize("frame", [NUMBERS, JOINTS, dict(reversed(NAMED.items()))])
@pytest.mark.parametrize(("fps", "found"), [(25, 25), (29.97, 29.97), (None, None), (1, 1), (9999, 9999)])
def test_every_form_of_a_frame_is_read(tmp_path, frame, fps, found):
    raw, faults = read(tmp_path, {"fps": fps, "poses": [frame, NUMBERS] if fps else [frame, frame]})
    assert faults == []
    np.testing.assert_array_equal(raw.coordinates_FJC, np.tile(np.float32(JOINTS), (2, 1, 1)))
    assert (raw.fps, raw.counter_F, raw.valid_FJ) == (found, None, None)
    # Only where all frames name their parts may the third number be a confidence.
    assert raw.third_open == (isinstance(frame, dict) and not fps)
    assert raw.coordinates_FJC.dtype == np.float32


def test_a_missing_joint_is_null_and_becomes_zeros(tmp_path):
    raw, _ = read(tmp_path, {"poses": [[None, *JOINTS[1:]], JOINTS]})
    assert raw.coordinates_FJC[0, 0].tolist() == [0, 0, 0]
    assert raw.fps is None
    np.testing.assert_array_equal(raw.coordinates_FJC[0, 1:], np.float32(JOINTS)[1:])


def test_a_byte_order_mark_is_passed_over(tmp_path):
    raw, faults = read(tmp_path, None, b"\xef\xbb\xbf" + json.dumps({"poses": [NUMBERS]}).encode())
    assert (len(raw), faults) == (1, [])


@pytest.mark.parametrize("fps", [0, -1, 1e4, True, "25", [25]])
def test_a_frame_rate_is_a_positive_number(tmp_path, fps):
    raw, faults = read(tmp_path, {"fps": fps, "poses": [NUMBERS]})
    assert (raw, faults) == (None, [f'"fps" is {fps!r}, expected a positive number'])


HINT = '"poses"; expected {"fps": 25, "poses": [[150 numbers], ...]}'


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ([NUMBERS], [f"pose.json has no list {HINT}"]),
        ({"fps": 25}, [f"pose.json has no list {HINT}"]),
        ({"poses": {"0": NUMBERS}}, [f"pose.json has no list {HINT}"]),
        ({"poses": []}, ["the clip is empty"]),
        ({"poses": [NUMBERS, 7]}, ["frame 1: expected a list of 150 numbers or of 50 joints"]),
        ({"poses": [[*NUMBERS, 0.5]]}, ["frame 0: 151 numbers, expected 150 (50 joints x 3) without a counter"]),
        ({"poses": [[*JOINTS[:-1], [1, 2]]]}, ["frame 0: a joint is not a list of 3 numbers"]),
        ({"poses": [[*JOINTS[:-1], 3]]}, ["frame 0: a joint is not a list of 3 numbers"]),
        ({"poses": [[*NUMBERS[:-1], None]]},
         ["frame 0: a value is not a number; a missing joint is null in the form of 50 joints"]),
        ({"poses": [[*NUMBERS[:-1], True]]},
         ["frame 0: a value is not a number; a missing joint is null in the form of 50 joints"]),
        ({"poses": [[*JOINTS[:-1], [1, 2, "3"]]]},
         ["frame 0: a value is not a number; a missing joint is null in the form of 50 joints"]),
        ({"poses": [[*NUMBERS[:-1], 1e9]]}, ["a number is 1e+09 or larger, which is no coordinate"]),
        ({"poses": [[*NUMBERS[:-1], -2e9]]}, ["a number is 1e+09 or larger, which is no coordinate"]),
        ({"poses": [3] * 5}, [f"frame {n}: expected a list of 150 numbers or of 50 joints" for n in range(5)]),
        ({"poses": [3] * 6},
         [*(f"frame {n}: expected a list of 150 numbers or of 50 joints" for n in range(5)), "and 1 more faults"]),
        ({"poses": [3] * 8, "fps": 0},
         ['"fps" is 0, expected a positive number',
          *(f"frame {n}: expected a list of 150 numbers or of 50 joints" for n in range(4)), "and 4 more faults"]),
        ({"poses": [{**NAMED, "hand_left_keypoints_2d": [1]}]},
         ["frame 0: parts have lengths {'pose_keypoints_2d': 24, 'hand_left_keypoints_2d': 1,"
          " 'hand_right_keypoints_2d': 63}, expected "
          "{'pose_keypoints_2d': 24, 'hand_left_keypoints_2d': 63, 'hand_right_keypoints_2d': 63}"]),
        ({"poses": [{**NAMED, "hand_right_keypoints_2d": None}]},
         ["frame 0: parts have lengths {'pose_keypoints_2d': 24, 'hand_left_keypoints_2d': 63,"
          " 'hand_right_keypoints_2d': None}, expected {'pose_keypoints_2d': 24, 'hand_left_keypoints_2d': 63,"
          " 'hand_right_keypoints_2d': 63}"]),
    ],
)  # fmt: skip
def test_every_fault_is_said_with_its_place(tmp_path, value, faults):
    assert read(tmp_path, value) == (None, faults)


def test_a_file_that_is_no_json_or_not_there_is_said_without_the_folder(tmp_path):
    raw, (fault,) = read(tmp_path, None, b'{"poses": [[NaN]]}')
    assert raw is None
    assert fault.startswith("pose.json is not JSON (")
    assert fault.endswith("); for a missing joint write null, not NaN")
    (tmp_path / "empty").mkdir()
    raw, (fault,) = read_raw(tmp_path / "empty")
    assert raw is None
    assert fault.startswith("pose.json")


def test_a_folder_is_a_clip_where_it_holds_the_file(tmp_path):
    assert not READER.matches(tmp_path)
    (tmp_path / "pose.json").mkdir()
    assert not READER.matches(tmp_path)
    (tmp_path / "pose.json").rmdir()
    (tmp_path / "pose.json").write_text("{}")
    assert READER.matches(tmp_path)
    assert [clip.name for clip in READER.list_clips(tmp_path)] == [tmp_path.name]
    assert (READER.name, READER.records_fps) == ("folder with pose.json", True)

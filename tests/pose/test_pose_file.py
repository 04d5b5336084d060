"""`.pose` files: other people's layouts onto the 50 joints, our own layout there and back, and damaged files."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from pose_format import Pose
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions
from pose_format.utils.cocowholebody133_header import BODY_POINTS, HAND_POINTS
from pose_format.utils.openpose import OpenPose_Components

from signllm.data.clips import open_clips
from signllm.errors import DataError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats import load_clip, write_clips

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pose_files"
MEDIAPIPE_BODY = [f"{side}_{joint}" for joint in ("SHOULDER", "ELBOW", "WRIST") for side in ("LEFT", "RIGHT")]
MEDIAPIPE_HAND = ["WRIST"] + [
    f"{finger}_{joint}"
    for finger, joints in {
        "THUMB": ("CMC", "MCP", "IP", "TIP"),
        **dict.fromkeys(("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY"), ("MCP", "PIP", "DIP", "TIP")),
    }.items()
    for joint in joints
]


def component(name, points, dims=2):
    return PoseHeaderComponent(name, list(points), [(0, 1)], [(0, 0, 0)], "XYZ"[:dims] + "C")


def save(path, components, points_FKC, confidence_FK, fps=25.0, people=1):
    data = np.repeat(np.asarray(points_FKC, np.float32)[:, None], people, axis=1)
    confidence = np.repeat(np.asarray(confidence_FK, np.float32)[:, None], people, axis=1)
    header = PoseHeader(0.2, PoseHeaderDimensions(640, 480, 0), components)
    with open(path, "wb") as file:
        Pose(header, NumPyPoseBody(fps, data, confidence)).write(file)


def random_points(frames, count, dims=2, seed=0):
    return np.random.default_rng(seed).uniform(100, 300, (frames, count, dims))


def openpose(path, frames=3, people=1, fps=25.0):
    """A file of OpenPose's layout; returns its points and confidence."""
    points = random_points(frames, sum(len(c.points) for c in OpenPose_Components))
    points[:, [1, 2, 5]] = [[200, 150], [150, 150], [250, 150]]  # neck, right and left shoulder
    confidence = np.ones(points.shape[:2])
    save(path, OpenPose_Components, points, confidence, fps, people)
    return points, confidence


def read_one(path):
    clips = open_clips(path)
    (clip,) = clips
    assert clips.names == [path.stem]
    return clip


def test_openpose_points_become_joints_in_shoulder_widths_about_the_neck(tmp_path):
    points, confidence = openpose(tmp_path / "x.pose", fps=29.97)
    clip = read_one(tmp_path / "x.pose")
    assert clip.fps == 29.97
    assert clip.unit == "shoulder_widths"
    places = list(range(8)) + list(range(95, 137))  # 25 body and 70 face points stand before the hands
    np.testing.assert_allclose(clip.coordinates, (points[:, places] - [200, 150]) / 100, atol=1e-5)
    assert clip.coordinates[0, 2, 0] == pytest.approx(-0.5)
    # A point without confidence is missing, and so is one whose interpolated confidence fell below 0.
    confidence[0, 4], confidence[2, 100] = 0, -0.02
    save(tmp_path / "y.pose", OpenPose_Components, points, confidence)
    clip = read_one(tmp_path / "y.pose")
    assert [tuple(place) for place in np.argwhere(~clip.valid)] == [(0, 4), (2, 13)]
    assert not clip.coordinates[~clip.valid].any()


def test_mediapipe_has_its_neck_between_the_shoulders_and_lacks_what_the_file_lacks(tmp_path):
    components = [
        component("POSE_LANDMARKS", MEDIAPIPE_BODY, 3),
        component("FACE_LANDMARKS", "01", 3),
        component("LEFT_HAND_LANDMARKS", MEDIAPIPE_HAND, 3),
        component("RIGHT_HAND_LANDMARKS", MEDIAPIPE_HAND, 3),
    ]
    points = random_points(4, 50, 3)
    points[:, :2, :2] = [[300, 200], [200, 200]]  # left and right shoulder
    points[2, :2, 1] += 40  # the trunk moves: the origin stays
    confidence = np.ones((4, 50))
    confidence[3, 0] = 0
    save(tmp_path / "x.pose", components, points, confidence)
    clip = read_one(tmp_path / "x.pose")
    np.testing.assert_allclose(clip.coordinates[:3, 1], [[0, 0], [0, 0], [0, 0.4]], atol=1e-6)
    np.testing.assert_allclose(clip.coordinates[:, 4], (points[:, 5, :2] - [250, 200]) / 100, atol=1e-5)
    np.testing.assert_allclose(clip.coordinates[:, 29:], (points[:, 29:, :2] - [250, 200]) / 100, atol=1e-5)
    np.testing.assert_allclose(clip.coordinates[:, 8:29], (points[:, 8:29, :2] - [250, 200]) / 100, atol=1e-5)
    assert not clip.valid[:, 0].any()  # this layout has no nose
    assert clip.valid[:, 1].tolist() == [True, True, True, False]  # no neck without the left shoulder
    assert clip.valid[:, 2].all()


@pytest.mark.parametrize("suffix", ["", "_133"])
def test_coco_wholebody_hands_and_arms(tmp_path, suffix):
    parts = {"BODY": BODY_POINTS, "LEFT_HAND": HAND_POINTS, "RIGHT_HAND": HAND_POINTS}
    points = random_points(2, 23 + 42)
    points[:, [5, 6]] = [[300, 200], [200, 200]]
    save(tmp_path / "x.pose", [component(k + suffix, v) for k, v in parts.items()], points, np.ones((2, 65)))
    clip = read_one(tmp_path / "x.pose")
    places = [0, 5, 6, 8, 10, 5, 7, 9, *range(23, 65)]
    expected = (points[:, places] - [250, 200]) / 100
    expected[:, 1] = 0
    np.testing.assert_allclose(clip.coordinates, expected, atol=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
def test_what_we_write_reads_back_as_it_was_and_is_drawn_by_others(tmp_path, dims):
    rng = np.random.default_rng(0)
    valid = rng.random((5, 50)) > 0.2
    clip = PoseSequence(rng.uniform(-1.9, 1.9, (5, 50, dims)), valid, 23.976)
    write_clips(tmp_path / "hello.pose", [("hello", clip)])
    back = read_one(tmp_path / "hello.pose")
    np.testing.assert_array_equal(back.valid, clip.valid)
    np.testing.assert_allclose(back.coordinates, clip.coordinates, atol=1e-6)
    assert (back.fps, back.unit, back.skeleton) == (23.976, clip.unit, SKELETON_50)
    other = Pose.read((tmp_path / "hello.pose").read_bytes())
    assert [len(c.points) for c in other.header.components] == [8, 21, 21]
    assert {c.name: c.points[b] for c in other.header.components for _, b in c.limbs[-1:]} == {
        "SIGNLLM_BODY": "left_wrist",
        "SIGNLLM_LEFT_HAND": "left_little_4",
        "SIGNLLM_RIGHT_HAND": "right_little_4",
    }
    inside = other.body.data.compressed()
    assert inside.min() > 0 < inside.max() < 1000
    scale = [200, 200, 200][:dims], [500, 400, 500][:dims]  # as documented: a shoulder width is 200, the neck in sight
    drawn = np.ma.array(clip.coordinates * scale[0] + scale[1], mask=~np.repeat(valid[..., None], dims, axis=-1))
    np.testing.assert_allclose(other.body.data[:, 0].compressed(), drawn.compressed(), atol=1e-3)
    assert not other.body.data.data[:, 0][~valid].any()
    assert {tuple(map(int, colour)) for c in other.header.components for colour in c.colors} == {
        (90, 90, 90), (46, 134, 222), (214, 69, 65),
    }  # fmt: skip


def test_writing_refuses_what_the_format_cannot_hold(tmp_path):
    clip = PoseSequence.all_valid(np.zeros((2, 50, 3)), 25)
    for clips, says in (
        ([("a", clip), ("b", clip)], "holds one clip, not 2"),
        ([], "holds one clip, not 0"),
        ([("a", clip)], "called 'a'"),
        ([("x", clip.replace(unit="pixels"))], "not signllm-50 in pixels"),
    ):
        with pytest.raises(DataError, match=says):
            write_clips(tmp_path / "x.pose", clips)
    assert not list(tmp_path.iterdir())


def test_unknown_layouts_are_refused_by_their_components(tmp_path):
    save(tmp_path / "x.pose", [component("TORSO", "abc"), component("TAIL", "de")], np.ones((2, 5, 2)), np.ones((2, 5)))
    with pytest.raises(
        DataError, match=r"x\.pose: unknown layout .* TORSO \(3 points\), TAIL \(2 points\); known: .*mediap"
    ):
        read_one(tmp_path / "x.pose")


def test_clips_without_signer_scale_or_frames_are_refused(tmp_path):
    points, confidence = openpose(tmp_path / "whole.pose")
    save(tmp_path / "nobody.pose", OpenPose_Components, points, 0 * confidence)
    save(tmp_path / "empty.pose", OpenPose_Components, points[:0], confidence[:0])
    confidence[:, 2] = 0
    save(tmp_path / "shoulder.pose", OpenPose_Components, points, confidence)
    points[1, 7, 0] = np.nan
    save(tmp_path / "nan.pose", OpenPose_Components, points, confidence)
    for name, says in {
        "nobody": "every point is missing",
        "empty": "no frames",
        "shoulder": "shoulders are never both seen",
        "nan": "frame 1, joint left_wrist: .* not a finite number",
    }.items():
        with pytest.raises(DataError, match=rf"{name}\.pose: .*{says}"):
            read_one(tmp_path / f"{name}.pose")


def test_of_several_people_the_one_who_signs_is_taken_and_it_is_said(tmp_path):
    points, confidence = openpose(tmp_path / "one.pose", frames=6)
    bystander = points[:1] * 0.2 + 20 + np.zeros_like(points)  # small, and does not move
    data = np.stack([bystander, points], axis=1).astype(np.float32)
    body = NumPyPoseBody(25.0, data, np.stack([confidence] * 2, axis=1).astype(np.float32))
    header = PoseHeader(0.2, PoseHeaderDimensions(640, 480, 0), OpenPose_Components)
    with open(tmp_path / "two.pose", "wb") as file:
        Pose(header, body).write(file)
    np.testing.assert_array_equal(
        read_one(tmp_path / "two.pose").coordinates, read_one(tmp_path / "one.pose").coordinates
    )
    clip, faults = load_clip(tmp_path / "two.pose")
    assert faults == []
    assert clip.note == "2 people; the largest and most moving one was taken (number 2)"


def test_a_second_person_of_whom_nothing_is_seen_does_no_harm(tmp_path):
    points, _ = openpose(tmp_path / "one.pose")
    header = PoseHeader(0.2, PoseHeaderDimensions(640, 480, 0), OpenPose_Components)
    data = np.stack([0 * points, points], axis=1).astype(np.float32)
    with open(tmp_path / "two.pose", "wb") as file:
        Pose(header, NumPyPoseBody(25, data, (data[..., 0] > 0).astype(np.float32))).write(file)
    np.testing.assert_array_equal(
        read_one(tmp_path / "two.pose").coordinates, read_one(tmp_path / "one.pose").coordinates
    )


def old_version(points, confidence):
    """A file of version 0.1, whose number of frames pose-format takes from the file's length."""
    file = io.BytesIO()
    PoseHeader(0.1, PoseHeaderDimensions(640, 480, 0), OpenPose_Components).write(file)
    data = bytearray(file.getvalue())
    data[:4] = struct.pack("<f", 0.1)
    body = struct.pack("<HHH", 24, len(points), 1)
    return bytes(data) + body + points.astype("<f4").tobytes() + confidence.astype("<f4").tobytes()


def test_cut_files_are_refused_in_both_versions(tmp_path):
    points, confidence = openpose(tmp_path / "new.pose", frames=6)
    (tmp_path / "old.pose").write_bytes(old_version(points, confidence))
    np.testing.assert_allclose(read_one(tmp_path / "old.pose").coordinates, read_one(tmp_path / "new.pose").coordinates)
    assert read_one(tmp_path / "old.pose").fps == 24
    for name in ("new", "old"):
        whole = (tmp_path / f"{name}.pose").read_bytes()
        for keep in (3, 100, len(whole) // 2, len(whole) - 137 * 3 * 4, len(whole) - 4):
            (tmp_path / "cut.pose").write_bytes(whole[:keep])
            with pytest.raises(DataError, match=r"cut\.pose: (not a whole|the file is cut)"):
                read_one(tmp_path / "cut.pose")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real .pose files in ../shared/data are not here")
def test_real_files_of_every_layout_have_hands_on_their_own_wrists():
    paths = sorted(SHARED.glob("*/*.pose"))
    assert len(paths) > 20
    hands_seen = 0
    for path in paths:
        clip = read_one(path)
        assert clip.shoulder_width() == pytest.approx(1, abs=1e-4)
        assert np.median(clip.coordinates[:, 2, 0]) < -0.3 < 0.3 < np.median(clip.coordinates[:, 5, 0])
        for wrist, hand, other in ((4, 29, 7), (7, 8, 4)):
            both = clip.valid[:, wrist] & clip.valid[:, hand] & clip.valid[:, other]
            if both.sum() > 5:
                hands_seen += 1
                off = np.linalg.norm(clip.coordinates[both, hand] - clip.coordinates[both, wrist], axis=-1)
                crossed = np.linalg.norm(clip.coordinates[both, hand] - clip.coordinates[both, other], axis=-1)
                assert np.median(off) < 0.2 < np.median(crossed), path
    assert hands_seen > 30

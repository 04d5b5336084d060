"""`.pose` files: what a clip of a tracker says of itself, and what stands in the headers that we write."""

import numpy as np

from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.formats import pose_file
from tests.pose.test_pose_file import MEDIAPIPE_BODY, MEDIAPIPE_HAND, component, openpose, save


def clip(frames=3, dims=3, seed=0, fps=25.0):
    return PoseSequence.all_valid(np.random.default_rng(seed).uniform(-1, 1, (frames, 50, dims)), fps)


def test_a_pose_file_of_a_tracker_says_what_its_layout_knows(tmp_path):
    components = [
        component("POSE_LANDMARKS", MEDIAPIPE_BODY, 3), component("LEFT_HAND_LANDMARKS", MEDIAPIPE_HAND, 3),
        component("RIGHT_HAND_LANDMARKS", MEDIAPIPE_HAND, 3),
    ]  # fmt: skip
    points = np.random.default_rng(0).uniform(1, 9, (3, 48, 3))
    save(tmp_path / "a.pose", components, points, np.ones((3, 48)), 29.97)
    raw, faults = pose_file.READER.load(tmp_path / "a.pose")
    assert faults == []
    said = (raw.fps, raw.layout, raw.depth_unit, raw.wrist_depth, raw.own_scale, raw.sides_known, raw.note)
    assert said == (29.97, "mediapipe", 640.0, True, True, True, None)
    assert (raw.counter_F, raw.scale_known, raw.settled) == (None, False, False)
    np.testing.assert_allclose(raw.coordinates_FJC[:, 2], points[:, 1])
    np.testing.assert_allclose(raw.coordinates_FJC[:, 8:], points[:, 6:])
    assert not raw.seen_FJ[:, [0, 1]].any()
    assert raw.seen_FJ[:, 2:].all()
    openpose(tmp_path / "b.pose")
    raw, _ = pose_file.READER.load(tmp_path / "b.pose")
    assert (raw.layout, raw.depth_unit, raw.wrist_depth) == ("openpose", 0.0, False)
    assert (raw.coordinates_FJC.shape[2], raw.coordinates_FJC[..., 2].any()) == (3, False)
    assert (pose_file.READER.records_fps, pose_file.READER.name) == (True, ".pose")
    for name, matches in (("a.pose", True), ("c.POSE", True), ("d.poses", False)):
        (tmp_path / name).touch()
        assert pose_file.READER.matches(tmp_path / name) == matches


def test_a_file_without_an_image_size_has_depth_in_the_unit_of_x(tmp_path):
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderDimensions

    header = PoseHeader(0.2, PoseHeaderDimensions(0, 0, 0), [component("POSE_LANDMARKS", MEDIAPIPE_BODY, 3)])
    points, confidence = np.ones((2, 1, 6, 3), np.float32), np.ones((2, 1, 6), np.float32)
    with open(tmp_path / "a.pose", "wb") as file:
        Pose(header, NumPyPoseBody(25.0, points, confidence)).write(file)
    assert pose_file.READER.load(tmp_path / "a.pose")[0].depth_unit == 1.0


def test_points_that_are_named_twice_make_no_layout(tmp_path):
    components = [component("BODY", ["left_shoulder", "right_shoulder", "left_shoulder"]), component("TAIL", "ab")]
    save(tmp_path / "a.pose", components, np.ones((2, 5, 2)), np.ones((2, 5)))
    raw, (fault,) = pose_file.READER.load(tmp_path / "a.pose")
    assert raw is None
    assert fault == (
        "unknown layout with the components BODY (3 points), TAIL (2 points); known: signllm-50, openpose, mediapipe,"
        " coco-wholebody, coco-wholebody-133, openpose-135, told by the names of their shoulders"
    )


def test_our_own_pose_files_have_bones_inside_each_component(tmp_path):
    from pose_format import Pose

    pose_file.write(tmp_path / "a.pose", [("a", clip())])
    header = Pose.read((tmp_path / "a.pose").read_bytes()).header
    assert (round(header.version, 3), header.dimensions.width, header.dimensions.height, header.dimensions.depth) == (
        0.2, 1000, 1000, 1000,
    )  # fmt: skip
    body, left, right = header.components
    assert [c.name for c in header.components] == ["SIGNLLM_BODY", "SIGNLLM_LEFT_HAND", "SIGNLLM_RIGHT_HAND"]
    assert [c.format for c in header.components] == ["XYZC"] * 3
    assert body.points == list(SKELETON_50.joints[:8])
    assert sorted(map(tuple, body.limbs)) == [(1, 0), (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7)]
    finger = [(0 if k % 4 == 1 else k - 1, k) for k in range(1, 21)]
    assert sorted(map(tuple, left.limbs)) == sorted(map(tuple, right.limbs)) == sorted(finger)
    for part, colour in ((body, (90, 90, 90)), (left, (46, 134, 222)), (right, (214, 69, 65))):
        assert [tuple(map(int, c)) for c in part.colors] == [colour] * len(part.limbs)
    pose_file.write(tmp_path / "b.pose", [("b", clip(dims=2))])
    header = Pose.read((tmp_path / "b.pose").read_bytes()).header
    assert [c.format for c in header.components] == ["XYC"] * 3

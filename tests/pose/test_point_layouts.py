"""Every layout against what its tracker documents: where each joint stands, what the third number means."""

import pytest
from pose_format.utils.cocowholebody133_header import BODY_POINTS, HAND_POINTS
from pose_format.utils.openpose import OpenPose_Components
from pose_format.utils.openpose_135 import OpenPose_Components as OpenPose135_Components

from signllm.pose.formats.point_layouts import ARRAY_LAYOUTS, LAYOUTS, NAMED_LAYOUTS, OWN, SURE, VISIBLE, find_layout
from signllm.pose.skeleton import SKELETON_50

OPENPOSE = (0, 1, 2, 3, 4, 5, 6, 7)
COCO = (0, -1, 6, 8, 10, 5, 7, 9)
MEDIAPIPE = (0, -1, 12, 14, 16, 11, 13, 15)
DEEP, SEEN = ("depth", 0.5, ("POSE_LANDMARKS",), True), ("confidence", 0.0, (), False)
SCORED = ("confidence", 0.3, (), False)

GOLIATH = (0, -1, 6, 8, 41, 5, 7, 62)
TIPS_FIRST = [  # a thumb is 24, 23, 22, 21 from its base to its tip
    [place for base in range(start + 3, start + 20, 4) for place in range(base, base - 4, -1)] for start in (21, 42)
]
SMPLX = (55, 12, 17, 19, 21, 16, 18, 20)
SMPLX_LEFT = (20, 37, 38, 39, 66, 25, 26, 27, 67, 28, 29, 30, 68, 34, 35, 36, 69, 31, 32, 33, 70)
SMPLX_RIGHT = (21, 52, 53, 54, 71, 40, 41, 42, 72, 43, 44, 45, 73, 49, 50, 51, 74, 46, 47, 48, 75)

ARRAYS = {  # points, the eight body joints, left hand, right hand; third, least, four, centred_hands
    "signllm-50": (50, OPENPOSE, range(8, 29), range(29, 50), ("depth", 0.0, (), False)),
    "openpose-67": (67, OPENPOSE, range(25, 46), range(46, 67), SEEN),
    "openpose-137": (137, OPENPOSE, range(95, 116), range(116, 137), SEEN),
    "openpose-137-face-last": (137, OPENPOSE, range(25, 46), range(46, 67), SEEN),
    "openpose-coco-60": (60, OPENPOSE, range(18, 39), range(39, 60), SEEN),
    "openpose-coco-130": (130, OPENPOSE, range(88, 109), range(109, 130), SEEN),
    "openpose-135": (135, COCO, (9, *range(25, 45)), (10, *range(45, 65)), SEEN),
    "mediapipe-75": (75, MEDIAPIPE, range(33, 54), range(54, 75), DEEP),
    "mediapipe-543": (543, MEDIAPIPE, range(501, 522), range(522, 543), DEEP),
    "mediapipe-543-face-last": (543, MEDIAPIPE, range(33, 54), range(54, 75), DEEP),
    "mediapipe-asl-signs": (
        543, (489, -1, 501, 503, 505, 500, 502, 504), range(468, 489), range(522, 543), DEEP,
    ),
    "mediapipe-553": (553, MEDIAPIPE, range(511, 532), range(532, 553), DEEP),
    "mediapipe-576": (576, MEDIAPIPE, range(501, 522), range(522, 543), DEEP),
    "mediapipe-586": (586, MEDIAPIPE, range(511, 532), range(532, 553), DEEP),
    "mediapipe-178": (178, (-1, -1, 1, 3, 5, 0, 2, 4), range(136, 157), range(157, 178), DEEP),
    "mediapipe-65": (65, MEDIAPIPE, range(23, 44), range(44, 65), DEEP),
    "mediapipe-72": (72, MEDIAPIPE, range(30, 51), range(51, 72), DEEP),
    "mediapipe-words-51": (51, (0, -1, 2, 4, 6, 1, 3, 5), range(9, 30), range(30, 51), DEEP),
    "coco-wholebody-133": (133, COCO, range(91, 112), range(112, 133), SCORED),
    "coco-59": (59, COCO, range(17, 38), range(38, 59), SCORED),
    "dwpose-134": (134, OPENPOSE, range(92, 113), range(113, 134), SCORED),
    "dwpose-128": (128, OPENPOSE, range(86, 107), range(107, 128), SCORED),
    "dwpose-128-face-last": (128, OPENPOSE, range(18, 39), range(39, 60), SCORED),
    "slrtp-178": (178, (-1, -1, 0, 1, 2, 3, 4, 5), range(29, 50), range(8, 29), ("depth", 0.0, (), False)),
    "halpe-136": (136, (0, 18, 6, 8, 10, 5, 7, 9), range(94, 115), range(115, 136), SCORED),
    "goliath-308": (308, GOLIATH, (62, *TIPS_FIRST[1]), (41, *TIPS_FIRST[0]), SCORED),
    "mhr-70": (70, GOLIATH, (62, *TIPS_FIRST[1]), (41, *TIPS_FIRST[0]), SCORED),
    "smplx-127": (127, SMPLX, SMPLX_LEFT, SMPLX_RIGHT, ("depth", 0.0, (), False)),
    "smplx-144": (144, SMPLX, SMPLX_LEFT, SMPLX_RIGHT, ("depth", 0.0, (), False)),
}  # fmt: skip

OPENPOSE_BODY = OpenPose_Components[0].points
OPENPOSE_HAND = OpenPose_Components[2].points
MEDIAPIPE_BODY = """
NOSE LEFT_EYE_INNER LEFT_EYE LEFT_EYE_OUTER RIGHT_EYE_INNER RIGHT_EYE RIGHT_EYE_OUTER LEFT_EAR RIGHT_EAR MOUTH_LEFT
MOUTH_RIGHT LEFT_SHOULDER RIGHT_SHOULDER LEFT_ELBOW RIGHT_ELBOW LEFT_WRIST RIGHT_WRIST LEFT_PINKY RIGHT_PINKY LEFT_INDEX
RIGHT_INDEX LEFT_THUMB RIGHT_THUMB LEFT_HIP RIGHT_HIP LEFT_KNEE RIGHT_KNEE LEFT_ANKLE RIGHT_ANKLE LEFT_HEEL RIGHT_HEEL
LEFT_FOOT_INDEX RIGHT_FOOT_INDEX
""".split()  # noqa: SIM905 - the list is easier to compare with MediaPipe's so
MEDIAPIPE_HAND = """
WRIST THUMB_CMC THUMB_MCP THUMB_IP THUMB_TIP INDEX_FINGER_MCP INDEX_FINGER_PIP INDEX_FINGER_DIP INDEX_FINGER_TIP
MIDDLE_FINGER_MCP MIDDLE_FINGER_PIP MIDDLE_FINGER_DIP MIDDLE_FINGER_TIP RING_FINGER_MCP RING_FINGER_PIP RING_FINGER_DIP
RING_FINGER_TIP PINKY_MCP PINKY_PIP PINKY_DIP PINKY_TIP
""".split()  # noqa: SIM905
WITHOUT_LEGS = [*MEDIAPIPE_BODY[11:17], "LEFT_HIP", "RIGHT_HIP"]
OPENPOSE_18 = [point for point in OPENPOSE_BODY[:19] if point != "MidHip"]
PARTS = {
    "openpose": ("pose_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "face_keypoints_2d"),
    "mediapipe": ("POSE_LANDMARKS", "LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS", "FACE_LANDMARKS"),
    "coco": ("BODY", "LEFT_HAND", "RIGHT_HAND", "FACE"),
}


def test_the_table_holds_all_layouts_in_their_order():
    assert list(LAYOUTS) == [layout.name for layout in ARRAY_LAYOUTS] == list(ARRAYS)


@pytest.mark.parametrize("name", ARRAYS)
def test_joints_stand_at_their_places_in_arrays(name):
    points, body, left, right, meaning = ARRAYS[name]
    layout = LAYOUTS[name]
    assert layout.num_points == len(set(layout.order)) == points
    assert layout.places == (*body, *left, *right)
    assert (layout.third, layout.least, layout.four, layout.centred_hands) == meaning
    assert layout.has_neck == (body[1] != -1)


@pytest.mark.parametrize(
    ("name", "tracker", "body", "hand"),
    [
        ("openpose-67", "openpose", OPENPOSE_BODY, OPENPOSE_HAND),
        ("openpose-137", "openpose", OPENPOSE_BODY, OPENPOSE_HAND),
        ("openpose-coco-60", "openpose", OPENPOSE_18, OPENPOSE_HAND),
        ("mediapipe-576", "mediapipe", MEDIAPIPE_BODY, MEDIAPIPE_HAND),
        ("mediapipe-words-51", "mediapipe", ["NOSE", *WITHOUT_LEGS], MEDIAPIPE_HAND),
        ("mediapipe-178", "mediapipe", WITHOUT_LEGS, MEDIAPIPE_HAND),
        ("coco-wholebody-133", "coco", BODY_POINTS[:17], HAND_POINTS),
        ("dwpose-134", "coco", OPENPOSE_18, HAND_POINTS),
    ],
)
def test_points_have_the_names_and_the_order_of_their_tracker(name, tracker, body, hand):
    by_part = {}
    for component, point in LAYOUTS[name].order:
        by_part.setdefault(component, []).append(point)
    names = PARTS[tracker]
    assert by_part[names[0]] == list(body)
    assert by_part[names[1]] == by_part[names[2]] == list(hand)
    numbered = {part: points for part, points in by_part.items() if part not in names[:3]}
    assert set(numbered) <= {names[3], "FEET", "POSE_WORLD_LANDMARKS"}
    assert all(points == [str(number) for number in range(len(points))] for points in numbered.values())


def test_the_points_of_openposes_135_point_model_and_of_the_slrtp_challenge():
    order = LAYOUTS["openpose-135"].order
    assert order[:65] == tuple(("BODY_135", point) for point in OpenPose135_Components[0].points[:65])
    assert order[65:] == tuple((PARTS["openpose"][3], str(number)) for number in range(70))
    arms = ["RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "RHip", "LHip"]
    hands = [(side, point) for side in ("RIGHT", "LEFT") for point in HAND_POINTS]
    assert LAYOUTS["slrtp-178"].order[:50] == (*(("BODY", point) for point in arms), *hands)
    assert LAYOUTS["slrtp-178"].order[50:] == tuple(("FACE", str(number)) for number in range(128))


@pytest.mark.parametrize(
    ("name", "body", "left", "right", "hand", "third"),
    [
        ("openpose", OPENPOSE_BODY, *PARTS["openpose"][1:3], OPENPOSE_HAND, "confidence"),
        ("mediapipe", MEDIAPIPE_BODY, *PARTS["mediapipe"][1:3], MEDIAPIPE_HAND, "depth"),
        ("coco-wholebody", BODY_POINTS, *PARTS["coco"][1:3], HAND_POINTS, "confidence"),
        ("coco-wholebody-133", BODY_POINTS, "LEFT_HAND_133", "RIGHT_HAND_133", HAND_POINTS, "confidence"),
    ],
)
def test_files_that_name_their_points_are_known_by_their_shoulders(name, body, left, right, hand, third):
    layout = next(layout for layout in NAMED_LAYOUTS if layout.name == name)
    component = {"openpose": PARTS["openpose"][0], "mediapipe": PARTS["mediapipe"][0], "coco-wholebody": "BODY"}.get(
        name, "BODY_133"
    )
    places = {"openpose": OPENPOSE, "mediapipe": MEDIAPIPE}.get(name, COCO)
    joints = tuple(None if place < 0 else (component, body[place]) for place in places)
    assert layout.points == (*joints, *((left, point) for point in hand), *((right, point) for point in hand))
    assert (layout.third, layout.centred_hands, layout.num_points) == (third, name == "mediapipe", 0)
    shoulders = {joints[2]: 0, joints[5]: 1}
    assert find_layout(shoulders) is layout
    assert find_layout({joints[2]: 0}) is find_layout({joints[5]: 0}) is None


def test_our_own_files_name_the_joints_of_the_skeleton():
    components = ["SIGNLLM_BODY"] * 8 + ["SIGNLLM_LEFT_HAND"] * 21 + ["SIGNLLM_RIGHT_HAND"] * 21
    assert OWN.points == OWN.order == tuple(zip(components, SKELETON_50.joints, strict=True))
    assert find_layout({point: place for place, point in enumerate(OWN.order)}) is OWN is LAYOUTS["signllm-50"]


def test_thresholds_are_those_of_the_trackers_own_drawing():
    assert (VISIBLE, SURE) == (0.5, 0.3)


def test_openposes_135_points_are_one_component():
    layout = NAMED_LAYOUTS[-1]
    body = OpenPose135_Components[0].points
    joints = [None if place < 0 else ("BODY_135", body[place]) for place in ARRAYS["openpose-135"][1]]
    hands = [("BODY_135", body[place]) for side in (2, 3) for place in ARRAYS["openpose-135"][side]]
    assert (layout.name, layout.points, layout.third) == ("openpose-135", (*joints, *hands), "confidence")

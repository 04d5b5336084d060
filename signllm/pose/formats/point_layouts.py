"""The registry of point layouts: which points of a tracker are the 50 joints. Every reader of tracked points uses it.

A layout is data: the names of its points, in the order in which arrays hold them where that is known, and what the
numbers behind x and y mean. `.pose` files name their points by component and are found by names (`find_layout`);
arrays say only how many numbers a frame has and are found by that (`signllm.pose.formats.array_forms`). Right is what
the tracker calls right: the signer's right, except where the recording was mirrored before the tracker saw it.

| name | points of a frame | third number | neck |
|---|---|---|---|
| openpose | 25 body, 21 left, 21 right; with 70 face points behind the body or at the end | confidence | its own |
| openpose-coco | the 18 points of OpenPose's COCO model instead of 25 | confidence | its own |
| openpose-135 | 25 body, 20 left, 20 right, 70 face; a hand begins at its wrist | confidence | its own |
| mediapipe | 33 body, 21 left, 21 right; with 468 or 478 face points, with 33 of the world behind | depth | shoulders |
| mediapipe-asl-signs | 468 face, 21 left, 33 body, 21 right: Google's ASL signs | depth | shoulders |
| coco-wholebody | 17 body, 6 feet, 68 face, 21 left, 21 right (133) | confidence | shoulders |
| dwpose | 18 body, 6 feet, 68 face, 21 left, 21 right (134); without the feet 128 | confidence | its own |
| halpe-136 | 26 body, 68 face, 21 left, 21 right: AlphaPose | confidence | its own |
| goliath-308, mhr-70 | 21 body, right and left hand, tips first, others: Sapiens, SAM 3D | confidence | shoulders |
| smplx-127, -144 | the joints that the smplx package computes | depth | its own |
| slrtp | 6 arm points, 2 hips, 21 right, 21 left, 128 face | depth | shoulders |
| signllm-50 | 8 body, 21 left, 21 right: `.skels` files and this toolkit | depth | its own |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from signllm.pose.skeleton import SKELETON_50

Point = tuple[str, str]  # component, name of the point

REQUIRED = SKELETON_50.shoulders
"""Without the shoulders a clip has neither origin nor scale."""

CONFIDENCE, DEPTH = "confidence", "depth"
VISIBLE = 0.5  # MediaPipe's own threshold for drawing a landmark (VISIBILITY_THRESHOLD of its drawing_utils)
SURE = 0.3  # the threshold for drawing of mmpose and DWPose, whose trackers give every point a place


@dataclass(frozen=True)
class PointLayout:
    """The point of each of the 50 joints, None for one that this layout has not.

    `order`: all points as arrays hold them, empty where only names tell them. `third`: what the number behind x and y
    means, 'confidence' or 'depth'. `least`: a point with less confidence is missing; one without any always is.
    `four`: the components whose points have a fourth number, a visibility, in rows that are not alike for all points.
    `centred_hands`: a hand's depth counts from its own wrist.
    """

    name: str
    points: tuple[Point | None, ...]
    order: tuple[Point, ...] = ()
    third: str = DEPTH
    least: float = 0.0
    four: tuple[str, ...] = ()
    centred_hands: bool = False

    def fits(self, points: Mapping[Point, int]) -> bool:
        """Whether a file with these points is of this layout; joints other than the shoulders may be left out."""
        return all(self.points[joint] in points for joint in REQUIRED)

    @property
    def num_points(self) -> int:
        """K, the number of points in an array."""
        return len(self.order)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The place of each of the 50 joints in an array, -1 for one that the layout has not."""
        place = {point: index for index, point in enumerate(self.order)}
        return tuple(-1 if point is None else place[point] for point in self.points)

    @property
    def has_neck(self) -> bool:
        """Whether the neck is a point of its own."""
        return self.points[SKELETON_50.root] is not None


@dataclass(frozen=True)
class _Tracker:
    """`body`: the names of its body points in its order; `joints`: those of our eight, None for one it has not."""

    components: tuple[str, str, str, str]  # body, left hand, right hand, face
    body: tuple[str, ...]
    joints: tuple[str | None, ...]
    hand: tuple[str, ...]
    third: str
    least: float = 0.0

    def layout(self, name: str, order: Sequence[str | tuple[str, int]] = (), **more: object) -> PointLayout:
        """A layout of this tracker. `order`: 'body', 'left', 'right', or a component with its number of points."""
        body, left, right, _ = self.components
        points: list[Point | None] = [(body, joint) if joint else None for joint in self.joints]
        hands = {"left": (left, "L"), "right": (right, "R")}
        names = {"body": [(body, point) for point in self.body]}
        in_body = set(names["body"])
        for side, (component, letter) in hands.items():
            hand = [(component, point.replace("@", letter)) for point in self.hand]
            points += hand
            names[side] = [point for point in hand if point not in in_body]
        places: list[Point] = []
        for part in order:
            places += names[part] if isinstance(part, str) else [(part[0], str(n)) for n in range(part[1])]
        options: dict = {"third": self.third, "least": self.least, **more}
        return PointLayout(name, tuple(points), tuple(places), **options)


_ARMS = [f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "wrist")]
_OPENPOSE_JOINTS = ("Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist")
_OPENPOSE_LEGS = ("RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle")
_OPENPOSE_HEAD = ("REye", "LEye", "REar", "LEar")
_OPENPOSE_FEET = ("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel")
_OPENPOSE_HAND = (
    *("BASE", "T_STT", "T_BCMC", "T_MCP", "T_IP"),
    *(f"{finger}_{joint}" for finger in "IMRP" for joint in ("CMC", "MCP", "PIP", "DIP")),
)
_MEDIAPIPE_HAND = (
    *("WRIST", "THUMB_CMC", "THUMB_MCP", "THUMB_IP", "THUMB_TIP"),
    *(
        f"{finger}_{joint}"
        for finger in ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
        for joint in ("MCP", "PIP", "DIP", "TIP")
    ),
)
_MEDIAPIPE_BODY = (
    *("NOSE", "LEFT_EYE_INNER", "LEFT_EYE", "LEFT_EYE_OUTER", "RIGHT_EYE_INNER", "RIGHT_EYE", "RIGHT_EYE_OUTER"),
    *("LEFT_EAR", "RIGHT_EAR", "MOUTH_LEFT", "MOUTH_RIGHT"),
    *(
        f"{side}_{joint}"
        for joint in ("SHOULDER", "ELBOW", "WRIST", "PINKY", "INDEX", "THUMB")
        for side in ("LEFT", "RIGHT")
    ),
    *(f"{side}_{joint}" for joint in ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX") for side in ("LEFT", "RIGHT")),
)
_COCO_BODY = (
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    *(
        f"{side}_{joint}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
_COCO_HAND = tuple(f"hand_{point}" for point in range(21))
_HAND_135 = (
    *("@Thumb1CMC", "@Thumb2Knuckles", "@Thumb3IP", "@Thumb4FingerTip"),
    *(
        f"@{finger}{joint}"
        for finger in ("Index", "Middle", "Ring", "Pinky")
        for joint in ("1Knuckles", "2PIP", "3DIP", "4FingerTip")
    ),
)
"""'@' stands for the side; the wrist is a point of the body."""
_BODY_25B = (
    *("Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist"),
    *("LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "UpperNeck", "HeadTop", *_OPENPOSE_FEET),
)

_OPENPOSE_PARTS = ("pose_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "face_keypoints_2d")
_MEDIAPIPE_PARTS = ("POSE_LANDMARKS", "LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS", "FACE_LANDMARKS")
_COCO_PARTS = ("BODY", "LEFT_HAND", "RIGHT_HAND", "FACE")

_OPENPOSE_25 = _Tracker(
    _OPENPOSE_PARTS,
    (*_OPENPOSE_JOINTS, "MidHip", *_OPENPOSE_LEGS, *_OPENPOSE_HEAD, *_OPENPOSE_FEET),
    _OPENPOSE_JOINTS,
    _OPENPOSE_HAND,
    CONFIDENCE,
)
_OPENPOSE_18 = _Tracker(
    _OPENPOSE_PARTS, (*_OPENPOSE_JOINTS, *_OPENPOSE_LEGS, *_OPENPOSE_HEAD), _OPENPOSE_JOINTS, _OPENPOSE_HAND, CONFIDENCE
)
_OPENPOSE_135 = _Tracker(
    ("BODY_135",) * 4,
    _BODY_25B,
    (*("Nose", None), *_OPENPOSE_JOINTS[2:]),
    ("@Wrist", *_HAND_135),
    CONFIDENCE,
)
_MEDIAPIPE = _Tracker(
    _MEDIAPIPE_PARTS, _MEDIAPIPE_BODY, ("NOSE", None, *(joint.upper() for joint in _ARMS)), _MEDIAPIPE_HAND, DEPTH
)
_FEWER = ("NOSE", *(f"{side}_{joint}" for joint in ("SHOULDER", "ELBOW", "WRIST", "HIP") for side in ("LEFT", "RIGHT")))
_MEDIAPIPE_23 = replace(_MEDIAPIPE, body=_MEDIAPIPE_BODY[:23])
_MEDIAPIPE_30 = replace(_MEDIAPIPE, body=_MEDIAPIPE_BODY[:30])
_MEDIAPIPE_9 = replace(_MEDIAPIPE, body=_FEWER)
_MEDIAPIPE_8 = replace(_MEDIAPIPE, body=_FEWER[1:], joints=(None, *_MEDIAPIPE.joints[1:]))
_COCO = _Tracker(_COCO_PARTS, _COCO_BODY, ("nose", None, *_ARMS), _COCO_HAND, CONFIDENCE, SURE)
_DWPOSE = _Tracker(
    _COCO_PARTS,
    (*_OPENPOSE_JOINTS, *_OPENPOSE_LEGS, *_OPENPOSE_HEAD),
    _OPENPOSE_JOINTS,
    _COCO_HAND,
    CONFIDENCE,
    SURE,
)
_SLRTP = _Tracker(
    ("BODY", "LEFT", "RIGHT", "FACE"),
    (*_OPENPOSE_JOINTS[2:], "RHip", "LHip"),
    (None, None, *_OPENPOSE_JOINTS[2:]),
    _COCO_HAND,
    DEPTH,
)

OWN_COMPONENTS = {"SIGNLLM_BODY": "body", "SIGNLLM_LEFT_HAND": "left_hand", "SIGNLLM_RIGHT_HAND": "right_hand"}
_OWN_POINTS = tuple(
    (component, SKELETON_50.joints[joint])
    for component, part in OWN_COMPONENTS.items()
    for joint in SKELETON_50.parts[part]
)
OWN = PointLayout(SKELETON_50.name, _OWN_POINTS, _OWN_POINTS)

# In `.pose` files the numbers behind x and y are named, and a missing point has no confidence: `least` is not asked.
NAMED_LAYOUTS: tuple[PointLayout, ...] = (
    OWN,
    _OPENPOSE_25.layout("openpose"),
    _MEDIAPIPE.layout("mediapipe", centred_hands=True),
    _COCO.layout("coco-wholebody"),
    replace(_COCO, components=("BODY_133", "LEFT_HAND_133", "RIGHT_HAND_133", "FACE_133")).layout("coco-wholebody-133"),
    _OPENPOSE_135.layout("openpose-135"),
)

_HANDS = ("left", "right")
_FACE_70, _FACE_68 = (_OPENPOSE_PARTS[3], 70), (_COCO_PARTS[3], 68)
_FACE, _FACE_REFINED = (_MEDIAPIPE_PARTS[3], 468), (_MEDIAPIPE_PARTS[3], 478)
_WORLD = ("POSE_WORLD_LANDMARKS", 33)
_FEET = ("FEET", 6)
_HOLISTIC: dict = {"centred_hands": True, "four": _MEDIAPIPE_PARTS[:1], "least": VISIBLE}


def _numbered(
    name: str, count: int, body: Sequence[int | None], hands: Sequence[Sequence[int]], third: str, least: float = 0.0
) -> PointLayout:
    """A layout of `count` points by the places of our eight body joints and of the joints of left and right hand."""
    places = (*body, *hands[0], *hands[1])
    points = tuple(None if place is None else ("POINTS", str(place)) for place in places)
    return PointLayout(name, points, tuple(("POINTS", str(place)) for place in range(count)), third, least)


def _tips_first(start: int) -> list[int]:
    """The places of a hand's joints where each finger begins with its tip, and the wrist comes last."""
    return [start + 20, *(start + 4 * finger + joint for finger in range(5) for joint in (3, 2, 1, 0))]


def _smplx_hand(wrist: int) -> list[int]:
    """As the smplx package has them: index, middle, little, ring, thumb with three joints each; tips at the end."""
    first, tips = (25, 66) if wrist == 20 else (40, 71)
    places = [wrist]
    for tip, start in enumerate((12, 0, 3, 9, 6)):
        places += [first + start, first + start + 1, first + start + 2, tips + tip]
    return places


_GOLIATH = (0, None, 6, 8, 41, 5, 7, 62)
_SMPLX = (55, 12, 17, 19, 21, 16, 18, 20)

ARRAY_LAYOUTS: tuple[PointLayout, ...] = (
    OWN,
    _OPENPOSE_25.layout("openpose-67", ("body", *_HANDS)),
    _OPENPOSE_25.layout("openpose-137", ("body", _FACE_70, *_HANDS)),
    _OPENPOSE_25.layout("openpose-137-face-last", ("body", *_HANDS, _FACE_70)),
    _OPENPOSE_18.layout("openpose-coco-60", ("body", *_HANDS)),
    _OPENPOSE_18.layout("openpose-coco-130", ("body", _FACE_70, *_HANDS)),
    _OPENPOSE_135.layout("openpose-135", ("body", *_HANDS, _FACE_70)),
    _MEDIAPIPE.layout("mediapipe-75", ("body", *_HANDS), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-543", ("body", _FACE, *_HANDS), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-543-face-last", ("body", *_HANDS, _FACE), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-asl-signs", (_FACE, "left", "body", "right"), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-553", ("body", _FACE_REFINED, *_HANDS), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-576", ("body", _FACE, *_HANDS, _WORLD), **_HOLISTIC),
    _MEDIAPIPE.layout("mediapipe-586", ("body", _FACE_REFINED, *_HANDS, _WORLD), **_HOLISTIC),
    _MEDIAPIPE_8.layout("mediapipe-178", ("body", ("FACE_LANDMARKS", 128), *_HANDS), **_HOLISTIC),
    _MEDIAPIPE_23.layout("mediapipe-65", ("body", *_HANDS), **_HOLISTIC),
    _MEDIAPIPE_30.layout("mediapipe-72", ("body", *_HANDS), **_HOLISTIC),
    _MEDIAPIPE_9.layout("mediapipe-words-51", ("body", *_HANDS), **_HOLISTIC),
    _COCO.layout("coco-wholebody-133", ("body", _FEET, _FACE_68, *_HANDS)),
    _COCO.layout("coco-59", ("body", *_HANDS)),
    _DWPOSE.layout("dwpose-134", ("body", _FEET, _FACE_68, *_HANDS)),
    _DWPOSE.layout("dwpose-128", ("body", _FACE_68, *_HANDS)),
    _DWPOSE.layout("dwpose-128-face-last", ("body", *_HANDS, _FACE_68)),
    _SLRTP.layout("slrtp-178", ("body", "right", "left", ("FACE", 128))),
    _numbered("halpe-136", 136, (0, 18, 6, 8, 10, 5, 7, 9), (range(94, 115), range(115, 136)), CONFIDENCE, SURE),
    _numbered("goliath-308", 308, _GOLIATH, (_tips_first(42), _tips_first(21)), CONFIDENCE, SURE),
    _numbered("mhr-70", 70, _GOLIATH, (_tips_first(42), _tips_first(21)), CONFIDENCE, SURE),
    *(_numbered(f"smplx-{count}", count, _SMPLX, (_smplx_hand(20), _smplx_hand(21)), DEPTH) for count in (127, 144)),
)

LAYOUTS: dict[str, PointLayout] = {layout.name: layout for layout in ARRAY_LAYOUTS}
"""The layouts of arrays, by the names that `--layout` takes."""


def find_layout(points: Mapping[Point, int]) -> PointLayout | None:
    """The layout of a file whose points stand at these places by their names, None for an unknown one."""
    return next((layout for layout in NAMED_LAYOUTS if layout.fits(points)), None)

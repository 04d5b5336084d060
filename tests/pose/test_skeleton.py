"""The 50-joint skeleton: names, bones, parts and sides, as files and models count them."""

import pytest

from signllm.pose.skeleton import FINGERS, SKELETON_50, SKELETONS, Skeleton


def test_joints_stand_in_the_order_of_the_files():
    assert SKELETON_50.joints[:8] == (
        "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    )  # fmt: skip
    assert FINGERS == ("thumb", "index", "middle", "ring", "little")
    for first, side in ((8, "left"), (29, "right")):
        hand = [f"{side}_hand_root", *(f"{side}_{finger}_{k}" for finger in FINGERS for k in (1, 2, 3, 4))]
        assert list(SKELETON_50.joints[first : first + 21]) == hand
    assert (SKELETON_50.num_joints, SKELETON_50.name) == (50, "signllm-50")
    assert {"signllm-50": SKELETON_50} == SKELETONS


def test_every_joint_hangs_from_the_next_one_towards_the_neck():
    hand = [0 if place % 4 == 1 else place - 1 for place in range(1, 21)]  # a finger begins at the hand's root
    expected = (1, -1, 1, 2, 3, 1, 5, 6, 7, *(8 + place for place in hand), 4, *(29 + place for place in hand))
    assert SKELETON_50.parents == expected
    assert SKELETON_50.root == 1
    assert SKELETON_50.bones.tolist() == [[p, child] for child, p in enumerate(expected) if child != 1]
    two = Skeleton("two", ("a", "b"), (-1, 0), {}, (0, 1), {}, (0, 1))
    assert (two.root, two.bones.tolist()) == (0, [[0, 1]])


def test_parts_hold_every_joint_once_and_sides_are_exchanged_by_name():
    assert [joint for part in SKELETON_50.parts.values() for joint in part] == list(range(50))
    parts = {"body": (0, 7), "left_hand": (8, 28), "right_hand": (29, 49)}
    assert {name: (joints[0], joints[-1]) for name, joints in SKELETON_50.parts.items()} == parts
    for part, ends in parts.items():
        assert [SKELETON_50.part_of(joint) for joint in ends] == [part, part]
    with pytest.raises(StopIteration):
        SKELETON_50.part_of(50)
    other = {"left": "right", "right": "left"}
    for joint, partner in zip(SKELETON_50.joints, SKELETON_50.mirror, strict=True):
        side, _, rest = joint.partition("_")
        assert SKELETON_50.joints[partner] == (f"{other[side]}_{rest}" if rest else joint)
    assert [SKELETON_50.joints[joint] for joint in SKELETON_50.shoulders] == ["right_shoulder", "left_shoulder"]
    wrists = {hand: SKELETON_50.joints[joint] for hand, joint in SKELETON_50.wrists.items()}
    assert wrists == {"right_hand": "right_wrist", "left_hand": "left_wrist"}

"""How a source was recorded is found over many clips, recorded as steps, and overridden by what the user says."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.finding import Found
from signllm.pose.formats.hints import Hints
from signllm.pose.formats.raw_points import RawPoints, forms_of_points
from signllm.pose.formats.searching import find
from tests.helpers.people import assert_same_person, person, points_of

HAND = slice(8, 29)


def clips(change=lambda joints: joints, count=8, **said):
    """Clips as in `.skels`, in thirds of a shoulder width."""
    return [RawClip(change(person(seed=n) / 3).astype(np.float32), **said) for n in range(count)]


def steps(found: Found) -> dict[str, str]:
    return {step.name: step.value for step in found.steps}


def tracked(layout="openpose-67", change=lambda points: points, count=8, dims=2, **said):
    """Clips of a tracker in pixels."""
    found = []
    for n in range(count):
        points = change(points_of(layout, person(seed=n, dims=dims)))
        forms = forms_of_points(points.shape[1], points.shape[2])
        found.append(RawPoints(points.reshape(len(points), -1), forms, **said))
    return found


def test_what_lies_as_usual_is_left_as_it_is():
    raws = clips()
    found = find(raws)
    assert found.steps == ()
    assert found.prepare(raws[0])[0] is raws[0]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda j: j * (1, -1, 1), {"axes": "x,-y,z"}),
        (lambda j: j[..., [1, 0, 2]], {"axes": "y,x,z"}),
        (lambda j: j[..., [2, 0, 1]], {"axes": "y,z,x"}),
        (lambda j: j + (2.0, 1.5, 0), {"centre": "yes"}),
        (lambda j: j * (-1, 1, 1), {"mirror": "yes"}),
        (lambda j: j[:, [*range(8), *range(29, 50), *range(8, 29)]], {"hands": "exchanged"}),
    ],
)
def test_every_convention_is_found_turned_and_recorded(change, step):
    raws = clips(change)
    found = find(raws)
    assert steps(found) == step
    for number, raw in enumerate(raws):
        assert_same_person(found.pose(raw, 25), person(seed=number), dims=3)


def test_exchanged_labels_are_told_from_a_mirror_by_the_busier_hand():
    from signllm.pose.skeleton import SKELETON_50

    raws = clips(lambda j: j[:, list(SKELETON_50.mirror)])
    found = find(raws)
    assert (steps(found), found.conventions.sides_swapped) == ({}, True)
    named = tracked(change=lambda p: p * (-1, 1))
    assert steps(find(named))["mirror"] == "yes"
    order = [0, 1, 5, 6, 7, 2, 3, 4, *range(8, 25), *range(46, 67), *range(25, 46)]
    assert steps(find(tracked(change=lambda p: p[:, order])))["sides"] == "left-first"


def test_what_the_user_says_goes_before_what_is_found():
    raws = clips(lambda j: j * (1, -1, 1) + (2, 0, 0))
    found = find(raws, Hints(axes="x,y,z", centre="no", mirror="yes"))
    assert steps(found) == {"axes": "x,y,z", "mirror": "yes"}
    flipped = clips(lambda j: j * (-1, -1, 1))
    assert_same_person(find(flipped, Hints(axes="x,-y,z", mirror="yes")).pose(flipped[0], 25), person())


@pytest.mark.parametrize(
    ("mark", "name", "hidden"),
    [
        (lambda hand: np.full_like(hand, -1), "-1 -1", 21),
        (lambda hand: np.full_like(hand, 0.4), "a hand on one point", 21),
    ],
)
def test_marks_of_missing_hands_are_known_and_counted(mark, name, hidden):
    def change(joints):
        joints[5:, HAND] = mark(joints[5:, HAND])
        return joints

    raws = clips(change)
    clip, _, marks = find(raws).prepare(raws[0])
    assert marks == {name: hidden * 7}
    assert not clip.seen_FJ[5:, HAND].any()
    assert clip.seen_FJ[:5].all()


def test_zeros_that_were_moved_with_the_clip_are_still_missing():
    def change(joints):
        joints[3:, HAND] = joints[3:, 3] = joints[3:, 0] = 0
        return joints + (0.7, 0.2, 0)

    raws = clips(change)
    clip, _, _ = find(raws).prepare(raws[0])
    assert not clip.seen_FJ[3:, [0, 3, *range(8, 29)]].any()
    assert clip.seen_FJ[3:, [1, 2, 4, 5, 6, 7]].all()


def test_nan_marks_points_of_trackers_and_infinity_is_a_fault():
    def change(points):
        points[2, 4] = np.nan
        return points

    raws = tracked(change=change)
    found = find(raws)
    assert np.argwhere(~found.pose(raws[0], 25).valid).tolist() == [[2, 4]]
    raws[0].values_FV[1, 8] = np.inf
    assert "frame 1, point 4: not a finite number" in found.prepare(raws[0])[1][0]


def test_a_third_number_is_a_confidence_where_it_goes_from_0_to_1():
    def with_third(values):
        return lambda points: np.concatenate([points, values(points)[..., None]], -1)

    sure = tracked(change=with_third(lambda p: np.full(p.shape[:2], 0.9)))
    sure[0].points(sure[0].forms[0])[0][2, 4, 2] = 0
    found = find(sure)
    assert (found.settings.third, found.has_depth) == ("confidence", False)
    assert not found.pose(sure[0], 25).valid[2, 4]
    deep = tracked(change=with_third(lambda p: np.random.default_rng(0).normal(size=p.shape[:2])))
    assert steps(find(deep))["third"] == "depth"
    keyed = [RawClip(np.concatenate([c.coordinates_FJC[..., :2], np.full((12, 50, 1), 0.8, np.float32)], -1),
                     third_open=True) for c in clips()]  # fmt: skip
    assert steps(find(keyed))["third"] == "confidence"
    assert not find(keyed).prepare(keyed[0])[0].coordinates_FJC[..., 2].any()
    assert steps(find(keyed, Hints(third="depth")))["third"] == "depth"


@pytest.mark.parametrize(("aspect", "name"), [(16 / 9, "16:9"), (4 / 3, "4:3"), (1.0, "1:1"), (9 / 16, "9:16")])
def test_the_aspect_of_shares_is_found_by_the_arms(aspect, name):
    def shares(points):
        return points / (720 * aspect * 2, 720 * 2) + (0.1, 0.1)

    raws = tracked(change=shares)
    found = find(raws)
    assert steps(found)["aspect"] == name
    assert steps(find(raws, Hints(aspect="16:10")))["aspect"] == "16:10"
    if name == "16:9":
        assert_same_person(found.pose(raws[0], 25), person(), atol=0.02)


def test_depth_is_read_where_limbs_keep_their_lengths_with_it_and_not_invented_elsewhere():
    layout = "mediapipe-75"
    raws = tracked(layout, lambda p: p * (1, 1, 4), dims=3)
    found = find(raws)
    assert found.has_depth
    assert steps(found)["depth"].startswith("0.25,")
    pose = found.pose(raws[0], 25)
    wrist = person()[:, 4, 2] - person()[:, 1, 2]
    np.testing.assert_allclose(pose.coordinates[:, 4, 2], wrist, atol=0.02)

    def random_depth(points):
        return np.concatenate([points[..., :2], np.random.default_rng(1).normal(0, 300, (*points.shape[:2], 1))], -1)

    noise = tracked(layout, random_depth, dims=3)
    assert steps(find(noise))["depth"] == "none"
    assert find(noise).pose(noise[0], 25).coordinates.shape[2] == 2
    assert not find(raws, Hints(depth="none")).has_depth


@pytest.mark.parametrize(("sign", "begins"), [(1, "0.25,"), (-1, "-0.25,")])
def test_z_points_towards_the_viewer_afterwards_whichever_way_it_does_in_the_file(sign, begins):
    """MediaPipe's points away. Hands are held before the trunk, so the sign of their z tells."""

    def ahead(points):
        elbows, wrists = [13, 14], [15, 16]
        points = points.copy()
        points[:, wrists, 2] = points[:, elbows, 2] + np.abs(points[:, wrists, 2] - points[:, elbows, 2])
        return points * (1, 1, 4 * sign)

    raws = tracked("mediapipe-75", ahead, dims=3)
    found = find(raws)
    assert steps(found)["depth"].startswith(begins)
    pose = found.pose(raws[0], 25)
    wrist = np.abs(person()[:, 4, 2] - person()[:, 3, 2])
    np.testing.assert_allclose(pose.coordinates[:, 4, 2] - pose.coordinates[:, 3, 2], wrist, atol=0.02)
    again = find(raws, Hints(depth=steps(found)["depth"]))
    np.testing.assert_array_equal(again.pose(raws[0], 25).coordinates, pose.coordinates)


def test_clips_of_another_layout_are_refused_by_name():
    raws = tracked() + tracked("openpose-137", count=1)
    found = find(raws[:8])
    assert "openpose-137" in found.prepare(raws[-1])[1][0]
    with pytest.raises(DataError, match="does not fit"):
        find(tracked(), Hints("dwpose-134"))

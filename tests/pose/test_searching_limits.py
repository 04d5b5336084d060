"""The limits of every search and the words of every step: how many clips must agree, and on what."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats import searching
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.hints import Hints
from signllm.pose.formats.raw_points import RawPoints, forms_of_points, forms_of_width
from signllm.pose.formats.searching import ASPECTS, SharedConventions, find
from signllm.pose.skeleton import SKELETON_50
from tests.helpers.people import person
from tests.pose.test_finding import clips, tracked

MIRROR = list(SKELETON_50.mirror)
HANDS = [*range(8), *range(29, 50), *range(8, 29)]
TURNED = "right shoulders lie right in the image"


def told(raws, hints=None):
    found = find(raws, hints)
    return [str(step) for step in found.steps], list(found.doubts)


def of_kinds(*kinds):
    """As many clips of each change as are asked for: (change, count)."""
    return [raw for change, count in kinds for raw in clips(change, count)]


def as_is(joints):
    return joints


def upside_down(joints):
    return joints * (1, -1, 1)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([(upside_down, 4), (as_is, 1)], ["axes x,-y,z: y points up: heads lie over shoulders so in 80% of the clips"]),
        ([(upside_down, 3), (as_is, 1)], []),
        ([(as_is, 4), (upside_down, 1)], []),
        ([(lambda j: j[..., [1, 0, 2]], 5)],
         ["axes y,x,z: the axes stand otherwise: heads lie over shoulders so in 100% of the clips"]),
        ([(lambda j: j[..., [0, 2, 1]] * (1, 1, -1), 2)],
         ["axes x,-z,y: the axes stand otherwise: heads lie over shoulders so in 100% of the clips"]),
        ([(lambda j: j[..., [0, 2, 1]] * (1, 1, -1) * (1, -1, -1), 2)],
         ["axes x,z,y: the axes stand otherwise: heads lie over shoulders so in 100% of the clips"]),
        ([(lambda j: j[:, HANDS], 4), (as_is, 1)],
         ["hands exchanged: each hand lies on the other arm's wrist in 80% of the clips, so the hands are exchanged"]),
        ([(lambda j: j[:, HANDS], 3), (as_is, 1)], []),
        ([(lambda j: j + (0.2, 0, 0), 1)],
         ["centre yes: necks lie 0.6 shoulder widths from the origin"]),
        ([(lambda j: j + (0.101, 0, 0), 1)],
         ["centre yes: necks lie 0.303 shoulder widths from the origin"]),
        ([(lambda j: j + (0.099, 0, 0), 1)], []),
        ([(lambda j: j + (0.2, 0, 0), 1), (as_is, 2)], []),
    ],
)  # fmt: skip
def test_a_step_is_taken_where_four_of_five_clips_agree(kinds, expected):
    assert told(of_kinds(*kinds)) == (expected, [])


def test_what_the_user_says_is_recorded_as_said():
    raws = clips(lambda j: j + (1.0, 0, 0), 2)
    assert told(raws, Hints(centre="no")) == ([], [])
    hints = Hints(axes="x,y,z", centre="yes", mirror="yes", third="depth", aspect="16:9", depth="none")
    assert told(clips(count=2), hints)[0] == [
        "axes x,y,z: as --axes says", "mirror yes: as --mirror says", "centre yes: as --centre says",
    ]  # fmt: skip
    shares = tracked("mediapipe-75", lambda p: p / (1280, 720, 1280), 2, dims=3)
    assert told(shares, Hints("mediapipe-75", aspect="16:9", depth="0.5,1", third="depth"))[0] == [
        "layout mediapipe-75: as --layout says", "third depth: as --third says", "aspect 16:9: as --aspect says",
        "depth 0.5,1: as --depth says",
    ]  # fmt: skip
    found = find(shares, Hints(aspect="16:9", depth="0.5,1"))
    assert (found.settings.aspect, found.settings.depths) == (16 / 9, (0.5, 1.0))


def test_the_layout_is_that_under_which_the_points_look_like_a_person():
    assert told(tracked("openpose-137", count=2))[0] == ["layout openpose-137: 137 points a frame"]
    assert told(tracked("openpose-137-face-last", count=1))[0] == ["layout openpose-137-face-last: 137 points a frame"]
    mixed = tracked("openpose-137", count=4) + tracked("openpose-137-face-last", count=1)
    assert told(mixed)[0] == ["layout openpose-137: 137 points a frame"]
    with pytest.raises(DataError) as caught:
        find(tracked("openpose-137", count=2) + tracked("openpose-137-face-last", count=2))
    names = "openpose-137 (137 points of 2 numbers) or openpose-137-face-last (137 points of 2 numbers)"
    ask = "say which it is with --layout openpose-137 or --layout openpose-137-face-last"
    assert caught.value.faults == [
        f"2 layouts have so many numbers: {names}; the points look like a person under each; {ask}"
    ]
    noise = [RawPoints(np.random.default_rng(0).normal(size=(9, 274)), forms_of_points(137, 2))]
    with pytest.raises(DataError) as caught:
        find(noise)
    assert caught.value.faults == [
        f"2 layouts have so many numbers: {names}; under none of them hands lie on arms; {ask}"
    ]


def test_a_counter_must_rise_to_one_or_it_is_a_coordinate():
    def rows(counter):
        joints = person()[:, :, :3].reshape(12, 150) / 3
        return [RawPoints(np.concatenate([joints, np.array(counter)[:, None]], 1), forms_of_width(151))]

    count = np.arange(12) / 11
    form = rows(count)[0].forms[0]
    assert str(form) == "signllm-50 (50 points of 3 numbers, a counter)"
    for counter, rising in (
        (count, True),
        (count * 1.001, True),
        (count * 1.002, False),
        (count - 0.01, False),
        (count + 1e-4, True),
        (np.roll(count, 1), False),
        ([0, 0, *count[2:]], False),
    ):
        assert searching._counts(rows(counter), form) == rising
    assert not searching._counts(rows(count) + rows(np.roll(count, 1)), form)
    plain = [RawPoints(np.ones((3, 150)), forms_of_width(150))]
    assert not searching._counts(plain, plain[0].forms[0])


def third(values, layout="openpose-67", count=2, **hints):
    """What is found where the third numbers are these in turn."""

    def change(points):
        column = np.resize(np.array(values, float), points.shape[:2])
        return np.concatenate([points, column[..., None]], -1)

    search = searching._Search(Hints(**hints), tracked(layout, change, count))
    searching._find_form(search)
    searching._find_third(search)
    return search.settings.third, [str(step) for step in search.steps if step.name == "third"]


@pytest.mark.parametrize(
    ("values", "layout", "expected"),
    [
        ([0.2, 0.9], "openpose-67", ("confidence", [])),
        ([0, 10.0], "coco-59", ("confidence", [])),
        ([0, 10.1], "openpose-67", ("depth", ["third depth: it goes from 0 to 10.1"])),
        ([-0.1, 0.9], "openpose-67", ("depth", ["third depth: it goes from -0.1 to 0.9"])),
        ([0, 0], "openpose-67", ("confidence", [])),
        ([0, 0], "mediapipe-75", ("depth", [])),
        ([0.5, 1.0], "mediapipe-75", ("confidence", ["third confidence: it goes from 0.5 to 1; z is unknown"])),
        ([0.1, 0.2, 1.0], "mediapipe-75", ("depth", [])),
        ([0, 0, 0, 0.6], "mediapipe-75", ("confidence", ["third confidence: it goes from 0 to 0.6; z is unknown"])),
        ([0.6, 1.1], "mediapipe-75", ("depth", [])),
        ([-0.1, -0.2], "openpose-67", ("depth", ["third depth: it goes from -0.2 to -0.1"])),
        ([0.5, np.nan, np.inf], "openpose-67", ("confidence", [])),
    ],
)  # fmt: skip
def test_the_third_number_is_what_its_range_says(values, layout, expected):
    assert third(values, layout) == expected


def test_the_third_number_is_what_the_user_says():
    assert third([0.5], third="depth") == ("depth", ["third depth: as --third says"])
    says = "third confidence: as --third says; z is unknown"
    assert third([-5, 5], third="confidence") == ("confidence", [says])
    assert find(tracked(count=1)).settings.third is None  # of two numbers nobody asks


def keyed(value, count=2, **said):
    """Clips of 50 joints whose third number is this."""
    flat = [np.concatenate([person(seed=n, dims=2) / 3, np.full((12, 50, 1), value)], -1) for n in range(count)]
    return [RawClip(joints.astype(np.float32), third_open=True, **said) for joints in flat]


def test_of_fifty_joints_the_third_number_is_asked_where_the_file_leaves_it_open():
    assert told(keyed(0.8)) == (["third confidence: it goes from 0.8 to 0.8; z is unknown"], [])
    assert (told(keyed(0.0)), told(keyed(-0.08))) == (([], []), ([], []))
    assert find(keyed(0.0)).settings.third == "depth"
    assert find(clips(count=1)).settings.third is None


@pytest.mark.parametrize(
    ("name", "ratio"),
    [("16:9", 16 / 9), ("3:2", 3 / 2), ("4:3", 4 / 3), ("1:1", 1), ("210:260", 210 / 260), ("3:4", 3 / 4),
     ("9:16", 9 / 16)],
)  # fmt: skip
def test_every_usual_aspect_is_found_by_the_arms(name, ratio):
    assert ASPECTS[name] == ratio
    raws = tracked(change=lambda p: p / (1440 * ratio, 1440) + 0.1, count=1)
    steps, doubts = told(raws)
    assert steps[1].startswith(f"aspect {name}: x and y are shares of an image; upper arms are 0.9")
    assert steps[1].endswith(" shoulder widths long at this aspect")
    assert doubts == []


@pytest.mark.parametrize(
    ("name", "ratio", "stretch", "doubted"),
    [("16:9", 16 / 9, 1.29, True), ("16:9", 16 / 9, 1.25, False), ("9:16", 9 / 16, 0.80, True),
     ("9:16", 9 / 16, 0.83, False)],
)  # fmt: skip
def test_arms_a_quarter_too_long_or_too_short_make_the_aspect_doubtful(name, ratio, stretch, doubted):
    steps, doubts = told(tracked(change=lambda p: p / (1440 * ratio * stretch, 1440) + 0.1, count=1))
    assert steps[1].startswith(f"aspect {name}: x and y are shares of an image; upper arms are")
    why = steps[1].split("; ")[1]
    assert doubts == [f"the image's aspect is uncertain: at {name} {why}; see --aspect"] * doubted


@pytest.mark.parametrize(
    ("low", "high", "shares"),
    [
        ((0.1, 0.1), (0.9, 0.9), True),
        ((-0.24, 0.1), (0.9, 0.9), True),
        ((-0.26, 0.1), (0.9, 0.9), False),
        ((0.1, 0.1), (0.9, 1.59), True),
        ((0.1, 0.1), (0.9, 1.61), False),
        ((0.1, 0.05), (0.9, 0.21), True),
        ((0.1, 0.05), (0.9, 0.19), False),
        ((0.01, 0.021), (0.9, 0.9), True),
        ((0.01, 0.019), (0.9, 0.9), False),  # round an origin
    ],
)
def test_shares_of_an_image_lie_in_it(low, high, shares):
    joints = np.tile(np.array([low, high], float), (1, 25, 1))
    joints = np.concatenate([joints, np.full((1, 50, 1), 99.0)], -1)
    assert searching._are_shares(RawClip(joints)) == shares
    valid = np.ones((1, 50), bool)
    joints[0, 0] = 500.0  # a point that is not seen has no say
    valid[0, 0] = False
    assert searching._are_shares(RawClip(joints, valid_FJ=valid)) == shares
    assert not searching._are_shares(RawClip(joints, valid_FJ=np.zeros((1, 50), bool)))


def test_one_wild_point_in_a_hundred_does_not_make_pixels():
    joints = np.random.default_rng(0).uniform(0.2, 0.8, (10, 50, 3))
    joints[:, 9], joints[:4, 10] = 0.5, 40.0
    assert searching._are_shares(RawClip(joints))
    joints[:5, 11:14] = 40.0
    assert not searching._are_shares(RawClip(joints))


def test_clips_that_say_their_aspect_are_not_asked():
    raws = tracked(change=lambda p: p / (1280, 720), count=1, aspect=2.0)
    assert [step.name for step in find(raws, Hints(aspect="1:1")).steps] == ["layout"]
    assert [step.name for step in find(clips(count=1), Hints(aspect="1:1")).steps] == []


def test_what_most_say_counts_where_they_are_four_of_five():
    assert searching._agreed([]) == (None, 0.0)
    assert searching._agreed("aaaab") == ("a", 0.8)
    assert searching._agreed("aaab") == (None, 0.0)
    assert searching._agreed("aaabbbb") == (None, 0.0)
    assert searching._agreed("b") == ("b", 1.0)


def lefty(joints):
    """The left hand is the busier one."""
    return joints[:, MIRROR] * (-1, 1, 1)


def mirrored(joints):
    return joints * (-1, 1, 1)


@pytest.mark.parametrize(
    ("right", "left", "steps", "doubted"),
    [
        (5, 0, [f"mirror yes: {TURNED}, and the right hand is the busier in 5 of 5 clips"], False),
        (4, 0, [], True),
        (4, 1, [f"mirror yes: {TURNED}, and the right hand is the busier in 4 of 5 clips"], False),
        (3, 2, [], True),
        (1, 4, [f"sides left-first: {TURNED}, and the left hand is the busier in 4 of 5 clips"], False),
        (2, 4, [], True),
        (0, 4, [], True),
    ],
)
def test_a_mirror_is_told_from_exchanged_names_by_the_busier_hand_of_five_clips(right, left, steps, doubted):
    raws = of_named((mirrored, right), (lambda j: mirrored(lefty(j)), left))
    found_steps, doubts = told(raws)
    assert found_steps == steps
    doubt = (
        f"{TURNED}: a mirrored recording (--mirror yes), exchanged labels (--layout left-first), or signers seen from"
        " behind (--mirror no)"
    )
    assert doubts == [doubt] * doubted


def of_named(*kinds):
    """Clips that know which side is which."""
    return [raw for change, count in kinds for raw in clips(change, count, sides_known=True)]


@pytest.mark.parametrize(
    ("right", "left", "doubted"), [(0, 20, True), (0, 19, False), (4, 16, True), (5, 16, False), (16, 4, False)]
)
def test_many_busy_left_hands_of_unturned_clips_are_doubted(right, left, doubted):
    steps, doubts = told(of_named((as_is, right), (lefty, left)))
    says = (
        f"the left hand is the busier in {left} of {right + left} clips; if the recording was mirrored before the"
        " tracker saw it, add --mirror yes --layout left-first"
    )
    assert (steps, doubts) == ([], [says] * doubted)


def test_nothing_is_turned_where_the_user_spoke_or_names_are_open():
    turned = of_named((mirrored, 5))
    assert told(turned, Hints(mirror="no")) == ([], [])
    assert told(turned, Hints("right-first")) == ([], [])
    assert told(turned, Hints(mirror="yes"))[0] == ["mirror yes: as --mirror says"]
    unnamed = clips(lambda j: mirrored(lefty(j)), 5)
    assert told(unnamed) == ([], [])  # as in `.skels`: the conventions exchange the names
    assert find(unnamed).conventions.sides_swapped
    seldom = of_named((mirrored, 4)) + of_named((as_is, 2))
    assert told(seldom) == ([], [])


def test_sides_found_go_with_the_layout_that_was_named():
    raws = tracked(change=lambda p: p * (-1, 1), count=5)
    order = [0, 1, 5, 6, 7, 2, 3, 4, *range(8, 25), *range(46, 67), *range(25, 46)]
    raws = tracked(change=lambda p: p[:, order], count=5)
    for layout in ("auto", "openpose-67"):
        found = find(raws, Hints(layout))
        assert (found.conventions.sides_swapped, found.conventions.sides_forced) == (True, True)


@pytest.mark.parametrize(("offset", "turned"), [(0.51, False), (0.49, None), (-0.49, None), (-0.51, True)])
def test_shoulders_turned_by_half_their_width_tell(offset, turned):
    joints = np.ones((1, 50, 3), np.float32)
    joints[:, 5, :2] = 1 + 7 * np.array([offset, np.sqrt(1 - offset**2)])
    joints[:, 2, :2] = 1
    assert searching._turned(RawClip(joints)) is turned
    assert searching._turned(RawClip(np.ones((1, 50, 3), np.float32))) is None


def test_the_neck_is_measured_in_shoulder_widths():
    joints = np.ones((2, 50, 3), np.float32)
    joints[:, 1], joints[:, 5] = [3, 4, 0], [1, 11, 1]
    assert searching._off_origin(RawClip(joints)) == pytest.approx(0.5)
    assert np.isnan(searching._off_origin(RawClip(np.ones((2, 50, 3), np.float32))))
    narrow = RawClip(np.ones((2, 50, 3), np.float32))
    assert told([narrow, *clips(lambda j: j + (0.2, 0, 0), 1)])[0] == [
        "centre yes: necks lie 0.6 shoulder widths from the origin"
    ]


def test_a_clip_that_cannot_be_read_is_passed_over_unless_it_is_the_only_one():
    bad = tracked(count=1)[0]
    bad.values_FV[3, 8] = np.inf
    with pytest.raises(DataError, match="frame 3, point 4: not a finite number"):
        find([bad])
    found = find([bad, *tracked(count=2), bad])
    assert [*found.doubts] == ["frame 3, point 4: not a finite number (1 such points)"]
    hidden = clips(count=1)[0]
    with pytest.raises(DataError, match="never both seen"):
        find([RawClip(hidden.coordinates_FJC, valid_FJ=np.zeros((12, 50), bool), own_scale=True)] * 2)


def test_the_scale_of_generated_clips_is_the_usual_one():
    def shared(scale):
        raws = [RawClip((person(seed=n) * scale).astype(np.float32)) for n in range(2)]
        return SharedConventions([lambda raw=raw: (raw, []) for raw in raws]), raws[0]

    for scale, found in ((0.26, 1 / 3), (0.24, 0.24)):
        conventions, raw = shared(scale)
        width = conventions.pose(raw, 25).shoulder_width()
        assert width == pytest.approx(scale / found, rel=1e-3)
    nothing = SharedConventions([lambda: (None, ["torn"])]).found
    assert (nothing.steps, nothing.conventions.scale) == ((), 1 / 3)
    half_known = RawClip(person().astype(np.float32), scale_known=True)
    conventions = SharedConventions([lambda: (half_known, [])], "left-first")
    assert conventions.pose(half_known, 25).coordinates[0, 2, 0] == pytest.approx(0.5)
    assert SharedConventions([lambda: (half_known, [])], Hints("left-first")).found.conventions.sides_forced

"""The pure parts of the tracking of videos, on both sides of each of their limits: moments, people, hands, crops."""

from types import SimpleNamespace as Record

import numpy as np
import pytest

from signllm.pose.tracking import decoding, hands, people, tracked, worker

# Decoding


@pytest.mark.parametrize(
    ("times", "rate", "moments"),
    [
        ([1.0, 1.5, 2.25], 25.0, [0, 0.5, 1.25]),
        ([None, 0.5], 10.0, [0, 0.1]),
        ([0.0, None], 0.0, [0, 0.04]),
        ([1.0, 1.0, 2.0], 10.0, [0, 0.1, 0.2]),  # two frames at one moment: the times mean nothing
        ([2.0, 1.0], 0.0, [0, 0.04]),
        ([3.0], 10.0, [0]),
    ],
)
def test_moments_count_from_the_first_frame(times, rate, moments):
    np.testing.assert_allclose(decoding._moments(times, rate), moments)


def test_the_rate_is_a_usual_one_where_it_is_near_one():
    for rate in (12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001, 60.0):
        assert decoding._rate_of(np.arange(20) / rate, 1.0) == (rate, True)
        assert decoding._rate_of(np.arange(20) / (rate * 1.0001), 1.0) == (rate, True)
    for rate, found in ((25.36, 25.0), (25.39, 25.39), (40.0, 40.0), (24.64, 25.0)):
        assert decoding._rate_of(np.arange(20) / rate, 1.0) == (pytest.approx(found), True)


@pytest.mark.parametrize(("frames", "said", "found"), [(2, 30.0, 30.0), (1, 0.0, 25.0), (2, 0.0, 25.0)])
def test_of_two_frames_the_rate_is_what_the_file_says(frames, said, found):
    assert decoding._rate_of(np.arange(frames) / 10, said) == (found, True)
    assert decoding._rate_of(np.arange(3) / 15, said) == (15.0, True)


def test_frames_come_at_a_steady_rate_where_49_of_50_intervals_are_alike():
    for odd, steady in ((0, True), (1, True), (2, False)):
        steps = np.full(50, 0.1)
        steps[:odd] = 0.3
        fps, found = decoding._rate_of(np.concatenate([[0], np.cumsum(steps)]), 1.0)
        assert found == steady
        assert fps == pytest.approx(50 / steps.sum() if steady else 10.0)
    for stretch, steady in ((1.19, True), (1.21, False), (0.81, True), (0.79, False)):
        steps = np.full(20, 0.05)
        steps[3] *= stretch
        assert decoding._rate_of(np.concatenate([[0], np.cumsum(steps)]), 1.0)[1] == steady
    steps = np.full(20, 0.001)
    steps[3] = 1.0
    assert decoding._rate_of(np.concatenate([[0], np.cumsum(steps)]), 1.0) == (60.0, False)  # no more than the usual


@pytest.mark.parametrize(
    ("shape", "pixel", "rotation", "size"),
    [
        ((640, 480), None, 0, (640, 480)),
        ((640, 480), 1.5, 0, (960, 480)),
        ((640, 480), 1, 90, (480, 640)),
        ((640, 480), 1, -90, (480, 640)),
        ((640, 480), 1, 180, (640, 480)),
        ((3840, 2160), 1, 0, (1920, 1080)),
        ((1080, 1920), 1, 0, (1080, 1920)),
        ((1000, 4000), 1, 0, (480, 1920)),
        ((9000, 1), 1, 0, (1920, 1)),
        ((1, 9000), 1, 0, (1, 1920)),
    ],
)
def test_pictures_are_upright_in_square_pixels_and_no_longer_than_1920(shape, pixel, rotation, size):
    frame = Record(width=shape[0], height=shape[1], rotation=rotation)
    assert decoding._size_of(frame, Record(sample_aspect_ratio=pixel)) == size


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [(0, [[1, 2], [3, 4]]), (90, [[2, 4], [1, 3]]), (180, [[4, 3], [2, 1]]), (-90, [[3, 1], [4, 2]])],
)
def test_pictures_are_turned_as_the_file_says(rotation, expected):
    asked = {}

    def to_ndarray(**options):
        asked.update(options)
        return np.repeat(np.array([[1, 2], [3, 4]], np.uint8)[..., None], 3, -1)

    picture = decoding.upright(Record(rotation=rotation, to_ndarray=to_ndarray), (640, 480))
    assert picture[..., 0].tolist() == expected
    assert picture.flags.c_contiguous
    sides = (480, 640) if rotation % 180 else (640, 480)
    assert asked == {"format": "rgb24", "width": sides[0], "height": sides[1]}


# People


def box(x, y, w=0.1, h=0.2):
    return np.array([x, y, w, h])


def test_a_face_is_one_persons_within_a_width_and_a_fifth():
    assert people._same(box(0.2, 0.2), box(0.319, 0.439))
    assert not people._same(box(0.2, 0.2), box(0.321, 0.2))
    assert not people._same(box(0.2, 0.2), box(0.2, 0.441))
    assert people._same(box(0.2, 0.2), box(0.2, 0.2, 0.3, 0.2))  # by the larger of both
    assert not people._same(box(0.2, 0.2, 0.02, 0.02), box(0.25, 0.2, 0.03, 0.02))


def test_who_is_seen_in_half_of_the_pictures_is_there():
    pictures = [np.zeros((20, 40, 3), np.uint8)] * 6
    for count, there in ((3, 1), (2, 0)):
        assert (
            len(people.find_people(pictures, [box(0.2, 0.2)[None]] * count + [np.empty((0, 4))] * (6 - count))) == there
        )
    assert len(people.find_people(pictures[:2], [box(0.2, 0.2)[None], np.empty((0, 4))])) == 0  # one look is none
    (person,) = people.find_people(pictures, [box(0.2 + 0.01 * n, 0.3 - 0.01 * n)[None] for n in range(6)])
    np.testing.assert_allclose(person.face, (0.225, 0.275, 0.1, 0.2))
    np.testing.assert_allclose(person.places, (0.2, 0.25, 0.35, 0.5))
    assert (person.motion, person.middle) == (0.0, pytest.approx(0.275))


def test_motion_is_looked_at_around_the_body():
    pictures = np.zeros((3, 100, 100, 3))
    face = box(0.4, 0.2, 0.1, 0.1)
    rows, columns = range(15, 70), range(20, 70)  # half a face above, four below; two beside
    for row, column, moved in ((15, 20, True), (69, 69, True), (14, 20, False), (70, 20, False), (15, 19, False),
                               (15, 70, False)):  # fmt: skip
        changed = pictures.copy()
        changed[1, row, column] = 255
        expected = 255 / (len(rows) * len(columns)) if moved else 0
        assert people._motion(changed, face) == pytest.approx(expected)
    corner = box(0.0, 0.0, 0.1, 0.1)
    changed = pictures.copy()
    changed[1] = 10
    assert people._motion(changed, corner) == 10
    assert people._motion(changed, box(0.95, 0.95)) == 10
    assert people._motion(changed, box(2.0, 2.0)) == 0


def test_faces_that_only_a_part_of_the_picture_shows_are_added():
    tile = (0.4, 0.2, 1.0, 0.8)
    known = np.array([[0.5, 0.3, 0.1, 0.2]])
    as_seen = np.array([[0.15, 0.2, 0.2, 0.3], [0.75, 0.5, 0.05, 0.05]])  # the known one, nearly, and a small one
    one, none = people.with_small_faces([known, np.empty((0, 4))], [as_seen, np.empty((0, 4))], tile)
    np.testing.assert_allclose(one, [known[0], (0.4 + 0.75 * 0.6, 0.2 + 0.5 * 0.6, 0.03, 0.03)])
    assert none.shape == (0, 4)


@pytest.mark.parametrize(("width", "there"), [(600, 2), (598, 1)])
def test_small_faces_are_looked_for_in_pictures_that_are_large_enough(width, there):
    asked = []

    def faces(pictures):
        asked.append(pictures[0].shape[:2])
        seen = {1: [[0.1, 0.1, 0.2, 0.4]], 5: [[0.7, 0.7, 0.05, 0.1]]}.get(len(asked), [])
        return [np.reshape(seen, (-1, 4))] * len(pictures)

    samples = [np.zeros((300, width, 3), np.uint8)] * 3
    found = tracked._people_in(Record(samples=samples, size=(width, 300)), Record(faces=faces))
    assert [person.face[0] for person in found] == pytest.approx([0.1, 0.4 + 0.7 * 0.6][:there])
    assert asked == [(300, width)] + [(180, 360)] * 4 * (there - 1)
    assert tracked._people_in(Record(samples=samples[:1], size=(width, 300)), Record(faces=faces)) == []


def someone(x, y=0.2, w=0.1, h=0.1, motion=1.0):
    return people.Person((x, y, w, h), motion, (x, y, x + w, y + h))


def test_the_signer_is_large_and_moves():
    small, large = someone(0.1, w=0.1), someone(0.6, w=0.12)
    assert people.signer_of([small, large]) is large
    assert people.signer_of([someone(0.1, motion=2.0), large]).motion == 2.0
    still = [someone(0.1, motion=0.0), someone(0.6, h=0.11, motion=0.0)]
    assert people.signer_of(still) is still[1]


def test_a_signer_is_shown_with_room_to_sign_and_without_the_others():
    assert people.part_of([]) == (0, 0, 1, 1)
    w = 0.05
    np.testing.assert_allclose(
        people.part_of([someone(0.5, 0.4, w, w)]), (0.525 - 4.5 * w, 0.4 - 3 * w, 0.525 + 4.5 * w, 0.45 + 8 * w)
    )
    assert people.part_of([someone(0.5, w=0.067)]) == (0, 0, 1, 1)  # needs more than three fifths
    assert people.part_of([someone(0.5, 0.4, 0.066, 0.05)]) != (0, 0, 1, 1)
    signer, left, right = someone(0.45, w=0.1, motion=9.0), someone(0.2), someone(0.8)
    found = people.part_of([left, signer, right])
    np.testing.assert_allclose(found, (0.375, 0, 0.675, 1.0))
    beside = someone(0.56)  # farther than a face
    np.testing.assert_allclose(people.part_of([signer, beside])[2], 0.555)
    behind = someone(0.54)
    assert people.part_of([signer, behind])[2] == pytest.approx(0.95)
    np.testing.assert_allclose(people.part_of([signer, someone(0.34)])[0], 0.445)
    assert people.part_of([signer, someone(0.36)])[0] == pytest.approx(0.05)
    nearest = people.part_of([signer, left, someone(0.1), right, someone(0.9)])
    np.testing.assert_allclose(nearest, found)


# Hands


def body(wrists=((0.6, 0.6), (0.4, 0.6))):
    """(1, 33, 4): shoulders 0.2 apart, forearms that point upwards to the wrists."""
    points = np.full((1, 33, 4), 0.5)
    points[:, [11, 12], 0] = 0.6, 0.4
    points[:, [15, 16], :2] = wrists
    points[:, [13, 14], :2] = np.array(wrists) + (0, 0.15)
    return points


def hand(root, towards=(0, -1), length=0.1):
    """(21, 3): a straight hand."""
    along = np.linspace(0, length, 21)[:, None] * np.array(towards)
    return np.column_stack([np.array(root) + along, np.zeros(21)])


NONE = np.full((21, 3), np.nan)


def chosen(plain, second=(NONE, NONE), right=(np.nan, np.nan), points=None, size=(500, 500)):
    """The roots of the left and the right hand, None where there is none; and the counts."""
    arrays = (np.array([plain]), np.array([second]), np.array([right]))
    found = hands.choose_hands(body() if points is None else points, *arrays, size, 25)
    roots = [None if np.isnan(h[0, 0]) else tuple(np.round(h[0, :2], 3).tolist()) for h in found.points_F2K3[0]]
    return roots, (found.plain, found.sound, found.found, found.filled)


def test_a_hand_begins_within_three_tenths_of_a_shoulder_width_of_its_wrist():
    for off, found in ((0.059, True), (0.061, False)):
        at = (0.6 + off, 0.6)
        assert chosen((hand(at), NONE))[0] == [at if found else None, None]
        assert chosen((NONE, hand(at)))[0] == [at if found else None, None]
        at = (0.4 - off, 0.6)
        assert chosen((hand(at), NONE)) == ([None, at if found else None], (1, int(found), int(found), 0))
    wide = body()
    wide[..., 0] = 0.5 + (wide[..., 0] - 0.5) / 2
    roots, _ = chosen((hand((0.55, 0.6)), NONE), points=wide, size=(1000, 500))
    assert roots == [(0.55, 0.6), None]
    assert chosen((hand((0.581, 0.6)), NONE), points=wide, size=(1000, 500))[0] == [None, None]


def test_half_of_a_hand_lies_in_the_picture():
    for x, found in ((0.951, True), (0.949, False)):  # the left hand points out of the picture, at the top
        points = body(((0.6, 1 - x), (0.4, 0.6)))
        root = (0.6, 1 - x)
        assert (chosen((hand(root, length=0.1), NONE), points=points)[0][0] is not None) == (not found)


def test_a_hand_is_shorter_than_a_shoulder_width():
    for length, found in ((0.19, True), (0.21, False)):
        assert (chosen((hand((0.6, 0.6), length=length), NONE))[0][0] is not None) == found


def test_without_a_body_there_is_no_hand():
    points = body()
    points[:] = np.nan
    assert chosen((hand((0.6, 0.6)), NONE), points=points) == ([None, None], (1, 0, 0, 0))
    narrow = body()
    narrow[:, 11] = narrow[:, 12]
    assert chosen((hand((0.6, 0.6)), hand((0.4, 0.6))), points=narrow) == ([None, None], (2, 0, 0, 0))


def test_of_two_hands_at_a_wrist_the_cheaper_is_taken():
    near, far = hand((0.602, 0.6)), hand((0.61, 0.6))
    assert chosen((far, NONE), (near, NONE), (0.5, np.nan))[0][0] == (0.602, 0.6)
    # One that looks like a left hand may lie 0.15 shoulder widths (0.03) farther off than one that looks right.
    for off, taken in ((0.028, True), (0.032, False)):
        other = hand((0.6 + off, 0.6))
        roots, _ = chosen((NONE, NONE), (hand((0.6, 0.6)), other), (1.0, 0.0))
        assert (roots[0] == (0.6 + off, 0.6)) == taken
    # One that points on along the forearm may lie 0.1 (0.02) farther off than one across it.
    for off, taken in ((0.018, True), (0.022, False)):
        roots, _ = chosen((hand((0.6, 0.6), (1, 0)), hand((0.6 + off, 0.6))))
        assert (roots[0] == (0.6 + off, 0.6)) == taken


def test_one_hand_under_both_names_is_the_arms_that_it_fits_better():
    meeting = body(((0.51, 0.6), (0.49, 0.6)))
    for at, side in ((0.505, 0), (0.495, 1)):
        roots, counts = chosen((hand((at, 0.6)), hand((at, 0.6))), points=meeting)
        assert roots[side] == (at, 0.6)
        assert roots[1 - side] is None
        assert counts == (2, 1, 1, 0)
    apart = 0.031  # a little more than 0.15 shoulder widths: two hands
    roots, _ = chosen((hand((0.5 + apart / 2, 0.6)), hand((0.5 - apart / 2, 0.6))), points=meeting)
    assert None not in roots


@pytest.mark.parametrize(("left", "right", "nearer"), [(0.506, 0.495, 0), (0.505, 0.494, 1)])
def test_two_finds_of_one_hand_at_wrists_that_meet_are_one(left, right, nearer):
    meeting = body(((0.51, 0.6), (0.49, 0.6)))
    roots, counts = chosen((hand((left, 0.6)), hand((right, 0.6))), points=meeting)
    assert (roots[nearer] is not None, roots[1 - nearer]) == (True, None)
    assert counts == (2, 1, 1, 0)


def sequence(frames, missing, step=0.01):
    """(F, 2, 21, 3) of two hands that move with their wrists, some frames of the left one missing; and wrists."""
    wrists = np.zeros((frames, 2, 2))
    wrists[..., 0] = np.array([0.6, 0.4]) + step * np.arange(frames)[:, None] ** 2
    wrists[..., 1] = 0.6
    found = np.array([[hand(at) for at in frame] for frame in wrists])
    whole = found.copy()
    found[missing, 0] = np.nan
    return found, wrists, whole


@pytest.mark.parametrize(("gap", "longest", "filled"), [(1, 1, True), (3, 3, True), (3, 2, False), (1, 0, False)])
def test_gaps_are_filled_up_to_the_longest(gap, longest, filled):
    found, wrists, whole = sequence(8, slice(2, 2 + gap))
    result = hands.fill_hands(found, wrists, longest)
    if filled:
        np.testing.assert_allclose(result, whole)
    else:
        assert np.isnan(result[2 : 2 + gap, 0]).all()
    assert np.isnan(found[2, 0]).all()  # what was given is left as it was


def test_a_gap_is_filled_in_a_straight_line_where_the_wrist_is_unknown():
    found, wrists, _ = sequence(5, slice(1, 4))
    found[..., 2] += np.arange(5)[:, None, None]
    wrists[2, 0] = np.nan
    result = hands.fill_hands(found, wrists, 3)
    for frame, share in ((1, 0.25), (2, 0.5), (3, 0.75)):
        np.testing.assert_allclose(result[frame, 0], found[0, 0] * (1 - share) + found[4, 0] * share)
    found[4, 0] = hand((0.7, 0.6), (1, 0))  # a right angle is too much
    assert np.isnan(hands.fill_hands(found, wrists, 3)[2, 0]).all()
    bent = hand((0.7, 0.6), (1, 0))
    bent[0, 1] += 0.01  # from its root to its middle knuckle it points a little upwards
    found[4, 0] = bent
    assert not np.isnan(hands.fill_hands(found, wrists, 3)[2, 0]).any()
    found[4, 0] = hand((0.7, 0.6), (1, -0.1))
    assert not np.isnan(hands.fill_hands(found, wrists, 3)[2, 0]).any()


# The worker's crops


@pytest.mark.parametrize(
    ("direction", "rotation"), [((0, -1), 0), ((1, 0), np.pi / 2), ((0, 1), np.pi), ((-1, -1), -np.pi / 4)]
)
def test_a_crop_is_turned_by_the_hands_direction(direction, rotation):
    assert worker.upwards(np.array(direction)) == pytest.approx(rotation)


def test_the_crop_around_a_hand_is_mediapipes():
    points = np.zeros((21, 2))
    points[:] = (50, 50)
    points[0], points[5], points[9], points[13], points[17] = (50, 90), (40, 50), (50, 46), (60, 50), (66, 60)
    points[8], points[20] = (0, 0), (200, 200)  # tips of fingers have no say
    middle, side, rotation = worker.region_of(points)
    assert rotation == pytest.approx(0)  # (5 + 2 x 9 + 13) / 4 lies over the root
    assert side == pytest.approx(2 * 44)  # twice the longer side of the palm: 46 to 90
    np.testing.assert_allclose(middle, ((40 + 66) / 2, (46 + 90) / 2 - 4.4))
    assert worker.region_of(np.ones((21, 2)))[1] == 8.0  # four pixels at least
    turned = np.stack([100 - points[:, 1], points[:, 0]], 1)  # a quarter to the right
    middle_turned, side_turned, rotation_turned = worker.region_of(turned)
    assert (side_turned, rotation_turned) == (pytest.approx(88), pytest.approx(np.pi / 2))
    np.testing.assert_allclose(middle_turned, (100 - middle[1], middle[0]))


def test_two_pictures_of_a_hand_are_apart_by_the_mean_of_their_points():
    one = np.zeros((2, 2))
    assert worker._distance(one, np.array([[3.0, 4.0], [0.0, 1.0]])) == 3.0


class Finder:
    """Finds a hand, so surely a right one, so far beside every crop's middle."""

    def __init__(self, *found):
        self.found, self.crops = list(found), []

    def hand(self, picture, region):
        self.crops.append(region)
        if not self.found or (given := self.found.pop(0)) is None:
            return None
        offset, right = given
        root = np.array([200.0, 250.0]) + (offset, 0)
        return np.column_stack([np.tile(root / 500, (21, 1)), np.zeros(21)]), right


def look(*found, side=1, last=None):
    """What is chosen at a right wrist at (200, 250), the elbow 100 below, shoulders 100 apart; and all crops."""
    finder = Finder(*found)
    search = worker.Search(finder)
    search._last[side] = last
    picture = np.zeros((500, 500, 3), np.uint8)
    best = search._look(picture, np.array([200.0, 250.0]), np.array([200.0, 350.0]), 100.0, side)
    return None if best is None else (round(best[0][0, 0] * 500 - 200, 3), best[1]), finder.crops


def test_a_wrist_is_looked_at_in_two_crops_ahead_along_the_forearm():
    best, crops = look()
    assert best is None
    assert [crop[1] for crop in crops] == [90.0, 120.0]
    for middle, _, rotation in crops:
        np.testing.assert_allclose(middle, (200, 225))
        assert rotation == pytest.approx(0)
    _, crops = look(last=np.tile([210.0, 240.0], (21, 1)))
    assert [crop[1] for crop in crops] == [8.0, 90.0, 120.0]  # first where the hand was


@pytest.mark.parametrize(("length", "ahead"), [(100, 25), (70, 25), (35, 12.5), (21, 7.5), (7, 7.5)])
def test_of_a_short_forearm_the_crop_is_less_far_ahead(length, ahead):
    search = worker.Search(Finder())
    regions = list(search._regions(np.array([200.0, 250.0]), np.array([200.0 - length, 250.0]), 100.0, 0))
    np.testing.assert_allclose(regions[0][0], (200 + ahead, 250))
    assert regions[0][2] == pytest.approx(np.pi / 2)


def test_a_hand_that_was_found_is_looked_at_once_more():
    best, crops = look((10, 0.9), (5, 0.8))
    assert best == (5, 0.8)
    assert [crop[1] for crop in crops] == [90.0, 8.0]
    best, crops = look((10, 0.9), None)
    assert best == (10, 0.9)
    assert look((10, 0.9), None, side=0)[0] is not None


def test_a_hand_near_the_wrist_and_of_its_side_ends_the_search():
    assert look((29, 0.9), None)[0] == (29, 0.9)
    assert look((31, 0.9), None)[0] is None
    best, crops = look((5, 0.4), None, (10, 0.6), None)
    assert (best, len(crops)) == ((5, 0.4), 4)  # 0.05 + 0.06 against 0.1 + 0.04
    best, crops = look((5, 0.0), None, (10, 0.9), None)
    assert best == (10, 0.9)  # 0.05 + 0.1 against 0.1 + 0.01
    best, crops = look((10, 0.5), None, (5, 0.5), None)
    assert (best, len(crops)) == ((5, 0.5), 4)
    best, crops = look((10, 0.2), None, side=0)
    assert (best, len(crops)) == ((10, 0.2), 2)  # a left hand

"""From the people of each frame to the clip of the signer: parts behind one another, people linked over frames."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats.people import clip_of_people


def someone(at=0.0, numbers=2, body=25, hands=("left", "right"), size=100.0):
    """The parts of a person whose middle lies at (at, 10)."""
    grid = np.stack([np.linspace(-1, 1, body) * size + at, 10 + np.linspace(-1, 1, body) * size], 1)
    person = {"body": grid}
    for number, hand in enumerate(hands):
        person[hand] = np.stack([np.full(21, at + 5.0 + number), 20.0 + np.arange(21)], 1)
    extra = np.full((max(body, 21), numbers - 2), 0.9)
    return {part: np.concatenate([xy, extra[: len(xy)]], 1).astype(np.float32) for part, xy in person.items()}


def points(raw):
    """(F, K, C) of the clip."""
    return raw.points(raw.forms[0])[0]


def test_parts_stand_one_behind_the_other_and_missing_ones_are_zero():
    whole, handless = someone(1.0), someone(2.0, hands=())
    raw = clip_of_people([[dict(reversed(whole.items()))], [handless], []], 12.5)
    assert (raw.fps, raw.note, raw.values_FV.dtype, points(raw).shape) == (12.5, None, np.float32, (3, 67, 2))
    np.testing.assert_array_equal(points(raw)[0], np.concatenate([whole["body"], whole["left"], whole["right"]]))
    np.testing.assert_array_equal(points(raw)[1], np.concatenate([handless["body"], np.zeros((42, 2))]))
    assert not points(raw)[2].any()


@pytest.mark.parametrize("hands", [(), ("left",), ("right",)])
def test_hands_that_nobody_shows_are_missing_points(hands):
    raw = clip_of_people([[someone(hands=hands)]], None)
    shown = points(raw)[0].any(-1)
    assert shown.tolist() == [True] * 25 + ["left" in hands] * 21 + ["right" in hands] * 21
    raw = clip_of_people([[{"left": someone()["left"], "body": someone(numbers=3)["body"]}]], None)
    assert points(raw).shape == (1, 67, 2)


@pytest.mark.parametrize(("body", "numbers"), [(543, 3), (133, 3), (134, 2), (576, 2)])
def test_a_body_of_a_hundred_points_and_more_is_all_there_is(body, numbers):
    raw = clip_of_people([[someone(numbers=numbers, body=body, hands=("left",))]], None)
    assert points(raw).shape == (1, body, numbers)
    person = {"points": someone(numbers=numbers, body=body)["body"]}
    raw = clip_of_people([[person]], None)
    np.testing.assert_array_equal(points(raw)[0], person["points"])


def test_a_fourth_number_of_the_body_is_kept_and_hands_without_one_are_not_seen_by_it():
    person = someone(numbers=4, body=33)
    person["left"], person["right"] = person["left"][:, :3], person["right"][:, :3]
    raw = clip_of_people([[person]], None)
    form = next(form for form in raw.forms if form.layout == "mediapipe-75")
    points_FK3, fourth_FK, _ = raw.points(form)
    assert points_FK3.shape == (1, 75, 3)
    np.testing.assert_allclose(fourth_FK[0], [0.9] * 33 + [0.0] * 42)
    np.testing.assert_array_equal(points_FK3[0, 33:54], person["left"])


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([[], []], "nobody is seen in any frame; leave the clip out"),
        ([[{}]], "nobody is seen in any frame; leave the clip out"),
        ([[someone()], [someone(body=18)]], r"body has \(18, 2\) numbers in one frame and \(25, 2\) in another"),
        ([[someone()], [someone(numbers=3)]], r"body has \(25, 3\) numbers in one frame"),
        ([[someone(body=24)]], "so many points are not known: body 24, left 21, right 21; known are frames of 50"),
        ([[someone(body=101)]], "so many points are not known: body 101; known are"),
        ([[someone(body=99)]], "so many points are not known: body 99, left 21, right 21; known are"),
        ([[someone(body=100)]], "so many points are not known: body 100; known are"),
    ],
)
def test_what_makes_no_clip_is_said(frames, says):
    with pytest.raises(DataError, match=says):
        clip_of_people(frames, None)


def moving(start, step, frames=8, **more):
    return [someone(start + step * frame, **more) for frame in range(frames)]


def test_people_are_linked_to_where_they_were_whatever_their_order():
    signer, other = moving(0.0, 2.0), moving(500.0, 0.0, size=50.0)
    for frames in (
        [[a, b] for a, b in zip(signer, other, strict=True)],
        [[b, a] if n % 2 else [a, b] for n, (a, b) in enumerate(zip(signer, other, strict=True))],
        [[b, a] for a, b in zip(signer, other, strict=True)],
    ):
        raw = clip_of_people(frames, None)
        np.testing.assert_array_equal(points(raw)[:, :25], np.stack([person["body"] for person in signer]))
        assert raw.note.startswith("2 people;")


def test_a_person_who_comes_or_goes_does_not_take_anothers_place():
    signer, other = moving(0.0, 2.0), moving(500.0, 0.0, size=50.0)
    frames = [[a] if n < 3 else [b, a] for n, (a, b) in enumerate(zip(signer, other, strict=True))]
    np.testing.assert_array_equal(points(clip_of_people(frames, None))[:, :25], [p["body"] for p in signer])
    frames = [[b] if n == 4 else [b, a] for n, (a, b) in enumerate(zip(signer, other, strict=True))]
    body = points(clip_of_people(frames, None))[:, :25]
    assert not body[4].any()
    np.testing.assert_array_equal(body[5:], np.stack([person["body"] for person in signer[5:]]))
    # Between two who are known, the nearer one goes first, so a newcomer at the side is the new one.
    frames = [[signer[0]], [moving(300.0, 0)[0], signer[1]], [signer[2]]]
    np.testing.assert_array_equal(points(clip_of_people(frames, None))[:, 0, 0], [-100, -98, -96])


def test_the_place_of_a_person_follows_him():
    near, far = moving(0.0, 60.0), moving(400.0, 60.0, size=50.0)
    frames = [[b, a] if n % 2 else [a, b] for n, (a, b) in enumerate(zip(near, far, strict=True))]
    np.testing.assert_array_equal(points(clip_of_people(frames, None))[:, :25], [p["body"] for p in near])


def test_points_that_are_zero_do_not_pull_the_middle():
    signer, other = moving(400.0, 0.0, size=60.0), moving(150.0, 0.0, size=50.0)
    for number, person in enumerate(signer):
        if number % 2:
            person["body"][:20] = 0
    frames = [[a] if n % 2 else [b, a] for n, (a, b) in enumerate(zip(signer, other, strict=True))]
    raw = clip_of_people(frames, None)
    np.testing.assert_array_equal(points(raw)[:, :25], np.stack([person["body"] for person in signer]))
    blank = {"body": np.zeros((25, 2), np.float32)}
    frames = [[signer[0], other[0]], [blank, signer[2]], [signer[2]]]
    assert points(clip_of_people(frames, None))[:, 24, 0].tolist() == [460, 460, 460]


def test_without_a_body_people_are_linked_by_all_points_or_by_a_hand():
    for part, count in (("points", 67), ("left", 21)):

        def person(at, size, part=part, count=count):
            return {part: np.stack([at + np.linspace(-1, 1, count) * size, np.linspace(1, 2, count) * size], 1)}

        frames = [[person(500, 50), person(0, 90)] if n % 2 else [person(0, 90), person(500, 50)] for n in range(6)]
        if part == "left":
            for frame in frames:
                for one in frame:
                    one["right"] = one["left"] + 1
            with pytest.raises(DataError, match="so many points are not known: left 21, right 21"):
                clip_of_people(frames, None)
        else:
            np.testing.assert_array_equal(points(clip_of_people(frames, None))[:, 0, 0], [-90] * 6)


def test_more_than_32_people_are_not_followed():
    crowd = [someone(1000.0 * n, size=10.0 + n) for n in range(40)]
    raw = clip_of_people([crowd[:1], *[crowd] * 3], None)
    assert raw.note == "32 people; the largest and most moving one was taken (number 32)"
    assert points(raw)[3, 24, 0] == 31_000 + 41

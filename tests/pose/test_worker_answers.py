"""What the worker makes of MediaPipe's answers, of both kinds of MediaPipe, on answers made of a few values."""

from types import SimpleNamespace as Record

import numpy as np
import pytest

from signllm.pose.tracking import worker

PICTURE = np.zeros((200, 400, 3), np.uint8)


def point(x, y, z=0.0, visibility=1.0):
    return Record(x=x, y=y, z=z, visibility=visibility)


def hand_points(x=0.5, y=0.5):
    return [point(x + 0.01 * k, y, 0.1 * k) for k in range(21)]


def side(label, score):
    return Record(label=label, category_name=label, score=score)


def solutions(**answers):
    """A `Solutions` without MediaPipe."""
    tracker = worker.Solutions.__new__(worker.Solutions)
    vars(tracker).update(answers)
    return tracker


@pytest.mark.parametrize(("label", "score", "right"), [("Left", 0.9, 0.9), ("Right", 0.9, 0.1)])
def test_the_older_mediapipe_calls_the_signers_right_hand_left(label, score, right):
    asked = []
    answer = Record(landmarks=Record(landmark=hand_points()), handedness=Record(classification=[side(label, score)]))
    tracker = solutions(_rect=lambda **place: place, _hand=Record(process=lambda given: asked.append(given) or answer))
    points, surely = tracker.hand(PICTURE, (np.array([100.0, 50.0]), 80.0, 0.5))
    np.testing.assert_allclose(points[3], (0.53, 0.5, 0.3))
    assert (points.shape, surely) == ((21, 3), pytest.approx(right))
    (given,) = asked
    assert given["image"] is PICTURE
    assert given["roi"] == {"x_center": 0.25, "y_center": 0.25, "width": 0.2, "height": 0.4, "rotation": 0.5}
    answer.landmarks = None
    assert tracker.hand(PICTURE, (np.array([100.0, 50.0]), 80.0, 0.5)) is None


def test_the_older_mediapipe_gives_body_and_hands_or_none():
    body = Record(landmark=[point(0.1, 0.2, 0.3, 0.4)] * 33)
    found = Record(pose_landmarks=body, left_hand_landmarks=None, right_hand_landmarks=Record(landmark=hand_points()))
    tracker = solutions(_holistic=Record(process=lambda picture: found))
    body_K4, (left, right) = tracker.body_and_hands(PICTURE)
    assert (body_K4.shape, body_K4[5].tolist(), left, right.shape) == ((33, 4), [0.1, 0.2, 0.3, 0.4], None, (21, 3))
    found.pose_landmarks = None
    assert tracker.body_and_hands(PICTURE)[0] is None


def test_the_older_mediapipe_forgets_the_last_video():
    made, closed = [], []

    def holistic(model_complexity):
        made.append(model_complexity)
        return Record(close=lambda: closed.append(len(made)))

    tracker = solutions(_holistic=None, _solutions=Record(holistic=Record(Holistic=holistic)))
    tracker.begin()
    assert (made, closed) == ([1], [])
    tracker.begin()
    assert (made, closed) == ([1, 1], [1])


class Faces:
    def __init__(self, model_selection):
        self.model = model_selection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def process(self, picture):
        box = Record(xmin=0.1, ymin=0.2, width=0.3, height=0.4)
        one = Record(location_data=Record(relative_bounding_box=box))
        return Record(detections=[one] * int(picture.max()) or None)


def test_the_older_mediapipe_gives_boxes_of_faces():
    tracker = solutions(_solutions=Record(face_detection=Record(FaceDetection=Faces)))
    none, two = tracker.people([PICTURE, PICTURE + 2])
    assert (none.shape, two.tolist()) == ((0, 4), [[0.1, 0.2, 0.3, 0.4]] * 2)


def tasks(**answers):
    """A `Tasks` without MediaPipe."""
    tracker = worker.Tasks.__new__(worker.Tasks)
    tracker._picture = Record(Image=lambda image_format, data: data, ImageFormat=Record(SRGB=1))
    vars(tracker).update(answers)
    return tracker


@pytest.mark.parametrize(("label", "right"), [("Right", 0.9), ("Left", 0.1)])
def test_the_newer_mediapipe_finds_a_hand_in_a_turned_and_enlarged_crop(label, right):
    shown = []
    answer = Record(hand_landmarks=[hand_points()], handedness=[[side(label, 0.9)]])
    tracker = tasks(_hand=Record(detect=lambda picture: shown.append(picture) or answer))
    picture = PICTURE.copy()
    picture[40:60, 100:140] = 255  # to the right of the crop's middle
    points, surely = tracker.hand(picture, (np.array([100.0, 50.0]), 80.0, 0.0))
    assert surely == pytest.approx(right)
    (crop,) = shown
    assert crop.shape == (256, 256, 3)
    assert (crop[128, 140, 0], crop[128, 116, 0], crop[60, 140, 0]) == (255, 0, 0)
    np.testing.assert_allclose(points[0], (100 / 400, 50 / 200, 0), atol=1e-9)  # the middle of the crop
    np.testing.assert_allclose(points[10], ((100 + 8) / 400, 50 / 200, 80 / 400), atol=1e-9)
    points, _ = tracker.hand(picture, (np.array([100.0, 50.0]), 80.0, np.pi / 2))
    np.testing.assert_allclose(points[10], (100 / 400, 58 / 200, 80 / 400), atol=1e-9)  # right in it is down
    answer.hand_landmarks = []
    assert tracker.hand(picture, (np.array([100.0, 50.0]), 80.0, 0.0)) is None


def test_the_newer_mediapipe_says_whose_hand_it_is():
    moments = []
    bodies = Record(pose_landmarks=[[point(0.1, 0.2)] * 33])
    found = Record(hand_landmarks=[hand_points(0.1), hand_points(0.7)],
                   handedness=[[side("Right", 0.9)], [side("Left", 0.9)]])  # fmt: skip
    answers = [Record(detect_for_video=lambda image, moment: moments.append(moment) or bodies),
               Record(detect_for_video=lambda image, moment: moments.append(moment) or found)]  # fmt: skip
    tracker = tasks(_open=answers, _moment=0)
    for number in (1, 2):
        body, (left, right) = tracker.body_and_hands(PICTURE)
        assert (body.shape, left[0, 0], right[0, 0]) == ((33, 4), 0.7, 0.1)
        assert moments[-2:] == [40 * number] * 2
    bodies.pose_landmarks, found.hand_landmarks, found.handedness = [], [], []
    assert tracker.body_and_hands(PICTURE) == (None, [None, None])


class Playing:
    """A tracker that sees a body where the picture is not black, and a hand in every crop."""

    def __init__(self):
        self.begun = 0

    def begin(self):
        self.begun += 1

    def body_and_hands(self, picture):
        if not picture.any():
            return None, [None, np.full((21, 3), 7.0)]
        body = np.full((33, 4), 0.5)
        body[[11, 12, 15, 16], :2] = [[0.6, 0.4], [0.4, 0.4], [0.6, 0.5], [0.4, 0.5]]
        return body, [None, None]

    def hand(self, picture, region):
        return np.tile([*(region[0] / (400, 200)), 0.25], (21, 1)), 0.9


def test_the_arrays_of_a_video_are_missing_where_nothing_is_seen():
    tracker = Playing()
    arrays = worker.track(tracker, iter([PICTURE + 9, PICTURE]))
    assert tracker.begun == 1
    shapes = {"body": (2, 33, 4), "plain": (2, 2, 21, 3), "second": (2, 2, 21, 3), "right": (2, 2)}
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(arrays["body"][0, 11], [0.6, 0.4, 0.5, 0.5])
    assert np.isnan(arrays["body"][1]).all()
    assert np.isnan(arrays["plain"][:, 0]).all()
    assert (arrays["plain"][1, 1] == 7).all()
    assert not np.isnan(arrays["second"][0]).any()
    assert np.isnan(arrays["second"][1]).all()
    np.testing.assert_allclose(arrays["right"][0], [0.9, 0.9])
    assert np.isnan(arrays["right"][1]).all()


def test_a_shoulder_width_is_the_median_of_the_last_hundred_frames():
    search, body = worker.Search(Playing()), np.full((33, 4), 0.5)
    for number in range(150):
        body[11, 0] = 0.5 + (0.1 if number < 40 else 0.2)
        search.frame(PICTURE, body, [None, None])
    assert len(search._widths) == 101
    assert np.median(search._widths) == pytest.approx(80)

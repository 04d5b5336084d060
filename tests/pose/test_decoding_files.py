"""What a video announces against what is in it, on containers made of a few values."""

from contextlib import contextmanager
from fractions import Fraction
from types import SimpleNamespace as Record

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.tracking import decoding


def container(monkeypatch, frames=0, announced=0, seconds=0.0, damaged=0, rate=25, step=0.04, **said):
    """A file in use whose frames are numbered by their brightness."""

    def picture(number):
        def to_ndarray(**size):
            return np.full((size["height"], size["width"], 3), number % 256, np.uint8)

        return Record(
            width=8, height=6, rotation=0, time=number * step, is_corrupt=number < damaged, to_ndarray=to_ndarray
        )

    stream = Record(frames=announced, average_rate=rate, guessed_rate=None, sample_aspect_ratio=None, duration=None,
                    time_base=None)  # fmt: skip
    vars(stream).update(said)
    file = Record(streams=Record(video=[stream]), duration=int(seconds * 1e6) or None,
                  decode=lambda *_, **__: map(picture, range(frames)))  # fmt: skip

    @contextmanager
    def opened(path):
        yield file

    monkeypatch.setattr(decoding, "_opened", opened)


def samples(video):
    return [int(picture[0, 0, 0]) for picture in video.samples]


def test_pictures_are_sampled_over_a_file_that_says_its_length(monkeypatch):
    container(monkeypatch, frames=80, announced=80)
    video = decoding.open_video("a.mp4")
    assert (len(video.times_F), video.fps, video.steady, video.size) == (80, 25.0, True, (8, 6))
    assert len(samples(video)) == 8
    assert samples(video)[0] < 10 < 70 <= samples(video)[-1] + 10
    assert [int(picture[0, 0, 0]) for picture in video.pictures()] == list(range(80))


@pytest.mark.parametrize(("frames", "later"), [(20, []), (60, [25, 50]), (255, [25, 50, 75, 100, 125, 150, 175, 200])])
def test_of_a_file_that_does_not_say_it_the_beginning_and_every_25th_are(monkeypatch, frames, later):
    container(monkeypatch, frames=frames)
    assert samples(decoding.open_video("a.mkv")) == [*range(8), *later]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"frames": 0}, "no picture can be decoded; record or copy it again"),
        ({"frames": 94, "announced": 100}, "the file is cut off: 94 of 100 frames are there; copy it again"),
        ({"frames": 95, "announced": 100}, None),
        ({"frames": 101, "seconds": 4.8}, "the file is cut off: 4.0 of 4.8 s are there; copy it again"),
        ({"frames": 101, "seconds": 4.7}, None),  # sound may outlast the pictures
        ({"frames": 101, "seconds": 9.0, "announced": 101}, None),
        ({"frames": 100, "damaged": 6}, "6 of 100 frames are damaged; copy it again"),
        ({"frames": 100, "damaged": 4}, None),
    ],
)
def test_a_file_that_holds_less_than_it_announces_is_refused(monkeypatch, said, fault):
    container(monkeypatch, **said)
    if fault is None:
        assert len(decoding.open_video("a.mp4").times_F) == said["frames"]
        return
    with pytest.raises(DataError) as caught:
        decoding.open_video("a.mp4")
    assert caught.value.faults == [fault]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"announced": 100}, (100, 25.0)),
        ({"announced": 100, "rate": None, "guessed_rate": 30}, (100, 30.0)),
        ({"announced": 100, "rate": None}, None),
        ({"seconds": 4.0}, (100, 25.0)),
        ({"seconds": 4.0, "duration": 90, "time_base": Fraction(1, 30)}, (75, 25.0)),
        ({"seconds": 4.0, "duration": 90}, (100, 25.0)),
        ({"seconds": 4.0, "time_base": Fraction(1, 30)}, (100, 25.0)),
        ({}, None),
        ({"announced": 1}, (1, 25.0)),
        ({"announced": 10, "rate": Fraction(1, 2)}, (10, 0.5)),
    ],
)
def test_the_header_says_frames_and_rate_or_nothing(monkeypatch, said, found):
    container(monkeypatch, **said)
    assert decoding.measure("a.mp4") == found


def test_two_moments_of_a_file_without_a_rate(monkeypatch):
    container(monkeypatch, frames=2, rate=None)
    assert decoding.open_video("a.mp4").fps == 25.0
    container(monkeypatch, frames=2, rate=None, guessed_rate=12)
    assert decoding.open_video("a.mp4").fps == 12.0

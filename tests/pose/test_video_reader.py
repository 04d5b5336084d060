"""Videos as clips: the rows that a tracker's points become, and what is said of the people in the picture."""

from types import SimpleNamespace as Record

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.pose.formats import video
from signllm.pose.formats.raw_points import MIXED, Form


def tracked(frames=4, seen=None, **more):
    """What the tracker gives for a video in which the body is seen in some frames, and hands on its wrists."""
    body = np.random.default_rng(0).uniform(0.3, 0.7, (frames, 33, 4)).astype(np.float32)
    body[:, [11, 12], :2], body[:, [15, 16], :2] = [[0.6, 0.3], [0.4, 0.3]], [[0.6, 0.6], [0.4, 0.6]]
    body[:, [13, 14], :2] = [[0.6, 0.75], [0.4, 0.75]]
    hand = np.column_stack([np.zeros(21), -np.linspace(0, 0.1, 21), np.arange(21)])
    plain = np.stack([hand + (0.6, 0.6, 0), hand + (0.4, 0.6, 0)])[None].repeat(frames, 0).astype(np.float32)
    hidden = slice(frames if seen is None else seen, None)
    body[hidden], plain[hidden] = np.nan, np.nan
    arrays = {"body": body, "plain": plain, "second": np.full_like(plain, np.nan),
              "right": np.full((frames, 2), np.nan, np.float32)}  # fmt: skip
    said = {"size": (640, 480), "fps": 25.0, "steady": True, "times_F": np.arange(frames) / 25, "people": 1,
            "chosen_4": (0.0, 0.0, 1.0, 1.0), "tracker": "fake 1", **more}  # fmt: skip
    return Record(arrays=arrays, **said)


def load(monkeypatch, found):
    monkeypatch.setattr(video, "load_tracked", lambda path: found)
    return video.load("a.mp4")


def test_rows_are_mediapipes(monkeypatch):
    found = tracked()
    raw, faults = load(monkeypatch, found)
    assert (faults, raw.fps, raw.aspect, raw.note, raw.forms) == (
        [],
        25.0,
        640 / 480,
        None,
        (Form("mediapipe-75", MIXED),),
    )
    assert raw.values_FV.shape == (4, 258)
    np.testing.assert_array_equal(raw.values_FV[:, :132].reshape(4, 33, 4), found.arrays["body"])
    np.testing.assert_array_equal(raw.values_FV[:, 132:].reshape(4, 2, 21, 3), found.arrays["plain"])


@pytest.mark.parametrize(
    ("frames", "seen", "note"),
    [(4, 2, None), (4, 1, "a person is seen in 1 of 4 frames only"), (5, 2, "a person is seen in 2 of 5 frames only")],
)
def test_a_person_who_is_seldom_seen_is_noted(monkeypatch, frames, seen, note):
    raw, faults = load(monkeypatch, tracked(frames, seen))
    assert (faults, raw.note) == ([], note)


def test_which_of_several_people_was_tracked_is_noted(monkeypatch):
    says = "3 people are in the picture; the one at 30% of its width was tracked, who is the largest or moves most"
    found = tracked(people=3, chosen_4=(0.2, 0.9, 0.4, 1.0))
    assert load(monkeypatch, found)[0].note == says
    found = tracked(4, 1, people=3, chosen_4=(0.2, 0.9, 0.4, 1.0))
    assert load(monkeypatch, found)[0].note == f"{says}; a person is seen in 1 of 4 frames only"


def test_a_video_without_anybody_or_that_cannot_be_tracked_is_said(monkeypatch):
    assert load(monkeypatch, tracked(3, 0)) == (None, ["nobody is seen in any of its 3 frames; leave it out"])

    def refuse(path):
        raise DataError(["one", "two"])

    monkeypatch.setattr(video, "load_tracked", refuse)
    assert video.load("a.mp4") == (None, ["one", "two"])


def test_uneven_frames_come_at_the_moments_of_a_steady_rate(monkeypatch):
    times = np.array([0, 0.1, 0.3, 0.4])
    found = tracked(steady=False, times_F=times, fps=10.0)
    found.arrays["body"][:, 0, 0] = [1, 2, 4, 5]
    found.arrays["body"][3, 5, 1] = np.nan
    raw, _ = load(monkeypatch, found)
    assert (len(raw), raw.values_FV.dtype) == (5, np.float32)
    np.testing.assert_allclose(raw.values_FV[:, 0], [1, 2, 3, 4, 5], rtol=1e-5)
    assert np.isnan(raw.values_FV[:, 21]).tolist() == [False] * 4 + [True]
    later = tracked(steady=False, times_F=times, fps=11.0)
    assert len(load(monkeypatch, later)[0]) == 5  # 0.4 s are 4.4 frames


def test_what_was_found_in_a_video_is_counted(monkeypatch):
    found = tracked(10, 9, steady=False)
    found.arrays["plain"][4, 0] = np.nan  # a gap of one frame
    found.arrays["plain"][5, 1] += 0.2  # no hand lies there
    monkeypatch.setattr(video, "load_tracked", lambda path: found)
    counts = video.count("a.mp4")
    assert (counts.frames, counts.bodies, counts.tracker, counts.resampled) == (10, 9, "fake 1", True)
    assert (counts.plain, counts.sound, counts.found, counts.filled) == (17, 16, 16, 2)


@pytest.mark.parametrize("name", ["a.mp4", "a.MOV", "a.webm", "a.mkv", "a.avi", "a.m4v", "a.npz"])
def test_videos_are_told_by_their_suffix(tmp_path, name):
    (tmp_path / name).touch()
    assert video.is_video(tmp_path / name) == (name != "a.npz")
    (tmp_path / "b.mp4").mkdir()
    assert not video.is_video(tmp_path / "b.mp4")
    assert video.READER.records_fps
    assert video.READER.measure is not None

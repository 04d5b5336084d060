"""Videos as poses: decoding, the tracker's process, the choice of hands, people, and what is kept."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from signllm.errors import ConfigError, DataError
from signllm.pose.formats import video
from signllm.pose.formats.searching import find
from signllm.pose.tracking import tracked
from signllm.pose.tracking.decoding import measure, open_video
from signllm.pose.tracking.hands import choose_hands, fill_hands
from signllm.pose.tracking.people import find_people, part_of
from signllm.pose.tracking.process import Tracker
from signllm.pose.tracking.tracked import Tracking, use
from tests.helpers.videos import FakeTracker, moving, picture, turn_clockwise, write_sound, write_video

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"
UNEVEN = [0, 0.04, 0.08, 0.2, 0.24, 0.28, 0.32, 0.44, 0.48, 0.52]


@pytest.fixture
def fake(tmp_path):
    """A tracker without MediaPipe, in use for the test."""
    before = tracked.used()
    tracker = FakeTracker(tmp_path / "other env")
    use(Tracking(tracker.python, cache=tmp_path / "kept"))
    yield tracker
    use(before)


def neck(raw):
    """(F, 2) in pixels of the picture: the middle of the shoulders."""
    rows = raw.values_FV[:, : 33 * 4].reshape(-1, 33, 4)
    return rows[:, [11, 12], :2].mean(1)


def test_a_video_becomes_points_with_depth_once(tmp_path, fake):
    path = write_video(tmp_path / "a.mp4", moving())
    raw, faults = video.load(path)
    assert not faults
    assert raw.fps == 25
    assert raw.aspect == pytest.approx(160 / 120)
    np.testing.assert_allclose(neck(raw) * (160, 120), [(60 + 2 * f, 50) for f in range(10)], atol=1)
    pose = find([raw]).pose(raw, 25)
    assert pose.coordinates.shape == (10, 50, 3)
    assert (pose.coordinates[:, [4, 7], 2] > 0).all()  # wrists in front of the shoulders
    assert (pose.coordinates[:, 2, 0] < pose.coordinates[:, 5, 0]).all()  # the right shoulder left in the picture
    assert pose.valid[:, 8:].all()  # the left hand of the plain run, the right one of the second look
    again, _ = video.load(path.rename(tmp_path / "renamed.mp4"))
    np.testing.assert_array_equal(again.values_FV, raw.values_FV)
    assert len(fake.tracked) == 1


@pytest.mark.parametrize(
    ("name", "again"), [("fake 1", [2]), ("fake 2", [4, 4, 2])]
)  # of another tracker none is taken
def test_a_long_video_goes_on_with_the_piece_that_was_under_way(tmp_path, fake, monkeypatch, name, again):
    monkeypatch.setattr(tracked, "PIECE", 4)
    path = write_video(tmp_path / "long.mp4", moving(10))
    weak = FakeTracker(tmp_path / "weak", dies_at=3)
    use(Tracking(weak.python, cache=tmp_path / "kept"))
    assert "the tracker ended" in video.load(path)[1][0]
    assert weak.tracked == [f"{frames} (120, 160, 3)" for frames in (4, 4, 2)]
    fake.python.write_text(fake.python.read_text().replace("fake 1", name))
    use(Tracking(fake.python, cache=tmp_path / "kept"))
    raw, _ = video.load(path)
    assert fake.tracked == [f"{frames} (120, 160, 3)" for frames in again]
    np.testing.assert_allclose(neck(raw) * (160, 120), [(60 + 2 * f, 50) for f in range(10)], atol=1)
    assert len(list((tmp_path / "kept").iterdir())) == 1  # the pieces are gone


@pytest.mark.parametrize("name", ["a.mov", "a.avi", "a.mkv", "a.webm"])
def test_containers(tmp_path, name):
    path = write_video(tmp_path / name, moving(), codec="libvpx" if name.endswith("webm") else "mpeg4")
    opened = open_video(path)
    assert (len(opened.times_F), opened.fps, opened.steady, opened.size) == (10, 25.0, True, (160, 120))
    assert measure(path) == (10, 25.0)


def test_a_video_that_was_cut_out_of_a_longer_one_is_whole(tmp_path):
    path = write_video(tmp_path / "a.mkv", moving(), times=[10 + frame / 25 for frame in range(10)])
    opened = open_video(path)
    np.testing.assert_allclose(opened.times_F, np.arange(10) / 25, atol=1e-3)


def test_a_turned_video_is_upright(tmp_path, fake):
    path = write_video(tmp_path / "phone.mp4", [picture((60, 50))] * 3)
    turn_clockwise(path)
    raw, _ = video.load(path)
    assert raw.aspect == pytest.approx(120 / 160)
    np.testing.assert_allclose(neck(raw)[0] * (120, 160), (120 - 50, 60), atol=1)
    assert fake.tracked == ["3 (160, 120, 3)"]


def test_uneven_frames_are_brought_to_the_nominal_rate(tmp_path, fake):
    path = write_video(tmp_path / "vfr.mp4", [picture((60 + 50 * t, 50)) for t in UNEVEN], times=UNEVEN)
    raw, _ = video.load(path)
    assert (raw.fps, len(raw)) == (25, 14)
    np.testing.assert_allclose(neck(raw)[:, 0] * 160, 60 + 50 * np.arange(14) / 25, atol=1)
    assert video.count(path).resampled


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "no.mp4", "no such file"),
        (lambda folder: write_sound(folder / "sound.mp4"), "holds audio and no picture; leave it out"),
        (lambda folder: cut(write_video(folder / "a.mp4", moving())), "not a whole video .*copy it again"),
        (lambda folder: cut(write_video(folder / "a.avi", moving(60))), r"cut off: \d+ of 60 frames"),
        (lambda folder: cut(write_video(folder / "a.mkv", moving(60))), r"cut off: \d\.\d of 2\.4 s"),
        (lambda folder: write_video(folder / "a.mp4", [picture(None)] * 3), "nobody is seen in any of its 3 frames"),
    ],
)
def test_what_is_no_video_of_a_signer_is_said(tmp_path, fake, make, said):
    for _ in range(2):  # also where the answer is kept
        raw, (fault,) = video.load(make(tmp_path))
        assert raw is None
        assert re.search(said, fault)
        assert str(tmp_path) not in fault


def test_a_tracker_that_is_missing_or_dies_is_said(tmp_path):
    path = write_video(tmp_path / "a.mp4", moving())
    with pytest.raises(ConfigError, match=r"No module named 'mediapipe'; .*requirements-video\.txt .*--pose_python"):
        Tracker(FakeTracker(tmp_path / "bare", missing=True).python)
    with pytest.raises(ConfigError, match=r"--pose_python .*no such program"):
        Tracker(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"ended \(code 0"):
        Tracker(Path("/bin/true"))
    with (
        Tracker(FakeTracker(tmp_path / "weak", dies_at=1).python) as tracker,
        pytest.raises(DataError, match=r"ended \(code 3: out of memory\)"),
    ):
        tracker.track(open_video(path).pictures(), lambda frames: None)


def test_the_tracker_ends_with_its_block(tmp_path):
    with Tracker(FakeTracker(tmp_path).python) as tracker:
        assert tracker._process.poll() is None
    assert tracker._process.poll() is not None


def test_the_tracker_ends_with_its_parent(tmp_path):
    fake = FakeTracker(tmp_path)
    program = (
        "import sys, time; from pathlib import Path; from signllm.pose.tracking.process import Tracker;"
        f" t = Tracker(Path({str(fake.python)!r})); print(t._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        try:
            if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            os.kill(child, 0)
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.05)
    pytest.fail("the tracker outlives its parent")


def body(frames=1, wrists=((0.6, 0.6), (0.4, 0.6))):
    """(F, 33, 4) in a square picture: shoulders 0.2 apart, forearms that point upwards to the wrists."""
    points = np.full((frames, 33, 4), 0.5)
    points[:, [11, 12], 0] = 0.6, 0.4
    points[:, [15, 16], :2] = wrists
    points[:, [13, 14], :2] = np.array(wrists) + (0, 0.15)
    return points


def hand(root, towards=(0, -1)):
    """(21, 3): a hand of half a shoulder width that points somewhere."""
    along = np.linspace(0, 0.1, 21)[:, None] * np.array(towards)
    across = np.sin(np.arange(21))[:, None] * np.array(towards)[::-1] * 0.02
    across[0] = 0
    return np.column_stack([np.array(root) + along + across, np.zeros(21)])


NONE = np.full((21, 3), np.nan)


def chosen(plain, second=(NONE, NONE), right=(np.nan, np.nan), **options):
    """(which hands there are, as the root of each)."""
    arrays = (np.array([plain]), np.array([second]), np.array([right]))
    found = choose_hands(body(**options), *arrays, (500, 500), 25)
    return found, [None if np.isnan(h[0, 0]) else tuple(np.round(h[0, :2], 2).tolist()) for h in found.points_F2K3[0]]


def test_hands_are_those_of_their_arms():
    left, right = hand((0.6, 0.6)), hand((0.4, 0.6))
    assert chosen((left, right))[1] == [(0.6, 0.6), (0.4, 0.6)]
    found, roots = chosen((right, NONE))  # under the other's name
    assert roots == [None, (0.4, 0.6)]
    assert (found.plain, found.sound, found.found) == (1, 1, 1)
    found, roots = chosen((right, right), second=(left, NONE), right=(0.1, np.nan))  # twice on one hand
    assert roots == [(0.6, 0.6), (0.4, 0.6)]
    assert (found.plain, found.sound, found.found) == (2, 1, 2)
    assert chosen((hand((0.8, 0.2)), NONE))[1] == [None, None]  # on no arm
    assert chosen((hand((0.6, 0.98), (0, 1)), NONE), wrists=((0.6, 0.98), (0.4, 0.6)))[1] == [None, None]  # outside
    assert chosen((left * 3 - np.array([1.2, 1.2, 0]), NONE))[1] == [None, None]  # larger than hands are


def test_where_wrists_meet_hands_follow_their_forearms():
    meeting = ((0.5, 0.6), (0.48, 0.6))
    points = body(wrists=meeting)
    points[0, [13, 14], :2] = (0.65, 0.6), (0.33, 0.6)  # forearms from both sides
    to_the_left, to_the_right = hand((0.48, 0.6), (-1, 0)), hand((0.5, 0.6), (1, 0))
    nothing = np.full((1, 2, 21, 3), np.nan)
    found = choose_hands(points, np.array([[to_the_right, to_the_left]]), nothing, nothing[..., 0, 0], (500, 500), 25)
    assert found.points_F2K3[0, 0, 20, 0] < 0.45  # the left arm's hand points on to the left of the picture
    assert found.points_F2K3[0, 1, 20, 0] > 0.55
    twice = [hand(root, (-1, 0)) for root in ((0.52, 0.6), (0.46, 0.62))]  # both the left hand; no right one is there
    found = choose_hands(points, np.array([twice]), nothing, nothing[..., 0, 0], (500, 500), 25)
    assert not np.isnan(found.points_F2K3[0, 0]).any()
    assert np.isnan(found.points_F2K3[0, 1]).all()


def test_short_gaps_are_filled_on_the_wrist_and_long_ones_are_not():
    frames = 20
    wrists = np.zeros((frames, 2, 2))
    wrists[:, :, 0] = (np.arange(frames) ** 2 / 400)[:, None]  # faster and faster
    hands = np.array([[hand((w[0, 0] + 0.01, 0.5)), hand((w[1, 0], 0.5))] for w in wrists])
    whole = hands.copy()
    hands[3:8, 0] = hands[10:16, 0] = hands[18:, 0] = np.nan  # 5, 6 and the last 2 frames
    hands[3, 1] = np.nan
    hands[4, 1] = hand((wrists[4, 1, 0], 0.5), (0, 1))  # turns round
    filled = fill_hands(hands, wrists, 5)
    np.testing.assert_allclose(filled[3:8, 0], whole[3:8, 0], atol=1e-6)
    assert np.isnan(filled[10:16, 0]).all()
    assert np.isnan(filled[18:, 0]).all()
    assert np.isnan(filled[3, 1]).all()


def test_the_one_who_is_large_and_moves_is_tracked():
    rng = np.random.default_rng(0)
    pictures = [np.zeros((100, 200, 3), np.uint8) for _ in range(6)]
    for image in pictures:
        image[:, 110:] = rng.integers(0, 255, (100, 90, 3))  # the one on the right moves
    faces = [np.array([[0.2, 0.1, 0.08, 0.15], [0.7, 0.1, 0.08, 0.15]])] * 6
    faces[0] = np.concatenate([faces[0], [[0.45, 0.8, 0.05, 0.05]]])  # seen once: nobody
    people = find_people(pictures, faces)
    assert len(people) == 2
    left, top, right, bottom = part_of(people)
    assert left == pytest.approx((0.24 + 0.74) / 2)
    assert (top, right, bottom) == (0, 1, 1)
    small, near = (find_people(pictures, [np.array([[0.45, 0.2, w, w]])] * 6) for w in (0.04, 0.1))
    np.testing.assert_allclose(part_of(small), (0.47 - 0.18, 0.2 - 0.12, 0.47 + 0.18, 0.24 + 0.32))
    assert part_of(near) == part_of([]) == (0, 0, 1, 1)


@pytest.mark.skipif(
    importlib.util.find_spec("mediapipe") is None, reason="MediaPipe (requirements-video.txt) is absent"
)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the recordings are absent")
def test_mediapipe_finds_the_hands_of_a_recording(tmp_path):
    use(Tracking(cache=tmp_path))
    found = video.count(SHARED / "how2sign_clip.mp4")
    assert (found.frames, found.bodies) == (47, 47)
    assert found.found >= 20 > found.plain  # of the 21 hands that are in the picture

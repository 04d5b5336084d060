"""The worker itself, with a MediaPipe of a few lines that sees white squares: crops, sides, messages."""

import subprocess
import sys

import numpy as np
import pytest

from signllm.errors import ConfigError
from signllm.pose.tracking.process import WORKER, Tracker
from signllm.pose.tracking.tracked import Tracking
from signllm.pose.tracking.worker import Search, region_of, upwards
from tests.helpers.videos import picture

STUB = {
    "mediapipe/__init__.py": """
__version__ = "9"
class ImageFormat:
    SRGB = 1
class Image:
    def __init__(self, image_format, data):
        self.data = data
""",
    "mediapipe/tasks/__init__.py": "",
    "mediapipe/tasks/python/__init__.py": """
class BaseOptions:
    def __init__(self, model_asset_path):
        self.torn = open(model_asset_path, "rb").read() == b"torn"
""",
    "mediapipe/tasks/python/vision.py": """
from types import SimpleNamespace as Record
import numpy as np
print("libraries print what they like")
class RunningMode:
    IMAGE, VIDEO = "image", "video"
def HandLandmarkerOptions(base, mode, most, **more):
    return mode, base.torn
def PoseLandmarkerOptions(base, mode, most):
    return HandLandmarkerOptions(base, mode, most)
def point(x, y, z=0.0):
    return Record(x=float(x), y=float(y), z=z, visibility=1.0)
def seen(picture, colour):
    rows, columns = np.nonzero((picture[..., colour] > 128) & (picture[..., 1 - colour] < 128))
    return (columns.mean() / picture.shape[1], rows.mean() / picture.shape[0]) if len(rows) else None
class _Landmarker:
    @classmethod
    def create_from_options(cls, options):
        if options[1]:
            raise RuntimeError("Unable to open zip archive.\\nand more")
        return cls()
    def close(self): pass
    def detect_for_video(self, image, moment):
        return self.find(image.data)
    def detect(self, image):
        return self.find(image.data)
class PoseLandmarker(_Landmarker):
    def find(self, picture):
        at = seen(picture, 0)  # red: the neck
        if at is None:
            return Record(pose_landmarks=[])
        places = {11: (0.1, 0), 12: (-0.1, 0), 13: (0.1, 0.3), 14: (-0.1, 0.3), 15: (0.1, 0.15), 16: (-0.1, 0.15)}
        where = [places.get(number, (0.0, -0.1)) for number in range(33)]
        return Record(pose_landmarks=[[point(at[0] + x, at[1] + y) for x, y in where]])
class HandLandmarker(_Landmarker):
    def find(self, picture):
        at = seen(picture, 1)  # green: a hand, seen only where it is large
        large = ((picture[..., 1] > 128) & (picture[..., 0] < 128)).mean() > 0.01
        if at is None or not large:
            return Record(hand_landmarks=[], handedness=[])
        hand = [point(at[0], at[1] - 0.01 * number, 0.5) for number in range(21)]
        return Record(hand_landmarks=[hand], handedness=[[Record(category_name="Right", score=0.9)]])
""",
}


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder of models, and the stub where the worker's Python finds it."""
    for name, text in STUB.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("pose_landmarker_full", "hand_landmarker"):
        (folder / f"{name}.task").write_bytes(b"")
    return folder


def test_a_hand_that_is_too_small_in_the_picture_is_found_in_its_wrists_crop(models):
    image = np.zeros((200, 400, 3), np.uint8)
    image[78:82, 198:202, 0] = 255  # the neck; shoulders are 80 pixels apart, the right wrist is at (160, 110)
    image[91:99, 157:165, 1] = 255  # a hand of 64 pixels, too small in the whole picture
    with Tracker(models=models) as tracker:
        assert tracker.name.endswith("with .task files")
        near = image.copy()
        near[90:130, 140:180, 1] = 255  # large enough
        arrays = tracker.track(iter([image, np.zeros_like(image), near]), lambda frames: None)
        assert [boxes.shape for boxes in tracker.faces([image, np.zeros_like(image)])] == [(1, 4), (0, 4)]
    np.testing.assert_allclose(arrays["body"][0, [11, 12], 0], [0.6, 0.4], atol=0.01)
    assert np.isnan(arrays["body"][1]).all()
    assert np.isnan(arrays["plain"][:2]).all()
    assert np.isnan(arrays["plain"][2, :, 0, 0]).tolist() == [True, False]  # the signer's right hand
    root = arrays["second"][0, 1, 0] * (400, 200, 1)
    np.testing.assert_allclose(root[:2], (160.5, 94.5), atol=1.5)
    assert 0 < arrays["second"][0, 1, 0, 2] < 0.3  # a share of the crop's width, now of the picture's
    assert arrays["right"][0, 1] == pytest.approx(0.9)


def test_models_that_are_not_there_are_named(models):
    (models / "hand_landmarker.task").unlink()
    with pytest.raises(
        ConfigError, match=r"one hand_landmarker\*\.task; there: pose_landmarker_full\.task; put it there"
    ):
        Tracker(models=models)
    with pytest.raises(ConfigError, match=r"MediaPipe 9 holds no models; name .* --pose_models"):
        Tracker()
    with pytest.raises(ConfigError, match=r"--pose_models .*no such folder"):
        Tracking(models=models / "nowhere")


@pytest.mark.parametrize("name", ["pose_landmarker_full", "hand_landmarker"])
def test_a_model_that_is_torn_is_named(models, name):
    (models / f"{name}.task").write_bytes(b"torn")
    torn = rf"models/{name}\.task: MediaPipe cannot open it \(Unable to open zip archive\.\); download it again"
    with pytest.raises(ConfigError, match=torn) as caught:
        Tracker(models=models)
    assert "pip install" not in str(caught.value)


def test_the_worker_imports_nothing_of_ours(tmp_path):
    code = (
        f"import runpy, sys; runpy.run_path({str(WORKER)!r}); "
        "print(sorted(m for m in sys.modules if m.startswith(('signllm', 'torch', 'orjson'))))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert told.stdout.strip() == "[]"


def test_a_crop_is_turned_so_that_the_hand_points_up():
    assert upwards(np.array([0, -1])) == pytest.approx(0)
    assert upwards(np.array([1, 0])) == pytest.approx(np.pi / 2)
    hand = np.array([(0, -10 * n) for n in range(21)], float)
    middle, side, rotation = region_of(hand + (100, 50))
    assert rotation == pytest.approx(0)
    quarter = np.stack([-hand[:, 1], hand[:, 0]], axis=1)  # pointing to the right
    turned, same, other = region_of(quarter + (100, 50))
    assert other == pytest.approx(np.pi / 2)
    assert same == pytest.approx(side)
    np.testing.assert_allclose(turned - (100, 50), (-(middle - (100, 50))[1], (middle - (100, 50))[0]), atol=1e-9)


class Seeing:
    """Finds a hand in every crop at a wrist, and notes which crops it was shown."""

    def __init__(self):
        self.crops = []

    def hand(self, image, region):
        self.crops.append(region)
        if region[1] < 60:  # around the hand that was found
            return None
        middle = region[0] / np.array(image.shape[1::-1])
        return np.column_stack([np.tile(middle, (21, 1)) - np.arange(21)[:, None] * 0.001, np.zeros(21)]), 0.9


def test_only_hands_that_do_not_lie_on_their_arms_are_looked_for():
    seeing = Seeing()
    body = np.full((33, 4), 0.5)
    body[[11, 12, 13, 14, 15, 16], :2] = (0.6, 0.4), (0.4, 0.4), (0.7, 0.6), (0.3, 0.6), (0.6, 0.5), (0.4, 0.5)
    left, right = (np.tile([x, 0.5, 0.0], (21, 1)) for x in (0.6, 0.4))
    image = picture(None, size=(500, 500))
    assert Search(seeing).frame(image, body, [left, right]) == [None, None]
    assert not seeing.crops
    assert Search(seeing).frame(image, body, [left, None])[0] is None
    assert seeing.crops
    both = Search(seeing).frame(image, body, [right, right])  # one hand under both names
    assert all(found is not None for found in both)

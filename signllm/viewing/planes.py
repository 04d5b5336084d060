"""A scene's pictures as the planes of a video, drawn by compiled code and only where something moves.

Importing this module imports the compiler; its first use on a machine compiles for some seconds, later ones load what
was made then.

Legend: F frames, H W the size of the picture in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from signllm.viewing.painting_kernels import convert_area
from signllm.viewing.scene import Painter, Scene, dim

_FRAMES_AT_ONCE = 64  # whose strokes are worked out together: little memory


def plane_pictures(scene: Scene) -> Iterator[np.ndarray]:
    """For each frame its planes one below the other, (3 H / 2, W) uint8, as `av.VideoFrame` reads yuv420p.

    The pictures are those of `Scene.pictures`. Each array is overwritten by the next: use it before asking for that.
    """
    canvas = _Canvas(scene)
    for first in range(0, scene.num_frames, _FRAMES_AT_ONCE):
        frames = np.arange(first, min(first + _FRAMES_AT_ONCE, scene.num_frames))
        painters = [scene.painter(index, frames) for index in range(len(scene.panels))]
        for row, frame in enumerate(frames.tolist()):
            for index, (_, pose) in enumerate(scene.panels):
                if frame <= len(pose):  # after the end of a clip nothing in its panel changes
                    canvas.draw(index, painters[index], row, ended=frame == len(pose))
            canvas.draw_time_line(frame)
            yield canvas.planes


class _Canvas:
    """The picture of one frame as RGBA and as planes; both are mended where the next frame differs."""

    def __init__(self, scene: Scene):
        self.scene = scene
        height, width = scene.shape
        self.canvas_HW4 = scene.backdrop_HW4.copy()
        self.planes = np.empty((height * 3 // 2, width), np.uint8)
        quarter = height * width // 4
        chroma = self.planes[height:].reshape(2, quarter).reshape(2, height // 2, width // 2)
        self._views = self.planes[:height], chroma[0], chroma[1]
        self._convert(np.array([0, 0, width, height]))
        self._painted = np.zeros((len(scene.panels), 4), np.int64)

    def draw(self, index: int, paint: Painter, row: int, ended: bool) -> None:
        """Paint one frame of a panel's clip in place of the one before; `ended`: dimmed, as what is over."""
        before = self._painted[index].copy()
        self.canvas_HW4[_slices(before)] = self.scene.backdrop_HW4[_slices(before)]
        now = self._painted[index]
        paint(row, self.canvas_HW4, now)
        if ended:
            dim(self.canvas_HW4[_slices(now)])
        self._convert(_around([box for box in (before, now) if box[0] < box[2]]))

    def draw_time_line(self, frame: int) -> None:
        """Show how far the video has come."""
        height, width = self.scene.shape
        top = self.scene.draw_time_line(self.canvas_HW4, frame)
        self._convert(np.array([0, top, width, height]))

    def _convert(self, box: np.ndarray) -> None:
        convert_area(self.canvas_HW4, *self._views, box)


def _slices(box: np.ndarray) -> tuple[slice, slice]:
    left, top, right, bottom = box.tolist()
    return slice(top, bottom), slice(left, right)


def _around(boxes: list[np.ndarray]) -> np.ndarray:
    """The least box that holds some boxes; an empty one for none."""
    if not boxes:
        return np.zeros(4, np.int64)
    corners = np.array(boxes)
    return np.concatenate([corners[:, :2].min(0), corners[:, 2:].max(0)])

"""Panels side by side: a title, a label over each signer, one view box for all, a time line below.

Legend: F frames, J joints, H W the size of the picture in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.pose.sequence import SHOULDER_WIDTHS
from signllm.viewing import fonts
from signllm.viewing.clock import Clock
from signllm.viewing.drawing import BACKGROUND, Color, Painted, ViewBox, painted_strokes, project, view_box
from signllm.viewing.painting import new_canvases, paint_capsules

Panel = tuple[str, PoseSequence]
Painter = Callable[[int, np.ndarray, np.ndarray], None]
"""Paints a signer as in the given row of some frames onto a whole picture (H, W, 4); the third argument becomes the box
around what was painted: left, top, right, bottom, empty (right <= left) for nothing."""

PAGE: Color = (255, 255, 255)
_INK: Color = (33, 37, 43)
_MUTED: Color = (118, 126, 138)
_LINE: Color = (221, 225, 231)
_PROGRESS: Color = (84, 92, 104)
_DIMMED = 0.30
_MOST_COLUMNS = 4
_COMPILED_FROM = 750  # frames
_FRAMES_AT_ONCE = 8  # drawn together: faster than one by one, and still little memory


def in_shoulder_widths(pose: PoseSequence) -> PoseSequence:
    """A clip in another unit by its own shoulder width; one whose shoulders are never seen keeps its scale."""
    return pose if pose.unit == SHOULDER_WIDTHS else pose.in_shoulder_widths(strict=False)


def dim(area_HW4: np.ndarray) -> None:
    """Let what is painted on a panel's background fade, in place."""
    background, colors = np.array(BACKGROUND, np.float32), area_HW4[..., :3]
    colors[:] = (background + (colors - background) * _DIMMED).astype(np.uint8)


@dataclass(frozen=True)
class Scene:
    """Everything that decides a video's pictures: the panels at one frame rate, and the layout.

    `panels`: (label, clip) pairs. `size_px`: the side of a panel. `view`: front or side.
    Raises ConfigError for no panel, a size below 64 or an unknown view.
    """

    panels: tuple[Panel, ...]
    title: str = ""
    size_px: int = 480
    view: str = "front"

    @classmethod
    def of(cls, panels: Sequence[Panel], title: str = "", size_px: int = 480, view: str = "front") -> Scene:
        """Bring the clips to the highest frame rate among them and to one unit."""
        if not panels:
            raise ConfigError("there is no clip to draw; give at least one")
        if not 64 <= size_px <= 4096:
            raise ConfigError(f"size {size_px}: a panel is from 64 to 4096 pixels wide")
        fps = max(pose.fps for _, pose in panels)
        poses = [pose.resampled(fps) for _, pose in panels]
        if len({pose.unit for pose in poses}) > 1:
            poses = [in_shoulder_widths(pose) for pose in poses]
        labels = [label for label, _ in panels]
        return cls(tuple(zip(labels, poses, strict=True)), title, size_px, view)

    def at_most(self, fps: float) -> Scene:
        """The same at so many frames a second, or as it is where there are no more."""
        if self.fps <= fps:
            return self
        return replace(self, panels=tuple((label, pose.resampled(fps)) for label, pose in self.panels))

    @property
    def pays_compiling(self) -> bool:
        """Whether importing the compiler, and compiling at a machine's first use, is won back by a video."""
        return self.num_frames * len(self.panels) >= _COMPILED_FROM

    @property
    def fps(self) -> float:
        """Frames a second of the video."""
        return self.panels[0][1].fps

    @property
    def num_frames(self) -> int:
        """Frames of the longest clip."""
        return max(len(pose) for _, pose in self.panels)

    @cached_property
    def box(self) -> ViewBox:
        """The view box, the same for all panels."""
        return view_box([pose for _, pose in self.panels], self.view)

    @cached_property
    def text_px(self) -> int:
        """Size of the labels' text."""
        return max(9, round(self.size_px / 30))

    @cached_property
    def _columns(self) -> int:
        rows = ceil(len(self.panels) / _MOST_COLUMNS)
        return ceil(len(self.panels) / rows)

    @cached_property
    def gap(self) -> int:
        """Pixels between panels."""
        return max(4, self.size_px // 40)

    @cached_property
    def _width(self) -> int:
        return _even(self._columns * (self.size_px + self.gap) + self.gap)

    @cached_property
    def _title_lines(self) -> list[str]:
        return fonts.wrap(self.title, self._title_px, self._width - 2 * self.gap, lines=2, bold=True)

    @property
    def _title_px(self) -> int:
        return round(1.15 * self.text_px)

    @cached_property
    def _label_height(self) -> int:
        return round(1.9 * self.text_px)

    @cached_property
    def _footer(self) -> int:
        return round(2.2 * self.text_px)

    @cached_property
    def _header(self) -> int:
        return round(1.5 * self._title_px * len(self._title_lines)) + (self.gap if self._title_lines else 0)

    def corner(self, index: int) -> tuple[int, int]:
        """Top left pixel (x, y) of the drawing area of a panel."""
        row, column = divmod(index, self._columns)
        x = self.gap + column * (self.size_px + self.gap)
        return x, self._header + row * (self.size_px + self._label_height) + self._label_height

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the pictures; both even, as the common video encoders want."""
        rows = ceil(len(self.panels) / self._columns)
        panels = rows * (self.size_px + self._label_height)
        return _even(self._header + panels + self._footer), self._width

    @cached_property
    def backdrop_HW4(self) -> np.ndarray:
        """What stays the same in all frames: title, labels, empty panels."""
        picture = Image.new("RGB", self.shape[::-1], PAGE)
        draw = ImageDraw.Draw(picture)
        for line_number, line in enumerate(self._title_lines):
            y = self.gap + 1.5 * self._title_px * (line_number + 0.4)
            fonts.draw_text(draw, (self.gap, y), line, self._title_px, _INK, bold=True)
        for index, (label, pose) in enumerate(self.panels):
            x, y = self.corner(index)
            draw.rectangle((x, y, x + self.size_px - 1, y + self.size_px - 1), fill=BACKGROUND)
            middle = y - self._label_height / 2
            length = f"{pose.duration_s:.2f} s"
            room = self.size_px - fonts.text_width(length, self.text_px) - self.text_px
            fonts.draw_text(draw, (x, middle), fonts.fit(label, self.text_px, room), self.text_px, _INK)
            fonts.draw_text(draw, (x + self.size_px, middle), length, self.text_px, _MUTED, align="right")
        return np.asarray(picture.convert("RGBA"))

    def painted_strokes(self, index: int, frames: np.ndarray) -> Painted:
        """What to paint of a panel's clip in some frames of the video, as `drawing.painted_strokes` gives it.

        After the end of the clip its last frame stands there.
        """
        pose = self.panels[index][1]
        at_F = np.minimum(frames, len(pose) - 1)
        part = pose.replace(coordinates=pose.coordinates[at_F], valid=pose.valid[at_F])
        width_px = self.box.shoulder_width / self.box.side * self.size_px
        return painted_strokes(
            self.box.to_pixels(project(part, self.view), self.size_px), part.valid, pose.skeleton, width_px
        )

    def draw_panels(
        self, canvas_FHW4: np.ndarray, index: int, frames: Sequence[int], corner: tuple[int, int] = (0, 0)
    ) -> None:
        """Paint one clip's frames into a panel of opaque RGBA pictures; after its end the last stands there, dimmed."""
        asked_F = np.asarray(frames)
        self.paint_signer(canvas_FHW4, index, asked_F, corner)
        x, y = corner
        for row in np.flatnonzero(asked_F >= len(self.panels[index][1])):
            dim(canvas_FHW4[row, y : y + self.size_px, x : x + self.size_px])

    def paint_signer(
        self, canvas_FHW4: np.ndarray, index: int, frames: np.ndarray, corner: tuple[int, int] = (0, 0)
    ) -> None:
        """Paint a clip's signer in some frames of the video over the background of a panel."""
        paint_capsules(canvas_FHW4, *self.painted_strokes(index, frames), corner, self.size_px)

    def painter(self, index: int, frames: np.ndarray) -> Painter:
        """`paint_signer` one by one, by compiled code."""
        from signllm.viewing.painting_kernels import paint_frame  # imports the compiler

        ends_FS4, radii_S2, colors_S3, shown_FS = self.painted_strokes(index, frames)
        x, y = self.corner(index)
        area = np.array([x, y, x + self.size_px, y + self.size_px])

        def paint(row: int, canvas_HW4: np.ndarray, painted: np.ndarray) -> None:
            paint_frame(canvas_HW4, ends_FS4[row], radii_S2, colors_S3, shown_FS[row], area, painted)

        return paint

    def pictures(self, frames: Sequence[int]) -> np.ndarray:
        """(F, H, W, 4) uint8, opaque RGBA: the whole pictures of some frames. IndexError for one that there is not."""
        wrong = [frame for frame in frames if not 0 <= frame < self.num_frames]
        if wrong:
            raise IndexError(f"frame {wrong[0]} of {self.num_frames}")
        canvas_FHW4 = np.repeat(self.backdrop_HW4[None], len(frames), axis=0)
        for index in range(len(self.panels)):
            self.draw_panels(canvas_FHW4, index, frames, self.corner(index))
        for canvas_HW4, frame in zip(canvas_FHW4, frames, strict=True):
            self.draw_time_line(canvas_HW4, frame)
        return canvas_FHW4

    def picture(self, frame: int) -> np.ndarray:
        """(H, W, 3) uint8, the whole picture of one frame."""
        return self.pictures([frame])[0, ..., :3]

    def __iter__(self) -> Iterator[np.ndarray]:
        """The picture (H, W, 4) of each frame."""
        for first in range(0, self.num_frames, _FRAMES_AT_ONCE):
            yield from self.pictures(range(first, min(first + _FRAMES_AT_ONCE, self.num_frames)))

    @cached_property
    def _clock(self) -> Clock | None:
        """The time beside the time line; None where there is no room for it."""
        clock = Clock(self.num_frames / self.fps, self.text_px, self._footer)
        return clock if clock.width < self.shape[1] / 2 else None

    def draw_time_line(self, canvas_HW4: np.ndarray, frame: int) -> int:
        """A bar over the width of the page, and the time beside it where there is room; returns its first row."""
        height, width = self.shape
        end = width - self.gap
        if self._clock:
            strip_HW3 = self._clock.picture(frame / self.fps)
            canvas_HW4[height - self._footer :, end - self._clock.width : end, :3] = strip_HW3
            end -= self._clock.width
        middle, half = height - self._footer // 2, max(1, self.size_px // 240)
        done = self.gap + round((end - self.gap) * (frame + 1) / self.num_frames)
        canvas_HW4[middle - half : middle + half, self.gap : end, :3] = _LINE
        canvas_HW4[middle - half : middle + half, self.gap : done, :3] = _PROGRESS
        return height - self._footer


def _even(number: int) -> int:
    return number + number % 2


def contact_sheet(scene: Scene, frames: int = 8) -> Image.Image:
    """One picture: a row for each panel, `frames` moments spread evenly over the longest clip, the times below.

    More than four moments are broken into blocks of four columns. Raises ConfigError for less than one moment.
    """
    if frames < 1:
        raise ConfigError(f"frames {frames}: a contact sheet shows at least one moment")
    count = min(frames, scene.num_frames)
    middles = (np.arange(count) + 0.5) / count
    moments = np.unique(np.round(middles * scene.num_frames - 0.5).astype(int)).tolist()
    blocks = [moments[start : start + _MOST_COLUMNS] for start in range(0, len(moments), _MOST_COLUMNS)]
    size, text_px, gap = scene.size_px, scene.text_px, scene.gap
    label_height, title_px = round(1.9 * text_px), round(1.15 * text_px)
    width = len(blocks[0]) * (size + gap) + gap
    lines = fonts.wrap(scene.title, title_px, width - 2 * gap, lines=2, bold=True)
    top = round(1.5 * title_px * len(lines)) + (gap if lines else 0)
    block_height = len(scene.panels) * (label_height + size) + round(2.2 * text_px)
    picture = Image.new("RGB", (width, top + len(blocks) * block_height), PAGE)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        fonts.draw_text(draw, (gap, gap + 1.5 * title_px * (number + 0.4)), line, title_px, _INK, bold=True)
    for block_number, block in enumerate(blocks):
        y = top + block_number * block_height
        for index, (label, pose) in enumerate(scene.panels):
            caption = fonts.fit(f"{label}   {pose.duration_s:.2f} s".strip(), text_px, width - 2 * gap)
            fonts.draw_text(draw, (gap, y + label_height / 2), caption, text_px, _INK)
            y += label_height
            areas_FHW4 = new_canvases(len(block), size, BACKGROUND)
            scene.draw_panels(areas_FHW4, index, block)
            for column, area_HW4 in enumerate(areas_FHW4):
                picture.paste(Image.fromarray(area_HW4), (gap + column * (size + gap), y))
            y += size
        for column, moment in enumerate(block):
            at = (gap + column * (size + gap) + size / 2, y + 1.1 * text_px)
            fonts.draw_text(draw, at, f"{moment / scene.fps:.2f} s", text_px, _MUTED, align="centre")
    return picture

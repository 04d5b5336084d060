"""Panels in which a person signs: what `Scene` is, with an avatar in place of the skeletons.

Legend: F frames, P places of a mesh, H W the size of the picture in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from signllm.retargeting import RetargetedClip
from signllm.retargeting.reading import AvatarFile
from signllm.retargeting.signer import with_depth
from signllm.viewing.drawing import ViewBox, with_head
from signllm.viewing.person import WINDOW, Person, Studio
from signllm.viewing.scene import Painter, Scene, in_shoulder_widths

_AIR = 0.25  # shoulder widths around fingers


def avatar_scene(scene: Scene, avatar: AvatarFile) -> AvatarScene:
    """The scene with a person; clips without depth are lifted. Raises DataError for a person who cannot be read."""
    person = Person.read(avatar)
    panels = tuple((label, with_depth(in_shoulder_widths(pose))) for label, pose in scene.panels)
    return AvatarScene(panels, scene.title, scene.size_px, scene.view, person=person)


@dataclass(frozen=True)
class AvatarScene(Scene):
    """Clips in shoulder widths, with depth, signed by `person`; the eye stands where the player's does."""

    person: Person = field(kw_only=True)

    @property
    def pays_compiling(self) -> bool:
        """Always: there is no other way."""
        return True

    @cached_property
    def box(self) -> ViewBox:
        """With room for a head, and for arms that reach further than those of the clips."""
        box = with_head(super().box, self.person.crown)
        reach = max(self._new_studio(box).reach(self._motion(index, 0)[1]) for index in range(len(self.panels)))
        grown = max(1.0, reach + _AIR * box.shoulder_width / box.side)
        moved = (grown - 1) * box.side / 2
        return ViewBox(box.left - moved, box.top - moved, grown * box.side, box.shoulder_width)

    @cached_property
    def _studio(self) -> Studio:
        return self._new_studio(self.box)

    def _new_studio(self, box: ViewBox) -> Studio:
        depths = np.concatenate([pose.coordinates[..., 2][pose.valid] for _, pose in self.panels])
        depth = float(np.median(depths)) if len(depths) else 0.0
        return Studio(self.person, box, self.view, depth, self.size_px)

    @cached_property
    def _motions(self) -> dict[int, tuple[int, int, RetargetedClip]]:
        """Of each panel the window that was used last, the frame that it begins with, and its motion."""
        return {}

    def _motion(self, index: int, window: int) -> tuple[int, RetargetedClip]:
        if self._motions.get(index, (-1,))[0] != window:
            self._motions[index] = (window, *self.person.motion(self.panels[index][1], window))
        return self._motions[index][1:]

    def _matrices(self, index: int, frames: np.ndarray) -> np.ndarray:
        """(F, P, 3, 4): after the end of the clip the person stands as in its last frame."""
        at_F = np.minimum(frames, len(self.panels[index][1]) - 1)
        matrices_FP34 = np.empty((len(at_F), len(self.person.mesh.bones), 3, 4), np.float32)
        for window in np.unique(at_F // WINDOW).tolist():
            here_F = at_F // WINDOW == window
            start, motion = self._motion(index, window)
            matrices_FP34[here_F] = self._studio.matrices(motion, at_F[here_F] - start)
        return matrices_FP34

    def paint_signer(
        self, canvas_FHW4: np.ndarray, index: int, frames: np.ndarray, corner: tuple[int, int] = (0, 0)
    ) -> None:
        """As `Scene.paint_signer`."""
        painted = np.zeros(4, np.int64)
        for canvas_HW4, matrices_P34 in zip(canvas_FHW4, self._matrices(index, frames), strict=True):
            self._studio.draw(matrices_P34, canvas_HW4, corner, painted)

    def painter(self, index: int, frames: np.ndarray) -> Painter:
        """As `Scene.painter`."""
        matrices_FP34, corner = self._matrices(index, frames), self.corner(index)

        def paint(row: int, canvas_HW4: np.ndarray, painted: np.ndarray) -> None:
            self._studio.draw(matrices_FP34[row], canvas_HW4, corner, painted)

        return paint

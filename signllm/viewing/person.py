"""A person on pictures: the avatar of a GLB or VRM file, posed as a clip's signer and seen as in the player.

Importing this module imports the compiler; its first use on a machine compiles for some seconds, later ones load what
was made then.

Legend: F frames, P places of a mesh, S the side of the buffers, H W the size of the canvas in pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from signllm.fsutil import file_identity
from signllm.pose import PoseSequence
from signllm.retargeting import RetargetedClip
from signllm.retargeting import quaternions as q
from signllm.retargeting.arms import arm_scale
from signllm.retargeting.body import Body
from signllm.retargeting.mesh import Mesh, mesh_of
from signllm.retargeting.reading import AvatarFile
from signllm.retargeting.retarget import retarget_signer
from signllm.retargeting.signer import Signer
from signllm.sampling import spread
from signllm.viewing import shading_kernels as kernels
from signllm.viewing.drawing import BACKGROUND, ViewBox

WINDOW, _MARGIN = 2048, 256  # frames
_MOST_REACHING = 1000
FIELD_DEGREES = 26.0  # from the top of a panel to its bottom, as in player/src/stage.js
_NEARER = 0.15  # shoulder widths that the eye stands back: hands that come nearer look larger
_VIEWS = {"front": ((1, 0, 0), (0, -1, 0), (0, 0, 1)), "side": ((0, 0, 1), (0, -1, 0), (-1, 0, 0))}
"""What becomes right, down and nearer, in the signer's space: x to the left of the person, y up, z to the front."""
_SKY = np.array([0.0, 1.0, 0.0])
_SUN = np.array([-0.35, 0.65, 0.9])
_GROUND_COLOR = (0x8D, 0x84, 0x78)
_SKY_STRENGTH, _SUN_STRENGTH = 1.7, 1.9


@dataclass(frozen=True)
class Person:
    """What is drawn, and how it is moved."""

    mesh: Mesh
    body: Body

    @classmethod
    def read(cls, avatar: AvatarFile) -> Person:
        """Raises DataError for files that are not whole, and for a person whose arms and hands are not found."""
        files = (avatar.path, avatar.bone_map)
        return _read(avatar, tuple(file_identity(path) if path and path.exists() else () for path in files))

    @cached_property
    def crown(self) -> float:
        """Shoulder widths from the neck to the top of the person at rest; at most 2, where hands are raised."""
        positions, rotations, _ = self.body.rig.world
        matrices_P34 = self.mesh.matrices(self.body.rig, positions[None], rotations[None])[0]
        first_V34 = matrices_P34[self.mesh.places[np.arange(len(self.mesh.places)), self.mesh.weights.argmax(1)]]
        points_V3 = np.einsum("vij,vj->vi", first_V34[..., :3], self.mesh.positions) + first_V34[..., 3]
        upwards = q.rotate(self.body.turn, _SKY)
        return min(2.0, float(((points_V3 - self.body.neck) @ upwards).max()) / self.body.shoulder_width)

    def motion(self, pose: PoseSequence, window: int = 0) -> tuple[int, RetargetedClip]:
        """The clip as rotations of the bones, and the frame of the clip that it begins with.

        Of a long clip only the frames of `window`, each `WINDOW` long, with some before and after: rotations of an hour
        take a gigabyte. A gap in the data that is longer than these is held at one side, and not bridged.
        """
        if len(pose) <= WINDOW:
            return 0, retarget_signer(Signer.of(pose), self.body, pose.fps)
        start, end = max(0, window * WINDOW - _MARGIN), (window + 1) * WINDOW + _MARGIN
        at = spread(len(pose), WINDOW)
        sample = pose.replace(coordinates=pose.coordinates[at], valid=pose.valid[at])
        scale = arm_scale(self.body, Signer.of(sample))
        return start, retarget_signer(Signer.of(pose[start:end]), self.body, pose.fps, scale=scale)


@lru_cache(maxsize=2)
def _read(avatar: AvatarFile, _content: tuple[tuple[int, ...], ...]) -> Person:
    glb, rig = avatar.read()
    return Person(mesh_of(glb, rig), Body.of(rig))


class Studio:
    """Draws a person into panels of `size_px`, seen through a box in shoulder widths from a side.

    depth: how far before the neck the middle of the picture lies, in shoulder widths.
    """

    def __init__(self, person: Person, box: ViewBox, view: str, depth: float, size_px: int):
        self.person = person
        side = kernels.SUPERSAMPLING * size_px
        axes_33 = np.array(_VIEWS[view], float)
        body = person.body
        # From the rig to the signer's space.
        turn_33 = q.rotate(q.inverse(body.turn), np.eye(3)).T / body.shoulder_width
        middle = np.array([box.left + box.side / 2, box.top + box.side / 2, depth if view == "front" else 0.0])
        self._turn_33 = axes_33 @ turn_33
        self._moved_3 = -self._turn_33 @ body.neck - middle
        tangent = math.tan(math.radians(FIELD_DEGREES / 2))
        distance = box.side / 2 / tangent + _NEARER * box.shoulder_width
        self._eye = np.array([distance, side / 2 / (tangent * distance), side / 2], np.float32)
        suns = np.stack([_SKY, _SUN / np.linalg.norm(_SUN), np.zeros(3)])
        self._lights_33 = np.ascontiguousarray(suns @ axes_33.T, np.float32)
        ground_3 = _SKY_STRENGTH * kernels.LINEAR_LIGHT[list(_GROUND_COLOR)]
        strengths = np.stack([np.full(3, _SKY_STRENGTH), ground_3, np.full(3, _SUN_STRENGTH)])
        self._strengths_33 = (strengths / math.pi).astype(np.float32)
        self._background = np.array(BACKGROUND, np.uint8)
        self._picture_SS3 = np.empty((side, side, 3), np.uint8)
        self._nearness_SS = np.empty((side, side), np.float32)
        self._drawn = np.array([0, 0, side, side])
        self._screen_V3 = np.empty((len(person.mesh.positions), 3), np.float32)
        self._shades_V23 = np.empty((len(person.mesh.positions), 2, 3), np.float32)

    def matrices(self, motion: RetargetedClip, frames: np.ndarray) -> np.ndarray:
        """(F, P, 3, 4) float32: from the mesh to the panel's space, in frames of a motion."""
        positions, rotations = motion.rig.posed(
            motion.rotations[frames].astype(float), motion.translation[frames].astype(float)
        )
        placed_FP34 = self._turn_33 @ self.person.mesh.matrices(motion.rig, positions, rotations)
        placed_FP34[..., 3] += self._moved_3
        return placed_FP34.astype(np.float32)

    def reach(self, motion: RetargetedClip) -> float:
        """How far from the middle of the panel arms and hands are seen at most; 1 is the edge."""
        roles = motion.rig.roles
        arms = [bone for role, bone in roles.items() if role.endswith(("LowerArm", "Hand")) or "Index" in role]
        at = spread(len(motion), min(len(motion), _MOST_REACHING))
        positions, _ = motion.rig.posed(motion.rotations[at].astype(float), motion.translation[at].astype(float))
        seen_FA3 = positions[:, arms] @ self._turn_33.T + self._moved_3
        distance, scale, half = self._eye.tolist()
        grown_FA = distance / np.maximum(distance - seen_FA3[..., 2], 0.05 * distance) * scale / half
        return float((np.abs(seen_FA3[..., :2]).max(-1) * grown_FA).max())

    def draw(
        self, matrices_P34: np.ndarray, canvas_HW4: np.ndarray, corner: tuple[int, int], painted: np.ndarray
    ) -> None:
        """Draw one frame of `matrices` into the panel at `corner`, where the canvas shows background.

        painted: becomes the box around it: left, top, right, bottom on the canvas.
        """
        mesh, side = self.person.mesh, len(self._nearness_SS)
        kernels.clear(self._picture_SS3, self._nearness_SS, self._drawn, self._background)
        kernels.pose_vertices(
            mesh.positions, mesh.normals, mesh.colors, mesh.places, mesh.weights, matrices_P34, self._eye,
            self._lights_33, self._strengths_33, self._screen_V3, self._shades_V23,
        )  # fmt: skip
        self._drawn[:] = (side, side, 0, 0)
        for surface in mesh.surfaces:
            kernels.fill_triangles(
                self._picture_SS3, self._nearness_SS, surface.triangles, self._screen_V3, self._shades_V23,
                mesh.colors, mesh.uvs, surface.texture, surface.alpha_mode, surface.cutoff, surface.double_sided,
                kernels.SRGB_BYTES, kernels.LINEAR_LIGHT, self._drawn,
            )  # fmt: skip
        kernels.show(self._picture_SS3, canvas_HW4, corner, self._drawn, painted)
        self._drawn[:2] = np.minimum(self._drawn[:2], self._drawn[2:])

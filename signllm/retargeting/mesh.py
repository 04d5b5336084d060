"""What of a GLB or VRM file is to be seen: its triangles with their colours, and the bones that move them.

Meshes are made one: what a skin moves follows its joints, anything else the bone that it hangs from. Of a material, the
base colour, its texture, `alphaMode` and `doubleSided` are read; morph targets rest.

Legend: V vertices, K bones of a vertex, T triangles, F frames, P places (a bone, and how the mesh lies to it).
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from signllm.errors import DataError
from signllm.retargeting import quaternions as q
from signllm.retargeting.glb import Glb
from signllm.retargeting.reading import node_parents
from signllm.retargeting.rig import Rig

MOST_TEXTURE_PX = 1024
_MOST_VERTICES = 2_000_000
_TRIANGLES = 4
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
OPAQUE, MASK, BLEND = range(3)
_ALPHA_MODES = {"OPAQUE": OPAQUE, "MASK": MASK, "BLEND": BLEND}
_WHITE = np.full((1, 1, 4), 255, np.uint8)


@dataclass(frozen=True)
class Surface:
    """Triangles (T, 3) of one material. texture: (H, W, 4) uint8 sRGB, white where there is none. cutoff: of `MASK`."""

    triangles: np.ndarray
    texture: np.ndarray
    alpha_mode: int
    cutoff: float
    double_sided: bool


@dataclass(frozen=True)
class Mesh:
    """positions, normals (V, 3); colors (V, 4) linear, the material's among them; uvs (V, 2); float32.

    places (V, K) int32 and weights (V, K) float32, which add up to 1. bones (P,): the rig's bone of each place, -1 for
    none; offsets (P, 4, 4): from the mesh to the bone. surfaces: those that are seen through come last.
    """

    positions: np.ndarray
    normals: np.ndarray
    colors: np.ndarray
    uvs: np.ndarray
    places: np.ndarray
    weights: np.ndarray
    bones: np.ndarray
    offsets: np.ndarray
    surfaces: tuple[Surface, ...]

    def matrices(self, rig: Rig, positions_FB3: np.ndarray, rotations_FB4: np.ndarray) -> np.ndarray:
        """(F, P, 3, 4): from the mesh to the scene, where the rig's bones are as `RetargetedClip.posed` says."""
        axes_FB33 = np.swapaxes(q.rotate(rotations_FB4[..., None, :], np.eye(3)), -1, -2) * rig.world[2][:, None, None]
        bones_FB34 = np.concatenate([axes_FB33, positions_FB3[..., None]], axis=-1)
        still_F134 = np.broadcast_to(np.eye(3, 4), (len(bones_FB34), 1, 3, 4))
        return np.concatenate([bones_FB34, still_F134], axis=1)[:, self.bones] @ self.offsets


def mesh_of(glb: Glb, rig: Rig) -> Mesh:
    """The meshes of a file whose skeleton is `rig`. Raises DataError where there is none that can be read."""
    try:
        return _Reader(glb, rig).mesh()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:  # arbitrary JSON
        raise DataError(f"{glb.name}: its meshes are damaged ({type(error).__name__}: {error})") from None


class _Reader:
    def __init__(self, glb: Glb, rig: Rig):
        self.glb, self.name = glb, glb.name
        self.bone_of = {int(node): bone for bone, node in enumerate(rig.nodes)}
        self.parents = node_parents(glb)
        self.bones: list[int] = []
        self.offsets: list[np.ndarray] = []
        self.skins: dict[int, int] = {}
        self.textures: dict[int, np.ndarray] = {}
        self.parts: list[tuple[np.ndarray, ...]] = []
        self.surfaces: list[Surface] = []
        self.num_vertices = 0

    def mesh(self) -> Mesh:
        for number, node in enumerate(self.glb.content.get("nodes", [])):
            if "mesh" in node:
                place, skinned = self._skin(node["skin"]) if "skin" in node else (self._rigid(number), False)
                for primitive in _entries(self.glb.item("meshes", node["mesh"]), "primitives", self.name):
                    self._add(primitive, place, skinned)
        if not self.surfaces:
            raise DataError(f"{self.name}: no triangles in it; there is no person to draw")
        most = max(part[4].shape[1] for part in self.parts)
        padded = [
            (*part[:4], *(np.pad(array, ((0, 0), (0, most - array.shape[1]))) for array in part[4:]))
            for part in self.parts
        ]
        positions, normals, colors, uvs, places, weights = (
            np.ascontiguousarray(np.concatenate(group)) for group in zip(*padded, strict=True)
        )
        surfaces = tuple(sorted(self.surfaces, key=lambda surface: surface.alpha_mode == BLEND))
        where = np.array(self.bones), np.array(self.offsets)
        return Mesh(positions, normals, colors, uvs, places, weights, *where, surfaces)

    def _skin(self, index: object) -> tuple[int, bool]:
        """The place of a skin's first joint."""
        skin = self.glb.item("skins", index)
        key = int(str(index))
        if key not in self.skins:
            joints = skin.get("joints", [])
            inverse = self.glb.accessor(skin["inverseBindMatrices"]) if "inverseBindMatrices" in skin else None
            if inverse is not None and (inverse.shape[1] != 16 or len(inverse) < len(joints)):
                raise DataError(f"{self.name}: skin {key} has {len(joints)} joints, and other matrices")
            self.skins[key] = len(self.bones)
            for number, joint in enumerate(joints):
                self.bones.append(self.bone_of[joint])
                self.offsets.append(np.eye(4) if inverse is None else inverse[number].reshape(4, 4).T.astype(float))
        return self.skins[key], True

    def _rigid(self, node: int) -> int:
        """The place of what hangs from the nearest bone above."""
        offset = np.eye(4)
        while node >= 0 and node not in self.bone_of:
            offset = _local(self.glb.item("nodes", node), self.name) @ offset
            node = self.parents[node]
        self.bones.append(self.bone_of.get(node, -1))
        self.offsets.append(offset)
        return len(self.bones) - 1

    def _add(self, primitive: dict[str, Any], place: int, skinned: bool) -> None:
        packed = [name for name in _COMPRESSED if name in primitive.get("extensions", {})]
        mode = primitive.get("mode", _TRIANGLES)
        if packed or (mode > _TRIANGLES):
            what = packed[0] if packed else f"mode {mode}"
            raise DataError(f"{self.name}: a mesh is packed ({what}); export plain triangles, without compression")
        if mode < _TRIANGLES:
            return  # points and lines
        attributes = primitive.get("attributes", {})
        positions_V3 = self._floats(attributes.get("POSITION"), 3)
        count = len(positions_V3)
        if "indices" in primitive:
            index = self.glb.accessor(primitive["indices"])[:, 0].astype(np.int64)
        else:
            index = np.arange(count)
        triangles_T3 = index[: len(index) // 3 * 3].reshape(-1, 3)
        if not len(triangles_T3):
            return
        if triangles_T3.max() >= count or count + self.num_vertices > _MOST_VERTICES:
            raise DataError(f"{self.name}: a triangle has a corner that is not there, or there are too many vertices")
        places_VK, weights_VK = self._weights(attributes, count, place, skinned)
        colors_V4, uvs_V2, surface = self._material(primitive, attributes, count)
        if "NORMAL" in attributes:
            normals_V3 = self._floats(attributes["NORMAL"], 3, count)
        else:
            normals_V3 = _smooth_normals(positions_V3, triangles_T3)
        self.parts.append((positions_V3, normals_V3, colors_V4, uvs_V2, places_VK, weights_VK))
        corners = np.ascontiguousarray(triangles_T3 + self.num_vertices, np.int32)
        self.surfaces.append(Surface(corners, *surface))
        self.num_vertices += count

    def _floats(self, accessor: object, width: int, count: int | None = None) -> np.ndarray:
        """Numbers of vertices as float32; whole numbers count as shares of their largest."""
        values = self.glb.accessor(accessor)
        if values.shape[1] != width or (count is not None and len(values) != count):
            raise DataError(f"{self.name}: accessor {accessor} has shape {values.shape}, expected ({count}, {width})")
        if values.dtype.kind in "iu":
            values = values / np.iinfo(values.dtype).max
        if not np.isfinite(values).all():
            raise DataError(f"{self.name}: accessor {accessor} has a number that is not finite")
        return values.astype(np.float32)

    def _weights(
        self, attributes: dict[str, Any], count: int, place: int, skinned: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        if not skinned:
            return np.full((count, 1), place, np.int32), np.ones((count, 1), np.float32)
        sets = [number for number in range(2) if f"JOINTS_{number}" in attributes]
        joints = [self.glb.accessor(attributes[f"JOINTS_{number}"]) for number in sets]
        weights = [self._floats(attributes.get(f"WEIGHTS_{number}"), 4, count) for number in sets]
        if not sets or any(found.shape != (count, 4) for found in joints):
            raise DataError(f"{self.name}: a mesh has a skin, and vertices without joints")
        places_VK, weights_VK = np.concatenate(joints, axis=1).astype(np.int64) + place, np.concatenate(weights, axis=1)
        weights_VK[weights_VK.sum(1) <= 0, 0] = 1
        if places_VK[weights_VK > 0].max(initial=0) >= len(self.bones):
            raise DataError(f"{self.name}: a vertex follows a joint that its skin does not have")
        places_VK[weights_VK <= 0] = place
        return places_VK.astype(np.int32), weights_VK / weights_VK.sum(1, keepdims=True)

    def _material(
        self, primitive: dict[str, Any], attributes: dict[str, Any], count: int
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, int, float, bool]]:
        """Colours and places on the texture of the vertices, and what a `Surface` has beside its triangles."""
        material = self.glb.item("materials", primitive["material"]) if "material" in primitive else {}
        base = material.get("pbrMetallicRoughness", {})
        colors_V4 = np.ones((count, 4), np.float32)
        if "COLOR_0" in attributes:
            width = self.glb.accessor(attributes["COLOR_0"]).shape[1]
            colors_V4[:, :width] = self._floats(attributes["COLOR_0"], width, count)
        colors_V4 *= np.array(base.get("baseColorFactor", [1, 1, 1, 1]), np.float32)
        told = base.get("baseColorTexture")
        channel = f"TEXCOORD_{told.get('texCoord', 0)}" if told else ""
        uvs_V2, texture = np.zeros((count, 2), np.float32), _WHITE
        if told and channel in attributes:
            moved = told.get("extensions", {}).get("KHR_texture_transform", {})
            uvs_V2 = self._floats(attributes[channel], 2, count) * np.array(moved.get("scale", [1, 1]), np.float32)
            uvs_V2 = uvs_V2 + np.array(moved.get("offset", [0, 0]), np.float32)
            texture = self._texture(told.get("index"))
        mode = _ALPHA_MODES.get(str(material.get("alphaMode", "OPAQUE")), OPAQUE)
        cutoff, sides = float(material.get("alphaCutoff", 0.5)), bool(material.get("doubleSided", False))
        return colors_V4, uvs_V2, (texture, mode, cutoff, sides)

    def _texture(self, index: object) -> np.ndarray:
        source = int(self.glb.item("textures", index)["source"])
        if source not in self.textures:
            image = self.glb.item("images", source)
            data = self.glb.view(image.get("bufferView"))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", Image.DecompressionBombWarning)
                    picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")).convert("RGBA")
            except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
                raise DataError(f"{self.name}: image {source} cannot be read ({error})") from None
            # As large as it is ever seen; smaller ones do not flicker.
            picture.thumbnail((MOST_TEXTURE_PX, MOST_TEXTURE_PX), Image.Resampling.BOX)
            self.textures[source] = np.asarray(picture)
        return self.textures[source]


def _entries(item: dict[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    entries = item.get(key)
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        return entries
    raise DataError(f"{name}: a mesh without a list of {key}")


def _local(node: dict[str, Any], name: str) -> np.ndarray:
    """(4, 4) of a node that is no bone."""
    matrix = np.eye(4)
    if "matrix" in node:
        matrix = np.array(node["matrix"], float).reshape(4, 4).T
    else:
        turn = q.unit(np.array(node.get("rotation", q.IDENTITY), float))
        matrix[:3, :3] = q.rotate(turn, np.eye(3)).T * np.array(node.get("scale", [1, 1, 1]), float)
        matrix[:3, 3] = node.get("translation", [0, 0, 0])
    if not np.isfinite(matrix).all():
        raise DataError(f"{name}: a node is nowhere: {node}")
    return matrix


def _smooth_normals(positions_V3: np.ndarray, triangles_T3: np.ndarray) -> np.ndarray:
    """Of the triangles around each vertex, the larger ones more."""
    corners_T33 = positions_V3[triangles_T3]
    across_T3 = np.cross(corners_T33[:, 1] - corners_T33[:, 0], corners_T33[:, 2] - corners_T33[:, 0])
    normals_V3 = np.zeros_like(positions_V3)
    for corner in range(3):
        np.add.at(normals_V3, triangles_T3[:, corner], across_T3)
    return normals_V3 / np.maximum(np.linalg.norm(normals_V3, axis=1, keepdims=True), np.float32(1e-12))

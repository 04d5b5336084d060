"""A clip for other programs: the avatar's file with it as its animation (glTF 2.0, "Animations"), VRMA and BVH.

Legend: F frames, B bones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import ConfigError, did_you_mean
from signllm.fsutil import write_atomically
from signllm.pose import PoseSequence
from signllm.retargeting import bvh, vrma
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.glb import Glb
from signllm.retargeting.reading import OURS, AvatarFile
from signllm.retargeting.retarget import retarget
from signllm.suffixes import AVATARS

_STILL = 1e-6


def write_avatar(path: Path, clip: PoseSequence, name: str = "", avatar: AvatarFile = OURS) -> None:
    """Write a clip on an avatar in the format of the suffix.

    `.glb`: the avatar that signs it, in place of animations that its file has. `.vrma`, `.bvh`: the motion alone.
    Raises DataError where a file or the clip cannot be used, ConfigError for another suffix, OutputError where nothing
    can be written.
    """
    packed = WRITERS.get(path.suffix.lower())
    if packed is None:
        hint = did_you_mean(path.suffix, WRITERS)
        raise ConfigError(f"{path}: an avatar cannot be saved as '{path.suffix}'{hint}; known: {', '.join(WRITERS)}")
    glb, rig = avatar.read()
    content = packed(glb, retarget(clip, rig), name or path.stem)
    write_atomically(path, lambda file: file.write(content))


def animate(glb: Glb, clip: RetargetedClip, name: str) -> None:
    """Make a clip the file's only animation: a key every 1 / fps seconds, linear in between; still bones have none."""
    rig, rotations_FB4 = clip.rig, clip.rotations
    seconds = (np.arange(len(clip)) / clip.fps).astype("<f4")
    times = glb.add(seconds[:, None], "SCALAR", min=[float(seconds[0])], max=[float(seconds[-1])])
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def channel(node: int, path: str, values: np.ndarray, kind: str) -> None:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": glb.add(values.astype("<f4"), kind), "interpolation": "LINEAR"})

    for bone, node in enumerate(rig.nodes.tolist()):
        if np.abs(np.abs(rotations_FB4[:, bone] @ rig.rotations[bone]) - 1).max() > _STILL:
            channel(node, "rotation", rotations_FB4[:, bone], "VEC4")
        if rig.parents[bone] < 0 and np.abs(clip.translation).max() > _STILL:
            channel(node, "translation", rig.translations[bone] + clip.translation, "VEC3")
        if "matrix" in glb.item("nodes", node):  # a node with a matrix cannot be animated
            own = {
                "translation": rig.translations,
                "rotation": rig.rotations,
                "scale": np.repeat(rig.scales[:, None], 3, 1),
            }
            del glb.item("nodes", node)["matrix"]
            glb.item("nodes", node).update({key: values[bone].tolist() for key, values in own.items()})
    glb.content["animations"] = [{"name": name, "samplers": samplers, "channels": channels}]


def _packed_glb(glb: Glb, clip: RetargetedClip, name: str) -> bytes:
    animate(glb, clip, name)
    return glb.packed()


_PACKED: tuple[Callable[[Glb, RetargetedClip, str], bytes], ...] = (
    _packed_glb,
    lambda _, clip, name: vrma.packed(clip, name),
    lambda _, clip, name: bvh.packed(clip),
)
WRITERS = dict(zip(AVATARS, _PACKED, strict=True))
"""Suffix -> the whole file of a clip on the rig of an avatar's file."""

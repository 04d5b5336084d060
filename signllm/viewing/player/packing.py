"""Scenes as the plain values that the page's code reads (player/src/show.js).

Positions are whole numbers of 16 bits, each clip with a step of its own: at most half a step is lost, about 0.00005
shoulder widths. Missing joints are a mask of bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from signllm.languages import LANGUAGES
from signllm.pose import PoseSequence, Skeleton
from signllm.retargeting.signer import has_depth
from signllm.viewing.drawing import view_box, with_head
from signllm.viewing.player.avatars import PageAvatar
from signllm.viewing.player.encoding import MOST_INT16, base64_of
from signllm.viewing.player.scenes import PlayerScene, Words, aligned_frames, without_depth

FORMAT = 1


def pack_show(
    scenes: Sequence[dict[str, Any]], skeleton: Skeleton, autoplay: bool, avatar: PageAvatar | None = None
) -> dict[str, Any]:
    """Everything the page shows: packed scenes of one skeleton, and the avatar whose motions they hold."""
    return {
        "format": FORMAT,
        "autoplay": autoplay,
        "skeleton": {"name": skeleton.name, "joints": skeleton.joints, "parents": skeleton.parents},
        "avatar": avatar and avatar.packed(),
        "scenes": scenes,
    }


def pack_scene(scene: PlayerScene, align: bool = True, avatar: PageAvatar | None = None) -> dict[str, Any]:
    """A scene; `align` adds dynamic time warping where it has a reference, `avatar` its motions."""
    poses = scene.in_one_unit()
    box = with_head(view_box(poses)) if avatar else view_box(poses)
    depths = [pose.coordinates[..., 2][pose.valid] for pose in poses if has_depth(pose)]
    clips = []
    reference = next(
        (pose for pose, figure in zip(poses, scene.figures, strict=True) if figure is scene.reference), None
    )
    for pose, figure in zip(poses, scene.figures, strict=True):
        clip = {"name": figure.name, "role": figure.role, **pack_pose(pose)}
        if avatar is not None:
            clip["motion"] = avatar.motion(pose)
        if align and reference is not None and figure is not scene.reference:
            clip["aligned"] = aligned_frames(pose, reference)
        clips.append(clip)
    language = LANGUAGES.get(scene.language or "")
    return {
        "name": scene.name,
        "text": scene.text,
        "textLanguage": language.spoken if language else None,
        "gloss": scene.gloss,
        "language": scene.language,
        "group": both(scene.group),
        "note": both(scene.note),
        "segments": [{"text": s.text, "start": s.start_s, "end": s.end_s} for s in scene.segments],
        "box": {"left": box.left, "top": box.top, "side": box.side},
        "depth": float(np.median(np.concatenate(depths))) if depths else 0.0,
        "error": max(clip["error"] for clip in clips),
        "clips": clips,
    }


def both(words: Words) -> dict[str, str]:
    """Words for each language of the page."""
    english, chinese = (words, words) if isinstance(words, str) else words
    return {"en": english, "zh": chinese}


def pack_pose(pose: PoseSequence) -> dict[str, Any]:
    """A clip's frames; `error` is by how much a coordinate differs at most, in the clip's unit."""
    flat = pose if has_depth(pose) else without_depth(pose)
    values_FJC = flat.coordinates.astype(np.float64)
    step = float(np.abs(values_FJC).max()) / MOST_INT16 or 1.0
    whole_FJC = np.round(values_FJC / step).astype("<i2")
    missing_FJ = ~flat.valid
    return {
        "fps": flat.fps,
        "frames": len(flat),
        "dimensions": values_FJC.shape[2],
        "step": step,
        "error": float(np.abs(whole_FJC * step - values_FJC).max()),
        "poses": base64_of(whole_FJC.tobytes()),
        "missing": base64_of(np.packbits(missing_FJ).tobytes()) if missing_FJ.any() else None,
    }

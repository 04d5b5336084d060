"""Lifting while converting: clips without depth become 3D, clips with depth pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signllm.data.convert_clip import CleanClip
from signllm.lifting import METHOD, METHOD_VERSION


def lift_flat(clips: Sequence[CleanClip]) -> None:
    """Lift and mark, in place, the clips whose z is 0 everywhere."""
    from signllm.lifting.fitting import lift  # conversion does without PyTorch where nothing is lifted

    flat = [clip for clip in clips if clip.pose is not None and not clip.pose.coordinates[..., 2:].any()]
    poses = [clip.pose for clip in flat if clip.pose is not None]
    for clip, pose in zip(flat, lift(poses), strict=True):
        clip.pose, clip.lifted = pose, True


def what_was_lifted(clips: int) -> dict[str, Any]:
    """What `dataset.json` says of so many lifted clips."""
    return {"method": METHOD, "method_version": METHOD_VERSION, "clips": clips}

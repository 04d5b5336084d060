"""Lifting while converting: clips without depth become 3D, clips with depth pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from signllm.data.convert_clip import CleanClip
from signllm.data.source import ClipEntry
from signllm.lifting import METHOD, METHOD_VERSION

Row = tuple[ClipEntry, CleanClip, float, list[str]]


def lift_flat(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows in order; clips whose z is 0 everywhere are lifted and marked, a few at a time."""
    from signllm.lifting.fitting import BATCH, lift  # conversion does without PyTorch where nothing is lifted

    waiting = iter(rows)
    while some := list(islice(waiting, BATCH)):
        flat = [clip for _, clip, _, _ in some if clip.pose is not None and not clip.pose.coordinates[..., 2:].any()]
        poses = [clip.pose for clip in flat if clip.pose is not None]
        for clip, pose in zip(flat, lift(poses), strict=True):
            clip.pose, clip.lifted = pose, True
        yield from some


def what_was_lifted(extras: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What `dataset.json` says of it, from the `extra` of each clip's record."""
    return {"method": METHOD, "method_version": METHOD_VERSION, "clips": sum("lifted" in extra for extra in extras)}

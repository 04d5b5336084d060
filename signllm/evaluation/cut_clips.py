"""Which recordings that a system is made of were cut out of the clips that it is tested on.

A system that joins recordings of signs would play a piece of the answer if one of them was cut from it. Such a piece is
found by its motion, whatever its name: somewhere in the tested clip, all its frames stand one after the other. Frames
are compared around the neck and in units of their own shoulder width, for a clip and a piece of it are scaled apart.

Legend: N frames of all tested clips, F frames of a clip, J joints, D numbers a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from signllm.data.split import Split
from signllm.evaluation.leakage import NEAR_CLIP_DISTANCE
from signllm.pose import PoseSequence
from signllm.pose.geometry import with_depth

_WIDTH, _NEIGHBOURS, _PROBES = 16, 8, 3
_SEEN_ENOUGH = 0.5
_NARROWEST = 1e-3  # shoulder widths of a frame that has a scale at all

Recordings = Sequence[tuple[str, PoseSequence]]


def find_cuts(
    recordings: Recordings, split: Split, indices: Sequence[int], progress: Callable[[int], None] | None = None
) -> dict[str, str]:
    """The tested clip out of which each recording was cut, both by id; recordings that were not are left out.

    Cut means: at some place of the clip, at the recording's own pace, the joints seen in both lie at most 0.03 shoulder
    widths apart on average, and at least half of all joints that either shows are seen in both. A piece that was slowed
    or smoothed by more is not found. `progress(1)` is called after each tested clip.
    """
    clips = []
    for index in indices:
        clips.append((split.records[index].id, split.pose(index)))
        if progress:
            progress(1)
    finder = _Finder(clips)
    found = ((name, finder.clip_of(pose)) for name, pose in recordings)
    return {name: clip for name, clip in found if clip is not None}


class _Finder:
    """The frames of the tested clips, by what they look like."""

    def __init__(self, clips: Recordings):
        from scipy.spatial import KDTree  # takes a moment to import, and few evaluations need it

        self._clips = [(name, pose.fps, *_frames(pose)) for name, pose in clips]
        size = self._clips[0][2][0].size
        self._projection = np.random.default_rng(0).normal(size=(size, _WIDTH)).astype(np.float32) / _WIDTH**0.5
        self._place_N2 = np.array([(n, f) for n, clip in enumerate(self._clips) for f in range(len(clip[2]))])
        self._tree = KDTree(np.concatenate([self._traits(clip[2]) for clip in self._clips]))

    def _traits(self, motion_FJC: np.ndarray) -> np.ndarray:
        return motion_FJC.reshape(len(motion_FJC), -1) @ self._projection

    def clip_of(self, pose: PoseSequence) -> str | None:
        """The clip that holds the frames of a piece; None for none."""
        motion_FJC, seen_FJ = _frames(pose)
        probes = np.unique(np.linspace(0, len(pose) - 1, _PROBES + 2).round().astype(int)[1:-1])
        near = self._tree.query(self._traits(motion_FJC[probes]), k=min(_NEIGHBOURS, len(self._place_N2)))[1]
        tried: set[tuple[int, int]] = set()
        for probe, rows in zip(probes.tolist(), np.atleast_2d(near.reshape(len(probes), -1)), strict=True):
            for number, frame in self._place_N2[rows].tolist():
                name, fps, clip_FJC, shown_FJ = self._clips[number]
                at_F = np.round(frame + (np.arange(len(pose)) - probe) * (fps / pose.fps)).astype(int)
                if (number, at_F[0]) in tried or at_F[0] < 0 or at_F[-1] > len(clip_FJC):
                    continue
                tried.add((number, at_F[0]))
                at_F = np.minimum(at_F, len(clip_FJC) - 1)  # resampling may have gone beyond the end, and stayed there
                if _distance(motion_FJC, seen_FJ, clip_FJC[at_F], shown_FJ[at_F]) <= NEAR_CLIP_DISTANCE:
                    return name
        return None


def _frames(pose: PoseSequence) -> tuple[np.ndarray, np.ndarray]:
    """(F, J, 3) around the neck of each frame in its own shoulder widths, and what is seen; the rest is zero."""
    joints_FJC, skeleton = with_depth(pose.coordinates), pose.skeleton
    left, right = skeleton.shoulders
    width_F = np.linalg.norm((joints_FJC[:, left] - joints_FJC[:, right])[:, :2], axis=-1)
    known_F = pose.valid[:, [left, right, skeleton.root]].all(axis=1) & (width_F > _NARROWEST)
    seen_FJ = pose.valid & known_F[:, None]
    placed_FJC = (joints_FJC - joints_FJC[:, [skeleton.root]]) / np.where(known_F, width_F, 1.0)[:, None, None]
    return np.where(seen_FJ[..., None], placed_FJC, 0).astype(np.float32), seen_FJ


def _distance(one_FJC: np.ndarray, seen_FJ: np.ndarray, other_FJC: np.ndarray, shown_FJ: np.ndarray) -> float:
    """Mean distance of the joints seen in both, in shoulder widths; infinite where they share too few."""
    both_FJ = seen_FJ & shown_FJ
    if not both_FJ.any() or both_FJ.sum() < _SEEN_ENOUGH * max(seen_FJ.sum(), shown_FJ.sum()):
        return float("inf")
    return float(np.linalg.norm(one_FJC - other_FJC, axis=-1)[both_FJ].mean())

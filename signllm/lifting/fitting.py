"""2D clips to 3D: bones of constant length are turned until they look as the clip does and move as signers do.

Legend: B clips, F frames, K bones, J joints. Coordinates come first: (3, B, F, K).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from signllm.errors import DataError
from signllm.lifting import energy
from signllm.lifting.bones import CHILDREN, FINGERS, NUM_BONES, PARENTS, bone_lengths, joints_of
from signllm.lifting.start import guess_directions
from signllm.pose import SKELETON_50, PoseSequence
from signllm.pose.geometry import neck_origin

BATCH = 16
_STEPS = 100
_FIRST_STEP, _LAST_STEP = 0.06, 0.005  # of directions, whose length is 1
_PACES = (10.0, 60.0)  # frames a second between which accelerations are compared


def lift(clips: Sequence[PoseSequence]) -> list[PoseSequence]:
    """3D clips of what the clips show in x and y; a z that they have is not looked at.

    Lengths are those of the clip's unit, z points towards the viewer, and the neck's z is 0. Bones keep one length over
    a clip, so x and y move a little, too. Missing joints stay missing. The same clip gives the same result in any
    company. Raises DataError for another skeleton than SKELETON_50.
    """
    return list(lift_each(clips))


def lift_each(clips: Iterable[PoseSequence]) -> Iterator[PoseSequence]:
    """`lift`, one clip after the other, for more clips than memory holds."""
    waiting = iter(clips)
    while some := list(islice(waiting, BATCH)):
        yield from _lift_batch(some)


@dataclass(frozen=True)
class _Seen:
    """A clip in its own shoulder widths: joints (F, J, 2), and how to get back."""

    clip: PoseSequence
    joints_FJ2: np.ndarray
    width: float
    origin_2: np.ndarray

    @classmethod
    def of(cls, clip: PoseSequence) -> _Seen:
        if clip.skeleton.name != SKELETON_50.name:
            raise DataError(f"only clips of the skeleton {SKELETON_50.name} can be lifted, not of {clip.skeleton.name}")
        width = clip.shoulder_width()
        width = width if width > 0 else 1.0
        flat_FJ2 = clip.coordinates[..., :2].astype(np.float64)
        origin_2 = np.nan_to_num(neck_origin(flat_FJ2, clip.valid, clip.skeleton))
        return cls(clip, _filled((flat_FJ2 - origin_2) / width, clip.valid), width, origin_2)

    def lifted(self, joints_FJ3: np.ndarray) -> PoseSequence:
        """The clip with fitted joints, in its own unit and place."""
        return self.clip.replace(coordinates=joints_FJ3 * self.width + [*self.origin_2, 0.0])


def _filled(joints_FJ2: np.ndarray, valid_FJ: np.ndarray) -> np.ndarray:
    """The neck interpolated where it is missing, since everything hangs from it; at the origin where it never is."""
    joints_FJ2, neck = joints_FJ2.copy(), SKELETON_50.root
    seen = np.flatnonzero(valid_FJ[:, neck])
    for axis in range(2):
        found = np.interp(np.arange(len(joints_FJ2)), seen, joints_FJ2[seen, neck, axis]) if len(seen) else 0.0
        joints_FJ2[:, neck, axis] = found
    return joints_FJ2


@dataclass(frozen=True)
class _Problem:
    """A batch of clips, padded: what was seen, and what each clip starts from."""

    seen_2BFJ: Tensor
    valid_BFJ: Tensor
    inside_BF: Tensor
    pace_B1: Tensor
    lengths_B1K: Tensor
    guess_3BFK: Tensor
    start_3BFK: Tensor
    outside_3S: Tensor

    @classmethod
    def of(cls, clips: Sequence[_Seen]) -> _Problem:
        frames, joints = max(len(seen.clip) for seen in clips), SKELETON_50.num_joints
        seen_2BFJ = torch.zeros(2, len(clips), frames, joints)
        valid_BFJ = torch.zeros(len(clips), frames, joints)
        inside_BF = torch.zeros(len(clips), frames)
        guess_3BFK = torch.ones(3, len(clips), frames, NUM_BONES)
        start_3BFK = torch.ones(3, len(clips), frames, NUM_BONES)
        lengths_B1K = torch.zeros(len(clips), 1, NUM_BONES)
        for row, seen in enumerate(clips):
            inside = slice(len(seen.clip))
            lengths_K = bone_lengths(seen.joints_FJ2, seen.clip.valid)
            guess_FK3 = guess_directions(seen.joints_FJ2, seen.clip.valid, lengths_K)
            start_FK3 = _start(seen, lengths_K, guess_FK3)
            seen_2BFJ[:, row, inside] = torch.from_numpy(seen.joints_FJ2).float().movedim(-1, 0)
            valid_BFJ[row, inside] = torch.from_numpy(seen.clip.valid.astype(np.float32))
            inside_BF[row, inside] = 1.0
            lengths_B1K[row] = torch.from_numpy(lengths_K)
            guess_3BFK[:, row, inside] = torch.from_numpy(guess_FK3).float().movedim(-1, 0)
            start_3BFK[:, row, inside] = torch.from_numpy(start_FK3).float().movedim(-1, 0)
        pace_B = torch.tensor([(min(max(seen.clip.fps, _PACES[0]), _PACES[1]) / 25.0) ** 2 for seen in clips])
        return cls(
            seen_2BFJ, valid_BFJ, inside_BF, pace_B[:, None], lengths_B1K, guess_3BFK, start_3BFK, energy.outside()
        )


def _start(seen: _Seen, lengths_K: np.ndarray, guess_FK3: np.ndarray) -> np.ndarray:
    """(F, K, 3) where each bone begins: as it is seen in x and y, as guessed in z and where it is not seen."""
    way_FK2 = (seen.joints_FJ2[:, CHILDREN] - seen.joints_FJ2[:, PARENTS]) / lengths_K[:, None]
    seen_FK = seen.clip.valid[:, CHILDREN] & seen.clip.valid[:, PARENTS]
    start_FK3 = guess_FK3.copy()
    start_FK3[seen_FK, :2] = way_FK2[seen_FK]
    length_FK1 = np.linalg.norm(start_FK3, axis=-1, keepdims=True)
    return start_FK3 / np.maximum(length_FK1, 1e-3)


def _lift_batch(clips: Sequence[PoseSequence]) -> list[PoseSequence]:
    seen = [_Seen.of(clip) for clip in clips]
    with _one_thread():
        joints_BFJ3 = _fit(_Problem.of(seen)).movedim(0, -1).double().numpy()
    return [each.lifted(joints_FJ3[: len(each.clip)]) for each, joints_FJ3 in zip(seen, joints_BFJ3, strict=True)]


@contextmanager
def _one_thread() -> Iterator[None]:
    """These arrays are so small that threads wait for each other most of the time: two took four times as long."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fit(problem: _Problem) -> Tensor:
    """(3, B, F, J) the joints after `_STEPS` steps of Adam, whose steps shrink from the first to the last."""
    way = problem.start_3BFK.clone().requires_grad_()
    neck = problem.seen_2BFJ[..., SKELETON_50.root].clone().requires_grad_()
    adam = torch.optim.Adam([way, neck], lr=_FIRST_STEP)
    for step in range(_STEPS):
        adam.param_groups[0]["lr"] = _FIRST_STEP + (_LAST_STEP - _FIRST_STEP) * step / (_STEPS - 1)
        total = _energy(problem, *_pose(problem, way, neck))
        way.grad, neck.grad = torch.autograd.grad(total, [way, neck])
        adam.step()
    with torch.no_grad():
        return _pose(problem, way, neck)[1]


def _pose(problem: _Problem, way: Tensor, neck: Tensor) -> tuple[Tensor, Tensor]:
    """Directions of length 1 (3, B, F, K), and the joints (3, B, F, J) that they lead to."""
    way_3BFK = way / (energy.dot(way, way) + 1e-12).sqrt()
    root_3BF = torch.cat([neck, torch.zeros_like(neck[:1])])
    return way_3BFK, joints_of(way_3BFK * problem.lengths_B1K, root_3BF)


def _energy(problem: _Problem, way_3BFK: Tensor, joints_3BFJ: Tensor) -> Tensor:
    """The sum of all terms over clips and frames, so that a clip's part does not depend on the others."""
    weights = energy.WEIGHTS
    towards_BFK = energy.dot(way_3BFK, problem.guess_3BFK)
    frames_BF = (
        weights.seen * energy.reprojection(joints_3BFJ, problem.seen_2BFJ, problem.valid_BFJ)
        - weights.guess * towards_BFK[..., : FINGERS.start].sum(-1)
        - weights.guess_fingers * towards_BFK[..., FINGERS].sum(-1)
        + weights.arms * energy.arm_limits(way_3BFK, problem.outside_3S)
        + weights.fingers * energy.finger_limits(way_3BFK)
        + weights.palm * energy.palm_shape(way_3BFK)
        + weights.front * energy.front(joints_3BFJ)
        + weights.trunk * energy.trunk(way_3BFK)
    )
    moving_BG = weights.acceleration * energy.acceleration(joints_3BFJ, problem.pace_B1, problem.inside_BF)
    return (frames_BF * problem.inside_BF).sum() + moving_BG.sum()

"""Small lexicons made by code: signs whose right hand rises, moves in its own way, and goes down again."""

from __future__ import annotations

import numpy as np

from signllm.composing.building import Recording, of_recordings
from signllm.composing.lexicon import FPS, Lexicon
from signllm.pose import PoseSequence
from tests.helpers.sources import EXPECTED

WRIST = 4
ARM_AND_HAND = [WRIST, *range(29, 50)]


def performance(way: int, frames: int = 40, shift: float = 0.0, wobble: float = 0.0, seed: int = 0) -> PoseSequence:
    """One person performs sign number `way`: up within a fifth of the clip, a movement of its own, and down again.

    `shift`: how much later, as a share of the clip. `wobble`: shoulder widths of quick motion of this person's own.
    """
    t_F = np.linspace(0, 1, frames)
    late_F = t_F ** (1 + shift)
    up_F = np.clip(np.minimum(late_F, 1 - late_F) / 0.2, 0, 1)
    up_F = up_F**2 * (3 - 2 * up_F)
    motion_F3 = np.stack([np.sin((2 + way) * np.pi * late_F), np.cos((1 + way) * np.pi * late_F), 0 * t_F], -1)
    joints_FJC = np.zeros((frames, 50, 3), np.float32)
    joints_FJC[:, :, :2] = EXPECTED
    rest_C, top_C = np.array([0.0, 0.6, 0.0]), np.array([0.1 * way, -0.5, 0.0])
    moved_FC = rest_C + up_F[:, None] * (top_C - rest_C) + 0.2 * up_F[:, None] * motion_F3
    own_FC = np.random.default_rng(seed).normal(0, wobble, (frames, 3)) * up_F[:, None]
    joints_FJC[:, ARM_AND_HAND] += (moved_FC + own_FC)[:, None].astype(np.float32)
    return PoseSequence.all_valid(joints_FJC, FPS)


def recordings(labels, people: int = 3, language: str = "ASL", wobble: float = 0.01) -> list[Recording]:
    """Clips of signs: each label is another way, each person is a little later and trembles alone."""
    return [
        Recording(
            f"{label}-{person}",
            language,
            label,
            (),
            f"signer {person}",
            performance(way, 36 + 4 * person, 0.2 * person, wobble, person),
        )
        for way, label in enumerate(labels)
        for person in range(people)
    ]


def small_lexicon(labels=("BOOK", "READ", "GOOD"), **options) -> Lexicon:
    """A lexicon of these signs."""
    return of_recordings(recordings(labels, **options))

"""The people who sign the demo corpus: bodies, tempo, amplitude, handedness and where their camera stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from signllm.data.demo.kinematics import Body, rotation_about
from signllm.languages import CODES

SIGNERS_PER_LANGUAGE = 8
_LEFT_HANDED = 7  # one signer in eight, near the share in the population
_SIGNER_SEED = 2011


@dataclass(frozen=True)
class Signer:
    """One person. tempo multiplies speed, amplitude the size of movements; camera is a (3, 3) rotation.

    rest: (3,) the right wrist at rest; lift: shoulder widths by which all signing is higher; sway: liveliness of the
    head and trunk.
    """

    body: Body
    tempo: float
    amplitude: float
    lift: float
    sway: float
    rest: np.ndarray
    camera: np.ndarray
    left_handed: bool


@cache
def signer_named(language: str, number: int) -> Signer:
    """Signer `number` (0, 1, ...) of a language; the same person in every corpus and under every seed."""
    rng = np.random.default_rng([_SIGNER_SEED, CODES.index(language), number])
    axis = rng.normal(size=3)
    yaw, pitch, roll = np.radians(np.clip(rng.normal(0.0, [4.0, 2.5, 1.2]), -8.0, 8.0))
    x, y, z = np.eye(3)
    return Signer(
        body=Body().varied(rng),
        tempo=float(np.clip(rng.normal(1.0, 0.11), 0.8, 1.25)),
        amplitude=float(np.clip(rng.normal(1.0, 0.10), 0.8, 1.2)),
        lift=float(rng.normal(0.0, 0.035)),
        sway=float(rng.uniform(0.6, 1.4)),
        rest=np.array([-0.20, -1.20, 0.36]) + 0.04 * axis,
        camera=rotation_about(y, yaw) @ rotation_about(x, pitch) @ rotation_about(z, roll),
        left_handed=number % 8 == _LEFT_HANDED,
    )

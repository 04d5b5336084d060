"""What a lexicon learns of its own recordings as a whole: how far hands travel, and how long signs last.

Nothing here is set by hand, and nothing looks at clips outside of the lexicon.

Legend: F frames, J joints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from signllm.aligning.values import Values
from signllm.composing.sign import Layers, Sign
from signllm.pose import SKELETON_50
from signllm.sampling import spread

DETAILS = (0.0, 0.5, 1.0)  # for which amplitudes are found; in between they are interpolated
MOST_CLIPS = 200  # that an amplitude is found on
SMALLEST, LARGEST = 0.5, 3.0
_HALVINGS = 10
_WRISTS = [[wrist] for wrist in SKELETON_50.wrists.values()]
_HANDS = [list(SKELETON_50.parts[part]) for part in SKELETON_50.wrists]

Amplitude = tuple[float, float]
"""Factors of the quick motion of an average: of arms, and of hands relative to their wrist."""


def amplitudes(signs: Sequence[Sign]) -> dict[float, Amplitude]:
    """For each of DETAILS the amplitudes with which wrists, and hands around them, travel as far as in the recordings.

    Over signs of several clips: sum of the path lengths of what is composed with each clip / of these clips, mean of
    both sides, as in the metric `total-distance`. Where no sign has several clips, nothing was averaged and nothing is
    amplified.
    """
    pairs = [(sign, unit) for sign in signs if len(sign.units) > 1 for unit in sign.units]
    pairs = [pairs[index] for index in spread(len(pairs), MOST_CLIPS)]
    made = [sign.layers(unit, sign.whole()) for sign, unit in pairs]
    goals = np.array([_paths(Values.of(unit.read())) for _, unit in pairs]).reshape(-1, 4).sum(0)
    return {detail: (_found(made, detail, goals, 0), _found(made, detail, goals, 1)) for detail in DETAILS}


def _found(made: Sequence[Layers], detail: float, goals: np.ndarray, part: int) -> float:
    """The amplitude of one part by halving an interval: paths get longer with it."""
    known = goals[2 * part : 2 * part + 2] > 0
    if not known.any():
        return 1.0
    low, high = SMALLEST, LARGEST
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        amplitude = (middle, 1.0) if part == 0 else (1.0, middle)
        ways = np.sum([_paths(layers.sum(detail, amplitude)) for layers in made], axis=0)
        ratio = np.mean((ways / np.maximum(goals, 1e-9))[2 * part : 2 * part + 2][known])
        low, high = (middle, high) if ratio < 1 else (low, middle)
    return round(math.sqrt(low * high), 3)


def _paths(values: Values) -> list[float]:
    """How far both wrists travel, and the joints of both hands around their wrists."""
    joints = SKELETON_50.num_joints
    place_FJC = values.values_FV[:, : 3 * joints].reshape(-1, joints, 3)
    seen_FJ = values.seen_FV[:, : 3 * joints : 3]
    step_FJ = np.linalg.norm(np.diff(place_FJC, axis=0), axis=-1) * (seen_FJ[1:] & seen_FJ[:-1])
    return [float(step_FJ[:, members].sum()) for members in (*_WRISTS, *_HANDS)]


def amplitude_at(found: Mapping[float, Amplitude], detail: float) -> Amplitude:
    """The amplitudes for a detail between 0 and 1."""
    details = sorted(found)
    arm, hand = (float(np.interp(detail, details, [found[at][part] for at in details])) for part in (0, 1))
    return arm, hand

"""What a lexicon learns of its own recordings as a whole: how far hands travel, and how long signs last.

Nothing here is set by hand, and nothing looks at clips outside of the lexicon.

Legend: F frames, J joints, P parts: arms and hands, 2 sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from signllm.aligning.amplitude import calibrated
from signllm.aligning.values import Values
from signllm.composing.sign import Layers, Sign
from signllm.pose import SKELETON_50
from signllm.sampling import spread

DETAILS = (0.0, 0.5, 1.0)  # for which amplitudes are found; in between they are interpolated
MOST_CLIPS = 200  # that an amplitude is found on
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
    goal_P2 = sum((_paths(Values.of(unit.read())) for _, unit in pairs), np.zeros((2, 2)))
    return {detail: _found(made, detail, goal_P2) for detail in DETAILS}


def _found(made: Sequence[Layers], detail: float, goal_P2: np.ndarray) -> Amplitude:
    def paths(factor_P: np.ndarray) -> np.ndarray:
        arms, hands = factor_P.tolist()
        return np.sum([_paths(layers.sum(detail, (arms, hands))) for layers in made], axis=0)

    arms, hands = calibrated(paths, goal_P2).tolist()
    return arms, hands


def _paths(values: Values) -> np.ndarray:
    """(2, 2) how far both wrists travel, and the joints of both hands around their wrists."""
    joints = SKELETON_50.num_joints
    place_FJC = values.values_FV[:, : 3 * joints].reshape(-1, joints, 3)
    seen_FJ = values.seen_FV[:, : 3 * joints : 3]
    step_FJ = np.linalg.norm(np.diff(place_FJC, axis=0), axis=-1) * (seen_FJ[1:] & seen_FJ[:-1])
    return np.array([[float(step_FJ[:, members].sum()) for members in part] for part in (_WRISTS, _HANDS)])


def amplitude_at(found: Mapping[float, Amplitude], detail: float) -> Amplitude:
    """The amplitudes for a detail between 0 and 1."""
    details = sorted(found)
    arm, hand = (float(np.interp(detail, details, [found[at][part] for at in details])) for part in (0, 1))
    return arm, hand

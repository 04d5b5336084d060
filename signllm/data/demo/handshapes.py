"""The handshapes of the demo corpus, as vectors of joint angles that forward kinematics can bend and blend."""

from __future__ import annotations

import numpy as np

from signllm.data.demo.kinematics import WRIST_TO_HAND, hand_joints

# Flexion in degrees of (knuckle, middle joint, end joint); positive bends towards the palm.
_EXTENDED, _CURLED, _FLAT_BENT = (4, 5, 3), (82, 98, 58), (78, 12, 6)
_HOOKED, _ROUND, _CLAW, _PINCH, _SOFT = (18, 78, 45), (30, 42, 26), (12, 48, 38), (52, 52, 28), (22, 32, 20)
_CLOSE = (3, 0, -3, -7)  # degrees of spread of index, middle, ring, little; positive towards the thumb
_WIDE = (17, 3, -11, -25)

# Directions of the thumb's four bones in hand axes: x to the thumb's side, y along the fingers, z out of the palm.
_THUMB = {
    "out": ((0.75, 0.60, 0.28), (0.82, 0.56, 0.10), (0.88, 0.47, 0.05), (0.93, 0.36, 0.00)),
    "up": ((0.80, 0.52, 0.30), (0.93, 0.35, 0.12), (0.97, 0.22, 0.00), (0.99, 0.10, -0.06)),
    "side": ((0.72, 0.64, 0.25), (0.50, 0.85, 0.16), (0.28, 0.95, 0.10), (0.15, 0.98, 0.08)),
    "across": ((0.70, 0.58, 0.42), (0.35, 0.72, 0.60), (-0.35, 0.55, 0.76), (-0.80, 0.20, 0.55)),
    "tucked": ((0.70, 0.62, 0.36), (0.30, 0.78, 0.55), (-0.48, 0.74, 0.46), (-0.80, 0.52, 0.30)),
    "opposed": ((0.68, 0.58, 0.45), (0.50, 0.66, 0.56), (0.28, 0.76, 0.58), (0.10, 0.84, 0.53)),
    "round": ((0.70, 0.55, 0.45), (0.66, 0.50, 0.56), (0.50, 0.58, 0.64), (0.30, 0.68, 0.67)),
}


def _shape(fingers: tuple, thumb: str, spread: tuple = _CLOSE) -> np.ndarray:
    if len(fingers) == 3 and not isinstance(fingers[0], tuple):
        fingers = (fingers,) * 4
    angles = [np.radians([*flexion, side]) for flexion, side in zip(fingers, spread, strict=True)]
    return np.concatenate([*angles, *map(np.array, _THUMB[thumb])])


def _only(*extended: int, thumb: str, as_flexion: tuple = _EXTENDED, spread: tuple = _CLOSE) -> np.ndarray:
    """Fingers numbered 0 (index) to 3 (little) are `as_flexion`, the others curled into the palm."""
    return _shape(tuple(as_flexion if k in extended else _CURLED for k in range(4)), thumb, spread)


HANDSHAPES: dict[str, np.ndarray] = {
    "relaxed": _shape(_SOFT, "side"),
    "flat": _shape(_EXTENDED, "side"),
    "spread": _shape(_EXTENDED, "out", _WIDE),
    "fist": _only(thumb="across"),
    "thumb": _only(thumb="up"),
    "index": _only(0, thumb="across"),
    "hook": _only(0, thumb="across", as_flexion=_HOOKED),
    "two": _only(0, 1, thumb="across", spread=(13, -9, -3, -7)),
    "pair": _only(0, 1, thumb="across"),
    "three": _only(0, 1, thumb="out", spread=(15, -6, -3, -7)),
    "four": _shape(_EXTENDED, "tucked", _WIDE),
    "gun": _only(0, thumb="up"),
    "little": _only(3, thumb="across"),
    "horns": _only(0, 3, thumb="across", spread=(8, 0, -3, -14)),
    "phone": _only(3, thumb="up", spread=(3, 0, -3, -20)),
    "ring": _shape((_PINCH, _EXTENDED, _EXTENDED, _EXTENDED), "opposed", (8, 2, -11, -24)),
    "pinch": _shape(_PINCH, "opposed"),
    "cup": _shape(_ROUND, "round"),
    "claw": _shape(_CLAW, "round", _WIDE),
    "bent": _shape(_FLAT_BENT, "side"),
}


def fingertip_reach(name: str) -> np.ndarray:
    """(3,) from the wrist to the point that touches a place on the body: the mean tip of the extended fingers.

    A closed hand touches with its knuckles, a hand with only the thumb out touches with the thumb.
    """
    shape = HANDSHAPES[name]
    joints = hand_joints(shape[None])[0]
    extended = [k for k in range(4) if shape[4 * k : 4 * k + 3].sum() < np.radians(100)]
    tips = [8 + 4 * k for k in extended]
    if not tips:
        tips = [4] if name == "thumb" else [8, 12] if name in ("pinch", "bent") else [6, 10]
    return joints[tips].mean(0) + [0.0, WRIST_TO_HAND, 0.0]


def palm_reach() -> np.ndarray:
    """(3,) from the wrist to the middle of the palm, where it touches what it lies on."""
    return np.array([0.0, 0.14 + WRIST_TO_HAND, 0.03])

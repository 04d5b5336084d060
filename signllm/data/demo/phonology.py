"""What a demo sign is made of: handshape, place, orientation, movement and the number of hands.

Places and directions are written for the signer's right hand in the axes of `kinematics`: x towards the signer's
left (negative x is outside), y up, z towards the viewer, in shoulder widths from the neck.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from signllm.data.demo.handshapes import HANDSHAPES


@dataclass(frozen=True)
class Form:
    """One sign of one language, all by name; `hands` is 'one', 'mirror', 'alternate' or 'base'.

    mirror: the other hand does the same on its side; alternate: the same, half a movement later; base: the other
    hand is held flat in front of the body and the active hand works on it.
    """

    handshape: str
    place: str
    orientation: str
    movement: str
    hands: str = "one"


@dataclass(frozen=True)
class Place:
    """Where the hand makes contact; `touch` is the part that does ('tip' or 'palm'), `region` groups near places."""

    at: tuple[float, float, float]
    region: str
    touch: str


PLACES: dict[str, Place] = {
    "forehead": Place((-0.06, 0.86, 0.32), "upper face", "tip"),
    "temple": Place((-0.28, 0.76, 0.26), "upper face", "tip"),
    "eye": Place((-0.19, 0.64, 0.34), "upper face", "tip"),
    "cheek": Place((-0.24, 0.48, 0.30), "lower face", "tip"),
    "mouth": Place((-0.03, 0.42, 0.36), "lower face", "tip"),
    "chin": Place((0.00, 0.28, 0.34), "lower face", "tip"),
    "chest": Place((-0.06, -0.42, 0.36), "trunk", "tip"),
    "own shoulder": Place((-0.42, -0.14, 0.28), "shoulder", "tip"),
    "other shoulder": Place((0.36, -0.14, 0.24), "shoulder", "tip"),
    "belly": Place((-0.06, -0.82, 0.30), "trunk", "palm"),
    "high": Place((-0.44, 0.12, 0.66), "high", "palm"),
    "front": Place((-0.24, -0.38, 0.66), "front", "palm"),
    "side": Place((-0.80, -0.36, 0.66), "side", "palm"),
    "low": Place((-0.30, -0.80, 0.52), "low", "palm"),
    "base hand": Place((-0.02, -0.56, 0.50), "base", "palm"),
}
FACE = ("forehead", "temple", "eye", "cheek", "mouth", "chin")
TRUNK = ("chest", "own shoulder", "other shoulder", "belly")
SPACE = ("high", "front", "side", "low")
BASE_HAND_AT = (-0.06, -0.60, 0.46)  # for the other hand, in its own mirrored axes

# (direction of the fingers, direction the palm faces)
ORIENTATIONS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "up, palm out": ((0.12, 1.0, 0.15), (0.0, 0.0, 1.0)),
    "up, palm in": ((0.15, 1.0, 0.10), (0.1, 0.0, -1.0)),
    "up, palm across": ((0.05, 1.0, 0.15), (1.0, 0.0, 0.0)),
    "ahead, palm down": ((0.25, 0.15, 1.0), (0.0, -1.0, 0.0)),
    "ahead, palm up": ((0.25, 0.05, 1.0), (0.0, 1.0, 0.0)),
    "ahead, palm across": ((0.25, 0.20, 1.0), (1.0, 0.0, 0.0)),
    "across, palm in": ((1.0, 0.20, 0.15), (0.0, 0.0, -1.0)),
    "across, palm down": ((1.0, 0.15, 0.30), (0.0, -1.0, 0.0)),
    "leaning, palm in": ((0.42, 0.80, -0.40), (0.2, 0.0, -1.0)),
    "leaning, palm across": ((0.30, 0.85, -0.35), (1.0, 0.0, 0.2)),
    "leaning, palm down": ((0.80, 0.55, -0.25), (0.3, -1.0, 0.2)),
    "to the body": ((0.75, 0.45, -0.45), (0.1, -0.5, -0.8)),
}
_AT_FACE = ("leaning, palm in", "leaning, palm across", "leaning, palm down", "to the body")
_AT_TRUNK = ("to the body", "across, palm in", "across, palm down")
REST_ORIENTATION = ((0.45, -0.75, 0.40), (0.4, -0.2, -1.0))


@dataclass(frozen=True)
class Movement:
    """A path of offsets from the place, with what happens on the way.

    path: (offset, turn) a key pose each: shoulder widths, and degrees about the fingers' axis. seconds: of each part.
    overlay: None or a repeated motion over one held pose: (kind, size, cycles); kinds are in `performance`.
    closed_at: the hand is a pinch at 'start' or 'end' (opening, closing). inward: needs room behind the place.
    """

    path: tuple[tuple[tuple[float, float, float], float], ...]
    seconds: tuple[float, ...]
    family: str
    overlay: tuple[str, float, float] | None = None
    closed_at: str | None = None


def _line(*offsets: tuple[float, float, float], seconds: float, family: str, **more: Any) -> Movement:
    return Movement(tuple((offset, 0.0) for offset in offsets), (seconds,) * (len(offsets) - 1), family, **more)


def _hold(kind: str, size: float, cycles: float, seconds: float) -> Movement:
    return Movement((((0, 0, 0), 0.0),) * 2, (seconds,), kind, overlay=(kind, size, cycles))


_O = (0.0, 0.0, 0.0)
MOVEMENTS: dict[str, Movement] = {
    "tap twice": _line((-0.05, 0.08, 0.15), _O, (-0.05, 0.07, 0.13), _O, seconds=0.14, family="tap"),
    "ahead": _line(_O, (0, 0.10, 0.34), seconds=0.27, family="ahead"),
    "down": _line((0, 0.22, 0.05), (0, -0.22, 0.05), seconds=0.28, family="down"),
    "up": _line((0, -0.20, 0.05), (0, 0.24, 0.05), seconds=0.28, family="up"),
    "outwards": _line((0.12, 0, 0.05), (-0.34, 0, 0.10), seconds=0.28, family="out"),
    "roof": _line((0.14, 0.22, 0), (-0.24, -0.06, 0.05), (-0.24, -0.42, 0.05), seconds=0.23, family="roof"),
    "fall twice": _line((0, 0.2, 0), (0, -0.22, 0.05), (0, 0.14, 0), (0, -0.28, 0.05), seconds=0.18, family="down"),
    "zigzag": _line(
        (0, 0.2, 0.05), (-0.22, 0.06, 0.05), (0.04, -0.08, 0.05), (-0.2, -0.22, 0.05), seconds=0.16, family="zigzag"
    ),
    "bounce ahead": _line(_O, (0, 0.12, 0.15), (0, 0, 0.2), (0, 0.12, 0.3), (0, 0, 0.36), seconds=0.12, family="ahead"),
    "turn over": Movement((((0, 0, 0.06), 0.0), ((-0.06, 0, 0.12), 85.0)), (0.30,), "turn"),
    "open": _line((0, 0, 0.03), (-0.06, 0.12, 0.2), seconds=0.28, family="open", closed_at="start"),
    "close": _line((-0.04, 0, 0.24), (0, 0, 0.03), seconds=0.28, family="close", closed_at="end"),
    "circle upright": _hold("circle upright", 0.14, 1.5, 0.62),
    "circle flat": _hold("circle flat", 0.14, 1.5, 0.62),
    "circle beside": _hold("circle beside", 0.13, 1.5, 0.62),
    "shake": _hold("shake", 0.10, 2.5, 0.55),
    "twist": _hold("twist", 38.0, 2.5, 0.55),
    "wiggle": _hold("wiggle", 32.0, 3, 0.55),
    "bend": _hold("bend", 62.0, 2, 0.55),
}
_OPENING_SHAPES = ("spread", "flat", "claw", "two", "ring", "four")
_WIGGLING_SHAPES = ("spread", "flat", "four", "claw", "two", "three", "cup")
_BENDING_SHAPES = ("flat", "index", "two", "pair", "three", "four", "gun")


def _movements_for(shape: str, place: str) -> list[str]:
    near_body = place in FACE or place in TRUNK
    allowed = []
    for name, movement in MOVEMENTS.items():
        if movement.closed_at and shape not in _OPENING_SHAPES:
            continue
        if (name == "wiggle" and shape not in _WIGGLING_SHAPES) or (name == "bend" and shape not in _BENDING_SHAPES):
            continue
        if near_body and name in ("roof", "fall twice", "circle flat", "circle beside", "zigzag", "turn over"):
            continue
        if place == "base hand" and name in ("roof", "fall twice", "down", "zigzag", "shake", "circle upright"):
            continue
        allowed.append(name)
    return allowed


def draw_form(rng: np.random.Generator) -> Form:
    """A random form that an arm and a hand can do without contortion."""

    def pick(options: Iterable[str]) -> str:
        choice = list(options)
        return choice[int(rng.random() * len(choice))]

    hands = pick(("one", "one", "one", "mirror", "mirror", "alternate", "base"))
    places = {"base": ("base hand",), "mirror": (*SPACE, "chest", "temple", "belly"), "alternate": SPACE}
    place = pick(places.get(hands, FACE + TRUNK + SPACE))
    shape = pick(name for name in HANDSHAPES if name != "relaxed")
    if place in FACE:
        orientation = pick(_AT_FACE)
    elif place in TRUNK:
        orientation = pick(_AT_TRUNK[:1] if place == "own shoulder" else _AT_TRUNK)
    elif place == "base hand":
        orientation = pick(("ahead, palm down", "across, palm down", "across, palm in", "ahead, palm across"))
    elif place == "high":
        orientation = pick(name for name in ORIENTATIONS if name.startswith("up"))
    else:
        orientation = pick(name for name in ORIENTATIONS if name.startswith(("up", "ahead", "across")))
    form = Form(shape, place, orientation, "ahead", hands)
    movement = pick(_movements_for(shape, place))
    if hands == "alternate":  # moving in turns needs something that repeats
        movement = pick(name for name in ("circle beside", "circle upright", "fall twice", "tap twice", "zigzag"))
    return replace(form, movement=movement)


# Handshapes that look alike from a few metres away count as half a difference.
_ALIKE = (
    {"two", "pair", "three"}, {"fist", "hook", "thumb"}, {"index", "gun"}, {"flat", "four", "spread"},
    {"cup", "claw", "pinch"}, {"little", "horns", "phone"}, {"flat", "bent"}, {"spread", "ring"},
)  # fmt: skip


def contrast(a: Form, b: Form) -> float:
    """How different two signs look, 0 to 5: a point for each parameter, half a point where the values are near."""
    points = 0.0
    if a.handshape != b.handshape:
        points += 0.5 if any({a.handshape, b.handshape} <= group for group in _ALIKE) else 1.0
    if a.place != b.place:
        points += 0.5 if PLACES[a.place].region == PLACES[b.place].region else 1.0
    if a.orientation != b.orientation:
        points += 0.5
    if a.movement != b.movement:
        points += 0.5 if MOVEMENTS[a.movement].family == MOVEMENTS[b.movement].family else 1.0
    if a.hands != b.hands:
        points += 0.5 if {a.hands, b.hands} == {"mirror", "alternate"} else 1.5
    return points

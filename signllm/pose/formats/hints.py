"""What the user says of a source where its files leave it open, instead of what would be found over many clips."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from signllm.errors import ConfigError, did_you_mean
from signllm.pose.formats.point_layouts import CONFIDENCE, DEPTH, LAYOUTS

AUTO, YES, NO = "auto", "yes", "no"
RIGHT_FIRST, LEFT_FIRST = "right-first", "left-first"
SIDES = (AUTO, RIGHT_FIRST, LEFT_FIRST)
_NONE = "none"
_AXES = re.compile(r"-?[xyz]")


@dataclass(frozen=True)
class Hints:
    """The flags of conversion, evaluation and viewing as the user gave them; 'auto' is found over many clips.

    `layout`: which arm joints 2-4 are ('right-first', 'left-first'), the name of a point layout, or both with a comma.
    `axes`: which axis of the file, with '-' where it points the other way, is our x (right), y (down) and z, such as
    'x,-y,z'. `aspect`: width over height of the image ('16:9') of which x and y are shares; '1:1' where both have one
    unit. `third`: what the number behind x and y is, 'confidence' or 'depth'. `mirror`: 'yes' turns x round. `centre`:
    'yes' moves each clip's neck to the origin. `depth`: 'none' reads no depth, a number multiplies it, and two with a
    comma that of the body and that of the hands.

    Raises ConfigError with everything that is wrong.
    """

    layout: str = AUTO
    axes: str = AUTO
    aspect: str = AUTO
    third: str = AUTO
    mirror: str = AUTO
    centre: str = AUTO
    depth: str = AUTO
    sides: str = field(init=False, default=AUTO)
    points: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        faults = self._read_layout()
        faults += _of("third", self.third, (AUTO, CONFIDENCE, DEPTH))
        faults += _of("mirror", self.mirror, (AUTO, YES, NO)) + _of("centre", self.centre, (AUTO, YES, NO))
        if self.axes != AUTO and sorted(axis.strip("-") for axis in self._axes()) != ["x", "y", "z"]:
            faults.append(f"--axes is '{self.axes}'; expected the file's axes for x, y and z, such as x,-y,z")
        if self.aspect != AUTO and not self.image_aspect:
            faults.append(f"--aspect is '{self.aspect}'; expected width:height, such as 16:9 or 1:1")
        if self.depth not in (AUTO, _NONE) and self.depth_factors is None:
            faults.append(f"--depth is '{self.depth}'; expected auto, none, or one or two factors, such as 0.3,1")
        if faults:
            raise ConfigError(faults)

    def _read_layout(self) -> list[str]:
        faults = []
        for name in self.layout.split(","):
            name = name.strip()
            if name in SIDES:
                object.__setattr__(self, "sides", name if name != AUTO else self.sides)
            elif name in LAYOUTS:
                object.__setattr__(self, "points", name)
            else:
                hint = did_you_mean(name, [*SIDES, *LAYOUTS])
                faults.append(
                    f"unknown layout '{name}'{hint}; expected one of {', '.join(SIDES)}, or a layout of points:"
                    f" {', '.join(LAYOUTS)}"
                )
        return faults

    def _axes(self) -> list[str]:
        return [axis.strip() for axis in self.axes.split(",") if _AXES.fullmatch(axis.strip())]

    @property
    def axes_of_file(self) -> tuple[tuple[int, int], ...] | None:
        """(the file's axis, its sign) for each of x, y and z; None where they are to be found."""
        if self.axes == AUTO:
            return None
        return tuple(("xyz".index(axis[-1]), -1 if axis[0] == "-" else 1) for axis in self._axes())

    @property
    def image_aspect(self) -> float | None:
        """Width over height, None where it is to be found (or no ratio)."""
        width, _, height = self.aspect.partition(":")
        try:
            value = float(width) / float(height or 1)
        except (ValueError, ZeroDivisionError):
            return None
        return value if 0.1 < value < 10 else None

    @property
    def depth_factors(self) -> tuple[float, float] | None:
        """By what z of the body and of the hands is multiplied, (0, 0) for none; None where it is to be found."""
        if self.depth == _NONE:
            return 0.0, 0.0
        try:
            values = [float(word) for word in self.depth.split(",")]
        except ValueError:
            return None
        known = len(values) in (1, 2) and all(abs(value) < 1e6 for value in values)
        return (values[0], values[-1]) if known else None

    @property
    def facts(self) -> dict[str, str]:
        """What was said, for fingerprints and records; without the layout, which older stores name apart."""
        names = ("axes", "aspect", "third", "mirror", "centre", "depth")
        return {name: getattr(self, name) for name in names if getattr(self, name) != AUTO}


def _of(name: str, value: str, known: tuple[str, ...]) -> list[str]:
    return [] if value in known else [f"--{name} is '{value}'; expected one of {', '.join(known)}"]

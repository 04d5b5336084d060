"""Which cleaning steps are done, with which parameters: read from words, done to clips, written down.

Legend: F frames, J joints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from signllm.errors import ConfigError, DataError, did_you_mean
from signllm.pose.cleaning.steps import STEPS, Counts
from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence

NONE, RECOMMENDED, OFF = "none", "recommended", "off"
ALWAYS = ("outliers",)
"""The steps that are done where nothing is said."""
RECOMMENDED_STEPS = ("outliers", "swaps", "jumps", "torn", "gaps")
"""What repairs faults of the tracker and leaves everything else, as `benchmarks/cleaning.py` measures."""


@dataclass(frozen=True)
class Change:
    """What one step did to a clip; `counts` is empty where it did nothing."""

    name: str
    value: float | None
    counts: Counts = field(default_factory=dict)

    def __str__(self) -> str:
        return told(self.name, self.value, self.counts)


def told(name: str, value: float | None, counts: Mapping[str, float]) -> str:
    """A step and what it did, in words."""
    did = STEPS[name].say(Counter(counts)) if counts else "nothing to change"
    return f"{word_of(name, value).replace('=', ' ')}: {did}"


def word_of(name: str, value: float | None) -> str:
    """A step as `--clean` takes it."""
    return name if value is None else f"{name}={value!r}".removesuffix(".0")


@dataclass(frozen=True)
class Cleaning:
    """The steps to do and the parameter of each, whatever order they are named in."""

    values: Mapping[str, float | None]

    @classmethod
    def parse(cls, words: Sequence[str] | None) -> Cleaning:
        """`["gaps=0.2", "jumps", ...]`; the steps of ALWAYS are done beside those named.

        `name=off` leaves a step out, `none` those that nobody names, `recommended` adds RECOMMENDED_STEPS. Raises
        ConfigError with everything that is wrong.
        """
        words = list(words or ())
        said: dict[str, str] = {}
        faults = []
        for word in words:
            name, _, value = (part.strip() for part in word.partition("="))
            if word in (NONE, RECOMMENDED):
                continue
            if name not in STEPS:
                hint = did_you_mean(name, [*STEPS, NONE, RECOMMENDED])
                faults.append(f"--clean {word}: unknown step{hint}; known: {', '.join(STEPS)}, {RECOMMENDED}, {NONE}")
            elif name in said:
                faults.append(f"--clean: {name} is given twice")
            else:
                said[name] = value if "=" in word else ""
                faults += _faults_of(word, name, said[name], "=" in word)
        if NONE in words and RECOMMENDED in words:
            faults.append(f"--clean: {NONE} and {RECOMMENDED} contradict each other; give one of them")
        if faults:
            raise ConfigError(faults)
        chosen = {*(() if NONE in words else ALWAYS), *(RECOMMENDED_STEPS if RECOMMENDED in words else ()), *said}
        return cls(
            {
                name: float(said[name]) if said.get(name) else kind.value
                for name, kind in STEPS.items()
                if name in chosen and said.get(name) != OFF
            }
        )

    @cached_property
    def words(self) -> list[str]:
        """As `parse` takes it, with every parameter, whatever the steps of ALWAYS are one day."""
        return [NONE, *(word_of(name, value) for name, value in self.values.items())]

    @property
    def is_usual(self) -> bool:
        """Whether it is what is done where nothing is said."""
        return self == USUAL

    @property
    def facts(self) -> list[tuple[str, int, float | None]]:
        """(name, version, parameter) of each step."""
        return [(name, STEPS[name].version, value) for name, value in self.values.items()]

    def run(self, pose: PoseSequence) -> tuple[PoseSequence, list[Change]]:
        """The clean clip, and what each step changed. Raises DataError for a clip that is not in shoulder widths."""
        if pose.unit != SHOULDER_WIDTHS:
            raise DataError(f"the clip is in {pose.unit}, cleaning needs {SHOULDER_WIDTHS}; see in_shoulder_widths()")
        changes = []
        for name, value in self.values.items():
            pose, counts = STEPS[name].run(pose, 0.0 if value is None else value)
            changes.append(Change(name, value, counts))
        return pose, changes


def _faults_of(word: str, name: str, value: str, given: bool) -> list[str]:
    """What is wrong with the parameter of a known step."""
    kind = STEPS[name]
    if value == OFF or not given:
        return []
    if kind.value is None:
        return [f"--clean {word}: {name} takes no number; expected {name} or {name}={OFF}"]
    try:
        right = kind.least <= float(value) <= kind.most
    except ValueError:
        right = False
    expected = f"{kind.meaning} from {kind.least:g} to {kind.most:g}, such as {word_of(name, kind.value)}"
    return [] if right else [f"--clean {word}: expected {expected}, or {name}={OFF}"]


USUAL = Cleaning.parse(())
"""What is done where nothing is said."""


def clean(pose: PoseSequence, steps: Sequence[str] | str = (RECOMMENDED,)) -> tuple[PoseSequence, list[Change]]:
    """Clean one clip in shoulder widths by the steps that `--clean` of final_convert_data.py takes.

    Returns the new clip and, for each step in the order in which it was done, what it changed. Raises ConfigError for
    words that name no step, DataError for a clip in another unit.
    """
    return Cleaning.parse(steps.split() if isinstance(steps, str) else steps).run(pose)

"""One sign of a lexicon, and how a clip of it is made: the average of people, with the detail of one of them.

The average of clips in step is read best and lies nearest to all of them, but moves too little: what people do not do
alike cancels. Two things are put back. The average's own quick motion is amplified by a factor that was calibrated on
the lexicon's recordings, for arms and hands apart; and one person's quick deviation from the average is added. Only
what is quick: a person's slow deviation is another posture, which adds distance and no motion.

Legend: F frames of a clip, T frames of the sign's time axis, V values a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from signllm.aligning.values import ARM_V, HAND_V, Values
from signllm.pose import PoseSequence

QUICK_FRAMES = 3.0  # of a person's deviation: what a Gaussian of 0.12 s takes away
COURSE_FRAMES = 10.0  # of the average: what is slower than a Gaussian of 0.4 s is where hands are, not how they move


@dataclass(frozen=True)
class Unit:
    """One recorded clip of a sign. `atypical`: its mean distance from the others, in shoulder widths.

    `read` gives the clip, and `warp_T` which frame of it falls on each moment of the sign's axis.
    """

    id: str
    signer: str | None
    atypical: float
    read: Callable[[], PoseSequence]
    warp_T: np.ndarray


@dataclass(frozen=True)
class Sign:
    """A sign of one language. label: its gloss or word. frames: how long it lasts alone, at the lexicon's frame rate.

    mean: the average of its clips. begin, end: the frames of the axis that a sentence holds of it. units: its clips,
    the most typical first. words: the spoken words that stand for it, besides the label.
    """

    language: str
    label: str
    frames: float
    begin: int
    end: int
    mean: Values
    units: tuple[Unit, ...]
    words: tuple[str, ...] = ()

    def layers(self, unit: Unit, moments_G: np.ndarray | None = None) -> Layers:
        """What a clip of the sign is the sum of, on the sign's own time axis or at fractional frames of it."""
        mean = self.mean
        own_TV = deviation_TV = np.zeros_like(mean.values_FV)
        if len(self.units) > 1:
            own_TV = quick(mean.values_FV, mean.seen_FV, COURSE_FRAMES)
            person = Values.of(unit.read()).at(unit.warp_T)
            both_TV = person.seen_FV & mean.seen_FV
            deviation_TV = quick(np.where(both_TV, person.values_FV - mean.values_FV, 0), both_TV, QUICK_FRAMES)
        layers = Layers(mean, own_TV, deviation_TV)
        return layers if moments_G is None else layers.at(moments_G)

    def whole(self) -> np.ndarray:
        """(G,) the moments of the axis at which a clip of typical length shows it, from its first to its last frame."""
        return np.linspace(0, len(self.mean.values_FV) - 1, max(2, round(self.frames)))


@dataclass(frozen=True)
class Layers:
    """The average of a sign, its own quick motion, and the quick deviation of one person from it, each (F, V).

    Of a sign of one clip, the average is that clip, and the other two are 0.
    """

    mean: Values
    own_FV: np.ndarray
    person_FV: np.ndarray

    def at(self, moments_G: np.ndarray) -> Layers:
        """The same at fractional frames."""
        own, person = (Values(layer_FV, self.mean.seen_FV).at(moments_G) for layer_FV in (self.own_FV, self.person_FV))
        return Layers(self.mean.at(moments_G), own.values_FV, person.values_FV)

    def sum(self, detail: float, amplitude: tuple[float, float]) -> Values:
        """The clip with `detail` of the person; amplitude: of the average's own quick motion, of arms and of hands."""
        more_V = ((amplitude[0] - 1) * ARM_V + (amplitude[1] - 1) * HAND_V).astype(np.float32)
        values_FV = self.mean.values_FV + more_V * self.own_FV + np.float32(detail) * self.person_FV
        return Values(values_FV, self.mean.seen_FV)


def quick(values_FV: np.ndarray, seen_FV: np.ndarray, deviation: float) -> np.ndarray:
    """(F, V) what is quicker than a Gaussian of so many frames; of values that are shown, others are 0."""
    from scipy.ndimage import gaussian_filter1d  # as in `parts`

    if seen_FV.all():
        return values_FV - gaussian_filter1d(values_FV, deviation, axis=0, mode="nearest")
    weight_FV = gaussian_filter1d(seen_FV.astype(np.float32), deviation, axis=0, mode="nearest")
    slow_FV = gaussian_filter1d(values_FV * seen_FV, deviation, axis=0, mode="nearest")
    return (values_FV - slow_FV / np.maximum(weight_FV, 1e-6)) * seen_FV

"""Which person's clip serves for each sign of a sentence: unit selection, as in speech synthesis (Hunt and Black 1996).

A unit costs what makes it atypical of its sign, and a pair of units what their join costs; the cheapest row of units is
found by dynamic programming (Viterbi).
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signllm.aligning.values import Values
from signllm.composing.seams import discontinuity
from signllm.composing.sign import Sign, Unit

MOST_CANDIDATES = 6  # units a sign, the most typical ones
ANOTHER_SIGNER = 0.05  # shoulder widths, for two units of different people
_VARIETY = 0.15  # shoulder widths: how much an atypical unit may be preferred under another seed


@dataclass(frozen=True)
class Candidate:
    """A unit of a sign, as it would be signed in the sentence."""

    sign: Sign
    unit: Unit
    cost: float
    performed: Values


def units_of(signs: Sequence[Sign], seed: int, position: int) -> list[tuple[Sign, Unit, float]]:
    """The units that may serve at a position, with their costs: how much less typical they are than the best one.

    Under seed 0 the most typical come first. Another seed draws who signs: its numbers change the costs, for all signs
    of one signer alike, where signers are known.
    """
    rows = []
    for order, sign in enumerate(signs):
        least = min(unit.atypical for unit in sign.units)
        for unit in sign.units:
            person = unit.signer or f"{position}/{unit.id}"
            drawn = zlib.crc32(f"{seed}/{person}".encode()) / 2**32 * _VARIETY if seed else 0.0
            rows.append((sign, unit, unit.atypical - least + drawn + order * 1e-6))
    rows.sort(key=lambda row: row[2])
    return rows[:MOST_CANDIDATES]


def cheapest(positions: Sequence[Sequence[Candidate]], fps: float) -> list[Candidate]:
    """One candidate a position, so that units and joins together cost least; of equals the first."""
    total, back = np.array([one.cost for one in positions[0]]), []
    for before, after in itertools.pairwise(positions):
        join_AB = np.array([[_join(a, b, fps) for a in before] for b in after])
        way_AB = total[None] + join_AB
        back.append(way_AB.argmin(1))
        total = way_AB.min(1) + np.array([one.cost for one in after])
    index = int(total.argmin())
    chosen = [index]
    for best_A in reversed(back):
        index = int(best_A[index])
        chosen.append(index)
    return [row[at] for row, at in zip(positions, reversed(chosen), strict=True)]


def _join(before: Candidate, after: Candidate, fps: float) -> float:
    known = before.unit.signer is not None and after.unit.signer is not None
    change = ANOTHER_SIGNER if known and before.unit.signer != after.unit.signer else 0.0
    return discontinuity(before.performed, after.performed, fps) + change

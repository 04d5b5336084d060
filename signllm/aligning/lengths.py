"""How long a sign usually lasts, from the lengths of its clips.

Lengths are log-normal. The mean of a sign's logarithms is drawn towards that of all signs by their share of the
variance (empirical Bayes; the variances by one-way analysis of variance): where the clips of one sign differ as much as
those of several, a few clips say nothing of how long the next one lasts.

Legend: S signs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def usual_lengths(lengths: Sequence[Sequence[int]]) -> tuple[np.ndarray, float]:
    """(S,) the expected logarithm of the length of each sign, from the lengths of its clips, and their variance."""
    logs = [np.log(np.asarray(of_sign, float)) for of_sign in lengths]
    between, within, _ = variances(logs)
    means_S, counts_S = np.array([own.mean() for own in logs]), np.array([len(own) for own in logs])
    every_mean = np.concatenate(logs).mean()
    total_S = between + within / counts_S
    own_share_S = np.divide(between, total_S, out=np.ones(len(logs)), where=total_S > 0)
    return every_mean + own_share_S * (means_S - every_mean), within


def typical_lengths(lengths: Sequence[Sequence[int]]) -> list[float]:
    """How many frames each sign lasts, from the lengths of its clips: the arithmetic mean of the distribution."""
    usual_S, within = usual_lengths(lengths)
    return [float(length) for length in np.exp(usual_S + within / 2)]


def variances(groups: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """One-way analysis of variance: of the groups' own means, at least 0, of the values within groups, and F.

    A variance is 0, and F is not a number, where there are too few groups, or too few values in them, to show it.
    """
    every_N = np.concatenate(groups)
    means_S, counts_S = np.array([own.mean() for own in groups]), np.array([len(own) for own in groups])
    inside = float(sum(((own - own.mean()) ** 2).sum() for own in groups))
    freedom = len(every_N) - len(groups)
    within = inside / freedom if freedom else 0.0
    if len(groups) < 2:
        return 0.0, within, math.nan
    spread_of_means = float((counts_S * (means_S - every_N.mean()) ** 2).sum()) / (len(groups) - 1)
    usual_count = (len(every_N) - (counts_S**2).sum() / len(every_N)) / (len(groups) - 1)
    statistic = spread_of_means / within if within else math.nan
    return max(0.0, (spread_of_means - within) / usual_count), within, statistic

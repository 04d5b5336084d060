"""Compiled inner loops of dynamic time warping; imported by `signllm.aligning.dtw` only when a distance is asked for.

Legend: U hypothesis frames, T reference frames, J joints. The reference comes transposed, so that the innermost loop
runs along its frames and the compiler vectorises it. Local costs are float32, their sums float64: a sum of a few
thousand float32 numbers in float64 loses nothing, so equal paths compare as equal and ties are decided by the rule, not
by rounding. Differences are taken directly: through dot products (|h|² + |r|² - 2 h·r) near frames would cancel, and a
matrix product in float64, which would hide it, takes longer than this.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MEAN_JOINT, L1_SUM, L2 = 0, 1, 2
DIAGONAL, HYPOTHESIS_STEP, REFERENCE_STEP = 0, 1, 2


@njit(nogil=True, cache=True, fastmath={"contract"})
def whole_costs(kind: int, hypothesis_UJ3: np.ndarray, reference_J3T: np.ndarray) -> np.ndarray:
    """(U, T) local costs of two clips in which nothing is missing.

    Two hypothesis frames at a time share each number read of the reference; that is what the loop waits for. The
    innermost loops are written out: a call inside would cost as much as the distance.
    """
    U, J, T = hypothesis_UJ3.shape[0], hypothesis_UJ3.shape[1], reference_J3T.shape[2]
    cost_UT = np.zeros((U, T), np.float32)
    spare_T = np.zeros(T, np.float32)
    for u in range(0, U, 2):
        v = min(u + 1, U - 1)
        sum_T, sum2_T = cost_UT[u], (cost_UT[v] if v > u else spare_T)
        for j in range(J):
            x, y, z = hypothesis_UJ3[u, j, 0], hypothesis_UJ3[u, j, 1], hypothesis_UJ3[u, j, 2]
            x2, y2, z2 = hypothesis_UJ3[v, j, 0], hypothesis_UJ3[v, j, 1], hypothesis_UJ3[v, j, 2]
            a, b, c = reference_J3T[j, 0], reference_J3T[j, 1], reference_J3T[j, 2]
            if kind == MEAN_JOINT:
                for t in range(T):
                    dx, dy, dz, dx2, dy2, dz2 = a[t] - x, b[t] - y, c[t] - z, a[t] - x2, b[t] - y2, c[t] - z2
                    sum_T[t] += math.sqrt(dx * dx + dy * dy + dz * dz)
                    sum2_T[t] += math.sqrt(dx2 * dx2 + dy2 * dy2 + dz2 * dz2)
            elif kind == L1_SUM:
                for t in range(T):
                    sum_T[t] += abs(a[t] - x) + abs(b[t] - y) + abs(c[t] - z)
                    sum2_T[t] += abs(a[t] - x2) + abs(b[t] - y2) + abs(c[t] - z2)
            else:
                for t in range(T):
                    dx, dy, dz, dx2, dy2, dz2 = a[t] - x, b[t] - y, c[t] - z, a[t] - x2, b[t] - y2, c[t] - z2
                    sum_T[t] += dx * dx + dy * dy + dz * dz
                    sum2_T[t] += dx2 * dx2 + dy2 * dy2 + dz2 * dz2
        for row_T in (sum_T, sum2_T):
            if kind == MEAN_JOINT:
                for t in range(T):
                    row_T[t] *= np.float32(1 / J)
            elif kind == L2:
                for t in range(T):
                    row_T[t] = math.sqrt(row_T[t])
    return cost_UT


@njit(nogil=True, cache=True, fastmath={"contract"})
def masked_costs(
    kind: int,
    hypothesis_UJ3: np.ndarray,
    seen_UJ: np.ndarray,
    reference_J3T: np.ndarray,
    seen_JT: np.ndarray,
    missed_JT: np.ndarray,
) -> np.ndarray:
    """(U, T) local costs with masks; `seen_*` are 1.0 or 0.0. NaN where no joint counts.

    The two sums are over the joints seen in both frames. The mean is over those that the reference shows, and one that
    the hypothesis lacks costs `missed_JT`.
    """
    U, J, T = hypothesis_UJ3.shape[0], hypothesis_UJ3.shape[1], reference_J3T.shape[2]
    cost_UT = np.zeros((U, T), np.float32)
    count_T = np.empty(T, np.float32)
    for u in range(U):
        sum_T = cost_UT[u]
        count_T[:] = 0
        for j in range(J):
            if seen_UJ[u, j] == 0:
                if kind == MEAN_JOINT:
                    seen_T, missed_T = seen_JT[j], missed_JT[j]
                    for t in range(T):
                        count_T[t] += seen_T[t]
                        sum_T[t] += seen_T[t] * missed_T[t]
                continue
            x, y, z = hypothesis_UJ3[u, j, 0], hypothesis_UJ3[u, j, 1], hypothesis_UJ3[u, j, 2]
            a, b, c, seen_T = reference_J3T[j, 0], reference_J3T[j, 1], reference_J3T[j, 2], seen_JT[j]
            for t in range(T):
                count_T[t] += seen_T[t]
            if kind == MEAN_JOINT:
                for t in range(T):
                    dx, dy, dz = a[t] - x, b[t] - y, c[t] - z
                    sum_T[t] += seen_T[t] * math.sqrt(dx * dx + dy * dy + dz * dz)
            elif kind == L1_SUM:
                for t in range(T):
                    sum_T[t] += seen_T[t] * (abs(a[t] - x) + abs(b[t] - y) + abs(c[t] - z))
            else:
                for t in range(T):
                    dx, dy, dz = a[t] - x, b[t] - y, c[t] - z
                    sum_T[t] += seen_T[t] * (dx * dx + dy * dy + dz * dz)
        for t in range(T):
            if count_T[t] == 0:
                sum_T[t] = np.nan
            elif kind == MEAN_JOINT:
                sum_T[t] /= count_T[t]
            else:
                scaled = sum_T[t] * (J / count_T[t])
                sum_T[t] = math.sqrt(scaled) if kind == L2 else scaled
    return cost_UT


@njit(nogil=True, cache=True)
def cheapest_path(cost_UT: np.ndarray) -> tuple[float, np.ndarray]:
    """(accumulated cost, path (P, 2) int32 of (u, t)) through a matrix of local costs."""
    U, T = cost_UT.shape
    step_UT = np.empty((U, T), np.uint8)
    before_T, now_T = np.full(T, np.inf), np.empty(T)
    for u in range(U):
        left = cost_UT[u, 0] + (before_T[0] if u > 0 else 0.0)
        now_T[0], step_UT[u, 0] = left, HYPOTHESIS_STEP
        for t in range(1, T):
            best, step = before_T[t - 1], DIAGONAL
            if before_T[t] < best:
                best, step = before_T[t], HYPOTHESIS_STEP
            if left < best:
                best, step = left, REFERENCE_STEP
            left = best + cost_UT[u, t]
            now_T[t] = left
            step_UT[u, t] = step
        before_T, now_T = now_T, before_T
    return before_T[T - 1], _walk_back(step_UT)


@njit(nogil=True, cache=True)
def _walk_back(step_UT: np.ndarray) -> np.ndarray:
    U, T = step_UT.shape
    path_P2 = np.empty((U + T - 1, 2), np.int32)
    u, t, at = U - 1, T - 1, U + T - 2
    path_P2[at, 0], path_P2[at, 1] = u, t
    while u > 0 or t > 0:
        step = step_UT[u, t]
        if step != REFERENCE_STEP:
            u -= 1
        if step != HYPOTHESIS_STEP:
            t -= 1
        at -= 1
        path_P2[at, 0], path_P2[at, 1] = u, t
    return path_P2[at:].copy()

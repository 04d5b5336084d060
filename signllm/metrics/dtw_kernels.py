"""Compiled inner loops of dynamic time warping; imported by `signllm.metrics.dtw` only when a distance is asked for.

Legend: U hypothesis frames, T reference frames, J joints. The reference comes transposed, so that the innermost loop
runs along its frames and the compiler vectorises it. Local costs are float32, their sums float64: a sum of a few
thousand float32 numbers in float64 loses nothing, so equal paths compare as equal and ties are decided by the rule, not
by rounding.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MEAN_JOINT, L1_SUM, L2 = 0, 1, 2
DIAGONAL, HYPOTHESIS_STEP, REFERENCE_STEP = 0, 1, 2


@njit(nogil=True, cache=True, fastmath={"contract"})
def _sum_over_joints(kind, frame_J3, seen_J, reference_J3T, seen_JT, sum_T):
    """Sum over joints of the Euclidean, L1 or (for L2) squared distance of one frame to all frames of the reference.

    The innermost loops are written out: a call inside would cost as much as the distance.
    """
    T = sum_T.size
    sum_T[:] = 0
    for j in range(seen_J.size):
        if seen_J[j] == 0:
            continue
        x, y, z = frame_J3[j, 0], frame_J3[j, 1], frame_J3[j, 2]
        a, b, c, seen_T = reference_J3T[j, 0], reference_J3T[j, 1], reference_J3T[j, 2], seen_JT[j]
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


@njit(nogil=True, cache=True)
def _scale_masked(kind, seen_J, seen_JT, unknown, cost_T):
    """Scale sums by 1 / count (mean) or J / count; return how many pairs had no common joint, and the others' sum."""
    J, T = seen_JT.shape
    count_T = np.zeros(T, np.float32)
    for j in range(J):
        for t in range(T):
            count_T[t] += seen_J[j] * seen_JT[j, t]
    missing, known_sum = 0, 0.0
    for t in range(T):
        if count_T[t] == 0:
            cost_T[t] = unknown
            missing += 1
        else:
            cost_T[t] *= (1 if kind == MEAN_JOINT else J) / count_T[t]
            known_sum += math.sqrt(cost_T[t]) if kind == L2 else cost_T[t]
    return missing, known_sum


@njit(nogil=True, cache=True)
def cheapest_path(kind, hypothesis_UJ3, seen_UJ, reference_J3T, seen_JT, whole, unknown):
    """Align two clips; `seen_*` are 1.0 or 0.0, `whole` says that nothing is missing.

    Returns (accumulated cost, path (P, 2) int32 of (u, t), frame pairs without a common joint, sum of all other local
    costs). `unknown` is the local cost of pairs without a common joint (for L2: its square).
    """
    U, J, T = hypothesis_UJ3.shape[0], hypothesis_UJ3.shape[1], reference_J3T.shape[2]
    step_UT = np.empty((U, T), np.uint8)
    before_T, now_T = np.full(T, np.inf), np.empty(T)
    cost_T = np.empty(T, np.float32)
    missing, known_sum = 0, 0.0
    for u in range(U):
        _sum_over_joints(kind, hypothesis_UJ3[u], seen_UJ[u], reference_J3T, seen_JT, cost_T)
        if not whole:
            missing_here, known_here = _scale_masked(kind, seen_UJ[u], seen_JT, unknown, cost_T)
            missing, known_sum = missing + missing_here, known_sum + known_here
        elif kind == MEAN_JOINT:
            cost_T *= np.float32(1 / J)
        if kind == L2:
            cost_T = np.sqrt(cost_T)
        left = cost_T[0] + (before_T[0] if u > 0 else 0.0)
        now_T[0], step_UT[u, 0] = left, HYPOTHESIS_STEP
        for t in range(1, T):
            best, step = before_T[t - 1], DIAGONAL
            if before_T[t] < best:
                best, step = before_T[t], HYPOTHESIS_STEP
            if left < best:
                best, step = left, REFERENCE_STEP
            left = best + cost_T[t]
            now_T[t] = left
            step_UT[u, t] = step
        before_T, now_T = now_T, before_T
    return before_T[T - 1], _walk_back(step_UT), missing, known_sum


@njit(nogil=True, cache=True)
def _walk_back(step_UT):
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

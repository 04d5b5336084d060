"""The path of the package fastdtw (0.3, radius 1), compiled, for the one metric that is defined by it.

FastDTW (Salvador and Chan 2007) aligns both clips at half their frame rate, by itself, and then looks only near that
path. It is approximate, so the metric is what the package does, to its order of trying and its ties; the tests compare
path by path with the package, which is pure Python and 50 to 100 times slower.

Legend: U hypothesis frames, T reference frames, J joints, C coordinates, N = J C.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_FEWEST_FRAMES = 3  # of a clip that is halved once more: radius + 2


@njit(nogil=True, cache=True)
def fastdtw_path(
    hypothesis_UN: np.ndarray, seen_UJ: np.ndarray, reference_TN: np.ndarray, seen_TJ: np.ndarray
) -> np.ndarray:
    """Path (P, 2) int32 of (u, t); local cost = L2 of the flattened frames, as `_distance` defines it with masks.

    Coordinates are float64, zero where missing; `seen_*` are 1.0 or 0.0.
    """
    sides_h, weights_h, sides_r, weights_r = [hypothesis_UN], [seen_UJ], [reference_TN], [seen_TJ]
    while min(len(sides_h[-1]), len(sides_r[-1])) >= _FEWEST_FRAMES:
        sides_h.append(_halved(sides_h[-1]))
        weights_h.append(_halved(weights_h[-1]))
        sides_r.append(_halved(sides_r[-1]))
        weights_r.append(_halved(weights_r[-1]))
    level = len(sides_h) - 1
    first_U = np.zeros(len(sides_h[level]), np.int64)
    end_U = np.full(len(sides_h[level]), len(sides_r[level]), np.int64)
    while True:
        path_P2 = _path_in_window(
            _places(sides_h[level], weights_h[level]),
            weights_h[level],
            _places(sides_r[level], weights_r[level]),
            weights_r[level],
            first_U,
            end_U,
        )
        if level == 0:
            return path_P2
        level -= 1
        first_U, end_U = _window_around(path_P2, len(sides_h[level]), len(sides_r[level]))


@njit(nogil=True, cache=True)
def _halved(frames_FN: np.ndarray) -> np.ndarray:
    """Means of two frames each; an odd last one is left out."""
    half_FN = np.empty((len(frames_FN) // 2, frames_FN.shape[1]))
    for f in range(len(half_FN)):
        for n in range(frames_FN.shape[1]):
            half_FN[f, n] = (frames_FN[2 * f, n] + frames_FN[2 * f + 1, n]) / 2
    return half_FN


@njit(nogil=True, cache=True)
def _places(frames_FN: np.ndarray, weights_FJ: np.ndarray) -> np.ndarray:
    """Coordinates out of means of (weight x coordinate): the mean over the frames that show the joint."""
    places_FN = frames_FN.copy()
    C = frames_FN.shape[1] // weights_FJ.shape[1]
    for f in range(len(frames_FN)):
        for n in range(frames_FN.shape[1]):
            weight = weights_FJ[f, n // C]
            if weight != 0 and weight != 1:
                places_FN[f, n] /= weight
    return places_FN


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"})
def _distance(h_N: np.ndarray, seen_h_J: np.ndarray, r_N: np.ndarray, seen_r_J: np.ndarray, whole: bool) -> float:
    """L2 over the joints seen in both frames, scaled by the root of J / their number; 0 when there is none."""
    total = 0.0
    if whole:
        for n in range(h_N.size):
            difference = h_N[n] - r_N[n]
            total += difference * difference
        return math.sqrt(total)
    J = seen_h_J.size
    C = h_N.size // J
    count = 0
    for j in range(J):
        if seen_h_J[j] > 0 and seen_r_J[j] > 0:
            count += 1
            for n in range(j * C, j * C + C):
                difference = h_N[n] - r_N[n]
                total += difference * difference
    return math.sqrt(total * J / count) if count else 0.0


@njit(nogil=True, cache=True)
def _path_in_window(
    hypothesis_UN: np.ndarray,
    seen_UJ: np.ndarray,
    reference_TN: np.ndarray,
    seen_TJ: np.ndarray,
    first_U: np.ndarray,
    end_U: np.ndarray,
) -> np.ndarray:
    """The cheapest path with first <= t < end for every u; of equals, the step of u, then that of t, then both."""
    U, T = len(hypothesis_UN), len(reference_TN)
    whole_U, whole_T = np.empty(U, np.bool_), np.empty(T, np.bool_)
    for u in range(U):
        whole_U[u] = seen_UJ[u].min() > 0
    for t in range(T):
        whole_T[t] = seen_TJ[t].min() > 0
    before_T, now_T = np.full(T + 1, np.inf), np.full(T + 1, np.inf)
    before_T[0] = 0
    step_UT = np.zeros((U, T), np.uint8)
    for u in range(U):
        now_T[:] = np.inf
        for t in range(first_U[u], end_U[u]):
            whole = whole_U[u] and whole_T[t]
            cost = _distance(hypothesis_UN[u], seen_UJ[u], reference_TN[t], seen_TJ[t], whole)
            best, step = before_T[t + 1] + cost, 0
            if now_T[t] + cost < best:
                best, step = now_T[t] + cost, 1
            if before_T[t] + cost < best:
                best, step = before_T[t] + cost, 2
            now_T[t + 1], step_UT[u, t] = best, step
        before_T, now_T = now_T, before_T
    path_P2 = np.empty((U + T - 1, 2), np.int32)
    u, t, at = U - 1, T - 1, U + T - 1
    while u >= 0 and t >= 0:
        at -= 1
        path_P2[at, 0], path_P2[at, 1] = u, t
        step = step_UT[u, t]
        if step != 1:
            u -= 1
        if step != 0:
            t -= 1
    return path_P2[at:].copy()


@njit(nogil=True, cache=True)
def _window_around(path_P2: np.ndarray, U: int, T: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of U finer frames the interval of T: the cells of the path and all that touch them, four for one."""
    near = np.zeros((U // 2 + 3, T // 2 + 3), np.bool_)
    for p in range(len(path_P2)):
        for u in range(max(0, path_P2[p, 0] - 1), path_P2[p, 0] + 2):
            for t in range(max(0, path_P2[p, 1] - 1), path_P2[p, 1] + 2):
                near[u, t] = True
    first_U, end_U = np.zeros(U, np.int64), np.full(U, T, np.int64)
    start = 0
    for u in range(U):
        t = start
        while t < T and not near[u // 2, t // 2]:
            t += 1
        first_U[u] = start = t
        while t < T and near[u // 2, t // 2]:
            t += 1
        end_U[u] = t
    return first_U, end_U

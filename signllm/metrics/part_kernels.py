"""Compiled local costs of a part of the body after alignment; imported only when such a distance is asked for.

Legend: U hypothesis frames, T reference frames, A joints that align, of which some are measured. All float64: what an
alignment leaves over is small beside what it removes.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MIN_POINTS = 3  # fewer joints can be laid exactly on any others, so their distance says nothing
_SWEEPS = 12


@njit(nogil=True, cache=True)
def procrustes_costs(hypothesis_UA3, seen_UA, reference_TA3, seen_TA, measured_A):
    """(U, T) float32 mean distance of the measured joints after the similarity that fits the hypothesis's frame best.

    Only joints seen in both frames align and are measured. NaN where fewer than 3 align or none is measured.
    """
    U, T, A = hypothesis_UA3.shape[0], reference_TA3.shape[0], hypothesis_UA3.shape[1]
    cost_UT = np.empty((U, T), np.float32)
    mean_h, mean_r, H, R = np.empty(3), np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    N, V = np.empty((4, 4)), np.empty((4, 4))
    both = np.empty(A, np.int64)
    for u in range(U):
        for t in range(T):
            count, measured = 0, 0
            for a in range(A):
                if seen_UA[u, a] and seen_TA[t, a]:
                    both[count] = a
                    count += 1
                    measured += measured_A[a]
            if count < MIN_POINTS or measured == 0:
                cost_UT[u, t] = np.nan
                continue
            h_A3, r_A3 = hypothesis_UA3[u], reference_TA3[t]
            spread = _moments(h_A3, r_A3, both[:count], mean_h, mean_r, H)
            top = _best_rotation(H, N, V, R)
            scale = top / spread if spread > 0 else 0.0
            total = 0.0
            for n in range(count):
                a = both[n]
                if measured_A[a]:
                    total += _distance(h_A3[a], r_A3[a], mean_h, mean_r, R, scale)
            cost_UT[u, t] = total / measured
    return cost_UT


@njit(nogil=True, cache=True)
def _moments(h_A3, r_A3, both, mean_h, mean_r, H):
    """Fill in the means and H = Σ (h - mean)(r - mean)ᵀ; return Σ |h - mean|²."""
    mean_h[:] = 0
    mean_r[:] = 0
    H[:] = 0
    for a in both:
        for c in range(3):
            mean_h[c] += h_A3[a, c] / both.size
            mean_r[c] += r_A3[a, c] / both.size
    spread = 0.0
    for a in both:
        for c in range(3):
            value = h_A3[a, c] - mean_h[c]
            spread += value * value
            for d in range(3):
                H[c, d] += value * (r_A3[a, d] - mean_r[d])
    return spread


@njit(nogil=True, cache=True)
def _distance(h, r, mean_h, mean_r, R, scale):
    square = 0.0
    for d in range(3):
        moved = mean_r[d]
        for c in range(3):
            moved += scale * R[d, c] * (h[c] - mean_h[c])
        square += (moved - r[d]) ** 2
    return math.sqrt(square)


@njit(nogil=True, cache=True)
def _best_rotation(H, N, V, R):
    """Fill in the proper rotation R that maximises trace(R H), and return that maximum.

    Horn's quaternion method: the eigenvector of the largest eigenvalue of a symmetric 4 x 4 matrix. The same rotation
    as from the singular value decomposition of H with the sign of its determinant corrected, without its special cases.
    """
    N[0, 0] = H[0, 0] + H[1, 1] + H[2, 2]
    N[1, 1] = H[0, 0] - H[1, 1] - H[2, 2]
    N[2, 2] = H[1, 1] - H[0, 0] - H[2, 2]
    N[3, 3] = H[2, 2] - H[0, 0] - H[1, 1]
    N[0, 1] = N[1, 0] = H[1, 2] - H[2, 1]
    N[0, 2] = N[2, 0] = H[2, 0] - H[0, 2]
    N[0, 3] = N[3, 0] = H[0, 1] - H[1, 0]
    N[1, 2] = N[2, 1] = H[0, 1] + H[1, 0]
    N[1, 3] = N[3, 1] = H[2, 0] + H[0, 2]
    N[2, 3] = N[3, 2] = H[1, 2] + H[2, 1]
    _diagonalise(N, V)
    best = 0
    for k in range(1, 4):
        if N[k, k] > N[best, best]:
            best = k
    w, x, y, z = V[0, best], V[1, best], V[2, best], V[3, best]
    R[0, 0], R[0, 1], R[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    R[1, 0], R[1, 1], R[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    R[2, 0], R[2, 1], R[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return N[best, best]


@njit(nogil=True, cache=True)
def _diagonalise(N, V):
    """Jacobi rotations: N becomes diagonal, the columns of V its eigenvectors."""
    size = N.shape[0]
    V[:] = 0
    scale = 0.0
    for i in range(size):
        V[i, i] = 1
        for j in range(size):
            scale += N[i, j] * N[i, j]
    for _ in range(_SWEEPS):
        off = 0.0
        for p in range(size - 1):
            for q in range(p + 1, size):
                off += N[p, q] * N[p, q]
        if off <= 1e-30 * scale:
            return
        for p in range(size - 1):
            for q in range(p + 1, size):
                if N[p, q] * N[p, q] <= 1e-34 * scale:
                    continue
                theta = (N[q, q] - N[p, p]) / (2 * N[p, q])
                tangent = (1.0 if theta >= 0 else -1.0) / (abs(theta) + math.sqrt(theta * theta + 1))
                cosine = 1 / math.sqrt(tangent * tangent + 1)
                sine = tangent * cosine
                for k in range(size):
                    left, right = N[k, p], N[k, q]
                    N[k, p], N[k, q] = cosine * left - sine * right, sine * left + cosine * right
                for k in range(size):
                    left, right = N[p, k], N[q, k]
                    N[p, k], N[q, k] = cosine * left - sine * right, sine * left + cosine * right
                    left, right = V[k, p], V[k, q]
                    V[k, p], V[k, q] = cosine * left - sine * right, sine * left + cosine * right


@njit(nogil=True, cache=True)
def keypoint_costs(hypothesis_JUC, seen_JU, reference_JTC, seen_JT):
    """(J,) accumulated costs of dynamic time warping of each joint alone, as Ham2Pose defines the local cost.

    0 where the reference lacks the joint, ½ |reference| where only the hypothesis does, else the distance.
    """
    J, U, T = hypothesis_JUC.shape[0], hypothesis_JUC.shape[1], reference_JTC.shape[1]
    total_J = np.empty(J)
    before_T, now_T = np.empty(T), np.empty(T)
    half_T = np.empty(T)
    for j in range(J):
        for t in range(T):
            x, y = reference_JTC[j, t, 0], reference_JTC[j, t, 1]
            half_T[t] = 0.5 * math.sqrt(x * x + y * y)
        before_T[:] = np.inf
        for u in range(U):
            for t in range(T):
                if not seen_JT[j, t]:
                    cost = 0.0
                elif not seen_JU[j, u]:
                    cost = half_T[t]
                else:
                    dx = hypothesis_JUC[j, u, 0] - reference_JTC[j, t, 0]
                    dy = hypothesis_JUC[j, u, 1] - reference_JTC[j, t, 1]
                    cost = math.sqrt(dx * dx + dy * dy)
                if t == 0:
                    now_T[0] = cost + (before_T[0] if u > 0 else 0.0)
                else:
                    now_T[t] = cost + min(before_T[t - 1], before_T[t], now_T[t - 1])
            before_T, now_T = now_T, before_T
        total_J[j] = before_T[T - 1]
    return total_J

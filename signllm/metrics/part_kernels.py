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
def procrustes_costs(
    hypothesis_UA3: np.ndarray,
    seen_UA: np.ndarray,
    reference_TA3: np.ndarray,
    seen_TA: np.ndarray,
    measured_A: np.ndarray,
    missed_TA: np.ndarray,
) -> np.ndarray:
    """(U, T) float32 mean distance of the measured joints after the similarity that fits the hypothesis's frame best.

    Only joints seen in both frames align. Of the joints that the reference shows, the hypothesis may lack a share: the
    cost is then by that share the mean of `missed_TA` over the measured joints, and wholly where fewer than 3 align.
    NaN where the reference shows no measured joint.
    """
    U, T, A = hypothesis_UA3.shape[0], reference_TA3.shape[0], hypothesis_UA3.shape[1]
    cost_UT = np.empty((U, T), np.float32)
    H, R, N, V = np.empty((3, 3)), np.empty((3, 3)), np.empty((4, 4)), np.empty((4, 4))
    h_A3, r_A3, counted_A = np.empty((A, 3)), np.empty((A, 3)), np.empty(A, np.bool_)
    centred_UA3, centred_TA3 = _centred(hypothesis_UA3), _centred(reference_TA3)
    whole = seen_UA.all() and seen_TA.all()
    for u in range(U):
        for t in range(T):
            share, worst = 1.0, 0.0
            if whole:  # the middles do not depend on the other frame
                h_M3, r_M3, count, measured = centred_UA3[u], centred_TA3[t], A, measured_A.sum()
                counted_M = measured_A
            else:
                count, measured, due, due_measured = 0, 0, 0, 0
                for a in range(A):
                    if seen_TA[t, a]:
                        due += 1
                        due_measured += measured_A[a]
                        worst += measured_A[a] * missed_TA[t, a]
                    if seen_UA[u, a] and seen_TA[t, a]:
                        for c in range(3):
                            h_A3[count, c], r_A3[count, c] = hypothesis_UA3[u, a, c], reference_TA3[t, a, c]
                        counted_A[count] = measured_A[a]
                        measured += measured_A[a]
                        count += 1
                h_M3, r_M3, counted_M = h_A3[:count], r_A3[:count], counted_A[:count]
                if due_measured == 0:
                    cost_UT[u, t] = np.nan
                    continue
                share, worst = count / due, worst / due_measured
            if count < MIN_POINTS or measured == 0:
                cost_UT[u, t] = worst
                continue
            if not whole:
                _centre(h_M3)
                _centre(r_M3)
            fitted = _sum_after_fit(h_M3, r_M3, counted_M, H, R, N, V) / measured
            cost_UT[u, t] = share * fitted + (1 - share) * worst
    return cost_UT


@njit(nogil=True, cache=True)
def _centred(places_FA3: np.ndarray) -> np.ndarray:
    moved_FA3 = places_FA3.copy()
    for f in range(len(moved_FA3)):
        _centre(moved_FA3[f])
    return moved_FA3


@njit(nogil=True, cache=True)
def _centre(places_A3: np.ndarray) -> None:
    """Move points, in place, so that their middle is the origin."""
    for c in range(3):
        mean = 0.0
        for a in range(len(places_A3)):
            mean += places_A3[a, c]
        mean /= len(places_A3)
        for a in range(len(places_A3)):
            places_A3[a, c] -= mean


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"})
def _sum_after_fit(
    h_A3: np.ndarray,
    r_A3: np.ndarray,
    measured_A: np.ndarray,
    H: np.ndarray,
    R: np.ndarray,
    N: np.ndarray,
    V: np.ndarray,
) -> float:
    """Sum of the measured points' distances after the best scaling and rotation of h; both are centred.

    H = Σ h rᵀ; the best scale is the largest trace(R H) over Σ |h|².
    """
    H[:] = 0
    spread = 0.0
    for a in range(len(h_A3)):
        x, y, z = h_A3[a, 0], h_A3[a, 1], h_A3[a, 2]
        spread += x * x + y * y + z * z
        for d in range(3):
            H[0, d] += x * r_A3[a, d]
            H[1, d] += y * r_A3[a, d]
            H[2, d] += z * r_A3[a, d]
    top = _best_rotation(H, N, V, R)
    scale = top / spread if spread > 0 else 0.0
    total = 0.0
    for a in range(len(h_A3)):
        if measured_A[a]:
            square = 0.0
            for d in range(3):
                moved = R[d, 0] * h_A3[a, 0] + R[d, 1] * h_A3[a, 1] + R[d, 2] * h_A3[a, 2]
                square += (scale * moved - r_A3[a, d]) ** 2
            total += math.sqrt(square)
    return total


@njit(nogil=True, cache=True)
def _best_rotation(H: np.ndarray, N: np.ndarray, V: np.ndarray, R: np.ndarray) -> float:
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
    top = _largest_eigenvalue(H, N)
    if not _eigenvector(N, top, V):
        _diagonalise(N, V)
        best = 0
        for k in range(1, 4):
            if N[k, k] > N[best, best]:
                best = k
        top = N[best, best]
        for k in range(4):
            V[k, 0] = V[k, best]
    w, x, y, z = V[0, 0], V[1, 0], V[2, 0], V[3, 0]
    R[0, 0], R[0, 1], R[0, 2] = 1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)
    R[1, 0], R[1, 1], R[1, 2] = 2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)
    R[2, 0], R[2, 1], R[2, 2] = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
    return top


@njit(nogil=True, cache=True)
def _largest_eigenvalue(H: np.ndarray, N: np.ndarray) -> float:
    """By Newton's method on the characteristic polynomial, from above (Theobald 2005)."""
    squares = 0.0
    for c in range(3):
        for d in range(3):
            squares += H[c, d] * H[c, d]
    determinant = (
        H[0, 0] * (H[1, 1] * H[2, 2] - H[1, 2] * H[2, 1])
        - H[0, 1] * (H[1, 0] * H[2, 2] - H[1, 2] * H[2, 0])
        + H[0, 2] * (H[1, 0] * H[2, 1] - H[1, 1] * H[2, 0])
    )
    constant = 0.0
    for k in range(4):
        constant += N[k, 0] * _cofactor(N, 0.0, k, 0)
    value = math.sqrt(3 * squares)
    for _ in range(60):
        slope = 4 * value**3 - 4 * squares * value - 8 * determinant
        if slope <= 0:
            break
        change = (value**4 - 2 * squares * value**2 - 8 * determinant * value + constant) / slope
        value -= change
        if abs(change) <= 1e-14 * value:
            break
    return value


@njit(nogil=True, cache=True)
def _eigenvector(N: np.ndarray, value: float, V: np.ndarray) -> bool:
    """Put the eigenvector of `value` into the first column of V; False when another eigenvalue is too near."""
    for column in range(4):
        square = 0.0
        for k in range(4):
            V[k, 0] = _cofactor(N, value, k, column)
            square += V[k, 0] * V[k, 0]
        # Every column of the adjugate of (N - value I) is the eigenvector times the distances to the other eigenvalues.
        if square > 1e-6 * value**6:
            for k in range(4):
                V[k, 0] /= math.sqrt(square)
            return True
    return False


@njit(nogil=True, cache=True)
def _cofactor(N: np.ndarray, value: float, row: int, column: int) -> float:
    """Of (N - value I)."""
    a, b, c = (0 if row > 0 else 1), (1 if row > 1 else 2), (2 if row > 2 else 3)
    d, e, f = (0 if column > 0 else 1), (1 if column > 1 else 2), (2 if column > 2 else 3)
    ad, ae, af = N[a, d] - value * (a == d), N[a, e] - value * (a == e), N[a, f] - value * (a == f)
    bd, be, bf = N[b, d] - value * (b == d), N[b, e] - value * (b == e), N[b, f] - value * (b == f)
    cd, ce, cf = N[c, d] - value * (c == d), N[c, e] - value * (c == e), N[c, f] - value * (c == f)
    minor = ad * (be * cf - bf * ce) - ae * (bd * cf - bf * cd) + af * (bd * ce - be * cd)
    return minor if (row + column) % 2 == 0 else -minor


@njit(nogil=True, cache=True)
def _diagonalise(N: np.ndarray, V: np.ndarray) -> None:
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
def keypoint_costs(
    hypothesis_JUC: np.ndarray, seen_JU: np.ndarray, reference_JTC: np.ndarray, seen_JT: np.ndarray
) -> np.ndarray:
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


@njit(nogil=True, cache=True)
def trajectory_distances(hypothesis_JUC: np.ndarray, reference_JTC: np.ndarray) -> np.ndarray:
    """(J,) roots of the least sum of squared distances along a warping path, for each joint alone.

    What `dtaidistance.dtw_ndim.distance` returns by default.
    """
    J, U, T, C = hypothesis_JUC.shape[0], hypothesis_JUC.shape[1], reference_JTC.shape[1], reference_JTC.shape[2]
    distance_J = np.empty(J)
    before_T, now_T = np.empty(T), np.empty(T)
    for j in range(J):
        before_T[:] = np.inf
        for u in range(U):
            for t in range(T):
                cost = 0.0
                for c in range(C):
                    cost += (hypothesis_JUC[j, u, c] - reference_JTC[j, t, c]) ** 2
                if t == 0:
                    now_T[0] = cost + (before_T[0] if u > 0 else 0.0)
                else:
                    now_T[t] = cost + min(before_T[t - 1], before_T[t], now_T[t - 1])
            before_T, now_T = now_T, before_T
        distance_J[j] = math.sqrt(before_T[T - 1])
    return distance_J

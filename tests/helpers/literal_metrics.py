"""Every metric once more, in plain loops, from its definition alone; slow, and sharing no code with what is tested."""

import functools
import itertools
import math

import numpy as np

from signllm.pose import SKELETON_50


def literal_local_cost(kind, h, h_seen, r, r_seen):
    """One pair of frames, joint by joint; None when no joint is seen in both."""
    distances = []
    for j in range(len(h)):
        if h_seen[j] and r_seen[j]:
            d = [float(h[j][c]) - float(r[j][c]) for c in range(len(h[j]))]
            distances.append(
                {"mean_joint": math.hypot(*d), "l1_sum": sum(map(abs, d)), "l2": sum(x * x for x in d)}[kind]
            )
    if not distances:
        return None
    mean = sum(distances) / len(distances)
    return {"mean_joint": mean, "l1_sum": mean * len(h), "l2": math.sqrt(mean * len(h))}[kind]


@functools.cache
def literal_dtw(kind, h, r):
    """(D, path) of two clips."""
    return literal_path(
        [
            [
                literal_local_cost(kind, h.coordinates[i], h.valid[i], r.coordinates[j], r.valid[j])
                for j in range(len(r))
            ]
            for i in range(len(h))
        ]
    )


def literal_path(local):
    """(D, path) by the recursion of the textbook, ties by the documented order; None costs the mean of the others."""
    known = [cost for row in local for cost in row if cost is not None]
    local = [[sum(known) / len(known) if cost is None else cost for cost in row] for row in local]
    best = {}
    for i in range(len(local)):
        for j in range(len(local[0])):
            before = [best[p] + (p,) for p in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if p in best]
            cost, _, previous = min(before, key=lambda b: b[0]) if before else (0.0, None, None)
            best[i, j] = (cost + local[i][j], previous)
    path, at = [], (len(local) - 1, len(local[0]) - 1)
    while at is not None:
        path.append(at)
        at = best[at][1]
    return best[len(local) - 1, len(local[0]) - 1][0], path[::-1]


def distance(a, b):
    return math.dist([float(x) for x in a], [float(x) for x in b])


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def joint_distances(path, h, r):
    """Per frame pair on the path, the distances of the joints seen in both."""
    return [
        [distance(h.coordinates[i, k], r.coordinates[j, k]) for k in range(50) if h.valid[i, k] and r.valid[j, k]]
        for i, j in path
    ]


def literal_dtw_score(hs, rs):
    scores = []
    for h, r in zip(hs, rs, strict=True):
        cost, path = literal_dtw("mean_joint", h, r)
        scores.append(cost / len(path))
    return mean(scores)


def literal_pt_dtw(hs, rs):
    """With a counter beside the coordinates, and cut by it, as the published code does."""

    def cut(clip, drop_first):
        counter = [(f + 1) / len(clip) for f in range(len(clip))][drop_first:]
        last = counter.index(max(counter))
        return clip[drop_first:][: last if last > 0 else 1]

    scores = []
    for h, r in zip(hs, rs, strict=True):
        h, r = cut(h, 1), cut(r, 0)
        scores.append(literal_dtw("l1_sum", h, r)[0] / 3 / len(r))
    return mean(scores)


def literal_slrtp2025(hs, rs):
    from fastdtw import fastdtw

    def rows(clip):
        """Frames as 50 x (x, y, z, 1), all zero where a joint is missing, so that averages stay decodable."""
        return [
            [
                v
                for k in range(50)
                for v in ([*map(float, clip.coordinates[f, k]), 0.0][:3] + [1.0] if clip.valid[f, k] else [0] * 4)
            ]
            for f in range(len(clip))
        ]

    def local(a, b):
        squares = []
        for k in range(0, 200, 4):
            if a[k + 3] > 0 and b[k + 3] > 0:
                squares.append(sum((a[k + c] / a[k + 3] - b[k + c] / b[k + 3]) ** 2 for c in range(3)))
        return math.sqrt(mean(squares) * 50) if squares else 0.0

    total, count = 0.0, 0
    for h, r in zip(hs, rs, strict=True):
        _, path = fastdtw(np.array(rows(h)), np.array(rows(r)), radius=1, dist=local)
        for row in joint_distances(path, h, r):
            total, count = total + sum(row), count + len(row)
    return total / count


def literal_pose_similarity(hs, rs):
    def root(clip, f):
        seen = [clip.coordinates[g, 1].astype(float) for g in range(len(clip)) if clip.valid[g, 1]]
        return clip.coordinates[f, 1].astype(float) if clip.valid[f, 1] else sum(seen) / len(seen)

    clips = []
    for h, r in zip(hs, rs, strict=True):
        cosines = []
        for i, j in literal_dtw("mean_joint", h, r)[1]:
            both = [k for k in range(50) if h.valid[i, k] and r.valid[j, k]]
            if both:
                a = [float(x) for k in both for x in h.coordinates[i, k] - root(h, i)]
                b = [float(x) for k in both for x in r.coordinates[j, k] - root(r, j)]
                lengths = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
                cosines.append(sum(x * y for x, y in zip(a, b, strict=True)) / lengths)
        clips.append(mean(cosines))
    return mean(clips)


def literal_mpjpe(hs, rs):
    return mean(
        mean(d for row in joint_distances(literal_dtw("mean_joint", h, r)[1], h, r) for d in row)
        for h, r in zip(hs, rs, strict=True)
    )


def literal_pck(hs, rs):
    return mean(
        mean(d <= 0.2 for row in joint_distances(literal_dtw("mean_joint", h, r)[1], h, r) for d in row)
        for h, r in zip(hs, rs, strict=True)
    )


def literal_total_distance(hs, rs):
    def way(clip, wrist):
        places = [clip.coordinates[f, wrist] for f in range(len(clip)) if clip.valid[f, wrist]]
        return sum(distance(a, b) for a, b in itertools.pairwise(places))

    return mean(mean(way(h, w) for h in hs) / mean(way(r, w) for r in rs) for w in (4, 7))


def literal_smoothness(hs, rs):
    def jerk(clip):
        found = []
        for k in range(8, 50):
            for f in range(len(clip) - 3):
                if all(clip.valid[f + n, k] for n in range(4)):
                    p = clip.coordinates[f : f + 4, k].astype(float)
                    third = (p[3] - 3 * p[2] + 3 * p[1] - p[0]) * clip.fps**3
                    found.append(float(third @ third))
        return mean(found)

    return sum(map(jerk, hs)) / sum(map(jerk, rs))


def literal_jerk(hs, rs):
    def jerk(clip):
        found = []
        for k in range(8, 50):
            for f in range(len(clip) - 3):
                if all(clip.valid[f + n, k] for n in range(4)):
                    p = clip.coordinates[f : f + 4, k].astype(float)
                    found.append(distance(p[3] + 3 * p[1], p[0] + 3 * p[2]) * clip.fps**3)
        return mean(found)

    return sum(map(jerk, hs)) / sum(map(jerk, rs))


def literal_path_of_hands(hs, rs):
    ours = theirs = 0.0
    for h, r in zip(hs, rs, strict=True):
        for k in range(8, 50):
            way_h, way_r = ([p for f in range(len(c)) if (p := hand_place(c, f, k)) is not None] for c in (h, r))
            if len(way_r) > 1:
                ours += sum(distance(a, b) for a, b in itertools.pairwise(way_h))
                theirs += sum(distance(a, b) for a, b in itertools.pairwise(way_r))
    return ours / theirs


def literal_bone_length(joints, hs, rs):
    def length(clip, k):
        parent = SKELETON_50.parents[k]
        shown = [f for f in range(len(clip)) if clip.valid[f, k] and clip.valid[f, parent]]
        return mean(distance(clip.coordinates[f, k], clip.coordinates[f, parent]) for f in shown) if shown else None

    ours = theirs = 0.0
    for h, r in zip(hs, rs, strict=True):
        bones = [k for k in joints if length(r, k) is not None]
        ours += mean(length(h, k) or 0.0 for k in bones)
        theirs += mean(length(r, k) for k in bones)
    return ours / theirs


def hand_place(clip, f, k):
    """A joint's place, a hand's relative to its wrist; None when one of them is missing."""
    wrist = None if k < 8 else (7 if k < 29 else 4)
    if not clip.valid[f, k] or (wrist and not clip.valid[f, wrist]):
        return None
    return clip.coordinates[f, k].astype(float) - (clip.coordinates[f, wrist].astype(float) if wrist else 0)


def literal_velocity(part, hs, rs):
    def speed(clip):
        steps = [
            distance(hand_place(clip, f, k), hand_place(clip, f + 1, k)) * clip.fps
            for k in SKELETON_50.parts[part]
            for f in range(len(clip) - 1)
            if hand_place(clip, f, k) is not None and hand_place(clip, f + 1, k) is not None
        ]
        return mean(steps)

    return sum(map(speed, hs)) / sum(map(speed, rs))


def literal_variance(part, hs, rs):
    def variance(clip):
        squares = []
        for k in SKELETON_50.parts[part]:
            places = [p for f in range(len(clip)) if (p := hand_place(clip, f, k)) is not None]
            if places:
                centre = sum(places) / len(places)
                squares += [distance(p, centre) ** 2 for p in places]
        return mean(squares)

    return sum(map(variance, hs)) / sum(map(variance, rs))


def literal_bone_variation(hs, rs):
    clips = []
    for h in hs:
        shares = []
        for child, parent in enumerate(SKELETON_50.parents):
            if parent < 0:
                continue
            lengths = [
                distance(h.coordinates[f, child], h.coordinates[f, parent])
                for f in range(len(h))
                if h.valid[f, child] and h.valid[f, parent]
            ]
            if len(lengths) > 1 and mean(lengths) > 0.01:
                shares.append(math.sqrt(mean((x - mean(lengths)) ** 2 for x in lengths)) / mean(lengths))
        clips.append(mean(shares))
    return mean(clips)


def literal_dtw_jpe(part, hs, rs):
    joints = SKELETON_50.parts[part]
    root = 1 if part == "body" else joints[0]

    def shown(clip, f):
        return clip.valid[f, root] and any(clip.valid[f, k] for k in joints if k != root)

    def local(h, i, r, j):
        found = []
        for k in joints:
            if h.valid[i, k] and r.valid[j, k]:
                ours, theirs = (c.coordinates[f, k] - c.coordinates[f, root].astype(float) for c, f in ((h, i), (r, j)))
                found.append(distance(ours, theirs))
        return mean(found) if len(found) > 1 else None

    return summed_over_paths(shown, local, hs, rs)


def literal_dtw_pa_jpe(part, hs, rs):
    joints = SKELETON_50.parts[part]
    aligning = range(50) if part == "body" else joints

    def shown(clip, f):
        return sum(clip.valid[f, k] for k in aligning) >= 3 and any(clip.valid[f, k] for k in joints)

    def local(h, i, r, j):
        both = [k for k in aligning if h.valid[i, k] and r.valid[j, k]]
        measured = [n for n, k in enumerate(both) if k in joints]
        if len(both) < 3 or not measured:
            return None
        ours, theirs = (np.zeros((len(both), 3)) for _ in range(2))
        for place, c, f in ((ours, h, i), (theirs, r, j)):
            place[:, : c.coordinates.shape[2]] = c.coordinates[f, both]
        moved = similarity(ours, theirs)
        return mean(distance(moved[n], theirs[n]) for n in measured)

    return summed_over_paths(shown, local, hs, rs)


def similarity(a, b):
    """Points (N, 3) moved, turned and scaled onto others, by the singular value decomposition (Umeyama 1991)."""
    centred_a, centred_b = a - a.mean(0), b - b.mean(0)
    u, s, vt = np.linalg.svd(centred_a.T @ centred_b)
    sign = np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))])
    scale = (s * np.diag(sign)).sum() / (centred_a**2).sum()
    return scale * centred_a @ (vt.T @ sign @ u.T).T + b.mean(0)


def summed_over_paths(shown, local, hs, rs):
    scores = []
    for h, r in zip(hs, rs, strict=True):
        frames_h, frames_r = ([f for f in range(len(c)) if shown(c, f)] for c in (h, r))
        costs = [[local(h, i, r, j) for j in frames_r] for i in frames_h]
        if any(cost is not None for row in costs for cost in row):
            scores.append(literal_path(costs)[0])
    return mean(scores) if scores else math.nan


def literal_ham2pose(hs, rs):
    def normalised(clip):
        """Per frame a list of (x, y) or None."""
        both = [f for f in range(len(clip)) if clip.valid[f, 2] and clip.valid[f, 5]]
        pairs = [(clip.coordinates[f, 2, :2].astype(float), clip.coordinates[f, 5, :2].astype(float)) for f in both]
        width = mean(distance(a, b) for a, b in pairs)
        middle = sum((a + b) / 2 for a, b in pairs) / len(pairs)
        frames = [
            [
                (p[:2] - middle) / width if seen else None
                for p, seen in zip(clip.coordinates[f], clip.valid[f], strict=True)
            ]
            for f in range(len(clip))
        ]
        while frames[0][4] is None and frames[0][7] is None:
            del frames[0]
        while frames[-1][4] is None and frames[-1][7] is None:
            del frames[-1]
        return frames

    def masked_euclidean(ours, theirs):
        if theirs is None:
            return 0.0
        return distance((0, 0), theirs) / 2 if ours is None else distance(ours, theirs)

    scores = []
    for h, r in zip(hs, rs, strict=True):
        ours, theirs = normalised(h), normalised(r)
        scores.append(
            mean(literal_path([[masked_euclidean(a[k], b[k]) for b in theirs] for a in ours])[0] for k in range(50))
        )
    return mean(scores)


def literal_fgd(encoder, hs, rs):
    from scipy.linalg import sqrtm

    (mean_h, cov_h), (mean_r, cov_r) = (
        (z.mean(0), np.cov(z, rowvar=False))
        for z in (np.array([encoder.encode(c) for c in clips]) for clips in (hs, rs))
    )
    return ((mean_h - mean_r) ** 2).sum() + np.trace(cov_h + cov_r - 2 * np.real(sqrtm(cov_h @ cov_r)))


LITERAL = {
    ("dtw-mje", "dtw_score"): literal_dtw_score,
    ("pt-dtw", "pt_dtw"): literal_pt_dtw,
    ("slrtp2025", "slrtp2025"): literal_slrtp2025,
    ("pose-similarity", "pose_similarity"): literal_pose_similarity,
    ("mpjpe", "mpjpe"): literal_mpjpe,
    ("pck@0.2", "pck"): literal_pck,
    ("total-distance", "total_distance"): literal_total_distance,
    ("duration", "duration"): lambda hs, rs: mean(len(h) / len(r) for h, r in zip(hs, rs, strict=True)),
    ("motion-smoothness", "motion_smoothness"): literal_smoothness,
    ("jerk-ratio", "jerk_ratio"): literal_jerk,
    ("path-ratio", "path_ratio_hands"): literal_path_of_hands,
    ("bone-length-ratio", "bone_length_ratio_body"): functools.partial(literal_bone_length, (0, 2, 3, 4, 5, 6, 7)),
    ("bone-length-ratio", "bone_length_ratio_fingers"): functools.partial(
        literal_bone_length, (*range(9, 29), *range(30, 50))
    ),
    ("ham2pose-ndtw", "ham2pose_ndtw"): literal_ham2pose,
    ("bone-length-variation", "bone_length_variation"): literal_bone_variation,
}
for _part in ("body", "right_hand", "left_hand"):
    for _preset, _literal in (
        ("velocity-ratio", literal_velocity),
        ("variance-ratio", literal_variance),
        ("dtw-jpe", literal_dtw_jpe),
        ("dtw-pa-jpe", literal_dtw_pa_jpe),
    ):
        LITERAL[_preset, f"{_preset.replace('-', '_')}_{_part}"] = functools.partial(_literal, _part)

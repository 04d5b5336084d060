"""Metrics along a warping path once more, in plain loops, from their definitions alone."""

import functools
import math

import numpy as np

from signllm.pose import SKELETON_50
from tests.helpers.literal_coverage import shown_points, worst_place


def literal_local_cost(kind, h, i, r, j):
    """One pair of frames, joint by joint; None when no joint counts."""
    distances = []
    for k in range(50):
        if h.valid[i, k] and r.valid[j, k]:
            d = [float(h.coordinates[i, k, c]) - float(r.coordinates[j, k, c]) for c in range(h.coordinates.shape[2])]
            distances.append(
                {"mean_joint": math.hypot(*d), "l1_sum": sum(map(abs, d)), "l2": sum(x * x for x in d)}[kind]
            )
        elif r.valid[j, k] and kind == "mean_joint":
            distances.append(missed_cost(r, j, k))
    if not distances:
        return None
    mean = sum(distances) / len(distances)
    return {"mean_joint": mean, "l1_sum": mean * 50, "l2": math.sqrt(mean * 50)}[kind]


@functools.cache
def missed_cost(r, j, k):
    """What a joint of the reference costs that the hypothesis lacks."""
    return distance(r.coordinates[j, k], worst_place(r.coordinates[j, k], shown_points(r)))


@functools.cache
def literal_dtw(kind, h, r):
    """(D, path) of two clips."""
    return literal_path([[literal_local_cost(kind, h, i, r, j) for j in range(len(r))] for i in range(len(h))])


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


def joint_distances(path, h, r, missed=None):
    """Per frame pair on the path, the distances of the joints seen in both; `missed(r, j, k)` of those only in r."""
    return [
        [
            distance(h.coordinates[i, k], r.coordinates[j, k]) if h.valid[i, k] else missed(r, j, k)
            for k in range(50)
            if r.valid[j, k] and (missed or h.valid[i, k])
        ]
        for i, j in path
    ]


def on_path(h, r, missed):
    """All the joint distances on the path of the mean joint distance, in one list."""
    rows = joint_distances(literal_dtw("mean_joint", h, r)[1], h, r, missed)
    return [d for row in rows for d in row]


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
        centred = [[r.coordinates[f, k] - root(r, f) for k in range(50) if r.valid[f, k]] for f in range(len(r))]
        shown = [point for row in centred for point in row]
        cosines = []
        for i, j in literal_dtw("mean_joint", h, r)[1]:
            due = [k for k in range(50) if r.valid[j, k]]
            if due:
                b = [r.coordinates[j, k] - root(r, j) for k in due]
                a = [
                    h.coordinates[i, k] - root(h, i) if h.valid[i, k] else worst_place(point, shown)
                    for k, point in zip(due, b, strict=True)
                ]
                a, b = ([float(x) for point in side for x in point] for side in (a, b))
                lengths = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
                cosines.append(sum(x * y for x, y in zip(a, b, strict=True)) / lengths)
        clips.append(mean(cosines))
    return mean(clips)


def literal_mpjpe(hs, rs):
    return mean(mean(on_path(h, r, missed_cost)) for h, r in zip(hs, rs, strict=True))


def literal_pck(hs, rs):
    return mean(mean(d <= 0.2 for d in on_path(h, r, lambda *_: math.inf)) for h, r in zip(hs, rs, strict=True))


def literal_coverage(hs, rs):
    return mean(mean(d < math.inf for d in on_path(h, r, lambda *_: math.inf)) for h, r in zip(hs, rs, strict=True))


def literal_handshape(hs, rs):
    clips = []
    for h, r in zip(hs, rs, strict=True):
        cosines = []
        for i, j in literal_dtw("mean_joint", h, r)[1]:
            for k in (*range(9, 29), *range(30, 50)):
                parent = SKELETON_50.parents[k]
                ours, theirs = (c.coordinates[f, k] - c.coordinates[f, parent] for c, f in ((h, i), (r, j)))
                if not (r.valid[j, k] and r.valid[j, parent]) or math.hypot(*theirs) <= 1e-4:
                    continue
                if not (h.valid[i, k] and h.valid[i, parent]):
                    cosines.append(-1)
                elif math.hypot(*ours) <= 1e-4:
                    cosines.append(0)
                else:
                    cosines.append(ours @ theirs / math.hypot(*ours) / math.hypot(*theirs))
        clips.append(mean(cosines))
    return mean(clips)

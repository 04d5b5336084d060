"""Metrics of parts and single joints once more, in plain loops, from their definitions alone."""

import math

import numpy as np

from signllm.pose import SKELETON_50
from tests.helpers.literal_paths import distance, literal_path, mean, missed_cost


def literal_dtw_jpe(part, hs, rs):
    joints = SKELETON_50.parts[part]
    root = 1 if part == "body" else joints[0]
    others = [k for k in joints if k != root]

    def centred(clip, f, k):
        """Relative to the root, or None."""
        if not (clip.valid[f, k] and clip.valid[f, root]):
            return None
        return clip.coordinates[f, k] - clip.coordinates[f, root].astype(float)

    def shown(clip, f):
        return any(centred(clip, f, k) is not None for k in others)

    def local(h, i, r, j):
        found = [0.0]
        for k in others:
            ours, theirs = centred(h, i, k), centred(r, j, k)
            if theirs is not None:
                found.append(missed_cost(r, j, k) if ours is None else distance(ours, theirs))
        return mean(found)

    return summed_over_paths(shown, local, hs, rs)


def literal_dtw_pa_jpe(part, hs, rs):
    joints = SKELETON_50.parts[part]
    aligning = range(50) if part == "body" else joints

    def shown(clip, f):
        return sum(clip.valid[f, k] for k in aligning) >= 3 and any(clip.valid[f, k] for k in joints)

    def local(h, i, r, j):
        worst = mean(missed_cost(r, j, k) for k in joints if r.valid[j, k])
        both = [k for k in aligning if h.valid[i, k] and r.valid[j, k]]
        measured = [n for n, k in enumerate(both) if k in joints]
        if len(both) < 3 or not measured:
            return worst
        ours, theirs = (np.zeros((len(both), 3)) for _ in range(2))
        for place, c, f in ((ours, h, i), (theirs, r, j)):
            place[:, : c.coordinates.shape[2]] = c.coordinates[f, both]
        moved = similarity(ours, theirs)
        share = len(both) / sum(r.valid[j, k] for k in aligning)
        return share * mean(distance(moved[n], theirs[n]) for n in measured) + (1 - share) * worst

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
        frames_r = [f for f in range(len(r)) if shown(r, f)]
        hidden = [f for f in range(len(h)) if not shown(h, f)]
        excess = max(0, len(hidden) - len(h) * (len(r) - len(frames_r)) // len(r))
        if excess == 1:
            hidden = hidden[:1]
        elif excess > 1:
            hidden = [hidden[round(n * (len(hidden) - 1) / (excess - 1))] for n in range(excess)]
        else:
            hidden = []
        frames_h = sorted([f for f in range(len(h)) if shown(h, f)] + hidden)
        if frames_r:
            scores.append(literal_path([[local(h, i, r, j) for j in frames_r] for i in frames_h])[0])
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


def literal_ndtw_p(hs, rs):
    def normalised(clip):
        """Per frame a list of points."""
        both = [f for f in range(len(clip)) if clip.valid[f, 2] and clip.valid[f, 5]]
        pairs = [(clip.coordinates[f, 2].astype(float), clip.coordinates[f, 5].astype(float)) for f in both]
        width = mean(distance(a, b) for a, b in pairs)
        middle = sum((a + b) / 2 for a, b in pairs) / len(pairs)
        return filled(clip, lambda point: (point - middle) / width, 1.0)

    return mean(distance_of_hands(normalised(h), normalised(r)) for h, r in zip(hs, rs, strict=True))


def literal_dtw_p(hs, rs):
    def trimmed(clip):
        """From five frames before a hand is raised to five after, of either hand; nothing before its wrist is seen."""
        kept = []
        for elbow, wrist in ((3, 4), (6, 7)):
            seen = [f for f in range(len(clip)) if clip.valid[f, wrist]]
            up = [
                f
                for f in seen
                if clip.valid[f, elbow] and clip.coordinates[f, wrist, 1] < clip.coordinates[f, elbow, 1]
            ]
            kept += [f for f in range(len(clip)) if up and seen[0] <= f <= seen[-1] and up[0] - 5 <= f <= up[-1] + 5]
        frames = filled(clip, lambda point: point, 10.0)
        return frames[min(kept) : max(kept) + 1] if kept else frames

    return mean(distance_of_hands(trimmed(h), trimmed(r)) for h, r in zip(hs, rs, strict=True))


def filled(clip, move, value):
    return [
        [
            move(p.astype(float)) if seen else [value] * len(p)
            for p, seen in zip(clip.coordinates[f], clip.valid[f], strict=True)
        ]
        for f in range(len(clip))
    ]


def distance_of_hands(h, r):
    return mean(math.sqrt(literal_path([[distance(a[k], b[k]) ** 2 for b in r] for a in h])[0]) for k in range(8, 50))

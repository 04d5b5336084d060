"""Metrics of motion once more, in plain loops, from their definitions alone."""

import itertools
import math

from signllm.pose import SKELETON_50
from tests.helpers.literal_coverage import covered_ratio, share_shown
from tests.helpers.literal_paths import distance, mean


def literal_total_distance(hs, rs):
    def way(clip, wrist):
        places = [clip.coordinates[f, wrist] for f in range(len(clip)) if clip.valid[f, wrist]]
        return sum(distance(a, b) for a, b in itertools.pairwise(places)) if len(places) > 1 else None

    def ratio(wrist):
        pairs = zip(hs, rs, strict=True)
        return covered_ratio([(way(h, wrist), way(r, wrist), share_shown(h, r, [wrist])) for h, r in pairs])

    ratios = [value for value in map(ratio, (4, 7)) if not math.isnan(value)]
    return mean(ratios) if ratios else math.nan


def jerks(clip):
    """The third differences of the hands' joints where four frames in a row show them."""
    found = []
    for k in range(8, 50):
        for f in range(len(clip) - 3):
            if all(clip.valid[f + n, k] for n in range(4)):
                p = clip.coordinates[f : f + 4, k].astype(float)
                found.append((p[3] - 3 * p[2] + 3 * p[1] - p[0]) * clip.fps**3)
    return found


def literal_smoothness(hs, rs):
    def value(clip):
        return mean(float(jerk @ jerk) for jerk in jerks(clip)) if jerks(clip) else None

    pairs = zip(hs, rs, strict=True)
    return covered_ratio([(value(h), value(r), share_shown(h, r, range(8, 50), window=4)) for h, r in pairs])


def literal_jerk(hs, rs):
    def value(clip):
        return mean(math.hypot(*jerk) for jerk in jerks(clip)) if jerks(clip) else None

    pairs = zip(hs, rs, strict=True)
    return covered_ratio([(value(h), value(r), share_shown(h, r, range(8, 50), window=4)) for h, r in pairs])


def hand_place(clip, f, k):
    """A joint's place, a hand's relative to its wrist; None when one of them is missing."""
    wrist = None if k < 8 else (7 if k < 29 else 4)
    if not clip.valid[f, k] or (wrist and not clip.valid[f, wrist]):
        return None
    return clip.coordinates[f, k].astype(float) - (clip.coordinates[f, wrist].astype(float) if wrist else 0)


def hand_seen(clip, f, k):
    return hand_place(clip, f, k) is not None


def literal_path_of_hands(hs, rs):
    clips = []
    for h, r in zip(hs, rs, strict=True):
        ways, due = [0.0, 0.0], []
        for k in range(8, 50):
            way_h, way_r = ([p for f in range(len(c)) if (p := hand_place(c, f, k)) is not None] for c in (h, r))
            if len(way_r) > 1:
                due.append(k)
                if way_h:
                    ways[0] += sum(distance(a, b) for a, b in itertools.pairwise(way_h))
                    ways[1] += sum(distance(a, b) for a, b in itertools.pairwise(way_r))
        clips.append((*ways, share_shown(h, r, due, hand_seen)) if due else (None, None, None))
    return covered_ratio(clips)


def literal_bone_length(joints, hs, rs):
    def seen(clip, f, k):
        return clip.valid[f, k] and clip.valid[f, SKELETON_50.parents[k]]

    def length(clip, k):
        shown = [f for f in range(len(clip)) if seen(clip, f, k)]
        parent = SKELETON_50.parents[k]
        return mean(distance(clip.coordinates[f, k], clip.coordinates[f, parent]) for f in shown) if shown else None

    clips = []
    for h, r in zip(hs, rs, strict=True):
        both = [k for k in joints if length(r, k) is not None and length(h, k) is not None]
        values = [mean(length(c, k) for k in both) if both else 0.0 for c in (h, r)]
        clips.append((*values, share_shown(h, r, joints, seen)))
    return covered_ratio(clips)


def literal_velocity(part, hs, rs):
    def speed(clip):
        steps = [
            distance(hand_place(clip, f, k), hand_place(clip, f + 1, k)) * clip.fps
            for k in SKELETON_50.parts[part]
            for f in range(len(clip) - 1)
            if hand_seen(clip, f, k) and hand_seen(clip, f + 1, k)
        ]
        return mean(steps) if steps else None

    joints = SKELETON_50.parts[part]
    pairs = zip(hs, rs, strict=True)
    return covered_ratio([(speed(h), speed(r), share_shown(h, r, joints, hand_seen, 2)) for h, r in pairs])


def literal_displacement(part, hs, rs):
    def displacement(clip):
        gap = round(clip.fps / 5)
        ways = [
            distance(hand_place(clip, f, k), hand_place(clip, f + gap, k))
            for k in SKELETON_50.parts[part]
            for f in range(len(clip) - gap)
            if hand_seen(clip, f, k) and hand_seen(clip, f + gap, k)
        ]
        return mean(ways) if ways else None

    joints = SKELETON_50.parts[part]
    pairs = zip(hs, rs, strict=True)
    return covered_ratio([(displacement(h), displacement(r), share_shown(h, r, joints, hand_seen)) for h, r in pairs])


def literal_variance(part, hs, rs):
    def variance(clip):
        squares = []
        for k in SKELETON_50.parts[part]:
            places = [p for f in range(len(clip)) if (p := hand_place(clip, f, k)) is not None]
            if places:
                centre = sum(places) / len(places)
                squares += [distance(p, centre) ** 2 for p in places]
        return mean(squares) if squares else None

    joints = SKELETON_50.parts[part]
    pairs = zip(hs, rs, strict=True)
    return covered_ratio([(variance(h), variance(r), share_shown(h, r, joints, hand_seen)) for h, r in pairs])


def literal_bone_variation(hs, rs):
    clips = []
    for h, r in zip(hs, rs, strict=True):
        shares = []
        for child, parent in enumerate(SKELETON_50.parents):
            if parent < 0:
                continue
            shown, due = ([f for f in range(len(c)) if c.valid[f, child] and c.valid[f, parent]] for c in (h, r))
            share = min(1, len(shown) / len(h) / (len(due) / len(r))) if due else 1
            lengths = [distance(h.coordinates[f, child], h.coordinates[f, parent]) for f in shown]
            if len(lengths) > 1 and mean(lengths) > 0.01:
                variation = math.sqrt(mean((x - mean(lengths)) ** 2 for x in lengths)) / mean(lengths)
                shares.append(share * variation + (1 - share))
            elif not shown and len(due) > 1:
                shares.append(1.0)
        clips.append(mean(shares))
    return mean(clips)

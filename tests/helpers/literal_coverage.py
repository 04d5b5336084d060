"""What hidden joints cost, once more in plain loops, from the definition alone."""

import math


def percentile(values, share):
    """Linear interpolation between the sorted values."""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def worst_place(point, shown):
    """The corner, farthest from a point, of the box of the 1st to 99th percentiles of the points that are shown."""
    corner = []
    for axis in range(len(point)):
        low, high = (percentile([float(p[axis]) for p in shown], share) for share in (0.01, 0.99))
        corner.append(low if abs(point[axis] - low) > abs(high - point[axis]) else high)
    return corner


def shown_points(clip):
    return [clip.coordinates[f, k] for f in range(len(clip)) for k in range(50) if clip.valid[f, k]]


def share_of_windows(clip, seen, joint, window):
    """The share of runs of `window` frames that all show a joint, `seen(clip, frame, joint)`."""
    window = min(window, len(clip))
    starts = range(len(clip) - window + 1)
    return sum(all(seen(clip, s + n, joint) for n in range(window)) for s in starts) / len(starts)


def share_shown(h, r, joints, seen=lambda clip, f, k: clip.valid[f, k], window=1):
    """Of what the reference shows, the share that the hypothesis shows; None when that is nothing."""
    due = [share_of_windows(r, seen, k, window) for k in joints]
    ours = [share_of_windows(h, seen, k, window) for k in joints]
    return sum(map(min, ours, due)) / sum(due) if sum(due) else None


def covered_ratio(clips):
    """Of (our value or None, their value or None, share shown or None) a clip: the ratio, moved away from 1."""
    counted = [clip for clip in clips if clip[1] is not None and clip[2] is not None]
    if not counted:
        return math.nan
    share = sum(shown for _, _, shown in counted) / len(counted)
    if share == 0:
        return 0.0
    theirs = sum(value for _, value, shown in counted if shown)
    if theirs == 0:
        return math.nan
    ratio = sum(value or 0.0 for value, _, shown in counted if shown) / theirs
    return ratio / share if ratio > 1 else ratio * share

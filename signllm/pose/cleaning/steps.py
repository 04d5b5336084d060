"""The cleaning steps: each a pure function of a clip in shoulder widths, which returns the clip and what it changed.

A clip that needs no change is returned as it is, with counts of nothing. Counts add over clips.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from signllm.pose import faults
from signllm.pose.geometry import neck_origin, some
from signllm.pose.rest import without_rest
from signllm.pose.sequence import PoseSequence

Counts = dict[str, float]
Done = tuple[PoseSequence, Counts]

OUTLIER_SHOULDER_WIDTHS = 5.0  # arm and hand together reach about 2.5
_ORDER = 2  # of the smoothing polynomial: keeps speed and acceleration


def mask_outliers(pose: PoseSequence, distance: float) -> Done:
    """Mask joints more than `distance` shoulder widths from the clip's median neck: they are tracking errors."""
    far_FJ, _ = outliers(pose, distance)
    if not far_FJ.any():
        return pose, {}
    return pose.replace(valid=pose.valid & ~far_FJ), {"joints_masked": int(far_FJ.sum())}


def outliers(pose: PoseSequence, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """(F, J) bool and distances (F, J) from the clip's median neck, in shoulder widths; (1, 1) where none is far."""
    neck_C = np.nan_to_num(neck_origin(pose.coordinates, pose.valid, pose.skeleton)).astype(np.float32)
    reach = max(float(pose.coordinates.max()), -float(pose.coordinates.min())) + float(np.abs(neck_C).max())
    if np.sqrt(3) * reach <= distance:  # no joint can be that far: spares most clips the rest
        return np.zeros((1, 1), bool), np.zeros((1, 1), np.float32)
    offset_FJC = pose.coordinates - neck_C
    distance_FJ = np.sqrt(sum(axis_FJ * axis_FJ for axis_FJ in np.moveaxis(offset_FJC, -1, 0)))
    return pose.valid & (distance_FJ > distance), distance_FJ


def exchange_swaps(pose: PoseSequence, _: float) -> Done:
    """Exchange the names back in frames in which left and right hand, wrist or arm stand under each other's.

    Which frames those are is said by `signllm.pose.faults`.
    """
    right = faults.with_hands_put_right(pose)
    if right is pose:
        return pose, {}
    moved_FJ = some(right.coordinates != pose.coordinates) | (right.valid != pose.valid)
    return right, {"joints_exchanged": int(moved_FJ.sum()), "frames_exchanged": int(moved_FJ.any(1).sum())}


def mask_jumps(pose: PoseSequence, _: float) -> Done:
    """Mask joints in the frames in which they are where they cannot have come to, see `signllm.pose.faults.jumps`."""
    wrong_FJ = faults.jumps(pose)
    if not wrong_FJ.any():
        return pose, {}
    return pose.replace(valid=pose.valid & ~wrong_FJ), {"joints_masked": int(wrong_FJ.sum())}


def mask_torn(pose: PoseSequence, reach: float) -> Done:
    """Mask joints of a hand more than `reach` shoulder widths from its wrist, see `signllm.pose.faults.torn`."""
    wrong_FJ = faults.torn(pose, reach)
    if not wrong_FJ.any():
        return pose, {}
    return pose.replace(valid=pose.valid & ~wrong_FJ), {"joints_masked": int(wrong_FJ.sum())}


def fill_gaps(pose: PoseSequence, longest_s: float) -> Done:
    """Give joints that are missing for at most `longest_s` seconds a place on the straight way between, at even speed.

    Joints of a hand go so relative to their wrist, where that is known: the hand moves with its arm. Only between two
    frames that show the joint: nothing is added at the ends of a clip. What is filled is valid.
    """
    seen_FJ = pose.valid
    if seen_FJ.all():
        return pose, {}
    frames_F1 = np.arange(len(pose))[:, None]
    before_FJ = np.maximum.accumulate(np.where(seen_FJ, frames_F1, -1), axis=0)
    after_FJ = np.minimum.accumulate(np.where(seen_FJ, frames_F1, len(pose))[::-1], axis=0)[::-1]
    short_FJ = after_FJ - before_FJ - 1 <= longest_s * pose.fps + 1e-6
    fill_FJ = ~seen_FJ & (before_FJ >= 0) & (after_FJ < len(pose)) & short_FJ
    if not fill_FJ.any():
        return pose, {}
    coordinates_FJC, valid_FJ = pose.coordinates.copy(), seen_FJ | fill_FJ
    wrist_J = pose.skeleton.anchors
    for of_hands in (False, True):  # wrists are filled before hands follow them
        frame_N, joint_N = np.nonzero(fill_FJ & ((wrist_J != np.arange(len(wrist_J))) == of_hands))
        before_N, after_N = before_FJ[frame_N, joint_N], after_FJ[frame_N, joint_N]
        weight_N1 = ((frame_N - before_N) / (after_N - before_N)).astype(np.float32)[:, None]
        known_N = np.full(len(frame_N), of_hands)
        for moment_N in (frame_N, before_N, after_N):
            known_N &= valid_FJ[moment_N, wrist_J[joint_N]]
        here_NC, start_NC, end_NC = (
            np.where(known_N[:, None], coordinates_FJC[moment_N, wrist_J[joint_N]], 0)
            for moment_N in (frame_N, before_N, after_N)
        )
        start_NC = coordinates_FJC[before_N, joint_N] - start_NC
        end_NC = coordinates_FJC[after_N, joint_N] - end_NC
        coordinates_FJC[frame_N, joint_N] = here_NC + start_NC + (end_NC - start_NC) * weight_N1
    return pose.replace(coordinates=coordinates_FJC, valid=valid_FJ), {"joints_filled": int(fill_FJ.sum())}


def smooth(pose: PoseSequence, window_s: float) -> Done:
    """Savitzky-Golay: each joint follows the parabola that fits its way over `window_s` seconds around a frame best.

    No lag, no frame is added, and nothing is taken across a gap: stretches of frames that show a joint are smoothed
    each for itself, and those shorter than the window are left. A window of fewer than five frames changes nothing.
    """
    window = 2 * round((window_s * pose.fps - 1) / 2) + 1
    if window < _ORDER + 3:
        return pose, {}
    from scipy.signal import savgol_filter  # takes long to import, and few conversions smooth

    smoothed_FJC, changed_FJ = pose.coordinates.copy(), np.zeros_like(pose.valid)
    masks, mask_of_J = np.unique(pose.valid, axis=1, return_inverse=True)
    for number, shown_F in enumerate(masks.T):
        joints = np.flatnonzero(mask_of_J.ravel() == number)
        for start, end in faults.stretches(shown_F):
            if end - start >= window:
                piece = np.ix_(np.arange(start, end), joints)
                smoothed_FJC[piece] = savgol_filter(pose.coordinates[piece], window, _ORDER, axis=0, mode="interp")
                changed_FJ[piece] = True
    if not changed_FJ.any():
        return pose, {}
    way_N = np.linalg.norm((smoothed_FJC - pose.coordinates)[changed_FJ], axis=-1)
    return pose.replace(coordinates=smoothed_FJC), {
        "joints_moved": len(way_N),
        "way_moved": round(float(way_N.sum()), 4),
    }


def trim_rest(pose: PoseSequence, keep_s: float) -> Done:
    """Cut off all but `keep_s` seconds of the wait at either end, see `signllm.pose.rest`."""
    kept = pose[without_rest(pose, keep_s)]
    return (kept, {"frames_cut": len(pose) - len(kept)}) if len(kept) < len(pose) else (pose, {})


def resample(pose: PoseSequence, fps: float) -> Done:
    """The same motion at `fps` frames a second, see `PoseSequence.resampled`: a joint that is missing in one of the two
    frames around a moment is missing then."""
    if fps == pose.fps:
        return pose, {}
    new = pose.resampled(fps)
    return new, {"frames_before": len(pose), "frames_after": len(new), f"clips_at_{pose.fps:g}_fps": 1}


@dataclass(frozen=True)
class StepKind:
    """A step that can be named. `version` goes up when the same clip comes out otherwise.

    `value`: its parameter if none is given, None where it takes none; `least` and `most` are what it may be, and
    `meaning` says so to people. `run(pose, value)`; `say(counts)`: what it did, as a part of a sentence.
    """

    name: str
    version: int
    run: Callable[[PoseSequence, float], Done]
    say: Callable[[Mapping[str, float]], str]
    value: float | None
    meaning: str = ""
    least: float = 0.0
    most: float = 0.0


def _say_smoothed(counts: Mapping[str, float]) -> str:
    mean = counts["way_moved"] / max(1, counts["joints_moved"])
    return f"{_joints(counts['joints_moved'])} moved by {mean:.4f} shoulder widths in the mean"


def _say_resampled(counts: Mapping[str, float]) -> str:
    rates = ", ".join(
        f"{count:,.0f} clips at {name.split('_')[2]}" for name, count in counts.items() if name.startswith("clips_at_")
    )
    return f"{counts['frames_before']:,.0f} frames became {counts['frames_after']:,.0f} ({rates} frames a second)"


def _joints(count: float) -> str:
    return f"{count:,.0f} {'joint' if count == 1 else 'joints'} in single frames"


STEPS = {
    kind.name: kind
    for kind in (
        StepKind(
            "outliers", 1, mask_outliers, lambda c: f"{_joints(c['joints_masked'])} masked",
            OUTLIER_SHOULDER_WIDTHS, "shoulder widths from the neck", 2.5, 100,
        ),
        StepKind(
            "swaps", 1, exchange_swaps,
            lambda c: f"{_joints(c['joints_exchanged'])} exchanged, in {c['frames_exchanged']:,.0f} frames", None,
        ),
        StepKind("jumps", 1, mask_jumps, lambda c: f"{_joints(c['joints_masked'])} masked", None),
        StepKind(
            "torn", 1, mask_torn, lambda c: f"{_joints(c['joints_masked'])} masked",
            faults.HAND_REACH, "shoulder widths from a wrist to a joint of its hand", 0.5, 10,
        ),
        StepKind(
            "gaps", 1, fill_gaps, lambda c: f"{_joints(c['joints_filled'])} filled",
            0.2, "seconds of the longest gap", 0.001, 10,
        ),
        StepKind("smooth", 1, smooth, _say_smoothed, 0.2, "seconds that the filter looks at", 0.001, 10),
        StepKind(
            "trim", 1, trim_rest, lambda c: f"{c['frames_cut']:,.0f} frames of rest cut off",
            0.2, "seconds of rest to keep", 0, 60,
        ),
        StepKind("resample", 1, resample, _say_resampled, 25.0, "frames a second", 1, 1000),
    )
}  # fmt: skip
"""Every step, in the order in which they are done:

1. outliers: a place that cannot be must not bend what is measured next.
2. swaps: an exchanged hand looks like a jump of two; put right, nothing of it is lost.
3. jumps: what is still somewhere else is wrong, and is masked.
4. torn: hand joints far from their wrist, which is known to be where it is.
5. gaps: those of the tracker, and what the steps before have masked.
6. smooth: along whole ways, at the rate of the source, which shows the noise best.
7. trim: trembling is no longer taken for motion.
8. resample: last, so that every step before sees real frames and seconds are exact.
"""

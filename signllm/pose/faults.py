"""What trackers do wrong within a clip: joints that jump, sides and hands under each other's name, pictures that stand.

One definition for all who look: the doctor reports it, cleaning repairs it. Limits are in shoulder widths (about 0.4 m)
and seconds, so that a clip at 25 and at 50 frames a second gets the same answer. Only x and y are looked at: depth is
an estimate, which trembles by more.

Legend: F frames, J joints.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from signllm.pose.sequence import SHOULDER_WIDTHS, PoseSequence

FASTEST = 30.0
"""Shoulder widths a second (12 m/s). On recordings without faults no hand is faster than 18; the fastest true step that
was seen, of a hand thrown up, has 27."""
SPIKE, SPIKE_S = 0.5, 0.08
"""Shoulder widths by which a joint may not leave its way in one frame and come back in one within so many seconds."""
HAND_REACH = 0.9
"""Shoulder widths from a wrist to a joint of its hand; sound hands reach 0.86 at most in all development data."""
SHORT_S = 0.2
"""Seconds for which a joint is somewhere else or unseen without being given up."""
APART = 0.5
"""Shoulder widths between two wrists that can be told apart."""
NEARER = 1 / 3
"""Exchanged names must leave at most this share of the way that the names as they are take."""
STILL_SPEED = 0.01
"""Shoulder widths a second (4 mm/s). Who holds still, and any tracker, moves by 0.2; no recording has less."""
FROZEN_S = 0.4
"""Seconds without any motion that make a frozen stretch."""
_ARMS = ((2, 3, 4), (5, 6, 7))  # shoulder, elbow, wrist
_LEFT_ROOT, _RIGHT_ROOT = 8, 29
_Spans = list[tuple[int, int]]


def jumps(pose: PoseSequence) -> np.ndarray:
    """(F, J) bool: joints where they cannot have come to in the time.

    After a step faster than FASTEST a joint is wrong until the step back, or, where none comes within SHORT_S, in the
    first frame only; so too, until it is back, where it leaves its way by SPIKE for at most SPIKE_S. Gaps of up to
    SHORT_S are bridged. Frames in which sides or hands stand under each other's name are put right before.
    """
    pose, order_FJ = _put_right(pose)
    points_FJ2, fps = _flat(pose), pose.fps
    moving_FJ, longest = pose.valid.copy(), _frames(SHORT_S, fps)
    moving_FJ[:, pose.skeleton.root] = False
    found_FJ = _spikes(points_FJ2, moving_FJ, max(1, int(SPIKE_S * fps + 1e-9)))
    moving_FJ &= ~found_FJ
    before_FJ = _last_seen(moving_FJ)
    gap_FJ = np.arange(len(pose))[:, None] - before_FJ
    step_FJ = np.linalg.norm(points_FJ2 - np.take_along_axis(points_FJ2, before_FJ[..., None].clip(0), 0), axis=-1)
    known_FJ = moving_FJ & (before_FJ >= 0) & (gap_FJ <= longest)
    too_fast_FJ = known_FJ & (step_FJ * fps > FASTEST * np.maximum(gap_FJ, 1))
    for joint in np.flatnonzero(too_fast_FJ.any(0)):
        found_FJ[:, joint] |= _islands(moving_FJ[:, joint], too_fast_FJ[:, joint], longest)
    return _by_own_names(found_FJ, order_FJ)


def _spikes(points_FJ2: np.ndarray, seen_FJ: np.ndarray, longest: int) -> np.ndarray:
    """(F, J) joints that step off their way and back to it, at most so many frames later."""
    found_FJ = np.zeros_like(seen_FJ)
    step_FJ = np.linalg.norm(np.diff(points_FJ2, axis=0), axis=-1)
    far_FJ = (step_FJ > SPIKE) & seen_FJ[1:] & seen_FJ[:-1]  # row f: from frame f to f + 1
    if not far_FJ.any():
        return found_FJ
    for frames in range(1, min(longest, len(far_FJ) - 1) + 1):
        away_FJ = np.linalg.norm(points_FJ2[frames + 1 :] - points_FJ2[: -frames - 1], axis=-1)
        back_FJ = away_FJ < np.minimum(step_FJ[:-frames], step_FJ[frames:]) / 2
        spike_FJ = far_FJ[:-frames] & far_FJ[frames:] & back_FJ
        for offset in range(1, frames + 1):
            found_FJ[offset : offset + len(spike_FJ)] |= spike_FJ
    return found_FJ & seen_FJ


def _islands(seen_F: np.ndarray, too_fast_F: np.ndarray, longest: int) -> np.ndarray:
    """(F,) frames of a joint that are wrong: all of a short stretch between two steps, else the frame after a step."""
    wrong_F = np.zeros_like(seen_F)
    starts = np.flatnonzero(too_fast_F)
    for start, end in zip(starts, [*starts[1:], len(seen_F)], strict=True):
        short = end - start <= longest and end < len(seen_F)
        before = np.flatnonzero(seen_F[:start])[-1]
        if short and not wrong_F[before]:
            wrong_F[start:end] = True
        elif not wrong_F[before]:
            wrong_F[start] = True
    return wrong_F & seen_F


def torn(pose: PoseSequence, reach: float = HAND_REACH) -> np.ndarray:
    """(F, J) bool: joints of a hand farther than `reach` from the wrist that they hang from, such as on the other hand.

    Frames in which sides or hands stand under each other's name are put right before.
    """
    pose, order_FJ = _put_right(pose)
    points_FJ2, found_FJ = _flat(pose), np.zeros_like(pose.valid)
    for hand, wrist in pose.skeleton.wrists.items():
        joints = list(pose.skeleton.parts[hand])
        off_FK = np.linalg.norm(points_FJ2[:, joints] - points_FJ2[:, [wrist]], axis=-1)
        found_FJ[:, joints] = (off_FK > reach) & pose.valid[:, joints] & pose.valid[:, [wrist]]
    return _by_own_names(found_FJ, order_FJ)


def _by_own_names(found_FJ: np.ndarray, order_FJ: np.ndarray) -> np.ndarray:
    """What was found in a clip that `_put_right` returned, for the joints of the clip as it was."""
    named_FJ = np.zeros_like(found_FJ)
    np.put_along_axis(named_FJ, order_FJ, found_FJ, 1)
    return named_FJ


def swapped_sides(pose: PoseSequence) -> np.ndarray:
    """(F,) bool: frames in which the two wrists stand under each other's name, and with them the arms or hands.

    Names are exchanged between two frames where that shortens the way of both wrists to a third. Of the frames before
    and after an exchange the fewer are wrong. Gaps of up to SHORT_S are bridged; behind a longer one nothing is known.
    A way back that nobody could see, because the wrists met, leaves no frame in which the arms speak against it.
    """
    found_F = np.zeros(len(pose), bool)
    points_FJ2, seen_FJ = _flat(pose), pose.valid
    wrists = [arm[2] for arm in _ARMS]
    both = np.flatnonzero(seen_FJ[:, wrists].all(1))
    if len(both) < 2:
        return found_F
    ways_N22 = points_FJ2[both][:, wrists]
    near = np.diff(both) <= _frames(SHORT_S, pose.fps)
    same_N = np.linalg.norm(ways_N22[1:] - ways_N22[:-1], axis=-1).sum(1)
    cross_N = np.linalg.norm(ways_N22[1:] - ways_N22[:-1, ::-1], axis=-1).sum(1)
    apart_N = np.linalg.norm(ways_N22[:, 0] - ways_N22[:, 1], axis=-1)
    turn_N = near & (cross_N < NEARER * same_N) & (np.minimum(apart_N[1:], apart_N[:-1]) > APART)
    if not turn_N.any():
        return found_F
    turned_N = np.concatenate([[False], np.cumsum(turn_N) % 2 == 1])
    pieces = np.split(np.arange(len(both)), np.flatnonzero(~near) + 1)
    for piece in pieces:
        states = turned_N[piece]
        found_F[both[piece[states != (2 * states.sum() > len(states))]]] = True
    return found_F & ~_arms_fit(pose)


def swapped_hands(pose: PoseSequence) -> np.ndarray:
    """(F,) bool: frames in which hands lie on the other arm's wrist and none on its own, arms as `swapped_sides` says.

    Told only where the wrists are apart, and by the hands that are seen.
    """
    points_FJ2, seen_FJ = _flat(pose), pose.valid
    wrists = [arm[2] for arm in _ARMS]
    apart_F = np.linalg.norm(points_FJ2[:, wrists[0]] - points_FJ2[:, wrists[1]], axis=-1)
    own_F, other_F, seen_F = np.zeros(len(pose)), np.zeros(len(pose)), np.zeros(len(pose), int)
    for root, own, other in ((_RIGHT_ROOT, wrists[0], wrists[1]), (_LEFT_ROOT, wrists[1], wrists[0])):
        for total_F, wrist in ((own_F, own), (other_F, other)):
            total_F += np.where(
                seen_FJ[:, root], np.linalg.norm(points_FJ2[:, root] - points_FJ2[:, wrist], axis=-1), 0
            )
        seen_F += seen_FJ[:, root]
    told_F = seen_FJ[:, wrists].all(1) & (seen_F > 0) & (apart_F > APART)
    return told_F & (other_F < NEARER * own_F)


def with_hands_put_right(pose: PoseSequence) -> PoseSequence:
    """The clip with the names exchanged back where `swapped_hands` and `swapped_sides` say so; the clip itself if not.

    Where only wrists and hands were exchanged, shoulders and elbows stay as they are.
    """
    return _put_right(pose)[0]


def _put_right(pose: PoseSequence) -> tuple[PoseSequence, np.ndarray]:
    """The clip of `with_hands_put_right`, and (F, J) which joint of `pose` each of its joints is."""
    order_FJ = np.tile(np.arange(pose.skeleton.num_joints), (len(pose), 1))
    pose, order_FJ = _exchanged(pose, order_FJ, swapped_hands(pose), range(8, 50))
    sides_F = swapped_sides(pose)
    turned_F = sides_F & _shoulders_turned(pose)
    pose, order_FJ = _exchanged(pose, order_FJ, turned_F, range(2, 50))
    return _exchanged(pose, order_FJ, sides_F & ~turned_F, (4, 7, *range(8, 50)))


def _shoulders_turned(pose: PoseSequence) -> np.ndarray:
    """(F,) whether the shoulders stand the other way round than in most frames."""
    first, second = pose.skeleton.shoulders
    across_F = pose.coordinates[:, second, 0] - pose.coordinates[:, first, 0]
    both_F = pose.valid[:, first] & pose.valid[:, second]
    return both_F & (across_F < 0 if 2 * (across_F[both_F] > 0).sum() >= both_F.sum() else across_F > 0)


def _arms_fit(pose: PoseSequence) -> np.ndarray:
    """(F,) whether the shoulders stand as usual, and forearms are not clearly shorter with the wrists exchanged."""
    points_FJ2, elbows, wrists = _flat(pose), [arm[1] for arm in _ARMS], [arm[2] for arm in _ARMS]
    own_F, crossed_F = (
        np.linalg.norm(points_FJ2[:, elbows] - points_FJ2[:, ends], axis=-1).sum(1) for ends in (wrists, wrists[::-1])
    )
    return pose.valid[:, elbows + wrists].all(1) & ~_shoulders_turned(pose) & (own_F < 1.1 * crossed_F)


def _exchanged(
    pose: PoseSequence, order_FJ: np.ndarray, frames_F: np.ndarray, joints: Iterable[int]
) -> tuple[PoseSequence, np.ndarray]:
    """The clip and the order of its joints with the names of both sides' `joints` exchanged in some frames."""
    if not frames_F.any():
        return pose, order_FJ
    order_J = np.arange(pose.skeleton.num_joints)
    order_J[list(joints)] = np.array(pose.skeleton.mirror)[list(joints)]
    arrays = [pose.coordinates.copy(), pose.valid.copy(), order_FJ.copy()]
    for array in arrays:
        array[frames_F] = array[frames_F][:, order_J]
    return pose.replace(coordinates=arrays[0], valid=arrays[1]), arrays[2]


def repeated_frames(pose: PoseSequence) -> np.ndarray:
    """(F,) bool: frames that show what the frame before shows: the same joints, none of which moves."""
    points_FJ2, seen_FJ = _flat(pose), pose.valid
    same_F = (seen_FJ[1:] == seen_FJ[:-1]).all(1) & seen_FJ[1:].any(1)
    step_FJ = np.abs(points_FJ2[1:] - points_FJ2[:-1]).max(-1) * seen_FJ[1:]
    return np.concatenate([[False], same_F & (step_FJ.max(1) * pose.fps <= STILL_SPEED)])


def frozen(repeated_F: np.ndarray, fps: float) -> _Spans:
    """(first frame, frame after the last) of each stretch of at least FROZEN_S in which no joint moves.

    `repeated_F`: what `repeated_frames` gives.
    """
    return [(start - 1, end) for start, end in _runs(repeated_F, fps, FROZEN_S)]


def unseen(pose: PoseSequence, joints: tuple[int, ...], least_s: float = FROZEN_S) -> _Spans:
    """(first frame, frame after the last) of each stretch of at least `least_s` in which none of `joints` is seen."""
    return _runs(np.asarray(~pose.valid[:, list(joints)].any(1)), pose.fps, least_s)


def _runs(marked_F: np.ndarray, fps: float, least_s: float) -> _Spans:
    return [(start, end) for start, end in stretches(marked_F) if end - start >= least_s * fps - 1e-9]


def stretches(marked_F: np.ndarray) -> _Spans:
    """(first frame, frame after the last) of each stretch of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked_F.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _flat(pose: PoseSequence) -> np.ndarray:
    """(F, J, 2) in shoulder widths."""
    if pose.unit != SHOULDER_WIDTHS:
        pose = pose.in_shoulder_widths(centre=False, strict=False)
    return pose.coordinates[..., :2]


def _frames(seconds: float, fps: float) -> int:
    return max(1, round(seconds * fps))


def _last_seen(seen_FJ: np.ndarray) -> np.ndarray:
    """(F, J) the last frame before each in which the joint was seen, -1 for none."""
    frames_F1 = np.arange(len(seen_FJ))[:, None]
    last_FJ = np.maximum.accumulate(np.where(seen_FJ, frames_F1, -1), axis=0)
    return np.concatenate([np.full((1, seen_FJ.shape[1]), -1), last_FJ[:-1]])

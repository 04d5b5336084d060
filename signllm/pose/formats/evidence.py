"""What a clip's own body says about how it was recorded: where its axes point, which side is which, where depth is.

Every function looks at one clip of 50 joints; `signllm.pose.formats.finding` weighs what many clips say.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.pose.geometry import median
from signllm.pose.skeleton import SKELETON_50

Axes = tuple[tuple[int, int], ...]
"""(the file's axis, its sign) of our x, y and z."""

STANDARD: Axes = ((0, 1), (1, 1), (2, 1))
NOSE, RIGHT, LEFT = 0, (2, 3, 4), (5, 6, 7)  # nose; shoulder, elbow, wrist
LEFT_HAND, RIGHT_HAND = (SKELETON_50.parts[part] for part in ("left_hand", "right_hand"))
_CLEAR = 1.5  # times as long as along the next axis
_HIGH, _STEADY = 0.2, 0.9  # a head lies so many shoulder widths above the shoulders in this share of the frames
_ON_WRIST = 0.3  # shoulder widths
_MORE = 1.25  # times as far as the other hand
_PALM = ((0, 5), (0, 17), (5, 17), (0, 9))
_ARMS = ((2, 3), (3, 4), (5, 6), (6, 7))
_FEWEST = 8  # frames for a length's variation


def axes_of(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> Axes | None:
    """Which axes of the clip are x (along the shoulders), y (down) and z; None where the body does not say it clearly.

    Clearly: the head, or where it is not seen the shoulders over the elbows, lies on one side in nearly every frame.
    The sign of x and z is not looked at: it is the sides' business, and nobody's.
    """
    right, left = SKELETON_50.shoulders
    across_FC = _ways(joints_FJC, seen_FJ, right, left)
    both_F = seen_FJ[:, right] & seen_FJ[:, left]
    middle_FC = (joints_FJC[:, right] + joints_FJC[:, left]).astype(np.float64) / 2
    ups = [joints_FJC[:, NOSE] - middle_FC] + [middle_FC - joints_FJC[:, arm[1]] for arm in (RIGHT, LEFT)]
    shown = [both_F & seen_FJ[:, joint] for joint in (NOSE, RIGHT[1], LEFT[1])]
    up_FC = next((up_FC[seen_F] for up_FC, seen_F in zip(ups, shown, strict=True) if seen_F.any()), None)
    if up_FC is None:
        return None
    across_C, up_C = (np.array([median(values_F) for values_F in ways_FC.T]) for ways_FC in (across_FC, up_FC))
    x = int(np.argmax(np.abs(across_C)))
    width = float(np.linalg.norm(across_C))
    for y in (1, 0, 2):  # a head also lies before the shoulders, so the usual axis is asked first
        along_F = up_FC[:, y] * np.sign(up_C[y])
        steady = np.mean(along_F > _HIGH * width) >= _STEADY and abs(across_C[x]) > _CLEAR * abs(across_C[y])
        if y != x and steady and abs(up_C[y]) > _CLEAR * abs(up_C[x]):
            (z,) = {0, 1, 2} - {x, y}
            return ((x, 1), (y, 1 if up_C[y] < 0 else -1), (z, 1))
    return None


def busier_side(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> int:
    """1 where the hand called right moves clearly farther than the one called left, -1 the other way round, else 0."""
    right, left = (_way(joints_FJC, seen_FJ, arm[2], hand[0]) for arm, hand in ((RIGHT, RIGHT_HAND), (LEFT, LEFT_HAND)))
    return (right > _MORE * left) - (left > _MORE * right)


def _way(joints_FJC: np.ndarray, seen_FJ: np.ndarray, wrist: int, root: int) -> float:
    """How far a wrist, or where it is never seen its hand, moves in the image a frame in the mean."""
    joint = wrist if seen_FJ[:, wrist].any() else root
    both_F = seen_FJ[1:, joint] & seen_FJ[:-1, joint]
    steps_F = np.linalg.norm(np.diff(joints_FJC[:, joint, :2].astype(np.float64), axis=0), axis=-1)[both_F]
    return float(steps_F.mean()) if len(steps_F) else 0.0


def hands_crossed(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> int:
    """1 where each hand lies on the other arm's wrist, -1 where on its own, 0 where it cannot be told."""
    near = _ON_WRIST * _length(joints_FJC[..., :2], seen_FJ, *SKELETON_50.shoulders)
    own: list[float] = []
    other: list[float] = []
    for hand, arm, across in ((LEFT_HAND, LEFT, RIGHT), (RIGHT_HAND, RIGHT, LEFT)):
        for gaps, wrist in ((own, arm[2]), (other, across[2])):
            gap = _length(joints_FJC[..., :2], seen_FJ, hand[0], wrist)
            gaps += [gap] if gap == gap else []
    if not own or not other or not near > 0:
        return 0
    mine, theirs = float(np.mean(own)), float(np.mean(other))
    return (theirs < min(near, mine / 2)) - (mine < min(near, theirs / 2))


def arm_ratio(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> float:
    """The upper arm's length (its 95th percentile) over the shoulder width, both in the image; NaN where unseen."""
    width = _length(joints_FJC[..., :2], seen_FJ, *SKELETON_50.shoulders)
    arms = [np.linalg.norm(_ways(joints_FJC[..., :2], seen_FJ, arm[0], arm[1]), axis=-1) for arm in (RIGHT, LEFT)]
    lengths = np.concatenate(arms)
    return float(np.percentile(lengths, 95) / width) if len(lengths) and width > 0 else float("nan")


def _ways(joints_FJC: np.ndarray, seen_FJ: np.ndarray, start: int, end: int) -> np.ndarray:
    both_F = seen_FJ[:, start] & seen_FJ[:, end]
    return (joints_FJC[both_F, end] - joints_FJC[both_F, start]).astype(np.float64)


def length_variation(joints_FJC: np.ndarray, seen_FJ: np.ndarray, part: str, factors: tuple[float, ...]) -> np.ndarray:
    """For each factor of z: by how much the lengths of rigid bones vary (deviation over mean, mean over the bones).

    `part`: 'body' (upper arms and forearms) or 'hands' (bones of the palms). NaN where they are seldom seen.
    """
    bones = _ARMS if part == "body" else [(h[a], h[b]) for h in (LEFT_HAND, RIGHT_HAND) for a, b in _PALM]
    found = []
    for start, end in bones:
        way_F3 = _ways(joints_FJC, seen_FJ, start, end)
        if len(way_F3) >= _FEWEST:
            square_F, depth_F = (way_F3[:, :2] ** 2).sum(-1), way_F3[:, 2] ** 2
            lengths = [np.sqrt(square_F + factor**2 * depth_F) for factor in factors]
            found.append([length.std() / max(length.mean(), 1e-12) for length in lengths])
    return np.mean(found, axis=0) if found else np.full(len(factors), np.nan)


def depth_direction(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> int:
    """1 where the wrists have a greater z than their shoulders in nearly every frame, -1 where a smaller, else 0.

    Who signs holds the hands before the trunk, so in the first case z points towards the viewer, as ours does.
    """
    ahead = [_ways(joints_FJC, seen_FJ, arm[0], arm[2])[:, 2] for arm in (RIGHT, LEFT)]
    ahead_N = np.concatenate(ahead)
    if len(ahead_N) < _FEWEST:
        return 0
    return int(np.mean(ahead_N > 0) >= _STEADY) - int(np.mean(ahead_N < 0) >= _STEADY)


def looks_like_a_body(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> bool:
    """Whether these may be 50 joints of a person: hands on wrists, and neither they nor the arms of absurd size.

    Any axes and any aspect: lengths are taken in the two numbers (x, y) that all files have.
    """
    flat_FJ2 = joints_FJC[..., :2]
    width = _length(flat_FJ2, seen_FJ, *SKELETON_50.shoulders)
    arms = [_length(flat_FJ2, seen_FJ, *bone) for bone in _ARMS]
    if not width > 0 or any(arm > 4 * width for arm in arms) or not any(arm > width / 8 for arm in arms):
        return False
    for hand in (LEFT_HAND, RIGHT_HAND):
        gaps = [_length(flat_FJ2, seen_FJ, hand[0], arm[2]) for arm in (LEFT, RIGHT)]
        palm = [_length(flat_FJ2, seen_FJ, hand[a], hand[b]) for a, b in _PALM]
        fingers = [_length(flat_FJ2, seen_FJ, hand[k], hand[k + 1]) for k in range(1, 20) if k % 4]
        if all(gap > 0.8 * width for gap in gaps):
            return False
        if any(bone > 1.2 * width for bone in palm) or any(bone > 0.6 * width for bone in fingers):
            return False
    return True


def _length(joints_FJC: np.ndarray, seen_FJ: np.ndarray, start: int, end: int) -> float:
    """The median distance of two joints, NaN where they are never both seen."""
    return median(np.linalg.norm(_ways(joints_FJC, seen_FJ, start, end), axis=-1))

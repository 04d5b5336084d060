"""Drawing a signer: frames of joints as anti-aliased strokes on RGB pictures.

Legend: F frames, J joints, C coordinates, S strokes, H W the size of the canvas in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signllm.errors import ConfigError, did_you_mean
from signllm.pose import PoseSequence, Skeleton
from signllm.pose.geometry import neck_origin
from signllm.pose.skeleton import FINGERS
from signllm.sampling import spread
from signllm.viewing.painting import paint_capsules

Color = tuple[int, int, int]
Painted = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Ends (F, S, 4), radii (S, 2), colours (S, 3) of strokes, and which are shown (F, S): see `paint_capsules`."""

BACKGROUND: Color = (247, 248, 250)
_BODY: Color = (84, 92, 104)
_HEAD_FILL: Color = (232, 235, 240)
# Right is blue and left is orange: the pair that all common kinds of colour blindness keep apart. Within a hand
# neighbouring fingers alternate in lightness, so that they are told apart without hue as well.
SIDE_COLORS: dict[str, Color] = {"right": (0, 96, 170), "left": (206, 88, 0)}
FINGER_COLORS: dict[str, tuple[Color, ...]] = {
    "right": ((22, 36, 112), (0, 128, 214), (0, 86, 120), (30, 178, 196), (92, 72, 190)),
    "left": ((116, 30, 20), (232, 112, 0), (150, 62, 0), (226, 164, 0), (206, 50, 96)),
}

# Radii in shoulder widths.
_TRUNK, _ARM_START, _ARM_END, _PALM, _FINGER_START, _FINGER_END = 0.030, 0.034, 0.022, 0.012, 0.0165, 0.012
_HALO, _HEAD, _HEAD_LINE, _NOSE = 0.013, 0.27, 0.014, 0.022
_CROWN = 1.1  # from the neck to the top of a person's head, with some air
_AIR = 0.1
_MIN_RADIUS_PX = 0.55
_MOST_BOX_FRAMES = 5000

VIEWS: dict[str, tuple[int, int]] = {"front": (0, 1), "side": (2, 1)}  # the coordinates that become right and down


def view_axes(view: str) -> tuple[int, int]:
    """The two coordinates a view shows; ConfigError for an unknown view."""
    if view not in VIEWS:
        raise ConfigError(f"view '{view}' is unknown{did_you_mean(view, VIEWS)}; known: {', '.join(VIEWS)}")
    return VIEWS[view]


@dataclass(frozen=True)
class ViewBox:
    """The square of the pose's plane that a panel shows, in the pose's unit; `shoulder_width` scales the strokes."""

    left: float
    top: float
    side: float
    shoulder_width: float

    def to_pixels(self, points_J2: np.ndarray, size_px: int) -> np.ndarray:
        """Positions in pixels of a panel of `size_px`; pixel centres lie at integer + 0.5."""
        return (points_J2 - np.array([self.left, self.top], np.float32)) * np.float32(size_px / self.side)


def project(pose: PoseSequence, view: str) -> np.ndarray:
    """(F, J, 2) positions in the plane of the view; a 2D clip seen from the side has no depth, hence zero."""
    axes = view_axes(view)
    if max(axes) < pose.coordinates.shape[2]:
        return pose.coordinates[..., list(axes)]
    flat = np.zeros_like(pose.coordinates[..., :1])
    return np.concatenate([flat, pose.coordinates[..., 1:2]], axis=-1)


def _plausible(points_N2: np.ndarray, centre: np.ndarray, width: float) -> np.ndarray:
    """Which points a signer can reach: an arm and a hand are about 2.3 shoulder widths long."""
    distance = np.linalg.norm(points_N2 - centre, axis=-1)
    if np.isfinite(width) and width > 0:
        return distance <= 2.6 * width
    low, middle = np.percentile(distance, [50, 75])
    return distance <= middle + 3 * max(middle - low, 1e-6)


def _sample(pose: PoseSequence) -> PoseSequence:
    if len(pose) <= _MOST_BOX_FRAMES:
        return pose
    at = spread(len(pose), _MOST_BOX_FRAMES)
    return pose.replace(coordinates=pose.coordinates[at], valid=pose.valid[at])


def view_box(poses: Sequence[PoseSequence], view: str = "front") -> ViewBox:
    """One box that shows every clip whole, centred on the signer; outliers (percentiles, reach) do not widen it.

    Of a long clip, frames spread evenly over it are looked at: an hour of them would take hundreds of megabytes.
    """
    poses = [_sample(pose) for pose in poses]
    widths = [width for width in (pose.shoulder_width() for pose in poses) if np.isfinite(width) and width > 0]
    width = float(np.median(widths)) if widths else float("nan")
    lows, highs, centres = [], [], []
    for pose in poses:
        points_FJ2, valid = project(pose, view), pose.valid
        if not valid.any():
            continue
        seen_N2 = points_FJ2[valid]
        centre = neck_origin(points_FJ2, valid, pose.skeleton)
        if np.isnan(centre).any():
            centre = np.median(seen_N2, axis=0)
        kept_N2 = seen_N2[_plausible(seen_N2, centre, width)]
        low, high = np.percentile(kept_N2 if len(kept_N2) else seen_N2, [0.2, 99.8], axis=0)
        lows.append(low)
        highs.append(high)
        centres.append(centre)
    if not lows:
        return ViewBox(-1.5, -1.5, 3.0, 1.0)
    low, high, centre = np.min(lows, axis=0), np.max(highs, axis=0), np.mean(centres, axis=0)
    if not np.isfinite(width):
        width = max(float((high - low).max()) / 3, 1e-6)
    low[1] -= 0.30 * width  # the top of the head is above the nose
    half = max(float(np.abs(np.stack([low, high])[:, 0] - centre[0]).max()), 0.75 * width)
    side = max(2 * half, float(high[1] - low[1]), 1.9 * width) + 0.20 * width
    middle_y = float(low[1] + high[1]) / 2
    return ViewBox(float(centre[0]) - side / 2, middle_y - side / 2, side, width)


def with_head(box: ViewBox, crown: float = 0.0) -> ViewBox:
    """The box with room for the head of a person whose neck is at the origin; a skeleton's head is smaller.

    crown: shoulder widths from the neck to the top, where they are known.
    """
    top = min(box.top, -max(_CROWN, crown + _AIR) * box.shoulder_width)
    side = box.side + box.top - top
    return ViewBox(box.left + (box.side - side) / 2, top, side, box.shoulder_width)


@dataclass(frozen=True)
class Strokes:
    """What to paint for a skeleton, in order: ends (S, 2) joints, radii (S, 2) shoulder widths, colours (S, 3)."""

    ends: np.ndarray
    radii: np.ndarray
    colors: np.ndarray


def _side_of(joint: str) -> str | None:
    return next((side for side in SIDE_COLORS if joint.startswith(f"{side}_")), None)


def _body_strokes(skeleton: Skeleton) -> list[tuple]:
    rows = []
    body = [tuple(map(int, bone)) for bone in skeleton.bones if bone[1] in skeleton.parts["body"]]
    nose = skeleton.joints.index("nose") if "nose" in skeleton.joints else None
    trunk = [bone for bone in body if skeleton.root in bone]
    for a, b in trunk:
        rows.append((a, b, _TRUNK, _TRUNK, _BODY))
    if nose is not None:
        rows.append((nose, nose, _HEAD + _HEAD_LINE, _HEAD + _HEAD_LINE, _BODY))
        rows.append((nose, nose, _HEAD - _HEAD_LINE, _HEAD - _HEAD_LINE, _HEAD_FILL))
        rows.append((nose, nose, _NOSE, _NOSE, _BODY))
    for a, b in body:
        if (a, b) not in trunk:
            side = _side_of(skeleton.joints[b])
            color = SIDE_COLORS[side] if side else _BODY
            upper = "elbow" in skeleton.joints[b]
            middle = (_ARM_START + _ARM_END) / 2
            start, end = (_ARM_START, middle) if upper else (middle, _ARM_END)
            rows.append((a, b, start, end + _HALO, BACKGROUND))
            rows.append((a, b, start, end, color))
    rows.extend((j, j, 0.75 * _TRUNK, 0.75 * _TRUNK, _BODY) for j in skeleton.parts["body"] if j != nose)
    return rows


def _hand_strokes(skeleton: Skeleton, part: str) -> list[tuple]:
    members = skeleton.parts[part]
    side = _side_of(part) or "right"
    palm_color = SIDE_COLORS[side]
    palm: list[tuple[int, int]] = []
    fingers: dict[str, list[tuple[int, int]]] = {finger: [] for finger in FINGERS}
    for joint in members:
        finger = next((name for name in FINGERS if f"_{name}_" in skeleton.joints[joint]), None)
        parent = skeleton.parents[joint]
        if finger is None or skeleton.joints[joint].endswith("_1"):
            palm.append((parent, joint))
        else:
            fingers[finger].append((parent, joint))
    root = members[0]
    rows = [(a, b, _PALM + (a == root) * _HALO, _PALM + _HALO, BACKGROUND) for a, b in palm]
    rows += [(a, b, _PALM if a == root else _ARM_END, _PALM, palm_color) for a, b in palm]
    # The halo of a whole finger goes below the finger: crossing fingers stay apart, its own joints stay joined.
    for finger, color in zip(FINGERS, FINGER_COLORS[side], strict=True):
        bones = fingers[finger]
        steps = np.linspace(_FINGER_START, _FINGER_END, len(bones) + 1)
        halo = np.where(np.arange(len(steps)) > 0, _HALO, 0) + steps  # none at the palm, or it would be cut off
        rows += [(a, b, halo[k], halo[k + 1], BACKGROUND) for k, (a, b) in enumerate(bones)]
        rows += [(a, b, steps[k], steps[k + 1], color) for k, (a, b) in enumerate(bones)]
        rows += [(b, b, 1.25 * _FINGER_END, 1.25 * _FINGER_END, color) for _, b in bones]
    return rows


_STROKES: dict[str, Strokes] = {}  # by the skeleton's name: a Skeleton holds a dict and cannot be a cache's key


def strokes(skeleton: Skeleton) -> Strokes:
    """The strokes of a skeleton, made once: body, head, arms, then the hands on top."""
    if skeleton.name not in _STROKES:
        rows = _body_strokes(skeleton)
        for part in skeleton.parts:
            if part != "body":
                rows += _hand_strokes(skeleton, part)
        _STROKES[skeleton.name] = Strokes(
            np.array([row[:2] for row in rows]),
            np.array([row[2:4] for row in rows], np.float32),
            np.array([row[4] for row in rows], np.float32),
        )
    return _STROKES[skeleton.name]


def painted_strokes(points_FJ2: np.ndarray, valid_FJ: np.ndarray, skeleton: Skeleton, width_px: float) -> Painted:
    """What to paint. A joint that is missing, and every bone that ends in it, is left out.

    points_FJ2: pixels. width_px: the shoulder width in pixels, to which the strokes are scaled.
    """
    plan = strokes(skeleton)
    ends_FS4 = points_FJ2[:, plan.ends].reshape(len(points_FJ2), -1, 4).astype(np.float32, copy=False)
    radii_S2 = np.maximum(plan.radii * np.float32(width_px), np.float32(_MIN_RADIUS_PX))
    return ends_FS4, radii_S2, plan.colors, np.all(valid_FJ[:, plan.ends], axis=2)


def draw_frames(
    canvas_FHW4: np.ndarray,
    points_FJ2: np.ndarray,
    valid_FJ: np.ndarray,
    skeleton: Skeleton,
    width_px: float,
    corner: tuple[int, int] = (0, 0),
    size_px: int | None = None,
) -> None:
    """Paint frames in place, as `painted_strokes` says.

    canvas_FHW4: opaque RGBA; the square at `corner` is painted, as by `paint_capsules`. points_FJ2: its pixels.
    """
    paint_capsules(canvas_FHW4, *painted_strokes(points_FJ2, valid_FJ, skeleton, width_px), corner, size_px)

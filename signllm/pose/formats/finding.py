"""What many clips of a source say about how they were recorded, as named steps; and each clip read by those steps.

Detection looks at a sample of clips (`find`), never at one alone, and changes nothing where the clips do not say it
clearly: a step is taken where 80 % of the clips that say anything agree. What the user says (`Hints`) goes before.

Legend: F frames, K points of the source, J joints, C coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats.conventions import Conventions, RawClip
from signllm.pose.formats.evidence import LEFT_HAND, RIGHT_HAND, STANDARD, Axes, looks_like_a_body
from signllm.pose.formats.marks import find_marks
from signllm.pose.formats.point_layouts import CONFIDENCE, DEPTH
from signllm.pose.formats.raw_points import Form, RawPoints
from signllm.pose.geometry import every, in_shoulder_widths, neck_origin, shoulder_width, with_neck
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETON_50

Raw = RawClip | RawPoints


@dataclass(frozen=True)
class Step:
    """One thing that was found and done: `value` as its flag takes it, `why` for people."""

    name: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} {self.value}: {self.why}"


@dataclass(frozen=True)
class Settings:
    """How clips are read. `form`: the layout of tracked points. `third`: 'confidence' or 'depth'. `axes`: see
    `evidence.Axes`. `aspect`: of the image whose shares x and y are, None where they have one unit. `crossed`: each
    hand stands under the other's name. `mirrored`: x is turned round. `centred`: the neck is moved to the origin.
    `depths`: by what z of body and hands is multiplied; (0, 0) for none.
    """

    form: Form | None = None
    third: str | None = None
    axes: Axes = STANDARD
    aspect: float | None = None
    crossed: bool = False
    mirrored: bool = False
    centred: bool = False
    depths: tuple[float, float] = (0.0, 0.0)

    def joints(self, raw: RawPoints) -> RawClip:
        """Tracked points as joints; DataError where they have another form or infinite coordinates."""
        form = self.form if self.form in raw.forms else None
        if form is None:
            there = " or ".join(map(str, raw.forms))
            raise DataError(f"its points are {there}, the other clips' are {self.form}; convert them apart")
        points_FKC, _, counter_F = raw.points(form)
        if not len(points_FKC):
            raise DataError("the clip is empty")
        third = self.third or form.points.third
        seen_FK = raw.seen(form, third)
        bad_FK = seen_FK & ~every(np.isfinite(points_FKC[..., :2]))
        if bad_FK.any():
            frame, point = np.argwhere(bad_FK)[0]
            raise DataError(f"frame {frame}, point {point}: not a finite number ({int(bad_FK.sum())} such points)")
        places_J = np.array(form.points.places)
        joints_FJC = points_FKC[:, places_J]
        seen_FJ = seen_FK[:, places_J] & (places_J >= 0)
        has_depth = third != CONFIDENCE and joints_FJC.shape[2] == 3
        flat_FJ1 = np.zeros((*seen_FJ.shape, 1), joints_FJC.dtype)
        joints_FJC = np.concatenate([joints_FJC[..., :2], joints_FJC[..., 2:] if has_depth else flat_FJ1], axis=-1)
        if form.layout == SKELETON_50.name:  # a frame of `.skels` in another file: one scale for all, sides are open
            seen_FJ[:, SKELETON_50.root] |= np.isfinite(joints_FJC[:, SKELETON_50.root]).all(-1)
            clean_FJC = np.where(seen_FJ[..., None], np.nan_to_num(joints_FJC), 0).astype(np.float32)
            return RawClip(clean_FJC, counter_F, raw.fps, seen_FJ)
        return RawClip(
            joints_FJC,
            None,
            raw.fps,
            seen_FJ,
            sides_known=True,
            own_scale=True,
            aspect=raw.aspect,
            depth_unit=raw.depth_unit if has_depth else 0.0,
            wrist_depth=form.points.centred_hands,
        )

    def oriented(self, clip: RawClip) -> RawClip:
        """The clip with its axes, image, hands and sides as ours; joints that are not seen are moved along."""
        joints_FJC, seen_FJ = clip.coordinates_FJC, clip.seen_FJ
        if clip.third_open and self.third == CONFIDENCE:
            seen_FJ = seen_FJ & (joints_FJC[..., 2] > 0)
            joints_FJC = np.concatenate([joints_FJC[..., :2], np.zeros_like(joints_FJC[..., :1])], axis=-1)
        aspect = clip.aspect or self.aspect if clip.own_scale else None
        if aspect is not None:
            joints_FJC = joints_FJC.astype(np.float64) * (aspect, 1.0, aspect)
        if self.axes != STANDARD:
            signs_C = np.array([sign for _, sign in self.axes], joints_FJC.dtype)
            joints_FJC = joints_FJC[..., [axis for axis, _ in self.axes]] * signs_C
        if clip.own_scale:
            joints_FJC, seen_FJ = _with_neck(joints_FJC, seen_FJ)
        if self.crossed:
            order = np.arange(SKELETON_50.num_joints)
            order[list(LEFT_HAND)], order[list(RIGHT_HAND)] = RIGHT_HAND, LEFT_HAND
            joints_FJC, seen_FJ = joints_FJC[:, order], seen_FJ[:, order]
        if self.mirrored:
            joints_FJC = joints_FJC * np.array([-1, 1, 1], joints_FJC.dtype)
        if joints_FJC is clip.coordinates_FJC and seen_FJ is clip.seen_FJ:
            return clip
        return replace(clip, coordinates_FJC=joints_FJC, valid_FJ=seen_FJ)

    def with_depth(self, clip: RawClip) -> RawClip:
        """The clip with z in the unit of x, a hand's counted from its wrist in the arm; or with z = 0."""
        if not clip.own_scale:
            return clip
        if not any(self.depths):
            flat_FJC = clip.coordinates_FJC.copy()
            flat_FJC[..., 2] = 0
            return replace(clip, coordinates_FJC=flat_FJC)
        return replace(clip, coordinates_FJC=self._with_depth(clip))

    def _with_depth(self, clip: RawClip) -> np.ndarray:
        joints_FJC, (body, hands) = clip.coordinates_FJC.copy(), self.depths
        z_FJ = np.nan_to_num(joints_FJC[..., 2] * clip.depth_unit, posinf=0, neginf=0)
        depth_FJ = z_FJ * body
        for hand, wrist in ((LEFT_HAND, 7), (RIGHT_HAND, 4)):
            of_hand = list(hand)
            depth_FJ[:, of_hand] = z_FJ[:, of_hand] * hands
            if clip.wrist_depth:
                known_F1 = clip.seen_FJ[:, wrist, None]
                depth_FJ[:, of_hand] -= z_FJ[:, of_hand[:1]] * hands
                depth_FJ[:, of_hand] += np.where(known_F1, depth_FJ[:, wrist, None], 0)
        joints_FJC[..., 2] = depth_FJ
        return joints_FJC


def looks_right(raw: RawPoints, form: Form) -> bool:
    """Whether a clip's points look like a person in this form."""
    try:
        clip = Settings(form=form, third=DEPTH).joints(raw)
    except DataError:
        return False
    seen_FJ = clip.seen_FJ & every(np.isfinite(clip.coordinates_FJC))
    return looks_like_a_body(clip.coordinates_FJC, seen_FJ)


def _with_neck(joints_FJC: np.ndarray, seen_FJ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle of the shoulders as neck, where the tracker has none in any frame."""
    if seen_FJ[:, SKELETON_50.root].any():
        return joints_FJC, seen_FJ
    return with_neck(joints_FJC, seen_FJ, SKELETON_50)


@dataclass(frozen=True)
class Found:
    """How a source's clips are read: the settings, the conventions of 50-joint files, and the steps that say so.

    `has_depth`: whether z is other than 0 anywhere in the sample.
    """

    settings: Settings
    conventions: Conventions
    steps: tuple[Step, ...] = ()
    doubts: tuple[str, ...] = ()
    has_depth: bool = False

    def prepare(self, raw: Raw) -> tuple[RawClip | None, list[str], dict[str, int]]:
        """The clip ready for `conventions`, or None and what speaks against it; and how many joints each mark hid."""
        try:
            return self._prepared(raw)
        except DataError as error:
            return None, error.faults, {}

    def _prepared(self, raw: Raw) -> tuple[RawClip, list[str], dict[str, int]]:
        clip = raw if isinstance(raw, RawClip) else self.settings.joints(raw)
        if clip.settled:
            return clip, [], {}
        clip = self.settings.oriented(clip)
        width = shoulder_width(clip.coordinates_FJC, clip.seen_FJ, SKELETON_50)
        marks = find_marks(clip.coordinates_FJC, clip.seen_FJ, width)
        if marks:
            hidden_FJ = np.any(list(marks.values()), axis=0)
            clip = replace(clip, valid_FJ=clip.seen_FJ & ~hidden_FJ)
        if clip.own_scale:
            clip = self.settings.with_depth(clip)
            pose = _to_shoulder_widths(clip)
            clip = RawClip(pose.coordinates, None, clip.fps, clip.seen_FJ, scale_known=True, sides_known=True)
        elif self.settings.centred:
            clip = _centred(clip)
        return clip, [], {name: int(mark_FJ.sum()) for name, mark_FJ in marks.items()}

    def pose(self, raw: Raw, fps: float) -> PoseSequence:
        """The clip in shoulder widths with the signer's right arm at joints 2-4. Raises DataError.

        Tracked points without depth have two coordinates.
        """
        clip, faults, _ = self.prepare(raw)
        if clip is None:
            raise DataError(faults)
        pose = self.conventions.pose(clip, fps)
        tracked = isinstance(raw, RawPoints) or raw.own_scale
        return pose.replace(coordinates=pose.coordinates[..., :2]) if tracked and not self.has_depth else pose


def _to_shoulder_widths(clip: RawClip) -> PoseSequence:
    """A clip in shoulder widths with the neck's median over the clip at the origin.

    Per clip, so that swaying of the trunk stays and a trembling neck does not shake the hands. Raises DataError where a
    seen joint is not finite, and where the clip never shows both shoulders and the neck.
    """
    seen_FJ = clip.seen_FJ
    PoseSequence(clip.coordinates_FJC, seen_FJ, clip.fps or 1.0, unit="file")  # names the joint that is not finite
    joints_FJC = np.where(seen_FJ[..., None], clip.coordinates_FJC, 0)
    scaled_FJC = in_shoulder_widths(joints_FJC, seen_FJ, SKELETON_50)
    return PoseSequence(scaled_FJC, seen_FJ, clip.fps or 1.0)


def _centred(clip: RawClip) -> RawClip:
    origin_C = neck_origin(clip.coordinates_FJC, clip.seen_FJ, SKELETON_50)
    if np.isnan(origin_C).any():
        raise DataError("the neck is never seen, so the clip has no origin; leave the clip out")
    seen_FJ = clip.seen_FJ
    moved_FJC = (clip.coordinates_FJC - origin_C).astype(np.float32)
    return replace(clip, coordinates_FJC=np.where(seen_FJ[..., None], moved_FJC, np.float32(0)), valid_FJ=seen_FJ)

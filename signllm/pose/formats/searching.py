"""The search for the steps of `signllm.pose.formats.finding` in a sample of clips, one function a step.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats import evidence
from signllm.pose.formats.conventions import (
    NEAR_STANDARD,
    SAMPLE_CLIPS,
    SWAP_EVIDENCE,
    Conventions,
    RawClip,
    detect_conventions,
)
from signllm.pose.formats.finding import Found, Raw, Settings, Step, looks_right
from signllm.pose.formats.hints import AUTO, LEFT_FIRST, NO, YES, Hints
from signllm.pose.formats.point_layouts import CONFIDENCE, DEPTH, VISIBLE
from signllm.pose.formats.raw_points import Form, RawPoints
from signllm.pose.geometry import every, median, neck_origin
from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETON_50
from signllm.sampling import spread

_HIGHEST_SCORE = 10.0  # of mmpose, whose scores may lie above 1
AGREEMENT = 0.8  # share of the clips that say anything
FEWEST_BUSY = 5  # clips in which one hand is clearly busier
OFF_ORIGIN = 0.3  # shoulder widths from the neck to the origin; generated clips may well be off by less
ASPECTS = {"16:9": 16 / 9, "3:2": 3 / 2, "4:3": 4 / 3, "1:1": 1.0, "210:260": 210 / 260, "3:4": 3 / 4, "9:16": 9 / 16}
NATURAL_ARM = 0.92  # upper arm over shoulder width, measured on recordings whose aspect is known: 0.90 to 0.95
ODD_ARM = 1.25  # times longer or shorter than natural under the best of the aspects
FACTORS = (0.0, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5)
MEANS_SOMETHING = 0.95  # bones vary at most so many times as much with depth as without
_TURNED = "right shoulders lie right in the image"
_T = TypeVar("_T", bound=Hashable)


@dataclass
class _Search:
    """The clips as far as they are understood, and what was found out."""

    hints: Hints
    raws: list[Raw]
    settings: Settings = field(default_factory=Settings)
    steps: list[Step] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    joints: list[RawClip] = field(default_factory=list)

    def take(self, settings: Settings, name: str, value: str, why: str) -> None:
        self.settings = settings
        self.steps.append(Step(name, value, why))

    def understood(self) -> list[RawClip]:
        """The open clips of the sample under the settings so far; what cannot be read is passed over here."""
        clips = []
        for clip in self.joints:
            if not clip.settled:
                clips.append(self.settings.oriented(clip))
        return clips


def find(raws: Sequence[Raw], hints: Hints | None = None, near_standard: float = NEAR_STANDARD) -> Found:
    """What `raws`, a sample of a source's clips, say of it. Raises DataError where it cannot be read at all.

    `near_standard`: see `conventions.detect_conventions`.
    """
    search = _Search(hints or Hints(), list(raws))
    _find_form(search)
    _find_third(search)
    for raw in search.raws:
        try:
            search.joints.append(raw if isinstance(raw, RawClip) else search.settings.joints(raw))
        except DataError as error:
            if len(search.raws) == 1:
                raise
            search.doubts += error.faults[:1] if not search.doubts else []
    for step in (_find_axes, _find_aspect, _find_hands, _find_depth, _find_mirror, _find_neck):
        step(search)
    found = Found(search.settings, Conventions(), tuple(search.steps), tuple(search.doubts))
    prepared, faults = [], []
    for clip in search.joints:
        ready, wrong, _ = found.prepare(clip)
        prepared += [ready] if ready is not None else []
        faults += wrong
    if not prepared:
        raise DataError(dict.fromkeys(faults) or "no clip can be read")
    has_depth = any(clip.coordinates_FJC[..., 2].any() for clip in prepared)
    conventions = detect_conventions(prepared, search.hints.sides, near_standard)
    return replace(found, conventions=conventions, has_depth=has_depth)


def _agreed(votes: Sequence[_T]) -> tuple[_T | None, float]:
    """What most say and their share, where they are enough; (None, 0) otherwise."""
    if not votes:
        return None, 0.0
    ((winner, count),) = Counter(votes).most_common(1)
    return (winner, count / len(votes)) if count >= AGREEMENT * len(votes) else (None, 0.0)


def _find_form(search: _Search) -> None:
    """The layout of tracked points: that which the user names, else the one under which they look like a body."""
    rows = [raw for raw in search.raws if isinstance(raw, RawPoints)]
    if not rows:
        return
    forms = [form for form in rows[0].forms if all(form in raw.forms for raw in rows)] or list(rows[0].forms)
    named = [form for form in forms if form.layout == search.hints.points]
    if search.hints.points and not named:
        raise DataError(f"--layout {search.hints.points} does not fit; these points are {' or '.join(map(str, forms))}")
    forms = [form for form in named or forms if not form.counter or _counts(rows, form)] or forms
    if len(forms) > 1:
        shares = {form: sum(looks_right(raw, form) for raw in rows) / len(rows) for form in forms}
        fitting = [form for form in forms if shares[form] >= max(0.5, AGREEMENT * max(shares.values()))]
        if len(fitting) != 1:
            why = "the points look like a person under each" if fitting else "under none of them hands lie on arms"
            raise DataError(
                f"{len(forms)} layouts have so many numbers: {' or '.join(map(str, forms))}; {why}; say which it is"
                f" with --layout {forms[0].layout} or --layout {forms[1].layout}"
            )
        forms = fitting
    why = "as --layout says" if named else f"{forms[0].points.num_points} points a frame"
    search.take(replace(search.settings, form=forms[0]), "layout", forms[0].layout, why)


def _counts(rows: list[RawPoints], form: Form) -> bool:
    """Whether the last number of a row grows from frame to frame up to 1 at most."""
    counters = [raw.points(form)[2] for raw in rows]
    return all(c is not None and (np.diff(c) > 0).all() and c[0] >= 0 and c[-1] <= 1.001 for c in counters)


def _find_third(search: _Search) -> None:
    """Whether the number behind x and y is a confidence: from 0 to 1, not 0 throughout, and never negative."""
    form = search.settings.form
    thirds = [raw.points(form)[0][..., 2] for raw in search.raws if _has_third(raw, form)]  # type: ignore[union-attr, arg-type]
    thirds += [raw.coordinates_FJC[..., 2] for raw in search.raws if isinstance(raw, RawClip) and raw.third_open]
    if not thirds:
        return
    said, usual = search.hints.third, form.points.third if form else CONFIDENCE
    values = np.concatenate([np.asarray(third, np.float32).ravel() for third in thirds])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    in_range = low >= 0 and 0 < high <= (_HIGHEST_SCORE if usual == CONFIDENCE else 1)
    sure = in_range and (usual == CONFIDENCE or float(np.median(values[values > 0])) >= VISIBLE)
    found = CONFIDENCE if sure else DEPTH
    if not high and not low:
        found = usual if form else DEPTH
    third = found if said == AUTO else said
    why = "as --third says" if said != AUTO else f"it goes from {low:.3g} to {high:.3g}"
    why += "; z is unknown" if third == CONFIDENCE else ""
    search.settings = replace(search.settings, third=third)
    if third != (form.points.third if form else DEPTH) or (form is None and third == CONFIDENCE) or said != AUTO:
        search.take(search.settings, "third", third, why)


def _has_third(raw: Raw, form: Form | None) -> bool:
    return isinstance(raw, RawPoints) and form in raw.forms and form is not None and form.numbers != 2


def _find_axes(search: _Search) -> None:
    """Which of the file's axes are x, y (down) and z."""
    said = search.hints.axes_of_file
    if said is not None:
        search.take(replace(search.settings, axes=said), "axes", search.hints.axes, "as --axes says")
        return
    votes = [evidence.axes_of(clip.coordinates_FJC, clip.seen_FJ) for clip in search.understood()]
    axes, share = _agreed([vote for vote in votes if vote is not None])
    if axes is None or axes == evidence.STANDARD:
        return
    value = ",".join("-" * (sign < 0) + "xyz"[axis] for axis, sign in axes)
    up = "y points up" if axes[:1] == evidence.STANDARD[:1] and axes[1] == (1, -1) else "the axes stand otherwise"
    why = f"{up}: heads lie over shoulders so in {share:.0%} of the clips"
    search.take(replace(search.settings, axes=axes), "axes", value, why)


def _find_aspect(search: _Search) -> None:
    """The image's aspect, where x and y are shares of its sides and no file says it."""
    said = search.hints.image_aspect
    open_clips = [clip for clip in search.joints if clip.own_scale and clip.aspect is None]
    if not open_clips:
        return
    if said is not None:
        search.take(replace(search.settings, aspect=said), "aspect", search.hints.aspect, "as --aspect says")
        return
    if search.settings.axes[:1] != evidence.STANDARD[:1] or not all(_are_shares(clip) for clip in open_clips):
        return
    found = {}
    for name, aspect in ASPECTS.items():
        settings = replace(search.settings, aspect=aspect)
        clips = [settings.oriented(clip) for clip in open_clips]
        ratios = [evidence.arm_ratio(clip.coordinates_FJC, clip.seen_FJ) for clip in clips]
        found[name] = median(np.array([ratio for ratio in ratios if ratio > 0]))
    odd = {name: abs(np.log(ratio / NATURAL_ARM)) for name, ratio in found.items() if ratio > 0}
    if not odd:
        return
    best = min(odd, key=odd.__getitem__)
    why = f"x and y are shares of an image; upper arms are {found[best]:.2f} shoulder widths long at this aspect"
    search.take(replace(search.settings, aspect=ASPECTS[best]), "aspect", best, why)
    if odd[best] > np.log(ODD_ARM):
        search.doubts.append(f"the image's aspect is uncertain: at {best} {why.split('; ')[1]}; see --aspect")


def _are_shares(clip: RawClip) -> bool:
    """Whether x and y lie in an image from 0 to 1, as far as the tracker saw inside it, and not round an origin."""
    flat_N2 = clip.coordinates_FJC[..., :2][clip.seen_FJ]
    if not len(flat_N2):
        return False
    low_2, high_2 = np.percentile(flat_N2, [2, 98], axis=0)
    return bool((low_2 > -0.25).all() and (high_2 < 1.6).all() and (high_2 > 0.2).all() and low_2.max() > 0.02)


def _find_hands(search: _Search) -> None:
    """Whether each hand stands under the other's name."""
    votes = [evidence.hands_crossed(clip.coordinates_FJC, clip.seen_FJ) for clip in search.understood()]
    crossed, share = _agreed([vote for vote in votes if vote])
    if crossed == 1:
        why = f"each hand lies on the other arm's wrist in {share:.0%} of the clips, so the hands are exchanged"
        search.take(replace(search.settings, crossed=True), "hands", "exchanged", why)


def _find_depth(search: _Search) -> None:
    """By what z must be multiplied for rigid bones to keep their lengths, body and hands apart; none where none helps.

    A tracker's z is an estimate in a unit of its own: MediaPipe's arms are three to four times too deep. The factor is
    negative where z points away from the viewer, as MediaPipe's does; ours points towards the viewer.
    """
    clips = [clip for clip in search.understood() if clip.own_scale and clip.depth_unit]
    said = search.hints.depth_factors
    if not clips:
        return
    if said is not None:
        value = search.hints.depth
        search.take(replace(search.settings, depths=said), "depth", value, "as --depth says")
        return
    chosen, words = [], []
    for part in ("body", "hands"):
        rows = [_variation(clip, part) for clip in clips]
        known = [row for row in rows if not np.isnan(row).any()]
        if not known:
            chosen.append(0.0)
            continue
        means = np.mean(known, axis=0)
        best = int(np.argmin(means))
        chosen.append(FACTORS[best] if means[best] <= MEANS_SOMETHING * means[0] else 0.0)
        words.append(
            f"bones of the {part} vary by {means[best]:.1%} with z x {FACTORS[best]:g}, {means[0]:.1%} without"
        )
    factors = (chosen[0], chosen[1] if chosen[0] else 0.0)
    away = [evidence.depth_direction(clip.coordinates_FJC, clip.seen_FJ) < 0 for clip in clips]
    if factors[0] and sum(away) >= AGREEMENT * len(away):
        factors = (-factors[0], -factors[1])
        words.append(f"hands have the smaller z in {sum(away)} of {len(away)} clips, so z points away and is turned")
    value = f"{factors[0]:g},{factors[1]:g}" if factors[0] else "none"
    why = "; ".join(words) if words else "bones are seen too seldom to judge z"
    search.take(replace(search.settings, depths=factors), "depth", value, why)


def _variation(clip: RawClip, part: str) -> np.ndarray:
    joints_FJC = clip.coordinates_FJC.astype(np.float64) * (1.0, 1.0, clip.depth_unit)
    seen_FJ = clip.seen_FJ & every(np.isfinite(joints_FJC))
    return evidence.length_variation(joints_FJC, seen_FJ, part, FACTORS)


def _find_mirror(search: _Search) -> None:
    """Whether x is turned round: the right shoulder lies right in the image, and the hand called right is the busier.

    Where the hand called left is the busier one, the labels are exchanged instead, as always in `.skels` files.
    """
    hints = search.hints
    if hints.mirror == YES:
        search.take(replace(search.settings, mirrored=True), "mirror", YES, "as --mirror says")
    if hints.mirror != AUTO or hints.sides != AUTO:
        return
    clips = search.understood()
    turned, _ = _agreed([vote for vote in map(_turned, clips) if vote is not None])
    busy = [vote for vote in (evidence.busier_side(c.coordinates_FJC, c.seen_FJ) for c in clips) if vote]
    right = sum(vote > 0 for vote in busy)
    left = len(busy) - right
    if turned and len(busy) >= FEWEST_BUSY and right >= AGREEMENT * len(busy):
        why = f"{_TURNED}, and the right hand is the busier in {right} of {len(busy)} clips"
        search.take(replace(search.settings, mirrored=True), "mirror", YES, why)
    elif turned and all(clip.sides_known for clip in clips):
        if len(busy) >= FEWEST_BUSY and left >= AGREEMENT * len(busy):
            search.hints = replace(hints, layout=",".join(filter(None, (hints.points, LEFT_FIRST))))
            why = f"{_TURNED}, and the left hand is the busier in {left} of {len(busy)} clips"
            search.take(search.settings, "sides", LEFT_FIRST, why)
        else:
            search.doubts.append(
                f"{_TURNED}: a mirrored recording (--mirror yes), exchanged labels"
                " (--layout left-first), or signers seen from behind (--mirror no)"
            )
    elif len(busy) >= 4 * FEWEST_BUSY and left >= AGREEMENT * len(busy) and turned is False:
        search.doubts.append(
            f"the left hand is the busier in {left} of {len(busy)} clips; if the recording was mirrored"
            " before the tracker saw it, add --mirror yes --layout left-first"
        )


def _turned(clip: RawClip) -> bool | None:
    offset = clip.shoulder_offset_x() / clip.shoulder_width() if clip.shoulder_width() > 0 else 0.0
    return None if not abs(offset) > SWAP_EVIDENCE else offset < 0


def _find_neck(search: _Search) -> None:
    """Whether clips of one scale do not lie round their necks."""
    hints = search.hints
    clips = [clip for clip in search.understood() if not clip.own_scale and not clip.scale_known]
    if not clips or hints.centre == NO:
        return
    offsets = np.array([_off_origin(clip) for clip in clips])
    offsets = offsets[~np.isnan(offsets)]
    off = float(np.median(offsets)) if len(offsets) else 0.0
    if hints.centre == YES or off > OFF_ORIGIN:
        why = "as --centre says" if hints.centre == YES else f"necks lie {off:.3g} shoulder widths from the origin"
        search.take(replace(search.settings, centred=True), "centre", YES, why)


def _off_origin(clip: RawClip) -> float:
    origin_C = neck_origin(clip.coordinates_FJC, clip.seen_FJ, SKELETON_50)
    return float(np.linalg.norm(origin_C)) / clip.shoulder_width() if clip.shoulder_width() > 0 else float("nan")


class SharedConventions:
    """How clips that were recorded alike are read, found from a sample when the first of them is asked for.

    A scale within a quarter of the customary 1/3 is taken to be 1/3: generated clips are not exactly as wide as they
    should be, and must not be stretched for it.
    """

    def __init__(self, loads: Sequence[Callable[[], tuple]], layout: str | Hints = "auto"):
        self._loads, self._hints = loads, layout if isinstance(layout, Hints) else Hints(layout)

    @cached_property
    def found(self) -> Found:
        """What the sample says; DataError when none of it shows both shoulders."""
        samples = (self._loads[index]()[0] for index in spread(len(self._loads), SAMPLE_CLIPS))
        raws = [clip for clip in samples if isinstance(clip, Raw)]
        return find(raws, self._hints, near_standard=0.25) if raws else Found(Settings(), Conventions())

    def pose(self, clip: Raw | PoseSequence, fps: float) -> PoseSequence:
        """The clip in shoulder widths at so many frames a second; a PoseSequence keeps its own unit."""
        if isinstance(clip, PoseSequence):
            return clip if clip.fps == fps else clip.replace(fps=fps)
        if isinstance(clip, RawClip) and clip.scale_known and clip.sides_known:
            return Conventions().pose(clip, fps)
        return self.found.pose(clip, fps)

"""From a gloss sequence to a moving signer: key poses, timing, co-articulation, then forward kinematics.

Legend: F frames, K key poses. Both hands share the times of their key poses; between two key poses the wrist moves
with minimum jerk, the hand turns the shortest way, and the handshape is ready a little before the wrist arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from signllm.data.demo import kinematics as kin
from signllm.data.demo.handshapes import HANDSHAPES, fingertip_reach, palm_reach
from signllm.data.demo.lexicon import concepts_of, sign_form
from signllm.data.demo.phonology import (
    BASE_HAND_AT,
    FACE,
    MOVEMENTS,
    ORIENTATIONS,
    PLACES,
    REST_ORIENTATION,
    Form,
    Movement,
)
from signllm.data.demo.signers import SIGNERS_PER_LANGUAGE, Signer, signer_named
from signllm.errors import ConfigError
from signllm.languages import CODES, resolve_language
from signllm.pose import SKELETON_50, PoseSequence

_UNDERSHOOT = 0.12  # how far a sign's first place is drawn to where the last sign ended
_REST_S, _HOLD_S = 0.20, 0.04
_NEAR_FACE = 0.8  # movements are smaller where the viewer looks
_SHAPE_LEAD = 0.78  # the handshape is formed after this part of the way


@dataclass
class _Overlay:
    """A repeated motion of one hand during one held pose."""

    start_s: float
    end_s: float
    kind: str
    size: float
    cycles: float
    late: float  # part of a cycle by which this hand lags


@dataclass
class _Track:
    """The key poses of one hand, written as a right hand: contact point, its reach in the hand, axes, handshape."""

    contact: list = field(default_factory=list)
    reach: list = field(default_factory=list)
    axes: list = field(default_factory=list)
    shape: list = field(default_factory=list)
    overlays: list[_Overlay] = field(default_factory=list)

    def add(self, contact: ArrayLike, reach: np.ndarray, axes: np.ndarray, shape: np.ndarray) -> None:
        self.contact.append(np.asarray(contact, float))
        self.reach.append(reach)
        self.axes.append(axes)
        self.shape.append(shape)

    def repeat(self) -> None:
        self.add(self.contact[-1], self.reach[-1], self.axes[-1], self.shape[-1])


class _Score:
    """Collects the key poses of a clip, sign by sign."""

    def __init__(self, signer: Signer, rng: np.random.Generator):
        self.signer, self.rng = signer, rng
        self.times_s: list[float] = []
        self.active, self.other = _Track(), _Track()
        self.spans_s: list[tuple[float, float]] = []

    def rest(self, seconds: float) -> None:
        """Both hands in front of the belly, held for `seconds`."""
        for _ in range(2):
            for track, shift in ((self.active, 0.0), (self.other, 0.03)):
                self._add_rest(track, shift)
        self._advance(None)
        self.times_s.append(self.times_s[-1] + seconds)

    def _add_rest(self, track: _Track, shift: float = 0.0) -> None:
        contact = self.signer.rest + [0.0, shift, shift]
        track.add(contact, np.zeros(3), kin.hand_axes(*REST_ORIENTATION), HANDSHAPES["relaxed"])

    def _advance(self, pause_s: float | None) -> None:
        """Set the time of the newest key pose from how far the hands have to travel to it."""
        if not self.times_s:
            self.times_s.append(0.0)
            return
        place = len(self.times_s)
        distance = max(
            float(np.linalg.norm(track.contact[place] - track.contact[place - 1]))
            for track in (self.active, self.other)
        )
        seconds = 0.12 + 0.24 * distance**0.9 if pause_s is None else pause_s
        self.times_s.append(self.times_s[-1] + seconds / self.signer.tempo)

    def sign(self, form: Form) -> None:
        """Append one sign: transition, hold, movement, hold."""
        movement = MOVEMENTS[form.movement]
        size = self.signer.amplitude * float(np.clip(self.rng.normal(1.0, 0.07), 0.8, 1.2))
        if form.place in FACE:
            size *= _NEAR_FACE
        shift = np.array([0.0, self.signer.lift, 0.0])
        start = np.array(PLACES[form.place].at) + shift + self.rng.normal(0.0, 0.015, 3)
        before = self.active.contact[-1]
        pull = min(1.0, 0.6 / max(float(np.linalg.norm(before - start)), 1e-6)) * _UNDERSHOOT
        start = start + pull * (before - start)
        if form.place == "base hand":
            start[2] = max(start[2], BASE_HAND_AT[2])
        if form.hands in ("mirror", "alternate"):
            start[0] = min(start[0], -_half_gap(form))
        _add_path(self.active, form, movement, start, size, late=0.0)
        if form.hands in ("mirror", "alternate"):
            _add_path(self.other, form, movement, start, size, late=0.5 if form.hands == "alternate" else 0.0)
        elif form.hands == "base":
            axes = kin.hand_axes((0.85, 0.1, 0.55), (-0.1, 1.0, -0.15))
            for _ in movement.path:
                self.other.add(np.array(BASE_HAND_AT) + shift, palm_reach(), axes, HANDSHAPES["flat"])
        else:
            for _ in movement.path:
                self._add_rest(self.other)
        self._time_sign(movement, form)

    def _time_sign(self, movement: Movement, form: Form) -> None:
        self._advance(None)
        start_s = self.times_s[-1]
        tempo = float(np.clip(self.rng.normal(1.0, 0.06), 0.85, 1.15))
        for seconds in movement.seconds:
            self._advance(seconds / tempo)
        end_s = self.times_s[-1]
        if movement.overlay:
            kind, size, cycles = movement.overlay
            scale = self.signer.amplitude * (_NEAR_FACE if form.place in FACE else 1.0)
            both = (self.active, 0.0), (self.other, 0.5 if form.hands == "alternate" else 0.0)
            for track, late in both if form.hands in ("mirror", "alternate") else both[:1]:
                track.overlays.append(_Overlay(start_s, end_s, kind, size * scale, cycles, late))
        self.active.repeat()
        self.other.repeat()
        self._advance(_HOLD_S)
        self.spans_s.append((start_s, self.times_s[-1]))


def _half_gap(form: Form) -> float:
    """How far outside the middle each of two hands stays, so that they do not go through each other."""
    if PLACES[form.place].touch == "tip":
        return 0.05
    return 0.30 if form.orientation.startswith("across") else 0.12


def _add_path(track: _Track, form: Form, movement: Movement, start: np.ndarray, size: float, late: float) -> None:
    place = PLACES[form.place]
    reach = fingertip_reach(form.handshape) if place.touch == "tip" else palm_reach()
    axes = kin.hand_axes(*ORIENTATIONS[form.orientation])
    last = len(movement.path) - 1
    # A path that goes there and back is shown in turns by taking its second half first.
    order = np.roll(np.arange(last + 1), -1) if late and last > 1 else np.arange(last + 1)
    for k in order:
        offset, turn_degrees = movement.path[k]
        closed = (movement.closed_at == "start" and k == 0) or (movement.closed_at == "end" and k == last)
        turned = axes @ kin.rotation_about(np.array([0.0, 1.0, 0.0]), np.radians(turn_degrees))
        shape = HANDSHAPES["pinch" if closed else form.handshape]
        track.add(start + size * np.array(offset), reach, turned, shape)


def _smooth_noise(t_s: np.ndarray, channels: int, rng: np.random.Generator) -> np.ndarray:
    """(F, channels) noise of unit variance below 3 Hz: what is left of a body that never stands quite still."""
    frequency = rng.uniform(0.2, 3.0, (4, channels))
    weight = 1.0 / (0.6 + frequency)
    weight *= np.sqrt(2.0 / (weight**2).sum(0))
    phase = rng.uniform(0.0, 2 * np.pi, (4, channels))
    waves = np.sin(2 * np.pi * frequency * t_s[:, None, None] + phase)
    return (weight * waves).sum(1)


def _apply_overlays(
    overlays: list[_Overlay], t_s: np.ndarray, wrist: np.ndarray, axes: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    """Add circles, shakes, twists and finger play in place; return the new axes."""
    for lay in overlays:
        during = np.flatnonzero((t_s > lay.start_s) & (t_s < lay.end_s))
        part = (t_s[during] - lay.start_s) / (lay.end_s - lay.start_s)
        swell = kin.minimum_jerk(np.minimum(part, 1.0 - part) / 0.22)
        phase = 2 * np.pi * (lay.cycles * part + lay.late)
        sine, cosine = swell * np.sin(phase), swell * np.cos(phase)
        if lay.kind.startswith("circle") or lay.kind == "shake":
            first, second = {"circle upright": (0, 1), "circle flat": (0, 2), "circle beside": (2, 1)}.get(
                lay.kind, (0, None)
            )
            wrist[during, first] += lay.size * sine
            if second is not None:
                wrist[during, second] += lay.size * cosine
        elif lay.kind == "twist":
            turn = kin.rotation_about(np.array([0.0, 1.0, 0.0]), np.radians(lay.size) * sine)
            axes[during] = axes[during] @ turn
        elif lay.kind == "wiggle":
            for finger in range(4):
                wave = np.radians(lay.size) * 0.5 * swell * (1.0 + np.sin(phase - 0.9 * finger))
                shape[during, 4 * finger] += wave
        else:  # bend: the extended fingers nod at the knuckles
            nod = np.radians(lay.size) * 0.5 * swell * (1.0 - np.cos(phase))
            for finger in range(4):
                open_part = np.clip(1.0 - shape[during, 4 * finger] / np.radians(60.0), 0.0, 1.0)
                shape[during, 4 * finger] += nod * open_part
    return axes


def _sample(
    track: _Track, times_s: np.ndarray, t_s: np.ndarray, signer: Signer, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(wrist (F, 3), axes (F, 3, 3), shape (F, 28)) of one hand at the frame times."""
    contact, reach, axes_K, shape_K = (np.stack(part) for part in (track.contact, track.reach, track.axes, track.shape))
    wrist_K = kin.settle_wrist(contact, axes_K, reach, signer.body)
    segment = np.clip(np.searchsorted(times_s, t_s, side="right") - 1, 0, len(times_s) - 2)
    part = (t_s - times_s[segment]) / np.maximum(times_s[segment + 1] - times_s[segment], 1e-6)
    eased = kin.minimum_jerk(part)[:, None]
    early = kin.minimum_jerk(part / _SHAPE_LEAD)[:, None]
    step = wrist_K[segment + 1] - wrist_K[segment]
    wrist = wrist_K[segment] + eased * step
    # Hands travel in a slight arc towards the viewer, which also keeps them off the face and the trunk.
    wrist[:, 2] += 0.18 * np.linalg.norm(step, axis=-1) * (4.0 * eased * (1.0 - eased))[:, 0]
    shape = shape_K[segment] + early * (shape_K[segment + 1] - shape_K[segment])
    axes = kin.rotation_between(axes_K[segment], axes_K[segment + 1], eased[:, 0])
    axes = _apply_overlays(track.overlays, t_s, wrist, axes, shape)
    noise = _smooth_noise(t_s, 10, rng)
    wrist += 0.006 * noise[:, :3]
    shape[:, 0:16:4] += np.radians(2.0) * noise[:, 3:7]
    tremble = np.radians(1.8) * noise[:, 7:10]
    angle = np.linalg.norm(tremble, axis=-1)
    return wrist, kin.rotation_about(kin.unit(tremble), angle) @ axes, shape


def _trunk(t_s: np.ndarray, signer: Signer, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(nose (F, 3), right shoulder (F, 3)): the head nods and turns a little, both shoulders rise and sink."""
    sway = signer.sway * _smooth_noise(t_s, 4, rng)
    body = signer.body
    nod, turn, tilt = np.radians(2.2) * sway[:, 0], np.radians(2.5) * sway[:, 1], np.radians(1.5) * sway[:, 2]
    x, y, z = np.eye(3)
    head = kin.rotation_about(y, turn) @ kin.rotation_about(x, nod) @ kin.rotation_about(z, tilt)
    nose = head @ (body.neck_to_nose * kin.unit(np.array([0.0, 1.0, 0.2])))
    lift = np.radians(1.6) * sway[:, 3]
    shoulder = np.tile(body.shoulder, (len(t_s), 1))
    shoulder[:, 1] += 0.5 * np.sin(lift)
    length = np.linalg.norm(body.shoulder)
    return nose, kin.unit(shoulder) * length


def act(
    concepts: list[str], language: str, signer: Signer, rng: np.random.Generator, fps: float
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Sign the concepts in front of no camera: joints (F, 50, 3) with y up, and `spans` as `perform`."""
    score = _Score(signer, rng)
    score.rest(_REST_S + 0.12 * rng.random())
    for concept in concepts:
        score.sign(sign_form(concept, language))
    score.rest(_REST_S + 0.12 * rng.random())
    pose = _joints(score, rng, fps)
    spans = [(round(start * fps), min(len(pose), round(end * fps) + 1)) for start, end in score.spans_s]
    return pose, spans


def wander(signer: Signer, rng: np.random.Generator, seconds: float, fps: float) -> np.ndarray:
    """Joints (F, 50, 3) with y up of hands that move from place to place, turn and change shape at random.

    No sign, but any pose that arms and hands can take in front of a body, which the signs alone do not show.
    """
    score = _Score(signer, rng)
    resting = [rng.random() < 0.25 for _ in range(2)]
    while not score.times_s or score.times_s[-1] < seconds:
        for track, rests in zip((score.active, score.other), resting, strict=True):
            if rests or rng.random() < 0.1:
                score._add_rest(track)
            else:
                track.add(*_random_hand(rng))
        score._advance(float(rng.uniform(0.15, 0.7)))
    return _joints(score, rng, fps)


def _random_hand(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A key pose of `_Track.add`: a wrist anywhere in front, a hand turned and shaped at random."""
    wrist = rng.uniform([-0.95, -1.3, 0.05], [0.45, 0.75, 0.95])
    names = list(ORIENTATIONS)
    fingers, palm = np.array(ORIENTATIONS[names[rng.integers(len(names))]]) + rng.normal(0.0, 0.35, (2, 3))
    shapes = list(HANDSHAPES.values())
    first, second = (shapes[rng.integers(len(shapes))] for _ in range(2))
    shape = first + rng.beta(0.5, 0.5) * (second - first)
    shape[:16] += rng.normal(0.0, 0.12, 16)
    return wrist, np.zeros(3), kin.hand_axes(fingers, palm), shape


def _joints(score: _Score, rng: np.random.Generator, fps: float) -> np.ndarray:
    """(F, 50, 3) joints with y up, from the key poses of both hands."""
    signer, times_s = score.signer, np.array(score.times_s)
    t_s = np.arange(int(np.floor(times_s[-1] * fps)) + 1) / fps
    nose, shoulder = _trunk(t_s, signer, rng)
    arms = [
        kin.arm_and_hand(shoulder, *_sample(track, times_s, t_s, signer, rng), signer.body)
        for track in (score.active, score.other)
    ]
    pose = kin.assemble(nose, *arms)
    return pose[:, list(SKELETON_50.mirror)] * np.array([-1.0, 1.0, 1.0]) if signer.left_handed else pose


def perform(
    concepts: list[str], language: str, signer_number: int, seed: int, fps: float
) -> tuple[PoseSequence, list[tuple[int, int]]]:
    """Sign the concepts; return the clip and for each sign its (first frame, frame after the last)."""
    signer = signer_named(language, signer_number)
    rng = np.random.default_rng([seed, CODES.index(language), signer_number, 7])
    pose, spans = act(concepts, language, signer, rng, fps)
    return PoseSequence.all_valid(kin.to_image_axes(pose @ signer.camera.T), fps), spans


def animate(gloss: list[str], language: str, signer: int | str = 0, seed: int = 0, fps: float = 25.0) -> PoseSequence:
    """Render any sequence of the language's glosses as a clip, hands at rest at both ends.

    signer: a number or a name as in the corpus ("GSL-signer-03"). The same arguments give the same clip everywhere.
    Raises ConfigError for an unknown language, gloss, signer or an empty gloss sequence.
    """
    language = resolve_language(language).code
    if not gloss:
        raise ConfigError("animate: the gloss sequence is empty; give at least one gloss")
    number = _signer_number(signer, language)
    return perform(concepts_of(gloss, language), language, number, seed, fps)[0]


def signer_name(language: str, number: int) -> str:
    """How a signer is called in the corpus."""
    return f"{language}-signer-{number:02d}"


def _signer_number(signer: int | str, language: str) -> int:
    names = {signer_name(language, number): number for number in range(SIGNERS_PER_LANGUAGE)}
    number = names.get(signer, -1) if isinstance(signer, str) else int(signer)
    if not 0 <= number < SIGNERS_PER_LANGUAGE:
        raise ConfigError(f"signer {signer}: {language} has {', '.join(names)} (or their numbers, from 0)")
    return number

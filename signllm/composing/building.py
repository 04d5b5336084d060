"""Making a lexicon of recordings: clips are grouped by label, brought in step, averaged and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from signllm.aligning.lengths import typical_lengths
from signllm.aligning.warping import align
from signllm.composing.calibration import amplitudes
from signllm.composing.lexicon import FPS, Lexicon, sign_name
from signllm.composing.sign import Sign, Unit
from signllm.composing.strokes import stroke
from signllm.data.clips import ClipCollection
from signllm.errors import DataError
from signllm.languages import LANGUAGES
from signllm.pose import PoseSequence
from signllm.pose.cleaning.steps import fill_gaps
from signllm.sampling import spread
from signllm.text.words import first_few

MOST_UNITS = 24  # clips of a sign: more hardly change an average, and the time to align them grows as their square
MOST_WORDS = 4  # of a label: a longer text is a sentence
LONGEST_GAP_S = 0.4
LONGEST_ARM = 1.8  # times the usual upper arm; in 2,600 clips of ASL and DGS the 99th percentile is 1.3

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Recording:
    """A clip of one sign alone at FPS frames a second; `words` stand for the sign besides its label."""

    id: str
    language: str
    label: str
    words: tuple[str, ...]
    signer: str | None
    pose: PoseSequence

    def read(self) -> PoseSequence:
        """The clip."""
        return self.pose


def build_lexicon(clips: ClipCollection, progress: Progress | None = None) -> Lexicon:
    """The lexicon of all clips that show one sign alone: those of one gloss, or of one text where there is no gloss.

    `progress(n)` is called as n more clips are read. Clips of several glosses, without a label or a language, and
    faulty ones are left out, and the lexicon's `notes` say so. Raises DataError where nothing is left.
    """
    notes: list[str] = []
    recordings = list(_recordings(clips, notes, progress))
    if not recordings:
        raise DataError([f"{clips.path}: no clip of a single sign; a lexicon needs clips with one gloss each", *notes])
    return of_recordings(recordings, notes)


def _recordings(clips: ClipCollection, notes: list[str], progress: Progress | None) -> Iterator[Recording]:
    """The clips of single signs; what is left out is added to `notes` at the end."""
    several: list[str] = []
    nameless: list[str] = []
    foreign: list[str] = []
    faults: list[str] = []
    for index, entry in enumerate(clips.entries):
        label = label_of(entry.gloss, entry.text, entry.name)
        if label is None or entry.language is None:
            (several if entry.gloss or entry.text else nameless).append(entry.name)
        elif entry.language not in LANGUAGES:
            foreign.append(entry.language)
        else:
            try:
                pose = clips.pose(index).resampled(FPS)
            except DataError as error:
                faults += error.faults
            else:
                words = tuple(text for text in (entry.text, *entry.references) if text and text != label)
                yield Recording(
                    entry.name, entry.language, label, words, entry.signer, fill_gaps(pose, LONGEST_GAP_S)[0]
                )
        if progress:
            progress(1)
    left = {"of several signs": several, "without a label or a language": nameless, "of other sign languages": foreign}
    for what, names in left.items():
        if names:
            notes.append(f"{len(names)} clips {what} are not in the lexicon: {first_few(dict.fromkeys(names), 3)}")
    if faults:
        notes.append(f"{len(faults)} clips that cannot be read are not in the lexicon: {first_few(faults, 3)}")


def label_of(gloss: str | None, text: str | None, name: str = "") -> str | None:
    """The label of a clip of one sign; None for one of several glosses, and for one that says nothing.

    The text of a clip without gloss is its label whole: corpora of signs have some labels of several words.
    """
    if gloss:
        return gloss if len(gloss.split()) == 1 else None
    text = text or (name if name.isalpha() else "")  # a file's own name may be its word
    return text if 0 < len(text.split()) <= MOST_WORDS else None


def of_recordings(recordings: Sequence[Recording], notes: Sequence[str] = ()) -> Lexicon:
    """The lexicon of some recordings, at least one. Those out of proportion are left out, and its `notes` say so."""
    recordings, odd = _in_proportion(recordings)
    if odd:
        said = f"{len(odd)} clips whose arms are far too long for their shoulders are not in the lexicon"
        notes = [*notes, f"{said}: {first_few(odd, 3)}"]
    groups: dict[tuple[str, str], list[Recording]] = {}
    for recording in recordings:
        groups.setdefault((recording.language, sign_name(recording.label)), []).append(recording)
    lengths = _lengths_by_language(groups)
    signs = tuple(_sign(group, lengths[key]) for key, group in groups.items())
    return Lexicon.of(signs, amplitudes(signs), notes)


def _in_proportion(recordings: Sequence[Recording]) -> tuple[list[Recording], list[str]]:
    """The recordings that fit the others of their language, and the ids of those that do not.

    A tracker that loses a shoulder in all frames of a short clip makes the shoulders narrow, and so the person a giant.
    """
    arms = [_upper_arm(recording.pose) for recording in recordings]
    usual = {}
    for code in {recording.language for recording in recordings}:
        own = [arm for arm, one in zip(arms, recordings, strict=True) if one.language == code and arm > 0]
        usual[code] = float(np.median(own)) if own else 0.0
    fits = [arm <= LONGEST_ARM * usual[one.language] for arm, one in zip(arms, recordings, strict=True)]
    kept = [one for one, fitting in zip(recordings, fits, strict=True) if fitting]
    return kept, [one.id for one, fitting in zip(recordings, fits, strict=True) if not fitting]


def _upper_arm(pose: PoseSequence) -> float:
    """The longer one, its median over the frames that show it; 0 where none does. One towards the viewer is short."""
    lengths = []
    for parent, child in pose.skeleton.bones:
        if parent in pose.skeleton.shoulders:
            seen_F = pose.valid[:, [parent, child]].all(axis=1)
            bone_FC = pose.coordinates[seen_F, child] - pose.coordinates[seen_F, parent]
            lengths.append(float(np.median(np.linalg.norm(bone_FC, axis=-1))) if seen_F.any() else 0.0)
    return max(lengths)


def _lengths_by_language(groups: dict[tuple[str, str], list[Recording]]) -> dict[tuple[str, str], float]:
    """The typical length of each sign; those of one language tell how far lengths differ."""
    found: dict[tuple[str, str], float] = {}
    for code in dict.fromkeys(language for language, _ in groups):
        keys = [key for key in groups if key[0] == code]
        lengths = typical_lengths([[len(recording.pose) for recording in groups[key]] for key in keys])
        found.update(zip(keys, lengths, strict=True))
    return found


def _sign(group: Sequence[Recording], frames: float) -> Sign:
    chosen = [group[index] for index in spread(len(group), MOST_UNITS)]
    aligned = align([recording.pose for recording in chosen])
    order = sorted(range(len(chosen)), key=lambda index: (aligned.atypical_N[index], index))
    units = [
        Unit(
            chosen[n].id,
            chosen[n].signer,
            float(aligned.atypical_N[n]),
            chosen[n].read,
            aligned.warps[n],
        )
        for n in order
    ]
    itself = stroke(aligned.mean.pose(FPS))
    words = dict.fromkeys(word for recording in group for word in recording.words)
    first = chosen[order[0]]
    return Sign(
        first.language, first.label, frames, itself.start, itself.stop, aligned.mean, tuple(units), tuple(words)
    )

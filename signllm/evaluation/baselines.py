"""What a trained model must beat: systems that need no model, from the training split alone.

A baseline is made of one language's training split and answers with one clip for each test record, at the frame rate
asked for. It looks at a record's text and id, never at its poses. The same seed gives the same clip for a record,
whatever else is asked for beside it.
"""

from __future__ import annotations

import math
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from signllm.data.split import Split
from signllm.data.store import ClipRecord
from signllm.data.texts import normalised_text
from signllm.pose import PoseSequence
from signllm.pose.geometry import mean_pose
from signllm.pose.rest import without_rest
from signllm.sampling import spread

if TYPE_CHECKING:
    from scipy import sparse

MAX_MEAN_CLIPS = 5_000
REST_S = 0.16


class Baseline(ABC):
    """Answers test records from a training split."""

    label: str
    reads_texts = False

    def __init__(self, training: Split, fps: float, seed: int = 0):
        self.training, self.fps, self.seed = training, float(fps), seed

    @abstractmethod
    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """One clip at `fps` for each record."""

    @classmethod
    def left_out(cls, training: Split) -> str | None:
        """Why this training split does not give the baseline; None when it does."""
        return None

    def _draw(self, record: ClipRecord, choices: int) -> int:
        """A number below `choices` that depends on the seed and the record alone."""
        return zlib.crc32(f"{self.seed}/{record.id}".encode()) % choices


class FrozenMean(Baseline):
    """The mean pose of the training split, standing still for the mean duration of its clips.

    The mean is over all frames that show a joint (of `MAX_MEAN_CLIPS` evenly spaced clips in larger splits); joints
    that no frame shows are missing.
    """

    label = "frozen mean"

    def __init__(self, training: Split, fps: float, seed: int = 0):
        super().__init__(training, fps, seed)
        clips = (training.pose(int(index)) for index in spread(len(training), MAX_MEAN_CLIPS))
        mean_JC, seen_J = mean_pose((clip.coordinates, clip.valid) for clip in clips)
        duration_s = float(np.mean([record.frames / record.fps for record in training.records]))
        frames = max(1, round(duration_s * fps))
        self._clip = PoseSequence(
            np.broadcast_to(mean_JC, (frames, *mean_JC.shape)),
            np.broadcast_to(seen_J, (frames, len(seen_J))),
            fps,
            training.skeleton,
            training.unit,
        )

    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """The same still clip for every record."""
        return [self._clip] * len(records)


class RandomClip(Baseline):
    """A training clip drawn by seed and record: real motion that has nothing to do with the text."""

    label = "random clip"

    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """A training clip for each record."""
        count = len(self.training)
        return [self.training.pose(self._draw(record, count)).resampled(self.fps) for record in records]


class NearestText(Baseline):
    """The training clip whose text is most similar: cosine of TF-IDF weighted words and character 2- to 4-grams.

    Of several clips with the nearest text, one is drawn by seed and record; a text that shares nothing with any
    training text gets a random clip.
    """

    label = "nearest text"
    reads_texts = True

    def __init__(self, training: Split, fps: float, seed: int = 0):
        super().__init__(training, fps, seed)
        self._clips_of: dict[str, list[int]] = {}
        for index, record in enumerate(training.records):
            self._clips_of.setdefault(normalised_text(record.text), []).append(index)
        self._texts = list(self._clips_of)
        counts = [_features(text) for text in self._texts]
        documents = Counter(feature for features in counts for feature in features)
        self._column = {feature: column for column, feature in enumerate(documents)}
        self._weight = np.array([math.log((1 + len(counts)) / (1 + n)) + 1 for n in documents.values()])
        self._matrix = self._vectors(counts).T.tocsr()

    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """The nearest training clip for each record."""
        return [self.training.pose(index).resampled(self.fps) for index in self.nearest(records)]

    def nearest(self, records: Sequence[ClipRecord]) -> list[int]:
        """For each record the number of the training clip that answers it."""
        choices = self.choices(records)
        return [rows[self._draw(record, len(rows))] for record, rows in zip(records, choices, strict=True)]

    def choices(self, records: Sequence[ClipRecord]) -> list[list[int]]:
        """For each record the numbers of all training clips with the nearest text; of one at random without any."""
        similarity = self._vectors([_features(normalised_text(record.text)) for record in records]) @ self._matrix
        answers = []
        for row, record in enumerate(records):
            same = self._clips_of.get(normalised_text(record.text))
            found = similarity[[row]].tocoo()
            if same is None and found.nnz:
                # The first of the most similar texts, in the order of the training split.
                best = int(found.col[found.data >= found.data.max() - 1e-9].min())
                same = self._clips_of[self._texts[best]]
            answers.append(same or [self._draw(record, len(self.training))])
        return answers

    def _vectors(self, counts: Iterable[Counter]) -> sparse.csr_matrix:
        """(texts, features) sparse matrix of unit rows; features unknown to the training split are left out."""
        from scipy import sparse

        data, columns, ends = [], [], [0]
        for features in counts:
            known = [feature for feature in features if feature in self._column]
            found = [self._column[feature] for feature in known]
            values = np.array([features[feature] for feature in known]) * self._weight[found] if known else np.empty(0)
            data.append(values / max(float(np.linalg.norm(values)), 1e-12))
            columns += found
            ends.append(len(columns))
        return sparse.csr_matrix((np.concatenate(data), columns, ends), shape=(len(data), len(self._column)))


class MeanClip(Baseline):
    """The mean of all training clips that have the nearest text: what a model that regresses poses can learn of it.

    The clips are freed of rest (`REST_S` of it is kept) and stretched to one length: the one whose mean ratio to theirs
    is 1, their harmonic mean. A joint is the mean over the clips that show it at that point of their course.
    """

    label = "mean clip"
    reads_texts = True

    def __init__(self, training: Split, fps: float, seed: int = 0):
        super().__init__(training, fps, seed)
        self._nearest = NearestText(training, fps, seed)

    @classmethod
    def left_out(cls, training: Split) -> str | None:
        """As Baseline.left_out: there must be a text with several clips."""
        texts = {normalised_text(record.text) for record in training.records}
        return "no text has two clips, so it would be 'nearest text' again" if len(texts) == len(training) else None

    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """The mean clip of the nearest text for each record."""
        choices = [tuple(rows) for rows in self._nearest.choices(records)]
        made = {rows: self._mean(rows) for rows in dict.fromkeys(choices)}
        return [made[rows] for rows in choices]

    def _mean(self, rows: Sequence[int]) -> PoseSequence:
        clips = [self.training.pose(row).resampled(self.fps) for row in rows]
        clips = [clip[without_rest(clip, REST_S)] for clip in clips]
        frames = max(1, round(len(clips) / sum(1 / len(clip) for clip in clips)))
        stretched = [clip.stretched(frames) for clip in clips]
        shown_FJ = sum(clip.valid.astype(np.float32) for clip in stretched)
        sum_FJC = sum(clip.coordinates * clip.valid[..., None] for clip in stretched)
        return stretched[0].replace(
            coordinates=sum_FJC / np.maximum(shown_FJ, 1)[..., None], valid=np.greater(shown_FJ, 0)
        )


class GlossClips(Baseline):
    """Clips of single glosses, one after the other: the glosses of the training text that is nearest.

    Glosses come from the training split, as everything here does: those of the clip that `NearestText` answers with.
    Each gloss is signed by a training clip of this gloss alone where there is one; otherwise by a piece of a sentence
    that holds it: the frames that the corpus gives for its signs (`sign_frames`), else the gloss's equal share of the
    sentence's frames. Of several, one is drawn by seed, record and position in the sentence. Between two pieces all
    joints move over in 0.2 s on straight lines. A training clip without gloss is answered as it is.
    """

    label = "gloss clips"
    reads_texts = True

    def __init__(self, training: Split, fps: float, seed: int = 0):
        super().__init__(training, fps, seed)
        self._nearest = NearestText(training, fps, seed)
        alone: dict[str, list[_Piece]] = {}
        within: dict[str, list[_Piece]] = {}
        for row, record in enumerate(training.records):
            glosses = (record.gloss or "").split()
            for gloss, piece in zip(glosses, _pieces(row, record, len(glosses)), strict=True):
                (alone if len(glosses) == 1 else within).setdefault(gloss, []).append(piece)
        self._pieces_of = {**within, **alone}

    @classmethod
    def left_out(cls, training: Split) -> str | None:
        """As Baseline.left_out: there must be a gloss, and somewhere more than one."""
        counts = {len(record.gloss.split()) for record in training.records if record.gloss}
        if not counts:
            return "the training split has no gloss"
        return None if max(counts) > 1 else "every gloss stands alone, so it would be 'nearest text' again"

    def generate(self, records: Sequence[ClipRecord]) -> list[PoseSequence]:
        """Concatenated pieces for each record."""
        return [self._join(record, row) for record, row in zip(records, self._nearest.nearest(records), strict=True)]

    def _join(self, record: ClipRecord, row: int) -> PoseSequence:
        glosses = (self.training.records[row].gloss or "").split()
        clips = []
        for position, gloss in enumerate(glosses):
            choices = self._pieces_of[gloss]
            source, frames = choices[zlib.crc32(f"{self.seed}/{record.id}/{position}".encode()) % len(choices)]
            clips.append(self.training.pose(source)[frames].resampled(self.fps))
        return joined(clips) if clips else self.training.pose(row).resampled(self.fps)


_Piece = tuple[int, slice]


def _pieces(row: int, record: ClipRecord, count: int) -> list[_Piece]:
    """Where in the clip each of its `count` glosses is signed; a piece has at least one frame."""
    if count == 1:
        return [(row, slice(0, record.frames))]
    known = record.extra.get("sign_frames") or []
    if len(known) == count:
        spans = [(max(0, int(first)), min(int(end), record.frames)) for first, end in known]
        if all(first < end for first, end in spans):
            return [(row, slice(*span)) for span in spans]
    edges = np.linspace(0, record.frames, count + 1)
    firsts = [min(int(edge), record.frames - 1) for edge in edges[:-1]]
    return [(row, slice(first, max(first + 1, int(end)))) for first, end in zip(firsts, edges[1:], strict=True)]


def joined(clips: Sequence[PoseSequence], transition_s: float = 0.2) -> PoseSequence:
    """The clips in a row, with straight moves of `transition_s` seconds between them.

    A joint is missing during a move unless it is seen in both frames beside it.
    """
    fps = clips[0].fps
    share = (np.arange(1, round(transition_s * fps) + 1) / (round(transition_s * fps) + 1)).astype(np.float32)
    coordinates, valid = [clips[0].coordinates], [clips[0].valid]
    for clip in clips[1:]:
        start_JC, end_JC = coordinates[-1][-1], clip.coordinates[0]
        seen_J = valid[-1][-1] & clip.valid[0]
        coordinates += [start_JC + (end_JC - start_JC) * share[:, None, None], clip.coordinates]
        valid += [np.broadcast_to(seen_J, (len(share), len(seen_J))), clip.valid]
    return clips[0].replace(coordinates=np.concatenate(coordinates), valid=np.concatenate(valid))


BASELINES: dict[str, type[Baseline]] = {
    "frozen_mean": FrozenMean,
    "random_clip": RandomClip,
    "nearest_text": NearestText,
    "mean_clip": MeanClip,
    "gloss_clips": GlossClips,
}


def choose_baselines(training: Split | None, has_texts: bool = True) -> tuple[dict[str, type[Baseline]], list[str]]:
    """The baselines that this training split allows (none without one), and a note on each that is left out.

    `has_texts`: whether the clips to answer have texts; without them those that look texts up are left out.
    """
    chosen: dict[str, type[Baseline]] = {}
    notes: list[str] = []
    if training is None:
        return chosen, notes
    for name, kind in BASELINES.items():
        reason = kind.left_out(training)
        if not has_texts and kind.reads_texts:
            reason = "the clips have no texts"
        if reason:
            notes.append(f"no baseline '{kind.label}', because {reason}")
        else:
            chosen[name] = kind
    return chosen, notes


def made_when_asked(
    kind: type[Baseline], training: Split, fps: float, seed: int
) -> Callable[[Sequence[ClipRecord]], list[PoseSequence]]:
    """The answers of a baseline that is made when it first has to answer: a cached evaluation never makes it."""
    make = cache(lambda: kind(training, fps, seed))
    return lambda records: make().generate(records)


def _features(text: str) -> Counter:
    words = text.split()
    padded = f" {text} "
    grams = (padded[at : at + n] for n in (2, 3, 4) for at in range(len(padded) - n + 1))
    return Counter([f"word:{word}" for word in words]) + Counter(grams)

"""How much of an evaluation split stands in the training split: its texts and its clips.

Whoever copies training clips scores well on clips that leaked. So a report counts them and repeats all scores without
them. Texts are compared exactly, normalised (case, punctuation, spaces) and by the Dice coefficient of their character
3-grams; clips by their content and by the distance of their motion, after neck and shoulder width are brought to the
same place and size and both are played in the same time.

Legend: N evaluated clips, M training clips, F frames, J joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from signllm.data.split import Split
from signllm.data.texts import normalised_text
from signllm.errors import DataError
from signllm.fsutil import read_json
from signllm.pose import PoseSequence
from signllm.pose.digest import clip_digest
from signllm.pose.geometry import with_depth
from signllm.typed import checked

if TYPE_CHECKING:
    from scipy import sparse

NEAR_TEXT_DICE = 0.8
NEAR_CLIP_DISTANCE = 0.03  # shoulder widths; two recordings of one sign by one signer are several times farther apart
NEAR_CLIP_DURATION = 0.1
_MOMENTS, _FINE_MOMENTS, _WIDTH, _CANDIDATES, _BLOCK = 8, 32, 64, 5, 512
_SEEN_ENOUGH = 0.5

TEXT_LEVELS = ("near", "normalised", "exact")
CLIP_LEVELS = ("near", "identical")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Leakage:
    """For each of N clips: how its text and its poses stand in training, and the training clip that shows it.

    `texts` holds 0 (not there), 1 (near), 2 (normalised), 3 (exact), `clips` 0, 1 (near), 2 (identical). `text_twins`
    and `clip_twins` are ids of training clips, None where nothing leaked.
    """

    training_clips: Annotated[int, Field(ge=0)]
    texts: tuple[Annotated[int, Field(ge=0, le=3)], ...]
    clips: tuple[Annotated[int, Field(ge=0, le=2)], ...]
    text_twins: tuple[str | None, ...]
    clip_twins: tuple[str | None, ...]

    @classmethod
    def from_json(cls, values: object) -> Leakage:
        """The inverse of `to_json`. Raises DataError for what is none."""
        return checked(cls, values, "kept leakage", DataError, strict=False)

    @classmethod
    def kept(cls, path: Path, num_clips: int) -> Leakage | None:
        """What a file of the cache says about so many clips; None where it says something else."""
        try:
            found = cls.from_json(read_json(path))
        except DataError:
            return None
        lists = (found.texts, found.clips, found.text_twins, found.clip_twins)
        return found if all(len(values) == num_clips for values in lists) else None

    def to_json(self) -> dict:
        """JSON-ready values."""
        return asdict(self)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many texts and clips leak at each level; each counts at its strictest level only."""
        texts, clips = np.array(self.texts), np.array(self.clips)
        return {
            "texts": {name: int((texts == level).sum()) for level, name in enumerate(TEXT_LEVELS, 1)},
            "clips": {name: int((clips == level).sum()) for level, name in enumerate(CLIP_LEVELS, 1)},
        }

    def subsets(self) -> dict[str, np.ndarray]:
        """(N,) masks of the clips that are left without those that leaked, by what is left out."""
        text_free, clip_free = np.array(self.texts) == 0, np.array(self.clips) == 0
        return {
            "unseen_texts": text_free,
            "unseen_clips": clip_free,
            "unseen_texts_and_clips": text_free & clip_free,
        }


def audit(
    split: Split, training: Split, indices: Sequence[int] | None = None, progress: Progress | None = None
) -> Leakage:
    """Look for the clips `indices` (default: all) of `split` in `training`; reads every training clip once.

    `progress(n)` is called after n clips of either split were read.
    """
    indices = list(range(len(split)) if indices is None else indices)
    texts = [split.records[index].text for index in indices]
    said = [(row, text) for row, record in enumerate(training.records) for text in record.texts]
    text_levels, places = find_texts(texts, [text for _, text in said])
    text_rows = [None if place is None else said[place][0] for place in places]
    index = ClipIndex(training, progress)
    found = []
    for number in indices:
        found.append(index.find(split.pose(number)))
        if progress:
            progress(1)
    ids = [record.id for record in training.records]
    return Leakage(
        len(training),
        tuple(text_levels),
        tuple(level for level, _ in found),
        tuple(None if row is None else ids[row] for row in text_rows),
        tuple(None if row is None else ids[row] for _, row in found),
    )


def find_texts(texts: Sequence[str], training: Sequence[str]) -> tuple[list[int], list[int | None]]:
    """The level of each text (see Leakage) and the first training row that shows it.

    Near means a Dice coefficient 2|A ∩ B| / (|A| + |B|) of the sets of character 3-grams of at least 0.8.
    """
    exact: dict[str, int] = {}
    normal: dict[str, int] = {}
    for row, text in enumerate(training):
        exact.setdefault(text.strip(), row)
        normal.setdefault(normalised_text(text), row)
    nearest, dice = _nearest_by_trigrams([normalised_text(text) for text in texts], list(normal))
    rows_of = list(normal.values())
    found: list[tuple[int, int | None]] = []
    for text, near, similarity in zip(texts, nearest, dice, strict=True):
        if text.strip() in exact:
            found.append((3, exact[text.strip()]))
        elif normalised_text(text) in normal:
            found.append((2, normal[normalised_text(text)]))
        elif similarity >= NEAR_TEXT_DICE:
            found.append((1, rows_of[near]))
        else:
            found.append((0, None))
    return [level for level, _ in found], [row for _, row in found]


def _nearest_by_trigrams(texts: Sequence[str], training: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """For each text the number of the training text with the highest Dice coefficient, and that coefficient."""
    vocabulary: dict[str, int] = {}
    ours, theirs = (_trigram_matrix(side, vocabulary) for side in (texts, training))
    ours.resize(ours.shape[0], len(vocabulary))  # type: ignore[call-arg, arg-type] # its stub takes no shape
    theirs = theirs.T.tocsr()
    sizes = np.asarray(theirs.sum(axis=0)).ravel()
    nearest, best = np.zeros(len(texts), int), np.zeros(len(texts))
    for first in range(0, len(texts), _BLOCK):
        shared = (ours[first : first + _BLOCK] @ theirs).tocsr()
        for row in range(shared.shape[0]):
            part = slice(shared.indptr[row], shared.indptr[row + 1])
            if part.start < part.stop:
                columns = shared.indices[part]
                dice = 2 * shared.data[part] / (ours[first + row].nnz + sizes[columns])
                at = int(np.argmax(dice))
                nearest[first + row], best[first + row] = columns[at], dice[at]
    return nearest, best


def _trigram_matrix(texts: Sequence[str], vocabulary: dict[str, int]) -> sparse.csr_matrix:
    """(texts, trigrams) sparse matrix of zeros and ones; new trigrams are added to the vocabulary."""
    from scipy import sparse

    columns, ends = [], [0]
    for text in texts:
        padded = f" {text} "
        grams = {padded[at : at + 3] for at in range(max(1, len(padded) - 2))}
        columns += [vocabulary.setdefault(gram, len(vocabulary)) for gram in sorted(grams)]
        ends.append(len(columns))
    return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(texts), len(vocabulary)))


class ClipIndex:
    """Finds a clip, or one that is nearly the same, among those of a training split.

    Kept of each training clip: 64 bits of its hash, its duration, and 64 numbers (a random projection of eight moments
    of its motion) by which candidates are found; only the candidates' poses are read again.
    """

    def __init__(self, training: Split, progress: Progress | None = None):
        self.training = training
        self._row_of: dict[int, int] = {}
        self._projection: np.ndarray | None = None
        traits, durations = [], []
        for row in range(len(training)):
            pose = training.pose(row)
            self._row_of.setdefault(clip_digest(pose), row)
            traits.append(self._trait(pose))
            durations.append(pose.duration_s)
            if progress:
                progress(1)
        self._traits_MD, self._durations_M = np.array(traits), np.array(durations)

    def find(self, pose: PoseSequence) -> tuple[int, int | None]:
        """(2, row) for the same content, (1, row) for nearly the same motion, else (0, None).

        Nearly the same: durations within 10 %, at least half of all joints seen in both, and a mean distance of these
        joints of at most 0.03 shoulder widths over 32 moments. A copy that was cut or slowed by more is not found.
        """
        same = self._row_of.get(clip_digest(pose))
        if same is not None:
            return 2, same
        alike = np.abs(np.log(self._durations_M / pose.duration_s)) <= NEAR_CLIP_DURATION
        rows = np.flatnonzero(alike)
        if not len(rows):
            return 0, None
        distance = np.linalg.norm(self._traits_MD[rows] - self._trait(pose), axis=1)
        for row in rows[np.argsort(distance, kind="stable")[:_CANDIDATES]]:
            if _motion_distance(pose, self.training.pose(int(row))) <= NEAR_CLIP_DISTANCE:
                return 1, int(row)
        return 0, None

    def _trait(self, pose: PoseSequence) -> np.ndarray:
        motion, _ = _motion(pose, _MOMENTS)
        if self._projection is None:
            rng = np.random.default_rng(0)
            self._projection = rng.normal(size=(motion.size, _WIDTH)).astype(np.float32) / np.float32(_WIDTH**0.5)
        return motion.ravel() @ self._projection


def _motion(pose: PoseSequence, moments: int) -> tuple[np.ndarray, np.ndarray]:
    """(moments, J, 3) around the neck in shoulder widths, and which joints are seen; missing joints are zero."""
    pose = pose.in_shoulder_widths(strict=False).stretched(moments)
    return with_depth(pose.coordinates), pose.valid


def _motion_distance(a: PoseSequence, b: PoseSequence) -> float:
    """Mean distance of the joints seen in both, in shoulder widths; infinite where they share too few."""
    (motion_a, seen_a), (motion_b, seen_b) = (_motion(pose, _FINE_MOMENTS) for pose in (a, b))
    both = seen_a & seen_b
    if both.mean() < _SEEN_ENOUGH * max(seen_a.mean(), seen_b.mean()) or not both.any():
        return float("inf")
    return float(np.linalg.norm(motion_a - motion_b, axis=-1)[both].mean())

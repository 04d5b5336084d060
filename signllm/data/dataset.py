"""Clips of one or more languages of a store, ready to be batched.

Legend: B clips, F frames, J joints, C coordinates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.data import Dataset

from signllm.data.motion import at_another_pace
from signllm.data.store import ClipRecord, Store, StoreSplit
from signllm.errors import DataError
from signllm.languages import LANGUAGES, make_prompt
from signllm.pose import PoseSequence
from signllm.pose.batch import PoseBatch, round_up
from signllm.pose.geometry import at_moments, resampled_length
from signllm.pose.rest import without_rest
from signllm.pose.sequence import SHOULDER_WIDTHS
from signllm.sampling import spread
from signllm.text.words import count_words, joined_han, spaced_han

MOST_WORDS_OF_A_GLOSS = 2
"""Han letters without blanks between words are one gloss up to so many words, else a gloss each."""


def pseudo_gloss(text: str, language: str) -> str:
    """The words of the text in capitals, without punctuation: stands in where a corpus has no gloss."""
    if LANGUAGES[language].spoken == "tr":  # dotted i keeps its dot in Turkish
        text = text.replace("i", "İ")
    if text == joined_han(text) and count_words(text) > MOST_WORDS_OF_A_GLOSS:  # Han letters without blanks
        text = spaced_han(text)
    return " ".join(re.findall(r"[\w'’-]+", text.upper())) or text.upper()


@dataclass(frozen=True)
class Sample:
    """One clip as a batch needs it; its language is in the record. `natural_frames`: its length at its own pace."""

    index: int
    record: ClipRecord
    gloss: str
    prompt: str
    pose: PoseSequence
    natural_frames: int


@dataclass(frozen=True)
class CommonAxis:
    """What brings a training clip in step with the others of its text.

    moments_G: the fractional frames that it shows at each frame of the axis; None: it stays as it is.
    natural_frames: what the length model is to learn of it.
    """

    moments_G: np.ndarray | None
    natural_frames: int


class SignDataset(Dataset):
    """All clips of `split` of the given languages, in a fixed order; languages without that split are left out.

    Clips are resampled to `fps`, freed of rest (`trim_rest_s`, signllm.pose.rest) and cut to `max_frames`; with
    `time_warp` and `duration_warp` samples play at another pace and for another time in each epoch. With `draw_texts`
    samples of clips with several texts have the next of them in each epoch, else always the first. Raises DataError
    when no language has the split, when a clip has no text, or when a store is in another unit.
    """

    def __init__(
        self,
        store: Store,
        split: str,
        fps: float,
        languages: Sequence[str] = (),
        max_frames: int | None = None,
        max_samples: int | None = None,
        seed: int = 0,
        trim_rest_s: float | None = None,
        time_warp: float = 0.0,
        duration_warp: float = 0.0,
        draw_texts: bool = False,
    ):
        self.fps, self.max_frames, self.seed = fps, max_frames, seed
        self.time_warp, self.duration_warp, self.trim_rest_s = time_warp, duration_warp, trim_rest_s
        self.split_name, self.draw_texts = split, draw_texts
        found = [code for code in languages or store.languages() if split in store.splits(code)]
        missing = [code for code in languages if code not in found]
        if missing or not found:
            there = [f"{code}/{name}" for code in store.languages() for name in store.splits(code)]
            raise DataError(
                f"{store.root}: no split '{split}' for {', '.join(missing) or 'any language'};"
                f" there are: {', '.join(there) or 'none'}"
            )
        self.languages: list[str] = found
        self.splits: dict[str, StoreSplit] = {code: store.split(code, split) for code in found}
        self.places: list[tuple[str, int]] = []
        for code, part in self.splits.items():
            if part.unit != SHOULDER_WIDTHS:
                raise DataError(f"{part.path}: poses are in {part.unit}, not in {SHOULDER_WIDTHS}; convert them again")
            self.places += [(code, number) for number in spread(len(part), max_samples)]
        empty = [f"{code}: {self.record(i).id}" for i, (code, _) in enumerate(self.places) if not self.record(i).text]
        if empty:
            raise DataError(f"{store.root}: {len(empty)} clips without text, such as {empty[0]}; convert them again")
        self._kept: list[slice] | None = None  # the frames of each clip that are no rest
        if trim_rest_s is not None:
            self._kept = [without_rest(self._whole(index), trim_rest_s) for index in range(len(self))]
        self.axes: list[CommonAxis] = []

    def __len__(self) -> int:
        return len(self.places)

    def record(self, index: int) -> ClipRecord:
        """The index entry of clip `index`."""
        code, number = self.places[index]
        return self.splits[code].records[number]

    def uncut_frames(self, index: int) -> int:
        """The number of frames after resampling, without rest, before `max_frames` cuts them."""
        record = self.record(index)
        if self._kept is not None:
            return self._kept[index].stop - self._kept[index].start
        return resampled_length(record.frames, record.fps, self.fps)

    def frames(self, index: int) -> int:
        """The number of frames after resampling and cutting, or of the common axis."""
        if self.axes and (moments_G := self.axes[index].moments_G) is not None:
            return len(moments_G)
        frames = self.uncut_frames(index)
        return min(frames, self.max_frames or frames)

    def _whole(self, index: int) -> PoseSequence:
        code, number = self.places[index]
        return self.splits[code].pose(number).resampled(self.fps)

    def pose(self, index: int) -> PoseSequence:
        """Clip `index` at the data set's rate, without its rest where asked for, cut, and on its common axis."""
        pose = self._whole(index)
        if self._kept is not None:
            pose = pose[self._kept[index]]
        pose = pose[: self.max_frames] if self.max_frames and len(pose) > self.max_frames else pose
        if self.axes and (moments_G := self.axes[index].moments_G) is not None:
            coordinates, valid = at_moments(pose.coordinates, pose.valid, moments_G)
            pose = pose.replace(coordinates=coordinates, valid=valid)
        return pose

    def align(self, axes: Sequence[CommonAxis]) -> None:
        """Show each clip on its common axis from now on; one axis a clip."""
        if len(axes) != len(self):
            raise ValueError(f"{len(axes)} axes for {len(self)} clips")
        self.axes = list(axes)

    def recording(self, index: int) -> PoseSequence:
        """Clip `index` as it was recorded, at the data set's rate: whole, and on its own time axis."""
        return self._whole(index)

    def _warped(self, pose: PoseSequence, rng: np.random.Generator) -> PoseSequence:
        coordinates, valid = at_another_pace(
            (pose.coordinates, pose.valid), self.time_warp, rng, duration=self.duration_warp
        )
        warped = pose.replace(coordinates=coordinates, valid=valid)
        return warped[: self.max_frames] if self.max_frames else warped

    def gloss(self, index: int) -> tuple[str, bool]:
        """(gloss, whether it is pseudo-gloss made from the text)."""
        record = self.record(index)
        return (record.gloss, False) if record.gloss else (pseudo_gloss(record.text, record.language), True)

    def sample(self, index: int, epoch: int = 0) -> Sample:
        """Clip `index` in an epoch; text, phrasing of the prompt and pace are a function of seed, epoch, index."""
        record = self._with_text(index, epoch)
        rng = np.random.default_rng([self.seed, epoch, index])
        phrasing = int(rng.integers(1 << 30))
        pose = self._warped(self.pose(index), rng) if self.time_warp or self.duration_warp else self.pose(index)
        prompt = record.prompt if record.prompt else make_prompt(record.text, record.language, phrasing)
        natural_frames = self.axes[index].natural_frames if self.axes else self.frames(index)
        return Sample(index, record, self.gloss(index)[0], prompt, pose, natural_frames)

    def _with_text(self, index: int, epoch: int) -> ClipRecord:
        """The record with its text of an epoch: each text in turn, from one on that the seed draws."""
        record = self.record(index)
        if not self.draw_texts or not record.references:
            return record
        first = int(np.random.default_rng([self.seed, index, 2]).integers(len(record.texts)))
        text = record.texts[(first + epoch) % len(record.texts)]
        return replace(record, text=text, prompt=record.prompt if text == record.text else None)

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        """`key` is (epoch, index), what FrameBudgetSampler yields."""
        epoch, index = key
        return self.sample(index, epoch)

    def clips(self, language: str, most: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """((F, J, 3), (F, J)) of the clips of a language, at most `most` spread evenly, for statistics."""
        indices = [index for index, (code, _) in enumerate(self.places) if code == language]
        for position in spread(len(indices), most):
            pose = self.pose(indices[position])
            yield pose.coordinates, pose.valid

    def texts(self, with_prompts: Callable[[str, str], list[str]] | None = None) -> list[str]:
        """Every text, once each, in order; with `with_prompts(text, language)` also what it returns."""
        seen: dict[str, None] = {}
        for index in range(len(self)):
            record = self.record(index)
            for text in record.texts:
                seen[text] = None
                if with_prompts:
                    seen.update(dict.fromkeys(with_prompts(text, record.language)))
        return list(seen)


def collate(samples: Sequence[Sample]) -> PoseBatch:
    """Pad clips to the longest, rounded up; padding is invalid."""
    longest = round_up(max(len(sample.pose) for sample in samples))
    joints = samples[0].pose.skeleton.num_joints
    pose_BFJC = np.zeros((len(samples), longest, joints, 3), np.float32)
    valid_BFJ = np.zeros((len(samples), longest, joints), bool)
    for row, sample in enumerate(samples):
        pose_BFJC[row, : len(sample.pose)] = sample.pose.coordinates
        valid_BFJ[row, : len(sample.pose)] = sample.pose.valid
    return PoseBatch(
        indices=[sample.index for sample in samples],
        ids=[sample.record.id for sample in samples],
        languages=[sample.record.language for sample in samples],
        texts=[sample.record.text for sample in samples],
        prompts=[sample.prompt for sample in samples],
        glosses=[sample.gloss for sample in samples],
        pose_BFJC=torch.from_numpy(pose_BFJC),
        valid_BFJ=torch.from_numpy(valid_BFJ),
        frames_B=torch.tensor([len(sample.pose) for sample in samples]),
        natural_frames_B=torch.tensor([sample.natural_frames for sample in samples]),
    )

"""A judge file: for each language a trained network, what it was trained on, and how it reads clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

import signllm
from signllm.data.split import Split
from signllm.errors import CheckpointError, ConfigError
from signllm.fsutil import file_sha256, write_atomically
from signllm.judges.features import PoseFeatures, clip_arrays, pad_clips
from signllm.judges.model import JudgeSize, Recogniser, Translator
from signllm.models.checkpoint_types import LanguageCode
from signllm.models.from_file import build
from signllm.models.gloss import GlossVocabulary
from signllm.pose import PoseSequence
from signllm.sampling import spread
from signllm.tensor_file import read_tensors
from signllm.typed import checked

KIND = "signllm-back-translation"
FORMAT_VERSION = 1
READ_AT_ONCE = 32
RANKED = 5


class _RecogniserWords(BaseModel):
    words: Annotated[list[str], Field(min_length=1)]


class _TranslatorWords(BaseModel):
    pieces: str
    glosses: list[str]
    longest: Annotated[int, Field(ge=1, le=10_000)]


class _State(BaseModel):
    """What the file says of one language's reader."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: Literal["recogniser", "translator"]
    fps: Annotated[float, Field(gt=0, lt=1e4)]
    size: dict[str, int | float]
    vocabulary: _RecogniserWords | _TranslatorWords
    features: dict[str, torch.Tensor]
    weights: Annotated[dict[str, torch.Tensor], Field(min_length=1)]
    training: dict

    @model_validator(mode="after")
    def _words_of_its_kind(self) -> _State:
        if isinstance(self.vocabulary, _RecogniserWords) != (self.kind == Recogniser.kind):
            raise ValueError(f"a {self.kind} needs another vocabulary")
        return self


_States = Annotated[dict[LanguageCode, _State], Field(min_length=1)]


@dataclass(frozen=True)
class Reading:
    """What a judge read: a translator's text and gloss, or a recogniser's most likely words, best first."""

    text: str
    gloss: str | None = None
    ranking: tuple[str, ...] = ()


@dataclass
class LanguageJudge:
    """The reader of one language.

    `training` says what it learnt from: `split`, `share`, `share_seed`, `seed`, store `checksums`, the ids of clips
    held out, and `clips`: the fingerprint of every clip it saw, by id.
    """

    language: str
    features: PoseFeatures
    network: Recogniser | Translator
    size: JudgeSize
    training: dict = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """'recogniser' or 'translator'."""
        return self.network.kind

    @torch.no_grad()
    def read(self, clips: Sequence[PoseSequence]) -> list[Reading]:
        """Read clips; a clip's reading does not depend on the clips beside it."""
        self.network.eval()
        arrays = [clip_arrays(clip, self.features.fps) for clip in clips]
        readings: dict[int, Reading] = {}
        order = np.argsort([len(pose) for pose, _ in arrays], kind="stable")  # like lengths together: little padding
        for first in range(0, len(order), READ_AT_ONCE):
            chosen = order[first : first + READ_AT_ONCE].tolist()
            pose, valid, frames = pad_clips([arrays[index] for index in chosen])
            for index, reading in zip(chosen, self._read(self.features(pose, valid), frames), strict=True):
                readings[index] = reading
        return [readings[index] for index in range(len(arrays))]

    def _read(self, features_BFD: torch.Tensor, frames_B: torch.Tensor) -> list[Reading]:
        if isinstance(self.network, Translator):
            pairs = zip(*self.network.read(features_BFD, frames_B, self.language), strict=True)
            return [Reading(text, gloss) for text, gloss in pairs]
        logits = self.network(features_BFD, frames_B)
        best_BR = logits.topk(min(RANKED, logits.shape[1]), dim=1).indices.tolist()
        rankings = [tuple(self.network.words[word] for word in row) for row in best_BR]
        return [Reading(ranking[0], ranking=ranking) for ranking in rankings]

    def saw(self, clips: Sequence[PoseSequence]) -> int:
        """How many of these clips are, number for number, among those it was trained on."""
        known = set(self.training.get("clips", {}).values())
        return sum(fingerprint(clip) in known for clip in clips)

    def share_seen(self, split: Split, most: int = 200) -> float:
        """The share of a split's clips (of `most` evenly spaced ones) that it was trained on."""
        chosen = spread(len(split), most)
        return self.saw([split.pose(index) for index in chosen]) / len(chosen)

    def _state(self) -> dict:
        network = self.network
        vocabulary: dict[str, object]
        if isinstance(network, Recogniser):
            vocabulary = {"words": network.words}
        else:
            vocabulary = {
                "pieces": network.vocabulary.json,
                "glosses": network.glosses,
                "longest": network.decoder.config.max_length,
            }
        return {
            "kind": self.kind,
            "fps": self.features.fps,
            "size": asdict(self.size),
            "vocabulary": vocabulary,
            "features": self.features.state_dict(),
            "weights": network.state_dict(),
            "training": self.training,
        }

    @classmethod
    def _from_state(cls, language: str, state: dict, source: str) -> LanguageJudge:
        """Raises CheckpointError about `source` where the weights are not of what the state describes."""
        features = build(source, state["features"], lambda: PoseFeatures(state["fps"]))
        size = checked(JudgeSize, state["size"], f"{source}: size", CheckpointError, "train it again", strict=False)
        vocabulary = state["vocabulary"]

        def make() -> Recogniser | Translator:
            if state["kind"] == Recogniser.kind:
                return Recogniser(features.width, vocabulary["words"], size)
            pieces = GlossVocabulary(vocabulary["pieces"])
            return Translator(features.width, pieces, vocabulary["glosses"], size, vocabulary["longest"])

        network = build(source, state["weights"], make)
        return cls(language, features, network.eval(), size, state["training"])


@dataclass
class Judge:
    """The readers of one file by language. `digest` names the file's content in signatures."""

    languages: dict[str, LanguageJudge]
    digest: str = ""

    def __getitem__(self, language: str) -> LanguageJudge:
        """The reader of a language; ConfigError when the file has none for it."""
        if language not in self.languages:
            raise ConfigError(
                f"{language}: the back-translation model reads {', '.join(self.languages)}; train one for this"
                f" language with `evaluation.py train-judge --language {language}`"
            )
        return self.languages[language]

    def save(self, path: str | Path) -> None:
        """Write atomically, to be read with `weights_only=True`, and set `digest`."""
        content = {
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "signllm_version": signllm.__version__,
            "languages": {code: judge._state() for code, judge in self.languages.items()},
        }
        write_atomically(Path(path), lambda file: torch.save(content, file))
        self.digest = file_sha256(Path(path))[:12]

    @classmethod
    def load(cls, path: str | Path) -> Judge:
        """Read a judge file onto the CPU. Raises CheckpointError when it is missing, torn or foreign."""
        path = Path(path)
        if not path.exists():
            raise CheckpointError(
                f"{path}: no such back-translation model; make one with `python evaluation.py train-judge"
                f" --data STORE --output {path}`"
            )
        content = read_tensors(path, "a back-translation model")
        if not isinstance(content, dict) or content.get("kind") != KIND:
            found = content.get("kind", "another file") if isinstance(content, dict) else "another file"
            raise CheckpointError(f"{path}: not a back-translation model but {found}; see `evaluation.py train-judge`")
        if content.get("format_version") != FORMAT_VERSION:
            raise CheckpointError(
                f"{path}: format {content.get('format_version')} written by SignLLM {content.get('signllm_version')};"
                f" this version ({signllm.__version__}) reads {FORMAT_VERSION}; train it again"
            )
        states = checked(_States, content.get("languages"), f"{path}: languages", CheckpointError, "train it again")
        languages = {
            code: LanguageJudge._from_state(code, content["languages"][code], f"{path}: {code}") for code in states
        }
        return cls(languages, file_sha256(path)[:12])


def fingerprint(clip: PoseSequence) -> str:
    """A name for the numbers of a clip: equal clips have equal ones."""
    content = hashlib.blake2b(np.ascontiguousarray(clip.coordinates).tobytes(), digest_size=12)
    content.update(np.packbits(clip.valid).tobytes())
    return content.hexdigest()

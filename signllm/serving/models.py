"""The checkpoints that are served, each under a name of its own; a request names one of them, never a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from signllm.data.demo.grammar import sentences
from signllm.data.demo.phrases import PHRASES
from signllm.errors import ConfigError, did_you_mean
from signllm.inference import GeneratedClip
from signllm.inference.interface import SigningModel
from signllm.inference.opening import open_model
from signllm.inference.options import OPTIONS
from signllm.languages import LANGUAGES
from signllm.models.folder import is_composed
from signllm.models.outputs import Piece
from signllm.pose import PoseSequence
from signllm.serving.batching import Batcher
from signllm.text.words import words_of

_EXAMPLES = 3
_USUAL_STEM = "best_model"


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model under its name, with the thread that signs with it."""

    name: str
    generator: SigningModel
    batcher: Batcher

    @cached_property
    def examples(self) -> dict[str, list[str]]:
        """For each language a few texts whose words the model knows."""
        return {code: _examples(self.generator, code) for code in self.generator.languages}

    @cached_property
    def first_clip(self) -> GeneratedClip:
        """An example, signed: the page begins with how it stands there, and the first visitor need not wait longer."""
        code = self.generator.languages[0]
        return self.generator.generate_clips([self.examples[code][0]], [code])[0]

    def pose(self, piece: Piece) -> PoseSequence:
        """The frames of a piece, with what is missing in recordings that it is composed of."""
        frames_FJC = piece.pose_FJC.cpu().numpy()
        valid_FJ = piece.whole.valid_FJ if piece.whole else None
        # A piece with the whole is all of it wherever joints can be missing: composed sentences come in one piece.
        if valid_FJ is None:
            return PoseSequence.all_valid(frames_FJC, self.generator.fps)
        return PoseSequence(frames_FJC, valid_FJ.numpy(), self.generator.fps)

    def facts(self) -> dict[str, Any]:
        """What a visitor may know and choose."""
        generator = self.generator
        options = generator.options
        return {
            "name": self.name,
            "mode": generator.mode,
            "decoder": generator.config.model.pose_decoder.type,
            "languages": [
                {"code": code, "name": LANGUAGES[code].name, "spoken": LANGUAGES[code].spoken}
                for code in generator.languages
            ],
            "draws": generator.draws,
            "streams": generator.streams,
            "fps": generator.fps,
            "max_frames_a_sentence": generator.config.data.max_frames,
            "options": {
                name: {
                    "default": options[name],
                    "least": kind.least,
                    "most": kind.most,
                    "whole": kind.whole,
                    "english": kind.english,
                    "chinese": kind.chinese,
                }
                for name, kind in OPTIONS.items()
                if name in options
            },
            "examples": self.examples,
        }


class Models:
    """All that are served, by name; the first one is the default."""

    def __init__(self, models: Sequence[ServedModel]):
        self._models = {model.name: model for model in models}

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._models.values())

    def choose(self, name: str | None, mode: str | None) -> ServedModel:
        """The model that a request means. Raises ConfigError that begins with the field that is wrong."""
        if name is not None and name not in self._models:
            raise ConfigError(f"model: '{name}' is not served{did_you_mean(name, self._models)}")
        fitting = [m for m in self if name in (None, m.name) and mode in (None, m.generator.mode)]
        if not fitting:
            modes = ", ".join(f"{model.name} is {model.generator.mode}" for model in self)
            raise ConfigError(f"mode: no model of mode '{mode}' fits; {modes}")
        return fitting[0]


def load_models(paths: Mapping[str, Path], device: str, batch_size: int) -> list[ServedModel]:
    """Load checkpoints, by name. Raises CheckpointError for one that cannot be read."""
    served = []
    for name, path in paths.items():
        generator = open_model(path, device)
        served.append(ServedModel(name, generator, Batcher(generator, batch_size)))
    return served


def names_of(paths: Sequence[Path]) -> list[str]:
    """A name for each: its run's, with the file's where that is not the usual one, and a number where it is taken."""
    names: list[str] = []
    for path in paths:
        whole = path.expanduser().absolute()
        if is_composed(whole):
            name = whole.parent.name
        elif not whole.suffix:  # a shared model is a folder
            name = whole.name
        else:
            name = whole.parent.name if whole.stem == _USUAL_STEM else f"{whole.parent.name}-{whole.stem}"
        name, number = name or "model", 1
        unique = name
        while unique in names:
            number += 1
            unique = f"{name}-{number}"
        names.append(unique)
    return names


def _examples(generator: SigningModel, code: str) -> list[str]:
    """Sentences of the demo corpus if the model knows all their words, else words that it knows."""
    known = generator.known_words
    spoken = sentences(code) if LANGUAGES[code].spoken in PHRASES else ()
    step = max(1, len(spoken) // 97)
    texts = [sentence.text for sentence in spoken[::step]]
    if not known.has_record([code]):
        return texts[:_EXAMPLES] or [LANGUAGES[code].name]
    fitting = [text for text in texts if not known.unknown(words_of(text, LANGUAGES[code].spoken), [code])]
    words = [word for word in known.languages[code].words if word.isalpha() and len(word) > 2]
    spread = [words[len(words) * (2 * n + 1) // (2 * _EXAMPLES)] for n in range(_EXAMPLES)] if words else []
    return (fitting[:: max(1, len(fitting) // _EXAMPLES)] or spread or texts or [LANGUAGES[code].name])[:_EXAMPLES]

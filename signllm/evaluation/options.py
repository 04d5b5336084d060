"""What an evaluation is asked for. Options check themselves when they are made, and list everything that is wrong.

Sign languages may be given by code or alias; they are kept as codes, each once. Paths may be given as text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signllm.errors import ConfigError, SignLLMError
from signllm.evaluation.phrasings import PHRASINGS
from signllm.languages import resolve_language
from signllm.pose.formats.hints import Hints

CACHE = Path("cache/evaluation")
NAME, ORDER = "name", "order"
_PATHS = ("data", "judge", "fgd_encoder", "cache", "model_path", "predictions", "references")


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What all of them share. Raises ConfigError with every fault."""

    languages: Sequence[str] = ()
    max_samples: int | None = None

    def __post_init__(self) -> None:
        faults: list[str] = []
        for name in _PATHS:
            if isinstance(getattr(self, name, None), str):
                object.__setattr__(self, name, Path(getattr(self, name)))
        try:
            codes = tuple(dict.fromkeys(resolve_language(name).code for name in self.languages))
            object.__setattr__(self, "languages", codes)
        except SignLLMError as error:
            faults += error.faults
        faults += self.faults()
        if faults:
            raise ConfigError(faults)

    def faults(self) -> list[str]:
        """Everything that is wrong with the values."""
        return _too_small(self, "max_samples")


@dataclass(frozen=True, kw_only=True)
class ScoringOptions(_Options):
    """What the evaluations of a model and of clips share.

    `data`: a store, whose training split gives the baselines. `metrics`: presets by name, empty for all. `judge` and
    `fgd_encoder`: files of models that add figures. `cache`: where numbers are kept for a second run, None for nowhere.
    """

    data: Path | None = None
    split: str | None = None
    metrics: Sequence[str] = ()
    judge: Path | None = None
    fgd_encoder: Path | None = None
    seeds: Sequence[int] = (0,)
    cache: Path | None = CACHE

    def faults(self) -> list[str]:
        """As _Options.faults."""
        faults = super().faults()
        if not self.seeds:
            faults.append("seeds: give at least one")
        if len(set(self.seeds)) < len(self.seeds):
            faults.append(f"seeds {' '.join(map(str, self.seeds))}: each seed only once")
        return faults


@dataclass(frozen=True, kw_only=True)
class ModelOptions(ScoringOptions):
    """A trained model on a split of a store: by default the data and the eval_split that it was trained with.

    `sign_prompts`: 'training' or 'held_out' lets a Prompt2LangGloss model sign prompts in these phrasings, from which
    it must read the language itself.
    """

    model_path: Path
    batch_size: int = 32
    device: str = "auto"
    sign_prompts: str | None = None

    def faults(self) -> list[str]:
        """As _Options.faults."""
        return super().faults() + _too_small(self, "batch_size") + _unknown_phrasings("sign_prompts", self.sign_prompts)


@dataclass(frozen=True, kw_only=True)
class ClipsOptions(ScoringOptions):
    """Clips against references, whoever made them: stores, pose files, or folders of pose files.

    `pair_by`: 'name' or 'order'. `resample` (frames a second), `drop_z` and `rescale` are done to both sides. `fps` and
    `layout` are for files that say neither; `hints` (the layout included) and `columns` say more of them, as in
    `signllm.data.clips.open_clips`.
    """

    predictions: Path
    references: Path
    pair_by: str = NAME
    resample: float | None = None
    drop_z: bool = False
    rescale: bool = False
    fps: float | None = None
    layout: str = "auto"
    hints: Hints | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """As _Options.faults."""
        faults = super().faults()
        if self.pair_by not in (NAME, ORDER):
            faults.append(f"pair_by {self.pair_by}: expected {NAME} or {ORDER}")
        for name in ("resample", "fps"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                faults.append(f"{name} {value:g}: must be above 0 and finite")
        return faults


@dataclass(frozen=True, kw_only=True)
class GlossOptions(_Options):
    """Glosses against a table of texts and glosses: those of a file, a line a row, or those that a model writes.

    `phrasings`: put the texts into prompts in these phrasings, from which the model must read the language.
    """

    references: Path
    model_path: Path | None = None
    predictions: Path | None = None
    phrasings: str | None = None
    device: str = "auto"

    def faults(self) -> list[str]:
        """As _Options.faults."""
        faults = super().faults() + _unknown_phrasings("phrasings", self.phrasings)
        if bool(self.model_path) == bool(self.predictions):
            faults.append("whose glosses? Give either a model_path or predictions")
        if self.phrasings and self.predictions:
            faults.append("phrasings: only a model reads them, predictions are written already; leave one out")
        if len(self.languages) > 1:
            faults.append(f"languages {' '.join(self.languages)}: a table of glosses is in one language")
        return faults


@dataclass(frozen=True, kw_only=True)
class PromptOptions(_Options):
    """What a Prompt2LangGloss model reads, language and glosses, from a split's texts in all phrasings of a kind."""

    model_path: Path
    phrasings: str
    data: Path | None = None
    split: str | None = None
    device: str = "auto"

    def faults(self) -> list[str]:
        """As _Options.faults."""
        return super().faults() + _unknown_phrasings("phrasings", self.phrasings)


def _too_small(options: _Options, name: str) -> list[str]:
    value = getattr(options, name)
    return [f"{name} {value}: must be at least 1"] if value is not None and value < 1 else []


def _unknown_phrasings(name: str, value: str | None) -> list[str]:
    known = value is None or value in PHRASINGS
    return [] if known else [f"{name} {value}: expected {' or '.join(PHRASINGS)}"]

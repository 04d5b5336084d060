"""A checkpoint as an evaluation uses it: its weights are read when it first has to sign."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.errors import DataError
from signllm.evaluation.journal import code_key, content_key
from signllm.evaluation.phrasings import check_writes_gloss, prompts_of
from signllm.fsutil import file_sha256, read_json, write_json
from signllm.pose import PoseSequence
from signllm.typed import checked

if TYPE_CHECKING:
    from signllm.inference.interface import SigningModel


@dataclass(frozen=True)
class ModelFacts:
    """What a checkpoint says of itself.

    `reward_models`: digests of the judges that rewarded it in training. `of_recordings`: whether its clips are made of
    recordings, which may be parts of the clips that it is tested on.
    """

    languages: list[str]
    fps: float
    reward_models: list[str]
    dataset_path: str
    train_split: str
    eval_split: str
    of_recordings: bool = False


def load_generator(path: Path, device: str) -> SigningModel:
    """The model, of a network the averaged weights. Raises CheckpointError when it cannot be read."""
    from signllm.inference.opening import open_model

    return open_model(path, device)


class TrainedModel:
    """The model of a checkpoint; `facts` are cached, so that a second evaluation does not read the weights at all.

    Raises CheckpointError when the file cannot be read.
    """

    def __init__(self, path: Path, device: str = "auto", cache: Path | None = None):
        self.path, self.device = path, device
        self.sha256 = _digest(path)
        self.cache = cache if self.sha256 else None  # results are kept under the hash of the content
        self.facts = self._read_facts()

    def _read_facts(self) -> ModelFacts:
        kept = self.cache / f"model-{self.sha256[:24]}-{code_key()}.json" if self.cache and self.sha256 else None
        if kept and kept.exists():
            with suppress(DataError):  # something else: the checkpoint is read again
                return checked(ModelFacts, read_json(kept), kept, DataError, strict=False)
        generator = self.generator
        data = generator.config.data
        facts = ModelFacts(
            list(generator.languages),
            generator.fps,
            list(generator.reward_models),
            data.dataset_path,
            data.train_split,
            data.eval_split,
            of_recordings=generator.of_recordings,
        )
        if kept:
            write_json(kept, asdict(facts))
        return facts

    def leave_out(self, recordings: Sequence[str]) -> None:
        """From now on sign without these recordings."""
        self.generator = self.generator.without(recordings)

    @cached_property
    def generator(self) -> SigningModel:
        """The model itself; it is loaded when first asked for."""
        return load_generator(self.path, self.device)

    def generate(
        self, texts: Sequence[str], language: str, seeds: Sequence[int], batch_size: int, phrasings: str | None = None
    ) -> list[PoseSequence]:
        """A clip a text, each with its own seed; with `phrasings` of prompts that leave the language to be read."""
        if not phrasings:
            return self.generator.generate(texts, language, seed=seeds, batch_size=batch_size)
        check_writes_gloss(self.generator)
        prompts = prompts_of(texts, language, phrasings)
        return self.generator.generate(prompts, None, seed=seeds, batch_size=batch_size)


def _digest(path: Path) -> str | None:
    """A hash of a checkpoint, or of the files of a shared model's folder; None where there is neither."""
    if path.is_file():
        return file_sha256(path)
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else []
    return content_key([[file.name, file_sha256(file)] for file in files]) if files else None

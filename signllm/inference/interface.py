"""What every model that signs texts offers, whether it is a network or composed of recordings.

This is the seam between both: what is scored, served and drawn asks for nothing else. The classes are
`signllm.inference.Generator` and `signllm.composing.model.ComposedModel`; `signllm.inference.opening` tells their files
apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from signllm.config import Config
from signllm.inference.clip import GeneratedClip
from signllm.inference.notes import Note, Sentence
from signllm.inference.options import DecoderOptions
from signllm.models.known_words import KnownWords
from signllm.models.outputs import Generated, Piece
from signllm.pose import PoseSequence
from signllm.text.checks import Languages

Seeds = int | Sequence[int]
"""One for all texts, or one a text."""


def seed_of_each(seed: Seeds, num_texts: int) -> list[int]:
    """A seed for each text."""
    return [seed] * num_texts if isinstance(seed, int) else list(seed)


class SigningModel(Protocol):
    """Text to PoseSequences in shoulder widths. Everything is documented at `Generator`."""

    config: Config
    fps: float

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that it signs."""

    @property
    def mode(self) -> str:
        """'mlsf' or 'prompt2langgloss'."""

    @property
    def draws(self) -> bool:
        """Whether another seed gives another clip."""

    @property
    def streams(self) -> bool:
        """Whether the first frames of a clip are there before the last ones."""

    @property
    def options(self) -> dict[str, float]:
        """What may be asked of it for one request, with the usual values."""

    @property
    def reward_models(self) -> list[str]:
        """Digests of the judges that rewarded it in training."""

    @property
    def known_words(self) -> KnownWords:
        """The words that it learnt from."""

    @property
    def of_recordings(self) -> bool:
        """Whether its clips are made of recordings."""

    @property
    def writes_gloss(self) -> bool:
        """Whether it reads prompts and writes glosses."""

    def check_languages(self, languages: Sequence[str]) -> None:
        """Raise ConfigError for a language that it does not sign."""

    def translate(self, prompts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[str, str]]:
        """(language, gloss) of each prompt; for models that write glosses."""

    def request(self, text: str, language: str | None) -> tuple[str, str | None]:
        """(what it reads, language code or None) for a text or prompt."""

    def sentences(self, text: str, language: str | None = None, split: bool = True) -> Sequence[Sentence]:
        """What is signed of a text, one after the other."""

    def notes(self, plan: Sequence[Sentence]) -> tuple[Note, ...]:
        """What it cannot know of sentences, before they are signed."""

    def generate(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
    ) -> list[PoseSequence]:
        """One pose a text, each signed as a whole."""

    def generate_clips(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
        split: bool = True,
    ) -> list[GeneratedClip]:
        """One clip a text."""

    def clip(self, text: str, plan: Sequence[Sentence], made: Sequence[Generated]) -> GeneratedClip:
        """The clip of a text, of what was made of each of its sentences."""

    def stream(
        self, sentences: Sequence[Sentence], seeds: Sequence[int], options: DecoderOptions | None = None
    ) -> Iterator[Piece]:
        """The frames of sentences as soon as they are made."""

    def remarks(self, texts: Sequence[str], language: str) -> list[str]:
        """What a report should say of how it signs these texts."""

    def recordings(self, language: str) -> Sequence[tuple[str, PoseSequence]]:
        """(id, clip) of every recording that its clips are made of; none for a network."""

    def without(self, recordings: Sequence[str]) -> SigningModel:
        """The same, made without these recordings."""

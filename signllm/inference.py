"""Generating signing from text with a trained model. Nothing of a reference comes in here."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from signllm.config import Config
from signllm.device import resolve_device
from signllm.errors import CheckpointError, ConfigError
from signllm.languages import make_prompt, prompt_text, resolve_language
from signllm.models.card import model_card
from signllm.models.checkpoint import load_checkpoint
from signllm.models.decoders import DECODERS
from signllm.models.folder import CONFIG, FILES, is_model_folder, write_folder
from signllm.models.gloss import written
from signllm.models.hub import fetch
from signllm.models.sign_model import SignModel
from signllm.pose import PoseSequence
from signllm.pose.output import Captioned, ClipOutput

Languages = Sequence[str | None] | str | None


@dataclass(frozen=True, repr=False)
class GeneratedClip(ClipOutput):
    """A generated clip. It saves and shows itself as a PoseSequence does, with its text.

    text: what was asked for. request: what the model read of it. language: its code. gloss: the LangGloss words that
    Prompt2LangGloss wrote, None for MLSF. pose: in shoulder widths.
    """

    text: str
    request: str
    language: str
    gloss: str | None
    pose: PoseSequence

    def __repr__(self) -> str:
        gloss = f", {written(self.language, self.gloss)}" if self.gloss else ""
        length = f"{len(self.pose)} frames, {self.pose.duration_s:.2f} s"
        return f"GeneratedClip({self.text!r}, {self.language}{gloss}, {length})"

    def captioned(self) -> Captioned:
        """As ClipOutput.captioned: language and text above, the gloss over the signer."""
        return Captioned(self.pose, f"{self.language}: {self.text}", self.gloss or "")


def _clip_seed(seed: int, text: str, language: str | None) -> int:
    """A seed of the clip's own: other texts draw other numbers under the same seed."""
    return zlib.crc32(f"{seed}/{language}/{text}".encode())


class Generator:
    """Text to PoseSequences in shoulder widths, at `fps` frames a second."""

    def __init__(self, model: SignModel, config: Config, device: str = "auto"):
        self.device = resolve_device(device)
        self.model = model.to(self.device).eval()
        self.config = config
        self.fps = config.data.fps

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: str = "auto") -> Generator:
        """Load a checkpoint, with its averaged weights. Raises CheckpointError when it cannot be read."""
        checkpoint = load_checkpoint(path)
        return cls(checkpoint.build_model(averaged=True), checkpoint.config, device)

    @classmethod
    def from_pretrained(cls, name: str | Path, revision: str | None = None, device: str = "auto") -> Generator:
        """Load a shared model: a folder that `save_pretrained` or `signllm export` wrote, or a name on the hub.

        `revision` (a branch, tag or commit) is for names on the hub. Raises CheckpointError when there is no such
        model, when it cannot be fetched or read.
        """
        folder = Path(name).expanduser()
        if folder.is_file():
            raise CheckpointError(f"{folder}: this is a file; Generator.from_checkpoint reads checkpoints")
        if not folder.is_dir():
            folder = fetch(str(name), revision, FILES)
        elif revision:
            raise CheckpointError(f"{folder}: a folder here has no revision '{revision}'; leave it out")
        if not is_model_folder(folder):
            raise CheckpointError(f"{folder}: no shared model, it lacks {CONFIG}; see signllm export")
        return cls.from_checkpoint(folder, device)

    def save_pretrained(self, folder: str | Path, overwrite: bool = False) -> Path:
        """Write the model as a folder that `from_pretrained` reads, with a model card; return the folder.

        `signllm.sharing.export_model` makes it of a checkpoint and adds its scores to the card.
        Raises ConfigError for a folder that is not empty; `overwrite` replaces an earlier model in it.
        """
        folder, weights, extra = Path(folder), self.model.state_dict(), self.model.extra_state()
        write_folder(folder, self.config, extra, weights, model_card(self.config, extra, weights), overwrite)
        return folder

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that the model signs."""
        return self.model.languages

    @property
    def reward_models(self) -> list[str]:
        """Digests of the judges that rewarded the model in training: none of them can judge it."""
        return self.model.reward_models

    @property
    def mode(self) -> str:
        """'mlsf' or 'prompt2langgloss'."""
        return self.config.model.mode

    @property
    def draws(self) -> bool:
        """Whether the model draws random numbers, so that another seed gives another clip."""
        return DECODERS[self.config.model.pose_decoder.type].draws

    def request(self, text: str, language: str | None) -> tuple[str, str | None]:
        """Return (what the model reads, language code or None) for a text or prompt.

        MLSF reads plain text: a prompt in a known phrasing is opened and tells the language when none is given.
        Prompt2LangGloss reads prompts: a plain text with a language is put into the language's first phrasing.
        Raises ConfigError for an empty text, an unknown language, or when the language cannot be known.
        """
        if not text.strip():
            raise ConfigError("the text is empty; give a sentence or a word to sign")
        code = resolve_language(language).code if language else None
        if code is None and len(self.languages) == 1:
            code = self.languages[0]
        prompt = prompt_text(text)
        if not self.model.writes_gloss:
            if prompt:
                code = code or prompt[0]
                text = prompt[1]
            if code is None:
                raise ConfigError(
                    f"'{text}': which sign language? Give a language; this model signs {', '.join(self.languages)}"
                )
        elif not prompt and code:
            text = make_prompt(text, code)
        if code is not None:
            self.model.check_languages([code])
        return text, code

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a string is a sequence of strings too
        self, texts: str, language: str | None = None, seed: int = 0
    ) -> GeneratedClip: ...

    @overload
    def __call__(
        self, texts: Sequence[str], language: Languages = None, seed: int | Sequence[int] = 0
    ) -> list[GeneratedClip]: ...

    def __call__(
        self, texts: str | Sequence[str], language: Languages = None, seed: int | Sequence[int] = 0
    ) -> GeneratedClip | list[GeneratedClip]:
        """Sign a text, which gives one clip, or a list of texts, which gives a list of clips.

        `language` is one for all or one a text; it may be left out where the model knows one language only, and where
        it reads it from a prompt. As `generate_clips` otherwise.
        """
        if isinstance(texts, str):
            return self.generate_clips([texts], language, seed)[0]
        return self.generate_clips(texts, language, seed)

    def generate_clips(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: int | Sequence[int] = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
    ) -> list[GeneratedClip]:
        """Generate one clip a text; `progress(n)` is called after each batch of n clips.

        A clip is a function of its text, language, seed and the weights; `seed` is one for all, or one a text. Decoders
        that draw numbers give another clip for another seed. Raises ConfigError as `request` does, TypeError for a
        single string in place of a list.
        """
        if isinstance(texts, str):
            raise TypeError(f"a list of texts is expected, not the string {texts!r}; generator(text) signs one text")
        if languages is None or isinstance(languages, str):
            languages = [languages] * len(texts)
        requests = [self.request(text, language) for text, language in zip(texts, languages, strict=True)]
        clips: list[GeneratedClip] = []
        was_training = self.model.training
        self.model.eval()
        each = [seed] * len(requests) if isinstance(seed, int) else list(seed)
        seeds = [_clip_seed(number, *request) for number, request in zip(each, requests, strict=True)]
        for first in range(0, len(requests), batch_size):
            chunk = requests[first : first + batch_size]
            read, codes = [text for text, _ in chunk], [code for _, code in chunk]
            drawn = seeds[first : first + batch_size]
            generated = self.model.generate(read, codes, self.config.data.max_frames, drawn)
            for text, request, made in zip(texts[first : first + batch_size], read, generated, strict=True):
                pose = PoseSequence.all_valid(made.pose_FJC.cpu().numpy(), self.fps)
                clips.append(GeneratedClip(text, request, made.language, made.gloss, pose))
            if progress:
                progress(len(chunk))
        self.model.train(was_training)
        return clips

    def generate(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: int | Sequence[int] = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
    ) -> list[PoseSequence]:
        """The poses of `generate_clips`."""
        return [clip.pose for clip in self.generate_clips(texts, languages, seed, batch_size, progress)]

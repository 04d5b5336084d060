"""Generating signing from text with a trained model. Nothing of a reference comes in here."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import overload
from unicodedata import normalize

from signllm.config import Config
from signllm.device import resolve_device
from signllm.errors import CheckpointError, ConfigError
from signllm.inference.clip import GeneratedClip
from signllm.inference.interface import Seeds, seed_of_each
from signllm.inference.notes import Findings, Note, Sentence
from signllm.inference.options import DecoderOptions, defaults
from signllm.languages import LANGUAGES, make_prompt, prompt_text, resolve_language
from signllm.models.card import model_card
from signllm.models.checkpoint import load_checkpoint
from signllm.models.decoders import DECODERS
from signllm.models.folder import CONFIG, FILES, is_model_folder, write_folder
from signllm.models.hub import fetch
from signllm.models.known_words import KnownWords
from signllm.models.outputs import Generated, Piece
from signllm.models.sign_model import Prompt2LangGloss, SignModel
from signllm.pose import PoseSequence
from signllm.pose.joining import join_clips
from signllm.text.checks import Languages, check_text, plan_each
from signllm.text.sentences import split_sentences


def _clip_seed(seed: int, text: str, language: str | None) -> int:
    """A seed of the clip's own: other texts draw other numbers under the same seed."""
    return zlib.crc32(f"{seed}/{language}/{text}".encode())


class Generator:
    """Text to PoseSequences in shoulder widths, at `fps` frames a second."""

    of_recordings = False

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
    def writes_gloss(self) -> bool:
        """Whether the model reads prompts and writes glosses."""
        return self.model.writes_gloss

    @property
    def known_words(self) -> KnownWords:
        """The words of the training texts."""
        return self.model.known_words

    def check_languages(self, languages: Sequence[str]) -> None:
        """Raise ConfigError when the model was not trained on one of these."""
        self.model.check_languages(languages)

    def translate(self, prompts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[str, str]]:
        """(language, gloss) of each prompt; a given language overrides the one read from it.

        Raises ConfigError for a model that writes no glosses.
        """
        if not isinstance(self.model, Prompt2LangGloss):
            raise ConfigError(f"the model's mode is {self.mode}: only prompt2langgloss writes glosses")
        return self.model.translate(prompts, languages)

    def remarks(self, texts: Sequence[str], language: str) -> list[str]:
        """What a report should say of how these texts are signed: of a network nothing."""
        return []

    def recordings(self, language: str) -> Sequence[tuple[str, PoseSequence]]:
        """The recordings that clips are made of: of a network none."""
        return []

    def without(self, recordings: Sequence[str]) -> Generator:
        """The same model: it is made of no recordings."""
        return self

    @property
    def draws(self) -> bool:
        """Whether the model draws random numbers, so that another seed gives another clip."""
        return DECODERS[self.config.model.pose_decoder.type].draws

    def request(self, text: str, language: str | None) -> tuple[str, str | None]:
        """Return (what the model reads, language code or None) for a text or prompt.

        MLSF reads plain text: a prompt in a known phrasing is opened and tells the language when none is given.
        Prompt2LangGloss reads prompts: a plain text with a language is put into the language's first phrasing.
        Raises ConfigError for an empty text, one that cannot be a text, an unknown language, or when the language
        cannot be known.
        """
        check_text(text)
        text = normalize("NFC", text)  # as the texts of training
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
        self, texts: str, language: str | None = None, seed: int = 0, split: bool = True
    ) -> GeneratedClip: ...

    @overload
    def __call__(
        self, texts: Sequence[str], language: Languages = None, seed: Seeds = 0, split: bool = True
    ) -> list[GeneratedClip]: ...

    def __call__(
        self, texts: str | Sequence[str], language: Languages = None, seed: Seeds = 0, split: bool = True
    ) -> GeneratedClip | list[GeneratedClip]:
        """Sign a text, which gives one clip, or a list of texts, which gives a list of clips.

        `language` is one for all or one a text; it may be left out where the model knows one language only, and where
        it reads it from a prompt. As `generate_clips` otherwise.
        """
        if isinstance(texts, str):
            return self.generate_clips([texts], language, seed, split=split)[0]
        return self.generate_clips(texts, language, seed, split=split)

    def generate_clips(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
        split: bool = True,
    ) -> list[GeneratedClip]:
        """Generate one clip a text; `progress(n)` is called after each batch of n sentences.

        With `split`, each sentence of a text is signed by itself, and the clip holds them one after the other
        (`signllm.pose.joining`). A sentence's clip is a function of its text, language, seed and the weights; `seed` is
        one for all, or one a text. Decoders that draw numbers give another clip for another seed. The clips' `notes`
        say what of the texts the model cannot know. Raises ConfigError as `request` does, with the faults of all texts,
        TypeError for a single string in place of a list.
        """
        plans = self._plans(texts, languages, split)
        flat = [sentence for plan in plans for sentence in plan]
        made = iter(self._sign(flat, _seeds(plans, seed), batch_size, progress))
        return [self.clip(text, plan, [next(made) for _ in plan]) for text, plan in zip(texts, plans, strict=True)]

    def clip(self, text: str, plan: Sequence[Sentence], made: Sequence[Generated]) -> GeneratedClip:
        """The clip of a text, of what was made of each of its sentences, one after the other."""
        findings = self._read(plan)
        for sentence, part in zip(plan, made, strict=True):
            findings.made(sentence, part)
        glosses = [part.gloss for part in made if part.gloss is not None]
        return GeneratedClip(
            text,
            "\n".join(sentence.request for sentence in plan),
            made[0].language,
            " ".join(glosses) if glosses else None,
            join_clips([self._pose(part) for part in made]),
            tuple(sentence.text for sentence in plan),
            findings.notes(),
        )

    def notes(self, plan: Sequence[Sentence]) -> tuple[Note, ...]:
        """What the model cannot know of sentences, before they are signed."""
        return self._read(plan).notes()

    def _read(self, plan: Sequence[Sentence]) -> Findings:
        findings = Findings(self.model, self.config.data.max_frames, self.fps)
        readings = self.model.text_encoder.readings([sentence.request for sentence in plan])
        for sentence, reading in zip(plan, readings, strict=True):
            findings.read(sentence, reading)
        return findings

    def stream(
        self, sentences: Sequence[Sentence], seeds: Sequence[int], options: DecoderOptions | None = None
    ) -> Iterator[Piece]:
        """Sign sentences side by side, and give the frames of each as soon as they are made.

        A sentence is signed as in `generate_clips`, up to rounding (about 1e-6 of a shoulder width) where others are
        signed with it. Decoders that make all frames of a clip at once give them at once; `progressive` gives a few
        at a time. Not for two threads at a time.
        """
        read, codes, drawn = _asked(sentences, seeds)
        self.model.eval()
        with (options or DecoderOptions()).applied(self.model):
            yield from self.model.stream(read, codes, self.config.data.max_frames, drawn)

    @property
    def streams(self) -> bool:
        """Whether the decoder gives the first frames of a clip before it has made the last ones."""
        return DECODERS[self.config.model.pose_decoder.type].streams

    @property
    def options(self) -> dict[str, float]:
        """What may be asked of the decoder, with the values that it has otherwise."""
        return defaults(self.config.model.pose_decoder)

    def generate(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
    ) -> list[PoseSequence]:
        """One pose a text, each signed as a whole, as the clips of a corpus are: what evaluation compares."""
        plans = self._plans(texts, languages, split=False)
        flat = [sentence for plan in plans for sentence in plan]
        return [self._pose(made) for made in self._sign(flat, _seeds(plans, seed), batch_size, progress)]

    def _pose(self, made: Generated) -> PoseSequence:
        return PoseSequence.all_valid(made.pose_FJC.cpu().numpy(), self.fps)

    def _plans(self, texts: Sequence[str], languages: Languages, split: bool) -> list[list[Sentence]]:
        """The sentences of each text. Raises ConfigError with the faults of all texts."""
        return plan_each(texts, languages, lambda text, language: self.sentences(text, language, split))

    def sentences(self, text: str, language: str | None = None, split: bool = True) -> list[Sentence]:
        """What is signed of a text, one after the other; without `split` all of it at once.

        A prompt that Prompt2LangGloss reads is never split. Raises ConfigError as `request` does.
        """
        request, code = self.request(text, language)
        prompt = prompt_text(text)
        content = prompt[1] if prompt else text
        whole = [Sentence(text, request, code, content)]
        reads_prompt = self.model.writes_gloss and (prompt is not None or code is None)
        if not split or reads_prompt or code is None:
            return whole
        parts = split_sentences(content, LANGUAGES[code].spoken)
        if len(parts) == 1:
            return whole
        return [Sentence(part, self.request(part, code)[0], code, part) for part in parts]

    def _sign(
        self,
        sentences: Sequence[Sentence],
        seeds: Sequence[int],
        batch_size: int,
        progress: Callable[[int], None] | None,
    ) -> list[Generated]:
        """Every sentence, `batch_size` at a time."""
        made: list[Generated] = []
        was_training = self.model.training
        self.model.eval()
        for first in range(0, len(sentences), batch_size):
            chunk = sentences[first : first + batch_size]
            read, codes, drawn = _asked(chunk, seeds[first : first + batch_size])
            made += self.model.generate(read, codes, self.config.data.max_frames, drawn)
            if progress:
                progress(len(chunk))
        self.model.train(was_training)
        return made


def _asked(sentences: Sequence[Sentence], seeds: Sequence[int]) -> tuple[list[str], list[str | None], list[int]]:
    """What the model reads of sentences, their languages, and a seed of each one's own."""
    read, codes = [sentence.request for sentence in sentences], [sentence.language for sentence in sentences]
    own = [_clip_seed(seed, *asked) for seed, asked in zip(seeds, zip(read, codes, strict=True), strict=True)]
    return read, codes, own


def _seeds(plans: Sequence[Sequence[Sentence]], seed: Seeds) -> list[int]:
    """The seed of each text for each of its sentences."""
    each = seed_of_each(seed, len(plans))
    return [number for number, plan in zip(each, plans, strict=True) for _ in plan]

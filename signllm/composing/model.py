"""A model composed of recordings: what `"type": "compose"` makes of a training split, as a folder that stands alone.

It is no network. Its seam to everything else is `signllm.inference.interface`: a model that signs texts. The contract
of `PoseDecoder` does not fit, for that is a part of a network: it maps features to frames, with losses and rollouts.

    composed.json      format, configuration
    glossing.json      what was learnt of the texts, by language
    lexicon.json ...   the signs, as `signllm.composing.lexicon_file` says: the folder is a lexicon, too

It holds people's motion, and falls under the licence of the recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from pydantic import BaseModel

import signllm
from signllm.composing.building import Recording, of_recordings
from signllm.composing.filling import with_every_joint
from signllm.composing.glossing import Glossing
from signllm.composing.learnt import LearntWording, glosses_of
from signllm.composing.lexicon import Lexicon
from signllm.composing.lexicon_file import read_lexicon, write_files
from signllm.composing.signer import LexiconSigner, Slot, Wish, wishes_of
from signllm.composing.wording import LEFT_OUT, Wording
from signllm.config import Config, parse_config
from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.fsutil import read_json, whole_folder, write_json
from signllm.inference.clip import GeneratedClip
from signllm.inference.interface import Seeds, seed_of_each
from signllm.inference.notes import Sentence
from signllm.inference.options import DecoderOptions
from signllm.languages import make_prompt, prompt_text
from signllm.models.folder import COMPOSED
from signllm.models.known_words import KnownWords
from signllm.models.outputs import Generated, Piece
from signllm.outputs import writing
from signllm.pose import PoseSequence
from signllm.pose.joining import join_clips
from signllm.text.checks import Languages, plan_each
from signllm.text.words import first_few
from signllm.typed import checked

FORMAT_VERSION = 1
GLOSSING = "glossing.json"
BEGIN, END = WAYS = "$BEGIN", "$END"  # labels of what sentences show before their first sign, and after their last one
OWN_WAY_S = 0.1  # of a recording besides its sign: more is a way from rest, or back to it
STILL_S = 1.0  # a text of which no word has a sign is answered by nobody signing for so long
_AGAIN = "train it again"


class _Description(BaseModel):
    format_version: int
    signllm_version: str
    config: dict[str, Any]


class ComposedModel(LexiconSigner):
    """Signs texts with the recordings of a training split, at 25 frames a second.

    glossing: what was learnt of the texts of each language. config: what it was made by. Both modes find signs alike:
    `mlsf` reads a text and its language, `prompt2langgloss` a prompt that names the language.
    """

    streams = False
    of_recordings = True

    def __init__(self, lexicon: Lexicon, glossing: Mapping[str, Glossing], config: Config):
        own = config.model.pose_decoder.compose
        super().__init__(lexicon, None, own.detail, own.pace)
        self.glossing, self.config = dict(glossing), config

    @classmethod
    def read(cls, folder: Path) -> ComposedModel:
        """The model in a folder. Raises CheckpointError for one that is damaged, or of another version."""
        place = folder / COMPOSED
        try:
            described = checked(_Description, read_json(place), place, CheckpointError, _AGAIN)
            if described.format_version != FORMAT_VERSION:
                raise CheckpointError(
                    f"{folder}: format {described.format_version} written by SignLLM {described.signllm_version}; this"
                    f" version ({signllm.__version__}) reads {FORMAT_VERSION}; {_AGAIN}"
                )
            place = folder / GLOSSING
            glossing = checked(dict[str, Glossing], read_json(place), place, CheckpointError, _AGAIN, False)
            lexicon = read_lexicon(folder)
        except DataError as error:
            raise CheckpointError(f"{fault}; or {_AGAIN}" for fault in error.faults) from None
        return cls(lexicon, glossing, parse_config(described.config, str(folder / COMPOSED)))

    def save(self, folder: Path, source: str = "") -> None:
        """Write the model; an earlier one is there until the new one is. Raises OutputError, LockedError.

        `source`: what it was made of.
        """
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
        described = _Description(
            format_version=FORMAT_VERSION, signllm_version=signllm.__version__, config=self.config.model_dump()
        )
        with whole_folder(folder) as beside:
            write_files(beside, self.lexicon, source)
            write_json(beside / GLOSSING, {code: asdict(own) for code, own in self.glossing.items()})
            write_json(beside / COMPOSED, described.model_dump())

    @property
    def mode(self) -> str:
        """'mlsf' or 'prompt2langgloss'."""
        return self.config.model.mode

    @property
    def writes_gloss(self) -> bool:
        """Whether it is asked by prompts, of which it reads language and glosses."""
        return self.mode == "prompt2langgloss"

    @property
    def num_signs(self) -> dict[str, int]:
        """How many signs there are of each language."""
        signs = [one.language for one in self.lexicon.headings if one.label not in WAYS]
        return {code: signs.count(code) for code in self.languages}

    @property
    def options(self) -> dict[str, float]:
        """What may be asked of it for one request: nothing."""
        return {}

    @property
    def reward_models(self) -> list[str]:
        """Judges that rewarded it: there were none."""
        return []

    @cached_property
    def known_words(self) -> KnownWords:
        """The words that it has signs for, by name or by what it learnt of texts."""
        own = {code: [word for word in self.lexicon.names(code) if word.isalpha()] for code in self.languages}
        learnt = {code: [word for word, signs in one.words.items() if signs] for code, one in self.glossing.items()}
        return KnownWords.of({code: [*names, *learnt.get(code, [])] for code, names in own.items()})

    def _wording(self, code: str) -> Wording:
        return LearntWording(self.lexicon, code, self.glossing.get(code, Glossing()))

    def check_languages(self, languages: Sequence[str]) -> None:
        """Raise ConfigError for a language without signs."""
        unknown = sorted(set(languages) - set(self.languages))
        if unknown:
            raise ConfigError(
                f"language {', '.join(unknown)}: this model has signs of {', '.join(self.languages)} only"
            )

    def request(self, text: str, language: str | None) -> tuple[str, str | None]:
        """(what it reads, language code) for a text or prompt: a prompt, where the mode is asked by prompts."""
        code = self.sentences(text, language, split=False)[0].language
        return (make_prompt(text, code) if self.writes_gloss and not prompt_text(text) else text), code

    def translate(self, prompts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[str, str]]:
        """(language, gloss) of each prompt; a given language overrides the one that the prompt names."""
        plans = plan_each(prompts, languages, lambda text, language: self.sentences(text, language, split=False))
        return [(plan[0].language, " ".join(glosses_of(plan[0].words))) for plan in plans]

    def generate(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
    ) -> list[PoseSequence]:
        """One pose a text, each signed as a whole. Where no word has a sign, somebody stands still for a second."""
        plans = plan_each(texts, languages, lambda text, language: self.sentences(text, language, split=False))
        seeds = seed_of_each(seed, len(texts))
        made = []
        for (wish,), own in zip(plans, seeds, strict=True):
            made.append(self._signed_or_still(wish, own)[0])
            if progress:
                progress(1)
        return made

    def stream(
        self, sentences: Sequence[Sentence], seeds: Sequence[int], options: DecoderOptions | None = None
    ) -> Iterator[Piece]:
        """The clip of each sentence, whole. Joints that no recording shows stand where their parent joint does."""
        (options or DecoderOptions()).check(self.config.model.pose_decoder)
        for row, (wish, seed) in enumerate(zip(wishes_of(sentences), seeds, strict=True)):
            pose, glosses = self._signed_or_still(wish, seed)
            shown = torch.from_numpy(with_every_joint(pose))
            whole = Generated(shown, wish.language, " ".join(glosses), len(pose), valid_FJ=_tensor(pose.valid))
            yield Piece(row, shown, whole)

    def clip(self, text: str, plan: Sequence[Sentence], made: Sequence[Generated]) -> GeneratedClip:
        """The clip of a text, of what `stream` made of each of its sentences."""
        poses = [
            PoseSequence(part.pose_FJC.numpy(), cast(torch.Tensor, part.valid_FJ).numpy(), self.fps) for part in made
        ]
        sentences = tuple(sentence.text for sentence in plan)
        gloss = " ".join(part.gloss for part in made if part.gloss)
        request = "\n".join(sentence.request for sentence in plan)
        return GeneratedClip(
            text, request, made[0].language, gloss, join_clips(poses), sentences, self.notes(plan[: len(made)])
        )

    def _signed_or_still(self, wish: Wish, seed: int) -> tuple[PoseSequence, list[str]]:
        """The clip of a sentence, and its glosses."""
        if not wish.slots:
            first = next(unit for sign in self.lexicon if sign.language == wish.language for unit in sign.units)
            return first.read()[:1].at_moments(np.zeros(round(STILL_S * self.fps))), []
        return self._signed_sentence(wish, seed)

    def _signed_sentence(self, wish: Wish, seed: int) -> tuple[PoseSequence, list[str]]:
        chosen = self._chosen(self._slots(wish), seed)
        return self._joined(chosen), [one.sign.label for one in chosen if one.sign.label not in WAYS]

    def _slots(self, wish: Wish) -> list[Slot]:
        """The signs of a sentence, between the ways from rest and back, where the recordings show them.

        A sign that was performed alone has ways of its own.
        """
        first, last = wish.slots[0].signs[0], wish.slots[-1].signs[0]
        most = OWN_WAY_S * self.fps
        wanted = first.begin <= most, len(last.mean.values_FV) - last.end <= most
        ways = [self.lexicon.find(wish.language, way) if want else [] for way, want in zip(WAYS, wanted, strict=True)]
        before, after = ([Slot(way)] if way else [] for way in ways)
        return [*before, *wish.slots, *after]

    def remarks(self, texts: Sequence[str], language: str) -> list[str]:
        """How many words have no sign, with examples, and of how many texts none has."""
        wishes = [self.sentences(text, language, split=False)[0] for text in texts]
        words = [word for wish in wishes for word in wish.words]
        left = [word.words for word in words if word.way == LEFT_OUT]
        silent = sum(not wish.slots for wish in wishes)
        said = []
        if left:
            examples = first_few(dict.fromkeys(left), 5)
            said.append(f"{language}: {len(left)} words or glosses have no sign and were left out: {examples}")
        if silent:
            said.append(f"{language}: {silent} texts have no sign at all; their clips stand still for {STILL_S:g} s")
        return said

    def recordings(self, language: str) -> Sequence[tuple[str, PoseSequence]]:
        """(id, clip) of every recording of a sign."""
        own = (sign for sign in self.lexicon if sign.language == language)
        return [(unit.id, unit.read()) for sign in own for unit in sign.units]

    def without(self, recordings: Sequence[str]) -> ComposedModel:
        """The model as it would be without these recordings: averages, amplitudes and lengths are found anew.

        What it learnt of texts stays. Raises ConfigError where nothing would be left.
        """
        leave_out = set(recordings)
        kept = [
            Recording(unit.id, sign.language, sign.label, sign.words, unit.signer, unit.read())
            for sign in self.lexicon
            for unit in sign.units
            if unit.id not in leave_out
        ]
        if not kept:
            raise ConfigError("nothing is left of the model without the recordings that are evaluated on")
        lexicon = of_recordings(kept, self.lexicon.notes)
        return ComposedModel(lexicon, self.glossing, self.config)


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))  # a copy: poses are read-only

"""Text to signing with a lexicon alone: no model, no training, every sign by people who performed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast
from unicodedata import normalize

import numpy as np

from signllm.aligning.values import Values
from signllm.composing.choosing import Candidate, cheapest, units_of
from signllm.composing.lexicon import Lexicon
from signllm.composing.seams import join, places
from signllm.composing.sign import Sign, Unit
from signllm.composing.wording import LEFT_OUT, NUMBER, SPELLED, Wording, WordSigns
from signllm.errors import ConfigError
from signllm.inference.clip import GeneratedClip
from signllm.inference.interface import Seeds, seed_of_each
from signllm.inference.notes import Note, Sentence
from signllm.languages import LANGUAGES, prompt_text, resolve_language
from signllm.pose import PoseSequence
from signllm.pose.joining import join_clips
from signllm.text.checks import Languages, check_text, plan_each
from signllm.text.sentences import split_sentences
from signllm.text.words import first_few

DETAIL = 1.0
SLOWEST, FASTEST = 0.25, 4.0
LETTER_S = 0.3  # of a spelled word: with transitions three to four a second, as signers spell; alone they last 1 s


class NoSignError(ConfigError):
    """No word of a text has a sign."""

    def __init__(self, text: str):
        super().__init__(f"'{text}': the lexicon has no sign for any of these words")


class Slot(NamedTuple):
    """One sign of a sentence: those to choose from, and whether it is a letter of a spelled word."""

    signs: Sequence[Sign]
    is_letter: bool = False


@dataclass(frozen=True)
class Wish(Sentence):
    """A sentence to sign, and the signs that stand for its words."""

    language: str
    words: tuple[WordSigns, ...]

    @property
    def slots(self) -> list[Slot]:
        """The signs of the sentence in order."""
        return [Slot(signs, word.way == SPELLED) for word in self.words for signs in word.signs]


class LexiconSigner:
    """Signs texts with the clips of a lexicon, at `fps` frames a second.

    letters: a lexicon of the letters of names, where the lexicon itself has none. detail: how much of one person is
    added to the average of all who performed a sign, from 0 to 1. pace: how many times as fast as when performed alone
    a sign is signed in a sentence. Raises ConfigError for other numbers.
    """

    draws = True

    def __init__(self, lexicon: Lexicon, letters: Lexicon | None = None, detail: float = DETAIL, pace: float = 1.0):
        if faults := number_faults(detail, pace):
            raise ConfigError(faults)
        self.lexicon, self.letters, self.detail, self.pace = lexicon, letters, detail, pace
        self.fps = lexicon.fps
        self._amplitude = lexicon.amplitude_at(detail)
        self._wordings: dict[str, Wording] = {}

    @property
    def mode(self) -> str:
        """What signs: no model."""
        return "compose"

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that the lexicon has signs of."""
        return self.lexicon.languages

    def sentences(self, text: str, language: str | None = None, split: bool = True) -> list[Wish]:
        """The sentences of a text with the signs of their words, without making a clip.

        A prompt in a known phrasing is opened, and names the language where none is given. Raises ConfigError for an
        empty text, an unknown language, one that the lexicon has no signs of, and where several may be meant.
        """
        check_text(text)
        text = normalize("NFC", text)
        prompt = prompt_text(text)
        code = resolve_language(language).code if language else (prompt[0] if prompt else None)
        if code is None and len(self.languages) == 1:
            code = self.languages[0]
        there = ", ".join(self.languages)
        if code is None:
            raise ConfigError(f"'{text}': which sign language? Give a language; this lexicon has signs of {there}")
        if code not in self.languages:
            raise ConfigError(f"the lexicon has no signs of {code}; it has signs of {there}")
        content = prompt[1] if prompt else text
        parts = split_sentences(content, LANGUAGES[code].spoken) if split else [content]
        if code not in self._wordings:
            self._wordings[code] = self._wording(code)
        wording = self._wordings[code]
        return [Wish(part, part, code, part, tuple(wording.of_text(part))) for part in parts]

    def _wording(self, code: str) -> Wording:
        """How texts of a language become signs."""
        return Wording(self.lexicon, code, self.letters)

    def notes(self, plan: Sequence[Sentence]) -> tuple[Note, ...]:
        """Which words are spelled, and which are left out."""
        return notes_of([word for wish in wishes_of(plan) for word in wish.words])

    def generate_clips(
        self,
        texts: Sequence[str],
        languages: Languages = None,
        seed: Seeds = 0,
        batch_size: int = 32,
        progress: Callable[[int], None] | None = None,
        split: bool = True,
    ) -> list[GeneratedClip]:
        """One clip a text; its `notes` say which words were spelled, and which are left out.

        Seed 0 signs as people do typically; others draw who signs. `progress(1)` is called after each text. Flags and
        order are those of `signllm.inference.Generator.generate_clips`; nothing here comes in batches. Raises
        ConfigError as `sentences` does, with the faults of all texts, and for texts of which no word has a sign.
        """
        plans = plan_each(texts, languages, lambda text, language: self._signed(text, language, split))
        seeds = seed_of_each(seed, len(texts))
        clips = []
        for asked in zip(texts, plans, seeds, strict=True):
            clips.append(self._clip(*asked))
            if progress:
                progress(1)
        return clips

    def _signed(self, text: str, language: str | None, split: bool) -> list[Wish]:
        """As `sentences`. Raises NoSignError where no word has a sign."""
        wishes = self.sentences(text, language, split)
        if not any(wish.slots for wish in wishes):
            raise NoSignError(text)
        return wishes

    def _clip(self, text: str, wishes: Sequence[Wish], seed: int) -> GeneratedClip:
        poses, glosses = [], []
        for wish in wishes:
            if wish.slots:
                pose, own = self._signed_sentence(wish, seed)
                poses.append(pose)
                glosses += own
        sentences = tuple(wish.text for wish in wishes)
        gloss, notes = " ".join(glosses), self.notes(wishes)
        return GeneratedClip(text, "\n".join(sentences), wishes[0].language, gloss, join_clips(poses), sentences, notes)

    def _signed_sentence(self, wish: Wish, seed: int) -> tuple[PoseSequence, list[str]]:
        """The clip of a sentence that has a sign, and its glosses."""
        chosen = self._chosen(wish.slots, seed)
        return self._joined(chosen), [one.sign.label for one in chosen]

    def compose(self, slots: Sequence[Slot], seed: int = 0) -> PoseSequence:
        """Signs one after the other, at least one."""
        return self._joined(self._chosen(slots, seed))

    def compose_timed(self, slots: Sequence[Slot], seed: int = 0) -> tuple[PoseSequence, list[tuple[int, int]]]:
        """As `compose`, with the first frame of each sign and the one after its last."""
        chosen = self._chosen(slots, seed)
        return self._joined(chosen), places([one.performed for one in chosen], self.fps)

    def _joined(self, chosen: Sequence[Candidate]) -> PoseSequence:
        return join([one.performed for one in chosen], self.fps).pose(self.fps)

    def _chosen(self, slots: Sequence[Slot], seed: int) -> list[Candidate]:
        last = len(slots) - 1
        rows = [
            [
                Candidate(sign, unit, cost, self._performed(sign, unit, at == 0, at == last, slot.is_letter))
                for sign, unit, cost in units_of(slot.signs, seed, at)
            ]
            for at, slot in enumerate(slots)
        ]
        return cheapest(rows, self.fps)

    def _performed(self, sign: Sign, unit: Unit, first: bool, last: bool, is_letter: bool) -> Values:
        """The sign as long as it typically is; inside of a sentence without the rest before and after it."""
        begin, end = (0 if first else sign.begin), (len(sign.mean.values_FV) if last else sign.end)
        frames = (end - begin) * sign.frames / len(sign.mean.values_FV) / (1.0 if first and last else self.pace)
        if is_letter:
            begin, end = sign.begin, sign.end
            frames = LETTER_S * self.fps / self.pace
        moments_G = np.linspace(begin, end - 1, max(2, round(frames)))
        return sign.layers(unit, moments_G).sum(self.detail, self._amplitude)


def wishes_of(plan: Sequence[Sentence]) -> list[Wish]:
    """Sentences of `LexiconSigner.sentences`, which are wishes all."""
    return [cast(Wish, sentence) for sentence in plan]


def number_faults(detail: float, pace: float) -> list[str]:
    """What is wrong with the numbers of a LexiconSigner."""
    faults = []
    if not 0 <= detail <= 1:
        faults.append(f"detail {detail:g}: expected a number from 0 (the average) to 1 (one person's detail)")
    if not SLOWEST <= pace <= FASTEST:
        faults.append(f"pace {pace:g}: expected a number from {SLOWEST:g} to {FASTEST:g}")
    return faults


def notes_of(words: Sequence[WordSigns]) -> tuple[Note, ...]:
    """What became of words that have no sign of their own, in a fixed order."""
    notes = []
    for way, (kind, english, chinese) in _NOTES.items():
        items = tuple(dict.fromkeys(word.words for word in words if word.way == way))
        if items:
            said = first_few(items)
            notes.append(Note(kind, items, english.format(said), chinese.format(said)))
    return tuple(notes)


_NOTES = {
    LEFT_OUT: ("left_out", "no sign in the lexicon, left out: {}", "词典中没有对应手语，已略去：{}"),
    SPELLED: ("spelled", "spelled letter by letter: {}", "逐字母拼写：{}"),
    NUMBER: ("digits", "signed digit by digit: {}", "逐位数字表示：{}"),
}

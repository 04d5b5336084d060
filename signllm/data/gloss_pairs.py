"""Texts and glosses without poses: what the gloss part of Prompt2LangGloss is trained and evaluated on.

The pairs come from tables (data.gloss_tables) and from the clips of a data set; B pairs stand in a batch.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from signllm.config.schema import GlossPairsConfig
from signllm.data.batching import make_batches
from signllm.data.dataset import SignDataset
from signllm.data.text_gloss import TextGloss, read_text_gloss
from signllm.errors import DataError
from signllm.languages import LANGUAGES, make_prompt, resolve_language
from signllm.sampling import spread

_NO_BUDGET = 1 << 40  # batches of pairs are limited by their number, not by frames
_MOST_WORDS = 20  # in a text of words at random


@dataclass(frozen=True)
class GlossPair:
    """One sentence of a sign language: its text and its glosses. `pseudo`: they are the text's own words."""

    language: str
    text: str
    gloss: str
    pseudo: bool = False


@dataclass(frozen=True)
class GlossBatch:
    """B prompts and what is to be read from them; where `language_only`, the glosses are not those of the text."""

    prompts: list[str]
    languages: list[str]
    glosses: list[str]
    language_only: list[bool]

    def __len__(self) -> int:
        return len(self.prompts)

    def every(self, step: int, first: int) -> GlossBatch:
        """Every `step`-th of them from number `first` on."""
        return GlossBatch(*(getattr(self, field.name)[first::step] for field in fields(self)))


class GlossPairs:
    """Pairs in a fixed order, and batches of them that are a function of seed, epoch and number."""

    def __init__(self, pairs: Sequence[GlossPair], config: GlossPairsConfig, seed: int):
        self.pairs, self.config, self.seed = list(pairs), config, seed
        self._words = [len(pair.text.split()) for pair in self.pairs]
        self._spoken: dict[str, list[GlossPair]] = defaultdict(list)
        for pair in self.pairs:
            self._spoken[pair.language].append(pair)
        self._batches: tuple[tuple[int, int], list[list[int]]] | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    def steps(self, batch_size: int) -> int:
        """Batches an epoch, the same in every epoch."""
        return -(-len(self.pairs) // batch_size)

    def batches(self, epoch: int, batch_size: int) -> list[list[int]]:
        """Places of the pairs of each batch, texts of like length together; each pair stands in exactly one."""
        key = (epoch, batch_size)
        if self._batches is None or self._batches[0] != key:
            self._batches = key, make_batches(self._words, batch_size, _NO_BUDGET, self.seed, epoch)
        return self._batches[1]

    def batch(self, step: int, batch_size: int) -> GlossBatch:
        """Batch number `step`, counted from 0 over all epochs."""
        epoch, number = divmod(step, self.steps(batch_size))
        rows = [self._row(place, epoch) for place in self.batches(epoch, batch_size)[number]]
        prompts, pairs, language_only = zip(*rows, strict=True)
        return GlossBatch(
            list(prompts), [pair.language for pair in pairs], [pair.gloss for pair in pairs], list(language_only)
        )

    def _row(self, place: int, epoch: int) -> tuple[str, GlossPair, bool]:
        """(prompt, pair, whether the prompt holds words at random): a function of seed, epoch and place.

        Phrasings are those of training only. A word of the prompt is left out with probability `word_dropout`.
        """
        pair, rng = self.pairs[place], np.random.default_rng([self.seed, epoch, place, 1])
        phrasings = LANGUAGES[pair.language].prompts
        phrasing = self._noisy(phrasings[int(rng.integers(1 << 30)) % len(phrasings)], pair.language, rng)
        other = bool(rng.random() < self.config.other_texts)
        text = self._words_at_random(rng) if other else pair.text
        words = phrasing.replace("{text}", text).split(" ")
        if self.config.word_dropout:
            kept = rng.random(len(words)) >= self.config.word_dropout
            words = [word for word, stays in zip(words, kept, strict=True) if stays] or words
        return " ".join(words), pair, other

    def _noisy(self, phrasing: str, language: str, rng: np.random.Generator) -> str:
        """The phrasing with the asked share of its words replaced by none to two others each.

        Other phrasings will be met later, also longer and shorter ones, which put the text at other positions. Half of
        the others are of the language's own texts, for what stands around the text, such as "I", must not be signed;
        half have their letters shuffled, for other phrasings have words that no text has.
        """
        if not self.config.phrasing_noise:
            return phrasing
        words = []
        for word in phrasing.split(" "):
            if "{text}" in word or rng.random() >= self.config.phrasing_noise:
                words.append(word)
            else:
                others = [self._word(rng, language if rng.random() < 0.5 else None) for _ in range(rng.integers(3))]
                words += [_half_shuffled(other, rng) for other in others]
        return " ".join(words)

    def _word(self, rng: np.random.Generator, language: str | None = None) -> str:
        """A word of the texts, of one language or of any."""
        pairs = self._spoken[language] if language else self.pairs
        choices = pairs[int(rng.integers(len(pairs)))].text.split()
        return choices[int(rng.integers(len(choices)))]

    def _words_at_random(self, rng: np.random.Generator) -> str:
        """Up to `_MOST_WORDS` words of any pairs, so of any language; half of them with their letters shuffled.

        Shuffled words are new ones: what a text holds that no training text held must not sway the language.
        """
        return " ".join(_half_shuffled(self._word(rng), rng) for _ in range(rng.integers(1, _MOST_WORDS + 1)))

    def texts(self) -> list[str]:
        """Every text alone and in one training phrasing, phrasings in turn: the corpus of a text encoder's vocabulary.

        All phrasings around each text would teach the same pieces in twice the time.
        """
        wrapped = (make_prompt(pair.text, pair.language, place) for place, pair in enumerate(self.pairs))
        return list(dict.fromkeys([*(pair.text for pair in self.pairs), *wrapped]))

    @property
    def fingerprint(self) -> str:
        """Identifies the pairs and their order."""
        digest = hashlib.sha256(repr([(p.language, p.text, p.gloss) for p in self.pairs]).encode())
        return digest.hexdigest()[:16]

    def spread(self, most: int) -> list[GlossPair]:
        """At most `most` pairs, evenly spread over all."""
        return [self.pairs[place] for place in spread(len(self.pairs), most)]


def _half_shuffled(word: str, rng: np.random.Generator) -> str:
    """The word as it stands or, half of the time, a new one of its letters."""
    return "".join(rng.permutation(list(word))) if rng.random() < 0.5 else word


def read_tables(paths: Mapping[str, str], most: int | None = None) -> dict[str, list[TextGloss]]:
    """The lines of each language's table, at most `most` each. Raises DataError naming every fault of every table."""
    rows, faults = {}, []
    for name, path in paths.items():
        try:
            table = read_text_gloss(path)
        except DataError as error:
            faults += error.faults
            continue
        rows[resolve_language(name).code] = [table[place] for place in spread(len(table), most)]
    if faults:
        raise DataError(faults)
    return rows


def gloss_pairs(tables: Mapping[str, Sequence[TextGloss]], clips: SignDataset) -> list[GlossPair]:
    """The pairs of tables and clips, each once; a pseudo-gloss counts only in a language without a table."""
    pairs = {GlossPair(code, row.text, row.gloss): None for code, rows in tables.items() for row in rows}
    for index in range(len(clips)):
        record, (gloss, pseudo) = clips.record(index), clips.gloss(index)
        if not (pseudo and record.language in tables):
            pairs |= {GlossPair(record.language, text, gloss, pseudo): None for text in record.texts}
    return list(pairs)


def open_gloss_pairs(
    tables: Mapping[str, str],
    eval_tables: Mapping[str, str],
    train_set: SignDataset,
    eval_set: SignDataset,
    config: GlossPairsConfig,
    seed: int,
    most: int | None = None,
) -> tuple[GlossPairs, GlossPairs]:
    """The pairs to train on and those to evaluate on.

    Raises DataError for tables that cannot be read, for a language without training clips, and for an id that stands
    in a training table and in the evaluation table or evaluation clips of its language.
    """
    train, held_out = read_tables(tables, most), read_tables(eval_tables, most)
    faults = [
        f"data.gloss_tables: {code} has a table but no training clips; the pose part needs some clips of each language"
        for code in {**train, **held_out}
        if code not in train_set.languages
    ]
    for code, rows in train.items():
        used = {row.id for row in rows}
        shared = sorted(used & {row.id for row in held_out.get(code, ())} | used & _clip_ids(eval_set, code))
        if shared:
            faults.append(
                f"data.gloss_tables: {len(shared)} ids of {code} are also to be evaluated on, such as {shared[0]};"
                " leave them out of the training table"
            )
    if faults:
        raise DataError(faults)
    pairs = gloss_pairs(train, train_set), gloss_pairs(held_out, eval_set)
    return GlossPairs(pairs[0], config, seed), GlossPairs(pairs[1], config, seed)


def _clip_ids(clips: SignDataset, code: str) -> set[str]:
    """Ids without the folder of their split, as tables name them."""
    records = map(clips.record, range(len(clips)))
    return {record.id.rpartition("/")[-1] for record in records if record.language == code}

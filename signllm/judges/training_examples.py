"""What a judge is trained on: clips of words to recognise, or of sentences to translate, and which clips are used."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from signllm.data.store import ClipRecord
from signllm.data.texts import normalised_text
from signllm.judges.model import JudgeSize, Recogniser, Translator
from signllm.models.gloss import GlossVocabulary

PIECES = 2000
LONGEST_MARGIN = 1.5


def choose_share(records: Sequence[ClipRecord], share: float, seed: int) -> tuple[list[int], list[int]]:
    """(chosen, left): a part of the clips and the rest, both spread over all texts; fixed by ids, share and seed.

    Each text gives its share of clips, give or take one.
    """
    by_text: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        by_text[normalised_text(record.text)].append(index)
    chosen: list[int] = []
    passed = 0
    for text in sorted(by_text, key=lambda text: _rank(seed, text)):
        clips = sorted(by_text[text], key=lambda index: _rank(seed, records[index].id))
        passed += len(clips)
        chosen += clips[: min(len(clips), max(0, round(passed * share) - len(chosen)))]
    return sorted(chosen), sorted(set(range(len(records))) - set(chosen))


def hold_out(records: Sequence[ClipRecord], share: float, seed: int, recognition: bool) -> tuple[list[int], list[int]]:
    """(learn, held): the clips to learn from and those that tell when to stop.

    Of words, clips of texts that keep at least two others; of sentences, all clips of some texts.
    """
    by_text: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        by_text[normalised_text(record.text)].append(index)
    wanted = round(share * len(records))
    held: list[int] = []
    for text in sorted(by_text, key=lambda text: _rank(seed + 1, text)):
        if len(held) >= wanted:
            break
        clips = sorted(by_text[text], key=lambda index: _rank(seed + 1, records[index].id))
        if recognition:
            held += clips[:1] if len(clips) >= 3 else []
        elif len(by_text) > 1:
            held += clips
    return sorted(set(range(len(records))) - set(held)), sorted(held)


def _rank(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()


class WordExamples:
    """Clips with the word that each shows, for a recogniser."""

    def __init__(self, records: Sequence[ClipRecord], language: str):
        texts = [normalised_text(record.text) for record in records]
        self.words = sorted(set(texts))
        index_of = {word: index for index, word in enumerate(self.words)}
        self._word_N = torch.tensor([index_of[text] for text in texts])

    def network(self, features: int, size: JudgeSize) -> Recogniser:
        """A fresh network of the right kind."""
        return Recogniser(features, self.words, size)

    def loss(self, network: Recogniser, features_BFD: Tensor, frames_B: Tensor, clips: Sequence[int]) -> Tensor:
        """The loss on a batch of the clips of these indices."""
        return network.loss(features_BFD, frames_B, self._word_N[list(clips)])


class SentenceExamples:
    """Clips with their texts in lower case, for a translator, and with their glosses where the corpus has them."""

    def __init__(self, records: Sequence[ClipRecord], language: str):
        texts = [target_text(record.text) for record in records]
        self.vocabulary = GlossVocabulary.train(texts, PIECES, [language])
        self._pieces = [self.vocabulary.encode(text, language) for text in texts]
        self.glosses = sorted({gloss for record in records for gloss in (record.gloss or "").split()})
        index_of = {gloss: index for index, gloss in enumerate(self.glosses, 1)}
        self._glosses = [[index_of[gloss] for gloss in (record.gloss or "").split()] for record in records]

    def network(self, features: int, size: JudgeSize) -> Translator:
        """A fresh network of the right kind."""
        longest = round(LONGEST_MARGIN * max(map(len, self._pieces)))
        return Translator(features, self.vocabulary, self.glosses, size, longest)

    def loss(self, network: Translator, features_BFD: Tensor, frames_B: Tensor, clips: Sequence[int]) -> Tensor:
        """The loss on a batch of the clips of these indices."""
        pieces_BL = self.vocabulary.pad_batch([self._pieces[clip] for clip in clips], features_BFD.device)
        glosses = [self._glosses[clip] for clip in clips]
        longest = max(1, *(len(row) for row in glosses)) if len(glosses) > 1 else max(1, len(glosses[0]))
        gloss_BL = torch.tensor([[*row, *[0] * (longest - len(row))] for row in glosses])
        return network.loss(features_BFD, frames_B, pieces_BL, gloss_BL, torch.tensor([len(row) for row in glosses]))


def target_text(text: str) -> str:
    """What a translator learns to write: lower case, single blanks."""
    return " ".join(text.lower().split())

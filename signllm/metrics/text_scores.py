"""Scores of texts and glosses: BLEU-1..4 and chrF by sacrebleu, ROUGE-L, word error rate, and accuracy of recognition.

Like every preset they work on additive numbers of each sentence, so corpora pool and intervals come from resampling.
The figures of a corpus equal what sacrebleu's `corpus_score` gives for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from signllm.data.store import ClipRecord
from signllm.errors import DataError
from signllm.metrics.preset import HIGHER, LOWER, Preset
from signllm.pose import PoseSequence
from signllm.text.words import spaced_han

if TYPE_CHECKING:
    from sacrebleu.metrics import BLEU, CHRF

ORDERS = (1, 2, 3, 4)
ROUGE_BETA = 1.2


@dataclass(frozen=True)
class TextPreset:
    """A text metric whose every choice is fixed by its name: what `Preset` is for poses.

    `measure(hypothesis, references)` gives K finite numbers that may be added over sentences; of several references all
    count or the nearest, as its definition says. `conclude` maps sums (..., K) to figures (..., len(figures)), NaN
    where a figure is not defined.
    """

    name: str
    figures: tuple[str, ...]
    better: str
    unit: str
    measure: Callable[[str, Sequence[str]], Sequence[float]]
    conclude: Callable[[np.ndarray], np.ndarray]
    options: str = ""
    version: int = 1

    @property
    def medians(self) -> tuple[tuple[int, int], ...]:
        """None: every figure of a text follows from sums."""
        return ()

    @property
    def formula(self) -> str:
        """Definition and source, as text."""
        return " ".join((self.measure.__doc__ or "").split())

    def signature(self, skeleton: str = "", unit: str = "", fps: float = 0.0) -> str:
        """What must be equal for two figures to be comparable; poses play no part, whatever is said of them."""
        options = f"|{self.options}" if self.options else ""
        return f"{self.name}{options}|version:{self.version}"


AnyPreset = Preset | TextPreset
Rows = dict[str, np.ndarray]  # preset name -> (N, K) numbers of N clips


@dataclass(frozen=True)
class RecordPreset(TextPreset):
    """A text metric of what a reader makes of clips; `reader(language, clips, records)` gives rows of all its presets.

    Where others compare a clip with the reference's poses, this one compares what it says with the record's text.
    """

    reader: Callable[[str, Sequence[PoseSequence], Sequence[ClipRecord]], Rows] | None = None


def _sacrebleu_version() -> str:
    from importlib.metadata import version

    return version("sacrebleu")


@functools.cache
def _bleu_counter(tokenize: str, lowercase: bool) -> BLEU:
    from sacrebleu.metrics import BLEU

    return BLEU(tokenize=tokenize, lowercase=lowercase, effective_order=True)


@functools.cache
def _chrf_counter(lowercase: bool) -> CHRF:
    from sacrebleu.metrics import CHRF

    return CHRF(lowercase=lowercase)


def _bleu_numbers(hypothesis: str, references: Sequence[str], tokenize: str, lowercase: bool) -> list[float]:
    score = _bleu_counter(tokenize, lowercase).sentence_score(hypothesis, list(references))
    return [*score.counts, *score.totals, score.sys_len, score.ref_len]


def _bleu_figures(sums: np.ndarray) -> np.ndarray:
    from sacrebleu.metrics import BLEU

    def scores(row: np.ndarray) -> list[float]:
        counts, totals = row[:4].astype(int).tolist(), row[4:8].astype(int).tolist()
        lengths = int(row[8]), int(row[9])
        return [
            BLEU.compute_bleu(counts, totals, *lengths, smooth_method="exp", max_ngram_order=n).score for n in ORDERS
        ]

    return np.apply_along_axis(scores, -1, sums)


def _chrf_numbers(hypothesis: str, references: Sequence[str], lowercase: bool) -> list[float]:
    # The counts behind a sentence's score; sacrebleu keeps the method that gives them under an underscore.
    return _chrf_counter(lowercase)._extract_corpus_statistics([hypothesis], [[text] for text in references])[0]


def _chrf_figures(sums: np.ndarray) -> np.ndarray:
    return np.apply_along_axis(lambda row: [_chrf_counter(False)._compute_f_score(row.tolist())], -1, sums)


def rouge_l(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of tokens with beta 1.2, in [0, 1]; 0 when either is empty."""
    if not hypothesis or not reference:
        return 0.0
    row = [0] * (len(reference) + 1)
    for token in hypothesis:
        before = 0
        for place, other in enumerate(reference, 1):
            above = row[place]
            row[place] = before + 1 if token == other else max(above, row[place - 1])
            before = above
    common = row[-1]
    if not common:
        return 0.0
    precision, recall = common / len(hypothesis), common / len(reference)
    return (1 + ROUGE_BETA**2) * precision * recall / (recall + ROUGE_BETA**2 * precision)


def edit_distance(hypothesis: Sequence[str], reference: Sequence[str]) -> int:
    """Fewest insertions, deletions and substitutions of tokens, one each, that turn one into the other."""
    row = list(range(len(reference) + 1))
    for count, token in enumerate(hypothesis, 1):
        before, row[0] = row[0], count
        for place, other in enumerate(reference, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (token != other))
    return row[-1]


def _ratio(sums: np.ndarray) -> np.ndarray:
    numerator, denominator = sums[..., :1], sums[..., 1:2]
    missing = np.full(numerator.shape, np.nan)
    return 100 * np.divide(numerator, denominator, out=missing, where=denominator > 0)


def text_presets(prefix: str = "text", tokenize: str = "13a", lowercase: bool = True) -> list[TextPreset]:
    """BLEU-1..4, chrF, ROUGE-L and WER whose figures start with `prefix`.

    `tokenize` is sacrebleu's: '13a' for texts, 'none' for glosses and texts that are already split at blanks, as
    in Camgoz et al. and Progressive Transformers (their `raw_corpus_bleu`). `lowercase` folds the case of both sides.
    ROUGE and WER look at the words between blanks, after the same folding. Except in glosses
    each Han letter is a word, as in published figures of Chinese. Everything is in per cent.
    """

    read: Callable[[str], str] = str if tokenize == "none" else spaced_han

    def words(text: str) -> list[str]:
        return read(text.lower() if lowercase else text).split()

    def bleu(hypothesis: str, references: Sequence[str]) -> Sequence[float]:
        """BLEU-n over the corpus: geometric mean of the clipped 1- to n-gram precisions times the brevity penalty.
        Papineni et al. 2002; sacrebleu (Post 2018), exponential smoothing of orders without a match."""
        return _bleu_numbers(read(hypothesis), [read(text) for text in references], tokenize, lowercase)

    def chrf(hypothesis: str, references: Sequence[str]) -> Sequence[float]:
        """chrF2 over the corpus: F-score (beta 2) of character 1- to 6-grams. Popović 2015; sacrebleu."""
        return _chrf_numbers(hypothesis, references, lowercase)

    def rouge(hypothesis: str, references: Sequence[str]) -> Sequence[float]:
        """Mean over sentences of the ROUGE-L F-measure with beta 1.2. Lin 2004; as in Camgoz et al. 2018."""
        return max(rouge_l(words(hypothesis), words(text)) for text in references), 1.0

    def wer(hypothesis: str, references: Sequence[str]) -> Sequence[float]:
        """Word edits (substitution, insertion, deletion cost 1 each) over words of the references. Camgoz et al. align
        with costs 4, 3, 3 before they count, which never gives less."""
        counts = [(edit_distance(words(hypothesis), words(text)), float(len(words(text)))) for text in references]
        return min(counts, key=lambda count: count[0] / max(1.0, count[1]))

    case = "lc" if lowercase else "mixed"
    options = f"case:{case}|tok:{tokenize}|sacrebleu:{_sacrebleu_version()}"
    bleus = tuple(f"{prefix}_bleu_{n}" for n in ORDERS)
    return [
        TextPreset(f"{prefix}-bleu", bleus, HIGHER, "%", bleu, _bleu_figures, options),
        TextPreset(f"{prefix}-chrf", (f"{prefix}_chrf",), HIGHER, "%", chrf, _chrf_figures, options),
        TextPreset(f"{prefix}-rouge-l", (f"{prefix}_rouge_l",), HIGHER, "%", rouge, _ratio, f"case:{case}|tok:blanks"),
        TextPreset(f"{prefix}-wer", (f"{prefix}_wer",), LOWER, "%", wer, _ratio, f"case:{case}|tok:blanks"),
    ]


def gloss_presets(prefix: str = "gloss", lowercase: bool = True) -> list[TextPreset]:
    """The same for glosses, tokens being what stands between blanks, as the field's text-to-gloss figures are made."""
    return text_presets(prefix, "none", lowercase)


def measure_texts(
    hypotheses: Sequence[str], references: Sequence[str | Sequence[str]], presets: Sequence[TextPreset]
) -> dict[str, np.ndarray]:
    """(N, K) float64 numbers of N sentences by preset; a sentence may have several references.

    Raises DataError when they do not pair up or one is empty.
    """
    if len(hypotheses) != len(references):
        raise DataError(f"{len(hypotheses)} texts for {len(references)} references; they must pair up one to one")
    several = [[one] if isinstance(one, str) else list(one) for one in references]
    empty = [
        index for index, texts in enumerate(several) if not texts or not all(text and text.strip() for text in texts)
    ]
    if empty:
        raise DataError(f"{len(empty)} references without text, the first is number {empty[0]}; leave those out")
    pairs = list(zip(hypotheses, several, strict=True))
    return {
        preset.name: np.array([preset.measure(h, r) for h, r in pairs], dtype=np.float64).reshape(len(pairs), -1)
        for preset in presets
    }


def score_texts(
    hypotheses: Sequence[str],
    references: Sequence[str | Sequence[str]],
    presets: Sequence[TextPreset] | None = None,
) -> dict[str, float]:
    """Corpus figures by name, `text_bleu_4` and so on; `presets` default to `text_presets()`.

    A sentence may have several references: BLEU counts the n-grams of all, the others compare with the nearest.
    """
    presets = text_presets() if presets is None else presets
    numbers = measure_texts(hypotheses, references, presets)
    return {
        name: float(value)
        for preset in presets
        for name, value in zip(preset.figures, preset.conclude(numbers[preset.name].sum(0)), strict=True)
    }


def score_glosses(hypotheses: Sequence[str], references: Sequence[str], lowercase: bool = True) -> dict[str, float]:
    """`gloss_bleu_1` .. `gloss_bleu_4`, `gloss_chrf`, `gloss_rouge_l`, `gloss_wer`, as published figures are made."""
    return score_texts(hypotheses, references, gloss_presets(lowercase=lowercase))

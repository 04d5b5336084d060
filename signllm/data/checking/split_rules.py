"""What splits share that they must not, and what one of them lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from signllm.data.checking.facts import SplitFacts
from signllm.data.checking.findings import MOST_CLIPS, Finding, Place, Severity, counted, graded
from signllm.data.dealing import DEV, TRAIN
from signllm.data.texts import corpus_kind, normalised_text
from signllm.text.words import first_few, words_of

Rule = Callable[[Sequence[SplitFacts]], Iterator[Finding]]

COPIES = (0.002, 0.3)
"""Share of a split's clips that are copies of others in it: they count double, and a third of them is no corpus."""
LEAKED = 0.02
"""Share of an evaluation split that stands in training. Below, scores move by less than their intervals are wide."""
SHARED_SENTENCES = 0.05
"""Share of evaluation texts that stand in training: PHOENIX-2014T has 1 %, greetings and dates."""
UNSEEN_WORDS = 0.2
"""Share of the words of dev or test, counted as often as they come, that training never shows."""
FEW_CLIPS = 100
"""Fewer clips than this are a trial."""


def copies(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """Clips with the same poses under other names: in one split, and in two."""
    for split in splits:
        yield from _copies_within(split)
    for first, second in combinations(splits, 2):
        shared, rows_first, rows_second = np.intersect1d(
            np.array(first.digests, np.uint64), np.array(second.digests, np.uint64), return_indices=True
        )
        if not len(shared):
            continue
        leak = first.role != second.role
        later = second if second.role != TRAIN else first
        share = len(shared) / max(1, len(later))
        pairs = [
            Place(f"{first.entry(a).name} = {second.entry(b).name}")
            for a, b in zip(rows_first[:MOST_CLIPS], rows_second[:MOST_CLIPS], strict=True)
        ]
        yield Finding(
            "shared_clips",
            Severity.ERROR if leak and share >= LEAKED else Severity.WARNING,
            f"{first.label} and {second.label}",
            (
                f"the same poses stand in {first.label} and {second.label}: {counted(len(shared), 'clip')}, {share:.1%}"
                f" of {later.label}",
                f"{first.label} 与 {second.label} 有 {len(shared)} 个姿态相同的片段（占 {later.label} 的 {share:.0%}）",
            ),
            (
                "take them out of one of the splits: scores on copies mean nothing",
                "从其中一个划分去掉：对副本的评分没有意义",
            ),
            share,
            tuple(pairs),
        )


def _copies_within(split: SplitFacts) -> Iterator[Finding]:
    digests = np.array(split.digests, np.uint64)
    _, first, inverse, counts = np.unique(digests, return_index=True, return_inverse=True, return_counts=True)
    extra = np.flatnonzero((counts[inverse] > 1) & (first[inverse] != np.arange(len(digests))))
    if not len(extra):
        return
    originals = first[inverse[extra]]
    texts = np.array([hash(normalised_text(entry.text or "")) for entry in split.read_entries()])
    other = int((texts[originals] != texts[extra]).sum())
    share = len(extra) / len(split)
    yield Finding(
        "copies",
        graded(share, *COPIES),
        split.label,
        (
            f"poses of another clip in {len(extra)} of {len(split)} clips"
            + f", {other} with another text" * bool(other),
            f"{len(split)} 个片段中有 {len(extra)} 个与别的片段姿态相同" + f"，其中 {other} 个文本不同" * bool(other),
        ),
        ("leave the copies out; see which of two texts is right", "去掉副本；文本不同时查看哪个正确"),
        share,
        tuple(
            Place(f"{split.entry(a).name} = {split.entry(b).name}")
            for a, b in zip(originals[:MOST_CLIPS], extra[:MOST_CLIPS], strict=True)
        ),
    )


def _pairs(splits: Sequence[SplitFacts]) -> Iterator[tuple[SplitFacts, SplitFacts]]:
    """(training split, another split) of each language."""
    for train in splits:
        for other in splits:
            if train.role == TRAIN and other.role != TRAIN and train.language == other.language:
                yield train, other


def shared_texts(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """Sentences of evaluation that stand in training. Labels of signs must come again, so of them it is a note."""
    for train, other in _pairs(splits):
        known = {normalised_text(text) for text in train.texts}
        shared = [entry for entry in other.entries if entry.text and normalised_text(entry.text) in known]
        if not shared:
            continue
        share = len(shared) / max(1, len(other.texts))
        sentences = not corpus_kind(other.texts).is_words
        yield Finding(
            "shared_texts",
            Severity.WARNING if sentences and share >= SHARED_SENTENCES else Severity.NOTE,
            f"{train.label} and {other.label}",
            (
                f"{len(shared)} of {len(other.texts)} texts of {other.label} ({share:.0%}) stand in {train.label}, too"
                + ", as they must where texts are labels" * (not sentences),
                f"{other.label} 的 {len(other.texts)} 条文本中有 {len(shared)} 条（{share:.0%}）也在 {train.label} 中"
                + "；以标签为文本的语料本应如此" * (not sentences),
            ),
            ("the evaluation reports scores without them, too", "评估会另外给出去掉它们的得分"),
            share,
            tuple(Place(entry.name) for entry in shared[:MOST_CLIPS]),
        )


def shared_signers(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """Signers of evaluation who sign in training."""
    for train, other in _pairs(splits):
        ours, theirs = ({entry.signer for entry in split.entries if entry.signer} for split in (train, other))
        both = sorted(ours & theirs)
        if both:
            yield Finding(
                "shared_signers",
                Severity.NOTE,
                f"{train.label} and {other.label}",
                (
                    f"{len(both)} of {len(theirs)} signers of {other.label} sign in {train.label}, too:"
                    f" {first_few(both)}",
                    f"{other.label} 的 {len(theirs)} 位手语者中有 {len(both)} 位也在 {train.label} 中："
                    f"{first_few(both)}",
                ),
                ("no score says how new signers would be met", "得分不能说明对新手语者的效果"),
                len(both) / len(theirs),
            )


def unseen_words(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """Words of evaluation that training never shows, so that no model can know their signs."""
    for train, other in _pairs(splits):
        known = {word for text in train.texts for word in words_of(text)}
        counts = Counter(word for text in other.texts for word in words_of(text))
        new = [word for word, _ in counts.most_common() if word not in known]
        if not new or not known:
            continue
        share = sum(counts[word] for word in new) / counts.total()
        yield Finding(
            "unseen_words",
            graded(share, UNSEEN_WORDS, 2.0),
            f"{train.label} and {other.label}",
            (
                f"{len(new)} of {len(counts)} words of {other.label} ({share:.0%} of all it says) never come in"
                f" {train.label}: {first_few(new)}",
                f"{other.label} 的 {len(counts)} 个词中有 {len(new)} 个（占其全部用词的 {share:.0%}）"
                f"从未出现在 {train.label} 中：{first_few(new)}",
            ),
            (
                "deal the splits so that words come again, or read scores with this in mind",
                "重新划分使词重复出现，或解读得分时留意",
            ),
            share,
        )


def incomplete(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """A language without a training or an evaluation split, or with few clips."""
    for code in dict.fromkeys(split.language for split in splits):
        own = [split for split in splits if split.language == code]
        names = {split.role for split in own}
        label = code or own[0].source.label
        if names == {None}:
            continue
        for name, english, chinese in (
            (TRAIN, "nothing to train on", "没有可训练的数据"),
            (DEV, "nothing to choose the best model by", "无法选出最好的模型"),
        ):
            if name not in names:
                yield Finding(
                    "no_split",
                    Severity.NOTE,
                    label,
                    (f"there is no split {name}: {english}", f"没有 {name} 划分：{chinese}"),
                    ("convert it, too, or deal clips with --held_out", "一并转换，或用 --held_out 划分"),
                )
        trains = [split for split in own if split.role == TRAIN]
        count = sum(map(len, trains))
        if trains and 0 < count < FEW_CLIPS:
            yield Finding(
                "few_clips",
                Severity.NOTE,
                trains[0].label,
                (f"{counted(count, 'clip')}: enough for a trial only", f"{count} 个片段只够试跑"),
                ("gather more", "收集更多数据"),
            )


def read_differently(splits: Sequence[SplitFacts]) -> Iterator[Finding]:
    """Splits of one language with another scale or with sides exchanged in one only, as conversion warns of."""
    for first, second in combinations(splits, 2):
        if first.language != second.language or first.found is None or second.found is None:
            continue
        one, two = first.found.conventions, second.found.conventions
        if abs(one.scale / two.scale - 1) > 0.02 or one.sides_swapped != two.sides_swapped:
            yield Finding(
                "read_differently",
                Severity.WARNING,
                f"{first.label} and {second.label}",
                (
                    f"{first.label} has scale {one.scale:.4g}, sides {_sides(one.sides_swapped)}; {second.label} has"
                    f" scale {two.scale:.4g}, sides {_sides(two.sides_swapped)}",
                    f"{first.label} 的比例 {one.scale:.4g}，{second.label} 的比例 {two.scale:.4g}，或左右约定不同",
                ),
                ("see --layout, or convert the splits apart", "检查 --layout，或分别转换"),
            )


def _sides(swapped: bool) -> str:
    return "exchanged" if swapped else "as they are"


SPLIT_RULES: tuple[Rule, ...] = (*(copies, shared_texts, shared_signers, unseen_words, incomplete, read_differently),)

"""What is wrong with the texts of a split: their language, their length beside the poses, what is no text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from signllm.data.checking.facts import SplitFacts
from signllm.data.checking.findings import MOST_CLIPS, Finding, Place, Severity, counted, graded
from signllm.errors import ConfigError
from signllm.languages import LANGUAGES
from signllm.text.checks import check_text
from signllm.text.identify import DOUBTFUL_SHARE, foreign_texts, spoken_language, spoken_name
from signllm.text.words import is_sentence, words_of

Rule = Callable[[SplitFacts], Iterator[Finding]]

FOREIGN, MANY_FOREIGN = 0.002, 0.5
"""Share of texts in another language that is worth a look, and from which the language was said wrongly."""
MOST_TEXTS = 20_000
"""Different texts that are judged; each takes a fifth of a millisecond."""
FAR_OUT, TIMES = 6.0, 3.0
"""A clip's letters a second are odd where they lie so many robust deviations, and so many times, from the median."""
FASTEST_TEXT = 45.0
"""Letters a second: fast speech has 20 and no sentence twice as many. Single words have any rate: a
gloss of 20 letters is a sign of 0.2 s."""
MISMATCH = (0.002, 0.1)
"""Share of clips whose text and poses do not match in length."""
_WRONG_LANGUAGE = (
    "see --language, and --columns for tables with several languages",
    "检查 --language；多语种表格用 --columns 指定列",
)
_ALMOST_NONE_S, _ALMOST_NONE_LETTERS = 0.5, 3.0  # added to both, so that short ones are no outliers by themselves
_FEWEST = 10  # clips that make a corpus of which one can be far out
_CHINESE = {
    "en": "英语",
    "de": "德语",
    "fr": "法语",
    "it": "意大利语",
    "es": "西班牙语",
    "ko": "韩语",
    "tr": "土耳其语",
    "zh": "中文",
    "ja": "日语",
}


def language(split: SplitFacts) -> Iterator[Finding]:
    """Texts that are not in the spoken language of the sign language; or which language is to be said."""
    texts = split.texts
    if split.language is None or split.language not in LANGUAGES:
        yield from _unsaid(split, texts)
        return
    spoken = LANGUAGES[split.language].spoken
    foreign, share = foreign_texts(texts, split.language, MOST_TEXTS)
    if share < DOUBTFUL_SHARE:  # so few short texts may be taken wrongly; sentences are not
        foreign = {text: found for text, found in foreign.items() if is_sentence(text)}
        share = len(foreign) / max(1, min(MOST_TEXTS, len(set(texts))))
    if not foreign:
        return
    text, found = next(iter(foreign.items()))
    shown = text if len(text) <= 60 else text[:57] + "..."
    wrong = share >= MANY_FOREIGN
    in_chinese = _CHINESE.get(spoken, spoken)
    english = f"{share:.0%} of the texts are" if wrong else f"{counted(len(foreign), 'text')} ({share:.1%}) not"
    yield Finding(
        "other_language" if wrong else "foreign_texts",
        graded(share, FOREIGN, MANY_FOREIGN),
        split.label,
        (
            f"{english + ' not' * wrong} in {spoken_name(spoken)}, the spoken language of {split.language}, such as"
            f" '{shown}' in {found}",
            f"有 {share:.1%} 的文本不是 {split.language} 对应的{in_chinese}，例如“{shown}”（{found}）",
        ),
        _WRONG_LANGUAGE if wrong else ("translate them, or leave the clips out", "翻译这些文本，或去掉对应片段"),
        share,
        tuple(Place(entry.name) for entry in split.entries if entry.text in foreign)[:MOST_CLIPS],
    )


def _unsaid(split: SplitFacts, texts: list[str]) -> Iterator[Finding]:
    spoken = spoken_language(texts) if texts else None
    codes = [code for code, one in LANGUAGES.items() if one.spoken == spoken]
    likely = f"; the texts are in {spoken_name(spoken)}, as for {' or '.join(codes)}" if spoken else ""
    in_chinese = f"；文本是{_CHINESE.get(spoken, spoken)}，对应 {' 或 '.join(codes)}" if spoken else ""
    yield Finding(
        "no_language",
        Severity.NOTE,
        split.label,
        (f"nothing says which sign language this is{likely}", f"没有说明是哪种手语{in_chinese}"),
        (f"conversion needs --language, such as {codes[0] if codes else 'ASL'}", "转换时需要 --language"),
    )


def lengths(split: SplitFacts) -> Iterator[Finding]:
    """Texts that are far too long or too short for their poses, beside the others of the split."""
    texts = [entry.text or "" for entry in split.read_entries()]
    rows = [row for row, text in enumerate(texts) if text]
    if not rows:
        return
    letters = np.array([len("".join(words_of(texts[row]))) for row in rows], float)
    seconds = split.figure("duration_s")[rows]
    rate = np.log((letters + _ALMOST_NONE_LETTERS) / (seconds + _ALMOST_NONE_S))
    middle = float(np.median(rate))
    spread = max(1.4826 * float(np.median(np.abs(rate - middle))), np.log(TIMES) / FAR_OUT)
    far = (np.abs(rate - middle) > FAR_OUT * spread) if len(rows) >= _FEWEST else np.zeros(len(rows), bool)
    sentences = np.array([is_sentence(texts[row]) for row in rows])
    odd = far | (sentences & (letters / seconds > FASTEST_TEXT))
    if not odd.any():
        return
    share = float(odd.mean())
    order = [number for number in np.argsort(-np.abs(rate - middle), kind="stable") if odd[number]]
    first = order[0]
    name = split.entry(rows[first]).name
    usual = float(np.median(letters / seconds))
    told = f"{letters[first]:.0f} letters in {seconds[first]:.1f} s"
    in_chinese = f"{seconds[first]:.1f} 秒 {letters[first]:.0f} 个字母"
    yield Finding(
        "length_mismatch",
        graded(share, *MISMATCH),
        split.label,
        (
            f"text and poses do not match in length in {int(odd.sum())} of {len(rows)} clips, such as {name}: {told},"
            f" where {usual:.1f} letters a second are usual",
            f"{len(rows)} 个片段中有 {int(odd.sum())} 个的文本与姿态长度不符，例如 {name}：{in_chinese}，"
            f"通常每秒 {usual:.1f} 个字母",
        ),
        ("see whether texts and clips are paired rightly; else leave them out", "检查文本与片段是否对应；否则去掉"),
        share,
        tuple(Place(split.entry(rows[number]).name) for number in order[:MOST_CLIPS]),
    )


def no_texts(split: SplitFacts) -> Iterator[Finding]:
    """Texts with control characters, without a word, or without end."""
    places = []
    for entry in split.entries:
        if not entry.text:
            continue
        try:
            check_text(entry.text)
            if not any(map(str.isalnum, entry.text)):
                places.append(Place(entry.name))
        except ConfigError:
            places.append(Place(entry.name))
    if places:
        share = len(places) / len(split.entries)
        yield Finding(
            "odd_texts",
            Severity.WARNING,
            split.label,
            (
                f"{len(places)} texts hold no letter and no digit, or control characters, or are endless",
                f"{len(places)} 条文本没有字母和数字，或含控制字符，或过长",
            ),
            ("write what is signed", "写明打的是什么手语"),
            share,
            tuple(places[:MOST_CLIPS]),
        )


TEXT_RULES: tuple[Rule, ...] = (language, lengths, no_texts)

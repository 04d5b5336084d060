"""What of a request the model cannot know: every generated clip says it, so that confidence is no silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from signllm.languages import LANGUAGES
from signllm.models.known_words import MOST_WORDS
from signllm.models.outputs import Generated
from signllm.models.sign_model import SignModel
from signllm.models.text_encoder import Reading
from signllm.text.words import HAN, first_few, own_scripts, script_of, words_of

_SHOWN = 80  # characters of a lost text in a message


@dataclass(frozen=True)
class Note:
    """One thing that a clip's text or length asked for and the model could not give.

    kind: 'no_words', 'unknown_words', 'other_script', 'unknown_letters', 'cut_text', 'cut_gloss' or 'cut_clip'.
    items: the words, letters or texts concerned. message: a sentence in English; chinese: the same.
    """

    kind: str
    items: tuple[str, ...]
    message: str
    chinese: str


@dataclass(frozen=True)
class Sentence:
    """One sentence to sign. text: as asked for; request: what the model reads; language: None where it finds it out.

    content: what of it is to be signed, without the prompt around it.
    """

    text: str
    request: str
    language: str | None
    content: str


@dataclass
class Findings:
    """What was found in the sentences of a text, gathered by kind; `notes` says it."""

    model: SignModel
    max_frames: int
    fps: float
    found: dict[str, dict[str, None]] = field(default_factory=dict)
    most_expected: int = 0
    rare: bool = False

    def _add(self, kind: str, items: Sequence[str]) -> None:
        if items:
            self.found.setdefault(kind, {}).update(dict.fromkeys(items))

    def read(self, sentence: Sentence, reading: Reading) -> None:
        """Look at the words of a sentence, and at what the text encoder reads of them."""
        known = self.model.known_words
        codes = [sentence.language] if sentence.language else self.model.languages
        spoken = [LANGUAGES[code].spoken for code in codes]
        by_letters = next((one for one in spoken if HAN in own_scripts(one)), "")
        words = list(dict.fromkeys(words_of(sentence.content, by_letters)))
        recorded = known.has_record(codes)
        new = known.unknown(words, codes) if recorded else words
        scripts = {script for one in spoken for script in own_scripts(one)}
        foreign = [word for word in new if script_of(word) not in (None, *scripts)]
        unseen = [word for word in new if word not in foreign] if recorded else []
        self.rare |= recorded and not all(known.languages[code].complete for code in codes)
        said = " ".join((*foreign, *unseen))
        unread = [part for part in reading.unknown if any(word not in said for word in words_of(part))]
        self._add("no_words", [] if words else [sentence.content])
        self._add("unknown_words", unseen)
        self._add("other_script", [f"{word} ({script_of(word)})" for word in foreign])
        self._add("unknown_letters", unread)
        self._add("cut_text", [reading.lost] if reading.lost else [])

    def made(self, sentence: Sentence, generated: Generated) -> None:
        """Look at what became of a sentence."""
        self._add("cut_gloss", [sentence.text] if generated.gloss_cut else [])
        if generated.expected_frames > self.max_frames:
            self._add("cut_clip", [sentence.text])
            self.most_expected = max(self.most_expected, generated.expected_frames)

    def notes(self) -> tuple[Note, ...]:
        """A note a kind, in a fixed order."""
        return tuple(
            Note(kind, tuple(self.found[kind]), *say(self, tuple(self.found[kind])))
            for kind, say in _MESSAGES.items()
            if kind in self.found
        )


def _no_words(_: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    return f"there is no word or number in {_quoted(items)}", f"文本中没有词语或数字：{_quoted(items)}"


def _unknown_words(findings: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    if findings.rare:
        return (
            f"words that are not among the {MOST_WORDS:,} most frequent of the training: {first_few(items)}",
            f"不在训练数据最常见的 {MOST_WORDS:,} 个词之中：{first_few(items)}",
        )
    return f"words never seen in training: {first_few(items)}", f"训练中从未出现的词：{first_few(items)}"


def _other_script(_: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    return f"not in the script of the language: {first_few(items)}", f"不是该语种的文字：{first_few(items)}"


def _unknown_letters(_: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    return f"the text encoder cannot read: {first_few(items)}", f"文本编码器无法读取：{first_few(items)}"


def _cut_text(findings: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    most = findings.model.text_encoder.max_length
    return (
        f"longer than the {most} tokens that the model reads, so this is lost: {_quoted(items)}",
        f"超出模型可读取的 {most} 个 token，未读取的部分：{_quoted(items)}",
    )


def _cut_gloss(findings: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    most = findings.model.config.gloss_decoder.max_length
    return (
        f"the glosses had no end after {most} pieces and were cut, of {_quoted(items)}",
        f"gloss 超过 {most} 个 token，已截断：{_quoted(items)}",
    )


def _cut_clip(findings: Findings, items: tuple[str, ...]) -> tuple[str, str]:
    limit = f"{findings.max_frames} frames ({findings.max_frames / findings.fps:.1f} s)"
    return (
        f"cut to {limit} where {findings.most_expected} were predicted: {_quoted(items)}",
        f"预测为 {findings.most_expected} 帧，截断为 {findings.max_frames} 帧：{_quoted(items)}",
    )


def _quoted(items: tuple[str, ...]) -> str:
    shown = [item if len(item) <= _SHOWN else item[: _SHOWN - 3] + "..." for item in items]
    return first_few((f"'{item}'" for item in shown), 3)


_MESSAGES: dict[str, Callable[[Findings, tuple[str, ...]], tuple[str, str]]] = {
    "no_words": _no_words,
    "unknown_words": _unknown_words,
    "other_script": _other_script,
    "unknown_letters": _unknown_letters,
    "cut_text": _cut_text,
    "cut_gloss": _cut_gloss,
    "cut_clip": _cut_clip,
}

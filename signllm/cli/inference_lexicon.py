"""What `inference_signllm.py --lexicon` does besides signing: opening the lexicon, and telling what it covers."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.cli.bars import Bars
from signllm.cli.tables import print_lines, print_table
from signllm.errors import ConfigError
from signllm.languages import resolve_language
from signllm.text.words import first_few

if TYPE_CHECKING:
    from signllm.composing.signer import LexiconSigner
    from signllm.composing.wording import WordSigns
    from signllm.inference.interface import SigningModel

_MOST_EXAMPLES = 12


def add_flags(arguments: argparse.ArgumentParser) -> None:
    """The flags of signing with a lexicon."""
    group = arguments.add_argument_group("signing with a lexicon instead of a model / 用手语词典代替模型")
    add = group.add_argument
    add("--lexicon", type=Path, help="clips of single signs: a store, or any source of conversion / 单个手语的词典")
    add_numbers(group)
    add("--coverage", action="store_true", help="only tell how each word would be signed / 只报告每个词如何表达")


def add_numbers(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """How a lexicon signs."""
    add = group.add_argument
    add("--letters", help="to spell names: clips of letters, or spoken-to-signed (the package) / 指拼字母")
    add("--detail", type=float, default=1.0, help="detail of one person, 0 to 1 (%(default)s) / 个人细节的比例")
    add("--pace", type=float, default=1.0, help="speed of signs in sentences (%(default)s) / 句中手语的速度")


def check_flags(args: argparse.Namespace) -> None:
    """Raise ConfigError unless exactly one of a model and a lexicon is asked for, with its own flags alone."""
    faults = []
    if (args.model_path is None) == (args.lexicon is None):
        faults.append("give either --model_path (a trained model) or --lexicon (clips of single signs)")
    if args.lexicon is None:
        said = {"letters": None, "detail": 1.0, "pace": 1.0, "coverage": False}
        foreign = [name for name, usual in said.items() if getattr(args, name) != usual]
        faults += [f"--{name} belongs to --lexicon; give one, or leave it out" for name in foreign]
    else:
        from signllm.composing.signer import number_faults

        faults += [f"--{fault}" for fault in number_faults(args.detail, args.pace)]
        faults += [f"--mode {args.mode} is for models; leave it out with --lexicon"] if args.mode else []
    if faults:
        raise ConfigError(faults)


def open_signer(args: argparse.Namespace, path: Path | None = None) -> LexiconSigner:
    """The signer that the flags ask for, of the lexicon at `path`, by default theirs; made first if need be."""
    path = path or args.lexicon
    from signllm.composing.opening import open_letters, open_lexicon
    from signllm.composing.signer import LexiconSigner

    language = resolve_language(args.language).code if args.language else None
    with Bars("clip") as bars:
        lexicon = open_lexicon(path, language, progress=lambda done, total: bars("lexicon", done, total))
    letters = open_letters(args.letters, language) if args.letters else None
    print_lines([f"{path}: {len(lexicon)} signs of {', '.join(lexicon.languages)}", *lexicon.notes])
    return LexiconSigner(lexicon, letters, args.detail, args.pace)


def print_coverage(signer: SigningModel | LexiconSigner, texts: Sequence[tuple[str, str | None]], split: bool) -> None:
    """A table of (text, language) pairs: how many words go which way, with examples, the most frequent first."""
    from signllm.composing.signer import LexiconSigner
    from signllm.composing.wording import WAYS

    assert isinstance(signer, LexiconSigner)  # as `check_flags` ensures
    words: list[WordSigns] = [
        word for text, language in texts for wish in signer.sentences(text, language, split) for word in wish.words
    ]
    total = sum(len(word.words.split()) for word in words)
    rows = []
    for way in WAYS:
        counts = Counter(word.words.casefold() for word in words if word.way == way)
        number = sum(count * len(name.split()) for name, count in counts.items())
        examples = first_few((name for name, _ in counts.most_common()), _MOST_EXAMPLES)
        rows.append((way, number, f"{number / max(1, total):.1%}", len(counts), examples))
    print_table(("way", "words", "share", "different", "most frequent"), rows, f"{len(texts)} texts, {total} words")

"""Prompts to a Prompt2LangGloss model: what it reads from them (`--prompts`), and signing them (`--sign_prompts`)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PHRASINGS = {"training": False, "held_out": True}  # name of the flag's value -> make_prompt's held_out
SHOWN = ("gloss_bleu_1", "gloss_bleu_4", "gloss_rouge_l", "gloss_wer")
BATCH = 32


@dataclass(frozen=True)
class ReadPrompt:
    """A prompt, what it stands for, and what the model read from it."""

    prompt: str
    language: str
    gloss: str
    read_language: str
    read_gloss: str


def add_prompt_flags(flags: ArgumentParser) -> None:
    """The flags about prompts."""
    group = flags.add_argument_group("prompts / 提示")
    group.add_argument(
        "--prompts",
        choices=list(PHRASINGS),
        help="what a Prompt2LangGloss model reads, language and glosses, from the split's texts in these phrasings;"
        " with --gloss_references from the table's / 用这些句式的提示评估语种识别与词目",
    )
    group.add_argument(
        "--sign_prompts",
        choices=list(PHRASINGS),
        help="evaluate what a Prompt2LangGloss model signs when it is given prompts in these phrasings and has to read"
        " the language from them / 用这些句式的提示生成并评估，语种由模型自行判断",
    )


def prompt_faults(args: Namespace) -> list[str]:
    """What is wrong with how these flags go with others."""
    faults = []
    others = ["predictions", "references", "compare", "gloss_predictions"]
    for flag, apart in (("prompts", others), ("sign_prompts", [*others, "gloss_references", "prompts"])):
        if not getattr(args, flag):
            continue
        if not args.model_path:
            faults.append(f"--{flag}: who reads them? Give --model_path checkpoint.pth")
        for name in apart:
            if getattr(args, name):
                faults.append(f"--{flag} with --{name}: they ask for different things; leave one out")
    return faults


def need_gloss_mode(generator, does: str = "reads prompts") -> None:
    """Raise ConfigError for a model that does not go through glosses, and so does not do what is asked."""
    from signllm.errors import ConfigError

    if not generator.model.writes_gloss:
        raise ConfigError(f"the model's mode is {generator.mode}: only prompt2langgloss {does}")


def prompts_of(texts: Sequence[str], language: str, phrasings: str) -> list[str]:
    """The texts in the phrasings of the sign language's spoken language, one after the other in turn."""
    from signllm.languages import make_prompt

    return [make_prompt(text, language, place, PHRASINGS[phrasings]) for place, text in enumerate(texts)]


def read_prompts(generator, prompts: Sequence[str]) -> list[tuple[str, str]]:
    """(language, glosses) that the model reads from each prompt; ConfigError for a model that writes no glosses."""
    from tqdm import tqdm

    need_gloss_mode(generator)
    found: list[tuple[str, str]] = []
    for first in tqdm(range(0, len(prompts), BATCH), unit="batch", disable=None, leave=False):
        part = list(prompts[first : first + BATCH])
        found += generator.model.translate(part, [None] * len(part))
    return found


def evaluate_prompts(args: Namespace, load: Callable) -> int:
    """Put every text of the split into every phrasing, print what was read from it, and write it to a file."""
    from signllm.data.store import Store
    from signllm.fsutil import write_json

    generator = load(args.model_path, args.device)
    store = Store(args.data or generator.config.data.dataset_path)
    split = args.split or generator.config.data.eval_split
    wanted = _wanted(generator, store, split, args)
    found = read_prompts(generator, [prompt for prompt, _, _ in wanted])
    rows = [ReadPrompt(*asked, *read) for asked, read in zip(wanted, found, strict=True)]
    languages = list(dict.fromkeys(row.language for row in rows))
    figures = {code: figures_of([row for row in rows if row.language == code]) for code in languages}
    figures["all"] = figures_of(rows)
    _print(figures, f"{args.prompts} phrasings, {split}: what the model reads from the prompt")
    target = args.output or args.model_path.parent
    path = target if target.suffix == ".json" else target / f"evaluation_prompts_{args.prompts}_{split}.json"
    texts = [vars(row) for row in rows]
    head = {"model": str(args.model_path), "data": str(store.root), "split": split, "phrasings": args.prompts}
    write_json(path, {**head, "figures": figures, "texts": texts})
    print(f"report: {path}")
    return 0


def _wanted(generator, store, split: str, args: Namespace) -> list[tuple[str, str, str]]:
    """(prompt, language, gloss) of every text in every phrasing. Raises DataError when no language has the split."""
    from signllm.data.dataset import SignDataset
    from signllm.languages import LANGUAGES, make_prompt, resolve_language

    codes = [resolve_language(name).code for name in args.language or []]
    generator.model.known_languages(codes)
    codes = codes or [code for code in generator.languages if split in store.splits(code)] or generator.languages
    clips = SignDataset(store, split, generator.fps, codes, max_samples=args.max_samples)
    held_out = PHRASINGS[args.prompts]
    wanted = []
    for index in range(len(clips)):
        record, gloss = clips.record(index), clips.gloss(index)[0]
        language = LANGUAGES[record.language]
        for number in range(len(language.held_out_prompts if held_out else language.prompts)):
            wanted.append((make_prompt(record.text, record.language, number, held_out), record.language, gloss))
    return wanted


def figures_of(rows: Sequence[ReadPrompt]) -> dict:
    """Number of prompts, per cent with the right language, what was read instead, and gloss figures in per cent."""
    from signllm.metrics.text_scores import score_glosses

    wrong = Counter(row.read_language for row in rows if row.read_language != row.language)
    return {
        "prompts": len(rows),
        "language_accuracy": 100 * (1 - wrong.total() / len(rows)),
        "read_instead": dict(wrong),
        **score_glosses([row.read_gloss for row in rows], [row.gloss for row in rows]),
    }


def _print(figures: dict[str, dict], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in ("language", "prompts", "language read (%) ↑", *SHOWN[:3], "gloss_wer ↓", "read instead"):
        table.add_column(name, justify="left" if name == "language" else "right")
    for code, part in figures.items():
        instead = ", ".join(f"{other} {count}" for other, count in part["read_instead"].items()) or "-"
        values = [f"{part[name]:.2f}" for name in ("language_accuracy", *SHOWN)]
        table.add_row(code, str(part["prompts"]), *values, instead)
    Console(width=None if sys.stdout.isatty() else 140).print(table)

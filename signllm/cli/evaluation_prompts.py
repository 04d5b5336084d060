"""`evaluation.py prompts`: what a Prompt2LangGloss model reads from prompts."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from signllm.cli.bars import Bars
from signllm.cli.evaluation_flags import PHRASINGS, add_choice_flags, add_model_flags, check_report
from signllm.cli.tables import print_table

SHOWN = ("gloss_bleu_1", "gloss_bleu_4", "gloss_rouge_l", "gloss_wer")
COLUMNS = ("language", "prompts", "language read (%) ↑", *SHOWN[:3], "gloss_wer ↓", "read instead")


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add_model_flags(flags)
    flags.add_argument(
        "--phrasings",
        choices=PHRASINGS,
        required=True,
        help="those that the model was trained with, or held-out ones / 训练时的句式，或未见过的句式",
    )
    flags.add_argument(
        "--data", type=Path, help="the store (default: the one the model was trained on) / 数据集，默认为训练所用"
    )
    add_choice_flags(
        flags,
        "e.g. ASL GSL (default: all that model and data share) / 语种，默认全部",
        "default: the checkpoint's eval_split, dev / 要评估的划分",
    )
    flags.add_argument(
        "--output", type=Path, help="a .json, or a folder (default: beside the checkpoint) / 报告文件或目录"
    )


def run(args: Namespace, command: str) -> int:
    """Put every text of the split into every phrasing, print what was read from it, and write the report."""
    from signllm.evaluation.options import PromptOptions
    from signllm.evaluation.prompts import evaluate_prompts
    from signllm.fsutil import write_json

    options = PromptOptions(
        model_path=args.model_path,
        phrasings=args.phrasings,
        data=args.data,
        split=args.split,
        device=args.device,
        languages=args.language,
        max_samples=args.max_samples,
    )
    check_report(args.output, args.model_path, ("json",))
    with Bars("prompt") as bars:
        report = evaluate_prompts(options, bars)
    data = report.data
    title = f"{args.phrasings} phrasings, {data['split']}: what the model reads from the prompt"
    print_table(COLUMNS, [_row(code, part) for code, part in data["figures"].items()], title)
    without = data["figures"]["all"]["prompts"] - data["figures"]["all"]["with_gloss"]
    if without:
        print(f"{without} prompts are of clips without gloss: they count for the language only")
    path = report.file("json", args.output)
    write_json(path, {**data, "command": command})
    print(f"report: {path}")
    return 0


def _row(code: str, part: dict) -> list[str]:
    instead = ", ".join(f"{other} {count}" for other, count in part["read_instead"].items()) or "-"
    values = [f"{part[name]:.2f}" if name in part else "-" for name in ("language_accuracy", *SHOWN)]
    return [code, str(part["prompts"]), *values, instead]

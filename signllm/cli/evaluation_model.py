"""`evaluation.py model`: score a trained model, beside references and baselines."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from signllm.cli.bars import Bars
from signllm.cli.evaluation_flags import (
    PHRASINGS,
    add_choice_flags,
    add_model_flags,
    add_scoring_flags,
    check_cache,
    check_report,
    scoring_values,
)
from signllm.cli.evaluation_report import publish


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add_model_flags(flags)
    flags.add_argument(
        "--data", type=Path, help="the store (default: the one the model was trained on) / 数据集，默认为训练所用"
    )
    add_choice_flags(
        flags,
        "e.g. ASL GSL (default: all that model and data share) / 语种，默认全部",
        "default: the checkpoint's eval_split, dev / 要评估的划分",
    )
    flags.add_argument("--batch_size", type=int, default=32, help="clips generated at once (default: 32) / 批次大小")
    flags.add_argument(
        "--sign_prompts",
        choices=PHRASINGS,
        help="let a Prompt2LangGloss model sign prompts in these phrasings, from which it must read the language"
        " / 用这些句式的提示生成并评估，语种由模型自行判断",
    )
    add_scoring_flags(flags)


def run(args: Namespace, command: str) -> int:
    """Evaluate, print the tables, write the report's files."""
    from signllm.evaluation.model import evaluate_model
    from signllm.evaluation.options import ModelOptions

    options = ModelOptions(
        model_path=args.model_path,
        device=args.device,
        batch_size=args.batch_size,
        sign_prompts=args.sign_prompts,
        **scoring_values(args),
    )
    check_cache(args)
    check_report(args.output, args.model_path)
    with Bars("clip") as bars:
        report = evaluate_model(options, bars)
    publish(report, command, args.output, args.formats)
    return 0

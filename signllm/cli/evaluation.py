"""`evaluation.py`: score a trained model, or any clips against any others, beside baselines that need no model."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from signllm.cli.common import command, parser
from signllm.cli.evaluation_back_translation import (
    add_back_translation_flags,
    back_translation_faults,
    train_back_translation,
)
from signllm.cli.evaluation_clip_sets import add_clip_set_flags, clip_set_faults, default_output, evaluate_clip_sets
from signllm.cli.evaluation_fgd import add_fgd_flags, fgd_faults, train_fgd
from signllm.cli.evaluation_gloss import add_gloss_flags, evaluate_glosses, gloss_faults
from signllm.cli.evaluation_prompts import add_prompt_flags, evaluate_prompts, prompt_faults
from signllm.cli.evaluation_report import add_report_flags, compare, output_stem, publish, settle_seeds, versions


def build_parser() -> ArgumentParser:
    """The flags of evaluation.py."""
    flags = parser(
        "evaluation.py",
        "Score a trained model per language, or any clips against references, beside baselines (mean pose, random\n"
        "clip, nearest text, mean clip, gloss clips).",
        "按语种评估训练好的模型，或把任意片段与参考比较，并与基线对比：静止的平均姿态、随机训练片段、文本最接近的训练片段、\n"
        "同一文本训练片段的平均、按词目拼接的片段。",
    )
    flags.add_argument("--model_path", type=Path, help="checkpoint, e.g. best_model.pth / 模型检查点")
    flags.add_argument(
        "--data", type=Path, help="the store (default: the one the model was trained on) / 数据集，默认为训练所用"
    )
    flags.add_argument("--split", help="default: the checkpoint's eval_split, dev / 要评估的划分")
    flags.add_argument(
        "--language", nargs="+", help="e.g. ASL GSL (default: all that model and data share) / 语种，默认全部"
    )
    flags.add_argument("--max_samples", type=int, help="so many evenly spaced clips a language / 每个语种均匀抽取 N 条")
    flags.add_argument("--metrics", nargs="+", help="presets by name (default: all) / 指标名称，默认全部")
    flags.add_argument("--batch_size", type=int, default=32, help="clips generated at once (default: 32) / 批次大小")
    flags.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto) / 设备")
    add_clip_set_flags(flags)
    add_back_translation_flags(flags)
    add_fgd_flags(flags)
    add_gloss_flags(flags)
    add_prompt_flags(flags)
    add_report_flags(flags)
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate, print the tables, write the report's files."""
    args = build_parser().parse_args(argv)
    _check_flags(args)
    if args.compare:
        return compare(args)
    if args.train_back_translation:
        return train_back_translation(args)
    if args.train_fgd_encoder:
        return train_fgd(args)
    if args.gloss_references:
        return evaluate_glosses(args, load_generator)
    if args.prompts:
        return evaluate_prompts(args, load_generator)
    if args.predictions:
        report, shown = evaluate_clip_sets(args)
        folder, name = default_output(args)
    else:
        from signllm.cli.evaluation_model import evaluate_model

        report, shown = evaluate_model(args, load_generator)
        languages = f"_{'_'.join(args.language)}" if args.language else ""
        folder, name = args.model_path.parent, f"evaluation_{report['split']}{languages}"
    report["command"] = shlex.join(["evaluation.py", *(sys.argv[1:] if argv is None else argv)])
    report["versions"] = versions()
    publish(report, output_stem(args.output, folder, name), args.formats, shown)
    return 0


def load_generator(path: Path, device: str):
    """The model side; a checkpoint that cannot be read raises CheckpointError."""
    from signllm.inference import Generator

    return Generator.from_checkpoint(path, device=device)


def _check_flags(args: Namespace) -> None:
    from signllm.errors import ConfigError

    faults = [
        f"--{name} {getattr(args, name)}: must be at least 1"
        for name in ("max_samples", "batch_size")
        if getattr(args, name) is not None and getattr(args, name) < 1
    ]
    faults += clip_set_faults(args) + back_translation_faults(args) + fgd_faults(args)
    faults += gloss_faults(args) + prompt_faults(args)
    asked = args.model_path or args.compare or args.predictions or args.references or args.train_back_translation
    if not (asked or args.train_fgd_encoder or args.gloss_references or args.gloss_predictions):
        faults.append(
            "what to evaluate? Give --model_path checkpoint.pth, or --predictions with --references, or --compare"
            " a.json b.json"
        )
    if faults:
        raise ConfigError(faults)
    settle_seeds(args)

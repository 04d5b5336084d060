"""Flags that several verbs of `evaluation.py` have."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.errors import OutputError
from signllm.outputs import check_files, check_folder

if TYPE_CHECKING:
    from signllm.data.store import Store

FORMATS = ("json", "md", "html")
PHRASINGS = ("training", "held_out")


def add_model_flags(flags: ArgumentParser, required: bool = True) -> None:
    """Which model, and where it runs."""
    flags.add_argument(
        "--model_path", type=Path, required=required, help="checkpoint, e.g. best_model.pth / 模型检查点"
    )
    flags.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto) / 设备")


def add_choice_flags(flags: ArgumentParser, language: str, split: str | None = None) -> None:
    """Which clips or texts: `language` and `split` say in both languages what they mean here."""
    flags.add_argument("--language", nargs="+", default=[], help=language)
    if split:
        flags.add_argument("--split", help=split)
    flags.add_argument("--max_samples", type=int, help="so many evenly spaced ones a language / 每个语种均匀抽取 N 条")


def add_scoring_flags(flags: ArgumentParser) -> None:
    """What is measured, with which seeds, and where the report goes."""
    add = flags.add_argument
    add("--metrics", nargs="+", default=[], help="presets by name (default: all) / 指标名称，默认全部")
    add(
        "--judge",
        "--back_translation",
        dest="judge",
        type=Path,
        metavar="JUDGE.pth",
        help="also score what this judge reads from the clips (made by train-judge) / 用该评判模型评分",
    )
    add(
        "--fgd_encoder",
        type=Path,
        metavar="FILE.pt",
        help="also report fgd by this encoder (made by train-fgd) / 用该编码器计算 fgd",
    )
    group = flags.add_argument_group("report / 报告")
    seeds = group.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, help="one seed (default: 0) / 随机种子，默认 0")
    seeds.add_argument("--seeds", type=int, nargs="+", help="e.g. 0 1 2: several runs together / 多个种子一起评估")
    group.add_argument(
        "--output",
        type=Path,
        help="folder, or a file whose name the .json, .md and .html get (default: beside what is scored, with a name"
        " that says what was asked) / 输出目录，或报告文件名",
    )
    group.add_argument(
        "--formats", nargs="+", choices=FORMATS, default=list(FORMATS), help="default: all three / 报告格式，默认全部"
    )
    group.add_argument(
        "--cache_dir", type=Path, default=Path("cache/evaluation"), help="default: %(default)s / 结果缓存目录"
    )
    group.add_argument("--no_cache", action="store_true", help="measure everything again / 不使用缓存")


def add_training_flags(flags: ArgumentParser, file: str) -> None:
    """Which recordings a judge or encoder learns from, and where it is saved."""
    add = flags.add_argument
    add("--data", type=Path, required=True, help="the store with the recordings / 真实录像的数据集")
    add("--split", default="train", help="default: train / 训练所用的划分")
    add("--language", nargs="+", default=[], help="e.g. ASL GSL (default: all) / 语种，默认全部")
    add("--seed", type=int, default=0, help="default: 0 / 随机种子")
    add("--output", type=Path, default=Path(file), help="file, or a folder for it (default: %(default)s) / 输出文件")


def scoring_values(args: Namespace) -> dict:
    """The values of ScoringOptions."""
    return {
        "data": args.data,
        "split": args.split,
        "languages": args.language,
        "max_samples": args.max_samples,
        "metrics": args.metrics,
        "judge": args.judge,
        "fgd_encoder": args.fgd_encoder,
        "seeds": args.seeds or [args.seed or 0],
        "cache": None if args.no_cache else args.cache_dir,
    }


def check_report(output: Path | None, beside: Path, formats: Sequence[str] = FORMATS) -> None:
    """Raise OutputError, before anything is scored, where the report's files cannot be written.

    `output` as `Report.file` reads it; without it they go beside `beside`.
    """
    if output is None:
        check_folder(beside.absolute().parent)
    elif output.suffix.lstrip(".") in formats:
        check_files([output.with_suffix(f".{suffix}") for suffix in formats])
    else:
        check_folder(output)


def check_cache(args: Namespace) -> None:
    """Raise OutputError, before anything is scored, where --cache_dir cannot be written."""
    if not args.no_cache:
        try:
            check_folder(args.cache_dir)
        except OutputError as error:
            ways_on = "or measure without it: --no_cache"
            raise OutputError(f"--cache_dir {fault}; {ways_on}" for fault in error.faults) from None


def output_file(output: Path, name: str) -> Path:
    """`output` where it has the suffix of `name`, else that name in the folder `output`."""
    return output if output.suffix == Path(name).suffix else output / name


def training_languages(args: Namespace, store: Store) -> list[str]:
    """The languages asked for, or all that have the split; ConfigError names an unknown one."""
    from signllm.languages import resolve_language

    asked = list(dict.fromkeys(resolve_language(name).code for name in args.language))
    return asked or [code for code in store.languages() if args.split in store.splits(code)]

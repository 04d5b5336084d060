"""`evaluation.py`: score a trained model, per language, beside baselines that need no model."""

from __future__ import annotations

import itertools
import platform
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from signllm.cli.common import command, parser

MODEL = "model"
PACKAGES = ("numpy", "numba", "fastdtw", "torch", "transformers")


def build_parser() -> ArgumentParser:
    """The flags of evaluation.py."""
    flags = parser(
        "evaluation.py",
        "Score a trained model per language, beside a frozen mean pose, a random and the nearest training clip.",
        "按语种评估训练好的模型，并与三种基线对比：静止的平均姿态、随机训练片段、文本最接近的训练片段。",
    )
    flags.add_argument("--model_path", type=Path, required=True, help="checkpoint, e.g. best_model.pth / 模型检查点")
    flags.add_argument(
        "--data", type=Path, help="the store (default: the one the model was trained on) / 数据集，默认为训练所用"
    )
    flags.add_argument("--split", help="default: the checkpoint's eval_split, dev / 要评估的划分")
    flags.add_argument(
        "--language", nargs="+", help="e.g. ASL GSL (default: all that model and data share) / 语种，默认全部"
    )
    flags.add_argument(
        "--output",
        type=Path,
        help="folder or .json file (default: evaluation_<split>.json beside the checkpoint) / 输出目录或 JSON 文件",
    )
    flags.add_argument("--max_samples", type=int, help="so many evenly spaced clips a language / 每个语种均匀抽取 N 条")
    flags.add_argument("--metrics", nargs="+", help="presets by name (default: all) / 指标名称，默认全部")
    flags.add_argument("--seed", type=int, default=0, help="default: %(default)s / 随机种子")
    flags.add_argument("--batch_size", type=int, default=32, help="clips generated at once (default: 32) / 批次大小")
    flags.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto) / 设备")
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Evaluate, print the tables, write the JSON report."""
    args = build_parser().parse_args(argv)
    _check_flags(args)
    from signllm.data.store import Store
    from signllm.fsutil import write_json
    from signllm.metrics.evaluation import Measurements
    from signllm.metrics.registry import PRESETS, find_presets
    from signllm.metrics.report import make_report

    presets = find_presets(args.metrics or PRESETS)
    generator = load_generator(args.model_path, args.device)
    data = generator.config.data
    store = Store(args.data or data.dataset_path)
    split_name = args.split or data.eval_split
    languages, notes = _choose_languages(args.language, generator.languages, store, split_name)

    measurements = Measurements(presets)
    for code in languages:
        notes += _evaluate_language(measurements, store, code, split_name, generator, args)
    split = store.split(languages[0], split_name)
    given = sys.argv[1:] if argv is None else list(argv)
    report = make_report(
        measurements,
        split.skeleton.name,
        split.unit,
        generator.fps,
        command=shlex.join(["evaluation.py", *given]),
        model=str(args.model_path),
        data=str(store.root),
        split=split_name,
        seed=args.seed,
        max_samples=args.max_samples,
        notes=notes,
        versions=_versions(),
    )
    _print(report)
    path = _output_path(args, split_name)
    write_json(path, report)
    print(f"report: {path}")
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
    if faults:
        raise ConfigError(faults)


def _choose_languages(asked, known: Sequence[str], store, split: str) -> tuple[list[str], list[str]]:
    """The languages to evaluate, and notes on those left out; ConfigError when one asked for cannot be."""
    from signllm.errors import ConfigError
    from signllm.languages import resolve_language

    stored = [code for code in store.languages() if split in store.splits(code)]
    if asked:
        codes = list(dict.fromkeys(resolve_language(name).code for name in asked))
        faults = [f"{code}: the model signs {', '.join(known)}" for code in codes if code not in known]
        faults += [f"{code}: {store.root} has no split {code}/{split}" for code in codes if code not in stored]
        if faults:
            raise ConfigError(faults)
        return codes, []
    codes = [code for code in stored if code in known]
    if not codes:
        raise ConfigError(
            f"nothing to evaluate: the model signs {', '.join(known)}; {store.root} has the split '{split}' for"
            f" {', '.join(stored) or 'no language'}; choose others with --data or --split"
        )
    return codes, [f"{code}: left out, the model does not sign it" for code in stored if code not in known]


def _evaluate_language(measurements, store, code: str, split_name: str, generator, args: Namespace) -> list[str]:
    """Measure one language; return notes for the reader."""
    import numpy as np
    from tqdm import tqdm

    from signllm.metrics.baselines import BASELINES
    from signllm.metrics.evaluation import evaluate

    split = store.split(code, split_name)
    training_name, notes, systems = generator.config.data.train_split, [], {}
    count = min(len(split), args.max_samples or len(split))
    indices = np.unique(np.linspace(0, len(split) - 1, count).round().astype(int)).tolist()

    seeds = itertools.count(args.seed)  # each chunk of clips has noise of its own

    def model(records):
        texts = [record.text for record in records]  # text and language are all that generation is given
        return generator.generate(texts, code, seed=next(seeds), batch_size=args.batch_size)

    systems[MODEL] = model
    if training_name not in store.splits(code):
        notes.append(f"{code}: no baselines, because {store.root} has no split {code}/{training_name}")
    elif training_name == split_name:
        notes.append(f"{code}: no baselines, because '{split_name}' is the training split")
    else:
        training = store.split(code, training_name)
        for name, kind in BASELINES.items():
            systems[name] = kind(training, generator.fps, args.seed).generate
    with tqdm(total=len(indices) * (len(systems) + 1), desc=code, unit="clip", disable=None, leave=False) as bar:
        evaluate(measurements, code, split, systems, generator.fps, indices, max(64, args.batch_size), bar.update)
    return notes


def _print(report: dict) -> None:
    from rich.console import Console

    from signllm.metrics.baselines import BASELINES
    from signllm.metrics.report import legend, make_table, remarks

    console = Console(width=None if sys.stdout.isatty() else 120)
    labels = {name: kind.label for name, kind in BASELINES.items()}
    parts = dict(report["languages"])
    if len(parts) > 1:
        parts["all languages"] = report["overall"]
    for name, part in parts.items():
        title = f"{name} / {report['split']}: {part['clips']} clips at {report['fps']:g} fps"
        console.print(make_table(report, title, part["systems"], labels))
        for remark in remarks(part["systems"]):
            console.print(f"  ! {remark}", highlight=False, soft_wrap=True)
    for line in [*legend(report), *report["notes"]]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _output_path(args: Namespace, split: str) -> Path:
    languages = f"_{'_'.join(args.language)}" if args.language else ""
    name = f"evaluation_{split}{languages}.json"
    if args.output is None:
        return args.model_path.parent / name
    return args.output if args.output.suffix == ".json" else args.output / name


def _versions() -> dict[str, str]:
    import signllm

    found = {"signllm": signllm.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

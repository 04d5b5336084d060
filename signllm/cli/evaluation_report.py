"""What `evaluation.py` prints and writes: tables, JSON, Markdown and HTML; and `--compare`."""

from __future__ import annotations

import platform
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FORMATS = ("json", "md", "html")
PACKAGES = ("numpy", "numba", "fastdtw", "torch", "transformers")


def add_report_flags(flags: ArgumentParser) -> None:
    """The flags about seeds, files, the cache and comparing."""
    group = flags.add_argument_group("report / 报告")
    group.add_argument(
        "--output",
        type=Path,
        help="folder, or a file whose name the .json, .md and .html get (default: evaluation_<split> beside the"
        " checkpoint) / 输出目录，或报告文件名",
    )
    group.add_argument(
        "--formats", nargs="+", choices=FORMATS, default=list(FORMATS), help="default: all three / 报告格式，默认全部"
    )
    group.add_argument("--seed", type=int, help="one seed (default: 0) / 随机种子，默认 0")
    group.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        help="e.g. 0 1 2: several runs together / 多个种子，给出均值与离散程度",
    )
    group.add_argument(
        "--cache_dir", type=Path, default=Path("cache/evaluation"), help="default: %(default)s / 结果缓存目录"
    )
    group.add_argument("--no_cache", action="store_true", help="measure everything again / 不使用缓存")
    group.add_argument(
        "--compare",
        type=Path,
        nargs=2,
        metavar=("A.json", "B.json"),
        help="test whether two reports on the same clips differ; no model is needed / 配对检验两份报告的差异",
    )
    group.add_argument(
        "--compare_systems",
        nargs=2,
        metavar=("A", "B"),
        help="which system of each report, e.g. model nearest_text (default: the model of both) / 各报告中要比较的系统",
    )


def settle_seeds(args: Namespace) -> None:
    """Set `args.seeds` from --seed and --seeds; ConfigError when both are given or one stands twice."""
    from signllm.errors import ConfigError

    if args.seed is not None and args.seeds is not None:
        raise ConfigError("--seed and --seeds: give one of them")
    args.seeds = args.seeds or [args.seed or 0]
    if len(set(args.seeds)) < len(args.seeds):
        raise ConfigError(f"--seeds {' '.join(map(str, args.seeds))}: each seed only once")


def publish(report: dict, stem: Path, formats: Sequence[str] = FORMATS, shown: Sequence = ()) -> None:
    """Print the tables, then write `stem` + .json, .md and .html; `shown` are the ShownClips of the page."""
    from signllm.evaluation.markdown import make_markdown
    from signllm.fsutil import write_atomically, write_json
    from signllm.viewing.html_report import make_html

    print_report(report)
    writers = {
        "json": lambda path: write_json(path, report),
        "md": lambda path: _write_text(write_atomically, path, make_markdown(report)),
        "html": lambda path: _write_text(write_atomically, path, make_html(report, shown)),
    }
    for suffix in formats:
        path = stem.with_name(f"{stem.name}.{suffix}")
        writers[suffix](path)
        print(f"report: {path}")


def _write_text(write_atomically, path: Path, text: str) -> None:
    write_atomically(path, lambda file: file.write(text.encode()))


def print_report(report: dict) -> None:
    """One table a language, what a reader must not overlook, the leakage audit, and the signatures."""
    from rich.console import Console

    from signllm.evaluation.labels import SUBSETS, system_label
    from signllm.evaluation.report import leakage_lines, legend, make_table, remarks

    console = Console(width=None if sys.stdout.isatty() else 140)
    parts = dict(report["languages"])
    if len(parts) > 1:
        parts["all languages"] = report["overall"]
    for name, part in parts.items():
        labels = {system: system_label(system)[0].lower() for system in part["systems"]}
        title = f"{name} / {report['split']}: {part['clips']} clips at {report['fps']:g} fps"
        console.print(make_table(report, title, part["systems"], labels))
        for remark in remarks(part["systems"]):
            console.print(f"  ! {remark}", highlight=False, markup=False, soft_wrap=True)
    # Of each language the scores without leaks are in the files; here those of all clips suffice.
    for subset, left in part.get("subsets", {}).items():
        if "systems" in left:
            heading = f"{name} / {report['split']}: {left['clips']} clips, {SUBSETS[subset][0]}"
            console.print(make_table(report, heading, left["systems"], labels))
    for line in [*leakage_lines(report), *legend(report), *report.get("notes", [])]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def output_stem(output: Path | None, default_folder: Path, name: str) -> Path:
    """Where the report's files go, without their suffix."""
    if output is None:
        return default_folder / name
    return output.with_suffix("") if output.suffix.lstrip(".") in FORMATS else output / name


def versions() -> dict[str, str]:
    """What the numbers were made with."""
    import signllm

    found = {"signllm": signllm.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def compare(args: Namespace) -> int:
    """`--compare`: print the paired test, and write it where --output says."""
    from rich.console import Console

    from signllm.evaluation.comparison import compare_reports, make_comparison_table, read_report
    from signllm.fsutil import write_json

    first, second = (read_report(path) for path in args.compare)
    comparison = compare_reports(first, second, args.compare_systems)
    console = Console(width=None if sys.stdout.isatty() else 140)
    for name, path in zip("AB", args.compare, strict=True):
        console.print(f"{name}: {path} ({comparison['systems'][name]})", highlight=False, markup=False, soft_wrap=True)
    for title, rows in comparison["parts"].items():
        console.print(make_comparison_table(title, rows))
    for note in comparison["notes"]:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    if args.output:
        path = output_stem(args.output, Path(), "comparison").with_suffix(".json")
        write_json(path, comparison)
        print(f"comparison: {path}")
    return 0

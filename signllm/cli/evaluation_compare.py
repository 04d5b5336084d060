"""`evaluation.py compare`: do two reports on the same clips differ?"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from signllm.cli.evaluation_flags import check_report
from signllm.cli.tables import print_lines, print_table


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    flags.add_argument("reports", type=Path, nargs=2, metavar="REPORT.json", help="two JSON reports / 两份 JSON 报告")
    flags.add_argument(
        "--systems",
        nargs=2,
        metavar=("A", "B"),
        help="which system of each, e.g. model nearest_text (default: the model of both) / 各报告中要比较的系统",
    )
    flags.add_argument("--output", type=Path, help="write the test there too: a .json, or a folder / 另存为 JSON")


def run(args: Namespace, command: str) -> int:
    """Print the paired test, and write it where --output says."""
    from signllm.evaluation.comparison import COLUMNS, compare, comparison_rows
    from signllm.fsutil import write_json

    if args.output:
        check_report(args.output, args.reports[0], ("json",))
    first, second = args.reports
    report = compare(first, second, args.systems)
    systems = report.data["systems"]
    print_lines(f"{name}: {path} ({systems[name]})" for name, path in zip("AB", args.reports, strict=True))
    for title, rows in report.data["parts"].items():
        clips = rows[0]["clips"] if rows else 0
        print_table(COLUMNS, comparison_rows(rows), f"{title}: {clips} clips")
    print_lines(report.data["notes"])
    if args.output:
        path = report.file("json", args.output)
        write_json(path, {**report.data, "command": command})
        print(f"comparison: {path}")
    return 0

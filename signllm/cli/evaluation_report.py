"""What `evaluation.py` prints and writes of a report: tables, JSON, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.cli.evaluation_flags import FORMATS
from signllm.cli.tables import print_lines, print_table

if TYPE_CHECKING:
    from signllm.evaluation.report import Report


def publish(report: Report, command: str, output: Path | None = None, formats: Sequence[str] = FORMATS) -> None:
    """Print the tables, then write the .json, .md and .html: where `output` says, else to the report's own place."""
    from signllm.evaluation.markdown import make_markdown
    from signllm.fsutil import write_json, write_text
    from signllm.viewing.html_report import make_html

    data = {**report.data, "command": command}
    print_report(data)
    writers: dict[str, Callable[[Path], None]] = {
        "json": lambda path: write_json(path, data),
        "md": lambda path: write_text(path, make_markdown(data)),
        "html": lambda path: write_text(path, make_html(data, report.examples)),
    }
    for suffix in formats:
        path = report.file(suffix, output, FORMATS)
        writers[suffix](path)
        print(f"report: {path}")


def print_report(data: dict) -> None:
    """One table a language, what a reader must not overlook, the leakage audit, and the signatures."""
    from signllm.evaluation.labels import SUBSETS
    from signllm.evaluation.summary import leakage_lines, legend, remarks

    parts = dict(data["languages"])
    if len(parts) > 1:
        parts["all languages"] = data["overall"]
    for name, part in parts.items():
        _print_figures(data, part["systems"], f"{name} / {data['split']}: {part['clips']} clips at {data['fps']:g} fps")
        print_lines(f"  ! {remark}" for remark in remarks(part["systems"]))
    # Of each language the scores without leaks are in the files; here those of all clips suffice.
    for subset, left in part.get("subsets", {}).items():
        if "systems" in left:
            heading = f"{name} / {data['split']}: {left['clips']} clips, {SUBSETS[subset][0]}"
            _print_figures(data, left["systems"], heading)
    print_lines([*leakage_lines(data), *legend(data), *data.get("notes", [])])


def _print_figures(data: dict, systems: dict, title: str) -> None:
    from signllm.evaluation.labels import system_label
    from signllm.evaluation.summary import figure_rows

    columns = ["figure", *(system_label(system)[0].lower() for system in systems)]
    print_table(columns, figure_rows(data, systems), title)

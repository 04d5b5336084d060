"""Tables and lines in the terminal: one look for all commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 140  # characters, where the output goes into a file or a pipe


def console() -> Console:
    """Standard output as rich sees it; outside a terminal it has one width, so that output is the same everywhere."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print rows under `columns`; the first column is aligned left, the others right.

    Cells are shown as they are: nothing in them is markup, and what does not fit goes on below.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they are: nothing in them is markup, and long ones are not broken."""
    out = console()
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)

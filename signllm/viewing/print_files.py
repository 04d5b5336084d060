"""Figures of matplotlib as files for print: vectors (pdf, svg) with text that any viewer shows, or pixels (png)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signllm.errors import ConfigError, did_you_mean
from signllm.fsutil import write_atomically
from signllm.viewing import fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "png")
MOST_DPI = 1200
DPI = 200
# Neither date nor version, so that the same clips give the same file.
_PLAIN: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": "SignLLM"},
    "svg": {"Date": None, "Creator": "SignLLM"},
    "png": {"Software": None},
}


def check_format(name: str) -> str:
    """The format in small letters. Raises ConfigError that names the known ones."""
    known = name.strip().lower().lstrip(".")
    if known not in FORMATS:
        raise ConfigError(f"--format {name}: plots are {', '.join(FORMATS)}{did_you_mean(known, FORMATS)}")
    return known


@contextmanager
def lettering() -> Iterator[None]:
    """Within the block figures have letters of any script that our fonts have; text in pdf can be searched and copied.

    Letters in svg are outlines: whoever opens it need not have the fonts.
    """
    import matplotlib
    from matplotlib import font_manager

    families = ["DejaVu Sans"]
    wide = fonts.bundled_font()
    if wide:
        manager = font_manager.fontManager
        known = {entry.fname: entry.name for entry in manager.ttflist}
        if wide not in known:
            manager.addfont(wide)
            known = {entry.fname: entry.name for entry in manager.ttflist}
        families.append(known[wide])
    settings: Any = {"font.family": families, "pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "signllm"}
    with matplotlib.rc_context(settings):
        yield


def drawable(text: str) -> str:
    """One line of text without what none of our fonts has, and without dollar signs that would be read as formulas."""
    return fonts.in_our_fonts(text).replace("$", r"\$")


def write_figure(figure: Figure, path: Path, dpi: int) -> Path:
    """Write a figure in the format that the path's suffix names; `dpi` counts for png. Raises OutputError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    kind = check_format(path.suffix)
    FigureCanvasAgg(figure)
    with lettering():
        write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=dpi, metadata=_PLAIN[kind]))
    return path

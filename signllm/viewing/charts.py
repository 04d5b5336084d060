"""Charts of a report page as inline SVG, drawn by matplotlib.

Text stays text in them, so that the page's own font shows it, and a system's name stands there in English and Chinese;
the page shows one of them. matplotlib is imported when a chart is drawn.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = {
    "reference": "#9aa3ae",
    "model": "#0060aa",
    "predictions": "#0060aa",
    "frozen_mean": "#7d8794",
    "random_clip": "#c8a03a",
    "nearest_text": "#ce5800",
    "mean_clip": "#3f8f4f",
    "gloss_clips": "#7a4fa0",
}
_OTHERS = ("#2a9d8f", "#b5485d", "#5b6c9e", "#6b8e23")
_INK, _MUTED, _LINE = "#21252b", "#69727f", "#e3e7ec"
# Pixels: the whole width, left and right margin, the axis below; a row of bars, a language's title, a histogram.
_WIDTH, _LEFT, _RIGHT, _BOTTOM = 372, 104, 54, 24
_ROW, _TITLE, _HISTOGRAM = 17, 25, 44
_FONT, _FONT_SIZE = "DejaVu Sans", 11.5  # matplotlib's own font, which it measures by

Labels = Mapping[str, tuple[str, str]]


def color_of(system: str) -> str:
    """The colour that a system has in every chart."""
    return COLORS.get(system) or _OTHERS[sum(system.encode()) % len(_OTHERS)]


def bar_chart(
    groups: Mapping[str, Mapping[str, Mapping[str, float]]], labels: Labels, mark: float | None = None
) -> Markup:
    """Horizontal bars with whiskers: `groups[language][system]` is {value, low, high}; empty where nothing is known.

    `labels[system]`: its name in English and Chinese. `mark`: where a dashed line stands (1 for ratios). Bars that
    would be far longer than all others are cut and end in an arrow, so that the others stay readable.
    """
    entries = [entry for group in groups.values() for entry in group.values() if _known(entry["value"])]
    if not entries:
        return Markup("")
    titled = len(groups) > 1
    height = _ROW * sum(map(len, groups.values())) + _TITLE * titled * len(groups)
    low, high = _range(entries, mark)
    figure, ax = _axes(height + 4, low, high)
    y = 2.0
    for title, group in groups.items():
        if titled:
            _text(ax, 0, y + _TITLE / 2, title, weight="bold")
            y += _TITLE
        for system, entry in group.items():
            _name(ax, y + _ROW / 2, system)
            _bar(ax, y + _ROW / 2, entry, color_of(system), cut=_known(entry["value"]) and entry["value"] > high)
            y += _ROW
    if mark is not None:
        ax.axvline(mark, color=_INK, lw=1, ls=(0, (3, 3)))
    return _svg(figure, labels)


def _bar(ax: Axes, y: float, entry: Mapping[str, float], color: str, cut: bool) -> None:
    value, low, high = (entry[key] for key in ("value", "low", "high"))
    if not _known(value):
        _text(ax, _LEFT + 4, y, "–")
        return
    edge = ax.get_xlim()[1]
    end = edge if cut else value
    ax.barh(y, end, _ROW - 6, color=color, alpha=0.85)
    if cut:
        ax.plot(edge, y, color=color, marker=5, ms=8)  # 5: a triangle to the right
    elif _known(low) and _known(high) and high > low:
        high = min(high, edge)
        ax.plot([low, high], [y, y], color=_INK, lw=1.4, marker="|", ms=6, mew=1.4)
        end = max(end, high)
    _text(ax, _pixels(ax, max(end, 0.0)) + (12 if cut else 5), y, _plain(value), over_lines=True)


def _range(entries: Sequence[Mapping[str, float]], mark: float | None) -> tuple[float, float]:
    """What the axis must show: zero, the mark, and all values and intervals, outliers apart."""
    values = [abs(entry["value"]) for entry in entries]
    # Beyond three times the 75th percentile a bar is cut; with few systems that must be far out.
    limit = max(3 * float(np.quantile(values, 0.75)), 1.5 * (mark or 0)) or 1.0
    shown = [
        bound
        for entry in entries
        for bound in (entry["value"], entry["low"], entry["high"])
        if _known(bound) and abs(entry["value"]) <= limit and abs(bound) <= 1.5 * limit
    ]
    high = max([0.0, mark or 0.0, *shown])
    low = min([0.0, *shown])
    return low, high if high > low else low + 1.0


def histogram(values: Mapping[str, np.ndarray], labels: Labels, bins: int = 28) -> Markup:
    """One row of bars a system over a common axis, each scaled to its own highest bar, with the median as a line."""
    values = {system: found[np.isfinite(found)] for system, found in values.items()}
    values = {system: found for system, found in values.items() if len(found)}
    if not values:
        return Markup("")
    row = _HISTOGRAM + 10
    figure, ax = _axes(row * len(values), 0.0, max(float(np.quantile(found, 0.99)) for found in values.values()) or 1.0)
    ax.grid(visible=False)
    most = ax.get_xlim()[1]
    edges = np.linspace(0, most, bins + 1)
    for number, (system, found) in enumerate(values.items()):
        foot = row * (number + 1) - 4
        counts, _ = np.histogram(np.minimum(found, most), edges)
        tall = _HISTOGRAM * counts[counts > 0] / counts.max()
        width = 0.92 * most / bins
        ax.bar(edges[:-1][counts > 0], -tall, width, foot, align="edge", color=color_of(system), alpha=0.85)
        ax.axhline(foot, color=_LINE, lw=1)
        median = float(np.median(found))
        at = min(median, most)
        ax.plot([at, at], [foot, foot - _HISTOGRAM - 2], color=_INK, lw=1.6)
        _text(ax, _pixels(ax, at) + 4, foot - _HISTOGRAM + 4, f"{median:.3f}", color=_INK, over_lines=True)
        _name(ax, foot - 8, system)
    return _svg(figure, labels)


def _axes(height: float, low: float, high: float) -> tuple[Figure, Axes]:
    """A figure of fixed margins: y in pixels, downwards; x from a round number below `low` to one above `high`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    total = height + _BOTTOM
    figure = Figure(figsize=(_WIDTH / 72, total / 72), dpi=72, facecolor="none")  # 72: the SVG's units are pixels
    ax = figure.add_axes((_LEFT / _WIDTH, _BOTTOM / total, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, height / total))
    ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ax.set_xlim(ticks[0], ticks[-1])
    ax.set_xticks(ticks)
    ax.set_ylim(height, 0)
    ax.set_yticks([])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    ax.tick_params(length=0, pad=4, labelsize=_FONT_SIZE, labelcolor=_MUTED, labelfontfamily=_FONT)
    ax.grid(axis="x", color=_LINE, lw=1)
    ax.set_axisbelow(True)
    ax.set_facecolor("none")
    ax.spines[:].set_visible(False)
    return figure, ax


def _pixels(ax: Axes, value: float) -> float:
    """Where a value stands, in pixels from the left of the chart."""
    low, high = ax.get_xlim()
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)


def _text(ax: Axes, x: float, y: float, text: str, over_lines: bool = False, **style: Any) -> None:
    """Text whose vertical middle is at `y`, `x` pixels from the left of the chart."""
    from matplotlib.transforms import blended_transform_factory

    if over_lines:
        style["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    style = {"color": _MUTED, "va": "center", "family": _FONT, "size": _FONT_SIZE, "parse_math": False, **style}
    transform = blended_transform_factory(ax.figure.transFigure, ax.transData)
    ax.text(x / _WIDTH, y, text, transform=transform, **style)


def _name(ax: Axes, y: float, system: str) -> None:
    """Keep a row's name at its place, for `_svg` to write: matplotlib's font has no Chinese to measure by."""
    _text(ax, _LEFT - 8, y, f"@{system}@", color=_INK, ha="right")


def _svg(figure: Figure, labels: Labels) -> Markup:
    """The figure as an element of a page, the same characters every time."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "signllm"}):
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    drawing = file.getvalue()
    drawing = drawing[drawing.index("<svg") :].replace("<svg", '<svg role="img"', 1)
    for pattern, kept in (
        (r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<clipPath.*?</clipPath>", ""),
        (r' id="(?!m[0-9a-f]{10}")[^"]*"| clip-path="[^"]*"', ""),  # only the ids of markers are referred to
        (r'(width|height)="([\d.]+)pt"', r'\1="\2"'),
        (r"\s*\n\s*", "\n"),
    ):
        drawing = re.sub(pattern, kept, drawing, flags=re.DOTALL)
    return Markup(
        re.sub(
            r"<text ([^>]*)>@(.+?)@</text>",
            lambda found: _in_both_languages(found[1], labels[unescape(found[2])]),
            drawing,
        )
    )


def _in_both_languages(attributes: str, label: tuple[str, str]) -> str:
    english, chinese = map(escape, label)
    if english == chinese:
        return f"<text {attributes}>{english}</text>"
    return "".join(
        f'<text class="{name}" lang="{name}" {attributes}>{text}</text>'
        for name, text in (("en", english), ("zh", chinese))
    )


def _plain(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) < 5e-4:
        return "0"
    return f"{value:.3g}"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

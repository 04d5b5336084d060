"""Charts of a report as inline SVG: they need no script, no file beside the page, and stay sharp when printed.

Text stands in English and Chinese, in elements of the classes `en` and `zh`; the page shows one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np

WIDTH, LABEL, ROW, GROUP_GAP, AXIS = 372, 104, 17, 12, 26
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


def color_of(system: str) -> str:
    """The colour that a system has in every chart."""
    return COLORS.get(system) or _OTHERS[sum(system.encode()) % len(_OTHERS)]


def both(pair: tuple[str, str], tag: str = "span", attributes: str = "") -> str:
    """The English and the Chinese text, each in an element of its class; one element where they are the same."""
    english, chinese = map(escape, pair)
    if english == chinese:
        return f"<{tag} {attributes}>{english}</{tag}>"
    return "".join(
        f'<{tag} class="{name}" lang="{name}" {attributes}>{text}</{tag}>'
        for name, text in (("en", english), ("zh", chinese))
    )


def bar_chart(
    groups: Mapping[str, Mapping[str, Mapping[str, float]]],
    labels: Mapping[str, tuple[str, str]],
    mark: float | None = None,
) -> str:
    """Horizontal bars with whiskers: `groups[language][system]` is {value, low, high}.

    `mark`: where a dashed line stands (1 for ratios). Bars that would be far longer than all others are cut and end in
    an arrow, so that the others stay readable.
    """
    entries = [entry for group in groups.values() for entry in group.values() if _known(entry["value"])]
    if not entries:
        return ""
    least, most = _range(entries, mark)
    ticks = nice_ticks(least, most)
    least, most = min(least, ticks[0]), max(most, ticks[-1])
    room = WIDTH - LABEL - 54

    def x(value: float) -> float:
        return LABEL + room * (min(max(value, least), most) - least) / (most - least)

    parts, y = [], 6.0
    for group_number, (title, group) in enumerate(groups.items()):
        y += GROUP_GAP * (group_number > 0)
        if len(groups) > 1:
            parts.append(_text(0, y + 12, title, weight=600))
            y += ROW + 2
        for system, entry in group.items():
            parts.append(_bar(entry, labels[system], color_of(system), x, y, most))
            y += ROW
    lines = [
        _line(x(tick), 2, x(tick), y + 2, _LINE) + _text(x(tick), y + 16, _plain(tick), "middle") for tick in ticks
    ]
    if mark is not None and least <= mark <= most:
        parts.append(_line(x(mark), 2, x(mark), y + 2, _INK, 'stroke-dasharray="3 3"'))
    return _svg(WIDTH, y + AXIS, "".join(lines + parts))


def _bar(
    entry: Mapping[str, float], label: tuple[str, str], color: str, x: Callable[[float], float], y: float, most: float
) -> str:
    middle = y + ROW / 2
    parts = [both(label, "text", _place(LABEL - 8, middle + 4, "end"))]
    value, low, high = (entry[key] for key in ("value", "low", "high"))
    if not _known(value):
        return parts[0] + _text(LABEL + 4, middle + 4, "–")
    zero = x(0.0)
    left, right = sorted((zero, x(value)))
    parts.append(
        f'<rect x="{left:.1f}" y="{y + 3:.1f}" width="{max(right - left, 1.5):.1f}" height="{ROW - 6}" rx="2"'
        f' fill="{color}" fill-opacity="0.85"/>'
    )
    end = right
    if value > most:
        end = right + 8
        parts.append(
            f'<path d="M{right + 1:.1f} {y + 3:.1f} l7 {ROW / 2 - 3:.1f} l-7 {ROW / 2 - 3:.1f}z" fill="{color}"/>'
        )
    elif _known(low) and _known(high) and high > low:
        parts.append(_line(x(low), middle, x(high), middle, _INK, 'stroke-width="1.4"'))
        parts += [_line(x(at), middle - 3, x(at), middle + 3, _INK, 'stroke-width="1.4"') for at in (low, high)]
        end = max(end, x(high))
    parts.append(f'<g class="halo">{_text(end + 5, middle + 4, _plain(value))}</g>')
    return "".join(parts)


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


def histogram(values: Mapping[str, np.ndarray], labels: Mapping[str, tuple[str, str]], bins: int = 28) -> str:
    """One row of bars a system over a common axis, each scaled to its own highest bar, with the median as a line."""
    values = {system: found[np.isfinite(found)] for system, found in values.items()}
    values = {system: found for system, found in values.items() if len(found)}
    if not values:
        return ""
    most = max(float(np.quantile(found, 0.99)) for found in values.values()) or 1.0
    ticks = nice_ticks(0.0, most)
    most = max(most, ticks[-1])
    room, height, gap = WIDTH - LABEL - 16, 44, 10
    edges = np.linspace(0, most, bins + 1)
    parts, y = [], 4.0
    for system, found in values.items():
        counts, _ = np.histogram(np.minimum(found, most), edges)
        bar = room / bins
        for number, count in enumerate(counts):
            if count:
                tall = max(1.0, height * count / counts.max())
                parts.append(
                    f'<rect x="{LABEL + number * bar:.1f}" y="{y + height - tall:.1f}" width="{bar - 1:.1f}"'
                    f' height="{tall:.1f}" fill="{color_of(system)}" fill-opacity="0.85"/>'
                )
        middle = LABEL + room * min(float(np.median(found)), most) / most
        parts.append(_line(middle, y - 2, middle, y + height, _INK, 'stroke-width="1.6"'))
        parts.append(f'<g class="halo">{_text(middle + 4, y + 8, f"{np.median(found):.3f}", color=_INK)}</g>')
        parts.append(both(labels[system], "text", _place(LABEL - 8, y + height - 4, "end")))
        parts.append(_line(LABEL, y + height, LABEL + room, y + height, _LINE))
        y += height + gap
    for tick in ticks:
        parts.append(_text(LABEL + room * tick / most, y + 8, _plain(tick), "middle"))
    return _svg(WIDTH, y + 16, "".join(parts))


def nice_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from below `low` to above `high`, about so many."""
    step = 10 ** math.floor(math.log10((high - low) / about))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if (high - low) / (step * factor) <= about + 0.5)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _svg(width: float, height: float, content: str) -> str:
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">{content}</svg>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str, extra: str = "") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" {extra}/>'


def _place(x: float, y: float, anchor: str = "start", color: str = _INK, weight: int = 400) -> str:
    return f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-weight="{weight}"'


def _text(x: float, y: float, text: str, anchor: str = "start", color: str = _MUTED, weight: int = 400) -> str:
    return f"<text {_place(x, y, anchor, color, weight)}>{escape(text)}</text>"


def _plain(value: float, digits: int = 3) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) < 5e-4:
        return "0"
    return f"{value:.{digits}g}"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

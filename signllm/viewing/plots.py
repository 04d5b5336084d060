"""Statistics of clips as pictures: an overview of all groups, and two pages for each group.

Figures are made without pyplot, so no global state of matplotlib is touched; matplotlib is imported when needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from signllm.fsutil import write_json
from signllm.pose.skeleton import FINGERS
from signllm.viewing.drawing import FINGER_COLORS, SIDE_COLORS
from signllm.viewing.print_files import DPI, drawable, lettering, write_figure
from signllm.viewing.statistics import SPACE_EDGES_X, SPACE_EDGES_Y, SPEED_EDGES, ClipStatistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

_GREY = "#545c68"
# Okabe and Ito's colours, made for all kinds of colour vision, without the yellow that is faint on white.
_GROUP_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7f7f7f")
_MOST_IN_OVERVIEW = 6  # more groups than this are shown pooled, by page


def write_statistics(
    folder: Path,
    groups: Sequence[ClipStatistics],
    pages: Sequence[ClipStatistics] | None = None,
    notes: Sequence[str] = (),
    formats: Sequence[str] = ("png",),
    dpi: int = DPI,
) -> list[Path]:
    """Write statistics.json and overview.png over the groups, <page>_joints.png and <page>_motion.png for each page.

    formats: of `signllm.viewing.print_files`, in place of png; `dpi` counts for png.

    pages: pooled groups that get plots of their own, such as a language over its splits; the groups when None.
    notes (how clips were chosen, warnings) are kept in the json. Returns the paths written.
    """
    folder = Path(folder)
    pages = groups if pages is None else pages
    report = folder / "statistics.json"
    write_json(report, {"notes": list(notes), "groups": {group.name: group.summary() for group in groups}})
    shown = groups if len(groups) <= _MOST_IN_OVERVIEW else pages
    written = [report]
    with lettering():
        for stem, figure in _figures(shown, pages):
            written += [write_figure(figure, folder / f"{stem}.{kind}", dpi) for kind in formats]
    return written


def _figures(groups: Sequence[ClipStatistics], pages: Sequence[ClipStatistics]) -> Iterator[tuple[str, Figure]]:
    """Each figure with the stem of its file, one at a time."""
    yield "overview", overview_figure(groups)
    for page in pages:
        stem = page.name.replace("/", "_")
        yield f"{stem}_joints", joints_figure(page)
        yield f"{stem}_motion", motion_figure(page)


def overview_figure(groups: Sequence[ClipStatistics]) -> Figure:
    """Lengths, amounts, texts and shoulder widths of all groups beside each other."""
    figure, axes = _page("Overview", (2, 3), (13, 7.2))
    colors = [_GROUP_COLORS[i % len(_GROUP_COLORS)] for i in range(len(groups))]
    names = [drawable(group.name) for group in groups]
    _histograms(axes[0, 0], [g.values("duration_s") for g in groups], names, colors)
    _label(axes[0, 0], "Length of clips", "seconds", "share of clips")
    _bars(axes[0, 1], names, [g.frames for g in groups], colors)
    _label(axes[0, 1], "Frames", "", "frames")
    _above_bars(axes[0, 1], [f"{g.clips:,} clips\n{_duration(g.seconds)}" for g in groups])
    if any(g.words for g in groups):
        spoken = [index for index, group in enumerate(groups) if group.words]
        lengths = [groups[index].values("words") for index in spoken]
        labels, shades = ([of[index] for index in spoken] for of in (names, colors))
        _histograms(axes[0, 2], lengths, labels, shades, whole_numbers=True)
        _label(axes[0, 2], "Length of texts", "words", "share of clips")
    else:
        _nothing(axes[0, 2], "Length of texts", "no text beside these clips")
    _vocabulary(axes[1, 0], groups, names)
    widths = [g.values("shoulder_width") for g in groups]
    low, high = np.percentile(np.concatenate([[0.9, 1.1], *widths]), [0, 100])
    _histograms(axes[1, 1], widths, names, colors, edges=np.linspace(low, high, 41))
    _label(axes[1, 1], "Shoulder width (median of a clip)", "shoulder widths", "share of clips")
    axes[1, 1].axvline(1, color=_GREY, lw=0.8, ls=":")
    _bars(axes[1, 2], names, [100 * g.missing_share_J().mean() for g in groups], colors)
    _above_bars(axes[1, 2], [f"{100 * g.missing_share_J().mean():.2f} %" for g in groups])
    _label(axes[1, 2], "Missing joints", "", "% of joints in all frames")
    axes[1, 2].set_ylim(0, max(axes[1, 2].get_ylim()[1], 1))
    return figure


def joints_figure(group: ClipStatistics) -> Figure:
    """For each joint how often it is missing; for each bone its length and how much it varies."""
    figure, axes = _page(f"{drawable(group.name)}: joints and bones", (3, 1), (13, 10))
    skeleton = group.skeleton
    joint_colors = [_joint_color(name) for name in skeleton.joints]
    positions = np.arange(skeleton.num_joints)
    missing_J = 100 * group.missing_share_J()
    axes[0].bar(positions, missing_J, color=joint_colors)
    axes[0].set_ylim(0, max(1.0, 1.1 * missing_J.max()))
    _label(axes[0], "Missing joints" if missing_J.any() else "Missing joints: none", "", "% of frames")
    child_K = skeleton.bones[:, 1]
    colors_K = [joint_colors[child] for child in child_K]
    length, cv = group.bone_length, group.bone_cv
    axes[1].bar(child_K, length.mean, yerr=length.deviation, color=colors_K, error_kw={"lw": 0.8, "ecolor": _GREY})
    _label(axes[1], "Length of the bone that ends here (mean; line: spread between clips)", "", "shoulder widths")
    axes[2].bar(child_K, 100 * cv.mean, color=colors_K)
    flat = f"; {group.flat_clips:,} of {group.clips:,} clips have no depth, so that turning looks like shrinking"
    title = "Variation of the bone's length within a clip (0 is a rigid bone"
    _label(axes[2], title + (flat if group.flat_clips else "") + ")", "", "deviation, % of length")
    for ax in axes:
        ax.set_xticks(positions, [name.replace("_", " ") for name in skeleton.joints], rotation=90, fontsize=6)
        ax.set_xlim(-0.8, skeleton.num_joints - 0.2)
    return figure


def motion_figure(group: ClipStatistics) -> Figure:
    """Where the wrists are, how fast they move, and which hand does the work."""
    figure, axes = _page(f"{drawable(group.name)}: motion (image plane)", (2, 3), (13, 8.2))
    for column, (part, counts) in enumerate(group.space_counts.items()):
        _heat_map(axes[0, column], counts, f"Space used by the {part.split('_')[0]} wrist")
    speeds = axes[0, 2]
    for part, steps in group.speed_counts.items():
        share = steps[:-1] / max(steps.sum(), 1)
        mean = group.mean_speed(part)
        name = f"{part.split('_')[0]} (mean {mean:.2f})" if mean is not None else f"{part.split('_')[0]} (never seen)"
        speeds.stairs(share, SPEED_EDGES, color=_side_color(part), lw=1.6, label=name)
    if any(counts.any() for counts in group.speed_counts.values()):
        speeds.set_yscale("log")
    speeds.legend(frameon=False, fontsize=8, loc="upper right")
    _label(speeds, "Speed of the wrists", "shoulder widths a second", "share of steps")
    _histograms(axes[1, 0], [group.values("right_share")], [""], [_GREY], edges=np.linspace(0, 1, 21))
    _label(axes[1, 0], "Hand activity", "left only   ←   share of the right wrist   →   right only", "share of clips")
    hands = ("right", "both", "left", "none")
    colors = [_hex(SIDE_COLORS["right"]), _GREY, _hex(SIDE_COLORS["left"]), "#bbbbbb"]
    _bars(axes[1, 1], list(hands), [group.hands[hand] for hand in hands], colors)
    _label(axes[1, 1], "More active hand (over 60 % of the path)", "", "clips")
    _histograms(axes[1, 2], [group.values("max_speed")], [""], [_GREY])
    _label(axes[1, 2], "Fastest step of a clip", "shoulder widths a second", "share of clips")
    return figure


def _page(title: str, grid: tuple[int, int], inches: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches)
    axes = figure.subplots(*grid)
    # Fixed margins: matplotlib's layout engine would take longer than all of the drawing.
    single = grid[1] == 1
    figure.subplots_adjust(0.05, 0.11 if single else 0.07, 0.985, 0.91, wspace=0.2, hspace=0.6 if single else 0.32)
    figure.suptitle(title, x=0.012, ha="left", fontsize=13)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=8)
    return figure, axes


def _label(ax: Axes, title: str, x: str, y: str) -> None:
    ax.set_title(title, loc="left", fontsize=10)
    ax.set_xlabel(x, fontsize=8)
    ax.set_ylabel(y, fontsize=8)


def _histograms(
    ax: Axes,
    values: list[np.ndarray],
    names: list[str],
    colors: list[str],
    edges: np.ndarray | None = None,
    whole_numbers: bool = False,
) -> None:
    """One outline a group, as shares, over common edges; the highest 0.5 % of values do not stretch the axis."""
    from matplotlib.ticker import MaxNLocator

    pooled = np.concatenate(values) if values else np.empty(0)
    if not len(pooled):
        ax.text(0.5, 0.5, "nothing measured", ha="center", va="center", transform=ax.transAxes, color=_GREY)
        return
    if edges is None:
        low, high = np.percentile(pooled, [0, 99.5])
        if whole_numbers:
            step = max(1, int(np.ceil((high - low) / 40)))
            edges = np.arange(np.floor(low), np.ceil(high) + step + 1, step) - 0.5
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            bins = int(np.clip(2 * np.sqrt(max(map(len, values))), 8, 40))
            edges = np.linspace(low, max(high, low + max(0.02, 0.02 * abs(low))), bins + 1)
    for one, name, color in zip(values, names, colors, strict=True):
        shares = np.histogram(np.minimum(one, edges[-1]), edges)[0] / max(len(one), 1)
        ax.stairs(shares, edges, color=color, lw=1.6, label=name or None)
        if len(values) <= 3:
            ax.stairs(shares, edges, color=color, fill=True, alpha=0.12)
    if any(names):
        ax.legend(frameon=False, fontsize=8 if len(names) <= 4 else 7, loc="upper right")


def _bars(ax: Axes, names: list[str], values: list[float], colors: list[str]) -> None:
    ax.bar(range(len(names)), values, color=colors)
    ax.set_xticks(range(len(names)), names, fontsize=8, rotation=30 if len(names) > 4 else 0)


def _above_bars(ax: Axes, notes: list[str]) -> None:
    for bar, note in zip(cast("Sequence[Rectangle]", ax.patches), notes, strict=True):
        top = (bar.get_x() + bar.get_width() / 2, bar.get_height())
        ax.annotate(note, top, ha="center", va="bottom", fontsize=8 if len(notes) <= 4 else 6)
    ax.margins(y=0.2)


def _vocabulary(ax: Axes, groups: Sequence[ClipStatistics], names: list[str]) -> None:
    words, signs = [len(g.words) for g in groups], [len(g.glosses) for g in groups]
    if not any(words) and not any(signs):
        _nothing(ax, "Vocabulary", "no text or gloss beside these clips")
        return
    positions = np.arange(len(groups))
    ax.bar(positions - 0.2, words, 0.4, color="#56B4E9", label="different words")
    ax.bar(positions + 0.2, signs, 0.4, color="#E69F00", label="different glosses")
    ax.set_xticks(positions, names, fontsize=8, rotation=30 if len(names) > 4 else 0)
    ax.margins(y=0.25)  # room for the legend
    ax.legend(frameon=False, fontsize=8, loc="upper right")
    _label(ax, "Vocabulary", "", "count")


def _nothing(ax: Axes, title: str, why: str) -> None:
    ax.set_axis_off()
    ax.set_title(title, loc="left", fontsize=10)
    ax.text(0.5, 0.5, why, ha="center", va="center", transform=ax.transAxes, color=_GREY, fontsize=9)


def _heat_map(ax: Axes, counts_XY: np.ndarray, title: str) -> None:
    """Density of positions, with shoulders and head drawn for orientation; y grows downwards, as in the image."""
    # The brightest 1 % of cells, as a rule where the hands rest, would leave all others dark; so would no root.
    visited = counts_XY[counts_XY > 0]
    brightest = np.percentile(visited, 99) if len(visited) else 1
    density = np.sqrt(np.minimum(counts_XY.T / brightest, 1))
    ax.pcolormesh(SPACE_EDGES_X, SPACE_EDGES_Y, density, cmap="cividis", vmin=0, vmax=1, rasterized=True)
    ax.plot([-0.5, 0.5], [0, 0], color="white", lw=2, marker="o", ms=4)
    angle = np.linspace(0, 2 * np.pi, 60)
    ax.plot(0.27 * np.cos(angle), 0.27 * np.sin(angle) - 0.62, color="white", lw=1.2)
    ax.set_aspect("equal")
    ax.set_xlim(SPACE_EDGES_X[0], SPACE_EDGES_X[-1])
    ax.set_ylim(SPACE_EDGES_Y[-1], SPACE_EDGES_Y[0])
    _label(ax, title, "shoulder widths from the middle of the shoulders", "down")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _hex(color: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _side_color(name: str) -> str:
    side = name.split("_")[0]
    return _hex(SIDE_COLORS[side]) if side in SIDE_COLORS else _GREY


def _joint_color(name: str) -> str:
    """The colour the joint has in the videos."""
    side, *rest = name.split("_")
    if side in FINGER_COLORS and rest and rest[0] in FINGERS:
        return _hex(FINGER_COLORS[side][FINGERS.index(rest[0])])
    return _side_color(name)

"""How the wrists of clips move, as a figure for print: their way in the image, and height, side and speed over time.

Legend: F frames, C coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.pose.geometry import mid_shoulders
from signllm.viewing.drawing import SIDE_COLORS
from signllm.viewing.print_files import drawable, lettering
from signllm.viewing.scene import in_shoulder_widths

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_IN = 3.4  # inches: a column of a page with two of them
MOST_CLIPS = 4
_STYLES: tuple[Any, ...] = ("-", (0, (4, 1.6)), (0, (1, 1.2)), (0, (5, 1.4, 1, 1.4)))  # told apart without colour
_FONT, _SMALL = 8, 7  # points
_GREY = "#545c68"
_ROW_IN, _TEXT_IN = 0.86, 0.165


def trajectory_figure(clips: Sequence[tuple[str, PoseSequence]], title: str = "") -> Figure:
    """The wrists of up to four clips, one column wide: blue is right, orange is left, each clip has a line of its own.

    Coordinates are in shoulder widths from the middle of the shoulders, up is up. Frames that do not show a wrist leave
    a gap. Raises ConfigError for more clips.
    """
    from matplotlib.figure import Figure

    if not 1 <= len(clips) <= MOST_CLIPS:
        raise ConfigError(f"{len(clips)} clips in one plot of trajectories; from 1 to {MOST_CLIPS} can be told apart")
    square = (COLUMN_IN - 0.5) / max(2, len(clips)) * 0.98
    lines = 1 + len(clips)
    height = 0.3 * bool(title) + square + 3 * _ROW_IN + _TEXT_IN * lines + 1.0
    with lettering():
        figure = Figure(figsize=(COLUMN_IN, height))
        grid = figure.add_gridspec(
            2, 1, height_ratios=(square, 3 * _ROW_IN), left=0.185, right=0.985,
            top=1 - (0.3 * bool(title) + 0.18) / height, bottom=(_TEXT_IN * lines + 0.42) / height,
            hspace=0.5 / ((square + 3 * _ROW_IN) / 2),
        )  # fmt: skip
        maps = grid[0].subgridspec(1, len(clips), wspace=0.08).subplots(sharex=True, sharey=True, squeeze=False)[0]
        rows = list(grid[1].subgridspec(3, 1, hspace=0.22).subplots(sharex=True, squeeze=False)[:, 0])
        moved = [_wrists(pose) for _, pose in clips]
        for number, (ax, wrists) in enumerate(zip(maps, moved, strict=True)):
            _draw_map(ax, str(number + 1) if len(clips) > 1 else "", wrists, number)
        for number, ((_, pose), wrists) in enumerate(zip(clips, moved, strict=True)):
            _draw_times(rows, wrists, pose.fps, _STYLES[number])
        _frame(maps, moved)
        _label(maps, rows)
        _legend(
            figure,
            [f"{n}  {drawable(name)}" if len(clips) > 1 else drawable(name) for n, (name, _) in enumerate(clips, 1)],
        )
        if title:
            figure.text(0.02, 1 - 0.05 / height, drawable(title), va="top", fontsize=_FONT + 1)
    return figure


def _wrists(pose: PoseSequence) -> dict[str, np.ndarray]:
    """Side -> (F, 2) where the wrist is, NaN where it is not seen: to the right of the image, and up."""
    pose = in_shoulder_widths(pose)
    middle_FC, seen_F = mid_shoulders(pose.coordinates, pose.valid, pose.skeleton)
    origin_C = np.median(middle_FC[seen_F], axis=0) if seen_F.any() else np.zeros(pose.coordinates.shape[2])
    found = {}
    for part, wrist in pose.skeleton.wrists.items():
        place_F2 = (pose.coordinates[:, wrist] - origin_C)[:, :2] * [1.0, -1.0]
        found[part.split("_")[0]] = np.where(pose.valid[:, wrist, None], place_F2, np.nan)
    return found


def _draw_map(ax: Axes, name: str, wrists: dict[str, np.ndarray], number: int) -> None:
    ax.plot([-0.5, 0.5], [0, 0], color=_GREY, lw=1.5, marker="o", ms=2.5)
    for side, place_F2 in wrists.items():
        ax.plot(*place_F2.T, color=_color(side), lw=0.9, ls=_STYLES[number])
        seen_F2 = place_F2[np.isfinite(place_F2[:, 0])]
        if len(seen_F2):
            ax.plot(*seen_F2[0], color=_color(side), marker="o", ms=3.2, mfc="white", mew=0.9)
            ax.plot(*seen_F2[-1], color=_color(side), marker="o", ms=3.2)
    ax.set_aspect("equal")
    ax.set_title(name, fontsize=_SMALL, loc="left", pad=2, clip_on=True)


def _frame(maps: Sequence[Axes], moved: Sequence[dict[str, np.ndarray]]) -> None:
    """Give all maps the same square of space: with the shoulders and wherever a wrist goes."""
    places_F2 = np.concatenate([[(-0.5, 0), (0.5, 0)], *(place for wrists in moved for place in wrists.values())])
    low, high = np.nanmin(places_F2, axis=0), np.nanmax(places_F2, axis=0)
    half = 0.54 * (high - low).max()
    for ax in maps:
        ax.set_xlim((low + high)[0] / 2 - half, (low + high)[0] / 2 + half)
        ax.set_ylim((low + high)[1] / 2 - half, (low + high)[1] / 2 + half)


def _draw_times(rows: Sequence[Axes], wrists: dict[str, np.ndarray], fps: float, style: Any) -> None:
    for side, place_F2 in wrists.items():
        time_F = np.arange(len(place_F2)) / fps
        speed_F = np.linalg.norm(np.diff(place_F2, axis=0), axis=-1) * fps
        drawn = ((time_F, place_F2[:, 1]), (time_F, place_F2[:, 0]), (time_F[1:] - 0.5 / fps, speed_F))
        for ax, (x, y) in zip(rows, drawn, strict=True):
            ax.plot(x, y, color=_color(side), lw=0.9, ls=style)


def _label(maps: Sequence[Axes], rows: Sequence[Axes]) -> None:
    maps[0].set_ylabel("up (sh. w.)", fontsize=_FONT, labelpad=1)
    for ax in maps:
        ax.set_xlabel("right (sh. w.)" if len(maps) <= 2 else "right", fontsize=_FONT, labelpad=1)
    for ax, name in zip(rows, ("height\n(sh. w.)", "side\n(sh. w.)", "speed\n(sh. w./s)"), strict=True):
        ax.set_ylabel(name, fontsize=_FONT, labelpad=1)
        ax.yaxis.set_label_coords(-0.115, 0.5)
        ax.margins(x=0.01)
    rows[-1].set_ylim(bottom=0)
    rows[-1].set_xlabel("time (seconds)      sh. w.: shoulder widths", fontsize=_FONT, labelpad=1)
    for ax in (*maps, *rows):
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=_SMALL, length=2.5, pad=1.5)
        ax.grid(color="#e3e7ec", lw=0.5)
        ax.set_axisbelow(True)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    """Hands by colour, clips by line, and what the points are; below everything, in one column for long names."""
    from matplotlib.lines import Line2D

    height = figure.get_size_inches()[1]
    hands = [Line2D([], [], color=_color(side), lw=1.4, label=f"{side} wrist") for side in ("right", "left")]
    hands += [Line2D([], [], color=_GREY, lw=0, marker="o", ms=3.2, mfc="white", label="first")]
    hands += [Line2D([], [], color=_GREY, lw=0, marker="o", ms=3.2, label="last frame")]
    clips = [Line2D([], [], color=_GREY, lw=1.0, ls=_STYLES[n], label=_cut(name)) for n, name in enumerate(names)]
    shared: dict[str, Any] = {
        "frameon": False,
        "fontsize": _SMALL,
        "borderpad": 0,
        "borderaxespad": 0,
        "handletextpad": 0.5,
    }
    left, bottom = 0.02, 0.06 / height
    figure.legend(handles=clips, loc="lower left", bbox_to_anchor=(left, bottom), labelspacing=0.35, **shared)
    above = bottom + (_TEXT_IN * len(names) + 0.03) / height
    figure.legend(handles=hands, loc="lower left", bbox_to_anchor=(left, above), ncols=4, columnspacing=1.0, **shared)


def _cut(name: str, most: int = 56) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _color(side: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*SIDE_COLORS[side]) if side in SIDE_COLORS else _GREY

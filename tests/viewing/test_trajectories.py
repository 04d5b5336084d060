"""Plots for print: what they show of the wrists, letters of any script, and files that are the same each time."""

import numpy as np
import pytest

from signllm.errors import ConfigError
from signllm.viewing import fonts
from signllm.viewing.print_files import check_format, drawable, write_figure
from signllm.viewing.trajectories import COLUMN_IN, trajectory_figure
from tests.helpers.clips import signing


def lines_of(figure, label):
    """The lines of the axes whose y axis begins with a label."""
    (ax,) = [ax for ax in figure.axes if ax.get_ylabel().startswith(label)]
    return [np.array(line.get_data()).T for line in ax.get_lines()]


def test_height_side_and_speed_are_those_of_the_wrists_in_seconds_and_shoulder_widths():
    clip = signing(1, 30)
    valid = clip.valid.copy()
    valid[10:14, 4] = False
    figure = trajectory_figure([("clip", clip.replace(valid=valid))])
    middle = clip.coordinates[:, [2, 5]].mean(1)[0]
    for label, axis, sign in (("height", 1, -1), ("side", 0, 1)):
        right, left = lines_of(figure, label)
        assert right[:, 0] == pytest.approx(np.arange(30) / clip.fps)
        expected = sign * (clip.coordinates[:, 4, axis] - middle[axis])
        expected[10:14] = np.nan
        assert right[:, 1] == pytest.approx(expected, nan_ok=True, abs=1e-5)
        assert left[:, 1] == pytest.approx(sign * (clip.coordinates[:, 7, axis] - middle[axis]), abs=1e-5)
    steps = np.linalg.norm(np.diff(clip.coordinates[:, 7, :2], axis=0), axis=1) * clip.fps
    assert lines_of(figure, "speed")[1][:, 1] == pytest.approx(steps, rel=1e-3)


def test_clips_have_lines_of_their_own_in_maps_of_one_scale():
    figure = trajectory_figure([(f"clip {seed}", signing(seed, 20 + seed)) for seed in range(3)], "three")
    assert figure.get_size_inches()[0] == COLUMN_IN
    maps = [ax for ax in figure.axes if ax.get_aspect() == 1]
    assert len({ax.get_xlim() for ax in maps}) == 1
    speeds = next(ax for ax in figure.axes if ax.get_ylabel().startswith("speed"))
    assert len({str(line.get_linestyle()) + str(line._unscaled_dash_pattern) for line in speeds.get_lines()}) == 3
    assert len({line.get_color() for line in speeds.get_lines()}) == 2
    with pytest.raises(ConfigError, match="5 clips"):
        trajectory_figure([("x", signing(0, 5))] * 5)


@pytest.mark.skipif(fonts.bundled_font() is None, reason="no paperang-p2-fonts-cjk")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_letters_of_all_scripts_are_drawn_and_files_are_the_same_each_time(kind, tmp_path):
    # matplotlib warns of every character that it draws as a box.
    for name in ("one", "two"):
        figure = trajectory_figure([("내일 비가 온다", signing(0, 9))], "明天会下雨 · Yarın yağmur yağacak $5")
        write_figure(figure, tmp_path / f"{name}.{kind}", 60)
    one, two = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert {"pdf": b"/Type0", "svg": b"<path", "png": b"IHDR"}[kind] in one
    assert {"pdf": b"/Subtype /Image", "svg": b"<image", "png": b"<image"}[kind] not in one


def test_what_no_font_has_is_said_in_other_letters():
    assert "\U00012000" not in drawable("\U00012000 and 5 $")
    assert drawable("5 $").endswith(r"\$")
    with pytest.raises(ConfigError, match="pdf, svg, png"):
        check_format("jpg")

"""Charts of the report page: bars as long as their values, names in both languages, the same characters every time."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from signllm.viewing.charts import bar_chart, histogram

LABELS = {"model": ("Model", "模型"), "random_clip": ("Random", "随机")}


def bars(drawing):
    """(width, height) of every bar, in the order they are drawn."""
    found = []
    for path in ElementTree.fromstring(drawing).iter("{http://www.w3.org/2000/svg}path"):
        if "fill: #" in path.get("style") and "opacity: 0.85" in path.get("style"):
            corners = np.array(re.findall(r"[-\d.]+", path.get("d")), float).reshape(-1, 2)
            found.append(tuple(np.ptp(corners, axis=0)))
    return found


def entry(value, low=None, high=None):
    return {"value": value, "low": value if low is None else low, "high": value if high is None else high}


def test_bars_are_as_long_as_their_values():
    group = {"ASL": {"model": entry(0.4, 0.1, 0.9), "random_clip": entry(0.8, 0.1, 0.9)}}
    (first, _), (second, _) = bars(bar_chart(group, LABELS))
    assert second == pytest.approx(2 * first, rel=0.01)
    group["ASL"]["model"] = entry(float("nan"))
    drawing = bar_chart(group, LABELS)
    assert len(bars(drawing)) == 1
    assert ">–</text>" in drawing
    assert bar_chart({"ASL": {"model": group["ASL"]["model"]}}, LABELS) == ""


def test_an_outlier_is_cut_so_that_the_others_stay_readable():
    values = {f"s{n}": entry(value) for n, value in enumerate([1, 1.1, 0.9, 1.2, 500])}
    drawing = bar_chart({"ASL": values}, {name: (name, name) for name in values}, 1.0)
    lengths = [width for width, _ in bars(drawing)]
    assert min(lengths) > 0.3 * max(lengths)
    assert ">500</text>" in drawing
    assert drawing.count("<use") == 1  # the arrow


def test_names_stand_in_both_languages_and_languages_apart():
    group = {"model": entry(0.4), "random_clip": entry(0.8)}
    drawing = bar_chart({"ASL": group, "$x_1$ <b>": group}, LABELS)
    for words in ('class="en" lang="en"', 'class="zh" lang="zh"', ">Model<", ">模型<"):
        assert drawing.count(words) == (4 if "class" in words else 2)
    assert ">ASL</text>" in drawing
    assert "$x_1$ &lt;b&gt;" in drawing
    assert "ASL" not in bar_chart({"ASL": group}, LABELS)  # of one language the page's title says it


def test_a_chart_is_the_same_every_time_and_asks_for_nothing():
    draw = lambda: bar_chart({"ASL": {"model": entry(0.4, 0.3, 0.5)}}, LABELS, 1.0)  # noqa: E731
    drawing = draw()
    assert draw() == drawing
    assert not re.search(r"date|creator|url\(|<style", drawing, re.IGNORECASE)
    assert set(re.findall(r'id="([^"]+)"', drawing)) == set(re.findall(r'href="#([^"]+)"', drawing))


def test_histogram_rows_count_all_clips():
    values = {"model": np.array([0.1, 0.1, 0.9, np.nan]), "random_clip": np.full(4, np.nan)}
    drawing = histogram(values, LABELS)
    heights = sorted(height for _, height in bars(drawing))
    assert len(heights) == 2
    assert heights[1] == pytest.approx(2 * heights[0])
    assert ">0.100</text>" in drawing  # the median
    assert histogram({"model": np.array([np.nan])}, LABELS) == ""

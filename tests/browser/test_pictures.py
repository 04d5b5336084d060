"""Pictures for the documents: frames of a player's page in rows, and a page from a heading on."""

import sys

import numpy as np
import pytest

from tests.conftest import ROOT

pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -r requirements-browser.txt")
sys.path.append(str(ROOT / "tools"))

from pictures import flags_of, taken


def shot(chromium, page, *more):
    return np.asarray(taken(chromium, flags_of().parse_args([str(page), "out.webp", *more])), float)


def test_each_frame_is_a_column_and_each_figure_a_row(chromium, player_file):
    flags = ["--figures", "skeleton", "--size", "300x300", "--frames", "0", "20"]
    picture = shot(chromium, player_file, *flags)
    first, later = np.split(picture, 2, axis=1)
    assert np.abs(first - later).mean() > 0.5
    assert first.std() > 5
    twice = shot(chromium, player_file, *flags, "--figures", "skeleton", "skeleton")
    np.testing.assert_allclose(np.split(twice, 2)[1], picture, atol=40)


def test_a_page_is_shown_from_a_heading_on(chromium, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<h1>Top</h1><div style='height:3000px'></div><h2 style='background:red'>Below</h2><p>text</p>" * 2)
    reds = [
        (shot(chromium, page, "--size", "300x200", *more)[..., :2] @ [1, -1] > 200).sum()
        for more in ([], ["--heading", "Below"])
    ]
    assert reds[0] == 0
    assert reds[1] > 1000


def test_only_pictures_are_written(capsys):
    from pictures import main

    with pytest.raises(SystemExit):
        main(["page.html", "out.jpg"])
    assert "ends in .webp or .png" in capsys.readouterr().err

"""Debian's Chromium, headless, with the network off; skipped, with the reason, where it or playwright is absent."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from signllm.pose import PoseSequence
from signllm.viewing.player.page import Figure, PlayerScene, Segment, write_player
from tests.helpers.clips import signing
from tests.helpers.pages import wait_until

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
OWN = ("file:", "data:", "blob:")
SOFTWARE_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")


@pytest.fixture(scope="session")
def chromium():
    remedy = "no playwright: pip install -r requirements-browser.txt"
    sync_api = pytest.importorskip("playwright.sync_api", reason=remedy)
    if not CHROMIUM:
        pytest.skip("no chromium: apt install chromium, or set CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, which is who runs CI in a container.
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*SOFTWARE_WEBGL, *sandbox])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def player_file(tmp_path_factory) -> Path:
    """Three scenes: a clip with missing joints and glosses at their times; a comparison; a clip without depth."""
    clip = signing(1, 40)
    valid = np.ones((40, 50), bool)
    valid[:, 8:29] = False  # no left hand
    gappy = PoseSequence(clip.coordinates, valid, 25)
    flat = clip.replace(coordinates=clip.coordinates[..., :2])
    compared = [
        Figure("recording", clip, "reference"),
        Figure("model", clip.stretched(60)),
        Figure("other", signing(2, 30)),
    ]
    scenes = [
        PlayerScene("one", [Figure("clip", gappy)], "the <b>book</b>", "THE BOOK", "ASL",
                    [Segment("THE", 0.2, 0.6), Segment("BOOK", 0.8, 1.4)], note=("a note", "备注")),
        PlayerScene("two", compared, "compared", "A B"),
        PlayerScene("three", [Figure("clip", flat)], "flat"),
    ]  # fmt: skip
    return write_player(tmp_path_factory.mktemp("player") / "player.html", scenes, "Test")


@pytest.fixture
def open_page(chromium):
    """Open a file from the disk; every error on the page, and every request for anything else, fails the test."""
    contexts, faults = [], []

    def open_file(path, width=900, height=640, locale="en-US", reduced_motion="reduce", touch=False):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            reduced_motion=reduced_motion,
            has_touch=touch,
            is_mobile=touch,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.on("request", lambda request: request.url.startswith(OWN) or faults.append(request.url))
        page.goto(Path(path).as_uri())
        wait_until(page, "window.signllmPlayer?.state.drawn > 0")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert faults == []

"""Pictures of pages, for the documents: frames of a player's page in rows, or the top of any page.

    pip install -r requirements-browser.txt   (and Debian's chromium)
    python tools/pictures.py PAGE.html OUT.webp --frames 10 30 50 70 [--figures skeleton avatar] [--size 300x320]
    python tools/pictures.py PAGE.html OUT.webp --size 1000x900 [--heading "Clips"]

A page is a file or an address. With `--frames`, each of `--figures` is a row and each frame a column; without, the
picture shows the page from its top, or from a heading on.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.fsutil import write_atomically

_FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_BAR = 280  # pixels that a player's page needs below and above its canvas
_KINDS = {".webp": {"format": "WEBP", "quality": 80, "method": 6}, ".png": {"format": "PNG", "optimize": True}}
_WAIT = 400  # milliseconds from a click to the picture


def flags_of() -> argparse.ArgumentParser:
    """What the script can be told."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("page", help="file or address")
    flags.add_argument("picture", type=Path, help="file to write: .webp or .png")
    flags.add_argument("--frames", type=int, nargs="+", default=[])
    flags.add_argument("--figures", nargs="+", choices=("skeleton", "avatar"), default=["avatar"])
    flags.add_argument("--view", choices=("front", "side", "top"), default="front")
    flags.add_argument("--zoom", type=int, default=0, help="how many steps nearer")
    flags.add_argument("--heading", help="of a page: where the picture begins")
    flags.add_argument("--size", default="300x320", help="of a frame, or of the page, in pixels")
    flags.add_argument("--language", default="en", help="of the page")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; returns the exit code."""
    flags = flags_of()
    options = flags.parse_args(argv)
    if options.picture.suffix not in _KINDS:
        flags.error(f"{options.picture}: a picture ends in {' or '.join(_KINDS)}")
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_FLAGS, *sandbox])
        picture = taken(browser, options)
        browser.close()
    write_atomically(options.picture, lambda file: picture.save(file, **_KINDS[options.picture.suffix]))
    print(
        f"wrote {options.picture} ({picture.width} x {picture.height}, {options.picture.stat().st_size / 1000:.0f} kB)"
    )
    return 0


def taken(browser: Browser, options: argparse.Namespace) -> Image.Image:
    """The picture that the options ask for."""
    width, height = (int(number) for number in options.size.split("x"))
    height += _BAR if options.frames else 0
    page = browser.new_page(viewport={"width": width, "height": height}, locale=options.language)
    page.goto(options.page if "://" in options.page else Path(options.page).resolve().as_uri())
    if options.heading:
        page.get_by_role("heading", name=options.heading).first.evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(5 * _WAIT)
    picture = _rows(page, options) if options.frames else _picture(page.screenshot())
    page.close()
    return picture


def _rows(page: Page, options: argparse.Namespace) -> Image.Image:
    """A row for each figure, a column for each frame."""
    page.wait_for_function("signllmPlayer.state.frames > 0")
    if page.evaluate("signllmPlayer.state.playing"):
        page.keyboard.press(" ")
    page.keyboard.press({"front": "1", "side": "2", "top": "3"}[options.view])
    for _ in range(options.zoom):
        page.keyboard.press("+")
    rows = []
    for figure in options.figures:
        if figure == "avatar":
            page.wait_for_function("signllmPlayer.state.hasAvatar")
        if page.evaluate("signllmPlayer.state.figure") != figure:
            page.keyboard.press("f")
        rows.append([_frame(page, frame) for frame in options.frames])
    width, height = rows[0][0].size
    whole = Image.new("RGB", (width * len(options.frames), height * len(rows)), "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            whole.paste(picture, (column * width, row * height))
    return whole


def _frame(page: Page, frame: int) -> Image.Image:
    page.get_by_role("slider").first.fill(str(frame))
    page.wait_for_timeout(_WAIT)
    return _picture(page.locator("canvas").first.screenshot())


def _picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


if __name__ == "__main__":
    raise SystemExit(main())

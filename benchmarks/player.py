"""The player: how large a page of 20 clips is, and how many frames a second a browser without a graphics card draws.

    python benchmarks/player.py [--seconds 5] [--size 640x480] [--against player.js]

Chromium's software renderer (SwiftShader) draws while clips play at full speed, for `--seconds` each: one signer, four
side by side, and the avatar. Nothing beside it should run; where something does, the processor time of a picture says
more than their number. `--against` measures another build of the player in turn with ours, such as an earlier one:

    git show HEAD~1:signllm/viewing/player/player.js > before.js

Needs `pip install -r requirements-browser.txt` and chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.pose import SKELETON_50, PoseSequence
from signllm.viewing.player import page as pages
from signllm.viewing.player.page import Figure, PageAvatar, PlayerScene, write_player

FRAMES, FPS, CLIPS = 100, 25.0, 20


def clip(seed: int) -> PoseSequence:
    """Four seconds of a person whose arms and fingers move."""
    rng = np.random.default_rng(seed)
    pose_J3 = np.zeros((50, 3))
    pose_J3[:5] = [(0, -0.6, 0), (0, 0, 0), (-0.5, 0, 0), (-0.7, 0.7, 0), (-0.4, 0.6, 0.4)]
    pose_J3[5:8] = pose_J3[2:5] * [-1, 1, 1]
    for part, wrist in SKELETON_50.wrists.items():
        first, *fingers = SKELETON_50.parts[part]
        pose_J3[first] = pose_J3[wrist]
        for index, joint in enumerate(fingers):
            finger, k = divmod(index, 4)
            pose_J3[joint] = pose_J3[wrist] + [0.06 * (finger - 2), -0.1 - 0.06 * k, 0.02 * k]
    time_F11 = np.arange(FRAMES)[:, None, None] / FPS
    wave_FJ3 = np.sin(2 * np.pi * rng.uniform(0.3, 1.5, (1, 50, 3)) * time_F11 + rng.uniform(0, 6, (1, 50, 3)))
    return PoseSequence.all_valid(pose_J3 + 0.03 * wave_FJ3, FPS)


def processor_s() -> float:
    """Seconds of processor time of all processes that come from this one, the browser's among them (Linux)."""
    parents, seconds = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid], seconds[pid] = int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    family = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(seconds.get(pid, 0.0) for pid in family)


def measured(page: Any, seconds: float) -> tuple[float, float, float]:
    """Milliseconds to the first picture (of the avatar, where there is one), pictures a second, and ms of each."""
    started = time.perf_counter()
    while not page.evaluate("signllmPlayer.state.drawn && (signllmPlayer.state.hasAvatar || !WITH_AVATAR)"):
        page.wait_for_timeout(20)
    first_ms = 1000 * (time.perf_counter() - started)
    page.wait_for_timeout(500)
    before, begun, used = page.evaluate("signllmPlayer.state.drawn"), time.perf_counter(), processor_s()
    page.wait_for_timeout(1000 * seconds)
    drawn = page.evaluate("signllmPlayer.state.drawn") - before
    return first_ms, drawn / (time.perf_counter() - begun), 1000 * (processor_s() - used) / max(1, drawn)


def main() -> int:
    """Measure, and print a table."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--seconds", type=float, default=5.0)
    flags.add_argument("--size", default="640x480", help="of the window, in pixels")
    flags.add_argument("--against", type=Path, help="another build of the player's code, measured in turn with ours")
    options = flags.parse_args()
    from playwright.sync_api import sync_playwright

    width, height = map(int, options.size.split("x"))
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    one = [PlayerScene(str(seed), [Figure("clip", clip(seed))], f"text {seed}") for seed in range(CLIPS)]
    four = [PlayerScene("four", [Figure(str(seed), clip(seed)) for seed in range(4)])]
    shows = {f"{CLIPS} clips of one signer": (one, None), "four signers": (four, None)}
    shows[f"{CLIPS} clips signed by the avatar"] = (one, PageAvatar.read())
    asset = pages._asset
    builds = {"": asset}
    if options.against:
        other = options.against.read_text(encoding="utf-8")
        builds = {
            f"{options.against}: ": lambda name: other if name == "player.js" else asset(name),
            "ours: ": asset,
        }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        switches = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        switches += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=switches)
        print(f"chromium {browser.version}, window {options.size}, load {os.getloadavg()[0]:.1f}")
        for name, (scenes, avatar) in shows.items():
            for build, assets in builds.items():
                with mock.patch.object(pages, "_asset", assets):
                    path = write_player(Path(folder) / "player.html", scenes, avatar=avatar)
                page = browser.new_page(viewport={"width": width, "height": height})
                page.add_init_script(f"window.WITH_AVATAR = {'true' if avatar else 'false'}")
                page.goto(path.as_uri())
                first_ms, rate, each_ms = measured(page, options.seconds)
                print(
                    f"{build}{name}: {path.stat().st_size / 1e6:.2f} MB, first picture {first_ms:.0f} ms,"
                    f" {rate:.0f} pictures/s, {each_ms:.1f} ms of processor time each",
                    flush=True,
                )
                page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The code of the page: built from what stands in player/, speaking both languages, in the colours of the videos."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from signllm.viewing.drawing import BACKGROUND, FINGER_COLORS, SIDE_COLORS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "player" / "src"
BUILT = ROOT / "signllm" / "viewing" / "player"
TOOL = ROOT / "player" / "node_modules" / ".bin" / "esbuild"


def source(name):
    return (SOURCES / name).read_text(encoding="utf-8")


@pytest.mark.skipif(not (shutil.which("node") and TOOL.exists()), reason="no node, or `make player` never ran here")
def test_the_bundle_is_what_its_sources_give(tmp_path):
    command = re.search(r'"build": "(.*?)"', (ROOT / "player" / "package.json").read_text())[1]
    words = [word for word in command.split() if not word.startswith("--outfile")]
    subprocess.run([TOOL, *words[1:], f"--outfile={tmp_path / 'player.js'}"], cwd=ROOT / "player", check=True)
    assert (tmp_path / "player.js").read_bytes() == (BUILT / "player.js").read_bytes(), "run `make player`"


def test_the_bundle_can_stand_in_a_page():
    bundle = (BUILT / "player.js").read_text(encoding="utf-8")
    assert not re.search(r"</script|<!--|\beval\(|new Function\(", bundle)
    assert "innerHTML=" not in bundle
    assert "MIT License" in (BUILT / "LICENSE.three").read_text(encoding="utf-8")


def test_the_licence_is_that_of_the_version_that_is_built_in():
    vendored = ROOT / "player" / "node_modules" / "three" / "LICENSE"
    if not vendored.exists():
        pytest.skip("`make player` never ran here")
    assert vendored.read_bytes() == (BUILT / "LICENSE.three").read_bytes()


def test_data_never_becomes_markup():
    for path in SOURCES.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", path.read_text()), path.name


def test_everything_the_page_says_stands_in_both_languages():
    words = source("words.js")
    english, chinese = (
        dict(re.findall(r'^    (\w+): "(.*)",$', block, re.MULTILINE))
        for block in re.search(r"  en: \{\n(.*?)\n  \},\n  zh: \{\n(.*?)\n  \},\n", words, re.DOTALL).groups()
    )
    assert english.keys() == chinese.keys()
    for key in english:
        assert sorted(re.findall(r"\{\w+\}", english[key])) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
    code = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js") if path.name != "words.js")
    assert all(f'"{key}"' in code for key in english if key not in ("front", "side", "top"))


def test_the_colours_are_those_of_the_videos():
    def hexes(*colors):
        return ["#{:02x}{:02x}{:02x}".format(*color) for color in colors]

    normal = source("palette.js").split("const HIGH")[0]
    assert f'background: "{hexes(BACKGROUND)[0]}"' in normal
    for side, color in SIDE_COLORS.items():
        assert f'{side}: "{hexes(color)[0]}"' in normal
        fingers = re.search(rf"{side}_fingers: \[(.*?)\]", normal)[1]
        assert re.findall(r"#\w+", fingers) == hexes(*FINGER_COLORS[side])

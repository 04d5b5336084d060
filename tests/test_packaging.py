"""What `pip install .` installs; `make package` builds and installs it for real."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import signllm

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = SETTINGS["tool"]["setuptools"]


def test_every_folder_with_code_is_packed():
    """A new folder under signllm/ needs a line in pyproject.toml, [tool.setuptools] packages."""
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "signllm").rglob("*.py")}
    assert {".".join(folder.parts) for folder in folders} | {"signllm.configs"} == set(SETUPTOOLS["packages"])


def test_files_that_are_not_code_are_packed():
    folders = {name: Path(*name.split(".")) for name in SETUPTOOLS["packages"]} | {"signllm.configs": Path("configs")}
    packed = {
        path
        for name, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for path in (ROOT / folders[name]).glob(pattern)
    }
    others = {
        path
        for path in (ROOT / "signllm").rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    assert others | set((ROOT / "configs").glob("*.json")) == packed


def test_the_version_stands_in_one_place_and_in_the_changelog():
    assert "version" in SETTINGS["project"]["dynamic"]
    assert SETUPTOOLS["dynamic"]["version"] == {"attr": "signllm.__version__"}
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changes, re.MULTILINE)[1] == signllm.__version__


def test_ci_builds_and_tries_the_package():
    assert "make package" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


# Files over 200 kB, each with its reason in CONTRIBUTING.md.
LARGE = {"signllm/viewing/player/player.js", "signllm/assets/avatar/avatar.glb"}


def test_no_file_of_the_repository_is_large_but_those_that_the_guide_names():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert {path.relative_to(ROOT).as_posix() for path in files if path.stat().st_size > 200_000} == LARGE
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(name in guide for name in LARGE)

"""Every snippet of docs/python.md runs, in order, on a tiny model and the demo corpus; the command on it too."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from signllm.cli.main import main
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/python.md", "docs/python.zh-CN.md")


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, text) of the page's code blocks."""
    return re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def somewhere(make_config, demo_root, tmp_path, monkeypatch):
    """A folder with what the page takes for granted: a store, and the checkpoint of a quick run."""
    experiment = build_experiment(make_config("data.max_frames=12"))
    path = tmp_path / "checkpoints" / "quick_train" / "best_model.pth"
    path.parent.mkdir(parents=True)
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "signllm_data_complete").symlink_to(demo_root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_snippet_runs(somewhere, capsys):
    names: dict = {}
    for language, text in blocks(PAGES[0]):
        if language == "python":
            exec(compile(text, PAGES[0], "exec"), names)
        else:
            program, *words = shlex.split(text)
            assert program == "signllm"
            assert main(words) == 0
    written = {"weather.mp4", "clip.npz", "clip.gif", "clip.png", "my_model", "my_model_too", "my_model_without_scores"}
    assert written <= {path.name for path in somewhere.iterdir()}
    assert names["same"].num_frames == names["clip"].pose.num_frames
    assert "PoseSequence(12 frames, 0.48 s" in capsys.readouterr().out


def test_both_pages_have_the_same_code():
    def code(page):
        return [ast.dump(ast.parse(text)) if kind == "python" else text for kind, text in blocks(page)]

    assert code(PAGES[0]) == code(PAGES[1])


@pytest.mark.parametrize("page", ["docs/viewing.md"])
def test_the_players_snippet_runs(somewhere, page):
    (text,) = (text for language, text in blocks(page) if language == "python" and "write_player" in text)
    exec(compile(text, page, "exec"), {})
    assert (somewhere / "outputs" / "visualize" / "two.html").stat().st_size > 500_000

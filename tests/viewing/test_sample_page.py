"""The page of a training run: the newest first, old ones kept, never too large, and nothing of a damaged file."""

import json
import re

import orjson
import pytest

from signllm.viewing import sample_page
from signllm.viewing.player.page import Figure, PlayerScene
from signllm.viewing.sample_page import add_samples
from tests.helpers.clips import signing


def scene(step):
    figures = [Figure("reference", signing(1, 6), "reference"), Figure("generated", signing(step, 6))]
    return PlayerScene(f"clip at {step}", figures, "</script>", group=f"step {step}")


def shown(page):
    """The scenes on a page: name, group, and whether they can be aligned."""
    data = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text(), re.S)[1])
    return [(one["name"], one["group"]["en"], "aligned" in one["clips"][1]) for one in data["scenes"]]


def test_each_evaluation_comes_first_on_the_page_of_its_run(tmp_path):
    for step in (100, 1_000_000, 200):
        page = add_samples(tmp_path, step, [scene(step)], "run")
    assert page == tmp_path / "index.html"
    assert shown(page) == [(f"clip at {step}", f"step {step}", True) for step in (1_000_000, 200, 100)]
    add_samples(tmp_path, 200, [scene(200), scene(201)], "run")
    assert [name for name, *_ in shown(page)] == ["clip at 1000000", "clip at 200", "clip at 201", "clip at 100"]


@pytest.mark.parametrize(
    ("most", "expected"), [(1, [70]), (2, [70, 10]), (3, [70, 40, 10]), (7, list(range(70, 0, -10)))]
)
def test_a_long_run_shows_evaluations_from_the_first_to_the_newest(tmp_path, monkeypatch, most, expected):
    add_samples(tmp_path, 10, [scene(10)], "run")
    size = len(orjson.dumps(orjson.loads((tmp_path / "step_000010.json").read_bytes())["scenes"]))
    monkeypatch.setattr(sample_page, "_MOST_BYTES", most * (size + 20))
    for step in range(20, 80, 10):
        page = add_samples(tmp_path, step, [scene(step)], "run")
    assert [int(name.split()[-1]) for name, *_ in shown(page)] == expected


@pytest.mark.parametrize("damaged", [b"", b'{"step": 1', b"[1]", b'{"step": "1", "skeleton": "50", "scenes": []}'])
def test_a_damaged_file_costs_its_own_clips_alone(tmp_path, damaged):
    add_samples(tmp_path, 1, [scene(1)], "run")
    (tmp_path / "step_000001.json").write_bytes(damaged)
    assert [name for name, *_ in shown(add_samples(tmp_path, 2, [scene(2)], "run"))] == ["clip at 2"]

"""Which clips are shown, and what stands in the cache's key."""

from pathlib import Path

import numpy as np
import pytest

import signllm
from signllm.evaluation.examples import best_and_worst
from signllm.evaluation.journal import _LOOKS, DECISIVE, Journal
from signllm.evaluation.measurements import Measurements
from signllm.metrics.registry import find_presets
from tests.test_layers import PACKAGE, imports_of

SCORES = [0.4, np.nan, 0.1, 0.9, 0.3, 0.2, 0.7]


@pytest.fixture
def measurements():
    found = Measurements(find_presets(["dtw-mje"]))
    width = len(found.presets[0].conclude(np.ones((1, 2)))[0]) + 1
    found.add("ASL", "model", {"dtw-mje": np.stack([np.array(SCORES), *[np.ones(len(SCORES))] * (width - 1)], axis=1)})
    return found


def test_best_and_worst_clips_are_those_of_the_scores(measurements):
    chosen = best_and_worst(measurements, "ASL", "model", 0, 2)
    assert chosen == [("best", 2, 0.1), ("best", 5, 0.2), ("worst", 3, 0.9), ("worst", 6, 0.7)]


def test_no_clip_stands_twice_and_undefined_scores_never(measurements):
    rows = [row for _, row, _ in best_and_worst(measurements, "ASL", "model", 0, 4)]
    assert sorted(rows) == [0, 2, 3, 4, 5, 6]


def test_without_the_score_there_are_none():
    found = Measurements(find_presets(["duration"]))
    found.add("ASL", "model", {"duration": np.ones((3, 2))})
    assert best_and_worst(found, "ASL", "model", 0, 2) == []


def test_bytes_are_made_once(tmp_path):
    journal = Journal(tmp_path, {"a": 1})
    assert journal.remembered("3", "picture", lambda: b"first") == b"first"
    assert journal.remembered("3", "picture", lambda: b"second") == b"first"
    assert Journal(tmp_path, {"a": 1}).remembered("3", "picture", lambda: b"third") == b"first"
    assert journal.remembered("4", "picture", lambda: b"fourth") == b"fourth"
    assert Journal(None, {}).remembered("3", "picture", lambda: b"fifth") == b"fifth"


def test_the_code_that_decides_what_is_measured_is_named_truly():
    root = Path(signllm.__file__).parent
    assert all((root / name).exists() for name in (*DECISIVE, *_LOOKS))


def test_rooms_that_measuring_imports_count_too():
    rooms = {name for name in DECISIVE if not name.endswith(".py")}
    imported = {room for name in rooms for path in (PACKAGE / name).rglob("*.py") for _, room in imports_of(path)}
    # What these make (trained weights, converted stores) is in the key by its content.
    assert imported - rooms <= {"foundation", "learning", "lifting", "device", "training"}

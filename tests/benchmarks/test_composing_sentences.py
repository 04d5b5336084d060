"""The benchmark of composed sentences: nothing of a tested sentence is in the lexicon, and the table is written."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from tests.helpers.composed import sentence

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import composing_sentences as benchmark

TEXTS = ("TODAY I BOOK READ", "TODAY BOOK", "I READ", "BOOK READ", "TODAY I READ", "I BOOK")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Six sentences, and the signs cut out of them."""
    folder = tmp_path_factory.mktemp("stores")
    made = [sentence(glosses, 20 * number) for number, glosses in enumerate(TEXTS)]
    with StoreWriter(folder / "sentences", "ASL", "train") as writer:
        for number, ((pose, _), glosses) in enumerate(zip(made, TEXTS, strict=True)):
            writer.add(ClipRecord(f"s{number}", glosses.lower(), "ASL", 25.0, len(pose), glosses), pose)
        writer.finish({})
    with StoreWriter(folder / "glosses", "ASL", "train") as writer:
        for number, ((pose, frames), glosses) in enumerate(zip(made, TEXTS, strict=True)):
            for (first, end), gloss in zip(frames, glosses.split(), strict=True):
                writer.add(ClipRecord(f"{number}-{gloss}", gloss, "ASL", 25.0, end - first, gloss), pose[first:end])
        writer.finish({})
    return folder / "sentences", folder / "glosses"


def test_signs_of_the_tested_and_the_judged_sentences_are_not_in_the_lexicon(stores):
    every = benchmark.read(*stores, "ASL")
    assert {row: [sign.id.split("-")[0] for sign in signs] for row, signs in every.signs.items()} == {
        row: [str(row)] * len(glosses.split()) for row, glosses in enumerate(TEXTS)
    }
    this = benchmark.Round(every, np.array([0, 0, 1, 1, 2, 2]), 0, "ASL")
    used = {unit.id.split("-")[0] for sign in this.lexicon for unit in sign.units}
    assert used == {"4", "5"}
    assert sorted(this.recogniser.labels) == ["book", "i", "read", "read"]
    assert this.readable == {"book", "i", "read"}


def test_the_table_has_every_system(stores, tmp_path, capsys, monkeypatch):
    output = tmp_path / "found.json"
    flags = [*map(str, stores), "--language", "ASL", "--folds", "3", "--rounds", "1", "--seeds", "0"]
    monkeypatch.setattr(sys, "argv", ["composing_sentences.py", *flags, "--output", str(output)])
    assert benchmark.main() == 0
    assert "6 sentences, 15 signs cut from 6 of them, 0 of none" in capsys.readouterr().out
    found = json.loads(output.read_text())["systems"]
    assert list(found) == ["recording", "nearest text", "compose, glosses", "compose, text", "frozen"]
    assert found["recording"][0]["DTW"] == pytest.approx(0, abs=1e-6)
    assert found["frozen"][0]["wrist"] == pytest.approx(0, abs=1e-6)
    assert found["compose, glosses"][0]["wrist"] > 0.3
    assert found["recording"][0]["read"] == found["compose, glosses"][0]["read"] > 0

"""inference_signllm.py --lexicon: text to files without a model."""

import json

import pytest

from signllm.cli.inference import main
from signllm.pose.formats import write_clips
from tests.helpers.lexicons import performance
from tests.helpers.sources import lines


@pytest.fixture
def signs(tmp_path, monkeypatch):
    """A folder with two signs; the commands run beside it."""
    monkeypatch.chdir(tmp_path)
    for way, name in enumerate(("book", "good")):
        write_clips(tmp_path / "signs" / f"{name}.pose", [(name, performance(way, 20))])
    lines(tmp_path / "signs" / "table.csv", "id,gloss", "book,BOOK", "good,GOOD")
    return tmp_path / "signs"


def test_a_text_becomes_files_with_notes(signs, tmp_path, capsys):
    flags = ["--lexicon", "signs", "--language", "ASL", "--format", "npz,json", "--output", "out"]
    assert main([*flags, "--text", "The books are good."]) == 0
    written = json.loads((tmp_path / "out" / "001_ASL_the-books-are-good.json").read_text())
    assert written["gloss"] == "BOOK GOOD"
    assert written["notes"][0]["items"] == ["The", "are"]
    assert (tmp_path / "out" / "001_ASL_the-books-are-good.npz").is_file()
    told = capsys.readouterr()
    assert "2 signs of ASL" in told.out
    assert "left out: The, are" in told.err
    assert main([*flags, "--text", "The books are good.", "--strict"]) == 2


def test_coverage_is_told_and_nothing_is_written(signs, tmp_path, capsys):
    (tmp_path / "texts.txt").write_text("good book\nBooks! Books?\nASL\tunknown\n")
    flags = ["--lexicon", "signs", "--language", "ASL", "--texts_file", "texts.txt", "--coverage"]
    assert main(flags) == 0
    told = capsys.readouterr().out
    assert "3 texts, 5 words" in told
    rows = {row[0]: row[1:4] for row in (line.replace("│", "").split() for line in told.splitlines()) if len(row) > 3}
    assert rows["sign"] == ["2", "40.0%", "2"]
    assert rows["lemma"] == ["2", "40.0%", "1"]
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--text", "x"], "give either --model_path (a trained model) or --lexicon"),
        (["--lexicon", "signs", "--model_path", "m.pth", "--text", "x"], "give either"),
        (["--model_path", "m.pth", "--text", "x", "--pace", "2"], "--pace belongs to --lexicon"),
        (["--model_path", "m.pth", "--text", "x", "--coverage"], "--coverage belongs to --lexicon"),
        (["--lexicon", "signs", "--text", "x", "--detail", "2"], "--detail 2: expected a number from 0"),
        (["--lexicon", "signs", "--text", "x", "--mode", "mlsf"], "--mode mlsf is for models"),
        (["--lexicon", "nothing", "--text", "x"], "nothing: no such file or folder"),
        (["--lexicon", "signs", "--text", "x", "--language", "ASL"], "the lexicon has no sign for any of these words"),
        (["--lexicon", "signs", "--text", "x"], "no clip of a single sign"),
    ],
)
def test_what_cannot_be_meant_is_refused(signs, tmp_path, capsys, flags, said):
    assert main(flags) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()

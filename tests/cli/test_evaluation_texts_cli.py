"""evaluation.py glosses and prompts: from flags to tables and files."""

import orjson
import pytest

from signllm.cli import evaluation
from tests.helpers.generators import StandIn


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "dev.csv"
    path.write_text("id|annotation|translation\na|MORGEN REGEN\u0020KOMMEN|morgen kommt regen\nb|SONNE|die sonne\n")
    return path


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def read(path):
    return orjson.loads(path.read_bytes())


def test_glosses_of_a_file_are_printed_and_written_where_output_says(table, tmp_path, capsys):
    (tmp_path / "said.txt").write_text("MORGEN REGEN\nSONNE\n", encoding="utf-8")
    flags = ("glosses", "--references", table, "--predictions", tmp_path / "said.txt")
    assert run(*flags) == 0
    printed = capsys.readouterr().out
    for expected in ("text-to-gloss: 2 sentences", "gloss_wer ↓", "25.00 ±", "text in capitals", "tok:none"):
        assert expected in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dev.csv", "said.txt"]
    assert run(*flags, "--output", tmp_path / "out") == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.name.startswith("evaluation_glosses_said_dev-")
    assert read(path)["systems"]["glosses"]["gloss_wer"]["value"] == pytest.approx(25)


@pytest.mark.parametrize("flag", ["--phrasings", "--prompts"])
def test_glosses_in_phrasings_tell_how_often_the_language_was_read(table, tmp_path, use, capsys, flag):
    use(StandIn("store", always="ASL"))
    flags = ("glosses", "--references", table, "--model_path", "m.pth", "--language", "GSL", flag, "held_out")
    assert run(*flags, "--max_samples", 1, "--output", tmp_path / "r.json") == 0
    assert "held_out phrasings; language read from the prompt: 0.00 %" in capsys.readouterr().out
    assert [row["id"] for row in read(tmp_path / "r.json")["texts"]] == ["a"]


def test_prompts_are_counted_and_written_beside_the_checkpoint(demo_root, tmp_path, use, capsys):
    use(StandIn(demo_root, always="GSL"))
    flags = ("prompts", "--model_path", tmp_path / "best_model.pth", "--phrasings", "held_out")
    assert run(*flags) == 0
    printed = capsys.readouterr().out
    assert "held_out phrasings, dev: what the model reads from the prompt" in printed
    assert "GSL 6" in printed
    figures = read(tmp_path / "evaluation_prompts_held_out_dev.json")["figures"]
    assert figures["ASL"]["language_accuracy"] == 0
    assert run(*flags, "--language", "GSL", "--split", "test", "--output", tmp_path / "o.json") == 0
    assert set(read(tmp_path / "o.json")["figures"]) == {"GSL", "all"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["glosses", "--references", "none.csv"], "Give either a model_path or predictions"),
        (["glosses", "--references", "none.csv", "--model_path", "m", "--language", "ASL", "GSL"], "in one language"),
        (["prompts", "--model_path", "m", "--phrasings", "held_out", "--language", "KSL"], "trained on others"),
    ],
)
def test_refusals_exit_with_2_and_say_why(demo_root, use, capsys, flags, message):
    use(StandIn(demo_root))
    assert run(*flags) == 2
    assert message in capsys.readouterr().err

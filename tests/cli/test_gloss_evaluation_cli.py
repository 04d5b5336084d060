"""evaluation.py --gloss_references: glosses of a file or a model against a table."""

from types import SimpleNamespace

import orjson
import pytest

from signllm.cli import evaluation

TABLE = "id|annotation|translation\na|MORGEN REGEN KOMMEN|morgen kommt regen\nb|SONNE|die sonne scheint\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "dev.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


class FakeGenerator:
    """Writes the first word of each prompt in capitals; remembers what it was given."""

    def __init__(self, languages=("GSL",), writes_gloss=True):
        self.languages, self.mode = list(languages), "prompt2langgloss" if writes_gloss else "mlsf"
        self.model, self.calls = SimpleNamespace(writes_gloss=writes_gloss, translate=self._translate), []

    def request(self, text, language):
        return f"prompt: {text}", language

    def _translate(self, prompts, codes):
        self.calls.append((list(prompts), list(codes)))
        return [(code, prompt.split()[1].upper()) for prompt, code in zip(prompts, codes, strict=True)]


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def use(monkeypatch, generator):
    monkeypatch.setattr(evaluation, "load_generator", lambda path, device: generator)
    return generator


def test_scores_a_file_of_glosses_and_writes_them_beside_the_references(table, tmp_path, capsys):
    (tmp_path / "said.txt").write_text("MORGEN REGEN\nSONNE\n", encoding="utf-8")
    flags = ("--gloss_references", table, "--gloss_predictions", tmp_path / "said.txt", "--output", tmp_path)
    assert run(*flags) == 0
    report = orjson.loads((tmp_path / "evaluation_gloss.json").read_bytes())
    assert report["systems"]["glosses"]["gloss_wer"]["value"] == pytest.approx(25)
    assert report["systems"]["text in capitals"]["gloss_wer"]["value"] == pytest.approx(100 * (2 + 2) / 4)
    assert report["texts"][0] == {"id": "a", "reference": "MORGEN REGEN KOMMEN", "written": "MORGEN REGEN"}
    assert "tok:none" in capsys.readouterr().out


def test_a_model_is_given_the_texts_and_its_language_only(table, tmp_path, monkeypatch):
    generator = use(monkeypatch, FakeGenerator())
    assert run("--gloss_references", table, "--model_path", "m.pth", "--output", tmp_path / "r.json") == 0
    assert generator.calls == [(["prompt: morgen kommt regen", "prompt: die sonne scheint"], ["GSL", "GSL"])]
    report = orjson.loads((tmp_path / "r.json").read_bytes())
    assert [row["written"] for row in report["texts"]] == ["MORGEN", "DIE"]


@pytest.mark.parametrize(
    ("generator", "flags", "message"),
    [
        (FakeGenerator(writes_gloss=False), ["--model_path", "m.pth"], "only prompt2langgloss writes glosses"),
        (FakeGenerator(["GSL", "ASL"]), ["--model_path", "m.pth"], "Give --language; it signs GSL, ASL"),
        (FakeGenerator(), [], "Give either --model_path or --gloss_predictions"),
        (FakeGenerator(), ["--gloss_predictions", "TABLE"], "3 lines for a table of 2 rows"),
        (FakeGenerator(), ["--gloss_predictions", "none.txt"], "none.txt: cannot be read"),
    ],
)
def test_refusals_exit_with_2_and_say_why(table, monkeypatch, capsys, generator, flags, message):
    use(monkeypatch, generator)
    assert run("--gloss_references", table, *[table if flag == "TABLE" else flag for flag in flags]) == 2
    assert message in capsys.readouterr().err


def test_predictions_need_references(capsys):
    assert run("--gloss_predictions", "said.txt") == 2
    assert "Give --gloss_references" in capsys.readouterr().err

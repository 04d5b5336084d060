"""evaluate_glosses: glosses of a file or a model against a table."""

import pytest

from signllm.errors import ConfigError, DataError
from signllm.evaluation.glosses import evaluate_glosses
from signllm.evaluation.options import GlossOptions
from signllm.languages import LANGUAGES
from tests.helpers.generators import StandIn

TABLE = "id|annotation|translation\na|MORGEN REGEN KOMMEN|morgen kommt regen\nb|SONNE|die sonne scheint\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "dev.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(table, **options):
    return evaluate_glosses(GlossOptions(references=table, **options)).data


def test_scores_a_file_of_glosses_beside_the_text_in_capitals(table, tmp_path):
    (tmp_path / "said.txt").write_text("MORGEN REGEN\nSONNE\n", encoding="utf-8")
    data = run(table, predictions=tmp_path / "said.txt")
    assert data["systems"]["glosses"]["gloss_wer"]["value"] == pytest.approx(25)
    assert data["systems"]["text in capitals"]["gloss_wer"]["value"] == pytest.approx(100 * (2 + 2) / 4)
    assert data["texts"][0] == {"id": "a", "reference": "MORGEN REGEN KOMMEN", "written": "MORGEN REGEN"}
    assert "tok:none" in data["presets"]["gloss-bleu"]
    (only,) = run(table, predictions=tmp_path / "said.txt", max_samples=1)["texts"]
    assert only["written"] == "MORGEN REGEN"


def test_a_model_is_given_the_texts_and_its_language_only(table, use):
    generator = use(StandIn("store", ["GSL"]))
    data = run(table, model_path="m.pth")
    assert generator.read == [("prompt: morgen kommt regen", "GSL"), ("prompt: die sonne scheint", "GSL")]
    assert [row["written"] for row in data["texts"]] == ["PROMPT: MORGEN KOMMT REGEN", "PROMPT: DIE SONNE SCHEINT"]


def test_in_phrasings_the_language_is_read_and_counted(table, use):
    generator = use(StandIn("store"))
    data = run(table, model_path="m.pth", languages=["GSL"], phrasings="held_out")
    first, second = LANGUAGES["GSL"].held_out_prompts
    prompts = [first.format(text="morgen kommt regen"), second.format(text="die sonne scheint")]
    assert generator.read == [(prompt, None) for prompt in prompts]
    assert (data["phrasings"], data["language_accuracy"]) == ("held_out", 100)
    assert [row["written"] for row in data["texts"]] == ["MORGEN KOMMT REGEN", "DIE SONNE SCHEINT"]
    use(StandIn("store", always="ASL"))
    assert run(table, model_path="m.pth", languages=["GSL"], phrasings="held_out")["language_accuracy"] == 0


@pytest.mark.parametrize(
    ("generator", "options", "message"),
    [
        (StandIn("s", writes_gloss=False), {"model_path": "m.pth"}, "only prompt2langgloss writes glosses"),
        (StandIn("s", ["GSL", "ASL"]), {"model_path": "m.pth"}, "Give --language; it signs GSL, ASL"),
        (StandIn("s"), {"predictions": "TABLE"}, "3 lines for a table of 2 rows"),
        (StandIn("s"), {"predictions": "none.txt"}, r"none\.txt"),
    ],
)
def test_what_cannot_be_scored_is_refused(table, use, generator, options, message):
    use(generator)
    with pytest.raises((ConfigError, DataError), match=message):
        run(table, **{name: table if value == "TABLE" else value for name, value in options.items()})

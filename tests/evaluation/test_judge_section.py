"""The judge's part of a report: figures, ceiling, warnings, and a judge that may not judge."""

from types import SimpleNamespace

import pytest

from signllm.data.store import Store
from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.evaluation.clips import evaluate_clips
from signllm.evaluation.judge_section import JudgeSection, ceilings, describe, seen_warnings
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ClipsOptions, ModelOptions
from signllm.judges.judge import Judge
from signllm.judges.training import JudgePlan, train_judge
from signllm.pose.formats import write_clips
from tests.helpers.generators import StandIn


@pytest.fixture(scope="module")
def judge_path(demo_root, tmp_path_factory):
    path = tmp_path_factory.mktemp("judge") / "mine.pth"
    plan = JudgePlan(max_minutes=0.02, share=0.5)
    train_judge(Store(demo_root), ["ASL"], "train", plan).save(path)
    return path


def test_a_report_holds_every_systems_figures_their_ratio_and_the_warning(demo_root, judge_path, tmp_path):
    clips = demo_root / "ASL" / "dev"
    options = ClipsOptions(
        predictions=clips, references=clips, data=demo_root, judge=judge_path, metrics=["duration"],
        max_samples=1, cache=tmp_path / "cache",
    )  # fmt: skip
    for _ in range(2):  # the second run takes the readings out of the cache
        data = evaluate_clips(options).data
        systems = data["languages"]["ASL"]["systems"]
        assert systems["predictions"]["bt_wer"] == systems["reference"]["bt_wer"]
        assert systems["predictions"]["bt_gloss_wer"]["value"] > 0
        assert "bt_bleu_4" in systems["random_clip"]
        part = data["back_translation"]["languages"]["ASL"]
        assert part["of_ceiling"]["predictions"]["bt_wer"]["value"] == 1
        assert data["back_translation"]["digest"] in data["presets"]["bt-bleu"]["signature"]
        assert any("learnt from 50 % of the training clips" in note for note in data["notes"])
        assert any("predictions / recordings: " in note and "bt_wer 1.00" in note for note in data["notes"])


def test_a_language_that_the_judge_does_not_read_is_named(demo_root, judge_path, tmp_path):
    clips = demo_root / "GSL" / "dev"
    data = evaluate_clips(
        ClipsOptions(predictions=clips, references=clips, judge=judge_path, metrics=["duration"], cache=None)
    ).data
    assert "GSL: ! the judge does not read this language" in data["notes"]


def test_a_judge_that_learnt_from_the_references_is_called_so(demo_root, judge_path):
    judge, train = Judge.load(judge_path)["ASL"], Store(demo_root).split("ASL", "train")
    (warning,) = seen_warnings(judge, train, None, ["model"])
    assert "50 % of the recordings it is asked about" in warning
    dev = Store(demo_root).split("ASL", "dev")
    assert seen_warnings(judge, dev, None, ["model"]) == []
    (warning,) = seen_warnings(judge, dev, train, ["model", "random_clip"])
    assert "it flatters random clip and every model trained on them" in warning
    said = describe(judge)
    assert "translator from 5 clips of 'train' (share 0.5, seed 0)" in said
    assert "it took the corpus for one of sentences, because 10 of 10 clips have several words" in said
    del judge.training["corpus"]  # a file of an older version
    assert "translator from 5 clips" in describe(judge)


def test_the_ceiling_is_read_from_recordings_it_did_not_learn_from(demo_root, judge_path):
    judge, store = Judge.load(judge_path), Store(demo_root)
    found = ceilings(judge, store, "ASL", "train")
    assert {name: count for name, (count, _) in found.items()} == {"dev": 3, "test": 2}
    assert found["dev"][1]["bt_wer"] > 0
    assert list(ceilings(judge, store, "ASL", "dev")) == ["test"]


def test_the_reward_model_of_a_model_may_not_judge_it(demo_root, judge_path, use):
    generator = use(StandIn(demo_root))
    generator.reward_models = [JudgeSection(judge_path).digest]
    with pytest.raises(ConfigError, match=r"mine\.pth: this judge .* was the reward model of m\.pth"):
        evaluate_model(ModelOptions(model_path="m.pth", judge=judge_path, cache=None))
    assert generator.calls == []


def test_clips_without_text_cannot_be_judged(demo_root, judge_path, tmp_path):
    dev = Store(demo_root).split("ASL", "dev")
    write_clips(tmp_path / "p.npz", [(record.id, pose) for record, pose in dev])
    with pytest.raises(DataError, match="3 of 3 clips have no text"):
        evaluate_clips(
            ClipsOptions(
                predictions=tmp_path / "p.npz", references=tmp_path / "p.npz", judge=judge_path, languages=["ASL"]
            )
        )


def test_a_judge_that_is_not_there(use):
    use(SimpleNamespace())
    with pytest.raises(CheckpointError, match=r"none\.pth: no such back-translation model"):
        evaluate_model(ModelOptions(model_path="m.pth", judge="none.pth"))

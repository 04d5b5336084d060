"""evaluate_model: what the model is asked, what is kept for a second time, and whose weights are scored."""

import pytest

from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ModelOptions
from signllm.metrics.summary import score_pairs
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment
from tests.helpers.generators import StandIn, write_split, write_two_languages

METRICS = ("dtw-mje", "duration")


@pytest.fixture
def store(tmp_path):
    return write_two_languages(tmp_path / "store")


@pytest.fixture
def evaluate(store, tmp_path, use):
    """evaluate(option=value, ...) gives (the report, the stand-in that was asked)."""
    checkpoint = tmp_path / "run" / "best_model.pth"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"weights")

    def run(generator=None, progress=None, **options):
        model = use(generator or StandIn(store))
        plain = {"model_path": checkpoint, "metrics": METRICS, "cache": tmp_path / "cache"}
        return evaluate_model(ModelOptions(**{**plain, **options}), progress), model

    return run


def test_the_report_has_references_model_and_baselines_of_each_language(evaluate, store, tmp_path):
    write_split(store, "TSL", "dev", [1, 2])
    write_split(store, "KSL", "dev", [1, 2])
    report, _ = evaluate(StandIn(store, ("ASL", "GSL", "KSL")), metrics=())
    data = report.data
    assert list(data["languages"]) == ["ASL", "GSL", "KSL"]
    systems = data["languages"]["ASL"]["systems"]
    assert list(systems) == ["reference", "model", "frozen_mean", "random_clip", "nearest_text", "gloss_clips"]
    assert systems["reference"]["dtw_score"]["value"] == 0
    assert systems["frozen_mean"]["total_distance"]["value"] == pytest.approx(0, abs=1e-6)
    assert systems["model"]["total_distance"]["value"] > 0.1
    assert list(data["languages"]["KSL"]["systems"]) == list(data["overall"]["systems"]) == ["reference", "model"]
    assert data["overall"]["clips"] == 14
    assert any("KSL: no baselines" in note for note in data["notes"])
    assert any("TSL: left out" in note for note in data["notes"])
    assert data["versions"]["signllm"]
    assert report.file("json") == tmp_path / "run" / "evaluation_dev.json"


def test_generation_gets_text_and_language_only(evaluate):
    _, model = evaluate(languages=["ase"], max_samples=2, seeds=[7], batch_size=3)
    ((texts, language, seeds, batch_size),) = model.calls
    assert (texts, language, batch_size) == (["number 0", "number 5"], "ASL", 3)
    assert len(set(seeds)) == 2, "each clip draws its own numbers"


def test_a_second_time_asks_and_loads_nothing(evaluate):
    first, model = evaluate()
    assert len(model.calls) == 2, "one chunk a language"
    assert [example.hypothesis() for example in first.examples]
    assert len(model.calls) == 2, "the examples stand in the chunks that were answered last"
    drawn = [example.remembered("picture", lambda: b"drawn") for example in first.examples]
    second, model = evaluate()
    assert model.loaded == 0
    assert second.data == first.data
    assert [example.remembered("picture", lambda: b"again") for example in second.examples] == drawn
    assert model.loaded == 0
    for one, other in zip(first.examples, second.examples, strict=True):
        assert (one.hypothesis().coordinates == other.hypothesis().coordinates).all()


def test_the_best_and_the_worst_clips_are_given_beside_their_references(evaluate):
    report, _ = evaluate(languages=["ASL"])
    ranks = [example.rank for example in report.examples]
    assert ranks == ["best"] * 3 + ["worst"] * 3  # of six clips
    for example in report.examples:
        scores = score_pairs([example.hypothesis()], [example.reference()], ["dtw-mje"])
        assert scores["dtw_score"] == pytest.approx(example.score)
    best, worst = report.examples[0].score, report.examples[3].score
    assert best == min(example.score for example in report.examples)
    assert worst == max(example.score for example in report.examples)
    assert evaluate(metrics=("duration",))[0].examples == []


def test_an_interrupted_evaluation_goes_on_where_it_stood(evaluate, store):
    class Breaks(StandIn):
        def generate(self, texts, languages, **options):
            if languages == "GSL":
                raise KeyboardInterrupt
            return super().generate(texts, languages, **options)

    with pytest.raises(KeyboardInterrupt):
        evaluate(Breaks(store))
    _, model = evaluate()
    assert [languages for _, languages, *_ in model.calls] == ["GSL"]


def test_the_cache_knows_another_model_other_clips_and_no_cache(evaluate, tmp_path):
    first, _ = evaluate()
    assert evaluate(max_samples=3)[1].calls
    assert evaluate(cache=None)[1].calls
    (tmp_path / "run" / "best_model.pth").write_bytes(b"other weights")
    other, model = evaluate()
    assert model.calls
    assert other.data["checkpoint_sha256"] != first.data["checkpoint_sha256"]


def test_a_shared_models_folder_is_known_by_its_files(evaluate, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    report, model = evaluate(model_path=folder)
    assert model.calls
    assert report.file("json") == tmp_path / "evaluation_dev_shared_dtw-mje_duration.json"
    again, model = evaluate(model_path=folder)
    assert not model.calls
    assert again.data["checkpoint_sha256"]
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert evaluate(model_path=folder)[1].calls


def test_leaks_are_counted_and_left_out(evaluate):
    data = evaluate()[0].data
    part = data["languages"]["ASL"]
    assert part["leakage"]["clips"] == {"near": 0, "identical": 1}
    assert part["subsets"]["unseen_clips"]["clips"] == 5
    seen, unseen = part["systems"]["random_clip"], part["subsets"]["unseen_clips"]["systems"]["random_clip"]
    assert seen["dtw_score"] != unseen["dtw_score"]
    assert data["overall"]["leakage"]["training_clips"] == 12


def test_seeds_are_put_together(evaluate):
    systems = evaluate(seeds=[0, 1, 2])[0].data["overall"]["systems"]
    alone = [evaluate(seeds=[seed])[0].data["overall"]["systems"]["model"]["dtw_score"]["value"] for seed in (0, 1, 2)]
    assert systems["model"]["dtw_score"]["seeds"] == pytest.approx(alone)
    assert len(set(alone)) == 3
    assert "seeds" not in systems["frozen_mean"]["dtw_score"]


def test_progress_ends_where_it_said(evaluate):
    told = {}
    evaluate(progress=lambda stage, done, total: told.update({stage: (done, total)}))
    assert list(told) == ["ASL leakage", "ASL", "GSL leakage", "GSL"]
    assert told["ASL leakage"] == (12, 12)
    assert told["ASL"] == (36, 36), "the reference, the model and four baselines"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"languages": ["KSL"]}, "KSL: the model signs ASL, GSL"),
        ({"languages": ["GSL"], "split": "test"}, "has no split GSL/test"),
        ({"split": "test"}, "nothing to evaluate"),
        ({"metrics": ["dtw-mej"]}, "did you mean 'dtw-mje'"),
    ],
)
def test_what_does_not_go_together_is_refused(evaluate, options, message):
    with pytest.raises(ConfigError, match=message):
        evaluate(**options)


def test_a_store_that_is_not_there(evaluate, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        evaluate(data=tmp_path / "nowhere")


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.pth"):
        evaluate_model(ModelOptions(model_path=tmp_path / "none.pth"))


def test_the_averaged_weights_are_scored_not_the_raw_ones(make_config, tmp_path):
    experiment = build_experiment(make_config())
    raw = experiment.model.state_dict()
    averaged = {name: value + 0.1 for name, value in experiment.model.named_parameters()}

    def figures(name, *weights):
        path = tmp_path / name
        save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), *weights))
        options = ModelOptions(model_path=path, languages=["ASL"], metrics=METRICS, device="cpu", cache=None)
        return evaluate_model(options).data["languages"]["ASL"]["systems"]["model"]

    both = figures("both.pth", raw, averaged)
    assert both == figures("averaged.pth", {**raw, **averaged})
    assert both != figures("raw.pth", raw)

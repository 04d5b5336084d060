"""Reports of different questions have different names, those of the same question the same one."""

import itertools
import shutil

import pytest

from signllm.evaluation.clips import evaluate_clips
from signllm.evaluation.glosses import evaluate_glosses
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ClipsOptions, GlossOptions, ModelOptions, PromptOptions
from signllm.evaluation.prompts import evaluate_prompts
from signllm.evaluation.report_name import model_stem
from signllm.pose.formats import write_clips
from tests.helpers.generators import StandIn, wave, write_split

FAST = {"metrics": ("duration",), "cache": None}


def write_store(root, first=0):
    for language in ("ASL", "GSL"):
        for split, offset in (("train", 0), ("dev", 10), ("test", 20)):
            write_split(root, language, split, range(first + offset, first + offset + 3))
    return root


@pytest.fixture
def store(tmp_path):
    return write_store(tmp_path / "store")


@pytest.fixture
def stem(store, tmp_path, use):
    """stem(option=value, ...) is the name of a model's report."""
    use(StandIn(store))

    def name(**options):
        return evaluate_model(ModelOptions(**{"model_path": tmp_path / "best_model.pth", **FAST, **options})).stem

    return name


def test_the_plain_evaluation_has_the_plain_name():
    assert model_stem(ModelOptions(model_path="run/best_model.pth"), "dev", "", False) == "evaluation_dev"


def test_whatever_differs_from_the_plain_evaluation_stands_in_the_name(stem, store, tmp_path):
    judged = {"metrics": ("duration", "dtw-mje")}
    asked = [
        {}, {"split": "test"}, {"languages": ["ASL"]}, {"languages": ["GSL"]}, {"max_samples": 2}, {"max_samples": 1},
        {"seeds": [1]}, {"seeds": [0, 1]}, {"sign_prompts": "held_out"}, {"sign_prompts": "training"}, judged,
        {"model_path": tmp_path / "last_model.pth"}, {"data": write_store(tmp_path / "other")},
        {"data": write_store(tmp_path / "elsewhere" / "store", first=50)},
        {"data": write_store(tmp_path / "further" / "store", first=60)},
        {"data": tmp_path / "other", "languages": ["ASL"], "max_samples": 2},
    ]  # fmt: skip
    names = [stem(**options) for options in asked]
    for (first, one), (second, other) in itertools.combinations(zip(asked, names, strict=True), 2):
        assert one != other, (first, second)
    assert names[0] == "evaluation_dev_duration"
    assert names[-1].startswith("evaluation_dev_ASL_max2_duration_other-")


def test_the_same_question_has_the_same_name(stem, store, tmp_path):
    plain = stem()
    assert stem(languages=["GSL", "ase"]) == plain, "these are all languages"
    assert stem(data=store) == plain, "this is the model's own data"
    assert stem(split="dev", seeds=[0], batch_size=5) == plain
    assert stem(seeds=[1, 0]) == stem(seeds=[0, 1])
    copy = shutil.copytree(store, tmp_path / "copy" / "store")
    assert stem(data=copy) == stem(data=shutil.copytree(store, tmp_path / "again" / "store"))


def test_names_stay_short_enough_for_file_systems(tmp_path):
    options = ModelOptions(model_path=f"{'模型' * 60}.pth", metrics=["dtw-mje"] * 3)
    name = model_stem(options, "dev", "数据" * 40, False)
    assert len(name.encode()) < 200
    assert name != model_stem(options, "test", "数据" * 40, False)
    assert "/" not in model_stem(ModelOptions(model_path="m.pth"), "a/b c", "", False)


def test_clips_against_other_references_have_another_name(tmp_path):
    names = {}
    for folder, seed in (("one", 0), ("two", 7)):
        write_clips(tmp_path / folder / "refs.npz", [("a", wave(seed)), ("b", wave(seed + 1))])
    write_clips(tmp_path / "made.npz", [("a", wave(3)), ("b", wave(4))])
    write_split(tmp_path / "store", "ASL", "train", range(3))

    def stem(folder, **options):
        paths = {"predictions": tmp_path / "made.npz", "references": tmp_path / folder / "refs.npz"}
        report = evaluate_clips(ClipsOptions(**paths, **FAST, **options))
        assert report.folder == tmp_path
        return report.stem

    asked = [
        {}, {"max_samples": 1}, {"languages": ["ASL"]}, {"pair_by": "order"}, {"resample": 20}, {"drop_z": True},
        {"rescale": True}, {"seeds": [2]}, {"data": tmp_path / "store"},
        {"data": tmp_path / "store", "languages": ["ASL"]},
    ]  # fmt: skip
    for folder in ("one", "two"):
        for number, options in enumerate(asked):
            names[folder, number] = stem(folder, **options)
    assert len(set(names.values())) == len(names)
    assert names["one", 0] == stem("one")
    assert names["one", 0].startswith("evaluation_made_vs_refs-")


def test_prompts_and_glosses_say_what_was_asked(store, tmp_path, use):
    use(StandIn(store))

    def prompts(**options):
        plain = {"model_path": tmp_path / "best_model.pth", "phrasings": "held_out"}
        return evaluate_prompts(PromptOptions(**{**plain, **options})).stem

    asked = [
        {}, {"phrasings": "training"}, {"split": "test"}, {"languages": ["ASL"]}, {"max_samples": 1},
        {"data": write_store(tmp_path / "other")}, {"model_path": tmp_path / "last_model.pth"},
    ]  # fmt: skip
    names = [prompts(**options) for options in asked]
    assert len(set(names)) == len(asked)
    assert names[0] == "evaluation_prompts_held_out_dev"
    assert prompts(languages=["GSL", "ASL"]) == names[0]
    stems = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        table = tmp_path / folder / "dev.csv"
        table.write_text(f"id|annotation|translation\nx|REGEN|regen {folder}\n", encoding="utf-8")
        for phrasings in (None, "held_out"):
            options = GlossOptions(
                references=table, model_path="best_model.pth", languages=["GSL"], phrasings=phrasings
            )
            stems.append(evaluate_glosses(options).stem)
    assert len(set(stems)) == 4

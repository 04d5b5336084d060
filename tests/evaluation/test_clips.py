"""evaluate_clips: the report of a model's evaluation, of clips that nobody here generated."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import signllm.evaluation.measurements as measuring
from signllm.data.store import ClipRecord, StoreSplit, StoreWriter
from signllm.errors import ConfigError, DataError
from signllm.evaluation.clips import evaluate_clips
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ClipsOptions, ModelOptions
from signllm.metrics.registry import PRESETS
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips
from tests.helpers.generators import StandIn, wave, write_split

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DEV = range(10, 14)


@pytest.fixture
def store(tmp_path):
    write_split(tmp_path / "store", "ASL", "train", range(6))
    write_split(tmp_path / "store", "ASL", "dev", DEV)
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def dev_clips(scale=1.0):
    return [(f"dev/dev{seed}", wave(seed, scale=scale)) for seed in DEV]


def run(predictions, references, **options):
    return evaluate_clips(ClipsOptions(predictions=predictions, references=references, **options)).data


def test_the_references_themselves_are_perfect_and_a_weak_copy_is_not(tmp_path, store):
    write_clips(tmp_path / "same.skels", dev_clips())
    write_clips(tmp_path / "weak.npz", dev_clips(scale=0.2))
    same, weak = (run(tmp_path / name, store / "ASL" / "dev", data=store) for name in ("same.skels", "weak.npz"))
    assert list(same["presets"]) == list(PRESETS)
    systems = same["languages"]["ASL"]["systems"]
    assert list(systems)[:3] == ["reference", "predictions", "frozen_mean"]
    assert {"random_clip", "nearest_text"} <= set(systems)
    assert systems["predictions"]["dtw_score"]["value"] == pytest.approx(0, abs=1e-4)
    assert systems["predictions"]["total_distance"]["value"] == pytest.approx(1, abs=1e-3)
    weak_scores = weak["languages"]["ASL"]["systems"]["predictions"]
    assert weak_scores["dtw_score"]["value"] > 0.02
    assert weak_scores["total_distance"]["value"] == pytest.approx(0.2, abs=0.02)
    assert (same["split"], same["predictions"]) == ("dev", str(tmp_path / "same.skels"))
    assert any("25 fps assumed" in note for note in same["notes"])
    assert same["languages"]["ASL"]["leakage"]["texts"]["exact"] == 4  # word 0 to word 3 are in training, too


def test_the_score_does_not_depend_on_how_the_clips_are_stored(tmp_path, store):
    write_clips(tmp_path / "dev.npz", dev_clips(scale=0.5))
    for name, pose in dev_clips(scale=0.5):
        write_clips(tmp_path / "folder" / f"{Path(name).name}.pose", [(Path(name).name, pose)])
    values = []
    for path in ("dev.npz", "folder"):
        data = run(tmp_path / path, store, split="dev")
        values.append({k: v["value"] for k, v in data["overall"]["systems"]["predictions"].items()})
    assert values[0] == pytest.approx(values[1], rel=1e-3, abs=1e-5, nan_ok=True)
    assert any("no baselines" in note for note in data["notes"])


def test_a_models_clips_score_as_the_model_does(tmp_path, store, use):
    class Signs(StandIn):
        def generate(self, texts, languages, seed=0, batch_size=32, progress=None):
            return [wave(100 + int(text.split()[1]), 12, scale=0.6) for text in texts]

    model = use(Signs(store, ["ASL"]))
    names = [name for name, _ in dev_clips()]
    signed = model.generate([f"word {number}" for number in range(4)], "ASL")
    write_clips(tmp_path / "p.npz", zip(names, signed, strict=True))
    theirs = evaluate_model(ModelOptions(model_path=tmp_path / "m.pth", data=store)).data["languages"]["ASL"]
    ours = run(tmp_path / "p.npz", store, split="dev", data=store)["languages"]["ASL"]
    theirs["systems"]["predictions"] = theirs["systems"].pop("model")
    assert repr(ours["systems"]) == repr({name: theirs["systems"][name] for name in ours["systems"]})
    assert ours["leakage"] == theirs["leakage"]


def test_conversions_are_made_when_asked_for_and_stand_in_the_signatures(tmp_path, store):
    clips = [(name, pose.replace(coordinates=pose.coordinates[..., :2]).resampled(30)) for name, pose in dev_clips()]
    write_clips(tmp_path / "p.npz", clips)
    options = {"split": "dev", "data": store, "metrics": ["dtw-mje", "duration"]}
    with pytest.raises(DataError, match="frame rate differs"):
        run(tmp_path / "p.npz", store, **options)
    data = run(tmp_path / "p.npz", store, **options, resample=15, drop_z=True)
    assert "skeleton:signllm-50/xy" in data["presets"]["dtw-mje"]["signature"]
    assert "fps:15" in data["presets"]["dtw-mje"]["signature"]
    assert len(data["conversions"]) == 2
    systems = data["languages"]["ASL"]["systems"]
    assert systems["predictions"]["dtw_score"]["value"] < 0.05 < systems["random_clip"]["dtw_score"]["value"]


def test_a_second_run_measures_nothing_and_changed_clips_are_measured_again(tmp_path, store, monkeypatch):
    write_clips(tmp_path / "p.npz", dev_clips(scale=0.5))

    def again():
        return run(tmp_path / "p.npz", store, split="dev", data=store, metrics=["dtw-mje"])

    first = again()
    measured = []
    measure = measuring.measure_pairs
    monkeypatch.setattr(measuring, "measure_pairs", lambda *given: (measured.append(1), measure(*given))[1])
    assert again()["overall"] == first["overall"]
    assert not measured
    write_clips(tmp_path / "p.npz", dev_clips(scale=0.7))
    assert again()["overall"] != first["overall"]
    assert measured


def test_changed_texts_change_what_the_nearest_text_is(tmp_path, store):
    for side in "pr":
        write_clips(tmp_path / f"{side}.npz", dev_clips())
    scores = []
    for words in ("0123", "5555"):
        (tmp_path / "r.text").write_text("".join(f"word {word}\n" for word in words))
        data = run(tmp_path / "p.npz", tmp_path / "r.npz", data=store, languages=["ASL"], metrics=["dtw-mje"])
        scores.append(data["overall"]["systems"]["nearest_text"]["dtw_score"]["value"])
    assert scores[0] != scores[1]


def test_clips_without_text_get_the_baselines_that_need_none(tmp_path, store):
    for side in "pr":
        write_clips(tmp_path / f"{side}.npz", dev_clips())
    options = {"data": store, "metrics": ["duration"]}
    part = run(tmp_path / "p.npz", tmp_path / "r.npz", **options, languages=["asl"], max_samples=2)["languages"]["ASL"]
    assert list(part["systems"]) == ["reference", "predictions", "frozen_mean", "random_clip"]
    assert part["clips"] == 2
    assert "leakage" not in part
    data = run(tmp_path / "p.npz", tmp_path / "r.npz", **options)
    assert list(data["languages"]["clips"]["systems"]) == ["reference", "predictions"]
    assert any("say the language of files with --language" in note for note in data["notes"])


@pytest.mark.parametrize(
    ("references", "options", "message"),
    [
        ("none.npz", {}, "none.npz: no such file or folder"),
        ("p.npz", {"metrics": ["dtw"]}, "unknown metric 'dtw'"),
        ("p.skels", {"layout": "mirrored"}, "unknown layout 'mirrored'"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path, references, options, message):
    write_clips(tmp_path / "p.npz", dev_clips())
    write_clips(tmp_path / "p.skels", dev_clips())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((DataError, ConfigError), match=message):
        run(tmp_path / "p.npz", tmp_path / references, **options)
    assert sorted(tmp_path.rglob("*")) == before


def test_every_faulty_clip_of_both_sides_is_named_before_anything_is_measured(tmp_path):
    write_clips(tmp_path / "p.skels", [("a", wave(0)), ("b", wave(1)), ("c", wave(2))])
    lines = (tmp_path / "p.skels").read_text().splitlines()
    (tmp_path / "p.skels").write_text("\n".join(["nan " + lines[0].split(" ", 1)[1], "", lines[2]]) + "\n")
    masked = PoseSequence(np.zeros((3, 50, 3)), np.zeros((3, 50), bool), 25)
    write_clips(tmp_path / "r.npz", [("a", wave(0)), ("b", wave(1)), ("c", masked)])
    with pytest.raises(DataError) as caught:
        run(tmp_path / "p.skels", tmp_path / "r.npz")
    assert len(caught.value.faults) == 3
    for says in ("p.skels:1 (clip a)", "p.skels:2 (clip b): the clip is empty", "r.npz (clip c): every joint"):
        assert any(says in fault for fault in caught.value.faults), says
    assert not (tmp_path / "cache").exists()


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path):
    def peak(count):
        root = tmp_path / str(count)
        with StoreWriter(root, "ASL", "dev") as writer:
            for number in range(count):
                writer.add(ClipRecord(f"c{number}", "word", "ASL", 25.0, 40), wave(number % 7, 40))
            writer.finish({})
        write_clips(root / "p.skels", ((f"c{n}", pose) for n, (_, pose) in enumerate(StoreSplit(root / "ASL" / "dev"))))
        tracemalloc.start()
        run(root / "p.skels", root / "ASL" / "dev", metrics=["duration"], cache=None)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(70)  # imports and compilers
    few, many = peak(70), peak(280)
    one_clip = 40 * 50 * 3 * 4
    assert many - few < 0.2 * 210 * one_clip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real .pose files in ../shared/data are not here")
def test_real_pose_files_against_themselves():
    words = SHARED / "pose_files" / "dsgs_words"
    with pytest.raises(DataError, match="24 fps"):
        run(words, words)
    (part,) = run(words, words, resample=24, languages=["DSGS"])["languages"].values()
    assert part["clips"] == 4
    assert part["systems"]["predictions"]["dtw_score"]["value"] == pytest.approx(0, abs=1e-5)

"""evaluation.py --predictions --references: the report of a model's evaluation, of clips that nobody here generated."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from signllm.cli import evaluation
from signllm.data.store import ClipRecord, StoreSplit, StoreWriter
from signllm.metrics.registry import PRESETS
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def wave(seed, frames=14, scale=1.0):
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 25
    coordinates = rng.normal(size=(1, 50, 3)) + scale * 0.3 * np.sin(5 * time + rng.uniform(0, 6, (1, 50, 3)))
    coordinates[:, [1, 2, 5]] = [[0, 0, 0], [-0.5, 0.1, 0], [0.5, 0.1, 0]]
    return PoseSequence.all_valid(coordinates, 25)


@pytest.fixture
def store(tmp_path):
    for split, seeds in (("train", range(6)), ("dev", range(10, 14))):
        with StoreWriter(tmp_path / "store", "ASL", split) as writer:
            for seed in seeds:
                writer.add(ClipRecord(f"{split}{seed}", f"word {seed % 10}", "ASL", 25.0, 14), wave(seed))
            writer.finish({})
    return tmp_path / "store"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def dev_clips(scale=1.0):
    return [(f"dev/dev{seed}", wave(seed, scale=scale)) for seed in range(10, 14)]


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def read(path):
    return orjson.loads(path.read_bytes())


def test_the_references_themselves_are_perfect_and_a_weak_copy_is_not(tmp_path, store, capsys):
    write_clips(tmp_path / "same.skels", dev_clips())
    write_clips(tmp_path / "weak.npz", dev_clips(scale=0.2))
    both = ("--references", store / "ASL" / "dev", "--data", store)
    assert run("--predictions", tmp_path / "same.skels", *both) == 0
    assert run("--predictions", tmp_path / "weak.npz", *both, "--output", tmp_path / "out" / "weak.json") == 0
    same, weak = read(tmp_path / "evaluation_same.json"), read(tmp_path / "out" / "weak.json")
    assert (tmp_path / "evaluation_same.md").is_file()
    assert (tmp_path / "evaluation_same.html").is_file()
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
    printed = capsys.readouterr().out
    assert "the wrists travel 0.20 of the reference's way" in printed
    assert same["languages"]["ASL"]["leakage"]["texts"]["exact"] == 4  # word 0 to word 3 are in training, too


def test_the_score_does_not_depend_on_how_the_clips_are_stored(tmp_path, store):
    write_clips(tmp_path / "dev.npz", dev_clips(scale=0.5))
    for name, pose in dev_clips(scale=0.5):
        write_clips(tmp_path / "folder" / f"{Path(name).name}.pose", [(Path(name).name, pose)])
    values = []
    for place in ("dev.npz", "folder"):
        assert run("--predictions", tmp_path / place, "--references", store, "--split", "dev", "--formats", "json") == 0
        report = read(tmp_path / f"evaluation_{Path(place).stem}.json")
        values.append({k: v["value"] for k, v in report["overall"]["systems"]["predictions"].items()})
    assert values[0] == pytest.approx(values[1], rel=1e-3, abs=1e-5, nan_ok=True)
    assert any("no baselines" in note for note in report["notes"])


def test_a_models_clips_score_as_the_model_does(tmp_path, store, monkeypatch):
    def generate(texts, language, seed=0, batch_size=32, progress=None):
        return [wave(100 + int(text.split()[1]), 12, scale=0.6) for text in texts]

    data = SimpleNamespace(dataset_path=str(store), train_split="train", eval_split="dev")
    model = SimpleNamespace(
        config=SimpleNamespace(data=data), languages=["ASL"], fps=25.0, generate=generate, reward_models=[]
    )
    monkeypatch.setattr(evaluation, "load_generator", lambda path, device: model)
    names = [name for name, _ in dev_clips()]
    write_clips(tmp_path / "p.npz", zip(names, generate([f"word {n}" for n in range(4)], "ASL"), strict=True))
    flags = ("--data", store, "--formats", "json")
    assert run("--model_path", tmp_path / "m.pth", *flags, "--output", tmp_path / "m.json") == 0
    clips = ("--predictions", tmp_path / "p.npz", "--references", store, "--split", "dev")
    assert run(*clips, *flags, "--output", tmp_path / "c.json") == 0
    ours, theirs = (read(tmp_path / name)["languages"]["ASL"] for name in ("c.json", "m.json"))
    theirs["systems"]["predictions"] = theirs["systems"].pop("model")
    assert ours["systems"] == theirs["systems"]
    assert ours["leakage"] == theirs["leakage"]


def test_conversions_are_made_when_asked_for_and_stand_in_the_signatures(tmp_path, store):
    clips = [(name, pose.replace(coordinates=pose.coordinates[..., :2]).resampled(30)) for name, pose in dev_clips()]
    write_clips(tmp_path / "p.npz", clips)
    flags = ("--predictions", tmp_path / "p.npz", "--references", store, "--split", "dev", "--data", store)
    flags += ("--metrics", "dtw-mje", "duration", "--formats", "json")
    assert run(*flags) == 2
    assert not (tmp_path / "evaluation_p.json").exists()
    assert run(*flags, "--resample", 15, "--drop_z") == 0
    report = read(tmp_path / "evaluation_p.json")
    assert "skeleton:signllm-50/xy" in report["presets"]["dtw-mje"]["signature"]
    assert "fps:15" in report["presets"]["dtw-mje"]["signature"]
    assert len(report["conversions"]) == 2
    systems = report["languages"]["ASL"]["systems"]
    assert systems["predictions"]["dtw_score"]["value"] < 0.05 < systems["random_clip"]["dtw_score"]["value"]


def test_a_second_run_measures_nothing_and_changed_clips_are_measured_again(tmp_path, store, monkeypatch):
    write_clips(tmp_path / "p.npz", dev_clips(scale=0.5))
    flags = ("--predictions", tmp_path / "p.npz", "--references", store, "--split", "dev", "--data", store)
    flags += ("--metrics", "dtw-mje", "--formats", "json")
    assert run(*flags) == 0
    first = read(tmp_path / "evaluation_p.json")
    measured = []
    import signllm.evaluation.measurements as measuring

    measure = measuring.measure_pairs
    monkeypatch.setattr(measuring, "measure_pairs", lambda *given: (measured.append(1), measure(*given))[1])
    assert run(*flags) == 0
    assert not measured
    assert read(tmp_path / "evaluation_p.json")["overall"] == first["overall"]
    write_clips(tmp_path / "p.npz", dev_clips(scale=0.7))
    assert run(*flags) == 0
    assert measured
    assert read(tmp_path / "evaluation_p.json")["overall"] != first["overall"]


def test_changed_texts_change_what_the_nearest_text_is(tmp_path, store):
    for side in "pr":
        write_clips(tmp_path / f"{side}.npz", dev_clips())
    flags = ("--predictions", tmp_path / "p.npz", "--references", tmp_path / "r.npz", "--data", store)
    flags += ("--language", "ASL", "--metrics", "dtw-mje", "--formats", "json")
    scores = []
    for words in ("0123", "5555"):
        (tmp_path / "r.text").write_text("".join(f"word {word}\n" for word in words))
        assert run(*flags) == 0
        report = read(tmp_path / "evaluation_p.json")
        scores.append(report["overall"]["systems"]["nearest_text"]["dtw_score"]["value"])
    assert scores[0] != scores[1]


def test_clips_without_text_get_the_baselines_that_need_none(tmp_path, store):
    for side in "pr":
        write_clips(tmp_path / f"{side}.npz", dev_clips())
    flags = ("--predictions", tmp_path / "p.npz", "--references", tmp_path / "r.npz", "--data", store)
    flags += ("--metrics", "duration", "--formats", "json")
    assert run(*flags, "--language", "asl", "--max_samples", 2) == 0
    part = read(tmp_path / "evaluation_p.json")["languages"]["ASL"]
    assert list(part["systems"]) == ["reference", "predictions", "frozen_mean", "random_clip"]
    assert part["clips"] == 2
    assert "leakage" not in part
    assert run(*flags) == 0
    report = read(tmp_path / "evaluation_p.json")
    assert list(report["languages"]["clips"]["systems"]) == ["reference", "predictions"]
    assert any("say the language of files with --language" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--predictions", "p.npz"], "--predictions and --references belong together"),
        (["--references", "p.npz"], "--predictions and --references belong together"),
        (["--predictions", "p.npz", "--references", "p.npz", "--model_path", "m.pth"], "give one of them"),
        (["--model_path", "m.pth", "--resample", "25"], "--resample is for --predictions and --references"),
        (["--model_path", "m.pth", "--drop_z"], "--drop_z is for --predictions and --references"),
        (["--predictions", "p.npz", "--references", "p.npz", "--resample", "0"], "--resample 0: must be above 0"),
        (["--predictions", "p.npz", "--references", "none.npz"], "none.npz: no such file or folder"),
        (["--predictions", "p.npz", "--references", "p.npz", "--layout", "mirrored"], "unknown layout 'mirrored'"),
        (["--predictions", "p.npz", "--references", "p.npz", "--metrics", "dtw"], "unknown metric 'dtw'"),
    ],
)
def test_flags_that_do_not_fit_exit_with_2_and_write_nothing(tmp_path, capsys, flags, says):
    write_clips(tmp_path / "p.skels" if "--layout" in flags else tmp_path / "p.npz", dev_clips())
    if "--layout" in flags:
        flags = [flag.replace(".npz", ".skels") for flag in flags]
    before = sorted(tmp_path.rglob("*"))
    assert run(*flags) == 2
    assert says in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_every_faulty_clip_of_both_sides_is_named_before_anything_is_measured(tmp_path, capsys):
    write_clips(tmp_path / "p.skels", [("a", wave(0)), ("b", wave(1)), ("c", wave(2))])
    lines = (tmp_path / "p.skels").read_text().splitlines()
    (tmp_path / "p.skels").write_text("\n".join(["nan " + lines[0].split(" ", 1)[1], "", lines[2]]) + "\n")
    masked = PoseSequence(np.zeros((3, 50, 3)), np.zeros((3, 50), bool), 25)
    write_clips(tmp_path / "r.npz", [("a", wave(0)), ("b", wave(1)), ("c", masked)])
    assert run("--predictions", tmp_path / "p.skels", "--references", tmp_path / "r.npz") == 2
    told = capsys.readouterr().err
    assert "3 faults" in told
    for says in ("p.skels:1 (clip a)", "p.skels:2 (clip b): the clip is empty", "r.npz (clip c): every joint"):
        assert says in told
    assert not list(tmp_path.glob("evaluation*"))


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path):
    def peak(count):
        root = tmp_path / str(count)
        with StoreWriter(root, "ASL", "dev") as writer:
            for number in range(count):
                writer.add(ClipRecord(f"c{number}", "word", "ASL", 25.0, 40), wave(number % 7, 40))
            writer.finish({})
        write_clips(root / "p.skels", ((f"c{n}", pose) for n, (_, pose) in enumerate(StoreSplit(root / "ASL" / "dev"))))
        flags = ("--predictions", root / "p.skels", "--references", root / "ASL" / "dev", "--metrics", "duration")
        tracemalloc.start()
        assert run(*flags, "--formats", "json", "--no_cache") == 0
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(70)  # imports and compilers
    few, many = peak(70), peak(280)
    one_clip = 40 * 50 * 3 * 4
    assert many - few < 0.2 * 210 * one_clip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real .pose files in ../shared/data are not here")
def test_real_pose_files_against_themselves(tmp_path):
    words = SHARED / "pose_files" / "dsgs_words"
    flags = ("--predictions", words, "--references", words, "--output", tmp_path, "--formats", "json")
    assert run(*flags) == 2  # 24 and 25 fps
    assert run(*flags, "--resample", 24, "--language", "DSGS") == 0
    (path,) = tmp_path.glob("*.json")
    (part,) = read(path)["languages"].values()
    assert part["clips"] == 4
    assert part["systems"]["predictions"]["dtw_score"]["value"] == pytest.approx(0, abs=1e-5)

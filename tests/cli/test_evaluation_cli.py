"""evaluation.py from flags to the report file, with a stand-in for the trained model."""

from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from signllm.cli import evaluation
from signllm.data.store import ClipRecord, StoreWriter
from signllm.pose import PoseSequence


def wave(seed, frames=16):
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 25
    return PoseSequence.all_valid(
        rng.normal(size=(1, 50, 3)) + 0.3 * np.sin(5 * time + rng.uniform(0, 6, (1, 50, 3))), 25
    )


class FakeGenerator:
    """What the command needs of a Generator; remembers what it was given."""

    reward_models = ()

    def __init__(self, store, languages=("ASL", "GSL")):
        data = SimpleNamespace(dataset_path=str(store), train_split="train", eval_split="dev", fps=25.0)
        self.config = SimpleNamespace(data=data)
        self.languages, self.fps, self.calls = list(languages), 25.0, []

    def generate(self, texts, languages, seed=0, batch_size=32, progress=None):
        self.calls.append((list(texts), languages, seed, batch_size))
        return [wave(len(text) + one, 12) for text, one in zip(texts, seed, strict=True)]


@pytest.fixture
def store(tmp_path):
    for language, splits in {"ASL": ("train", "dev"), "GSL": ("dev",), "TSL": ("dev",)}.items():
        for split in splits:
            with StoreWriter(tmp_path / "store", language, split) as writer:
                for number in range(5):
                    record = ClipRecord(f"{split}{number}", f"word {number} {split}", language, 25.0, 16)
                    writer.add(record, wave(number + (split == "dev") * 10))
                writer.finish({})
    return tmp_path / "store"


@pytest.fixture
def generator(store, monkeypatch):
    fake = FakeGenerator(store)
    monkeypatch.setattr(evaluation, "load_generator", lambda path, device: fake)
    return fake


def read(path):
    return orjson.loads(path.read_bytes())


def test_writes_the_report_beside_the_checkpoint_and_prints_tables(tmp_path, generator, capsys):
    checkpoint = tmp_path / "run" / "best_model.pth"
    assert evaluation.main(["--model_path", str(checkpoint)]) == 0
    report = read(checkpoint.parent / "evaluation_dev.json")
    assert list(report["languages"]) == ["ASL", "GSL"]
    systems = report["languages"]["ASL"]["systems"]
    assert list(systems) == ["reference", "model", "frozen_mean", "random_clip", "nearest_text"]
    assert systems["reference"]["dtw_score"]["value"] == 0
    assert systems["frozen_mean"]["total_distance"]["value"] == pytest.approx(0, abs=1e-6)
    assert systems["model"]["total_distance"]["value"] > 0.1
    assert list(report["languages"]["GSL"]["systems"]) == ["reference", "model"]
    assert list(report["overall"]["systems"]) == ["reference", "model"]
    assert report["overall"]["clips"] == 10
    assert any("GSL: no baselines" in note for note in report["notes"])
    assert any("TSL: left out" in note for note in report["notes"])
    assert report["command"] == f"evaluation.py --model_path {checkpoint}"
    assert report["versions"]["signllm"]
    printed = capsys.readouterr().out
    for expected in (
        "ASL / dev: 5 clips",
        "frozen mean",
        "nearest text",
        "dtw-mje|skeleton:signllm-50",
        "all languages",
    ):
        assert expected in printed


def test_generation_gets_text_and_language_only(tmp_path, generator):
    flags = ["--language", "asl", "--max_samples", "2", "--seed", "7", "--batch_size", "3", "--metrics", "duration"]
    output = tmp_path / "mine.json"
    assert evaluation.main(["--model_path", "best_model.pth", *flags, "--output", str(output)]) == 0
    ((texts, language, seeds, batch_size),) = generator.calls
    assert (texts, language, batch_size) == (["word 0 dev", "word 4 dev"], "ASL", 3)
    assert len(set(seeds)) == 2  # each clip draws its own numbers
    report = read(output)
    assert list(report["presets"]) == ["duration"]
    assert report["languages"]["ASL"]["clips"] == 2


def test_the_same_command_gives_the_same_figures(tmp_path, generator):
    for name in "ab":
        evaluation.main(["--model_path", "m.pth", "--output", str(tmp_path / name / "r.json")])
    a, b = (read(tmp_path / name / "r.json") for name in "ab")
    assert a["languages"] == b["languages"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--language", "KSL"], "KSL: the model signs ASL, GSL"),
        (["--language", "klingon"], "unknown sign language 'klingon'"),
        (["--split", "test"], "nothing to evaluate"),
        (["--metrics", "dtw-mej"], "did you mean 'dtw-mje'"),
        (["--max_samples", "0"], "--max_samples 0: must be at least 1"),
        (["--data", "nowhere"], "no such folder"),
    ],
)
def test_refusals_exit_with_2_and_say_why(generator, capsys, flags, message):
    assert evaluation.main(["--model_path", "m.pth", *flags]) == 2
    assert message in capsys.readouterr().err


def test_a_checkpoint_that_is_not_there(tmp_path, capsys):
    assert evaluation.main(["--model_path", str(tmp_path / "none.pth")]) == 2
    assert "none.pth" in capsys.readouterr().err

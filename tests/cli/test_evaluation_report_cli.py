"""evaluation.py's files, its second run, its seeds, and --compare, with a stand-in for the trained model."""

import orjson
import pytest
from test_evaluation_cli import FakeGenerator, wave

from signllm.cli import evaluation
from signllm.data.store import ClipRecord, StoreWriter

METRICS = ["--metrics", "dtw-mje", "duration"]


@pytest.fixture
def store(tmp_path):
    """Two languages; dev1 of ASL is training clip 3 again, and one of its texts stands in training."""
    for language in ("ASL", "GSL"):
        for split, first in (("train", 0), ("dev", 10)):
            with StoreWriter(tmp_path / "store", language, split) as writer:
                for number in range(6):
                    seed = 3 if (language, split, number) == ("ASL", "dev", 1) else first + number
                    text = "word 2 train" if (split, number) == ("dev", 0) else f"word {number} {split} text"
                    writer.add(ClipRecord(f"{split}{number}", text, language, 25.0, 16, gloss="A B"), wave(seed))
                writer.finish({})
    return tmp_path / "store"


@pytest.fixture
def evaluate(store, tmp_path, monkeypatch):
    """evaluate("name", flags...) runs the command and gives (the report, the stand-in or None if it was not loaded)."""
    checkpoint = tmp_path / "best_model.pth"
    checkpoint.write_bytes(b"weights")
    loaded = []

    def load(path, device):
        loaded.append(FakeGenerator(store))
        return loaded[-1]

    monkeypatch.setattr(evaluation, "load_generator", load)

    def run(name, *flags):
        loaded.clear()
        flags = [*METRICS, *flags, "--cache_dir", str(tmp_path / "cache"), "--output", str(tmp_path / f"{name}.json")]
        assert evaluation.main(["--model_path", str(checkpoint), *flags]) == 0
        return orjson.loads((tmp_path / f"{name}.json").read_bytes()), loaded[0] if loaded else None

    return run


def test_three_files_with_one_name_and_the_second_run_loads_no_model(evaluate, tmp_path, capsys):
    first, model = evaluate("a")
    assert len(model.calls) == 2, "one chunk a language; the clips that are shown come out of them"
    assert {path.name for path in tmp_path.glob("a.*")} == {"a.json", "a.md", "a.html"}
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 4
    capsys.readouterr()
    second, model = evaluate("a")
    assert model is None
    assert second == first
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page
    assert "gloss clips" in capsys.readouterr().out


def test_the_cache_knows_another_model_other_clips_and_no_cache(evaluate, tmp_path):
    first, _ = evaluate("a")
    _, model = evaluate("b", "--max_samples", "3")
    assert model.calls, "the noise of a clip depends on its chunk"
    _, model = evaluate("c", "--no_cache")
    assert model.calls
    (tmp_path / "best_model.pth").write_bytes(b"other weights")
    other, model = evaluate("a")
    assert model.calls
    assert other["checkpoint_sha256"] != first["checkpoint_sha256"]


def test_leaks_are_counted_and_left_out(evaluate, capsys):
    report, _ = evaluate("a", "--formats", "json")
    part = report["languages"]["ASL"]
    assert part["leakage"]["clips"] == {"near": 0, "identical": 1}
    assert part["subsets"]["unseen_clips"]["clips"] == 5
    seen, unseen = part["systems"]["nearest_text"], part["subsets"]["unseen_clips"]["systems"]["nearest_text"]
    assert seen["dtw_score"] != unseen["dtw_score"]
    assert report["overall"]["leakage"]["training_clips"] == 12
    assert "1 of 6 clips (16.7%: 1 identical) stand in the training split" in capsys.readouterr().out


def test_seeds_are_put_together(evaluate, tmp_path):
    report, _ = evaluate("s", "--seeds", "0", "1", "2", "--formats", "json", "md")
    assert not (tmp_path / "s.html").exists()
    entry = report["overall"]["systems"]["model"]["dtw_score"]
    assert len(entry["seeds"]) == 3
    alone = [evaluate("x", "--seed", seed, "--formats", "json")[0] for seed in "012"]
    values = [one["overall"]["systems"]["model"]["dtw_score"]["value"] for one in alone]
    assert entry["seeds"] == pytest.approx(values)
    assert "seeds" not in report["overall"]["systems"]["frozen_mean"]["dtw_score"]
    assert "seeds: sd" in (tmp_path / "s.md").read_text(encoding="utf-8")


def test_compare_prints_and_writes_the_paired_test(evaluate, tmp_path, capsys):
    evaluate("a", "--formats", "json")
    evaluate("b", "--seed", "5", "--formats", "json")
    capsys.readouterr()
    paths = [str(tmp_path / f"{name}.json") for name in "ab"]
    assert evaluation.main(["--compare", *paths, "--output", str(tmp_path / "difference.json")]) == 0
    printed = capsys.readouterr().out
    for expected in ("ASL: 6 clips", "all languages: 12 clips", "dtw_score", "p Holm"):
        assert expected in printed
    written = orjson.loads((tmp_path / "difference.json").read_bytes())
    assert {row["figure"] for row in written["parts"]["GSL"]} == {"dtw_score", "duration"}
    assert evaluation.main(["--compare", *paths, "--compare_systems", "model", "nearest_text"]) == 0
    assert "(nearest_text)" in capsys.readouterr().out


def test_compare_refuses_other_clips(evaluate, tmp_path, capsys):
    evaluate("a", "--formats", "json")
    evaluate("b", "--language", "GSL", "--max_samples", "2", "--formats", "json")
    assert evaluation.main(["--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2
    error = capsys.readouterr().err
    assert "A has ASL, GSL, B has GSL" in error
    assert "GSL: A scored 6 clips, B 2" in error


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model_path", "m.pth", "--seed", "1", "--seeds", "1"], "give one of them"),
        (["--model_path", "m.pth", "--seeds", "1", "1"], "each seed only once"),
        (["--compare", "none.json", "none.json"], "no such report"),
        ([], "what to evaluate?"),
    ],
)
def test_refusals(flags, message, capsys):
    assert evaluation.main(flags) == 2
    assert message in capsys.readouterr().err

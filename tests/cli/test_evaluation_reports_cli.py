"""evaluation.py model, clips and compare: their files, what they print, and that no report takes another's place."""

import orjson
import pytest

from signllm.cli import evaluation
from signllm.pose.formats import write_clips
from tests.helpers.generators import StandIn, wave, write_split, write_two_languages

METRICS = ["--metrics", "dtw-mje", "duration"]


@pytest.fixture
def store(tmp_path):
    return write_two_languages(tmp_path / "store")


@pytest.fixture(autouse=True)
def checkpoint(store, tmp_path, monkeypatch, use):
    monkeypatch.chdir(tmp_path)
    use(StandIn(store))
    path = tmp_path / "run" / "best_model.pth"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    return path


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def read(path):
    return orjson.loads(path.read_bytes())


def test_the_guides_command_writes_three_files_beside_the_checkpoint_and_prints_tables(checkpoint, capsys):
    assert run("--model_path", checkpoint) == 0
    names = {path.name for path in checkpoint.parent.iterdir()}
    assert names == {"best_model.pth", "evaluation_dev.json", "evaluation_dev.md", "evaluation_dev.html"}
    report = read(checkpoint.parent / "evaluation_dev.json")
    assert report["command"] == f"evaluation.py --model_path {checkpoint}"
    printed = capsys.readouterr().out
    for expected in (
        "ASL / dev: 6 clips at 25 fps", "frozen mean", "gloss clips", "dtw-mje|skeleton:signllm-50", "all languages",
        "1 of 6 clips (16.7%: 1 identical) stand in the training split", "report: ",
    ):  # fmt: skip
        assert expected in printed
    page = (checkpoint.parent / "evaluation_dev.html").read_text(encoding="utf-8")
    assert (page.count('class="tag best"'), page.count('class="tag worst"'), page.count("<iframe")) == (6, 6, 1)
    assert run("model", "--model_path", checkpoint, "--formats", "html") == 0
    again = (checkpoint.parent / "evaluation_dev.html").read_text(encoding="utf-8")
    assert again == page.replace("evaluation.py --model_path", "evaluation.py model --model_path").replace(
        str(checkpoint) + "</code>", str(checkpoint) + " --formats html</code>"
    ), "the same figures and the same animations, out of the cache"


def test_a_report_of_other_data_and_fewer_clips_leaves_the_full_one_as_it_is(checkpoint, tmp_path):
    assert run("--model_path", checkpoint, *METRICS, "--output", checkpoint.parent, "--formats", "json", "md") == 0
    assert run("--model_path", checkpoint) == 0
    before = {path: path.read_bytes() for path in checkpoint.parent.iterdir()}
    for folder, first in (("one", 30), ("two", 40)):
        for split in ("train", "dev"):
            write_split(tmp_path / folder / "other", "ASL", split, range(first, first + 5))
        flags = ("--data", tmp_path / folder / "other", "--max_samples", 3, "--formats", "json", "md")
        assert run("--model_path", checkpoint, *flags) == 0
    assert all(path.read_bytes() == content for path, content in before.items())
    new = sorted(path.name for path in checkpoint.parent.iterdir() if path not in before and path.suffix == ".json")
    assert len(new) == 2
    assert all(name.startswith("evaluation_dev_max3_other-") for name in new)


def test_seeds_formats_and_an_output_of_its_own(checkpoint, tmp_path):
    output = tmp_path / "mine" / "s.json"
    flags = ("--model_path", checkpoint, *METRICS, "--seeds", 0, 1, "--formats", "json", "md", "--output", output)
    assert run(*flags) == 0
    assert {path.name for path in output.parent.iterdir()} == {"s.json", "s.md"}
    assert len(read(output)["overall"]["systems"]["model"]["dtw_score"]["seeds"]) == 2
    assert "seeds: sd" in (output.parent / "s.md").read_text(encoding="utf-8")
    assert run("--model_path", checkpoint, *METRICS, "--seed", 1, "--formats", "json", "--output", tmp_path / "f") == 0
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["evaluation_dev_seed1_dtw-mje_duration.json"]
    with pytest.raises(SystemExit):
        run("--model_path", checkpoint, "--seed", 1, "--seeds", 1)


def test_kept_results_lie_where_they_are_told_to(checkpoint, tmp_path):
    assert run("--model_path", checkpoint, *METRICS, "--formats", "json", "--no_cache") == 0
    assert not (tmp_path / "cache").exists()
    assert run("--model_path", checkpoint, *METRICS, "--formats", "json", "--cache_dir", tmp_path / "kept") == 0
    assert list((tmp_path / "kept").iterdir())
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--language", "klingon"], "unknown sign language 'klingon'"),
        (["--max_samples", "0", "--batch_size", "-1"], "max_samples 0: must be at least 1"),
        (["--seeds", "1", "1"], "each seed only once"),
        (["--judge", "none.pth"], "none.pth: no such back-translation model"),
        (["--back_translation", "none.pth"], "none.pth: no such back-translation model"),
        (["--fgd_encoder", "none.pt"], "none.pt"),
    ],
)
def test_refusals_exit_with_2_say_why_and_write_nothing(checkpoint, capsys, flags, message):
    assert run("--model_path", checkpoint, *flags) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in checkpoint.parent.iterdir()] == ["best_model.pth"]


def test_clips_are_scored_beside_their_references(tmp_path, store, capsys):
    weak = [(f"dev{seed}", wave(seed, scale=0.2)) for seed in (10, 3, 12, 13, 14, 15)]
    write_clips(tmp_path / "weak.npz", weak)
    flags = ("--predictions", tmp_path / "weak.npz", "--references", store / "ASL" / "dev", "--data", store)
    assert run("clips", *flags, "--resample", 12.5, "--drop_z") == 0
    printed = capsys.readouterr().out
    assert "wrist path length relative to the reference is 0.2" in printed
    (path,) = tmp_path.glob("evaluation_weak_vs_dev-*.json")
    assert path.with_suffix(".md").is_file()
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    assert (page.count('class="tag best"'), page.count('class="tag worst"')) == (3, 3)
    report = read(path)
    assert report["command"].startswith("evaluation.py clips --predictions ")
    assert report["conversions"] == ["both sets resampled to 12.5 fps", "depth dropped"]
    assert list(report["languages"]["ASL"]["systems"])[:3] == ["reference", "predictions", "frozen_mean"]


def test_compare_prints_and_writes_the_paired_test(checkpoint, tmp_path, capsys):
    for name, seed in (("a", 0), ("b", 5)):
        output = tmp_path / f"{name}.json"
        assert run("--model_path", checkpoint, *METRICS, "--seed", seed, "--formats", "json", "--output", output) == 0
    capsys.readouterr()
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    assert run("compare", *paths, "--output", tmp_path / "difference.json") == 0
    printed = capsys.readouterr().out
    for expected in (f"A: {paths[0]} (model)", "ASL: 6 clips", "all languages: 12 clips", "dtw_score", "p Holm"):
        assert expected in printed
    written = read(tmp_path / "difference.json")
    durations = {"duration", "duration_median", "duration_total"}
    assert {row["figure"] for row in written["parts"]["GSL"]} == {"dtw_score", *durations}
    assert run("compare", *paths, "--systems", "model", "nearest_text", "--output", tmp_path / "folder") == 0
    assert "(nearest_text)" in capsys.readouterr().out
    assert (tmp_path / "folder" / "comparison_a_b.json").is_file()


def test_compare_refuses_other_clips_and_what_is_no_report(checkpoint, tmp_path, capsys):
    for name, flags in (("a", ()), ("b", ("--language", "GSL", "--max_samples", 2))):
        output = tmp_path / f"{name}.json"
        assert run("--model_path", checkpoint, *METRICS, *flags, "--formats", "json", "--output", output) == 0
    assert run("compare", tmp_path / "a.json", tmp_path / "b.json") == 2
    error = capsys.readouterr().err
    assert "A has ASL, GSL, B has GSL" in error
    assert "GSL: A scored 6 clips, B 2" in error
    assert run("compare", "none.json", "none.json") == 2
    assert "no such report" in capsys.readouterr().err

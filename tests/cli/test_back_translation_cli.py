"""evaluation.py --train_back_translation and --back_translation, from flags to judge file and report."""

import orjson
import pytest

from signllm.cli import evaluation
from signllm.cli.evaluation_back_translation import describe, seen_warnings
from signllm.data.store import Store, StoreWriter
from signllm.judges.judge import Judge
from signllm.judges.training_examples import choose_share


def evaluate(*flags):
    return evaluation.main([str(flag) for flag in flags])


@pytest.fixture(scope="module")
def judge_path(demo_root, tmp_path_factory):
    path = tmp_path_factory.mktemp("judge") / "mine.pth"
    share = ("--judge_share", 0.5, "--judge_seed", 3, "--rest_store", path.parent / "rest")
    flags = ("--max_minutes", 0.02, *share, "--output", path)
    assert evaluate("--train_back_translation", "--data", demo_root, "--language", "asl", *flags) == 0
    return path


def test_training_saves_a_judge_and_the_rest_for_generators(judge_path, demo_root):
    judge = Judge.load(judge_path)
    assert list(judge.languages) == ["ASL"]
    records = Store(demo_root).split("ASL", "train").records
    chosen, left = ([records[index].id for index in part] for part in choose_share(records, 0.5, 3))
    assert sorted(judge["ASL"].training["clips"]) == sorted(chosen)
    rest = Store(judge_path.parent / "rest")
    assert [record.id for record in rest.split("ASL", "train").records] == left
    assert len(rest.split("ASL", "dev")) == 3
    assert judge["ASL"].share_seen(rest.split("ASL", "train")) == 0


def test_training_prints_the_ceiling_and_what_the_judge_is(demo_root, tmp_path, capsys):
    assert (
        evaluate(
            "--train_back_translation",
            "--data",
            demo_root,
            "--language",
            "GSL",
            "--max_minutes",
            0.01,
            "--output",
            tmp_path,
        )
        == 0
    )
    printed = capsys.readouterr().out
    for expected in (
        "GSL: translator from 10 clips of 'train'",
        "GSL: ceiling on the 3 recordings of 'dev': bt_bleu_1",
        "--max_minutes hurried the training",
        f"judge: {tmp_path / 'back_translation.pth'}",
    ):
        assert expected in printed


def test_a_report_holds_every_systems_figures_their_ratio_and_the_warning(demo_root, judge_path, tmp_path, capsys):
    clips = demo_root / "ASL" / "dev"
    flags = ("--data", demo_root, "--back_translation", judge_path, "--metrics", "duration")
    place = (
        "--max_samples",
        1,
        "--formats",
        "json",
        "--cache_dir",
        tmp_path / "cache",
        "--output",
        tmp_path / "report.json",
    )
    for _ in range(2):  # the second run takes the readings out of the cache
        assert evaluate("--predictions", clips, "--references", clips, *flags, *place) == 0
        report = orjson.loads((tmp_path / "report.json").read_bytes())
        systems = report["languages"]["ASL"]["systems"]
        assert systems["predictions"]["bt_wer"] == systems["reference"]["bt_wer"]
        assert systems["predictions"]["bt_gloss_wer"]["value"] > 0
        assert "bt_bleu_4" in systems["random_clip"]
        part = report["back_translation"]["languages"]["ASL"]
        assert part["of_ceiling"]["predictions"]["bt_wer"]["value"] == 1
        assert report["back_translation"]["digest"] in report["presets"]["bt-bleu"]["signature"]
        assert any("learnt from 50 % of the training clips" in note for note in report["notes"])
    assert "bt_chrf" in capsys.readouterr().out


def test_a_judge_of_the_references_themselves_is_called_dishonest(demo_root, judge_path):
    judge, train = Judge.load(judge_path)["ASL"], Store(demo_root).split("ASL", "train")
    (warning,) = seen_warnings(judge, train, None, ["model"])
    assert "50 % of the recordings it is asked about" in warning
    assert seen_warnings(judge, Store(demo_root).split("ASL", "dev"), None, ["model"]) == []
    said = describe(judge)
    assert "translator from 5 clips of 'train' (share 0.5, seed 3)" in said
    assert "it took the corpus for one of sentences, because 10 of 10 clips have several words" in said
    del judge.training["corpus"]  # a file of an older version
    assert "translator from 5 clips" in describe(judge)


def test_generated_clips_are_refused(demo_root, tmp_path, capsys):
    split = Store(demo_root).split("ASL", "train")
    with StoreWriter(tmp_path / "made", "ASL", "train") as writer:
        for record, pose in split:
            writer.add(record, pose)
        writer.finish({"generated": True})
    assert evaluate("--train_back_translation", "--data", tmp_path / "made", "--output", tmp_path / "j.pth") == 2
    assert "marked as generated" in capsys.readouterr().err
    assert not (tmp_path / "j.pth").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--train_back_translation"], "Give --data STORE"),
        (["--train_back_translation", "--data", "STORE", "--judge_share", "0"], "judge_share 0"),
        (["--train_back_translation", "--data", "STORE", "--rest_store", "x"], "give --judge_share 0.5"),
        (["--train_back_translation", "--data", "STORE", "--split", "training"], "no language has the split"),
        (["--rest_store", "x", "--model_path", "m.pth"], "--train_back_translation"),
        (["--model_path", "m.pth", "--back_translation", "none.pth"], "none.pth: no such back-translation model"),
    ],
)
def test_refusals_exit_with_2_and_say_why(demo_root, capsys, flags, message):
    assert evaluate(*[str(demo_root) if flag == "STORE" else flag for flag in flags]) == 2
    assert message in capsys.readouterr().err

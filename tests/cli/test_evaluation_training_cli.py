"""evaluation.py train-judge and train-fgd: from flags to the file, and what the reader of it is told."""

import orjson
import pytest

from signllm.cli import evaluation
from signllm.data.store import Store, StoreSplit, StoreWriter
from signllm.evaluation.options import ModelOptions
from signllm.evaluation.scoring import asked_presets
from signllm.judges import fgd_encoder
from signllm.judges.judge import Judge
from signllm.judges.training_examples import choose_share
from signllm.metrics.registry import PRESETS

FAST = ("--language", "asl", "--max_minutes", 0.01)


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def test_training_saves_a_judge_and_the_rest_for_generators(demo_root, tmp_path, capsys):
    path = tmp_path / "mine.pth"
    flags = ("--share", 0.5, "--share_seed", 3, "--rest_store", tmp_path / "rest", "--output", path)
    assert run("train-judge", "--data", demo_root, *FAST, *flags) == 0
    judge = Judge.load(path)
    assert list(judge.languages) == ["ASL"]
    records = Store(demo_root).split("ASL", "train").records
    chosen, left = ([records[index].id for index in part] for part in choose_share(records, 0.5, 3))
    assert sorted(judge["ASL"].training["clips"]) == sorted(chosen)
    rest = Store(tmp_path / "rest")
    assert [record.id for record in rest.split("ASL", "train").records] == left
    assert len(rest.split("ASL", "dev")) == 3
    assert judge["ASL"].share_seen(rest.split("ASL", "train")) == 0
    printed = capsys.readouterr().out
    assert "rest: " in printed
    assert "ASL 5 clips" in printed


def test_another_share_seed_learns_from_other_clips(demo_root, tmp_path):
    learnt = []
    for seed in (0, 0, 1):
        flags = ("--share", 0.5, "--share_seed", seed, "--output", tmp_path / "j.pth")
        assert run("train-judge", "--data", demo_root, *FAST, *flags) == 0
        learnt.append(sorted(Judge.load(tmp_path / "j.pth")["ASL"].training["clips"]))
    assert learnt[0] == learnt[1] != learnt[2]


def test_training_prints_the_ceiling_and_what_the_judge_is(demo_root, tmp_path, capsys):
    flags = ("--language", "GSL", "--max_minutes", 0.01, "--output", tmp_path)
    assert run("train-judge", "--data", demo_root, *flags) == 0
    printed = capsys.readouterr().out
    for expected in (
        "GSL: translator from 10 clips of 'train'",
        "GSL: ceiling on the 3 recordings of 'dev': bt_bleu_1",
        "--max_minutes hurried the training",
        f"judge: {tmp_path / 'back_translation.pth'}",
    ):
        assert expected in printed


@pytest.mark.parametrize("verb", ["train-judge", "train-fgd"])
def test_generated_clips_are_refused(demo_root, tmp_path, capsys, verb):
    split = Store(demo_root).split("ASL", "train")
    with StoreWriter(tmp_path / "made", "ASL", "train") as writer:
        for record, pose in split:
            writer.add(record, pose)
        writer.finish({"generated": True})
    assert run(verb, "--data", tmp_path / "made", "--output", tmp_path / "out") == 2
    assert "marked as generated" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--share", "0"], "share 0"),
        (["--rest_store", "x"], "give --share 0.5"),
        (["--split", "training"], "no language has the split"),
        (["--language", "klingon"], "unknown sign language 'klingon'"),
    ],
)
def test_refusals_exit_with_2_and_say_why(demo_root, capsys, flags, message):
    assert run("train-judge", "--data", demo_root, *flags) == 2
    assert message in capsys.readouterr().err


@pytest.fixture
def quick(monkeypatch):
    """Training of an encoder in a few steps."""
    train = fgd_encoder.train_fgd_encoder
    few = {"steps": 3, "width": 8, "latent_size": 4}
    monkeypatch.setattr(fgd_encoder, "train_fgd_encoder", lambda clips, **given: train(clips, **{**given, **few}))


def test_an_encoder_is_trained_on_the_training_split_and_asked_for_by_file(demo_root, tmp_path, quick, capsys):
    assert run("train-fgd", "--data", demo_root, "--output", tmp_path, "--language", "DGS") == 0
    path = tmp_path / "fgd_encoder.pt"
    encoder = fgd_encoder.load_fgd_encoder(path)
    assert f"{path} ({encoder.hash()}, 10 clips of GSL at" in capsys.readouterr().out
    presets = asked_presets(ModelOptions(model_path="m", fgd_encoder=path))
    assert [preset.name for preset in presets] == [*PRESETS, "fgd"]
    presets = asked_presets(ModelOptions(model_path="m", fgd_encoder=path, metrics=["fgd", "duration"]))
    assert [preset.name for preset in presets] == ["fgd", "duration"]
    assert encoder.hash() in presets[0].signature("signllm-50", "shoulder_widths", 25)
    assert run("train-fgd", "--data", demo_root, "--output", tmp_path / "two.pt", "--language", "DGS", "--seed", 1) == 0
    assert fgd_encoder.load_fgd_encoder(tmp_path / "two.pt").hash() != encoder.hash()


def test_an_encoder_leaves_the_store_as_it_is(demo_root, tmp_path, quick):
    before = (demo_root / "ASL" / "train" / "dataset.json").read_bytes()
    assert run("train-fgd", "--data", demo_root, "--output", tmp_path / "e.pt") == 0
    assert (demo_root / "ASL" / "train" / "dataset.json").read_bytes() == before
    assert len(StoreSplit(demo_root / "ASL" / "train")) == 10
    assert orjson.loads(before).get("generated") is None

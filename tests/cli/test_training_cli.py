"""start_training.py and train_signllm.py: dry run, training, debug, resume, and refusals with exit code 2."""

import json
from pathlib import Path

import pytest

from signllm.cli import start_training, train_signllm

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config_file(make_config, tmp_path):
    path = tmp_path / "mine_config.json"
    values = make_config("training.max_steps=3").model_dump()
    values.pop("run_name")
    path.write_text("// mine\n" + json.dumps(values))
    return path


def folder_of(config_file, run="mine"):
    return config_file.parent / "checkpoints" / run


def test_a_dry_run_tells_the_cost_and_writes_nothing(config_file, capsys):
    before = sorted(config_file.parent.rglob("*"))
    assert start_training.main(["--config", str(config_file), "--dry_run"]) == 0
    out = capsys.readouterr().out
    for part in ("parameters:", "an epoch", "estimated memory", "estimated time", "losses: total"):
        assert part in out
    assert sorted(config_file.parent.rglob("*")) == before


def test_a_dry_run_tells_the_steps_of_the_gloss_part(config_file, capsys):
    pairs = ["model.mode=prompt2langgloss", "training.gloss_pairs.epochs=3", "training.gloss_pairs.batch_size=8"]
    flags = [word for pair in pairs for word in ("--set", pair)]
    assert start_training.main(["--config", str(config_file), "--dry_run", *flags]) == 0
    assert "gloss part before: 9 steps" in capsys.readouterr().out


def test_a_dry_run_tells_what_of_the_data_is_cut(config_file, capsys):
    flags = ["--set", "data.max_frames=20", "--set", "model.text_encoder.max_length=8"]
    assert start_training.main(["--config", str(config_file), "--dry_run", *flags]) == 0
    told = capsys.readouterr().out
    assert "warning: 20 of 20 training clips are longer than data.max_frames = 20" in told
    assert "more tokens than model.text_encoder.max_length = 8" in told


def test_a_dry_run_of_impossible_data_exits_with_2(config_file, capsys):
    code = start_training.main(["--config", str(config_file), "--dry_run", "--set", "data.dataset_path=/no/such/store"])
    assert code == 2
    assert "no such folder" in capsys.readouterr().err


def test_training_debugging_and_resuming(config_file, capsys):
    flags = ["--config", str(config_file), "--set", "training.sample_videos=1"]
    assert train_signllm.main(flags) == 0
    assert "best checkpoint" in capsys.readouterr().out
    assert start_training.main([*flags, "--debug"]) == 0
    debug = json.loads((folder_of(config_file, "mine_debug") / "config_used.json").read_text())
    assert debug["data"]["max_samples"] == 64
    last = folder_of(config_file) / "last_model.pth"
    assert start_training.main(["--resume", str(last), "--set", "training.max_steps=5"]) == 0
    assert json.loads((folder_of(config_file) / "training_stats.json").read_text())["step"] == 5
    samples = config_file.parent / "logs" / "mine" / "samples"
    steps = sorted(int(path.stem.removeprefix("step_")) for path in samples.glob("step_*.json"))
    assert len(steps) > 1
    assert steps[-1] == 5
    page = (samples / "index.html").read_text(encoding="utf-8")
    assert [f'"en":"step {step}"' in page for step in steps] == [True] * len(steps)


def test_resuming_with_another_model_is_refused(config_file, capsys):
    assert train_signllm.main(["--config", str(config_file)]) == 0
    last = folder_of(config_file) / "last_model.pth"
    code = start_training.main(["--resume", str(last), "--set", "model.pose_decoder.num_layers=3"])
    assert code == 2
    assert "differs in model.pose_decoder" in capsys.readouterr().err


def test_the_default_configuration_needs_a_hub_or_says_the_two_ways_on(demo_root, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    code = start_training.main(["--dry_run", "--set", f"data.dataset_path={demo_root}"])
    err = capsys.readouterr().err
    assert code == 2
    assert "bert-base-multilingual-cased" in err
    assert "from-scratch" in err
    assert "folder" in err


def test_unknown_keys_and_flags_are_refused(config_file, capsys):
    assert train_signllm.main(["--config", str(config_file), "--set", "training.lr=1"]) == 2
    assert "unknown key 'training.lr'" in capsys.readouterr().err
    assert train_signllm.main(["--config", str(config_file), "--set", "training.plc.floor=0.2"]) == 2
    assert "training.plc.floor = 0.2: fixed at 0.1" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        train_signllm.main(["--config", str(config_file), "--debugg"])


def test_a_missing_checkpoint_names_its_neighbours(config_file, capsys):
    assert start_training.main(["--resume", str(config_file.parent / "last_model.pth")]) == 2
    assert "no such checkpoint" in capsys.readouterr().err


def test_a_composed_model_is_made_by_the_same_command_and_signs(tmp_path, capsys):
    from signllm.cli import inference
    from tests.helpers.composed import write_signs

    flags = [f"data.dataset_path={write_signs(tmp_path / 'signs')}", "run_name=people"]
    flags += [f"training.{name}_dir={tmp_path / name}" for name in ("checkpoint", "log")]
    asked = ["--config", "compose", *(word for flag in flags for word in ("--set", flag))]
    assert start_training.main([*asked, "--dry_run"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert not (tmp_path / "checkpoint").exists()
    assert start_training.main(asked) == 0
    path = tmp_path / "checkpoint" / "people" / "composed_model"
    out = capsys.readouterr()
    assert f"model: {path}" in out.out
    assert "5 signs of ASL: 13 clips, 2 signs cut out of sentences" in out.out
    assert "do not say when each is signed" in out.err
    sign = ["--model_path", str(path), "--text", "I read books", "--format", "json", "--output", str(tmp_path / "o")]
    assert inference.main(sign) == 0
    assert json.loads((tmp_path / "o" / "001_ASL_i-read-books.json").read_text())["gloss"] == "I BOOK READ"
    assert start_training.main(["--resume", str(path)]) == 2
    assert "has no weights to go on from" in capsys.readouterr().err

"""The flags about the Fréchet distance: what they refuse, which presets they ask for, and the file they make."""

from argparse import ArgumentParser
from pathlib import Path

import orjson
import pytest

from signllm.cli.evaluation_fgd import add_fgd_flags, asked_presets, fgd_faults, train_fgd
from signllm.errors import ConfigError, DataError
from signllm.judges import fgd_encoder
from signllm.metrics.registry import PRESETS


def parse(*argv):
    """What evaluation.py would hand on."""
    flags = ArgumentParser()
    add_fgd_flags(flags)
    for name in ("data", "output", "model_path", "predictions", "references"):
        flags.add_argument(f"--{name}", type=Path)
    flags.add_argument("--split")
    for name in ("language", "metrics", "compare"):
        flags.add_argument(f"--{name}", nargs="+")
    flags.add_argument("--train_back_translation", action="store_true")
    args = flags.parse_args([str(value) for value in argv])
    args.seeds = [0]
    return args


@pytest.fixture
def quick(monkeypatch):
    """Training in a few steps."""
    train = fgd_encoder.train_fgd_encoder
    monkeypatch.setattr(
        fgd_encoder,
        "train_fgd_encoder",
        lambda clips, **kwargs: train(clips, steps=3, width=8, latent_size=4, **kwargs),
    )


def test_trains_on_the_training_split_and_is_asked_for_by_file(demo_root, tmp_path, quick, capsys):
    assert train_fgd(parse("--train_fgd_encoder", "--data", demo_root, "--output", tmp_path, "--language", "DGS")) == 0
    path = tmp_path / "fgd_encoder.pt"
    encoder = fgd_encoder.load_fgd_encoder(path)
    assert f"{path} ({encoder.hash()}, 10 clips of GSL at" in capsys.readouterr().out
    assert [preset.name for preset in asked_presets(parse("--fgd_encoder", path))] == [*PRESETS, "fgd"]
    asked = asked_presets(parse("--fgd_encoder", path, "--metrics", "fgd", "duration"))
    assert [preset.name for preset in asked] == ["fgd", "duration"]
    assert encoder.hash() in asked[0].signature("signllm-50", "shoulder_widths", 25)


def test_without_an_encoder_all_means_all_others():
    assert [preset.name for preset in asked_presets(parse())] == list(PRESETS)
    with pytest.raises(ConfigError, match="needs the file of an encoder"):
        asked_presets(parse("--metrics", "fgd"))


def test_flags_that_do_not_go_together_are_all_named():
    assert fgd_faults(parse("--model_path", "x.pth")) == []
    faults = fgd_faults(parse("--train_fgd_encoder", "--model_path", "x.pth", "--compare", "a", "b"))
    assert [fault.split(":")[0] for fault in faults] == ["--train_fgd_encoder", "--model_path", "--compare"]


def test_generated_clips_are_refused(demo_root, tmp_path, monkeypatch):
    from signllm.data.store import StoreSplit

    made = StoreSplit.__init__

    def marked(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.info["generated"] = True

    monkeypatch.setattr(StoreSplit, "__init__", marked)
    with pytest.raises(DataError) as error:
        train_fgd(parse("--train_fgd_encoder", "--data", demo_root, "--output", tmp_path))
    assert len(error.value.faults) == 2
    assert "marked as generated" in error.value.faults[0]
    assert orjson.loads((demo_root / "ASL" / "train" / "dataset.json").read_bytes()).get("generated") is None
    assert not list(tmp_path.iterdir())

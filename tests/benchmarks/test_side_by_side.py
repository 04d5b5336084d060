"""Clips of several models, written as pose files and drawn beside the recordings."""

import sys

import av
import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from side_by_side import main

from signllm.data.clips import open_clips
from signllm.data.store import Store
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import new_model, open_data


@pytest.fixture
def save_model(make_config, tmp_path):
    def save(decoder):
        config = make_config(f"model.pose_decoder.type={decoder}")
        model = new_model(config, open_data(config)[0])
        save_checkpoint(tmp_path / f"{decoder}.pth", Checkpoint(config, model.extra_state(), model.state_dict()))
        return f"{decoder}={tmp_path / f'{decoder}.pth'}"

    return save


def test_each_clip_has_a_video_and_a_sheet_with_a_panel_a_model(save_model, demo_root, tmp_path, capsys):
    models = [save_model("progressive"), save_model("parallel")]
    out = tmp_path / "out"
    common = ["--data", str(demo_root), "--output", str(out), "--size", "64"]
    assert main(["--models", *models, *common, "--num_clips", "1"]) == 0
    said = capsys.readouterr().out
    assert "dtw_score" in said
    assert "bone_length_ratio_fingers" in said
    for code in ("ASL", "GSL"):
        assert sorted(path.suffix for path in (out / code).glob("compare_*")) == [".mp4", ".png"]
        assert open_clips(out / code / "parallel.npz").names == [Store(demo_root).split(code, "dev").records[0].id]
    with av.open(str(next(out.glob("ASL/*.mp4")))) as container:
        two = container.streams.video[0].width
    assert main(["--models", models[0], *common, "--language", "ASL", "--clip", "0"]) == 0
    with av.open(str(next(out.glob("ASL/*.mp4")))) as container:
        assert container.streams.video[0].width < two


def test_what_cannot_be_drawn_is_named(save_model, demo_root, tmp_path, capsys):
    model = save_model("parallel")
    common = ["--data", str(demo_root), "--output", str(tmp_path / "out")]
    assert main(["--models", "a.pth", model, model, *common]) == 2
    said = capsys.readouterr().err
    assert "expected LABEL=CHECKPOINT" in said
    assert "given twice" in said
    assert main(["--models", model, *common, "--language", "ASL", "--clip", "nothing"]) == 2
    assert "no clip 'nothing'" in capsys.readouterr().err
    assert main(["--models", model, *common, "--language", "KSL"]) == 2
    said = capsys.readouterr().err
    assert "has no split KSL/dev" in said
    assert "parallel signs ASL, GSL" in said
    assert not (tmp_path / "out").exists()

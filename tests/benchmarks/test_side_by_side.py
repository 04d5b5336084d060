"""Videos and sheets of a reference beside several models' clips."""

import sys

import av
import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from side_by_side import main

from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.pose import PoseSequence
from signllm.training.setup import new_model, open_data
from signllm.viewing.scene import Scene, contact_sheet


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
    common = ["--data", str(demo_root), "--output", str(out), "--size", "64", "--frames", "4"]
    assert main(["--models", *models, *common, "--num_clips", "1"]) == 0
    said = capsys.readouterr().out
    assert "parallel: dtw_score" in said
    assert "bone_length_ratio_fingers" in said
    assert sorted(path.suffix for path in out.glob("ASL_*")) == [".mp4", ".png"]
    assert sorted(path.suffix for path in out.glob("GSL_*")) == [".mp4", ".png"]
    with av.open(str(next(out.glob("ASL_*.mp4")))) as container:
        two = container.streams.video[0].width
    assert main(["--models", models[0], *common, "--language", "ASL", "--clip", "0"]) == 0
    with av.open(str(next(out.glob("ASL_*.mp4")))) as container:
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


def test_a_relative_sheet_shows_the_same_part_of_a_slower_clip():
    body = np.zeros((50, 3))
    body[:8, :2] = [(0, -0.6), (0, 0), (-0.5, 0), (-0.7, 0.8), (-0.5, 1.2), (0.5, 0), (0.7, 0.8), (0.5, 1.2)]
    body[8:29], body[29:] = body[7], body[4]

    def rising(frames):
        pose = np.repeat(body[None], frames, axis=0)
        pose[:, [4, *range(29, 50)], 1] -= (((np.arange(frames) + 0.5) / frames) // 0.25 * 0.25)[:, None]
        return PoseSequence.all_valid(pose, 25)

    def rows(relative):
        scene = Scene.of([("a", rising(8)), ("b", rising(16))], size_px=64)
        sheet = np.asarray(contact_sheet(scene, 4, relative))
        label, size = round(1.9 * scene.text_px), scene.size_px
        return [sheet[top : top + size] for top in (label, 2 * label + size)]

    assert Image.fromarray(rows(True)[0]).size[0] > 4 * 64
    assert np.array_equal(*rows(True))
    assert not np.array_equal(*rows(False))

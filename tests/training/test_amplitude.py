"""The amplitude of generated motion: calibrated on training clips, kept in checkpoints, used by generation."""

import numpy as np
import pytest
import torch

from signllm.inference import DecoderOptions, Generator
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.group import PoseGroup
from signllm.models.normalizer import PARTS
from signllm.training import amplitude
from signllm.training.setup import build_experiment
from tests.helpers.runs import equal, run

CALM = {"arms": 0.6, "hands": 0.8, "body": 1.3}


@pytest.fixture
def experiment(make_config):
    return build_experiment(make_config('model.languages=["ASL"]'))


def make_calm(monkeypatch, experiment, language="ASL"):
    """Let the group's decoder make the training clips themselves, but each part's motion times its share of CALM."""
    clips = [index for index, (code, _) in enumerate(experiment.train_set.places) if code == language]
    remaining = [experiment.train_set.recording(index) for index in clips]

    def values(group, source_BTS, mask_BT, longest, seeds=None):
        poses, frames_B = remaining[: len(mask_BT)], torch.tensor([len(pose) for pose in remaining[: len(mask_BT)]])
        del remaining[: len(mask_BT)]
        pose_BFJC = torch.zeros(len(poses), int(frames_B.max()), 50, 3)
        for row, pose in enumerate(poses):
            pose_BFJC[row, : len(pose)] = torch.from_numpy(pose.coordinates.copy())
        values_BFV, _ = group.normalizer.normalize(pose_BFJC, torch.ones(pose_BFJC.shape[:3], dtype=torch.bool))
        calm_BP = torch.tensor([[CALM[part] for part in PARTS]]).expand(len(poses), -1)
        return group.normalizer.amplified(values_BFV, frames_B, calm_BP), frames_B

    monkeypatch.setattr(PoseGroup, "values", values)


def test_parts_are_amplified_until_they_travel_as_far_as_recorded(experiment, monkeypatch):
    make_calm(monkeypatch, experiment)
    amplitude.calibrate(experiment.model, experiment.train_set, 200, 4)
    found = dict(zip(PARTS, experiment.model.amplitudes["ASL"], strict=True))
    assert found["arms"] == pytest.approx(1 / CALM["arms"], rel=0.05)
    assert found["hands"] == pytest.approx(1 / CALM["hands"], rel=0.05)  # fingers keep the lengths of their bones
    assert found["body"] == pytest.approx(1 / CALM["body"], rel=0.05)


def test_each_language_has_its_own(make_config, monkeypatch):
    experiment = build_experiment(make_config())
    monkeypatch.setattr(amplitude, "_found", lambda made, goal_P2: (len(made), 2.0, 3.0))
    amplitude.calibrate(experiment.model, experiment.train_set, 200, 4)
    assert experiment.model.amplitudes == {"ASL": (3, 2.0, 3.0), "GSL": (3, 2.0, 3.0)}
    assert experiment.model.training


def test_a_part_that_nobody_moves_is_left_as_it_is():
    assert amplitude._found([], np.zeros((3, 2))) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("setting", ["model.pose_decoder.amplitude=1.3", "model.pose_decoder.type=progressive"])
def test_what_is_set_by_hand_or_shown_at_once_is_not_calibrated(make_config, setting):
    experiment = build_experiment(make_config(setting))
    amplitude.calibrate(experiment.model, experiment.train_set, 200, 4)
    assert experiment.model.amplitudes == {}
    by_hand = 1.3 if "amplitude" in setting else 1.0
    assert experiment.model.amplitude_of("ASL") == (by_hand,) * 3


def test_frames_that_lack_a_joint_are_bridged_in_recordings():
    place = torch.tensor([[0.0, 0, 0], [3.0, 4, 0], [3.0, 4, 2]])
    assert float(amplitude._ways(place)) == pytest.approx(7)
    assert amplitude._ways(place[:, None].expand(-1, 2, -1)).tolist() == pytest.approx([7, 7])


@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_a_run_keeps_the_amplitude_and_generation_uses_it(make_config, mode, tmp_path):
    trainer, _ = run(make_config(f"model.mode={mode}", "training.max_steps=1"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    own = trainer.run.model.amplitudes
    assert set(own) == {"ASL", "GSL"}
    assert checkpoint.build_model(averaged=True).amplitudes == own
    generator = Generator(checkpoint.build_model(averaged=True), checkpoint.config, "cpu")
    generator.save_pretrained(tmp_path / "shared")
    assert Generator.from_pretrained(tmp_path / "shared", device="cpu").model.amplitudes == own
    request = "Sign 'the book' in ASL" if mode == "prompt2langgloss" else "the book"
    as_learnt = generator(request, "ASL").pose.coordinates
    generator.model.amplitudes = {"ASL": (1.0, 1.0, 1.0)}
    plain = generator(request, "ASL").pose.coordinates
    assert not np.allclose(as_learnt, plain, atol=1e-4)
    factors = torch.tensor([own["ASL"]])
    generator.model.amplitudes = {"ASL": own["ASL"], "GSL": (9.0, 9.0, 9.0)}
    (made,) = generator.model.generate([request], ["ASL"], 200, [0])
    (plan,) = generator.model.plans([request], ["ASL"])
    values_BFV, frames_B = plan.group.values(plan.source_BTS, plan.mask_BT, 200, [0])
    assert torch.equal(made.pose_FJC, plan.group.poses(values_BFV, frames_B, factors)[0, : int(frames_B[0])])
    with DecoderOptions(amplitude=1.5).applied(generator.model):
        assert generator.model.amplitude_of("ASL") == pytest.approx([1.5 * factor for factor in own["ASL"]])
    assert generator.model.amplitude_of("ASL") == own["ASL"]


def test_a_run_that_begins_with_older_weights_calibrates_them(make_config, tmp_path):
    by_hand = build_experiment(make_config("model.pose_decoder.amplitude=1.3"))
    path = tmp_path / "older.pth"
    weights = by_hand.model.state_dict()
    save_checkpoint(path, Checkpoint(by_hand.config, by_hand.model.extra_state(), weights))
    assert load_checkpoint(path).build_model(averaged=True).amplitude_of("ASL") == (1.3, 1.3, 1.3)
    model = build_experiment(make_config(f"training.init_from={path}")).model
    assert model.amplitude_of("ASL") == (1.0, 1.0, 1.0)
    assert equal(model.state_dict(), weights)

"""Checkpoints that lie: one clear error each, before memory or time is taken; no code of theirs runs."""

import time
import zipfile

import pytest
import torch
from torch import nn

from signllm.errors import CheckpointError, ConfigError
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.from_file import build
from signllm.tensor_file import read_tensors
from signllm.training.setup import build_experiment
from signllm.training.state import TrainingState

WEIGHTS = dict(nn.Linear(3, 2).state_dict())


@pytest.fixture(scope="module")
def whole(demo_root, tmp_path_factory):
    from signllm.config import parse_config

    values = {
        "model": {
            "text_encoder": {
                "model_name": "from-scratch",
                "scratch": {"vocab_size": 300, "hidden_size": 16, "num_layers": 1, "num_heads": 2},
            },
            "language_encoder": {"num_layers": 1},
            "pose_decoder": {"num_layers": 1, "hidden_size": 16, "num_heads": 2, "ff_size": 32},
        },
        "data": {"dataset_path": str(demo_root)},
    }
    experiment = build_experiment(parse_config(values))
    weights, extra = experiment.model.state_dict(), experiment.model.extra_state()
    training = {"optimizer": {}, "state": TrainingState(step=3, epoch=1).to_dict()}
    path = tmp_path_factory.mktemp("whole") / "model.pth"
    save_checkpoint(path, Checkpoint(experiment.config, extra, weights, {}, training))
    return torch.load(path, weights_only=True)


def changed(whole, path, keys, value):
    """The checkpoint with one value changed, or taken away where `value` is `...`."""
    content = torch.load(_saved(whole, path), weights_only=True)
    owner = content
    for key in keys[:-1]:
        owner = owner[key]
    if value is ...:
        del owner[keys[-1]]
    else:
        owner[keys[-1]] = value
    return _saved(content, path)


def _saved(content, path):
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        (["config"], ..., "config: is not there"),
        (["weights"], {}, "weights"),
        (["weights"], {"a": 1}, r"weights\.a"),
        (["averaged"], {"a": torch.ones(1)}, "averages of a"),
        (["extra", "languages"], ["XYZ"], r"extra\.languages\.0"),
        (["extra", "text_encoder"], ..., r"extra\.text_encoder: is not there"),
        (["training", "state", "step"], -1, r"state\.step"),
        (["training", "state", "seconds"], float("nan"), r"state\.seconds"),
        (["training", "optimizer"], ..., "optimizer: is not there"),
        (["format_version"], ..., "checkpoint format None"),
        (["extra", "text_encoder", "meta", "max_length"], 10**6, "max_length"),
    ],
)
def test_what_a_checkpoint_must_say_is_named(whole, tmp_path, keys, value, said):
    with pytest.raises(CheckpointError, match=said):
        load_checkpoint(changed(whole, tmp_path / "model.pth", keys, value))


def test_all_faults_are_named_at_once(whole, tmp_path):
    path = changed(whole, tmp_path / "model.pth", ["extra", "languages"], [])
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(changed(torch.load(path, weights_only=True), path, ["config"], 7))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["config", "model", "pose_decoder", "hidden_size"], 10**9),
        (["config", "model", "pose_decoder", "hidden_size"], 60_000),
        (["config", "model", "pose_decoder", "ff_size"], 60_000),
        (["config", "model", "pose_decoder", "num_layers"], 10**7),
        (["config", "model", "language_encoder", "num_layers"], 1024),
        (["extra", "text_encoder", "model_config", "hidden_size"], 2 * 10**9),
        (["extra", "text_encoder", "model_config", "num_hidden_layers"], 10**9),
        (["extra", "text_encoder", "model_config", "vocab_size"], 10**12),
        (["extra", "text_encoder", "model_config", "vocab_size"], 3),
        (["extra", "text_encoder", "meta", "max_length"], 5000),
        (["extra", "text_encoder", "tokenizer"], "{}"),
    ],
)
def test_a_model_larger_than_its_weights_is_not_built(whole, tmp_path, keys, value):
    started = time.perf_counter()
    with pytest.raises((CheckpointError, ConfigError)):
        load_checkpoint(changed(whole, tmp_path / "model.pth", keys, value)).build_model(averaged=True)
    assert time.perf_counter() - started < 5


def test_weights_of_another_model_are_named(tmp_path):
    for weights, said in (
        ({"weight": torch.ones(2, 3)}, "bias is not there"),
        ({**WEIGHTS, "more": torch.ones(1)}, "more is unknown"),
        ({**WEIGHTS, "bias": torch.ones(7)}, r"bias has shape \(7,\), expected \(2,\)"),
        ({**WEIGHTS, "bias": torch.ones(2, dtype=torch.int64)}, "bias holds torch.int64"),
    ):
        with pytest.raises(CheckpointError, match=rf"file: .*{said}"):
            build("file", weights, lambda: nn.Linear(3, 2))
    assert torch.equal(build("file", WEIGHTS, lambda: nn.Linear(3, 2)).bias, WEIGHTS["bias"])


def test_building_stops_before_memory_or_time_is_taken():
    for make in (
        lambda: nn.Linear(2**20, 2**20),
        lambda: nn.Sequential(*(nn.Linear(1, 1) for _ in range(10**7))),
        lambda: torch.arange(10**12),
        lambda: torch.full((10**6, 10**6), 1.0),
        lambda: torch.zeros(size=(10**12,)),
    ):
        with pytest.raises(CheckpointError, match="larger model than its weights"):
            build("file", WEIGHTS, make)


def test_tensors_larger_than_their_file_are_refused(tmp_path):
    torch.save({"a": torch.zeros(10)}, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as stored,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in stored.namelist():
            packed.writestr(name, stored.read(name) + b"\0" * 10**6)
    with pytest.raises(CheckpointError, match="unpacks to more than its size"):
        read_tensors(tmp_path / "b.pth", "a file")


class _Program:
    def __reduce__(self):
        return (eval, ("1 / 0",))


def test_a_program_in_a_file_is_not_run(tmp_path):
    torch.save({"a": _Program()}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="torn, or not a file"):
        read_tensors(tmp_path / "a.pth", "a file")

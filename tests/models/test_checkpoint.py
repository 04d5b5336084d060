"""Files from elsewhere: whatever their bytes, the message names the file."""

import pickle

import numpy as np
import pytest
import torch

from signllm.errors import CheckpointError
from signllm.models.tensor_file import read_tensors


def test_tensors_come_back(tmp_path):
    torch.save({"a": torch.arange(3)}, tmp_path / "a.pth")
    assert read_tensors(tmp_path / "a.pth", "a file")["a"].tolist() == [0, 1, 2]


def test_no_bytes_break_out_of_the_message(tmp_path):
    path = tmp_path / "garbage.pth"
    rng = np.random.default_rng(0)
    opcodes = np.frombuffer(b"\x80\x02}q\x00(X.Ru)ebtcK]\x85h", np.uint8)
    for number in range(300):
        symbols = opcodes if number % 2 else np.arange(256, dtype=np.uint8)
        path.write_bytes(rng.choice(symbols, int(rng.integers(0, 60))).tobytes())
        with pytest.raises(CheckpointError, match=r"garbage\.pth: torn, or not a judge"):
            read_tensors(path, "a judge")


def test_code_in_a_file_is_not_run(tmp_path):
    class Payload:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(CheckpointError):
        read_tensors(tmp_path / "evil.pth", "a checkpoint")
    assert not (tmp_path / "ran").exists()

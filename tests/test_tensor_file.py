"""Files from elsewhere: whatever their bytes, the message names the file."""

import pickle

import numpy as np
import pytest
import torch

from signllm.errors import CheckpointError
from signllm.tensor_file import read_tensors


def test_tensors_come_back(tmp_path):
    torch.save({"a": torch.arange(3)}, tmp_path / "a.pth")
    assert read_tensors(tmp_path / "a.pth", "a file")["a"].tolist() == [0, 1, 2]


def test_mapped_tensors_are_the_same_and_are_not_read_before_they_are_used(tmp_path):
    tensor = torch.arange(1_000_000, dtype=torch.float32)
    torch.save({"state": {"step": 3}, "weights": {"a": tensor}}, tmp_path / "a.pth")
    mapped = read_tensors(tmp_path / "a.pth", "a file", mapped=True)
    assert mapped["state"] == {"step": 3}
    assert torch.equal(mapped["weights"]["a"], tensor)
    path = tmp_path / "a.pth"
    path.write_bytes(path.read_bytes().replace(tensor[1000:1004].numpy().tobytes(), b"\0" * 16))  # in its place
    assert torch.equal(mapped["weights"]["a"][1000:1004], torch.zeros(4))


def test_a_tensor_that_claims_more_than_its_numbers_is_refused(tmp_path):
    torch.save({"a": torch.zeros(1).expand(10**6, 10**6)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="larger than its numbers"):
        read_tensors(tmp_path / "a.pth", "a file")


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

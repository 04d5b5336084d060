"""The state of a training as a checkpoint holds it: the fields of a run, and no others."""

import pytest

from signllm.errors import CheckpointError
from signllm.models.checkpoint_types import Training
from signllm.training.state import TrainingState
from signllm.typed import checked


def test_a_state_has_the_fields_of_a_run_and_no_others():
    state = TrainingState(step=3).to_dict()
    checked(Training, {"optimizer": {}, "state": state}, "a.pth", CheckpointError)
    with pytest.raises(CheckpointError, match=r"a\.pth: state\.odd: extra inputs"):
        checked(Training, {"optimizer": {}, "state": {**state, "odd": 1}}, "a.pth", CheckpointError)

"""Keys that became constants: the value that stayed is dropped, another is refused by name, beside all other faults."""

import pytest

from signllm.config import Config, parse_config
from signllm.config.frozen import FROZEN
from signllm.config.loading import all_keys, apply_overrides
from signllm.data import priority
from signllm.errors import ConfigError
from signllm.models.decoders import flow
from signllm.training import losses, policy_noise

OTHER = {key: "plain" if isinstance(value, str) else value + 1 for key, value in FROZEN.items()}
CONSTANTS = {
    "model.pose_decoder.flow.text_dropout": flow.TEXT_DROPOUT,
    "model.pose_decoder.flow.shift": flow.SHIFT,
    "model.pose_decoder.flow.slow_frames": flow.SLOW_FRAMES,
    "model.gloss_decoder.label_smoothing": losses.LABEL_SMOOTHING,
    "training.losses.future": losses.FUTURE_WEIGHT,
    "training.plc.floor": priority.FLOOR,
    "training.plc.smoothing": priority.SMOOTHING,
    "training.policy.correlation_s": policy_noise.CORRELATION_S,
}


def nested(key, value):
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def faults_of(values):
    with pytest.raises(ConfigError) as caught:
        parse_config(values, "old.json")
    return caught.value.faults


@pytest.mark.parametrize(("key", "value"), FROZEN.items())
def test_the_value_that_stayed_loads_and_is_dropped(key, value):
    assert parse_config(nested(key, value)) == Config()
    assert parse_config(apply_overrides({}, [f"{key}={value}"])) == Config()
    assert key not in all_keys()


@pytest.mark.parametrize("key", FROZEN)
def test_another_value_is_refused_by_place_value_and_remedy(key):
    (fault,) = faults_of(nested(key, OTHER[key]))
    shown = f'"{OTHER[key]}"' if isinstance(OTHER[key], str) else OTHER[key]
    assert fault.startswith(f"old.json: {key} = {shown}: fixed at ")
    assert "leave the key out" in fault


def test_true_null_and_sections_are_no_numbers():
    for value in (True, None, {}, "1.0"):
        assert "temperature" in faults_of(nested("model.pose_decoder.flow.temperature", value))[0]


def test_the_value_that_stayed_is_the_constants():
    assert {key: FROZEN[key] for key in CONSTANTS} == CONSTANTS


def test_they_are_gathered_with_all_other_faults():
    changed = [f"{key}={value}" for key, value in OTHER.items()]
    values = apply_overrides({}, [*changed, "training.lerning_rate=1", "data.batch_size=-1", 'model.languages=["XSL"]'])
    faults = faults_of(values)
    assert len(faults) == len(FROZEN) + 3
    for name in (*FROZEN, "training.learning_rate", "data.batch_size", "XSL"):
        assert sum(name in fault for fault in faults) == 1, name


@pytest.mark.parametrize("values", [{"training": 3}, {"training": {"plc": None}}, {"model": {"pose_decoder": []}}])
def test_a_section_that_is_none_is_left_to_the_schema(values):
    assert len(faults_of(values)) == 1

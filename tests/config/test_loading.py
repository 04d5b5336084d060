"""The configuration: the guide's snippet, comments, overrides, and every fault at once."""

import json
from pathlib import Path

import pytest

from signllm.config import Config, load_config, parse_config
from signllm.config.loading import all_keys, apply_overrides
from signllm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]

GUIDE_SNIPPET = """{
  "model": {
    "mode": "mlsf",  // 或 "prompt2langgloss"
    "text_encoder": {
      "model_name": "bert-base-multilingual-cased",
      "max_length": 128
    },
    "pose_decoder": {
      "output_dim": 150,  // 匹配您的数据维度
      "num_layers": 4
    }
  },
  "data": {
    "dataset_path": "datasets/signllm_data_complete",
    "batch_size": 8,  // 根据GPU内存调整
    "max_frames": 500
  },
  "training": {
    "num_epochs": 50,
    "learning_rate": 1e-4,
    "save_every": 5
  }
}
"""


def write(tmp_path, text, name="signllm_your_data_config.json"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(values):
    with pytest.raises(ConfigError) as caught:
        parse_config(values, "c.json")
    return caught.value.faults


def test_the_guides_snippet_loads_as_it_stands(tmp_path):
    config = load_config(write(tmp_path, GUIDE_SNIPPET))
    assert config.run_name == "signllm_your_data"
    assert config.model.text_encoder.max_length == 128
    assert config.data.batch_size == 8
    assert config.training.learning_rate == 1e-4


def test_comments_inside_strings_and_trailing_commas_survive(tmp_path):
    text = '{"data": {"dataset_path": "http://x/y, }", /* block\n comment */ "batch_size": 3,},}'
    config = load_config(write(tmp_path, text))
    assert config.data.dataset_path == "http://x/y, }"
    assert config.data.batch_size == 3


def test_a_syntax_error_names_line_and_column(tmp_path):
    path = write(tmp_path, '{\n  // comment\n  "data": {"batch_size": }\n}')
    with pytest.raises(ConfigError, match=r"config\.json:3:26: not JSON"):
        load_config(path)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.json")), ids=lambda path: path.name)
def test_every_shipped_configuration_loads(path):
    config = load_config(path)
    assert config.run_name == path.stem.removesuffix("_config")


def test_overrides_reach_any_key_and_take_json_or_text():
    values = apply_overrides(
        {}, ["training.learning_rate=3e-4", "model.mode=prompt2langgloss", 'model.languages=["ASL"]']
    )
    config = parse_config(values)
    assert config.training.learning_rate == 3e-4
    assert config.model.mode == "prompt2langgloss"
    assert config.model.languages == ["ASL"]


def test_an_override_without_a_value_is_refused():
    with pytest.raises(ConfigError, match="expected key=value"):
        apply_overrides({}, ["training.learning_rate"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"training": {"lerning_rate": 1e-3}}, "training.learning_rate"),
        ({"num_workers": 0}, "data.num_workers"),
        ({"model": {"pose_decoder": {"layers": 2}}}, "model.pose_decoder.num_layers"),
        ({"gradient_clip": 1.0}, "training.gradient_clip"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_valid_one(values, expected):
    (fault,) = faults_of(values)
    assert "unknown key" in fault
    assert f"did you mean '{expected}'" in fault


def test_all_faults_are_reported_at_once_combinations_included():
    faults = faults_of(
        {
            "data": {"batch_size": "8", "max_fames": 3},
            "model": {"pose_decoder": {"output_dim": 151, "num_heads": 3}, "languages": ["ASL", "XSL"]},
            "training": {"learning_rate": -1.0},
        }
    )
    text = "\n".join(faults)
    for part in ("data.batch_size", "max_fames", "151", "3 heads", "XSL", "training.learning_rate"):
        assert part in text
    assert "the counter of .skels files is not part of it" in text


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"model": {"text_encoder": {"model_name": "from-scratch", "trainable_layers": 0}}}, "trained whole"),
        ({"data": {"frame_budget": 100, "max_frames": 200}}, "would fit no batch"),
        ({"training": {"losses": {"reconstruction": 0.0, "rl": 0.0}}}, "nothing would train"),
        ({"training": {"rl_variant": "off", "losses": {"rl": 0.5}}}, "set one of them"),
        ({"training": {"plc": {"enabled": True, "prefer": "low", "skip_below": 0.5}}}, "drawn and then skipped"),
        ({"training": {"policy": {"reward_model": "r.pth"}}}, "with training.rl_variant = 'paper': nothing would use"),
    ],
)
def test_impossible_combinations_are_refused(values, part):
    (fault,) = faults_of(values)
    assert part in fault


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"losses": {"rl": 0.0}}, "losses.rl = 0 with training.rl_variant = 'policy_gradient'"),
        ({"policy": {"samples": 5}}, "samples = 5: the rollouts are mirrored in pairs; use 6"),
        ({"policy": {"reward_model": "r.pth", "rewards": {"reading": 0.0}}}, "reading = 0: nothing would use it"),
        ({"policy": {"rewards": {"reconstruction": 0.0, "motion": 0.0}}}, "nothing is rewarded"),
    ],
)
def test_impossible_policies_are_refused(values, part):
    (fault,) = faults_of({"training": {"rl_variant": "policy_gradient", **values}})
    assert part in fault


@pytest.mark.parametrize("variant", ["off", "paper", "policy_gradient"])
def test_the_dumped_configuration_loads_to_the_same(variant):
    config = parse_config({"data": {"batch_size": 3}, "training": {"rl_variant": variant}})
    assert parse_config(json.loads(json.dumps(config.model_dump()))) == config


def test_every_key_of_the_guide_exists():
    keys = all_keys(Config)
    for key in (
        "model.mode", "model.text_encoder.model_name", "model.text_encoder.max_length", "model.pose_decoder.output_dim",
        "model.pose_decoder.num_layers", "data.dataset_path", "data.batch_size", "data.max_frames", "data.num_workers",
        "training.num_epochs", "training.learning_rate", "training.save_every", "training.gradient_clip",
        "training.warmup_steps",
    ):  # fmt: skip
        assert key in keys


def test_a_missing_file_names_the_nearest_one(tmp_path):
    write(tmp_path, "{}", "my_config.json")
    with pytest.raises(ConfigError, match=r"did you mean 'my_config\.json'"):
        load_config(tmp_path / "my_confg.json")


@pytest.mark.parametrize(
    ("model", "data", "training", "fault"),
    [
        ("mlsf", {"gloss_tables": {"GSL": "a.csv"}}, {"gloss_pairs": {"epochs": 1}}, "reads no glosses"),
        ("mlsf", {}, {"gloss_pairs": {"mixed": 4}}, "training.gloss_pairs.mixed = 4: model.mode 'mlsf'"),
        ("prompt2langgloss", {"gloss_tables": {"GSL": "a.csv"}}, {}, "both 0, so nothing would be trained"),
        ("prompt2langgloss", {}, {"gloss_pairs": {"mixed": 4}, "losses": {"gloss": 0}}, "would weigh nothing"),
        ("prompt2langgloss", {"gloss_eval_tables": {"GSLL": "a.csv"}}, {}, "unknown sign language 'GSLL'"),
        ("prompt2langgloss", {"gloss_eval_tables": {"GSL": "a", "DGS": "b"}}, {}, "two tables for GSL"),
        (
            "prompt2langgloss",
            {"gloss_tables": {"GSL": "a.csv"}, "gloss_eval_tables": {"GSL": "a.csv"}},
            {"gloss_pairs": {"epochs": 1}},
            "a.csv is trained on as well",
        ),
    ],
)
def test_gloss_tables_that_nothing_reads_or_that_leak_are_refused(model, data, training, fault):
    faults = faults_of({"model": {"mode": model}, "data": data, "training": training})
    assert len(faults) == 1
    assert fault in faults[0]

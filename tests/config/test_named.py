"""The configurations of the toolkit are found by name, from anywhere."""

from pathlib import Path

import pytest

from signllm.config import load_config, named
from signllm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


def test_every_configuration_of_the_checkout_has_a_name():
    files = sorted((ROOT / "configs").glob("*.json"))
    assert files
    assert sorted(named.named_configs().values()) == files


@pytest.mark.parametrize(
    "asked", ["asl_words", "asl_words_config", "asl_words_config.json", "configs/asl_words_config.json"]
)
def test_a_name_is_found_from_any_folder(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert named.find_config(asked) == ROOT / "configs" / "asl_words_config.json"
    assert load_config(asked).run_name == "asl_words"


def test_a_file_comes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = Path("configs/asl_words_config.json")
    mine.parent.mkdir()
    mine.write_text('{"run_name": "mine"}')
    assert load_config(mine).run_name == "mine"
    assert load_config("asl_words").run_name == "asl_words"


def test_the_configurations_inside_an_installed_package_come_first(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "other_config.json").write_text("{}")
    monkeypatch.setattr(named, "_PACKAGE", tmp_path)
    assert list(named.named_configs()) == ["other"]
    assert load_config("other").run_name == "other"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("asl_wrds", "did you mean 'asl_words'"), ("elsewhere/asl_words_config.json", "the names are"), ("", "the names")],
)
def test_an_unknown_name_lists_the_known_ones(asked, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no such configuration file or name") as refused:
        named.find_config(asked)
    message = str(refused.value)
    assert hint in message
    assert all(name in message for name in named.named_configs())


def test_a_misspelt_path_names_the_file_beside_it(tmp_path):
    (tmp_path / "mine_config.json").write_text("{}")
    with pytest.raises(ConfigError, match="did you mean 'mine_config"):
        named.find_config(tmp_path / "mime_config.json")

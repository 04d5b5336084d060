"""The configurations that come with the toolkit, found by name: `asl_words` is `configs/asl_words_config.json`."""

from __future__ import annotations

from pathlib import Path

from signllm.errors import ConfigError, did_you_mean

_PACKAGE = Path(__file__).resolve().parents[1]
_ENDING = "_config"


def configs_folder() -> Path:
    """The folder of the configurations: inside the installed package, beside it in a checkout."""
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"


def named_configs() -> dict[str, Path]:
    """Name -> file, sorted by name."""
    return {config_name(path): path for path in sorted(configs_folder().glob(f"*{_ENDING}.json"))}


def config_name(path: str | Path) -> str:
    """The name of a configuration file: its own name without `.json` and without `_config`."""
    return Path(path).name.removesuffix(".json").removesuffix(_ENDING)


def find_config(config: str | Path) -> Path:
    """The file that `config` means: a path, or the name of a configuration that comes with the toolkit.

    `asl_words`, `asl_words_config` and `configs/asl_words_config.json` all mean the same; a file that exists comes
    first. Raises ConfigError, which lists the names, when there is neither.
    """
    path = Path(config)
    if path.is_file():
        return path
    named = named_configs()
    if path.parent in (Path(), Path("configs")) and config_name(path) in named:
        return named[config_name(path)]
    near = did_you_mean(path.name, [other.name for other in path.parent.glob("*.json")])
    near = near or did_you_mean(config_name(path), named)
    raise ConfigError(f"{config}: no such configuration file or name{near}; the names are {', '.join(named)}")

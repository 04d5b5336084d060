"""Reading a configuration file, overriding keys, and finding everything that is wrong with it at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from signllm.config.frozen import drop_frozen
from signllm.config.named import config_name, find_config
from signllm.config.schema import FRAME_VALUES, FROM_SCRATCH, Config, LossConfig, TrainingConfig
from signllm.errors import ConfigError, DataError, SignLLMError, did_you_mean
from signllm.fsutil import read_text
from signllm.languages import resolve_language

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# A string, a // comment or a /* */ comment: matching strings first keeps "http://..." whole.
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def read_json_with_comments(path: Path) -> dict:
    """Read JSON that may hold // and /* */ comments and trailing commas. Raises ConfigError with line and column."""
    try:
        text = read_text(path)
    except DataError as error:
        if not path.exists():
            near = did_you_mean(path.name, [p.name for p in path.parent.glob("*.json")])
            raise ConfigError(f"{path}: no such configuration file{near}") from None
        raise ConfigError(error.faults) from None

    def blank(match: re.Match) -> str:
        found = match.group()
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)

    plain = _TRAILING_COMMA.sub(lambda match: match.group(1) or " ", _TOKEN.sub(blank, text))
    try:
        value = json.loads(plain)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a thousand brackets
        raise ConfigError(f"{path}: not a configuration ({error})") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: a configuration is a JSON object {{...}}, this is a {type(value).__name__}")
    return value


def all_keys(model: type[BaseModel] = Config, prefix: str = "") -> list[str]:
    """Every dotted key of the schema, sections included."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += all_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _nearest_key(path: str) -> str:
    """The hint for an unknown key: the same last name elsewhere, or the nearest spelling."""
    keys = all_keys()
    elsewhere = [key for key in keys if key.split(".")[-1] == path.split(".")[-1]]
    if elsewhere:
        return f" (did you mean '{elsewhere[0]}'?)"
    parent = path.rpartition(".")[0]
    siblings = {key.split(".")[-1]: key for key in keys if key.rpartition(".")[0] == parent}
    near = did_you_mean(path.split(".")[-1], siblings)
    if near:
        return f" (did you mean '{siblings[near.split(chr(39))[1]]}'?)"
    return did_you_mean(path, keys)


def apply_overrides(values: dict, overrides: list[str]) -> dict:
    """Return `values` with each "a.b=c" set; c is JSON, or a plain string where it is not JSON."""
    values = json.loads(json.dumps(values))
    faults = []
    for override in overrides:
        path, equals, text = override.partition("=")
        path = path.strip()
        if not equals or not path:
            faults.append(f"--set {override}: expected key=value, such as training.learning_rate=3e-4")
            continue
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        section = values
        *parents, last = path.split(".")
        for name in parents:
            section = section.setdefault(name, {})
            if not isinstance(section, dict):
                faults.append(f"--set {override}: '{name}' is a value, not a section")
                break
        else:
            section[last] = value
    if faults:
        raise ConfigError(faults)
    return values


def parse_config(values: dict, source: str = "configuration") -> Config:
    """Check `values` against the schema and return the Config. Raises ConfigError with every fault found."""
    try:
        remaining = json.loads(json.dumps(values))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{source}: not a configuration ({error})") from None
    faults = [f"{source}: {fault}" for fault in drop_frozen(remaining)]
    config = Config()
    for _ in range(2):  # the second round checks combinations among what remains when faulty keys are taken out
        try:
            config = Config.model_validate(remaining)
            break
        except ValidationError as error:
            for fault in error.errors():
                path = _key_path(values, fault["loc"])
                faults.append(_describe(source, ".".join(path), fault))
                _remove(remaining, path)
    faults += [f"{source}: {fault}" for fault in impossible_combinations(config)]
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))
    return config


def _key_path(values: Any, location: tuple) -> list[str]:
    """The keys of pydantic's location, without the union members and list places that it also names."""
    path = []
    for part in location:
        if not isinstance(values, dict) or part not in values:
            break
        path.append(part)
        values = values[part]
    return path


def _describe(source: str, path: str, fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return f"{source}: unknown key '{path}'{_nearest_key(path)}"
    return f"{source}: {path} = {json.dumps(fault['input'], ensure_ascii=False, default=str)}: {fault['msg']}"


def _remove(values: dict, path: list[str]) -> None:
    for name in path[:-1]:
        values = values.get(name, {})
        if not isinstance(values, dict):
            return
    if path:
        values.pop(path[-1], None)


def impossible_combinations(config: Config) -> list[str]:
    """What the types allow but no model can be built from; each with place, value and remedy."""
    faults = []
    model, data, training = config.model, config.data, config.training
    decoder, encoder = model.pose_decoder, model.text_encoder
    if decoder.output_dim != FRAME_VALUES:
        counter = "; the counter of .skels files is not part of it" if decoder.output_dim == FRAME_VALUES + 1 else ""
        faults.append(
            f"model.pose_decoder.output_dim = {decoder.output_dim}: a frame is 50 joints x 3 coordinates ="
            f" {FRAME_VALUES} values{counter}; set it to {FRAME_VALUES}"
        )
    for place, width, heads in (
        ("model.pose_decoder", decoder.hidden_size, decoder.num_heads),
        ("model.text_encoder.scratch", encoder.scratch.hidden_size, encoder.scratch.num_heads),
    ):
        if width % heads or (width // heads) % 2:
            faults.append(f"{place}: hidden_size {width} cannot be split into {heads} heads of an even width")
    if encoder.model_name == FROM_SCRATCH and encoder.trainable_layers not in ("auto", "all"):
        faults.append(
            f"model.text_encoder.trainable_layers = {encoder.trainable_layers}: an encoder made from scratch must be"
            ' trained whole; use "auto"'
        )
    for place, names in (("model.languages", model.languages), ("training.only_languages", training.only_languages)):
        for name in names:
            try:
                resolve_language(name)
            except SignLLMError as error:
                faults.append(f"{place}: {error.faults[0]}")
    if training.only_languages and model.mode != "mlsf":
        faults.append(
            f"training.only_languages with model.mode = '{model.mode}': its languages share all parameters, so none can"
            ' be trained alone; set it to [], or use "mlsf"'
        )
    if data.frame_budget is not None and data.frame_budget < data.max_frames:
        faults.append(
            f"data.frame_budget = {data.frame_budget}: less than data.max_frames = {data.max_frames},"
            " the longest clip would fit no batch"
        )
    # A checkpoint's configuration names every key, so only another value than the default was surely meant.
    if training.rl_variant == "off" and training.losses.rl not in (0, LossConfig().rl):
        faults.append(f"training.losses.rl = {training.losses.rl} with training.rl_variant = 'off': set one of them")
    if not any((training.losses.reconstruction, training.rl_variant != "off" and training.losses.rl)):
        faults.append("training.losses.reconstruction = 0: nothing would train the pose decoder")
    if training.rl_variant == "policy_gradient":
        faults += _policy_faults(training)
        if training.plc.enabled and training.plc.importance:
            faults.append(
                f"training.plc.importance = {training.plc.importance} with training.rl_variant = 'policy_gradient': the"
                " policy's term has no importance weights; set importance to 0"
            )
    elif training.policy.reward_model is not None:
        faults.append(
            f"training.policy.reward_model = {training.policy.reward_model} with training.rl_variant ="
            f" '{training.rl_variant}': nothing would use it; set rl_variant to 'policy_gradient', or this to null"
        )
    return faults + _impossible_plc(training) + _faults_of_gloss_pairs(config)


def _policy_faults(training: TrainingConfig) -> list[str]:
    """What cannot work in `training.policy`."""
    faults, policy, weights = [], training.policy, training.policy.rewards
    if not training.losses.rl:
        faults.append(
            "training.losses.rl = 0 with training.rl_variant = 'policy_gradient': the term would weigh nothing;"
            " give it a weight, or set rl_variant to 'off'"
        )
    if policy.samples % 2:
        faults.append(
            f"training.policy.samples = {policy.samples}: the rollouts are mirrored in pairs; use {policy.samples + 1}"
        )
    if policy.reward_model is not None and not weights.reading:
        faults.append(
            f"training.policy.reward_model = {policy.reward_model} with training.policy.rewards.reading = 0: nothing"
            " would use it; give the reading a weight, or set reward_model to null"
        )
    if not any((weights.reconstruction, weights.motion, policy.reward_model is not None and weights.reading)):
        faults.append(
            "training.policy.rewards: nothing is rewarded; give reconstruction or motion a weight, or name a"
            " reward_model"
        )
    return faults


def _impossible_plc(training: TrainingConfig) -> list[str]:
    faults, plc = [], training.plc
    if plc.enabled and plc.prefer == "low" and plc.skip_below:
        faults.append(
            f"training.plc.skip_below = {plc.skip_below} with training.plc.prefer = 'low': clips of low reward would be"
            ' drawn and then skipped; set skip_below to 0, or prefer to "high"'
        )
    if plc.enabled and plc.skip_below and training.accumulate > 1:
        faults.append(
            f"training.plc.skip_below = {plc.skip_below} with training.accumulate = {training.accumulate}: a batch is"
            " skipped as a whole step, but here it is a part of one; set skip_below to 0, or accumulate to 1"
        )
    return faults


def _faults_of_gloss_pairs(config: Config) -> list[str]:
    """Tables of texts and glosses that nothing would read, or that would be trained and evaluated on."""
    faults = []
    data, pairs = config.data, config.training.gloss_pairs
    tables = {"data.gloss_tables": data.gloss_tables, "data.gloss_eval_tables": data.gloss_eval_tables}
    wanted = [f"{place} = {table}" for place, table in tables.items() if table]
    wanted += [f"training.gloss_pairs.{name} = {n}" for name in ("epochs", "mixed") if (n := getattr(pairs, name))]
    if config.model.mode == "mlsf" and wanted:
        faults.append(f"{', '.join(wanted)}: model.mode 'mlsf' reads no glosses; use \"prompt2langgloss\"")
    for place, table in tables.items():
        codes: list[str] = []
        for name in table:
            try:
                codes.append(resolve_language(name).code)
            except SignLLMError as error:
                faults.append(f"{place}: {error.faults[0]}")
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            faults.append(f"{place}: two tables for {code}; put their lines into one")
    for path in sorted(set(data.gloss_tables.values()) & set(data.gloss_eval_tables.values())):
        faults.append(f"data.gloss_eval_tables: {path} is trained on as well (data.gloss_tables); evaluate on another")
    if pairs.mixed and not config.training.losses.gloss:
        faults.append(
            f"training.gloss_pairs.mixed = {pairs.mixed} with training.losses.gloss = 0: the pairs would weigh nothing;"
            " set one of them"
        )
    if data.gloss_tables and not pairs.epochs and not pairs.mixed:
        faults.append(
            "data.gloss_tables: training.gloss_pairs.epochs and .mixed are both 0, so nothing would be trained on"
            " them; set one"
        )
    return faults


def load_config(config: str | Path, overrides: list[str] | None = None) -> Config:
    """Load a configuration by path or name (see `find_config`); `run_name` defaults to its name.

    Raises ConfigError listing every fault: unknown keys with the nearest valid one, wrong values, and
    combinations that no model can be built from.
    """
    path = find_config(config)
    values = {"run_name": config_name(path.stem), **read_json_with_comments(path)}
    return parse_config(apply_overrides(values, overrides or []), str(path))

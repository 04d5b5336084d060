"""From a matrix to jobs: judges and cells, each with a folder that is named after all that its result depends on."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from ablation.matrix import Matrix
from signllm.config import Config, load_config
from signllm.config.frozen import drop_frozen
from signllm.data.store import Store
from signllm.errors import ConfigError, SignLLMError, did_you_mean
from signllm.evaluation.journal import content_key
from signllm.fsutil import file_sha256, hold, write_json
from signllm.metrics.registry import PRESETS, find_presets

RUN = "run"  # every cell's run has this name, in the cell's own folder
SPEC, RESULT, LOG = "spec.json", "cell.json", "cell.log"
PLACES = (
    "run_name",
    "data.dataset_path",
    "data.cache_dir",
    "training.checkpoint_dir",
    "training.log_dir",
    "training.init_from",
)
"""Keys that say where files lie: another place is not another result."""


@dataclass(frozen=True)
class Job:
    """What one process does: `spec` says it all. `needs` are jobs that must be done before."""

    name: str
    folder: Path
    spec: dict
    needs: tuple[Job, ...] = field(default=(), repr=False)

    @property
    def result(self) -> Path:
        """The file that stands where the job is done."""
        return self.folder / RESULT

    def read(self) -> dict | None:
        """The result, where there is one of the very same job."""
        try:
            found = orjson.loads(self.result.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return found if same_job(self.spec, found["spec"]) else None

    def write_spec(self) -> Path:
        """Write what the process reads; a run that an older default began is put aside, not gone on with.

        Raises LockedError where another process works on this job.
        """
        path = self.folder / SPEC
        with hold(self.folder):
            if path.is_file() and not same_config(self.spec, orjson.loads(path.read_bytes())):
                name = self.folder.name
                number = next(n for n in range(1, 1000) if not self.folder.with_name(f"{name}.{n}").exists())
                self.folder.rename(self.folder.with_name(f"{name}.{number}"))
            write_json(path, self.spec)
        return path


@dataclass(frozen=True)
class Cell:
    """A variant with a seed and a split of the clips between judge and models."""

    variant: str
    seed: int
    split_seed: int
    job: Job


def same_job(wanted: dict, found: dict) -> bool:
    """Whether a result is still that of the job; where its files lie does not matter."""
    plain = [{key: value for key, value in spec.items() if key not in ("config", "places")} for spec in (wanted, found)]
    return plain[0] == plain[1] and same_config(wanted, found)


def same_config(wanted: dict, found: dict) -> bool:
    """Whether two specs train alike: equal keys, but for those that came later and stand at their default.

    A key that the older configuration lacks cannot have changed anything by standing at its default, nor can one that
    is a constant now by standing at that value.
    """
    found = copy.deepcopy(found)
    if drop_frozen(found.get("config", {})):
        return False
    ours, theirs, default = (
        _flat(values) for values in (wanted.get("config", {}), found.get("config", {}), _default())
    )
    decisive = [key for key in ours if key not in PLACES]
    return all(theirs[key] == ours[key] if key in theirs else ours[key] == default.get(key) for key in decisive)


def _default() -> dict:
    return Config().model_dump(mode="json")


def _flat(values: dict, prefix: str = "") -> dict:
    flat = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def plan(
    matrix: Matrix, output: Path, only: Sequence[str] = (), seeds: Sequence[int] = (), overrides: Sequence[str] = ()
) -> list[Cell]:
    """Every cell of the matrix, or of the variants `only` and what they start from; nothing is run.

    `overrides` are set in all cells, after the variants' own. Raises ConfigError that names every variant that is not
    there or whose configuration cannot be used, DataError where the store has no clips.
    """
    unknown = [
        f"--only {name}: no such variant{did_you_mean(name, matrix.variants)}; there are: {', '.join(matrix.variants)}"
        for name in only
        if name not in matrix.variants
    ]
    if unknown:
        raise ConfigError(unknown)
    store, faults, cells = Store(matrix.store), [], []
    names, configs = matrix.order(only), {}
    for name in names:
        try:
            configs[name] = _config(matrix, name, overrides)
        except SignLLMError as error:
            faults += [f"variant {name}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigError(faults)
    for split_seed in matrix.judge.split_seeds if matrix.judge else [0]:
        judge = _judge_job(matrix, store, configs[names[0]], output, split_seed)
        for seed in seeds or matrix.seeds:
            made: dict[str, Job] = {}
            for name in names:
                parent = made.get(matrix.variants[name].init_from or "")
                made[name] = _cell_job(matrix, store, output, (name, seed, split_seed), configs[name], judge, parent)
                cells.append(Cell(name, seed, split_seed, made[name]))
    return cells


def _config(matrix: Matrix, name: str, overrides: Sequence[str]) -> Config:
    variant = matrix.variants[name]
    start = ["training.init_from=best_model.pth"] if variant.init_from else []  # the place itself comes later
    return load_config(variant.base or matrix.base, [*matrix.set, *variant.set, *overrides, *start])


def _judge_job(matrix: Matrix, store: Store, config: Config, output: Path, split_seed: int) -> Job | None:
    """The job that trains the judge of this split and writes the store of the clips that it leaves to the models."""
    options, split = matrix.judge, config.data.train_split
    if options is None or options.file is not None:
        return None
    languages = [code for code in store.languages() if split in store.splits(code)]
    asked = [code for code in languages if code in config.model.languages or not config.model.languages]
    spec = {
        "kind": "judge",
        "places": {"store": str(store.root)},
        "checksums": {code: store.split(code, split).info["checksums"] for code in asked},
        "split": split,
        "languages": asked,
        "share": options.share,
        "split_seed": split_seed,
        **({"steps": options.steps} if options.steps else {"max_minutes": options.max_minutes}),
    }
    facts = {key: value for key, value in spec.items() if key != "places"}
    return Job(f"judge {split_seed}", output / "judges" / f"judge{split_seed}_{content_key(facts)[:8]}", spec)


def _cell_job(
    matrix: Matrix,
    store: Store,
    output: Path,
    place: tuple[str, int, int],
    config: Config,
    judge: Job | None,
    parent: Job | None,
) -> Job:
    name, seed, split_seed = place
    values = config.model_dump(mode="json")
    values["training"]["seed"] = seed
    decisive = Config.model_validate(values).model_dump(mode="json", exclude_defaults=True)
    decisive = {key: value for key, value in _flat(decisive).items() if key not in PLACES}
    splits = {
        f"{code}/{part}": store.split(code, part).info["checksums"]
        for code in store.languages()
        for part in (config.data.train_split, config.data.eval_split, matrix.split)
        if part in store.splits(code) and (not config.model.languages or code in config.model.languages)
    }
    rest = judge.folder.name if judge else ""
    key = content_key([decisive, splits, rest, parent.folder.name if parent else ""])[:8]
    folder = output / "cells" / f"{name}_s{seed}{f'_j{split_seed}' if split_seed else ''}_{key}"
    values["run_name"] = RUN
    values["data"]["dataset_path"] = str(judge.folder / "rest") if judge else str(store.root)
    values["data"]["cache_dir"] = str(output / "cache")
    values["training"] |= {"checkpoint_dir": str(folder / "checkpoints"), "log_dir": str(folder / "logs")}
    if parent:
        values["training"]["init_from"] = str(best_checkpoint(parent.folder))
    values["training"]["save_every_steps"] = values["training"]["save_every_steps"] or 50
    file = matrix.judge.file if matrix.judge else None
    metrics = find_presets(matrix.metrics or PRESETS)
    spec = {
        "kind": "cell",
        "config": values,
        "places": {
            "judge": str(judge.folder / "judge.pth") if judge else file,
            "cache": str(output / "cache" / "evaluation"),
        },
        "judge": judge.folder.name if judge else None,
        "judge_sha256": file_sha256(Path(file)) if file and os.path.isfile(file) else None,
        "split": matrix.split,
        "metrics": {preset.name: preset.version for preset in metrics},
        "generation_seeds": matrix.generation_seeds,
        "max_samples": matrix.max_samples,
    }
    return Job(f"{name} seed {seed}", folder, spec, tuple(job for job in (judge, parent) if job))


def best_checkpoint(folder: Path) -> Path:
    """The checkpoint that a cell is judged by."""
    composed = folder / "checkpoints" / RUN / "composed_model"
    return composed if composed.exists() else composed.with_name("best_model.pth")

"""What is killed: conversions of every kind of source, trainings of every kind, and what else writes for long."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import ablations

from killing.content import store_faults, training_faults
from signllm.cli import convert, evaluation, quick_train, start_training
from signllm.cli.common import command
from signllm.config import parse_config
from signllm.config.loading import apply_overrides
from signllm.data.demo import generate_demo_corpus
from signllm.data.store import Store
from signllm.evaluation.packing import unpack
from signllm.pose.formats.number_text import parse_numbers
from tests.helpers.outcomes import digests, run_outcome, strays
from tests.helpers.sources import SOURCES, write_lines
from tests.helpers.tiny import TINY

for name in (
    "cli.watching",
    "training.setup",
    "evaluation.model",
    "viewing.html_report",
    "viewing.video",
    "judges.training",
    "aligning.dtw_kernels",
    "metrics.fastdtw_kernels",
    "metrics.part_kernels",
):
    import_module(f"signllm.{name}")  # once, not in each process
# What is imported when it is used, here by optimisers (2 s), trainers, tables, baselines and searches for languages.
for name in ("torch._dynamo", "torch.utils.tensorboard", "rich.table", "scipy.sparse.csgraph", "py3langid"):
    import_module(name)
parse_numbers(b"0")  # the first compiled function that is called imports the other half of the compiler

LANGUAGE = "GSL"
# A metric of a reference against itself is 0 but for rounding (dtw_pa_jpe: 1e-14), and rounds otherwise when its
# function was just compiled than when it comes from the cache of compiled functions.
TOLERANCE = 1e-9
LINES = 1500  # clips of the conversion that takes long enough to be hit in its midst


@dataclass(frozen=True)
class Scenario:
    """`prepare` makes what all runs share, `begin` what a folder of one run starts with.

    `command(shared, root)` runs it, or lets it go on; `check(root)` says what is torn after a kill; `outcome(root)` is
    what there is in the end, by name.
    """

    name: str
    group: str
    prepare: Callable[[Path], object]
    command: Callable[[Path, Path], int]
    outcome: Callable[[Path], dict[str, Any]]
    check: Callable[[Path], list[str]]
    begin: Callable[[Path, Path], object] = lambda shared, root: None
    tolerance: float = 0.0  # relative and absolute, of figures
    in_seconds: bool = False  # TensorBoard orders the files of a run by the second in which they were begun


def _convert(shared: Path, root: Path, flags: Sequence[str] = (), source: str = "source") -> int:
    places = ["--data_dir", str(shared / source), "--output_dir", str(root / "store")]
    return convert.main([*places, "--language", LANGUAGE, "--held_out", "0.5", *flags])


def _store_outcome(root: Path) -> dict[str, Any]:
    return {**digests(root / "store"), "strays": strays(root / "store")}


def _store_faults(root: Path) -> list[str]:
    return store_faults(root / "store")


def _conversion(name: str, prepare: Callable[[Path], object], *flags: str, **more: Any) -> Scenario:
    convert_it = partial(_convert, flags=flags)
    return Scenario(name, "conversion", prepare, convert_it, _store_outcome, **{"check": _store_faults, **more})


def _source(kind: str) -> Callable[[Path], object]:
    return lambda shared: SOURCES[kind](shared / "source")


def _many_lines(shared: Path) -> None:
    write_lines(shared / "source", [f"clip{n}" for n in range(LINES)], split="train")
    write_lines(shared / "source", [f"clip{n}" for n in range(LINES // 4)])


def _older_and_newer(shared: Path) -> None:
    """A store of other clips, which --overwrite replaces."""
    write_lines(shared / "older", [f"older{n}" for n in range(40)])
    write_lines(shared / "source", [f"clip{n}" for n in range(60)])
    _convert(shared, shared, source="older")


def _overwritten_faults(root: Path) -> list[str]:
    """The split must be there at any time, the older or the newer one."""
    splits = Store(root / "store").splits(LANGUAGE)
    return store_faults(root / "store") + ([] if splits == ["dev"] else [f"the split is gone; there are {splits}"])


def _demo(shared: Path, root: Path) -> int:
    def make(argv: Sequence[str] | None = None) -> int:
        generate_demo_corpus(root / "store", train=6, dev=2, test=2, languages=["ASL", "GSL"])
        return 0

    return command(make)()


def _conversions() -> Iterator[Scenario]:
    for kind in SOURCES:
        yield _conversion(kind, _source(kind))
    yield _conversion("many lines", _many_lines)
    yield _conversion("many lines (2 workers)", _many_lines, "--workers", "2")
    for kind in (".pose with a table", "clip folders", "words"):
        yield _conversion(f"{kind} (2 workers)", _source(kind), "--workers", "2")
    yield _conversion(
        "overwrite", _older_and_newer, "--overwrite", check=_overwritten_faults,
        begin=lambda shared, root: shutil.copytree(shared / "store", root / "store"),
    )  # fmt: skip
    yield Scenario("demo corpus", "conversion", lambda shared: None, _demo, _store_outcome, _store_faults)


def _make_store(shared: Path) -> None:
    generate_demo_corpus(shared / "store", train=10, dev=3, test=2, languages=["ASL", "GSL"])


def _write_config(shared: Path, root: Path, overrides: Sequence[str]) -> Path:
    places = [
        f"data.dataset_path={shared / 'store'}",
        f"data.cache_dir={root / 'cache'}",
        f"training.checkpoint_dir={root / 'checkpoints'}",
        f"training.log_dir={root / 'logs'}",
    ]
    path = root / "tiny_config.json"
    values = parse_config(apply_overrides(TINY, [*places, *overrides])).model_dump(mode="json")
    path.write_text(json.dumps(values))
    return path


def _train(shared: Path, root: Path, overrides: Sequence[str]) -> int:
    """Begin, or go on from last_model.pth."""
    last = root / "checkpoints" / "tiny" / "last_model.pth"
    if last.is_file():
        return start_training.main(["--resume", str(last)])
    return start_training.main(["--config", str(_write_config(shared, root, overrides))])


def _run_outcome(root: Path) -> dict[str, Any]:
    return run_outcome(root / "checkpoints" / "tiny", root / "logs" / "tiny") | {"strays": _run_strays(root)}


def _run_strays(root: Path) -> list[str]:
    return strays(root / "checkpoints") + strays(root / "logs")


def _training(name: str, *overrides: str) -> Scenario:
    overrides = ("training.num_epochs=3", "training.learning_rate=5e-3", "training.save_every=1", *overrides)
    train = partial(_train, overrides=overrides)
    return Scenario(name, "training", _make_store, train, _run_outcome, training_faults, in_seconds=True)


def _trainings() -> Iterator[Scenario]:
    glosses = ("training.gloss_pairs.epochs=2", "training.gloss_pairs.batch_size=4", "training.gloss_pairs.mixed=4")
    yield _training("MLSF", "training.save_every_steps=2")
    yield _training("Prompt2LangGloss", "model.mode=prompt2langgloss", "training.save_every=2")
    yield _training("gloss phase", "model.mode=prompt2langgloss", "training.save_every_steps=3", *glosses)
    yield _training("PLC", "training.plc.enabled=true", "training.plc.skip_below=0.2", "training.plc.importance=1")
    yield _training("bf16", "training.precision=bf16")
    yield _training("parallel (few looks)", "model.pose_decoder.type=parallel", "training.eval_every=2")


def _quick(shared: Path, root: Path) -> int:
    """Each time from the beginning; what was begun before is put aside."""
    return quick_train.main(["--config", str(_write_config(shared, root, ["training.num_epochs=2"]))])


def _make_model(shared: Path) -> None:
    _make_store(shared)
    _train(shared, shared, ["training.num_epochs=1"])


def _evaluate(shared: Path, root: Path) -> int:
    model = shared / "checkpoints" / "tiny" / "best_model.pth"
    places = ["--output", str(root / "report" / "report.json"), "--cache_dir", str(root / "cache")]
    return evaluation.main(["model", "--model_path", str(model), "--seeds", "0", "1", *places])


def _report_outcome(root: Path) -> dict[str, Any]:
    data = json.loads((root / "report" / "report.json").read_bytes())
    data.pop("command", None)
    data["clips"] = {code: _unpacked(clips) for code, clips in data["clips"].items()}
    return {**data, "files": sorted(path.name for path in (root / "report").iterdir()), "strays": strays(root)}


def _unpacked(clips: dict[str, Any]) -> dict[str, Any]:
    """A report's numbers of single clips, as numbers."""
    count = len(clips["ids"])
    numbers = {
        system: {name: packed and unpack(packed, count).tolist() for name, packed in presets.items()}
        for system, presets in clips["numbers"].items()
    }
    return {**clips, "numbers": numbers}


def _ablate(shared: Path, root: Path) -> int:
    matrix = {
        "base": str(_write_config(shared, root, ["training.num_epochs=2"])),
        "store": str(shared / "store"),
        "seeds": [0],
        "metrics": ["dtw-mje", "duration"],
        "judge": {"share": 0.5, "steps": 3},
        "variants": {"one": {}, "two": {"set": ["model.pose_decoder.type=parallel"]}},
    }
    (root / "matrix.json").write_text(json.dumps(matrix))
    return ablations.main([str(root / "matrix.json"), "--output", str(root / "out"), "--jobs", "2"])


def _ablation_outcome(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"strays": strays(root / "out")}
    for cell in sorted((root / "out" / "cells").iterdir()):
        run = run_outcome(cell / "checkpoints" / "run", cell / "logs" / "run")
        report = json.loads((cell / "cell.json").read_bytes())["report"]
        found |= {f"{cell.name} {name}": value for name, value in run.items() if name != "strays"}
        clips = {code: _unpacked(numbers) for code, numbers in report["clips"].items()}
        found[f"{cell.name} report"] = [report["languages"], report["overall"], clips]
    return found


def _others() -> Iterator[Scenario]:
    yield Scenario("quick_train", "others", _make_store, _quick, _run_outcome, training_faults, in_seconds=True)
    yield Scenario(
        "evaluation", "others", _make_model, _evaluate, _report_outcome, training_faults, tolerance=TOLERANCE
    )
    yield Scenario(
        "ablations", "others", _make_store, _ablate, _ablation_outcome, training_faults,
        tolerance=TOLERANCE, in_seconds=True,
    )  # fmt: skip


SCENARIOS = (*_conversions(), *_trainings(), *_others())

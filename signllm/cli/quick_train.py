"""quick_train.py: from nothing to a trained model and a generated sign, in minutes."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

import signllm
from signllm.cli.common import as_called, command, parser
from signllm.cli.train import CONFIG_HELP
from signllm.config import Config, load_config
from signllm.data.names import meant_split
from signllm.data.store import Store
from signllm.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from signllm.training.trainer import Trainer

DEFAULT_CONFIG = "quick_train"
REQUIREMENTS = Path(signllm.__file__).resolve().parents[1] / "requirements.txt"  # in a checkout only
MIN_PYTHON = (3, 11)
MIN_FREE_GB = 2.0


def required_packages() -> list[str]:
    """The names of the packages that must be there: from the checkout's requirements.txt, or the installed metadata."""
    if REQUIREMENTS.is_file():
        lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    else:
        lines = [line for line in importlib.metadata.requires("signllm") or () if "extra ==" not in line]
    return [name.group() for line in lines if (name := re.match(r"\w[\w.-]*", line))]


def check_environment() -> None:
    """Print Python, packages, device and disk. Raises ConfigError naming everything that is missing."""
    faults = []
    if sys.version_info < MIN_PYTHON:
        faults.append(f"Python {platform.python_version()}: {'.'.join(map(str, MIN_PYTHON))} or newer is needed")
    versions = {}
    for name in required_packages():
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            remedy = "pip install -r requirements.txt" if REQUIREMENTS.is_file() else f"pip install {name}"
            faults.append(f"package {name} is not installed: {remedy}")
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    if free_gb < MIN_FREE_GB:
        faults.append(f"{free_gb:.1f} GB of disk are free here, {MIN_FREE_GB:.0f} GB are needed")
    if faults:
        raise ConfigError(faults)
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA device, training on the CPU"
    packages = ", ".join(f"{name} {versions[name]}" for name in ("torch", "transformers", "numpy"))
    print(f"Python {platform.python_version()}, {packages}; {len(versions)} required packages found")
    print(f"{gpu}; {torch.get_num_threads()} CPU threads; {free_gb:.0f} GB of disk free")


def find_or_make_data(config: Config) -> Config:
    """Use the store of the configuration, or make the demo corpus in its place; return the configuration to use.

    A store that was converted without a training split (as in the guide's example) is trained on its eval split.
    """
    root, data = Path(config.data.dataset_path), config.data
    if not root.is_dir() or not Store(root).languages():
        print(f"no data in {root}: making the demo corpus there (eight invented sign languages)")
        _make_demo_corpus(root)
    store = Store(root)
    for code in store.languages():
        parts = {name: store.split(code, name) for name in store.folders(code)}
        demo = " (demo corpus)" if any(part.info.get("demo") for part in parts.values()) else ""
        print(f"  {code}: " + ", ".join(f"{name} {len(part)} clips" for name, part in parts.items()) + demo)
    there = {name for code in store.languages() for name in store.splits(code)}
    wanted = {"train_split": data.train_split, "eval_split": data.eval_split}
    for key, other in (("eval_split", "train_split"), ("train_split", "eval_split")):
        if wanted[key] in there:
            continue
        if meant := meant_split(key.removesuffix("_split"), there):
            print(f"  note: no split '{wanted[key]}'; '{meant}' is taken for it")
        elif (meant := wanted[other]) in there:
            print(f"  note: no split '{wanted[key]}'; '{meant}' stands in, good enough to try the code, not to measure")
        else:
            raise ConfigError(
                f"{root} has neither a split '{data.train_split}' nor '{data.eval_split}', but"
                f" {', '.join(sorted(there))}; name them with --set data.train_split=... --set data.eval_split=..."
            )
        wanted[key] = meant
    return config.model_copy(update={"data": data.model_copy(update=wanted)})


def _make_demo_corpus(root: Path) -> None:
    from signllm.data.demo import generate_demo_corpus

    with tqdm(unit="clip", dynamic_ncols=True) as bar:

        def show(done: int, total: int, place: str) -> None:
            bar.total = total
            bar.set_description(place, refresh=False)
            bar.update(done - bar.n)

        generate_demo_corpus(root, progress=show)


def inference_test(trainer: Trainer) -> Path:
    """Check that the saved model signs exactly like the one in memory; return a video of a generated sign.

    Raises CheckpointError when the two differ.
    """
    import numpy as np

    from signllm.inference import Generator
    from signllm.viewing.video import write_video

    run, dataset = trainer.run, trainer.poses.eval_set
    folder = run.folder
    records = [dataset.record(index) for index in range(min(4, len(dataset)))]
    texts, codes = [record.text for record in records], [record.language for record in records]
    with run.averaged_weights() as model:
        in_memory = Generator(model, run.config, str(run.device)).generate(texts, codes)
    saved = Generator.from_checkpoint(folder.last, str(run.device)).generate(texts, codes)
    for record, a, b in zip(records, in_memory, saved, strict=True):
        if not np.array_equal(a.coordinates, b.coordinates):
            raise CheckpointError(f"{folder.last} signs '{record.text}' differently from the model in memory")
    print(f"inference test: {len(texts)} texts, the saved model signs exactly like the one in memory")
    best = Generator.from_checkpoint(folder.best, str(run.device)).generate_clips(texts[:1], codes[:1])[0]
    panels = [("reference", dataset.pose(0)), ("generated", best.pose)]
    return write_video(folder.logs / "quick_train_sign.mp4", panels, title=f"{codes[0]}: {texts[0]}")


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Check, make data if there is none, train, test inference; return the exit code."""
    arguments = parser(
        "quick_train.py",
        "Check environment and data, train a small model for 6 epochs, and generate a sign.",
        "检查环境和数据，快速训练小模型（6 个 epoch），并做推理测试。",
    )
    arguments.add_argument("--config", metavar="NAME|FILE", default=DEFAULT_CONFIG, help=CONFIG_HELP)
    arguments.add_argument(
        "--set", metavar="KEY=VALUE", dest="overrides", action="append", default=[], help="override a key / 覆盖配置项"
    )
    args = arguments.parse_args(argv)
    started = time.perf_counter()
    print("== environment / 环境")
    check_environment()
    print("== data / 数据")
    config = load_config(args.config, args.overrides)

    from signllm.training.run_folder import RunFolder

    with RunFolder(config).held():
        return _train_and_sign(find_or_make_data(config), started)


def _train_and_sign(config: Config, started: float) -> int:
    """Train and test inference; return the exit code."""
    from signllm.cli.watching import ProgressBar
    from signllm.training.setup import build_experiment, make_trainer

    print("== training / 训练", flush=True)
    trainer, set_aside = make_trainer(build_experiment(config), [ProgressBar()])
    if set_aside:
        print(f"an older quick run was kept as {set_aside}")
    state = trainer.fit()
    losses = [entry["losses"]["total"] for entry in state.history]
    print("training loss by epoch: " + " -> ".join(f"{loss:.3f}" for loss in losses))
    print("== inference / 推理")
    video = inference_test(trainer)
    print(f"done in {time.perf_counter() - started:.0f} s / 完成")
    run = trainer.run
    print(f"checkpoint / 检查点: {run.folder.best}")
    print(f"video / 视频: {video}")
    flags = f"--model_path {run.folder.best} --language {run.model.languages[0]} --text ..."
    print(as_called(f"next / 下一步: python inference_signllm.py {flags}"))
    return 0

"""Does a low-resource language gain from a checkpoint of another one? Alone, added with a fresh group, added warm.

    python benchmarks/warm_start.py --data STORE --language KSL --base_language ASL [--clips 104] [--steps 600]

Three runs of as many steps on the same clips, batches and seed, by the commands that users have:

- alone: a model of its own, text encoder included, from scratch;
- fresh: `--add_language`: the base's text encoder, frozen, and a new group;
- warm: `--add_language --warm_start_from`: the same, but the group starts as a copy of the base language's.

The base is `--from`, or is trained here for `--base_steps` on `--base_language`, with the letters of all languages in
its vocabulary. Each run's last checkpoint is scored by evaluate_model on the whole dev split: no run gets to choose its
best step. `--clips` makes the language as poor as one likes. Figures with their 95 % intervals over clips.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.cli import start_training
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ModelOptions
from signllm.fsutil import write_json

ROOT = Path(__file__).resolve().parents[1]
FIGURES = (
    "bt_top_1",
    "bt_top_5",
    "dtw_score",
    "total_distance",
    "path_ratio_hands",
    "jerk_ratio",
    "duration",
    "bone_length_ratio_fingers",
)
NEVER = 1_000_000  # epochs; the runs end by their steps


def run(command, flags: list[str]) -> None:
    """Call a script's main; leave with its exit code where it fails."""
    code = command(flags)
    if code:
        raise SystemExit(code)


def settings(args: argparse.Namespace, name: str, steps: int, **more) -> list[str]:
    """`--set` flags of a run that trains so many steps and evaluates at its end only."""
    values = {
        "run_name": name,
        "data.dataset_path": args.data,
        "training.checkpoint_dir": args.output / "checkpoints",
        "training.log_dir": args.output / "logs",
        "training.seed": args.seed,
        "training.max_steps": steps,
        "training.num_epochs": NEVER,
        "training.eval_every": NEVER,
        "training.save_every": NEVER,
        "training.eval_samples": 8,
        "training.sample_videos": 0,
        **more,
    }
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def train_base(args: argparse.Namespace) -> Path:
    """The checkpoint that languages are added to."""
    letters = {"model.text_encoder.model_name": "from-scratch", "model.text_encoder.scratch.reserve_letters": "true"}
    languages = {"model.languages": json.dumps([args.base_language])}
    flags = settings(args, "base", args.base_steps, **letters, **languages)
    run(start_training.main, ["--config", str(args.config), *flags])
    return args.output / "checkpoints" / "base" / "last_model.pth"


def train_all(args: argparse.Namespace, base: Path) -> dict[str, Path]:
    """The three runs; their last checkpoints by name."""
    few = {"data.max_samples": args.clips} if args.clips else {}
    alone = {
        "model.languages": json.dumps([args.language]),
        "model.text_encoder.model_name": "from-scratch",
        "model.text_encoder.scratch.reserve_letters": "true",
    }
    adding = ["--add_language", args.language, "--from", str(base)]
    runs = {
        "alone": ["--config", str(args.config), *settings(args, "alone", args.steps, **few, **alone)],
        "fresh": [*adding, *settings(args, "fresh", args.steps, **few)],
        "warm": [*adding, "--warm_start_from", args.base_language, *settings(args, "warm", args.steps, **few)],
    }
    for name, flags in runs.items():
        print(f"== {name}", flush=True)
        run(start_training.main, flags)
    return {name: args.output / "checkpoints" / name / "last_model.pth" for name in runs}


def score(args: argparse.Namespace, path: Path) -> dict:
    """The systems of the report on the language: figure -> {value, low, high} by system."""
    options = ModelOptions(
        model_path=path, languages=[args.language], judge=args.back_translation, cache=args.output / "cache"
    )
    report = evaluate_model(options)
    write_json(args.output / f"{path.parent.name}.json", report.data)
    (part,) = report.data["languages"].values()
    return part["systems"]


def table(systems: dict[str, dict]) -> str:
    """A line a system."""
    figures = [name for name in FIGURES if all(name in system for system in systems.values())]
    lines = ["  ".join(f"{name:>24}" for name in ("", *figures))]
    for name, system in systems.items():
        cells = []
        for figure in figures:
            value, low, high = (system[figure][key] for key in ("value", "low", "high"))
            cells.append("-" if not math.isfinite(value) else f"{value:.3f} [{low:.3f}, {high:.3f}]")
        lines.append("  ".join(f"{cell:>24}" for cell in (name, *cells)))
    return "\n".join(lines)


def main() -> None:
    """Train, score, and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="a store with both languages")
    arguments.add_argument("--language", default="KSL")
    arguments.add_argument("--base_language", default="ASL")
    arguments.add_argument("--config", type=Path, default=ROOT / "configs" / "asl_words_config.json")
    arguments.add_argument("--from", dest="base", type=Path, help="the base's checkpoint (default: train one)")
    arguments.add_argument("--base_steps", type=int, default=1500)
    arguments.add_argument("--steps", type=int, default=600)
    arguments.add_argument("--back_translation", type=Path, help="a judge of the language that reads the clips too")
    arguments.add_argument("--clips", type=int, help="most training clips of the language (default: all)")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--output", type=Path, default=Path("outputs/warm_start"))
    args = arguments.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    paths = train_all(args, args.base or train_base(args))
    scored = {name: score(args, path) for name, path in paths.items()}
    baselines = {name: system for name, system in scored["alone"].items() if name != "model"}
    print(f"{args.language}, {args.clips or 'all'} training clips, {args.steps} steps")
    print(table({**{name: systems["model"] for name, systems in scored.items()}, **baselines}))


if __name__ == "__main__":
    main()

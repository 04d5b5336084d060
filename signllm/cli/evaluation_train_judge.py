"""`evaluation.py train-judge`: train a judge that reads text from poses, on recordings."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.cli.bars import Bars
from signllm.cli.evaluation_flags import add_training_flags, output_file, training_languages
from signllm.errors import ConfigError
from signllm.outputs import check_file, check_folder

if TYPE_CHECKING:
    from signllm.data.store import Store
    from signllm.judges.judge import Judge
    from signllm.judges.training import Progress

DEFAULT_FILE = "back_translation.pth"


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add_training_flags(flags, DEFAULT_FILE)
    add = flags.add_argument
    add(
        "--max_minutes",
        type=float,
        default=6.0,
        help="for all languages together (default: 6) / 训练总时长上限（分钟）",
    )
    add(
        "--share",
        type=float,
        default=1.0,
        help="share of the clips to learn from, e.g. 0.5, so that generators can learn from the others (default: 1)"
        " / 评判模型使用的训练片段比例",
    )
    add("--share_seed", type=int, default=0, help="which clips these are (default: 0) / 片段划分种子")
    add(
        "--rest_store",
        type=Path,
        metavar="FOLDER",
        help="write a store of the other clips, to train generators on / 将其余片段写成数据集",
    )


def run(args: Namespace, command: str) -> int:
    """Train, save, and print the ceiling: what the judge reads from recordings that it did not learn from."""
    if args.rest_store and args.share >= 1:
        raise ConfigError("--rest_store: a judge that learns from all clips leaves none; give --share 0.5")
    from signllm.data.store import Store
    from signllm.fsutil import hold
    from signllm.judges.rest_store import write_rest_store
    from signllm.judges.training import JudgePlan, train_judge

    path = output_file(args.output, DEFAULT_FILE)
    check_file(path)
    if args.rest_store:
        check_folder(args.rest_store)
    store = Store(args.data)
    languages = training_languages(args, store)
    plan = JudgePlan(max_minutes=args.max_minutes, share=args.share, share_seed=args.share_seed, seed=args.seed)
    with hold(path), Bars("step") as bars:
        judge = train_judge(store, languages, args.split, plan, lambda told: _show(bars, told))
        judge.save(path)
    for code in languages:
        _print_ceiling(judge, store, code, args.split)
    print(f"judge: {path} ({judge.digest})")
    if args.rest_store:
        counts = write_rest_store(store, languages, args.split, args.share, args.share_seed, args.rest_store)
        print(f"rest: {args.rest_store} ({', '.join(f'{code} {count} clips' for code, count in counts.items())})")
    return 0


def _show(bars: Bars, told: Progress) -> None:
    losses = {"loss": f"{told.training_loss:.3f}", "held_out": f"{told.held_out_loss:.3f}"}
    bars(told.language, told.step, told.steps, **losses)


def _print_ceiling(judge: Judge, store: Store, code: str, split: str) -> None:
    from signllm.evaluation.judge_section import ceilings, describe

    print(f"{code}: {describe(judge[code])}")
    course = judge[code].training["course"]
    steps = f"{course['steps']} of {course['planned_steps']} steps in {course['seconds']:.0f} s"
    print(f"{code}: {steps}, loss on held-out training clips {course['held_out_loss']:.3f}")
    if course["hurried"]:
        print(f"{code}: ! --max_minutes hurried the training: another run will differ; more time reads better")
    for name, (count, figures) in ceilings(judge, store, code, split).items():
        shown = ", ".join(f"{figure} {value:.1f}" for figure, value in figures.items() if math.isfinite(value))
        print(f"{code}: ceiling on the {count} recordings of '{name}': {shown}")

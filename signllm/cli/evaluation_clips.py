"""`evaluation.py clips`: score any clips against any others, without a model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from signllm.cli.bars import Bars
from signllm.cli.common import add_reading_flags, add_video_flags, columns_of, hints_of, tracking_of
from signllm.cli.evaluation_flags import add_choice_flags, add_scoring_flags, check_cache, check_report, scoring_values
from signllm.cli.evaluation_report import publish


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add = flags.add_argument
    sources = "a store (or a language's or split's folder in it), a .skels, .npz or .pose file, or a folder of them"
    add(
        "--predictions",
        type=Path,
        required=True,
        help=f"the clips to score: {sources} / 待评估的片段：数据集、姿态文件或其文件夹",
    )
    add("--references", type=Path, required=True, help="what they should be like, likewise / 参考片段，形式同上")
    add("--data", type=Path, help="a store, whose training split gives the baselines / 提供基线的数据集")
    add_choice_flags(
        flags,
        "of a store these languages (default: all); one labels the clips of files / 语种，默认全部",
        "of a store with several splits: which / 数据集有多个划分时选择其一",
    )
    group = flags.add_argument_group("bringing both sides together / 统一两组片段")
    add = group.add_argument
    add(
        "--pair_by",
        choices=["name", "order"],
        default="name",
        help="which prediction belongs to which reference (default: name) / 按名称或顺序配对",
    )
    add("--resample", type=float, metavar="FPS", help="bring both sets to this frame rate / 重采样到该帧率")
    add("--drop_z", action="store_true", help="compare x and y only / 只比较 x、y 坐标")
    add(
        "--rescale",
        action="store_true",
        help="divide clips in another unit by their own shoulder width / 按自身肩宽缩放其他单位的片段",
    )
    add("--fps", type=float, help="frame rate of .skels files, which do not say it (default: 25) / .skels 的帧率")
    add_reading_flags(flags)
    add_video_flags(flags)
    add_scoring_flags(flags)


def run(args: Namespace, command: str) -> int:
    """Evaluate, print the tables, write the report's files."""
    from signllm.evaluation.clips import evaluate_clips
    from signllm.evaluation.options import ClipsOptions
    from signllm.pose.tracking.tracked import use

    use(tracking_of(dict(vars(args))))
    own = ("predictions", "references", "pair_by", "resample", "drop_z", "rescale", "fps", "layout")
    said = {"hints": hints_of(dict(vars(args))), "columns": columns_of(args.columns)}
    options = ClipsOptions(**{name: getattr(args, name) for name in own}, **said, **scoring_values(args))
    check_cache(args)
    check_report(args.output, args.predictions)
    with Bars("clip") as bars:
        report = evaluate_clips(options, bars)
    publish(report, command, args.output, args.formats)
    return 0

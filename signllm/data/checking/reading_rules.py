"""Can it be read at all, and as what: faults of files and tables, doubts about conventions, frame rate, depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from signllm.data.checking.facts import SplitFacts
from signllm.data.checking.findings import Finding, Place, Severity
from signllm.data.checking.options import CheckOptions
from signllm.data.convert_doubts import doubts_of
from signllm.pose.formats import DEFAULT_FPS

Rule = Callable[[SplitFacts, CheckOptions], Iterator[Finding]]

MOST_LEFT_OUT = 0.5
"""Share of clips that may be left out with --skip_bad: with more, what is left is another corpus."""


def unreadable(split: SplitFacts, options: CheckOptions) -> Iterator[Finding]:
    """What makes conversion refuse the split: nothing readable, no texts, texts that cannot be paired with poses."""
    mixed = ", ".join(f"{name} ({count})" for name, count in split.layouts.items())
    apart = (
        f"{len(split.layouts)} layouts are mixed, {mixed}: put the files of each into a folder of its own",
        f"混有 {len(split.layouts)} 种布局：{mixed}；把每种放进单独的目录",
    )
    repair = ("repair the files, or say what they are with a flag", "修复文件，或用参数说明它们是什么")
    for kind, faults in (("unreadable", split.refused), ("unpaired", split.source.faults)):
        for fault in faults:
            yield Finding(
                kind,
                Severity.ERROR,
                split.label,
                (fault, f"无法读取或配对：{fault}"),
                apart if kind == "unreadable" and len(split.layouts) > 1 else repair,
            )
    for fault in split.source.missing:
        fault, _, remedy = fault.partition("; ")
        yield Finding(
            "no_texts",
            Severity.ERROR,
            split.label,
            (fault, f"没有任何文本：{fault}"),
            (remedy or "put a table with texts beside the poses", "在姿态文件旁放一个含 name,text 两列的表格"),
        )


def rejected(split: SplitFacts, options: CheckOptions) -> Iterator[Finding]:
    """Clips that conversion refuses; with --skip_bad it leaves them out, which is all right where most are left."""
    count, total = split.num_rejected, len(split.entries)
    if not count:
        return
    share = count / total
    grave = not options.skip_bad or share > MOST_LEFT_OUT
    fault = split.rejected[0][1]
    yield Finding(
        "faulty_clips",
        Severity.ERROR if grave else Severity.WARNING,
        split.label,
        (
            f"{count} of {total} clips are faulty, such as {fault}",
            f"{total} 个片段中有 {count} 个有问题，例如：{fault}",
        ),
        (
            "repair them"
            if options.skip_bad
            else "--skip_bad leaves them out; conversion refuses the split without it",
            "修复这些片段" if options.skip_bad else "加 --skip_bad 跳过这些片段；不加则拒绝转换该划分",
        ),
        share,
        tuple(Place(name) for name, _ in split.rejected),
    )


def doubtful(split: SplitFacts, options: CheckOptions) -> Iterator[Finding]:
    """What the search for conventions was not sure of, and what the table says."""
    if split.found is None:
        return
    said = list(split.source.warnings)
    conventions = doubts_of(split.source, split.found.conventions, split.has_counter)
    doubts = [*split.found.doubts, *(doubt for doubt in conventions if doubt not in said)]
    for severity, sentences in ((Severity.WARNING, doubts), (Severity.NOTE, said)):
        for sentence in sentences:
            yield Finding(
                "uncertain" if severity == Severity.WARNING else "table",
                severity,
                split.label,
                (sentence, f"{'识别不确定' if severity == Severity.WARNING else '关于表格'}：{sentence}"),
                ("look at some clips; flags override what was found", "看几个片段；可用参数覆盖识别结果"),
            )


def frame_rates(split: SplitFacts, options: CheckOptions) -> Iterator[Finding]:
    """A frame rate that nobody says, or several in one split."""
    assumed = options.fps is None and not split.source.records_fps and not any(entry.fps for entry in split.entries)
    if assumed and len(split):
        yield Finding(
            "assumed_fps",
            Severity.NOTE,
            split.label,
            (
                f"neither files nor table say a frame rate, so {DEFAULT_FPS:g} frames a second are taken",
                f"文件和表格都没有帧率，按每秒 {DEFAULT_FPS:g} 帧处理",
            ),
            ("--fps says another", "用 --fps 指定"),
        )
    rates, counts = np.unique(split.figure("fps"), return_counts=True)
    if len(rates) > 1:
        listed = ", ".join(f"{rate:g} ({count})" for rate, count in zip(rates[:6], counts[:6], strict=True))
        yield Finding(
            "several_fps",
            Severity.NOTE,
            split.label,
            (f"clips have several frame rates: {listed}", f"片段的帧率不一：{listed}"),
            ("none is needed: training brings all to data.fps", "无需处理：训练会统一到 data.fps"),
        )


def depth(split: SplitFacts, options: CheckOptions) -> Iterator[Finding]:
    """Clips without depth."""
    flat = int(split.figure("flat").sum())
    if not flat:
        return
    all_flat = flat == len(split)
    english = "no clip has depth: z is 0" if all_flat else f"{flat} of {len(split)} clips have no depth: z is 0"
    chinese = "所有片段都没有深度（z 为 0）" if all_flat else f"{len(split)} 个片段中有 {flat} 个没有深度（z 为 0）"
    yield Finding(
        "flat",
        Severity.NOTE if all_flat else Severity.WARNING,
        split.label,
        (english, chinese),
        ("--lift fits one; 2D can be trained on as it is", "用 --lift 拟合深度；也可直接用 2D 训练"),
        flat / len(split),
    )


READING_RULES: tuple[Rule, ...] = (unreadable, rejected, doubtful, frame_rates, depth)

"""A checkup as one HTML page that needs nothing beside it; the template `check.html` says how it looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from signllm.data.checking.doctor import Checkup
from signllm.data.checking.facts import PARTS, SplitFacts
from signllm.data.checking.findings import Finding, Severity
from signllm.data.checking.summary import split_summary
from signllm.text.words import words_of
from signllm.viewing.charts import bar_chart, histogram
from signllm.viewing.pages import render

Label = tuple[str, str]
Table = dict[str, Sequence]

SEVERITIES: dict[Severity, tuple[Label, Label]] = {
    Severity.ERROR: (("Errors", "错误"), ("training would fail or suffer", "训练会失败或受损")),
    Severity.WARNING: (("Warnings", "警告"), ("look at these", "请查看")),
    Severity.NOTE: (("Notes", "说明"), ("good to know", "供参考")),
}
TAGS: dict[Severity, Label] = {
    Severity.ERROR: ("error", "错误"),
    Severity.WARNING: ("warning", "警告"),
    Severity.NOTE: ("note", "说明"),
}
PART_NAMES: dict[str, Label] = {
    "body": ("head and arms", "头与手臂"),
    "left_hand": ("left hand", "左手"),
    "right_hand": ("right hand", "右手"),
}
_SHOWN_CLIPS = 12
_NOTHING = float("nan")


def check_page(checkup: Checkup) -> str:
    """The page of a checkup."""
    splits = {split.label: split_summary(split) for split in checkup.splits}
    seconds = sum(split["seconds"] for split in splits.values())
    clips = sum(split["clips"] for split in splits.values())
    return render(
        "check.html",
        title=f"Check: {checkup.options.data_dir}",
        facts=[
            (("Source", "数据"), str(checkup.options.data_dir)),
            (("Splits", "划分"), ", ".join(splits)),
            (("Clips", "片段数"), f"{clips:,}"),
            (("Length", "总时长"), f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"),
        ],
        sound=checkup.sound,
        tiles=[
            {"label": label, "value": checkup.count(severity), "words": words, "kind": str(severity)}
            for severity, (label, words) in SEVERITIES.items()
        ],
        findings=[_finding(finding) for finding in checkup.findings],
        recognised=[(label, split["recognised"]) for label, split in splits.items()],
        tables=[_counts(splits), _poses(splits), _ranges(splits), _texts(splits)],
        charts=[chart for chart in _charts(checkup.splits) if chart["drawing"]],
    )


def _finding(finding: Finding) -> dict:
    more = len(finding.clips) - _SHOWN_CLIPS
    return {
        "kind": str(finding.severity),
        "tag": TAGS[finding.severity],
        "where": finding.where,
        "message": finding.message,
        "remedy": finding.remedy,
        "clips": [str(place) for place in finding.clips[:_SHOWN_CLIPS]],
        "more": max(0, more),
    }


def _counts(splits: dict[str, dict]) -> Table:
    heads = [
        *(("Split", "划分"), ("Clips", "片段"), ("Left out", "略过"), ("Frames", "帧"), ("Shortest 5 %", "最短 5 %")),
        *(("Median", "中位数"), ("Longest 5 %", "最长 5 %"), ("Longest", "最长"), ("fps", "帧率")),
    ]
    rows = []
    for label, split in splits.items():
        spread = split["duration_s"] or {}
        lengths = [f"{spread[name]:.2f} s" if spread else "–" for name in ("p05", "median", "p95", "max")]
        rows.append(
            [label, split["clips"], split["left_out"], split["frames"], *lengths, ", ".join(split["fps"]) or "–"]
        )
    return {"title": ("Clips", "片段"), "heads": heads, "rows": rows}


def _poses(splits: dict[str, dict]) -> Table:
    heads = [
        *(("Split", "划分"), ("Depth", "维度"), ("Scale", "比例"), ("Sides exchanged", "左右已交换")),
        *((f"No {english}", f"缺{chinese}") for english, chinese in PART_NAMES.values()),
        *(("Frozen", "静止"), ("Jumps", "瞬移"), ("Swapped hands", "左右互换")),
    ]
    rows = []
    for label, split in splits.items():
        found, shares = split["recognised"], split["share_of_frames"]
        read = "scale" in found
        rows.append(
            [
                label,
                f"{found['dimensions']}D" if read else "–",
                f"{found['scale']:.4g}" if read else "–",
                ("✓" if found["sides_exchanged"] else "–") if read else "–",
                *(f"{split['missing_share'][part]:.1%}" for part in PARTS),
                *(f"{share:.2%}" for share in (shares["frozen"], split["jumping_joints"], shares["swapped"])),
            ]
        )
    return {"title": ("Poses", "姿态"), "heads": heads, "rows": rows}


def _ranges(splits: dict[str, dict]) -> Table:
    heads = [("Split", "划分"), ("Part", "部位"), ("x", "x"), ("y", "y"), ("z", "z")]
    rows = [
        [label, PART_NAMES[part], *(_range(axes.get(axis)) for axis in "xyz")]
        for label, split in splits.items()
        for part, axes in split["range"].items()
    ]
    title = ("Where joints lie, in shoulder widths from the neck", "关节的范围（距颈部的肩宽数）")
    return {"title": title, "heads": heads, "rows": rows}


def _range(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.2f} – {ends[1]:.2f}" if ends else "–"


def _texts(splits: dict[str, dict]) -> Table:
    heads = [
        *(("Split", "划分"), ("Texts", "文本"), ("Different", "不同文本"), ("Words", "词数"), ("Vocabulary", "词汇量")),
        *(("Words that come once", "只出现一次的词"), ("With gloss", "有手语词"), ("Signers", "手语者")),
    ]
    keys = ("with_text", "different", "words", "vocabulary", "words_that_come_once", "with_gloss", "signers")
    rows = [[label, *(split["texts"][key] or "–" for key in keys)] for label, split in splits.items()]
    return {"title": ("Texts", "文本"), "heads": heads, "rows": rows}


def _charts(splits: Sequence[SplitFacts]) -> Iterable[dict]:
    labels = {split.label: (split.label, split.label) for split in splits}

    def spread(title: Label, mark: str, values: dict[str, np.ndarray]) -> dict:
        return {"label": title, "mark": mark, "drawing": histogram(values, labels)}

    yield spread(("Length of clips", "片段时长"), "s", {split.label: split.figure("duration_s") for split in splits})
    yield spread(("Letters a second", "每秒字母数"), "1/s", {split.label: _text_rates(split) for split in splits})
    drawing = bar_chart({split.label: _missing(split) for split in splits if len(split)}, PART_NAMES)
    yield {"label": ("Share of missing joints", "缺失关节的比例"), "mark": "", "drawing": drawing}
    for part in ("left_hand", "right_hand"):
        english, chinese = PART_NAMES[part]
        title = (f"Missing {english}, clip by clip", f"各片段{chinese}的缺失比例")
        yield spread(title, "", {split.label: split.figure(f"missing_{part}") for split in splits})
    farthest = ("Farthest joint from the neck", "距颈部最远的关节")
    yield spread(farthest, "", {split.label: split.figure("reach") for split in splits})
    fastest = ("Mean speed of the faster wrist, shoulder widths a second", "较快手腕的平均速度（肩宽/秒）")
    yield spread(fastest, "", {split.label: _speeds(split) for split in splits})


def _missing(split: SplitFacts) -> dict[str, dict[str, float]]:
    """The share of missing joints of each part."""
    return {part: {"value": split.share(f"missing_{part}"), "low": _NOTHING, "high": _NOTHING} for part in PARTS}


def _speeds(split: SplitFacts) -> np.ndarray:
    """The faster wrist's mean speed in each clip, NaN where none is seen."""
    return np.fmax(split.figure("speed_left_hand"), split.figure("speed_right_hand"))


def _text_rates(split: SplitFacts) -> np.ndarray:
    """Letters a second of each clip with a text."""
    seconds = split.figure("duration_s")
    letters = [len("".join(words_of(entry.text or ""))) for entry in split.read_entries()]
    rates = np.array(letters, float) / seconds if len(split) else np.zeros(0)
    return np.asarray(rates[rates > 0])

"""The report as Markdown: for a README, an issue or a paper's appendix."""

from __future__ import annotations

import math

from signllm.evaluation.intervals import Figures
from signllm.evaluation.labels import SUBSETS, figure_label, system_label
from signllm.evaluation.summary import arrow, leakage_sentence, legend, remarks

_SOURCES = {
    "model": "Model / 模型",
    "predictions": "Predictions / 预测",
    "references": "References / 参考",
    "data": "Data / 数据",
    "split": "Split / 划分",
}


def make_markdown(report: dict) -> str:
    """Tables by language with intervals, the leakage audit with the scores without leaks, and every signature."""
    lines = ["# Evaluation / 评估", ""]
    for name, label in _SOURCES.items():
        if report.get(name):
            lines.append(f"- {label}: `{report[name]}`")
    lines += [f"- Command / 命令: `{report['command']}`"] if report.get("command") else []
    lines += ["", "Value [95 % interval over clips]. 数值 [95 % 置信区间]。", ""]
    parts = dict(report["languages"])
    if len(parts) > 1:
        parts["All languages / 全部语种"] = report["overall"]
    for title, part in parts.items():
        lines += [f"## {title}: {part['clips']} clips / 片段", "", *figures_table(report, part["systems"]), ""]
        lines += [f"> {_escaped(remark)}" for remark in remarks(part["systems"])]
        lines += _leakage(report, part)
    if report.get("notes"):
        lines += ["## Notes / 说明", "", *(f"- {_escaped(note)}" for note in report["notes"]), ""]
    lines += ["## Signatures / 指标签名", "", *(f"- {_escaped(line)}" for line in legend(report)), ""]
    return "\n".join(lines)


def figures_table(report: dict, systems: dict[str, Figures]) -> list[str]:
    """One row a figure, one column a system."""
    heads = [" / ".join(dict.fromkeys(system_label(system))) for system in systems]
    lines = [f"| Figure / 指标 | {' | '.join(map(_escaped, heads))} |", f"|---|{'---:|' * len(heads)}"]
    for preset in report["presets"].values():
        for figure in preset["figures"]:
            label = " / ".join(dict.fromkeys(figure_label(figure)))
            cells = " | ".join(_cell(figures[figure]) for figures in systems.values())
            lines.append(f"| {_escaped(label)} {arrow(preset['better'])} | {cells} |")
    return lines


def _leakage(report: dict, part: dict) -> list[str]:
    if "leakage" not in part:
        return []
    lines = ["", "### Leakage / 数据泄漏", "", _escaped(leakage_sentence(part)) + ".", ""]
    for name, subset in part["subsets"].items():
        english, chinese = SUBSETS[name]
        if "systems" in subset:
            lines += [f"**{english} / {chinese}** ({subset['clips']} clips / 片段)", ""]
            lines += [*figures_table(report, subset["systems"]), ""]
    return lines


def _cell(entry: dict[str, float]) -> str:
    """Value and interval; the values of several seeds stand behind it as their standard deviation."""
    if entry["value"] is None or not math.isfinite(entry["value"]):
        return "-"
    text = f"{entry['value']:.3f}"
    if entry["low"] is not None and math.isfinite(entry["low"]):
        text += f" [{entry['low']:.3f}, {entry['high']:.3f}]"
    return text + (f" (seeds: sd {entry['sd']:.3f})" if "sd" in entry else "")


def _escaped(text: str) -> str:
    """Without what Markdown would read as a column or a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;")

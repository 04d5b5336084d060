"""The report as one HTML page that needs nothing beside it: no script, font, picture or address from elsewhere.

Everything a reader sees stands there in English and Chinese; a switch shows one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from signllm.evaluation.examples import Example
from signllm.evaluation.intervals import Figures
from signllm.evaluation.labels import SUBSETS, figure_label, system_label
from signllm.evaluation.measurements import REFERENCE
from signllm.evaluation.packing import unpack
from signllm.evaluation.summary import EVALUATED, arrow, remarks
from signllm.metrics.preset import HIGHER, LOWER, ONE, Preset
from signllm.metrics.registry import PRESETS
from signllm.viewing.animation import LOOK, animated_webp, data_address
from signllm.viewing.html_style import SCRIPT, STYLE
from signllm.viewing.svg_charts import bar_chart, both, color_of, histogram

KEY_FIGURES = (
    "bt_top_1",
    "bt_bleu_4",
    "dtw_score",
    "pose_similarity",
    "total_distance",
    "duration",
    "motion_smoothness",
    "variance_ratio_body",
    "velocity_ratio_right_hand",
    "bone_length_variation",
)
TILES = (
    "bt_top_1",
    "bt_bleu_4",
    "dtw_score",
    "total_distance",
    "variance_ratio_body",
    "motion_smoothness",
    "duration",
)
MOST_TILES = 5
MOST_ANIMATION_BYTES = 3_500_000  # as base64 they take a third more
HISTOGRAM = "dtw-mje"
NAMES = {"best": ("best", "最好"), "worst": ("worst", "最差")}


def animation(example: Example) -> bytes:
    """The animated picture (WebP) of an example beside its reference; one that was drawn before is taken from there."""
    return example.remembered(
        f"animation {LOOK}",
        lambda: animated_webp([("reference", example.reference()), ("model", example.hypothesis())]),
    )


def make_html(report: dict, examples: Sequence[Example] = ()) -> str:
    """The page of a report, as `make_report` gives it or as its JSON is read, with some of its clips."""
    parts = dict(report["languages"])
    sections = [_header(report), _tiles(report)]
    tables = {escape(code): part for code, part in parts.items()}
    if len(tables) > 1:
        sections.append(_figures_section(report, both(("All languages", "全部语种")), report["overall"]))
    else:
        sections += [_figures_section(report, *item) for item in tables.items()]
    sections += [_charts_section(report, parts), _histogram_section(report), _clips_section(examples)]
    if len(tables) > 1:
        folded = "".join(
            f"<details><summary>{title}</summary>{_figures(report, part)}</details>" for title, part in tables.items()
        )
        heading = both(("Each language's figures", "各语种的全部指标"))
        sections.append(f"<section><h2>{heading}</h2>{folded}</section>")
    sections += [_leakage_section(report, parts), _choices_section(report)]
    title = f"Evaluation: {report.get('model') or report.get('predictions') or report.get('data') or ''}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        '<input class="switch" type="radio" name="language" id="en" checked>'
        '<input class="switch" type="radio" name="language" id="zh">'
        f"<main>{''.join(sections)}</main><script>{SCRIPT}</script></body></html>\n"
    )


def _header(report: dict) -> str:
    clips = report["overall"]["clips"]
    facts = [
        (("Model", "模型"), report.get("model")),
        (("Predictions", "预测"), report.get("predictions")),
        (("References", "参考"), report.get("references")),
        (("Data", "数据"), report.get("data")),
        (("Split", "划分"), report.get("split")),
        (("Clips", "片段数"), f"{clips} ({', '.join(report['languages'])})"),
        (("Frame rate", "帧率"), f"{report['fps']:g} fps"),
        (("Seeds", "随机种子"), ", ".join(map(str, report.get("seeds") or [])) or None),
        (("Checkpoint SHA-256", "检查点 SHA-256"), report.get("checkpoint_sha256")),
    ]
    rows = "".join(f"<dt>{both(label)}</dt><dd>{escape(str(value))}</dd>" for label, value in facts if value)
    switch = '<div class="languages"><label for="en">English</label><label for="zh">中文</label></div>'
    title = both(("Sign language production: evaluation", "手语生成评估报告"))
    return f'<header>{switch}<h1>{title}</h1><dl class="facts">{rows}</dl></header>'


def _tiles(report: dict) -> str:
    """What to read first: the judged system's main figures over all clips, each beside the best baseline."""
    systems = report["overall"]["systems"]
    judged = _judged(systems)
    better = {figure: preset["better"] for preset in report["presets"].values() for figure in preset["figures"]}
    units = {figure: preset["unit"] for preset in report["presets"].values() for figure in preset["figures"]}
    tiles = []
    for figure in [figure for figure in TILES if judged and figure in better][:MOST_TILES]:
        baselines = {name: entries for name, entries in systems.items() if name not in (REFERENCE, judged)}
        best = next(iter(_best(better[figure], figure, baselines, 1)), None)
        words = ("", "")
        if best:
            value = _number(baselines[best][figure]["value"])
            english, chinese = system_label(best)
            words = (f"best baseline {value} ({english.lower()})", f"最好的基线 {value}（{chinese}）")
        if units[figure] == "%" and _known(systems.get(REFERENCE, {}).get(figure, {}).get("value")):
            ceiling = _number(systems[REFERENCE][figure]["value"])
            words = (f"recordings {ceiling}; {words[0]}", f"真实录像 {ceiling}；{words[1]}")
        name = f'{both(figure_label(figure))}<span class="mark">{arrow(better[figure])}</span>'
        value = systems[judged][figure]["value"]
        shown = _number(value) if _known(value) else "–"
        tiles.append(f'<div class="tile">{name}<b>{shown}</b><span class="muted small">{both(words)}</span></div>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _judged(systems: dict[str, Figures]) -> str | None:
    """The system that the report is about: a model, or predictions."""
    return next((name for name in EVALUATED if name in systems), None)


def _figures_section(report: dict, title: str, part: dict) -> str:
    clips = both((f"{part['clips']} clips", f"{part['clips']} 条片段"))
    return f'<section><h2>{title} <span class="muted small">{clips}</span></h2>{_figures(report, part)}</section>'


def _figures(report: dict, part: dict) -> str:
    """What must not be overlooked, and all figures of all systems."""
    words = [remarks(part["systems"], chinese=chinese) for chinese in (False, True)]
    notes = "".join(f"<li>{both(pair)}</li>" for pair in zip(*words, strict=True))
    box = f'<div class="remarks"><ul>{notes}</ul></div>' if notes else ""
    caption = both(
        (
            "95 % bootstrap interval over clips below each value; bold: best of the systems in the row.",
            "数值下方为对片段自助采样的 95 % 置信区间；加粗为该行最好的系统。",
        )
    )
    return f'{box}{_table(report, part["systems"])}<p class="muted small">{caption}</p>'


def _table(report: dict, systems: dict[str, Figures]) -> str:
    heads = "".join(
        f'<th><i style="background:{color_of(system)}"></i>{both(system_label(system))}</th>' for system in systems
    )
    rows = []
    for preset in report["presets"].values():
        mark = arrow(preset["better"])
        for figure in preset["figures"]:
            best = _best(preset["better"], figure, systems)
            cells = "".join(_cell(entries[figure], system, system in best) for system, entries in systems.items())
            name = f'{both(figure_label(figure))}<span class="mark">{mark}</span>'
            rows.append(f'<tr><td title="{escape(preset["signature"])}">{name}</td>{cells}</tr>')
    first = both(("Figure", "指标"))
    body = "".join(rows)
    return (
        f'<div class="scroll"><table><thead><tr><th>{first}</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cell(entry: dict, system: str, best: bool) -> str:
    names = " ".join(name for name, on in (("main", system in EVALUATED), ("best", best)) if on)
    if not _known(entry["value"]):
        return f'<td class="{names}">–</td>'
    span = f"{_number(entry['low'])} – {_number(entry['high'])}" if _known(entry["low"]) else ""
    if span and entry["high"] - entry["low"] < 1e-6:
        span = ""  # of a figure that is the same by definition, as the reference's
    if "sd" in entry:
        span += f"<br>{both(('sd of seeds', '种子标准差'))} {_number(entry['sd'])}"
    return f'<td class="{names}">{_number(entry["value"])}<small>{span}</small></td>'


def _best(better: str, figure: str, systems: dict[str, Figures], least: int = 2) -> set[str]:
    """The systems with the best value; the reference is out, and so are fewer than `least` systems or equal ones."""
    cost = {LOWER: lambda v: v, HIGHER: lambda v: -v, ONE: lambda v: abs(v - 1)}[better]
    known = {
        system: cost(entries[figure]["value"])
        for system, entries in systems.items()
        if system != REFERENCE and _known(entries[figure]["value"])
    }
    if len(known) < least or (least > 1 and len(set(known.values())) == 1):
        return set()
    return {system for system, value in known.items() if value == min(known.values())}


def _charts_section(report: dict, parts: dict) -> str:
    presets = {figure: preset for preset in report["presets"].values() for figure in preset["figures"]}
    key = [figure for figure in KEY_FIGURES if figure in presets]
    rest = [figure for figure in presets if figure not in key]
    main, more = ("".join(_chart(figure, presets[figure], parts) for figure in figures) for figures in (key, rest))
    if not main:
        main, more = more, ""
    others = both((f"{len(rest)} more figures", f"其余 {len(rest)} 项指标"))
    hidden = f'<details><summary>{others}</summary><div class="charts">{more}</div></details>' if more else ""
    title = both(("By language, with intervals", "各语种对比（含置信区间）"))
    return f'<section><h2>{title}</h2><div class="charts">{main}</div>{hidden}</section>'


def _chart(figure: str, preset: dict, parts: dict) -> str:
    groups = {
        code: {system: entries[figure] for system, entries in part["systems"].items() if _shown(system, preset)}
        for code, part in parts.items()
    }
    labels = {system: system_label(system) for group in groups.values() for system in group}
    drawing = bar_chart(groups, labels, 1.0 if preset["better"] == ONE else None)
    mark = arrow(preset["better"])
    unit = f'<span class="mark">{mark} {escape(preset["unit"])}</span>'
    return f"<div><h3>{both(figure_label(figure))}{unit}</h3>{drawing}</div>" if drawing else ""


def _shown(system: str, preset: dict) -> bool:
    """The reference is 1 in every ratio and 0 in every distance: it is drawn only where it says something."""
    return system != REFERENCE or preset["unit"] in ("%", "share of length")


def _histogram_section(report: dict) -> str:
    preset: Preset | None = PRESETS.get(HISTOGRAM)
    if preset is None or HISTOGRAM not in report["presets"]:
        return ""
    drawings = []
    for code, clips in report["clips"].items():
        values = {
            system: preset.conclude(unpack(numbers[HISTOGRAM], len(clips["ids"])))[:, 0]
            for system, numbers in clips["numbers"].items()
            if HISTOGRAM in numbers
        }
        labels = {system: system_label(system) for system in values}
        drawings.append(f"<div><h3>{escape(code)}</h3>{histogram(values, labels)}</div>")
    title = both(("DTW score of single clips", "单条片段的 DTW 得分分布"))
    note = both(
        (
            "In shoulder widths, lower is better; the line is the median, the last bar holds everything beyond.",
            "单位为肩宽，越低越好；竖线为中位数，最后一格包含更大的值。",
        )
    )
    charts = f'<div class="charts">{"".join(drawings)}</div>'
    return f'<section><h2>{title}</h2>{charts}<p class="muted small">{note}</p></section>'


def _clips_section(examples: Sequence[Example]) -> str:
    figures, total = [], 0
    for clip in examples:
        image = animation(clip)
        if total + len(image) > MOST_ANIMATION_BYTES:
            continue
        total += len(image)
        text = escape(clip.text)
        figures.append(
            f'<figure><img alt="{text}" loading="lazy" src="{data_address(image)}"><figcaption><b>{text}</b>'
            f'<span class="tag {clip.rank}">{both(NAMES[clip.rank])}</span><span class="muted">'
            f"{both(figure_label('dtw_score'))} {clip.score:.3f} · {escape(clip.language)} {escape(clip.id)}</span>"
            "</figcaption></figure>"
        )
    if not figures:
        return ""
    title = both(("Best and worst clips, beside the reference", "最好与最差的片段（左：参考，右：模型）"))
    note = both(
        (
            "By the model's DTW score. A low score of a still clip is not a good sign: look at the motion.",
            "按模型的 DTW 得分排序。静止不动的片段得分低并不代表手语正确，请看动作本身。",
        )
    )
    clips = f'<div class="clips">{"".join(figures)}</div>'
    return f'<section><h2>{title}</h2><p class="muted small">{note}</p>{clips}</section>'


def _leakage_section(report: dict, parts: dict) -> str:
    audited = {code: part for code, part in parts.items() if "leakage" in part}
    if not audited:
        return ""
    heads: list[tuple[str, str]] = [
        *(("Language", "语种"), ("Clips", "片段"), ("Exact text", "文本相同"), ("Normalised", "规范化后相同")),
        *(("Near text", "文本近似"), ("Identical poses", "姿态相同"), ("Nearly the same", "姿态近似")),
        ("Free of both", "均未泄漏"),
    ]
    rows = []
    for code, part in audited.items():
        texts, clips = part["leakage"]["texts"], part["leakage"]["clips"]
        counts = [texts["exact"], texts["normalised"], texts["near"], clips["identical"], clips["near"]]
        counts.append(part["subsets"]["unseen_texts_and_clips"]["clips"])
        cells = "".join(f"<td>{count}<small>{count / part['clips']:.1%}</small></td>" for count in counts)
        rows.append(f"<tr><td>{escape(code)}</td><td>{part['clips']}</td>{cells}</tr>")
    head = "".join(f"<th>{both(label)}</th>" for label in heads)
    title = both(("Leakage: what of this split stands in training", "数据泄漏：评估集中有多少出现在训练集中"))
    note = both(
        (
            "Of a corpus of single words every text stands in training by design: what is tested there is signing a"
            " known word again. Clips that stand in training are copies, whatever the corpus.",
            "单词语料的文本本就全部出现在训练集中，考察的是再次打出已知词；而片段重复在任何语料中都是拷贝。",
        )
    )
    tables = "".join(_subset_details(report, code, part) for code, part in audited.items())
    return (
        f'<section><h2>{title}</h2><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(rows)}</tbody></table></div><p class="muted small">{note}</p>{tables}</section>'
    )


def _subset_details(report: dict, code: str, part: dict) -> str:
    found = []
    for name, subset in part["subsets"].items():
        if "systems" in subset:
            english, chinese = SUBSETS[name]
            words = (f"Scores {english} ({subset['clips']} clips)", f"{chinese}后的得分（{subset['clips']} 条）")
            table = _table(report, subset["systems"])
            found.append(f"<details><summary>{escape(code)}: {both(words)}</summary>{table}</details>")
    return "".join(found)


def _choices_section(report: dict) -> str:
    items = "".join(
        f"<li><code>{escape(preset['signature'])}</code><br>{escape(preset['formula'])}</li>"
        for preset in report["presets"].values()
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.get("notes", []))
    notes = f"<h3>{both(('Notes', '说明'))}</h3><ul class='small'>{notes}</ul>" if notes else ""
    command = f"<p><code>{escape(report['command'])}</code></p>" if report.get("command") else ""
    versions = " · ".join(f"{name} {value}" for name, value in (report.get("versions") or {}).items())
    title = both(("How this was measured", "评估方法与签名"))
    words = both(("Definitions and signatures of the metrics", "各指标的定义与签名"))
    return (
        f'<section><h2>{title}</h2>{command}<p class="muted small">{escape(versions)}</p>{notes}'
        f'<details><summary>{words}</summary><ul class="signatures">{items}</ul></details></section>'
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
